//! The engine over the shipped menus: what holds in every state, however a caller came there.

mod common;

use hulplijn::base::{CounsellorSet, Digit, LeaseId};
use hulplijn::flow::{
    Count, Desk, DialStatus, Dialled, Does, Input, LangIx, NobodyFree, NodeIx, Now, Output, Patience, Place, Session,
    asks_desk, outlook, step,
};
use hulplijn::menu::{self, Hotline, Settings};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::OnceLock;

fn hotline() -> &'static Hotline {
    static HOTLINE: OnceLock<Hotline> = OnceLock::new();
    HOTLINE.get_or_init(|| {
        let loaded = menu::load(&common::shipped_menus(), &Settings::default(), "2026-11-24".parse().unwrap());
        loaded.hotline.expect("the shipped menus are without errors")
    })
}

const DESKS: [Desk; 6] = [Desk::Open, Desk::Busy, Desk::Closed, Desk::Spent, Desk::Calling, Desk::Taken];

/// Whether this step looks at the desk.
fn needs_desk(hotline: &Hotline, session: &Session, input: &Input) -> bool {
    asks_desk(hotline, session, input, now(0, Desk::Open).at).is_some()
}

const KEYS: &str = "0123456789*#";

fn now(seconds: i64, desk: Desk) -> Now {
    let at = Timestamp::from_second(1_795_000_000).unwrap() + SignedDuration::from_secs(seconds);
    Now { at, desk, lease: LeaseId(7), who: CounsellorSet(1), patience: Patience::default() }
}

fn begin() -> Session {
    let session = Session::begin(hotline().revision, now(0, Desk::Open).at);
    step(hotline(), session, Input::Began { language: None }, now(0, Desk::Open)).0
}

/// TM-08: while she waits for a person, no silence is longer than four seconds; then words or music come again.
#[test]
fn a_wait_for_a_person_is_never_silent_for_long() {
    let mut waits = 0;
    for desk in DESKS {
        let mut session = begin();
        for (input, seconds) in [(Input::Pressed(Digit::new('2').unwrap()), 5), (Input::Pressed(Digit::ZERO), 10)]
            .into_iter()
            .chain([(Input::Pressed(Digit::new('1').unwrap()), 20)])
            .chain((0..40).map(|round| (Input::Silence, 30 + round * 4)))
        {
            let (next, outputs) = step(hotline(), session, input, now(seconds, desk));
            session = next;
            if let (
                Place::Waiting | Place::Offering,
                Some(Output::Ask { timeout_s, .. } | Output::Hold { timeout_s, .. }),
            ) = (session.place, outputs.last())
            {
                assert!(*timeout_s <= 4, "{timeout_s} s at {:?}", session.place);
                waits += 1;
            }
            if !matches!(outputs.last(), Some(Output::Ask { .. } | Output::Hold { .. })) {
                break;
            }
        }
    }
    assert!(waits > 0, "nobody waited");
}

/// A session fits the hotline it was made in, and none in which one of its indexes is missing.
#[test]
fn a_session_fits_its_own_hotline_only() {
    let good = begin();
    let nodes = NodeIx(u16::try_from(hotline().nodes.len()).unwrap());
    let languages = LangIx(u8::try_from(hotline().languages.len()).unwrap());
    let last = NodeIx(nodes.0 - 1);
    let fits = |change: &dyn Fn(&mut Session)| {
        let mut session = good.clone();
        change(&mut session);
        session.fits(hotline())
    };
    assert!(fits(&|_| {}));
    assert!(fits(&|session| session.place = Place::Node(last)) && !fits(&|session| session.place = Place::Node(nodes)));
    assert!(fits(&|session| session.trail = vec![last]) && !fits(&|session| session.trail = vec![last, nodes]));
    assert!(fits(&|session| session.language = Some(LangIx(languages.0 - 1))));
    assert!(!fits(&|session| session.language = Some(languages)));
    assert!(!fits(&|session| session.revision = hulplijn::base::Revision(session.revision.0 ^ 1)));
}

/// What a page says of the keys is what they do.
#[test]
fn the_outlook_is_what_each_key_does() {
    let does = |session: &Session, key: char, desk: Desk| {
        let outlook = outlook(hotline(), session, now(20, desk));
        let key = Digit::new(key).unwrap();
        outlook.keys.into_iter().find(|(known, _)| *known == key).unwrap().1
    };
    let front = begin();
    assert_eq!(does(&front, '2', Desk::Open), Does::Language(LangIx(1)));
    assert_eq!(does(&front, '5', Desk::Open), Does::Wrong);
    assert_eq!(does(&front, '8', Desk::Open), Does::Front);
    let stay = at("stay");
    let here = outlook(hotline(), &stay, now(20, Desk::Open));
    assert_eq!((here.place, here.keys.len(), here.silence), (Place::Node(node("stay")), 12, Does::Options));
    let Some(menu::Choice::Go(first)) = hotline().choice(node("stay"), Digit::new('1').unwrap()) else { panic!() };
    assert_eq!(does(&stay, '1', Desk::Open), Does::Leads(first));
    assert_eq!(does(&stay, '8', Desk::Open), Does::Again);
    assert_eq!(does(&stay, '#', Desk::Open), Does::Options);
    assert_eq!(does(&stay, '9', Desk::Open), Does::Ends);
    assert_eq!(does(&stay, '7', Desk::Open), Does::Wrong);
    assert_eq!(does(&Session { wrong_keys: 2, ..stay.clone() }, '7', Desk::Open), Does::Leads(node("connect")));
    for (desk, leads) in [(Desk::Open, "connect"), (Desk::Busy, "busy"), (Desk::Closed, "closed")] {
        assert_eq!(does(&stay, '0', desk), Does::Leads(node(leads)), "{desk:?}");
    }
    assert_eq!(does(&at("connect"), '1', Desk::Open), Does::Rings);
    assert_eq!(does(&at("website"), '1', Desk::Open), Does::Letters);
    let waiting = Session { place: Place::Waiting, ..stay };
    assert_eq!(does(&waiting, '5', Desk::Busy), Does::Waits);
}

/// The desk costs a look into the database: it is not asked where no step can need it.
#[test]
fn the_desk_is_not_asked_without_need() {
    let session = begin();
    let needs = |input: &Input| needs_desk(hotline(), &session, input);
    assert!(!needs(&Input::Began { language: None }));
    assert!(!needs(&Input::Pressed(Digit::new('2').unwrap())) && !needs(&Input::Silence));
    assert!(needs(&Input::Pressed(Digit::ZERO)));
    let in_menu = at("stay");
    assert!(!needs_desk(hotline(), &in_menu, &Input::Pressed(Digit::STAR)));
    assert!(!needs_desk(hotline(), &in_menu, &Input::Silence));
    for role in [hotline().roles.connect, hotline().roles.busy, hotline().roles.closed] {
        let mut session = at("stay");
        session.place = Place::Node(role);
        assert!(needs_desk(hotline(), &session, &Input::Pressed(Digit::new('1').unwrap())), "{role:?}");
    }
}

/// A caller who chose English, at this node, with nothing behind her.
fn at(name: &str) -> Session {
    let mut session = begin();
    session.language = Some(LangIx(1));
    session.pressed = true;
    session.place = Place::Node(node(name));
    session
}

fn node(name: &str) -> NodeIx {
    let at = hotline().nodes.iter().position(|node| node.name == name).unwrap_or_else(|| panic!("no node {name}"));
    NodeIx(u16::try_from(at).unwrap())
}

fn key(session: Session, key: Digit, seconds: i64, desk: Desk) -> (Session, Vec<Output<'static>>) {
    step(hotline(), session, Input::Pressed(key), now(seconds, desk))
}

fn counted(outputs: &[Output<'_>], what: Count) -> usize {
    outputs.iter().filter(|output| **output == Output::Count(what)).count()
}

/// CS-24: three minutes, and not a second more; less while somebody may still come.
#[test]
fn waiting_ends_after_three_minutes_with_other_choices() {
    let after = |seconds: i64| {
        let mut session = at("main");
        (session.place, session.waiting_since_s) = (Place::Waiting, Some(now(0, Desk::Busy).at.as_second()));
        session.issued_s = now(seconds - 10, Desk::Busy).at.as_second();
        step(hotline(), session, Input::Silence, now(seconds, Desk::Busy)).0.place
    };
    assert_eq!([after(0), after(100), after(179)], [Place::Waiting; 3]);
    assert_eq!([after(180), after(181), after(4000)], [Place::Node(hotline().roles.busy); 3]);
    // The star leaves the wait at once.
    let mut session = at("main");
    (session.place, session.trail) = (Place::Waiting, vec![node("stay")]);
    assert_eq!(key(session, Digit::STAR, 1, Desk::Busy).0.place, Place::Node(node("stay")));
}

/// A node is counted once a call, a request for a person as well.
#[test]
fn a_call_counts_each_thing_once() {
    let heard = Count::NodeHeard(node("stay"));
    let in_stay = |session: Session| key(session, Digit::new('3').unwrap(), 1, Desk::Open);
    let (session, first) = in_stay(at("main"));
    assert_eq!((session.place, counted(&first, heard)), (Place::Node(node("stay")), 1));
    let (session, _) = key(session, Digit::STAR, 2, Desk::Open);
    let (session, again) = in_stay(session);
    assert_eq!((session.place, counted(&again, heard)), (Place::Node(node("stay")), 0));
    let (session, asked) = key(session, Digit::ZERO, 3, Desk::Open);
    assert_eq!(counted(&asked, Count::PersonAsked), 1);
    let (session, _) = key(session, Digit::STAR, 4, Desk::Open);
    let (_, asked) = key(session, Digit::ZERO, 5, Desk::Open);
    assert_eq!(counted(&asked, Count::PersonAsked), 0);
    let (_, nobody) = key(at("main"), Digit::ZERO, 1, Desk::Busy);
    assert_eq!(counted(&nobody, Count::NobodyFree(NobodyFree::Busy)), 1);
}

/// The way back from where she is told that there is nobody, and from where she is asked, leads to where she was; asking
/// twice does not put the same place on it twice.
#[test]
fn the_way_back_has_no_place_twice() {
    for (desk, place) in [
        (Desk::Open, hotline().roles.connect),
        (Desk::Busy, hotline().roles.busy),
        (Desk::Closed, hotline().roles.closed),
    ] {
        let (session, _) = key(at("stay"), Digit::ZERO, 1, desk);
        assert_eq!((session.place, &session.trail), (Place::Node(place), &vec![node("stay")]), "{desk:?}");
        let (session, _) = key(session, Digit::ZERO, 2, desk);
        assert_eq!((session.place, &session.trail), (Place::Node(place), &vec![node("stay")]), "{desk:?} twice");
        assert_eq!(key(session, Digit::STAR, 3, desk).0.place, Place::Node(node("stay")), "{desk:?} back");
    }
}

fn prompts<'o, 'h>(outputs: &'o [Output<'h>]) -> &'o [&'h hulplijn::menu::Prompt] {
    match outputs.last() {
        Some(Output::Ask { prompts, .. }) => prompts,
        other => panic!("nothing is asked: {other:?}"),
    }
}

/// The main menu is heard whole the first time and with its options only when she comes to it again; without a way back
/// the star leads to it, and from it to the languages. Where nothing was told, 8 is a key like any other wrong one.
#[test]
fn the_main_menu_is_short_when_it_comes_again() {
    let english = Digit::new('2').unwrap();
    let told = &hotline().spoken(hotline().roles.main, LangIx(1)).info;
    let tells = |outputs: &[Output<'_>]| told.iter().any(|info| prompts(outputs).iter().any(|said| said.id == info.id));
    let (session, first) = key(begin(), english, 1, Desk::Open);
    assert!(session.place == Place::Node(hotline().roles.main) && session.main_heard && tells(&first));
    let (session, _) = key(session, Digit::STAR, 2, Desk::Open);
    assert_eq!((session.place, session.language), (Place::Front, None));
    let (session, again) = key(session, english, 3, Desk::Open);
    assert!(session.place == Place::Node(hotline().roles.main) && !tells(&again));
    let (session, back) = key(Session { main_heard: true, ..at("stay") }, Digit::STAR, 1, Desk::Open);
    assert_eq!((session.place, session.language), (Place::Node(hotline().roles.main), Some(LangIx(1))));
    assert!(!tells(&back));

    let eight = Digit::new('8').unwrap();
    for (at_node, here) in hotline().nodes.iter().enumerate() {
        let mut session = at("main");
        session.place = Place::Node(NodeIx(u16::try_from(at_node).unwrap()));
        let told = !hotline().spoken(NodeIx(u16::try_from(at_node).unwrap()), LangIx(1)).info.is_empty();
        let (session, _) = key(session, eight, 1, Desk::Open);
        assert_eq!(session.wrong_keys == 0, told, "{}", here.name);
    }
}

/// Who has heard that nobody can answer and stays silent hears a neutral end; elsewhere a person is looked for.
#[test]
fn silence_leads_to_a_person_and_after_the_last_word_to_the_end() {
    let three = |session: Session| {
        (0..3).fold((session, Vec::new()), |(session, _), round| {
            step(hotline(), session, Input::Silence, now(round * 10, Desk::Open))
        })
    };
    assert_eq!(three(at("stay")).0.place, Place::Offering);
    for role in [hotline().roles.busy, hotline().roles.closed] {
        let mut session = at("main");
        session.place = Place::Node(role);
        assert!(ended(&three(session).1), "{role:?}");
    }
    let mut stranger = at("stay");
    stranger.pressed = false;
    assert!(ended(&three(stranger).1));
}

fn ended(outputs: &[Output<'_>]) -> bool {
    matches!(outputs.last(), Some(Output::End))
}

/// An input that can come in this state.
fn any_input(place: Place, choice: u8) -> Input {
    if place == Place::Dialling {
        let statuses =
            [DialStatus::Completed, DialStatus::Busy, DialStatus::NoAnswer, DialStatus::Failed, DialStatus::Canceled];
        let status = statuses[usize::from(choice) % statuses.len()];
        return Input::DialEnded(Dialled { status, talked: status == DialStatus::Completed && choice >= 128 });
    }
    match KEYS.chars().nth(usize::from(choice) % 16) {
        Some(key) => Input::Pressed(Digit::new(key).unwrap()),
        None => Input::Silence,
    }
}

/// What must hold after every step.
fn is_sound(session: &Session, outputs: &[Output<'_>]) {
    assert!(session.fits(hotline()), "{session:?}");
    assert!(session.to_bytes().len() <= 145);
    assert_eq!(Session::from_bytes(&session.to_bytes()).as_ref(), Some(session));
    let (last, before) = outputs.split_last().expect("there is always something to do");
    assert!(before.iter().all(|output| matches!(output, Output::Say(_) | Output::Count(_))), "{outputs:?}");
    match last {
        Output::Ask { prompts, timeout_s } => {
            assert!(!prompts.is_empty() && (1..=10).contains(timeout_s));
            assert!(prompts.iter().all(|prompt| !prompt.words.trim().is_empty()));
        }
        Output::Hold { line, timeout_s, .. } => {
            assert_eq!(session.place, Place::Waiting);
            assert!(*timeout_s == if line.is_some() { 4 } else { 1 });
        }
        Output::Join { .. } => assert_eq!(session.place, Place::Dialling),
        Output::Connect { .. } => {
            assert_eq!(session.place, Place::Dialling);
            // Who was rung before was told then.
            assert!(
                session.tried != CounsellorSet::default()
                    || before.iter().any(|output| matches!(output, Output::Say(_))),
                "she hears nothing before it rings"
            );
        }
        Output::End => {}
        other => panic!("a step ends in {other:?}"),
    }
}

/// Walks through the inputs; the state and the moment where the call ended or the inputs did.
fn walk(choices: &[(u8, u8)]) -> (Session, i64, bool) {
    let mut session = begin();
    let mut seconds = 0;
    for (choice, desk) in choices {
        seconds += 5;
        let input = any_input(session.place, *choice);
        let present = now(seconds, DESKS[usize::from(*desk) % DESKS.len()]);
        let (next, outputs) = step(hotline(), session.clone(), input.clone(), present);
        is_sound(&next, &outputs);
        if !needs_desk(hotline(), &session, &input) {
            for desk in DESKS {
                assert_eq!(
                    step(hotline(), session.clone(), input.clone(), now(seconds, desk)),
                    (next.clone(), outputs.clone())
                );
            }
        }
        session = next;
        if ended(&outputs) {
            return (session, seconds, true);
        }
    }
    (session, seconds, false)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_leaves_something_to_hear_or_ends_the_call(choices in proptest::collection::vec(any::<(u8, u8)>(), 0..60)) {
        walk(&choices);
    }

    /// Rule MN-08, CS-22: whoever stops pressing keys is not kept in a ring, whatever the desk does.
    #[test]
    fn silence_ends_every_call(choices in proptest::collection::vec(any::<(u8, u8)>(), 0..40), desk in 0..3_usize, talks: bool) {
        let (mut session, mut seconds, over) = walk(&choices);
        let mut over = over;
        let mut steps = 0;
        while !over {
            steps += 1;
            prop_assert!(steps < 80, "still in {:?} after {steps} silences", session.place);
            seconds += 10;
            let input = match session.place {
                Place::Dialling => Input::DialEnded(Dialled { status: DialStatus::Completed, talked: talks }),
                _ => Input::Silence,
            };
            let (next, outputs) = step(hotline(), session, input, now(seconds, DESKS[desk]));
            over = ended(&outputs);
            session = next;
        }
    }

    /// CS-04: 9 ends at once and without a word wherever keys are heard. CS-05: 0 leads to a person, or to the honest words.
    #[test]
    fn nine_ends_and_zero_leads_to_a_person(choices in proptest::collection::vec(any::<(u8, u8)>(), 0..12), desk in 0..3_usize) {
        let (session, seconds, over) = walk(&choices);
        if over || session.place == Place::Dialling {
            return Ok(());
        }
        let present = now(seconds + 1, DESKS[desk]);
        let (_, outputs) = step(hotline(), session.clone(), Input::Pressed(Digit::NINE), present);
        prop_assert_eq!(outputs, vec![Output::End]);
        let (after, outputs) = step(hotline(), session.clone(), Input::Pressed(Digit::ZERO), present);
        let roles = &hotline().roles;
        let reached = match DESKS[desk] {
            Desk::Open => after.place == Place::Node(roles.connect) || after.place == Place::Dialling,
            Desk::Calling => matches!(after.place, Place::Waiting) || after.place == Place::Node(roles.connect),
            Desk::Taken => after.place == Place::Dialling || after.place == Place::Node(roles.connect),
            Desk::Busy => after.place == Place::Node(roles.busy) || after.place == Place::Waiting,
            Desk::Spent => after.place == Place::Node(roles.busy),
            Desk::Closed => after.place == Place::Node(roles.closed),
        };
        prop_assert!(reached, "0 in {:?} leads to {:?} ({:?}): {outputs:?}", session.place, after.place, DESKS[desk]);
    }
}

#[test]
fn a_line_of_its_own_language_skips_the_question() {
    let session = Session::begin(hotline().revision, now(0, Desk::Open).at);
    let (session, _) = step(hotline(), session, Input::Began { language: Some(LangIx(1)) }, now(0, Desk::Open));
    assert_eq!(session.place, Place::Node(hotline().roles.main));
    assert_eq!(session.language, Some(LangIx(1)));
}

/// CS-09: nothing of one call is in the next.
#[test]
fn the_hundredth_call_begins_as_the_first() {
    let first = step(
        hotline(),
        Session::begin(hotline().revision, now(0, Desk::Open).at),
        Input::Began { language: None },
        now(0, Desk::Open),
    );
    walk(&[(2, 0), (3, 0), (0, 0), (1, 0)]);
    let later = step(
        hotline(),
        Session::begin(hotline().revision, now(0, Desk::Open).at),
        Input::Began { language: None },
        now(0, Desk::Open),
    );
    assert_eq!(first, later);
}

/// A session as this release seals it: it opens in every later release, or that release says why calls begin again. One of
/// before the desk had several counsellors does not: whoever was called meanwhile is not in it, and its call begins again.
#[test]
fn a_session_of_this_release_opens() {
    use hulplijn::base::{CallSid, Revision};
    use hulplijn::menu::NodeIx;
    use hulplijn::privacy::{Binding, KeyRing, Purpose};
    let keys = KeyRing::generate([7; 32]);
    let call = CallSid::new("CA00000000000000000000000000000001").unwrap();
    let binding = Binding { provider: "twilio", account: "AC00000000000000000000000000000001", call: &call };
    let session = Session {
        place: Place::Node(NodeIx(3)),
        language: Some(LangIx(1)),
        pressed: true,
        main_heard: true,
        trail: vec![NodeIx(1)],
        step: 2,
        heard: vec![0b0000_1011],
        ..Session::begin(Revision(0x0123_4567_89ab_cdef), now(0, Desk::Open).at)
    };
    let token = "aqaDGU7fr3VnPzphH1a5G6RZteXrtcHtQUwa5T--3zbPD7A8rfOEG9CXNU-DCiUjkrxoYVg";
    assert_eq!(keys.seal(Purpose::Session, &binding, &session.to_bytes()).as_deref(), Some(token));
    let opened = keys.open(Purpose::Session, &binding, token).unwrap();
    assert_eq!(Session::from_bytes(&opened), Some(session));
    let before = "arRSj2lFjCQH6B11bWhRbHQZv55KfiK8nuFm5L6eoyi3L22AMwMLi5co-mkpI_RU3";
    assert_eq!(Session::from_bytes(&keys.open(Purpose::Session, &binding, before).unwrap()), None);
}

/// What `hulplijn explain` says the engine keeps: TM-05, TM-06, TM-08.
#[test]
fn the_engine_s_times_are_those_of_the_rules() {
    use hulplijn::flow::{LONG_TIMEOUT_S, TIMEOUT_S};
    assert!((5..=10).contains(&TIMEOUT_S) && (5..=10).contains(&LONG_TIMEOUT_S) && TIMEOUT_S == 7);
    assert!((1..=180).contains(&Patience::default().wait_max_s));
    let mut session = begin();
    for round in 1..=3 {
        let (after, outputs) = step(hotline(), session, Input::Silence, now(round * 20, Desk::Open));
        assert_eq!(ended(&outputs), round == 3, "exactly three rounds");
        session = after;
    }
}
