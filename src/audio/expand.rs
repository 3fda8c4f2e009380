//! How words are written for a voice: numbers digit by digit with pauses, names as they sound.

use sha2::{Digest, Sha256};

/// The silence between two digits of a telephone number and between two of its groups, in milliseconds: the first time,
/// and the second time, when it is written down (rule PR-02: at least 250 ms).
const FIRST: (u16, u16) = (250, 400);
const AGAIN: (u16, u16) = (300, 500);
/// The same for an emergency number, which nobody writes down: it stands in the middle of a sentence.
const SHORT: (u16, u16) = (250, 250);
/// A number of so many digits is short.
const SHORT_MOST: usize = 3;

/// As many digit words one after the other are a telephone number: `one one two` is one, `B eight three` is none.
const NUMBER_LEAST: usize = 3;

/// How a language's words are spoken; the words as its menu file has them.
#[derive(Clone, Copy, Debug)]
pub struct Forms<'f> {
    /// The words for the digits 0 to 9.
    pub digits: &'f [String],
    /// What a voice would read wrong, and how it is written for one.
    pub pronounce: &'f [(String, String)],
}

/// A part of a prompt, as a voice gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Spoken in one breath.
    Words(String),
    /// Silence, in milliseconds.
    Pause(u16),
}

/// The words of a prompt in pieces. A telephone number is cut into its digits with pauses between them; where the same
/// number comes again in the prompt, the pauses are longer.
pub fn expand(words: &str, forms: Forms<'_>) -> Vec<Piece> {
    let tokens: Vec<&str> = words.split_whitespace().collect();
    let mut pieces = Vec::new();
    let mut said: Vec<Vec<&str>> = Vec::new();
    let mut plain: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let run = number_at(&tokens[at..], forms);
        if run < NUMBER_LEAST {
            plain.push(tokens[at]);
            at += 1;
            continue;
        }
        speak(&mut pieces, &mut plain, forms);
        let number = &tokens[at..at + run];
        let bare: Vec<&str> = number.iter().map(|token| token.trim_end_matches(is_mark)).collect();
        let (digit, group) = match bare.len() {
            ..=SHORT_MOST => SHORT,
            _ if said.contains(&bare) => AGAIN,
            _ => FIRST,
        };
        if !pieces.is_empty() {
            pieces.push(Piece::Pause(digit));
        }
        for (nth, (token, word)) in number.iter().zip(&bare).enumerate() {
            pieces.push(Piece::Words((*word).to_owned()));
            let pause = if token.ends_with(is_mark) { group } else { digit };
            if nth + 1 < run || at + run < tokens.len() {
                pieces.push(Piece::Pause(pause));
            }
        }
        said.push(bare);
        at += run;
    }
    speak(&mut pieces, &mut plain, forms);
    pieces
}

/// How many of these tokens are one telephone number: digit words, up to the end of a sentence.
fn number_at(tokens: &[&str], forms: Forms<'_>) -> usize {
    let is_digit = |token: &str| {
        let word = token.trim_end_matches(is_mark);
        !word.is_empty() && forms.digits.iter().any(|digit| digit.eq_ignore_ascii_case(word))
    };
    let mut count = 0;
    for token in tokens {
        if !is_digit(token) {
            break;
        }
        count += 1;
        if token.ends_with(['.', '!', '?']) {
            break;
        }
    }
    count
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?')
}

/// What was gathered, written for a voice, as one piece.
fn speak(pieces: &mut Vec<Piece>, plain: &mut Vec<&str>, forms: Forms<'_>) {
    if plain.is_empty() {
        return;
    }
    let mut words = plain.join(" ");
    plain.clear();
    for (written, voiced) in forms.pronounce {
        words = replaced(&words, written, voiced);
    }
    pieces.push(Piece::Words(words));
}

/// Whole words only, in whatever case.
fn replaced(text: &str, written: &str, voiced: &str) -> String {
    let (low, wanted) = (text.to_lowercase(), written.to_lowercase());
    // Lower case can have another length in a few scripts; then only what is written the same is found.
    let haystack = if low.len() == text.len() { low.as_str() } else { text };
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in haystack.match_indices(&wanted) {
        let end = at + found.len();
        let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let whole = apart(haystack[..at].chars().next_back()) && apart(haystack[end..].chars().next());
        if found.is_empty() || !whole || !text.is_char_boundary(at) || !text.is_char_boundary(end) {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(voiced);
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// The name of exactly these pieces in exactly this voice: the first 16 hexadecimal digits of a SHA-256.
pub fn fingerprint(pieces: &[Piece], voice: &str) -> String {
    let mut hash = Sha256::new();
    let mut part = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b'v', voice.as_bytes());
    for piece in pieces {
        match piece {
            Piece::Words(words) => part(b'w', words.as_bytes()),
            Piece::Pause(ms) => part(b'p', &ms.to_be_bytes()),
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &str) -> String {
        let digits: Vec<String> =
            "zero one two three four five six seven eight nine".split(' ').map(str::to_owned).collect();
        let pronounce = [("CoMensha".to_owned(), "co MEN sha".to_owned())];
        let pieces = expand(words, Forms { digits: &digits, pronounce: &pronounce });
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => format!("[{words}]"),
            Piece::Pause(ms) => ms.to_string(),
        };
        pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_spoken_digit_by_digit_and_slower_again() {
        let case = |words: &str, expected: &str| assert_eq!(told(words), expected, "{words}");
        case("", "");
        case("To go back, press star.", "[To go back, press star.]");
        case("For help, press one.", "[For help, press one.]");
        case("It is called the B eight three permit.", "[It is called the B eight three permit.]");
        case("Hang up and call one one two.", "[Hang up and call] 250 [one] 250 [one] 250 [two]");
        case("Calling one one two is free.", "[Calling] 250 [one] 250 [one] 250 [two] 250 [is free.]");
        case(
            "Their number: zero three three, four. Again: zero three three, four.",
            "[Their number:] 250 [zero] 250 [three] 250 [three] 400 [four] 400 [Again:] 300 [zero] 300 [three] 300 \
             [three] 500 [four]",
        );
    }

    #[test]
    fn names_are_written_as_they_sound() {
        let case = |words: &str, expected: &str| assert_eq!(told(words), expected, "{words}");
        case("You can call CoMensha.", "[You can call co MEN sha.]");
        case("comensha, COMENSHA!", "[co MEN sha, co MEN sha!]");
        case("CoMenshas", "[CoMenshas]");
    }

    #[test]
    fn another_text_voice_or_pause_is_another_sound() {
        let words = |words: &str| vec![Piece::Words(words.to_owned())];
        let one = fingerprint(&words("Hello."), "a");
        assert_eq!(one, fingerprint(&words("Hello."), "a"));
        assert_eq!(one.len(), 16);
        for other in [
            fingerprint(&words("Hello!"), "a"),
            fingerprint(&words("Hello."), "b"),
            fingerprint(&[Piece::Words("Hello.".into()), Piece::Pause(250)], "a"),
            fingerprint(&[Piece::Words("Hel".into()), Piece::Words("lo.".into())], "a"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn odd_words_do_no_harm() {
        for words in ["İstanbul CoMensha", "ẞ ß comensha", "\u{1F600} one one two", "one one one one,one"] {
            let pieces = told(words);
            assert!(!pieces.is_empty(), "{words}");
        }
    }
}
