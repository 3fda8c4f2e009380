//! `hulplijn walk`: every way through a hotline, played through the real router and compared with the proof.
//!
//! The proof says what follows from the engine; the walk shows that callers get exactly that from the line: the TwiML
//! that leaves the router is executed by the `phone` room, in virtual time, and after each step the words heard, the time
//! for a key, who is rung, and the state that the line sealed into its addresses must be those of the engine. Every
//! step that a caller or a counsellor can take in a state is played at least once: each call goes the shortest way from
//! the answer to something that was not played, and on from there for as long as there is more.

mod caller;
mod line;
mod plan;
mod table;

pub use line::{Heard, Lines, Present};
pub use table::Row;

use super::menus::{self, Origin};

use super::player::{Exchange, lasts_ms, play};
use super::{Done, Failure, assemble, call, screen, sounds};
use crate::base::CallSid;
use crate::flow::proof::{Proof, TooLarge, ms, prove};
use crate::flow::{Hotline, LangIx};
use crate::menu::Prompt;
use crate::phone::{Media, Phone, PhoneConfig, Sound, Speech};
use crate::privacy::KeyRing;
use caller::{Call, Ear, Ground, Hasty, Wire};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use plan::{Deed, Plan};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Nothing is dialled and nothing is kept. Exit code 0: the line does what the proof says. 1: it does not (the call is
/// printed as a story), or the menus have errors. 2: could not be done.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    dir: Option<PathBuf>,
    /// Folder of sound, which is then played and its seconds counted [default: ./audio if there is one]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_AUDIO")]
    audio: Option<PathBuf>,
    /// Begin at this moment at the hotline's place, such as "2027-04-27 02:30" [default: now]
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
    /// Print the table and the figures as JSON: an object
    #[arg(long)]
    json: bool,
}

/// What a walk came to.
#[derive(Debug)]
pub struct Walked {
    /// Calls played and requests sent.
    pub calls: usize,
    pub requests: usize,
    /// Steps that were played, of those that there are.
    pub steps: usize,
    pub of_steps: usize,
    /// Situations of the proof that a caller stood in, of those that it looked at.
    pub situations: usize,
    pub of_situations: usize,
    /// The shortest way to each fact.
    pub facts: Vec<Row>,
    /// What has no sound on a line with sound: the words that were said instead, and the keys that led to them first.
    pub unsounded: Vec<(String, String)>,
    /// The call in which the line and the proof part, as a story with what was expected below it.
    pub fault: Option<String>,
}

pub fn run(arguments: Arguments) -> Done {
    super::block_on(async {
        let started = Instant::now();
        let (sources, sounds) = sounds::beside(&Origin::choose(arguments.dir), arguments.audio)?;
        let mut settings = assemble::settings(&call::demonstration(None)?);
        if let Some(sounds) = &sounds {
            settings.lengths = menus::lengths(&sources, &settings, sounds);
        }
        let (hotline, _) = menus::load(&sources, &settings, assemble::today())?;
        let sound = sounds.map(|sounds| sounds.sound(&hotline));
        let begin = match &arguments.at {
            Some(text) => call::moment(text, &hotline.timezone)?,
            None => Timestamp::now(),
        };
        let proof = prove(&hotline).map_err(|TooLarge { most }| {
            Failure::cannot(format!(
                "this hotline has more than {most} situations a caller can be in: too many to walk"
            ))
        })?;
        if let Some(broken) = proof.broken.first() {
            let words = format!(
                "there is no proof to compare with: {} ({})\n`hulplijn check` tells more",
                broken.message, broken.rule
            );
            return Err(Failure::not_good(words));
        }
        let random = assemble::random();
        let begin = whole_second(begin);
        let mut lines = Lines::start(&hotline, sound.as_ref(), random, begin).await?;
        let present = lines.present();
        let bar = Bar::new();
        let walked =
            walk(&hotline, &proof, KeyRing::generate(random), begin, present, &mut lines, |done, of| bar.set(done, of))
                .await;
        bar.end();
        lines.close().await;
        let walked = walked?;
        if arguments.json {
            screen::line(&table::object(&walked, &hotline).to_string());
        } else {
            screen::print(&table::words(&walked, &hotline, started.elapsed()));
        }
        match &walked.fault {
            None => Ok(()),
            Some(_) if arguments.json => Err(Failure::not_good("")),
            Some(story) => Err(Failure::not_good(story)),
        }
    })
}

/// The moment without its part of a second: waiting is counted in whole ones.
fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// The walk itself, over any line whose desk and clock are `present`'s and whose keys are `keys`. `told` hears how many
/// steps of how many were played.
///
/// # Errors
/// Too many states to play, or a call that cannot begin.
pub async fn walk<E: Exchange>(
    hotline: &Hotline,
    proof: &Proof<'_>,
    keys: KeyRing,
    begin: Timestamp,
    present: Present,
    line: &mut E,
    told: impl Fn(usize, usize),
) -> Result<Walked, Failure> {
    let speech = speech(hotline, &present);
    let unsounded = RefCell::default();
    let ground = Ground { hotline, proof, keys, account: call::ACCOUNT, begin, present, ear: LangIx(0), unsounded };
    let mut walker =
        Walker { ground: &ground, speech, starts: starts(hotline), calls: 0, requests: 0, visited: HashSet::new() };
    let languages: Vec<Option<LangIx>> = walker.starts.iter().map(|(_, language)| *language).collect();
    let plan = Plan::new(hotline, &languages, begin)
        .map_err(|most| Failure::cannot(format!("this hotline has more than {most} states: too many to walk")))?;
    let mut left: HashSet<_> = plan.tasks.iter().map(|task| task.edge).collect();
    let of_steps = left.len();
    let mut fault = None;
    for task in &plan.tasks {
        if !left.contains(&task.edge) {
            continue;
        }
        let (start, deeds) = plan.way(task);
        let played = walker.call(line, start, deeds.clone(), Some(&mut left), None).await?;
        if let Some(story) = played.fault {
            // The shortest call that shows it: to its step alone, if that is enough.
            let alone = walker.call(line, start, deeds, None, None).await?;
            fault = Some(alone.fault.unwrap_or(story));
            break;
        }
        told(of_steps - left.len(), of_steps);
    }
    if fault.is_none() && !left.is_empty() {
        fault = Some(format!("{} steps that the engine can take were not come to by any call", left.len()));
    }
    let facts = match fault {
        Some(_) => Vec::new(),
        None => match table::rows(&mut walker, line).await? {
            Ok(rows) => rows,
            Err(story) => {
                fault = Some(story);
                Vec::new()
            }
        },
    };
    let unsounded = ground.unsounded.take().into_iter().collect();
    Ok(Walked {
        unsounded,
        calls: walker.calls,
        requests: walker.requests,
        steps: of_steps - left.len(),
        of_steps,
        situations: walker.visited.len(),
        of_situations: proof.numbers(),
        facts,
        fault,
    })
}

struct Walker<'w, 'h> {
    ground: &'w Ground<'h>,
    speech: Speech,
    /// The numbers that can be called, and the language each begins in.
    starts: Vec<(String, Option<LangIx>)>,
    calls: usize,
    requests: usize,
    visited: HashSet<u32>,
}

struct Played {
    fault: Option<String>,
    /// When what a hasty caller wanted was said.
    heard_ms: Option<u64>,
}

impl Walker<'_, '_> {
    /// Plays one call.
    async fn call<E: Exchange>(
        &mut self,
        line: &mut E,
        start: usize,
        deeds: Vec<Deed>,
        left: Option<&mut HashSet<plan::Edge>>,
        hasty: Option<Hasty>,
    ) -> Result<Played, Failure> {
        self.calls += 1;
        let (number, language) = &self.starts[start];
        let sid = format!("CA{:032x}", self.calls);
        let call_sid = CallSid::new(&sid).ok_or_else(|| Failure::cannot("a call has no name"))?;
        let mut config =
            PhoneConfig::new(self.ground.account, &sid, call::CALLER, number, &format!("{}/twilio/voice", call::HERE));
        config.caller_ids = vec![assemble::DEMONSTRATION_NUMBER.to_owned()];
        config.status_callback = Some(format!("{}/twilio/status", call::HERE));
        config.speech = Arc::clone(&self.speech);
        // Each was asked for before the walk.
        config.media = Media::Assumed;
        let phone = Phone::new(config).map_err(|problem| Failure::cannot(format!("cannot call: {problem}")))?;
        let call = RefCell::new(Call::new(self.ground, call_sid, *language, deeds, left));
        call.borrow_mut().hasty = hasty;
        play(phone, Default::default(), &mut Wire { call: &call, line }, &mut Ear(&call)).await;
        let call = call.into_inner();
        self.requests += call.requests;
        self.visited.extend(&call.visited);
        // The next call begins a whole number of seconds later, when the line has forgotten this one's answers.
        let before_ms = &self.ground.present.before_ms;
        let at =
            assemble::later(self.ground.begin, before_ms.get()).to_zoned_datetime(self.ground.hotline.timezone.clone());
        before_ms.set((before_ms.get() + call.now_ms).div_ceil(1000) * 1000 + APART_MS);
        let told = |fault: &caller::Fault| {
            format!("{}\n{}", call.story(&at.strftime("%Y-%m-%d %H:%M").to_string()), fault.lines.join("\n"))
        };
        Ok(Played {
            fault: call.fault.as_ref().map(told),
            heard_ms: call.hasty.as_ref().and_then(|hasty| hasty.heard_ms),
        })
    }
}

/// Between two calls: longer than the line remembers an answer.
const APART_MS: u64 = 121_000;

/// Each prompt takes as long as its sound, or as the time model says, so that the walk's seconds are the proof's.
fn speech(hotline: &Hotline, present: &Present) -> Speech {
    let front = &hotline.front;
    let mut prompts: Vec<&Prompt> =
        [&front.greeting, &front.end].into_iter().chain(&front.languages).chain(&front.silence).collect();
    for phrases in &hotline.phrases {
        prompts.extend(phrases.silence.iter().chain([&phrases.wrong_key, &phrases.person, &phrases.waiting]));
    }
    for spoken in hotline.nodes.iter().flat_map(|node| &node.spoken) {
        prompts.extend(spoken.info.iter().chain(&spoken.options).chain(&spoken.reserved).chain(&spoken.letters));
    }
    let known: HashMap<String, u64> =
        prompts.into_iter().map(|prompt| (prompt.words.clone(), u64::from(ms(prompt)))).collect();
    let sounds: HashMap<String, u64> =
        present.sounds.iter().flat_map(|sounds| sounds.iter()).map(|(url, heard)| (url.clone(), heard.ms)).collect();
    Arc::new(move |sound: &Sound| match sound {
        Sound::Play { url } => sounds.get(url).copied().unwrap_or_else(|| lasts_ms(sound)),
        Sound::Say { words, .. } => known.get(words).copied().unwrap_or_else(|| lasts_ms(sound)),
        _ => lasts_ms(sound),
    })
}

/// A number for each way a call can begin: at the language question, and in the language of each number that skips it.
fn starts(hotline: &Hotline) -> Vec<(String, Option<LangIx>)> {
    let plain = (100..200).map(|last| format!("+12025550{last}")).find(|number| !hotline.lines.contains_key(number));
    let mut starts = vec![(plain.unwrap_or_else(|| assemble::DEMONSTRATION_NUMBER.to_owned()), None)];
    let languages: BTreeSet<LangIx> = hotline.lines.values().copied().collect();
    for language in languages {
        let number = hotline.lines.iter().filter(|(_, own)| **own == language).map(|(number, _)| number).min();
        starts.extend(number.map(|number| (number.clone(), Some(language))));
    }
    starts
}

/// Progress on standard error, if that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Bar {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} steps played, {eta} left") {
            bar.set_style(style);
        }
        Bar(bar)
    }

    fn set(&self, done: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}
