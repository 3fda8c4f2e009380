//! The audit trail: who put which revision on the line, when and why. The last entry is what is on the line, so that
//! writing it is the switch. Entries are only ever added; the tables refuse anything else.

use super::{revision, sound};
use crate::base::{Revision, Shelf};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, TransactionBehavior, params};
use thiserror::Error;

/// At most this many entries are read at once, the newest first: ten a day for a year.
pub const PUBLICATIONS_READ: u32 = 4096;

/// How a revision came on the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Publish,
    /// A former revision was put on the line again.
    Rollback,
    /// `serve` found nothing published, and published what it was given.
    FirstStart,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Publish, Kind::Rollback, Kind::FirstStart];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Publish => "publish",
            Kind::Rollback => "rollback",
            Kind::FirstStart => "first start",
        }
    }
}

/// What is to be written into the trail. The names are operators', never callers'.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    pub kind: Kind,
    pub revision: Revision,
    pub person: String,
    pub second: Option<String>,
    /// It was not left to a second person; `why` says the reason.
    pub urgent: bool,
    pub why: Option<String>,
    /// Calls on older revisions begin again at the front door.
    pub end_old: bool,
}

/// An entry of the trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// From 1, without gaps.
    pub number: i64,
    /// To the second, as the operator's machine knows it.
    pub at: Timestamp,
    pub act: Act,
    /// The menu files of this revision are still held.
    pub held: bool,
}

/// What new calls hear, and which calls may not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnLine {
    /// The number of the entry that says so.
    pub number: i64,
    pub revision: Revision,
    /// The last entry that ended older calls: when it was written and which revision it put on the line.
    pub ended_older: Option<(Timestamp, Revision)>,
}

/// Why nothing was published. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    #[error(
        "somebody else published in the meantime: nothing was changed; look at `hulplijn revisions`, then publish again"
    )]
    Overtaken,
    #[error(
        "there are {max} revisions that calls may still be on: nothing was changed; \
         publish again when the oldest are more than {hours} hours off the line",
        max = revision::REVISIONS_MAX, hours = revision::KEPT_FOR_S / 3600
    )]
    TooMany,
}

/// Stores the files and their sound and puts them on the line, all or nothing. `seen` is the number of the entry the operator has
/// looked at; it must still be the last one.
pub(super) fn add(
    connection: &mut Connection,
    act: &Act,
    files: &str,
    sounds: &Shelf,
    seen: Option<i64>,
    now: Timestamp,
) -> Result<std::result::Result<OnLine, Refused>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let last = on_line(&transaction)?;
    if last.map(|last| last.number) != seen {
        return Ok(Err(Refused::Overtaken));
    }
    if let Some(last) = last {
        revision::renew(&transaction, last.revision, now)?;
    }
    if revision::insert(&transaction, act.revision, files, now)?.is_err() {
        return Ok(Err(Refused::TooMany));
    }
    sound::insert(&transaction, act.revision, sounds)?;
    sound::sweep(&transaction)?;
    let number = seen.unwrap_or(0).saturating_add(1);
    transaction.execute(
        "INSERT INTO publication (number, at_s, kind, revision, person, second, urgent, why, end_old)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            number,
            now.as_second(),
            act.kind.as_str(),
            act.revision.to_string(),
            act.person,
            act.second,
            act.urgent,
            act.why,
            act.end_old
        ],
    )?;
    let on_line = on_line(&transaction)?.ok_or(Error::QueryReturnedNoRows)?;
    transaction.commit()?;
    Ok(Ok(on_line))
}

/// What is on the line; `None` if nothing was ever published.
pub(super) fn on_line(connection: &Connection) -> Result<Option<OnLine>> {
    let last = connection
        .prepare_cached("SELECT number, revision FROM publication ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, revision_in(row, 1)?)))
        .optional()?;
    let Some((number, revision)) = last else { return Ok(None) };
    let ended_older = connection
        .prepare_cached("SELECT at_s, revision FROM publication WHERE end_old ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((moment_in(row, 0)?, revision_in(row, 1)?)))
        .optional()?;
    Ok(Some(OnLine { number, revision, ended_older }))
}

/// The trail, the newest entry first. Empty in a database of an older program, which had none.
pub(super) fn read(connection: &Connection) -> Result<Vec<Publication>> {
    let there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'publication')";
    if !connection.query_row(there, [], |row| row.get::<_, bool>(0))? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT number, at_s, kind, revision, person, second, urgent, why, end_old,
             EXISTS (SELECT 1 FROM revision WHERE id = publication.revision)
         FROM publication ORDER BY number DESC LIMIT ?1",
    )?;
    let entries = statement.query_map([PUBLICATIONS_READ], |row| {
        let kind: String = row.get(2)?;
        Ok(Publication {
            number: row.get(0)?,
            at: moment_in(row, 1)?,
            act: Act {
                kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(Kind::Publish),
                revision: revision_in(row, 3)?,
                person: row.get(4)?,
                second: row.get(5)?,
                urgent: row.get(6)?,
                why: row.get(7)?,
                end_old: row.get(8)?,
            },
            held: row.get(9)?,
        })
    })?;
    entries.collect()
}

fn revision_in(row: &Row, column: usize) -> Result<Revision> {
    let text: String = row.get(column)?;
    u64::from_str_radix(&text, 16)
        .map(Revision)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn moment_in(row: &Row, column: usize) -> Result<Timestamp> {
    Timestamp::from_second(row.get(column)?)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SoundId;
    use crate::store::revision::{KEPT_FOR_S, REVISIONS_MAX};
    use crate::store::schema::migrate;
    use std::sync::Arc;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    fn act(revision: u64) -> Act {
        Act {
            kind: Kind::Publish,
            revision: Revision(revision),
            person: "Ada".to_owned(),
            second: None,
            urgent: false,
            why: None,
            end_old: false,
        }
    }

    fn publish(db: &mut Connection, act: &Act, now: Timestamp) -> std::result::Result<OnLine, Refused> {
        let seen = on_line(db).unwrap().map(|on_line| on_line.number);
        add(db, act, "{}", &Shelf::new(), seen, now).unwrap()
    }

    #[test]
    fn the_last_entry_is_on_the_line() {
        let mut db = database();
        assert_eq!(on_line(&db).unwrap(), None);
        let first = publish(&mut db, &act(u64::MAX), at(0)).unwrap();
        assert_eq!(first, OnLine { number: 1, revision: Revision(u64::MAX), ended_older: None });
        let whole = Act {
            kind: Kind::Rollback,
            second: Some("Bo".to_owned()),
            urgent: true,
            why: Some("a wrong number".to_owned()),
            end_old: true,
            ..act(2)
        };
        publish(&mut db, &whole, at(5)).unwrap();
        publish(&mut db, &act(3), at(9)).unwrap();
        let ended_older = Some((at(5), Revision(2)));
        assert_eq!(on_line(&db).unwrap(), Some(OnLine { number: 3, revision: Revision(3), ended_older }));
        let trail = read(&db).unwrap();
        assert_eq!(trail.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(trail[1], Publication { number: 2, at: at(5), act: whole, held: true });
    }

    #[test]
    fn nobody_publishes_over_what_they_have_not_seen() {
        let mut db = database();
        publish(&mut db, &act(1), at(0)).unwrap();
        let sounds = sounds(&["one"]);
        assert_eq!(add(&mut db, &act(2), "{}", &sounds, None, at(1)).unwrap(), Err(Refused::Overtaken));
        assert_eq!(add(&mut db, &act(2), "{}", &sounds, Some(2), at(1)).unwrap(), Err(Refused::Overtaken));
        assert_eq!(on_line(&db).unwrap().unwrap().revision, Revision(1));
        assert!(revision::get(&db, Revision(2)).unwrap().is_none(), "nothing was stored either");
        assert!(sound::get(&db, Revision(2)).unwrap().is_empty());
        assert_eq!(add(&mut db, &act(2), "{}", &sounds, Some(1), at(1)).unwrap().unwrap().number, 2);
        assert_eq!(sound::get(&db, Revision(2)).unwrap(), sounds);
    }

    fn sounds(bytes: &[&str]) -> Shelf {
        bytes.iter().map(|bytes| (SoundId::of(bytes.as_bytes()), Arc::from(bytes.as_bytes()))).collect()
    }

    /// A sound stays for as long as a revision that plays it, each once.
    #[test]
    fn sound_lives_as_long_as_its_revision() {
        let mut db = database();
        let publish = |db: &mut Connection, revision, sounds: &Shelf, now| {
            let seen = on_line(db).unwrap().map(|on_line| on_line.number);
            add(db, &act(revision), "{}", sounds, seen, now).unwrap().unwrap();
        };
        publish(&mut db, 1, &sounds(&["hello", "old"]), at(0));
        publish(&mut db, 2, &sounds(&["hello", "new"]), at(1));
        let held =
            |db: &Connection| db.query_row("SELECT count(*) FROM sound", [], |row| row.get::<_, u32>(0)).unwrap();
        assert_eq!(held(&db), 3);
        // Going back brings no sound along: it is there.
        publish(&mut db, 1, &Shelf::new(), at(2));
        assert_eq!(sound::get(&db, Revision(1)).unwrap(), sounds(&["hello", "old"]));
        for number in 0..u64::from(revision::REVISIONS_KEPT) {
            let now = at(3 + KEPT_FOR_S + i64::try_from(number).unwrap());
            publish(&mut db, 100 + number, &sounds(&["hello"]), now);
        }
        publish(&mut db, 999, &sounds(&["hello"]), at(4 + 3 * KEPT_FOR_S));
        assert!(revision::get(&db, Revision(2)).unwrap().is_none() && held(&db) == 1, "{}", held(&db));
        assert!(db.execute_batch("UPDATE sound SET bytes = x'00'").is_err());
    }

    /// The one on the line is never the one that goes, and what it replaced is needed from then on.
    #[test]
    fn what_is_on_the_line_stays_however_old_it_is() {
        let mut db = database();
        publish(&mut db, &act(1), at(0)).unwrap();
        let year = 31_536_000;
        for number in 0..100 {
            revision::put(&mut db, Revision(1000 + number), "{}", at(year)).unwrap().unwrap();
        }
        revision::put(&mut db, Revision(5000), "{}", at(2 * year)).unwrap().unwrap();
        let there = |db: &Connection, number| revision::get(db, Revision(number)).unwrap().is_some();
        assert!(there(&db, 1));
        publish(&mut db, &act(2), at(3 * year)).unwrap();
        revision::put(&mut db, Revision(5001), "{}", at(3 * year + KEPT_FOR_S)).unwrap().unwrap();
        assert!(there(&db, 1), "calls may still be on it");
    }

    #[test]
    fn too_many_at_once_is_refused_and_changes_nothing() {
        let mut db = database();
        for number in 0..u64::from(REVISIONS_MAX) {
            publish(&mut db, &act(number), at(0)).unwrap();
        }
        assert_eq!(publish(&mut db, &act(9999), at(60)), Err(Refused::TooMany));
        assert_eq!(on_line(&db).unwrap().unwrap().revision, Revision(u64::from(REVISIONS_MAX) - 1));
        assert!(Refused::TooMany.to_string().contains("more than 10 hours"));
        // A former one can always be put back.
        publish(&mut db, &act(0), at(61)).unwrap();
    }

    #[test]
    fn the_trail_and_the_revisions_do_not_change() {
        let mut db = database();
        publish(&mut db, &act(1), at(0)).unwrap();
        publish(&mut db, &act(2), at(1)).unwrap();
        let before = read(&db).unwrap();
        let refused = |sql: &str| {
            let error = db.execute_batch(sql).expect_err(sql).to_string();
            assert!(error.contains("the audit trail") || error.contains("a revision does not change"), "{error}");
        };
        refused("UPDATE publication SET person = 'Eve'");
        refused("UPDATE OR REPLACE publication SET number = 2 WHERE number = 1");
        refused("DELETE FROM publication");
        refused("DELETE FROM publication WHERE number = 2");
        let row = "0, 'publish', '0000000000000003', 'Eve', NULL, 0, NULL, 0)";
        refused(&format!("INSERT OR REPLACE INTO publication VALUES (1, {row}"));
        refused(&format!("INSERT INTO publication VALUES (9, {row}"));
        refused(&format!("INSERT INTO publication VALUES (NULL, {row}"));
        refused("UPDATE revision SET files = '{}'");
        assert_eq!(read(&db).unwrap(), before);
    }

    #[test]
    fn a_row_that_is_not_ours_is_an_error_not_a_panic() {
        let db = database();
        db.execute_batch("INSERT INTO publication VALUES (1, 0, 'publish', 'x', 'Ada', NULL, 0, NULL, 0)").unwrap();
        assert!(on_line(&db).is_err() && read(&db).is_err());
    }
}
