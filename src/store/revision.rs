//! Published revisions: the menu files as they were, so that a call in progress finishes on its own.
//!
//! A row is needed while its revision is on the line, and for [`KEPT_FOR_S`] after that; `stored_s` says when it was
//! last known to be on the line. What is needed is never deleted, however many follow; instead a further one is refused
//! when there are [`REVISIONS_MAX`].

use crate::base::{Revision, Sources};
use crate::privacy::SESSION_LIFE_S;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// At most this many bytes of menu files in one revision, as JSON: a hundred times the sample, and read in a moment.
pub const REVISION_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The last so many revisions are kept to be compared with and to go back to, also when no call can be on them.
pub const REVISIONS_KEPT: u32 = 64;

/// At most this many revisions are held, so that a script in a loop does not fill the disk. Four an hour, all day and
/// night, is far below it.
pub const REVISIONS_MAX: u32 = 256;

/// How long after its time on the line a revision is needed, in seconds. A session lives 5 hours from its last step, and
/// a caller may have gone on pressing keys for as long before that.
pub const KEPT_FOR_S: i64 = 2 * SESSION_LIFE_S;

/// There are too many revisions that calls may still be on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TooMany;

/// One JSON object: path -> text. `None` if it is too large.
pub(super) fn to_json(files: &Sources) -> Option<String> {
    let files: BTreeMap<&str, &str> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    serde_json::to_string(&files).ok().filter(|json| json.len() <= REVISION_BYTES_MAX)
}

/// Stores a revision that is on the line now, and forgets what nobody needs.
pub(super) fn put(
    connection: &mut Connection,
    revision: Revision,
    json: &str,
    now: Timestamp,
) -> Result<std::result::Result<(), TooMany>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kept = insert(&transaction, revision, json, now)?;
    // Without the commit everything stays as it was.
    if kept.is_ok() {
        transaction.commit()?;
    }
    Ok(kept)
}

/// Within a transaction of the caller's. What stands under this name stays as it is; only its age is renewed.
pub(super) fn insert(
    connection: &Connection,
    revision: Revision,
    json: &str,
    now: Timestamp,
) -> Result<std::result::Result<(), TooMany>> {
    connection.execute(
        "INSERT INTO revision (id, files, stored_s) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET stored_s = max(stored_s, excluded.stored_s)",
        params![revision.to_string(), json, now.as_second()],
    )?;
    connection.execute(
        "DELETE FROM revision WHERE id <> ?1 AND stored_s < ?2
             AND id IS NOT (SELECT revision FROM publication ORDER BY number DESC LIMIT 1)
             AND id NOT IN (SELECT id FROM revision WHERE id <> ?1 ORDER BY stored_s DESC, id LIMIT ?3)",
        params![revision.to_string(), now.as_second().saturating_sub(KEPT_FOR_S), REVISIONS_KEPT - 1],
    )?;
    let held: u32 = connection.query_row("SELECT count(*) FROM revision", [], |row| row.get(0))?;
    Ok(if held > REVISIONS_MAX { Err(TooMany) } else { Ok(()) })
}

/// This revision was on the line until now.
pub(super) fn renew(connection: &Connection, revision: Revision, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE revision SET stored_s = max(stored_s, ?2) WHERE id = ?1",
        params![revision.to_string(), now.as_second()],
    )?;
    Ok(())
}

pub(super) fn get(connection: &Connection, revision: Revision) -> Result<Option<Sources>> {
    let json: Option<String> = connection
        .query_row("SELECT files FROM revision WHERE id = ?1", params![revision.to_string()], |row| row.get(0))
        .optional()?;
    let Some(json) = json else { return Ok(None) };
    let files: BTreeMap<String, String> =
        serde_json::from_str(&json).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
    Ok(Some(files.into_iter().map(|(path, text)| (Arc::from(path), Arc::from(text))).collect()))
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

    fn files(pairs: &[(&str, &str)]) -> Sources {
        pairs.iter().map(|(path, text)| (Arc::from(*path), Arc::from(*text))).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_was_put_comes_back_and_never_changes() {
        let mut db = database();
        let first = files(&[("menus/hotline.toml", "name = \"é \\ \u{1f4de}\"\r\n"), ("menus/voice.toml", "")]);
        put(&mut db, Revision(1), &to_json(&first).unwrap(), at(0)).unwrap().unwrap();
        put(&mut db, Revision(1), &to_json(&files(&[("other", "text")])).unwrap(), at(1)).unwrap().unwrap();
        put(&mut db, Revision(u64::MAX), &to_json(&files(&[])).unwrap(), at(2)).unwrap().unwrap();
        assert_eq!(get(&db, Revision(1)).unwrap(), Some(first));
        assert_eq!(get(&db, Revision(u64::MAX)).unwrap(), Some(files(&[])));
        assert_eq!(get(&db, Revision(2)).unwrap(), None);
    }

    #[test]
    fn what_a_call_may_be_on_stays_however_many_follow_and_then_one_more_is_refused() {
        let mut db = database();
        let json = to_json(&files(&[])).unwrap();
        let most = u64::from(REVISIONS_MAX);
        for number in 0..most {
            put(&mut db, Revision(number), &json, at(1_000_000)).unwrap().unwrap();
        }
        let there = |db: &Connection, number| get(db, Revision(number)).unwrap().is_some();
        let soon = at(1_000_000 + KEPT_FOR_S);
        assert_eq!(put(&mut db, Revision(999), &json, soon).unwrap(), Err(TooMany));
        assert!(!there(&db, 999) && (0..most).all(|number| there(&db, number)), "nothing changed");
        // A known one takes no further room.
        put(&mut db, Revision(7), &json, soon).unwrap().unwrap();
        renew(&db, Revision(8), soon).unwrap();
        put(&mut db, Revision(999), &json, at(1_000_001 + KEPT_FOR_S)).unwrap().unwrap();
        assert!(there(&db, 7) && there(&db, 8) && there(&db, 999));
        assert_eq!((0..most).filter(|number| there(&db, *number)).count() as u32, REVISIONS_KEPT - 1);
    }

    #[test]
    fn a_clock_that_went_back_takes_nothing_away() {
        let mut db = database();
        let json = to_json(&files(&[])).unwrap();
        for number in 0..100 {
            put(&mut db, Revision(number), &json, at(1_000_000)).unwrap().unwrap();
        }
        put(&mut db, Revision(999), &json, at(1)).unwrap().unwrap();
        let held: u32 = db.query_row("SELECT count(*) FROM revision", [], |row| row.get(0)).unwrap();
        assert_eq!(held, 101);
    }

    #[test]
    fn too_large_is_refused() {
        assert_eq!(to_json(&files(&[("a", &"x".repeat(REVISION_BYTES_MAX))])), None);
        assert!(to_json(&files(&[("a", &"x".repeat(REVISION_BYTES_MAX / 2))])).is_some());
    }

    #[test]
    fn a_row_that_is_not_ours_is_an_error_not_a_panic() {
        let db = database();
        db.execute_batch("INSERT INTO revision VALUES ('0000000000000001', '[1]', 0)").unwrap();
        assert!(get(&db, Revision(1)).is_err());
    }
}
