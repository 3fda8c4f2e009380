//! Telephone numbers and the other things that stand where a number is expected.

use std::fmt;

/// A telephone number in the international form of ITU-T E.164: `+` and 7 to 15 digits.
/// It prints itself masked, so that no log can hold it; only [`E164::expose`] shows it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct E164(String);

impl E164 {
    pub fn new(text: &str) -> Option<E164> {
        let digits = text.strip_prefix('+')?;
        let well_formed =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        well_formed.then(|| E164(text.to_owned()))
    }

    /// The number itself. Only a provider's file has a reason to call this: to sign, to dial, to text back.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the same number, as a provider writes it.
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Whether the number begins with this, such as `+31`. It tells no more than the country, so others may ask it too.
    pub fn begins_with(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("+***")
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("+***")
    }
}

/// Who is at the other end, as far as the network says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Party {
    Number(E164),
    /// A short code: 3 to 6 digits. Never answered by text.
    ShortCode,
    /// A name instead of a number. Cannot be answered.
    Alphanumeric,
    /// The caller asked the network not to show the number, or it did not say.
    Withheld,
}

impl Party {
    /// Reads what stands in a provider's `From`. The keypad words for ANONYMOUS and the like, which some
    /// networks send as if they were numbers, are withheld (twiml reference 5.8).
    pub fn from_wire(text: &str) -> Party {
        const KEYPAD_WORDS: [&str; 5] = ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"];
        const WORDS: [&str; 7] =
            ["anonymous", "restricted", "unknown", "private", "unavailable", "blocked", "withheld"];
        let text = text.trim();
        if text.is_empty() || KEYPAD_WORDS.contains(&text) {
            return Party::Withheld;
        }
        if let Some(number) = E164::new(text) {
            return Party::Number(number);
        }
        let lower = text.to_ascii_lowercase();
        let bare = lower.trim_start_matches("client:").trim_start_matches("sip:");
        let name = bare.split('@').next().unwrap_or_default();
        if WORDS.contains(&name) {
            return Party::Withheld;
        }
        let digits = text.trim_start_matches('+');
        match digits.bytes().all(|b| b.is_ascii_digit()) {
            true if digits.len() <= 6 => Party::ShortCode,
            _ => Party::Alphanumeric,
        }
    }

    pub fn number(&self) -> Option<&E164> {
        match self {
            Party::Number(number) => Some(number),
            _ => None,
        }
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Party::Number(_) => "Number(+***)",
            Party::ShortCode => "ShortCode",
            Party::Alphanumeric => "Alphanumeric",
            Party::Withheld => "Withheld",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_prints_itself_masked() {
        let number = E164::new("+447700900123").unwrap();
        assert_eq!(format!("{number} {number:?} {:?}", Party::Number(number.clone())), "+*** +*** Number(+***)");
        assert_eq!(number.expose(), "+447700900123");
    }

    #[test]
    fn what_is_not_a_number_is_told_apart() {
        let case = |text: &str, expected: Party| assert_eq!(Party::from_wire(text), expected, "{text}");
        case("", Party::Withheld);
        case("+266696687", Party::Withheld);
        case("Anonymous", Party::Withheld);
        case("client:Anonymous", Party::Withheld);
        case("sip:anonymous@anonymous.invalid", Party::Withheld);
        case("1008", Party::ShortCode);
        case("MyBank", Party::Alphanumeric);
        case("+0612345678", Party::Alphanumeric);
        assert!(Party::from_wire("+447700900123").number().is_some());
    }
}
