//! The real binary is attacked with ten thousand connections that never mean well, while calls go on: every call hears
//! what it should, and soon.

mod common;

use common::server::{Server, configured};
use hulplijn::twiml::{ReadVerb, read_voice};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Connections of strangers that are open at once.
const STRANGERS: usize = 10_000;

/// The attack goes on for this long after the last of them was opened.
const HELD: Duration = Duration::from_secs(8);

/// Each of two attackers opens so many, then pauses, so that the processors are left to the server: this is about
/// seats, and a machine that is out of breath answers nobody soon.
const OPENED: usize = 50;
const PAUSE: Duration = Duration::from_millis(50);

/// Calls at once.
const CALLERS: usize = 4;

/// No answer takes longer: the addresses we give out tell the provider to give up then, and to try again.
const LOST: Duration = Duration::from_secs(4);

/// How soon 99 of 100 answers come, from the first packet of the connection: a provider waits for 15 seconds, and a
/// caller hears silence. Generous, for a machine that does other things.
const SOON: Duration = Duration::from_secs(1);

/// As much memory as the server may have had at most, in KiB: the seats with all they can hold.
const MEMORY_KIB: u64 = 512 * 1024;

fn open_files(soft: u64) {
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(soft), maximum: hard }).unwrap_or_else(|error| {
        panic!("this test opens {STRANGERS} connections and needs {soft} open files: raise `ulimit -Hn`: {error}")
    });
}

/// Which of the strangers closes its half.
const HALF_OPEN: usize = 13;

/// A stranger's connection, with whatever keeps a server busy. What fails later is the server defending itself.
fn stranger(port: u16, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .unwrap_or_else(|error| panic!("only {n} of {STRANGERS} connections could be opened: {error}"));
    stream.set_nonblocking(true).unwrap();
    let head = |more: &str| format!("POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}");
    // Two thirds are patient: more than there are seats. They alone would fill the house.
    let bytes = match n % 15 {
        // Never says anything.
        0..=3 => String::new(),
        // Slow headers; slow bodies.
        4..=6 => head("X-Slow: "),
        7..=9 => head("Content-Length: 60000\r\n\r\nCallSid="),
        // Huge bodies, huge headers.
        10 => head(&format!("Content-Length: 10000000\r\n\r\n{}", "x".repeat(200_000))),
        11 => head(&format!("X-Huge: {}", "x".repeat(200_000))),
        // Asks very often and never reads.
        12 => "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(500),
        // Half open.
        HALF_OPEN => head("Content-Length: 20\r\n\r\nCall"),
        // Whole, and signed wrongly.
        _ => head("X-Twilio-Signature: MJLu1+5I44AcHkJqx/L6jpbnhwg=\r\nContent-Length: 9\r\n\r\nCallSid=1"),
    };
    let _ = stream.write(bytes.as_bytes());
    if n % 15 == HALF_OPEN {
        let _ = stream.shutdown(Shutdown::Write);
    }
    stream
}

/// One request on a connection of its own; the document and how long it took.
fn ask(server: &Server, target: &str, extra: &[(&str, &str)]) -> (String, Duration) {
    let request = server.request(target, extra, "close");
    let started = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{error} after {:?}", started.elapsed()));
    let took = started.elapsed();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("a call got no answer: `{answer}`"));
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    (body.to_owned(), took)
}

fn keys(document: &str) -> String {
    let verbs = read_voice(document.as_bytes()).unwrap().verbs;
    let action = verbs.into_iter().find_map(|verb| match verb {
        ReadVerb::Gather(gather) => gather.action,
        _ => None,
    });
    action.unwrap_or_else(|| panic!("no keys in {document}"))
}

/// A whole call: two languages, the menu, help, back, the end. How long each answer took.
fn call(server: &Server, sid: &str) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut document = String::new();
    let steps = [
        ("", "For English, press two."),
        ("2", "For help and shelter, press one."),
        ("1", "<Gather"),
        ("*", "For help and shelter, press one."),
        ("9", "<Hangup"),
    ];
    for (key, hears) in steps {
        let (target, extra) = match key {
            "" => ("/twilio/voice".to_owned(), vec![("CallSid", sid)]),
            key => (keys(&document), vec![("CallSid", sid), ("Digits", key)]),
        };
        let (answer, took) = ask(server, &target, &extra);
        assert!(answer.contains(hears), "{key}: {hears} in {answer}");
        document = answer;
        times.push(took);
    }
    times
}

fn proc_value(pid: u32, file: &str, line: &str) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let line = text.lines().find_map(|text| text.strip_prefix(line)).unwrap_or_else(|| panic!("{line} in {text}"));
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn ten_thousand_strangers_keep_no_caller_out() {
    // The server begins with the soft limit that services usually get, and helps itself.
    open_files(1024);
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    // Strangers may take their time, so that it is not the time-out that gets rid of them.
    let config = folder.path().join("hulplijn.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[limits]\nread_s = 15\n")).unwrap();
    let server = Server::start(folder.path(), port);
    let limits = proc_value(server.pid(), "limits", "Max open files");
    assert_eq!(limits[0], limits[1], "the server raises its soft limit of open files");
    open_files(STRANGERS as u64 + 1000);

    let over = AtomicBool::new(false);
    let (opened, again) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (server, over) = (&server, &over);
                scope.spawn(move || {
                    let mut times = Vec::new();
                    for n in 0.. {
                        times.extend(call(server, &format!("CA{caller:04}{n:028}")));
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    times
                })
            })
            .collect();
        let attackers: Vec<_> = (0..2)
            .map(|half| {
                let (opened, again) = (&opened, &again);
                scope.spawn(move || {
                    let mut streams: Vec<TcpStream> = (0..STRANGERS / 2)
                        .map(|n| {
                            if n % OPENED == OPENED - 1 {
                                std::thread::sleep(PAUSE);
                            }
                            let stream = stranger(port, 2 * n + half);
                            opened.fetch_add(1, Ordering::SeqCst);
                            stream
                        })
                        .collect();
                    // They trickle on, and come back when they are sent away.
                    let end = Instant::now() + HELD;
                    while Instant::now() < end {
                        let mut back = 0;
                        for (n, stream) in streams.iter_mut().enumerate() {
                            if back == OPENED {
                                break;
                            }
                            if matches!(stream.write(b"x"), Err(error) if error.kind() != std::io::ErrorKind::WouldBlock) {
                                *stream = stranger(port, 2 * n + half);
                                again.fetch_add(1, Ordering::SeqCst);
                                back += 1;
                            }
                        }
                        std::thread::sleep(PAUSE);
                    }
                })
            })
            .collect();
        for attacker in attackers {
            attacker.join().unwrap();
        }
        over.store(true, Ordering::SeqCst);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });

    assert_eq!(opened.load(Ordering::SeqCst), STRANGERS);
    times.sort_unstable();
    let (p99, longest) = (times[times.len() * 99 / 100], times[times.len() - 1]);
    let peak: u64 = proc_value(server.pid(), "status", "VmHWM:")[0].parse().unwrap();
    println!(
        "{} answers, median {:?}, p99 {p99:?}, longest {longest:?}; {} connections opened, {} more in place of closed ones; \
         the server used at most {} MiB",
        times.len(),
        times[times.len() / 2],
        opened.load(Ordering::SeqCst),
        again.load(Ordering::SeqCst),
        peak / 1024
    );
    assert!(times.len() >= 100, "only {} answers", times.len());
    assert!(p99 < SOON, "p99 of {} answers is {p99:?}", times.len());
    assert!(longest < LOST, "an answer took {longest:?}");
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    // Afterwards all is as before, and it stops as it should.
    call(&server, "CA00000000000000000000000000000after");
    server.stop();
}
