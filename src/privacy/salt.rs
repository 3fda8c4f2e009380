//! The salt of the day, for limits per sender that remember nobody.

use super::{first_u64, keyed_hash};
use std::fmt;
use zeroize::Zeroizing;

/// Sixteen random bytes that live in memory for a day (CS-37). A limit counts by [`DaySalt::hash`] of a number instead
/// of by the number; when the salt is gone, nobody can tell any more which number a hash was.
pub struct DaySalt(Zeroizing<[u8; 16]>);

impl DaySalt {
    /// A salt from fresh random bytes. It must never be written down.
    pub fn new(random: [u8; 16]) -> DaySalt {
        DaySalt(Zeroizing::new(random))
    }

    /// A keyed hash (HMAC-SHA256, its first 8 bytes) of any text, such as a sender's number.
    pub fn hash(&self, text: &str) -> u64 {
        first_u64(&keyed_hash(self.0.as_slice(), &[b"hulplijn limit", text.as_bytes()]))
    }
}

impl fmt::Debug for DaySalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DaySalt(_)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_the_same_for_a_day_only() {
        let (today, tomorrow) = (DaySalt::new([1; 16]), DaySalt::new([2; 16]));
        assert_eq!(today.hash("+447700900123"), DaySalt::new([1; 16]).hash("+447700900123"));
        assert_ne!(today.hash("+447700900123"), today.hash("+447700900124"));
        assert_ne!(today.hash("+447700900123"), tomorrow.hash("+447700900123"));
        assert_eq!(format!("{today:?}"), "DaySalt(_)");
    }
}
