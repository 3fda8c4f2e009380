//! What the command line does with the database, beside a running server or without one. Blocks, for at most some
//! seconds.

use super::handle::Store;
use super::open::{self, OpenError};
use super::publication::{self, Act, OnLine, Publication, Refused};
use super::tally::{self, Tally};
use super::{duty, revision, sound};
use crate::base::{Revision, Shelf, Sources};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use thiserror::Error;

/// Why nothing was published. In every case nothing was changed.
#[derive(Debug, Error)]
pub enum PublishError {
    #[error(transparent)]
    Open(OpenError),
    #[error(transparent)]
    Refused(Refused),
    #[error("the menu files are larger than {} MiB: nothing was published", revision::REVISION_BYTES_MAX / 1024 / 1024)]
    TooLarge,
    #[error("the sound is larger than {} MiB: nothing was published", sound::SOUND_BYTES_MAX / 1024 / 1024)]
    TooMuchSound,
    #[error(
        "another program holds the database and does not let go of it: nothing was published; try again, and look for \
         a copy or a backup that is being made"
    )]
    Locked,
    #[error(
        "the disk of the data folder is full, or refuses to be written ({0}): nothing was published; make room, then publish again"
    )]
    Disk(rusqlite::Error),
    #[error("the database cannot be written ({0}): nothing was published")]
    Database(rusqlite::Error),
}

impl From<OpenError> for PublishError {
    fn from(error: OpenError) -> PublishError {
        match error {
            OpenError::Database { reason, .. } if trouble(&reason).is_some() => PublishError::from(reason),
            other => PublishError::Open(other),
        }
    }
}

impl From<rusqlite::Error> for PublishError {
    fn from(error: rusqlite::Error) -> PublishError {
        match trouble(&error) {
            Some(Trouble::Lock) => PublishError::Locked,
            Some(Trouble::Disk) => PublishError::Disk(error),
            None => PublishError::Database(error),
        }
    }
}

enum Trouble {
    Lock,
    Disk,
}

fn trouble(error: &rusqlite::Error) -> Option<Trouble> {
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(Trouble::Lock),
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly => {
            Some(Trouble::Disk)
        }
        _ => None,
    }
}

impl Store {
    /// As [`Store::stats`] for the command line, beside a running server or without one: makes and changes nothing,
    /// and misses at most the server's last second. Blocks.
    pub fn read_only_stats(folder: &Path, from: Date, to: Date) -> Result<Vec<Tally>, OpenError> {
        let path = open::file_in(folder)?;
        let connection = open::connect_to_read(&path)?;
        let tables = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'tally')";
        connection
            .query_row(tables, [], |row| row.get::<_, bool>(0))
            .and_then(|begun| if begun { tally::read(&connection, from, to) } else { Ok(Vec::new()) })
            .map_err(|reason| OpenError::Database { path, reason })
    }

    /// Stores the files and their sound and puts them on the line, all or nothing; a running server takes them up by itself. `seen` is
    /// the number of the entry that the operator has looked at: somebody else's publication in between is not
    /// overwritten. Makes the folder and the database if they are missing, and brings the tables up to date.
    ///
    /// # Errors
    /// With any of them nothing was published.
    pub fn publish(
        folder: &Path,
        act: &Act,
        files: &Sources,
        sounds: &Shelf,
        seen: Option<i64>,
        now: Timestamp,
    ) -> Result<OnLine, PublishError> {
        let json = revision::to_json(files).ok_or(PublishError::TooLarge)?;
        if sound::bytes(sounds) > sound::SOUND_BYTES_MAX {
            return Err(PublishError::TooMuchSound);
        }
        let mut connection = open::connect_patiently(&open::file_in(folder)?)?;
        publication::add(&mut connection, act, &json, sounds, seen, now)?.map_err(PublishError::Refused)
    }

    /// The audit trail, the newest entry first: at most [`publication::PUBLICATIONS_READ`]. Makes and changes nothing.
    pub fn publications(folder: &Path) -> Result<Vec<Publication>, OpenError> {
        reading(folder, publication::read)
    }

    /// The audit trail of the desk, the newest entry first: at most [`duty::ACTS_READ`]. Makes and changes nothing.
    pub fn desk_acts(folder: &Path) -> Result<Vec<duty::DeskAct>, OpenError> {
        reading(folder, duty::acts)
    }

    /// The menu files of a revision that is still held. Makes and changes nothing.
    pub fn read_only_revision(folder: &Path, revision: Revision) -> Result<Option<Sources>, OpenError> {
        reading(folder, |connection| revision::get(connection, revision))
    }

    /// The sound of a revision that is still held. Makes and changes nothing.
    pub fn read_only_sound(folder: &Path, revision: Revision) -> Result<Shelf, OpenError> {
        reading(folder, |connection| sound::get(connection, revision))
    }
}

fn reading<T>(folder: &Path, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, OpenError> {
    let path = open::file_in(folder)?;
    let connection = open::connect_to_read(&path)?;
    read(&connection).map_err(|reason| OpenError::Database { path, reason })
}
