//! Leases on the disk: see [`crate::desk::Leases`], whose rules these are. The row is deleted when the attempt ends.

use crate::base::{CounsellorId, LeaseId};
use crate::desk::{Accepted, Ended, Lease, LeaseState, Opened};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior, params};
use std::sync::Arc;

/// The leases as the database has them, beside it in memory: who looks whether somebody is free does not wait for the
/// thread. Only the thread that writes them tells them here, after each write and before it is acknowledged, so a
/// counsellor who is granted is never seen as free; whom it frees is seen as taken a moment longer.
#[derive(Default)]
pub(super) struct Known {
    /// `None` while the database does not answer: then it is asked, and says so.
    rows: Option<Arc<[Lease]>>,
    /// Counsellors who are being taken, with the lease they are taken under.
    opening: Vec<(LeaseId, CounsellorId)>,
}

impl Known {
    pub(super) fn tell(&mut self, rows: Option<Vec<Lease>>) {
        self.rows = rows.map(Into::into);
    }

    /// All leases, dead ones too; `None` if the database has to be asked.
    pub(super) fn all(&self) -> Option<Arc<[Lease]>> {
        self.rows.clone()
    }

    /// Notes that this lease is being opened. False if it need not be tried: another one has her, or is about to.
    pub(super) fn begin_open(&mut self, id: LeaseId, counsellor: &CounsellorId, now: Timestamp) -> bool {
        let taken = |rows: &Arc<[Lease]>| {
            rows.iter().any(|row| row.counsellor == *counsellor && row.id != id && row.expires_s > now.as_second())
        };
        let opening = |(other, its): &(LeaseId, CounsellorId)| its == counsellor && *other != id;
        // Without a database nobody gets a lease: being about to means nothing then.
        let busy = self.rows.as_ref().is_some_and(|rows| taken(rows) || self.opening.iter().any(opening));
        if !busy {
            self.opening.push((id, counsellor.clone()));
        }
        !busy
    }

    pub(super) fn end_open(&mut self, id: LeaseId, counsellor: &CounsellorId) {
        if let Some(at) = self.opening.iter().position(|(known, its)| *known == id && its == counsellor) {
            self.opening.swap_remove(at);
        }
    }
}

/// The whole table. It has a row for each counsellor at most, and those that expired within the hour.
pub(super) fn all(connection: &Connection) -> Result<Vec<Lease>> {
    let mut statement = connection.prepare_cached("SELECT id, counsellor, state, expires_s FROM lease")?;
    let wrong =
        |column: usize| rusqlite::Error::InvalidColumnType(column, "lease".to_owned(), rusqlite::types::Type::Text);
    let rows = statement.query_map([], |row| {
        let (id, counsellor, state): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Lease {
            id: LeaseId(u64::from_str_radix(&id, 16).map_err(|_| wrong(0))?),
            counsellor: CounsellorId::new(&counsellor).ok_or_else(|| wrong(1))?,
            state: LeaseState::ALL.iter().find(|(name, _)| *name == state).ok_or_else(|| wrong(2))?.1,
            expires_s: row.get(3)?,
        })
    })?;
    rows.collect()
}

pub(super) fn open(
    connection: &mut Connection,
    id: LeaseId,
    counsellor: &CounsellorId,
    now: Timestamp,
    expires: Timestamp,
) -> Result<Opened> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    forget_expired(&transaction, now)?;
    let held: Option<String> = transaction
        .prepare_cached("SELECT id FROM lease WHERE counsellor = ?1")?
        .query_row(params![counsellor.as_str()], |row| row.get(0))
        .optional()?;
    let opened = match held {
        Some(held) if held == id.to_string() => Opened::Already,
        Some(_) => Opened::Busy,
        None => {
            transaction
                .prepare_cached("INSERT INTO lease (counsellor, id, state, expires_s) VALUES (?1, ?2, 'ringing', ?3)")?
                .execute(params![counsellor.as_str(), id.to_string(), expires.as_second()])?;
            Opened::Granted
        }
    };
    transaction.commit()?;
    Ok(opened)
}

pub(super) fn accept(
    connection: &mut Connection,
    id: LeaseId,
    counsellor: &CounsellorId,
    now: Timestamp,
    expires: Timestamp,
) -> Result<Accepted> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (id, name) = (id.to_string(), counsellor.as_str());
    let other: bool = transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM lease WHERE id = ?1 AND counsellor <> ?2 AND state = 'talking'
                                                  AND expires_s > ?3)",
        )?
        .query_row(params![id, name, now.as_second()], |row| row.get(0))?;
    let alive: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM lease WHERE id = ?1 AND counsellor = ?2 AND expires_s > ?3)")?
        .query_row(params![id, name, now.as_second()], |row| row.get(0))?;
    if alive && !other {
        transaction
            .prepare_cached("UPDATE lease SET state = 'talking', expires_s = ?3 WHERE id = ?1 AND counsellor = ?2")?
            .execute(params![id, name, expires.as_second()])?;
    }
    transaction.commit()?;
    Ok(match (alive, other) {
        (false, _) => Accepted::Gone,
        (true, true) => Accepted::Late,
        (true, false) => Accepted::Yes,
    })
}

/// [`end`], or [`end_talk`].
pub(super) type End = fn(&mut Connection, LeaseId, Timestamp) -> Result<Option<Ended>>;

pub(super) fn end(connection: &mut Connection, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ended = end_talk_in(&transaction, id, wrap_up)?;
    delete(&transaction, id)?;
    transaction.commit()?;
    Ok(ended)
}

pub(super) fn end_talk(connection: &mut Connection, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ended = end_talk_in(&transaction, id, wrap_up)?;
    transaction.commit()?;
    Ok(ended)
}

fn end_talk_in(transaction: &Connection, id: LeaseId, wrap_up: Timestamp) -> Result<Option<Ended>> {
    let known: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM lease WHERE id = ?1)")?
        .query_row(params![id.to_string()], |row| row.get(0))?;
    let by: Option<String> = transaction
        .prepare_cached("SELECT counsellor FROM lease WHERE id = ?1 AND state = 'talking'")?
        .query_row(params![id.to_string()], |row| row.get(0))
        .optional()?;
    transaction
        .prepare_cached(
            "UPDATE lease SET id = ?2, state = 'wrap-up', expires_s = ?3 WHERE id = ?1 AND state = 'talking'",
        )?
        .execute(params![id.to_string(), LeaseId::NONE.to_string(), wrap_up.as_second()])?;
    Ok(known.then(|| Ended { by: by.as_deref().and_then(CounsellorId::new) }))
}

pub(super) fn give_up(connection: &Connection, id: LeaseId, counsellor: &CounsellorId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM lease WHERE id = ?1 AND counsellor = ?2 AND state = 'ringing'")?
        .execute(params![id.to_string(), counsellor.as_str()])?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, id: LeaseId) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE id = ?1")?.execute(params![id.to_string()])?;
    Ok(())
}

/// The clock was set forward by so many seconds, or back.
pub(super) fn clock_set(connection: &Connection, by_s: i64) -> Result<()> {
    connection.prepare_cached("UPDATE lease SET expires_s = expires_s + ?1")?.execute(params![by_s])?;
    Ok(())
}

/// A lease is dead from the second it expires.
pub(super) fn forget_expired(connection: &Connection, now: Timestamp) -> Result<()> {
    connection.prepare_cached("DELETE FROM lease WHERE expires_s <= ?1")?.execute(params![now.as_second()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Leases;
    use crate::store::schema::migrate;
    use proptest::prelude::*;

    const ONE: LeaseId = LeaseId(1);
    const TWO: LeaseId = LeaseId(u64::MAX);

    fn anna() -> CounsellorId {
        CounsellorId::new("anna").unwrap()
    }

    fn bo() -> CounsellorId {
        CounsellorId::new("bo").unwrap()
    }

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    #[test]
    fn one_live_lease_a_counsellor() {
        let mut db = database();
        assert_eq!(open(&mut db, ONE, &anna(), at(0), at(60)).unwrap(), Opened::Granted);
        assert_eq!(open(&mut db, TWO, &anna(), at(1), at(61)).unwrap(), Opened::Busy);
        assert_eq!(open(&mut db, ONE, &anna(), at(1), at(61)).unwrap(), Opened::Already);
        assert_eq!(open(&mut db, ONE, &bo(), at(1), at(61)).unwrap(), Opened::Granted, "two may ring for one caller");
        assert_eq!(open(&mut db, TWO, &bo(), at(1), at(61)).unwrap(), Opened::Busy);
        assert_eq!(end(&mut db, ONE, at(99)).unwrap(), Some(Ended { by: None }));
        assert_eq!(open(&mut db, TWO, &bo(), at(2), at(62)).unwrap(), Opened::Granted);
        // From its last second on it is dead.
        assert_eq!(open(&mut db, ONE, &bo(), at(62), at(90)).unwrap(), Opened::Granted);
        assert_eq!(accept(&mut db, ONE, &bo(), at(90), at(9000)).unwrap(), Accepted::Gone);
    }

    #[test]
    fn the_first_yes_has_the_call_and_after_it_she_writes_up() {
        let mut db = database();
        assert_eq!(accept(&mut db, ONE, &anna(), at(0), at(9000)).unwrap(), Accepted::Gone);
        open(&mut db, ONE, &anna(), at(0), at(60)).unwrap();
        open(&mut db, ONE, &bo(), at(0), at(60)).unwrap();
        assert_eq!(accept(&mut db, ONE, &bo(), at(1), at(9000)).unwrap(), Accepted::Yes);
        assert_eq!(accept(&mut db, ONE, &bo(), at(1), at(9000)).unwrap(), Accepted::Yes, "the same key twice");
        assert_eq!(accept(&mut db, ONE, &anna(), at(1), at(9000)).unwrap(), Accepted::Late);
        give_up(&db, ONE, &bo()).unwrap();
        assert_eq!(end(&mut db, ONE, at(100)).unwrap(), Some(Ended { by: Some(bo()) }));
        assert_eq!(end(&mut db, ONE, at(100)).unwrap(), None);
        assert_eq!(open(&mut db, TWO, &anna(), at(50), at(99)).unwrap(), Opened::Granted);
        assert_eq!(open(&mut db, TWO, &bo(), at(99), at(199)).unwrap(), Opened::Busy);
        assert_eq!(open(&mut db, TWO, &bo(), at(100), at(199)).unwrap(), Opened::Granted);
    }

    #[derive(Clone, Debug)]
    enum Deed {
        Open(u64, bool, i64),
        Accept(u64, bool),
        End(u64),
        EndTalk(u64),
        GiveUp(u64, bool),
        Pass(i64),
        Clock(i64),
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let one = prop_oneof![
            (1..4_u64, any::<bool>(), 1..80_i64).prop_map(|(id, who, lasts)| Deed::Open(id, who, lasts)),
            (1..4_u64, any::<bool>()).prop_map(|(id, who)| Deed::Accept(id, who)),
            (1..4_u64).prop_map(Deed::End),
            (1..4_u64).prop_map(Deed::EndTalk),
            (1..4_u64, any::<bool>()).prop_map(|(id, who)| Deed::GiveUp(id, who)),
            (0..50_i64).prop_map(Deed::Pass),
            (-4000..4000_i64).prop_map(Deed::Clock),
        ];
        proptest::collection::vec(one, 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// What is proved of the plain table holds on the disk.
        #[test]
        fn the_table_on_the_disk_is_the_plain_one(deeds in deeds()) {
            let (mut db, mut plain, mut now) = (database(), Leases::default(), 0);
            let who = |anna_s: bool| if anna_s { anna() } else { bo() };
            for deed in deeds {
                match deed {
                    Deed::Open(id, by, lasts) => prop_assert_eq!(
                        open(&mut db, LeaseId(id), &who(by), at(now), at(now + lasts)).unwrap(),
                        plain.open(LeaseId(id), &who(by), at(now), at(now + lasts))
                    ),
                    Deed::Accept(id, by) => prop_assert_eq!(
                        accept(&mut db, LeaseId(id), &who(by), at(now), at(now + 100)).unwrap(),
                        plain.accept(LeaseId(id), &who(by), at(now), at(now + 100))
                    ),
                    Deed::End(id) => prop_assert_eq!(
                        end(&mut db, LeaseId(id), at(now + 20)).unwrap(),
                        plain.end(LeaseId(id), at(now + 20))
                    ),
                    Deed::EndTalk(id) => prop_assert_eq!(
                        end_talk(&mut db, LeaseId(id), at(now + 20)).unwrap(),
                        plain.end_talk(LeaseId(id), at(now + 20))
                    ),
                    Deed::GiveUp(id, by) => {
                        give_up(&db, LeaseId(id), &who(by)).unwrap();
                        plain.give_up(LeaseId(id), &who(by));
                    }
                    Deed::Pass(seconds) => now += seconds,
                    Deed::Clock(by_s) => {
                        clock_set(&db, by_s).unwrap();
                        plain.clock_set(by_s);
                        now += by_s;
                    }
                }
                let sorted = |mut rows: Vec<Lease>| {
                    rows.sort_by(|a, b| a.counsellor.cmp(&b.counsellor));
                    rows
                };
                prop_assert_eq!(sorted(all(&db).unwrap()), sorted(plain.0.clone()));
            }
        }
    }
}
