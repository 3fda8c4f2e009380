//! How wide words are on a screen, without a font: generous for each kind of character.
//!
//! The widths are those of DejaVu Sans, the widest of the sans-serif faces a browser falls back to, rounded up; Arial
//! and Liberation Sans are narrower. So a box is never too small for what stands in it.

/// What a character takes, as a part of the size of its letters.
fn em(c: char) -> f64 {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' => 0.0,
        ' ' | '\u{a0}' | 'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '’' | '|' | '·' => 0.36,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '\\' | '!' | '-' | '"' | '“' | '”' => 0.47,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '–' | '—' => 1.02,
        '&' | '<' | '>' | '+' | '=' | '~' | '#' | '^' => 0.86,
        '0'..='9' | 'a'..='z' | '*' | '?' | '_' | '$' => 0.64,
        'A'..='Z' => 0.79,
        'ж' | 'ф' | 'м' | 'ы' | 'ю' | 'ъ' | 'ш' | 'щ' | 'џ' => 0.95,
        'Ж' | 'Ф' | 'М' | 'Ы' | 'Ю' | 'Ъ' | 'Ш' | 'Щ' | 'Џ' => 1.13,
        'Æ' | 'æ' | 'Œ' | 'œ' => 1.1,
        '\u{a1}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1eff}' => match c.is_lowercase() {
            true => 0.68,
            false => 0.84,
        },
        '\u{1f000}'.. => 1.5,
        // Other scripts: as wide as the letters are high, and a little more.
        _ => 1.2,
    }
}

/// Bold letters are at most this much wider.
const BOLD: f64 = 1.15;

/// The width of a line in pixels at this size of letters, at most.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(em).sum::<f64>() * size * if bold { BOLD } else { 1.0 }
}

/// The words on at most so many lines, each at most so wide; what has no room is left out and "…" stands for it.
pub fn wrap(text: &str, size: f64, bold: bool, room: f64, lines_most: usize) -> Vec<String> {
    let fits = |line: &str| width(line, size, bold) <= room;
    let mut lines = vec![String::new()];
    let mut left_out = false;
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        let place = lines.len() - 1;
        if fits(&longer) {
            lines[place] = longer;
            continue;
        }
        lines[place] = line;
        if !lines[place].is_empty() && lines.len() < lines_most {
            lines.push(String::new());
        }
        let place = lines.len() - 1;
        if lines[place].is_empty() && fits(word) {
            lines[place] = word.to_owned();
            continue;
        }
        // No room for it: as much of it as there is.
        if lines[place].is_empty() {
            lines[place] = word.to_owned();
        }
        left_out = true;
        break;
    }
    if let (true, Some(last)) = (left_out, lines.last_mut()) {
        *last = shortened(last, fits);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// As many whole words as there is room for before the "…"; of a single word as many letters.
fn shortened(line: &str, fits: impl Fn(&str) -> bool) -> String {
    let mut kept = line.trim_end();
    loop {
        let short = format!("{}…", kept.trim_end_matches([' ', ',', '.', ';', ':']));
        let shorter = kept.rsplit_once(' ').map(|(kept, _)| kept).or_else(|| {
            let (last, _) = kept.char_indices().next_back()?;
            kept.get(..last)
        });
        match shorter {
            Some(shorter) if !fits(&short) => kept = shorter,
            _ => return short,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_shortened() {
        let case = |text: &str, room: f64, most: usize, expected: &[&str]| {
            assert_eq!(wrap(text, 10.0, false, room, most), expected, "{text}");
        };
        case("", 100.0, 2, &[]);
        case("one two", 100.0, 2, &["one two"]);
        case("one two three", 50.0, 2, &["one two", "three"]);
        case("one two, three", 55.0, 1, &["one two…"]);
        case("one two three four five six", 50.0, 2, &["one two", "three…"]);
        case("unbelievable", 50.0, 2, &["unbelie…"]);
        case("an unbelievable", 50.0, 2, &["an", "unbelie…"]);
    }

    #[test]
    fn every_line_fits() {
        for text in ["Щъж Ж юю щщщщщ щщ щщщщ", "日本語日本語 日本語", "W W W W W W mmmmmm", "&&& <<<>>> \"\"'"]
        {
            for room in [40.0, 90.0, 200.0] {
                for line in wrap(text, 12.0, true, room, 3) {
                    assert!(width(&line, 12.0, true) <= room, "{line}");
                }
            }
        }
    }
}
