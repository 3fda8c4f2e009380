//! Leases: which line of the desk is being rung or talking, so that two callers never ring one counsellor, and so that
//! a talk counts as accepted only when it was. The row is deleted when the attempt ends.

use crate::base::LeaseId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};

/// A line of the desk: its place in the configuration, from 0. Never anything of a caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeskLine(pub u16);

/// What came of asking for a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opened {
    /// The line is ours until the lease ends or expires.
    Granted,
    /// The line is being rung or talking under another lease.
    Busy,
    /// This very lease holds the line already: the same request came twice.
    Already,
}

/// A lease that was alive until it was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// The counsellor took the call.
    pub accepted: bool,
}

/// The leases as the database has them, beside it in memory: who looks whether a line is free does not wait for the
/// thread. Only the thread that writes them tells them here, after each write and before it is acknowledged, so a line
/// that is granted is never seen as free; what it frees is seen as taken a moment longer.
#[derive(Default)]
pub(super) struct Known {
    /// `None` while the database does not answer: then it is asked, and says so.
    rows: Option<Vec<Row>>,
    /// Lines that are being taken, with the lease they are taken under.
    opening: Vec<(LeaseId, DeskLine)>,
}

/// One lease of the table.
pub(super) struct Row {
    id: LeaseId,
    line: DeskLine,
    accepted: bool,
    expires_s: i64,
}

impl Known {
    pub(super) fn tell(&mut self, rows: Option<Vec<Row>>) {
        self.rows = rows;
    }

    /// As [`taken`]; `None` if the database has to be asked.
    pub(super) fn taken(&self, line: DeskLine, but: LeaseId, now: Timestamp) -> Option<bool> {
        let rows = self.rows.as_ref()?;
        Some(rows.iter().any(|row| row.line == line && row.id != but && row.expires_s > now.as_second()))
    }

    /// As [`peek`]; `None` if the database has to be asked.
    pub(super) fn peek(&self, id: LeaseId) -> Option<Option<bool>> {
        let rows = self.rows.as_ref()?;
        Some(rows.iter().find(|row| row.id == id).map(|row| row.accepted))
    }

    /// Notes that this lease is being opened. False if it need not be tried: another one has the line, or is about to.
    pub(super) fn begin_open(&mut self, id: LeaseId, line: DeskLine, now: Timestamp) -> bool {
        let others = |(other, its): &(LeaseId, DeskLine)| *its == line && *other != id;
        // Without a database nobody gets a lease: being about to means nothing then.
        let busy = self.taken(line, id, now).is_some_and(|taken| taken || self.opening.iter().any(others));
        if !busy {
            self.opening.push((id, line));
        }
        !busy
    }

    pub(super) fn end_open(&mut self, id: LeaseId) {
        if let Some(at) = self.opening.iter().position(|(known, _)| *known == id) {
            self.opening.swap_remove(at);
        }
    }
}

/// The whole table. It has a row for each line of the desk, and those that expired within the hour.
pub(super) fn all(connection: &Connection) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached("SELECT id, line, accepted, expires_s FROM lease")?;
    let rows = statement.query_map([], |row| {
        let id: String = row.get(0)?;
        let id = u64::from_str_radix(&id, 16).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
        })?;
        Ok(Row { id: LeaseId(id), line: DeskLine(row.get(1)?), accepted: row.get(2)?, expires_s: row.get(3)? })
    })?;
    rows.collect()
}

pub(super) fn open(
    connection: &mut Connection,
    id: LeaseId,
    line: DeskLine,
    now: Timestamp,
    expires: Timestamp,
) -> Result<Opened> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    forget_expired(&transaction, now)?;
    let held: Option<u16> = transaction
        .prepare_cached("SELECT line FROM lease WHERE id = ?1")?
        .query_row(params![id.to_string()], |row| row.get(0))
        .optional()?;
    let opened = match held {
        Some(held) if held == line.0 => Opened::Already,
        Some(_) => Opened::Busy,
        None => {
            let inserted = transaction
                .prepare_cached(
                    "INSERT INTO lease (id, line, accepted, expires_s) VALUES (?1, ?2, 0, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![id.to_string(), line.0, expires.as_second()])?;
            if inserted == 1 { Opened::Granted } else { Opened::Busy }
        }
    };
    transaction.commit()?;
    Ok(opened)
}

pub(super) fn accept(connection: &Connection, id: LeaseId, now: Timestamp, expires: Timestamp) -> Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE lease SET accepted = 1, expires_s = ?3 WHERE id = ?1 AND expires_s > ?2")?
        .execute(params![id.to_string(), now.as_second(), expires.as_second()])?;
    Ok(changed == 1)
}

pub(super) fn end(connection: &mut Connection, id: LeaseId) -> Result<Option<Ended>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let accepted = peek(&transaction, id)?;
    delete(&transaction, id)?;
    transaction.commit()?;
    Ok(accepted.map(|accepted| Ended { accepted }))
}

pub(super) fn delete(connection: &Connection, id: LeaseId) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE id = ?1")?.execute(params![id.to_string()])?;
    Ok(())
}

pub(super) fn peek(connection: &Connection, id: LeaseId) -> Result<Option<bool>> {
    connection
        .prepare_cached("SELECT accepted FROM lease WHERE id = ?1")?
        .query_row(params![id.to_string()], |row| row.get(0))
        .optional()
}

pub(super) fn taken(connection: &Connection, line: DeskLine, but: LeaseId, now: Timestamp) -> Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM lease WHERE line = ?1 AND id <> ?2 AND expires_s > ?3)")?
        .query_row(params![line.0, but.to_string(), now.as_second()], |row| row.get(0))
}

/// A lease is dead from the second it expires.
pub(super) fn forget_expired(connection: &Connection, now: Timestamp) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE expires_s <= ?1")?.execute(params![now.as_second()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::migrate;

    const ONE: LeaseId = LeaseId(1);
    const TWO: LeaseId = LeaseId(u64::MAX);
    const DESK: DeskLine = DeskLine(0);
    const OTHER: DeskLine = DeskLine(u16::MAX);

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    #[test]
    fn one_live_lease_a_line() {
        let mut db = database();
        assert_eq!(open(&mut db, ONE, DESK, at(0), at(60)).unwrap(), Opened::Granted);
        assert_eq!(open(&mut db, TWO, DESK, at(1), at(61)).unwrap(), Opened::Busy);
        assert_eq!(open(&mut db, ONE, DESK, at(1), at(61)).unwrap(), Opened::Already);
        assert_eq!(open(&mut db, ONE, OTHER, at(1), at(61)).unwrap(), Opened::Busy);
        assert_eq!(open(&mut db, TWO, OTHER, at(1), at(61)).unwrap(), Opened::Granted);
        assert_eq!(end(&mut db, ONE).unwrap(), Some(Ended { accepted: false }));
        assert_eq!(open(&mut db, LeaseId(3), DESK, at(2), at(62)).unwrap(), Opened::Granted);
    }

    #[test]
    fn a_lease_lives_until_its_second() {
        let mut db = database();
        open(&mut db, ONE, DESK, at(0), at(60)).unwrap();
        assert!(taken(&db, DESK, TWO, at(59)).unwrap());
        assert!(!taken(&db, DESK, ONE, at(59)).unwrap(), "by its own attempt");
        assert!(!taken(&db, OTHER, TWO, at(59)).unwrap());
        assert!(!taken(&db, DESK, TWO, at(60)).unwrap());
        assert!(!accept(&db, ONE, at(60), at(9000)).unwrap());
        assert_eq!(open(&mut db, TWO, DESK, at(60), at(120)).unwrap(), Opened::Granted);
        assert_eq!(peek(&db, ONE).unwrap(), None, "the expired row is gone");
    }

    #[test]
    fn accepted_only_when_accepted_and_ended_once() {
        let mut db = database();
        assert!(!accept(&db, ONE, at(0), at(9000)).unwrap());
        open(&mut db, ONE, DESK, at(0), at(60)).unwrap();
        assert_eq!(peek(&db, ONE).unwrap(), Some(false));
        assert!(accept(&db, ONE, at(1), at(9000)).unwrap());
        assert!(accept(&db, ONE, at(2), at(9000)).unwrap());
        assert_eq!(peek(&db, ONE).unwrap(), Some(true));
        assert_eq!(end(&mut db, ONE).unwrap(), Some(Ended { accepted: true }));
        assert_eq!(end(&mut db, ONE).unwrap(), None);
        assert!(!accept(&db, ONE, at(3), at(9000)).unwrap());
        assert!(!taken(&db, DESK, TWO, at(3)).unwrap());
    }
}
