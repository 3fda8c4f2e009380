//! The real binary: killed between two keys, started again, and the call goes on.

mod common;

use common::server::{Server, configured};
use common::{CALLER, DESK, OWN};
use hulplijn::twiml::{self, ReadVerb};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

fn action(document: &str) -> String {
    let document = twiml::read_voice(document.as_bytes()).unwrap();
    document
        .verbs
        .iter()
        .find_map(|verb| match verb {
            ReadVerb::Gather(gather) => gather.action.clone(),
            ReadVerb::Dial(dial) => dial.action.clone(),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_call_goes_on_after_kill_9_and_counts_survive_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let port = configured(folder.path());

    let server = Server::start(folder.path(), port);
    let welcome = server.post("/twilio/voice", &[]);
    let main = server.post(&action(&welcome), &[("Digits", "2")]);
    // Counts are committed each second.
    std::thread::sleep(Duration::from_millis(1500));
    server.kill();

    let server = Server::start(folder.path(), port);
    let stay = server.post(&action(&main), &[("Digits", "3")]);
    assert!(stay.contains("verblijfsregeling"), "{stay}");
    let connect = server.post(&action(&stay), &[("Digits", "0")]);
    let dial = server.post(&action(&connect), &[("Digits", "1")]);
    assert!(
        dial.contains(DESK) && dial.contains(&format!("callerId=\"{OWN}\"")) && dial.contains("timeLimit="),
        "{dial}"
    );
    server.kill();

    // The lease was durable before the counsellor was rung: the next process knows that the line is taken.
    let server = Server::start(folder.path(), port);
    let second = |target: &str, key: Option<&str>| {
        let mut extra = vec![("CallSid", "CA00000000000000000000000000005ec0"), ("From", "+447700900188")];
        extra.extend(key.map(|key| ("Digits", key)));
        server.post(target, &extra)
    };
    let main = second(&action(&second("/twilio/voice", None)), Some("2"));
    let busy = second(&action(&main), Some("0"));
    assert!(busy.contains("Nobody can talk to you at this moment."), "one counsellor for two callers: {busy}");
    let still = second(&action(&busy), Some("1"));
    assert!(!still.contains("<Dial"), "one counsellor for two callers: {still}");
    // The first caller's own attempt is not in her way, should the provider ask for it again. The sealed state says when
    // it was sealed, to the second; all else is the same.
    let again = server.post(&action(&connect), &[("Digits", "1")]);
    let but_for_its_state = |document: &str| document.replacen(action(document).split('#').next().unwrap(), "", 1);
    assert_eq!(but_for_its_state(&again), but_for_its_state(&dial));
    let after = server.post(&action(&dial), &[("DialCallStatus", "no-answer")]);
    assert!(after.contains("<Gather"), "{after}");
    server.stop();

    let stats =
        Command::new(env!("CARGO_BIN_EXE_hulplijn")).args(["stats", "--json", "--data"]).arg(&data).output().unwrap();
    let stats = String::from_utf8(stats.stdout).unwrap();
    assert!(stats.contains("language/en") && stats.contains("nobody/no-answer"), "{stats}");

    // Nothing of the caller is in any file.
    for file in std::fs::read_dir(&data).unwrap().chain(std::fs::read_dir(folder.path()).unwrap()) {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for private in [&CALLER[1..], "447700900188", "0000cafe", "00005ec0"] {
                assert!(
                    !bytes.windows(private.len()).any(|window| window == private.as_bytes()),
                    "{private} in {}",
                    path.display()
                );
            }
        }
    }
}

/// Clients that send slowly are cut off; calls on other connections are answered meanwhile.
#[test]
fn slow_clients_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let path = folder.path().join("hulplijn.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{config}[limits]\nread_s = 1\n")).unwrap();
    let server = Server::start(folder.path(), port);
    let begin = |text: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let started = Instant::now();
    let headers: Vec<_> =
        (0..40).map(|_| begin("POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")).collect();
    let bodies: Vec<_> = (0..40)
        .map(|_| begin("POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\nCallSid="))
        .collect();
    assert!(server.post("/twilio/voice", &[]).contains("<Gather"));
    for mut stream in headers.into_iter().chain(bodies) {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!String::from_utf8_lossy(&answer).contains("<Response"));
    }
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    let mut huge =
        begin(&format!("POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Huge: {}\r\n\r\n", "x".repeat(40_000)));
    let mut answer = String::new();
    let _ = huge.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop();
}

/// A stop finishes what is in flight.
#[test]
fn a_stop_waits_for_the_answer_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let server = Server::start(folder.path(), port);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nCall").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let stopping = std::thread::spawn(move || server.stop());
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(b"Sid=1").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    stopping.join().unwrap();
}

#[test]
fn serve_refuses_what_would_be_unsafe() {
    let folder = tempfile::tempdir().unwrap();
    configured(folder.path());
    let serve = |arguments: &[&str], token: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        command.arg("serve").args(arguments).env_remove("HULPLIJN_TWILIO_AUTH_TOKEN");
        if let Some(token) = token {
            command.env("HULPLIJN_TWILIO_AUTH_TOKEN", token);
        }
        let output = command.arg("--data").arg(folder.path().join("data")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = serve(&["--listen", "0.0.0.0:28080"], None);
    assert!(code == Some(2) && error.contains("refusing to listen"), "{error}");
    let config = folder.path().join("hulplijn.toml");
    let live = [
        "--config",
        config.to_str().unwrap(),
        "--public-url",
        "https://line.example.org",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "off",
    ];
    let (code, error) = serve(&live, Some(common::TOKEN));
    assert!(code == Some(1) && error.contains("cannot go live: 4 numbers") && error.contains("--trial"), "{error}");
    let (code, error) = serve(&["--trace-calls", "--public-url", "http://127.0.0.1:1"], Some("x"));
    assert!(code == Some(2) && error.contains("nothing of a call is logged"), "{error}");
}
