//! Who gets to the telephone in the browser, and how much of it there is. No browser is needed here.

mod common;

use common::house::{House, OPEN, ask};
use common::{World, log_lines};
use futures_util::{SinkExt, StreamExt};
use hulplijn::cli::lines::OwnLines;
use hulplijn::console::{Line, Lines, Which, Wish};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

type Socket = WebSocketStream<tokio::net::TcpStream>;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_was_let_in_gets_in() {
    let house = House::open().await;
    let status = |answer: &(String, String)| answer.0.split(' ').nth(1).unwrap().to_owned();
    let own = house.address.to_string();
    // Nobody without the address.
    for target in ["/phone", "/phone/phone.js", "/phone/socket", "/phone?token=", "/phone?token=00", "/phone?x=1"] {
        let answer = house.ask(target, &[]);
        assert_eq!(status(&answer), "403", "{target}");
        assert!(answer.1.contains("`hulplijn serve` printed"), "{}", answer.1);
    }
    let token = house.console.token();
    let entry = format!("/phone?token={token}");
    // Not by a name of somebody else's, which does not spend the token.
    for host in ["example.org", "127.0.0.1.example.org", "attacker.example:8081"] {
        assert_eq!(status(&house.ask(&entry, &[("Host", host)])), "403", "{host}");
    }
    let (head, _) = house.ask(&entry, &[]);
    assert!(head.starts_with("HTTP/1.1 303") && head.contains("location: /phone\r\n"), "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.ends_with("; Path=/phone; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    // It is good once, and the next one was told.
    let again = house.ask(&entry, &[]);
    assert_eq!(status(&again), "403");
    assert!(again.1.contains("used already"), "{}", again.1);
    let next = house.told.lock().unwrap().pop().unwrap();
    assert_eq!(status(&house.ask(&format!("/phone?token={next}"), &[])), "303");

    let (head, page) = house.ask("/phone", &[("Cookie", &cookie)]);
    assert!(head.starts_with("HTTP/1.1 200") && page.contains("<h1>Phone</h1>"), "{head}");
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    assert!(!page.contains("style=") && !page.contains("<script>") && !page.contains("//"), "nothing from elsewhere");
    let (head, map) = house.ask("/phone/map.svg", &[("Cookie", &cookie)]);
    assert!(head.starts_with("HTTP/1.1 200") && map.contains("id=\"node-help\""), "{head}");
    assert_eq!(status(&house.ask("/phone/../Cargo.toml", &[("Cookie", &cookie)])), "404");

    // The connection: only from the page itself.
    let origin = format!("http://{own}");
    let socket = |origin: Option<&str>, cookie: Option<&str>| {
        let mut headers = vec![
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        headers.extend(cookie.map(|cookie| ("Cookie", cookie)));
        status(&house.ask("/phone/socket", &headers))
    };
    assert_eq!(socket(Some(&origin), Some(&cookie)), "101");
    assert_eq!(socket(Some(&origin), None), "403");
    for wrong in ["http://example.org", "null", "https://127.0.0.1", &format!("{origin}.example.org")] {
        assert_eq!(socket(Some(wrong), Some(&cookie)), "403", "{wrong}");
    }
    assert_eq!(socket(None, Some(&cookie)), "403");
    // And never where the provider asks.
    let public = hulplijn_public(&house.world).await;
    assert_eq!(public, 404);
}

async fn hulplijn_public(world: &World) -> u16 {
    use tower::ServiceExt;
    let request = axum::http::Request::get("/phone").body(axum::body::Body::empty()).unwrap();
    world.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

/// The cookie of a browser that came in by the address.
fn let_in(house: &House) -> String {
    let (head, _) = house.ask(&format!("/phone?token={}", house.console.token()), &[]);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn connect(house: &House, cookie: &str) -> Socket {
    let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let request = format!(
        "GET /phone/socket HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        house.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

/// The next thing a page is told; `None` when the connection has ended.
async fn told(socket: &mut Socket) -> Option<String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => break Some(text.to_string()),
            Some(Ok(Message::Ping(_))) => {}
            _ => break None,
        }
    }
}

/// The next sound a page is told of.
async fn sound(socket: &mut Socket) -> Value {
    loop {
        let event: Value = serde_json::from_str(&told(socket).await.unwrap()).unwrap();
        if event["is"] == "sound" {
            return event;
        }
    }
}

/// A sentence of the browser's voice is over when the voice says so, sooner or later than the estimate.
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_waits_for_a_voice_and_goes_ahead_with_it() {
    let house = House::open().await;
    let mut socket = connect(&house, &let_in(&house)).await;
    let call = format!("{{\"do\":\"call\",\"at\":\"{OPEN}\",\"voices\":[\"nl\",\"en\"]}}");
    socket.send(Message::text(call)).await.unwrap();
    let voiced = |event: &Value| Message::text(format!("{{\"do\":\"voiced\",\"n\":{}}}", event["n"]));
    let greeting = sound(&mut socket).await;
    assert_eq!((&greeting["words"], &greeting["voiced"]), (&"Goedendag.".into(), &true.into()));
    let ms = greeting["ms"].as_u64().unwrap();
    assert!(ms < 1_000, "{ms}");
    // Long after the estimate the voice still speaks: nothing else is said.
    let waited = tokio::time::timeout(Duration::from_millis(ms + 1_000), sound(&mut socket)).await;
    assert!(waited.is_err(), "{waited:?}");
    socket.send(voiced(&greeting)).await.unwrap();
    let dutch = sound(&mut socket).await;
    // By the call's clock no time was lost.
    assert_eq!(dutch["at_ms"].as_u64().unwrap(), ms);
    // A voice that is quick moves the clock ahead; one that ended long ago moves nothing.
    let spoken = Instant::now();
    socket.send(voiced(&greeting)).await.unwrap();
    socket.send(voiced(&dutch)).await.unwrap();
    let english = sound(&mut socket).await;
    assert_eq!(english["at_ms"].as_u64().unwrap(), ms + dutch["ms"].as_u64().unwrap());
    assert!(spoken.elapsed() < Duration::from_millis(dutch["ms"].as_u64().unwrap()));
    // A key while a voice speaks cuts it off where it is.
    socket.send(Message::text("{\"do\":\"press\",\"key\":\"2\"}")).await.unwrap();
    let hello = sound(&mut socket).await;
    assert!(hello["words"].as_str().unwrap().starts_with("Hello."), "{hello}");
    // A language without a voice of this browser takes its estimated time.
    socket.send(Message::text(format!("{{\"do\":\"call\",\"at\":\"{OPEN}\",\"voices\":[\"fr\"]}}"))).await.unwrap();
    assert_eq!(sound(&mut socket).await["voiced"], false);
    assert_eq!(sound(&mut socket).await["voiced"], false);
}

/// A page of ours never asks for more; whatever else comes over the connection ends it or is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_bounded() {
    log_lines();
    let house = House::open().await;
    let cookie = let_in(&house);
    let connect = async || connect(&house, &cookie).await;
    let call = format!("{{\"do\":\"call\",\"at\":\"{OPEN}\"}}");
    // More calls than there may be: the next one is refused in words.
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = connect().await;
        socket.send(Message::text(call.clone())).await.unwrap();
        let words = told(&mut socket).await.unwrap();
        assert!(words.contains("\"is\":\"called\""), "{words}");
        sockets.push(socket);
    }
    let mut socket = connect().await;
    socket.send(Message::text(call)).await.unwrap();
    let words = told(&mut socket).await.unwrap();
    assert!(words.contains("\"is\":\"refused\"") && words.contains("3 calls are open already"), "{words}");
    // Nonsense is refused, and the connection stays.
    for nonsense in ["", "{", "{\"do\":\"press\",\"key\":\"\u{1f600}\"}", "{\"do\":\"attach\",\"call\":\"../../etc\"}"]
    {
        socket.send(Message::text(nonsense)).await.unwrap();
    }
    for expected in ["refused", "refused", "gone"] {
        let words = told(&mut socket).await.unwrap();
        assert!(words.contains(expected), "{words}");
    }
    // Too large, and too many.
    socket.send(Message::text("x".repeat(5_000))).await.unwrap();
    assert_eq!(told(&mut socket).await, None);
    let mut socket = connect().await;
    for _ in 0..60 {
        if socket.send(Message::text("{\"do\":\"skip\"}")).await.is_err() {
            break;
        }
    }
    assert_eq!(told(&mut socket).await, None);
    drop(sockets);
    house.until_open(0).await;
    // Nothing of any call is in the log, not even of a pretend one.
    let log = String::from_utf8_lossy(&log_lines().lock().unwrap()).into_owned();
    assert!(!log.contains("2025550123"));
}

/// With a line that is published, the folder can be heard before callers hear it; one with an error cannot be called.
#[tokio::test]
async fn a_folder_that_is_not_published_can_be_called() {
    let world = World::at("2026-11-25T10:00", "").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("texts")).unwrap();
    let write = |from: &str, to: &str| {
        for (path, text) in common::shipped_menus() {
            std::fs::write(folder.path().join(&*path), text.replace(from, to)).unwrap();
        }
    };
    write("", "");
    let played = || {
        let mut config = common::config("", world.folder.path());
        config.menus = Some(folder.path().to_owned());
        Ok(config)
    };
    let lines = OwnLines::new(Arc::clone(&world.switchboard), played).ok().unwrap();
    let offers = async || lines.offers().await;
    let open = async |which: Which| lines.open(Wish { which, ..Wish::default() }).await;
    let told: Vec<Which> = offers().await.iter().map(|offer| offer.which).collect();
    assert_eq!(told, [Which::Line], "the folder is what is on the line");

    write("\"Goedendag.\"", "\"Goede morgen.\"");
    let told = offers().await;
    assert_eq!((told.len(), told[1].which, told[1].errors.len()), (2, Which::Folder, 0));
    let greeting = |line: &dyn Line| line.hotline().front.greeting.words.clone();
    assert_eq!(greeting(&*open(Which::Folder).await.ok().unwrap()), "Goede morgen.");
    let line = open(Which::Line).await.ok().unwrap();
    assert_eq!(greeting(&*line), "Goedendag.");
    assert_eq!(line.findings().0.len(), 4, "the numbers that nobody has checked");

    write("then = \"main\"", "then = \"mian\"");
    let told = offers().await;
    assert!(told[1].errors.iter().any(|finding| finding.message.contains("`mian`")), "{:?}", told[1].errors);
    let why = open(Which::Folder).await.err().unwrap();
    assert!(why.contains("cannot be called"), "{why}");
}

/// The real program: it prints an address, which opens the page once; it stops while a page is connected.
#[test]
fn serve_prints_the_address_of_the_phone() {
    let folder = tempfile::tempdir().unwrap();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (public, admin) = (free(), free());
    let file = |name: &str| std::fs::File::create(folder.path().join(name)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hulplijn"))
        .args(["serve", "--config", "/dev/null", "--listen", &public.to_string(), "--admin-listen", &admin.to_string()])
        .arg("--data")
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(file("screen"))
        .stderr(file("log"))
        .spawn()
        .unwrap();
    let entries = || -> Vec<String> {
        let screen = std::fs::read_to_string(folder.path().join("screen")).unwrap();
        let at = format!("http://{admin}");
        let lines = screen.lines().filter(|line| line.starts_with("phone    "));
        lines.filter_map(|line| line.split_once(&at).map(|(_, target)| target.to_owned())).collect()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while entries().is_empty() || std::net::TcpStream::connect(admin).is_err() {
        assert!(Instant::now() < deadline, "no address was printed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let first = entries().pop().unwrap();
    assert!(ask(public, &first, &[]).0.starts_with("HTTP/1.1 404"), "the phone is on the public listener");
    let (head, _) = ask(admin, &first, &[]);
    assert!(head.starts_with("HTTP/1.1 303"), "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    assert!(ask(admin, "/phone", &[("Cookie", cookie)]).0.starts_with("HTTP/1.1 200"));
    assert!(ask(admin, &first, &[]).0.starts_with("HTTP/1.1 403"), "it opens twice");
    // The next browser's address was printed meanwhile.
    let next = entries().pop().unwrap();
    assert!(next != first && ask(admin, &next, &[]).0.starts_with("HTTP/1.1 303"));
    // The keeper's own pages are as before.
    assert!(ask(admin, "/readyz", &[]).0.starts_with("HTTP/1.1 200"));
    let headers = [
        ("Origin", format!("http://{admin}")),
        ("Cookie", cookie.to_owned()),
        ("Connection", "Upgrade".to_owned()),
        ("Upgrade", "websocket".to_owned()),
        ("Sec-WebSocket-Version", "13".to_owned()),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(ask(admin, "/phone/socket", &headers).0.starts_with("HTTP/1.1 101"));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("token"), "{log}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let stopped = Instant::now();
    assert!(child.wait().unwrap().success());
    assert!(stopped.elapsed() < Duration::from_secs(5), "a page that is connected holds up the stop");
}
