//! The console with its lines, on a listener of its own, as `serve` has it.
#![allow(dead_code, reason = "each test file uses its part")]

use super::browser::Browser;
use super::{World, config};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use hulplijn::base::{Finding, Sources};
use hulplijn::cli::lines::OwnLines;
use hulplijn::console::{self, Bounds, Console, KnownSound, Line, Lines, Login, Offer, Pending, Which, Wish};
use hulplijn::menu::Hotline;
use hulplijn::phone::{FetchFailure, PhoneConfig, Request, Response};
use hulplijn::server::{Limits, Metrics, serve};
use hulplijn::switchboard::Outlook;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A weekday at which somebody is on duty.
pub const OPEN: &str = "2026-11-25T10:00";

/// The console on a listener of its own, as `serve` has it.
pub struct House {
    pub world: World,
    pub console: Arc<Console>,
    pub address: SocketAddr,
    /// The tokens that were told.
    pub told: Arc<Mutex<Vec<String>>>,
    _stop: watch::Sender<bool>,
}

impl House {
    pub async fn open() -> House {
        let world = World::at("2026-11-25T10:00", "").await;
        let folder = world.folder.path().to_owned();
        let own = OwnLines::new(Arc::clone(&world.switchboard), || Ok(config("", &folder)));
        let lines = WithTone { own: own.ok().expect("the configuration fits"), hotline: hotline(&world) };
        let next = AtomicU8::new(1);
        let login = Login::new(move || [next.fetch_add(1, Ordering::Relaxed); 32]);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let tell = {
            let told = Arc::clone(&told);
            move |token: &str| told.lock().unwrap().push(token.to_owned())
        };
        let bounds = Bounds { grace: Duration::from_millis(2_500), calls: 3, ..Bounds::default() };
        let console = Console::new(Arc::new(lines), login, bounds, tell);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sound = || async { ([(header::CONTENT_TYPE, "audio/wav")], tone()).into_response() };
        let router = console::router(Arc::clone(&console), address).route("/sound/tone.wav", get(sound));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, router, Limits::default(), Arc::new(Metrics::default()), stopped));
        House { world, console, address, told, _stop: stop }
    }

    pub fn entry(&self) -> String {
        format!("http://{}/phone?token={}", self.address, self.console.token())
    }

    /// A browser that has the page open and is connected.
    pub async fn browser(&self) -> Browser {
        let browser = Browser::start().await;
        browser.goto(&self.entry()).await;
        browser.until("document.querySelectorAll('#language option').length === 3").await;
        assert_eq!(browser.js("return location.href").await, format!("http://{}/phone", self.address));
        browser
    }

    /// Waits until so many calls are open.
    pub async fn until_open(&self, calls: usize) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.console.open_calls() != calls {
            assert!(Instant::now() < deadline, "{} calls are open, expected {calls}", self.console.open_calls());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The first line and the body of an answer to a request without a browser.
    pub fn ask(&self, target: &str, headers: &[(&str, &str)]) -> (String, String) {
        ask(self.address, target, headers)
    }
}

pub fn ask(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let own = address.to_string();
    let host = headers.iter().find(|(name, _)| *name == "Host").map_or(own.as_str(), |(_, host)| host);
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| *name != "Host") {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "Connection") {
        request.push_str("Connection: close\r\n");
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while let Ok(length) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..length]);
        if length == 0 || answer.starts_with(b"HTTP/1.1 101") {
            break;
        }
    }
    // Behind an answer that is the last one, the first frame may have come already.
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head.to_owned(), body.to_owned())
}

fn hotline(world: &World) -> Hotline {
    super::load(&super::shipped_menus(), &world.config)
}

/// The real lines, and as "the folder" one that plays a tone.
struct WithTone {
    own: OwnLines,
    hotline: Hotline,
}

impl Lines for WithTone {
    fn offers(&self) -> Pending<'_, Vec<Offer>> {
        Box::pin(async {
            let mut offers = self.own.offers().await;
            offers.truncate(1);
            let (languages, label) = (offers[0].languages.clone(), "a tone".to_owned());
            let tone = Offer { which: Which::Folder, label, languages, errors: Vec::new(), sources: Sources::new() };
            offers.push(tone);
            offers
        })
    }

    fn picture(&self, which: Which) -> Pending<'_, Option<String>> {
        self.own.picture(which)
    }

    fn open(&self, wish: Wish) -> Pending<'_, Result<Box<dyn Line>, String>> {
        Box::pin(async move {
            match wish.which {
                Which::Line => self.own.open(wish).await,
                Which::Folder => Ok(Box::new(Tone { hotline: self.hotline.clone(), sources: Sources::new() }) as _),
            }
        })
    }
}

/// A line with a recording: a tone of four seconds, twice; key 1 says a word and hangs up.
struct Tone {
    hotline: Hotline,
    sources: Sources,
}

const TONE_MS: u32 = 4_000;

impl Line for Tone {
    fn hotline(&self) -> &Hotline {
        &self.hotline
    }

    fn findings(&self) -> (&[Finding], &Sources) {
        (&[], &self.sources)
    }

    fn begins(&self) -> jiff::civil::DateTime {
        OPEN.parse().unwrap()
    }

    fn phone(&self) -> PhoneConfig {
        let (account, sid) = ("AC00000000000000000000000000000000", "CA00000000000000000000000000000001");
        PhoneConfig::new(account, sid, "+12025550123", "+12025550100", "http://localhost/voice")
    }

    fn send<'a>(&'a self, request: &'a Request, _now_ms: u64) -> Pending<'a, Result<Response, FetchFailure>> {
        let play = "<Play>/sound/tone.wav</Play>";
        let document = match request.url.strip_prefix("http://localhost/").unwrap() {
            "voice" => format!(
                "<Response><Gather numDigits=\"1\" finishOnKey=\"\" timeout=\"5\" action=\"/key\">{play}{play}</Gather></Response>"
            ),
            "key" => "<Response><Say language=\"en-GB\">Heard.</Say><Hangup/></Response>".to_owned(),
            _ => {
                let sound = Response { content_type: Some("audio/wav".into()), ..Response::twiml(request.id, "") };
                return Box::pin(async { Ok(sound) });
            }
        };
        Box::pin(async move { Ok(Response::twiml(request.id, document)) })
    }

    fn outlook<'a>(&'a self, _answer: &'a [u8], _now_ms: u64) -> Pending<'a, Option<Outlook>> {
        Box::pin(async { None })
    }

    fn sound(&self, url: &str) -> Option<KnownSound> {
        let (ms, words) = (u64::from(TONE_MS), Some("A tone.".to_owned()));
        url.ends_with("/sound/tone.wav").then_some(KnownSound { ms, words, language: Some("en".to_owned()) })
    }

    fn text<'a>(&'a self, _body: &'a str) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(async { Ok(None) })
    }
}

/// 440 Hz at half of full scale, 8000 samples a second of 16 bits: a WAV as the renderer makes them.
fn tone() -> Vec<u8> {
    let samples = TONE_MS * 8;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + samples * 2).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&[16, 0, 0, 0, 1, 0, 1, 0]);
    wav.extend_from_slice(&8_000_u32.to_le_bytes());
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(&[2, 0, 16, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&(samples * 2).to_le_bytes());
    for at in 0..samples {
        let wave = (f64::from(at) * 440.0 / 8_000.0 * std::f64::consts::TAU).sin();
        wav.extend_from_slice(&((wave * 16_384.0) as i16).to_le_bytes());
    }
    wav
}
