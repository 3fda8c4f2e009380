//! Sounds as providers and browsers fetch them, beside the least that gives a file: bare hyper that reads it from the disk
//! for each request. The two run in turn on one processor, those who ask on another, in the same run.
//!
//! `cargo bench --bench sounds`, Linux, two processors with nothing else to do. Everything stays on the loopback address.

#[path = "../tests/common/mod.rs"]
mod common;

use common::server::{SAID, configured};
use common::{TOKEN, stand_ins};
use http_body_util::Full;
use hulplijn::audio::{Grade, SoundId};
use hulplijn::cli::menus::Origin;
use hulplijn::menu::{self, Settings};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Each side is measured for so long, so many times, in turn.
const WINDOW: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

/// As many ask at once; a provider fetches for a few calls at a time, and keeps what it has.
const AT_ONCE: usize = 32;

/// A sound is five seconds of 8 kHz, a byte a sample.
const SOUND: usize = 40_000;

/// How many sounds are asked for in turn.
const SOUNDS: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [word, port, folder] = arguments.as_slice()
        && word == "baseline"
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(baseline(port.parse().unwrap(), PathBuf::from(folder)));
    }
    let home = tempfile::tempdir().unwrap();
    let (port, names) = line(home.path());
    pin(std::process::id(), 1);
    let ours = Server::start(port, 0, env!("CARGO_BIN_EXE_hulplijn"), |command| {
        command.args(["serve", "--config"]).arg(home.path().join("hulplijn.toml"));
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--admin-listen", "off"]);
        command.args(["--public-url", &format!("http://127.0.0.1:{port}")]);
        command.env("HULPLIJN_TWILIO_AUTH_TOKEN", TOKEN);
    });
    let bare = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let this = std::env::current_exe().unwrap();
    let bare = Server::start(bare, 0, this.to_str().unwrap(), |command| {
        command.args(["baseline", &bare.to_string()]).arg(home.path().join("sound"));
    });
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (at, server) in [&bare, &ours].into_iter().enumerate() {
            rounds[at].push(fetched(server, &names));
        }
    }
    let [bare, ours] = rounds.map(middle);
    println!("sounds of {SOUND} bytes, {AT_ONCE} asked for at once");
    println!("  bare hyper, from the disk: {bare}");
    println!("  hulplijn:                  {ours}");
    println!(
        "  ratio: {:.2} of the bytes per second, {:.2} times the processor time each",
        ours.bytes_s / bare.bytes_s,
        ours.cpu_us / bare.cpu_us
    );
}

/// The shipped menus with a sound for each prompt; the names of some.
fn line(home: &Path) -> (u16, Vec<String>) {
    let port = configured(home);
    let config = home.join("hulplijn.toml");
    let menus = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
    let text = std::fs::read_to_string(&config).unwrap();
    let audio = home.join("audio");
    std::fs::write(&config, {
        let sound = format!("[audio]\ndir = \"{}\"\n", audio.display());
        format!("menus = \"{}\"\n{}", menus.display(), text.replace(SAID, &sound))
    })
    .unwrap();
    let sources = Origin::Folder(menus).read().ok().unwrap();
    let hotline = menu::load_published(&sources, &Settings::default(), "2026-11-24".parse().unwrap()).hotline.unwrap();
    let (mut catalogs, _) = stand_ins(&hotline, Grade::Good);
    let mut names = Vec::new();
    std::fs::create_dir(home.join("sound")).unwrap();
    for (language, catalog) in &mut catalogs {
        let folder = audio.join(language.as_str());
        std::fs::create_dir_all(&folder).unwrap();
        for (prompt, entry) in &mut catalog.prompt {
            let mut bytes = format!("{language} {prompt} ").into_bytes();
            bytes.resize(SOUND, b'.');
            entry.sound = SoundId::of(&bytes);
            let name = format!("{}.wav", entry.sound);
            std::fs::write(folder.join(&entry.file), &bytes).unwrap();
            std::fs::write(home.join("sound").join(&name), &bytes).unwrap();
            names.push(name);
        }
        std::fs::write(folder.join("catalog.toml"), catalog.to_toml()).unwrap();
    }
    names.truncate(SOUNDS);
    (port, names)
}

fn pin(pid: u32, processor: usize) {
    let done = Command::new("taskset").args(["-acp", &processor.to_string(), &pid.to_string()]).output();
    assert!(done.is_ok_and(|done| done.status.success()), "taskset (util-linux) and two processors are needed");
}

struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(port: u16, processor: usize, program: &str, more: impl FnOnce(&mut Command)) -> Server {
        let mut command = Command::new("taskset");
        command.args(["-c", &processor.to_string(), program]);
        more(&mut command);
        let child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("taskset (util-linux) is needed");
        let server = Server { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the server did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// Processor time of all its threads so far, in nanoseconds (proc(5), schedstat).
    fn cpu_ns(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = |path: PathBuf| std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        tasks.map(|task| spent(task.unwrap().path()).split(' ').next().map_or(0, |ns| ns.parse().unwrap_or(0))).sum()
    }
}

#[derive(Clone)]
struct Figures {
    bytes_s: f64,
    cpu_us: f64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} MB/s, {:.1} µs of processor a sound", self.bytes_s / 1e6, self.cpu_us)
    }
}

fn middle(mut rounds: Vec<Figures>) -> Figures {
    rounds.sort_by(|one, other| one.bytes_s.total_cmp(&other.bytes_s));
    rounds[rounds.len() / 2].clone()
}

/// So many at once, each followed by the next; a stranger's connection is closed after each request, as ours does.
fn fetched(server: &Server, names: &[String]) -> Figures {
    let (cpu_ns, begun, count) = (server.cpu_ns(), Instant::now(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for first in 0..AT_ONCE {
            let count = &count;
            scope.spawn(move || {
                let mut answer = Vec::with_capacity(2 * SOUND);
                for name in names.iter().cycle().skip(first) {
                    if begun.elapsed() > WINDOW {
                        return;
                    }
                    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
                    let request = format!(
                        "GET /sound/{name} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
                        server.port
                    );
                    stream.write_all(request.as_bytes()).unwrap();
                    answer.clear();
                    stream.read_to_end(&mut answer).unwrap();
                    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.len() > SOUND, "{}", answer.len());
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let count = count.into_inner() as f64;
    Figures {
        bytes_s: count * SOUND as f64 / begun.elapsed().as_secs_f64(),
        cpu_us: (server.cpu_ns() - cpu_ns) as f64 / 1e3 / count,
    }
}

/// The least that gives a file.
async fn baseline(port: u16, folder: PathBuf) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let folder = folder.clone();
        let given = service_fn(move |request: Request<Incoming>| {
            let path = folder.join(request.uri().path().trim_start_matches("/sound/"));
            async move {
                let bytes = std::fs::read(path).unwrap();
                let answer = Response::builder().header("content-type", "audio/wav");
                Ok::<_, std::convert::Infallible>(answer.body(Full::new(Bytes::from(bytes))).unwrap())
            }
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), given);
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}
