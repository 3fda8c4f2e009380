//! The client of the REST interface against a pretend one: every trouble, and that no leg is placed twice. And the two
//! together with telephones: a caller who waits with her keys alive, two counsellors who are rung at once, a conference.

mod common;

use common::rest::{KEY, Order, Pretend, SECRET, State, Trouble, settings};
use common::telephones::{Does, Lost, Telephones};
use common::{ACCOUNT, CALLER, DESK, OWN};
use hulplijn::base::{CallSid, Callee, Digit, E164, SipAddress};
use hulplijn::phone::{FetchFailure, Input, PhoneConfig, Readings, Request, Response};
use hulplijn::provider::twilio::rest::{AT_ONCE, CONNECT, Event, Leg, ONE_TRY, Rest, RestError, TRIES, WHOLE};
use hulplijn::twiml::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

const URL: &str = "https://line.example.org/leg?s=1";
const STATUS: &str = "https://line.example.org/status?s=1";

fn desk() -> Callee {
    Callee::Number(E164::new(DESK).unwrap())
}

async fn place(rest: &Rest, to: &Callee) -> Result<CallSid, RestError> {
    let events = &[Event::Ringing, Event::Answered];
    rest.place(&Leg { to, url: URL, status_callback: STATUS, events, ring_s: 15 }).await
}

fn refused(status: u16, code: u32) -> RestError {
    RestError::Refused { status, code: Some(code) }
}

#[tokio::test]
async fn a_leg_is_placed_redirected_and_ended() {
    let pretend = Pretend::start().await;
    let rest = pretend.client();
    let sid = place(&rest, &desk()).await.unwrap();
    let Some(Order::Placed { sid: placed, form }) = pretend.orders().pop() else { panic!("nothing was placed") };
    assert_eq!(placed, sid.as_str());
    let values = |name: &str| -> Vec<&str> {
        form.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!((values("To"), values("From"), values("Timeout")), (vec![DESK], vec![OWN], vec!["15"]));
    assert_eq!(values("StatusCallbackEvent"), ["ringing", "answered", "completed"]);
    assert!(values("Url")[0].starts_with(URL) && values("StatusCallback")[0].starts_with(STATUS));
    assert!(form.iter().all(|(name, _)| !name.starts_with("Record")), "{form:?}");

    // It cannot be redirected while it rings, and not once it is over.
    assert_eq!(rest.redirect(&sid, URL).await, Err(refused(400, 21220)));
    pretend.tell(sid.as_str(), State::Talking);
    rest.redirect(&sid, URL).await.unwrap();
    rest.end(&sid).await.unwrap();
    let after = rest.end(&sid).await.unwrap_err();
    assert!(after == refused(400, 21220) && after.is_over());
    assert_eq!(rest.is_over(&sid).await, Ok(true));
    pretend.tell(sid.as_str(), State::Talking);
    assert_eq!(rest.is_over(&sid).await, Ok(false));
    rest.answers().await.unwrap();
    assert_eq!(pretend.client_with("another-secret").answers().await, Err(refused(401, 20003)));
    let unknown = rest.end(&CallSid::new("CAffff").unwrap()).await.unwrap_err();
    assert!(unknown == refused(404, 20404) && unknown.is_over());
    let orders = pretend.orders();
    assert!(matches!(&orders[..], [Order::Redirected { .. }, Order::Ended { .. }]), "{orders:?}");

    let sip = Callee::Sip(SipAddress::new("sip:desk-1@phones.example.org").unwrap());
    place(&rest, &sip).await.unwrap();
    assert_eq!(pretend.placed(), 2);
}

/// The troubles, what comes of them, how many legs ring, how many requests there were.
type Case = (Vec<Trouble>, Result<(), RestError>, u32, usize);

#[tokio::test]
async fn nothing_is_placed_twice() {
    let one = |trouble: Trouble| vec![trouble];
    let cases: [Case; 13] = [
        (one(Trouble::DroppedAfter), Err(RestError::Unclear), 1, 1),
        (one(Trouble::DroppedBefore), Err(RestError::Unclear), 0, 1),
        (one(Trouble::Status(500)), Err(RestError::Unclear), 0, 1),
        (one(Trouble::Status(502)), Err(RestError::Unclear), 0, 1),
        (one(Trouble::Odd), Err(RestError::Misread), 1, 1),
        (one(Trouble::Huge), Err(RestError::Unclear), 1, 1),
        (one(Trouble::Status(400)), Err(refused(400, 20500)), 0, 1),
        (one(Trouble::Later(429, 60)), Err(RestError::TooMany), 0, 1),
        (one(Trouble::Later(429, 0)), Ok(()), 1, 2),
        (one(Trouble::Status(503)), Ok(()), 1, 2),
        (vec![Trouble::Later(503, 0), Trouble::DroppedAfter], Err(RestError::Unclear), 1, 2),
        (vec![Trouble::Later(429, 0); TRIES + 1], Err(RestError::TooMany), 0, TRIES),
        (vec![Trouble::Later(503, 0); TRIES + 1], Err(refused(503, 20429)), 0, TRIES),
    ];
    for (troubles, expected, ringing, requests) in cases {
        let pretend = Pretend::start().await;
        pretend.trouble(&troubles);
        let placed = place(&pretend.client(), &desk()).await.map(|_| ());
        assert_eq!(placed, expected, "{troubles:?}");
        assert_eq!((pretend.placed(), pretend.seen().len()), (ringing, requests), "{troubles:?}");
        assert!(ringing == 0 || placed.is_ok() || placed.unwrap_err().may_be_done(), "{troubles:?}");
    }
}

#[tokio::test]
async fn a_change_of_a_call_is_tried_again() {
    for trouble in [Trouble::DroppedAfter, Trouble::DroppedBefore, Trouble::Status(500), Trouble::Status(503)] {
        let pretend = Pretend::start().await;
        pretend.tell("CA7", State::Talking);
        pretend.trouble(&[trouble, trouble]);
        pretend.client().redirect(&CallSid::new("CA7").unwrap(), URL).await.unwrap();
        assert_eq!(pretend.seen().len(), TRIES, "{trouble:?}");
    }
    // What would take a caller out of the room is done once at most.
    for trouble in [Trouble::DroppedAfter, Trouble::DroppedBefore, Trouble::Status(500), Trouble::Huge] {
        let pretend = Pretend::start().await;
        pretend.tell("CA7", State::Talking);
        pretend.trouble(&[trouble]);
        let once = pretend.client().redirect_once(&CallSid::new("CA7").unwrap(), URL).await;
        assert_eq!((once, pretend.seen().len()), (Err(RestError::Unclear), 1), "{trouble:?}");
    }
    let pretend = Pretend::start().await;
    pretend.trouble(&[Trouble::Status(500); 9]);
    assert_eq!(pretend.client().end(&CallSid::new("CA7").unwrap()).await, Err(RestError::Unclear));
    assert_eq!(pretend.seen().len(), TRIES);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_once() {
    let pretend = Pretend::start().await;
    let rest = pretend.client_with("another-secret");
    assert_eq!(place(&rest, &desk()).await, Err(refused(401, 20003)));
    assert_eq!((pretend.placed(), pretend.seen().len()), (0, 1));
}

#[tokio::test]
async fn a_slow_answer_leaves_it_unclear() {
    let pretend = Pretend::start().await;
    pretend.trouble(&[Trouble::Slow(ONE_TRY + Duration::from_secs(2))]);
    let began = Instant::now();
    assert_eq!(place(&pretend.client(), &desk()).await, Err(RestError::Unclear));
    assert!(began.elapsed() >= ONE_TRY && began.elapsed() < WHOLE, "{:?}", began.elapsed());
    assert_eq!(pretend.placed(), 1);
}

#[tokio::test]
async fn nobody_at_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let rest = Rest::new(settings(&base, SECRET)).unwrap();
    assert_eq!(place(&rest, &desk()).await, Err(RestError::Unreachable));
}

/// A connection that says nothing while TLS is agreed on: given up in time, and nothing but greetings was sent.
#[tokio::test]
async fn a_silent_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let greetings = tokio::spawn(async move {
        let mut open = Vec::new();
        let mut first = Vec::new();
        while first.len() < TRIES {
            let Ok((mut stream, _)) = listener.accept().await else { break };
            first.push(stream.read_u8().await.unwrap());
            open.push(stream);
        }
        first
    });
    let rest = Rest::new(settings(&base, SECRET)).unwrap();
    let began = Instant::now();
    assert_eq!(place(&rest, &desk()).await, Err(RestError::Unreachable));
    assert!(began.elapsed() >= CONNECT && began.elapsed() <= WHOLE + Duration::from_secs(1), "{:?}", began.elapsed());
    // 22: the record of a handshake (RFC 8446, section 5.1).
    assert!(greetings.await.unwrap().iter().all(|first| *first == 22));
}

#[tokio::test]
async fn requests_at_once_are_bounded() {
    let pretend = Pretend::start().await;
    let count = AT_ONCE * 3;
    pretend.trouble(&vec![Trouble::Slow(Duration::from_millis(60)); count]);
    let rest = Arc::new(pretend.client());
    let placing = (0..count).map(|_| {
        let rest = Arc::clone(&rest);
        tokio::spawn(async move { place(&rest, &desk()).await })
    });
    let mut names = std::collections::BTreeSet::new();
    for placed in placing.collect::<Vec<_>>() {
        names.insert(placed.await.unwrap().unwrap().as_str().to_owned());
    }
    assert_eq!((names.len(), pretend.placed() as usize), (count, count));
    assert!((2..=AT_ONCE).contains(&pretend.most_at_once()), "{}", pretend.most_at_once());
}

#[tokio::test]
async fn no_log_line_holds_a_number_or_a_secret() {
    let lines = common::log_lines();
    tracing::trace!("the log is read");
    let pretend = Pretend::start().await;
    let rest = pretend.client();
    pretend.trouble(&[
        Trouble::None,
        Trouble::Status(400),
        Trouble::DroppedAfter,
        Trouble::Odd,
        Trouble::Later(429, 60),
    ]);
    let mut told = String::new();
    for _ in 0..5 {
        told.push_str(&format!("{:?} ", place(&rest, &desk()).await));
    }
    let desk = desk();
    let leg = Leg { to: &desk, url: URL, status_callback: STATUS, events: &[], ring_s: 15 };
    told.push_str(&format!("{rest:?} {leg:?} {:?}", settings(&pretend.base, SECRET)));
    told.push_str(&String::from_utf8(lines.lock().unwrap().clone()).unwrap());
    assert!(told.contains("the log is read"));
    let encoded = "U0swMDAw"; // how the key and the secret begin in a header
    for secret in [&DESK[1..], &OWN[1..], SECRET, KEY, encoded, "is not what was expected"] {
        assert!(!told.contains(secret), "`{secret}` in {told}");
    }
}

/// A line of a few documents: the caller waits with her keys alive while two counsellors ring at once. The first to press
/// 1 has her; the other leg is ended.
struct Line<'p> {
    rest: Rest,
    legs: Vec<CallSid>,
    taken: bool,
    statuses: Vec<String>,
    pretend: &'p Pretend,
}

const HER: &str = "CA00000000000000000000000000000001";

impl Line<'_> {
    async fn answer(&mut self, request: &Request) -> Result<Response, FetchFailure> {
        let path = request.url.strip_prefix(common::PUBLIC_URL).unwrap();
        let sid = request.param("CallSid").unwrap();
        let say = |words: &str| Say { language: "en-GB".into(), voice: None, words: words.into() };
        let on = |path: &str| Verb::Redirect(Redirect { url: path.into() });
        let ask = |words: &str, action: &str, timeout_s| {
            Verb::Gather(Gather { action: action.into(), keys: Keys::One, timeout_s, prompts: vec![say(words).into()] })
        };
        let verbs = match path {
            "/voice" => {
                for number in [DESK, "+447700900998"] {
                    let to = Callee::Number(E164::new(number).unwrap());
                    let (url, status_callback) = ("https://line.example.org/leg", "https://line.example.org/status");
                    let leg = Leg { to: &to, url, status_callback, events: &[Event::Answered], ring_s: 20 };
                    self.legs.push(self.rest.place(&leg).await.unwrap());
                }
                vec![ask("please wait", "/key", 5), on("/loop")]
            }
            "/loop" => vec![ask("still ringing", "/key", 5), on("/loop")],
            "/key" => vec![say("the information").into(), on("/loop")],
            "/leg" => vec![ask("press 1", "/accept", 8), Verb::Hangup],
            "/accept" if request.param("Digits") == Some("1") && !self.taken => {
                self.taken = true;
                for leg in self.legs.iter().filter(|leg| leg.as_str() != sid) {
                    match self.rest.end(leg).await {
                        Ok(()) => {}
                        Err(error) => assert!(error.is_over(), "{error}"),
                    }
                }
                self.rest.redirect(&CallSid::new(HER).unwrap(), "https://line.example.org/join").await.unwrap();
                vec![room()]
            }
            "/accept" => vec![say("somebody else has it").into(), Verb::Hangup],
            "/join" => vec![room()],
            "/after" => vec![say("goodbye").into(), Verb::Hangup],
            "/status" => {
                self.statuses.push(request.param("CallStatus").unwrap().to_owned());
                // Her own is told of in the same way.
                if sid == HER {
                    for leg in &self.legs {
                        let _ = self.rest.end(leg).await;
                    }
                }
                Vec::new()
            }
            other => panic!("{other} with {:?}", self.pretend.seen()),
        };
        Ok(Response::twiml(request.id, VoiceResponse { verbs }.to_xml()))
    }
}

fn room() -> Verb {
    let conference = Conference { room: "r1".into(), start_on_enter: true, end_on_exit: true, wait: None };
    Verb::Dial(Dial {
        caller_id: OWN.into(),
        time_limit_s: 3600,
        action: Some("/after".into()),
        nouns: Nouns::Conference(conference),
    })
}

/// Plays a call and gives its log and the statuses the line was told.
async fn played(readings: Readings, lost: Lost, does: [Does; 2], acts: &[(u64, Input)]) -> (Vec<String>, Vec<String>) {
    let pretend = Pretend::start().await;
    let mut line =
        Line { rest: pretend.client(), legs: Vec::new(), taken: false, statuses: Vec::new(), pretend: &pretend };
    let mut telephones = Telephones::new();
    (telephones.readings, telephones.lost) = (readings, lost);
    let [one, other] = does;
    telephones.plan(DESK, &[one]);
    telephones.plan("+447700900998", &[other]);
    let config = PhoneConfig {
        status_callback: Some(format!("{}/status", common::PUBLIC_URL)),
        ..PhoneConfig::new(ACCOUNT, HER, CALLER, OWN, &format!("{}/voice", common::PUBLIC_URL))
    };
    telephones.call(&pretend, "caller", config, acts);
    let mut carry = async |request: &Request, _: u64| line.answer(request).await;
    telephones.run(120_000, &pretend, &mut carry).await;
    assert!(telephones.talking().is_empty(), "{:?}", telephones.log);
    assert_eq!(pretend.placed(), 2);
    let log = telephones.log.iter().map(|line| line.replace(DESK, "one").replace("+447700900998", "two")).collect();
    (log, line.statuses)
}

#[tokio::test]
async fn two_are_rung_at_once_and_the_first_to_accept_has_her() {
    let one = Does::PicksUp { after_ms: 4_000, keys: vec![(9_500, '1')], hangs_up_ms: None };
    for readings in [Readings::ONE, Readings::OTHER] {
        let two = Does::PicksUp { after_ms: 6_000, keys: vec![(2_000, '1')], hangs_up_ms: Some(62_000) };
        let (log, statuses) = played(readings, Lost::None, [one.clone(), two], &[(3_000, key('1'))]).await;
        let expected = [
            "0 caller is connected",
            "0 caller hears: please wait",
            "0 one rings",
            "0 two rings",
            "3000 caller hears: the information",
            "3800 caller hears: still ringing",
            "4000 one is connected",
            "4000 one hears: press 1",
            "6000 two is connected",
            "6000 two hears: press 1",
            "8000 two enters the room",
            "8000 caller enters the room",
            "8000 two talks",
            "8000 caller talks",
            "8000 one is ended",
            "68000 two hangs up",
            "68000 caller hears: goodbye",
            "68400 caller is hung up by the document",
        ];
        let mut sorted = log.clone();
        let mut wanted: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        sorted.sort();
        wanted.sort();
        assert_eq!(sorted, wanted, "{log:#?}");
        let mut statuses = statuses;
        statuses.sort();
        assert_eq!(statuses, ["completed", "completed", "completed", "in-progress", "in-progress"]);
    }
}

#[tokio::test]
async fn she_leaves_while_it_rings_and_the_legs_end() {
    let (log, _) =
        played(Readings::ONE, Lost::None, [Does::RingsOut, Does::voicemail(1_000)], &[(5_000, Input::HangUp)]).await;
    for line in ["5000 caller hangs up", "5000 one is ended", "5000 two is ended"] {
        assert!(log.iter().any(|known| known == line), "{line} in {log:#?}");
    }
}

#[tokio::test]
async fn every_telephone_and_lost_callbacks() {
    let (log, statuses) = played(
        Readings::OTHER,
        Lost::Status("busy"),
        [Does::Busy { after_ms: 1_000 }, Does::Fails { after_ms: 2_000 }],
        &[(60_000, Input::HangUp)],
    )
    .await;
    for line in ["1000 one is busy", "1000 one busy is lost", "2000 two cannot be rung", "60000 caller hangs up"] {
        assert!(log.iter().any(|known| known == line), "{line} in {log:#?}");
    }
    assert_eq!(statuses, ["failed", "completed"]);
    let (log, statuses) = played(
        Readings::ONE,
        Lost::All,
        [Does::Declines { after_ms: 1_000 }, Does::RingsOut],
        &[(60_000, Input::HangUp)],
    )
    .await;
    assert!(statuses.is_empty());
    for line in ["1000 one does not answer", "20000 two does not answer"] {
        assert!(log.iter().any(|known| known == line), "{line} in {log:#?}");
    }
}

fn key(key: char) -> Input {
    Input::Key(Digit::new(key).unwrap())
}
