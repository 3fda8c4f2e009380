//! Published revisions: the menu files as they were, so that a call in progress finishes on its own.

use crate::base::{Revision, Sources};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// At most this many bytes of menu files in one revision, as JSON: a hundred times the sample, and read in a moment.
pub const REVISION_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The last so many revisions are kept. A call lives 5 hours; nobody publishes more often than this within them.
pub const REVISIONS_KEPT: u32 = 64;

/// One JSON object: path -> text. `None` if it is too large.
pub(super) fn to_json(files: &Sources) -> Option<String> {
    let files: BTreeMap<&str, &str> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    serde_json::to_string(&files).ok().filter(|json| json.len() <= REVISION_BYTES_MAX)
}

/// What stands under this name stays as it is; only its age is renewed, so that the revision in use is never the one
/// that goes.
pub(super) fn put(connection: &mut Connection, revision: Revision, json: &str, now: Timestamp) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO revision (id, files, stored_s) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET stored_s = max(stored_s, excluded.stored_s)",
        params![revision.to_string(), json, now.as_second()],
    )?;
    transaction.execute(
        "DELETE FROM revision WHERE id <> ?1 AND id NOT IN
             (SELECT id FROM revision WHERE id <> ?1 ORDER BY stored_s DESC, id LIMIT ?2)",
        params![revision.to_string(), REVISIONS_KEPT - 1],
    )?;
    transaction.commit()
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
        put(&mut db, Revision(1), &to_json(&first).unwrap(), at(0)).unwrap();
        put(&mut db, Revision(1), &to_json(&files(&[("other", "text")])).unwrap(), at(1)).unwrap();
        put(&mut db, Revision(u64::MAX), &to_json(&files(&[])).unwrap(), at(2)).unwrap();
        assert_eq!(get(&db, Revision(1)).unwrap(), Some(first));
        assert_eq!(get(&db, Revision(u64::MAX)).unwrap(), Some(files(&[])));
        assert_eq!(get(&db, Revision(2)).unwrap(), None);
    }

    #[test]
    fn the_longest_unused_goes_and_the_one_just_put_never() {
        let mut db = database();
        let json = to_json(&files(&[])).unwrap();
        let kept = u64::from(REVISIONS_KEPT);
        for number in 0..kept {
            put(&mut db, Revision(number), &json, at(100)).unwrap();
        }
        put(&mut db, Revision(0), &json, at(200)).unwrap();
        // A clock that went back does not make the newest the oldest.
        put(&mut db, Revision(999), &json, at(1)).unwrap();
        let there = |number| get(&db, Revision(number)).unwrap().is_some();
        assert!(there(0) && there(999));
        assert_eq!((0..kept).filter(|number| there(*number)).count() as u64, kept - 1);
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
