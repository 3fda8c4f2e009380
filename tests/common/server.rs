//! The real binary as a child process, asked over a real connection.
#![allow(dead_code, reason = "each test file uses its part")]

use super::{ACCOUNT, CALLER, DESK, OWN, TOKEN};
use hulplijn::provider::twilio::signature::sign;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The provider says every prompt: what is heard can be read in its answer.
pub const SAID: &str = "[audio]\nprefer.twilio = [\"say\"]\n";

/// A configuration file in this folder with its data beside it; a free port.
pub fn configured(folder: &Path) -> u16 {
    let data = folder.join("data");
    let config = format!(
        "data = \"{}\"\n{SAID}[twilio]\naccount_sid = \"{ACCOUNT}\"\nnumber = \"{OWN}\"\n\
         [desk]\nline = \"{DESK}\"\nhours = [\"mon-sun 00:00-24:00\"]\n",
        data.display()
    );
    std::fs::write(folder.join("hulplijn.toml"), config).unwrap();
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The address that this document asks next: a key's, or the end of a ringing.
pub fn next(document: &str) -> String {
    let start = document.find("action=\"").unwrap_or_else(|| panic!("no way on: {document}")) + 8;
    let rest = &document[start..];
    rest[..rest.find('"').unwrap()].replace("&amp;", "&")
}

/// A running server; a test that fails ends it as well.
pub struct Server {
    child: Child,
    pub port: u16,
    public_url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Stopped and waited for already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(folder: &Path, port: u16) -> Server {
        Server::start_as(folder, port, &format!("http://127.0.0.1:{port}"), &[])
    }

    /// As the provider knows it by this address, with more arguments. What it prints stands in `screen` and `log`.
    pub fn start_as(folder: &Path, port: u16, public_url: &str, arguments: &[&str]) -> Server {
        let program = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        Server::start_by(program, folder, port, public_url, arguments)
    }

    /// As above; `program` becomes the server with the arguments of one.
    pub fn start_by(mut program: Command, folder: &Path, port: u16, public_url: &str, arguments: &[&str]) -> Server {
        let file = |name: &str| std::fs::File::options().append(true).create(true).open(folder.join(name)).unwrap();
        let child = program
            .args(["serve", "--config"])
            .arg(folder.join("hulplijn.toml"))
            .args(["--listen", &format!("127.0.0.1:{port}"), "--admin-listen", "off"])
            .args(["--public-url", public_url])
            .args(arguments)
            .env("HULPLIJN_TWILIO_AUTH_TOKEN", TOKEN)
            .stdout(Stdio::from(file("screen")))
            .stderr(Stdio::from(file("log")))
            .spawn()
            .unwrap();
        let server = Server { child, port, public_url: public_url.to_owned() };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "the server did not start: {}",
                std::fs::read_to_string(folder.join("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// On a socket of ours, as systemd hands one over (`sd_listen_fds(3)`); returns when it says that it is ready
    /// (`sd_notify(3)`).
    pub fn start_on(folder: &Path, listener: &TcpListener) -> Server {
        let port = listener.local_addr().unwrap().port();
        let public_url = format!("http://127.0.0.1:{port}");
        let path = folder.join("notify");
        let _ = std::fs::remove_file(&path);
        let notified = UnixDatagram::bind(&path).unwrap();
        notified.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let socket = listener.try_clone().unwrap();
        let child = Command::new("sh")
            .args(["-c", "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_hulplijn"))
            .args(["serve", "--config"])
            .arg(folder.join("hulplijn.toml"))
            .args(["--listen", "127.0.0.1:1", "--admin-listen", "off", "--public-url", &public_url])
            .env("HULPLIJN_TWILIO_AUTH_TOKEN", TOKEN)
            .env("NOTIFY_SOCKET", &path)
            .stdin(Stdio::from(OwnedFd::from(socket)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(std::fs::File::create(folder.join("log")).unwrap()))
            .spawn()
            .unwrap();
        let mut message = [0; 64];
        let length = notified.recv(&mut message).unwrap_or_default();
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        assert!(message[..length].starts_with(b"READY=1"), "{log}");
        Server { child, port, public_url }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap(); // SIGKILL: nothing is tidied up
        self.child.wait().unwrap();
    }

    pub fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// The answer's document to a signed request.
    pub fn post(&self, target: &str, extra: &[(&str, &str)]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(self.request(target, extra, "close").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// A signed request, byte for byte; `connection` is `close` or `keep-alive`.
    pub fn request(&self, target: &str, extra: &[(&str, &str)], connection: &str) -> String {
        let mut form = vec![
            ("CallSid", "CA0000000000000000000000000000cafe"),
            ("AccountSid", ACCOUNT),
            ("From", CALLER),
            ("To", OWN),
            ("CallStatus", "in-progress"),
        ];
        form.retain(|(name, _)| extra.iter().all(|(known, _)| known != name));
        form.extend_from_slice(extra);
        let target = target.strip_prefix(&self.public_url).unwrap_or(target).split('#').next().unwrap();
        let signature = sign(TOKEN, &format!("{}{target}", self.public_url), &form);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: {connection}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
    }
}
