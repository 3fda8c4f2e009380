//! How much is answered: limits per sender and for all together. In memory only, without numbers, and forgotten when
//! the hour is over (caller-safety CS-37, CS-38).

use crate::base::Party;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// At most this many senders are remembered, at most some 10 megabytes. When it is full, the one answered longest ago
/// goes: forgetting lets a text be answered, and the daily ceiling stands behind it.
pub const MAX_SENDERS: usize = 20_000;

/// Within this time each limit on a sender counts, in seconds: an hour. Nothing is remembered longer.
pub const HOUR_S: u64 = 3600;

/// The neutral answer goes to a sender at most once in this time, in seconds: 10 minutes.
pub const NEUTRAL_S: u64 = 600;

/// Answers with content to one sender within an hour. Reading the whole sample menu in one language takes 13.
pub const CONTENT_AN_HOUR: usize = 10;

/// Emergency answers to one sender within an hour. No limit for a person in danger, who texts a few times and then needs
/// a voice; but two robots that quote `112` at each other would never end.
pub const EMERGENCY_AN_HOUR: usize = 30;

/// The daily ceiling counts anew after this time, in seconds, even if nobody says that the day is over.
const DAY_S: u64 = 86_400;

/// What kind of answer it would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// The text of a code or a keyword.
    Content,
    /// The answer to a text nobody understands.
    Neutral,
    Emergency,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Send,
    /// Send, and say that it is the last for an hour.
    SendLast,
    Silent(Why),
}

/// Why a text gets no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Why {
    /// It was a stop word.
    Stop,
    /// The sender cannot be answered: a name, a short code, a withheld number, a country that is not allowed.
    Sender,
    /// It is one of our own texts.
    Ours,
    /// This sender had the neutral answer less than ten minutes ago.
    Neutral,
    /// This sender had the last answer of the hour, or too many emergency answers for a person.
    Hour,
    /// All senders together have had the day's answers. Something for the keeper to look at.
    Ceiling,
}

/// Whether this sender can and may be answered. Prefixes are such as `+31`; an empty list allows every country.
/// For an emergency text the prefixes do not count: give an empty list.
pub fn may_answer(party: &Party, prefixes: &[String]) -> bool {
    match party {
        Party::Number(number) => prefixes.is_empty() || prefixes.iter().any(|prefix| number.begins_with(prefix)),
        Party::ShortCode | Party::Alphanumeric | Party::Withheld => false,
    }
}

/// The memory of one process. A sender is a keyed hash, salted anew each day; no number comes here.
#[derive(Default)]
pub struct Limiter {
    senders: HashMap<u64, Sender>,
    /// The same senders by when they were last answered, in Unix seconds.
    by_time: BTreeSet<(i64, u64)>,
    /// When the day's count began, in Unix seconds, and answers since, emergencies left out.
    day: Option<(i64, u32)>,
}

/// When one sender was answered, in Unix seconds.
#[derive(Default)]
struct Sender {
    last: i64,
    neutral: Option<i64>,
    /// At most [`CONTENT_AN_HOUR`].
    content: Vec<i64>,
    /// At most [`EMERGENCY_AN_HOUR`].
    emergency: Vec<i64>,
}

impl Limiter {
    pub fn new() -> Limiter {
        Limiter::default()
    }

    /// Decides on one text and remembers what was sent. Takes the ceiling of answers a day to all senders together.
    pub fn decide(&mut self, sender: u64, kind: Kind, daily_ceiling: u32, now: Timestamp) -> Verdict {
        let now = now.as_second();
        self.forget_old(now);
        let verdict = self.judge(sender, kind, daily_ceiling, now);
        if !matches!(verdict, Verdict::Silent(_)) {
            self.remember(sender, kind, now);
        }
        verdict
    }

    /// Forgets what no limit needs any more. `decide` does so too; a door calls this now and then for the time when no
    /// texts come.
    pub fn sweep(&mut self, now: Timestamp) {
        self.forget_old(now.as_second());
    }

    /// Forgets everything: the salt has changed, and no sender can be recognised.
    pub fn forget_day(&mut self) {
        *self = Limiter::default();
    }

    fn judge(&self, sender: u64, kind: Kind, daily_ceiling: u32, now: i64) -> Verdict {
        let known = self.senders.get(&sender);
        match kind {
            Kind::Emergency if known.is_some_and(|known| known.recent_emergencies(now) >= EMERGENCY_AN_HOUR) => {
                Verdict::Silent(Why::Hour)
            }
            Kind::Emergency => Verdict::Send,
            Kind::Neutral if known.and_then(|known| known.neutral).is_some_and(|at| within(at, NEUTRAL_S, now)) => {
                Verdict::Silent(Why::Neutral)
            }
            Kind::Content if known.is_some_and(|known| known.closed(now)) => Verdict::Silent(Why::Hour),
            _ if self.day.map_or(0, |(_, answers)| answers) >= daily_ceiling => Verdict::Silent(Why::Ceiling),
            Kind::Content if known.is_some_and(|known| known.recent_content(now) + 1 >= CONTENT_AN_HOUR) => {
                Verdict::SendLast
            }
            Kind::Content | Kind::Neutral => Verdict::Send,
        }
    }

    fn remember(&mut self, id: u64, kind: Kind, now: i64) {
        if !self.senders.contains_key(&id)
            && self.senders.len() >= MAX_SENDERS
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.senders.remove(&oldest);
        }
        let sender = self.senders.entry(id).or_default();
        self.by_time.remove(&(sender.last, id));
        self.by_time.insert((now, id));
        sender.last = now;
        match kind {
            Kind::Neutral => sender.neutral = Some(now),
            Kind::Content => {
                let closed_before = sender.content.len() >= CONTENT_AN_HOUR;
                sender.content.retain(|at| !closed_before && within(*at, HOUR_S, now));
                sender.content.push(now);
            }
            Kind::Emergency => {
                sender.emergency.retain(|at| within(*at, HOUR_S, now));
                sender.emergency.push(now);
            }
        }
        if kind != Kind::Emergency {
            let (_, answers) = self.day.get_or_insert((now, 0));
            *answers = answers.saturating_add(1);
        }
    }

    fn forget_old(&mut self, now: i64) {
        // Oldest first; from the other end, moments that lie ahead because the clock was put back.
        while let Some((at, id)) = self.by_time.first().copied().filter(|(at, _)| !within(*at, HOUR_S, now)) {
            self.by_time.remove(&(at, id));
            self.senders.remove(&id);
        }
        while let Some((at, id)) = self.by_time.last().copied().filter(|(at, _)| !within(*at, HOUR_S, now)) {
            self.by_time.remove(&(at, id));
            self.senders.remove(&id);
        }
        self.day = self.day.filter(|(began, _)| within(*began, DAY_S, now));
    }
}

impl Sender {
    fn recent_emergencies(&self, now: i64) -> usize {
        self.emergency.iter().filter(|at| within(**at, HOUR_S, now)).count()
    }

    /// After the last answer, nothing for an hour: that is what it said.
    fn closed(&self, now: i64) -> bool {
        self.content.len() >= CONTENT_AN_HOUR && self.content.last().is_some_and(|last| within(*last, HOUR_S, now))
    }

    fn recent_content(&self, now: i64) -> usize {
        self.content.iter().filter(|at| within(**at, HOUR_S, now)).count()
    }
}

/// Whether a moment lies less than this many seconds away. A little in the future counts too: clocks are put right.
fn within(at: i64, seconds: u64, now: i64) -> bool {
    at.abs_diff(now) < seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NO_CEILING: u32 = u32::MAX;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn decide(limiter: &mut Limiter, sender: u64, kind: Kind, second: i64) -> Verdict {
        limiter.decide(sender, kind, NO_CEILING, at(second))
    }

    #[test]
    fn the_neutral_answer_comes_once_in_ten_minutes() {
        let mut limiter = Limiter::new();
        let mut case = |sender, second, expected| {
            assert_eq!(decide(&mut limiter, sender, Kind::Neutral, second), expected, "{sender} at {second}");
        };
        case(1, 0, Verdict::Send);
        case(1, 1, Verdict::Silent(Why::Neutral));
        case(2, 1, Verdict::Send);
        case(1, 599, Verdict::Silent(Why::Neutral));
        case(1, 600, Verdict::Send);
        case(1, 1199, Verdict::Silent(Why::Neutral));
        case(1, 1200, Verdict::Send);
    }

    #[test]
    fn the_tenth_answer_is_the_last_for_an_hour() {
        let mut limiter = Limiter::new();
        let mut case = |second, expected| {
            assert_eq!(decide(&mut limiter, 1, Kind::Content, second), expected, "at {second}");
        };
        for minute in 0..9 {
            case(minute * 60, Verdict::Send);
        }
        case(540, Verdict::SendLast);
        case(541, Verdict::Silent(Why::Hour));
        // The first answers are an hour old, but the last one said an hour.
        case(3600, Verdict::Silent(Why::Hour));
        case(540 + 3599, Verdict::Silent(Why::Hour));
        case(540 + 3600, Verdict::Send);
        // The hour begins anew.
        for second in 1..9 {
            case(4140 + second, Verdict::Send);
        }
        case(4150, Verdict::SendLast);
        case(4151, Verdict::Silent(Why::Hour));
    }

    #[test]
    fn answers_far_apart_are_never_the_last() {
        let mut limiter = Limiter::new();
        for turn in 0..100 {
            assert_eq!(decide(&mut limiter, 1, Kind::Content, turn * 400), Verdict::Send);
        }
    }

    #[test]
    fn what_is_silent_for_one_kind_is_open_for_the_others() {
        let mut limiter = Limiter::new();
        for _ in 0..20 {
            decide(&mut limiter, 1, Kind::Content, 0);
        }
        assert_eq!(decide(&mut limiter, 1, Kind::Content, 0), Verdict::Silent(Why::Hour));
        assert_eq!(decide(&mut limiter, 1, Kind::Emergency, 0), Verdict::Send);
        assert_eq!(decide(&mut limiter, 1, Kind::Neutral, 0), Verdict::Send);
        assert_eq!(decide(&mut limiter, 2, Kind::Content, 0), Verdict::Send);
    }

    #[test]
    fn an_emergency_is_answered_thirty_times_an_hour() {
        let mut limiter = Limiter::new();
        for second in 0..30 {
            assert_eq!(limiter.decide(1, Kind::Emergency, 0, at(second)), Verdict::Send, "{second}");
        }
        assert_eq!(limiter.decide(1, Kind::Emergency, 0, at(30)), Verdict::Silent(Why::Hour));
        assert_eq!(limiter.decide(2, Kind::Emergency, 0, at(30)), Verdict::Send);
        assert_eq!(limiter.decide(1, Kind::Emergency, 0, at(3599)), Verdict::Silent(Why::Hour));
        assert_eq!(limiter.decide(1, Kind::Emergency, 0, at(3600)), Verdict::Send);
    }

    #[test]
    fn the_daily_ceiling_is_for_all_and_never_for_an_emergency() {
        let mut limiter = Limiter::new();
        let mut case = |sender, kind, second, expected| {
            assert_eq!(limiter.decide(sender, kind, 3, at(second)), expected, "{sender} {kind:?} at {second}");
        };
        case(1, Kind::Emergency, 0, Verdict::Send);
        case(1, Kind::Content, 0, Verdict::Send);
        case(2, Kind::Neutral, 0, Verdict::Send);
        // What is not sent does not count.
        case(2, Kind::Neutral, 0, Verdict::Silent(Why::Neutral));
        case(3, Kind::Content, 0, Verdict::Send);
        case(4, Kind::Content, 1, Verdict::Silent(Why::Ceiling));
        case(5, Kind::Neutral, 50_000, Verdict::Silent(Why::Ceiling));
        case(5, Kind::Emergency, 50_000, Verdict::Send);
        case(4, Kind::Content, 86_399, Verdict::Silent(Why::Ceiling));
        case(4, Kind::Content, 86_400, Verdict::Send);
        limiter.forget_day();
        assert_eq!(limiter.decide(4, Kind::Content, 1, at(86_401)), Verdict::Send);
        assert_eq!(limiter.decide(4, Kind::Content, 0, at(86_401)), Verdict::Silent(Why::Ceiling));
    }

    #[test]
    fn what_is_past_its_window_is_forgotten() {
        let mut limiter = Limiter::new();
        decide(&mut limiter, 1, Kind::Content, 0);
        decide(&mut limiter, 2, Kind::Emergency, 10);
        decide(&mut limiter, 1, Kind::Neutral, 20);
        limiter.sweep(at(3609));
        assert_eq!(limiter.senders.len(), 2);
        limiter.sweep(at(3610));
        assert_eq!(limiter.senders.keys().collect::<Vec<_>>(), [&1]);
        limiter.sweep(at(3620));
        assert_eq!((limiter.senders.len(), limiter.by_time.len()), (0, 0));
        decide(&mut limiter, 1, Kind::Content, 3620);
        limiter.forget_day();
        assert_eq!((limiter.senders.len(), limiter.by_time.len()), (0, 0));
    }

    #[test]
    fn a_clock_put_back_does_not_silence_anybody() {
        let mut limiter = Limiter::new();
        for _ in 0..10 {
            decide(&mut limiter, 1, Kind::Content, 100_000);
        }
        assert_eq!(decide(&mut limiter, 1, Kind::Content, 99_990), Verdict::Silent(Why::Hour));
        assert_eq!(decide(&mut limiter, 1, Kind::Content, 0), Verdict::Send);
        assert_eq!((limiter.senders.len(), limiter.by_time.len()), (1, 1));
    }

    #[test]
    fn no_more_senders_are_kept_than_the_maximum() {
        let mut limiter = Limiter::new();
        let many = MAX_SENDERS as u64;
        for sender in 0..many {
            assert_eq!(decide(&mut limiter, sender, Kind::Neutral, 0), Verdict::Send);
        }
        // Sender 0 is heard again and so is not the oldest.
        assert_eq!(decide(&mut limiter, 0, Kind::Content, 1), Verdict::Send);
        assert_eq!(decide(&mut limiter, many, Kind::Neutral, 1), Verdict::Send);
        assert_eq!((limiter.senders.len(), limiter.by_time.len()), (MAX_SENDERS, MAX_SENDERS));
        assert_eq!(decide(&mut limiter, 0, Kind::Neutral, 2), Verdict::Silent(Why::Neutral));
        assert_eq!(decide(&mut limiter, many, Kind::Neutral, 2), Verdict::Silent(Why::Neutral));
        assert!(!limiter.senders.contains_key(&1));
    }

    #[test]
    fn only_numbers_of_allowed_countries_are_answered() {
        let case = |from: &str, prefixes: &[&str], expected: bool| {
            let prefixes: Vec<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
            assert_eq!(may_answer(&Party::from_wire(from), &prefixes), expected, "{from} {prefixes:?}");
        };
        case("+447700900123", &[], true);
        case("+447700900123", &["+31", "+44"], true);
        case("+447700900123", &["+31"], false);
        case("+447700900123", &["447"], false);
        case("+12025550123", &["+1"], true);
        for from in ["MyBank", "1008", "", "anonymous", "+266696687"] {
            case(from, &[], false);
            case(from, &["+"], false);
        }
    }

    fn events() -> impl Strategy<Value = Vec<(u64, Kind, i64)>> {
        let kind = prop_oneof![Just(Kind::Content), Just(Kind::Neutral), Just(Kind::Emergency)];
        let pause = prop_oneof![4 => 0..30_i64, 2 => 0..700_i64, 1 => 0..5000_i64];
        proptest::collection::vec((0..3_u64, kind, pause), 0..200)
    }

    proptest! {
        /// The limits, said again over what was sent instead of over what is remembered.
        #[test]
        fn the_limits_hold_in_every_row_of_texts(events in events(), ceiling in 0..150_u32) {
            let mut limiter = Limiter::new();
            let mut sent: Vec<(u64, Kind, i64, Verdict)> = Vec::new();
            let mut second = 0;
            for (sender, kind, pause) in events {
                second += pause;
                let verdict = limiter.decide(sender, kind, ceiling, at(second));
                let recent = |kind: Kind, window: i64| sent.iter()
                    .filter(|(s, k, t, _)| (*s, *k) == (sender, kind) && second - t < window).count();
                let told = sent.iter()
                    .any(|(s, _, t, v)| *s == sender && *v == Verdict::SendLast && second - t < 3600);
                let silent = matches!(verdict, Verdict::Silent(_));
                match kind {
                    Kind::Emergency => prop_assert_eq!(silent, recent(kind, 3600) >= 30),
                    Kind::Neutral if recent(kind, 600) > 0 => prop_assert!(silent),
                    Kind::Content if told => prop_assert!(silent),
                    Kind::Content => {
                        prop_assert!(recent(kind, 3600) < 10);
                        if !silent {
                            prop_assert_eq!(verdict == Verdict::SendLast, recent(kind, 3600) == 9);
                        }
                    }
                    Kind::Neutral => {}
                }
                if verdict == Verdict::Silent(Why::Ceiling) {
                    let content = sent.iter().filter(|(_, k, t, _)| *k != Kind::Emergency && second - t < 86_400);
                    prop_assert!(content.count() >= ceiling as usize);
                }
                if !silent {
                    sent.push((sender, kind, second, verdict));
                }
                prop_assert_eq!(limiter.senders.len(), limiter.by_time.len());
            }
        }
    }
}
