//! The stories in `tests/calls` and `tests/texts`, played against the real router, switchboard and SQLite.
//!
//! Each story is played under both readings of what providers do differently, with every request sent twice, and once
//! more with the whole line stopped and started again from disk before every request: what is heard and what is kept
//! must be the same. `BLESS=1` writes what came of a story into its file.

mod common;

use common::{ACCOUNT, CALLER, OWN, PUBLIC_URL, TOKEN, World, load, log_lines, shipped_menus, stand_ins, words_in};
use hulplijn::audio::{Grade, SoundId, music};
use hulplijn::base::MUSIC_PIECE_S;
use hulplijn::cli::player::{Event, Exchange, Listed, Seat, play};
use hulplijn::cli::story::{Other, Story, Table};
use hulplijn::phone::{
    FetchFailure, Phone, PhoneConfig, Purpose, Readings, Request, Response, Sound, estimated_speech,
};
use hulplijn::twiml::*;
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SID: &str = "CA0123456789abcdef0123456789abcdef";

/// The line of a test as a provider reaches it.
struct Provider {
    world: World,
    begin: Timestamp,
    restarts: bool,
    /// What is said in the sounds that were asked for, by address.
    sounds: HashMap<String, String>,
}

impl Exchange for Provider {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        self.world.set_now(self.begin + SignedDuration::from_millis(i64::try_from(now_ms).unwrap()));
        if self.restarts {
            self.world.restart().await;
        }
        if request.purpose == Purpose::Sound {
            let (status, body) = self.world.get(&request.url).await;
            assert!(status.is_success(), "{}: {status}", request.url);
            let is_music = music::pieces().contains(&body);
            let words = if is_music { MUSIC.to_owned() } else { words_in(&body) };
            self.sounds.insert(request.url.clone(), words);
            return Ok(Response { content_type: Some("audio/wav".to_owned()), ..Response::twiml(request.id, body) });
        }
        let form: Vec<(&str, &str)> =
            request.form().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (status, body) = self.world.post(&request.url, &form).await;
        assert!(status.is_success(), "{status}: {body}");
        let again = self.world.post(&request.url, &form).await;
        assert_eq!((status, &body), (again.0, &again.1), "the same request twice");
        if !body.is_empty() {
            written_by_us(&body);
        }
        Ok(Response::twiml(request.id, body))
    }
}

/// The document is read without findings, and written again from what was read it is the same to the letter.
fn written_by_us(xml: &str) {
    let document = read_voice(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}"));
    assert!(document.findings.is_empty(), "{:?}: {xml}", document.findings);
    let say = |say: &ReadSay| Say {
        language: say.language.clone(),
        voice: Some(say.voice.clone()),
        words: say.words.clone(),
    };
    let verbs = document.verbs.iter().map(|verb| match verb {
        ReadVerb::Say(one) => Verb::Say(say(one)),
        ReadVerb::Play(one) => Verb::Play(play_of(one)),
        ReadVerb::Gather(gather) => Verb::Gather(Gather {
            action: gather.action.clone().unwrap(),
            timeout_s: u8::try_from(gather.timeout_s.unwrap()).unwrap(),
            keys: match gather.finish_on_key {
                None => Keys::One,
                Some(_) => Keys::UpTo(u8::try_from(gather.num_digits.unwrap()).unwrap()),
            },
            prompts: gather
                .prompts
                .iter()
                .map(|prompt| match prompt {
                    ReadPrompt::Say(one) => GatherVerb::Say(say(one)),
                    ReadPrompt::Play(one) => GatherVerb::Play(play_of(one)),
                    other => panic!("we do not write {other:?}"),
                })
                .collect(),
        }),
        ReadVerb::Redirect(redirect) => Verb::Redirect(Redirect { url: redirect.url.clone() }),
        ReadVerb::Dial(dial) => {
            let (caller_id, action) = (dial.caller_id.clone().unwrap(), dial.action.clone());
            Verb::Dial(Dial { caller_id, time_limit_s: dial.time_limit_s, action, nouns: nouns(dial) })
        }
        ReadVerb::Hangup => Verb::Hangup,
        other => panic!("we do not write {other:?}"),
    });
    assert_eq!(VoiceResponse { verbs: verbs.collect() }.to_xml(), xml);
}

/// Who is rung, or the conference that is joined.
fn nouns(dial: &ReadDial) -> Nouns {
    if let [ReadNoun::Conference(conference)] = dial.nouns.as_slice() {
        assert!(conference.beep == "false" && conference.max_participants == 2 && !conference.muted, "{conference:?}");
        let wait = conference.wait_url.clone().expect("never the provider's music");
        return Nouns::Conference(Conference {
            room: conference.room.clone(),
            start_on_enter: conference.start_on_enter,
            end_on_exit: conference.end_on_exit,
            wait: (!wait.is_empty()).then_some(wait),
        });
    }
    let rung = dial.nouns.iter().map(|noun| match noun {
        ReadNoun::Number(one) => Rung { noun: Noun::Number(one.number.clone()), whisper: one.url.clone() },
        ReadNoun::Sip(one) => Rung { noun: Noun::Sip(one.uri.clone()), whisper: one.url.clone() },
        other => panic!("we do not write {other:?}"),
    });
    Nouns::Rung { timeout_s: u8::try_from(dial.timeout_s).unwrap(), rung: rung.collect() }
}

fn play_of(play: &ReadPlay) -> Play {
    match &play.what {
        PlayWhat::Sound(url) => Play { url: url.clone() },
        tones => panic!("we do not write {tones:?}"),
    }
}

/// What stands for a piece of the waiting music.
const MUSIC: &str = "(music)";

/// How long a piece of the waiting music is, if this is one.
fn music_ms(url: &str) -> Option<u64> {
    let mut pieces = music::pieces().map(|piece| format!("{PUBLIC_URL}/sound/{}.wav", SoundId::of(&piece))).into_iter();
    pieces.any(|piece| piece == url).then_some(u64::from(MUSIC_PIECE_S) * 1_000)
}

/// How long words take, said or played.
fn speech(sound: &Sound) -> u64 {
    match sound {
        Sound::Play { url } => {
            let known = SOUNDS.with_borrow(|sounds| sounds.get(url).copied());
            known.or_else(|| music_ms(url)).unwrap_or_else(|| panic!("{url}"))
        }
        other => estimated_speech(other),
    }
}

thread_local! {
    /// How long the sounds of the shipped menus take, by address: as long as their words.
    static SOUNDS: RefCell<HashMap<String, u64>> = RefCell::default();
}

/// Plays a story with a sound for every prompt. It must be the story to the letter.
async fn played_with_sounds(story: &Story) -> String {
    // A desk of several is not a matter of sounds.
    if story.desk.is_some() {
        return played(story, Readings::ONE, false).await;
    }
    let world = World::with_sounds(&story.at.replace(' ', "T"), "").await;
    let said = |words: String| estimated_speech(&Sound::Say { language: "en-GB".into(), voice: String::new(), words });
    let (_, shelf) = stand_ins(&load(&shipped_menus(), &world.config), Grade::Good);
    let lengths = shelf.iter().map(|(id, bytes)| (format!("{PUBLIC_URL}/sound/{id}.wav"), said(words_in(bytes))));
    SOUNDS.set(lengths.collect());
    played_in(world, story, Readings::ONE, false).await
}

/// Plays a story and gives its text, with what was kept.
async fn played(story: &Story, readings: Readings, restarts: bool) -> String {
    played_in(world_of(story).await, story, readings, restarts).await
}

async fn world_of(story: &Story) -> World {
    let at = story.at.replace(' ', "T");
    match &story.desk {
        None => World::at(&at, "").await,
        Some(desk) => World::with_desk(&at, &desk_file(desk), None).await,
    }
}

/// The desk of a story as its file.
fn desk_file(desk: &Table) -> String {
    let mut text = format!("timezone = \"Europe/Amsterdam\"\nstrategy = \"{}\"\nlanguage = \"en\"\n", desk.strategy);
    let quoted = |words: &mut dyn Iterator<Item = &String>| {
        words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
    };
    for (at, seat) in desk.seats.iter().enumerate() {
        let accept = if seat.by_pickup { "pickup" } else { "key" };
        let languages = quoted(&mut seat.languages.iter());
        text += &format!(
            "[counsellor.{}]\nline = \"{}\"\naccept = \"{accept}\"\nlanguages = [{languages}]\n",
            seat.name,
            number(at)
        );
    }
    let who = quoted(&mut desk.seats.iter().map(|seat| &seat.name));
    text + &format!("[[shift]]\ndays = \"mon-fri\"\ntime = \"09:00-17:00\"\nwho = [{who}]\n")
}

/// The line of the counsellor at this place.
fn number(at: usize) -> String {
    format!("+4477009009{:02}", at + 10)
}

async fn played_in(mut world: World, story: &Story, readings: Readings, restarts: bool) -> String {
    // Counts are read after a restart, which forgets whose last talk was when: so that talk is counted in another world.
    let before = match &story.other {
        Some(other @ Other::Talked(_)) => {
            let mut counted = world_of(story).await;
            another_caller(&counted, story, other).await;
            another_caller(&world, story, other).await;
            let counts = counted.counts().await;
            counted.switchboard.close().await;
            counts
        }
        other => {
            if let Some(other) = other {
                another_caller(&world, story, other).await;
            }
            world.counts().await
        }
    };
    let mut provider = Provider { begin: world.now(), world, restarts, sounds: HashMap::new() };
    let mut config = PhoneConfig::new(ACCOUNT, SID, CALLER, OWN, &format!("{PUBLIC_URL}/twilio/voice"));
    config.readings = readings;
    config.speech = Arc::new(speech);
    config.status_callback = Some(format!("{PUBLIC_URL}/twilio/status"));
    let mut caller = Listed::new(story.acts.clone());
    let seats = story.desk.iter().flat_map(|desk| desk.seats.iter().enumerate());
    caller.seats =
        seats.map(|(at, seat)| Seat { name: seat.name.clone(), line: number(at), does: seat.does }).collect();
    play(Phone::new(config).unwrap(), story.counsellor, &mut provider, &mut caller).await;
    for event in &mut caller.events {
        if let Event::Said { words, .. } = event
            && let Some(url) = words.strip_prefix("(the sound ").and_then(|rest| rest.strip_suffix(')'))
        {
            *words = provider.sounds[url].clone();
        }
    }
    let mut world = provider.world;
    let kept: Vec<String> = world
        .counts()
        .await
        .into_iter()
        .map(|(key, n)| {
            let earlier = before.iter().find(|(known, _)| *known == key).map_or(0, |(_, n)| *n);
            (key, n - earlier)
        })
        .filter(|(_, n)| *n > 0)
        .map(|(key, n)| format!("{key} {n}"))
        .collect();
    world.switchboard.close().await;
    nothing_private_is_kept(&world, &[&CALLER[1..], SID]);
    format!("{}\nKept: {}\n", story.print(&caller.events), kept.join(", "))
}

/// A call that has just begun to ring a counsellor, or more of it.
async fn another_caller(world: &World, story: &Story, other: &Other) {
    let form = |extra: &[(&'static str, &'static str)]| {
        let mut form = vec![("CallSid", "CAother"), ("AccountSid", ACCOUNT), ("From", "+447700900144"), ("To", OWN)];
        form.extend_from_slice(extra);
        form
    };
    let seat = |name: &str| story.desk.as_ref().unwrap().seats.iter().position(|seat| seat.name == name).unwrap();
    let at = match other {
        Other::Rings => None,
        Other::Talks(name) | Other::JustTalked(name) | Other::Talked(name) => Some(seat(name)),
    };
    let dutch = at.is_some_and(|at| story.desk.as_ref().unwrap().seats[at].languages[0] == "nl");
    let mut document = world.post("/twilio/voice", &form(&[])).await.1;
    for key in [if dutch { "1" } else { "2" }, "0", "1"] {
        let read = read_voice(document.as_bytes()).unwrap();
        let ReadVerb::Gather(gather) = &read.verbs[0] else { panic!("{document}") };
        document = world.post(gather.action.as_ref().unwrap(), &form(&[("Digits", key)])).await.1;
    }
    assert!(document.contains("<Dial"), "{document}");
    let Some(at) = at else { return };
    let read = read_voice(document.as_bytes()).unwrap();
    let dial =
        read.verbs.iter().find_map(|verb| if let ReadVerb::Dial(dial) = verb { Some(dial) } else { None }).unwrap();
    let [ReadNoun::Number(noun)] = dial.nouns.as_slice() else { panic!("{document}") };
    assert_eq!(noun.number, number(at), "the other caller is to talk to somebody else");
    let leg = |extra: &[(&'static str, &'static str)]| {
        let mut form = vec![("CallSid", "CAleg"), ("AccountSid", ACCOUNT), ("From", OWN), ("To", "+447700900999")];
        form.extend_from_slice(extra);
        form
    };
    let whisper = world.post(noun.url.as_ref().unwrap(), &leg(&[])).await.1;
    let read = read_voice(whisper.as_bytes()).unwrap();
    let ReadVerb::Gather(gather) = &read.verbs[0] else { panic!("{whisper}") };
    world.post(gather.action.as_ref().unwrap(), &leg(&[("Digits", "1")])).await;
    if let Other::JustTalked(_) | Other::Talked(_) = other {
        world
            .post(dial.action.as_ref().unwrap(), &form(&[("DialCallStatus", "completed"), ("DialBridged", "true")]))
            .await;
        world.post("/twilio/status", &form(&[("CallStatus", "completed")])).await;
        if let Other::Talked(_) = other {
            world.pass_s(300);
        }
    }
}

/// No file and no log line holds any of these, and nothing of a call was logged at info or above.
fn nothing_private_is_kept(world: &World, private: &[&str]) {
    let log = log_lines().lock().unwrap().clone();
    let log_text = String::from_utf8_lossy(&log);
    for line in log_text.lines() {
        assert!(![" INFO ", " WARN ", "ERROR "].iter().any(|level| line.contains(level)), "logged: {line}");
    }
    for (path, bytes) in world.kept().into_iter().chain([(PathBuf::from("the log"), log)]) {
        for word in private {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "`{word}` in {}", path.display());
        }
    }
}

fn story_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    files.sort();
    files
}

/// The file says what came of the story; with BLESS=1 it is made to.
fn compare(path: &Path, expected: &str, now: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, now).unwrap();
    } else {
        assert_eq!(expected, now, "{} (BLESS=1 writes what came of it now)", path.display());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_call_goes_as_its_story_says() {
    log_lines();
    let files = story_files("calls");
    assert!(files.len() >= 20, "{} stories", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let story = Story::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let first = played(&story, Readings::ONE, false).await;
        compare(&path, &text, &first);
        if !matches!(story.other, Some(Other::Talked(_))) {
            let again = played(&story, Readings::ONE, true).await;
            assert_eq!(first, again, "{} with a restart at every step", path.display());
        }
        assert_eq!(first, played_with_sounds(&story).await, "{} with a sound for every prompt", path.display());
        // A provider that does not tell of a caller who hung up during the talk cannot tell that they talked.
        if !story.counsellor.ends_with_her() {
            assert_eq!(first, played(&story, Readings::OTHER, false).await, "{} in the other reading", path.display());
        }
    }
    assert_eq!(TOKEN.len(), 32);
}

#[tokio::test(flavor = "current_thread")]
async fn every_text_is_answered_as_its_story_says() {
    log_lines();
    let files = story_files("texts");
    assert!(files.len() >= 6, "{} stories", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let now = text_story(&text).await;
        compare(&path, &text, &now);
    }
}

/// Plays a story of texts: lines `- She texts: WORDS`, `- 11 minutes pass`; the answer stands behind `> `.
async fn text_story(text: &str) -> String {
    let mut world = World::at("2026-11-24T10:00", "").await;
    let mut from = CALLER;
    let mut told = String::new();
    let mut private = vec![CALLER[1..].to_owned()];
    let mut number = 0;
    for line in text.lines() {
        if line.starts_with("> ") || line.starts_with("Kept: ") {
            continue;
        }
        told.push_str(line);
        told.push('\n');
        if let Some(who) = line.strip_prefix("From: ") {
            from = match who {
                "a number" => CALLER,
                "a short code" => "1008",
                "a name" => "MyBank",
                "no number" => "Anonymous",
                _ => panic!("{line}: expected `a number`, `a short code`, `a name` or `no number`"),
            };
        } else if let Some(minutes) = line.strip_prefix("- ").and_then(|line| line.strip_suffix(" minutes pass")) {
            world.pass_s(60 * minutes.parse::<i64>().unwrap());
        } else if let Some(words) = line.strip_prefix("- She texts: ") {
            // `\n` is a line break, as phones put before a signature.
            let words = words.replace("\\n", "\n");
            number += 1;
            let sid = format!("SM{number:032x}");
            let form =
                [("MessageSid", sid.as_str()), ("AccountSid", ACCOUNT), ("From", from), ("To", OWN), ("Body", &words)];
            let (status, xml) = world.post("/twilio/sms", &form).await;
            assert!(status.is_success(), "{xml}");
            assert_eq!(world.post("/twilio/sms", &form).await.1, xml, "the same text twice");
            let document = read_messaging(xml.as_bytes()).unwrap();
            match document.verbs.as_slice() {
                [] => told.push_str("> (nothing)\n"),
                [ReadVerb::Message(message)] => {
                    let response = MessagingResponse { message: Some(message.body.clone()) };
                    assert_eq!(response.to_xml(), xml);
                    told.push_str(&format!("> {}\n", message.body));
                }
                verbs => panic!("{verbs:?}"),
            }
            // Words that no answer and no menu file holds must not be found afterwards.
            private.extend(words.split_whitespace().filter(|word| word.contains("zq")).map(str::to_owned));
        }
    }
    let kept: Vec<String> = world.counts().await.into_iter().map(|(key, n)| format!("{key} {n}")).collect();
    world.switchboard.close().await;
    let private: Vec<&str> = private.iter().map(String::as_str).collect();
    nothing_private_is_kept(&world, &private);
    format!("{}Kept: {}\n", told, kept.join(", "))
}
