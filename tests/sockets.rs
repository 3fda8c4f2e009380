//! The real binary over real connections: slow, oversized and pipelined requests, a stop, and how it starts.

mod common;

use common::TOKEN;
use common::server::{Server, configured};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Some time for a machine that is busy with other tests.
const LEEWAY: Duration = Duration::from_millis(1500);

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Everything until the server closes; a connection that is cut off may also be reset.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(answer).unwrap(),
    }
}

fn limit(folder: &Path, line: &str) {
    let path = folder.join("hulplijn.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{config}[limits]\n{line}\n")).unwrap();
}

/// One byte every 100 ms never makes a request in time, whichever part of it is slow.
#[test]
fn a_trickle_is_cut_off_and_calls_are_answered_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    limit(folder.path(), "read_s = 1");
    let server = Server::start(folder.path(), port);
    let whole = server.request("/twilio/voice", &[], "keep-alive");
    let body_at = whole.find("\r\n\r\n").unwrap() + 4;
    // Where it becomes slow: at once, in the headers, in the body, and after an answer on the same connection.
    let trickle = |ready: String, then: &str| {
        let (mut stream, then) = (connect(port), then.as_bytes().to_vec());
        std::thread::spawn(move || {
            stream.write_all(ready.as_bytes()).unwrap();
            let started = Instant::now();
            let mut answer = vec![0; 64 * 1024];
            let mut read = 0;
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            for byte in then.iter().cycle() {
                // A failed write is the end as well: the reading below finds out.
                let _ = stream.write_all(&[*byte]);
                match stream.read(&mut answer[read..]) {
                    Ok(0) => break,
                    Ok(more) => read += more,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
                assert!(started.elapsed() < Duration::from_secs(8), "not cut off");
            }
            (started.elapsed(), String::from_utf8_lossy(&answer[..read]).into_owned())
        })
    };
    let slow = [
        (trickle(String::new(), "POST /twilio/voice HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaa"), 0),
        (trickle(whole[..40].to_owned(), "aaaaaaaa"), 0),
        (trickle(whole[..body_at + 5].to_owned(), &whole[body_at + 5..]), 0),
        (trickle(whole.clone(), "POST /twilio/voice HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaa"), 1),
    ];
    for _ in 0..5 {
        let started = Instant::now();
        assert!(server.post("/twilio/voice", &[]).contains("<Gather"));
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        std::thread::sleep(Duration::from_millis(200));
    }
    for (at, (thread, answers)) in slow.into_iter().enumerate() {
        let (took, answer) = thread.join().unwrap();
        assert!(took < Duration::from_secs(1) + LEEWAY, "{at}: {took:?}");
        assert_eq!(answer.matches("<Response>").count(), answers, "{at}: {answer}");
    }
    // A connection on which nothing ever comes.
    let started = Instant::now();
    assert!(!rest(&mut connect(port)).contains("<Response"));
    assert!(started.elapsed() < Duration::from_secs(1) + LEEWAY, "{:?}", started.elapsed());
    server.stop();
}

#[test]
fn headers_beyond_the_limit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let server = Server::start(folder.path(), port);
    let whole = server.request("/twilio/voice", &[], "close");
    let with = |headers: &str| {
        let request = whole.replacen("\r\n", &format!("\r\n{headers}"), 1);
        let mut stream = connect(port);
        stream.write_all(request.as_bytes()).unwrap();
        rest(&mut stream)
    };
    let small = with(&format!("X-Large: {}\r\n", "x".repeat(8000)));
    assert!(small.starts_with("HTTP/1.1 200"), "{small}");
    let few: String = (0..50).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert!(with(&few).starts_with("HTTP/1.1 200"));
    let many: String = (0..70).map(|n| format!("X-{n}: 1\r\n")).collect();
    for headers in [many, format!("X-Large: {}\r\n", "x".repeat(20_000))] {
        let refused = with(&headers);
        assert!(refused.starts_with("HTTP/1.1 431"), "{refused}");
    }
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let server = Server::start(folder.path(), port);
    let mut stream = connect(port);
    let requests = [
        server.request("/twilio/voice", &[], "keep-alive"),
        server.request("/twilio/status", &[], "keep-alive"),
        server.request("/twilio/nothing", &[], "keep-alive"),
        server.request("/twilio/voice", &[("Padding", "x")], "keep-alive"),
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".to_owned(),
    ];
    stream.write_all(requests.concat().as_bytes()).unwrap();
    let answers = rest(&mut stream);
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "204", "404", "200", "200"], "{answers}");
    assert!(answers.trim_end().ends_with("ok"), "{answers}");
    server.stop();
}

/// A call whose request had begun before the signal is answered as ever, and counted.
#[test]
fn a_stop_answers_and_counts_what_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let server = Server::start(folder.path(), port);
    let whole = server.request("/twilio/voice", &[], "keep-alive");
    let (first, last) = whole.split_at(whole.len() - 10);
    let mut stream = connect(port);
    stream.write_all(first.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let stopping = std::thread::spawn(move || server.stop());
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < deadline, "new connections are still taken");
        std::thread::sleep(Duration::from_millis(20));
    }
    stream.write_all(last.as_bytes()).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("<Gather"), "{answer}");
    stopping.join().unwrap();
    let (from, to) = ("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
    let tallies = hulplijn::store::Store::read_only_stats(&folder.path().join("data"), from, to).unwrap();
    assert!(tallies.iter().any(|tally| tally.key == "call" && tally.n == 1), "the call is counted");
}

// ---- how it starts

/// `serve` that is expected to end by itself: its exit code and what it says.
fn refused(folder: &Path, arguments: &[&str], token: Option<&str>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
    command.arg("serve").args(arguments).env_remove("HULPLIJN_TWILIO_AUTH_TOKEN");
    command.arg("--data").arg(folder.join("data")).args(["--admin-listen", "off"]);
    if let Some(token) = token {
        command.env("HULPLIJN_TWILIO_AUTH_TOKEN", token);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn beyond_loopback_there_must_be_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:28081", "[::]:28081"] {
        let (code, said) = refused(folder.path(), &["--listen", listen], None);
        assert!(code == Some(2) && said.contains(&format!("refusing to listen on {listen}")), "{code:?}: {said}");
        let url = ["--listen", listen, "--public-url", "https://line.example.org"];
        let (code, said) = refused(folder.path(), &url, None);
        assert!(code == Some(2) && said.contains("no auth token"), "{code:?}: {said}");
        let (code, said) = refused(folder.path(), &url, Some(""));
        assert!(code == Some(2), "{code:?}: {said}");
    }
    assert!(!folder.path().join("data").exists(), "a refused start leaves nothing behind");
}

#[test]
fn unchecked_numbers_are_named_and_a_trial_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let config = folder.path().join("hulplijn.toml");
    let live = ["--config", config.to_str().unwrap(), "--public-url", "https://line.example.org"];
    let (code, said) = refused(folder.path(), &[&live[..], &["--listen", "127.0.0.1:0"]].concat(), Some(TOKEN));
    assert_eq!(code, Some(1), "{said}");
    let contacts: toml::Table = common::shipped_menus()["contacts.toml"].parse().unwrap();
    let numbers: Vec<&String> = contacts["contact"].as_table().unwrap().keys().collect();
    for name in numbers {
        assert!(said.contains(&format!("`{name}`")), "{name} in {said}");
    }

    let server = Server::start_as(folder.path(), port, "https://line.example.org", &["--trial"]);
    let document = server.post("/twilio/voice", &[]);
    assert!(document.contains("https://line.example.org/twilio/key?s="), "{document}");
    server.stop();
    let screen = std::fs::read_to_string(folder.path().join("screen")).unwrap();
    assert!(screen.contains("TRIAL: 4 numbers are unchecked"), "{screen}");
}

/// What stands in the database's place cannot be opened: it is said, and a line without counts still answers.
#[test]
fn a_line_starts_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    std::fs::create_dir_all(folder.path().join("data").join(hulplijn::store::FILE_NAME)).unwrap();
    let server = Server::start(folder.path(), port);
    assert!(server.post("/twilio/voice", &[]).contains("<Gather"));
    server.stop();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.matches("no database: calls are answered, nothing is counted").count(), 1, "{log}");
}
