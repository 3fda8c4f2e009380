//! Whole signed calls against the running program, beside the least that a server of this kind can do: bare hyper that
//! reads the form, checks its signature and answers with a fixed document. The two run in turn on one processor, the callers
//! on another, in the same run.
//!
//! `cargo bench --bench calls`, Linux, two processors with nothing else to do; the figures of one machine stand in
//! `docs/speed.md`. Everything stays on the loopback address.

#[path = "../tests/common/mod.rs"]
mod common;

use common::server::{configured, next};
use common::{ACCOUNT, DESK, OWN, TOKEN};
use http_body_util::{BodyExt, Full, Limited};
use hulplijn::provider::twilio::signature::sign;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, LocalSet};

/// What the bare server answers: a way on, and about as many bytes as our answers to these calls have (850).
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let verb = "<Say language=\"en-GB\">There is nothing to be said here, at some length.</Say>";
    let gather = "<Gather action=\"/twilio/voice/key\" numDigits=\"1\" timeout=\"7\">";
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{gather}{}</Gather></Response>", verb.repeat(10))
});

/// Each side is measured for so long, so many times, in turn.
const WINDOW: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

/// The fixed rate, in calls a second, and for how long.
const RATE: u32 = 1000;
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// The connections over which calls come at the fixed rate: a provider keeps a few open.
const POOL: usize = 128;

fn main() {
    // `cargo bench` adds a word of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let [word, port] = arguments.as_slice()
        && word == "baseline"
    {
        runtime().block_on(baseline(port.parse().unwrap()));
        return;
    }
    let (of_servers, of_callers) = processors();
    let folder = tempfile::tempdir().unwrap();
    configured(folder.path());
    pin(std::process::id(), of_callers);
    LocalSet::new().block_on(&runtime(), measured(folder.path(), of_servers));
}

async fn measured(folder: &Path, processor: usize) {
    // The first start makes the keys and publishes the menus; later ones find them.
    for (name, times) in [("first start", 1), ("start", 5)] {
        let mut least = f64::MAX;
        for _ in 0..times {
            let begun = Instant::now();
            let server = Server::ours(folder, processor);
            server.answers().await;
            least = least.min(begun.elapsed().as_secs_f64() * 1e3);
        }
        println!("{name}: {least:.1} ms from exec to the first answered call");
    }
    let (ours, bare) = (Server::ours(folder, processor), Server::bare(processor));
    ours.answers().await;
    bare.answers().await;
    println!("idle: {} KiB resident, bare server {} KiB\n", ours.resident(), bare.resident());
    for at_once in [64, 256] {
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (at, server) in [&bare, &ours].into_iter().enumerate() {
                rounds[at].push(closed_loop(server, at_once).await);
            }
        }
        let [bare, ours] = rounds.map(middle);
        println!("{at_once} calls at once");
        println!("  bare hyper: {bare}\n  hulplijn:   {ours}");
        println!(
            "  ratio:      {:.2} of the requests per second, {:.2} times the processor time per request\n",
            ours.per_second / bare.per_second,
            ours.cpu_us / bare.cpu_us
        );
    }
    println!("{RATE} calls a second, as they come");
    println!("  bare hyper: {}", fixed_rate(&bare).await);
    println!("  hulplijn:   {}", fixed_rate(&ours).await);
    println!("\nafterwards: {} KiB resident", ours.resident());
}

/// One processor for the servers and another for the callers.
fn processors() -> (usize, usize) {
    let allowed = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim().to_owned();
    let mut all = list.split(',').flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse::<usize>().unwrap()..=last.parse().unwrap()
    });
    match (all.next(), all.next()) {
        (Some(first), Some(second)) => (first, second),
        _ => panic!("two processors are needed: one for the server, one for the callers; allowed are {list}"),
    }
}

fn pin(pid: u32, processor: usize) {
    let done = Command::new("taskset").args(["-acp", &processor.to_string(), &pid.to_string()]).output();
    assert!(done.is_ok_and(|done| done.status.success()), "taskset (util-linux) is needed");
}

/// A server on a processor of its own.
struct Server {
    child: Child,
    port: u16,
    ours: bool,
    /// Rises with each call, so that each has a name and a number of its own.
    calls: Cell<u32>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn ours(folder: &Path, processor: usize) -> Rc<Server> {
        let config = folder.join("hulplijn.toml");
        Server::start(env!("CARGO_BIN_EXE_hulplijn"), processor, true, |command, port| {
            command.args(["serve", "--config"]).arg(&config).args(["--listen", &format!("127.0.0.1:{port}")]);
            command.args(["--admin-listen", "off", "--public-url", &public_url(port)]);
            command.env("HULPLIJN_TWILIO_AUTH_TOKEN", TOKEN);
        })
    }

    fn bare(processor: usize) -> Rc<Server> {
        let this = std::env::current_exe().unwrap();
        Server::start(this.to_str().unwrap(), processor, false, |command, port| {
            command.args(["baseline", &port.to_string()]);
        })
    }

    fn start(program: &str, processor: usize, ours: bool, more: impl Fn(&mut Command, u16)) -> Rc<Server> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("taskset");
        command.args(["-c", &processor.to_string(), program]);
        more(&mut command, port);
        let child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("taskset (util-linux) is needed");
        Rc::new(Server { child, port, ours, calls: Cell::new(0) })
    }

    /// Waits until a whole first request is answered.
    async fn answers(self: &Rc<Server>) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            assert!(Instant::now() < deadline, "the server did not start");
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)).await {
                drop(stream);
                let mut caller = Caller::connect(self, &Rc::default()).await;
                let call = self.next_call();
                caller.ask("/twilio/voice", &call, &[], Instant::now()).await;
                return;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }

    /// The name and the number of the next call. Numbers come back after 70 000 calls, those of one moment differ.
    fn next_call(&self) -> (String, String) {
        let n = self.calls.get();
        self.calls.set(n + 1);
        (format!("CA{n:032x}"), format!("+1{}55501{:02}", 203 + n / 100 % 700, n % 100))
    }

    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Processor time of all its threads so far, in nanoseconds (proc(5), schedstat).
    fn cpu_ns(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = |path: &Path| std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        tasks.map(|task| spent(&task.unwrap().path()).split(' ').next().map_or(0, |ns| ns.parse().unwrap_or(0))).sum()
    }
}

fn public_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A connection of the provider, over which one call after the other comes.
struct Caller {
    stream: TcpStream,
    server: Rc<Server>,
    buffer: Vec<u8>,
    times: Rc<RefCell<Vec<u32>>>,
}

impl Caller {
    async fn connect(server: &Rc<Server>, times: &Rc<RefCell<Vec<u32>>>) -> Caller {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Caller { stream, server: Rc::clone(server), buffer: Vec::new(), times: Rc::clone(times) }
    }

    /// The answer's document to a signed request; the time it took counts from `due`.
    async fn ask(&mut self, target: &str, call: &(String, String), extra: &[(&str, &str)], due: Instant) -> String {
        let url = public_url(self.server.port);
        let target = target.strip_prefix(&url).unwrap_or(target).split('#').next().unwrap();
        let mut form = vec![
            ("CallSid", call.0.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", &call.1),
            ("To", OWN),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
            ("CallStatus", "in-progress"),
        ];
        form.retain(|(name, _)| extra.iter().all(|(known, _)| known != name));
        form.extend_from_slice(extra);
        let signature = sign(TOKEN, &format!("{url}{target}"), &form);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             X-Twilio-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            self.server.port,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        let whole = loop {
            if let Some(whole) = whole_answer(&self.buffer) {
                break whole;
            }
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the connection was closed: {}", String::from_utf8_lossy(&self.buffer));
        };
        self.times.borrow_mut().push(u32::try_from(due.elapsed().as_micros()).unwrap());
        let answer = String::from_utf8_lossy(&self.buffer[..whole]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer
    }

    /// Start, three keys and, if somebody was free, the end of the ringing; the last status. Each answer is looked at.
    async fn call(&mut self, due: Instant) {
        let call = self.server.next_call();
        let ours = self.server.ours;
        let says = |answer: &str, words: &str| assert!(!ours || answer.contains(words), "{words}: {answer}");
        let front = self.ask("/twilio/voice", &call, &[], due).await;
        says(&front, "Goedendag.");
        let main = self.ask(&next(&front), &call, &[("Digits", "2")], Instant::now()).await;
        says(&main, "Are you in danger now?");
        let person = self.ask(&next(&main), &call, &[("Digits", "0")], Instant::now()).await;
        says(&person, "<Gather");
        let rung = self.ask(&next(&person), &call, &[("Digits", "1")], Instant::now()).await;
        if !ours || rung.contains(DESK) {
            let after = self.ask(&next(&rung), &call, &[("DialCallStatus", "no-answer")], Instant::now()).await;
            says(&after, "<Gather");
        } else {
            says(&rung, "action=");
        }
        self.ask("/twilio/status", &call, &[("CallStatus", "completed")], Instant::now()).await;
    }
}

/// The length of the answer, if all of it is there.
fn whole_answer(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = head + 4 + length.unwrap_or(0);
    (bytes.len() >= whole).then_some(whole)
}

/// What one window showed.
#[derive(Clone)]
struct Figures {
    per_second: f64,
    cpu_us: f64,
    p50_ms: f64,
    p99_ms: f64,
    most_ms: f64,
    calls: u32,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>6.0} requests/s, {:>5.1} µs of processor each, p50 {:.2} ms, p99 {:.2} ms, most {:.1} ms, {} calls",
            self.per_second, self.cpu_us, self.p50_ms, self.p99_ms, self.most_ms, self.calls
        )
    }
}

impl Figures {
    fn of(server: &Server, mut times: Vec<u32>, took: Duration, cpu_ns: u64, calls: u32) -> Figures {
        times.sort_unstable();
        let at = |part: f64| f64::from(times[((times.len() - 1) as f64 * part) as usize]) / 1e3;
        Figures {
            per_second: times.len() as f64 / took.as_secs_f64(),
            cpu_us: (server.cpu_ns() - cpu_ns) as f64 / 1e3 / times.len() as f64,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            most_ms: at(1.0),
            calls,
        }
    }
}

/// The round with the middle number of requests.
fn middle(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    rounds[rounds.len() / 2].clone()
}

/// So many calls at once, each followed by the next.
async fn closed_loop(server: &Rc<Server>, at_once: usize) -> Figures {
    let times = Rc::default();
    let mut callers = Vec::new();
    for _ in 0..at_once {
        callers.push(Caller::connect(server, &times).await);
    }
    let (cpu_ns, calls, begun) = (server.cpu_ns(), server.calls.get(), Instant::now());
    let all = callers.into_iter().map(|mut caller| async move {
        while begun.elapsed() < WINDOW {
            caller.call(Instant::now()).await;
        }
    });
    together(all).await;
    Figures::of(server, times.take(), begun.elapsed(), cpu_ns, server.calls.get() - calls)
}

/// Calls that come at a fixed rate, whether the server keeps up or not: a late answer makes the next ones late.
async fn fixed_rate(server: &Rc<Server>) -> Figures {
    let times = Rc::default();
    let mut callers = Vec::new();
    for _ in 0..POOL {
        callers.push(Caller::connect(server, &times).await);
    }
    let (cpu_ns, calls, begun) = (server.cpu_ns(), server.calls.get(), Instant::now());
    let next_due = Rc::new(Cell::new(0_u32));
    let all = callers.into_iter().map(|mut caller| {
        let next_due = Rc::clone(&next_due);
        async move {
            loop {
                let due = Duration::from_secs(1) * next_due.get() / RATE;
                if due >= RATE_WINDOW {
                    return;
                }
                next_due.set(next_due.get() + 1);
                tokio::time::sleep_until((begun + due).into()).await;
                // The timer counts whole milliseconds and wakes late; what counts from the due moment is the server being late.
                let late = begun.elapsed().saturating_sub(due);
                let due = if late < Duration::from_millis(2) { Instant::now() } else { begun + due };
                caller.call(due).await;
            }
        }
    });
    together(all).await;
    Figures::of(server, times.take(), begun.elapsed(), cpu_ns, server.calls.get() - calls)
}

/// Runs these side by side on this thread.
async fn together(all: impl Iterator<Item = impl Future<Output = ()> + 'static>) {
    let mut running = JoinSet::new();
    for one in all {
        running.spawn_local(one);
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

/// The least that answers such a request.
async fn baseline(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let answered = service_fn(move |request: Request<Incoming>| async move {
            let url = format!("{}{}", public_url(port), request.uri());
            let signature = request.headers()["x-twilio-signature"].to_str().unwrap().to_owned();
            let body = Limited::new(request.into_body(), 64 * 1024).collect().await.unwrap().to_bytes();
            let form: Vec<_> = form_urlencoded::parse(&body).collect();
            assert_eq!(sign(TOKEN, &url, &form), signature);
            let answer = Response::builder().header("content-type", "application/xml; charset=utf-8");
            Ok::<_, std::convert::Infallible>(answer.body(Full::new(Bytes::from_static(DOCUMENT.as_bytes()))).unwrap())
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answered);
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}
