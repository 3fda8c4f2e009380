use super::super::{Counsellor, Gender, Rota, Strategy};
use super::*;
use crate::base::hours::Hours;
use crate::base::{Accept, Callee, Line};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::HashSet;

pub const ANNA: CounsellorIx = CounsellorIx(0);
pub const BO: CounsellorIx = CounsellorIx(1);
pub const FALLBACK: CounsellorIx = CounsellorIx(2);
pub const OFFICE: &[&str] = &["mon-fri 09:00-17:00"];

pub fn id(name: &str) -> CounsellorId {
    CounsellorId::new(name).unwrap()
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap()
}

pub fn at(local: &str) -> Timestamp {
    local.parse::<DateTime>().unwrap().to_zoned_datetime(zone()).unwrap().timestamp()
}

/// Anna is on the rota in these hours, Bo never; and a fallback line.
pub fn desk(hours: &[&str]) -> Desk {
    let counsellor = |name: &str, languages: &[&str]| Counsellor {
        id: id(name),
        line: Line { callee: Callee::Pretend, accept: Accept::Key, ring_s: 15 },
        languages: languages.iter().map(|tag| Language::new(tag).unwrap()).collect(),
        gender: Some(Gender::Woman),
        staff_id: None,
        pin: None,
    };
    let week: Vec<String> = hours.iter().map(|line| (*line).to_owned()).collect();
    Desk {
        counsellors: vec![counsellor("anna", &["nl"]), counsellor("bo", &[]), counsellor("fallback", &[])],
        rota: Rota::of_hours(Hours::parse(zone(), &week, &[]).unwrap(), vec![ANNA]),
        strategy: Strategy::Order,
        fallback: Some(FALLBACK),
        choose_gender: false,
        wrap_up_s: 0,
        wait_max_s: 180,
        talk_max_s: 3600,
        language: None,
        staff_number: None,
        told: None,
    }
}

fn digits(keys: &str) -> Input {
    Input::Digits(Digits::new(keys).unwrap())
}

fn presents() -> Vec<Present> {
    let mut all = Vec::new();
    for on_duty in [true, false] {
        for fallback in [None, Some(Calls::ToDesk), Some(Calls::ToFallback)] {
            for may_hold_back in [true, false] {
                let speak = vec![(Language::new("nl").unwrap(), 2), (Language::new("en").unwrap(), 0)];
                all.push(Present { on_duty, fallback, may_hold_back, people: 2, speak });
            }
        }
    }
    all
}

fn inputs() -> Vec<Input> {
    let keys = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "07", "074826", "4*26#1", "074826153709"];
    let others =
        [Input::Began, Input::Silence, Input::Verified(id("anna")), Input::Refused, Input::Done, Input::NotDone];
    keys.into_iter().map(digits).chain(others).collect()
}

/// What is left in a call. It falls with every step, or the call is over: no call has more than this many steps.
fn left(session: &Session) -> u32 {
    if session.wait == Wait::Over {
        return 0;
    }
    let stage = match session.wait {
        Wait::Entry | Wait::Act(_) => 1,
        Wait::Check | Wait::Key | Wait::Over => 0,
    };
    let proven = u32::from(session.who.is_none());
    let (tries, keys) = (u32::from(TRIES - session.tries), u32::from(KEYS + 1 - session.keys));
    1 + stage + 3 * u32::from(SILENCES - session.silences) + 20 * (tries + keys + proven)
}

/// Every input in every present, from the beginning of a call to eight steps into it; and the same words for the same
/// place, whatever led there, so that nothing is left out by looking at each session once.
#[test]
fn every_path_is_bounded_and_asks_or_ends() {
    let (mut here, mut seen) = (vec![Session::BEGIN], HashSet::from([Session::BEGIN]));
    let mut steps = 0;
    for depth in 0..8 {
        let mut next = Vec::new();
        for session in here {
            for input in inputs() {
                // Only the first request of a call begins it.
                if depth > 0 && input == Input::Began {
                    continue;
                }
                for present in presents() {
                    let (after, outputs) = step(session.clone(), input.clone(), &present);
                    steps += 1;
                    checks(&session, &input, &after, &outputs, &present);
                    if after.wait != Wait::Over && seen.insert(after.clone()) {
                        next.push(after);
                    }
                }
            }
        }
        here = next;
    }
    assert!(steps > 10_000, "{steps} steps");
}

fn checks(before: &Session, input: &Input, after: &Session, outputs: &[Output], present: &Present) {
    let what = format!("{before:?} {input:?} -> {after:?} {outputs:?}");
    if *input != Input::Began {
        assert!(left(after) < left(before), "{what}");
    }
    // It says or does something, and the last thing is what the wait says.
    let last = outputs.last().unwrap_or_else(|| panic!("nothing comes: {what}"));
    let fits = match after.wait {
        Wait::Entry => *last == Output::AskDigits,
        Wait::Check => matches!(last, Output::Check(_)),
        Wait::Key => *last == Output::AskKey,
        Wait::Act(act) => *last == Output::Do(act),
        Wait::Over => *last == Output::End,
    };
    assert!(fits, "{what}");
    // Without proof nothing is done and nothing is told.
    let proven = before.who.is_some() || (before.wait == Wait::Check && matches!(input, Input::Verified(_)));
    for output in outputs {
        let harmless = matches!(
            output,
            Output::Say(Phrase::Enter | Phrase::Wrong | Phrase::Goodbye)
                | Output::AskDigits
                | Output::Check(_)
                | Output::End
        );
        assert!(proven || harmless, "{what}");
        let offered = match output {
            Output::Do(Act::ToFallback | Act::ToDesk) => present.fallback.is_some(),
            Output::Do(Act::HoldBack) => present.may_hold_back,
            _ => true,
        };
        assert!(offered, "{what}");
    }
    assert!(after.who.is_none() || proven, "{what}");
}

/// Plays inputs from the beginning of a call in one present; the outputs of the last.
fn played(inputs: &[Input], present: &Present) -> Vec<Output> {
    let (mut session, mut outputs) = step(Session::BEGIN, Input::Began, present);
    for input in inputs {
        (session, outputs) = step(session, input.clone(), present);
    }
    outputs
}

fn said(outputs: &[Output]) -> Vec<Phrase> {
    let said = outputs.iter().filter_map(|output| match output {
        Output::Say(phrase) => Some(*phrase),
        _ => None,
    });
    said.collect()
}

#[test]
fn three_tries_then_goodbye() {
    let present = Present::default();
    let wrong = [digits("074826"), Input::Refused];
    let again = [Phrase::Wrong, Phrase::Enter];
    assert_eq!(said(&played(&wrong, &present)), again);
    assert_eq!(said(&played(&[wrong.clone(), wrong.clone()].concat(), &present)), again);
    let third = played(&[wrong.clone(), wrong.clone(), wrong].concat(), &present);
    assert_eq!(
        (said(&third).as_slice(), third.last()),
        ([Phrase::Wrong, Phrase::Goodbye].as_slice(), Some(&Output::End))
    );
}

#[test]
fn silence_twice_ends_the_call() {
    let present = Present::default();
    assert_eq!(said(&played(&[Input::Silence], &present)), [Phrase::Enter]);
    assert_eq!(said(&played(&[Input::Silence, Input::Silence], &present)), [Phrase::Goodbye]);
    let inside = [digits("074826"), Input::Verified(id("anna"))];
    let at_menu = |more: &[Input]| said(&played(&[&inside, more].concat(), &present));
    assert_eq!(at_menu(&[Input::Silence]).first(), Some(&Phrase::OffDuty));
    assert_eq!(at_menu(&[Input::Silence, Input::Silence]), [Phrase::Goodbye]);
    assert_eq!(at_menu(&[Input::Silence, digits("7"), Input::Silence]).first(), Some(&Phrase::OffDuty));
}

#[test]
fn the_menu_offers_what_can_be_done() {
    let case = |present: Present, expected: &[Phrase]| {
        let menu = played(&[digits("074826"), Input::Verified(id("anna"))], &present);
        assert_eq!(said(&menu), expected, "{present:?}");
    };
    use Phrase::*;
    case(Present::default(), &[OffDuty, Press(Act::On), PressWho]);
    case(Present { on_duty: true, ..Present::default() }, &[OnDuty, Press(Act::Off), PressWho]);
    let fallback = |calls| Present { fallback: Some(calls), ..Present::default() };
    case(fallback(Calls::ToDesk), &[OffDuty, Press(Act::On), PressWho, Press(Act::ToFallback)]);
    case(fallback(Calls::ToFallback), &[OffDuty, AllToFallback, Press(Act::On), PressWho, Press(Act::ToDesk)]);
    let held = Present { may_hold_back: true, ..Present::default() };
    case(held, &[OffDuty, Press(Act::On), PressWho, Press(Act::HoldBack)]);
}

#[test]
fn what_is_read_from_an_entry() {
    let case = |keys: &str, staff: Option<&str>, pin: &str| {
        let claim = Claim::read(&Digits::new(keys).unwrap());
        assert_eq!((claim.staff, claim.pin.expose()), (staff.and_then(StaffId::new), pin), "{keys}");
    };
    case("074826", Some("07"), "4826");
    case("994826153709", Some("99"), "4826153709");
    case("07", None, "07");
    case("7", None, "7");
    case("*74826", None, "*74826");
    assert!(!format!("{:?}", Claim::read(&Digits::new("074826").unwrap())).contains("4826"));
}

#[test]
fn how_many_are_on_duty_by_language() {
    let desk = desk(OFFICE);
    let languages = ["nl", "en"].map(|tag| Language::new(tag).unwrap());
    let case = |moment: &str, duty: Duty, people: u8, speak: [u8; 2], on_duty: bool| {
        let present = Present::of(&desk, BO, &duty, &languages, at(moment));
        let counts: Vec<u8> = present.speak.iter().map(|(_, count)| *count).collect();
        assert_eq!((present.people, counts.as_slice(), present.on_duty), (people, &speak[..], on_duty), "{moment}");
    };
    let with_bo = || Duty { on: vec![BO], ..Duty::default() };
    case("2026-11-24T10:00", Duty::default(), 1, [1, 0], false);
    case("2026-11-24T10:00", with_bo(), 2, [2, 1], true);
    case("2026-11-24T10:00", Duty { all_to_fallback: true, ..with_bo() }, 2, [2, 1], true);
    case("2026-11-24T20:00", Duty::default(), 0, [0, 0], false);
}

#[test]
fn tries_are_limited() {
    let (one, two) = (StaffId::new("07"), StaffId::new("08"));
    let start = at("2026-11-24T10:00");
    let after = |seconds: i64| start + SignedDuration::from_secs(seconds);
    let mut attempts = Attempts::default();
    for second in 0..5 {
        assert_eq!(attempts.begin(one, after(second)), Admitted::Yes);
    }
    assert_eq!(attempts.begin(one, after(5)), Admitted::Locked);
    assert_eq!(attempts.begin(two, after(5)), Admitted::Yes, "another one is not locked");
    assert_eq!(attempts.begin(None, after(5)), Admitted::Yes);
    assert_eq!(attempts.begin(one, after(4 + 15 * 60 - 1)), Admitted::Locked);
    assert_eq!(attempts.begin(one, after(4 + 15 * 60)), Admitted::Yes, "15 minutes after the fifth");
    // A right entry forgets the wrong ones, also when it was itself the fifth.
    let mut attempts = Attempts::default();
    for second in 0..5 {
        attempts.begin(one, after(second));
    }
    attempts.right(one.unwrap());
    assert_eq!(attempts.begin(one, after(6)), Admitted::Yes);
    // Wrong ones that lie far apart lock nothing.
    let mut attempts = Attempts::default();
    for quarter in 0..20 {
        assert_eq!(attempts.begin(one, after(quarter * 225)), Admitted::Yes, "{quarter}");
    }
    // A clock that steps back unlocks rather than locking for longer.
    assert_eq!(attempts.begin(one, after(-10_000)), Admitted::Yes);
}

#[test]
fn the_whole_line_looks_at_twenty_a_minute() {
    let start = at("2026-11-24T10:00");
    let mut attempts = Attempts::default();
    let staff = |number: i64| StaffId::new(&format!("{number:02}"));
    for number in 0..20 {
        assert_eq!(attempts.begin(staff(number), start), Admitted::Yes);
    }
    assert_eq!(attempts.begin(staff(20), start + SignedDuration::from_secs(59)), Admitted::TooMany);
    assert_eq!(attempts.begin(staff(20), start + SignedDuration::from_secs(60)), Admitted::Yes);
}
