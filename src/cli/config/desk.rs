//! The desk: in the configuration itself, with one line, or in a file of its own.

use super::check::{Check, Purpose};
use super::file::DeskFile;
use super::{Desk, Mode};
use crate::base::hours::Hours;
use crate::base::{Accept, Callee, CounsellorId, E164, Language, Line, Severity};
use crate::cli::desk::file as desk_file;
use crate::cli::menus::Origin;
use crate::desk::{self, Counsellor, CounsellorIx, Rota, Strategy};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the one counsellor of the small desk.
pub const ONLY_COUNSELLOR: &str = "desk";

/// From asking to a person or a spoken way on where the small desk says nothing, in seconds.
const WAIT_MAX_S: u16 = 180;

/// Exceptions and holidays are told for so many days from the start of the program; it is started anew more often.
const DAYS_AHEAD: u16 = 5 * 366;

impl Check<'_> {
    /// The small desk: one line, and its hours.
    pub(super) fn desk(&mut self, desk: DeskFile, timezone: Option<TimeZone>, mode: Mode, live: bool) -> Desk {
        let line = desk.line.as_deref().and_then(|text| self.number("desk.line", text));
        if line.is_some() && mode == Mode::Demonstration && self.purpose == Purpose::Answering {
            self.problem("`[desk] line` is set and there is no provider: the demonstration has a pretend counsellor and never dials");
        }
        if line.is_some() && desk.hours.is_none() {
            self.problem("`[desk] hours` is not set: callers are told when somebody is there, such as `hours = [\"mon-fri 09:00-17:00\"]`");
        }
        let pickup = match desk.accept.as_deref() {
            None | Some("key") => false,
            Some("pickup") => true,
            Some(other) => {
                self.problem(format!(
                    "`[desk] accept` is `{other}`: expected `key` (press 1 to take the call) or `pickup`"
                ));
                false
            }
        };
        let ring_s = desk.ring_s.unwrap_or(15);
        if !(5..=15).contains(&ring_s) {
            self.problem(format!("`[desk] ring_s` is {ring_s}: expected 5 to 15 seconds, since no key of the caller's works while it rings"));
        }
        let talk_max_min = desk.talk_max_min.unwrap_or(120);
        if !(1..=240).contains(&talk_max_min) {
            self.problem(format!("`[desk] talk_max_min` is {talk_max_min}: expected 1 to 240 minutes"));
        }
        let withheld_at_once = self.withheld_at_once(&desk);
        let language = desk.language.as_deref().and_then(|tag| {
            let language = Language::new(tag);
            if language.is_none() {
                self.problem(format!("`[desk] language` is `{tag}`: expected one such as `nl`"));
            }
            language
        });
        let zone = timezone.unwrap_or_else(|| TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC));
        let hours = match &desk.hours {
            None => Hours::always(zone),
            Some(lines) => Hours::parse(zone.clone(), lines, &desk.exceptions).unwrap_or_else(|problem| {
                self.problem(format!("`[desk]`: {problem}"));
                Hours::always(zone)
            }),
        };
        let spoken_hours = desk.hours.is_some();
        let callee = match &line {
            Some(line) => Some(Callee::Number(line.clone())),
            // A line that others can reach is refused without a desk; nobody is promised here who does not exist.
            None if live => None,
            None => Some(Callee::Pretend),
        };
        let accept = if pickup { Accept::Pickup } else { Accept::Key };
        let whole = callee.and_then(|callee| {
            let id = CounsellorId::new(ONLY_COUNSELLOR)?;
            Some(Arc::new(desk::Desk {
                counsellors: vec![Counsellor::new(id, Line { callee, accept, ring_s })],
                rota: Rota::of_hours(hours.clone(), vec![CounsellorIx(0)]),
                strategy: Strategy::Order,
                fallback: None,
                choose_gender: false,
                wrap_up_s: 0,
                wait_max_s: WAIT_MAX_S,
                talk_max_s: u32::from(talk_max_min) * 60,
                language,
                told: None,
                staff_number: None,
            }))
        });
        let file = None;
        Desk { file, desk: whole, line, pickup, ring_s, talk_max_min, withheld_at_once, language, hours, spoken_hours }
    }

    fn withheld_at_once(&mut self, desk: &DeskFile) -> u8 {
        let withheld_at_once = desk.withheld_at_once.unwrap_or(3);
        if !(1..=100).contains(&withheld_at_once) {
            self.problem(format!("`[desk] withheld_at_once` is {withheld_at_once}: expected 1 to 100 callers"));
        }
        withheld_at_once
    }

    /// The desk in its own file. Only `withheld_at_once` stands beside it.
    pub(super) fn desk_file(
        &mut self,
        path: &Path,
        written: DeskFile,
        timezone: Option<&TimeZone>,
        menus: Option<PathBuf>,
        mode: Mode,
    ) -> Desk {
        let beside = [
            ("line", written.line.is_some()),
            ("hours", written.hours.is_some()),
            ("accept", written.accept.is_some()),
            ("ring_s", written.ring_s.is_some()),
            ("talk_max_min", written.talk_max_min.is_some()),
            ("language", written.language.is_some()),
            ("exceptions", !written.exceptions.is_empty()),
        ];
        let beside: Vec<String> = beside.iter().filter(|(_, set)| *set).map(|(key, _)| format!("`{key}`")).collect();
        if !beside.is_empty() {
            self.problem(format!(
                "`[desk] file` is set: {} belong in that file, not here: take them out of `[desk]`",
                beside.join(", ")
            ));
        }
        let withheld_at_once = self.withheld_at_once(&written);
        let path = self.folder.join(path);
        let desk = self.read_desk_file(&path, &Origin::choose(menus));
        if let (Some(zone), Some(desk)) = (timezone, &desk)
            && zone.iana_name() != desk.rota.zone().iana_name()
        {
            self.problem(format!(
                "`timezone` is `{}` here and `{}` in the desk file: take it out here",
                zone.iana_name().unwrap_or_default(),
                desk.rota.zone().iana_name().unwrap_or_default()
            ));
        }
        // The demonstration plays the same rota, and dials nobody.
        let desk = desk.map(|desk| if mode == Mode::Demonstration { desk.played() } else { desk });
        let today = crate::cli::assemble::today();
        let fallback = desk.as_ref().and_then(|desk| desk.counsellor(desk.fallback?));
        let line = fallback.and_then(|who| match &who.line.callee {
            Callee::Number(number) => Some(number.clone()),
            Callee::Sip(_) | Callee::Pretend => None,
        });
        Desk {
            pickup: fallback.is_some_and(|who| who.line.accept == Accept::Pickup),
            line,
            ring_s: desk.as_ref().and_then(|desk| desk.counsellors.first()).map_or(15, |who| who.line.ring_s),
            talk_max_min: desk.as_ref().map_or(120, |desk| u16::try_from(desk.talk_max_s / 60).unwrap_or(240)),
            withheld_at_once,
            language: desk.as_ref().and_then(|desk| desk.language),
            hours: match &desk {
                Some(desk) => desk.hours(today.yesterday().unwrap_or(today), DAYS_AHEAD),
                None => Hours::always(TimeZone::UTC),
            },
            spoken_hours: desk.is_some(),
            desk: desk.map(Arc::new),
            file: Some(path),
        }
    }

    fn read_desk_file(&mut self, path: &Path, menus: &Origin) -> Option<desk::Desk> {
        let name = path.display();
        let text = match desk_file::text(path) {
            Ok(text) => text,
            Err(why) => {
                self.problem(format!("cannot read `[desk] file` `{name}`: {why}"));
                return None;
            }
        };
        self.secret_files.push(path.to_path_buf());
        for (why, help) in desk_file::not_private(path, menus) {
            self.problem(format!("`[desk] file` `{name}` {why}: {help}"));
        }
        let loaded = desk::load(&name.to_string(), &text, crate::cli::assemble::today());
        for finding in loaded.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let (line, column) = finding.place.line_column(&loaded.sources);
            self.problem(format!("{name}:{line}:{column}: {}", finding.message));
        }
        if loaded.has_errors() {
            self.problem(format!("`hulplijn desk check {name}` tells more"));
        }
        loaded.desk
    }

    /// A call to a counsellor must not come back to the hotline.
    pub(super) fn own_number(&mut self, own: &E164, desk: &desk::Desk) {
        let own_line = |who: &&Counsellor| who.line.callee == Callee::Number(own.clone());
        if let Some(who) = desk.counsellors.iter().find(own_line) {
            self.problem(format!(
                "the line of `{}` in the desk file is the hotline's own number: a call to it would come back here",
                who.id
            ));
        }
        if desk.staff_number.as_ref() == Some(own) {
            self.problem("`staff_number` in the desk file is the hotline's own number: it has to be a second one");
        }
    }
}
