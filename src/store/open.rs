//! Opening the file: its folder, its mode, its settings, its version.

use super::schema;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// The database within the data folder. Beside it stand `-wal` and `-shm` while it is open.
pub const FILE_NAME: &str = "hulplijn.db";

/// How long a start, or a reader beside a running server, waits for another process's lock.
const PATIENT: Duration = Duration::from_secs(2);

/// How long a request waits for another process's lock: well below the time after which nobody waits for its answer.
const BRISK: Duration = Duration::from_millis(300);

/// Why the store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the data folder for `{}` cannot be used ({reason}): give a folder this user may write to", path.display())]
    Folder { path: PathBuf, reason: io::Error },
    #[error("there is no database at `{}`: give the data folder of a server that ran before", path.display())]
    Missing { path: PathBuf },
    #[error(
        "the database `{}` has version {found}, and this program knows versions up to {known}: \
         start the newer program again, or restore the backup from before the upgrade", path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("`{}` is a database of another program: give another data folder", path.display())]
    Foreign { path: PathBuf },
    #[error("the database `{}` can be read but not written: give it to the user that runs this program", path.display())]
    ReadOnly { path: PathBuf },
    #[error("the database `{}` cannot be used ({reason}): restore a backup, or move the file away to begin anew", path.display())]
    Database { path: PathBuf, reason: rusqlite::Error },
    #[error("the database's thread cannot be started ({reason}): the machine is out of threads or memory")]
    Thread { reason: io::Error },
}

impl OpenError {
    /// Whether it may pass by itself: a lock, a full or failing disk. The store then starts without its database, and
    /// tries again.
    pub fn may_pass(&self) -> bool {
        match self {
            OpenError::Folder { reason, .. } => {
                matches!(reason.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            OpenError::Database { reason, .. } => {
                leaves_connection(reason) || reason.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
            }
            _ => false,
        }
    }
}

/// Whether the connection is as good as before this error. After any other it is opened anew.
pub(super) fn leaves_connection(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        None | Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
        )
    )
}

/// The file in its folder, absolute: SQLite would take a relative name that begins with `file:` for an address.
pub(super) fn file_in(folder: &Path) -> Result<PathBuf, OpenError> {
    let path = folder.join(FILE_NAME);
    std::path::absolute(&path).map_err(|reason| OpenError::Folder { path, reason })
}

/// Which file stands under a name: device and inode. Two files of one name differ in it.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Makes what is missing, refuses what is not ours before anything in it is changed, and brings the tables up to date.
pub(super) fn connect(path: &Path) -> Result<Connection, OpenError> {
    make_file(path).map_err(|reason| OpenError::Folder { path: path.to_owned(), reason })?;
    let database = |reason| OpenError::Database { path: path.to_owned(), reason };
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if connection.is_readonly("main").map_err(database)? {
        return Err(OpenError::ReadOnly { path: path.to_owned() });
    }
    keep_private(path).map_err(|reason| OpenError::Folder { path: path.to_owned(), reason })?;
    settings(&connection).map_err(database)?;
    schema::migrate(&mut connection).map_err(database)?;
    connection.busy_timeout(BRISK).map_err(database)?;
    Ok(connection)
}

/// As [`connect`], for a command that nobody on the telephone waits for.
pub(super) fn connect_patiently(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path)?;
    let set = connection.busy_timeout(PATIENT);
    set.map_err(|reason| OpenError::Database { path: path.to_owned(), reason })?;
    Ok(connection)
}

/// For a reader beside a running server. Makes and changes nothing.
pub(super) fn connect_to_read(path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, mode: OpenFlags) -> Result<Connection, OpenError> {
    let database = |reason| OpenError::Database { path: path.to_owned(), reason };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(database)?;
    connection.busy_timeout(PATIENT).map_err(database)?;
    let (found, known) = (schema::version(&connection).map_err(database)?, schema::newest());
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(database)?;
    if found < 0 || (found == 0 && tables > 0) {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    Ok(connection)
}

/// A file that exists is never opened here: closing it would drop the locks that SQLite holds on it in this process.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Nobody but the owner reads the file (CS-36). SQLite gives `-wal` and `-shm` the mode of the file.
fn keep_private(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // FULL: a commit is on the disk when it returns. `secure_delete`: deleted rows are overwritten with zeros.
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn message(result: Result<Connection, OpenError>) -> String {
        result.expect_err("this must not open").to_string()
    }

    #[test]
    fn folder_and_files_are_the_owner_s_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = file_in(&home.path().join("a/b")).unwrap();
        let connection = connect(&path).unwrap();
        connection.execute_batch("INSERT INTO tally VALUES ('2026-01-05', 'call', 1)").unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&home.path().join("a"))), (0o700, 0o700));
        for suffix in ["", "-wal", "-shm"] {
            assert_eq!(mode(&home.path().join(format!("a/b/{FILE_NAME}{suffix}"))), 0o600, "`{suffix}`");
        }
        drop(connection);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        drop(connect(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn the_settings_hold() {
        let home = tempfile::tempdir().unwrap();
        let connection = connect(&file_in(home.path()).unwrap()).unwrap();
        let case = |pragma: &str, expected: &str| {
            let found: String = connection
                .query_row(
                    &format!("SELECT CAST(value AS TEXT) FROM (SELECT {pragma} AS value FROM pragma_{pragma})"),
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(found, expected, "{pragma}");
        };
        case("journal_mode", "wal");
        case("synchronous", "2");
        case("foreign_keys", "1");
        case("secure_delete", "1");
        let wait: i64 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).unwrap();
        assert_eq!(wait, 300);
    }

    #[test]
    fn a_newer_database_is_named_and_not_touched() {
        let home = tempfile::tempdir().unwrap();
        let path = file_in(home.path()).unwrap();
        let connection = connect(&path).unwrap();
        connection.execute_batch("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE").unwrap();
        drop(connection);
        let before = std::fs::read(&path).unwrap();
        for result in [connect(&path), connect_to_read(&path)] {
            assert!(!result.as_ref().err().unwrap().may_pass());
            assert!(
                message(result).contains("has version 99, and this program knows versions up to 7: start the newer")
            );
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn what_is_not_ours_is_refused_and_not_touched() {
        let home = tempfile::tempdir().unwrap();
        let path = file_in(home.path()).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(message(connect(&path)).contains("of another program"));
        assert_eq!(std::fs::read(&path).unwrap(), before);

        std::fs::write(&path, "this is not a database, it is a letter".repeat(100)).unwrap();
        let refused = connect(&path);
        assert!(!refused.as_ref().err().unwrap().may_pass());
        assert!(message(refused).contains("cannot be used"));
    }

    #[test]
    fn a_place_that_cannot_hold_it_is_named() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("file"), "in the way").unwrap();
        let case = |folder: &Path| {
            let refused = connect(&file_in(folder).unwrap());
            assert!(!refused.as_ref().err().unwrap().may_pass());
            let said = message(refused);
            assert!(said.contains("the data folder for `/") && said.contains("may write to"), "{said}");
        };
        case(&home.path().join("file"));
        // A folder in which even the super-user cannot make anything.
        #[cfg(target_os = "linux")]
        case(Path::new("/proc/hulplijn"));
        assert!(message(connect_to_read(&file_in(home.path()).unwrap())).contains("there is no database"));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "a reader makes nothing");
    }

    #[test]
    fn a_locked_database_may_pass() {
        let home = tempfile::tempdir().unwrap();
        let path = file_in(home.path()).unwrap();
        // A file without tables, so that opening has to write.
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let refused = connect(&path).err().unwrap();
        assert!(refused.may_pass(), "{refused}");
        other.execute_batch("ROLLBACK").unwrap();
        assert!(connect(&path).is_ok());
    }
}
