//! `hulplijn call`: plays a call in the terminal.

use super::config::{Config, Flags};
use super::exchange::{InProcess, Network};
use super::menus::{self, Origin};
use super::player::{self, Act, Counsellor, Event, Listed, Script, State};
use super::story::{self, Story};
use super::{Done, Failure, assemble, screen};
use crate::base::{Digit, Language};
use crate::phone::{End, Leg, Phone, PhoneConfig};
use crate::privacy::KeyRing;
use crate::server::public_router;
use crate::store::Store;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The call goes through the real line inside this program (or, with --url, to any TwiML address), with a pretend
/// counsellor. Nothing is dialled. On a terminal without --keys you are the caller: press keys while it speaks.
///
/// Examples:
///   hulplijn call
///   hulplijn call --keys 2,3,1
///   hulplijn call --lang nl --keys 0,1 --counsellor voicemail
///   hulplijn call --config hulplijn.toml --at "2026-12-25 02:30" --keys 2,0
///   hulplijn call --url https://line.example.org/twilio/voice --auth-token "$TOKEN" --keys 1,1
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Keys to press, each after everything was said: 0-9 * #, and w to wait until the time is up
    #[arg(long, value_name = "KEYS")]
    keys: Option<String>,
    /// Press the key of this language first
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    /// Call at this moment at the hotline's place, such as "2027-04-27 02:30" [default: now]
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
    /// What the counsellor's line does
    #[arg(long, value_enum, default_value_t)]
    counsellor: Counsellor,
    /// Print the call as a story file, for tests/calls
    #[arg(long)]
    story: bool,
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    #[arg(long, value_name = "DIR")]
    menus: Option<PathBuf>,
    /// Take the desk's opening hours, the voices and the menus from this configuration; its line is not rung
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    config: Option<PathBuf>,
    /// Call this TwiML address instead of the line inside the program
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Sign the requests to --url as the provider does, with this token
    #[arg(long, value_name = "TOKEN", env = "HULPLIJN_TWILIO_AUTH_TOKEN", hide_env_values = true)]
    auth_token: Option<String>,
    /// The account to name in the requests
    #[arg(long, value_name = "SID", requires = "url", default_value = ACCOUNT)]
    account_sid: String,
    /// The caller's number, from a range reserved for fiction
    #[arg(long, value_name = "NUMBER", requires = "url", default_value = CALLER)]
    from: String,
    /// The number that is called: the hotline's own, which is what its Dial shows the counsellor
    #[arg(long, value_name = "NUMBER", requires = "url", default_value = assemble::DEMONSTRATION_NUMBER)]
    to: String,
}

pub(super) const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub(super) const CALLER: &str = "+12025550123";

/// Where the line inside the program is, as its caller sees it.
pub(super) const HERE: &str = "http://localhost";

pub fn run(arguments: Arguments) -> Done {
    super::block_on(call(arguments))
}

async fn call(arguments: Arguments) -> Done {
    let mut acts = arguments.keys.as_deref().map(keys).transpose()?;
    let started = Timestamp::now();
    let mut local = started.to_zoned_datetime(TimeZone::system()).datetime();
    let exchange = match &arguments.url {
        Some(_) => {
            if arguments.lang.is_some() || arguments.at.is_some() {
                return Err(Failure::cannot(
                    "`--lang` and `--at` are for the line inside the program; give the keys instead",
                ));
            }
            let network = Network::new(arguments.auth_token.clone())
                .map_err(|error| Failure::cannot(format!("cannot use the network: {error}")))?;
            Way::Network(network)
        }
        None => {
            let line = Line::start(arguments.config, arguments.menus, arguments.at.as_deref())?;
            local = line.local;
            if let Some(language) = arguments.lang {
                let index = line.languages.iter().position(|known| *known == language);
                let key = index.and_then(Digit::of_option);
                let key = key.ok_or_else(|| Failure::cannot(format!("this hotline does not speak `{language}`")))?;
                acts.get_or_insert_default().insert(0, Act::Press(key));
            }
            Way::InProcess(line.exchange)
        }
    };
    let start_url = arguments.url.clone().unwrap_or_else(|| format!("{HERE}/twilio/voice"));
    let sid = format!("CA{:032x}", u128::from_be_bytes(assemble::random()));
    let mut config = PhoneConfig::new(&arguments.account_sid, &sid, &arguments.from, &arguments.to, &start_url);
    config.caller_ids = vec![assemble::DEMONSTRATION_NUMBER.to_owned()];
    config.speech = Arc::new(player::lasts_ms);
    let phone = Phone::new(config).map_err(|problem| Failure::cannot(format!("cannot call: {problem}")))?;
    let live = acts.is_none() && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !arguments.story;
    if live {
        let mut caller = Live::new()?;
        exchange.play(phone, arguments.counsellor, &mut caller).await;
        return result(caller.failed.take());
    }
    if arguments.story {
        let acts = acts.unwrap_or_default();
        let mut caller = Listed::new(acts.clone());
        exchange.play(phone, arguments.counsellor, &mut caller).await;
        let at = local.strftime("%Y-%m-%d %H:%M").to_string();
        let story =
            Story { title: "A call".to_owned(), at, counsellor: arguments.counsellor, desk: None, other: None, acts };
        screen::print(&story.print(&caller.events));
        return result(caller.events.iter().find_map(failure));
    }
    let mut caller = Printed {
        list: Listed::new(acts.unwrap_or_default()),
        colors: screen::colors(&std::io::stdout()),
        failed: None,
    };
    exchange.play(phone, arguments.counsellor, &mut caller).await;
    result(caller.failed)
}

fn result(failed: Option<String>) -> Done {
    match failed {
        None => Ok(()),
        Some(why) => Err(Failure::not_good(format!("the call failed: {why}"))),
    }
}

/// A call that did not end as calls do.
fn failure(event: &Event) -> Option<String> {
    match event {
        Event::Ended { why: End::Failed { code }, .. } => {
            Some(format!("the provider would note error {code}: the address did not answer with a document"))
        }
        Event::Ended { why: End::TooManyDocuments, .. } => {
            Some("documents led to documents and nothing was heard".to_owned())
        }
        _ => None,
    }
}

/// `2,3,1` or `231`; `w` waits.
fn keys(text: &str) -> Result<Vec<Act>, Failure> {
    let pressed = text.chars().filter(|c| *c != ',' && !c.is_whitespace());
    let act = |c: char| match c {
        'w' => Ok(Act::Wait),
        c => Digit::new(c).map(Act::Press).ok_or_else(|| {
            Failure::cannot(format!(
                "`{c}` is not a key: expected 0 to 9, `*`, `#`, or `w` to wait, such as `--keys 2,3,1`"
            ))
        }),
    };
    pressed.map(act).collect()
}

/// The way to the server.
enum Way {
    InProcess(InProcess),
    Network(Network),
}

impl Way {
    async fn play<S: Script>(self, phone: Phone, counsellor: Counsellor, script: &mut S) {
        match self {
            Way::InProcess(mut exchange) => player::play(phone, counsellor, &mut exchange, script).await,
            Way::Network(mut exchange) => player::play(phone, counsellor, &mut exchange, script).await,
        }
    }
}

/// A line inside this program: the demonstration, without a database.
pub struct Line {
    pub exchange: InProcess,
    pub languages: Vec<Language>,
    /// When it is, at the hotline's place.
    pub local: DateTime,
}

impl Line {
    /// The line of this configuration, or the demonstration's, at this moment or now.
    ///
    /// # Errors
    /// What is wrong with the configuration, the menus or the moment.
    pub fn start(file: Option<PathBuf>, menus: Option<PathBuf>, at: Option<&str>) -> Result<Line, Failure> {
        let config = match file {
            Some(_) => {
                let flags = Flags { config: file, menus, ..Flags::default() };
                Config::load(&flags, &super::environment).map_err(Failure::cannot)?.played()
            }
            None => demonstration(menus)?,
        };
        let sources = Origin::choose(config.menus.clone()).read()?;
        let (hotline, _) = menus::load(&sources, &assemble::settings(&config), assemble::today())?;
        let zone = assemble::hours(&config, &hotline).zone;
        let begin = match at {
            None => Timestamp::now(),
            Some(text) => moment(text, &zone)?,
        };
        let local = begin.to_zoned_datetime(zone).datetime();
        let languages = hotline.languages.clone();
        let keys = KeyRing::generate(assemble::random());
        let switchboard = Arc::new(assemble::switchboard(&config, hotline, keys, Store::absent(), begin)?);
        let passed_ms = Arc::new(AtomicU64::new(0));
        let clock = {
            let passed_ms = Arc::clone(&passed_ms);
            Arc::new(move || assemble::later(begin, passed_ms.load(Ordering::Relaxed)))
        };
        let door = assemble::door(&config, switchboard, clock, false)?;
        let router = public_router(Arc::new(door));
        let exchange = InProcess { router, token: None, host: "localhost".to_owned(), passed_ms };
        Ok(Line { exchange, languages, local })
    }
}

/// The demonstration's configuration, whatever stands in this machine's files.
pub(super) fn demonstration(menus: Option<PathBuf>) -> Result<Config, Failure> {
    let nothing = |name: &str| (name == "HOME").then(|| "/nonexistent".to_owned());
    let flags = Flags { config: Some(PathBuf::from("/dev/null")), menus, ..Flags::default() };
    Config::load(&flags, &nothing).map_err(Failure::cannot)
}

/// A moment at the hotline's place, or one that names its own; the same as for `desk who`.
///
/// # Errors
/// What is no moment.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    crate::base::moment::parse(text, zone).map_err(|why| Failure::cannot(format!("`--at`: {why}")))
}

/// Prints events as lines: seconds since the answer, then what happened.
fn print_event(event: &Event, colors: bool) {
    let (dim, bold, off) = if colors { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
    let text = match event {
        Event::Said { leg: Leg::Caller, at_ms, words } => {
            format!("{dim}{:>6.1} s{off}  {words}", *at_ms as f64 / 1000.0)
        }
        Event::Said { leg: Leg::Callee(_), words, .. } => format!("{dim}counsellor{off}  {words}"),
        Event::Did(Act::Press(key)) => format!("{bold}    press  {}{off}", key.as_char()),
        Event::Did(Act::Wait) => format!("{bold}     wait{off}"),
        Event::Did(Act::HangUp) => format!("{bold}  hang up{off}"),
        Event::Ended { at_ms, why } => {
            let why = match why {
                End::CallerHungUp => "hung up",
                End::Hangup | End::OutOfVerbs | End::EndedByRest => "the line ended the call",
                End::NotAnswered(_) => "nobody picked up",
                End::Rejected(_) => "the line did not take the call",
                End::Failed { .. } | End::TooManyDocuments => "the call failed",
            };
            format!("{dim}{:>6.1} s{off}  ({why})", *at_ms as f64 / 1000.0)
        }
        other => match story::line(other) {
            Some(line) => format!("          {}", line.trim_start_matches("> ")),
            None => return,
        },
    };
    screen::line(&text);
}

/// A list of acts, printed as they happen.
struct Printed {
    list: Listed,
    colors: bool,
    failed: Option<String>,
}

impl Script for Printed {
    async fn next(&mut self, state: &State, until_ms: Option<u64>) -> Option<Act> {
        self.list.next(state, until_ms).await
    }

    fn tell(&mut self, event: Event) {
        print_event(&event, self.colors);
        self.failed = self.failed.take().or_else(|| failure(&event));
    }
}

/// A person at the terminal: time is real, keys are keys.
struct Live {
    started: Instant,
    keys: tokio::sync::mpsc::Receiver<Act>,
    pending: VecDeque<Act>,
    colors: bool,
    failed: Option<String>,
}

impl Live {
    fn new() -> Result<Live, Failure> {
        screen::line(
            "You are calling. Keys 0-9 * # are keys; q or Ctrl-C hangs up. (* goes back, 8 again, 0 a person, 9 ends)",
        );
        crossterm::terminal::enable_raw_mode()
            .map_err(|error| Failure::cannot(format!("cannot read keys: {error}")))?;
        let (pressed, keys) = tokio::sync::mpsc::channel(16);
        std::thread::spawn(move || {
            use crossterm::event::{Event, KeyCode, KeyModifiers, read};
            while let Ok(event) = read() {
                let Event::Key(key) = event else { continue };
                let act = match key.code {
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Act::HangUp,
                    KeyCode::Char('q') | KeyCode::Esc => Act::HangUp,
                    KeyCode::Char(c) => match Digit::new(c) {
                        Some(key) => Act::Press(key),
                        None => continue,
                    },
                    _ => continue,
                };
                if pressed.blocking_send(act).is_err() {
                    return;
                }
            }
        });
        let colors = screen::colors(&std::io::stdout());
        Ok(Live { started: Instant::now(), keys, pending: VecDeque::new(), colors, failed: None })
    }
}

impl Script for Live {
    async fn next(&mut self, _state: &State, until_ms: Option<u64>) -> Option<Act> {
        if let Some(act) = self.pending.pop_front() {
            return Some(act);
        }
        let until = until_ms.map(|ms| self.started + Duration::from_millis(ms));
        let time = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            act = self.keys.recv() => Some(act.unwrap_or(Act::HangUp)),
            () = time => None,
        }
    }

    fn tell(&mut self, event: Event) {
        // Raw mode does not return the carriage.
        let _ = crossterm::terminal::disable_raw_mode();
        print_event(&event, self.colors);
        let _ = std::io::stdout().flush();
        if !matches!(event, Event::Ended { .. }) {
            let _ = crossterm::terminal::enable_raw_mode();
        }
        self.failed = self.failed.take().or_else(|| failure(&event));
    }

    fn elapsed_ms(&self) -> Option<u64> {
        u64::try_from(self.started.elapsed().as_millis()).ok()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
