//! The desk file without what must not be shown: a finding shows the line it stands in, and that can be a counsellor's.
//!
//! It works on the text alone, so that a file with any mistake in it is masked too. Every value that has five digits or an
//! address in it is masked unless it is a date or a time; so is every comment with five digits. All places stay where they are.

use crate::base::Finding;

/// The text with every letter and digit of such values replaced by a star.
pub(super) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

/// What a finding says, without numbers: a name or a key can be one by a slip.
pub(super) fn without_numbers(mut finding: Finding) -> Finding {
    // What is expected is ours.
    for words in [&mut finding.message, &mut finding.found, &mut finding.help] {
        // What stands in ticks comes from the file; outside them there is the value of a number at most.
        let part = |(at, part): (usize, &str)| match at % 2 {
            1 => hidden(part),
            _ => part.split(' ').map(hidden).collect::<Vec<_>>().join(" "),
        };
        *words = words.split('`').enumerate().map(part).collect::<Vec<_>>().join("`");
    }
    finding
}

fn line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'', '#']) {
        let (before, mark) = rest.split_at(at);
        out.push_str(&bare(before));
        let quote = &mark[..1];
        if quote == "#" {
            out.push_str(&hidden(mark));
            return out;
        }
        out.push_str(quote);
        let inside = &mark[1..];
        // A quote that is not closed goes to the end of the line.
        let end = inside.find(quote).unwrap_or(inside.len());
        out.push_str(&hidden(&inside[..end]));
        rest = &inside[end..];
        if let Some(behind) = rest.strip_prefix(quote) {
            out.push_str(quote);
            rest = behind;
        }
    }
    out.push_str(&bare(rest));
    out
}

/// What stands outside quotes: several values in a list.
fn bare(text: &str) -> String {
    text.split_inclusive([',', '[', ']', '=', '.']).map(hidden).collect::<String>()
}

fn hidden(value: &str) -> String {
    let words = value.trim_matches([' ', ',', '[', ']', '\n', '\r', '#', '\t']);
    let digits = words.chars().filter(char::is_ascii_digit).count();
    let plain = words.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':'));
    let dated = plain
        && (words.len() == 10 && words.parse::<jiff::civil::Date>().is_ok()
            || words.len() == 11 && words.contains(':'));
    let private = words.contains('@') || words.contains("sip:") || words.contains("sips:") || words.starts_with('$');
    match !dated && (digits >= 5 || private) {
        true => value.chars().map(|c| if c.is_ascii_alphanumeric() { '*' } else { c }).collect(),
        false => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;

    #[test]
    fn lines_pins_and_what_looks_like_them() {
        let case = |text: &str, expected: &str| {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len(), "places stay");
        };
        case("line = \"+1 202 555 0101\" # anna\n", "line = \"+* *** *** ****\" # anna\n");
        case("line = '020 5550101", "line = '*** *******");
        case("line = +1 202 555 0101", "line = +* *** *** ****");
        case("line = 12025550101\n", "line = ***********\n");
        case("line = 1_202_555_0101", "line = *_***_***_****");
        case("lien = \"sip:anna@phones.example.org\"", "lien = \"***:****@******.*******.***\"");
        case("line = \"sip:anna\"", "line = \"***:****\"");
        case("pin = \"$argon2id$v=19$abc\"", "pin = \"$********$*=**$***\"");
        case(
            "# ask +44 7700 900123\r\ntime = \"22:00-06:00\"\r\n",
            "# *** +** **** ******\r\ntime = \"22:00-06:00\"\r\n",
        );
        case("date = \"2026-12-31\" # 2026", "date = \"2026-12-31\" # 2026");
        case(
            "holidays = [\"12-25\", 2027-04-05, \"2027-04-05\"]",
            "holidays = [\"12-25\", 2027-04-05, \"2027-04-05\"]",
        );
        case("a = { line = \"+12025550101\", gender = \"man\" }", "a = { line = \"+***********\", gender = \"man\" }");
        case("[counsellor.\"+12025550101\"]", "[counsellor.\"+***********\"]");
        case("[counsellor.12025550101]", "[counsellor.***********]");
        case("name = \"\u{e9}\u{e9}n 12345\"", "name = \"\u{e9}\u{e9}* *****\"");
    }

    #[test]
    fn a_finding_repeats_no_number() {
        let place = Place::new(&"desk.toml".into(), 0..0);
        let finding = Finding::error("FORMAT", place, "`+12025550101` is not a day on 2026-12-31")
            .found("12025550101")
            .expected("`mon`")
            .help("did you mean `sip:a@b`?");
        let told = without_numbers(finding);
        assert_eq!(told.message, "`+***********` is not a day on 2026-12-31");
        assert_eq!((told.found.as_str(), told.expected.as_str()), ("***********", "`mon`"));
        assert_eq!(told.help, "did you mean `***:*@*`?");
    }
}
