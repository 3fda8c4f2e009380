//! The twelve keys of a telephone (ITU-T E.161).

use std::fmt;

/// One key of a telephone: `0` to `9`, `*` or `#` (ITU-T E.161; the keys A to D are not on phones people own).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    pub const ZERO: Digit = Digit(b'0');
    pub const EIGHT: Digit = Digit(b'8');
    pub const NINE: Digit = Digit(b'9');
    pub const STAR: Digit = Digit(b'*');
    pub const HASH: Digit = Digit(b'#');

    /// The key with this name, or nothing.
    pub fn new(name: char) -> Option<Digit> {
        match name {
            '0'..='9' | '*' | '#' => Some(Digit(name as u8)),
            _ => None,
        }
    }

    /// The key of the `index`-th option, counted from 0; options have the keys 1 to 6 only.
    pub fn of_option(index: usize) -> Option<Digit> {
        (index < 6).then(|| Digit(b'1' + index as u8))
    }

    /// Which option this key picks, counted from 0, when it is one of 1 to 6.
    pub fn option_index(self) -> Option<usize> {
        (b'1'..=b'6').contains(&self.0).then(|| usize::from(self.0 - b'1'))
    }

    pub fn as_char(self) -> char {
        self.0 as char
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key a caller pressed must not slip into a log through `{:?}`.
        f.write_str("Digit(_)")
    }
}
