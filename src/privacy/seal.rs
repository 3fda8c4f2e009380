//! Sealing: bytes -> a short text that only we can read or make, and that is of use for one purpose and one call only.
//!
//! AES-256-GCM-SIV (RFC 8452) with a nonce of zeros. For most ciphers one nonce used twice gives the plaintext away;
//! this one is made to withstand it: all that can be seen is that two texts with the same associated data are equal.
//! Which is what we want: the same event must give the same answer, byte for byte, and the associated data (purpose,
//! provider, account, call) keeps equal sessions of two calls apart.

use super::{KeyRing, length_prefixed};
use crate::base::CallSid;
use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A token is at most this many characters: it stands in an address three times an answer, and some gateways cut
/// addresses off at 255.
pub const TOKEN_MAX: usize = 220;

/// At most this many bytes can be sealed: what is left of [`TOKEN_MAX`] without the key's name, the base64 and the tag.
pub const PLAIN_MAX: usize = (TOKEN_MAX - 1) * 3 / 4 - TAG;

/// Bytes of the authentication tag (RFC 8452, section 4).
const TAG: usize = 16;

/// What a token is for. A token for one purpose never opens for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The session of a call, in the addresses of its own answers. Bound to the call.
    Session,
    /// What the counsellor hears before the talk and which attempt it is. Bound to the account only: the counsellor's
    /// leg is another call, whose name nobody knows when the token is made.
    Whisper,
    /// Where a call to the staff line stands. Bound to the call.
    Staff,
}

/// Whose token it is: part of what is authenticated, none of what is sealed.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The door's name (`twilio`).
    pub provider: &'a str,
    /// The account at the provider, as its requests name it.
    pub account: &'a str,
    /// The leg the request is about. Left out of account for [`Purpose::Whisper`].
    pub call: &'a CallSid,
}

impl KeyRing {
    /// Seals bytes with the current key. The same input gives the same token. `None` only if `plain` is longer than
    /// [`PLAIN_MAX`].
    pub fn seal(&self, purpose: Purpose, binding: &Binding<'_>, plain: &[u8]) -> Option<String> {
        if plain.len() > PLAIN_MAX {
            return None;
        }
        let (name, key) = self.current();
        let payload = Payload { msg: plain, aad: &associated_data(purpose, binding) };
        let sealed = cipher(&key.sealing).encrypt(&Nonce::default(), payload).ok()?;
        let mut token = String::with_capacity(TOKEN_MAX);
        token.push(name);
        URL_SAFE_NO_PAD.encode_string(sealed, &mut token);
        Some(token)
    }

    /// The bytes, if this very token was sealed by a key of this ring for this purpose and binding.
    pub fn open(&self, purpose: Purpose, binding: &Binding<'_>, token: &str) -> Option<Vec<u8>> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let mut rest = token.chars();
        let key = self.named(rest.next()?)?;
        let sealed = URL_SAFE_NO_PAD.decode(rest.as_str()).ok()?;
        let payload = Payload { msg: &sealed, aad: &associated_data(purpose, binding) };
        cipher(&key.sealing).decrypt(&Nonce::default(), payload).ok()
    }
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> Aes256GcmSiv {
    Aes256GcmSiv::new((&**key).into())
}

fn associated_data(purpose: Purpose, binding: &Binding<'_>) -> Vec<u8> {
    let (provider, account) = (binding.provider.as_bytes(), binding.account.as_bytes());
    match purpose {
        Purpose::Session => length_prefixed(&[b"session", provider, account, binding.call.as_str().as_bytes()]),
        Purpose::Whisper => length_prefixed(&[b"whisper", provider, account]),
        Purpose::Staff => length_prefixed(&[b"staff", provider, account, binding.call.as_str().as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring() -> KeyRing {
        KeyRing::generate(std::array::from_fn(|at| at as u8))
    }

    fn sid(text: &str) -> CallSid {
        CallSid::new(text).unwrap()
    }

    /// A token of release 0.1. It must open in every later release: a call can be under way during an upgrade.
    #[test]
    fn a_token_of_release_0_1_opens() {
        const TOKEN: &str = "aOGeMiTOIRbI-iw8_xoa9QuaWHcv8eSIbZSM-KFeTmqhIEr8Djw";
        let call = sid("CA00000000000000000000000000000001");
        let binding = Binding { provider: "twilio", account: "AC00000000000000000000000000000001", call: &call };
        let plain = b"the session of a call".as_slice();
        assert_eq!(ring().seal(Purpose::Session, &binding, plain).as_deref(), Some(TOKEN));
        assert_eq!(ring().open(Purpose::Session, &binding, TOKEN).as_deref(), Some(plain));
    }

    #[test]
    fn a_token_opens_for_its_purpose_and_call_only() {
        let (call, leg) = (sid("CA1"), sid("CA2"));
        let (mine, other) = (
            Binding { provider: "twilio", account: "AC1", call: &call },
            Binding { provider: "twilio", account: "AC1", call: &leg },
        );
        let ring = ring();
        let session = ring.seal(Purpose::Session, &mine, b"x").unwrap();
        let whisper = ring.seal(Purpose::Whisper, &mine, b"x").unwrap();
        let case = |purpose: Purpose, binding: &Binding<'_>, token: &str, opens: bool| {
            assert_eq!(ring.open(purpose, binding, token).is_some(), opens, "{purpose:?} {binding:?}");
        };
        case(Purpose::Session, &mine, &session, true);
        case(Purpose::Session, &other, &session, false);
        case(Purpose::Whisper, &mine, &session, false);
        case(Purpose::Staff, &mine, &session, false);
        let staff = ring.seal(Purpose::Staff, &mine, b"x").unwrap();
        case(Purpose::Staff, &mine, &staff, true);
        case(Purpose::Staff, &other, &staff, false);
        case(Purpose::Session, &mine, &staff, false);
        case(Purpose::Session, &Binding { account: "AC2", ..mine }, &session, false);
        case(Purpose::Session, &Binding { provider: "telnyx", ..mine }, &session, false);
        case(Purpose::Session, &Binding { provider: "twilioA", account: "C1", ..mine }, &session, false);
        case(Purpose::Whisper, &mine, &whisper, true);
        case(Purpose::Whisper, &other, &whisper, true);
        case(Purpose::Whisper, &Binding { account: "AC2", ..mine }, &whisper, false);
        case(Purpose::Session, &mine, &whisper, false);
    }

    #[test]
    fn the_size_limit_is_exact() {
        let call = sid("CA1");
        let binding = Binding { provider: "twilio", account: "AC1", call: &call };
        assert_eq!(PLAIN_MAX, 148);
        let longest = ring().seal(Purpose::Session, &binding, &[0; PLAIN_MAX]).unwrap();
        assert_eq!(longest.len(), TOKEN_MAX);
        assert_eq!(ring().open(Purpose::Session, &binding, &longest), Some(vec![0; PLAIN_MAX]));
        assert_eq!(ring().seal(Purpose::Session, &binding, &[0; PLAIN_MAX + 1]), None);
        assert_eq!(ring().open(Purpose::Session, &binding, &format!("{longest}A")), None);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_is_the_same_each_time(
            plain in proptest::collection::vec(any::<u8>(), 0..=PLAIN_MAX), call in "[!-~]{1,60}", secret: [u8; 32],
        ) {
            let call = sid(&call);
            let binding = Binding { provider: "twilio", account: "AC1", call: &call };
            let ring = KeyRing::generate(secret);
            let token = ring.seal(Purpose::Session, &binding, &plain).unwrap();
            prop_assert_eq!(ring.seal(Purpose::Session, &binding, &plain), Some(token.clone()));
            prop_assert!(token.len() <= TOKEN_MAX);
            prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(ring.open(Purpose::Session, &binding, &token), Some(plain));
        }

        #[test]
        fn a_changed_token_does_not_open(
            plain in proptest::collection::vec(any::<u8>(), 0..40), at: prop::sample::Index, to in "[A-Za-z0-9_-]",
        ) {
            let call = sid("CA1");
            let binding = Binding { provider: "twilio", account: "AC1", call: &call };
            let ring = ring().rotate([9; 32]);
            let token = ring.seal(Purpose::Session, &binding, &plain).unwrap();
            let at = at.index(token.len());
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(ring.open(Purpose::Session, &binding, &changed).is_some(), changed == token);
            prop_assert_eq!(ring.open(Purpose::Session, &binding, &token[..at]), None);
        }

        #[test]
        fn opening_never_panics(token in "\\PC{0,240}") {
            let call = sid("CA1");
            let binding = Binding { provider: "", account: "", call: &call };
            prop_assert_eq!(ring().open(Purpose::Session, &binding, &token), None);
        }
    }
}
