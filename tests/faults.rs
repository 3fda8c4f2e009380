//! The real binary under faults: killed again and again during two thousand calls, and each ends as it should.

mod common;

use common::server::{Server, configured};
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
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
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

/// The address that this document asks next: a key's, or the end of a ringing.
fn next(document: &str) -> String {
    let start = document.find("action=\"").unwrap_or_else(|| panic!("no way on: {document}")) + 8;
    let rest = &document[start..];
    rest[..rest.find('"').unwrap()].replace("&amp;", "&")
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
                                says(&rung, "Nobody can talk to you at this moment.");
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
