//! The real binary under faults, and every call ends as it should: killed again and again during two thousand calls;
//! its disk locked, full and gone, its clock set forward and back, requests twice and in the wrong order.

mod common;

use common::server::{Server, configured, next};
use common::{ACCOUNT, DESK, OWN, TOKEN};
use hulplijn::provider::twilio::signature::sign;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CALLS: usize = 2000;
const CALLERS: usize = 4;
const KILL_EVERY: Duration = Duration::from_secs(2);
/// Between two calls of a caller, so that the run has several kills.
const PAUSE: Duration = Duration::from_millis(20);
/// Counts are committed each second; what a slow machine adds to that.
const LOST: Duration = Duration::from_millis(1300);
/// A provider tries three times within fifteen seconds; here the tries are close together, and there are as many as fit.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the provider saw.
struct Provider {
    port: u16,
    retries: AtomicUsize,
}

impl Provider {
    /// The answer's document, tried until there is one.
    fn post(&self, target: &str, call: usize, extra: &[(&str, &str)]) -> String {
        let sid = format!("CA{call:032x}");
        let from = format!("+447700900{:03}", call % 1000);
        let mut form = vec![
            ("CallSid", sid.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", &from),
            ("To", OWN),
            ("CallStatus", "in-progress"),
        ];
        form.retain(|(name, _)| extra.iter().all(|(other, _)| other != name));
        form.extend_from_slice(extra);
        let public_url = format!("http://127.0.0.1:{}", self.port);
        let target = target.strip_prefix(&public_url).unwrap_or(target).split('#').next().unwrap();
        let signature = sign(TOKEN, &format!("{public_url}{target}"), &form);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             X-Twilio-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let deadline = Instant::now() + PATIENCE;
        loop {
            let tried = || -> std::io::Result<String> {
                let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
                stream.set_read_timeout(Some(Duration::from_secs(4)))?;
                stream.write_all(request.as_bytes())?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                Ok(answer)
            };
            match tried() {
                Ok(answer) if answer.starts_with("HTTP/1.1 20") => {
                    return answer.split_once("\r\n\r\n").unwrap().1.to_owned();
                }
                Ok(answer) => assert!(answer.is_empty(), "a refusal: {answer}"),
                Err(_) => {}
            }
            assert!(Instant::now() < deadline, "no answer within a provider's patience");
            self.retries.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn two_thousand_calls_end_as_they_should_while_the_program_is_killed_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let provider = Provider { port, retries: AtomicUsize::new(0) };
    let (next_call, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let begun: Mutex<Vec<Instant>> = Mutex::default();
    let (talks, killed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let call = next_call.fetch_add(1, Ordering::Relaxed);
                        if call >= CALLS {
                            return;
                        }
                        std::thread::sleep(PAUSE);
                        begun.lock().unwrap().push(Instant::now());
                        let says =
                            |document: &str, words: &str| assert!(document.contains(words), "{words}: {document}");
                        let front = provider.post("/twilio/voice", call, &[]);
                        says(&front, "Goedendag.");
                        let main = provider.post(&next(&front), call, &[("Digits", "2")]);
                        says(&main, "Are you in danger now?");
                        if call % 10 != 0 {
                            let stay = provider.post(&next(&main), call, &[("Digits", "3")]);
                            says(&stay, "You can also use a scheme.");
                            says(&provider.post(&next(&stay), call, &[("Digits", "9")]), "<Hangup/>");
                            continue;
                        }
                        // One in ten asks for a person. There is one line: it rings, or it is busy, and nothing else.
                        let person = provider.post(&next(&main), call, &[("Digits", "0")]);
                        if person.contains("You can talk to a person now.") {
                            let rung = provider.post(&next(&person), call, &[("Digits", "1")]);
                            if rung.contains(DESK) {
                                talks.fetch_add(1, Ordering::Relaxed);
                                let after = provider.post(&next(&rung), call, &[("DialCallStatus", "no-answer")]);
                                says(&after, "Nobody can talk to you at this moment.");
                            } else {
                                // Somebody else was quicker: she waits, with her keys alive.
                                says(&rung, LOOKING);
                            }
                        } else {
                            says(&person, "Nobody can talk to you at this moment.");
                        }
                        // Whatever came, she hangs up, and the provider says so.
                        provider_says_over(&provider, call);
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut server = Server::start(folder.path(), port);
            let mut since = Instant::now();
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
                if since.elapsed() > KILL_EVERY {
                    killed.lock().unwrap().push(Instant::now());
                    server.kill();
                    server = Server::start(folder.path(), port);
                    since = Instant::now();
                }
            }
            // The line is free: the next caller reaches the counsellor.
            let front = provider.post("/twilio/voice", CALLS + 1, &[]);
            let main = provider.post(&next(&front), CALLS + 1, &[("Digits", "2")]);
            let person = provider.post(&next(&main), CALLS + 1, &[("Digits", "0")]);
            let rung = provider.post(&next(&person), CALLS + 1, &[("Digits", "1")]);
            assert!(rung.contains(DESK), "the line is stuck: {rung}");
            server.stop();
        });
        let ended: Vec<_> = callers.into_iter().map(|caller| caller.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok), "a call did not end as it should");
    });
    let (begun, killed) = (begun.into_inner().unwrap(), killed.into_inner().unwrap());
    assert!(killed.len() >= 3, "the run was too short to kill anything: {}", killed.len());
    assert!(talks.load(Ordering::Relaxed) > 0, "nobody was rung");
    let stats = Command::new(env!("CARGO_BIN_EXE_hulplijn"))
        .args(["stats", "--json", "--data"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    let stats: serde_json::Value = serde_json::from_slice(&stats.stdout).unwrap();
    let counted = usize::try_from(stats["total"]["call"].as_u64().unwrap()).unwrap();
    let lost =
        begun.iter().filter(|begun| killed.iter().any(|kill| *kill >= **begun && *kill - **begun < LOST)).count();
    let retries = provider.retries.load(Ordering::Relaxed);
    let all = CALLS + 1;
    assert!(counted + lost >= all, "{counted} counted of {all}, and at most {lost} may be lost");
    assert!(counted <= all + retries, "{counted} counted of {all} with {retries} retries");
    println!(
        "{} kills, {retries} retries, {counted} of {all} calls counted, at most {lost} could be lost",
        killed.len()
    );
}

fn provider_says_over(provider: &Provider, call: usize) {
    let ended = provider.post("/twilio/key", call, &[("CallStatus", "completed")]);
    assert!(ended.ends_with("<Response/>"), "{ended}");
}

/// Sets the clock of one program: the file says by how many seconds it is wrong (Debian: `libfaketime`).
const FALSE_CLOCK: &str = "/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1";

/// How long each fault lasts, and the quiet between two.
const FAULT: Duration = Duration::from_millis(1500);

/// The waiting loop.
const LOOKING: &str = "I am still looking for a person.";
const NOBODY: &str = "Nobody can talk to you at this moment.";

/// What happens to the machine while calls go on.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Another process holds the database.
    Locked,
    /// Nothing more can be written to any file.
    Full,
    /// Seconds; calls under way go on.
    Clock(i64),
    /// So far that calls under way begin anew.
    ClockFar(i64),
    /// The database and its companions are deleted.
    Deleted,
}

const FAULTS: [Fault; 8] = [
    Fault::Locked,
    Fault::Full,
    Fault::Clock(2 * 3600),
    Fault::Clock(2 * 3600 - 300),
    Fault::ClockFar(-86_400),
    Fault::ClockFar(6 * 3600),
    Fault::ClockFar(0),
    Fault::Deleted,
];

/// What the callers of the second run share.
struct Troubled {
    provider: Provider,
    calls: AtomicUsize,
    /// Rises with each change after which a call under way may begin anew.
    changes: AtomicUsize,
    begun_anew: AtomicUsize,
    rung: AtomicUsize,
    done: AtomicBool,
}

impl Troubled {
    /// The answer to a request; every third one is sent again, as if its answer had been lost.
    fn post(&self, target: &str, call: usize, extra: &[(&str, &str)]) -> String {
        let answer = self.provider.post(target, call, extra);
        if call.is_multiple_of(3) { self.provider.post(target, call, extra) } else { answer }
    }

    /// Whether the document says one of these. If not, the call was begun anew, and since `before` there was a change that
    /// explains it.
    fn says(&self, before: usize, document: &str, any_of: &[&str]) -> bool {
        if any_of.iter().any(|words| document.contains(words)) {
            return true;
        }
        assert!(document.contains("Goedendag."), "{any_of:?}: {document}");
        assert_ne!(before, self.changes.load(Ordering::SeqCst), "begun anew without need: {any_of:?}: {document}");
        false
    }

    /// Plays one call to its end; false if it was begun anew and left there.
    fn call(&self, call: usize) -> bool {
        let before = self.changes.load(Ordering::SeqCst);
        let says = |document: &str, any_of: &[&str]| self.says(before, document, any_of);
        let front = self.post("/twilio/voice", call, &[]);
        let heard = says(&front, &["Goedendag."]) && {
            let main = self.post(&next(&front), call, &[("Digits", "2")]);
            says(&main, &["Are you in danger now?"]) && {
                if !call.is_multiple_of(10) {
                    let stay = self.post(&next(&main), call, &[("Digits", "3")]);
                    says(&stay, &["You can also use a scheme."])
                        && says(&self.post(&next(&stay), call, &[("Digits", "9")]), &["<Hangup/>"])
                } else {
                    let person = self.post(&next(&main), call, &[("Digits", "0")]);
                    says(&person, &["You can talk to a person now.", NOBODY])
                        && (person.contains(NOBODY) || {
                            let rung = self.post(&next(&person), call, &[("Digits", "1")]);
                            says(&rung, &[DESK, LOOKING]) && self.ringing(call, before, &rung)
                        })
                }
            }
        };
        let ended = self.provider.post("/twilio/status", call, &[("CallStatus", "completed")]);
        assert!(ended.is_empty(), "{ended}");
        heard
    }

    /// The line was rung: nobody answers, or she hangs up and the two reports of it come in either order.
    fn ringing(&self, call: usize, before: usize, rung: &str) -> bool {
        if !rung.contains(DESK) {
            return true;
        }
        let order = self.rung.fetch_add(1, Ordering::SeqCst) % 3;
        if order == 0 {
            let after = self.post(&next(rung), call, &[("DialCallStatus", "no-answer")]);
            return self.says(before, &after, &[NOBODY]);
        }
        let over = || self.provider.post("/twilio/status", call, &[("CallStatus", "completed")]);
        if order == 1 {
            over();
        }
        let after = self.post(&next(rung), call, &[("DialCallStatus", "canceled"), ("CallStatus", "completed")]);
        assert!(after.ends_with("<Response/>"), "{after}");
        true
    }
}

#[test]
fn calls_end_as_they_should_while_the_disk_and_the_clock_play_tricks() {
    let list = Command::new("sh").args(["-c", &format!("ls {FALSE_CLOCK}")]).output().unwrap();
    let library = String::from_utf8(list.stdout).unwrap().trim().to_owned();
    assert!(!library.is_empty(), "libfaketime is missing: sudo apt-get install -y --no-install-recommends libfaketime");
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let clock = folder.path().join("clock");
    let set_clock = |seconds: i64| {
        let new = folder.path().join("clock.new");
        std::fs::write(&new, format!("{seconds:+}")).unwrap();
        std::fs::rename(new, &clock).unwrap();
    };
    set_clock(0);
    // A write beyond the limit is to fail, as on a full disk, and not to end the program (setrlimit(2), SIGXFSZ).
    let mut program = Command::new("sh");
    program.args(["-c", "trap '' XFSZ; LD_PRELOAD=\"$PRELOAD\" exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hulplijn")]);
    program.env("PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock);
    program.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let server = Server::start_by(program, folder.path(), port, &format!("http://127.0.0.1:{port}"), &[]);
    let database = folder.path().join("data/hulplijn.db");
    let pid = rustix::process::Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let limit_files = |bytes: Option<u64>| {
        let limit = rustix::process::Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit).unwrap();
    };
    let counted = || {
        let database = rusqlite::Connection::open(&database).unwrap();
        let sum = "SELECT sum(n) FROM tally WHERE key = 'call'";
        usize::try_from(database.query_row(sum, [], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
    };
    let troubled = Troubled {
        provider: Provider { port, retries: AtomicUsize::new(0) },
        calls: AtomicUsize::new(0),
        changes: AtomicUsize::new(0),
        begun_anew: AtomicUsize::new(0),
        rung: AtomicUsize::new(0),
        done: AtomicBool::new(false),
    };
    let before_deletion = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    while !troubled.done.load(Ordering::SeqCst) {
                        let call = troubled.calls.fetch_add(1, Ordering::SeqCst);
                        if !troubled.call(call) {
                            troubled.begun_anew.fetch_add(1, Ordering::SeqCst);
                        }
                        std::thread::sleep(PAUSE);
                    }
                })
            })
            .collect();
        let mut before_deletion = (0, 0, 0);
        for fault in FAULTS {
            std::thread::sleep(FAULT);
            if callers.iter().any(|caller| caller.is_finished()) {
                break; // It has failed, and says why.
            }
            match fault {
                Fault::Locked => {
                    let other = rusqlite::Connection::open(&database).unwrap();
                    other.busy_timeout(Duration::from_secs(5)).unwrap();
                    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
                    std::thread::sleep(FAULT);
                    other.execute_batch("ROLLBACK").unwrap();
                }
                Fault::Full => {
                    limit_files(Some(0));
                    std::thread::sleep(FAULT);
                    limit_files(None);
                }
                Fault::Clock(seconds) => set_clock(seconds),
                Fault::ClockFar(seconds) => {
                    // Before and after: a call that begins in between meets both clocks.
                    troubled.changes.fetch_add(1, Ordering::SeqCst);
                    set_clock(seconds);
                    std::thread::sleep(Duration::from_millis(50));
                    troubled.changes.fetch_add(1, Ordering::SeqCst);
                }
                Fault::Deleted => {
                    let calls = troubled.calls.load(Ordering::SeqCst);
                    // More than two commits, with the pause after a fault in between.
                    std::thread::sleep(2 * FAULT);
                    before_deletion = (calls, counted(), troubled.calls.load(Ordering::SeqCst));
                    for end in ["", "-wal", "-shm"] {
                        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
                    }
                }
            }
        }
        std::thread::sleep(FAULT);
        troubled.done.store(true, Ordering::SeqCst);
        let ended: Vec<_> = callers.into_iter().map(|caller| caller.join()).collect();
        assert!(ended.iter().all(Result::is_ok), "a call did not end as it should");
        before_deletion
    });
    // The line is free, and is rung.
    let call = troubled.calls.fetch_add(1, Ordering::SeqCst) / 3 * 3 + 4;
    let front = troubled.post("/twilio/voice", call, &[]);
    let main = troubled.post(&next(&front), call, &[("Digits", "2")]);
    let person = troubled.post(&next(&main), call, &[("Digits", "0")]);
    let rung = troubled.post(&next(&person), call, &[("Digits", "1")]);
    assert!(rung.contains(DESK), "the line is stuck: {rung}");
    server.stop();
    let (calls, counted_then, later) = before_deletion;
    let (anew, rung) = (troubled.begun_anew.into_inner(), troubled.rung.into_inner());
    // Nothing is lost by any of it; a call that was begun anew, or asked again across a change of the clock, may be
    // counted twice.
    let most = later + anew + CALLERS * FAULTS.len();
    assert!(counted_then >= calls && counted_then <= most, "{counted_then} counted of {calls} to {later}, {anew} anew");
    assert!(calls > 100 && rung > 3, "{calls} calls, {rung} times rung");
    assert!(counted() > 0, "nothing is counted after the database was deleted");
    println!("{calls} to {later} calls, {counted_then} counted by then; {anew} begun anew, {rung} times rung");
}
