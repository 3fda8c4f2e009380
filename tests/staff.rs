//! The staff line: the real router, switchboard and SQLite, and the `phone` as a counsellor's telephone. Every request of
//! it is sent twice, as a provider may do, and must be answered the same.

mod common;

use common::{ACCOUNT, CALLER, OWN, PUBLIC_URL, World, log_lines};
use hulplijn::base::Digit;
use hulplijn::desk::{Act, CounsellorIx};
use hulplijn::phone::{Input, Output, Phone, PhoneConfig, Readings, Response, Sound};
use hulplijn::privacy::Pin;
use hulplijn::store::Store;
use jiff::SignedDuration;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const STAFF: &str = "+12025550101";
const OPEN: &str = "2026-11-24T10:00:00";

/// Anna is on the rota from nine to five, Bo is not; Cleo has no PIN; the fallback line has nobody's number.
const ANNA: CounsellorIx = CounsellorIx(0);
const BO: CounsellorIx = CounsellorIx(1);
const FALLBACK: CounsellorIx = CounsellorIx(3);

const ANNAS: &str = "174826153709#";
const BOS: &str = "185937264810#";

const ENTER: &str = "Your number and your PIN, then the hash key.";
const WRONG: &str = "That is not right. Your number and your PIN, then the hash key.";
const WRONG_AND_OVER: &str = "That is not right. Goodbye.";

// ---- the desk

/// The desk file, with these lines at its head.
fn desk_file(head: &str) -> String {
    let pin = |pin: &str| Pin::new(pin).unwrap().hash([7; 16]).to_phc();
    format!(
        "timezone = \"Europe/Amsterdam\"\nlanguage = \"en\"\nstaff_number = \"{STAFF}\"\nwrap_up_s = 0\n{head}\n\
         [counsellor.anna]\nline = \"+447700900901\"\nlanguages = [\"nl\"]\nstaff_id = 17\npin = \"{}\"\n\
         [counsellor.bo]\nline = \"+447700900902\"\nstaff_id = 18\npin = \"{}\"\n\
         [counsellor.cleo]\nline = \"+447700900903\"\nstaff_id = 19\n\
         [counsellor.service]\nline = \"+447700900904\"\n\
         [[shift]]\ndays = \"mon-fri\"\ntime = \"09:00-17:00\"\nwho = [\"anna\"]\n",
        pin("4826153709"),
        pin("5937264810"),
    )
}

async fn world() -> World {
    World::with_desk(OPEN, &desk_file("fallback = \"service\""), None).await
}

// ---- the telephone

/// What the counsellor does when she is asked.
const SILENCE: &str = "";

/// Calls the staff line, does this, and hangs up: what she heard before each step, and behind the last.
async fn call(world: &World, does: &[&str]) -> Vec<String> {
    call_with(world, does, Readings::ONE).await
}

async fn call_with(world: &World, does: &[&str], readings: Readings) -> Vec<String> {
    static CALLS: AtomicU32 = AtomicU32::new(1);
    let sid = format!("CA{:032x}", CALLS.fetch_add(1, Ordering::Relaxed));
    let start = format!("{PUBLIC_URL}/twilio/voice");
    let mut phone =
        Phone::new(PhoneConfig { readings, ..PhoneConfig::new(ACCOUNT, &sid, CALLER, STAFF, &start) }).unwrap();
    let mut does: VecDeque<&str> = does.iter().copied().collect();
    let (mut heard, mut now, mut asked, mut gone) = (Vec::new(), Vec::new(), false, false);
    let began = world.now();
    loop {
        match phone.poll_output() {
            Output::Request(request) => {
                assert!(!request.url.contains("4826153709"), "the PIN stands in an address");
                world.set_now(began + SignedDuration::from_millis(i64::try_from(phone.now_ms()).unwrap()));
                let form: Vec<(&str, &str)> =
                    request.form().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let (status, body) = world.post(&request.url, &form).await;
                assert!(status.is_success(), "{status}: {body}");
                assert_eq!(world.post(&request.url, &form).await.1, body, "the same request twice");
                phone.handle_input(Input::Response(Response::twiml(request.id, body)));
            }
            Output::Heard(sound) => match sound.what {
                Sound::Say { words, .. } => now.push(words),
                Sound::Silence => {}
                other => panic!("{other:?} is played on the staff line"),
            },
            Output::Finding(finding) => panic!("{finding:?}"),
            Output::Listening(_) => asked = true,
            Output::Ended(_) => {
                heard.push(now.join(" "));
                return heard;
            }
            Output::Wait { until_ms } if asked && !gone => {
                asked = false;
                heard.push(std::mem::take(&mut now).join(" "));
                match does.pop_front() {
                    None => {
                        gone = true;
                        phone.handle_input(Input::HangUp);
                    }
                    Some(SILENCE) => phone.handle_input(Input::Time(until_ms.unwrap())),
                    Some(keys) => {
                        for key in keys.chars() {
                            phone.handle_input(Input::Key(Digit::new(key).unwrap()));
                        }
                    }
                }
            }
            Output::Wait { until_ms } => phone.handle_input(Input::Time(until_ms.expect("something comes"))),
            _ => {}
        }
    }
}

fn rung(world: &World, store: &Store) -> Vec<CounsellorIx> {
    let desk = world.config.desk.desk.as_ref().unwrap();
    desk.reachable(&desk.duty(&store.duty(world.now())), world.now())
}

/// The trail, the oldest entry first.
fn trail(world: &World) -> Vec<(String, Act)> {
    let acts = Store::desk_acts(world.folder.path()).unwrap();
    acts.into_iter().rev().map(|entry| (entry.counsellor.to_string(), entry.act)).collect()
}

/// A second look at the same database, as a caller's step has it after a restart.
fn look(world: &World) -> Store {
    let now = world.now();
    let options = hulplijn::store::Options { clock: Arc::new(move || now) };
    Store::open(world.folder.path(), options).unwrap_or_else(|error| panic!("{error}"))
}

// ---- on and off duty

#[tokio::test(flavor = "current_thread")]
async fn going_off_duty_by_telephone_decides_who_is_rung() {
    let mut world = world().await;
    assert_eq!(rung(&world, &look(&world)), [ANNA, FALLBACK]);
    let heard = call(&world, &[ANNAS, "2"]).await;
    let on = "You are on duty. To go off duty, press two. To hear how many are on duty, press three. \
              To send all calls to the fallback line, press four.";
    let off = on.replace("are on duty.", "are off duty.").replace("go off", "go on").replace("press two", "press one");
    assert_eq!(heard, [ENTER, on, off.as_str(), ""]);
    assert_eq!(rung(&world, &look(&world)), [FALLBACK]);
    assert_eq!(trail(&world), [("anna".into(), Act::Off)]);

    // It outlives a restart, and ends with her shift: the next one finds her on duty.
    world.restart().await;
    let heard = call(&world, &[ANNAS]).await;
    assert!(heard[1].starts_with("You are off duty."), "{heard:?}");
    world.pass_s(24 * 3600);
    assert_eq!(rung(&world, &look(&world)), [ANNA, FALLBACK]);

    // Somebody who is not on the rota comes in, and leaves again.
    call(&world, &[BOS, "1"]).await;
    assert_eq!(rung(&world, &look(&world)), [ANNA, BO, FALLBACK]);
    call(&world, &[BOS, "2"]).await;
    assert_eq!(rung(&world, &look(&world)), [ANNA, FALLBACK]);
    let expected = [("anna", Act::Off), ("bo", Act::On), ("bo", Act::Off)];
    assert_eq!(trail(&world), expected.map(|(who, act)| (who.to_owned(), act)));
    call(&world, &[BOS, "1"]).await;
    world.pass_s(12 * 3600);
    assert_eq!(rung(&world, &look(&world)), [FALLBACK], "on duty ends after 12 hours");
}

#[tokio::test(flavor = "current_thread")]
async fn who_is_on_duty_is_told_in_numbers_only() {
    let world = world().await;
    let heard = call(&world, &[BOS, "3", "1", "3", "9"]).await;
    assert!(heard[2].starts_with("On duty now: 1. In Dutch: 1. In English: 0. You are off duty."), "{heard:?}");
    assert!(heard[4].starts_with("On duty now: 2. In Dutch: 2. In English: 1. You are on duty."), "{heard:?}");
    assert_eq!(heard[5], "Goodbye.");
    assert!(heard.iter().all(|words| !words.to_lowercase().contains("anna")));
}

#[tokio::test(flavor = "current_thread")]
async fn all_calls_go_to_the_fallback_line_and_back() {
    let mut world = world().await;
    let heard = call(&world, &[BOS, "4"]).await;
    assert!(heard[2].starts_with("You are off duty. All calls go to the fallback line."), "{heard:?}");
    assert!(heard[2].ends_with("To send calls to the desk again, press five."), "{heard:?}");
    assert_eq!(rung(&world, &look(&world)), [FALLBACK]);
    world.restart().await;
    world.pass_s(100 * 24 * 3600);
    assert_eq!(rung(&world, &look(&world)), [FALLBACK], "it lasts until it is switched back");
    let heard = call(&world, &[ANNAS, "5"]).await;
    assert!(heard[2].starts_with("Calls go to the desk again. You are on duty."), "{heard:?}");
    assert_eq!(rung(&world, &look(&world)), [ANNA, FALLBACK]);
    assert_eq!(trail(&world), [("bo".to_owned(), Act::ToFallback), ("anna".to_owned(), Act::ToDesk)]);

    // A desk without a fallback line does not offer it.
    let world = World::with_desk(OPEN, &desk_file(""), None).await;
    let heard = call(&world, &[ANNAS, "4"]).await;
    assert!(!heard[1].contains("fallback") && heard[2] == heard[1], "{heard:?}");
    assert_eq!(trail(&world), []);
}

/// A caller who talked with Anna is not put through again for ten minutes when Anna says so; another one is.
#[tokio::test(flavor = "current_thread")]
async fn the_caller_of_the_last_talk_waits() {
    let world = world().await;
    let offer = "To let the caller of your last talk wait ten minutes, press six.";
    let heard = call(&world, &[ANNAS, "6"]).await;
    assert!(heard.iter().all(|words| !words.contains(offer)), "{heard:?}");
    talk(&world, "CAfirst", CALLER).await;
    let heard = call(&world, &[BOS]).await;
    assert!(!heard[1].contains(offer), "it was Anna's talk: {heard:?}");
    let heard = call(&world, &[ANNAS, "6"]).await;
    assert!(heard[1].ends_with(offer), "{heard:?}");
    assert!(heard[2].starts_with("That caller now waits ten minutes.") && !heard[2].contains(offer), "{heard:?}");
    assert_eq!(trail(&world), [("anna".to_owned(), Act::HoldBack)]);
    let kept = Store::desk_acts(world.folder.path()).unwrap();
    assert_eq!(kept[0].at, "2026-11-24T00:00:00Z".parse().unwrap(), "the day, and no time of it");
    assert!(ask(&world, "CAsecond", CALLER).await.contains("Nobody can talk to you at this moment"));
    assert!(ask(&world, "CAother", "+447700900188").await.contains("You can talk to a person now"));
    world.pass_s(601);
    assert!(ask(&world, "CAthird", CALLER).await.contains("You can talk to a person now"));
}

/// A call in English that asks for a person: what is said then.
async fn ask(world: &World, sid: &str, from: &str) -> String {
    let form = |extra: &[(&'static str, &'static str)]| {
        let mut form: Vec<(&str, &str)> = vec![("CallSid", sid), ("AccountSid", ACCOUNT), ("From", from), ("To", OWN)];
        form.extend_from_slice(extra);
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let mut document = String::new();
    for step in ["", "2", "0"] {
        let address = address_of(&document, "action").unwrap_or_else(|| "/twilio/voice".to_owned());
        let form = form(&[]).into_iter().chain((!step.is_empty()).then(|| ("Digits".to_owned(), step.to_owned())));
        let form: Vec<(String, String)> = form.collect();
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        document = world.post(&address, &form).await.1;
    }
    document
}

/// The first address of this kind in a document.
fn address_of(document: &str, attribute: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("{attribute}=\""))?;
    let (url, _) = rest.split_once('"')?;
    Some(url.split('#').next().unwrap().replace("&amp;", "&"))
}

/// A call that talks with whoever is rung, and is over.
async fn talk(world: &World, sid: &str, from: &str) {
    let asked = ask(world, sid, from).await;
    let hers: Vec<(&str, &str)> = vec![("CallSid", sid), ("AccountSid", ACCOUNT), ("From", from), ("To", OWN)];
    let with = |more: &[(&'static str, &'static str)]| [hers.as_slice(), more].concat();
    let rings = world.post(&address_of(&asked, "action").unwrap(), &with(&[("Digits", "1")])).await.1;
    let leg = [("CallSid", "CAleg"), ("AccountSid", ACCOUNT), ("From", OWN), ("To", "+447700900901")];
    let whisper = world.post(&address_of(&rings, "url").unwrap(), &leg).await.1;
    let accept = address_of(&whisper, "action").unwrap();
    world.post(&accept, &[leg.as_slice(), &[("Digits", "1")]].concat()).await;
    let ended = with(&[("DialCallStatus", "completed"), ("DialCallDuration", "60"), ("CallStatus", "completed")]);
    let dial = rings.split_once("<Dial").map(|(_, rest)| rest).unwrap();
    world.post(&address_of(dial, "action").unwrap(), &ended).await;
}

// ---- tries

#[tokio::test(flavor = "current_thread")]
async fn whatever_is_wrong_sounds_the_same() {
    let world = world().await;
    let cases = ["174826153708#", "314826153709#", "194826153709#", "17#", "17*826153709#", "1748#"];
    for entry in cases {
        assert_eq!(call(&world, &[entry]).await, [ENTER, WRONG, ""], "{entry}");
    }
    let heard = call(&world, &["084826153709#", "084826153708#", "084826153707#"]).await;
    assert_eq!(heard, [ENTER, WRONG, WRONG, WRONG_AND_OVER]);
    assert_eq!(call(&world, &[SILENCE, SILENCE]).await, [ENTER, ENTER, "Goodbye."]);
    assert_eq!(trail(&world), []);
}

#[tokio::test(flavor = "current_thread")]
async fn five_wrong_lock_and_nobody_hears_it() {
    let world = world().await;
    let wrong = "174826153708#";
    assert_eq!(call(&world, &[wrong, wrong, wrong]).await.last().unwrap(), WRONG_AND_OVER);
    assert_eq!(call(&world, &[wrong, wrong, ANNAS]).await, [ENTER, WRONG, WRONG, WRONG_AND_OVER]);
    assert_eq!(call(&world, &[ANNAS]).await, [ENTER, WRONG, ""]);
    assert!(call(&world, &[BOS]).await[1].starts_with("You are"), "another one is not locked");
    world.pass_s(15 * 60);
    assert!(call(&world, &[ANNAS]).await[1].starts_with("You are on duty."));
}

/// The same time for a wrong PIN, a staff number nobody has, somebody without a PIN, one that is locked, and what is no
/// entry at all: about that of a right one. In turns and the shortest of each, since the machine does other things as
/// well; without its hash an answer takes a fiftieth.
#[tokio::test(flavor = "current_thread")]
async fn whatever_is_wrong_takes_the_same_time() {
    let world = world().await;
    let calls = AtomicU32::new(0);
    let takes = async |entry: &str| {
        let sid = format!("CAtime{}", calls.fetch_add(1, Ordering::Relaxed));
        let form = |extra| vec![("CallSid", sid.as_str()), ("AccountSid", ACCOUNT), ("To", STAFF), extra];
        let (_, begun) = world.post("/twilio/voice", &form(("From", CALLER))).await;
        let address = begun.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
        let started = Instant::now();
        world.post(address, &form(("Digits", entry))).await;
        started.elapsed()
    };
    // The last one is locked when it is measured.
    let entries = ["174826153709", "174826153708", "314826153709", "194826153709", "17", "**", "185937264810"];
    let mut shortest = [Duration::MAX; 7];
    for _ in 0..6 {
        world.pass_s(20 * 60);
        for _ in 0..5 {
            takes("185937264811").await;
        }
        for (entry, shortest) in entries.iter().zip(&mut shortest) {
            *shortest = takes(entry).await.min(*shortest);
        }
    }
    let right = shortest[0];
    for (entry, wrong) in entries.iter().zip(shortest) {
        assert!(wrong > right / 4 && wrong < right * 4, "{entry}: {wrong:?}, and {right:?} when right");
    }
}

// ---- what else can happen

#[tokio::test(flavor = "current_thread")]
async fn without_a_database_nothing_is_said_to_be_done() {
    let mut world = world().await;
    world.restart_without_a_store().await;
    let heard = call(&world, &[ANNAS, "2"]).await;
    assert!(heard[2].starts_with("That did not work. Nothing has changed. You are on duty."), "{heard:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn both_readings_of_a_provider_are_understood() {
    let world = world().await;
    for readings in [Readings::ONE, Readings::OTHER] {
        let heard = call_with(&world, &["#", ANNAS, "7", SILENCE, "3", "9"], readings).await;
        assert_eq!((heard[0].as_str(), heard[1].as_str()), (ENTER, ENTER), "{heard:?}");
        assert!(heard[2].starts_with("You are on duty.") && heard[3] == heard[2] && heard[4] == heard[3], "{heard:?}");
        assert!(heard[5].starts_with("On duty now: 1."), "{heard:?}");
        assert_eq!(heard.last().unwrap(), "Goodbye.");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn callers_and_counsellors_do_not_meet() {
    let world = world().await;
    let form = |to, extra: &[(&'static str, &'static str)]| {
        let mut form = vec![("CallSid", "CAmix"), ("AccountSid", ACCOUNT), ("From", CALLER), ("To", to)];
        form.extend(extra);
        form
    };
    let address = |document: &str| document.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (_, caller) = world.post("/twilio/voice", &form(OWN, &[])).await;
    assert!(caller.contains("Goedendag."), "{caller}");
    let (_, staff) = world.post("/twilio/voice", &form(STAFF, &[])).await;
    assert!(staff.contains(ENTER) && !staff.contains("Goedendag"), "{staff}");
    // A caller's session is none here, and the other way round.
    let swapped = address(&caller).replace("/twilio/key", "/twilio/staff");
    let (_, answer) = world.post(&swapped, &form(STAFF, &[("Digits", "174826153709")])).await;
    assert!(answer.contains("Goodbye.") && answer.contains("<Hangup/>"), "{answer}");
    let swapped = address(&staff).replace("/twilio/staff", "/twilio/key");
    let (_, answer) = world.post(&swapped, &form(OWN, &[("Digits", "1")])).await;
    assert!(answer.contains("Goedendag."), "{answer}");
    // Nor is one without, of another call, or an old one.
    let dead = async |address: &str, sid: &'static str| {
        let form = [("CallSid", sid), ("AccountSid", ACCOUNT), ("To", STAFF), ("Digits", "174826153709")];
        let (_, answer) = world.post(address, &form).await;
        assert!(answer.contains("Goodbye.") && !answer.contains("Gather"), "{answer}");
    };
    dead("/twilio/staff", "CAmix").await;
    dead("/twilio/staff?s=garbage", "CAmix").await;
    dead(&address(&staff), "CAother").await;
    world.pass_s(601);
    dead(&address(&staff), "CAmix").await;
    let (_, over) = world.post(&address(&staff), &form(STAFF, &[("CallStatus", "completed")])).await;
    assert!(over.ends_with("<Response/>"), "{over}");

    // Without a staff line that number is one of the callers' as any other, and nobody is asked for a PIN.
    let world = World::at(OPEN, "").await;
    let (_, caller) = world.post("/twilio/voice", &form(STAFF, &[])).await;
    assert!(caller.contains("Goedendag."), "{caller}");
    let (_, answer) = world.post("/twilio/staff", &form(STAFF, &[("Digits", "174826153709")])).await;
    assert!(answer.ends_with("<Response/>"), "{answer}");
}

/// No number, no PIN and no staff number in any file or log line, and no telephone in the trail.
#[tokio::test(flavor = "current_thread")]
async fn nothing_of_the_telephone_or_the_pin_is_kept_or_logged() {
    let lines = log_lines();
    let mut world = world().await;
    call(&world, &[ANNAS, "2", "1", "4", "5", "3"]).await;
    call(&world, &["174826153708#", BOS, "1"]).await;
    world.restart().await;
    let secrets = ["4826153709", "5937264810", "4826153708", "7700900187", "2025550101"];
    let mut places: Vec<(String, Vec<u8>)> =
        world.kept().into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)).collect();
    assert!(
        places.iter().any(|(_, bytes)| bytes.windows(8).any(|bytes| bytes == b"off duty")),
        "the trail is looked at"
    );
    places.push(("the log".to_owned(), lines.lock().unwrap().clone()));
    for (place, bytes) in places {
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "`{secret}` stands in {place}");
        }
    }
}
