//! Counts as they may be shown and exported (CS-33): a cell under 5 is shown as `<5`, and a total never gives a hidden
//! cell away by subtraction: it takes the hidden cells in only when they add up to 5 themselves; otherwise it says
//! `12+`: 12 can be shown, and there was a little more.

use super::tally::Tally;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A count below this is not shown exactly: few enough to be a person one knows.
pub const SHOWN_FROM: u64 = 5;

/// Days in their order, each with its counts; and the totals over all days.
struct Report {
    days: BTreeMap<Date, BTreeMap<String, Cell>>,
    total: BTreeMap<String, Cell>,
}

/// One count as it may be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cell {
    Exact(u64),
    /// Between 1 and 4.
    Few,
    /// This many, and between 1 and 4 that are hidden.
    AtLeast(u64),
}

impl Cell {
    fn of(n: u64) -> Cell {
        if n < SHOWN_FROM { Cell::Few } else { Cell::Exact(n) }
    }

    fn total(counts: impl Iterator<Item = u64>) -> Cell {
        let (shown, hidden) = counts.fold((0u64, 0u64), |(shown, hidden), n| {
            if n < SHOWN_FROM { (shown, hidden.saturating_add(n)) } else { (shown.saturating_add(n), hidden) }
        });
        if shown > 0 && (1..SHOWN_FROM).contains(&hidden) {
            Cell::AtLeast(shown)
        } else {
            Cell::of(shown.saturating_add(hidden))
        }
    }

    fn to_json(self) -> Value {
        match self {
            Cell::Exact(n) => n.into(),
            Cell::Few | Cell::AtLeast(_) => self.to_string().into(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Cell::Exact(n) => n.to_string(),
            Cell::Few => format!("<{SHOWN_FROM}"),
            Cell::AtLeast(n) => format!("{n}+"),
        };
        f.pad(&text)
    }
}

impl Report {
    /// What lies outside the days that were asked for, and zeros, are left out.
    fn new(from: Date, to: Date, tallies: &[Tally]) -> Report {
        let mut counts: BTreeMap<Date, BTreeMap<&str, u64>> = BTreeMap::new();
        for Tally { day, key, n } in tallies.iter().filter(|tally| tally.n > 0 && (from..=to).contains(&tally.day)) {
            let sum = counts.entry(*day).or_default().entry(key).or_default();
            *sum = sum.saturating_add(*n);
        }
        let mut by_key: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (key, n) in counts.values().flatten() {
            by_key.entry(key).or_default().push(*n);
        }
        let total = by_key.into_iter().map(|(key, all)| (key.to_owned(), Cell::total(all.into_iter()))).collect();
        let shown = |day: BTreeMap<&str, u64>| day.into_iter().map(|(key, n)| (key.to_owned(), Cell::of(n))).collect();
        Report { days: counts.into_iter().map(|(day, keys)| (day, shown(keys))).collect(), total }
    }
}

/// For a terminal: a block a day, then the totals; names to the left, counts to the right. Ends with a line break.
pub fn table(from: Date, to: Date, tallies: &[Tally]) -> String {
    let report = Report::new(from, to, tallies);
    if report.days.is_empty() {
        return format!("{from} to {to}: nothing was counted\n");
    }
    // Every name and the widest count of its column stand in the totals, but for `<5`.
    let name_width = report.total.keys().map(|key| key.chars().count()).max().unwrap_or(0);
    let count_width = report.total.values().map(|cell| cell.to_string().len()).max().unwrap_or(0).max(2);
    let block = |heading: String, cells: &BTreeMap<String, Cell>| {
        let lines = cells.iter().map(|(key, cell)| format!("  {key:<name_width$}  {cell:>count_width$}\n"));
        format!("\n{heading}\n{}", lines.collect::<String>())
    };
    let mut text = format!("{from} to {to}\n");
    for (day, cells) in &report.days {
        text += &block(day.to_string(), cells);
    }
    let days = report.days.len();
    text +=
        &block(if days == 1 { "total of 1 day".to_owned() } else { format!("total of {days} days") }, &report.total);
    let cells = || report.days.values().flat_map(BTreeMap::values).chain(report.total.values());
    if cells().any(|cell| *cell == Cell::Few) {
        text += "\n<5: between 1 and 4; small counts are not shown, so that nobody is recognised in them\n";
    }
    if cells().any(|cell| matches!(cell, Cell::AtLeast(_))) {
        text += "12+: 12, and between 1 and 4 that are not shown\n";
    }
    text
}

/// For a spreadsheet (RFC 4180): `day,key,count`; the day of the last lines is `total`.
pub fn csv(from: Date, to: Date, tallies: &[Tally]) -> String {
    let report = Report::new(from, to, tallies);
    let mut text = "day,key,count\r\n".to_owned();
    let mut lines = |day: &str, cells: &BTreeMap<String, Cell>| {
        for (key, cell) in cells {
            text += &format!("{day},{},{cell}\r\n", quoted(key));
        }
    };
    for (day, cells) in &report.days {
        lines(&day.to_string(), cells);
    }
    lines("total", &report.total);
    text
}

/// For programs: `{"from", "to", "shown_from", "days": [{"day", "counts": {key: count}}], "total": {key: count}}`,
/// where a count is a number, or the text `<5` or `12+`. Ends with a line break.
pub fn json(from: Date, to: Date, tallies: &[Tally]) -> String {
    let report = Report::new(from, to, tallies);
    let counts = |cells: &BTreeMap<String, Cell>| -> Map<String, Value> {
        cells.iter().map(|(key, cell)| (key.clone(), cell.to_json())).collect()
    };
    let days: Vec<Value> =
        report.days.iter().map(|(day, cells)| json!({ "day": day.to_string(), "counts": counts(cells) })).collect();
    let whole = json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "shown_from": SHOWN_FROM,
        "days": days,
        "total": counts(&report.total),
    });
    format!("{whole:#}\n")
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn tally(day: i8, key: &str, n: u64) -> Tally {
        Tally { day: date(2026, 1, day), key: key.to_owned(), n }
    }

    fn sample() -> Vec<Tally> {
        vec![
            tally(5, "call", 12),
            tally(5, "node/help", 4),
            tally(5, "person/asked", 1),
            tally(6, "call", 105),
            tally(6, "node/help", 8),
            tally(6, "text/code", 5),
        ]
    }

    const FROM: Date = date(2026, 1, 1);
    const TO: Date = date(2026, 1, 31);

    #[test]
    fn a_total_never_gives_a_hidden_cell_away() {
        let case = |counts: &[u64], expected: &str| {
            assert_eq!(Cell::total(counts.iter().copied()).to_string(), expected, "{counts:?}");
        };
        case(&[12], "12");
        case(&[12, 5], "17");
        case(&[4], "<5");
        case(&[2, 2], "<5");
        // Two hidden cells that are enough together.
        case(&[2, 3], "5");
        case(&[1, 1, 1, 1, 1], "5");
        // 16 - 12 would be the hidden cell.
        case(&[12, 4], "12+");
        case(&[12, 1, 2], "12+");
        case(&[12, 1, 4], "17");
        case(&[u64::MAX, u64::MAX, 1], &format!("{}+", u64::MAX));
    }

    #[test]
    fn the_table_reads_well() {
        assert_eq!(
            table(FROM, TO, &sample()),
            "\
2026-01-01 to 2026-01-31

2026-01-05
  call           12
  node/help      <5
  person/asked   <5

2026-01-06
  call          105
  node/help       8
  text/code       5

total of 2 days
  call          117
  node/help      8+
  person/asked   <5
  text/code       5

<5: between 1 and 4; small counts are not shown, so that nobody is recognised in them
12+: 12, and between 1 and 4 that are not shown
"
        );
        assert_eq!(table(FROM, TO, &[]), "2026-01-01 to 2026-01-31: nothing was counted\n");
        assert_eq!(
            table(FROM, TO, &[tally(5, "call", 7)]),
            "2026-01-01 to 2026-01-31\n\n2026-01-05\n  call   7\n\ntotal of 1 day\n  call   7\n"
        );
    }

    #[test]
    fn a_spreadsheet_reads_it() {
        let mut sample = sample();
        sample.push(tally(7, "node/a,\"b\"", 9));
        assert_eq!(
            csv(FROM, TO, &sample),
            "day,key,count\r\n\
             2026-01-05,call,12\r\n2026-01-05,node/help,<5\r\n2026-01-05,person/asked,<5\r\n\
             2026-01-06,call,105\r\n2026-01-06,node/help,8\r\n2026-01-06,text/code,5\r\n\
             2026-01-07,\"node/a,\"\"b\"\"\",9\r\n\
             total,call,117\r\ntotal,\"node/a,\"\"b\"\"\",9\r\ntotal,node/help,8+\r\ntotal,person/asked,<5\r\ntotal,text/code,5\r\n"
        );
        assert_eq!(csv(FROM, TO, &[]), "day,key,count\r\n");
    }

    #[test]
    fn a_program_reads_it() {
        let value: Value = serde_json::from_str(&json(FROM, TO, &sample())).unwrap();
        assert_eq!(
            value,
            json!({
                "from": "2026-01-01", "to": "2026-01-31", "shown_from": 5,
                "days": [
                    { "day": "2026-01-05", "counts": { "call": 12, "node/help": "<5", "person/asked": "<5" } },
                    { "day": "2026-01-06", "counts": { "call": 105, "node/help": 8, "text/code": 5 } },
                ],
                "total": { "call": 117, "node/help": "8+", "person/asked": "<5", "text/code": 5 },
            })
        );
    }

    #[test]
    fn other_days_and_zeros_are_left_out_and_doubles_add_up() {
        let found = csv(
            date(2026, 1, 6),
            date(2026, 1, 6),
            &[
                tally(5, "call", 50),
                tally(6, "call", 3),
                tally(6, "call", 3),
                tally(6, "node/help", 0),
                tally(7, "call", 50),
            ],
        );
        assert_eq!(found, "day,key,count\r\n2026-01-06,call,6\r\ntotal,call,6\r\n");
    }
}
