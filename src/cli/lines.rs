//! The lines of the web phone: for each call the real router over a switchboard of its own, without a database and with
//! a pretend counsellor, made from what is on the line or from the folder of menu files.

use super::call::{ACCOUNT, CALLER, HERE};
use super::config::Config;
use super::exchange::InProcess;
use super::menus::{self, Origin};
use super::sounds::{self, Sounds};
use super::text::{self, Sent};
use super::{Failure, assemble};
use crate::audio::catalog::Sound;
use crate::base::hours::Hours;
use crate::base::moment::moment;
use crate::base::{CallSid, Finding, Language, Party, Revision, Severity, Shelf, SoundId, Sources};
use crate::console::{self, KnownSound, Offer, Pending, Which, Wish};
use crate::menu::{self, Hotline, LangIx, Loaded, Prompt};
use crate::phone::{FetchFailure, PhoneConfig, Request, Response};
use crate::privacy::KeyRing;
use crate::provider::Call;
use crate::server::public_router;
use crate::store::Store;
use crate::switchboard::{Outlook, Switchboard};
use crate::twiml::{ReadVerb, read_voice};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::collections::HashMap;
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
    /// The sound of the folder as it was called last.
    folder_shelf: Mutex<Shelf>,
}

impl OwnLines {
    /// `config` gives the configuration as it was read; it is asked twice.
    ///
    /// # Errors
    /// What `config` says.
    pub fn new(live: Arc<Switchboard>, config: impl Fn() -> Result<Config, Failure>) -> Result<OwnLines, Failure> {
        let mut closed = config()?.played();
        let zone = closed.desk.hours.zone.clone();
        closed.desk.set_hours(Hours { zone, week: Default::default(), exceptions: Vec::new() });
        let mut config = config()?.played();
        // What this door prefers, where a provider would choose otherwise.
        config.audio.twilio = config.audio.phone.clone();
        closed.audio.twilio = closed.audio.phone.clone();
        let origin = Origin::choose(config.menus.clone());
        let (found, folder_shelf) = (Mutex::default(), Mutex::default());
        Ok(OwnLines { shared: Arc::new(Shared { live, config, closed, origin, found, folder_shelf }) })
    }

    /// Finds the sounds that these lines play.
    pub fn sounds(&self) -> impl Fn(&SoundId) -> Option<Arc<[u8]>> + Clone + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move |id| {
            let in_folder = || shared.folder_shelf.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
            shared.live.sound(id).or_else(in_folder)
        }
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
                let (hotline, sound, found) = match wish.which {
                    Which::Line => ((**live).clone(), live.sound.clone(), shared.found(live.revision, files)),
                    Which::Folder => shared.folder()?,
                };
                shared.line(hotline, sound, found, &wish).map_err(|failure| failure.lines)
            });
            let line = opened.await.unwrap_or_else(|| Err("the line could not be made".to_owned()))?;
            Ok(Box::new(line) as Box<dyn console::Line>)
        })
    }

    fn picture(&self, which: Which) -> Pending<'_, Option<String>> {
        Box::pin(async move {
            let (live, _) = self.shared.live.on_the_line().await;
            let shared = Arc::clone(&self.shared);
            let draw = move || {
                let hotline = match which {
                    Which::Line => (**live).clone(),
                    Which::Folder => shared.folder().ok()?.0,
                };
                let english = Language::new("en").and_then(|english| hotline.language_ix(english));
                Some(menu::picture::svg(&hotline, english.unwrap_or(LangIx(0))))
            };
            blocking(draw).await.flatten()
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
        let Origin::Folder(folder) = &self.origin else { return None };
        let (sources, _) = self.files().ok()?;
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

    /// The files of the folder, with their sound beside them.
    fn files(&self) -> Result<(Sources, Option<Sounds>), Failure> {
        sounds::beside(&self.origin, self.config.audio.dir.clone())
    }

    fn folder(&self) -> Result<(Hotline, Sound, Found), String> {
        let (sources, sounds) = self.files().map_err(|failure| failure.lines)?;
        let Loaded { hotline, findings } = menus::examine(&sources, &assemble::settings(&self.config));
        let summary = menu::diagnostic::summary(&findings);
        let hotline = hotline.ok_or_else(|| format!("`{}` cannot be called: {summary}", self.origin))?;
        let sound = sounds.map(|sounds| sounds.sound(&hotline)).unwrap_or_default();
        *self.folder_shelf.lock().unwrap_or_else(PoisonError::into_inner) = sound.shelf.clone();
        Ok((hotline, sound, Arc::new((findings, sources))))
    }

    /// What is found in the files of the revision on the line; nothing if nobody has them.
    fn found(&self, revision: Revision, files: Option<Sources>) -> Found {
        let known = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known().as_ref().filter(|(known, _)| *known == revision) {
            return Arc::clone(found);
        }
        let sources = files.or_else(|| Some(self.files().ok()?.0)).unwrap_or_default();
        let settings = assemble::settings(&self.config);
        let Loaded { hotline, findings } = menu::load_published(&sources, &settings, assemble::today());
        if hotline.is_none_or(|hotline| hotline.revision != revision) {
            return Found::default();
        }
        let found = Arc::new((findings, sources));
        *known() = Some((revision, Arc::clone(&found)));
        found
    }

    fn line(&self, hotline: Hotline, sound: Sound, found: Found, wish: &Wish) -> Result<OwnLine, Failure> {
        let zone = hotline.timezone.clone();
        let begin = match wish.at {
            None => Timestamp::now(),
            Some(at) => moment(&zone, at),
        };
        let config = if wish.closed { &self.closed } else { &self.config };
        let keys = KeyRing::generate(assemble::random());
        let heard = hotline.clone();
        let known = known_sounds(&hotline, &sound);
        let switchboard = assemble::switchboard_with(config, hotline, sound, keys, Store::absent(), begin)?;
        let switchboard = Arc::new(switchboard);
        let passed_ms = Arc::new(AtomicU64::new(0));
        let clock = {
            let passed_ms = Arc::clone(&passed_ms);
            Arc::new(move || assemble::later(begin, passed_ms.load(Ordering::Relaxed)))
        };
        let door = assemble::door(config, Arc::clone(&switchboard), clock, false)?;
        let router = public_router(Arc::new(door));
        Ok(OwnLine {
            hotline: heard,
            known,
            found,
            begin,
            begins: begin.to_zoned_datetime(zone).datetime(),
            sid: format!("CA{:032x}", u128::from_be_bytes(assemble::random())),
            switchboard,
            exchange: InProcess { router, token: None, host: "localhost".to_owned(), passed_ms },
        })
    }
}

/// What is known of each sound that can be played.
fn known_sounds(hotline: &Hotline, sound: &Sound) -> HashMap<String, KnownSound> {
    let known = |prompt: &Prompt| {
        let language = hotline.language(prompt.language);
        let entry = sound.of(language, &prompt.id, &prompt.words, sounds::forms(hotline, prompt))?;
        let (words, language) = (Some(prompt.words.clone()), Some(language.to_string()));
        Some((format!("{}.wav", entry.sound), KnownSound { ms: u64::from(entry.ms), words, language }))
    };
    hotline.prompts().filter_map(known).collect()
}

/// The line of one call.
struct OwnLine {
    hotline: Hotline,
    /// The sounds it plays, by the last part of their addresses.
    known: HashMap<String, KnownSound>,
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

    fn sound(&self, url: &str) -> Option<KnownSound> {
        self.known.get(url.rsplit('/').next()?).cloned()
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
