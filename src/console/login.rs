//! Who may open the console: whoever has the address that was printed, and then the browser that opened it.

use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// So many browsers are let in at once; beyond it the one that came first is let in no more.
const MOST: usize = 8;

/// A secret of 32 random bytes, in hexadecimal digits. Only its hash is kept.
type Hash = [u8; 32];

/// One token in an address, good once, and the browsers that came in by one.
pub struct Login {
    draw: Box<dyn Fn() -> [u8; 32] + Send + Sync>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    token: Option<Hash>,
    browsers: VecDeque<Hash>,
}

impl Login {
    /// `draw` gives random bytes.
    pub fn new(draw: impl Fn() -> [u8; 32] + Send + Sync + 'static) -> Login {
        Login { draw: Box::new(draw), known: Mutex::default() }
    }

    /// A token for the next browser; the one before is good no more.
    pub fn token(&self) -> String {
        let token = self.secret();
        self.known().token = Some(hash(&token));
        token
    }

    /// Spends the token: the secret that this browser shows from now on, or nothing for a wrong or a spent one.
    pub fn enter(&self, token: &str) -> Option<String> {
        let secret = self.secret();
        let mut known = self.known();
        known.token.take_if(|expected| same(expected, &hash(token)))?;
        if known.browsers.len() == MOST {
            known.browsers.pop_front();
        }
        known.browsers.push_back(hash(&secret));
        Some(secret)
    }

    /// Whether a browser that shows this came in by a token.
    pub fn knows(&self, secret: &str) -> bool {
        let shown = hash(secret);
        // All are compared, so that the time tells nothing.
        self.known().browsers.iter().fold(false, |found, browser| found | same(browser, &shown))
    }

    /// A name nobody can guess.
    pub(super) fn secret(&self) -> String {
        (self.draw)().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Never half written, whatever panics elsewhere.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

fn same(one: &Hash, other: &Hash) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    fn login() -> Login {
        let next = AtomicU8::new(1);
        Login::new(move || [next.fetch_add(1, Ordering::Relaxed); 32])
    }

    #[test]
    fn a_token_is_good_once() {
        let login = login();
        assert!(login.enter("").is_none() && !login.knows(""));
        let token = login.token();
        assert_eq!(token.len(), 64);
        assert!(login.enter(&token[1..]).is_none() && login.enter("x").is_none(), "a wrong one does not spend it");
        let secret = login.enter(&token).unwrap();
        assert!(login.knows(&secret) && !login.knows(&token));
        assert_eq!(login.enter(&token), None);
        let (old, new) = (login.token(), login.token());
        assert!(login.enter(&old).is_none() && login.enter(&new).is_some());
        assert!(login.knows(&secret));
    }

    #[test]
    fn the_browsers_are_bounded() {
        let login = login();
        let secrets: Vec<String> = (0..=MOST).map(|_| login.enter(&login.token()).unwrap()).collect();
        assert!(!login.knows(&secrets[0]) && secrets[1..].iter().all(|secret| login.knows(secret)));
    }
}
