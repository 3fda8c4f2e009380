//! Whom to ring for a caller: a plain function of the desk, of who is taken, and of what she asks for.

use super::{CounsellorIx, CounsellorSet, Desk, Strategy};
use crate::base::{Accept, Gender, Language};

/// At most this many telephones ring for one caller (twiml reference 2.6: nouns in a Dial).
const AT_ONCE_MOST: usize = 10;

/// What a caller asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Want {
    /// Who speaks it is rung before anybody else.
    pub language: Option<Language>,
    /// Nobody else is rung.
    pub gender: Option<Gender>,
    /// Who was rung for her since she asked, and did not take the call.
    pub tried: CounsellorSet,
}

/// What is to be done for a caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Plan {
    /// These are rung, at once.
    Ring(CounsellorSet),
    /// Somebody may become free for her.
    Busy,
    /// Each of those on duty was rung for her already.
    Spent,
    /// Nobody is on duty.
    Closed,
}

/// How counsellors are rung.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum By {
    /// By a Dial of the caller's leg: any provider can. Whoever picks up first has the call, so several are rung only if
    /// each takes calls by pick-up (twiml reference 4.2).
    Dial,
    /// By legs of their own, placed by REST: the first to accept has the call.
    Legs,
}

/// The moment each counsellor's last talk ended, in unix seconds, by place; nothing for none that is known.
pub type Idle = [Option<i64>; CounsellorSet::MOST];

/// Whom to ring for `want`, of those in `reachable` who are not `taken`. The order is: who speaks the language, then
/// anybody, the fallback line last; within that as the desk's strategy says.
pub fn whom(desk: &Desk, reachable: &[CounsellorIx], idle: &Idle, taken: CounsellorSet, want: &Want, by: By) -> Plan {
    let fits = |one: &CounsellorIx| desk.counsellor(*one).is_some_and(|known| fits_gender(known.gender, want.gender));
    let mut left: Vec<CounsellorIx> =
        reachable.iter().copied().filter(|one| fits(one) && !want.tried.contains(*one)).collect();
    if left.is_empty() {
        return if reachable.is_empty() { Plan::Closed } else { Plan::Spent };
    }
    left.retain(|one| !taken.contains(*one));
    let rank = |one: &CounsellorIx| (desk.fallback == Some(*one), !desk.speaks(*one, want.language));
    match desk.strategy {
        Strategy::LongestIdle => left.sort_by_key(|one| (rank(one), idle[usize::from(one.0) % idle.len()])),
        Strategy::Order | Strategy::All => left.sort_by_key(rank),
    }
    let Some(first) = left.first() else { return Plan::Busy };
    let best = left.iter().take_while(|one| rank(one) == rank(first));
    if desk.strategy == Strategy::All {
        let group: Vec<CounsellorIx> = best.copied().take(AT_ONCE_MOST).collect();
        if by == By::Legs || group.iter().all(|one| takes_by_pickup(desk, *one)) {
            return Plan::Ring(group.into_iter().collect());
        }
    }
    Plan::Ring([*first].into_iter().collect())
}

fn fits_gender(own: Option<Gender>, wanted: Option<Gender>) -> bool {
    wanted.is_none() || own == wanted
}

fn takes_by_pickup(desk: &Desk, one: CounsellorIx) -> bool {
    desk.counsellor(one).is_some_and(|known| known.line.accept == Accept::Pickup)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::hours::Hours;
    use crate::base::{Callee, CounsellorId, Line};
    use crate::desk::{Counsellor, Rota};
    use jiff::tz::TimeZone;

    /// A desk whose counsellors are all on duty: name, languages, gender, how she takes calls.
    pub fn desk(strategy: Strategy, of: &[(&str, &[&str], Option<Gender>, Accept)]) -> Desk {
        let counsellors: Vec<Counsellor> = of
            .iter()
            .map(|(name, languages, gender, accept)| Counsellor {
                id: CounsellorId::new(name).unwrap(),
                line: Line { callee: Callee::Pretend, accept: *accept, ring_s: 15 },
                languages: languages.iter().map(|tag| Language::new(tag).unwrap()).collect(),
                gender: *gender,
                staff_id: None,
                pin: None,
            })
            .collect();
        let who = (0..counsellors.len() as u8).map(CounsellorIx).collect();
        Desk {
            rota: Rota::of_hours(Hours::always(TimeZone::UTC), who),
            counsellors,
            strategy,
            fallback: None,
            choose_gender: true,
            wrap_up_s: 60,
            wait_max_s: 180,
            talk_max_s: 7200,
            language: None,
            staff_number: None,
            told: None,
        }
    }

    fn set(of: &[u8]) -> CounsellorSet {
        of.iter().copied().map(CounsellorIx).collect()
    }

    const NO_IDLE: Idle = [None; 64];
    use Accept::{Key, Pickup};

    fn all(desk: &Desk) -> Vec<CounsellorIx> {
        desk.reachable(&Default::default(), jiff::Timestamp::UNIX_EPOCH)
    }

    fn rings(desk: &Desk, taken: &[u8], want: Want) -> Plan {
        whom(desk, &all(desk), &NO_IDLE, set(taken), &want, By::Dial)
    }

    fn speaking(tag: &str) -> Want {
        Want { language: Language::new(tag), ..Want::default() }
    }

    #[test]
    fn who_speaks_the_language_is_rung_first_then_anybody() {
        let desk = desk(
            Strategy::Order,
            &[("anna", &["nl"], None, Key), ("bo", &["nl", "ro"], None, Key), ("cem", &["ro"], None, Key)],
        );
        assert_eq!(rings(&desk, &[], speaking("ro")), Plan::Ring(set(&[1])));
        assert_eq!(rings(&desk, &[1], speaking("ro")), Plan::Ring(set(&[2])));
        assert_eq!(rings(&desk, &[1, 2], speaking("ro")), Plan::Ring(set(&[0])));
        assert_eq!(rings(&desk, &[0, 1, 2], speaking("ro")), Plan::Busy);
        assert_eq!(rings(&desk, &[], Want { tried: set(&[1, 2]), ..speaking("ro") }), Plan::Ring(set(&[0])));
        assert_eq!(rings(&desk, &[0], Want { tried: set(&[1, 2]), ..speaking("ro") }), Plan::Busy);
        assert_eq!(rings(&desk, &[], Want { tried: set(&[0, 1, 2]), ..speaking("ro") }), Plan::Spent);
        assert_eq!(whom(&desk, &[], &NO_IDLE, set(&[]), &speaking("ro"), By::Dial), Plan::Closed);
    }

    #[test]
    fn a_wish_for_a_woman_or_a_man_is_kept() {
        let desk = desk(
            Strategy::Order,
            &[("anna", &[], Some(Gender::Woman), Key), ("bo", &[], Some(Gender::Man), Key), ("cem", &[], None, Key)],
        );
        let want = |gender| Want { gender: Some(gender), ..Want::default() };
        assert_eq!(rings(&desk, &[], want(Gender::Man)), Plan::Ring(set(&[1])));
        assert_eq!(rings(&desk, &[0], want(Gender::Woman)), Plan::Busy);
        assert_eq!(rings(&desk, &[], Want { tried: set(&[1]), ..want(Gender::Man) }), Plan::Spent);
    }

    #[test]
    fn whose_last_talk_ended_longest_ago() {
        let desk = desk(
            Strategy::LongestIdle,
            &[("anna", &["nl"], None, Key), ("bo", &["nl"], None, Key), ("cem", &["nl"], None, Key)],
        );
        let mut idle = NO_IDLE;
        (idle[0], idle[2]) = (Some(500), Some(100));
        let rung = |taken: &[u8]| whom(&desk, &all(&desk), &idle, set(taken), &speaking("nl"), By::Dial);
        assert_eq!(rung(&[]), Plan::Ring(set(&[1])), "she has not talked yet");
        assert_eq!(rung(&[1]), Plan::Ring(set(&[2])));
        assert_eq!(rung(&[1, 2]), Plan::Ring(set(&[0])));
    }

    #[test]
    fn all_at_once_only_where_no_voicemail_can_take_the_call() {
        let by_key = desk(
            Strategy::All,
            &[("anna", &["nl"], None, Key), ("bo", &["nl"], None, Pickup), ("cem", &["ro"], None, Key)],
        );
        let rung = |desk: &Desk, by| whom(desk, &all(desk), &NO_IDLE, set(&[]), &speaking("nl"), by);
        assert_eq!(rung(&by_key, By::Dial), Plan::Ring(set(&[0])));
        assert_eq!(rung(&by_key, By::Legs), Plan::Ring(set(&[0, 1])), "who does not speak it is not rung with them");
        let by_pickup = desk(Strategy::All, &[("anna", &["nl"], None, Pickup), ("bo", &["nl"], None, Pickup)]);
        assert_eq!(rung(&by_pickup, By::Dial), Plan::Ring(set(&[0, 1])));
        let many: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
        let many: Vec<(&str, &[&str], Option<Gender>, Accept)> =
            many.iter().map(|name| (name.as_str(), &[][..], None, Pickup)).collect();
        let Plan::Ring(some) = rung(&desk(Strategy::All, &many), By::Dial) else { panic!() };
        assert_eq!(some.iter().count(), AT_ONCE_MOST);
    }

    #[test]
    fn the_fallback_line_is_the_last() {
        let mut desk = desk(Strategy::All, &[("anna", &["nl"], None, Pickup), ("service", &["nl"], None, Pickup)]);
        desk.rota = Rota::of_hours(Hours::always(TimeZone::UTC), vec![CounsellorIx(0)]);
        desk.fallback = Some(CounsellorIx(1));
        assert_eq!(rings(&desk, &[], speaking("nl")), Plan::Ring(set(&[0])));
        assert_eq!(rings(&desk, &[0], speaking("ro")), Plan::Ring(set(&[1])));
        let switched = crate::desk::Duty { all_to_fallback: true, ..Default::default() };
        assert_eq!(desk.reachable(&switched, jiff::Timestamp::UNIX_EPOCH), [CounsellorIx(1)]);
    }
}
