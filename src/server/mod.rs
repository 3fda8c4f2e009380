//! `server`: the doors for providers and for the keeper: routes on one screen, limits, errors, graceful stop.
//!
//! Contract: a request that is not the provider's gets nothing; a provider's request always gets an answer a caller
//! can hear. Must never contain: SQL, decisions about calls.

mod admin;
mod alarm;
mod limits;
mod metrics;
mod run;
mod seats;
mod sound;
mod texts;
mod webhook;

pub use admin::admin_router;
pub use alarm::{Alarm, EmptyHours, built, keep_watch};
pub use limits::{FILES_BESIDE, Limits, MAX_BODY, MAX_HEADERS, MAX_TARGET, raise_open_files};
pub use metrics::Metrics;
pub use run::{Routes, Stop, serve};
pub use sound::sounds;
pub use webhook::{Door, Public, public_router};
