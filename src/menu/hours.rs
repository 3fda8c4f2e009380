//! Opening hours in the words of a language: "Monday through Friday, from nine in the morning to five in the afternoon".

use super::fill::{folded, pattern};
use super::findings::Findings;
use super::parsed::HourTexts;
use crate::base::hours::{Hours, Stretch};

/// The minutes of a day.
const DAY: u16 = 1440;

/// The weekly hours in words; exceptions are not spoken. Nothing if there are no weekly hours.
pub(super) fn in_words(hours: Option<&Hours>, texts: &HourTexts, findings: &Findings) -> Option<String> {
    let Some(hours) = hours else { return Some(folded(&texts.always)) };
    let week = nights_joined(&hours.week);
    if week.iter().all(|day| day == &[Stretch { from: 0, to: DAY }]) {
        return Some(folded(&texts.always));
    }
    let mut groups: Vec<(Vec<usize>, &Vec<Stretch>)> = Vec::new();
    for (day, stretches) in week.iter().enumerate().filter(|(_, stretches)| !stretches.is_empty()) {
        match groups.iter_mut().find(|(_, known)| *known == stretches) {
            Some((days, _)) => days.push(day),
            None => groups.push((vec![day], stretches)),
        }
    }
    let groups: Vec<String> = groups
        .iter()
        .map(|(days, stretches)| {
            let spans = stretches.iter().map(|stretch| span(*stretch, texts, findings)).collect();
            format!("{}, {}", days_in_words(days, texts, findings), joined(spans, &texts.and))
        })
        .collect();
    (!groups.is_empty()).then(|| folded(&joined(groups, &texts.and)))
}

/// A stretch until midnight that goes on the next morning is one stretch of the day it began.
fn nights_joined(week: &[Vec<Stretch>; 7]) -> [Vec<Stretch>; 7] {
    let goes_on = |day: usize| {
        let night = week[day].last().filter(|last| last.to == DAY && last.from > 0)?;
        let morning = week[(day + 1) % 7].first().filter(|first| first.from == 0 && first.to < night.from)?;
        Some(morning.to)
    };
    std::array::from_fn(|day| {
        let mut stretches = week[day].clone();
        if let (Some(until), Some(last)) = (goes_on(day), stretches.last_mut()) {
            last.to = until;
        }
        if goes_on((day + 6) % 7).is_some() {
            stretches.remove(0);
        }
        stretches
    })
}

fn days_in_words(days: &[usize], texts: &HourTexts, findings: &Findings) -> String {
    if days.len() == 7 {
        return folded(&texts.daily);
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *day => *last = *day,
            _ => runs.push((*day, *day)),
        }
    }
    let name = |day: usize| texts.days[day].as_str();
    let mut words = Vec::new();
    for (first, last) in runs {
        match last - first {
            0 => words.push(name(first).to_owned()),
            1 => words.extend([name(first).to_owned(), name(last).to_owned()]),
            _ => words.push(pattern(&texts.through, findings, &[("first", name(first)), ("last", name(last))])),
        }
    }
    joined(words, &texts.and)
}

fn span(stretch: Stretch, texts: &HourTexts, findings: &Findings) -> String {
    let time = |minute: u16| {
        let hour = usize::from(minute / 60 % 24);
        if minute % 60 < 30 { texts.hours[hour].as_str() } else { texts.half_hours[hour].as_str() }
    };
    pattern(&texts.span, findings, &[("from", time(stretch.from)), ("to", time(stretch.to))])
}

/// "a", "a and b", "a, b and c".
fn joined(mut words: Vec<String>, and: &str) -> String {
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} {and} {last}", words.join(", ")),
    }
}
