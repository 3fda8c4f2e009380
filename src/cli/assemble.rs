//! Puts a running line together from the checked configuration: the one place where clock and chance come in.

use super::Failure;
use super::config::{Config, Mode, ONLY_COUNSELLOR};
use super::menus::Origin;
use super::sounds::{self, Sounds};
use crate::audio::catalog::Sound;
use crate::audio::music;
use crate::base::hours::Hours;
use crate::base::{CounsellorId, CounsellorIx, E164, Language, SoundId};
use crate::desk;
use crate::desk::staff::StaffId;
use crate::menu::{Hotline, LangIx, Settings};
use crate::privacy::{DaySalt, KeyRing};
use crate::provider::TextDoor;
use crate::provider::kannel::Kannel;
use crate::provider::twilio::answer::{SayConfig, Voice};
use crate::provider::twilio::rest::Rest;
use crate::provider::twilio::signature::Verifier;
use crate::provider::twilio::{Proof, Twilio};
use crate::server::{Door, Metrics};
use crate::sms::Rules;
use crate::store::{Clock, Store};
use crate::switchboard::{Fit, Folder, Hotlines, Rung, Setup, StaffLine, Switchboard, played};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The demonstration's own number, from the range reserved for fiction.
pub const DEMONSTRATION_NUMBER: &str = "+12025550100";

/// Requests at once about a counsellor's leg or the end of a call: a line has one counsellor, so these are few.
const DESK_REQUESTS: usize = 256;

/// Bytes from the system's random source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness there are no keys, and nothing could be sealed: the system is broken, and we stop.
    getrandom::fill(&mut bytes).expect("the system's random source answers");
    bytes
}

/// So many milliseconds later; a clock at the end of time stays there.
pub(super) fn later(begin: Timestamp, ms: u64) -> Timestamp {
    let passed = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    begin.checked_add(passed).unwrap_or(Timestamp::MAX)
}

pub fn today() -> Date {
    Timestamp::now().to_zoned_datetime(TimeZone::system()).date()
}

/// What the words of the menus depend on.
pub fn settings(config: &Config) -> Settings {
    Settings {
        hours: config.desk.spoken_hours.then(|| config.desk.told()),
        number: config.number.as_ref().map_or(DEMONSTRATION_NUMBER, E164::expose).to_owned(),
        lengths: Default::default(),
    }
}

/// The switchboard of this configuration.
///
/// # Errors
/// A language that the provider is not told how to speak, or a desk language the hotline does not have.
pub fn switchboard(
    config: &Config,
    hotline: Hotline,
    keys: KeyRing,
    store: Store,
    now: Timestamp,
) -> Result<Switchboard, Failure> {
    switchboard_with(config, hotline, Sound::default(), keys, store, now)
}

/// As [`switchboard`], with the sound of its prompts.
///
/// # Errors
/// A language that is neither spoken by the provider nor whole in sound, or a desk language the hotline does not have.
pub fn switchboard_with(
    config: &Config,
    hotline: Hotline,
    sound: Sound,
    keys: KeyRing,
    store: Store,
    now: Timestamp,
) -> Result<Switchboard, Failure> {
    fits(config, &hotline, &sound)?;
    let setup = Setup {
        public_url: config.public_url.clone(),
        staff: staff_line(config, &hotline)?,
        desk: rung(config, &hotline),
        rest: rest(config)?,
        texts: Rules { prefixes: config.prefixes.clone(), daily_ceiling: config.daily_ceiling },
        withheld_most: usize::from(config.desk.withheld_at_once),
    };
    let hotlines = Hotlines::new(hotline, sound, fit(config));
    Ok(Switchboard::new(setup, hotlines, keys, store, DaySalt::new(random()), now))
}

/// Whether the line can speak this hotline.
///
/// # Errors
/// A language that the provider is not told how to speak and that has not a sound for each of its prompts, or a desk
/// language the hotline does not have.
pub fn fits(config: &Config, hotline: &Hotline, sound: &Sound) -> Result<(), Failure> {
    let played = played(hotline, sound, |_| false, &config.audio.twilio);
    for (language, played) in hotline.languages.iter().zip(&played) {
        if !config.calls() || config.say.contains_key(language) {
            continue;
        }
        let own =
            hotline.prompts().filter(|prompt| hotline.languages.get(usize::from(prompt.language.0)) == Some(language));
        let silent: Vec<&str> =
            own.filter(|prompt| !played.contains_key(&prompt.words)).map(|prompt| prompt.id.as_str()).collect();
        if let Some(first) = silent.first() {
            return Err(unspoken(language, Some((silent.len(), first))));
        }
    }
    desk_language(config, hotline)?;
    Ok(())
}

fn unspoken(language: &Language, silent: Option<(usize, &str)>) -> Failure {
    let or = match silent {
        None => String::new(),
        Some((count, first)) => {
            format!(
                ", or make the sound of the {count} prompts that have none, such as `{first}` (`hulplijn audio status`)"
            )
        }
    };
    Failure::cannot(format!(
        "the provider is not told how to speak `{language}`: add `{language} = {{ language = \"{language}-..\", voice = \"...\" }}` to `[say.twilio]`{or}"
    ))
}

/// The number that counsellors call, if the desk has one.
///
/// # Errors
/// The hotline has no words for it in the language the counsellors are spoken to.
fn staff_line(config: &Config, hotline: &Hotline) -> Result<Option<StaffLine>, Failure> {
    let Some(desk) = whole_desk(config, hotline) else { return Ok(None) };
    let Some(number) = desk.staff_number.clone() else { return Ok(None) };
    let language = desk_language(config, hotline)?;
    if hotline.phrases(language).staff.is_none() {
        return Err(Failure::cannot(format!(
            "the desk has a `staff_number`, and the menus have no `[phrase.staff]` in `{}`: add it, or take the number out",
            hotline.language(language)
        )));
    }
    let known = desk.counsellors.iter().zip(0..).filter_map(|(one, at)| Some((one.staff_id?, CounsellorIx(at))));
    let ids = known.filter_map(|(id, at)| Some((StaffId::new(&format!("{id:02}"))?, at))).collect();
    Ok(Some(StaffLine { number, ids }))
}

/// The provider's REST interface, where counsellors are called beside the waiting loop.
fn rest(config: &Config) -> Result<Option<Rest>, Failure> {
    config.rest.clone().map(Rest::new).transpose().map_err(Failure::cannot)
}

/// Opening hours in the time zone that counts: the configuration's, else the hotline's.
pub fn hours(config: &Config, hotline: &Hotline) -> Hours {
    let zone = config.timezone.clone().unwrap_or_else(|| hotline.timezone.clone());
    Hours { zone, ..config.desk.hours.clone() }
}

/// What the configuration adds to any revision.
fn fit(config: &Config) -> Fit {
    let voice = |voice: &super::config::Voice| Voice { language: voice.language.clone(), voice: voice.voice.clone() };
    let mut hours = config.desk.hours.clone();
    if let Some(zone) = &config.timezone {
        hours.zone = zone.clone();
    }
    Fit {
        settings: settings(config),
        voices: config.say.iter().map(|(language, known)| (*language, voice(known))).collect(),
        desk_language: config.desk.language,
        hours,
        hours_by_hotline: config.timezone.is_none(),
        order: config.audio.twilio.clone(),
        music: music::pieces().map(|piece| (SoundId::of(&piece), piece.into())).into(),
        sounds_at: config.public_url.clone(),
        folder: (config.mode == Mode::Demonstration).then(|| folder(config)),
    }
}

/// Gives the sounds that catalogs name from the folder of sound.
fn folder(config: &Config) -> Folder {
    let folder = Sounds::choose(config.audio.dir.clone(), &Origin::choose(config.menus.clone()));
    Arc::new(move |catalogs| folder.as_ref().map(|folder| sounds::all(folder, catalogs)).unwrap_or_default())
}

/// Who is rung, and what their telephones show.
pub fn rung(config: &Config, hotline: &Hotline) -> Option<Rung> {
    let own = config.number.clone().or_else(|| E164::new(DEMONSTRATION_NUMBER))?;
    Some(Rung { desk: whole_desk(config, hotline)?, own })
}

/// The name of the counsellor of a line that has only one.
pub fn only_counsellor() -> CounsellorId {
    CounsellorId::new(ONLY_COUNSELLOR).expect("it is such a name")
}

/// The whole desk, by the clock that counts: the configuration's, else the hotline's.
pub fn whole_desk(config: &Config, hotline: &Hotline) -> Option<Arc<desk::Desk>> {
    let desk = config.desk.desk.clone()?;
    match config.timezone {
        Some(_) => Some(desk),
        None => Some(Arc::new((*desk).clone().in_zone(hotline.timezone.clone()))),
    }
}

/// How the provider speaks each language of the hotline.
pub fn say(config: &Config, hotline: &Hotline) -> Result<SayConfig, Failure> {
    let mut voices = Vec::with_capacity(hotline.languages.len());
    for language in &hotline.languages {
        let none =
            || (!config.calls()).then(|| crate::cli::config::Voice { language: language.to_string(), voice: None });
        let voice = config.say.get(language).cloned().or_else(none).ok_or_else(|| unspoken(language, None))?;
        voices.push(Voice { language: voice.language, voice: voice.voice });
    }
    Ok(SayConfig { voices, ..SayConfig::default() })
}

/// The language the counsellor is spoken to.
///
/// # Errors
/// One that the hotline does not have.
pub fn desk_language(config: &Config, hotline: &Hotline) -> Result<LangIx, Failure> {
    match config.desk.language {
        None => Ok(LangIx(0)),
        Some(language) => hotline.language_ix(language).ok_or_else(|| {
            Failure::cannot(format!("`[desk] language` is `{language}`: expected one of the hotline's languages"))
        }),
    }
}

/// The public door in front of a switchboard.
///
/// # Errors
/// A secret that is empty, or no secret.
pub fn door(config: &Config, switchboard: Arc<Switchboard>, clock: Clock, trace_calls: bool) -> Result<Door, Failure> {
    let proof = match config.mode {
        Mode::Demonstration => Some(Proof::Loopback),
        Mode::Provider if config.calls() => {
            Some(Proof::Signature { verifier: verifier(config)?, public_url: config.public_url.clone() })
        }
        Mode::Provider => None,
    };
    let calls = proof.map(|proof| Arc::new(Twilio { proof, account: config.account_sid.clone() }));
    let mut texts: Vec<Arc<dyn TextDoor>> = Vec::new();
    if let Some(twilio) = &calls {
        texts.push(Arc::<Twilio>::clone(twilio));
    }
    if let Some(secret) = &config.kannel {
        let kannel = Kannel::new(secret).map_err(|why| Failure::cannot(format!("`[kannel] secret`: {why}")))?;
        texts.push(Arc::new(kannel));
    }
    Ok(Door {
        switchboard,
        calls,
        texts,
        clock,
        metrics: Arc::new(Metrics::default()),
        room: Arc::new(Semaphore::new(config.limits.requests)),
        desk_room: Arc::new(Semaphore::new(DESK_REQUESTS)),
        read_s: config.limits.read_s,
        trace_calls: trace_calls && config.mode == Mode::Demonstration,
    })
}

fn verifier(config: &Config) -> Result<Verifier, Failure> {
    let (first, more) = config.auth_tokens.split_first().ok_or_else(|| Failure::cannot("there is no auth token"))?;
    let mut verifier = Verifier::new(first).map_err(Failure::cannot)?;
    for token in more {
        verifier = verifier.or_token(token).map_err(Failure::cannot)?;
    }
    match &config.shared_key {
        Some(key) => verifier.or_shared_key(key).map_err(Failure::cannot),
        None => Ok(verifier),
    }
}
