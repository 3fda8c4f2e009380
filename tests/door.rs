//! The door in detail, beside `webhooks.rs`: each proof of the provider, each limit to the byte, failures inside, a
//! database in every kind of trouble, revisions, and requests in the wrong order.

mod common;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{ACCOUNT, CALLER, DESK, OWN, PUBLIC_URL, TOKEN, World};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use hulplijn::menu::NodeIx;
use hulplijn::provider::twilio::signature::sign;
use hulplijn::twiml::{ReadDial, ReadNoun, ReadVerb, read_voice};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tower::ServiceExt;

const OPEN: &str = "2026-11-24T10:00:00";
const NOTHING: &str = "<Response/>";

// ---- a provider's requests

type Form = Vec<(&'static str, &'static str)>;

fn form(sid: &'static str, extra: &[(&'static str, &'static str)]) -> Form {
    let mut form =
        vec![("CallSid", sid), ("AccountSid", ACCOUNT), ("From", CALLER), ("To", OWN), ("CallStatus", "in-progress")];
    for (name, value) in extra {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form
}

fn encoded(form: &Form) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// Any request at all: its status, its headers, its body.
async fn ask(
    world: &World,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: String,
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(target).header("host", "line.example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = world.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

/// Where the next key goes.
fn key(document: &str) -> String {
    let read = read_voice(document.as_bytes()).unwrap();
    let gather = read.verbs.iter().find_map(|verb| match verb {
        ReadVerb::Gather(gather) => gather.action.clone(),
        _ => None,
    });
    gather.unwrap_or_else(|| panic!("no keys in {document}"))
}

fn dial(document: &str) -> ReadDial {
    match read_voice(document.as_bytes()).unwrap().verbs.pop() {
        Some(ReadVerb::Dial(dial)) => dial,
        verb => panic!("{verb:?} in {document}"),
    }
}

/// Presses these keys from the start of a call; the last document. Each answer comes within two seconds.
async fn press(world: &World, sid: &'static str, keys: &[&'static str]) -> String {
    let mut document = post(world, "/twilio/voice", &form(sid, &[])).await;
    for digit in keys {
        document = post(world, &key(&document), &form(sid, &[("Digits", digit)])).await;
    }
    document
}

async fn post(world: &World, address: &str, form: &Form) -> String {
    let started = Instant::now();
    let (status, document) = world.post(address, form).await;
    assert_eq!(status, StatusCode::OK, "{document}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?} for an answer", started.elapsed());
    document
}

/// The counsellor picks up this attempt and presses 1.
async fn take(world: &World, dial: &ReadDial, parent: &'static str) {
    let [ReadNoun::Number(number)] = dial.nouns.as_slice() else { panic!("{dial:?}") };
    let leg = |extra: &[(&'static str, &'static str)]| {
        let always: &[(&str, &str)] = &[("ParentCallSid", parent), ("From", OWN), ("To", DESK)];
        form("CAleg", &[always, extra].concat())
    };
    let whisper = post(world, number.url.as_ref().unwrap(), &leg(&[])).await;
    assert!(post(world, &key(&whisper), &leg(&[("Digits", "1")])).await.ends_with(NOTHING));
}

async fn count(world: &mut World, key: &str) -> u64 {
    world.counts().await.into_iter().find(|(known, _)| known == key).map_or(0, |(_, n)| n)
}

fn begins(document: &str) -> bool {
    document.contains("Goedendag.") && document.contains("For English")
}

// ---- who is answered

#[tokio::test(flavor = "current_thread")]
async fn only_known_addresses_and_methods() {
    let world = World::at(OPEN, "").await;
    for target in ["/", "/twilio", "/twilio/", "/twilio/nothing", "/twilio/voice/", "/readyz", "/metrics"] {
        assert_eq!(ask(&world, "GET", target, &[], String::new()).await.0, StatusCode::NOT_FOUND, "{target}");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let (status, headers, _) = ask(&world, method, "/twilio/voice", &[], String::new()).await;
        assert_eq!((status, headers["allow"].as_bytes()), (StatusCode::METHOD_NOT_ALLOWED, &b"POST"[..]), "{method}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn two_signatures_are_none() {
    let world = World::at(OPEN, "").await;
    let form = form("CA1", &[]);
    let right = sign(TOKEN, &format!("{PUBLIC_URL}/twilio/voice"), &form);
    let one = [("x-twilio-signature", right.as_str())];
    assert_eq!(ask(&world, "POST", "/twilio/voice", &one, encoded(&form)).await.0, StatusCode::OK);
    for other in [right.as_str(), "MJLu1+5I44AcHkJqx/L6jpbnhwg="] {
        for headers in [[one[0], ("x-twilio-signature", other)], [("x-twilio-signature", other), one[0]]] {
            let (status, _, body) = ask(&world, "POST", "/twilio/voice", &headers, encoded(&form)).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(!body.contains("<Response") && !body.contains(&DESK[1..]), "{body}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_shared_key_signs_with_sha_256() {
    let mut world = World::at(OPEN, "").await;
    let form = form("CA1", &[]);
    let by = |secret: &str| {
        let mut names = form.clone();
        names.sort_unstable();
        let message: String = names.iter().flat_map(|(name, value)| [*name, *value]).collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{PUBLIC_URL}/twilio/voice{message}").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let settings = ("x-twilio-webhooks-signature-settings", "key=SK1,algorithm=HMAC_SHA256");
    let ask = async |world: &World, secret: &str, settings: &[(&str, &str)]| {
        let signature = by(secret);
        let headers = [&[("x-twilio-signature", signature.as_str())], settings].concat();
        ask(world, "POST", "/twilio/voice", &headers, encoded(&form)).await.0
    };
    // Without a shared key in the configuration nothing is accepted that way, the auth token neither.
    assert_eq!(ask(&world, "shared-key", &[settings]).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(&world, TOKEN, &[settings]).await, StatusCode::FORBIDDEN);
    world.config.shared_key = Some("shared-key".to_owned().into());
    world.restart().await;
    assert_eq!(ask(&world, "shared-key", &[settings]).await, StatusCode::OK);
    assert_eq!(ask(&world, TOKEN, &[settings]).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(&world, "shared-key", &[]).await, StatusCode::FORBIDDEN, "not named as SHA-256");
    let unknown = [("x-twilio-webhooks-signature-settings", "key=SK1,algorithm=HMAC_MD5")];
    assert_eq!(ask(&world, "shared-key", &unknown).await, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "current_thread")]
async fn a_token_is_rolled_over() {
    let mut world = World::at(OPEN, "").await;
    let form = form("CA1", &[]);
    let by = |token| sign(token, &format!("{PUBLIC_URL}/twilio/voice"), &form);
    assert_eq!(world.send("/twilio/voice", &form, Some(&by("the-next-token"))).await.0, StatusCode::FORBIDDEN);
    world.config.auth_tokens.push("the-next-token".to_owned().into());
    world.restart().await;
    for token in [TOKEN, "the-next-token"] {
        assert_eq!(world.send("/twilio/voice", &form, Some(&by(token))).await.0, StatusCode::OK);
    }
    assert_eq!(world.send("/twilio/voice", &form, Some(&by("a-third-token"))).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "current_thread")]
async fn a_body_can_be_signed_by_its_hash() {
    let world = World::at(OPEN, "").await;
    let body = encoded(&form("CA1", &[]));
    let hash: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let target = format!("/twilio/voice?bodySHA256={hash}");
    let signature = sign::<&str, &str>(TOKEN, &format!("{PUBLIC_URL}{target}"), &[]);
    let headers = [("x-twilio-signature", signature.as_str())];
    let (status, _, document) = ask(&world, "POST", &target, &headers, body.clone()).await;
    assert!(status == StatusCode::OK && begins(&document), "{document}");
    let other = body.replace("CallSid=CA1", "CallSid=CA2");
    assert_eq!(ask(&world, "POST", &target, &headers, other).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&world, "POST", "/twilio/voice", &headers, body).await.0, StatusCode::FORBIDDEN);
}

// ---- limits

#[tokio::test(flavor = "current_thread")]
async fn limits_are_exact_and_each_has_its_status() {
    let world = World::at(OPEN, "").await;
    let sized = |bytes: usize| {
        let mut form = vec![("CallSid", "CA1".to_owned()), ("AccountSid", ACCOUNT.to_owned()), ("Pad", String::new())];
        let length = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish().len();
        form[2].1 = "x".repeat(bytes - length);
        form
    };
    let status = async |target: &str, form: &[(&str, String)]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, body) = world.post(target, &form).await;
        assert!(status == StatusCode::OK || !body.contains("<Response"), "{status}: {body}");
        status
    };
    assert_eq!(status("/twilio/voice", &sized(64 * 1024)).await, StatusCode::OK);
    assert_eq!(status("/twilio/voice", &sized(64 * 1024 + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let names: Vec<String> = (2..257).map(|n| format!("n{n}")).collect();
    let mut many = sized(100);
    many.truncate(2);
    many.extend(names.iter().map(|name| (name.as_str(), String::new())));
    assert_eq!(many.len(), 257);
    assert_eq!(status("/twilio/voice", &many).await, StatusCode::BAD_REQUEST);
    assert_eq!(status("/twilio/voice", &many[..256]).await, StatusCode::OK);
    let address = |bytes: usize| format!("/twilio/key?s={}", "a".repeat(bytes - "/twilio/key?s=".len()));
    assert_eq!(status(&address(2048), &sized(200)).await, StatusCode::OK);
    assert_eq!(status(&address(2049), &sized(200)).await, StatusCode::URI_TOO_LONG);
}

// ---- failures inside

/// A start that leads nowhere cannot be loaded from files; it stands for any mistake of ours that panics in a step.
#[tokio::test(flavor = "current_thread")]
async fn a_panic_in_a_step_is_a_sentence_and_a_person() {
    for (at, open) in [(OPEN, true), ("2026-11-24T23:00:00", false)] {
        let world = World::at(at, "").await;
        let sources = common::shipped_menus();
        let mut broken = common::load(&sources, &world.config);
        broken.roles.welcome = NodeIx(u16::MAX);
        world.switchboard.publish(broken, &sources, world.now()).await;
        let front = press(&world, "CA1", &[]).await;
        assert!(begins(&front));
        // Also for the same request again: a failure is no answer to remember.
        for _ in 0..2 {
            let document = post(&world, &key(&front), &form("CA1", &[("Digits", "2")])).await;
            assert_eq!(document.contains(&format!("callerId=\"{OWN}\"")), open, "{document}");
            assert!(document.contains("<Say") && document.contains("one one two"), "{document}");
            assert_eq!(document.contains("<Dial"), open);
        }
        // The line goes on for others.
        assert!(begins(&press(&world, "CA2", &[]).await));
    }
}

/// Everything logged at `warn` or above while this is held, by this thread and by stores opened meanwhile.
fn logged() -> (tracing::subscriber::DefaultGuard, Arc<Mutex<Vec<u8>>>) {
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    // With one subscriber alone, a thread that has none could switch a line of the log off for all (tracing-core caches it).
    common::log_lines();
    let lines = Arc::<Mutex<Vec<u8>>>::default();
    let writer = Arc::clone(&lines);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(move || Writer(Arc::clone(&writer)))
        .finish();
    (tracing::subscriber::set_default(subscriber), lines)
}

fn said(lines: &Mutex<Vec<u8>>, words: &str) -> usize {
    String::from_utf8_lossy(&lines.lock().unwrap()).matches(words).count()
}

/// Once, and not again soon after. It is said a moment after the store's health can be seen to change.
async fn said_once(lines: &Mutex<Vec<u8>>, words: &str) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while said(lines, words) == 0 {
        assert!(Instant::now() < deadline, "`{words}` was not said");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(said(lines, words), 1);
}

/// Waits until the store is well, or is not.
async fn becomes(world: &World, well: bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while world.switchboard.store_healthy() != well {
        assert!(Instant::now() < deadline, "the store did not become {}", if well { "well" } else { "unwell" });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const TROUBLE: &str = "the database does not answer";

/// A whole call with a talk, in which nobody can note that the counsellor took it.
async fn talk_without_a_row(world: &World, sid: &'static str, told: &[(&'static str, &'static str)]) -> String {
    let document = press(world, sid, &["2", "0", "1"]).await;
    let dial = dial(&document);
    assert_eq!((dial.caller_id.as_deref(), dial.nouns.len()), (Some(OWN), 1), "{document}");
    take(world, &dial, sid).await;
    let always: &[(&str, &str)] = &[("DialCallStatus", "completed")];
    let ended = [always, told].concat();
    post(world, &dial.action.unwrap(), &form(sid, &ended)).await
}

#[tokio::test(flavor = "current_thread")]
async fn a_locked_database_stops_no_call_and_counts_come_back() {
    let (_held, lines) = logged();
    let mut world = World::at(OPEN, "").await;
    let database = world.folder.path().join(hulplijn::store::FILE_NAME);
    let locker = rusqlite::Connection::open(database).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for sid in ["CA1", "CA2"] {
        talk_without_a_row(&world, sid, &[("DialBridged", "true"), ("DialCallDuration", "30")]).await;
    }
    becomes(&world, false).await;
    said_once(&lines, TROUBLE).await;
    locker.execute_batch("ROLLBACK").unwrap();
    becomes(&world, true).await;
    said_once(&lines, "the database answers again").await;
    assert_eq!(count(&mut world, "call").await, 2);
    assert_eq!(count(&mut world, "person/accepted").await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_deleted_database_is_made_anew() {
    let (_held, lines) = logged();
    let mut world = World::at(OPEN, "").await;
    remove_database(world.folder.path());
    let dialled = press(&world, "CA1", &["2", "0", "1"]).await;
    assert!(dialled.contains("<Dial"), "{dialled}");
    becomes(&world, true).await;
    assert!(said(&lines, TROUBLE) <= 1);
    assert_eq!(count(&mut world, "call").await, 1);
}

/// What stands where the database stood cannot be opened or written, whoever runs the program.
#[tokio::test(flavor = "current_thread")]
async fn a_database_that_cannot_be_opened_is_said_once() {
    let (_held, lines) = logged();
    let mut world = World::at(OPEN, "").await;
    remove_database(world.folder.path());
    let database = world.folder.path().join(hulplijn::store::FILE_NAME);
    std::fs::create_dir(&database).unwrap();
    for sid in ["CA1", "CA2", "CA3"] {
        talk_without_a_row(&world, sid, &[("DialBridged", "true")]).await;
    }
    assert!(!world.switchboard.store_healthy());
    said_once(&lines, TROUBLE).await;
    std::fs::remove_dir(&database).unwrap();
    becomes(&world, true).await;
    assert_eq!(count(&mut world, "call").await, 3);
    assert_eq!(count(&mut world, "person/accepted").await, 3);
}

fn remove_database(folder: &Path) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with(hulplijn::store::FILE_NAME) {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// After a talk the caller hears one neutral sentence; after an attempt that reached nobody, what busy callers hear.
#[tokio::test(flavor = "current_thread")]
async fn without_a_database_the_provider_s_word_decides() {
    let mut world = World::at(OPEN, "").await;
    world.restart_without_a_store().await;
    let main = talk_without_a_row(&world, "CA1", &[("DialBridged", "true"), ("DialCallDuration", "3")]).await;
    let busy = talk_without_a_row(&world, "CA2", &[("DialBridged", "false"), ("DialCallDuration", "90")]).await;
    assert!(main.contains("I am still here") && busy.contains("Nobody can talk to you"), "{main}\n{busy}");
    let words = |document: &str| {
        let read = read_voice(document.as_bytes()).unwrap();
        let ReadVerb::Gather(gather) = &read.verbs[0] else { panic!("{document}") };
        format!("{:?}", gather.prompts)
    };
    let by_seconds = talk_without_a_row(&world, "CA3", &[("DialCallDuration", "21")]).await;
    assert_eq!(words(&by_seconds), words(&main));
    let too_short = talk_without_a_row(&world, "CA4", &[("DialCallDuration", "20")]).await;
    assert_eq!(words(&too_short), words(&busy));
}

// ---- revisions and sessions

/// The shipped hotline with one label of the menu changed.
fn changed(world: &World, label: &str) -> (hulplijn::menu::Hotline, hulplijn::base::Sources) {
    let mut sources = common::shipped_menus();
    let text = sources["texts/en.toml"].replace("option = \"For rules about work\"", &format!("option = \"{label}\""));
    sources.insert("texts/en.toml".into(), text.into());
    (common::load(&sources, &world.config), sources)
}

/// More revisions are published during a call than are held in memory.
#[tokio::test(flavor = "current_thread")]
async fn a_call_outlives_many_revisions() {
    let world = World::at(OPEN, "").await;
    let main = press(&world, "CA1", &["2"]).await;
    for name in 'a'..='r' {
        let (hotline, sources) = changed(&world, &format!("For work rules, take {name}"));
        world.switchboard.publish(hotline, &sources, world.now()).await;
    }
    let stay = post(&world, &key(&main), &form("CA1", &[("Digits", "3")])).await;
    assert!(stay.contains("For rules about work"), "{stay}");
    let stay = press(&world, "CA2", &["2", "3"]).await;
    assert!(stay.contains("For work rules, take r"), "{stay}");
}

/// Revisions gone with their database: the call begins again at the front door.
#[tokio::test(flavor = "current_thread")]
async fn a_session_of_an_unknown_revision_begins_again() {
    let mut world = World::at(OPEN, "").await;
    let (hotline, sources) = changed(&world, "For the rules on work");
    world.switchboard.publish(hotline, &sources, world.now()).await;
    let main = press(&world, "CA1", &["2"]).await;
    world.switchboard.close().await;
    remove_database(world.folder.path());
    world.restart().await;
    assert!(begins(&post(&world, &key(&main), &form("CA1", &[("Digits", "3")])).await));
    // And the call goes on from there.
    assert!(press(&world, "CA1", &["2", "3"]).await.contains("For rules about work"));
}

#[tokio::test(flavor = "current_thread")]
async fn a_session_lives_five_hours_to_the_second() {
    let world = World::at(OPEN, "").await;
    let main = press(&world, "CA1", &["2"]).await;
    world.pass_s(5 * 3600 - 1);
    assert!(!begins(&post(&world, &key(&main), &form("CA1", &[("Digits", "3")])).await));
    world.pass_s(2);
    // Another key, since the same one is answered as it was a moment ago.
    assert!(begins(&post(&world, &key(&main), &form("CA1", &[("Digits", "1")])).await));
}

#[tokio::test(flavor = "current_thread")]
async fn a_line_can_skip_the_language_question() {
    let world = World::at(OPEN, "").await;
    let mut sources = common::shipped_menus();
    let line = format!("{}\n[line.\"{OWN}\"]\nstart_language = \"en\"\n", sources["hotline.toml"]);
    sources.insert("hotline.toml".into(), line.into());
    let hotline = common::load(&sources, &world.config);
    world.switchboard.publish(hotline, &sources, world.now()).await;
    let first = press(&world, "CA1", &[]).await;
    assert!(first.contains("For help and shelter") && !first.contains("Goedendag."), "{first}");
    let other = post(&world, "/twilio/voice", &form("CA2", &[("To", "+12025550101")])).await;
    assert!(begins(&other), "another number of ours asks: {other}");
    for from in ["", "anonymous", "+266696687", "client:someone"] {
        let document = post(&world, "/twilio/voice", &form("CA3", &[("From", from)])).await;
        assert!(document.contains("For help and shelter"), "{from}: {document}");
    }
}

// ---- order

#[tokio::test(flavor = "current_thread")]
async fn a_final_status_is_answered_with_an_empty_response_everywhere() {
    let mut world = World::at(OPEN, "").await;
    let document = press(&world, "CA1", &["2", "0", "1"]).await;
    let dial = dial(&document);
    let [ReadNoun::Number(number)] = dial.nouns.as_slice() else { panic!("{dial:?}") };
    let real = [dial.action.clone().unwrap(), number.url.clone().unwrap()];
    let made = ["voice", "key", "key?s=garbage", "silence?s=", "dial?s=aaaa", "whisper", "accept?s=x"];
    let addresses: Vec<String> = made.iter().map(|path| format!("/twilio/{path}")).chain(real).collect();
    for requests in [world.config.limits.requests, 0] {
        world.config.limits.requests = requests;
        world.restart().await;
        for address in &addresses {
            for status in ["completed", "busy", "failed", "no-answer", "canceled"] {
                let ended = form("CA1", &[("CallStatus", status), ("Digits", "1")]);
                let document = post(&world, address, &ended).await;
                assert!(document.ends_with(NOTHING), "{address}, room for {requests}: {document}");
            }
        }
    }
}

/// How a talk ended, told in any order and more than once, is the same talk.
#[tokio::test(flavor = "current_thread")]
async fn a_talk_is_counted_once_in_any_order() {
    // The caller hung up: the call's own status is final in the action as well.
    const OVER: (&str, &str) = ("CallStatus", "completed");
    #[derive(Clone, Copy)]
    enum Told {
        Status,
        Action,
        /// The action as it would be while the caller is still there.
        ActionLive,
    }
    use Told::*;
    let orders: [&[Told]; 6] = [
        &[Action, Status],
        &[Status, Action],
        &[Status, Status, Action, Action],
        &[ActionLive, Action, Status],
        &[ActionLive, Status, Action],
        &[Action, Status, Action, ActionLive],
    ];
    for accepted in [true, false] {
        for (at, order) in orders.iter().enumerate() {
            let mut world = World::at(OPEN, "").await;
            let document = press(&world, "CA1", &["2", "0", "1"]).await;
            let dial = dial(&document);
            // A short talk, or a long voicemail: neither the seconds nor `completed` tell which it was.
            let seconds = if accepted { "8" } else { "50" };
            if accepted {
                take(&world, &dial, "CA1").await;
            }
            let action = dial.action.unwrap();
            let told = [("DialCallStatus", "completed"), ("DialCallDuration", seconds)];
            for told_now in order.iter() {
                match told_now {
                    Status => {
                        assert_eq!(world.post("/twilio/status", &form("CA1", &[OVER])).await.0, StatusCode::NO_CONTENT);
                    }
                    Action => {
                        let ended = form("CA1", &[&told[..], &[OVER]].concat());
                        assert!(post(&world, &action, &ended).await.ends_with(NOTHING));
                    }
                    ActionLive => {
                        post(&world, &action, &form("CA1", &told)).await;
                    }
                }
            }
            let counted = count(&mut world, "person/accepted").await;
            assert_eq!(counted, u64::from(accepted), "order {at}, accepted: {accepted}");
        }
    }
}

/// After each order the counsellor can be rung for the next caller.
#[tokio::test(flavor = "current_thread")]
async fn a_call_that_is_over_frees_the_counsellor() {
    let world = World::at(OPEN, "").await;
    let first = press(&world, "CA1", &["2", "0", "1"]).await;
    assert!(!press(&world, "CA2", &["2", "0", "1"]).await.contains("<Dial"), "the line rings already");
    assert_eq!(
        world.post("/twilio/status", &form("CA1", &[("CallStatus", "completed")])).await.0,
        StatusCode::NO_CONTENT
    );
    let third = press(&world, "CA3", &["2", "0", "1"]).await;
    assert!(third.contains("<Dial"), "{third}");
    // The first call's action comes late: the line is the third caller's now, and stays so.
    let late = form("CA1", &[("CallStatus", "completed"), ("DialCallStatus", "no-answer")]);
    assert!(post(&world, &dial(&first).action.unwrap(), &late).await.ends_with(NOTHING));
    assert!(!press(&world, "CA4", &["2", "0", "1"]).await.contains("<Dial"), "the line rings for the third");
}

// ---- the keeper's listener

#[tokio::test(flavor = "current_thread")]
async fn readiness_and_metrics_are_plain() {
    let mut world = World::at(OPEN, "").await;
    let get = async |world: &World, path: &str| {
        let metrics = Arc::new(hulplijn::server::Metrics::default());
        let router = hulplijn::server::admin_router(Arc::clone(&world.switchboard), metrics);
        let answer = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    };
    assert_eq!(get(&world, "/readyz").await.0, StatusCode::OK);
    let (_, text) = get(&world, "/metrics").await;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(name.starts_with("hulplijn_") && value.parse::<f64>().is_ok(), "{line}");
    }
    world.restart_without_a_store().await;
    let (status, ready) = get(&world, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.contains("database trouble: calls are answered"), "{ready}");
    assert!(get(&world, "/metrics").await.1.contains("hulplijn_store_healthy 0"));
}

/// A revision that the database could not take is kept as soon as it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_published_beside_a_locked_database_is_kept_later() {
    let mut world = World::at("2026-11-24T10:00:00", "").await;
    let mut sources = common::shipped_menus();
    let changed =
        sources["texts/en.toml"].replace("option = \"For rules about work\"", "option = \"For the rules on work\"");
    assert_ne!(*changed, *sources["texts/en.toml"]);
    sources.insert("texts/en.toml".into(), changed.into());
    let locker = rusqlite::Connection::open(world.folder.path().join(hulplijn::store::FILE_NAME)).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let hotline = common::load(&sources, &world.config);
    world.switchboard.publish(hotline, &sources, world.now()).await;
    let form = |extra: &[(&'static str, &'static str)]| {
        let mut form = vec![("CallSid", "CAkept"), ("AccountSid", common::ACCOUNT), ("From", ""), ("To", "")];
        form.extend_from_slice(extra);
        form
    };
    let action = |document: &str| {
        let read = hulplijn::twiml::read_voice(document.as_bytes()).unwrap();
        let Some(hulplijn::twiml::ReadVerb::Gather(gather)) = read.verbs.first() else { panic!("{document}") };
        gather.action.clone().unwrap()
    };
    let mut document = world.post("/twilio/voice", &form(&[])).await.1;
    for key in ["2", "3"] {
        document = world.post(&action(&document), &form(&[("Digits", key)])).await.1;
    }
    assert!(document.contains("For the rules on work"), "{document}");
    locker.execute_batch("ROLLBACK").unwrap();
    // The minute's tick tries again; the store itself may pause up to some seconds before it does.
    let database = world.folder.path().join(hulplijn::store::FILE_NAME);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        world.switchboard.tick(world.now(), hulplijn::privacy::DaySalt::new([1; 16])).await;
        let kept: i64 = rusqlite::Connection::open(&database)
            .and_then(|reader| reader.query_row("SELECT count(*) FROM revision", [], |row| row.get(0)))
            .unwrap_or(0);
        if kept == 2 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{kept} revisions are kept");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    world.restart().await;
    let again = world.post(&action(&document), &form(&[("Digits", "8")])).await.1;
    assert!(again.contains("For the rules on work"), "{again}");
}
