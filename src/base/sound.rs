//! Sounds by their names.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// How long a piece of the waiting music lasts, in seconds: with a second for a key behind it, whoever waits is heard of
/// every ten seconds.
pub const MUSIC_PIECE_S: u8 = 8;

/// A sound by what it holds: the SHA-256 of its file, in 64 hexadecimal digits. The address of a sound is its name, so a
/// sound under an address never changes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SoundId(String);

impl SoundId {
    /// `None` for anything but 64 small hexadecimal digits.
    pub fn new(text: &str) -> Option<SoundId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digit)).then(|| SoundId(text.to_owned()))
    }

    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> SoundId {
        SoundId(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SoundId {
    type Error = String;

    fn try_from(text: String) -> Result<SoundId, String> {
        SoundId::new(&text).ok_or_else(|| format!("`{text}` is not a SHA-256 in 64 small hexadecimal digits"))
    }
}

impl From<SoundId> for String {
    fn from(id: SoundId) -> String {
        id.0
    }
}

/// Sounds that are at hand, by name: the bytes of their files.
pub type Shelf = HashMap<SoundId, Arc<[u8]>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_hash_and_nothing_else() {
        let id = SoundId::of(b"abc");
        assert_eq!(id.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(SoundId::new(id.as_str()), Some(id));
        for wrong in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65), "../../../../etc/passwd"] {
            assert_eq!(SoundId::new(wrong), None, "{wrong}");
        }
    }
}
