//! PINs of counsellors: kept as an argon2id hash (RFC 9106) only.
//!
//! A PIN has few digits, so that what protects it is how seldom it may be tried; the hash makes a stolen desk file slow
//! to search. One set of parameters for all: a check takes the same time whoever's PIN it is, or nobody's.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// 19 MiB, two passes, one lane: the least that OWASP's Password Storage Cheat Sheet recommends for argon2id
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How a hash of ours begins, in the PHC string format
/// (<https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md>).
const BEGINS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
const _: () = assert!(MEMORY_KIB == 19_456 && PASSES == 2 && LANES == 1);

/// Bytes of salt and hash (RFC 9106, section 4: 128 and 256 bits).
const SALT: usize = 16;
const HASH: usize = 32;

/// A PIN that may be used: 4 to 10 digits that are not the first a stranger would try.
pub struct Pin(Zeroizing<String>);

/// Why these digits are no PIN. No message shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PinProblem {
    #[error("a PIN has {} to {} digits and nothing else", Pin::LEAST, Pin::MOST)]
    Length,
    #[error("the digits of this PIN are all the same, or a few digits again and again: take another")]
    Repeated,
    #[error("the digits of this PIN go up or down one by one, as in 1234: take another")]
    Counting,
}

impl Pin {
    pub const LEAST: usize = 4;
    pub const MOST: usize = 10;

    /// # Errors
    /// What is wrong with these digits.
    pub fn new(text: &str) -> Result<Pin, PinProblem> {
        if !Pin::can_be(text) {
            return Err(PinProblem::Length);
        }
        let digits = text.as_bytes();
        let repeats = |block: usize| digits.iter().skip(block).zip(digits).all(|(later, first)| later == first);
        if (1..=digits.len() / 2).any(repeats) {
            return Err(PinProblem::Repeated);
        }
        // 7890 and 2109 are counting as well: the keys lie so.
        let steps = |by: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + by) % 10 == pair[1] - b'0');
        if steps(1) || steps(9) {
            return Err(PinProblem::Counting);
        }
        Ok(Pin(Zeroizing::new(text.to_owned())))
    }

    /// Whether this has the form of a PIN.
    fn can_be(text: &str) -> bool {
        (Pin::LEAST..=Pin::MOST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    }

    /// The hash of this PIN with 16 fresh random bytes.
    pub fn hash(&self, salt: [u8; SALT]) -> PinHash {
        let hash = argon2id(self.0.as_bytes(), &salt).unwrap_or_default();
        PinHash { salt, hash }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(_)")
    }
}

/// The hash of a PIN. It prints itself masked; [`PinHash::to_phc`] is what stands in the desk file.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash {
    salt: [u8; SALT],
    hash: [u8; HASH],
}

impl PinHash {
    /// The hash of nobody's PIN: a check against it takes as long as any other, and never succeeds.
    pub const NOBODY: PinHash = PinHash { salt: [0; SALT], hash: [0; HASH] };

    /// Reads a line of `hulplijn desk pin`. `None` for anything else, also for a hash with other parameters: its checks
    /// would take another time, and could take any amount of memory.
    pub fn from_phc(text: &str) -> Option<PinHash> {
        let (salt, hash) = text.strip_prefix(BEGINS)?.split_once('$')?;
        let read = |text: &str| STANDARD_NO_PAD.decode(text).ok();
        let found = PinHash { salt: read(salt)?.try_into().ok()?, hash: read(hash)?.try_into().ok()? };
        (found.hash != [0; HASH]).then_some(found)
    }

    /// The hash as one line in the PHC string format.
    pub fn to_phc(&self) -> String {
        format!("{BEGINS}{}${}", STANDARD_NO_PAD.encode(self.salt), STANDARD_NO_PAD.encode(self.hash))
    }

    /// Whether this is the PIN. Takes 19 MiB for some hundredths of a second: never where a caller waits.
    pub fn is_of(&self, pin: &str) -> bool {
        let made = argon2id(pin.as_bytes(), &self.salt);
        let same = made.is_some_and(|made| bool::from(made.ct_eq(&self.hash)));
        same && *self != PinHash::NOBODY && Pin::can_be(pin)
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(_)")
    }
}

/// `None` cannot happen with parameters and lengths that are in their ranges.
fn argon2id(pin: &[u8], salt: &[u8]) -> Option<[u8; HASH]> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH)).ok()?;
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters).hash_password_into(pin, salt, &mut hash).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_would_try_first_is_no_pin() {
        let case = |text: &str, expected: Option<PinProblem>| assert_eq!(Pin::new(text).err(), expected, "{text}");
        case("4826", None);
        case("0704", None);
        case("1235", None);
        case("4826153709", None);
        case("482", Some(PinProblem::Length));
        case("48261537091", Some(PinProblem::Length));
        case("48a6", Some(PinProblem::Length));
        case("48 26", Some(PinProblem::Length));
        case("", Some(PinProblem::Length));
        case("7777", Some(PinProblem::Repeated));
        case("1212", Some(PinProblem::Repeated));
        case("482482", Some(PinProblem::Repeated));
        case("48248", None);
        case("1234", Some(PinProblem::Counting));
        case("7890", Some(PinProblem::Counting));
        case("3210", Some(PinProblem::Counting));
        case("1098", Some(PinProblem::Counting));
    }

    #[test]
    fn a_hash_is_of_its_pin_only() {
        let hash = Pin::new("4826").unwrap().hash(*b"sixteen bytes...");
        assert!(hash.is_of("4826"));
        assert!(!hash.is_of("4827"));
        assert!(!hash.is_of(""));
        assert!(!PinHash::NOBODY.is_of("4826"));
        assert_ne!(hash, Pin::new("4826").unwrap().hash(*b"sixteen bytes.2."));
        assert_eq!(PinHash::from_phc(&hash.to_phc()), Some(hash.clone()));
        assert_eq!(
            (format!("{hash:?}"), format!("{:?}", Pin::new("4826"))),
            ("PinHash(_)".into(), "Ok(Pin(_))".into())
        );
    }

    /// Made with the reference implementation in C, by argon2-cffi 25.1.
    #[test]
    fn the_line_is_that_of_other_programs() {
        const THEIRS: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$y6GQnGmTWKJEUO2IDTRBf3wNvwyUKR4cgy+Vn29YGBs";
        assert_eq!(Pin::new("4826").unwrap().hash(*b"sixteen bytes ok").to_phc(), THEIRS);
        assert!(PinHash::from_phc(THEIRS).unwrap().is_of("4826"));
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        let good = Pin::new("4826").unwrap().hash([7; SALT]).to_phc();
        let case = |text: &str| assert_eq!(PinHash::from_phc(text), None, "{text}");
        case("");
        case("4826");
        case(&good.replace("m=19456", "m=65536"));
        case(&good.replace("argon2id", "argon2i"));
        case(&good[..good.len() - 1]);
        case(&format!("{good}="));
        case(&format!("{good}$"));
        case(&PinHash::NOBODY.to_phc());
    }
}
