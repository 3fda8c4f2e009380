//! What a text means. In this order: an emergency, a wish to be left alone, a code, a keyword, nothing we know.

use super::clean::{self, Cleaned, clean};
use crate::menu::{Answer, SmsBook};

/// A keyword is looked for behind the first word only in texts of at most this many words. Someone who writes a story
/// thinks a person reads it: `I am forced to work` must not bring up the text on work permits.
const SHORT_TEXT_WORDS: usize = 3;

/// Keywords of at least this many letters are found with one typing error. Shorter ones, such as HELP and HULP, are
/// too close to each other and to everyday words.
const TYPO_LETTERS: usize = 5;

/// The emergency sign as one picture, which some keyboards offer when SOS is typed.
const SOS_SIGN: char = '🆘';

/// What a text means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Understood<'b> {
    /// Names the emergency number or calls for help in an emergency.
    Emergency,
    /// Wants nothing more; is answered with nothing.
    Stop,
    Answer(&'b Answer, Found),
    Unknown,
}

/// How an answer was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Found {
    Code,
    Keyword,
}

/// Reads a text. It depends on nothing but the text and the book.
///
/// Each step looks at the whole text, then at its first line alone, since phones put signatures below.
pub fn understand<'b>(book: &'b SmsBook, text: &str) -> Understood<'b> {
    if is_emergency(book, text) {
        return Understood::Emergency;
    }
    let readings = [clean(text), clean(clean::first_line(text))];
    if readings.iter().any(|reading| is_stop(book, reading)) {
        return Understood::Stop;
    }
    if let Some(answer) = readings.iter().find_map(|reading| coded(book, reading)) {
        return Understood::Answer(answer, Found::Code);
    }
    let urgent = anywhere(book, &readings[0]);
    match urgent.or_else(|| readings.iter().find_map(|reading| keyed(book, reading))) {
        Some(answer) => Understood::Answer(answer, Found::Keyword),
        None => Understood::Unknown,
    }
}

/// Whether an emergency word stands anywhere. Rather once too often than once too seldom: also grown together with
/// other words (`call112`), spelled letter by letter (`s.o.s`, `1 1 2`) and with letters and digits mixed up (`S0S`).
fn is_emergency(book: &SmsBook, text: &str) -> bool {
    let is = |typed: &str| {
        let shape = || clean::letters(typed).map(clean::digit_shape);
        !typed.is_empty()
            && book.emergency_words.iter().any(|word| clean::letters(word).map(clean::digit_shape).eq(shape()))
    };
    let stands_in = |word: &str| is(word) || same_kind(word).any(is);
    // Not `clean`: it would make a number of `I112`.
    let whole = clean::plain(text);
    if text.contains(SOS_SIGN) || is(&whole.letters().collect::<String>()) {
        return true;
    }
    let mut spelled = String::new();
    for word in whole.words() {
        if word.chars().nth(1).is_none() {
            spelled.push_str(word);
            continue;
        }
        if stands_in(&spelled) || stands_in(word) {
            return true;
        }
        spelled.clear();
    }
    stands_in(&spelled)
}

/// The parts of a word that are digits only or letters only.
fn same_kind(word: &str) -> impl Iterator<Item = &str> {
    let digits = word.split(|c: char| !c.is_ascii_digit());
    let letters = word.split(|c: char| c.is_ascii_digit());
    digits.chain(letters)
}

/// Whether the text is a stop word and nothing else.
fn is_stop(book: &SmsBook, reading: &Cleaned) -> bool {
    reading.letters().next().is_some() && book.stop_words.iter().any(|word| clean::letters(word).eq(reading.letters()))
}

/// The answer whose code is the whole text: `231`, or its digits one by one as they are pressed on the phone, `2 3 1`.
/// Digits are never guessed: `21 22` and `2311` are no codes.
fn coded<'b>(book: &'b SmsBook, reading: &Cleaned) -> Option<&'b Answer> {
    let between = |c: char| matches!(c, ' ' | '.' | '-' | '\u{2010}' | '\u{2013}');
    let text = reading.as_str();
    if !text.chars().all(|c| c.is_ascii_digit() || between(c)) {
        return None;
    }
    let one_by_one = reading.words().all(|digits| digits.len() == 1);
    if one_by_one || reading.words().nth(1).is_none() {
        let digits: String = reading.letters().collect();
        return book.codes.get(&digits);
    }
    None
}

/// The answer whose keyword is the first word, or the only keyword in a short text; failing that, the only one that a
/// short text has with one typing error.
fn keyed<'b>(book: &'b SmsBook, reading: &Cleaned) -> Option<&'b Answer> {
    let words: Vec<&str> = reading.words().take(SHORT_TEXT_WORDS + 1).collect();
    if let Some(answer) = words.first().and_then(|first| book.keywords.get(*first)) {
        return Some(answer);
    }
    if words.len() > SHORT_TEXT_WORDS {
        return None;
    }
    let exact: Vec<&Answer> = words.iter().filter_map(|word| book.keywords.get(*word)).collect();
    match exact[..] {
        [] => {}
        [answer] => return Some(answer),
        _ => return None,
    }
    let near: Vec<Near> = words.iter().map(|word| nearest(book, word)).filter(|near| *near != Near::Nothing).collect();
    match near[..] {
        [Near::One(answer)] => Some(answer),
        _ => None,
    }
}

/// The answer of the first word that counts wherever it stands: `I am in danger` is no text to be offered languages for.
fn anywhere<'b>(book: &'b SmsBook, reading: &Cleaned) -> Option<&'b Answer> {
    let counts = |word: &&str| book.anywhere.iter().any(|known| known == word);
    book.keywords.get(reading.words().find(counts)?)
}

/// What a word with one typing error may have been.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Near<'b> {
    Nothing,
    One(&'b Answer),
    /// Keywords with different answers are equally near.
    Tie,
}

fn nearest<'b>(book: &'b SmsBook, word: &str) -> Near<'b> {
    let mut found = Near::Nothing;
    for (keyword, answer) in &book.keywords {
        if keyword.chars().count() < TYPO_LETTERS || !one_apart(keyword, word) || has_twin(book, keyword, answer) {
            continue;
        }
        found = match found {
            Near::Nothing => Near::One(answer),
            Near::One(other) if other == answer => found,
            _ => Near::Tie,
        };
    }
    found
}

/// Whether another answer's keyword is one typing error away: such pairs match exactly only (menu rule SM-05).
fn has_twin(book: &SmsBook, keyword: &str, answer: &Answer) -> bool {
    book.keywords.iter().any(|(other, its)| its != answer && one_apart(keyword, other))
}

/// One letter missing, too many or wrong, or two neighbours swapped.
fn one_apart(left: &str, right: &str) -> bool {
    let lengths = left.chars().count().abs_diff(right.chars().count());
    lengths <= 1 && strsim::damerau_levenshtein(left, right) == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::sample;
    use proptest::prelude::*;

    /// What a text brings, in words: `emergency`, `stop`, `unknown`, or the code of the answer.
    fn meaning(text: &str) -> String {
        match understand(&sample::hotline().sms, text) {
            Understood::Emergency => "emergency".to_owned(),
            Understood::Stop => "stop".to_owned(),
            Understood::Unknown => "unknown".to_owned(),
            Understood::Answer(Answer::Choose(line), _) => line.clone(),
            Understood::Answer(Answer::Node(language, node), _) => sample::code_of(*language, *node),
        }
    }

    fn case(text: &str, expected: &str) {
        assert_eq!(meaning(text), expected, "{text:?}");
    }

    #[test]
    fn an_emergency_is_seen_wherever_it_stands() {
        for text in [
            "112",
            "112!!",
            " 112. ",
            "sos",
            "SOS!",
            "sos help",
            "help sos",
            "Please call 112 now",
            "they are here\n112",
            "231\nSOS",
            "stop 112",
            "\"112\"",
            "call112",
            "I112",
            "help 1 l 2",
            "112help",
            "help/sos/help",
            "s.o.s",
            "S O S",
            "help s.o.s. please",
            "1 1 2",
            "1-1-2",
            "1 12",
            "ll2",
            "1l2",
            "S0S",
            "5 s o s",
            "SÓS",
            "ЅОЅ",
            "١١٢",
            "１１２",
            "help 🆘",
        ] {
            case(text, "emergency");
        }
        for text in ["1120", "0112", "11", "12", "sosa", "2 1 1 2", "so", "os"] {
            assert_ne!(meaning(text), "emergency", "{text:?}");
        }
    }

    #[test]
    fn a_stop_word_must_be_the_whole_text() {
        case("STOP", "stop");
        case("stop.", "stop");
        case(" \"Stop\" ", "stop");
        case("stop\nJo", "stop");
        case("STOP\nHelp team", "stop");
        case("s t o p", "stop");
        case("Quit", "stop");
        case("stoppen", "stop");
        case("einde", "stop");
        case("stop help", "2");
        case("make it stop", "unknown");
        case("stopp", "unknown");
    }

    #[test]
    fn every_code_is_understood_in_every_dress() {
        {
            for code in sample::hotline().sms.codes.keys() {
                let spread = |between: &str| code.chars().map(String::from).collect::<Vec<_>>().join(between);
                for text in [
                    code.clone(),
                    format!(" {code} "),
                    format!("{code}."),
                    format!("\"{code}\""),
                    format!("#{code}#"),
                    format!("{code}\nJo"),
                    format!("{code}\r\n--\r\nSent from my phone"),
                    format!("{code}\nwork hard"),
                    spread(" "),
                    spread("-"),
                    spread(". "),
                    code.replace('0', "O"),
                    code.replace('0', "o"),
                    code.replacen('1', "l", code.matches('1').count().saturating_sub(1)),
                ] {
                    case(&text, &sample::canonical(code));
                }
            }
        }
        case("23l", "231");
        case("23I", "231");
        case("2o", "20");
    }

    #[test]
    fn digits_are_never_guessed() {
        for text in
            ["3", "0", "9", "26", "2311", "0231", "21 22", "2 31", "2/3/1", "1122", "06", "231?2", "2 x", "a231", "O"]
        {
            case(text, "unknown");
        }
        case("235", "unknown");
        case("231 please", "unknown");
    }

    #[test]
    fn every_keyword_is_understood_in_every_dress() {
        let cyrillic = |word: &str| -> String {
            word.chars()
                .map(|c| match c {
                    'A' => 'А',
                    'B' => 'В',
                    'C' => 'С',
                    'E' => 'Е',
                    'H' => 'Н',
                    'K' => 'К',
                    'M' => 'М',
                    'O' => 'О',
                    'P' => 'Р',
                    'T' => 'Т',
                    'X' => 'Х',
                    _ => c,
                })
                .collect()
        };
        let accents = |word: &str| word.replace('E', "É").replace('O', "ö").replace('I', "i\u{308}");
        for (word, expected) in sample::keywords() {
            let lower = word.to_lowercase();
            for text in [
                word.clone(),
                lower.clone(),
                format!("  {lower}  "),
                format!("{lower}."),
                format!("{lower}!?"),
                format!("\"{lower}\""),
                format!("\u{2018}{lower}\u{2019}"),
                accents(&word),
                cyrillic(&word),
                cyrillic(&word).to_lowercase(),
                format!("{lower}\nJo"),
                format!("{lower}\r\n\r\n-- \r\nSent from my phone"),
                format!("\n{lower}\n"),
                format!("{lower} please"),
                format!("please {lower}"),
                format!("I want {lower}"),
                format!("I want {lower}\nbest wishes from Jo"),
                format!("{lower}, for me and my three children"),
            ] {
                case(&text, &expected);
            }
            // In a long text only those that count wherever they stand.
            let anywhere = sample::hotline().sms.anywhere.contains(&word);
            case(&format!("we all want {lower}"), if anywhere { &expected } else { "unknown" });
        }
    }

    /// Each keyword with each letter missing, doubled and replaced, and each pair of neighbours swapped.
    fn typos(word: &str) -> Vec<String> {
        let letters: Vec<char> = word.chars().collect();
        let mut typos = Vec::new();
        for at in 0..letters.len() {
            let (before, after) = letters.split_at(at);
            let join = |middle: &[char], rest: usize| [before, middle, &after[rest..]].concat().iter().collect();
            typos.push(join(&[], 1));
            typos.push(join(&['X'], 1));
            typos.push(join(&['X'], 0));
            if after.len() > 1 && after[0] != after[1] {
                typos.push(join(&[after[1], after[0]], 2));
            }
        }
        typos
    }

    #[test]
    fn some_keywords_count_wherever_they_stand() {
        case("I am in danger", &meaning("DANGER"));
        case("please, I think that I am in DANGER here", &meaning("DANGER"));
        case("ik ben in gevaar!", &meaning("GEVAAR"));
        case("help, danger", &meaning("DANGER"));
        case("dangerous", "unknown");
        case("I think that we need shelter now", "unknown");
        case("I am in danger, call 112", "emergency");
    }

    #[test]
    fn one_typing_error_is_forgiven_in_long_keywords_only() {
        let (mut forgiven, mut ties) = (0, Vec::new());
        for (word, expected) in sample::keywords().into_iter().filter(|(word, _)| word.len() >= TYPO_LETTERS) {
            for typo in typos(&word) {
                let lower = typo.to_lowercase();
                case(&format!("i want {lower}\nJo"), &meaning(&typo));
                match meaning(&typo) {
                    tie if tie == "unknown" => ties.push(typo),
                    meaning => {
                        assert_eq!(meaning, expected, "{typo}");
                        forgiven += 1;
                    }
                }
            }
        }
        assert!(forgiven > 500, "{forgiven}");
        // As near to ADVICE as to ADVIES, to POLICE as to POLITIE.
        assert_eq!(ties, ["ADVIE", "ADVIEC", "ADVISE", "ADVIE", "POLIIE", "POLITE"]);
    }

    #[test]
    fn no_typing_error_is_forgiven_in_a_short_keyword() {
        for (word, _) in sample::keywords().into_iter().filter(|(word, _)| word.len() < TYPO_LETTERS) {
            for typo in typos(&word).into_iter().filter(|typo| typo.contains('X')) {
                case(&typo, "unknown");
            }
        }
        case("HEPL", "unknown");
        case("HELP", "2");
        case("HULP", "1");
        case("HALP", "unknown");
        case("SHLETR", "unknown");
    }

    #[test]
    fn a_typing_error_in_a_story_brings_nothing_up() {
        case("shleter", "21");
        case("need shleter", "21");
        case("shleter for me and my children", "unknown");
        case("shleter polcie", "unknown");
        case("shleter police", "22");
    }

    #[test]
    fn one_letter_apart_is_matched_exactly_only() {
        use crate::menu::{LangIx, NodeIx};
        let node = |n| Answer::Node(LangIx(0), NodeIx(n));
        let mut book = SmsBook::default();
        for (word, n) in [("PAPER", 1), ("PAPERS", 2), ("LETTER", 3), ("LETTERS", 3)] {
            book.keywords.insert(word.to_owned(), node(n));
        }
        let case = |text: &str, expected: Option<u16>| {
            let found = expected.map(node);
            let expected = found.as_ref().map_or(Understood::Unknown, |a| Understood::Answer(a, Found::Keyword));
            assert_eq!(understand(&book, text), expected, "{text}");
        };
        case("paper", Some(1));
        case("papers", Some(2));
        case("papr", None);
        case("paperss", None);
        case("letterz", Some(3));
        case("leter", Some(3));
    }

    #[test]
    fn a_story_is_not_understood() {
        for text in [
            "",
            "   ",
            "🙂",
            "I am forced to work",
            "i am forced to WORK.",
            "Ik word gedwongen te werken",
            "They took my papers and now I must stay",
            "hello",
            "goedemorgen",
            "no help police",
            "not opvang shelter",
            "yes",
        ] {
            case(text, "unknown");
        }
        case("Hi\nI am forced to work", "unknown");
    }

    #[test]
    fn a_word_of_two_languages_asks_which() {
        case("CoMensha", sample::CHOOSE);
        case("comenhsa", sample::CHOOSE);
    }

    #[test]
    fn an_empty_book_knows_nothing() {
        let mut book = SmsBook::default();
        for text in ["", "112", "STOP", "2", "help"] {
            assert_eq!(understand(&book, text), Understood::Unknown);
        }
        book.emergency_words.push(String::new());
        book.stop_words.push("!".to_owned());
        for text in ["", "...", "2", "help me now"] {
            assert_eq!(understand(&book, text), Understood::Unknown);
        }
    }

    proptest! {
        #[test]
        fn anything_is_read(text in any::<String>()) {
            understand(&sample::hotline().sms, &text);
        }

        #[test]
        fn the_emergency_number_wins_in_every_text(before in "[a-zA-Z ,.!\n]{0,30}", after in "[a-zA-Z ,.!\n]{0,30}") {
            for text in [format!("{before}112{after}"), format!("{before} sos {after}"), format!("{before}\nSOS.{after}")] {
                prop_assert_eq!(meaning(&text), "emergency", "{:?}", text);
            }
        }

        #[test]
        fn a_number_is_a_code_or_nothing(text in "[0-9]{1,6}") {
            let known = sample::hotline().sms.codes.contains_key(&text);
            let expected = match text.as_str() {
                "112" => "emergency".to_owned(),
                _ if known => sample::canonical(&text),
                _ => "unknown".to_owned(),
            };
            prop_assert_eq!(meaning(&text), expected);
        }

        #[test]
        fn no_long_text_is_answered_by_a_word_inside(words in proptest::collection::vec("[a-z]{1,9}", 4..12)) {
            let first = words[0].to_uppercase();
            let keys = sample::hotline().sms.keywords.contains_key(&first);
            prop_assume!(!keys && !words.iter().any(|word| word == "sos"));
            prop_assert_eq!(meaning(&words.join(" ")), "unknown");
        }
    }
}
