//! The letters of a text message (GSM 03.38, twiml reference 8.1 and 8.2): what fits in seven bits, and in how many parts a text travels.

/// The default alphabet by code; code 27 is the escape and stands for no character.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', //
];

/// What the escape makes of ten codes; each costs two septets.
const EXTENSION: [char; 10] = ['\u{c}', '^', '{', '}', '\\', '[', '~', ']', '|', '€'];

/// How the characters of a message travel. One character outside GSM-7 turns the whole message into UCS-2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// 160 septets alone, 153 in each of several parts.
    Gsm7,
    /// 70 UTF-16 code units alone, 67 in each of several parts.
    Ucs2,
}

impl Encoding {
    /// Units in a message of one part, and in each part of a longer one.
    fn limits(self) -> (usize, usize) {
        match self {
            Encoding::Gsm7 => (160, 153),
            Encoding::Ucs2 => (70, 67),
        }
    }
}

/// How a text travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segments {
    pub encoding: Encoding,
    /// Septets or UTF-16 code units of the text itself.
    pub units: usize,
    /// Parts the network sends and bills; 0 for an empty text.
    pub parts: usize,
}

/// What a character costs in GSM-7: 1 or 2 septets, or nothing if it is not in the alphabet.
pub fn septets_of(character: char) -> Option<usize> {
    match character {
        '\u{1b}' => None,
        _ if BASIC.contains(&character) => Some(1),
        _ if EXTENSION.contains(&character) => Some(2),
        _ => None,
    }
}

/// What a text costs in GSM-7, or nothing if a character of it is not in the alphabet.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(septets_of).sum()
}

/// How a text travels. A character of two units is never cut: it moves to the next part.
pub fn segments(text: &str) -> Segments {
    let (encoding, units) = match septets(text) {
        Some(units) => (Encoding::Gsm7, units),
        None => (Encoding::Ucs2, text.encode_utf16().count()),
    };
    let (alone, part) = encoding.limits();
    if units <= alone {
        return Segments { encoding, units, parts: usize::from(units > 0) };
    }
    let (mut parts, mut filled) = (1, 0);
    for character in text.chars() {
        let cost = match encoding {
            Encoding::Gsm7 => septets_of(character).unwrap_or(1),
            Encoding::Ucs2 => character.len_utf16(),
        };
        if filled + cost > part {
            parts += 1;
            filled = 0;
        }
        filled += cost;
    }
    Segments { encoding, units, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_providers_own_calculator() {
        let case = |pieces: &[(&str, usize)], parts: usize| {
            let text: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
            assert_eq!(segments(&text).parts, parts, "{pieces:?}");
        };
        case(&[("a", 160)], 1);
        case(&[("a", 161)], 2);
        case(&[("a", 306)], 2);
        case(&[("a", 307)], 3);
        case(&[("a", 459)], 3);
        case(&[("a", 460)], 4);
        case(&[("€", 80)], 1);
        case(&[("€", 81)], 2);
        case(&[("€", 152)], 2);
        case(&[("€", 153)], 3);
        case(&[("a", 152), ("€", 1), ("a", 151)], 2);
        case(&[("a", 152), ("€", 1), ("a", 152)], 3);
        case(&[("ş", 70)], 1);
        case(&[("ş", 71)], 2);
        case(&[("ş", 134)], 2);
        case(&[("ş", 135)], 3);
        case(&[("😀", 35)], 1);
        case(&[("😀", 36)], 2);
        case(&[("ş", 66), ("😀", 1), ("ş", 65)], 2);
        case(&[("ş", 66), ("😀", 1), ("ş", 66)], 3);
        case(&[], 0);
    }

    #[test]
    fn the_alphabet_has_what_the_standard_has() {
        let case = |text: &str, expected: Option<usize>| assert_eq!(septets(text), expected, "{text:?}");
        case("[]", Some(4));
        case("\r\n", Some(2));
        case("^{}\\[~]|€\u{c}", Some(20));
        case("éèùìòàäöüñåæøßÇΔ", Some(16));
        case("", Some(0));
        for outside in "çáíóúâêîôûëïãõ`\t’“”–…\u{a0}\u{1b}".chars() {
            assert_eq!(septets_of(outside), None, "{outside:?}");
        }
        let distinct: std::collections::BTreeSet<char> = BASIC.into_iter().chain(EXTENSION).collect();
        assert_eq!(distinct.len(), 138);
        for (code, character) in [(0x24, '¤'), (0x2f, '/'), (0x40, '¡'), (0x5f, '§'), (0x60, '¿'), (0x7f, 'à')] {
            assert_eq!(BASIC[code], character);
        }
    }

    #[test]
    fn units_are_counted_in_the_encoding() {
        assert_eq!(segments("B8.3 [x]"), Segments { encoding: Encoding::Gsm7, units: 10, parts: 1 });
        assert_eq!(segments("geïnd"), Segments { encoding: Encoding::Ucs2, units: 5, parts: 1 });
        assert_eq!(segments("😀"), Segments { encoding: Encoding::Ucs2, units: 2, parts: 1 });
    }
}
