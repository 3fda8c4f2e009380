//! `hulplijn doctor` against the real server behind a TLS proxy of our own, and against others that are not as they
//! should be. All on this machine.

mod common;

use common::rest::{KEY, Pretend, SECRET};
use common::server::{Server, configured};
use common::{CALLER, DESK, OWN, TOKEN};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::Value;
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What is behind the TLS.
#[derive(Clone)]
enum Behind {
    /// The server at this port, byte for byte.
    Server(u16),
    /// The server, and the address is tidied up on the way.
    Tidied(u16),
    /// The same answer to everything.
    Answer(&'static str),
}

/// What is wrong with the certificate.
#[derive(Clone, Copy, PartialEq)]
enum Certificate {
    Good,
    Expired,
    ForAnother,
}

/// A folder with a configuration and an authority's certificate, and a proxy.
struct Place {
    folder: TempDir,
    /// Of the proxy.
    port: u16,
    /// How many connections got past the greeting of TLS.
    inside: Arc<AtomicUsize>,
}

impl Place {
    async fn new(certificate: Certificate, behind: impl FnOnce(&Path, u16) -> Behind) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let name = if certificate == Certificate::ForAnother { "127.0.0.2" } else { "127.0.0.1" };
        let mut own = CertificateParams::new([name.to_owned()]).unwrap();
        if certificate == Certificate::Expired {
            (own.not_before, own.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2024, 4, 1));
        } else {
            own.not_after = date_time_ymd(2099, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let own = own.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
        let inside = Arc::new(AtomicUsize::new(0));
        let behind = behind(folder.path(), port);
        tokio::spawn(proxy(listener, TlsAcceptor::from(Arc::new(tls)), behind, Arc::clone(&inside)));
        Place { folder, port, inside }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Runs the doctor on this configuration; `ca`: it is told whom to trust.
    async fn doctor(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        command.arg("doctor").args(arguments).arg("--config").arg(self.folder.path().join("hulplijn.toml"));
        command.args(["--public-url", &format!("https://127.0.0.1:{}", self.port)]);
        command.env("HULPLIJN_TWILIO_AUTH_TOKEN", TOKEN).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        command.envs(environment.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn seen(&self, environment: &[(&str, &str)]) -> Report {
        let ca = self.ca();
        Report::of(self.doctor(&["--json", "--ca", ca.to_str().unwrap()], environment).await)
    }
}

async fn proxy(listener: TcpListener, tls: TlsAcceptor, behind: Behind, inside: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, behind, inside) = (tls.clone(), behind.clone(), Arc::clone(&inside));
        tokio::spawn(async move {
            let Ok(mut client) = tls.accept(stream).await else { return };
            inside.fetch_add(1, Ordering::SeqCst);
            match behind {
                Behind::Server(port) => {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
                Behind::Tidied(port) => {
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let mut request = vec![0; 16 * 1024];
                    while let Ok(n @ 1..) = client.read(&mut request).await {
                        let tidy = String::from_utf8_lossy(&request[..n]).replace("%2D", "-");
                        server.write_all(tidy.as_bytes()).await.unwrap();
                        let mut answer = vec![0; 64 * 1024];
                        let Ok(n) = server.read(&mut answer).await else { return };
                        client.write_all(&answer[..n]).await.unwrap();
                    }
                }
                Behind::Answer(answer) => {
                    let mut request = vec![0; 16 * 1024];
                    while let Ok(1..) = client.read(&mut request).await {
                        let _ = client.write_all(answer.as_bytes()).await;
                    }
                }
            }
        });
    }
}

/// What the doctor saw.
struct Report {
    code: Option<i32>,
    seen: Vec<Value>,
    text: String,
}

impl Report {
    fn of(output: Output) -> Report {
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let read: Value = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"));
        let seen = read["seen"].as_array().unwrap().clone();
        let wrong = seen.iter().filter(|one| one["state"] == "wrong").count();
        assert_eq!(read["wrong"], wrong);
        assert_eq!(output.status.code(), Some(i32::from(wrong > 0)), "{text}");
        Report { code: output.status.code(), seen, text }
    }

    /// The state of the one thing that says this.
    fn says(&self, words: &str, state: &str) {
        let found: Vec<&Value> =
            self.seen.iter().filter(|one| one["found"].as_str().unwrap().contains(words)).collect();
        assert_eq!(found.len(), 1, "`{words}` in {}", self.text);
        assert_eq!(found[0]["state"], state, "{}", found[0]);
        assert_eq!(found[0]["todo"] == "", state == "ok", "whatever is not ok says what to do: {}", found[0]);
    }

    fn of_topic(&self, topic: &str, state: &str) -> usize {
        self.seen.iter().filter(|one| one["topic"] == topic && one["state"] == state).count()
    }

    /// Nothing that must not be shown.
    fn is_discreet(&self) {
        for secret in [TOKEN, &DESK[1..], &OWN[1..], &CALLER[1..], &DESK[4..], "09008844"] {
            assert!(!self.text.contains(secret), "{secret} in {}", self.text);
        }
    }
}

fn private(folder: &Path) {
    set_permissions(folder.join("hulplijn.toml"), Permissions::from_mode(0o600)).unwrap();
}

/// The real server, known as the proxy's address.
fn real(folder: &Path, proxy: u16, server: &mut Option<Server>) -> u16 {
    let port = configured(folder);
    private(folder);
    *server = Some(Server::start_as(folder, port, &format!("https://127.0.0.1:{proxy}"), &[]));
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_well() {
    let mut server = None;
    let place = Place::new(Certificate::Good, |folder, proxy| Behind::Server(real(folder, proxy, &mut server))).await;
    let ca = place.ca();
    let by_system = place.doctor(&["--json"], &[("SSL_CERT_FILE", ca.to_str().unwrap())]).await;
    for report in [place.seen(&[]).await, Report::of(by_system)] {
        report.says("takes connections", "ok");
        report.says("the certificate is trusted, for another", "ok");
        report.says("`/healthz` answers ok", "ok");
        report.says("a request signed with the auth token is answered", "ok");
        report.says("an unsigned request is refused", "ok");
        report.says("the keeper's listener cannot be reached", "ok");
        report.says("the clock is right by the clock of whatever answers at `127.0.0.1`", "ok");
        report.says("hulplijn.toml` is private (mode 600)", "ok");
        report.says("keyring` is private (mode 600)", "ok");
        report.says("hulplijn.db` is private (mode 600)", "ok");
        report.says("CS-03 is not kept at this door", "look");
        report.says("nobody has checked the numbers of", "look");
        report.says("no alarm is set", "look");
        report.says("somebody is there now", "ok");
        assert_eq!((report.of_topic("address", "wrong"), report.of_topic("files", "wrong")), (0, 0), "{}", report.text);
        report.is_discreet();
    }
    // The screen for a person, without the network.
    let screen = place.doctor(&["--offline"], &[]).await;
    let text = String::from_utf8(screen.stdout).unwrap();
    assert!(text.contains("look   address  the public address was not asked"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains(TOKEN) && !text.contains(&DESK[4..]), "{text}");
    // What it asked was no call.
    server.unwrap().stop();
    let (from, to) = ("2000-01-01".parse().unwrap(), "2100-01-01".parse().unwrap());
    let data = place.folder.path().join("data");
    assert_eq!(hulplijn::store::Store::read_only_stats(&data, from, to).unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_trusted_is_named_and_nothing_is_asked_through_it() {
    let well = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
    let case = |certificate, trusted: bool, says: &'static str| async move {
        let place = Place::new(certificate, |folder, _| {
            configured(folder);
            Behind::Answer(well)
        })
        .await;
        let ca = place.ca();
        // Roots that are somebody else's: the system's, or, where there is none, an authority of another day.
        let other = CertifiedIssuer::self_signed(
            {
                let mut other = CertificateParams::new([]).unwrap();
                other.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                other
            },
            KeyPair::generate().unwrap(),
        );
        let others = place.folder.path().join("others.pem");
        std::fs::write(&others, other.unwrap().pem()).unwrap();
        let roots = if trusted { ca } else { others };
        let report = Report::of(place.doctor(&["--json", "--ca", roots.to_str().unwrap()], &[]).await);
        report.says(says, "wrong");
        report.says("nothing was asked over a connection that is not to be trusted", "look");
        assert_eq!(report.code, Some(1));
        assert_eq!(place.inside.load(Ordering::SeqCst), 0, "it went on all the same");
        report.is_discreet();
    };
    case(Certificate::Good, false, "the certificate of `127.0.0.1` is not trusted: nobody known here has signed it")
        .await;
    case(Certificate::Expired, true, "the certificate of `127.0.0.1` has expired").await;
    case(Certificate::ForAnother, true, "the certificate of `127.0.0.1` is for another name").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_the_server_does_not_know_is_found_out() {
    let mut server = None;
    let place = Place::new(Certificate::Good, |folder, proxy| Behind::Server(real(folder, proxy, &mut server))).await;
    let other = "another-token-of-32-characters-x";
    let report = place.seen(&[("HULPLIJN_TWILIO_AUTH_TOKEN", other)]).await;
    report.says("a request signed with the auth token is refused", "wrong");
    assert!(!report.text.contains(other));
    server.unwrap().stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_tidies_up_the_address_is_found_out() {
    let mut server = None;
    let place = Place::new(Certificate::Good, |folder, proxy| Behind::Tidied(real(folder, proxy, &mut server))).await;
    let report = place.seen(&[]).await;
    report.says("a request signed with the auth token is refused", "wrong");
    report.says("`/healthz` answers ok", "ok");
    server.unwrap().stop();
}

/// The provider's REST interface is asked for the account, and for nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_the_rest_interface_answers() {
    let pretend = Pretend::start().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let cases = [
        (pretend.base.clone(), SECRET, "the provider's REST interface answers us", "ok"),
        (
            pretend.base.clone(),
            "another-secret-of-32-characters",
            "the provider's REST interface does not believe us",
            "wrong",
        ),
        (format!("{}/elsewhere", pretend.base), SECRET, "the provider's REST interface knows no such account", "wrong"),
        (format!("http://{nobody}"), SECRET, "the provider's REST interface could not be reached", "wrong"),
    ];
    for (base, secret, says, state) in cases {
        let place = Place::new(Certificate::Good, |folder, _| {
            configured(folder);
            let path = folder.join("hulplijn.toml");
            let rest = format!("[twilio]\nrest = \"{base}\"\nrest_key = \"{KEY}\"\nrest_secret = \"{secret}\"\n");
            let text = std::fs::read_to_string(&path).unwrap().replace("[twilio]\n", &rest);
            std::fs::write(&path, text).unwrap();
            Behind::Answer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        })
        .await;
        let report = place.seen(&[]).await;
        report.says(says, state);
        assert!(!report.text.contains(secret) && !report.text.contains(KEY), "{}", report.text);
        report.is_discreet();
        let offline = Report::of(place.doctor(&["--json", "--offline"], &[]).await);
        offline.says("the provider's REST interface was not asked", "look");
    }
    assert_eq!(pretend.placed(), 0);
    assert!(pretend.seen().iter().all(|seen| seen.form.is_empty()), "{:?}", pretend.seen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_answers() {
    let case = |answer: &'static str, expected: &'static [(&'static str, &'static str)]| async move {
        let place = Place::new(Certificate::Good, |folder, _| {
            configured(folder);
            Behind::Answer(answer)
        })
        .await;
        let report = place.seen(&[]).await;
        for (words, state) in expected {
            report.says(words, state);
        }
    };
    case(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 7\r\n\r\nwelcome",
        &[
            ("`/healthz` answers 200", "wrong"),
            ("is answered with something that is not a document of ours", "wrong"),
            ("an unsigned request is answered: anybody can pretend", "wrong"),
            ("`/metrics` and `/readyz` can be read by everybody", "wrong"),
            ("s off by the clock of whatever answers", "wrong"),
        ],
    )
    .await;
    case(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        &[
            ("`/healthz` answers 502", "wrong"),
            ("signed with the auth token gets 502", "wrong"),
            ("an unsigned request gets 502", "look"),
            ("the keeper's listener cannot be reached", "ok"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_private_is_wrong_and_said_at_the_start_too() {
    let mut server = None;
    let place = Place::new(Certificate::Good, |folder, proxy| {
        let port = configured(folder);
        set_permissions(folder.join("hulplijn.toml"), Permissions::from_mode(0o644)).unwrap();
        server = Some(Server::start_as(folder, port, &format!("https://127.0.0.1:{proxy}"), &[]));
        Behind::Server(port)
    })
    .await;
    server.unwrap().stop();
    let screen = std::fs::read_to_string(place.folder.path().join("screen")).unwrap();
    assert!(screen.contains("notice   WRONG: others on this machine may open"), "{screen}");
    set_permissions(place.folder.path().join("data"), Permissions::from_mode(0o755)).unwrap();
    set_permissions(place.folder.path().join("data/keyring"), Permissions::from_mode(0o644)).unwrap();
    let report = Report::of(place.doctor(&["--json", "--offline"], &[]).await);
    report.says("others on this machine may look into the data folder", "wrong");
    report.says("hulplijn.toml` (mode 644)", "wrong");
    report.says("keyring` (mode 644)", "wrong");
}

#[test]
fn what_cannot_be_looked_at_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hulplijn.toml");
    let doctor = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        let output = command.arg("doctor").args(arguments).arg("--config").arg(&config).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = doctor(&[]);
    assert!(code == Some(2) && said.contains("cannot read the configuration"), "{said}");
    std::fs::write(&config, "public_url = \"https://127.0.0.1:1\"\n").unwrap();
    let (code, said) = doctor(&[]);
    assert!(code == Some(2) && said.contains("no auth token"), "{said}");
    std::fs::write(&config, "public_url = \"https://127.0.0.1:1\"\n[twilio]\nauth_token = \"replace-me\"\n").unwrap();
    let (code, said) = doctor(&["--ca", "/nonexistent/ca.pem", "--data", folder.path().to_str().unwrap()]);
    assert!(code == Some(2) && said.contains("`--ca /nonexistent/ca.pem` cannot be used"), "{said}");
}
