//! Opening hours in the words of a language: "Monday through Friday, from nine in the morning to five in the afternoon".

use super::fill::{folded, pattern};
use super::parsed::HourTexts;
use crate::base::findings::Findings;
use crate::base::hours::{Hours, Stretch, nights_joined};

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

#[cfg(test)]
mod tests {
    use crate::base::hours::Hours;
    use crate::menu::fixture::{EN, NL, TODAY, sources};
    use crate::menu::{LangIx, Settings, load};
    use jiff::tz::TimeZone;

    fn words(week: &[&str], language: LangIx) -> String {
        let week: Vec<String> = week.iter().map(|line| (*line).to_owned()).collect();
        let hours = Hours::parse(TimeZone::UTC, &week, &["2026-12-25 closed".into()]).unwrap();
        let settings = Settings { hours: Some(hours), ..Settings::default() };
        let hotline = load(&sources(), &settings, TODAY).hotline.unwrap();
        let closed = hotline.spoken(hotline.roles.closed, language).info[0].words.clone();
        let lead = ["We are here ", "Wij zijn er "].into_iter().find_map(|lead| closed.split_once(lead));
        lead.unwrap().1.trim_end_matches('.').to_owned()
    }

    #[test]
    fn hours_in_the_words_of_a_language() {
        let case = |week: &[&str], expected: &str| assert_eq!(words(week, EN), expected, "{week:?}");
        case(&["mon-fri 09:00-17:00"], "Monday through Friday, from nine in the morning to five in the afternoon");
        case(&["mon-sun 09:00-17:00"], "every day, from nine in the morning to five in the afternoon");
        case(&["mon-sun 00:00-24:00"], "day and night");
        case(&["mon,tue 09:30-12:00"], "Monday and Tuesday, from half past nine to noon");
        case(&["mon,wed,fri 09:00-12:00"], "Monday, Wednesday and Friday, from nine in the morning to noon");
        case(
            &["mon-fri 09:00-12:00,13:00-17:00", "sat 10:00-12:00"],
            "Monday through Friday, from nine in the morning to noon and from one in the afternoon to five in the \
             afternoon and Saturday, from ten in the morning to noon",
        );
        case(
            &["mon 09:00-12:00", "wed 10:00-12:00", "fri 11:00-12:00"],
            "Monday, from nine in the morning to noon, Wednesday, from ten in the morning to noon and Friday, from \
             eleven in the morning to noon",
        );
        assert_eq!(
            words(&["mon-fri 09:00-17:30"], NL),
            "maandag tot en met vrijdag, van negen uur 's ochtends tot half zes"
        );
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins() {
        let case = |week: &[&str], expected: &str| assert_eq!(words(week, EN), expected, "{week:?}");
        case(&["sat 22:00-02:00"], "Saturday, from ten in the evening to two at night");
        case(&["sun 22:00-02:00"], "Sunday, from ten in the evening to two at night");
        case(&["mon-sun 20:00-08:00"], "every day, from eight in the evening to eight in the morning");
        case(&["sat 20:00-24:00"], "Saturday, from eight in the evening to midnight");
        case(
            &["sat 20:00-24:00", "sun 00:00-24:00"],
            "Saturday, from eight in the evening to midnight and Sunday, from midnight to midnight",
        );
    }
}
