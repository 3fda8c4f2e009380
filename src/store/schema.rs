//! The tables, as a numbered list of steps from an empty file to now. A step that was released is never edited: a
//! change is a new step, and the tests below apply it to rows.

use rusqlite::{Connection, Result, TransactionBehavior};

/// Step `n` (from 1) brings a database of `user_version` n - 1 to n.
pub(super) const MIGRATIONS: &[&str] = &[
    // 1: how often something happened on a day. A day is a date of the hotline's time zone, never a moment.
    "CREATE TABLE tally (
         day TEXT NOT NULL,
         key TEXT NOT NULL,
         n   INTEGER NOT NULL,
         PRIMARY KEY (day, key)
     ) STRICT, WITHOUT ROWID;",
    // 2: a line of the desk that is being rung or talking. The row is deleted when that ends.
    "CREATE TABLE lease (
         id        TEXT PRIMARY KEY,
         line      INTEGER NOT NULL UNIQUE,
         accepted  INTEGER NOT NULL CHECK (accepted IN (0, 1)),
         expires_s INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;",
    // 3: the menu files of a published revision, as one JSON object: path -> text.
    "CREATE TABLE revision (
         id       TEXT PRIMARY KEY,
         files    TEXT NOT NULL,
         stored_s INTEGER NOT NULL
     ) STRICT;",
    // 4: who put which revision on the line, when and why: the audit trail of operators. The last row is what is on the
    // line. Rows are added, one number after the other, and never change. Nothing here is of a caller.
    "CREATE TABLE publication (
         number   INTEGER PRIMARY KEY,
         at_s     INTEGER NOT NULL,
         kind     TEXT NOT NULL CHECK (kind IN ('publish', 'rollback', 'first start')),
         revision TEXT NOT NULL,
         person   TEXT NOT NULL CHECK (trim(person) <> ''),
         second   TEXT,
         urgent   INTEGER NOT NULL CHECK (urgent IN (0, 1)),
         why      TEXT,
         end_old  INTEGER NOT NULL CHECK (end_old IN (0, 1))
     ) STRICT;
     CREATE TRIGGER publication_added BEFORE INSERT ON publication
         WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM publication)
         BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to, one row after the other'); END;
     CREATE TRIGGER publication_changed BEFORE UPDATE ON publication
         BEGIN SELECT RAISE(ABORT, 'the audit trail does not change'); END;
     CREATE TRIGGER publication_deleted BEFORE DELETE ON publication
         BEGIN SELECT RAISE(ABORT, 'the audit trail does not change'); END;
     CREATE TRIGGER revision_changed BEFORE UPDATE OF id, files ON revision
         BEGIN SELECT RAISE(ABORT, 'a revision does not change'); END;",
    // 5: the sound of published revisions: what each plays, and each file once, by the SHA-256 of its bytes.
    "CREATE TABLE sound (
         id    TEXT NOT NULL UNIQUE,
         bytes BLOB NOT NULL
     ) STRICT;
     CREATE TABLE played (
         revision TEXT NOT NULL,
         sound    TEXT NOT NULL,
         PRIMARY KEY (revision, sound)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX played_sound ON played (sound);
     CREATE TRIGGER sound_changed BEFORE UPDATE ON sound
         BEGIN SELECT RAISE(ABORT, 'a sound does not change'); END;",
    // 6: a counsellor who is being rung, talks or writes up; before, the one line of the desk. The row is deleted when
    // that ends.
    "CREATE TABLE leased (
         counsellor TEXT PRIMARY KEY,
         id         TEXT NOT NULL,
         state      TEXT NOT NULL CHECK (state IN ('ringing', 'talking', 'wrap-up')),
         expires_s  INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     INSERT INTO leased SELECT 'desk', id, iif(accepted, 'talking', 'ringing'), expires_s FROM lease WHERE line = 0;
     DROP TABLE lease;
     ALTER TABLE leased RENAME TO lease;",
    // 7: what counsellors said of their duty by telephone, until when it holds; whether all calls go to the fallback
    // line; and the audit trail of it. The names are those of the desk file. Nothing here is of a caller.
    "CREATE TABLE duty (
         counsellor TEXT PRIMARY KEY,
         state      TEXT NOT NULL CHECK (state IN ('on', 'off')),
         expires_s  INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE switched (
         one     INTEGER PRIMARY KEY CHECK (one = 1),
         since_s INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE desk_act (
         number     INTEGER PRIMARY KEY,
         at_s       INTEGER NOT NULL,
         counsellor TEXT NOT NULL CHECK (trim(counsellor) <> ''),
         act        TEXT NOT NULL CHECK (act IN ('on duty', 'off duty', 'all calls to the fallback line',
                        'calls to the desk again', 'caller of the last talk waits'))
     ) STRICT;
     CREATE TRIGGER desk_act_added BEFORE INSERT ON desk_act
         WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM desk_act)
         BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to, one row after the other'); END;
     CREATE TRIGGER desk_act_changed BEFORE UPDATE ON desk_act
         BEGIN SELECT RAISE(ABORT, 'the audit trail does not change'); END;
     CREATE TRIGGER desk_act_deleted BEFORE DELETE ON desk_act
         BEGIN SELECT RAISE(ABORT, 'the audit trail does not change'); END;",
];

/// The newest version this program knows.
pub(super) fn newest() -> i64 {
    newest_of(MIGRATIONS)
}

pub(super) fn version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Applies the steps that are missing, each in a transaction of its own. Leaves a newer database as it is.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    apply(connection, MIGRATIONS)
}

fn newest_of(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

fn apply(connection: &mut Connection, steps: &[&str]) -> Result<()> {
    for (number, step) in (1i64..).zip(steps) {
        if version(connection)? >= number {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster while we waited for the lock.
        if version(&transaction)? < number {
            transaction.execute_batch(step)?;
            transaction.execute_batch(&format!("PRAGMA user_version = {number}"))?;
        }
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as they may stand in the table that a step makes. Each later step is applied on top of them.
    const ROWS: &[&str] = &[
        "INSERT INTO tally VALUES ('2026-01-05', 'call', 12), ('2026-01-05', 'node/help', 3)",
        "INSERT INTO lease VALUES ('00000000000000aa', 0, 1, 1767600000)",
        "INSERT INTO revision VALUES ('00000000000000bb', '{\"hotline.toml\":\"name\"}', 1767600000)",
        "INSERT INTO publication VALUES (1, 1767600000, 'publish', '00000000000000bb', 'Ada', 'Bo', 1, 'a slip', 1)",
        "INSERT INTO sound VALUES ('5a', x'0102'); INSERT INTO played VALUES ('00000000000000bb', '5a')",
        "INSERT INTO lease VALUES ('anna', '00000000000000ab', 'ringing', 1767600000)",
        "INSERT INTO duty VALUES ('anna', 'off', 1767600000); INSERT INTO switched VALUES (1, 1767600000);
         INSERT INTO desk_act VALUES (1, 1767600000, 'anna', 'off duty')",
    ];
    /// What must still be true of the rows of each step when all steps were applied.
    const STILL: &[&str] = &[
        "SELECT sum(n) = 15 AND count(*) = 2 FROM tally",
        "SELECT count(*) = 1 FROM lease WHERE id = '00000000000000aa' AND expires_s = 1767600000",
        "SELECT count(*) = 1 FROM revision WHERE id = '00000000000000bb' AND json_extract(files, '$.\"hotline.toml\"') = 'name'",
        "SELECT count(*) = 1 FROM publication WHERE number = 1 AND at_s = 1767600000 AND kind = 'publish' AND
             revision = '00000000000000bb' AND person = 'Ada' AND second = 'Bo' AND urgent AND why = 'a slip' AND end_old",
        "SELECT count(*) = 1 FROM played JOIN sound ON id = sound WHERE revision = '00000000000000bb' AND bytes = x'0102'",
        "SELECT count(*) = 2 AND sum(counsellor = 'desk' AND state = 'talking') = 1 FROM lease",
        "SELECT count(*) = 1 FROM duty JOIN switched JOIN desk_act USING (counsellor) WHERE counsellor = 'anna' AND
             state = 'off' AND expires_s = 1767600000 AND since_s = 1767600000 AND at_s = 1767600000 AND act = 'off duty'",
    ];

    fn empty() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn every_step_keeps_the_rows_of_the_steps_before_it() {
        assert_eq!(
            (ROWS.len(), STILL.len()),
            (MIGRATIONS.len(), MIGRATIONS.len()),
            "a new step needs rows and a check"
        );
        let mut connection = empty();
        for number in 1..=MIGRATIONS.len() {
            apply(&mut connection, &MIGRATIONS[..number]).unwrap();
            assert_eq!(version(&connection).unwrap(), newest_of(&MIGRATIONS[..number]));
            connection.execute_batch(ROWS[number - 1]).unwrap();
            for still in &STILL[..number] {
                assert!(
                    connection.query_row(still, [], |row| row.get::<_, bool>(0)).unwrap(),
                    "step {number}: {still}"
                );
            }
        }
    }

    #[test]
    fn a_step_that_fails_leaves_everything_as_it_was() {
        let mut connection = empty();
        apply(&mut connection, MIGRATIONS).unwrap();
        connection.execute_batch(ROWS[0]).unwrap();
        let mut steps = MIGRATIONS.to_vec();
        steps.push("DELETE FROM tally; INSERT INTO nowhere VALUES (1);");
        assert!(apply(&mut connection, &steps).is_err());
        assert_eq!(version(&connection).unwrap(), newest());
        assert!(connection.query_row(STILL[0], [], |row| row.get::<_, bool>(0)).unwrap());
    }

    #[test]
    fn applying_twice_changes_nothing_and_a_newer_database_is_left_alone() {
        let mut connection = empty();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), newest());
        connection.execute_batch("PRAGMA user_version = 99").unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), 99);
    }

    /// CS-10, CS-33: there is no place for a caller, a call or a moment of one. A new table or column belongs in this
    /// list only after that question was asked.
    #[test]
    fn the_schema_holds_these_tables_and_columns_and_nothing_else() {
        let mut connection = empty();
        migrate(&mut connection).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT s.type, s.name, coalesce(group_concat(c.name || ' ' || c.type, ', '), '')
                 FROM sqlite_schema AS s LEFT JOIN pragma_table_info(s.name) AS c
                 WHERE s.name NOT LIKE 'sqlite_autoindex%' GROUP BY s.name ORDER BY s.name",
            )
            .unwrap();
        let found: Vec<(String, String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<Result<_>>()
            .unwrap();
        let expected = [
            ("table", "desk_act", "number INTEGER, at_s INTEGER, counsellor TEXT, act TEXT"),
            ("trigger", "desk_act_added", ""),
            ("trigger", "desk_act_changed", ""),
            ("trigger", "desk_act_deleted", ""),
            ("table", "duty", "counsellor TEXT, state TEXT, expires_s INTEGER"),
            ("table", "lease", "counsellor TEXT, id TEXT, state TEXT, expires_s INTEGER"),
            ("table", "played", "revision TEXT, sound TEXT"),
            ("index", "played_sound", ""),
            (
                "table",
                "publication",
                "number INTEGER, at_s INTEGER, kind TEXT, revision TEXT, person TEXT, second TEXT, urgent INTEGER, \
                 why TEXT, end_old INTEGER",
            ),
            ("trigger", "publication_added", ""),
            ("trigger", "publication_changed", ""),
            ("trigger", "publication_deleted", ""),
            ("table", "revision", "id TEXT, files TEXT, stored_s INTEGER"),
            ("trigger", "revision_changed", ""),
            ("table", "sound", "id TEXT, bytes BLOB"),
            ("trigger", "sound_changed", ""),
            ("table", "switched", "one INTEGER, since_s INTEGER"),
            ("table", "tally", "day TEXT, key TEXT, n INTEGER"),
        ];
        assert_eq!(found, expected.map(|(kind, name, columns)| (kind.into(), name.into(), columns.into())));
    }
}
