//! The line that is walked: the real router, three times, so that the desk can be free, busy or closed at each step.

use super::super::exchange::InProcess;
use super::super::player::Exchange;
use super::super::{Failure, assemble, call, sounds};
use crate::audio::catalog::{PREFER_SOUND, Sound};
use crate::base::hours::Hours;
use crate::base::{LeaseId, SoundId};
use crate::flow::Desk;
use crate::menu::Hotline;
use crate::phone::{FetchFailure, Leg, Purpose, Request, Response};
use crate::privacy::KeyRing;
use crate::server::public_router;
use crate::store::{Clock, Options, Store};
use crate::twiml::Method;
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the walk sets before a request: how the desk is, and how long the calls before this one took. And what it hears
/// in the sounds of the line.
#[derive(Clone)]
pub struct Present {
    pub desk: Rc<Cell<Desk>>,
    pub before_ms: Rc<Cell<u64>>,
    /// By address: those that the line gives when it is asked. `None` for a line that has no sound.
    pub sounds: Option<Rc<HashMap<String, Heard>>>,
}

/// A sound that the line gives.
#[derive(Clone, Debug)]
pub struct Heard {
    pub words: String,
    pub ms: u64,
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
    pub async fn start(
        hotline: &Hotline,
        sound: Option<&Sound>,
        random: [u8; 32],
        begin: Timestamp,
    ) -> Result<Lines, Failure> {
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
        let desk = assemble::only_counsellor();
        let until = begin.checked_add(STANDS).unwrap_or(Timestamp::MAX);
        store.lease_open(ANOTHER, &desk, begin, until).await.map_err(Failure::cannot)?;
        let line = |hours: &Hours, store: Store| -> Result<InProcess, Failure> {
            let mut config = call::demonstration(None)?;
            config.desk.set_hours(hours.clone());
            // Whatever has a sound is played, so that each is met.
            config.audio.twilio = PREFER_SOUND.to_vec();
            let keys = KeyRing::generate(random);
            let sound = sound.cloned().unwrap_or_default();
            let switchboard = assemble::switchboard_with(&config, hotline.clone(), sound, keys, store, begin)?;
            let switchboard = Arc::new(switchboard);
            let door = assemble::door(&config, switchboard, Arc::clone(&clock), false)?;
            let passed_ms = Arc::clone(&passed_ms);
            Ok(InProcess {
                router: public_router(Arc::new(door)),
                token: None,
                host: "localhost".to_owned(),
                passed_ms,
            })
        };
        let mut open = line(&always, Store::absent())?;
        let sounds = match sound {
            Some(sound) => Some(Rc::new(given(&mut open, hotline, sound).await)),
            None => None,
        };
        let busy = line(&always, store.clone())?;
        let closed = line(&never, Store::absent())?;
        let present = Present { desk: Rc::new(Cell::new(Desk::Open)), before_ms: Rc::default(), sounds };
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

/// The sounds of the prompts that the line gives, whole, when it is asked for them.
async fn given(line: &mut InProcess, hotline: &Hotline, sound: &Sound) -> HashMap<String, Heard> {
    let mut given = HashMap::new();
    for prompt in hotline.prompts() {
        let language = hotline.language(prompt.language);
        let Some(entry) = sound.of(language, &prompt.id, &prompt.words, sounds::forms(hotline, prompt)) else {
            continue;
        };
        let url = format!("{}/sound/{}.wav", call::HERE, entry.sound);
        if given.contains_key(&url) {
            continue;
        }
        let request = Request {
            id: 0,
            leg: Leg::Caller,
            purpose: Purpose::Sound,
            method: Method::Get,
            url: url.clone(),
            params: Vec::new(),
            cookies: Vec::new(),
        };
        let whole = |response: Response| response.status == 200 && SoundId::of(&response.body) == entry.sound;
        if line.send(&request, 0).await.is_ok_and(whole) {
            given.insert(url, Heard { words: prompt.words.clone(), ms: u64::from(entry.ms) });
        }
    }
    given
}

impl Exchange for Lines {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        let now_ms = self.present.before_ms.get().saturating_add(now_ms);
        let line = match self.present.desk.get() {
            Desk::Open | Desk::Calling | Desk::Taken | Desk::Spent => &mut self.open,
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
