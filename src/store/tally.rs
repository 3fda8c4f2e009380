//! Counts: how often something happened on a day. Never crossed with one another, never with a moment (CS-33).

use crate::base::Language;
use crate::flow::NobodyFree;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, params};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Counts are kept this many months (CS-33), then deleted: a year to compare with, and the month it is compared in.
pub const KEPT_MONTHS: i32 = 13;

/// At most this many counts of different name or day wait in memory: two days of the largest hotline (4096 nodes).
pub(super) const WAITING_MAX: usize = 10_000;

/// At most this many bytes of a node's name stand in a key: far longer than any that reads well.
const NAME_MAX: usize = 96;

/// A name with more digits than this could be a telephone number, and its digits are not written down.
const DIGITS_MAX: usize = 5;

/// What is counted: a short text such as `call`, `node/help`, `language/nl`, `nobody/busy`, `text/code`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CountKey(Cow<'static, str>);

impl CountKey {
    /// A call began.
    pub const CALL: CountKey = CountKey(Cow::Borrowed("call"));
    /// A caller asked for a person.
    pub const PERSON_ASKED: CountKey = CountKey(Cow::Borrowed("person/asked"));
    /// A counsellor took the call.
    pub const PERSON_ACCEPTED: CountKey = CountKey(Cow::Borrowed("person/accepted"));

    /// A node was heard for the first time in a call. `name` is the node's name in the menu files.
    pub fn node(name: &str) -> CountKey {
        CountKey(format!("node/{}", harmless(name)).into())
    }

    /// A caller chose this language.
    pub fn language(language: Language) -> CountKey {
        CountKey(format!("language/{language}").into())
    }

    /// A person was asked for, and nobody came.
    pub fn nobody(why: NobodyFree) -> CountKey {
        CountKey(Cow::Borrowed(match why {
            NobodyFree::Closed => "nobody/closed",
            NobodyFree::Busy => "nobody/busy",
            NobodyFree::NoAnswer => "nobody/no-answer",
            NobodyFree::Failed => "nobody/failed",
        }))
    }

    /// How long a caller waited until a counsellor took her call: in steps so coarse that they tell of no single call.
    pub fn waited(seconds: i64) -> CountKey {
        CountKey(Cow::Borrowed(match seconds {
            ..=15 => "waited/000-015s",
            16..=30 => "waited/016-030s",
            31..=60 => "waited/031-060s",
            61..=120 => "waited/061-120s",
            121..=180 => "waited/121-180s",
            181.. => "waited/181s-more",
        }))
    }

    /// A text was answered; `kind` says how (`code`, `keyword`, `emergency`, `unknown`, `last`), never what it said.
    pub fn text(kind: &'static str) -> CountKey {
        CountKey(format!("text/{kind}").into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that cannot carry a telephone number or a control character into the file.
fn harmless(name: &str) -> String {
    let many_digits = name.chars().filter(|c| c.is_numeric()).count() > DIGITS_MAX;
    let mut kept = String::new();
    for c in name.chars() {
        if kept.len() + c.len_utf8() > NAME_MAX {
            break;
        }
        kept.push(if c.is_control() || (many_digits && c.is_numeric()) { '_' } else { c });
    }
    kept
}

/// One count of one day, as it is read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    pub day: Date,
    pub key: String,
    pub n: u64,
}

/// Counts that are not committed yet.
#[derive(Default, Debug)]
pub(super) struct Waiting(BTreeMap<(Date, CountKey), u64>);

impl Waiting {
    /// Adds `n`; false if that would be one name too many, and the count is dropped.
    #[must_use]
    pub(super) fn add(&mut self, day: Date, key: CountKey, n: u64) -> bool {
        let room = self.0.len() < WAITING_MAX;
        match self.0.entry((day, key)) {
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                *entry.get_mut() = entry.get().saturating_add(n);
                true
            }
            std::collections::btree_map::Entry::Vacant(entry) if room => {
                entry.insert(n);
                true
            }
            std::collections::btree_map::Entry::Vacant(_) => false,
        }
    }

    /// Takes back what could not be committed; false if some of it had to be dropped.
    #[must_use]
    pub(super) fn merge(&mut self, other: Waiting) -> bool {
        other.0.into_iter().fold(true, |all, ((day, key), n)| self.add(day, key, n) && all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Adds to what stands there. To be called within a transaction: all or nothing.
pub(super) fn write(connection: &Connection, waiting: &Waiting) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO tally (day, key, n) VALUES (?1, ?2, ?3)
         ON CONFLICT (day, key) DO UPDATE SET n = n + excluded.n",
    )?;
    for ((day, key), n) in &waiting.0 {
        statement.execute(params![day.to_string(), key.as_str(), i64::try_from(*n).unwrap_or(i64::MAX)])?;
    }
    Ok(())
}

/// Both days included, sorted by day and key.
pub(super) fn read(connection: &Connection, from: Date, to: Date) -> Result<Vec<Tally>> {
    let mut statement =
        connection.prepare_cached("SELECT day, key, n FROM tally WHERE day BETWEEN ?1 AND ?2 ORDER BY day, key")?;
    let rows = statement.query_map(params![from.to_string(), to.to_string()], |row| {
        let day: String = row.get(0)?;
        let day = day.parse().map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
        Ok(Tally { day, key: row.get(1)?, n: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0) })
    })?;
    rows.collect()
}

/// Deletes what is older than [`KEPT_MONTHS`].
pub(super) fn forget_old(connection: &Connection, today: Date) -> Result<()> {
    let kept: Span = KEPT_MONTHS.months();
    let first = today.saturating_sub(kept);
    connection.execute("DELETE FROM tally WHERE day < ?1", params![first.to_string()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::migrate;
    use jiff::civil::date;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn waiting(counts: &[(Date, CountKey, u64)]) -> Waiting {
        let mut waiting = Waiting::default();
        for (day, key, n) in counts {
            assert!(waiting.add(*day, key.clone(), *n));
        }
        waiting
    }

    #[test]
    fn keys_read_as_agreed() {
        let case = |key: CountKey, expected: &str| assert_eq!(key.as_str(), expected);
        case(CountKey::CALL, "call");
        case(CountKey::PERSON_ASKED, "person/asked");
        case(CountKey::PERSON_ACCEPTED, "person/accepted");
        case(CountKey::node("help"), "node/help");
        case(CountKey::language(Language::new("nl").unwrap()), "language/nl");
        case(CountKey::nobody(NobodyFree::Closed), "nobody/closed");
        case(CountKey::nobody(NobodyFree::Busy), "nobody/busy");
        case(CountKey::nobody(NobodyFree::NoAnswer), "nobody/no-answer");
        case(CountKey::nobody(NobodyFree::Failed), "nobody/failed");
        case(CountKey::text("code"), "text/code");
    }

    #[test]
    fn a_node_s_name_cannot_carry_a_number_into_the_file() {
        let case = |name: &str, expected: &str| assert_eq!(CountKey::node(name).as_str(), expected);
        case("stay-2", "node/stay-2");
        case("year-2026", "node/year-2026");
        case("+447700900123", "node/+____________");
        case("a4 4b7700.900 123", "node/a_ _b____.___ ___");
        case("٤٤٧٧٠٠٩٠٠١٢٣", "node/____________");
        case("line\nbreak\0", "node/line_break_");
        case(&"é".repeat(60), &format!("node/{}", "é".repeat(48)));
    }

    #[test]
    fn counts_add_up_and_come_back_sorted() {
        let connection = database();
        let (monday, tuesday) = (date(2026, 1, 5), date(2026, 1, 6));
        write(&connection, &waiting(&[(tuesday, CountKey::CALL, 1), (monday, CountKey::node("help"), 2)])).unwrap();
        write(&connection, &waiting(&[(monday, CountKey::CALL, 3), (tuesday, CountKey::CALL, 4)])).unwrap();
        let tally = |day, key: &str, n| Tally { day, key: key.to_owned(), n };
        assert_eq!(
            read(&connection, monday, tuesday).unwrap(),
            [tally(monday, "call", 3), tally(monday, "node/help", 2), tally(tuesday, "call", 5)]
        );
        assert_eq!(read(&connection, tuesday, date(2026, 12, 31)).unwrap(), [tally(tuesday, "call", 5)]);
        assert_eq!(read(&connection, tuesday, monday).unwrap(), []);
    }

    #[test]
    fn a_count_older_than_thirteen_months_goes() {
        let case = |day: Date, today: Date, stays: bool| {
            let connection = database();
            write(&connection, &waiting(&[(day, CountKey::CALL, 1)])).unwrap();
            forget_old(&connection, today).unwrap();
            assert_eq!(!read(&connection, Date::MIN.max(date(0, 1, 1)), Date::MAX).unwrap().is_empty(), stays, "{day}");
        };
        case(date(2024, 12, 15), date(2026, 1, 15), true);
        case(date(2024, 12, 14), date(2026, 1, 15), false);
        // A month without that day: its last day counts.
        case(date(2025, 2, 28), date(2026, 3, 31), true);
        case(date(2025, 2, 27), date(2026, 3, 31), false);
        // A clock that is years behind deletes nothing.
        case(date(2026, 1, 15), date(1970, 1, 1), true);
    }

    #[test]
    fn names_in_memory_are_bounded_and_known_names_still_add_up() {
        let mut full = Waiting::default();
        for number in 0..WAITING_MAX {
            assert!(full.add(date(2026, 1, 5), CountKey::node(&format!("n{number}")), 1));
        }
        assert!(!full.add(date(2026, 1, 5), CountKey::CALL, 1));
        assert!(full.add(date(2026, 1, 5), CountKey::node("n0"), 1));
        assert!(
            !full.merge(waiting(&[(date(2026, 1, 5), CountKey::CALL, 1), (date(2026, 1, 5), CountKey::node("n1"), 5)]))
        );
        assert_eq!(full.0[&(date(2026, 1, 5), CountKey::node("n0"))], 2);
        assert_eq!(full.0[&(date(2026, 1, 5), CountKey::node("n1"))], 6);
        assert_eq!(full.0.len(), WAITING_MAX);
    }
}
