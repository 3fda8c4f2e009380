//! The keys that seal sessions: the current one and, after a rotation, the one before.

use super::{Binding, first_u64, keyed_hash};
use crate::base::LeaseId;
use std::fmt;
use zeroize::Zeroizing;

/// The key file is at most this many bytes: three lines of 64 characters and what a person may write beside them.
pub const KEY_FILE_MAX: usize = 4096;

/// First line of the key file; the number is the version of the format.
const HEADER: &str = "hulplijn keys 1";

/// The keys of one installation. The current key seals; both open.
///
/// Whoever holds the keys can read and forge the sessions of calls that are under way, nothing else: no session holds
/// a number. The file form is text of a few lines, to be kept with mode 0600:
///
/// ```text
/// hulplijn keys 1
/// current b 64 hexadecimal digits
/// previous a 64 hexadecimal digits
/// ```
///
/// Empty lines and lines that begin with `#` are skipped.
pub struct KeyRing {
    current: RingKey,
    previous: Option<RingKey>,
}

/// One key and what is derived from it. A key has one name, a letter, which stands in front of what it sealed.
pub(super) struct RingKey {
    name: char,
    secret: Zeroizing<[u8; 32]>,
    pub(super) sealing: Zeroizing<[u8; 32]>,
    naming: Zeroizing<[u8; 32]>,
}

/// Why a key file is not one. No message shows any part of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("the key file is larger than {KEY_FILE_MAX} bytes: expected three short lines")]
    TooLarge,
    #[error("the key file does not begin with `{HEADER}`: it is not a key file, or of a later version of hulplijn")]
    Header,
    #[error(
        "line {0} of the key file is not a key: expected `current` or `previous`, a small letter, 64 hexadecimal digits"
    )]
    Line(usize),
    #[error("line {0} of the key file names a key a second time: expected one `current` and at most one `previous`")]
    Twice(usize),
    #[error("the key file has no `current` key: remove the file, and the next start makes a new one")]
    NoCurrent,
    #[error("the two keys of the key file are the same: remove the file, and the next start makes a new one")]
    Same,
    #[error("a key of the key file is all zeros: remove the file, and the next start makes a new one")]
    Zero,
}

impl KeyRing {
    /// A ring of one key, from 32 fresh random bytes.
    pub fn generate(random: [u8; 32]) -> KeyRing {
        KeyRing { current: RingKey::new('a', Zeroizing::new(random)), previous: None }
    }

    /// A ring whose current key is made of 32 fresh random bytes; the key that was current still opens what it sealed,
    /// the one before it is forgotten.
    #[must_use]
    pub fn rotate(self, random: [u8; 32]) -> KeyRing {
        let name = match self.current.name {
            name @ 'a'..='y' => char::from(name as u8 + 1),
            _ => 'a',
        };
        KeyRing { current: RingKey::new(name, Zeroizing::new(random)), previous: Some(self.current) }
    }

    /// Reads the file form.
    ///
    /// # Errors
    /// What is wrong with the file, without any of its secrets.
    pub fn parse(text: &str) -> Result<KeyRing, KeyRingError> {
        if text.len() > KEY_FILE_MAX {
            return Err(KeyRingError::TooLarge);
        }
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        if lines.next().is_none_or(|(_, line)| line != HEADER) {
            return Err(KeyRingError::Header);
        }
        let (mut current, mut previous) = (None, None);
        for (at, line) in lines {
            let mut words = line.split_whitespace();
            let slot = match words.next() {
                Some("current") => &mut current,
                Some("previous") => &mut previous,
                _ => return Err(KeyRingError::Line(at)),
            };
            let (Some(name), Some(secret), None) = (words.next(), words.next(), words.next()) else {
                return Err(KeyRingError::Line(at));
            };
            let (Some(name), Some(secret)) = (parse_name(name), parse_secret(secret)) else {
                return Err(KeyRingError::Line(at));
            };
            if secret.iter().all(|byte| *byte == 0) {
                return Err(KeyRingError::Zero);
            }
            if slot.replace(RingKey::new(name, secret)).is_some() {
                return Err(KeyRingError::Twice(at));
            }
        }
        let current: RingKey = current.ok_or(KeyRingError::NoCurrent)?;
        if previous.as_ref().is_some_and(|key: &RingKey| key.name == current.name || key.secret == current.secret) {
            return Err(KeyRingError::Same);
        }
        Ok(KeyRing { current, previous })
    }

    /// The file form: what [`KeyRing::parse`] reads. It is secret.
    pub fn to_text(&self) -> Zeroizing<String> {
        use fmt::Write;
        // As much room as is needed, so that no piece of a key is left behind in a buffer that was grown out of.
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str(HEADER);
        text.push_str("\n# Secret. Whoever has this file can read the sessions of calls that are under way.\n");
        let keys = [("current", Some(&self.current)), ("previous", self.previous.as_ref())];
        for (role, key) in keys.iter().filter_map(|(role, key)| key.map(|key| (role, key))) {
            let _ = write!(*text, "{role} {} ", key.name);
            for byte in key.secret.iter() {
                let _ = write!(*text, "{byte:02x}");
            }
            text.push('\n');
        }
        text
    }

    /// The name of the attempt to reach a counsellor that this step of this call makes: a keyed hash, so that the same
    /// event gives the same lease, and nobody can tell from a lease which call it was.
    pub fn lease_id(&self, binding: &Binding<'_>, step: u16, issued_s: i64) -> LeaseId {
        let hash = keyed_hash(
            self.current.naming.as_slice(),
            &[
                binding.provider.as_bytes(),
                binding.account.as_bytes(),
                binding.call.as_str().as_bytes(),
                &step.to_be_bytes(),
                &issued_s.to_be_bytes(),
            ],
        );
        LeaseId(first_u64(&hash))
    }

    /// The key that seals, and its name.
    pub(super) fn current(&self) -> (char, &RingKey) {
        (self.current.name, &self.current)
    }

    /// The key of this name.
    pub(super) fn named(&self, name: char) -> Option<&RingKey> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|key| key.name == name)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(_)")
    }
}

impl RingKey {
    /// The key is never used itself: sealing and naming have a key each, so that neither says anything about the other.
    fn new(name: char, secret: Zeroizing<[u8; 32]>) -> RingKey {
        let sealing = keyed_hash(secret.as_slice(), &[b"hulplijn 1 seal"]);
        let naming = keyed_hash(secret.as_slice(), &[b"hulplijn 1 name"]);
        RingKey { name, secret, sealing, naming }
    }
}

fn parse_name(word: &str) -> Option<char> {
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(name @ 'a'..='z'), None) => Some(name),
        _ => None,
    }
}

fn parse_secret(word: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = word.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut secret = Zeroizing::new([0; 32]);
    for (byte, pair) in secret.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (char::from(pair[0]).to_digit(16)?, char::from(pair[1]).to_digit(16)?);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::super::Purpose;
    use super::*;
    use crate::base::CallSid;
    use proptest::prelude::*;

    fn binding(call: &CallSid) -> Binding<'_> {
        Binding { provider: "twilio", account: "AC1", call }
    }

    #[test]
    fn the_file_form_reads_back() {
        let call = CallSid::new("CA1").unwrap();
        let ring = KeyRing::generate([7; 32]).rotate([8; 32]);
        let again = KeyRing::parse(&ring.to_text()).unwrap();
        assert_eq!(again.to_text(), ring.to_text());
        assert_eq!(
            again.seal(Purpose::Session, &binding(&call), b"x"),
            ring.seal(Purpose::Session, &binding(&call), b"x")
        );
        assert!(ring.to_text().len() <= 512);
        assert_eq!(format!("{ring:?}"), "KeyRing(_)");
    }

    #[test]
    fn a_wrong_file_is_named_without_its_secrets() {
        let key = "0123456789abcdef".repeat(4);
        let other = "f".repeat(64);
        let case = |text: String, expected: KeyRingError| {
            let error = KeyRing::parse(&text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("0123456789"), "{error}");
        };
        case(String::new(), KeyRingError::Header);
        case("hulplijn keys 2\n".into(), KeyRingError::Header);
        case(format!("{HEADER}\n"), KeyRingError::NoCurrent);
        case(format!("{HEADER}\nprevious a {key}"), KeyRingError::NoCurrent);
        case(format!("{HEADER}\ncurrent a {key}\ncurrent b {other}"), KeyRingError::Twice(3));
        case(format!("{HEADER}\ncurrent a {key}\nprevious b {key}"), KeyRingError::Same);
        case(format!("{HEADER}\ncurrent a {key}\nprevious a {other}"), KeyRingError::Same);
        case(format!("{HEADER}\ncurrent a {}", "0".repeat(64)), KeyRingError::Zero);
        case(format!("{HEADER}\n\n# note\ncurrent A {key}"), KeyRingError::Line(4));
        case(format!("{HEADER}\ncurrent a {key}0"), KeyRingError::Line(2));
        case(format!("{HEADER}\ncurrent a {key} more"), KeyRingError::Line(2));
        case(format!("{HEADER}\ncurrent a {}", "é".repeat(32)), KeyRingError::Line(2));
        case(format!("{HEADER}\nsecret a {key}"), KeyRingError::Line(2));
        case("#".repeat(KEY_FILE_MAX + 1), KeyRingError::TooLarge);
        case("#".repeat(KEY_FILE_MAX), KeyRingError::Header);
        assert!(KeyRing::parse(&format!("# note\r\n{HEADER}\r\ncurrent a {key}\r\n")).is_ok());
    }

    #[test]
    fn after_one_rotation_the_old_key_opens_and_after_two_it_does_not() {
        let call = CallSid::new("CA1").unwrap();
        let open = |ring: &KeyRing, token: &str| ring.open(Purpose::Session, &binding(&call), token);
        let ring = KeyRing::generate([1; 32]);
        let token = ring.seal(Purpose::Session, &binding(&call), b"x").unwrap();
        let ring = ring.rotate([2; 32]);
        assert_eq!(open(&ring, &token).as_deref(), Some(b"x".as_slice()));
        assert_ne!(ring.seal(Purpose::Session, &binding(&call), b"x").unwrap(), token);
        let ring = ring.rotate([3; 32]);
        assert_eq!(open(&ring, &token), None);
    }

    #[test]
    fn names_come_round() {
        let mut ring = KeyRing::generate([1; 32]);
        for byte in 2..=28 {
            ring = ring.rotate([byte; 32]);
            assert!(KeyRing::parse(&ring.to_text()).is_ok());
        }
        assert_eq!(ring.current.name, 'b');
    }

    #[test]
    fn a_lease_is_of_one_step_of_one_call() {
        let ring = KeyRing::generate([1; 32]);
        let (one, two) = (CallSid::new("CA1").unwrap(), CallSid::new("CA2").unwrap());
        let lease = ring.lease_id(&binding(&one), 3, 7);
        assert_eq!(lease, ring.lease_id(&binding(&one), 3, 7));
        assert_ne!(lease, ring.lease_id(&binding(&one), 4, 7));
        assert_ne!(lease, ring.lease_id(&binding(&two), 3, 7));
        assert_ne!(lease, ring.lease_id(&binding(&one), 3, 8), "a call that begins again counts its steps anew");
        assert_ne!(lease, ring.lease_id(&Binding { account: "AC2", ..binding(&one) }, 3, 7));
        assert_ne!(lease, ring.lease_id(&Binding { provider: "t", account: "wilioAC1", call: &one }, 3, 7));
        assert_ne!(lease, ring.rotate([2; 32]).lease_id(&binding(&one), 3, 7));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(hulplijn keys 1\n)?(current|previous|#|[a-z]| |\n|[0-9a-fé]{0,70}){0,20}") {
            if let Ok(ring) = KeyRing::parse(&text) {
                prop_assert!(KeyRing::parse(&ring.to_text()).is_ok());
            }
        }
    }
}
