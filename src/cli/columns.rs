//! Old beside new, as wide as the terminal: two columns, or one under the other where two would be too narrow.

use crate::menu::passages::Difference;
use std::io::IsTerminal;
use unicode_normalization::char::is_combining_mark;

/// Below this many columns old and new stand one under the other.
const SIDE_BY_SIDE: usize = 80;

/// Nobody reads a line that is longer, and nothing fits into one that is shorter.
const WIDEST: usize = 200;
const NARROWEST: usize = 40;

/// As wide as this where nobody says how wide the paper is: a file, a pipe.
const USUAL: usize = 100;

/// At most this many pairs of lines are compared in one passage; a longer one is shown whole, old then new.
const PAIRS_MAX: usize = 250_000;

/// The columns of the terminal: COLUMNS, else what the terminal says, else 100.
pub fn width() -> usize {
    let said = super::environment("COLUMNS").and_then(|columns| columns.parse().ok());
    let terminal = || match std::io::stdout().is_terminal() {
        true => crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns)),
        false => None,
    };
    said.or_else(terminal).filter(|columns| *columns > 0).unwrap_or(USUAL).clamp(NARROWEST, WIDEST)
}

/// All differences, each under its place. `names` are what stands above the columns.
pub fn page(differences: &[Difference], names: (&str, &str), width: usize, color: bool) -> String {
    let paint = Paint { color };
    let mut page = String::new();
    for difference in differences {
        let also = match difference.also.as_slice() {
            [] => String::new(),
            also => format!(" (the same in {})", also.join(", ")),
        };
        let place = shown(&format!("{}{also}", difference.place));
        for line in wrapped(&place, width) {
            page.push_str(&format!("{}\n", paint.bold(&line)));
        }
        let rows = rows(&difference.before, &difference.after);
        match width >= SIDE_BY_SIDE {
            true => beside(&rows, names, width, &paint, &mut page),
            false => below(&rows, names, width, &paint, &mut page),
        }
        page.push('\n');
    }
    page
}

/// A line of the old, a line of the new, or both: then the mark says whether they are the same.
struct Row<'t> {
    old: Option<&'t str>,
    new: Option<&'t str>,
}

impl Row<'_> {
    fn same(&self) -> bool {
        self.old == self.new
    }

    fn mark(&self) -> char {
        match (self.old, self.new) {
            (Some(_), None) => '<',
            (None, Some(_)) => '>',
            _ if self.same() => ' ',
            _ => '|',
        }
    }
}

/// The lines beside each other: lines that stayed are paired, and between them old with new in turn.
fn rows<'t>(old: &'t [String], new: &'t [String]) -> Vec<Row<'t>> {
    let mut rows = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    let pairs = common(old, new);
    for (old_end, new_end) in pairs.into_iter().chain([(old.len(), new.len())]) {
        let (mut was, mut is) = (old[old_at..old_end].iter(), new[new_at..new_end].iter());
        loop {
            let row = Row { old: was.next().map(String::as_str), new: is.next().map(String::as_str) };
            if row.old.is_none() && row.new.is_none() {
                break;
            }
            rows.push(row);
        }
        if let (Some(old), Some(new)) = (old.get(old_end), new.get(new_end)) {
            rows.push(Row { old: Some(old), new: Some(new) });
        }
        (old_at, new_at) = ((old_end + 1).min(old.len()), (new_end + 1).min(new.len()));
    }
    rows
}

/// The longest common subsequence, as places in both.
fn common(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        return Vec::new();
    }
    let mut length = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            length[i][j] = match old[i] == new[j] {
                true => length[i + 1][j + 1] + 1,
                false => length[i + 1][j].max(length[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

fn beside(rows: &[Row], names: (&str, &str), width: usize, paint: &Paint, page: &mut String) {
    let column = (width - 3) / 2;
    let mut line = |old: &str, mark: char, new: &str, changed: bool| {
        let gap = " ".repeat(column.saturating_sub(columns_of(old)));
        let (old, new) = if changed { (paint.red(old), paint.green(new)) } else { (paint.dim(old), paint.dim(new)) };
        page.push_str(format!("{old}{gap} {mark} {new}").trim_end());
        page.push('\n');
    };
    line(names.0, ' ', names.1, false);
    for row in rows {
        let lines = |text: Option<&str>| text.map(|text| wrapped(&shown(text), column)).unwrap_or_default();
        let (old, new) = (lines(row.old), lines(row.new));
        for at in 0..old.len().max(new.len()) {
            let part = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            line(&part(&old), row.mark(), &part(&new), !row.same());
        }
    }
}

fn below(rows: &[Row], names: (&str, &str), width: usize, paint: &Paint, page: &mut String) {
    page.push_str(&format!("{}\n", paint.dim(&format!("- {}   + {}", names.0, names.1))));
    let mut lines = |mark: char, text: &str, painted: &dyn Fn(&str) -> String| {
        for line in wrapped(&shown(text), width - 2) {
            page.push_str(painted(&format!("{mark} {line}")).trim_end());
            page.push('\n');
        }
    };
    for row in rows {
        match (row.old, row.new) {
            (Some(text), _) if row.same() => lines(' ', text, &|line| paint.dim(line)),
            (old, new) => {
                old.into_iter().for_each(|text| lines('-', text, &|line| paint.red(line)));
                new.into_iter().for_each(|text| lines('+', text, &|line| paint.green(line)));
            }
        }
    }
}

/// What a terminal would act on, or what would show words in another order than they are spoken in, is shown as its
/// code: whoever approves a text sees what is there.
pub fn shown(text: &str) -> String {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// The text in lines of at most so many columns, broken between words where it can be. An empty text is one empty line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split(' ') {
        let wide = columns_of(word);
        if used > 0 && used + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let wide = columns_of_char(c);
            if used > 0 && used + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

fn columns_of(text: &str) -> usize {
    text.chars().map(columns_of_char).sum()
}

/// How wide a terminal draws it: nothing for marks and joiners, two columns for East Asian wide letters and pictures.
fn columns_of_char(c: char) -> usize {
    let wide = matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}');
    match c {
        '\u{200b}'..='\u{200f}' | '\u{feff}' => 0,
        c if is_combining_mark(c) => 0,
        _ if wide => 2,
        _ => 1,
    }
}

struct Paint {
    color: bool,
}

impl Paint {
    fn in_color(&self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.in_color("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.in_color("2", text)
    }

    fn red(&self, text: &str) -> String {
        self.in_color("31", text)
    }

    fn green(&self, text: &str) -> String {
        self.in_color("32", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Language;
    use crate::menu::passages::Place;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn difference(before: &[&str], after: &[&str]) -> Difference {
        let place = Place { owner: "stay".to_owned(), field: "voice".to_owned(), language: Language::new("en") };
        Difference { place, also: lines(&["rights"]), before: lines(before), after: lines(after) }
    }

    const OLD: [&str; 3] =
        ["The first line stays.", "You have three months to think, and nobody may send you away.", "Gone."];
    const NEW: [&str; 3] = ["The first line stays.", "You have 3 months to think.", "You can stay that long."];

    #[test]
    fn two_columns() {
        let page = page(&[difference(&OLD, &NEW)], ("on the line", "new"), 80, false);
        insta::assert_snapshot!(page, @r"
        stay, voice, en (the same in rights)
        on the line                              new
        The first line stays.                    The first line stays.
        You have three months to think, and    | You have 3 months to think.
        nobody may send you away.              |
        Gone.                                  | You can stay that long.
        ");
        assert!(page.lines().all(|line| columns_of(line) <= 80));
    }

    #[test]
    fn one_under_the_other() {
        let page = page(&[difference(&OLD, &NEW)], ("on the line", "new"), 44, false);
        insta::assert_snapshot!(page, @r"
        stay, voice, en (the same in rights)
        - on the line   + new
          The first line stays.
        - You have three months to think, and nobody
        - may send you away.
        + You have 3 months to think.
        - Gone.
        + You can stay that long.
        ");
        assert!(page.lines().all(|line| columns_of(line) <= 44));
    }

    #[test]
    fn lines_that_stayed_are_paired() {
        let case = |old: &[&str], new: &[&str], marks: &str| {
            let (old, new) = (lines(old), lines(new));
            let rows = rows(&old, &new);
            assert_eq!(rows.iter().map(Row::mark).collect::<String>(), marks, "{old:?} {new:?}");
            // Nothing is lost and nothing is said twice.
            assert_eq!(rows.iter().filter_map(|row| row.old).collect::<Vec<_>>(), old);
            assert_eq!(rows.iter().filter_map(|row| row.new).collect::<Vec<_>>(), new);
        };
        case(&["a", "b", "c"], &["a", "b", "c"], "   ");
        case(&["a", "c"], &["a", "b", "c"], " > ");
        case(&["a", "b", "c"], &["a", "c"], " < ");
        case(&["a", "b", "c"], &["a", "x", "c"], " | ");
        case(&["a", "b"], &["x", "y", "z"], "||>");
        case(&[], &["x"], ">");
        case(&["x"], &[], "<");
        case(&["a", "b", "a"], &["b"], "< <");
        case(&[], &[], "");
    }

    #[test]
    fn what_could_mislead_is_shown() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\td"), "a\\u{1b}[2Jb\\u{202e}c\\u{9}d");
        assert_eq!(shown("è ש العربية"), "è ש العربية");
    }

    #[test]
    fn any_text_fits_the_width() {
        let long = "x".repeat(500);
        for text in ["", " ", "  two  spaces ", "ｗｉｄｅ ｗｉｄｅ ｗｉｄｅ", "e\u{301}e\u{301}e\u{301}", &long]
        {
            for width in [1, 2, 3, 10] {
                let wrapped = wrapped(text, width);
                assert!(!wrapped.is_empty());
                assert!(wrapped.iter().all(|line| columns_of(line) <= width.max(2)), "{text} {width} {wrapped:?}");
                let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
                assert_eq!(letters(&wrapped.concat()), letters(text));
            }
        }
    }
}
