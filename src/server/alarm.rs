//! The keeper's alarm: a command of the keeper's is run when something needs a person soon. Off unless it is configured.
//!
//! Contract: what is told is a sentence of ours without anything of a caller; the command gets no shell, none of our
//! environment (which can hold the provider's secret), a time, and nothing to write to. It never holds up a call.

use super::Metrics;
use super::metrics::{Alarm as Label, AlarmKind};
use super::run::Stop;
use crate::switchboard::Switchboard;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::VecDeque;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Failed signatures are counted over this time.
const WINDOW: Duration = Duration::from_secs(300);

/// An alarm of the same kind is not given again within this time: whoever was called knows.
const AGAIN: Duration = Duration::from_secs(3600);

/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The command has this long, then it is killed with everything it started.
const PATIENCE: Duration = Duration::from_secs(30);

/// The newest release was made on this day. A build with SOURCE_DATE_EPOCH set knows better.
const RELEASED: &str = "2026-11-24T00:00:00Z";

/// When to give an alarm, and how: `[alarm]` of the configuration.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// The program, an absolute path, and what stands before the reason. Empty: no alarm.
    pub command: Vec<String>,
    /// So many requests with a missing or wrong signature in 5 minutes, 1 to 100000.
    pub failed_signatures: u32,
    /// The database does not answer for so many seconds, 5 to 3600.
    pub database_s: u32,
}

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm { command: Vec::new(), failed_signatures: 20, database_s: 60 }
    }
}

/// When this program was built, or the release it is of was made: no clock that is right says an earlier time.
pub fn built() -> Timestamp {
    let set = option_env!("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.trim().parse().ok());
    let set = set.and_then(|seconds: i64| Timestamp::from_second(seconds).ok());
    set.or_else(|| RELEASED.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What the coordinator has to be told at this moment: a sentence about hours that will be empty. It is asked once a minute
/// and remembers what it told.
pub type EmptyHours = Box<dyn FnMut(Timestamp) -> Option<String> + Send>;

/// How often is asked for empty hours.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// Watches until the stop.
pub async fn keep_watch(
    alarm: Alarm,
    switchboard: Arc<Switchboard>,
    metrics: Arc<Metrics>,
    mut empty_hours: EmptyHours,
    mut stop: Stop,
) {
    let started = Instant::now();
    let mut watch = Watch::new(&alarm);
    let mut asked: Option<Instant> = None;
    loop {
        let seen = Seen {
            clock: Timestamp::now(),
            failed_signatures: metrics.unsigned.get(),
            database_answers: switchboard.store_healthy(),
        };
        for kind in watch.look(started.elapsed(), seen) {
            give(&alarm, &metrics, kind, reason(kind, &alarm));
        }
        if asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
            asked = Some(Instant::now());
            if let Some(reason) = empty_hours(seen.clock) {
                give(&alarm, &metrics, AlarmKind::desk, reason);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Says it in the log, and runs the command if there is one.
fn give(alarm: &Alarm, metrics: &Metrics, kind: AlarmKind, reason: String) {
    metrics.alarms.get_or_create(&Label { kind }).inc();
    tracing::error!(kind = name(kind), "alarm: {reason}");
    if alarm.command.is_empty() {
        return;
    }
    let command = alarm.command.clone();
    // A thread of its own: it waits, at most four of them at once, and a stop does not wait for it.
    let told = std::thread::Builder::new().name("alarm".to_owned()).spawn(move || {
        if let Err(problem) = tell(&command, kind, &reason, PATIENCE) {
            tracing::error!("the alarm command {problem}");
        }
    });
    if let Err(error) = told {
        tracing::error!(%error, "the alarm command could not be started");
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Seen {
    clock: Timestamp,
    /// Since the start.
    failed_signatures: u64,
    database_answers: bool,
}

/// Decides when an alarm is due. Times are since the start, by a clock that cannot be set.
struct Watch {
    failed_signatures: u64,
    database: Duration,
    /// How many had failed when it was looked: the last five minutes, and one look before.
    looks: VecDeque<(Duration, u64)>,
    trouble_since: Option<Duration>,
    given: Vec<(AlarmKind, Duration)>,
}

impl Watch {
    fn new(alarm: &Alarm) -> Watch {
        Watch {
            failed_signatures: u64::from(alarm.failed_signatures),
            database: Duration::from_secs(u64::from(alarm.database_s)),
            looks: VecDeque::from([(Duration::ZERO, 0)]),
            trouble_since: None,
            given: Vec::new(),
        }
    }

    fn look(&mut self, at: Duration, seen: Seen) -> Vec<AlarmKind> {
        self.looks.push_back((at, seen.failed_signatures));
        while self.looks.get(1).is_some_and(|(then, _)| at.saturating_sub(*then) >= WINDOW) {
            self.looks.pop_front();
        }
        let before = self.looks.front().map_or(0, |(_, failed)| *failed);
        self.trouble_since = if seen.database_answers { None } else { Some(self.trouble_since.unwrap_or(at)) };
        let trouble = self.trouble_since.is_some_and(|since| at.saturating_sub(since) >= self.database);
        let due = [
            (AlarmKind::signatures, seen.failed_signatures.saturating_sub(before) >= self.failed_signatures),
            (AlarmKind::database, trouble),
            (AlarmKind::clock, seen.clock < built()),
        ];
        self.given.retain(|(_, then)| at.saturating_sub(*then) < AGAIN);
        let mut kinds = Vec::new();
        for (kind, _) in due.into_iter().filter(|(_, due)| *due) {
            if !self.given.iter().any(|(given, _)| *given == kind) {
                self.given.push((kind, at));
                kinds.push(kind);
            }
        }
        kinds
    }
}

fn name(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::signatures => "signatures",
        AlarmKind::database => "database",
        AlarmKind::clock => "clock",
        AlarmKind::desk => "desk",
    }
}

fn reason(kind: AlarmKind, alarm: &Alarm) -> String {
    match kind {
        AlarmKind::signatures => format!(
            "{} or more requests within 5 minutes were not signed by the provider: the token or `public_url` is wrong, \
             or somebody tries to be the provider",
            alarm.failed_signatures
        ),
        AlarmKind::database => format!(
            "the database has not answered for {} seconds: calls are answered, counts wait in memory",
            alarm.database_s
        ),
        AlarmKind::clock => format!(
            "the clock of this machine is wrong: it is before {}, when this program was made; opening hours are wrong \
             with it",
            built().strftime("%Y-%m-%d")
        ),
        // Its sentence comes from the desk.
        AlarmKind::desk => String::new(),
    }
}

/// Runs the command and waits for its end.
///
/// # Errors
/// How it failed; nothing of what it printed.
fn tell(command: &[String], kind: AlarmKind, reason: &str, patience: Duration) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(reason)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HULPLIJN_ALARM", name(kind))
        .env("HULPLIJN_ALARM_REASON", reason)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A group of its own, so that what it starts ends with it.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("could not be started: {error}"))?;
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("failed: {status}")),
            Ok(None) if started.elapsed() < patience => std::thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                let group = rustix::process::Pid::from_child(&child);
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                let _ = child.wait();
                return Err(format!("took longer than {} seconds and was ended", patience.as_secs()));
            }
            Err(error) => return Err(format!("is lost: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlarmKind::*;

    fn well() -> Seen {
        Seen { clock: Timestamp::now(), failed_signatures: 0, database_answers: true }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_failed_signatures_within_five_minutes() {
        let mut watch = Watch::new(&Alarm::default());
        let mut look = |seconds, failed| watch.look(at(seconds), Seen { failed_signatures: failed, ..well() });
        assert_eq!(look(0, 19), []);
        // Nineteen, and one more when the first are five minutes old: never twenty at once.
        assert_eq!(look(299, 19), []);
        assert_eq!(look(301, 38), []);
        assert_eq!(look(302, 39), [signatures]);
        // Once an hour, however many there are.
        assert_eq!(look(400, 5000), []);
        assert_eq!(look(302 + 3599, 9000), []);
        assert_eq!(look(302 + 3600, 9000), [signatures]);
        // It is quiet again.
        assert_eq!(look(8000, 9000), []);
    }

    #[test]
    fn the_first_look_counts_from_the_start() {
        let mut watch = Watch::new(&Alarm { failed_signatures: 3, ..Alarm::default() });
        assert_eq!(watch.look(at(0), Seen { failed_signatures: 3, ..well() }), [signatures]);
    }

    #[test]
    fn a_database_that_is_in_trouble_for_some_time() {
        let mut watch = Watch::new(&Alarm::default());
        let mut look = |seconds, database_answers| watch.look(at(seconds), Seen { database_answers, ..well() });
        assert_eq!(look(0, false), []);
        assert_eq!(look(59, false), []);
        assert_eq!(look(59, true), []);
        assert_eq!(look(60, false), []);
        assert_eq!(look(119, false), []);
        assert_eq!(look(120, false), [database]);
        assert_eq!(look(121, false), []);
        assert_eq!(look(120 + 3600, false), [database]);
    }

    #[test]
    fn a_clock_before_the_build() {
        let mut watch = Watch::new(&Alarm::default());
        let mut look = |seconds, says: Timestamp| watch.look(at(seconds), Seen { clock: says, ..well() });
        assert_eq!(look(0, built()), []);
        assert_eq!(look(1, "2020-01-01T00:00:00Z".parse().unwrap()), [clock]);
        assert_eq!(look(2, Timestamp::UNIX_EPOCH), []);
        assert!(built() > "2026-01-01T00:00:00Z".parse().unwrap() && built() <= Timestamp::now());
        assert!(RELEASED.parse::<Timestamp>().is_ok());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut watch = Watch::new(&Alarm::default());
        for second in 0..10_000 {
            watch.look(at(second), Seen { failed_signatures: second * 9, database_answers: false, ..well() });
        }
        assert!(watch.looks.len() <= 302 && watch.given.len() <= 3, "{} {}", watch.looks.len(), watch.given.len());
    }

    /// `sh -c SCRIPT alarm OUT REASON`
    fn script(script: &str, out: &std::path::Path) -> Vec<String> {
        ["/bin/sh", "-c", script, "alarm", out.to_str().unwrap()].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_command_is_told_the_reason_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("told");
        let command = script(r#"{ printf '%s\n' "$2" "$#"; env; pwd; } > "$1"; echo noise; echo noise >&2"#, &out);
        let reason = "it's \"$HOME\" `x` $(y); rm -rf *";
        tell(&command, database, reason, PATIENCE).unwrap();
        let told = std::fs::read_to_string(&out).unwrap();
        assert!(told.starts_with(&format!("{reason}\n2\n")), "{told}");
        assert!(told.contains("HULPLIJN_ALARM=database\n"), "{told}");
        assert!(told.contains(&format!("HULPLIJN_ALARM_REASON={reason}\n")) && told.ends_with("\n/\n"), "{told}");
        assert!(!told.contains("HOME=") && !told.contains("CARGO"), "our environment is not handed on: {told}");
    }

    #[test]
    fn a_command_that_fails_is_named_and_one_that_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("told");
        let case = |command: &[String], patience, says: &str| {
            let problem = tell(command, clock, "a reason", patience).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        };
        case(&script("exit 3", &out), PATIENCE, "exit status: 3");
        case(&["/nonexistent/tell-me".to_owned()], PATIENCE, "could not be started");
        let started = Instant::now();
        let hangs = script(r#"sleep 60 & echo $! > "$1"; wait"#, &out);
        case(&hangs, Duration::from_millis(700), "was ended");
        assert!(started.elapsed() < Duration::from_secs(20));
        let child = std::fs::read_to_string(&out).unwrap().trim().to_owned();
        let gone = || match std::fs::read_to_string(format!("/proc/{child}/stat")) {
            Err(_) => true,
            // Dead, and waiting for its new parent.
            Ok(stat) => stat.contains(") Z "),
        };
        while !gone() {
            assert!(started.elapsed() < Duration::from_secs(20), "its child lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
