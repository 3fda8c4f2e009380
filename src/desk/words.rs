//! Hours as they are written in the file, for tables and findings.

use super::rota::{Days, days_written};
use crate::base::hours::{Stretch, nights_joined};

/// The minutes of a day.
const DAY: u16 = 1440;

/// `09:00`; the end of a day is `24:00`, and what lies in the next day is its time there.
pub fn time(minute: u16) -> String {
    let minute = if minute > DAY { minute - DAY } else { minute };
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `22:00-06:00`
pub fn stretch(stretch: Stretch) -> String {
    format!("{}-{}", time(stretch.from), time(stretch.to))
}

/// The hours of a week, Monday first: `mon-fri 17:00-09:00, sat,sun 00:00-24:00`.
pub fn week(week: &[Vec<Stretch>; 7]) -> String {
    let week = nights_joined(week);
    let mut kinds: Vec<(Stretch, Days)> = Vec::new();
    for (day, stretches) in week.iter().enumerate() {
        for stretch in stretches {
            match kinds.iter_mut().find(|(known, _)| known == stretch) {
                Some((_, days)) => days.week[day] = true,
                None => {
                    let mut days = Days::default();
                    days.week[day] = true;
                    kinds.push((*stretch, days));
                }
            }
        }
    }
    let words = kinds.into_iter().map(|(hours, days)| format!("{} {}", days_written(days), stretch(hours)));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hours::Hours;
    use jiff::tz::TimeZone;

    #[test]
    fn a_week_comes_back_as_it_was_written() {
        for text in [
            "mon-fri 09:00-17:00",
            "mon-sun 22:00-06:00",
            "mon-thu 17:00-09:00, fri 17:00-24:00, sat,sun 00:00-24:00, mon 00:00-09:00",
            "mon-sun 00:00-24:00",
            "mon,wed 09:00-12:00, sun 23:30-00:30",
        ] {
            let lines: Vec<String> = text.split(", ").map(str::to_owned).collect();
            let hours = Hours::parse(TimeZone::UTC, &lines, &[]).unwrap();
            let told: Vec<String> = week(&hours.week).split(", ").map(str::to_owned).collect();
            assert!(told.len() == lines.len() && lines.iter().all(|line| told.contains(line)), "{text}: {told:?}");
        }
        assert_eq!(week(&Default::default()), "");
    }
}
