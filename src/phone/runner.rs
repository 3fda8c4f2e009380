//! One leg that executes documents: the caller's, or a callee's while it hears a whisper.

use super::config::FailedSound;
use super::gather::{Gathered, Gathering};
use super::io::*;
use super::world::{Line, Role, World};
use crate::base::Digit;
use crate::twiml::{
    Method, PlayWhat, ReadDial, ReadPlay, ReadPrompt, ReadRedirect, ReadSay, ReadVerb, RejectReason, defaults,
    read_voice,
};
use std::collections::VecDeque;
use url::Url;

/// So many documents in a row may be asked for without anything being heard. Providers do not limit it (twiml
/// reference 3, 9); ours end the call, so that a server that leads in circles is found out.
pub const MAX_UNHEARD_DOCUMENTS: u32 = 100;
/// A plain text that is no TwiML is spoken; this much of it.
const SPOKEN_TEXT_MAX: usize = 4096;
/// What Play accepts (twiml reference 2.2).
const SOUND_TYPES: [&str; 11] = [
    "audio/mpeg",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/aiff",
    "audio/x-aifc",
    "audio/x-aiff",
    "audio/x-gsm",
    "audio/gsm",
    "audio/ulaw",
    "audio/basic",
];

pub(super) struct Runner {
    pub line: Line,
    /// The address of the document being executed, without the parameters of a GET.
    pub current: Url,
    verbs: VecDeque<ReadVerb>,
    doing: Doing,
}

enum Doing {
    /// The next verb.
    Ready,
    Fetching {
        request: u64,
        url: Url,
        wire: String,
        fallback: bool,
    },
    /// The sounds of a verb, one after the other; it is executed when all were asked for.
    FetchingSounds {
        request: u64,
        sound: Url,
    },
    Sounding(Sounding),
    Gathering(Box<Gathering>),
    /// The words of the provider, and then the end.
    Failing {
        sounding: Sounding,
        code: u16,
    },
    /// The phone dials; it says when that is over.
    Dialling,
    Over(Done),
}

/// How a leg's documents ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Done {
    OutOfVerbs,
    Hangup,
    Rejected(RejectReason),
    Failed { code: u16 },
    TooManyDocuments,
}

/// What a leg wants from the phone.
pub(super) enum Progress {
    Waiting,
    Dial(Box<ReadDial>),
    Done(Done),
}

/// Why a document or sound could not be had.
pub(super) struct Failure {
    pub code: u16,
    pub words: String,
}

impl Runner {
    pub fn new(line: Line, current: Url) -> Runner {
        Runner { line, current, verbs: VecDeque::new(), doing: Doing::Ready }
    }

    pub fn deadline(&self) -> Option<u64> {
        match &self.doing {
            Doing::Sounding(sounding) | Doing::Failing { sounding, .. } => Some(sounding.deadline()),
            Doing::Gathering(gathering) => gathering.deadline(),
            _ => None,
        }
    }

    /// Goes on as far as the present time allows.
    pub fn advance(&mut self, world: &mut World) -> Progress {
        loop {
            match &mut self.doing {
                Doing::Fetching { .. } | Doing::FetchingSounds { .. } | Doing::Dialling => return Progress::Waiting,
                Doing::Over(done) => return Progress::Done(done.clone()),
                Doing::Sounding(sounding) => match sounding.is_over(&mut self.line, world) {
                    true => self.doing = Doing::Ready,
                    false => return Progress::Waiting,
                },
                Doing::Failing { sounding, code } => match sounding.is_over(&mut self.line, world) {
                    true => self.doing = Doing::Over(Done::Failed { code: *code }),
                    false => return Progress::Waiting,
                },
                Doing::Gathering(gathering) => match gathering.advance(&self.current, &mut self.line, world) {
                    Gathered::Waiting => return Progress::Waiting,
                    Gathered::FallsThrough => self.doing = Doing::Ready,
                    Gathered::Asks(params) => {
                        let (action, method) = (gathering.gather().action.clone(), gathering.gather().method);
                        self.fetch(action.as_deref().unwrap_or_default(), method, params, world);
                    }
                    Gathered::Failed(failure) => self.end_failed(failure, world),
                },
                Doing::Ready => {
                    if let Some(dial) = self.next_verb(world) {
                        self.doing = Doing::Dialling;
                        return Progress::Dial(Box::new(dial));
                    }
                }
            }
        }
    }

    /// A key of this leg; outside a Gather it is dropped (twiml reference 3.1, 11).
    pub fn key(&mut self, key: Digit, world: &mut World) {
        if let Doing::Gathering(gathering) = &mut self.doing {
            gathering.key(key, &self.line, world);
        }
    }

    /// The leg is gone.
    pub fn stop(&mut self, world: &mut World) {
        match std::mem::replace(&mut self.doing, Doing::Over(Done::Hangup)) {
            Doing::Sounding(sounding) | Doing::Failing { sounding, .. } => sounding.interrupt(self.line.leg, world),
            Doing::Gathering(mut gathering) => gathering.stop_sound(&self.line, world),
            _ => {}
        }
    }

    /// After a Dial without action: the next verb.
    pub fn go_on(&mut self) {
        self.doing = Doing::Ready;
    }

    /// Leaves the document for another; `reference` is relative to the present one, blank means the same again.
    pub fn fetch(&mut self, reference: &str, method: Method, params: Vec<(&'static str, String)>, world: &mut World) {
        match resolve(&self.current, reference) {
            Some(url) => self.ask(url, method, params, false, world),
            None => {
                let words = format!("`{}` is not an address, expected one of `http` or `https`", shown(reference));
                self.fail(Failure { code: 11100, words }, None, world);
            }
        }
    }

    /// Asks for the document at this address.
    pub fn ask(
        &mut self,
        url: Url,
        method: Method,
        params: Vec<(&'static str, String)>,
        fallback: bool,
        world: &mut World,
    ) {
        self.verbs.clear();
        self.line.unheard = self.line.unheard.saturating_add(1);
        if self.line.unheard > MAX_UNHEARD_DOCUMENTS {
            let words = format!("{MAX_UNHEARD_DOCUMENTS} documents in a row without anything to hear");
            world.finding(self.line.leg, None, words);
            self.doing = Doing::Over(Done::TooManyDocuments);
            return;
        }
        let (request, wire) = world.ask(&self.line, Purpose::Document, method, &url, params);
        self.doing = Doing::Fetching { request, url, wire, fallback };
    }

    /// The answer to a request, if it is this leg's.
    pub fn response(&mut self, response: &Response, world: &mut World) {
        match &self.doing {
            Doing::FetchingSounds { request, sound } if *request == response.request => {
                let sound = sound.clone();
                self.sound_arrived(&sound, Some(response), world);
            }
            Doing::Fetching { request, url, wire, fallback } if *request == response.request => {
                let asked = url.clone();
                let moved = response.final_url.as_ref().filter(|url| *url != wire);
                let came_from = moved.and_then(|url| Url::parse(url).ok()).unwrap_or_else(|| asked.clone());
                let fallback = *fallback;
                for cookie in &response.set_cookie {
                    self.line.jar.keep(&came_from, cookie);
                }
                match verbs_of(response, &came_from, &self.line, world) {
                    Ok(verbs) => {
                        self.verbs = verbs;
                        self.current = came_from;
                        self.doing = Doing::Ready;
                    }
                    Err(failure) => self.fail(failure, Some((asked, fallback)), world),
                }
            }
            _ => {}
        }
    }

    /// No answer came to a request, if it is this leg's.
    pub fn fetch_failed(&mut self, request: u64, why: FetchFailure, world: &mut World) {
        match &self.doing {
            Doing::FetchingSounds { request: mine, sound } if *mine == request => {
                let sound = sound.clone();
                self.sound_arrived(&sound, None, world);
            }
            Doing::Fetching { request: mine, url, fallback, .. } if *mine == request => {
                let (code, words) = match why {
                    FetchFailure::Connect => (11205, "the server could not be reached"),
                    FetchFailure::TimedOut => (11203, "the server did not answer in time"),
                    FetchFailure::TooManyRedirects => (11215, "the server redirected too often"),
                };
                let place = (url.clone(), *fallback);
                self.fail(Failure { code, words: words.to_owned() }, Some(place), world);
            }
            _ => {}
        }
    }

    fn sound_arrived(&mut self, sound: &Url, response: Option<&Response>, world: &mut World) {
        let trouble = match response {
            None => Some((11200, "a sound could not be fetched".to_owned())),
            Some(response) if !(200..300).contains(&response.status) => {
                Some((11200, format!("a sound was answered with status {}, expected 200", response.status)))
            }
            Some(response) => match media_type(response) {
                kind if SOUND_TYPES.contains(&kind.as_str()) => None,
                kind => {
                    Some((13420, format!("a sound came as `{}`, expected a type such as `audio/wav`", shown(&kind))))
                }
            },
        };
        world.fetched(sound, trouble.is_none());
        if let Some((code, words)) = trouble {
            world.finding(self.line.leg, Some(code), words);
        }
        self.doing = Doing::Ready;
    }

    /// Begins the next verb. A Dial is handed to the phone.
    fn next_verb(&mut self, world: &mut World) -> Option<ReadDial> {
        let leg = self.line.leg;
        let Some(verb) = self.verbs.pop_front() else {
            world.answer(leg);
            self.doing = Doing::Over(Done::OutOfVerbs);
            return None;
        };
        if let Some(sound) = self.first_unfetched(&verb, world) {
            let request = world.ask_sound(&self.line, &sound);
            self.verbs.push_front(verb);
            self.doing = Doing::FetchingSounds { request, sound };
            return None;
        }
        let role = self.line.role;
        match verb {
            ReadVerb::Gather(_) | ReadVerb::Dial(_) | ReadVerb::Hangup | ReadVerb::Reject(_) | ReadVerb::Other(_)
                if role == Role::Wait =>
            {
                let words = "a verb that does not work while a conference is waited for, the document stops";
                world.finding(leg, Some(13238), words);
                self.doing = Doing::Over(Done::OutOfVerbs);
            }
            ReadVerb::Say(say) => {
                world.answer(leg);
                let playing = sound_of_say(&say, world);
                self.play(playing, world);
            }
            ReadVerb::Play(play) => {
                world.answer(leg);
                let playing = sound_of(&play, &self.current, &self.line, world);
                self.play(playing, world);
            }
            // Before the answer it lets the caller's phone ring on (twiml reference 3, 2).
            ReadVerb::Pause(pause) => self.play(Playing::pause(pause.length_s), world),
            ReadVerb::Gather(gather) => {
                world.answer(leg);
                self.doing = Doing::Gathering(Box::new(Gathering::begin(gather, &self.line, world)));
            }
            ReadVerb::Redirect(ReadRedirect { url, method }) => self.fetch(&url, method, Vec::new(), world),
            ReadVerb::Dial(dial) if role == Role::Call => return Some(dial),
            ReadVerb::Dial(_) => world.finding(leg, Some(13201), "`<Dial>` is refused on a dialled leg, it is skipped"),
            ReadVerb::Hangup => {
                world.answer(leg);
                self.doing = Doing::Over(Done::Hangup);
            }
            ReadVerb::Reject(_) if role != Role::Call => {
                world.finding(leg, None, "`<Reject>` does not work on a dialled leg, it is skipped");
            }
            ReadVerb::Reject(reason) if world.answered_at_ms.is_none() => {
                self.doing = Doing::Over(Done::Rejected(reason));
            }
            ReadVerb::Reject(_) => {
                world.finding(leg, None, "`<Reject>` comes after the answer, it hangs up");
                self.doing = Doing::Over(Done::Hangup);
            }
            // The reader named them, and they have no part in a call.
            ReadVerb::Message(_) | ReadVerb::Other(_) => {}
        }
        None
    }

    fn play(&mut self, playing: Playing, world: &mut World) {
        match playing {
            Playing::Sound { what, ms, rounds } => {
                self.doing = Doing::Sounding(Sounding::begin(what, ms, rounds, &mut self.line, world));
            }
            Playing::Skipped => {}
            Playing::Failed(failure) => self.end_failed(failure, world),
        }
    }

    fn end_failed(&mut self, failure: Failure, world: &mut World) {
        world.finding(self.line.leg, Some(failure.code), failure.words);
        self.doing = Doing::Over(Done::Failed { code: failure.code });
    }

    /// A provider fetches all sounds of a verb before the first one starts (twiml reference 3.1, 1).
    fn first_unfetched(&self, verb: &ReadVerb, world: &World) -> Option<Url> {
        let unfetched = |play: &ReadPlay| match &play.what {
            PlayWhat::Sound(url) => resolve(&self.current, url).filter(|url| world.wants(url)),
            PlayWhat::Tones(_) => None,
        };
        match verb {
            ReadVerb::Play(play) => unfetched(play),
            ReadVerb::Gather(gather) => gather.prompts.iter().find_map(|prompt| match prompt {
                ReadPrompt::Play(play) => unfetched(play),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Twiml reference 3.4: the fallback, or the provider's own words and the end. `place` is the address that failed
    /// and whether that was the fallback itself.
    fn fail(&mut self, failure: Failure, place: Option<(Url, bool)>, world: &mut World) {
        let Failure { code, words } = failure;
        let leg = self.line.leg;
        world.finding(leg, Some(code), words);
        self.verbs.clear();
        if self.line.role != Role::Call {
            self.doing = Doing::Over(Done::Failed { code });
            return;
        }
        let (mut failed, was_fallback) = place.unwrap_or_else(|| (self.current.clone(), false));
        failed.set_fragment(None);
        let fallback = world.config.fallback_url.as_deref().and_then(|url| resolve(&self.current, url));
        if let Some(fallback) = fallback.filter(|_| !was_fallback) {
            let params = vec![("ErrorCode", code.to_string()), ("ErrorUrl", failed.into())];
            self.ask(fallback, Method::Post, params, true, world);
            return;
        }
        world.answer(leg);
        let ms = (world.config.speech)(&Sound::ApplicationError);
        let sounding = Sounding::begin(Sound::ApplicationError, ms, 1, &mut self.line, world);
        self.doing = Doing::Failing { sounding, code };
    }
}

/// Something that sounds, perhaps several times.
pub(super) struct Sounding {
    what: Sound,
    ms: u64,
    /// After the present one.
    rounds_left: u32,
    since_ms: u64,
}

impl Sounding {
    pub fn begin(what: Sound, ms: u64, rounds: u32, line: &mut Line, world: &mut World) -> Sounding {
        let sounding = Sounding { what, ms, rounds_left: rounds.saturating_sub(1), since_ms: world.now_ms };
        sounding.announce(line, world);
        sounding
    }

    pub fn deadline(&self) -> u64 {
        self.since_ms.saturating_add(self.ms)
    }

    /// Whether it has ended; begins its next rounds when they are due.
    pub fn is_over(&mut self, line: &mut Line, world: &mut World) -> bool {
        while self.deadline() <= world.now_ms {
            if self.rounds_left == 0 {
                return true;
            }
            self.rounds_left -= 1;
            self.since_ms = self.deadline();
            self.announce(line, world);
        }
        false
    }

    pub fn interrupt(&self, leg: Leg, world: &mut World) {
        if self.is_audible(leg, world) {
            let heard_ms = world.now_ms.saturating_sub(self.since_ms);
            world.put(Output::Interrupted { leg, heard_ms });
        }
    }

    fn announce(&self, line: &mut Line, world: &mut World) {
        if self.is_audible(line.leg, world) {
            world.heard(line, self.what.clone(), self.ms);
        }
    }

    /// Before the answer a Pause is ringing, not silence.
    fn is_audible(&self, leg: Leg, world: &World) -> bool {
        self.what != Sound::Silence || leg != Leg::Caller || world.answered_at_ms.is_some()
    }
}

/// What a Say, Play or Pause comes to.
pub(super) enum Playing {
    Sound { what: Sound, ms: u64, rounds: u32 },
    Skipped,
    Failed(Failure),
}

impl Playing {
    pub fn pause(length_s: u32) -> Playing {
        Playing::Sound { what: Sound::Silence, ms: u64::from(length_s).saturating_mul(1_000), rounds: 1 }
    }
}

pub(super) fn sound_of_say(say: &ReadSay, world: &World) -> Playing {
    let what = Sound::Say { language: say.language.clone(), voice: say.voice.clone(), words: say.words.clone() };
    let ms = (world.config.speech)(&what).saturating_add(u64::from(say.pause_ms));
    Playing::Sound { what, ms, rounds: say.rounds }
}

pub(super) fn sound_of(play: &ReadPlay, current: &Url, line: &Line, world: &mut World) -> Playing {
    let what = match &play.what {
        PlayWhat::Tones(tones) => Sound::Tones(tones.clone()),
        PlayWhat::Sound(reference) => {
            let Some(url) = resolve(current, reference) else {
                let words = format!("`{}` is not the address of a sound", shown(reference));
                return failed_sound(11100, words, line, world);
            };
            if world.lacks(&url) {
                return failed_sound(11200, "a sound is missing".to_owned(), line, world);
            }
            Sound::Play { url: url.into() }
        }
    };
    let ms = (world.config.speech)(&what);
    Playing::Sound { what, ms, rounds: play.rounds }
}

fn failed_sound(code: u16, words: String, line: &Line, world: &mut World) -> Playing {
    match world.config.readings.failed_sound {
        FailedSound::GoesOn => {
            world.finding(line.leg, Some(code), format!("{words}, the call goes on"));
            Playing::Skipped
        }
        FailedSound::EndsTheCall => Playing::Failed(Failure { code, words }),
    }
}

/// RFC 3986 against the document's address; blank is that address with its query.
pub(super) fn resolve(current: &Url, reference: &str) -> Option<Url> {
    current.join(reference).ok().filter(|url| ["http", "https"].contains(&url.scheme()))
}

/// An address or type as it may stand in a finding: its beginning.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn media_type(response: &Response) -> String {
    let content_type = response.content_type.as_deref().unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What an answer makes a provider do (twiml reference 6).
fn verbs_of(
    response: &Response,
    came_from: &Url,
    line: &Line,
    world: &mut World,
) -> Result<VecDeque<ReadVerb>, Failure> {
    if !(200..300).contains(&response.status) {
        let words = format!("the server answered with status {}, expected 200", response.status);
        return Err(Failure { code: 11200, words });
    }
    let kind = media_type(response);
    if kind.starts_with("audio/") {
        world.fetched(came_from, true);
        let what = PlayWhat::Sound(came_from.as_str().to_owned());
        return Ok([ReadVerb::Play(ReadPlay { what, rounds: 1 }), ReadVerb::Hangup].into());
    }
    let plain = kind == "text/plain";
    if !plain && !["text/xml", "application/xml", "text/html"].contains(&kind.as_str()) {
        let words = match &response.content_type {
            None => "the answer has no content type, expected `text/xml`".to_owned(),
            Some(_) => format!("the answer came as `{}`, expected `text/xml`", shown(&kind)),
        };
        return Err(Failure { code: 12300, words });
    }
    match read_voice(&response.body) {
        Ok(document) => {
            for finding in &document.findings {
                world.finding(line.leg, None, finding.to_string());
            }
            Ok(document.verbs.into())
        }
        Err(_) if plain && !response.body.trim_ascii().is_empty() => {
            let words: String = String::from_utf8_lossy(&response.body).chars().take(SPOKEN_TEXT_MAX).collect();
            Ok([ReadVerb::Say(ReadSay {
                voice: defaults::SAY_VOICE.to_owned(),
                language: defaults::SAY_LANGUAGE.to_owned(),
                rounds: 1,
                words: words.split_whitespace().collect::<Vec<_>>().join(" "),
                pause_ms: 0,
            })]
            .into())
        }
        Err(error) => Err(Failure { code: error.code(), words: error.to_string() }),
    }
}
