//! The door as a provider, a stranger and a bad day meet it.

mod common;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{ACCOUNT, CALLER, DESK, OWN, TOKEN, World};
use http_body_util::BodyExt;
use hulplijn::base::Sources;
use hulplijn::provider::twilio::signature::sign;
use hulplijn::twiml::{ReadVerb, read_voice};
use std::sync::Arc;
use tower::ServiceExt;

fn form(sid: &'static str, extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut form =
        vec![("CallSid", sid), ("AccountSid", ACCOUNT), ("From", CALLER), ("To", OWN), ("CallStatus", "in-progress")];
    for (name, value) in extra {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form
}

/// Where the key, and where the silence goes.
fn next(document: &str) -> (String, String) {
    let read = read_voice(document.as_bytes()).unwrap();
    match read.verbs.as_slice() {
        [.., ReadVerb::Gather(gather), ReadVerb::Redirect(redirect)] => {
            (gather.action.clone().unwrap(), redirect.url.clone())
        }
        [.., ReadVerb::Dial(dial)] => (dial.action.clone().unwrap(), String::new()),
        verbs => panic!("{verbs:?}"),
    }
}

/// Presses these keys from the start of a call; the last document.
async fn press(world: &World, sid: &'static str, keys: &[&'static str]) -> String {
    let mut document = world.post("/twilio/voice", &form(sid, &[])).await.1;
    for key in keys {
        document = world.post(&next(&document).0, &form(sid, &[("Digits", key)])).await.1;
    }
    document
}

const OPEN: &str = "2026-11-24T10:00:00";

#[tokio::test(flavor = "current_thread")]
async fn only_posts_are_answered() {
    let world = World::at(OPEN, "").await;
    for path in ["voice", "key", "silence", "dial", "whisper", "accept", "status", "sms"] {
        let request =
            Request::get(format!("/twilio/{path}")).header("host", "line.example.org").body(Body::empty()).unwrap();
        let answer = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "POST");
        let line = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&line).contains("set its method to HTTP POST"));
    }
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(world.router.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "current_thread")]
async fn strangers_learn_nothing() {
    let world = World::at(OPEN, "").await;
    let right = form("CA1", &[]);
    let signature = sign(TOKEN, "https://line.example.org/twilio/voice", &right);
    assert_eq!(world.send("/twilio/voice", &right, Some(&signature)).await.0, StatusCode::OK);
    let other = form("CA1", &[("AccountSid", "AC2")]);
    let other_signature = sign(TOKEN, "https://line.example.org/twilio/voice", &other);
    let more = form("CA1", &[("Digits", "1")]);
    let cases = [
        (&right, None),
        (&right, Some("")),
        (&right, Some("MJLu1+5I44AcHkJqx/L6jpbnhwg=")),
        (&more, Some(signature.as_str())),
        (&other, Some(other_signature.as_str())),
    ];
    for (form, signature) in cases {
        let (status, body) = world.send("/twilio/voice", form, signature).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(!body.contains("<Response") && !body.contains(DESK) && !body.contains(CALLER), "{body}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn too_much_is_refused_with_its_reason() {
    let world = World::at(OPEN, "").await;
    let large = "x".repeat(70_000);
    assert_eq!(world.post("/twilio/voice", &[("Body", &large)]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let names: Vec<String> = (0..300).map(|n| format!("n{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let refused = world.post("/twilio/voice", &many).await.0;
    assert!(refused.is_client_error(), "{refused}");
    let long = format!("/twilio/key?s={}", "a".repeat(3000));
    assert_eq!(world.post(&long, &form("CA1", &[])).await.0, StatusCode::URI_TOO_LONG);
    assert_eq!(world.post("/twilio/voice", &[("AccountSid", ACCOUNT)]).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "current_thread")]
async fn overload_is_a_sentence_and_a_person() {
    for (at, open) in [(OPEN, true), ("2026-11-24T23:00:00", false)] {
        let mut world = World::at(at, "").await;
        world.config.limits.requests = 0;
        world.restart().await;
        // Who has pressed nothing hears nothing that tells what this is: it may be somebody who pressed redial.
        for address in ["/twilio/voice", "/twilio/silence?s=unreadable"] {
            let (status, document) = world.post(address, &form("CA1", &[])).await;
            assert_eq!(status, StatusCode::OK);
            assert!(document.contains("Goedendag.") && document.contains("/twilio/trouble"), "{document}");
            assert!(!document.contains("<Dial") && !document.contains("one one two"), "{document}");
        }
        assert!(world.post("/twilio/trouble", &form("CA1", &[])).await.1.contains("Tot ziens"));
        let nine = form("CA1", &[("Digits", "9")]);
        for address in ["/twilio/trouble", "/twilio/key?s=x"] {
            assert!(world.post(address, &nine).await.1.ends_with("<Response><Hangup/></Response>"), "{address}");
        }
        let (status, document) = world.post("/twilio/trouble", &form("CA1", &[("Digits", "5")])).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(document.contains("<Dial"), open, "{document}");
        // Again for the same call, and not for another one as long as it rings: there is one counsellor.
        assert_eq!(world.post("/twilio/trouble", &form("CA1", &[("Digits", "5")])).await.1, document);
        let other = world.post("/twilio/key?s=x", &form("CA3", &[("Digits", "5")])).await.1;
        assert!(!other.contains("<Dial") && other.contains("Nobody can answer now"), "{other}");
        // The counsellor is asked, a yes connects, and after the talk nothing more is said.
        let whisper = world.post("/twilio/whisper", &form("CA2", &[])).await.1;
        assert!(whisper.contains("<Gather") && whisper.contains("/twilio/accept"), "{whisper}");
        let talked = form("CA1", &[("DialCallStatus", "completed"), ("DialBridged", "true")]);
        assert!(world.post("/twilio/trouble", &talked).await.1.ends_with("<Response><Hangup/></Response>"));
        let away = form("CA1", &[("DialCallStatus", "no-answer")]);
        assert!(world.post("/twilio/trouble", &away).await.1.contains("Nobody can answer now"));
        assert!(document.contains("<Say") && document.contains("one one two"), "{document}");
        assert!(!open || document.contains(&format!("callerId=\"{OWN}\"")), "{document}");
        let leg = form("CA2", &[("Digits", "1")]);
        assert!(world.post("/twilio/accept", &leg).await.1.ends_with("<Response/>"), "a counsellor's yes is not lost");
        let text = [("MessageSid", "SM1"), ("AccountSid", ACCOUNT), ("From", CALLER), ("To", OWN), ("Body", "HELP")];
        assert!(world.post("/twilio/sms", &text).await.1.ends_with("<Response/>"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_session_that_does_not_open_begins_again() {
    let world = World::at(OPEN, "").await;
    let front = press(&world, "CA1", &[]).await;
    let main = press(&world, "CA1", &["2"]).await;
    let token_of_main = next(&main).0;
    let begins = |document: &str| document.contains("Goedendag.") && document.contains("For English");
    assert!(begins(&front));
    for address in
        ["/twilio/key?s=garbage", "/twilio/key", "/twilio/silence?s=", "/twilio/dial?s=aaaa", "/twilio/key?s=%00%ff"]
    {
        let (status, document) = world.post(address, &form("CA1", &[("Digits", "3")])).await;
        assert!(status == StatusCode::OK && begins(&document), "{address}: {document}");
    }
    // Another call's session is no session of this one.
    assert!(begins(&world.post(&token_of_main, &form("CA2", &[("Digits", "3")])).await.1));
    assert!(!begins(&world.post(&token_of_main, &form("CA1", &[("Digits", "3")])).await.1));
    world.pass_s(5 * 3600 + 1);
    assert!(begins(&world.post(&token_of_main, &form("CA1", &[("Digits", "3")])).await.1));
}

#[tokio::test(flavor = "current_thread")]
async fn a_final_status_is_answered_with_nothing() {
    let world = World::at(OPEN, "").await;
    for path in ["voice", "key?s=garbage", "silence", "dial", "whisper", "accept"] {
        for status in ["completed", "busy", "failed", "no-answer", "canceled"] {
            let (code, document) =
                world.post(&format!("/twilio/{path}"), &form("CA1", &[("CallStatus", status)])).await;
            assert_eq!(code, StatusCode::OK);
            assert!(
                document.ends_with("<Response/>") || document.ends_with("<Response><Hangup/></Response>"),
                "{path}: {document}"
            );
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn late_and_repeated_requests_find_their_place() {
    let mut world = World::at(OPEN, "").await;
    let main = press(&world, "CA1", &["2"]).await;
    let (key, _) = next(&main);
    let help = world.post(&key, &form("CA1", &[("Digits", "1")])).await.1;
    world.post(&next(&help).0, &form("CA1", &[("Digits", "1")])).await;
    // The old address with another key still means the main menu's key.
    assert!(world.post(&key, &form("CA1", &[("Digits", "3")])).await.1.contains("verblijfsregeling"));
    assert_eq!(world.post(&key, &form("CA1", &[("Digits", "1")])).await.1, help);
    // The counsellor talked; the provider tells it twice, and the call's end before and after.
    let dial = press(&world, "CA2", &["2", "0", "1"]).await;
    let read = read_voice(dial.as_bytes()).unwrap();
    let Some(ReadVerb::Dial(verb)) = read.verbs.last() else { panic!("{dial}") };
    let hulplijn::twiml::ReadNoun::Number(number) = &verb.nouns[0] else { panic!("{dial}") };
    let leg = [("CallSid", "CA3"), ("AccountSid", ACCOUNT), ("ParentCallSid", "CA2"), ("CallStatus", "in-progress")];
    let whisper = world.post(number.url.as_ref().unwrap(), &leg).await.1;
    assert!(whisper.contains("A call in English."), "{whisper}");
    let read = read_voice(whisper.as_bytes()).unwrap();
    let ReadVerb::Gather(gather) = &read.verbs[0] else { panic!("{whisper}") };
    let mut pressed = leg.to_vec();
    pressed.push(("Digits", "1"));
    assert!(world.post(gather.action.as_ref().unwrap(), &pressed).await.1.ends_with("<Response/>"));
    let over = form("CA2", &[("CallStatus", "completed"), ("DialCallStatus", "completed"), ("DialCallDuration", "90")]);
    for _ in 0..2 {
        assert!(world.post(verb.action.as_ref().unwrap(), &over).await.1.ends_with("<Response/>"));
        assert_eq!(
            world.post("/twilio/status", &form("CA2", &[("CallStatus", "completed")])).await.0,
            StatusCode::NO_CONTENT
        );
    }
    let counts = world.counts().await;
    assert!(counts.contains(&("person/accepted".into(), 1)), "{counts:?}");
}

/// The line was taken on the disk, and the program ended before the answer was sent: her own attempt is not in her way.
#[tokio::test(flavor = "current_thread")]
async fn who_is_put_through_when_the_answer_is_lost_with_the_program_is_put_through_again() {
    let mut world = World::at(OPEN, "").await;
    let connect = press(&world, "CA1", &["2", "0"]).await;
    let (key, _) = next(&connect);
    let lost = world.post(&key, &form("CA1", &[("Digits", "1")])).await.1;
    assert!(lost.contains(DESK), "{lost}");
    world.restart().await;
    let again = world.post(&key, &form("CA1", &[("Digits", "1")])).await.1;
    assert_eq!(again, lost, "the same attempt under the same lease");
    let other = press(&world, "CA2", &["2", "0", "1"]).await;
    assert!(!other.contains(DESK), "one counsellor for two: {other}");
    let over = world.post(&next(&again).0, &form("CA1", &[("DialCallStatus", "no-answer")])).await.1;
    assert!(over.contains("Nobody can talk to you at this moment."), "{over}");
    let next_caller = press(&world, "CA3", &["2", "0", "1"]).await;
    assert!(next_caller.contains(DESK), "the line is free: {next_caller}");
}

/// The interface that calls counsellors beside the loop cannot be reached: they are rung by Dial, and the caller waits no
/// longer than one line of the loop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_rest_interface_counsellors_are_rung_by_dial() {
    // Nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let desk = format!(
        "timezone = \"Europe/Amsterdam\"\nlanguage = \"en\"\n[counsellor.anna]\nline = \"{DESK}\"\n\
         [[shift]]\ndays = \"mon-fri\"\ntime = \"09:00-17:00\"\nwho = [\"anna\"]\n"
    );
    let world = World::with_desk(OPEN, &desk, Some(&format!("http://{nobody}"))).await;
    let waits = press(&world, "CA1", &["2", "0", "1"]).await;
    assert!(waits.contains("I am still looking for a person.") && !waits.contains("<Dial"), "{waits}");
    let begun = std::time::Instant::now();
    while world.switchboard.orders_in_work() > 0 {
        assert!(begun.elapsed().as_secs() < 15, "the order is never done");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.pass_s(10);
    let rung = world.post(&next(&waits).1, &form("CA1", &[])).await.1;
    assert!(rung.contains("<Dial") && rung.contains(DESK), "{rung}");
    // She is leased as ever, and a minute later the interface is tried again.
    let other = press(&world, "CA2", &["2", "0", "1"]).await;
    assert!(!other.contains(DESK), "one counsellor for two: {other}");
    world.switchboard.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_call_finishes_on_the_words_it_began_with() {
    let mut world = World::at(OPEN, "").await;
    let main = press(&world, "CA1", &["2"]).await;
    let mut sources: Sources = common::shipped_menus();
    let changed =
        sources["texts/en.toml"].replace("option = \"For rules about work\"", "option = \"For the rules on work\"");
    assert_ne!(*changed, *sources["texts/en.toml"]);
    sources.insert("texts/en.toml".into(), changed.into());
    let hotline = common::load(&sources, &world.config);
    world.switchboard.publish(hotline, &sources, world.now()).await;
    let stay = world.post(&next(&main).0, &form("CA1", &[("Digits", "3")])).await.1;
    assert!(stay.contains("For rules about work"), "{stay}");
    let new = press(&world, "CA2", &["2"]).await;
    let new_stay = world.post(&next(&new).0, &form("CA2", &[("Digits", "3")])).await.1;
    assert!(new_stay.contains("For the rules on work"), "{new_stay}");
    // After a restart with the shipped words, the second call's revision is read from the store.
    world.restart().await;
    let again = world.post(&next(&new_stay).0, &form("CA2", &[("Digits", "8")])).await.1;
    assert!(again.contains("For the rules on work"), "{again}");
}

/// A database that is locked, gone or never there: callers hear the menus and reach a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_in_trouble_stops_no_call() {
    let world = World::at(OPEN, "").await;
    let database = world.folder.path().join(hulplijn::store::FILE_NAME);
    let locker = rusqlite::Connection::open(&database).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = std::time::Instant::now();
    let dial = press(&world, "CA1", &["2", "0", "1"]).await;
    assert!(dial.contains("<Dial"), "{dial}");
    // Nobody could note the acceptance: the provider's own word decides.
    let ended = form("CA1", &[("DialCallStatus", "completed"), ("DialBridged", "true"), ("DialCallDuration", "30")]);
    assert!(world.post(&next(&dial).0, &ended).await.1.contains("I am still here"));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    locker.execute_batch("ROLLBACK").unwrap();

    let world = World::at(OPEN, "").await;
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap() != "keyring" {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(press(&world, "CA1", &["2", "0", "1"]).await.contains("<Dial"));
}

#[tokio::test(flavor = "current_thread")]
async fn any_caller_is_answered() {
    let world = World::at(OPEN, "").await;
    for from in ["", "anonymous", "+266696687", "client:someone", "sip:a@b", "12", "\u{0}", "é"] {
        let form = [("CallSid", "CA9"), ("AccountSid", ACCOUNT), ("From", from), ("To", ""), ("CallStatus", "ringing")];
        let (status, document) = world.post("/twilio/voice", &form).await;
        assert!(status == StatusCode::OK && document.contains("Goedendag."), "{from}: {document}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_demonstration_is_for_this_machine_alone() {
    use hulplijn::cli::call::Line;
    let line = Line::start(None, None, None).ok().unwrap();
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = Request::post("/twilio/voice");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::from("CallSid=CA1&AccountSid=AC1&From=&To=&CallStatus=ringing");
        line.exchange.router.clone().oneshot(request.body(body).unwrap()).await.unwrap().status()
    };
    assert_eq!(ask(&[("host", "127.0.0.1:8080")]).await, StatusCode::OK);
    assert_eq!(ask(&[("host", "[::1]:8080")]).await, StatusCode::OK);
    assert_eq!(ask(&[("host", "localhost")]).await, StatusCode::OK);
    for headers in [
        vec![],
        vec![("host", "line.example.org")],
        vec![("host", "127.0.0.1.example.org")],
        vec![("host", "127.0.0.1"), ("x-forwarded-for", "203.0.113.9")],
        vec![("host", "127.0.0.1"), ("forwarded", "for=203.0.113.9")],
        vec![("host", "127.0.0.1"), ("via", "1.1 proxy")],
    ] {
        assert_eq!(ask(&headers).await, StatusCode::FORBIDDEN, "{headers:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn metrics_tell_nothing_of_a_call() {
    let world = World::at(OPEN, "").await;
    let metrics = Arc::new(hulplijn::server::Metrics::default());
    let router = hulplijn::server::admin_router(Arc::clone(&world.switchboard), metrics);
    press(&world, "CA1", &["2", "3", "1"]).await;
    let get = async |path: &str| {
        let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    };
    let (status, ready) = get("/readyz").await;
    assert!(status == StatusCode::OK && ready.contains("database ok"), "{ready}");
    let (_, text) = get("/metrics").await;
    assert!(text.contains("hulplijn_store_healthy 1") && text.ends_with("# EOF\n"), "{text}");
    for word in ["reflection", "stay", "\"nl\"", "\"en\"", "accepted", "CA1"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}
