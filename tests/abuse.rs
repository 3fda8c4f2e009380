//! Bursts of calls through the real router: whoever calls two hundred times has one chance at the desk, callers without
//! a number share a few, and a caller who is alone gets her turn. What she can hear and read stays open to all.

mod common;

use common::{ACCOUNT, CALLER, OWN, World};
use hulplijn::privacy::DaySalt;
use hulplijn::twiml::{ReadVerb, read_voice};
use jiff::ToSpan;
use std::sync::Arc;
use tokio::task::JoinSet;

const OPEN: &str = "2026-11-24T10:00:00";
/// The caller who is alone.
const LONE: &str = "+447700900001";
/// What networks send for a caller who does not show the number.
const WITHHELD: [&str; 4] = ["", "anonymous", "+266696687", "Restricted"];

const CHOOSES: &str = "You can talk to a person now.";
const BUSY: &str = "Nobody can talk to you at this moment.";
const WAITS: &str = "I am still looking for a person.";

/// A call that goes on from document to document.
#[derive(Clone)]
struct Line {
    sid: String,
    from: String,
    document: String,
}

impl Line {
    fn new(sid: impl Into<String>, from: &str) -> Line {
        Line { sid: sid.into(), from: from.to_owned(), document: String::new() }
    }

    async fn send(&mut self, world: &World, address: &str, extra: &[(&str, &str)]) {
        let mut form = vec![("CallSid", &*self.sid), ("AccountSid", ACCOUNT), ("From", &self.from), ("To", OWN)];
        if !extra.iter().any(|(name, _)| *name == "CallStatus") {
            form.push(("CallStatus", "in-progress"));
        }
        form.extend_from_slice(extra);
        let (status, document) = world.post(address, &form).await;
        assert!(status.is_success(), "{status} {document}");
        self.document = document;
    }

    async fn begin(&mut self, world: &World) {
        self.send(world, "/twilio/voice", &[]).await;
        // English, so that what is heard can be told apart by one sentence.
        self.press(world, "2").await;
    }

    async fn press(&mut self, world: &World, key: &str) {
        let action = self.gather();
        self.send(world, &action, &[("Digits", key)]).await;
    }

    async fn stay_silent(&mut self, world: &World) {
        let verbs = read_voice(self.document.as_bytes()).unwrap().verbs;
        let address = verbs.into_iter().find_map(|verb| match verb {
            ReadVerb::Redirect(redirect) => Some(redirect.url),
            _ => None,
        });
        let address = address.unwrap_or_else(|| panic!("no way on in {}", self.document));
        self.send(world, &address, &[]).await;
    }

    async fn dial_ends(&mut self, world: &World) {
        let verbs = read_voice(self.document.as_bytes()).unwrap().verbs;
        let action = verbs.into_iter().find_map(|verb| match verb {
            ReadVerb::Dial(dial) => dial.action,
            _ => None,
        });
        self.send(world, &action.expect("a dial with an action"), &[("DialCallStatus", "no-answer")]).await;
    }

    async fn hang_up(&mut self, world: &World) {
        self.send(world, "/twilio/status", &[("CallStatus", "completed")]).await;
    }

    fn gather(&self) -> String {
        let verbs = read_voice(self.document.as_bytes()).unwrap().verbs;
        let action = verbs.into_iter().find_map(|verb| match verb {
            ReadVerb::Gather(gather) => gather.action,
            _ => None,
        });
        action.unwrap_or_else(|| panic!("no keys in {}", self.document))
    }

    fn rings(&self) -> bool {
        self.document.contains("<Dial")
    }

    fn hears(&self, words: &str) -> bool {
        self.document.contains(words)
    }
}

/// Everybody does this at the same moment; the calls as they are afterwards.
async fn all<F>(world: &Arc<World>, lines: Vec<Line>, work: impl Fn(Arc<World>, Line) -> F) -> Vec<Line>
where
    F: Future<Output = Line> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for line in lines {
        tasks.spawn(work(Arc::clone(world), line));
    }
    let mut lines = tasks.join_all().await;
    lines.sort_by(|one, other| one.sid.cmp(&other.sid));
    lines
}

async fn all_begin(world: &Arc<World>, lines: Vec<Line>) -> Vec<Line> {
    all(world, lines, |world, mut line| async move {
        line.begin(&world).await;
        line
    })
    .await
}

async fn all_press(world: &Arc<World>, lines: Vec<Line>, key: &'static str) -> Vec<Line> {
    all(world, lines, move |world, mut line| async move {
        line.press(&world, key).await;
        line
    })
    .await
}

fn count(lines: &[Line], is: impl Fn(&Line) -> bool) -> usize {
    lines.iter().filter(|line| is(line)).count()
}

fn from_one_number(calls: usize) -> Vec<Line> {
    (0..calls).map(|n| Line::new(format!("CAone{n:03}"), CALLER)).collect()
}

fn without_number(calls: usize) -> Vec<Line> {
    (0..calls).map(|n| Line::new(format!("CAnone{n:03}"), WITHHELD[n % WITHHELD.len()])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_of_one_number_are_one_request() {
    let world = Arc::new(World::at(OPEN, "").await);
    let lines = all_begin(&world, from_one_number(200)).await;
    assert_eq!(count(&lines, |line| line.hears("For help and shelter")), 200, "information is open to all");
    let mut lines = all_press(&world, lines, "0").await;
    assert_eq!(count(&lines, |line| line.hears(CHOOSES)), 1);
    assert_eq!(count(&lines, |line| line.hears(BUSY)), 199);

    // Key 2: the information, for everybody who was told so; and one who waits is told the truth, and is not rung.
    let others: Vec<Line> = lines.extract_if(.., |line| line.hears(BUSY)).collect();
    let informed = all_press(&world, others.clone(), "2").await;
    assert_eq!(count(&informed, |line| line.hears("For help and shelter")), 199);
    let again = all_press(&world, informed, "0").await;
    assert_eq!(count(&again, |line| line.hears(BUSY)), 199);
    let waiting = all_press(&world, again, "1").await;
    assert_eq!(count(&waiting, |line| line.hears(WAITS)), 199);

    // The one goes on undisturbed.
    let one = &mut lines[0];
    one.press(&world, "1").await;
    assert!(one.rings(), "{}", one.document);
    // She hangs up: one of the others may ask now.
    one.hang_up(&world).await;
    let after = all(&world, waiting, |world, mut line| async move {
        line.stay_silent(&world).await;
        line
    })
    .await;
    assert_eq!(count(&after, Line::rings), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_without_a_number_share_a_cap() {
    for (extra, most) in [("", 3), ("withheld_at_once = 7", 7)] {
        let world = Arc::new(World::at(OPEN, extra).await);
        let lines = all_begin(&world, without_number(200)).await;
        let lines = all_press(&world, lines, "0").await;
        assert_eq!(count(&lines, |line| line.hears(CHOOSES)), most);
        assert_eq!(count(&lines, |line| line.hears(BUSY)), 200 - most);
        // A caller with a number is not of them.
        let mut lone = Line::new("CAlone", LONE);
        lone.begin(&world).await;
        lone.press(&world, "0").await;
        lone.press(&world, "1").await;
        assert!(lone.rings(), "{}", lone.document);
    }
}

/// Four hundred calls fight for the desk each time it is free, and never give up. She came after them, waits, and is
/// before all of them but the four who may ask: one for the number, three without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_caller_gets_her_turn() {
    let world = Arc::new(World::at(OPEN, "").await);
    let crowd = [from_one_number(200), without_number(200)].concat();
    let crowd = all_begin(&world, crowd).await;
    let mut crowd = all_press(&world, crowd, "0").await;
    let mut lone = Line::new("CAlone", LONE);
    lone.begin(&world).await;
    // Those who may, ring; one of them gets the line.
    crowd = all_press(&world, crowd, "1").await;
    assert_eq!(count(&crowd, Line::rings), 1);
    lone.press(&world, "0").await;
    assert!(lone.hears(BUSY), "{}", lone.document);
    lone.press(&world, "1").await;
    assert!(lone.hears(WAITS), "{}", lone.document);

    // The one who rings now, and those who wait already: four. A round may pass between two of them, in which whoever is
    // next has looked just before the line was free.
    let (mut before_her, mut rounds) = (1, 0);
    while !lone.rings() {
        rounds += 1;
        assert!(rounds <= 12, "she does not get her turn");
        // Whoever is rung is not answered, and everybody tries again at once, in every way there is.
        crowd = all(&world, crowd, |world, mut line| async move {
            if line.rings() {
                line.dial_ends(&world).await;
                line.press(&world, "1").await;
            } else if line.hears(WAITS) {
                line.stay_silent(&world).await;
            } else {
                line.press(&world, "1").await;
            }
            line
        })
        .await;
        // Whoever rang has given up in this round: who rings now is another.
        before_her += count(&crowd, Line::rings);
        assert!(before_her <= 4, "{before_her} were before her");
        world.pass_s(8);
        lone.stay_silent(&world).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_call_is_never_in_its_own_way() {
    let world = World::at(OPEN, "").await;
    let mut one = Line::new("CAone", CALLER);
    one.begin(&world).await;
    let asks = one.gather();
    one.press(&world, "0").await;
    let first = one.document.clone();
    // The provider sends the event again: at once, and after our short memory of answers is over.
    for pause_s in [0, 1, 130] {
        world.pass_s(pause_s);
        one.send(&world, &asks, &[("Digits", "0")]).await;
        assert!(one.hears(CHOOSES), "{}", one.document);
    }
    assert!(first.contains(CHOOSES));
    one.press(&world, "1").await;
    assert!(one.rings(), "{}", one.document);
    // It is over, for whatever reason: the same number asks again, in this call and in another.
    one.dial_ends(&world).await;
    let mut two = Line::new("CAtwo", CALLER);
    two.begin(&world).await;
    two.press(&world, "0").await;
    assert!(two.hears(CHOOSES), "{}", two.document);
    // Back to the information: the request is over without a word of the provider.
    two.press(&world, "*").await;
    one.press(&world, "1").await;
    assert!(one.rings(), "{}", one.document);
}

#[tokio::test(flavor = "current_thread")]
async fn who_hung_up_can_call_again() {
    // The provider says so, or is silent about it.
    for says in [true, false] {
        let world = World::at(OPEN, "").await;
        let mut one = Line::new("CAone", CALLER);
        one.begin(&world).await;
        one.press(&world, "0").await;
        match says {
            true => one.hang_up(&world).await,
            false => world.pass_s(30),
        }
        let mut two = Line::new("CAtwo", CALLER);
        two.begin(&world).await;
        two.press(&world, "0").await;
        assert!(two.hears(CHOOSES), "{says}: {}", two.document);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn midnight_neither_frees_nor_blocks_a_call_under_way() {
    let hours = r#"exceptions = ["2026-11-24 00:00-24:00", "2026-11-25 00:00-24:00"]"#;
    let log = common::log_lines();
    let world = Arc::new(World::at("2026-11-24T23:59:30", hours).await);
    let mut one = Line::new("CAone", CALLER);
    one.begin(&world).await;
    one.press(&world, "0").await;
    one.press(&world, "1").await;
    assert!(one.rings(), "{}", one.document);
    world.pass_s(40);
    world.switchboard.tick(world.now(), DaySalt::new([7; 16])).await;
    let mut two = Line::new("CAtwo", CALLER);
    two.begin(&world).await;
    two.press(&world, "0").await;
    assert!(two.hears(BUSY), "{}", two.document);
    one.dial_ends(&world).await;
    one.press(&world, "2").await;
    two.press(&world, "2").await;
    two.press(&world, "0").await;
    assert!(two.hears(CHOOSES), "{}", two.document);

    // With a salt that is known here, its hash can be looked for: in no log line, in no file, in no form.
    let hash = DaySalt::new([7; 16]).hash(CALLER);
    tracing::info!("the log is captured");
    let next = world.now() + 24.hours();
    world.switchboard.tick(next, DaySalt::new([8; 16])).await;
    world.switchboard.close().await;
    let mut everything = log.lock().unwrap().clone();
    assert!(String::from_utf8_lossy(&everything).contains("the log is captured"));
    everything.extend(world.kept().into_iter().flat_map(|(_, bytes)| bytes));
    let forms = [
        hash.to_string().into_bytes(),
        (hash as i64).to_string().into_bytes(),
        format!("{hash:x}").into_bytes(),
        format!("{hash:X}").into_bytes(),
        hash.to_be_bytes().to_vec(),
        hash.to_le_bytes().to_vec(),
        CALLER.as_bytes()[1..].to_vec(),
        b"CAtwo".to_vec(),
    ];
    for form in forms {
        assert!(!everything.windows(form.len()).any(|window| window == form), "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_for_112_is_answered_in_the_middle_of_a_burst() {
    let world = Arc::new(World::at(OPEN, "").await);
    let crowd = all_begin(&world, from_one_number(200)).await;
    let burst = tokio::spawn({
        let world = Arc::clone(&world);
        async move { all_press(&world, crowd, "0").await }
    });
    // As many as one sender gets in an hour: two robots that quote `112` at each other must end.
    for n in 0..hulplijn::sms::EMERGENCY_AN_HOUR {
        let sid = format!("SM{n}");
        let form = [("MessageSid", &*sid), ("AccountSid", ACCOUNT), ("From", CALLER), ("To", OWN), ("Body", "112")];
        let (_, document) = world.post("/twilio/sms", &form).await;
        assert!(document.contains("Call 112 and speak"), "{document}");
    }
    assert_eq!(count(&burst.await.unwrap(), |line| line.hears(CHOOSES)), 1);
}

/// The real server, with a command of the keeper's: twenty requests that the provider did not sign, and one alarm.
#[test]
fn failed_signatures_call_the_keeper_once() {
    use common::server::{Server, configured};
    use std::time::{Duration, Instant};
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let (config, told) = (folder.path().join("hulplijn.toml"), folder.path().join("told"));
    let text = std::fs::read_to_string(&config).unwrap();
    let script = r#"echo "$HULPLIJN_ALARM: $2" >> "$1""#;
    let command = format!("[\"/bin/sh\", \"-c\", '{script}', \"alarm\", \"{}\"]", told.display());
    std::fs::write(&config, format!("{text}[alarm]\ncommand = {command}\nfailed_signatures = 20\n")).unwrap();
    let server = Server::start(folder.path(), port);
    let forged = |n: usize| {
        use std::io::{Read, Write};
        let request =
            server.request("/twilio/voice", &[], "close").replace("X-Twilio-Signature: ", "X-Twilio-Signature: A");
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{n}: {answer}");
    };
    (0..19).for_each(forged);
    // Two looks at nineteen.
    std::thread::sleep(Duration::from_millis(2200));
    assert!(!told.exists(), "nineteen are not twenty");
    forged(19);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !std::fs::read_to_string(&told).is_ok_and(|told| told.ends_with('\n')) {
        assert!(Instant::now() < deadline, "no alarm was given");
        std::thread::sleep(Duration::from_millis(20));
    }
    (20..60).for_each(forged);
    std::thread::sleep(Duration::from_millis(2200));
    let told = std::fs::read_to_string(&told).unwrap();
    assert!(
        told.starts_with("signatures: 20 or more requests within 5 minutes") && told.lines().count() == 1,
        "{told}"
    );
    server.stop();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.matches("alarm: 20 or more requests").count(), 1, "{log}");
    assert!(!log.contains(&CALLER[1..]) && !told.contains(&CALLER[1..]));
}
