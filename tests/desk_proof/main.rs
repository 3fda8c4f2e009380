//! Never two for one, and a ceiling on waiting: every sequence of [`DEPTH`] events that two callers, two counsellors, the
//! provider, a restart and the clock can make, in both modes, over the deciders themselves; states seen before are not
//! looked at again. From every state the slowest that can follow is played to its end too.
//!
//! The shell's part between the deciders, `src/switchboard/{desk,voice,leg,calling}.rs`, is written a second time in
//! `shell.rs`, plainly: there it is `async` and around a database. The real one is tested with the real router; here the
//! order of its steps is what counts. That the proof can fail is shown by spoiling one thing after the other.

mod shell;
mod world;

use hulplijn::base::hours::Hours;
use hulplijn::base::{Accept, Callee, CounsellorId, CounsellorIx, Line};
use hulplijn::desk::{By, Counsellor, Desk, Rota, Strategy};
use hulplijn::menu::{self, Hotline, Settings};
use jiff::tz::TimeZone;
use shell::{Setup, Spoilt};
use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;
use world::{Event, Told, World};

/// So many events after the first yes.
const DEPTH: usize = 5;

fn hotline() -> &'static Hotline {
    static HOTLINE: OnceLock<Hotline> = OnceLock::new();
    HOTLINE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
        let sources = hulplijn::cli::menus::Origin::Folder(folder).read().ok().expect("menus/ can be read");
        let loaded = menu::load(&sources, &Settings::default(), "2026-11-24".parse().expect("a day"));
        loaded.hotline.expect("the shipped menus are without errors")
    })
}

fn desk(strategy: Strategy, accept: Accept, wait_max_s: u16) -> Desk {
    let line = Line { callee: Callee::Pretend, accept, ring_s: 15 };
    let counsellor = |name| Counsellor::new(CounsellorId::new(name).expect("a name"), line.clone());
    Desk {
        counsellors: ["anna", "bo"].map(counsellor).to_vec(),
        rota: Rota::of_hours(Hours::always(TimeZone::UTC), vec![CounsellorIx(0), CounsellorIx(1)]),
        strategy,
        fallback: None,
        choose_gender: false,
        wrap_up_s: 20,
        wait_max_s,
        talk_max_s: 60,
        language: None,
        staff_number: None,
        told: None,
    }
}

fn setup(by: By, strategy: Strategy, accept: Accept, wait_max_s: u16, spoilt: Spoilt) -> Setup<'static> {
    Setup { hotline: hotline(), desk: desk(strategy, accept, wait_max_s), by, spoilt }
}

/// How much was looked at.
#[derive(Clone, Copy, Default, Debug)]
struct Looked {
    states: usize,
    transitions: usize,
    slowest: usize,
}

/// What does not hold, and how it came to that.
#[derive(Debug)]
struct Broken {
    wrong: String,
    how: Vec<Event>,
}

/// Every sequence of `depth` events, the shorter ones first.
fn prove(setup: &Setup<'_>, (depth, disturbances): (usize, usize)) -> Result<Looked, Box<Broken>> {
    let begin = World::begin(setup, disturbances);
    let mut looked = Looked::default();
    let mut seen = HashSet::from([begin.hash(setup)]);
    let mut slow: [HashSet<u64>; 2] = Default::default();
    let mut layer = vec![(begin, Vec::new())];
    for left in (0..depth).rev() {
        let mut next = Vec::new();
        for (world, how) in layer {
            for event in world.events(setup) {
                looked.transitions += 1;
                let mut after = world.clone();
                let broken = |wrong: String| {
                    let mut how: Vec<Event> = how.clone();
                    how.push(event);
                    Box::new(Broken { wrong: format!("{wrong}\n{}", world.told()), how })
                };
                after.happens(setup, event).map_err(broken)?;
                if !seen.insert(after.hash(setup)) {
                    continue;
                }
                for (told, known) in [Told::Yes, Told::No].into_iter().zip(&mut slow) {
                    let unseen = |world: &World| !known.insert(world.hash(setup));
                    after.clone().slowest(setup, told, unseen).map_err(broken)?;
                }
                if left > 0 {
                    let mut how = how.clone();
                    how.push(event);
                    next.push((after, how));
                }
            }
        }
        layer = next;
    }
    looked.states = seen.len();
    looked.slowest = slow.iter().map(HashSet::len).sum();
    Ok(looked)
}

const MODES: [(By, Strategy, Accept); 4] = [
    (By::Dial, Strategy::Order, Accept::Key),
    (By::Dial, Strategy::All, Accept::Pickup),
    (By::Legs, Strategy::Order, Accept::Key),
    (By::Legs, Strategy::All, Accept::Key),
];

/// How deep each mode is looked at, and how many restarts, losses, repeats and changes of the clock may be among it. Deeper,
/// by `DEPTHS="6 3" cargo test --test desk_proof -- --nocapture`, takes minutes and gigabytes.
fn depths(by: By) -> Vec<(usize, usize)> {
    let set = std::env::var("DEPTHS").ok();
    let set = set.as_deref().and_then(|depths| depths.split_once(' '));
    match (set, by) {
        (Some((depth, disturbances)), _) => vec![(depth.parse().unwrap(), disturbances.parse().unwrap())],
        (None, By::Dial) => vec![(DEPTH, DEPTH), (8, 1)],
        (None, By::Legs) => vec![(DEPTH, DEPTH)],
    }
}

#[test]
fn never_two_for_one_and_nobody_waits_without_an_end() {
    for (by, strategy, accept) in MODES {
        for depth in depths(by) {
            let started = std::time::Instant::now();
            match prove(&setup(by, strategy, accept, 60, Spoilt::Nothing), depth) {
                Ok(looked) => println!("{by:?} {strategy:?} {depth:?}: {looked:?} in {:.1?}", started.elapsed()),
                Err(broken) => panic!("{by:?} {strategy:?} {accept:?}: {}\n{:?}", broken.wrong, broken.how),
            }
        }
    }
}

/// One thing that is wrong, and the mode in which it shows.
const SPOILT: [(Spoilt, By, Strategy); 15] = [
    (Spoilt::TakenIsIgnored, By::Dial, Strategy::Order),
    (Spoilt::LeasesNeverExpire, By::Legs, Strategy::Order),
    (Spoilt::LeasesAreLostInARestart, By::Dial, Strategy::Order),
    (Spoilt::LeasesEndBeforeTheWhisper, By::Dial, Strategy::Order),
    (Spoilt::TheClockMovesLeases, By::Dial, Strategy::Order),
    (Spoilt::NoCeiling, By::Dial, Strategy::Order),
    (Spoilt::TheWaitBeginsAnewEachRound, By::Dial, Strategy::Order),
    (Spoilt::AClockKeepsCallersWaiting, By::Dial, Strategy::Order),
    (Spoilt::WordsBeforeItRingsAreNotCounted, By::Dial, Strategy::Order),
    (Spoilt::OrderIsIgnored, By::Dial, Strategy::Order),
    (Spoilt::TheLastToAcceptWins, By::Legs, Strategy::All),
    (Spoilt::LegsRingOnWhenSheLeaves, By::Legs, Strategy::Order),
    (Spoilt::NobodyIsEverGone, By::Legs, Strategy::Order),
    (Spoilt::WhoIsAloneInTheRoomStays, By::Legs, Strategy::Order),
    (Spoilt::OldCallbacksCount, By::Legs, Strategy::All),
];

/// What is wrong with one thing is found, in the mode that has it.
#[test]
fn what_is_spoilt_is_found() {
    for (spoilt, by, strategy) in SPOILT {
        let found = prove(&setup(by, strategy, Accept::Key, 60, spoilt), (4, 4)).err();
        let found = found.unwrap_or_else(|| panic!("{spoilt:?} is not found"));
        println!("{spoilt:?}: {}", found.wrong.lines().next().unwrap_or_default());
    }
}
