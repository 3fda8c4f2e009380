//! Several keys in one go, such as a PIN.

use std::fmt;
use zeroize::Zeroizing;

/// What somebody typed up to `#`: 1 to [`Digits::MAX`] of the keys `0` to `9`, `*` and `#`. It may be secret: it prints
/// itself masked and is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(Zeroizing<String>);

impl Digits {
    /// At most this many keys: a staff number of two digits and a PIN of ten.
    pub const MAX: usize = 12;

    /// `None` for nothing, for more, and for what is no key.
    pub fn new(text: &str) -> Option<Digits> {
        let keys = text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
        (keys && (1..=Digits::MAX).contains(&text.len())).then(|| Digits(Zeroizing::new(text.to_owned())))
    }

    /// The keys themselves. Nothing that is kept, logged or sent may be made of them.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(_)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_only_and_never_printed() {
        let case = |text: &str, fits: bool| assert_eq!(Digits::new(text).is_some(), fits, "{text}");
        case("1", true);
        case("071357924680", true);
        case("*#", true);
        case("", false);
        case("0713579246801", false);
        case("07a", false);
        case("٣", false);
        assert_eq!(format!("{:?}", Digits::new("0748").unwrap()), "Digits(_)");
    }
}
