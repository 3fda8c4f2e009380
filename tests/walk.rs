//! A way out, proved and walked: the shipped hotline and a small one hold, and whatever is spoilt is found.

mod common;

use common::stand_ins;
use hulplijn::audio::Grade;
use hulplijn::audio::catalog::Sound;
use hulplijn::base::{Digit, Language, Sources};
use hulplijn::cli::player::Exchange;
use hulplijn::cli::walk::{Lines, Walked, walk};
use hulplijn::flow::proof::{Proof, SITUATIONS_MOST, prove, prove_engine};
use hulplijn::flow::{Input, Now, Output, Place, Session, step};
use hulplijn::menu::time::Lengths;
use hulplijn::menu::{self, Hotline, Settings};
use hulplijn::phone::{FetchFailure, Request, Response};
use hulplijn::privacy::KeyRing;
use jiff::Timestamp;
use std::path::Path;
use std::sync::OnceLock;

fn hotline(folder: &str) -> Hotline {
    loaded(folder, &Settings::default())
}

fn loaded(folder: &str, settings: &Settings) -> Hotline {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let sources: Sources = hulplijn::cli::menus::Origin::Folder(folder).read().ok().unwrap();
    menu::load(&sources, settings, "2026-11-24".parse().unwrap()).hotline.unwrap()
}

fn small() -> &'static Hotline {
    static SMALL: OnceLock<Hotline> = OnceLock::new();
    SMALL.get_or_init(|| hotline("src/menu/fixture"))
}

#[test]
fn the_shipped_hotline_has_a_way_out_of_everything() {
    let hotline = hotline("menus");
    let proof = prove(&hotline).unwrap_or_else(|_| panic!("it is small enough"));
    assert!(proof.broken.is_empty(), "{:?}", proof.broken);
    assert!((1..=3).contains(&proof.person.keys) && proof.person.seconds > 10.0, "{:?}", proof.person);
    assert!(proof.person.words.contains("the counsellor's line rings"), "{:?}", proof.person);
    assert!(proof.over.seconds >= proof.silence.seconds);
    let facts = proof.facts();
    let named = hotline.nodes.iter().flat_map(|node| &node.facts).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(facts.len(), named.len());
    for (fact, ways) in &facts {
        assert!(ways.iter().all(Option::is_some) && ways.len() == 2, "{fact} is not come to in every language");
    }
}

/// What the proof says of a spoilt engine, in one line each.
fn broken(engine: hulplijn::flow::proof::Engine) -> Vec<String> {
    let proof: Proof<'_> = prove_engine(small(), engine, SITUATIONS_MOST).ok().unwrap();
    proof.broken.iter().map(|broken| format!("{}: {}", broken.rule, broken.message)).collect()
}

#[test]
fn a_spoilt_engine_is_found() {
    assert_eq!(broken(step), Vec::<String>::new());

    fn nine_asks<'h>(hotline: &'h Hotline, session: Session, input: Input, now: Now) -> (Session, Vec<Output<'h>>) {
        let input = if input == Input::Pressed(Digit::NINE) { Input::Silence } else { input };
        step(hotline, session, input, now)
    }
    fn zero_does_nothing<'h>(
        hotline: &'h Hotline,
        session: Session,
        input: Input,
        now: Now,
    ) -> (Session, Vec<Output<'h>>) {
        let input = if input == Input::Pressed(Digit::ZERO) { Input::Pressed(Digit::HASH) } else { input };
        step(hotline, session, input, now)
    }
    fn silence_never_ends<'h>(
        hotline: &'h Hotline,
        mut session: Session,
        input: Input,
        now: Now,
    ) -> (Session, Vec<Output<'h>>) {
        session.silences = 0;
        step(hotline, session, input, now)
    }
    fn mute_front<'h>(hotline: &'h Hotline, session: Session, input: Input, now: Now) -> (Session, Vec<Output<'h>>) {
        let (after, mut outputs) = step(hotline, session, input, now);
        if let (Place::Front, Some(Output::Ask { prompts, .. })) = (after.place, outputs.last_mut()) {
            prompts.clear();
        }
        (after, outputs)
    }
    for engine in [nine_asks, zero_does_nothing, silence_never_ends, mute_front] {
        let told = broken(engine);
        assert!(!told.is_empty(), "a spoilt engine passes");
    }
    assert!(
        broken(silence_never_ends).iter().any(|told| told.starts_with("MN-08")),
        "{:?}",
        broken(silence_never_ends)
    );
}

#[test]
fn honest_words_that_say_nothing_are_found_and_so_is_a_hotline_too_large() {
    let mut mute = small().clone();
    let closed = usize::from(mute.roles.closed.0);
    for spoken in &mut mute.nodes[closed].spoken {
        spoken.info.clear();
    }
    assert!(!prove(&mute).ok().unwrap().broken.is_empty());
    assert!(prove_engine(small(), step, 10).is_err(), "what was not looked at is not claimed");
}

// ---- the walk

/// Hands requests on, and changes the answers that hold `from`.
struct Spoilt<E> {
    line: E,
    from: &'static str,
    to: &'static str,
}

impl<E: Exchange> Exchange for Spoilt<E> {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        let mut response = self.line.send(request, now_ms).await?;
        let text = String::from_utf8_lossy(&response.body).replace(self.from, self.to);
        response.body = text.into_bytes();
        Ok(response)
    }
}

async fn walked(hotline: &Hotline, from: &'static str, to: &'static str) -> Walked {
    walked_with(hotline, None, from, to).await
}

async fn walked_with(hotline: &Hotline, sound: Option<&Sound>, from: &'static str, to: &'static str) -> Walked {
    let begin: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
    let random = [7; 32];
    let proof = prove(hotline).ok().unwrap();
    let lines = Lines::start(hotline, sound, random, begin).await.ok().unwrap();
    let present = lines.present();
    let mut line = Spoilt { line: lines, from, to };
    let walked = walk(hotline, &proof, KeyRing::generate(random), begin, present, &mut line, |_, _| {}).await;
    line.line.close().await;
    walked.ok().unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn the_line_does_what_the_proof_says() {
    let walked = walked(small(), "\u{0}", "").await;
    assert_eq!(walked.fault, None);
    assert_eq!(walked.steps, walked.of_steps);
    assert!(walked.steps > 1000 && walked.calls > 100, "{walked:?}");
    assert_eq!(walked.facts.len(), small().nodes.iter().flat_map(|node| &node.facts).count());
}

/// The small hotline with a sound for each prompt but this one.
fn sounding(but: Option<&str>) -> (Hotline, Sound) {
    let (mut catalogs, shelf) = stand_ins(small(), Grade::Draft);
    for catalog in catalogs.values_mut() {
        catalog.prompt.retain(|prompt, _| Some(prompt.as_str()) != but);
    }
    let sound = Sound { catalogs, shelf };
    let known = small().prompts().filter_map(|prompt| {
        let language = small().language(prompt.language);
        let ms = sound.catalogs[&language].prompt.get(&prompt.id)?.ms;
        Some((language, prompt.id.clone(), prompt.words.clone(), ms))
    });
    let settings = Settings { lengths: Lengths::new(known), ..Settings::default() };
    (loaded("src/menu/fixture", &settings), sound)
}

/// With sound the walk hears the same, in the seconds of the sound, and tells what has none; a sound that the line does
/// not give is a fault.
#[tokio::test(flavor = "current_thread")]
async fn a_path_whose_sound_is_missing_is_found() {
    let (hotline, sound) = sounding(None);
    let whole = walked_with(&hotline, Some(&sound), "\u{0}", "").await;
    assert_eq!((whole.fault, whole.unsounded), (None, Vec::new()));
    assert_eq!(whole.steps, whole.of_steps);
    // Each prompt lasts a second: the front door's two, and those of the node and before it.
    let seconds = whole.facts[0].ways[1].as_ref().unwrap().seconds;
    assert!(seconds.fract() < 0.001 && seconds > 3.0, "{seconds}");

    let (hotline, sound) = sounding(Some("help/say/1"));
    let less = walked_with(&hotline, Some(&sound), "\u{0}", "").await;
    assert_eq!(less.fault, None);
    let keys: Vec<&str> = less.unsounded.iter().map(|(_, keys)| keys.as_str()).collect();
    assert!(keys.contains(&"2 1") && keys.contains(&"1 1") && keys.len() == 2, "{:?}", less.unsounded);

    let (hotline, sound) = sounding(None);
    let english = Language::new("en").unwrap();
    let lost = sound.catalogs[&english].prompt["help/say/1"].sound.to_string();
    let fault =
        walked_with(&hotline, Some(&sound), lost.leak(), "0000").await.fault.expect("the address leads nowhere");
    assert!(fault.contains("she hears: (the sound "), "{fault}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_line_that_does_something_else_is_found_and_told_as_a_story() {
    for (from, to, says) in [
        ("Some organisations give legal aid", "All organisations give legal aid", "she hears: "),
        ("timeout=\"10\"", "timeout=\"5\"", "a key is awaited until second"),
        ("/twilio/silence?s=", "/twilio/silence?x=", "the state is "),
        ("A call in English.", "A call in Dutch.", "the counsellor hears: "),
    ] {
        let fault = walked(small(), from, to).await.fault.unwrap_or_else(|| panic!("`{to}` is not noticed"));
        assert!(fault.contains("- She calls") && fault.contains(says), "{to}: {fault}");
    }
}
