//! What is fuzzed: one function for each reader of what comes from outside. It gets any bytes and returns; it panics if
//! a promise of that reader is broken.
//!
//! `tests/fuzz.rs` runs these over the kept corpus and a fixed number of changed inputs, in every test run and without
//! further tools; `fuzz/run SECONDS` runs them with cargo-fuzz, as long as one likes.

use hulplijn::audio::render::mastered;
use hulplijn::audio::{Format, Forms, SILENT_DB, Wanted, measure};
use hulplijn::base::{CallSid, CounsellorSet, Digit, E164, Language, LeaseId, Party, Severity, Sources, gsm7};
use hulplijn::flow::{self, Desk, DialStatus, Dialled, Input, Now, Output, Patience, Session};
use hulplijn::menu::{self, Hotline, Settings};
use hulplijn::phone::{self, Phone, PhoneConfig};
use hulplijn::privacy::{Binding, KeyRing, Purpose};
use hulplijn::provider::kannel::Kannel;
use hulplijn::provider::twilio::{form, signature};
use hulplijn::provider::{Received, TextDoor};
use hulplijn::sms::{self, Limiter, Rules};
use hulplijn::twiml::{self, Document};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::sync::{Arc, LazyLock};

pub type Target = fn(&[u8]);

/// Name, as its folder in `fuzz/corpus`, and function.
pub const TARGETS: [(&str, Target); 7] = [
    ("menus", menus),
    ("twiml", twiml),
    ("forms", forms),
    ("kannel", kannel),
    ("session", session),
    ("sms", sms),
    ("sound", sound),
];

/// Inputs are cut off here; the readers themselves allow more, and refuse what is longer still.
const INPUT_MAX: usize = 64 * 1024;
/// Changes to the menu files in one input, and steps of a call.
const CHANGES_MAX: usize = 16;
const STEPS_MAX: usize = 64;

const TODAY: Date = date(2026, 11, 23);
const NOW_S: i64 = 1_795_000_000;

/// A small whole hotline.
static FILES: LazyLock<Sources> = LazyLock::new(|| {
    let files = [
        ("contacts.toml", include_str!("../src/menu/fixture/contacts.toml")),
        ("facts.toml", include_str!("../src/menu/fixture/facts.toml")),
        ("hotline.toml", include_str!("../src/menu/fixture/hotline.toml")),
        ("texts/all.toml", include_str!("../src/menu/fixture/texts/all.toml")),
        ("texts/en.toml", include_str!("../src/menu/fixture/texts/en.toml")),
        ("texts/nl.toml", include_str!("../src/menu/fixture/texts/nl.toml")),
        ("voice.toml", include_str!("../src/menu/fixture/voice.toml")),
        ("words.toml", include_str!("../src/menu/fixture/words.toml")),
    ];
    files.into_iter().map(|(name, text)| (name.into(), text.into())).collect()
});

static HOTLINE: LazyLock<Hotline> = LazyLock::new(|| {
    menu::load(&FILES, &Settings::default(), TODAY).hotline.expect("the small hotline is without findings")
});

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate([1; 32]).rotate([2; 32]));

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(&data[..data.len().min(INPUT_MAX)]).into_owned()
}

/// The first line, and what follows.
fn head(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// Changes to the files of the small hotline, separated by the byte 0x1E, each `FILE|FROM|TO`. FILE is a digit: one of the
/// eight files in the order of their names, 8 a language too many, 9 a file too many. TO is written for FROM where that
/// stands first; without FROM it is the whole file; if FROM stands nowhere, TO comes behind the end.
fn changed_files(data: &str) -> Sources {
    let mut sources = FILES.clone();
    let names: Vec<Arc<str>> = sources.keys().cloned().chain(["texts/ro.toml".into(), "x.toml".into()]).collect();
    for change in data.split('\u{1e}').take(CHANGES_MAX) {
        let mut parts = change.splitn(3, '|');
        let (Some(file), Some(from), Some(to)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Some(name) = file.parse::<usize>().ok().and_then(|at| names.get(at)) else { continue };
        let old = sources.get(name).map_or("", |text| text);
        let new = match from {
            "" => to.to_owned(),
            from if old.contains(from) => old.replacen(from, to, 1),
            _ => format!("{old}\n{to}\n"),
        };
        sources.insert(Arc::clone(name), new.into());
    }
    sources
}

/// Menu files: there is a hotline exactly if no finding is an error, everything found can be shown, and a call in it
/// can be played.
pub fn menus(data: &[u8]) {
    let sources = changed_files(&text(data));
    let loaded = menu::load(&sources, &Settings::default(), TODAY);
    let wrong = loaded.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(loaded.hotline.is_none(), wrong);
    menu::diagnostic::screen(&loaded.findings, &sources, true);
    menu::diagnostic::json(&loaded.findings, &sources);
    menu::outline(&sources, TODAY);
    if let Some(hotline) = &loaded.hotline {
        menu::map(hotline);
        play(hotline, Session::begin(hotline.revision, now()), b"B1110*8#23s s ss9");
        sms_in(hotline, "HELP");
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW_S).expect("it is in range")
}

/// Plays a call from this state; each byte is what happens, and `o`, `b`, `x` say how the desk is.
fn play(hotline: &Hotline, session: Session, script: &[u8]) {
    let bounded = session.trail.len() <= flow::TRAIL_MAX && session.heard.len() <= 32;
    let mut session = session;
    let mut desk = Desk::Open;
    for (at, byte) in script.iter().take(STEPS_MAX).enumerate() {
        let dialled = |status, talked| Input::DialEnded(Dialled { status, talked });
        let input = match byte {
            b'o' => {
                desk = Desk::Open;
                continue;
            }
            b'b' => {
                desk = Desk::Busy;
                continue;
            }
            b'x' => {
                desk = Desk::Closed;
                continue;
            }
            b's' => {
                desk = Desk::Spent;
                continue;
            }
            b'c' => {
                desk = Desk::Calling;
                continue;
            }
            b'j' => {
                desk = Desk::Taken;
                continue;
            }
            b'B' => Input::Began { language: None },
            b'f' => dialled(DialStatus::Failed, false),
            b'n' => dialled(DialStatus::NoAnswer, false),
            b'e' => dialled(DialStatus::Busy, false),
            b't' => dialled(DialStatus::Completed, true),
            byte => Digit::new(char::from(*byte)).map_or(Input::Silence, Input::Pressed),
        };
        let _ = flow::asks_desk(hotline, &session, &input, now());
        let present = Now {
            at: now(),
            desk,
            lease: LeaseId(at as u64),
            who: CounsellorSet(at as u64),
            patience: Patience::default(),
        };
        let (next, outputs) = flow::step(hotline, session, input, present);
        let last = outputs.last();
        assert!(
            matches!(
                last,
                Some(
                    Output::Ask { .. }
                        | Output::Hold { .. }
                        | Output::Connect { .. }
                        | Output::Join { .. }
                        | Output::End
                )
            ),
            "{last:?}"
        );
        assert!(next.fits(hotline));
        let bytes = next.to_bytes();
        assert_eq!(Session::from_bytes(&bytes).as_ref(), Some(&next));
        assert!(!bounded || seal(&bytes).is_some(), "a session of {} bytes cannot be sealed", bytes.len());
        session = next;
    }
}

fn seal(plain: &[u8]) -> Option<String> {
    let call = CallSid::new("CA1")?;
    RING.seal(Purpose::Session, &Binding { provider: "twilio", account: "AC1", call: &call }, plain)
}

/// TwiML of any provider: it is read, and a telephone executes it as the answer to every request. Before the first `<`
/// stands what the caller and the desk do.
pub fn twiml(data: &[u8]) {
    let data = &data[..data.len().min(INPUT_MAX)];
    let start = data.iter().position(|byte| *byte == b'<').unwrap_or(data.len());
    let (script, document) = data.split_at(start);
    for read in [twiml::read_voice(document), twiml::read_messaging(document)] {
        let Ok(Document { verbs, findings }) = read else { continue };
        assert!(findings.len() <= twiml::MAX_FINDINGS + 1, "{} findings", findings.len());
        drop(verbs);
    }
    let config = PhoneConfig::new("AC1", "CA1", "+447700900001", "+447700900002", "https://example.org/voice");
    // A script that begins with `p` is of a call that was placed; it is picked up by `r`.
    let placed = script.first() == Some(&b'p');
    let phone = if placed { Phone::called(config, 20, &phone::CallEvent::ALL) } else { Phone::new(config) };
    let Ok(mut phone) = phone else { return };
    let mut script = script.iter();
    for _ in 0..STEPS_MAX {
        let mut due = None;
        let mut requests = Vec::new();
        loop {
            match phone.poll_output() {
                phone::Output::Wait { until_ms } => {
                    due = until_ms.or(due);
                    break;
                }
                phone::Output::Request(request) => requests.push(request.id),
                _ => {}
            }
        }
        for request in &requests {
            phone.handle_input(phone::Input::Response(phone::Response::twiml(*request, document)));
        }
        let input = match script.next() {
            Some(b'h') => phone::Input::HangUp,
            Some(b'a') => phone::Input::Callee(0, phone::CalleeDoes::Answer),
            Some(b'b') => phone::Input::Callee(0, phone::CalleeDoes::Busy),
            Some(b'u') => phone::Input::Update(phone::Update::Redirect {
                url: "https://example.org/other".to_owned(),
                method: twiml::Method::Post,
            }),
            Some(b'r') => phone::Input::Called(phone::CalledDoes::Answer),
            Some(b'q') => phone::Input::Update(phone::Update::End),
            Some(b'e') => phone::Input::Callee(0, phone::CalleeDoes::HangUp),
            Some(byte) if Digit::new(char::from(*byte)).is_some() => {
                phone::Input::Key(Digit::new(char::from(*byte)).expect("it was just looked at"))
            }
            _ => match due {
                Some(due) => phone::Input::Time(due),
                None if requests.is_empty() => return,
                None => continue,
            },
        };
        phone.handle_input(input);
    }
}

/// A provider's form. The first line is path and query, the second the header with the signature, the rest the body.
pub fn forms(data: &[u8]) {
    let data = &data[..data.len().min(INPUT_MAX)];
    let (target, rest) = head(data);
    let (signed, body) = head(rest);
    let (target, signed) = (text(target), text(signed));
    let verifier = signature::Verifier::new("token").and_then(|known| known.or_shared_key("key"));
    let verifier = verifier.expect("the secrets are not empty");
    for method in ["GET", "POST", "PUT"] {
        let headers = signature::Headers { signature: Some(&signed), settings: Some(&signed) };
        assert!(verifier.verify(method, "https://example.org", &target, headers, body).is_err(), "nobody signed this");
    }
    let Ok(form) = form::Form::parse(body) else { return };
    if target.starts_with('/') && !target.contains(['#', '?', '\\']) && target.chars().all(|c| c.is_ascii_graphic()) {
        let signature =
            signature::sign("token", &format!("https://example.org{target}"), &form.parameters().collect::<Vec<_>>());
        let headers = signature::Headers { signature: Some(&signature), settings: None };
        let verified = verifier.verify("POST", "https://example.org", &target, headers, body);
        assert!(verified.is_ok(), "{target}: {verified:?}");
    }
    let private = |printed: &str, party: &Party| {
        assert!(party.number().is_none_or(|number| !printed.contains(E164::expose(number))), "a number is printed");
    };
    if let Ok(request) = form::voice(&form) {
        private(&format!("{request:?}"), &request.call.from);
        request.accepts();
        request.dial.map(|dial| (dial.talked(None), dial.talked(Some(true))));
    }
    if let Ok(message) = form::text(&form) {
        private(&format!("{message:?}"), &message.from);
        sms_in(&HOTLINE, &message.body);
    }
}

/// Kannel's request. The first line is path and query, the second Kannel's headers (`name: value`, separated by the byte
/// 0x1E), the rest the body. `SECRET` in the address stands for the right secret.
pub fn kannel(data: &[u8]) {
    const SECRET: &str = "0123456789abcdef";
    let data = &data[..data.len().min(INPUT_MAX)];
    let (target, rest) = head(data);
    let (lines, body) = head(rest);
    let target = text(target);
    let known = target.replace("SECRET", SECRET);
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == 0x1e).take(CHANGES_MAX) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let door = Kannel::new(SECRET).expect("it is 16 letters and digits");
    for method in ["GET", "POST"] {
        let request = |target| Received { method, target, headers: &headers, body };
        assert!(target.contains(SECRET) || door.read(&request(&target)).is_err(), "nobody knew the secret");
        if let Ok(Some(message)) = door.read(&request(&known)) {
            assert!(!message.id.is_empty());
            let printed = format!("{message:?}");
            assert!(message.from.number().is_none_or(|number| !printed.contains(E164::expose(number))));
            sms_in(&HOTLINE, &message.body);
        }
    }
}

/// What comes back to us of a call's session: `t` and a line end before a token, `k` before a key file, anything else is a
/// script (see `play`) before the bytes of a session.
pub fn session(data: &[u8]) {
    let data = &data[..data.len().min(INPUT_MAX)];
    let (script, rest) = head(data);
    let call = CallSid::new("CA1").expect("it is not empty");
    let binding = Binding { provider: "twilio", account: "AC1", call: &call };
    match script {
        b"t" => {
            for purpose in [Purpose::Session, Purpose::Whisper] {
                let opened = RING.open(purpose, &binding, &text(rest));
                // Nobody but us can make one; the corpus has one of ours.
                if let Some(session) = opened.as_deref().and_then(Session::from_bytes) {
                    play_known(session, b"B10*");
                }
            }
        }
        b"k" => {
            if let Ok(ring) = KeyRing::parse(&text(rest)) {
                let again = KeyRing::parse(&ring.to_text()).expect("a ring reads what it writes");
                assert_eq!(*again.to_text(), *ring.to_text());
            }
        }
        script => {
            if let Some(token) = RING.seal(Purpose::Session, &binding, rest) {
                assert_eq!(RING.open(Purpose::Session, &binding, &token).as_deref(), Some(rest));
                assert_eq!(RING.open(Purpose::Whisper, &binding, &token), None);
            }
            if let Some(session) = Session::from_bytes(rest) {
                play_known(session, script);
            }
        }
    }
}

/// Plays on from a session if it is one of the small hotline.
fn play_known(mut session: Session, script: &[u8]) {
    session.revision = HOTLINE.revision;
    if session.fits(&HOTLINE) {
        play(&HOTLINE, session, script);
    }
}

/// A text message.
pub fn sms(data: &[u8]) {
    sms_in(&HOTLINE, &text(data));
}

/// A text is understood and answered; what we answer is known as ours if it ever comes back.
fn sms_in(hotline: &Hotline, body: &str) {
    sms::clean(body);
    assert!(body.is_empty() || gsm7::segments(body).parts >= 1);
    let rules = Rules { prefixes: Vec::new(), daily_ceiling: 100 };
    let from = Party::from_wire("+447700900123");
    let mut limiter = Limiter::new();
    for _ in 0..3 {
        let outcome = sms::reply(hotline, &mut limiter, &rules, &from, 1, body, now());
        assert_eq!(outcome.text.is_none(), outcome.silent.is_some());
        if let Some(text) = outcome.text {
            assert!(!text.trim().is_empty());
            assert!(sms::is_ours(hotline, &text), "two robots would go on for ever: {text}");
        }
    }
}

/// A sound file, as a program, a service or a studio gives it: it is measured, or made ready for telephones, or refused.
pub fn sound(data: &[u8]) {
    let data = &data[..data.len().min(INPUT_MAX)];
    let Ok(measured) = measure(data) else { return };
    assert!(measured.lead_ms <= measured.ms && measured.tail_ms <= measured.ms, "{measured:?}");
    assert!((SILENT_DB..=0.1).contains(&measured.level_db), "{measured:?}");
    let forms = Forms { digits: &[], pronounce: &[] };
    let language = Language::new("en").expect("it is two small letters");
    let wanted = Wanted { language, id: "help/option/x", words: "Hello.", forms };
    for format in [Format::MuLaw, Format::Pcm16] {
        let Ok(Some(ready)) = mastered(data, &wanted, format) else { continue };
        let ready = measure(&ready).expect("what we write is read");
        assert_eq!((ready.rate, ready.channels, ready.format), (8000, 1, format));
        assert!(ready.peak_db <= -2.9 && ready.clipped == 0, "{ready:?}");
    }
}
