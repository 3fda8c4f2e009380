//! From the text of the desk file to a desk and everything that is wrong with it.

use super::check;
use super::mask::{masked, without_numbers};
use super::parsed::{Parsed, ParsedException, ParsedShift, parse};
use super::rota::{Exception, Rota, Shift};
use super::{Counsellor, CounsellorIx, Desk, Strategy};
use crate::base::findings::Findings;
use crate::base::read::{At, Text};
use crate::base::{Callee, CounsellorId, Finding, Language, Line, Place, Severity, Sources};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What was made of the file.
pub struct Loaded {
    /// There is one exactly if no finding is an error.
    pub desk: Option<Desk>,
    /// Everything that was found, by place. No number of a counsellor is in it.
    pub findings: Vec<Finding>,
    /// The file by its name, for the places of the findings; what must not be shown is masked in it.
    pub sources: Sources,
    pub(super) places: Places,
}

/// Where the file says what has to fit the menus.
#[derive(Default)]
pub(super) struct Places {
    pub file: Option<Place>,
    pub timezone: Option<Place>,
    pub language: Option<At<Language>>,
    /// Of every counsellor.
    pub languages: Vec<At<Language>>,
}

/// Reads and checks a desk file. `name` is what findings call it; `today` decides what is past.
pub fn load(name: &str, text: &str, today: Date) -> Loaded {
    let file: Arc<str> = Arc::from(name);
    let findings = Findings::default();
    let parsed = parse(&file, text, &findings);
    let mut places = Places { file: Some(Place::new(&file, 0..0)), ..Places::default() };
    let desk = parsed.map(|parsed| {
        let resolved = Resolved::of(&parsed, &findings);
        check::check(&parsed, &resolved, today, &findings);
        places.timezone = parsed.timezone.as_ref().map(|zone| zone.place.clone());
        places.language = parsed.language.clone();
        places.languages = parsed.counsellors.iter().flat_map(|who| who.languages.iter().cloned()).collect();
        resolved.desk(&parsed)
    });
    let whole = !findings.has_errors();
    Loaded {
        desk: desk.filter(|_| whole),
        findings: findings.into_list().into_iter().map(without_numbers).collect(),
        sources: Sources::from([(file, Arc::from(masked(text)))]),
        places,
    }
}

impl Loaded {
    /// Whether something is wrong that keeps the desk from being used.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// A finding that concerns the file as a whole.
    pub fn add(&mut self, rule: &'static str, message: String, help: String) {
        let place = Place::new(self.sources.keys().next().unwrap_or(&Arc::from("")), 0..0);
        self.findings.insert(0, Finding::error(rule, place, message).help(help));
        self.desk = None;
    }
}

/// The shifts with names turned into counsellors. What was wrong is reported, and left out.
pub(super) struct Resolved {
    pub shifts: Vec<Shift>,
    pub exceptions: Vec<Exception>,
    pub fallback: Option<CounsellorIx>,
    /// Everybody who is named in a shift or an exception, also in one that could not be read.
    pub named: HashSet<CounsellorIx>,
}

impl Resolved {
    fn of(parsed: &Parsed, findings: &Findings) -> Resolved {
        let names: HashMap<&str, CounsellorIx> = parsed
            .counsellors
            .iter()
            .zip(0..)
            .map(|(counsellor, at)| (counsellor.id.as_str(), CounsellorIx(at)))
            .collect();
        let name = |text: &Text| {
            names.get(text.as_str()).copied().or_else(|| {
                let known = parsed.counsellors.iter().map(|counsellor| counsellor.id.as_str());
                let meant = findings.unknown(&text.place, text, "a counsellor", known)?;
                names.get(meant).copied()
            })
        };
        let mut named = HashSet::new();
        let mut who = |texts: &[Text]| -> Vec<CounsellorIx> {
            let mut who = Vec::with_capacity(texts.len());
            for text in texts {
                match name(text) {
                    Some(one) if who.contains(&one) => {
                        let message = format!("`{}` is named twice in this shift", text.as_str());
                        findings.warn(&text.place, message);
                    }
                    Some(one) => who.push(one),
                    None => {}
                }
            }
            named.extend(&who);
            who
        };
        let shifts = parsed.shifts.iter().map(|shift| (shift, who(&shift.who))).collect::<Vec<_>>();
        let exceptions = parsed.exceptions.iter().map(|own| (own, who(&own.who))).collect::<Vec<_>>();
        let shift = |(shift, who): (&ParsedShift, Vec<CounsellorIx>)| {
            Some(Shift { days: shift.days, stretch: shift.time?, who })
        };
        let exception = |(exception, who): (&ParsedException, Vec<CounsellorIx>)| {
            let shift = match (exception.closed, &exception.time) {
                (true, _) => None,
                (false, time) => Some((time.as_ref()?.value, who)),
            };
            Some(Exception { date: exception.date.as_ref()?.value, shift })
        };
        Resolved {
            shifts: shifts.into_iter().filter_map(shift).collect(),
            exceptions: exceptions.into_iter().filter_map(exception).collect(),
            fallback: parsed.fallback.as_ref().and_then(name),
            named,
        }
    }

    fn desk(self, parsed: &Parsed) -> Desk {
        // Within these bounds by the reader; where it complained there is no desk.
        let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let ring_s = u8::try_from(parsed.ring_s).unwrap_or(u8::MAX);
        let counsellor = |who: &super::parsed::ParsedCounsellor| Counsellor {
            id: who.id.clone(),
            line: Line {
                callee: who.callee.as_ref().map_or(Callee::Pretend, |callee| callee.value.clone()),
                accept: who.accept,
                ring_s,
            },
            languages: who.languages.iter().map(|language| language.value).collect(),
            gender: who.gender,
            staff_id: who.staff_id.as_ref().and_then(|id| u8::try_from(id.value).ok()),
            pin: who.pin.as_ref().map(|pin| pin.as_str().to_owned()),
        };
        let zone = parsed.timezone.as_ref().map_or(TimeZone::UTC, |zone| zone.value.clone());
        let holidays: Vec<_> = parsed.holidays.iter().map(|holiday| holiday.value).collect();
        Desk {
            counsellors: parsed.counsellors.iter().map(counsellor).collect(),
            rota: Rota::new(zone, &self.shifts, &holidays, &self.exceptions),
            strategy: parsed.strategy.as_ref().map_or(Strategy::default(), |strategy| strategy.value),
            fallback: self.fallback,
            choose_gender: parsed.choose_gender.as_ref().is_some_and(|choose| choose.value),
            wrap_up_s: small(parsed.wrap_up_s),
            wait_max_s: small(parsed.wait_max_s),
            talk_max_s: parsed.talk_max_min * 60,
            language: parsed.language.as_ref().map(|language| language.value),
            told: parsed.told.as_ref().map(|told| told.value.clone()),
            staff_number: parsed.staff_number.as_ref().map(|number| number.value.clone()),
        }
    }
}

/// The name of a counsellor, for findings.
pub(super) fn name(parsed: &Parsed, one: CounsellorIx) -> &str {
    parsed.counsellors.get(usize::from(one.0)).map_or("?", |who| CounsellorId::as_str(&who.id))
}

#[cfg(test)]
mod tests;
