//! `hulplijn serve`: answers calls and texts.

use super::config::{Config, Flags, Mode};
use super::lines::OwnLines;
use super::menus::Origin;
use super::start::{Start, from_folder, from_the_line, publish_first};
use super::watch::{follow_the_line, watch_menus};
use super::{Done, Failure, assemble, doctor, key, screen, wall};
use crate::base::Sources;
use crate::console::{self, Bounds, Console, Login};
use crate::desk::{Desk, Warner, sentence};
use crate::menu;
use crate::privacy::DaySalt;
use crate::server::{
    EmptyHours, FILES_BESIDE, Limits, Metrics, Public, Stop, admin_router, keep_watch, raise_open_files, serve, sounds,
};
use crate::store::{OpenError, Options, Store};
use crate::switchboard::{Switchboard, played};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::time::interval;

/// Without any configuration: the demonstration on 127.0.0.1:8080, with a pretend counsellor; nothing is dialled.
/// With a provider's secret (HULPLIJN_TWILIO_AUTH_TOKEN) and --public-url: a line. With `[kannel]` in the file: texts.
/// It prints the address of a telephone for your browser: good once, for one browser; calls there reach nobody.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Write each answer to the log; in the demonstration only
    #[arg(long)]
    trace_calls: bool,
}

/// Connections that may wait to be accepted. When it is full the system drops new ones, which are tried again only a
/// second later; it takes what `net.core.somaxconn` allows, usually 4096.
const BACKLOG: u32 = 4096;

/// Connections of the keeper's own listener: what a collector of metrics and a person need.
const KEEPER_CONNECTIONS: usize = 64;

pub fn run(arguments: Arguments) -> Done {
    // Before anything is read that a core file must not show.
    let hardened = harden();
    if !hardened {
        eprintln!("warning: core files could not be switched off: switch them off for the service (`LimitCORE=0`)");
    }
    let config = Config::load(&arguments.flags, &super::environment).map_err(Failure::cannot)?;
    if arguments.trace_calls && config.mode != Mode::Demonstration {
        return Err(Failure::cannot(
            "`--trace-calls` is for the demonstration: with a provider nothing of a call is logged",
        ));
    }
    log(config.mode);
    keep_panics_quiet();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::cannot(format!("cannot start: {error}")))?;
    runtime.block_on(line(config, arguments, hardened))
}

/// No core files, and no other process of this user may look into this one (CS-10). Whether that could be done.
pub(super) fn harden() -> bool {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).is_ok() && set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok()
}

/// A failure says where it was, never with what: the message of a panic can quote a caller's text.
fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a step failed: the caller hears one sentence and gets a person");
    }));
}

/// With a provider nothing below `info` is written, whatever HULPLIJN_LOG says: libraries tell there what passes by.
fn log(mode: Mode) {
    use tracing_subscriber::EnvFilter;
    let asked = super::environment("HULPLIJN_LOG").filter(|_| mode == Mode::Demonstration);
    let filter = EnvFilter::new(asked.as_deref().unwrap_or("info"));
    let colors = screen::colors(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(colors)
        .with_writer(std::io::stderr)
        // A log that cannot be written (a full disk) is said nowhere: saying it would panic, and take the store's thread
        // with it.
        .log_internal_errors(false)
        .init();
}

async fn line(config: Config, arguments: Arguments, hardened: bool) -> Done {
    let store = open_store(&config.data).await?;
    let start = match config.mode {
        Mode::Demonstration => from_folder(&config)?,
        Mode::Provider => from_the_line(&config, &store).await?,
    };
    let mut notices: Vec<String> =
        before_going_live(&config, &start.sources)?.into_iter().chain(start.notices.iter().cloned()).collect();
    let config = within_open_files(config, &mut notices);
    let start = if start.is_first { publish_first(start, &config, &store).await? } else { start };

    let keys = key::open_or_make(&config.data)?;
    notices.extend(doctor::wrong_at_start(&config, hardened));
    let summary = format!("{}\nsound    {}", summary(&start), voices(&start, &config));
    let desk = assemble::whole_desk(&config, &start.hotline).filter(|_| config.desk.rings());
    let sound = start.sound;
    let switchboard = assemble::switchboard_with(&config, start.hotline.clone(), sound, keys, store, Timestamp::now())?;
    let switchboard = Arc::new(switchboard);
    let empty_hours = empty_hours(desk, Arc::clone(&switchboard));
    match start.published {
        // The files are in the database already; what is new there since is taken up by the watch below.
        Some(published) => {
            if let Err(reason) = switchboard.take_up(published, Timestamp::now()).await {
                tracing::warn!(%reason, "a newer revision is not on the line yet");
            }
        }
        None => switchboard.publish(start.hotline, &start.sources, Timestamp::now()).await,
    }
    let clock = Arc::new(Timestamp::now);
    let door = Arc::new(assemble::door(&config, Arc::clone(&switchboard), clock, arguments.trace_calls)?);
    let metrics = Arc::clone(&door.metrics);

    // Who sees that we listen may stop us at once.
    let signals = signals();
    let public = match handed_over(config.mode)? {
        Some(listener) => listener,
        None => bind("listen", config.listen).await?,
    };
    let admin = match config.admin_listen {
        Some(address) => Some(bind("admin_listen", address).await?),
        None => None,
    };
    let phones = match &admin {
        Some(admin) => Some(phones(&arguments.flags, Arc::clone(&switchboard), admin)?),
        None => None,
    };
    let (stop, stopped) = watch::channel(false);
    let mut listeners = tokio::task::JoinSet::new();
    let phone = phones.as_ref().map(|(console, address, _)| phone_address(*address, &console.token()));
    print_screen(&config, &public, phone.as_deref(), &summary, &notices);
    listeners.spawn(serve(
        public,
        Public::new(Arc::clone(&door)),
        config.limits.clone(),
        Arc::clone(&metrics),
        stopped.clone(),
    ));
    if let (Some(admin), Some((console, address, lines))) = (admin, phones) {
        let router = admin_router(Arc::clone(&switchboard), Arc::clone(&metrics));
        let router = router.merge(console::router(console, address)).merge(sounds(lines.sounds()));
        let limits = Limits { connections: KEEPER_CONNECTIONS, ..config.limits.clone() };
        listeners.spawn(serve(admin, router, limits, Arc::new(Metrics::default()), stopped.clone()));
    }
    let ticking = tokio::spawn(tick(Arc::clone(&switchboard), stopped.clone()));
    let wall = tokio::spawn(wall::watch(Arc::clone(&switchboard), stopped.clone()));
    let calling = tokio::spawn(Arc::clone(&switchboard).run_calls(Arc::new(Timestamp::now)));
    let (alarm, watched) = (config.alarm.clone(), Arc::clone(&switchboard));
    let alarm = keep_watch(alarm, watched, Arc::clone(&metrics), empty_hours, stopped.clone());
    let alarm = tokio::spawn(alarm);
    let watching = match (Origin::choose(config.menus.clone()), config.mode) {
        (Origin::Folder(folder), Mode::Demonstration) => {
            let settings = assemble::settings(&config);
            let audio = config.audio.dir.clone();
            Some(tokio::spawn(watch_menus(folder, audio, Arc::clone(&switchboard), settings, stopped)))
        }
        (Origin::Sample, Mode::Demonstration) => None,
        (_, Mode::Provider) => Some(tokio::spawn(follow_the_line(Arc::clone(&switchboard), stopped))),
    };

    tell_systemd(sd_notify::NotifyState::Ready);
    signals.await;
    tell_systemd(sd_notify::NotifyState::Stopping);
    tracing::info!("stopping: finishing what is in flight");
    let _ = stop.send(true);
    while listeners.join_next().await.is_some() {}
    ticking.abort();
    wall.abort();
    calling.abort();
    alarm.abort();
    if let Some(watching) = watching {
        watching.abort();
    }
    switchboard.close().await;
    Ok(())
}

/// Tells of hours in which nobody will be at this desk: a day before and an hour before.
fn empty_hours(desk: Option<Arc<Desk>>, switchboard: Arc<Switchboard>) -> EmptyHours {
    let mut warner = Warner::default();
    Box::new(move |now| {
        let desk = desk.as_ref()?;
        let due = warner.due(desk, &switchboard.duty(now), now);
        sentence(desk, &due, now)
    })
}

/// What blocks a real line, and what the keeper is told at every start.
fn before_going_live(config: &Config, sources: &Sources) -> Result<Vec<String>, Failure> {
    let mut notices = Vec::new();
    // A number that was checked long ago blocks a new publication, never the line (FC-03).
    let mut unchecked = menu::contacts(sources, assemble::today());
    unchecked.retain(|number| number.checked_days_ago.is_none());
    if config.live && !unchecked.is_empty() {
        let list: String =
            unchecked.iter().map(|number| format!("  nobody has checked the number of `{}`\n", number.name)).collect();
        if !config.trial {
            return Err(Failure::not_good(format!(
                "this hotline cannot go live: {} numbers in contacts.toml have not been checked\n{list}\
                 call each number, then write `checked_on` and `checked_by` beside it\n\
                 to try a real provider all the same, before any caller knows the number: `serve --trial`",
                unchecked.len()
            )));
        }
        notices.push(format!("TRIAL: {} numbers are unchecked; no caller may know this line yet", unchecked.len()));
    }
    if config.mode == Mode::Provider {
        let unkept = config.doors().into_iter().flat_map(crate::provider::Door::unkept_promises);
        notices.extend(unkept.map(|(id, why)| format!("{id} is not kept at this door: {why}")));
    }
    if config.mode == Mode::Provider && config.calls() {
        if config.opt_out_off_on.is_none() {
            notices.push("the provider answers STOP and HELP with texts of its own: switch that off there, then set `[opt_out] handling_off_on`".to_owned());
        }
        if !config.desk.rings() {
            notices.push(
                "`[desk] line` is not set: a pretend counsellor takes its place, and nothing is dialled".to_owned(),
            );
        }
    }
    Ok(notices)
}

/// No more connections than there can be open files, so that a full house is ours to sort out.
fn within_open_files(config: Config, notices: &mut Vec<String>) -> Config {
    let room = raise_open_files().saturating_sub(FILES_BESIDE + KEEPER_CONNECTIONS as u64);
    let (asked, room) = (config.limits.connections, usize::try_from(room).unwrap_or(usize::MAX).max(16));
    if asked <= room {
        return config;
    }
    notices.push(format!(
        "`[limits] connections` is {asked}, and this process may open files for {room}: set `LimitNOFILE=` of the service higher"
    ));
    Config { limits: Limits { connections: room, ..config.limits }, ..config }
}

/// The store, or none: a line without a database still answers.
async fn open_store(data: &Path) -> Result<Store, Failure> {
    match Store::open(data, Options { clock: Arc::new(Timestamp::now) }) {
        Ok(store) => Ok(store),
        // Going on would write into what another version keeps.
        Err(error @ OpenError::Newer { .. }) => Err(Failure::cannot(error)),
        Err(error) => {
            tracing::error!(%error, "no database: calls are answered, nothing is counted");
            Ok(Store::absent())
        }
    }
}

async fn bind(key: &str, address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart does not wait until the last connections of the process before are forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|error| Failure::cannot(format!("cannot listen on {address} (`{key}`): {error}")))
}

/// The socket that systemd opened for us and keeps open while we restart (`sd_listen_fds(3)`), if there is one.
///
/// # Errors
/// One that cannot be used, or that the demonstration may not listen on.
fn handed_over(mode: Mode) -> Result<Option<TcpListener>, Failure> {
    let wrong = |error| Failure::cannot(format!("cannot use the socket handed over by systemd: {error}"));
    let Some(listener) = listenfd::ListenFd::from_env().take_tcp_listener(0).map_err(wrong)? else { return Ok(None) };
    let address = listener.local_addr().map_err(wrong)?;
    if mode == Mode::Demonstration && !address.ip().is_loopback() {
        return Err(Failure::cannot(format!(
            "the socket handed over by systemd listens on {address}: the demonstration is for this machine only"
        )));
    }
    listener.set_nonblocking(true).map_err(wrong)?;
    TcpListener::from_std(listener).map(Some).map_err(wrong)
}

/// `sd_notify(3)`: does nothing where no systemd asked for it.
fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// What resolves at SIGTERM or Ctrl-C. From now on both are ours: who is told that we are ready may send one at once.
fn signals() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = signal(SignalKind::terminate());
    let interrupt = signal(SignalKind::interrupt());
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            _ => drop(tokio::signal::ctrl_c().await),
        }
    }
}

/// Once a minute, so that what is hashed is forgotten soon after its time.
async fn tick(switchboard: Arc<Switchboard>, mut stop: Stop) {
    let (mut minute, mut moment) = (interval(Duration::from_secs(60)), interval(Duration::from_secs(2)));
    loop {
        tokio::select! {
            _ = minute.tick() => switchboard.tick(Timestamp::now(), DaySalt::new(assemble::random())).await,
            _ = moment.tick() => switchboard.look_for_the_gone(Timestamp::now()).await,
            _ = stop.changed() => return,
        }
    }
}

/// The telephones in the browser, and the address of the listener that has them.
fn phones(
    flags: &Flags,
    switchboard: Arc<Switchboard>,
    admin: &TcpListener,
) -> Result<(Arc<Console>, std::net::SocketAddr, Arc<OwnLines>), Failure> {
    let address = admin.local_addr().map_err(Failure::cannot)?;
    let lines = OwnLines::new(switchboard, || Config::load(flags, &super::environment).map_err(Failure::cannot))?;
    let tell = move |token: &str| {
        screen::line(&format!("phone    opened in a browser; for another one: {}", phone_address(address, token)));
    };
    let lines = Arc::new(lines);
    let console = Console::new(
        Arc::clone(&lines) as Arc<dyn console::Lines>,
        Login::new(assemble::random),
        Bounds::default(),
        tell,
    );
    Ok((console, address, lines))
}

/// Where a browser on this machine finds the telephone, once.
fn phone_address(admin: std::net::SocketAddr, token: &str) -> String {
    let at = match admin.ip().is_unspecified() {
        true => std::net::SocketAddr::from(([127, 0, 0, 1], admin.port())),
        false => admin,
    };
    format!("http://{at}/phone?token={token}")
}

/// What the start screen says of the menus.
fn summary(start: &Start) -> String {
    let Start { from, hotline, .. } = start;
    let languages: Vec<&str> = hotline.languages.iter().map(|language| language.as_str()).collect();
    let (name, languages, nodes) = (&hotline.name, languages.join(" "), hotline.nodes.len());
    let findings = menu::diagnostic::summary(&start.findings);
    format!("{from}: {name}, {languages}, {nodes} nodes, revision {}; {}", hotline.revision, findings.trim_end())
}

/// How each language is spoken at the provider: played, said, or both.
fn voices(start: &Start, config: &Config) -> String {
    let hotline = &start.hotline;
    let played = played(hotline, &start.sound, |tag| config.say.contains_key(tag), &config.audio.twilio);
    let each = hotline.languages.iter().zip(&played).enumerate().map(|(at, (tag, played))| {
        let own = hotline.prompts().filter(|prompt| usize::from(prompt.language.0) == at);
        let words: std::collections::BTreeSet<&str> = own.map(|prompt| prompt.words.as_str()).collect();
        match words.iter().filter(|words| played.contains_key(**words)).count() {
            0 => format!("{tag} by the provider's voice"),
            all if all == words.len() => format!("{tag} played"),
            some => format!("{tag} {some} of {} prompts played, the others by the provider's voice", words.len()),
        }
    });
    each.collect::<Vec<_>>().join("; ")
}

fn print_screen(config: &Config, public: &TcpListener, phone: Option<&str>, summary: &str, notices: &[String]) {
    let here =
        |listener: &TcpListener| listener.local_addr().map_or_else(|_| "?".to_owned(), |address| address.to_string());
    let public = here(public);
    let mut lines = vec![format!("hulplijn {}", env!("CARGO_PKG_VERSION")), format!("menus    {summary}")];
    lines.push(format!("data     {} (counts, no callers)", config.data.display()));
    if let Some(phone) = phone {
        let keeper = phone.split_once("/phone").map_or(phone, |(keeper, _)| keeper);
        lines.push(format!("keeper   {keeper}/readyz and /metrics"));
        lines.push(format!("phone    {phone}"));
    }
    match config.mode {
        Mode::Demonstration => {
            lines.push(format!(
                "line     http://{public}: demonstration, this machine only, pretend counsellor, nothing is dialled"
            ));
            lines.push(String::new());
            if phone.is_some() {
                lines.push(
                    "Open the address of the phone in a browser, and call. It is good for one browser.".to_owned(),
                );
            }
            lines.push("Try next, in another terminal:".to_owned());
            lines.push("  hulplijn call                 a call: press keys, read what is heard".to_owned());
            lines.push("  hulplijn text \"HELP\"          a text and its answer".to_owned());
            lines.push(format!("  curl -d 'CallSid=CA1&AccountSid=AC1&From=%2B12025550123&To=%2B12025550100&CallStatus=ringing' http://{public}/twilio/voice"));
            if matches!(Origin::choose(config.menus.clone()), Origin::Folder(_)) {
                lines.push("Change a menu file and save it: it is checked, and on the line at once.".to_owned());
            }
            lines.push("Stop with Ctrl-C.".to_owned());
        }
        Mode::Provider if config.calls() => {
            lines.push(format!("line     http://{public}, known to the provider as {}", config.public_url));
            lines.push(format!("webhooks {0}/twilio/voice (calls), {0}/twilio/sms (texts), {0}/twilio/status (call status), all HTTP POST", config.public_url));
        }
        Mode::Provider => lines.push(format!("line     http://{public}, for texts only")),
    }
    if config.kannel.is_some() {
        let path = crate::provider::kannel::PATH;
        lines.push(format!("kannel   http://{public}{path} with the secret behind it; see docs/kannel.md"));
    }
    lines.extend(notices.iter().map(|notice| format!("notice   {notice}")));
    lines.push(String::new());
    screen::print(&lines.join("\n"));
}
