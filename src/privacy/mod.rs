//! `privacy`: what may be kept and for how long, and how the session of a call is sealed so that it can travel with it.
//!
//! Contract: what was sealed opens only with our keys, for the purpose and the call it was sealed for, and the same
//! thing sealed twice is the same text. Nothing here prints a key, and no key outlives its value.
//! Must never know: SQL, logs, files, clocks, chance (random bytes and moments are handed in).

mod keep;
mod keyring;
mod pin;
mod salt;
mod seal;

pub use keep::{CLOCK_BACK_S, COUNTS_KEPT_MONTHS, SESSION_LIFE_S, SMALL_CELL, fresh, suppressed};
pub use keyring::{KEY_FILE_MAX, KeyRing, KeyRingError};
pub use pin::{Pin, PinHash, PinProblem};
pub use salt::DaySalt;
pub use seal::{Binding, PLAIN_MAX, Purpose, TOKEN_MAX};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HMAC-SHA256 (RFC 2104, FIPS 180-4) over the parts, each with its length in front, so that no two lists of parts
/// are the same message.
fn keyed_hash(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(&length_prefixed(parts));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// The parts one after the other, each behind its length in 8 bytes.
fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

/// The first 8 bytes of a hash as a number.
fn first_u64(hash: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
