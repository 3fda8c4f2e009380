//! The whole line in a test: the real router, switchboard and SQLite, a signing provider, a pretend clock.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod browser;
pub mod house;
pub mod rest;
pub mod server;
pub mod telephones;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use hulplijn::audio::catalog::Sound;
use hulplijn::audio::{Catalogs, Entry, Grade, Made, SoundId, expand, fingerprint};
use hulplijn::base::{Shelf, Sources};
use hulplijn::cli::config::Config;
use hulplijn::cli::{assemble, key, menus, sounds};
use hulplijn::menu::{self, Hotline};
use hulplijn::provider::twilio::signature::sign;
use hulplijn::server::public_router;
use hulplijn::store::{Act, Kind, Options, Store};
use hulplijn::switchboard::Switchboard;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tower::ServiceExt;

pub const TOKEN: &str = "a-test-token-of-32-characters-xx";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const PUBLIC_URL: &str = "https://line.example.org";
/// The hotline's own number, the counsellor's, and a caller's: all from ranges reserved for fiction.
pub const OWN: &str = "+12025550100";
pub const DESK: &str = "+447700900999";
pub const CALLER: &str = "+447700900187";

pub fn shipped_menus() -> Sources {
    menus::Origin::Folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("menus")).read().ok().expect("menus/ can be read")
}

pub fn config(extra_desk: &str, data: &Path) -> Config {
    let desk = format!(
        "[desk]\nline = \"{DESK}\"\nring_s = 15\nlanguage = \"en\"\nhours = [\"mon-fri 09:00-17:00\"]\n{extra_desk}\n"
    );
    config_with(&desk, data)
}

/// A configuration that goes on like this behind `[twilio]`.
pub fn config_with(more: &str, data: &Path) -> Config {
    let text = format!(
        "public_url = \"{PUBLIC_URL}\"\ndata = \"{}\"\n\
         [twilio]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{TOKEN}\"\nnumber = \"{OWN}\"\n{more}\n",
        data.display()
    );
    Config::from_text(&text).unwrap_or_else(|problems| panic!("{problems}"))
}

pub fn load(sources: &Sources, config: &Config) -> Hotline {
    let loaded = menu::load(sources, &assemble::settings(config), "2026-11-24".parse().unwrap());
    loaded.hotline.unwrap_or_else(|| panic!("{}", menu::diagnostic::screen(&loaded.findings, sources, false)))
}

/// What stands for the sound of these words in a test.
pub fn stand_in(words: &str) -> Vec<u8> {
    [b"RIFF....WAVE ", words.as_bytes()].concat()
}

/// The words of [`stand_in`].
pub fn words_in(sound: &[u8]) -> String {
    let words = sound.strip_prefix(b"RIFF....WAVE ").expect("a sound of a test");
    String::from_utf8(words.to_vec()).unwrap()
}

/// A sound for each prompt of a hotline, of this grade; by language.
pub fn stand_ins(hotline: &Hotline, grade: Grade) -> (Catalogs, Shelf) {
    let (mut catalogs, mut shelf) = (Catalogs::new(), Shelf::new());
    for prompt in hotline.prompts() {
        let bytes = stand_in(&prompt.words);
        let pieces = expand(&prompt.words, sounds::forms(hotline, prompt));
        let entry = Entry {
            file: hulplijn::audio::catalog::file_of(&prompt.id),
            sound: SoundId::of(&bytes),
            text: fingerprint(&pieces, "a voice"),
            voice: "a voice".into(),
            grade,
            made: Made::Rendered,
            on: "2026-11-24".parse().unwrap(),
            ms: 1_000,
            level_db: -22.0,
            peak_db: -4.0,
        };
        shelf.insert(entry.sound.clone(), bytes.into());
        let catalog = catalogs.entry(hotline.language(prompt.language)).or_default();
        catalog.prompt.insert(prompt.id.clone(), entry);
    }
    (catalogs, shelf)
}

/// A running line and the folder it keeps its data in.
pub struct World {
    pub folder: TempDir,
    pub config: Config,
    pub switchboard: Arc<Switchboard>,
    pub router: axum::Router,
    now_s: Arc<AtomicI64>,
    stored: Stored,
    /// Works on the counsellors' calls, where there is a REST interface.
    calls: Option<JoinHandle<()>>,
    /// Where the desk file is, if there is one.
    desk_folder: Option<TempDir>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.calls.iter().for_each(JoinHandle::abort);
    }
}

/// What a line has on its disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    Nothing,
    Words,
    /// And a sound for every prompt.
    Sounds,
}

impl World {
    /// A line at this moment (Amsterdam time), with further lines for `[desk]`.
    pub async fn at(local: &str, extra_desk: &str) -> World {
        World::made(local, extra_desk, Stored::Words).await
    }

    /// The same with a sound for every prompt.
    pub async fn with_sounds(local: &str, extra_desk: &str) -> World {
        World::made(local, extra_desk, Stored::Sounds).await
    }

    /// A line at this moment with this desk file, and a REST interface if it is given.
    pub async fn with_desk(local: &str, desk: &str, rest: Option<&str>) -> World {
        let (folder, desk_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = desk_folder.path().join("desk.toml");
        std::fs::write(&path, desk).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let rest = rest.map_or_else(String::new, |base| {
            format!("rest = \"{base}\"\nrest_key = \"{}\"\nrest_secret = \"{}\"\n", rest::KEY, rest::SECRET)
        });
        let config = config_with(&format!("{rest}[desk]\nfile = \"{}\"\n", path.display()), folder.path());
        let mut world = World::begun(local, folder, config, Stored::Words).await;
        world.desk_folder = Some(desk_folder);
        world
    }

    async fn made(local: &str, extra_desk: &str, stored: Stored) -> World {
        let folder = tempfile::tempdir().unwrap();
        let config = config(extra_desk, folder.path());
        World::begun(local, folder, config, stored).await
    }

    async fn begun(local: &str, folder: TempDir, config: Config, stored: Stored) -> World {
        let moment: jiff::civil::DateTime = local.parse().unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap();
        let now = moment.to_zoned_datetime(zone).unwrap().timestamp();
        let now_s = Arc::new(AtomicI64::new(now.as_second()));
        let (switchboard, router) = start(&config, &now_s, stored).await;
        let calls = calls(&config, &switchboard, &now_s);
        World { folder, config, switchboard, router, now_s, stored, calls, desk_folder: None }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now_s.load(Ordering::SeqCst)).unwrap()
    }

    /// The pretend clock says this.
    pub fn set_now(&self, now: Timestamp) {
        self.now_s.store(now.as_second(), Ordering::SeqCst);
    }

    pub fn pass_s(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Stops and starts again from what is on disk.
    pub async fn restart(&mut self) {
        self.switchboard.close().await;
        self.calls.take().iter().for_each(JoinHandle::abort);
        (self.switchboard, self.router) = start(&self.config, &self.now_s, self.stored).await;
        self.calls = calls(&self.config, &self.switchboard, &self.now_s);
    }

    /// Stops, and starts again with no database at all.
    pub async fn restart_without_a_store(&mut self) {
        self.switchboard.close().await;
        self.calls.take().iter().for_each(JoinHandle::abort);
        (self.switchboard, self.router) = start(&self.config, &self.now_s, Stored::Nothing).await;
        self.calls = calls(&self.config, &self.switchboard, &self.now_s);
    }

    /// A signed POST as the provider sends it; `url` is absolute or a path.
    pub async fn post(&self, url: &str, parameters: &[(&str, &str)]) -> (StatusCode, String) {
        let path = url.strip_prefix(PUBLIC_URL).unwrap_or(url);
        let path = path.split('#').next().unwrap();
        let url = format!("{PUBLIC_URL}{path}");
        let signature = sign(TOKEN, &url, parameters);
        self.send(path, parameters, Some(&signature)).await
    }

    /// What is under this address.
    pub async fn get(&self, url: &str) -> (StatusCode, Vec<u8>) {
        let path = url.strip_prefix(PUBLIC_URL).unwrap_or(url);
        let request = Request::get(path).header("host", "line.example.org").body(Body::empty()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        (status, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    pub async fn send(&self, path: &str, parameters: &[(&str, &str)], signature: Option<&str>) -> (StatusCode, String) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let mut request = Request::post(path)
            .header("host", "line.example.org")
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        if let Some(signature) = signature {
            request = request.header("x-twilio-signature", signature);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// What is counted so far.
    pub async fn counts(&mut self) -> Vec<(String, u64)> {
        self.restart().await;
        let (from, to) = ("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
        let tallies = Store::read_only_stats(self.folder.path(), from, to).unwrap_or_default();
        tallies.into_iter().map(|tally| (tally.key, tally.n)).collect()
    }

    /// Every byte of every file that the line keeps, beside the key ring.
    pub fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.map(|file| file.unwrap().path()).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }
}

/// What `serve` does beside the requests.
fn calls(config: &Config, switchboard: &Arc<Switchboard>, now_s: &Arc<AtomicI64>) -> Option<JoinHandle<()>> {
    config.rest.as_ref()?;
    let now_s = Arc::clone(now_s);
    let clock = Arc::new(move || Timestamp::from_second(now_s.load(Ordering::SeqCst)).unwrap());
    Some(tokio::spawn(Arc::clone(switchboard).run_calls(clock)))
}

async fn start(config: &Config, now_s: &Arc<AtomicI64>, stored: Stored) -> (Arc<Switchboard>, axum::Router) {
    let now = Timestamp::from_second(now_s.load(Ordering::SeqCst)).unwrap();
    let mut sources = shipped_menus();
    let hotline = load(&sources, config);
    let mut sound = Sound::default();
    if stored == Stored::Sounds {
        (sound.catalogs, sound.shelf) = stand_ins(&hotline, Grade::Good);
        let catalogs =
            sound.catalogs.iter().map(|(tag, catalog)| (sounds::catalog_name(*tag), catalog.to_toml().into()));
        sources.extend(catalogs);
    }
    let hotline = load(&sources, config);
    let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = {
        let now_s = Arc::clone(now_s);
        Arc::new(move || Timestamp::from_second(now_s.load(Ordering::SeqCst)).unwrap())
    };
    let store = match stored {
        Stored::Nothing => Store::absent(),
        Stored::Words | Stored::Sounds => {
            Store::open(&config.data, Options { clock: Arc::clone(&clock) }).unwrap_or_else(|error| panic!("{error}"))
        }
    };
    let keys = key::open_or_make(&config.data).ok().expect("a key ring can be made");
    let with_sounds = stored == Stored::Sounds;
    if with_sounds && store.on_line().await.unwrap().is_none() {
        let act = Act {
            kind: Kind::FirstStart,
            revision: hotline.revision,
            person: "first start".to_owned(),
            second: None,
            urgent: false,
            why: None,
            end_old: false,
        };
        store.publish_first(act, &sources, sound.shelf.clone(), now).await.unwrap().unwrap();
    }
    let switchboard = assemble::switchboard_with(config, hotline, sound, keys, store, now);
    let switchboard = switchboard.ok().expect("the configuration fits");
    let switchboard = Arc::new(switchboard);
    // What is published stands in the database, with its sound.
    if !with_sounds {
        switchboard.publish(load(&sources, config), &sources, now).await;
    }
    let door = assemble::door(config, Arc::clone(&switchboard), clock, false).ok().expect("the door can be made");
    (switchboard, public_router(Arc::new(door)))
}

/// Everything this process logs, at every level.
pub fn log_lines() -> &'static Mutex<Vec<u8>> {
    static LINES: OnceLock<&'static Mutex<Vec<u8>>> = OnceLock::new();
    struct Writer(&'static Mutex<Vec<u8>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    LINES.get_or_init(|| {
        let lines: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new("trace"))
            .with_ansi(false)
            .with_writer(move || Writer(lines))
            .init();
        lines
    })
}
