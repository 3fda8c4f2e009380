//! `sms`: from a text that came in to the one that goes out, if any: cleaning, meaning, answer, limits.
//!
//! Contract: at most one answer to each text; what it says depends on that text alone, and only whether it is sent
//! depends on earlier ones; a text that names the emergency number is answered, whatever else is in the way.
//! Must never know: a sender's number, a provider, a clock, the disk.

mod answer;
mod clean;
mod dress;
mod late;
mod limit;
#[cfg(test)]
pub(crate) mod sample;
mod understand;

pub use answer::{Reply, TextCount, answer, as_last, is_ours};
pub use clean::{Cleaned, MAX_CHARACTERS, clean};
pub use dress::keywords_in_every_dress;
pub use late::{LATE_S, SKEW_S, in_time};
pub use limit::{
    CONTENT_AN_HOUR, EMERGENCY_AN_HOUR, HOUR_S, Kind, Limiter, MAX_SENDERS, NEUTRAL_S, Verdict, Why, may_answer,
};
pub use understand::{Found, Understood, understand};

use crate::base::Party;
use crate::menu::Hotline;
use jiff::Timestamp;

/// What the keeper decides about texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Only numbers that begin with one of these are answered, such as `+31`; empty allows every country.
    pub prefixes: Vec<String>,
    /// Answers a day to all senders together, emergencies left out.
    pub daily_ceiling: u32,
}

/// What came of one text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// What to send back, filled in; `None` for nothing.
    pub text: Option<String>,
    /// Empty if nothing is sent.
    pub counts: Vec<TextCount>,
    /// Why nothing is sent. Only [`Why::Ceiling`] is worth a line in the log, without anything of the text or its sender.
    pub silent: Option<Why>,
}

/// Answers one text. `sender` is a hash of the number under a key and the salt of the day; the number in `from` is
/// looked at only for its country.
pub fn reply(
    hotline: &Hotline,
    limiter: &mut Limiter,
    rules: &Rules,
    from: &Party,
    sender: u64,
    text: &str,
    now: Timestamp,
) -> Outcome {
    match decided(hotline, limiter, rules, from, sender, text, now) {
        Ok((text, counts)) => Outcome { text: Some(text), counts, silent: None },
        Err(why) => Outcome { text: None, counts: Vec::new(), silent: Some(why) },
    }
}

fn decided(
    hotline: &Hotline,
    limiter: &mut Limiter,
    rules: &Rules,
    from: &Party,
    sender: u64,
    text: &str,
    now: Timestamp,
) -> Result<(String, Vec<TextCount>), Why> {
    // Before the emergency: our own texts name the emergency number, so two robots would keep each other alive with it.
    if is_ours(hotline, text) {
        return Err(Why::Ours);
    }
    let reply = answer(hotline, understand(&hotline.sms, text)).ok_or(Why::Stop)?;
    let prefixes = match reply.kind {
        Kind::Emergency => &[],
        Kind::Content | Kind::Neutral => rules.prefixes.as_slice(),
    };
    if !may_answer(from, prefixes) {
        return Err(Why::Sender);
    }
    let mut counts = vec![reply.count];
    counts.extend(reply.language.map(TextCount::Language));
    match limiter.decide(sender, reply.kind, rules.daily_ceiling, now) {
        Verdict::Send => Ok((reply.text.to_owned(), counts)),
        Verdict::SendLast => {
            counts.push(TextCount::Last);
            Ok((as_last(hotline, &reply), counts))
        }
        Verdict::Silent(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{EN, hotline};
    use super::*;
    use crate::base::E164;
    use proptest::prelude::*;

    const EMERGENCY: &str = "We cannot send help. Call 112 and speak.";
    const NEUTRAL: &str = "1 = Nederlands. 2 = English.";

    fn rules() -> Rules {
        Rules { prefixes: Vec::new(), daily_ceiling: 1000 }
    }

    fn caller() -> Party {
        Party::Number(E164::new("+447700900123").unwrap())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn send(limiter: &mut Limiter, rules: &Rules, from: &Party, text: &str, second: i64) -> Outcome {
        reply(hotline(), limiter, rules, from, 1, text, at(second))
    }

    #[test]
    fn one_text_gets_one_answer_and_its_counts() {
        let case = |text: &str, begins: Option<&str>, counts: &[TextCount], silent: Option<Why>| {
            let outcome = send(&mut Limiter::new(), &rules(), &caller(), text, 0);
            assert_eq!(outcome.text.is_some(), begins.is_some(), "{text}");
            assert!(outcome.text.unwrap_or_default().starts_with(begins.unwrap_or_default()), "{text}");
            assert_eq!((outcome.counts.as_slice(), outcome.silent), (counts, silent), "{text}");
        };
        case("232", Some("In the reflection"), &[TextCount::Code, TextCount::Language(EN)], None);
        case("Rights", Some("In the reflection"), &[TextCount::Keyword, TextCount::Language(EN)], None);
        case("I am forced to work", Some(NEUTRAL), &[TextCount::Unknown], None);
        case("please 112!!", Some(EMERGENCY), &[TextCount::Emergency], None);
        case("comensha", Some(sample::CHOOSE), &[TextCount::Keyword], None);
        case("STOP", None, &[], Some(Why::Stop));
        case(NEUTRAL, None, &[], Some(Why::Ours));
        case(&hotline().sms.emergency, None, &[], Some(Why::Ours));
    }

    #[test]
    fn some_senders_are_never_answered() {
        for from in ["MyBank", "1008", "", "Anonymous"] {
            for text in ["help", "112", "hello", "stop"] {
                let outcome = send(&mut Limiter::new(), &rules(), &Party::from_wire(from), text, 0);
                assert_eq!((outcome.text, outcome.counts), (None, Vec::new()), "{from} {text}");
            }
        }
    }

    #[test]
    fn prefixes_do_not_count_in_an_emergency() {
        let rules = Rules { prefixes: vec!["+31".to_owned()], daily_ceiling: 0 };
        let mut limiter = Limiter::new();
        assert_eq!(send(&mut limiter, &rules, &caller(), "help", 0).silent, Some(Why::Sender));
        assert!(send(&mut limiter, &rules, &caller(), "sos", 0).text.unwrap().starts_with(EMERGENCY));
    }

    #[test]
    fn an_unanswerable_sender_uses_nothing_up() {
        let mut limiter = Limiter::new();
        let rules = Rules { daily_ceiling: 1, ..rules() };
        for _ in 0..20 {
            assert_eq!(send(&mut limiter, &rules, &Party::Alphanumeric, "help", 0).silent, Some(Why::Sender));
            assert_eq!(send(&mut limiter, &rules, &caller(), "stop", 0).silent, Some(Why::Stop));
        }
        assert_eq!(send(&mut limiter, &rules, &caller(), "help", 0).silent, None);
        assert_eq!(send(&mut limiter, &rules, &caller(), "help", 0).silent, Some(Why::Ceiling));
    }

    #[test]
    fn the_tenth_answer_says_that_it_is_the_last() {
        let mut limiter = Limiter::new();
        let mut texts = Vec::new();
        for second in 0..10 {
            texts.push(send(&mut limiter, &rules(), &caller(), "25", second));
        }
        let plain = "We never call you and never text first. Delete this text.";
        assert!(texts[..9].iter().all(|outcome| outcome.text.as_deref() == Some(plain)));
        let last = "We never call you and never text first. This is the last answer for an hour. Delete this text.";
        assert_eq!(texts[9].text.as_deref(), Some(last));
        assert_eq!(texts[9].counts, [TextCount::Code, TextCount::Language(EN), TextCount::Last]);
        assert_eq!(send(&mut limiter, &rules(), &caller(), "25", 20).silent, Some(Why::Hour));
        assert!(send(&mut limiter, &rules(), &caller(), "112", 20).text.unwrap().starts_with(EMERGENCY));
        assert_eq!(send(&mut limiter, &rules(), &caller(), "25", 3609).text.as_deref(), Some(plain));
    }

    #[test]
    fn two_hotlines_that_text_each_other_fall_silent() {
        let (mut here, mut there) = (Limiter::new(), Limiter::new());
        let mut other = hotline().clone();
        other.sms.emergency = "Call 112 at once, we are a robot like you.".to_owned();
        let mut text = "112".to_owned();
        let mut sent = 0;
        for second in 0..1000 {
            let (limiter, house) = if second % 2 == 0 { (&mut here, hotline()) } else { (&mut there, &other) };
            match reply(house, limiter, &rules(), &caller(), 1, &text, at(second)).text {
                Some(answer) => text = answer,
                None => break,
            }
            sent += 1;
        }
        assert_eq!(sent, 2 * EMERGENCY_AN_HOUR);
    }

    fn a_text() -> impl Strategy<Value = String> {
        let known = prop_oneof![
            Just("112"),
            Just("sos!"),
            Just("stop"),
            Just("2"),
            Just("2 3 1"),
            Just("hulp"),
            Just("Shleter."),
            Just("comensha"),
            Just("I am forced to work"),
            Just("hello"),
            Just(NEUTRAL),
        ];
        prop_oneof![6 => known.prop_map(str::to_owned), 1 => any::<String>()]
    }

    proptest! {
        /// Whatever came before: a text is answered with what it is answered with alone, or, as the tenth, with the
        /// same and a word about the hour, or not at all.
        #[test]
        fn what_is_said_depends_on_the_text_alone(texts in proptest::collection::vec((a_text(), 0..400_i64), 1..60)) {
            let mut limiter = Limiter::new();
            let (mut received, mut sent, mut second) = (0, 0, 0);
            for (text, pause) in texts {
                second += pause;
                received += 1;
                let outcome = send(&mut limiter, &rules(), &caller(), &text, second);
                let alone = send(&mut Limiter::new(), &rules(), &caller(), &text, 0);
                prop_assert_eq!(outcome.text.is_none(), outcome.silent.is_some());
                prop_assert_eq!(outcome.text.is_none(), outcome.counts.is_empty());
                let Some(answer) = outcome.text else { continue };
                sent += 1;
                let alone = alone.text.unwrap();
                match outcome.counts.contains(&TextCount::Last) {
                    true => prop_assert!(answer.len() > alone.len() && answer[..4] == alone[..4]),
                    false => prop_assert_eq!(answer, alone),
                }
            }
            prop_assert!(sent <= received);
        }

        #[test]
        fn anything_from_anybody_is_taken(text in any::<String>(), from in any::<String>(), second in any::<i32>()) {
            let outcome = send(&mut Limiter::new(), &rules(), &Party::from_wire(&from), &text, second.into());
            prop_assert!(outcome.counts.len() <= 3);
        }
    }
}
