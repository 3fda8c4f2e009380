//! The lines of the web phone: for each call the real router over a switchboard of its own, without a database and with
//! a pretend counsellor, made from what is on the line or from the folder of menu files.

use super::call::{ACCOUNT, CALLER, HERE};
use super::config::Config;
use super::exchange::InProcess;
use super::menus::{self, Origin};
use super::text::{self, Sent};
use super::{Failure, assemble};
use crate::base::hours::Hours;
use crate::base::{CallSid, Finding, Party, Revision, Severity, Sources};
use crate::console::{self, Offer, Pending, Which, Wish};
use crate::menu::{self, Hotline, Loaded};
use crate::phone::{FetchFailure, PhoneConfig, Request, Response};
use crate::privacy::KeyRing;
use crate::provider::Call;
use crate::server::public_router;
use crate::store::Store;
use crate::switchboard::{Outlook, Switchboard};
use crate::twiml::{ReadVerb, read_voice};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What `check` found in some files.
type Found = Arc<(Vec<Finding>, Sources)>;

/// Makes lines from what is on the line now, or from the folder.
pub struct OwnLines {
    shared: Arc<Shared>,
}

struct Shared {
    live: Arc<Switchboard>,
    /// As it is played: nothing of a provider, nobody is rung.
    config: Config,
    /// The same with nobody on duty.
    closed: Config,
    origin: Origin,
    /// The findings of the revision on the line: they change only with it.
    found: Mutex<Option<(Revision, Found)>>,
}

impl OwnLines {
    /// `config` gives the configuration as it was read; it is asked twice.
    ///
    /// # Errors
    /// What `config` says.
    pub fn new(live: Arc<Switchboard>, config: impl Fn() -> Result<Config, Failure>) -> Result<OwnLines, Failure> {
        let mut closed = config()?.played();
        closed.desk.hours =
            Hours { zone: closed.desk.hours.zone.clone(), week: Default::default(), exceptions: Vec::new() };
        let config = config()?.played();
        let origin = Origin::choose(config.menus.clone());
        Ok(OwnLines { shared: Arc::new(Shared { live, config, closed, origin, found: Mutex::default() }) })
    }
}

impl console::Lines for OwnLines {
    fn offers(&self) -> Pending<'_, Vec<Offer>> {
        Box::pin(async move {
            let (live, _) = self.shared.live.on_the_line().await;
            let line = Offer {
                which: Which::Line,
                label: format!("on the line, revision {}", live.revision),
                languages: live.languages.clone(),
                errors: Vec::new(),
                sources: Sources::new(),
            };
            let (shared, revision) = (Arc::clone(&self.shared), live.revision);
            let folder = blocking(move || shared.folder_beside(revision)).await.flatten();
            [line].into_iter().chain(folder).collect()
        })
    }

    fn open(&self, wish: Wish) -> Pending<'_, Result<Box<dyn console::Line>, String>> {
        Box::pin(async move {
            let (live, files) = self.shared.live.on_the_line().await;
            let shared = Arc::clone(&self.shared);
            let opened = blocking(move || {
                let (hotline, found) = match wish.which {
                    Which::Line => ((**live).clone(), shared.found(live.revision, files)),
                    Which::Folder => shared.folder()?,
                };
                shared.line(hotline, found, &wish).map_err(|failure| failure.lines)
            });
            let line = opened.await.unwrap_or_else(|| Err("the line could not be made".to_owned()))?;
            Ok(Box::new(line) as Box<dyn console::Line>)
        })
    }
}

/// Work that reads files or checks menus, off the path of everything else; nothing if it failed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

impl Shared {
    /// The folder as it is now, unless it is what is on the line.
    fn folder_beside(&self, on_the_line: Revision) -> Option<Offer> {
        let (Origin::Folder(folder), Ok(sources)) = (&self.origin, self.origin.read()) else { return None };
        let Loaded { hotline, findings } = menus::examine(&sources, &assemble::settings(&self.config));
        let errors = match &hotline {
            Some(hotline) if hotline.revision == on_the_line => return None,
            Some(_) => Vec::new(),
            None => findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect(),
        };
        Some(Offer {
            which: Which::Folder,
            label: format!("the folder {}, not published", folder.display()),
            languages: hotline.map(|hotline| hotline.languages).unwrap_or_default(),
            errors,
            sources,
        })
    }

    fn folder(&self) -> Result<(Hotline, Found), String> {
        let sources = self.origin.read().map_err(|failure| failure.lines)?;
        let Loaded { hotline, findings } = menus::examine(&sources, &assemble::settings(&self.config));
        let summary = menu::diagnostic::summary(&findings);
        let hotline = hotline.ok_or_else(|| format!("`{}` cannot be called: {summary}", self.origin))?;
        Ok((hotline, Arc::new((findings, sources))))
    }

    /// What is found in the files of the revision on the line; nothing if nobody has them.
    fn found(&self, revision: Revision, files: Option<Sources>) -> Found {
        let known = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known().as_ref().filter(|(known, _)| *known == revision) {
            return Arc::clone(found);
        }
        let sources = files.or_else(|| self.origin.read().ok()).unwrap_or_default();
        let settings = assemble::settings(&self.config);
        let Loaded { hotline, findings } = menu::load_published(&sources, &settings, assemble::today());
        if hotline.is_none_or(|hotline| hotline.revision != revision) {
            return Found::default();
        }
        let found = Arc::new((findings, sources));
        *known() = Some((revision, Arc::clone(&found)));
        found
    }

    fn line(&self, hotline: Hotline, found: Found, wish: &Wish) -> Result<OwnLine, Failure> {
        let zone = hotline.timezone.clone();
        let begin = match wish.at {
            None => Timestamp::now(),
            Some(at) => at.to_zoned_datetime(zone.clone()).map_err(Failure::cannot)?.timestamp(),
        };
        let config = if wish.closed { &self.closed } else { &self.config };
        let keys = KeyRing::generate(assemble::random());
        let heard = hotline.clone();
        let switchboard = Arc::new(assemble::switchboard(config, hotline, keys, Store::absent(), begin)?);
        let passed_ms = Arc::new(AtomicU64::new(0));
        let clock = {
            let passed_ms = Arc::clone(&passed_ms);
            Arc::new(move || assemble::later(begin, passed_ms.load(Ordering::Relaxed)))
        };
        let door = assemble::door(config, Arc::clone(&switchboard), clock, false)?;
        let router = public_router(Arc::new(door));
        Ok(OwnLine {
            hotline: heard,
            found,
            begin,
            begins: begin.to_zoned_datetime(zone).datetime(),
            sid: format!("CA{:032x}", u128::from_be_bytes(assemble::random())),
            switchboard,
            exchange: InProcess { router, token: None, host: "localhost".to_owned(), passed_ms },
        })
    }
}

/// The line of one call.
struct OwnLine {
    hotline: Hotline,
    found: Found,
    begin: Timestamp,
    begins: DateTime,
    sid: String,
    switchboard: Arc<Switchboard>,
    exchange: InProcess,
}

impl console::Line for OwnLine {
    fn hotline(&self) -> &Hotline {
        &self.hotline
    }

    fn findings(&self) -> (&[Finding], &Sources) {
        (&self.found.0, &self.found.1)
    }

    fn begins(&self) -> DateTime {
        self.begins
    }

    fn phone(&self) -> PhoneConfig {
        let url = format!("{HERE}/twilio/voice");
        let own = assemble::DEMONSTRATION_NUMBER;
        let mut config = PhoneConfig::new(ACCOUNT, &self.sid, CALLER, own, &url);
        config.caller_ids = vec![own.to_owned()];
        config.status_callback = Some(format!("{HERE}/twilio/status"));
        config
    }

    fn send<'a>(&'a self, request: &'a Request, now_ms: u64) -> Pending<'a, Result<Response, FetchFailure>> {
        Box::pin(self.exchange.carry(request, now_ms))
    }

    fn outlook<'a>(&'a self, answer: &'a [u8], now_ms: u64) -> Pending<'a, Option<Outlook>> {
        Box::pin(async move {
            let document = read_voice(answer).ok()?;
            let action = document.verbs.into_iter().find_map(|verb| match verb {
                ReadVerb::Gather(gather) => gather.action,
                ReadVerb::Dial(dial) => dial.action,
                _ => None,
            })?;
            let url = url::Url::parse(HERE).and_then(|here| here.join(&action)).ok()?;
            let token = url.query_pairs().find(|(name, _)| name == "s")?.1.into_owned();
            let call = Call {
                account: ACCOUNT.to_owned(),
                sid: CallSid::new(&self.sid)?,
                from: Party::from_wire(CALLER),
                to: assemble::DEMONSTRATION_NUMBER.to_owned(),
                ended: false,
            };
            let outlook = self.switchboard.outlook(&call, &token, assemble::later(self.begin, now_ms)).await;
            outlook.map(|(_, outlook)| outlook)
        })
    }

    fn text<'a>(&'a self, body: &'a str) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(async move {
            let request = text::request(ACCOUNT, CALLER, body, None);
            let answer = self.exchange.carry(&request, 0).await;
            let answer = answer.map_err(|why| format!("no answer came ({why:?})"))?;
            match text::read(&answer).map_err(|failure| failure.lines)? {
                Sent::Nothing => Ok(None),
                Sent::Words(words) => Ok(Some(words)),
            }
        })
    }
}
