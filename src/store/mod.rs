//! `store`: what outlives the process: counts a day, leases of the desk's lines, what counsellors said of their duty, published revisions. SQL and
//! migrations, in SQLite, on a thread of its own.
//!
//! Contract: a lease, a revision or an entry of the audit trail is on the disk before it is acknowledged; counts are merged in memory and committed
//! each second and at the close. Whether a line is free is answered from memory beside the database, which the thread
//! that writes it keeps true. Every request is answered within half a second: with its answer, or with
//! [`Unavailable`]. A dead, full, locked or deleted database never stops a call: it is said once, tried again with
//! growing pauses, and counts wait in memory meanwhile.
//!
//! Must never know: a caller's number, a text, a key that was pressed, the time of a call; nor who is rung next (it
//! decides nothing). What a backup or a thief finds in the file is what [`report`] may show, and the lines in use now.
//!
//! Known races: a request that was answered with [`Unavailable`] may still have been carried out a moment later, with
//! one exception: a lease that nobody waits for any more is taken back. An end of a lease that found the database dead
//! is carried out when it is well again.

mod command;
mod duty;
mod handle;
mod keeper;
mod lease;
mod open;
mod publication;
pub mod report;
mod revision;
mod schema;
mod sound;
mod tally;

pub use command::PublishError;
pub use duty::{ACTS_READ, DeskAct};
pub use handle::{Clock, Options, Store, Unavailable};
pub use open::{FILE_NAME, OpenError};
pub use publication::{Act, Kind, OnLine, Publication, Refused};
pub use revision::{KEPT_FOR_S, REVISION_BYTES_MAX, REVISIONS_KEPT, REVISIONS_MAX};
pub use sound::SOUND_BYTES_MAX;
pub use tally::{CountKey, KEPT_MONTHS, Tally};
