//! Counsellors called by REST beside the waiting loop, from end to end: the real router, switchboard and SQLite, a
//! pretend REST interface, and `phone`s as the callers and as the counsellors' telephones, so that whisper and yes are
//! what they would hear and do. Every request of a call is sent twice. Time is the telephones' own.

mod common;

use common::rest::{KEY, Pretend, SECRET, Trouble};
use common::telephones::{Does, Lost, Telephones};
use common::{ACCOUNT, CALLER, OWN, PUBLIC_URL, TOKEN, World, log_lines};
use hulplijn::base::Digit;
use hulplijn::phone::{Input, PhoneConfig, Purpose, Readings, Request, Response, Sound, estimated_speech};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const ANNA: &str = "+447700900901";
const BO: &str = "+447700900902";
const CEM: &str = "+447700900903";
const NAMES: [(&str, &str); 3] = [(ANNA, "anna"), (BO, "bo"), (CEM, "cem")];
const AT: &str = "2026-11-24T10:00";

/// Anna speaks Dutch, Bo English, Cem both.
fn desk(strategy: &str) -> String {
    desk_of(strategy, 60, "\"anna\", \"bo\", \"cem\"")
}

/// These are on duty, and write up for so long.
fn desk_of(strategy: &str, wrap_up_s: u16, who: &str) -> String {
    format!(
        "timezone = \"Europe/Amsterdam\"\nstrategy = \"{strategy}\"\nring_s = 15\nwrap_up_s = {wrap_up_s}\nwait_max_s = 180\n\
         language = \"en\"\n\
         [counsellor.anna]\nline = \"{ANNA}\"\nlanguages = [\"nl\"]\n\
         [counsellor.bo]\nline = \"{BO}\"\nlanguages = [\"en\"]\n\
         [counsellor.cem]\nline = \"{CEM}\"\nlanguages = [\"nl\", \"en\"]\n\
         [[shift]]\ndays = \"mon-fri\"\ntime = \"09:00-17:00\"\nwho = [{who}]\n"
    )
}

/// A line with its telephones.
struct Line {
    world: World,
    rest: Pretend,
    phones: Telephones,
    begin: Timestamp,
    calls: u32,
}

impl Line {
    async fn of(desk: &str) -> Line {
        log_lines();
        let rest = Pretend::start().await;
        let world = World::with_desk(AT, desk, Some(&rest.base)).await;
        let begin = world.now();
        let mut line = Line { world, rest, phones: Telephones::new(), begin, calls: 0 };
        line.phones.patience = std::time::Duration::from_millis(1);
        line.watch();
        line
    }

    /// The telephones wait until this switchboard has nothing to do.
    fn watch(&mut self) {
        let switchboard = Arc::clone(&self.world.switchboard);
        self.phones.idle = Some(Box::new(move || switchboard.orders_in_work() == 0));
    }

    /// Somebody calls now and asks for a person in this language, a second for each key: she waits from the third on.
    fn call(&mut self, name: &str, language: char, more: &[(u64, Input)]) {
        self.calls += 1;
        let sid = format!("CA{:032x}", self.calls);
        let from = if self.calls == 1 { CALLER.to_owned() } else { format!("+4477009007{:02}", self.calls) };
        let mut config = PhoneConfig::new(ACCOUNT, &sid, &from, OWN, &format!("{PUBLIC_URL}/twilio/voice"));
        // The waiting music is eight seconds long.
        config.speech = Arc::new(|sound| match sound {
            Sound::Play { .. } => 8_000,
            other => estimated_speech(other),
        });
        config.status_callback = Some(format!("{PUBLIC_URL}/twilio/status"));
        let keys = [(1_000, key(language)), (2_000, key('0')), (3_000, key('1'))];
        let acts: Vec<(u64, Input)> = keys.into_iter().chain(more.iter().cloned()).collect();
        self.phones.call(&self.rest, name, config, &acts);
    }

    /// Lets time pass until this second, with the line's own look every two.
    async fn until(&mut self, second: u64) {
        let end_ms = second * 1_000;
        while self.phones.now_ms < end_ms {
            let next_ms = (self.phones.now_ms / 2_000 * 2_000 + 2_000).min(end_ms);
            let (world, begin) = (&self.world, self.begin);
            let mut carry = async |request: &Request, now_ms: u64| {
                world.set_now(begin + SignedDuration::from_millis(i64::try_from(now_ms).unwrap()));
                let form: Vec<(&str, &str)> =
                    request.form().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let (status, body) = world.post(&request.url, &form).await;
                assert!(status.is_success(), "{status}: {body}");
                // A notice that is told twice has no answer to compare.
                let again = world.post(&request.url, &form).await;
                assert_eq!((status, &body), (again.0, &again.1), "the same request twice: {}", request.url);
                if request.purpose == Purpose::Notice {
                    return Ok(Response::twiml(request.id, String::new()));
                }
                Ok(Response::twiml(request.id, body))
            };
            self.phones.run(next_ms, &self.rest, &mut carry).await;
            let now = begin + SignedDuration::from_millis(i64::try_from(next_ms).unwrap());
            world.set_now(now);
            world.switchboard.look_for_the_gone(now).await;
        }
    }

    async fn restart(&mut self) {
        self.world.restart().await;
        self.watch();
    }

    /// What happened, with names for numbers.
    fn log(&self) -> Vec<String> {
        let named = |line: &String| NAMES.iter().fold(line.clone(), |line, (number, name)| line.replace(number, name));
        self.phones.log.iter().map(named).collect()
    }

    /// When, in seconds, this happened; of a line such as `anna rings`.
    fn when(&self, what: &str) -> Vec<f64> {
        let log = self.log();
        let lines = log.iter().filter_map(|line| line.split_once(' ')).filter(|(_, rest)| *rest == what);
        lines.map(|(ms, _)| ms.parse::<f64>().unwrap() / 1_000.0).collect()
    }

    fn happened(&self, what: &str) -> bool {
        !self.when(what).is_empty()
    }

    /// Who rang when: `anna 3, bo 18`.
    fn rung(&self) -> String {
        let log = self.log();
        let rings = log.iter().filter_map(|line| line.strip_suffix(" rings")?.split_once(' '));
        let rings: Vec<String> =
            rings.map(|(ms, who)| format!("{who} {}", ms.parse::<f64>().unwrap() / 1_000.0)).collect();
        rings.join(", ")
    }

    /// What this one heard since she called or was rung, without what is said before she waits.
    fn heard(&self, who: &str) -> Vec<String> {
        let log = self.log();
        let own = log.iter().filter_map(|line| line.split_once(' ')?.1.strip_prefix(who)?.strip_prefix(" hears: "));
        own.map(str::to_owned).collect()
    }

    /// The end of every story: nothing of a call is anywhere.
    async fn closed(self) {
        self.world.switchboard.close().await;
        let log = log_lines().lock().unwrap().clone();
        let files = self.world.kept();
        let private = [&ANNA[1..], &BO[1..], &CEM[1..], &CALLER[1..], "4477009007", SECRET, KEY, TOKEN, "U0swMDAw"];
        for (path, bytes) in files.into_iter().chain([("the log".into(), log)]) {
            for word in private {
                let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!found, "`{word}` in {}", path.display());
            }
        }
    }
}

/// What came of it is what stands in the file; with BLESS=1 it is made to.
fn compare(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calling").join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), now, "BLESS=1 writes what came of it now");
}

fn key(key: char) -> Input {
    Input::Key(Digit::new(key).unwrap())
}

/// Picks up after four seconds, and presses this key three later.
fn presses(key: char) -> Does {
    Does::PicksUp { after_ms: 4_000, keys: vec![(3_000, key)], hangs_up_ms: Some(63_000) }
}

/// What the first counsellor's telephone does, or the provider with her leg.
type Case = (&'static str, Option<Does>, Trouble, Lost);

fn cases() -> Vec<Case> {
    let does = |name, does| (name, Some(does), Trouble::None, Lost::None);
    let trouble = |name, trouble| (name, None, trouble, Lost::None);
    vec![
        does("takes the call", presses('1')),
        does("presses another key", presses('2')),
        does("a voicemail", Does::voicemail(4_000)),
        does("is busy", Does::Busy { after_ms: 1_000 }),
        does("does not answer", Does::RingsOut),
        does("declines", Does::Declines { after_ms: 3_000 }),
        does("cannot be rung", Does::Fails { after_ms: 1_000 }),
        ("is busy, and nobody tells", Some(Does::Busy { after_ms: 1_000 }), Trouble::None, Lost::All),
        ("does not answer, and nobody tells", Some(Does::RingsOut), Trouble::None, Lost::All),
        ("takes the call, and nobody tells", Some(presses('1')), Trouble::None, Lost::All),
        trouble("refused by the provider", Trouble::Status(400)),
        trouble("too many requests", Trouble::Later(429, 60)),
        trouble("the provider broke before", Trouble::Status(500)),
        ("the provider broke after, she takes it", Some(presses('1')), Trouble::DroppedAfter, Lost::None),
        ("an answer that is none, she is busy", Some(Does::Busy { after_ms: 1_000 }), Trouble::Odd, Lost::None),
    ]
}

/// Each strategy, each outcome at the first counsellor, each language: who was rung when, who talked, and how long she
/// waited. The others take the call.
#[tokio::test(flavor = "current_thread")]
async fn every_outcome_and_the_next_one_is_rung() {
    let mut table = String::new();
    for readings in [Readings::ONE, Readings::OTHER] {
        let mut now = String::new();
        for strategy in ["order", "longest-idle", "all"] {
            for (tag, language, first) in [("en", '2', BO), ("nl", '1', ANNA)] {
                for (name, does, trouble, lost) in cases() {
                    // Which of two requests at once has the trouble is not the same every time.
                    if strategy == "all" && trouble != Trouble::None {
                        continue;
                    }
                    let mut line = Line::of(&desk(strategy)).await;
                    (line.phones.readings, line.phones.lost) = (readings, lost);
                    line.rest.trouble(&[trouble]);
                    for (number, _) in NAMES {
                        let theirs = if number == first { does.clone() } else { None };
                        line.phones.plan(number, &[theirs.unwrap_or_else(|| presses('1'))]);
                    }
                    line.call("caller", language, &[]);
                    line.until(180).await;
                    let log = line.log().join("\n");
                    let talks = line.when("caller talks");
                    assert_eq!(talks.len(), 1, "{strategy}, {name}, {tag}:\n{log}");
                    let waited = talks[0] - 3.0;
                    // Fifteen seconds of ringing, ten until it is known that nobody answers, the whisper, and the key.
                    assert!(waited <= 60.0, "{strategy}, {name}, {tag}: {waited} s\n{log}");
                    let by: Vec<&str> = NAMES
                        .iter()
                        .map(|(_, who)| *who)
                        .filter(|who| line.happened(&format!("{who} talks")))
                        .collect();
                    assert_eq!(by.len(), 1, "{log}");
                    let rings: Vec<usize> =
                        NAMES.iter().map(|(_, who)| line.when(&format!("{who} rings")).len()).collect();
                    assert!(rings.iter().all(|times| *times <= 1), "nobody is rung twice\n{log}");
                    assert!(line.phones.talking().is_empty(), "{name}: {:?}\n{log}", line.phones.talking());
                    writeln!(now, "{strategy} | {tag} | {name} | {} | {} after {waited}", line.rung(), by[0]).unwrap();
                    line.closed().await;
                }
            }
        }
        table = if table.is_empty() { now } else { same_but_ring_time(table, &now) };
    }
    compare("outcomes", &table);
}

/// A provider that rings five seconds longer than asked makes the wait as much longer, and nothing else differs.
fn same_but_ring_time(one: String, other: &str) -> String {
    for (one, other) in one.lines().zip(other.lines()) {
        let who = |line: &str| -> Vec<String> {
            let names = line.split(['|', ',', ' ']).filter(|word| word.parse::<f64>().is_err() && !word.is_empty());
            names.map(str::to_owned).collect()
        };
        assert_eq!(who(one), who(other));
    }
    one
}

const NOBODY: &str = "Nobody can talk to you at this moment. I am sorry.";
const STILL: &str = "I am still looking for a person. You can always stop: press nine, or hang up.";

/// Everything that is heard and done when the second one takes the call, from the first ring on.
#[tokio::test(flavor = "current_thread")]
async fn the_first_declines_and_the_second_takes_the_call() {
    let mut line = Line::of(&desk("order")).await;
    line.phones.plan(BO, &[presses('2')]);
    line.phones.plan(CEM, &[presses('1')]);
    line.call("caller", '2', &[]);
    line.until(150).await;
    let log = line.log();
    let first = log.iter().position(|known| known.ends_with(" rings")).unwrap();
    compare("second", &(log[first..].join("\n") + "\n"));
    assert!(line.phones.talking().is_empty());
    line.closed().await;
}

/// The first to press 1 has her: one who rings is ended, one who has picked up hears a sentence, whether or not she
/// presses 1 too.
#[tokio::test(flavor = "current_thread")]
async fn all_at_once_and_the_first_to_accept_has_her() {
    let others = [
        Does::RingsOut,
        Does::voicemail(1_000),
        Does::PicksUp { after_ms: 1_000, keys: vec![(6_000, '1')], hangs_up_ms: None },
        Does::PicksUp { after_ms: 1_000, keys: vec![(6_200, '1')], hangs_up_ms: None },
    ];
    for other in others {
        let mut line = Line::of(&desk("all")).await;
        line.phones.plan(BO, &[presses('1')]);
        line.phones.plan(CEM, std::slice::from_ref(&other));
        line.call("caller", '2', &[]);
        line.until(40).await;
        let log = line.log().join("\n");
        let mut rung: Vec<String> = line.rung().split(", ").map(str::to_owned).collect();
        rung.sort();
        assert_eq!(rung, ["bo 3", "cem 3"], "{log}");
        assert_eq!(line.when("caller talks").len(), 1, "{log}");
        let talks = ["bo talks", "cem talks"].iter().filter(|what| line.happened(what)).count();
        assert_eq!(talks, 1, "{log}");
        if other == Does::RingsOut {
            assert_eq!(line.when("cem is ended"), [10.0], "{log}");
        } else if line.happened("bo talks") {
            assert_eq!(line.heard("cem").last().unwrap(), "Somebody else has taken this call.", "{log}");
            assert!(line.happened("cem is hung up by the document"), "{log}");
        } else {
            assert_eq!(line.heard("bo").last().unwrap(), "Somebody else has taken this call.", "{log}");
        }
        line.until(120).await;
        assert!(line.phones.talking().iter().all(|who| *who == "caller"), "{:?}", line.log());
        line.closed().await;
    }
}

/// Her keys work while it rings, and nobody rings for one who has left: at once, or within seventeen seconds where the
/// provider tells nothing of it.
#[tokio::test(flavor = "current_thread")]
async fn she_leaves_while_it_rings_and_nobody_rings_for_her() {
    let cases = [
        (key('*'), Lost::None, 8.0),
        (key('9'), Lost::None, 8.0),
        (Input::HangUp, Lost::None, 8.0),
        (key('*'), Lost::All, 8.0),
        (key('9'), Lost::All, 8.0),
        (Input::HangUp, Lost::All, 26.0),
    ];
    for readings in [Readings::ONE, Readings::OTHER] {
        for (act, lost, by) in &cases {
            let mut line = Line::of(&desk("all")).await;
            (line.phones.lost, line.phones.readings) = (*lost, readings);
            line.phones.plan(BO, &[Does::RingsOut]);
            line.phones.plan(CEM, &[Does::PicksUp { after_ms: 4_500, keys: vec![], hangs_up_ms: None }]);
            line.call("caller", '2', &[(8_000, act.clone())]);
            line.until(40).await;
            let log = line.log().join("\n");
            assert!(line.happened("bo rings") && line.happened("cem rings"), "{log}");
            for who in ["bo", "cem"] {
                let ends = ["is ended", "is hung up by the document", "does not answer"];
                let ended = ends.iter().flat_map(|end| line.when(&format!("{who} {end}"))).next();
                // The sentence takes its time.
                assert!(ended.is_some_and(|ended| ended <= by + 3.0), "{who}, {act:?}, {lost:?}, {ended:?}:\n{log}");
            }
            if *by < 10.0 {
                assert_eq!(line.when("bo is ended"), [8.0], "{log}");
                assert_eq!(line.heard("cem").last().unwrap(), "The caller has left.", "{log}");
            }
            if *act == key('*') {
                assert!(line.heard("caller").contains(&"To talk now, press one.".to_owned()), "{log}");
                assert!(!line.happened("anna rings"), "{log}");
            }
            // Both are free again, at once or when their leases are over.
            line.until(50).await;
            line.phones.plan(BO, &[presses('1')]);
            line.phones.plan(CEM, &[presses('2')]);
            line.call("another", '2', &[]);
            line.until(70).await;
            let log = line.log().join("\n");
            assert_eq!(line.when("bo rings"), [3.0, 53.0], "{log}");
            assert!(line.happened("another talks"), "{log}");
            line.closed().await;
        }
    }
}

/// Four callers and three counsellors: each rings for one, and who is free first rings for the one who waits, after
/// writing up.
#[tokio::test(flavor = "current_thread")]
async fn two_callers_never_ring_one_counsellor() {
    let mut line = Line::of(&desk("order")).await;
    for (number, talk_ms) in [(BO, 40_000), (CEM, 200_000), (ANNA, 200_000)] {
        let does = Does::PicksUp { after_ms: 4_000, keys: vec![(3_000, '1')], hangs_up_ms: Some(3_000 + talk_ms) };
        line.phones.plan(number, &[does.clone(), does]);
    }
    line.call("one", '2', &[]);
    line.call("two", '2', &[]);
    line.until(4).await;
    line.call("three", '2', &[]);
    line.until(6).await;
    line.call("four", '2', &[]);
    line.until(50).await;
    let log = line.log().join("\n");
    // The first two are rung in the same moment.
    assert!(["bo 3, cem 3, anna 7", "cem 3, bo 3, anna 7"].contains(&line.rung().as_str()), "{}\n{log}", line.rung());
    assert!(!line.happened("four talks"), "{log}");
    line.until(200).await;
    // Bo's talk ends at 50, and her minute at 110; then the loop's next round.
    let again = line.when("bo rings");
    let log = line.log().join("\n");
    assert!(again.len() == 2 && (110.0..121.0).contains(&again[1]), "{again:?}\n{log}");
    assert_eq!(line.when("four talks"), [again[1] + 7.0], "{log}");
    line.closed().await;
}

/// She is fetched at once; where the request to fetch her is lost, her own loop comes within ten seconds; where only its
/// answer is lost, she is not fetched out of the room.
#[tokio::test(flavor = "current_thread")]
async fn the_caller_comes_to_the_room() {
    let cases = [
        (Trouble::None, 0.0),
        (Trouble::DroppedBefore, 10.0),
        (Trouble::Status(500), 10.0),
        (Trouble::Later(429, 60), 10.0),
        (Trouble::DroppedAfter, 0.0),
        (Trouble::Odd, 0.0),
    ];
    for (trouble, within) in cases {
        let mut line = Line::of(&desk("order")).await;
        line.rest.trouble(&[Trouble::None, trouble]);
        line.phones.plan(BO, &[presses('1')]);
        line.call("caller", '2', &[]);
        line.until(90).await;
        let log = line.log().join("\n");
        let talks = line.when("caller talks");
        assert!(talks.len() == 1 && talks[0] <= 10.0 + within, "{trouble:?} {talks:?}\n{log}");
        // Until the counsellor hangs up.
        assert_eq!(line.when("bo hangs up"), [70.0], "{trouble:?}\n{log}");
        assert_eq!(line.rung(), "bo 3", "{trouble:?}\n{log}");
        line.closed().await;
    }
}

/// She said yes, and is gone before the caller comes: the next one rings, and neither stays taken.
#[tokio::test(flavor = "current_thread")]
async fn a_counsellor_who_leaves_before_the_caller_comes() {
    for lost in [Lost::None, Lost::All] {
        let mut line = Line::of(&desk_of("order", 20, "\"anna\", \"bo\", \"cem\"")).await;
        line.phones.lost = lost;
        line.rest.trouble(&[Trouble::None, Trouble::DroppedBefore]);
        let leaves = Does::PicksUp { after_ms: 4_000, keys: vec![(3_000, '1')], hangs_up_ms: Some(4_000) };
        line.phones.plan(BO, &[leaves, presses('1')]);
        line.phones.plan(CEM, &[presses('1')]);
        line.call("caller", '2', &[]);
        line.until(150).await;
        let log = line.log().join("\n");
        if lost == Lost::None {
            assert_eq!(line.rung(), "bo 3, cem 11", "{log}");
        } else {
            // She was alone in the room until the provider was asked.
            let alone = line.when("caller enters the room")[0];
            let rung = line.when("cem rings");
            assert!(rung.len() == 1 && rung[0] <= alone + 15.0, "{rung:?}\n{log}");
        }
        assert_eq!(line.when("caller talks").len(), 1, "{log}");
        assert!(line.happened("cem talks"), "{log}");
        assert!(line.phones.talking().is_empty(), "{lost:?} {:?}\n{log}", line.phones.talking());
        line.call("another", '2', &[]);
        line.until(180).await;
        assert!(line.happened("another talks") && line.when("bo rings").len() == 2, "{:?}", line.log());
        line.closed().await;
    }
}

/// Our program ends and begins again while it rings: who presses 1 then has the caller, and nobody else is rung.
#[tokio::test(flavor = "current_thread")]
async fn a_restart_while_it_rings() {
    for strategy in ["order", "all"] {
        for (at, does) in [(5, presses('1')), (9, presses('1')), (11, presses('1')), (9, presses('2'))] {
            let mut line = Line::of(&desk(strategy)).await;
            let declines = does == presses('2');
            line.phones.plan(BO, &[does]);
            line.phones.plan(CEM, &[if declines { presses('1') } else { Does::RingsOut }]);
            line.call("caller", '2', &[]);
            line.until(at).await;
            line.restart().await;
            line.until(120).await;
            let log = line.log().join("\n");
            let talks = line.when("caller talks");
            assert!(talks.len() == 1, "{strategy} {at} {talks:?}\n{log}");
            let rung = line.rung();
            if strategy == "order" && !declines {
                assert_eq!(rung, "bo 3", "{at}\n{log}");
            }
            if !declines {
                assert!(talks[0] <= 20.0, "{strategy} {at}\n{log}");
            }
            assert!(line.when("bo rings").len() == 1 && line.when("cem rings").len() <= 1, "{log}");
            assert!(line.phones.talking().is_empty(), "{log}");
            line.closed().await;
        }
    }
}

/// Those who wait keep their places over a restart.
#[tokio::test(flavor = "current_thread")]
async fn a_restart_keeps_the_order_of_those_who_wait() {
    let mut line = Line::of(&desk_of("order", 10, "\"bo\"")).await;
    let talks = |ms: u64| Does::PicksUp { after_ms: 2_000, keys: vec![(2_000, '1')], hangs_up_ms: Some(2_000 + ms) };
    line.phones.plan(BO, &[talks(40_000), talks(10_000), talks(10_000)]);
    line.call("one", '2', &[]);
    line.until(5).await;
    // The desk is engaged: they choose to wait.
    line.call("two", '2', &[]);
    line.until(12).await;
    line.call("three", '2', &[]);
    line.until(25).await;
    line.restart().await;
    line.until(160).await;
    let log = line.log().join("\n");
    let (two, three) = (line.when("two talks"), line.when("three talks"));
    assert!(two.len() == 1 && three.len() == 1 && two[0] < three[0], "{two:?} {three:?}\n{log}");
    // Free at 47, rung at the latest ten seconds after.
    assert!(two[0] <= 47.0 + 10.0 + 10.0 + 4.0, "{two:?}\n{log}");
    line.closed().await;
}

/// Everybody is rung once and nobody takes it: the honest words; she waits on, and everybody is rung again.
#[tokio::test(flavor = "current_thread")]
async fn nobody_takes_the_call() {
    for strategy in ["order", "longest-idle", "all"] {
        let mut line = Line::of(&desk(strategy)).await;
        line.phones.plan(ANNA, &[Does::Busy { after_ms: 1_000 }, Does::Busy { after_ms: 1_000 }]);
        line.phones.plan(BO, &[presses('2'), Does::RingsOut]);
        line.phones.plan(CEM, &[Does::Declines { after_ms: 2_000 }, presses('1')]);
        line.call("caller", '2', &[]);
        line.until(24).await;
        let log = line.log().join("\n");
        assert!(line.heard("caller").contains(&NOBODY.to_owned()), "{strategy}\n{log}");
        for who in ["anna", "bo", "cem"] {
            assert_eq!(line.when(&format!("{who} rings")).len(), 1, "{who}, {strategy}\n{log}");
        }
        line.phones.act("caller", 1_000, key('1'));
        line.until(150).await;
        assert_eq!(line.when("caller talks").len(), 1, "{strategy}\n{:?}", line.log());
        line.closed().await;
    }
}

/// Somebody talks for hours: the other hears a line about every half minute, and after three minutes what else there is.
#[tokio::test(flavor = "current_thread")]
async fn three_minutes_and_no_longer() {
    let mut line = Line::of(&desk_of("order", 60, "\"bo\"")).await;
    line.phones.plan(BO, &[Does::PicksUp { after_ms: 1_000, keys: vec![(1_000, '1')], hangs_up_ms: None }]);
    line.call("one", '2', &[]);
    line.until(6).await;
    line.call("two", '2', &[]);
    line.until(230).await;
    let log = line.log().join("\n");
    let lines = line.when(&format!("two hears: {STILL}"));
    assert!(lines.len() >= 5, "{lines:?}\n{log}");
    let between: Vec<f64> = lines.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(between.iter().all(|seconds| (20.0..=40.0).contains(seconds)), "{between:?}");
    let words = line.when(&format!("two hears: {NOBODY}"));
    assert!(words.len() == 2 && (180.0..=195.0).contains(&(words[1] - 9.0)), "{words:?}\n{log}");
    assert_eq!(line.rung(), "bo 3", "{log}");
    line.closed().await;
}

/// Whose talk ended longest ago is rung first, and nobody while she writes up.
#[tokio::test(flavor = "current_thread")]
async fn longest_idle_is_rung_first() {
    let mut line = Line::of(&desk_of("longest-idle", 0, "\"bo\", \"cem\"")).await;
    let talks = Does::PicksUp { after_ms: 1_000, keys: vec![(1_000, '1')], hangs_up_ms: Some(6_000) };
    for number in [BO, CEM] {
        line.phones.plan(number, &[talks.clone(), talks.clone(), talks.clone()]);
    }
    for at in [0, 40, 80, 120] {
        line.until(at).await;
        line.call(&format!("caller{at}"), '2', &[(20_000, Input::HangUp)]);
    }
    line.until(160).await;
    assert_eq!(line.rung(), "bo 3, cem 43, bo 83, cem 123", "{:?}", line.log());
    line.closed().await;
}

/// A line without voicemail takes the call by picking up, and hears no whisper.
#[tokio::test(flavor = "current_thread")]
async fn a_line_that_takes_calls_by_pick_up() {
    let text = desk("order").replace("[counsellor.bo]", "[counsellor.bo]\naccept = \"pickup\"");
    let mut line = Line::of(&text).await;
    line.phones.plan(BO, &[Does::voicemail(4_000)]);
    line.call("caller", '2', &[(30_000, Input::HangUp)]);
    line.until(60).await;
    let log = line.log().join("\n");
    assert_eq!(line.when("caller talks"), [7.0], "{log}");
    assert!(line.heard("bo").is_empty() && line.phones.talking().is_empty(), "{log}");
    line.closed().await;
}

/// Without a database nobody can be leased: a caller is connected by Dial, as a line without REST would.
#[tokio::test(flavor = "current_thread")]
async fn without_a_database_she_is_connected_all_the_same() {
    let mut line = Line::of(&desk("order")).await;
    line.world.restart_without_a_store().await;
    line.watch();
    line.call("caller", '2', &[]);
    line.until(20).await;
    let log = line.log().join("\n");
    assert!(log.contains("caller dials") && line.rest.placed() == 0, "{log}");
}
