//! The engine's outputs -> an answer to Twilio.
//!
//! Contract: whatever is answered, the caller hears something or the call is over; the only number that is ever rung
//! is the desk's line, and it is shown the hotline's own number (CS-01, CS-13): no caller's number comes in here.

use super::DOOR;
use crate::base::{Accept, Callee, E164, LeaseId, Line};
use crate::flow::{Hotline, LangIx, Output, Prompt};
use crate::privacy::SESSION_LIFE_S;
use crate::twiml::{
    Conference, Dial, Gather, GatherVerb, Keys, MessagingResponse, Noun, Nouns, Play, Redirect, Rung, Say, Verb,
    VoiceResponse,
};
use std::collections::HashMap;

/// At most this many characters in one `<Say>` (twiml reference 2.1: the smallest limit of the voices).
pub const SAY_MAX: usize = 3000;

/// At most this many characters in an answer to a text (twiml reference 8.4).
pub const MESSAGE_MAX: usize = 1600;

/// The longest talk, in seconds (twiml reference 2.6). Shorter than a session lives, so that what follows a talk still
/// opens.
pub const TALK_MAX_S: u32 = 14_400;
const _: () = assert!((TALK_MAX_S as i64) + 600 < SESSION_LIFE_S);

/// At most this many telephones ring at once (twiml reference 2.6).
const RUNG_MOST: usize = 10;

/// How long a key is awaited before the first one, when something of ours failed, in seconds.
const NEUTRAL_S: u8 = 10;

/// How long a counsellor has for the key after the whisper, in seconds: enough to take the telephone from the ear.
const ACCEPT_S: u8 = 8;

/// How long the staff line waits for a key, or for the next digit of a PIN, in seconds.
const STAFF_S: u8 = 8;

/// How each language is spoken, in the order of the hotline's languages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SayConfig {
    pub voices: Vec<Voice>,
    /// Which words have a sound that is played instead, and at which address.
    pub sounds: Vec<HashMap<String, String>>,
    /// The addresses of the waiting music, piece by piece.
    pub music: Vec<String>,
}

/// A counsellor who is there is heard at once; whoever is alone so long is fetched. Shorter than a silence may be (TM-08).
const ALONE_S: u8 = 3;

/// How one language is spoken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voice {
    /// BCP 47 with region, such as `nl-NL`.
    pub language: String,
    /// The provider's name for a voice; `None` for its own choice.
    pub voice: Option<String>,
}

/// Where the answer leads on to. All addresses are ours, absolute or relative, without a fragment.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// Asked with the key that was pressed.
    pub key: &'a str,
    /// Asked when no key was pressed.
    pub silence: &'a str,
    /// Asked when an attempt to reach a counsellor is over. A request to it without a result means that the line could
    /// not be rung at all.
    pub dial: &'a str,
    /// Asked when she is alone in the room where a counsellor was to wait for her.
    pub alone: &'a str,
    /// How counsellors are rung; `None` if nobody is.
    pub ring: Option<Ring<'a>>,
    /// The hotline's own number and the longest talk in seconds, for the room where a counsellor waits for the caller.
    pub room: Option<(&'a E164, u32)>,
}

/// How counsellors are rung: several at once only where each takes calls by pick-up.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'a> {
    /// The hotline's own number: what the counsellors' telephones show.
    pub own: &'a E164,
    /// At least one.
    pub lines: &'a [&'a Line],
    /// The longest talk in seconds, 1 to [`TALK_MAX_S`].
    pub time_limit_s: u32,
    /// The whisper document. A line that takes calls by key cannot be rung without it.
    pub whisper: Option<&'a str>,
}

/// What the engine decided, as a document. The prompts are those of `hotline`.
///
/// Without outputs the answer is empty, which ends the call: right only for a call that is over.
pub fn voice(outputs: &[Output<'_>], hotline: &Hotline, links: &Links<'_>, say: &SayConfig) -> VoiceResponse {
    let mut verbs = Vec::new();
    for output in outputs {
        match output {
            Output::Say(prompt) => verbs.extend(say.prompt(hotline, prompt)),
            Output::Ask { prompts, timeout_s } => {
                verbs.push(Verb::Gather(Gather {
                    action: DOOR.address(links.key),
                    timeout_s: (*timeout_s).clamp(1, 10),
                    keys: Keys::One,
                    prompts: prompts.iter().flat_map(|prompt| say.prompt(hotline, prompt)).collect(),
                }));
                verbs.push(redirect(links.silence));
            }
            Output::Hold { line, piece, timeout_s } => {
                let music = say.music.get(usize::from(*piece)).filter(|_| line.is_none());
                let played = music.map(|url| GatherVerb::from(Play { url: url.clone() }));
                verbs.push(Verb::Gather(Gather {
                    action: DOOR.address(links.key),
                    keys: Keys::One,
                    timeout_s: (*timeout_s).clamp(1, 10),
                    prompts: line.iter().flat_map(|prompt| say.prompt(hotline, prompt)).chain(played).collect(),
                }));
                verbs.push(redirect(links.silence));
            }
            Output::Join { lease } => {
                let room = links.room.map(|(own, time_limit_s)| Room { lease: *lease, own, time_limit_s });
                verbs.push(match room {
                    Some(room) => Verb::Dial(join(room, links.dial, Some(links.alone))),
                    None => redirect(links.dial),
                });
            }
            Output::Connect { .. } => {
                let dial = links.ring.and_then(|ring| ring.dial(Some(links.dial)));
                verbs.push(dial.map_or_else(|| redirect(links.dial), Verb::Dial));
            }
            Output::End => verbs.push(Verb::Hangup),
            Output::Count(_) => {}
        }
    }
    VoiceResponse { verbs }
}

/// What the counsellor hears before the talk, twice: the language, that the caller cannot speak, which key takes the
/// call. No key, no talk. `ear` is the counsellor's language; `caller` the caller's, if it is known.
pub fn whisper(
    hotline: &Hotline,
    say: &SayConfig,
    ear: LangIx,
    caller: Option<LangIx>,
    cannot_speak: bool,
    accept_url: &str,
) -> VoiceResponse {
    let mut once = Vec::new();
    if let Some(phrases) = hotline.phrases.get(usize::from(ear.0)) {
        once.extend(caller.and_then(|language| phrases.whisper_call.get(usize::from(language.0))));
        once.extend(cannot_speak.then_some(&phrases.whisper_cannot_speak));
        once.push(&phrases.whisper_accept);
    }
    let twice = once.iter().chain(&once);
    let gather = Gather {
        action: DOOR.address(accept_url),
        timeout_s: ACCEPT_S,
        keys: Keys::One,
        prompts: twice.flat_map(|prompt| say.prompt(hotline, prompt)).collect(),
    };
    VoiceResponse { verbs: vec![Verb::Gather(gather), Verb::Hangup] }
}

/// What the staff line awaits behind its words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited<'a> {
    /// Digits up to `#`, at most this many, at this address.
    Digits { most: u8, url: &'a str },
    /// One key, at this address.
    Key { url: &'a str },
    /// Nothing: the call ends.
    Nothing,
}

/// The staff line: these words, said by the provider's voice in the counsellors' language, and what is awaited then. What
/// is asked without an answer is asked at the same address without digits.
pub fn staff(hotline: &Hotline, say: &SayConfig, ear: LangIx, words: &str, awaited: Awaited<'_>) -> VoiceResponse {
    let said = say.said(hotline, usize::from(ear.0), words);
    let (keys, url) = match awaited {
        Awaited::Digits { most, url } => (Keys::UpTo(most), url),
        Awaited::Key { url } => (Keys::One, url),
        Awaited::Nothing => return VoiceResponse { verbs: said.map(Verb::Say).chain([Verb::Hangup]).collect() },
    };
    let prompts = said.map(GatherVerb::Say).collect();
    let gather = Gather { action: DOOR.address(url), timeout_s: STAFF_S, keys, prompts };
    VoiceResponse { verbs: vec![Verb::Gather(gather), redirect(url)] }
}

/// After the counsellor's key: an empty document connects the two, a hang-up does not.
pub fn accept(accepted: bool) -> VoiceResponse {
    if accepted { VoiceResponse::default() } else { VoiceResponse { verbs: vec![Verb::Hangup] } }
}

/// A counsellor on a leg of her own said yes: she waits in the room of this attempt, in silence, and `after` is asked when
/// the talk is over.
pub fn wait_in_room(lease: LeaseId, own: &E164, time_limit_s: u32, after: &str) -> VoiceResponse {
    let room = Room { lease, own, time_limit_s };
    VoiceResponse { verbs: vec![Verb::Dial(join(room, after, None)), Verb::Hangup] }
}

/// What a caller hears who is alone in the room: a little silence; then `still` is asked, if nobody has come.
pub fn alone(still: &str) -> VoiceResponse {
    VoiceResponse { verbs: vec![Verb::Pause(ALONE_S), redirect(still)] }
}

/// Where caller and counsellor meet.
#[derive(Clone, Copy)]
struct Room<'a> {
    lease: LeaseId,
    own: &'a E164,
    time_limit_s: u32,
}

/// The room of an attempt: the talk begins when the second is in it, and is over when one leaves. `alone` is asked while the
/// first waits.
fn join(Room { lease, own, time_limit_s }: Room<'_>, action: &str, alone: Option<&str>) -> Dial {
    let wait = alone.map(|url| DOOR.address(url));
    let conference = Conference { room: lease.to_string(), start_on_enter: true, end_on_exit: true, wait };
    Dial {
        caller_id: own.expose().to_owned(),
        time_limit_s: time_limit_s.clamp(1, TALK_MAX_S),
        action: Some(DOOR.address(action)),
        nouns: Nouns::Conference(conference),
    }
}

/// Something of ours failed: one sentence, with the emergency number, and then a person; without anybody to ring, what
/// callers hear when nobody can answer. In the caller's language, or in all of them if it is not known.
///
/// `after` is asked when the attempt to reach a person is over. Without it the document goes on by itself and says at
/// the end that nobody can answer.
pub fn trouble(
    hotline: &Hotline,
    say: &SayConfig,
    language: Option<LangIx>,
    ring: Option<&Ring<'_>>,
    after: Option<&str>,
) -> VoiceResponse {
    let languages = spoken_in(hotline, language);
    let dial = ring.and_then(|ring| ring.dial(after));
    let mut prompts = Vec::new();
    if dial.is_some() {
        // These words promise that a person is tried: only where one is.
        prompts.extend(languages.iter().filter_map(|at| hotline.phrases.get(*at)).map(|phrases| &phrases.trouble));
    }
    let goes_on = dial.as_ref().is_none_or(|dial| dial.action.is_none());
    let mut verbs: Vec<Verb> = prompts.iter().flat_map(|prompt| say.prompt(hotline, prompt)).collect();
    verbs.extend(dial.map(Verb::Dial));
    if goes_on {
        let closed = hotline.nodes.get(usize::from(hotline.roles.closed.0));
        let spoken = closed.into_iter().flat_map(|node| languages.iter().filter_map(|at| node.spoken.get(*at)));
        let info = spoken.flat_map(|spoken| &spoken.info);
        verbs.extend(info.flat_map(|prompt| say.prompt::<Verb>(hotline, prompt)));
        verbs.push(Verb::Hangup);
    }
    VoiceResponse { verbs }
}

/// Something of ours failed before a key was pressed: a neutral question for one, and at `key_url` what comes then.
pub fn neutral(hotline: &Hotline, say: &SayConfig, key_url: &str) -> VoiceResponse {
    let prompts = [&hotline.front.greeting, &hotline.front.silence[1]];
    let gather = Gather {
        action: DOOR.address(key_url),
        timeout_s: NEUTRAL_S,
        keys: Keys::One,
        prompts: prompts.into_iter().flat_map(|prompt| say.prompt(hotline, prompt)).collect(),
    };
    let mut verbs = vec![Verb::Gather(gather)];
    verbs.extend(goodbye(hotline, say).verbs);
    VoiceResponse { verbs }
}

/// The neutral words at the end of a call without a key.
pub fn goodbye(hotline: &Hotline, say: &SayConfig) -> VoiceResponse {
    let mut verbs: Vec<Verb> = say.prompt(hotline, &hotline.front.end).collect();
    verbs.push(Verb::Hangup);
    VoiceResponse { verbs }
}

/// The static document for the provider's fallback address, for when we do not answer: as [`trouble`] in every
/// language, with the line only if it takes calls by pick-up, since nobody is there to whisper and to record the answer.
pub fn fallback(hotline: &Hotline, say: &SayConfig, ring: Option<&Ring<'_>>) -> VoiceResponse {
    let ring = ring.map(|ring| Ring { whisper: None, ..*ring });
    trouble(hotline, &say.without_sounds(), None, ring.as_ref(), None)
}

/// The answer to a text: these words, or nothing. Words that no message can hold are cut at a sentence.
pub fn message(words: Option<&str>) -> MessagingResponse {
    MessagingResponse { message: words.and_then(|words| pieces(words, MESSAGE_MAX).next().map(str::to_owned)) }
}

impl Ring<'_> {
    /// `None` where nobody is left: lines that take calls by key cannot be rung without a whisper, since a voicemail
    /// would answer the caller.
    fn dial(&self, action: Option<&str>) -> Option<Dial> {
        let rung: Vec<Rung> = self.lines.iter().filter_map(|line| self.rung(line)).take(RUNG_MOST).collect();
        let ring_s = self.lines.iter().map(|line| line.ring_s).min()?;
        if rung.is_empty() {
            return None;
        }
        Some(Dial {
            caller_id: self.own.expose().to_owned(),
            time_limit_s: self.time_limit_s.clamp(1, TALK_MAX_S),
            action: action.map(|url| DOOR.address(url)),
            nouns: Nouns::Rung { timeout_s: ring_s.clamp(5, 60), rung },
        })
    }

    fn rung(&self, line: &Line) -> Option<Rung> {
        let whisper = match line.accept {
            Accept::Key => Some(DOOR.address(self.whisper?)),
            Accept::Pickup => None,
        };
        let noun = match &line.callee {
            Callee::Number(number) => Noun::Number(number.expose().to_owned()),
            Callee::Sip(address) => Noun::Sip(address.expose().to_owned()),
            Callee::Pretend => Noun::Sip(super::PRETEND.to_owned()),
        };
        Some(Rung { noun, whisper })
    }
}

impl SayConfig {
    /// The same voices without any sound: for a document that is heard when we are gone.
    pub fn without_sounds(&self) -> SayConfig {
        SayConfig { voices: self.voices.clone(), ..SayConfig::default() }
    }

    /// The prompt as one `<Play>`, or as one `<Say>`, or several if it is long.
    fn prompt<'p, V: From<Say> + From<Play> + 'p>(
        &'p self,
        hotline: &'p Hotline,
        prompt: &'p Prompt,
    ) -> impl Iterator<Item = V> + 'p {
        let at = usize::from(prompt.language.0);
        let sound = self.sounds.get(at).and_then(|sounds| sounds.get(&prompt.words));
        let said = if sound.is_some() { "" } else { &prompt.words };
        let played = sound.map(|url| V::from(Play { url: url.clone() }));
        played.into_iter().chain(self.said(hotline, at, said).map(V::from))
    }

    fn said<'p>(&'p self, hotline: &'p Hotline, at: usize, words: &'p str) -> impl Iterator<Item = Say> + 'p {
        pieces(words, SAY_MAX).map(move |words| match self.voices.get(at) {
            Some(voice) => {
                Say { language: voice.language.clone(), voice: voice.voice.clone(), words: words.to_owned() }
            }
            // Better the right language without its region than the provider's default, which is English.
            None => Say {
                language: hotline.languages.get(at).map_or("und", |language| language.as_str()).to_owned(),
                voice: None,
                words: words.to_owned(),
            },
        })
    }
}

fn redirect(url: &str) -> Verb {
    Verb::Redirect(Redirect { url: DOOR.address(url) })
}

/// The caller's language, or every language in the order it is offered.
fn spoken_in(hotline: &Hotline, language: Option<LangIx>) -> Vec<usize> {
    match language.map(|language| usize::from(language.0)).filter(|at| *at < hotline.languages.len()) {
        Some(at) => vec![at],
        None => (0..hotline.languages.len()).collect(),
    }
}

/// The words in pieces of at most `limit` characters, cut behind a sentence, else behind a word, else where it must be.
fn pieces(words: &str, limit: usize) -> impl Iterator<Item = &str> {
    let mut rest = words.trim();
    std::iter::from_fn(move || {
        // No text has more characters than bytes: nearly every one fits, and need not be counted.
        let end = match rest.len() <= limit {
            true => rest.len(),
            false => rest.char_indices().nth(limit).map_or(rest.len(), |(at, _)| at),
        };
        let cut = if end == rest.len() { end } else { last_cut(&rest[..end]) };
        let (piece, left) = rest.split_at(cut);
        rest = left.trim_start();
        (!piece.is_empty()).then(|| piece.trim_end())
    })
}

/// Where to cut a text that is too long: a byte behind its last sentence, else behind its last word, else its end.
fn last_cut(text: &str) -> usize {
    let sentence =
        text.rmatch_indices(' ').map(|(at, _)| at).find(|at| text[..*at].ends_with(['.', '!', '?', '؟', '।']));
    sentence.or_else(|| text.rfind(' ')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CounsellorSet, Language, LeaseId, Revision};
    use crate::flow::{Count, Front, Node, NodeIx, Phrases, Roles, SmsBook, Spoken};
    use crate::twiml::GatherVerb;
    use proptest::prelude::*;

    const OVERRIDES: &str = "#rt=4000&rc=2&rp=ct,rt,5xx";
    const OWN: &str = "+447700900100";
    const DESK: &str = "+447700900200";

    fn prompt(language: u8, words: &str) -> Prompt {
        Prompt {
            id: format!("test/{words}"),
            language: LangIx(language),
            words: words.into(),
            sentences: 1,
            measured_ms: None,
        }
    }

    fn phrases(language: u8, name: &str) -> Phrases {
        let prompt = |words: &str| prompt(language, &format!("{words} {name}"));
        Phrases {
            name: name.into(),
            wrong_key: prompt("wrong"),
            silence: [prompt("silence"), prompt("silence"), prompt("silence")],
            person: prompt("person"),
            waiting: prompt("waiting"),
            trouble: prompt("trouble"),
            whisper_call: vec![prompt("call in Dutch,"), prompt("call in English,")],
            whisper_cannot_speak: prompt("cannot speak,"),
            whisper_accept: prompt("press 1,"),
            staff: None,
            spoken_forms: Default::default(),
        }
    }

    fn hotline() -> Hotline {
        let closed =
            |language, name| Spoken { info: vec![prompt(language, &format!("closed {name}"))], ..Spoken::default() };
        let here = NodeIx(0);
        Hotline {
            revision: Revision(1),
            name: "test".into(),
            country: "NL".into(),
            timezone: jiff::tz::TimeZone::UTC,
            languages: vec![Language::new("nl").unwrap(), Language::new("en").unwrap()],
            lines: Default::default(),
            nodes: vec![Node {
                name: "closed".into(),
                then: None,
                keys: Vec::new(),
                facts: Vec::new(),
                text_facts: Vec::new(),
                text_only: false,
                spoken: vec![closed(0, "nl"), closed(1, "en")],
                path: None,
            }],
            roles: Roles { welcome: here, main: here, connect: here, waiting: here, closed: here, busy: here },
            front: Front {
                greeting: prompt(0, "hello"),
                languages: Vec::new(),
                silence: [prompt(0, "one"), prompt(0, "two")],
                end: prompt(0, "end"),
            },
            phrases: vec![phrases(0, "nl"), phrases(1, "en")],
            sms: SmsBook::default(),
        }
    }

    fn config() -> SayConfig {
        SayConfig {
            voices: vec![
                Voice { language: "nl-NL".into(), voice: Some("Polly.Laura".into()) },
                Voice { language: "en-GB".into(), voice: None },
            ],
            sounds: Vec::new(),
            music: Vec::new(),
        }
    }

    fn number(text: &str) -> E164 {
        E164::new(text).unwrap()
    }

    fn line(accept: Accept) -> Line {
        Line { callee: Callee::Number(number(DESK)), accept, ring_s: 25 }
    }

    fn links<'a>(own: &'a E164, lines: &'a [&'a Line]) -> Links<'a> {
        let ring = Ring { own, lines, time_limit_s: 7200, whisper: Some("/whisper?w=1") };
        Links {
            key: "/key?s=1",
            silence: "/silence?s=1",
            dial: "/dial?s=1",
            alone: "/alone?s=1",
            ring: Some(ring),
            room: Some((own, 7200)),
        }
    }

    /// The one who is rung, and for how long.
    fn only(dial: &Dial) -> (u8, &Rung) {
        match &dial.nouns {
            Nouns::Rung { timeout_s, rung } if rung.len() == 1 => (*timeout_s, &rung[0]),
            other => panic!("{other:?}"),
        }
    }

    fn noun(noun: &Noun) -> &str {
        match noun {
            Noun::Number(number) => number,
            Noun::Sip(uri) => uri,
        }
    }

    /// A document in a few words a verb, for comparing.
    fn told(document: &VoiceResponse) -> Vec<String> {
        fn say(say: &Say) -> String {
            format!("{}/{}: {}", say.language, say.voice.as_deref().unwrap_or("-"), say.words)
        }
        let verb = |verb: &Verb| match verb {
            Verb::Say(words) => say(words),
            Verb::Gather(gather) => {
                let prompts = gather.prompts.iter().map(|verb| match verb {
                    GatherVerb::Say(words) => say(words),
                    GatherVerb::Play(play) => play.url.clone(),
                });
                format!("gather {} {}s [{}]", gather.action, gather.timeout_s, prompts.collect::<Vec<_>>().join(" | "))
            }
            Verb::Redirect(redirect) => format!("redirect {}", redirect.url),
            Verb::Dial(dial) => {
                let (timeout_s, rung) = only(dial);
                format!(
                    "dial {} as {} ring {timeout_s} limit {} whisper {} then {}",
                    noun(&rung.noun),
                    dial.caller_id,
                    dial.time_limit_s,
                    rung.whisper.as_deref().unwrap_or("-"),
                    dial.action.as_deref().unwrap_or("-"),
                )
            }
            Verb::Hangup => "hangup".into(),
            other => format!("{other:?}"),
        };
        document.verbs.iter().map(|each| verb(each).replace(OVERRIDES, "#")).collect()
    }

    fn connect() -> Output<'static> {
        Output::Connect { lease: LeaseId(7), who: CounsellorSet(1), language: Some(LangIx(1)), cannot_speak: false }
    }

    #[test]
    fn what_has_a_sound_is_played() {
        let (hotline, own, line) = (hotline(), number(OWN), line(Accept::Key));
        let (one, two) = (prompt(0, "een"), prompt(1, "two"));
        let mut say = config();
        say.sounds = vec![[("een".to_owned(), "/sound/1.wav".to_owned())].into()];
        let lines = [&line];
        let links = links(&own, &lines);
        let outputs = [Output::Say(&one), Output::Ask { prompts: vec![&one, &two], timeout_s: 7 }];
        let asked = |first: &str| format!("gather /key?s=1# 7s [{first} | en-GB/-: two]");
        let document = voice(&outputs, &hotline, &links, &say);
        assert_eq!(document.verbs[0], Verb::Play(Play { url: "/sound/1.wav".into() }));
        assert_eq!(told(&document)[1], asked("/sound/1.wav"));
        let plain = voice(&outputs, &hotline, &links, &say.without_sounds());
        assert_eq!(told(&plain)[1], asked("nl-NL/Polly.Laura: een"));
        // Nobody is there to give the sound when the fallback document is heard.
        say.sounds = vec![[("closed nl".to_owned(), "/sound/2.wav".to_owned())].into()];
        assert_eq!(told(&fallback(&hotline, &say, None))[0], "nl-NL/Polly.Laura: closed nl");
    }

    #[test]
    fn outputs_become_verbs() {
        let (hotline, own, line) = (hotline(), number(OWN), line(Accept::Key));
        let (one, two) = (prompt(0, "een"), prompt(1, "two"));
        let case = |outputs: &[Output<'_>], expected: &[&str]| {
            assert_eq!(told(&voice(outputs, &hotline, &links(&own, &[&line]), &config())), expected);
        };
        case(&[], &[]);
        case(&[Output::Count(Count::CallBegun), Output::End], &["hangup"]);
        case(
            &[Output::Say(&one), Output::Ask { prompts: vec![&one, &two], timeout_s: 6 }],
            &[
                "nl-NL/Polly.Laura: een",
                "gather /key?s=1# 6s [nl-NL/Polly.Laura: een | en-GB/-: two]",
                "redirect /silence?s=1#",
            ],
        );
        case(&[Output::Ask { prompts: vec![], timeout_s: 0 }], &["gather /key?s=1# 1s []", "redirect /silence?s=1#"]);
        case(
            &[Output::Say(&two), connect()],
            &[
                "en-GB/-: two",
                "dial +447700900200 as +447700900100 ring 25 limit 7200 whisper /whisper?w=1# then /dial?s=1#",
            ],
        );
    }

    #[test]
    fn a_line_without_voicemail_is_connected_at_pick_up() {
        let (hotline, own, line) = (hotline(), number(OWN), line(Accept::Pickup));
        let answer = voice(&[connect()], &hotline, &links(&own, &[&line]), &config());
        assert_eq!(told(&answer), ["dial +447700900200 as +447700900100 ring 25 limit 7200 whisper - then /dial?s=1#"]);
    }

    #[test]
    fn a_line_that_cannot_be_rung_is_an_attempt_that_failed() {
        let (hotline, own, line) = (hotline(), number(OWN), line(Accept::Key));
        let lines = [&line];
        let full = links(&own, &lines);
        let no_whisper = full.ring.map(|ring| Ring { whisper: None, ..ring });
        for ring in [None, no_whisper] {
            let answer = voice(&[connect()], &hotline, &Links { ring, ..full }, &config());
            assert_eq!(told(&answer), ["redirect /dial?s=1#"]);
        }
    }

    #[test]
    fn times_stay_in_their_ranges() {
        let (own, line) = (number(OWN), Line { ring_s: 200, ..line(Accept::Pickup) });
        let ring = Ring { own: &own, lines: &[&line], time_limit_s: 90_000, whisper: None };
        let dial = ring.dial(None).unwrap();
        assert_eq!((only(&dial).0, dial.time_limit_s), (60, 14_400));
        let short = Line { ring_s: 0, ..line.clone() };
        let dial = Ring { lines: &[&short], time_limit_s: 0, ..ring }.dial(None).unwrap();
        assert_eq!((only(&dial).0, dial.time_limit_s), (5, 1));
    }

    #[test]
    fn a_whisper_says_everything_twice_and_ends_without_a_key() {
        let hotline = hotline();
        let case = |ear: u8, caller: Option<u8>, cannot_speak: bool, once: &[&str]| {
            let document = whisper(&hotline, &config(), LangIx(ear), caller.map(LangIx), cannot_speak, "/accept?w=1");
            let twice = [once, once].concat().join(" | ");
            assert_eq!(told(&document), [format!("gather /accept?w=1# 8s [{twice}]"), "hangup".into()]);
        };
        let nl = |words: &str| format!("nl-NL/Polly.Laura: {words}, nl");
        case(0, Some(1), true, &[&nl("call in English"), &nl("cannot speak"), &nl("press 1")]);
        case(0, Some(0), false, &[&nl("call in Dutch"), &nl("press 1")]);
        case(0, None, false, &[&nl("press 1")]);
        case(1, Some(0), false, &["en-GB/-: call in Dutch, en", "en-GB/-: press 1, en"]);
        case(9, Some(9), true, &[]);
    }

    #[test]
    fn taking_a_call_connects_and_not_taking_it_does_not() {
        assert_eq!(told(&accept(true)), [""; 0]);
        assert_eq!(told(&accept(false)), ["hangup"]);
    }

    #[test]
    fn trouble_speaks_and_finds_a_person() {
        let (hotline, own, key, pickup) = (hotline(), number(OWN), line(Accept::Key), line(Accept::Pickup));
        let (key, pickup) = ([&key], [&pickup]);
        let ring = |lines| Ring { own: &own, lines, time_limit_s: 7200, whisper: Some("/whisper?w=1") };
        let case = |language: Option<u8>, ring: Option<Ring<'_>>, after: Option<&str>, expected: &[&str]| {
            let document = trouble(&hotline, &config(), language.map(LangIx), ring.as_ref(), after);
            assert_eq!(told(&document), expected);
        };
        let by_key = "dial +447700900200 as +447700900100 ring 25 limit 7200 whisper /whisper?w=1# then /dial?s=1#";
        let nl = "nl-NL/Polly.Laura: trouble nl";
        case(Some(1), Some(ring(&key)), Some("/dial?s=1"), &["en-GB/-: trouble en", by_key]);
        case(None, Some(ring(&key)), Some("/dial?s=1"), &[nl, "en-GB/-: trouble en", by_key]);
        case(Some(9), Some(ring(&key)), Some("/dial?s=1"), &[nl, "en-GB/-: trouble en", by_key]);
        let by_pickup = "dial +447700900200 as +447700900100 ring 25 limit 7200 whisper - then -";
        case(Some(1), Some(ring(&pickup)), None, &["en-GB/-: trouble en", by_pickup, "en-GB/-: closed en", "hangup"]);
        // No line: no promise of a person.
        case(Some(1), None, None, &["en-GB/-: closed en", "hangup"]);
        case(None, None, Some("/x"), &["nl-NL/Polly.Laura: closed nl", "en-GB/-: closed en", "hangup"]);
    }

    #[test]
    fn the_static_document_rings_only_a_line_without_voicemail() {
        let (hotline, own, key, pickup) = (hotline(), number(OWN), line(Accept::Key), line(Accept::Pickup));
        let case = |line: Option<&Line>, expected: &[&str]| {
            let lines: Vec<&Line> = line.into_iter().collect();
            let ring =
                line.map(|_| Ring { own: &own, lines: &lines, time_limit_s: 7200, whisper: Some("/whisper?w=1") });
            assert_eq!(told(&fallback(&hotline, &config(), ring.as_ref())), expected);
        };
        let closed = ["nl-NL/Polly.Laura: closed nl", "en-GB/-: closed en", "hangup"];
        case(None, &closed);
        case(Some(&key), &closed);
        let by_pickup = "dial +447700900200 as +447700900100 ring 25 limit 7200 whisper - then -";
        let before = ["nl-NL/Polly.Laura: trouble nl", "en-GB/-: trouble en", by_pickup];
        case(Some(&pickup), &[before, closed].concat());
    }

    #[test]
    fn a_language_without_a_voice_is_still_said_in_that_language() {
        let (hotline, own, line, one) = (hotline(), number(OWN), line(Accept::Key), prompt(1, "one"));
        let say = SayConfig::default();
        assert_eq!(told(&voice(&[Output::Say(&one)], &hotline, &links(&own, &[&line]), &say)), ["en/-: one"]);
    }

    #[test]
    fn long_words_are_cut_at_sentences() {
        let case = |words: &str, expected: &[&str]| {
            assert_eq!(pieces(words, 10).collect::<Vec<_>>(), expected, "{words}");
        };
        case("", &[]);
        case("  ", &[]);
        case("One. Two.", &["One. Two."]);
        case("One. Two! Three.", &["One. Two!", "Three."]);
        case("One two three four.", &["One two", "three", "four."]);
        case("éééééééééééé", &["éééééééééé", "éé"]);
        case("1234567890 1.", &["1234567890", "1."]);
    }

    #[test]
    fn a_message_is_nothing_or_what_fits() {
        assert_eq!(message(None).message, None);
        assert_eq!(message(Some(" ")).message, None);
        assert_eq!(message(Some("231. Delete this text.")).message.as_deref(), Some("231. Delete this text."));
        let long = "A sentence. ".repeat(200);
        let cut = message(Some(&long)).message.unwrap();
        assert!(cut.chars().count() <= MESSAGE_MAX && cut.ends_with("sentence."), "{cut}");
    }

    /// Every stretch of seven digits or more in what is written.
    fn numbers(document: &VoiceResponse) -> Vec<String> {
        let text = format!("{document:?}");
        let stretches = text.split(|letter: char| !letter.is_ascii_digit() && letter != '+');
        stretches.filter(|stretch| stretch.len() > 7).map(str::to_owned).collect()
    }

    proptest! {
        #[test]
        fn pieces_lose_no_word(words in "([A-Za-zé]{1,9}[.!?]? ){0,40}", limit in 1..60_usize) {
            let all: Vec<&str> = pieces(&words, limit).collect();
            prop_assert!(all.iter().all(|piece| !piece.is_empty() && piece.chars().count() <= limit));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&all.concat()), letters(&words));
        }

        #[test]
        fn only_the_desk_is_rung_and_it_is_shown_our_own_number(
            kinds in proptest::collection::vec(0..4_u8, 0..6), pickup: bool, rung: bool, after: bool,
            language in proptest::option::of(0..4_u8),
        ) {
            let hotline = hotline();
            let line = line(if pickup { Accept::Pickup } else { Accept::Key });
            let (own, words) = (number(OWN), prompt(1, "words"));
            let lines = [&line];
            let mut links = links(&own, &lines);
            links.ring = links.ring.filter(|_| rung);
            let outputs: Vec<Output<'_>> = kinds.iter().map(|kind| match kind {
                0 => Output::Say(&words),
                1 => Output::Ask { prompts: vec![&words], timeout_s: 5 },
                2 => connect(),
                _ => Output::End,
            }).collect();
            let (say, ring) = (config(), links.ring);
            let documents = [
                voice(&outputs, &hotline, &links, &say),
                trouble(&hotline, &say, language.map(LangIx), ring.as_ref(), after.then_some("/dial")),
                fallback(&hotline, &say, ring.as_ref()),
            ];
            for document in &documents {
                prop_assert!(numbers(document).iter().all(|number| number == OWN || number == DESK), "{:?}", document);
                for verb in &document.verbs {
                    if let Verb::Dial(dial) = verb {
                        prop_assert_eq!(&dial.caller_id, OWN);
                        prop_assert_eq!(noun(&only(dial).1.noun), DESK);
                        prop_assert_eq!(only(dial).1.whisper.is_some(), !pickup);
                    }
                }
            }
        }
    }
}
