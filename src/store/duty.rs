//! What counsellors said on the staff line: who is on or off duty beside the rota, whether all calls go to the fallback
//! line, and the audit trail of it. Each is written with its entry of the trail, or not at all.
//!
//! The present is also held in memory, where a caller's step looks without waiting for the thread. While the database does not answer, what it
//! said last holds: what somebody said of her duty is not undone by a broken disk.

use crate::base::CounsellorId;
use crate::desk::{Act, Change, Overrides};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, Transaction, TransactionBehavior, params};

/// At most this many entries of the trail are read at once, the newest first.
pub const ACTS_READ: u32 = 4096;

/// Seconds of a day.
const DAY_S: i64 = 24 * 3600;

/// An entry of the audit trail of the desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeskAct {
    /// From 1, without gaps.
    pub number: i64,
    /// To the second; of [`Act::HoldBack`] the day only (UTC), since it tells that somebody called shortly before.
    pub at: Timestamp,
    pub counsellor: CounsellorId,
    pub act: Act,
}

/// The tables as the database last said.
#[derive(Default)]
pub(super) struct Known {
    rows: Vec<OnOff>,
    all_to_fallback: bool,
}

struct OnOff {
    counsellor: CounsellorId,
    on: bool,
    expires_s: i64,
}

impl Known {
    /// What still holds.
    pub(super) fn at(&self, now: Timestamp) -> Overrides {
        let holds = self.rows.iter().filter(|row| row.expires_s > now.as_second());
        let (on, off): (Vec<&OnOff>, Vec<&OnOff>) = holds.partition(|row| row.on);
        let names = |rows: Vec<&OnOff>| rows.into_iter().map(|row| row.counsellor.clone()).collect();
        Overrides { on: names(on), off: names(off), all_to_fallback: self.all_to_fallback }
    }
}

/// Both tables. They have a row for each counsellor at most, and one.
pub(super) fn all(connection: &Connection) -> Result<Known> {
    let mut statement =
        connection.prepare_cached("SELECT counsellor, state, expires_s FROM duty ORDER BY counsellor")?;
    let rows = statement.query_map([], |row| {
        let state: String = row.get(1)?;
        Ok(OnOff { counsellor: counsellor_in(row, 0)?, on: state == "on", expires_s: row.get(2)? })
    })?;
    let rows = rows.collect::<Result<_>>()?;
    let mut switched = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM switched)")?;
    let all_to_fallback = switched.query_row([], |row| row.get(0))?;
    Ok(Known { rows, all_to_fallback })
}

/// She goes on or off duty.
pub(super) fn set(
    connection: &mut Connection,
    who: &CounsellorId,
    act: Act,
    change: Change,
    now: Timestamp,
) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kept = match change {
        Change::OnUntil(until) => Some(("on", until)),
        Change::OffUntil(until) => Some(("off", until)),
        Change::AsRota => None,
    };
    match kept {
        None => transaction.prepare_cached("DELETE FROM duty WHERE counsellor = ?1")?.execute([who.as_str()])?,
        Some((state, until)) => transaction
            .prepare_cached("INSERT OR REPLACE INTO duty (counsellor, state, expires_s) VALUES (?1, ?2, ?3)")?
            .execute(params![who.as_str(), state, until.as_second()])?,
    };
    add(&transaction, who, act, now)?;
    transaction.commit()
}

/// Calls go to the fallback line, or to the desk again, as the act says; any other act is only noted.
pub(super) fn note(connection: &mut Connection, who: &CounsellorId, act: Act, now: Timestamp) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match act {
        Act::ToFallback => {
            transaction.execute("INSERT OR IGNORE INTO switched (one, since_s) VALUES (1, ?1)", [now.as_second()])?;
        }
        Act::ToDesk => {
            transaction.execute("DELETE FROM switched", [])?;
        }
        Act::On | Act::Off | Act::HoldBack => {}
    }
    add(&transaction, who, act, now)?;
    transaction.commit()
}

fn add(transaction: &Transaction<'_>, who: &CounsellorId, act: Act, now: Timestamp) -> Result<()> {
    let at_s = match act {
        Act::HoldBack => now.as_second() - now.as_second().rem_euclid(DAY_S),
        _ => now.as_second(),
    };
    transaction
        .prepare_cached(
            "INSERT INTO desk_act (number, at_s, counsellor, act)
             VALUES ((SELECT coalesce(max(number), 0) + 1 FROM desk_act), ?1, ?2, ?3)",
        )?
        .execute(params![at_s, who.as_str(), act.as_str()])?;
    Ok(())
}

/// The trail, the newest entry first. Empty in a database of an older program, which had none.
pub(super) fn acts(connection: &Connection) -> Result<Vec<DeskAct>> {
    let there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'desk_act')";
    if !connection.query_row(there, [], |row| row.get::<_, bool>(0))? {
        return Ok(Vec::new());
    }
    let mut statement =
        connection.prepare("SELECT number, at_s, counsellor, act FROM desk_act ORDER BY number DESC LIMIT ?1")?;
    let entries = statement.query_map([ACTS_READ], |row| {
        let moment = Timestamp::from_second(row.get(1)?).map_err(|error| unreadable(1, Type::Integer, error))?;
        let act: String = row.get(3)?;
        let known = Act::ALL.into_iter().find(|known| known.as_str() == act);
        let act = known.ok_or_else(|| unreadable(3, Type::Text, NotOurs))?;
        Ok(DeskAct { number: row.get(0)?, at: moment, counsellor: counsellor_in(row, 2)?, act })
    })?;
    entries.collect()
}

/// What holds no more is forgotten.
pub(super) fn forget_expired(connection: &Connection, now: Timestamp) -> Result<()> {
    connection.prepare_cached("DELETE FROM duty WHERE expires_s <= ?1")?.execute([now.as_second()])?;
    Ok(())
}

/// A word in the database that this program does not write.
#[derive(Debug, thiserror::Error)]
#[error("a word that this program does not know")]
struct NotOurs;

fn counsellor_in(row: &Row, column: usize) -> Result<CounsellorId> {
    CounsellorId::new(&row.get::<_, String>(column)?).ok_or_else(|| unreadable(column, Type::Text, NotOurs))
}

fn unreadable(column: usize, kind: Type, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::migrate;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    fn id(name: &str) -> CounsellorId {
        CounsellorId::new(name).unwrap()
    }

    fn told(db: &Connection, second: i64) -> (Vec<String>, Vec<String>, bool) {
        let Overrides { on, off, all_to_fallback } = all(db).unwrap().at(at(second));
        let names = |ids: Vec<CounsellorId>| ids.iter().map(CounsellorId::to_string).collect();
        (names(on), names(off), all_to_fallback)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_said_holds_until_its_second() {
        let mut db = database();
        set(&mut db, &id("anna"), Act::Off, Change::OffUntil(at(60)), at(0)).unwrap();
        set(&mut db, &id("bo"), Act::On, Change::OnUntil(at(100)), at(1)).unwrap();
        assert_eq!(told(&db, 59), (names(&["bo"]), names(&["anna"]), false));
        assert_eq!(told(&db, 60), (names(&["bo"]), names(&[]), false));
        set(&mut db, &id("anna"), Act::On, Change::OnUntil(at(200)), at(2)).unwrap();
        assert_eq!(told(&db, 59), (names(&["anna", "bo"]), names(&[]), false));
        set(&mut db, &id("bo"), Act::Off, Change::AsRota, at(3)).unwrap();
        assert_eq!(told(&db, 59), (names(&["anna"]), names(&[]), false));
        forget_expired(&db, at(200)).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM duty", [], |row| row.get::<_, i64>(0)), Ok(0));
    }

    #[test]
    fn the_switch_lasts_until_it_is_switched_back() {
        let mut db = database();
        note(&mut db, &id("anna"), Act::ToFallback, at(0)).unwrap();
        note(&mut db, &id("bo"), Act::ToFallback, at(5)).unwrap();
        assert!(told(&db, 1_000_000_000).2);
        assert_eq!(db.query_row("SELECT since_s FROM switched", [], |row| row.get(0)), Ok(at(0).as_second()));
        note(&mut db, &id("bo"), Act::ToDesk, at(9)).unwrap();
        assert!(!told(&db, 10).2);
    }

    #[test]
    fn every_act_is_in_the_trail_and_stays() {
        let mut db = database();
        set(&mut db, &id("anna"), Act::Off, Change::OffUntil(at(60)), at(0)).unwrap();
        note(&mut db, &id("anna"), Act::ToFallback, at(1)).unwrap();
        note(&mut db, &id("bo"), Act::HoldBack, at(2)).unwrap();
        let trail = acts(&db).unwrap();
        let entries: Vec<(i64, i64, &str, Act)> =
            trail.iter().map(|one| (one.number, one.at.as_second(), one.counsellor.as_str(), one.act)).collect();
        let day_s = at(2).as_second() / DAY_S * DAY_S;
        assert_eq!(
            entries,
            [
                (3, day_s, "bo", Act::HoldBack),
                (2, at(1).as_second(), "anna", Act::ToFallback),
                (1, at(0).as_second(), "anna", Act::Off),
            ]
        );
        for change in [
            "UPDATE desk_act SET counsellor = 'bo'",
            "DELETE FROM desk_act WHERE number = 3",
            "INSERT INTO desk_act VALUES (5, 0, 'bo', 'on duty')",
            "INSERT INTO desk_act VALUES (4, 0, '', 'on duty')",
            "INSERT INTO desk_act VALUES (4, 0, 'bo', 'something else')",
            "INSERT INTO duty VALUES ('bo', 'perhaps', 0)",
            "INSERT INTO switched VALUES (2, 0)",
        ] {
            assert!(db.execute_batch(change).is_err(), "{change}");
        }
        for act in Act::ALL {
            note(&mut db, &id("bo"), act, at(3)).unwrap();
        }
        assert_eq!(acts(&db).unwrap().len(), 3 + Act::ALL.len());
        assert_eq!(acts(&Connection::open_in_memory().unwrap()).unwrap(), []);
    }
}
