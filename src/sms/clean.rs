//! Cleaning a text: what a hurried thumb, a smart keyboard or a carrier adds is taken off again.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Only this many characters of a text are read: the longest body a provider delivers (twiml reference 8.4).
pub const MAX_CHARACTERS: usize = 1600;

/// A text without accents, in upper case, look-alikes written in Latin letters, white space squeezed to one space,
/// with a letter or a digit at both ends. May be empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cleaned(String);

impl Cleaned {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The runs of letters and digits.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    }

    /// The letters and digits alone, as if nothing stood between them.
    pub fn letters(&self) -> impl Iterator<Item = char> {
        self.0.chars().filter(|c| c.is_alphanumeric())
    }
}

/// Cleans a whole text (a line break becomes a space).
pub fn clean(text: &str) -> Cleaned {
    let mut cleaned = String::with_capacity(text.len().min(MAX_CHARACTERS));
    let mut run = String::new();
    for c in characters(text) {
        if c.is_alphanumeric() {
            run.push(c);
            continue;
        }
        end_run(&mut cleaned, &mut run);
        if !c.is_whitespace() {
            cleaned.push(c);
        } else if !cleaned.ends_with(' ') {
            cleaned.push(' ');
        }
    }
    end_run(&mut cleaned, &mut run);
    Cleaned(cleaned.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
}

/// The text with its characters cleaned one by one only: nothing is trimmed, and letters in numbers stay letters.
pub fn plain(text: &str) -> Cleaned {
    Cleaned(characters(text).collect())
}

/// The first line that holds a letter or a digit: what stands above a signature.
pub fn first_line(text: &str) -> &str {
    text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
        .find(|line| line.chars().any(char::is_alphanumeric))
        .unwrap_or_default()
}

/// The cleaned letters and digits of a text, one after the other, without a memory of their own: for comparing a text
/// with many others, since it stops at the first difference.
pub fn letters(text: &str) -> impl Iterator<Item = char> {
    characters(text).filter(|c| c.is_alphanumeric())
}

/// The characters of a text in compatibility form, without marks, in upper case, as Latin letters and plain digits.
fn characters(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .take(MAX_CHARACTERS)
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
        .flat_map(char::to_uppercase)
        .map(look_alike)
}

/// Characters without a picture, which keyboards and copying leave inside words.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Cyrillic and Greek capitals that look like a Latin one, Latin letters whose stroke is not a mark of its own to
/// Unicode, and the digits of other scripts.
fn look_alike(c: char) -> char {
    match c {
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'С' => 'C',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'Υ' => 'Y',
        'Ζ' => 'Z',
        'Đ' => 'D',
        'Ł' => 'L',
        'Ø' => 'O',
        _ => other_digit(c).unwrap_or(c),
    }
}

/// A digit of Arabic, Persian, Devanagari, Bengali or Thai as the plain digit it is.
fn other_digit(c: char) -> Option<char> {
    const ZEROS: [u32; 5] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
    let c = u32::from(c);
    ZEROS.iter().find_map(|zero| char::from_digit(c.checked_sub(*zero)?, 10))
}

/// Moves a run of letters and digits over. If it is a number but for the letters O, I and L, they are digits: phones
/// in letter mode write `2O` and `23l`.
fn end_run(cleaned: &mut String, run: &mut String) {
    let number = run.chars().all(|c| c.is_ascii_digit() || matches!(c, 'O' | 'I' | 'L'))
        && run.chars().any(|c| c.is_ascii_digit());
    match number {
        true => cleaned.extend(run.drain(..).map(digit_shape)),
        false => cleaned.extend(run.drain(..)),
    }
}

/// The digit a letter is taken for inside a number.
pub fn digit_shape(c: char) -> char {
    match c {
        'O' => '0',
        'I' | 'L' => '1',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_hands_and_phones_add_is_taken_off() {
        let case = |text: &str, expected: &str| assert_eq!(clean(text).as_str(), expected, "{text:?}");
        case("", "");
        case(" \n\t", "");
        case("...!?", "");
        case("shelter", "SHELTER");
        case("АВЕНІЈКМОРЅСТХ", "ABEHIJKMOPSCTX");
        case("ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", "ABEHIKMNOPTXYZ");
        case("  Shelter. ", "SHELTER");
        case("\u{201c}shelter\u{201d}", "SHELTER");
        case("'shelter'", "SHELTER");
        case("<<shelter>>!", "SHELTER");
        case("shéltèr", "SHELTER");
        case("she\u{301}lter", "SHELTER");
        case("getu\u{ef}ge", "GETUIGE");
        case("Łódź Đ Ø", "LODZ D O");
        case("straße", "STRASSE");
        case("i  am\u{a0}\u{a0}here\r\nnow", "I AM HERE NOW");
        case("one, two", "ONE, TWO");
        case("\u{feff}he\u{200d}lp\u{ad}", "HELP");
        case("ＨＥＬＰ", "HELP");
        case("𝐡𝐞𝐥𝐩", "HELP");
        case("НЕLР", "HELP");
        case("неlр", "HELP");
        case("ΗΕLΡ", "HELP");
        case("АВЕКМНОРСТХ", "ABEKMHOPCTX");
        case("ΑΒΕΙΚΜΝΟΡΤΧ", "ABEIKMNOPTX");
        case("помощ", "ПOMOЩ");
    }

    #[test]
    fn a_number_has_digits_only() {
        let case = |text: &str, expected: &str| assert_eq!(clean(text).as_str(), expected, "{text:?}");
        case("2O", "20");
        case("2o", "20");
        case("2О", "20");
        case("23l", "231");
        case("23I", "231");
        case("ıi2", "112");
        case("2 3 1", "2 3 1");
        case("231.", "231");
        case("#231#", "231");
        case("２３１", "231");
        case("٢٣١", "231");
        case("۲۳۱", "231");
        case("2\u{fe0f}\u{20e3}3\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}", "231");
        // Without a digit it is a word, and in a word nothing is a digit.
        case("oil", "OIL");
        case("lol", "LOL");
        case("o", "O");
        case("b8", "B8");
        case("shelter2o", "SHELTER2O");
    }

    #[test]
    fn the_first_line_is_the_first_with_something_in_it() {
        let case = |text: &str, expected: &str| assert_eq!(first_line(text), expected, "{text:?}");
        case("", "");
        case("help", "help");
        case("help\nJo", "help");
        case("\r\n--\r\nhelp\r\nJo", "help");
        case("help\u{2028}Jo", "help");
    }

    #[test]
    fn no_more_is_read_than_the_longest_text() {
        let long = "a".repeat(MAX_CHARACTERS + 1);
        assert_eq!(clean(&long).as_str().len(), MAX_CHARACTERS);
        assert_eq!(letters(&long).count(), MAX_CHARACTERS);
        // One character that unfolds to eighteen, and marks without end.
        assert!(clean(&"\u{fdfa}".repeat(9000)).as_str().chars().count() <= 18 * MAX_CHARACTERS);
        assert_eq!(clean(&format!("a{}", "\u{301}".repeat(9000))).as_str(), "A");
    }

    proptest! {
        #[test]
        fn cleaning_ends_and_leaves_clean_text(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(cleaned.words().all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric)));
            prop_assert!(cleaned.as_str().chars().next().is_none_or(char::is_alphanumeric));
            prop_assert!(cleaned.as_str().chars().last().is_none_or(char::is_alphanumeric));
            prop_assert!(!cleaned.as_str().contains("  "));
            prop_assert!(!cleaned.as_str().chars().any(|c| c.is_ascii_lowercase()));
            prop_assert!(!first_line(&text).contains(['\n', '\r']));
        }

        #[test]
        fn a_plain_text_is_cleaned_once(text in "[ -~\n]{0,60}") {
            let cleaned = clean(&text);
            prop_assert_eq!(clean(cleaned.as_str()), cleaned);
        }
    }
}
