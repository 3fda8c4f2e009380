//! The line that is walked: the real router, three times, so that the desk can be free, busy or closed at each step.

use super::super::config::Config;
use super::super::exchange::InProcess;
use super::super::player::Exchange;
use super::super::{Failure, assemble, call};
use crate::base::LeaseId;
use crate::base::hours::Hours;
use crate::flow::Desk;
use crate::menu::Hotline;
use crate::phone::{FetchFailure, Request, Response};
use crate::privacy::KeyRing;
use crate::server::public_router;
use crate::store::{Clock, DeskLine, Options, Store};
use crate::switchboard::Switchboard;
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the walk sets before a request: how the desk is, and how long the calls before this one took.
#[derive(Clone)]
pub struct Present {
    pub desk: Rc<Cell<Desk>>,
    pub before_ms: Rc<Cell<u64>>,
}

/// Three lines with the same keys: a call goes from one to another between two steps.
pub struct Lines {
    present: Present,
    open: InProcess,
    busy: InProcess,
    closed: InProcess,
    /// The busy line's, where another caller's attempt stands.
    store: Store,
    _folder: Folder,
}

/// Another caller's attempt to reach the counsellor, and how long it stands: longer than any walk.
const ANOTHER: LeaseId = LeaseId(u64::MAX);
const STANDS: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

impl Lines {
    /// The demonstration's line with this hotline. The clock begins at `begin` and runs with the calls.
    ///
    /// # Errors
    /// No folder for the busy line's database, or a language that has no voice.
    pub async fn start(hotline: &Hotline, random: [u8; 32], begin: Timestamp) -> Result<Lines, Failure> {
        let folder = Folder::new()?;
        let zone = hotline.timezone.clone();
        let always = Hours::always(zone.clone());
        let never = Hours { zone, week: Default::default(), exceptions: Vec::new() };
        let passed_ms = Arc::new(AtomicU64::new(0));
        let clock: Clock = {
            let passed_ms = Arc::clone(&passed_ms);
            Arc::new(move || assemble::later(begin, passed_ms.load(Ordering::Relaxed)))
        };
        let store = Store::open(&folder.0, Options { clock: Arc::clone(&clock) }).map_err(Failure::cannot)?;
        let until = begin.checked_add(STANDS).unwrap_or(Timestamp::MAX);
        store.lease_open(ANOTHER, DeskLine(0), begin, until).await.map_err(Failure::cannot)?;
        let line = |hours: &Hours, store: Store| -> Result<InProcess, Failure> {
            let mut config = call::demonstration(None)?;
            config.desk.hours = hours.clone();
            let switchboard = switchboard(&config, hotline, random, store, begin)?;
            let door = assemble::door(&config, switchboard, Arc::clone(&clock), false)?;
            let passed_ms = Arc::clone(&passed_ms);
            Ok(InProcess {
                router: public_router(Arc::new(door)),
                token: None,
                host: "localhost".to_owned(),
                passed_ms,
            })
        };
        let open = line(&always, Store::absent())?;
        let busy = line(&always, store.clone())?;
        let closed = line(&never, Store::absent())?;
        let present = Present { desk: Rc::new(Cell::new(Desk::Open)), before_ms: Rc::default() };
        Ok(Lines { present, open, busy, closed, store, _folder: folder })
    }

    pub fn present(&self) -> Present {
        self.present.clone()
    }

    /// Closes the database; its folder goes with the value.
    pub async fn close(self) {
        // Nothing in it is kept: that it could not be written is no trouble.
        let _ = self.store.close().await;
    }
}

fn switchboard(
    config: &Config,
    hotline: &Hotline,
    random: [u8; 32],
    store: Store,
    begin: Timestamp,
) -> Result<Arc<Switchboard>, Failure> {
    let keys = KeyRing::generate(random);
    Ok(Arc::new(assemble::switchboard(config, hotline.clone(), keys, store, begin)?))
}

impl Exchange for Lines {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        let now_ms = self.present.before_ms.get().saturating_add(now_ms);
        let line = match self.present.desk.get() {
            Desk::Open => &mut self.open,
            Desk::Busy => &mut self.busy,
            Desk::Closed => &mut self.closed,
        };
        line.send(request, now_ms).await
    }
}

/// A folder of its own that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, Failure> {
        let name = format!("hulplijn-walk-{:016x}", u64::from_be_bytes(assemble::random()));
        // The store makes it, readable by nobody else.
        Ok(Folder(std::env::temp_dir().join(name)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
