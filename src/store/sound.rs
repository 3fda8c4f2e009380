//! The sound of published revisions, each file once, however many revisions play it. A revision keeps its sound for as
//! long as its words are kept, so that a call in progress hears the end of what it began.

use crate::base::{Revision, Shelf, SoundId};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, params};
use std::sync::Arc;

/// At most this many bytes of sound in one revision: six languages of the sample, three times over.
pub const SOUND_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The bytes of these sounds together.
pub(super) fn bytes(sounds: &Shelf) -> usize {
    sounds.values().map(|sound| sound.len()).sum()
}

/// Within a transaction of the caller's: keeps these sounds for a revision.
pub(super) fn insert(connection: &Connection, revision: Revision, sounds: &Shelf) -> Result<()> {
    let mut sound =
        connection.prepare_cached("INSERT INTO sound (id, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    let mut link =
        connection.prepare_cached("INSERT INTO played (revision, sound) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    let revision = revision.to_string();
    for (id, bytes) in sounds {
        sound.execute(params![id.as_str(), &bytes[..]])?;
        link.execute(params![revision, id.as_str()])?;
    }
    Ok(())
}

/// Within a transaction of the caller's: forgets the sound of revisions that are gone.
pub(super) fn sweep(connection: &Connection) -> Result<()> {
    let gone = connection.execute("DELETE FROM played WHERE revision NOT IN (SELECT id FROM revision)", [])?;
    if gone > 0 {
        connection.execute("DELETE FROM sound WHERE id NOT IN (SELECT sound FROM played)", [])?;
    }
    Ok(())
}

/// The sounds of a revision.
pub(super) fn get(connection: &Connection, revision: Revision) -> Result<Shelf> {
    let mut statement = connection.prepare_cached(
        "SELECT sound.id, sound.bytes FROM played JOIN sound ON sound.id = played.sound WHERE revision = ?1",
    )?;
    let rows = statement.query_map([revision.to_string()], |row| {
        let (id, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let id = SoundId::try_from(id).map_err(|why| Error::FromSqlConversionFailure(0, Type::Text, why.into()))?;
        Ok((id, Arc::from(bytes)))
    })?;
    rows.collect()
}
