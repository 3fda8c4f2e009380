//! `hulplijn audio render`: makes the sounds that are missing or stale, and nothing else.

use super::{Line, Read};
use crate::audio::catalog::file_of;
use crate::audio::render::{Engine, NotRendered, Renderer, Voice};
use crate::audio::{Entry, Found, Made, SoundId, Wanted, measure};
use crate::base::Language;
use crate::cli::config::{Config, built_in_voice};
use crate::cli::sounds::Sounds;
use crate::cli::{Done, Failure, assemble, screen};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// At most so many programs run at the same time, however many cores there are.
const WORKERS_MAX: usize = 16;
/// So many failures are told one by one.
const TOLD_MAX: usize = 10;

/// Make the sounds that are missing or stale
///
/// What is there stays: a recording of the present words is never replaced, and a run that was stopped goes on where it
/// was. A sound is made anew if its words changed, or if a voice of a better grade is configured.
///
/// Exit code 0: every prompt has a sound of its words. 1: some could not be made. 2: could not begin.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    line: Line,
    /// Make every rendered sound of its language with this voice of the configuration, such as `nl-piper`
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    /// Only this prompt, such as help/say/1; may be given several times
    #[arg(long = "only", value_name = "PROMPT")]
    only: Vec<String>,
    /// Make them anew although they are there
    #[arg(long)]
    again: bool,
    /// Also remove the sounds of prompts that are not there any more; recordings move to the folder `old`
    #[arg(long)]
    prune: bool,
    /// Programs at the same time [default: one a core]
    #[arg(long, value_name = "COUNT")]
    jobs: Option<usize>,
}

pub fn run(arguments: Arguments) -> Done {
    let mut read = arguments.line.read()?;
    let wanted = Sounds::wanted(&read.hotline);
    if let Some(unknown) = arguments.only.iter().find(|only| !wanted.iter().any(|wanted| wanted.id == **only)) {
        return Err(Failure::cannot(format!("there is no prompt `{unknown}`: `hulplijn audio status` names them")));
    }
    if arguments.prune {
        prune(&mut read.sounds, &wanted, read.language)?;
    }
    let voices = voices(&read, arguments.voice.as_deref())?;
    let mut left = 0;
    for voice in &voices {
        let asked = arguments.voice.is_some();
        let again = |entry: &Entry| arguments.again || (asked && entry.voice != voice.label);
        let due: Vec<Wanted<'_>> = wanted
            .iter()
            .filter(|wanted| wanted.language == voice.language)
            .filter(|wanted| arguments.only.is_empty() || arguments.only.iter().any(|only| only == wanted.id))
            .filter(|wanted| due(&read.sounds, wanted, voice, again))
            .copied()
            .collect();
        let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok().map(usize::from));
        left += render(&mut read.sounds, voice, &due, jobs.unwrap_or(1).clamp(1, WORKERS_MAX))?;
    }
    match left {
        0 => Ok(()),
        left => Err(Failure::not_good(format!("{left} prompts have no sound of their words"))),
    }
}

/// Whether a sound is to be made. A fresh recording stays, whatever is asked.
fn due(sounds: &Sounds, wanted: &Wanted<'_>, voice: &Voice, again: impl Fn(&Entry) -> bool) -> bool {
    match wanted.found(sounds.catalogs.get(&wanted.language)) {
        Found::Missing | Found::Stale(_) => true,
        Found::Fresh(entry) => {
            let gone = || !sounds.sound_file(wanted.language, &entry.file).is_file();
            gone() || (entry.made == Made::Rendered && (again(entry) || voice.grade < entry.grade))
        }
    }
}

/// A voice a language: the one that is asked for; else the one that is named like the language; else the best.
fn voices(read: &Read, asked: Option<&str>) -> Result<Vec<Voice>, Failure> {
    let known = &read.config.voices;
    if let Some(asked) = asked {
        let voice = known.iter().find(|voice| voice.name == asked);
        let voice = voice.cloned().or_else(|| Language::new(asked).map(built_in_voice)).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|voice| voice.name.as_str()).collect();
            let there =
                if names.is_empty() { "there is none".to_owned() } else { format!("expected {}", names.join(", ")) };
            Failure::cannot(format!("there is no voice `{asked}` in the configuration: {there}"))
        })?;
        if !read.languages().any(|language| language == voice.language) {
            return Err(Failure::cannot(format!(
                "the voice `{asked}` speaks `{}`, which is not wanted",
                voice.language
            )));
        }
        return Ok(vec![voice]);
    }
    Ok(read.languages().map(|language| voice_of(&read.config, language)).collect())
}

/// The voice that speaks a language when nobody says which.
pub fn voice_of(config: &Config, language: Language) -> Voice {
    let of = || config.voices.iter().filter(|voice| voice.language == language);
    let named = of().find(|voice| voice.name == language.as_str());
    named.or_else(|| of().min_by_key(|voice| voice.grade)).cloned().unwrap_or_else(|| built_in_voice(language))
}

/// Makes these sounds, several at a time, and keeps each as soon as it is there. Returns how many could not be made.
fn render(sounds: &mut Sounds, voice: &Voice, due: &[Wanted<'_>], workers: usize) -> Result<usize, Failure> {
    let language = voice.language;
    if due.is_empty() {
        screen::line(&format!("{language}: nothing to do"));
        return Ok(0);
    }
    let renderer = Renderer::new(voice)
        .map_err(|error| Failure::cannot(format!("cannot make a folder for temporary files: {error}")))?;
    let started = Instant::now();
    let bar = bar(&format!("{language}, {}", voice.label), due.len());
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let sounds = Mutex::new(sounds);
    let failed = Mutex::new(Vec::new());
    let made = AtomicUsize::new(0);
    let ms = AtomicUsize::new(0);
    let work = || {
        while let Some(wanted) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            match one(&renderer, voice, wanted, &sounds) {
                Ok(length) => {
                    made.fetch_add(1, Ordering::Relaxed);
                    ms.fetch_add(length as usize, Ordering::Relaxed);
                }
                Err(trouble) => {
                    // A program or a folder that is not there is not there for the next prompt either.
                    if trouble.for_all {
                        stop.store(true, Ordering::Relaxed);
                    }
                    lock(&failed).push((wanted.id, trouble));
                }
            }
            bar.inc(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers.min(due.len()) {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let made = made.into_inner();
    if made > 0 {
        screen::line(&told(voice, made, ms.into_inner(), started.elapsed()));
    }
    for (prompt, trouble) in failed.iter().take(TOLD_MAX) {
        eprintln!("{language} {prompt}: {}", trouble.words);
    }
    if failed.len() > TOLD_MAX {
        eprintln!("{language}: and {} more", failed.len() - TOLD_MAX);
    }
    match failed.iter().find(|(_, trouble)| trouble.for_all) {
        Some(_) => {
            let help = help(&voice.engine);
            Err(Failure::cannot(format!("`{language}` cannot be rendered by the voice `{}`{help}", voice.name)))
        }
        None => Ok(due.len() - made),
    }
}

fn help(engine: &Engine) -> &'static str {
    match engine {
        Engine::Espeak(_) => ": install espeak-ng, or name another voice in `[audio.voice]`",
        Engine::Command(_) => ": its `command` is run in the folder of the configuration file",
        Engine::Http(_) => "",
    }
}

fn told(voice: &Voice, made: usize, ms: usize, took: Duration) -> String {
    let each = took.as_secs_f64() / made as f64;
    format!(
        "{}: {made} prompts, {:.1} s of sound, by {} ({}), in {:.1} s: {each:.2} s a prompt",
        voice.language,
        ms as f64 / 1000.0,
        voice.label,
        voice.grade,
        took.as_secs_f64()
    )
}

struct Trouble {
    words: String,
    for_all: bool,
}

/// Makes and keeps one sound; returns its milliseconds.
fn one(
    renderer: &Renderer<'_>,
    voice: &Voice,
    wanted: &Wanted<'_>,
    sounds: &Mutex<&mut Sounds>,
) -> Result<u32, Trouble> {
    let bytes = renderer.render(wanted).map_err(|error| Trouble {
        for_all: matches!(error, NotRendered::NoProgram(..) | NotRendered::Service(..) | NotRendered::File(_)),
        words: error.to_string(),
    })?;
    let measured = measure(&bytes).map_err(|error| Trouble { words: error.to_string(), for_all: false })?;
    let entry = Entry {
        file: file_of(wanted.id),
        sound: SoundId::of(&bytes),
        text: wanted.text(&voice.label),
        voice: voice.label.clone(),
        grade: voice.grade,
        made: Made::Rendered,
        on: assemble::today(),
        ms: measured.ms,
        level_db: measured.level_db,
        peak_db: measured.peak_db,
    };
    let mut sounds = lock(sounds);
    let kept = sounds.put(wanted.language, wanted.id, entry, &bytes);
    kept.map_err(|error| Trouble { words: format!("cannot keep the sound: {error}"), for_all: true })?;
    Ok(measured.ms)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Takes out what no prompt asks for any more.
fn prune(sounds: &mut Sounds, wanted: &[Wanted<'_>], only: Option<Language>) -> Done {
    for (language, prompts) in super::status::left_over(sounds, wanted) {
        if only.is_some_and(|only| only != language) || prompts.is_empty() {
            continue;
        }
        sounds
            .prune(language, &prompts)
            .map_err(|error| Failure::cannot(format!("cannot remove sounds of `{language}`: {error}")))?;
        screen::line(&format!("{language}: removed {}", prompts.join(", ")));
    }
    Ok(())
}

/// On a terminal only.
fn bar(what: &str, of: usize) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(of as u64), target);
    let style = if screen::colors(&std::io::stderr()) {
        "{msg} {bar:30.green} {pos}/{len}"
    } else {
        "{msg} {bar:30} {pos}/{len}"
    };
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
