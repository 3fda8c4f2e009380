//! Counsellors called by REST beside the waiting loop, from end to end: the real router, switchboard and SQLite, a
//! pretend REST interface, and `phone`s as the callers and as the counsellors' telephones, so that whisper and yes are
//! what they would hear and do. Every request of a call is sent twice. Time is the telephones' own.

mod common;

use common::rest::{KEY, Pretend, SECRET, Trouble};
use common::telephones::{Does, Lost, Telephones};
use common::{ACCOUNT, CALLER, OWN, PUBLIC_URL, TOKEN, World, log_lines};
use hulplijn::base::Digit;
use hulplijn::phone::{Input, PhoneConfig, Purpose, Readings, Request, Response};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::sync::Arc;

const ANNA: &str = "+447700900901";
const BO: &str = "+447700900902";
const CEM: &str = "+447700900903";
const NAMES: [(&str, &str); 3] = [(ANNA, "anna"), (BO, "bo"), (CEM, "cem")];
const AT: &str = "2026-11-24T10:00";

/// Anna speaks Dutch, Bo English, Cem both.
fn desk(strategy: &str) -> String {
    format!(
        "timezone = \"Europe/Amsterdam\"\nstrategy = \"{strategy}\"\nring_s = 15\nwrap_up_s = 60\nwait_max_s = 180\n\
         language = \"en\"\n\
         [counsellor.anna]\nline = \"{ANNA}\"\nlanguages = [\"nl\"]\n\
         [counsellor.bo]\nline = \"{BO}\"\nlanguages = [\"en\"]\n\
         [counsellor.cem]\nline = \"{CEM}\"\nlanguages = [\"nl\", \"en\"]\n\
         [[shift]]\ndays = \"mon-fri\"\ntime = \"09:00-17:00\"\nwho = [\"anna\", \"bo\", \"cem\"]\n"
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
        let from = if self.calls == 1 { CALLER.to_owned() } else { format!("+4477009001{:02}", self.calls) };
        let mut config = PhoneConfig::new(ACCOUNT, &sid, &from, OWN, &format!("{PUBLIC_URL}/twilio/voice"));
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
        let private = [&ANNA[1..], &BO[1..], &CEM[1..], "4477009001", SECRET, KEY, TOKEN, "U0swMDAw"];
        for (path, bytes) in files.into_iter().chain([("the log".into(), log)]) {
            for word in private {
                let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!found, "`{word}` in {}", path.display());
            }
        }
    }
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
    insta::assert_snapshot!(table);
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
