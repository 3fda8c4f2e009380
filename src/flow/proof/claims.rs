//! What is claimed of every situation, computed over all of them.

use super::graph::{DESKS, Edge, Graph, Move, ms_of};
use super::{Broken, KEYS_MOST, SECONDS_MOST, SILENT_SECONDS_MOST, Way};
use crate::base::Digit;
use crate::flow::{Desk, Place};
use crate::menu::LangIx;

/// A longer way is not looked for: it is far too long already.
const KEYS_TRIED: u8 = 8;

/// Keys, and milliseconds until a person or the honest message is reached.
type Length = (u8, u32);

impl Graph<'_> {
    /// How much of what is said in a situation must be heard before she knows this key: up to the prompt that names it;
    /// everything where none does.
    pub fn until_named(&self, spot: u32, key: Digit) -> usize {
        let (place, language) = (self.spots[spot as usize].place, self.spots[spot as usize].language);
        let prompts = &self.said(spot).prompts;
        let option = key.option_index().and_then(|index| match place {
            Place::Front => self.hotline.front.languages.get(index),
            Place::Node(node) => self.hotline.spoken(node, language.unwrap_or(LangIx(0))).options.get(index),
            Place::Offering | Place::Waiting | Place::Dialling | Place::AfterTalk => None,
        });
        let reserved = match key {
            Digit::ZERO => "phrase/person",
            Digit::STAR => "phrase/back",
            Digit::EIGHT => "phrase/again",
            _ => "",
        };
        let names = prompts
            .iter()
            .position(|prompt| option.is_some_and(|option| std::ptr::eq(option, *prompt)) || prompt.id == reserved);
        names.map_or(prompts.len(), |at| at + 1)
    }

    fn named_ms(&self, spot: u32, key: Digit) -> u32 {
        ms_of(&self.said(spot).prompts[..self.until_named(spot, key)])
    }
}

/// Whether keys count there.
fn has_keys(graph: &Graph<'_>, spot: u32) -> bool {
    graph.spots[spot as usize].place != Place::Dialling
}

/// From every situation to a person, or to the honest message, by keys alone: the fewest keys, and of those ways the
/// quickest. The desk stays as it is meanwhile.
pub(super) fn person(graph: &Graph<'_>, broken: &mut Vec<Broken>) -> Way {
    let mut worst: Option<(Length, u32, Desk)> = None;
    let mut missed = 0_usize;
    for desk in DESKS {
        let lengths = lengths(graph, desk);
        for spot in (0..graph.spots.len() as u32).filter(|spot| has_keys(graph, *spot)) {
            let length = lengths[spot as usize];
            let good = length.is_some_and(|(keys, ms)| keys <= KEYS_MOST && ms <= SECONDS_MOST * 1000);
            if !good {
                missed += 1;
            }
            if !good && missed == 1 {
                broken.push(no_way(graph, spot, desk, length));
            }
            if let Some(length) = length
                && worst.is_none_or(|(known, _, _)| length > known)
            {
                worst = Some((length, spot, desk));
            }
        }
    }
    if let (Some(first), 2..) = (broken.iter_mut().find(|broken| broken.rule == "MN-09"), missed) {
        first.found = format!("{}; and {} more situations", first.found, missed - 1);
    }
    match worst {
        Some((length, spot, desk)) => {
            let words = graph.way_words(spot, desk, &lengths(graph, desk));
            Way { keys: length.0, seconds: f64::from(length.1) / 1000.0, words }
        }
        None => Way::default(),
    }
}

fn no_way(graph: &Graph<'_>, spot: u32, desk: Desk, length: Option<Length>) -> Broken {
    let goal = match desk {
        Desk::Open | Desk::Calling | Desk::Taken => "a person",
        Desk::Busy | Desk::Spent => "the words of `busy`",
        Desk::Closed => "the words of `closed`",
    };
    let place = graph.place_words(spot);
    let message = match length {
        None => format!("at {place} no keys bring a caller to {goal}, {}", desk_words(desk)),
        Some((keys, ms)) => format!(
            "at {place} it takes {} and {} s to {goal}, {}",
            count_keys(keys),
            ms.div_ceil(1000),
            desk_words(desk)
        ),
    };
    let mut broken = Broken::new("MN-09", &message, graph.way_to(spot));
    broken.expected = format!("at most {KEYS_MOST} keys and {SECONDS_MOST} s from wherever a caller is");
    broken
}

/// The length of the way from each situation.
fn lengths(graph: &Graph<'_>, desk: Desk) -> Vec<Option<Length>> {
    let mut known: Vec<Option<Length>> = vec![None; graph.spots.len()];
    for keys in 1..=KEYS_TRIED {
        let mut found = Vec::new();
        for spot in (0..graph.spots.len() as u32).filter(|spot| known[*spot as usize].is_none()) {
            let best = ways(graph, spot, desk, &known).map(|(_, _, ms)| ms).min();
            found.extend(best.map(|ms| (spot, ms)));
        }
        if found.is_empty() {
            break;
        }
        for (spot, ms) in found {
            known[spot as usize] = Some((keys, ms));
        }
    }
    known
}

/// The keys that lead to the goal from here, given what is known of the situations they lead to: each with the
/// milliseconds of the whole way.
fn ways<'g>(
    graph: &'g Graph<'_>,
    spot: u32,
    desk: Desk,
    known: &'g [Option<Length>],
) -> impl Iterator<Item = (&'g Edge, Digit, u32)> {
    graph.steps_from(spot).filter(move |edge| edge.fits(desk)).filter_map(move |edge| {
        let Move::Key(key) = edge.by else { return None };
        let rest = match edge.reaches_ms(desk) {
            Some(ms) => ms,
            None if edge.to.is_empty() => return None,
            // Where it depends on how she came, the longest counts.
            None => edge
                .to
                .iter()
                .map(|to| known[*to as usize].map(|(_, ms)| ms))
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .max()?,
        };
        Some((edge, key, graph.named_ms(spot, key).saturating_add(rest)))
    })
}

impl Graph<'_> {
    /// The way from here, in words.
    fn way_words(&self, start: u32, desk: Desk, lengths: &[Option<Length>]) -> String {
        let mut words = format!("{}, {}", self.language_words(start), desk_words(desk));
        let mut spot = start;
        for turn in 0..KEYS_TRIED {
            let Some((left, _)) = lengths[spot as usize] else { break };
            // Only what is nearer counts, as when the lengths were made.
            let nearer: Vec<Option<Length>> =
                lengths.iter().map(|length| length.filter(|(keys, _)| *keys < left)).collect();
            let Some((edge, key, _)) = ways(self, spot, desk, &nearer).min_by_key(|(_, _, ms)| *ms) else { break };
            let after = f64::from(self.named_ms(spot, key)) / 1000.0;
            let lead = if turn == 0 { ": at" } else { ", then at" };
            words.push_str(&format!("{lead} {} press {key} after {after:.0} s", self.place_words(spot)));
            if let Some(ms) = edge.reaches_ms(desk) {
                let what = match desk {
                    Desk::Open | Desk::Calling | Desk::Taken => "the counsellor's line rings",
                    Desk::Busy | Desk::Spent => "the words of `busy` are said",
                    Desk::Closed => "the words of `closed` are said",
                };
                words.push_str(&format!(", and after {:.0} s {what}", f64::from(ms) / 1000.0));
                break;
            }
            let Some(next) = edge.to.iter().copied().max_by_key(|to| lengths[*to as usize]) else { break };
            spot = next;
        }
        words
    }
}

/// Key 0 leads on wherever keys count: to the question, to the ringing, to the waiting loop, or to the honest message.
pub(super) fn zero_leads_on(graph: &Graph<'_>, broken: &mut Vec<Broken>) {
    let roles = &graph.hotline.roles;
    for edge in graph.edges.iter().filter(|edge| edge.by == Move::Key(Digit::ZERO)) {
        let at =
            |place: Place| !edge.to.is_empty() && edge.to.iter().all(|to| graph.spots[*to as usize].place == place);
        let desks = DESKS.into_iter().filter(|desk| edge.fits(*desk));
        let stuck = desks.into_iter().find(|desk| {
            let asked = match desk {
                Desk::Open | Desk::Calling | Desk::Taken => at(Place::Node(roles.connect)),
                Desk::Busy => at(Place::Waiting),
                Desk::Spent | Desk::Closed => false,
            };
            // Where her patience is nearly over nobody is rung any more, and she is told so.
            !asked && edge.reaches_ms(*desk).is_none() && edge.busy_ms.is_none()
        });
        if let Some(desk) = stuck {
            let message = format!("key 0 at {} does not lead on, {}", graph.place_words(edge.from), desk_words(desk));
            broken.push(Broken::new("MN-09", &message, graph.way_by((edge.from, edge.by, edge.desk))));
            return;
        }
    }
}

/// What a caller who never presses a key again goes through, whatever the desk does.
pub(super) struct Silence {
    /// The longest until a person is rung, the honest message is said, or the call is over.
    pub reached: Way,
    /// The longest until the call is over, without the ringing and the talks.
    pub over: Way,
}

fn silent(edge: &Edge) -> bool {
    !matches!(edge.by, Move::Key(_))
}

/// No cycle runs without a key (MN-08), and silence leads somewhere in time.
pub(super) fn silence(graph: &Graph<'_>, broken: &mut Vec<Broken>) -> Option<Silence> {
    let order = match backwards(graph) {
        Ok(order) => order,
        Err(ring) => {
            broken.push(Broken::new("MN-08", "a caller who presses no key is kept in a ring for ever", ring));
            return None;
        }
    };
    // From the ends to the beginnings: what follows a situation is known when it is looked at.
    let none = vec![(0_u32, None::<u32>); graph.spots.len()];
    let (mut reached, mut over) = (none.clone(), none);
    for spot in &order {
        let own = match has_keys(graph, *spot) {
            true => graph.said(*spot).ms.saturating_add(u32::from(graph.said(*spot).timeout_s) * 1000),
            // While it rings nothing of ours is said; what was said before counts where she was.
            false => 0,
        };
        for (number, edge) in graph.out[*spot as usize].iter().zip(graph.steps_from(*spot)) {
            if !silent(edge) {
                continue;
            }
            let brings = DESKS.into_iter().filter(|desk| edge.fits(*desk)).find_map(|desk| edge.reaches_ms(desk));
            let longest = |known: &[(u32, Option<u32>)]| edge.to.iter().map(|to| known[*to as usize].0).max();
            let whole = own.saturating_add(longest(&over).unwrap_or(0));
            let first = own.saturating_add(brings.or_else(|| longest(&reached)).unwrap_or(0));
            for (known, ms) in [(&mut reached, first), (&mut over, whole)] {
                let known = &mut known[*spot as usize];
                if known.1.is_none() || ms > known.0 {
                    *known = (ms, Some(*number));
                }
            }
        }
    }
    let worst = |known: &[(u32, Option<u32>)]| {
        let with_keys = (0..known.len() as u32).filter(|spot| has_keys(graph, *spot));
        with_keys.max_by_key(|spot| known[*spot as usize].0).map(|spot| (spot, known[spot as usize].0))
    };
    let way = |known: &[(u32, Option<u32>)]| match worst(known) {
        None => Way::default(),
        Some((spot, ms)) => {
            let words = format!("{}, from {} on", graph.language_words(spot), graph.place_words(spot));
            Way { keys: 0, seconds: f64::from(ms) / 1000.0, words }
        }
    };
    if let Some((spot, ms)) = worst(&reached).filter(|(_, ms)| *ms > SILENT_SECONDS_MOST * 1000) {
        let message = format!(
            "a caller who stays silent at {} waits {} s for a person, a message or the end",
            graph.place_words(spot),
            ms.div_ceil(1000)
        );
        let mut late = Broken::new("MN-09", &message, graph.way_to(spot));
        late.expected = format!("at most {SILENT_SECONDS_MOST} s");
        broken.push(late);
    }
    Some(Silence { reached: way(&reached), over: way(&over) })
}

/// The situations in an order in which each comes after all that silence leads to from it; or a ring, in words.
fn backwards(graph: &Graph<'_>) -> Result<Vec<u32>, String> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        New,
        Open,
        Done,
    }
    let mut seen = vec![Seen::New; graph.spots.len()];
    let mut order = Vec::with_capacity(graph.spots.len());
    let next = |spot: u32| -> Vec<u32> {
        graph.steps_from(spot).filter(|edge| silent(edge)).flat_map(|edge| edge.to.iter().copied()).collect()
    };
    for root in 0..graph.spots.len() as u32 {
        if seen[root as usize] != Seen::New {
            continue;
        }
        seen[root as usize] = Seen::Open;
        let mut path = vec![(root, next(root))];
        while let Some((spot, left)) = path.last_mut() {
            match left.pop() {
                None => {
                    seen[*spot as usize] = Seen::Done;
                    order.push(*spot);
                    path.pop();
                }
                Some(to) => match seen[to as usize] {
                    Seen::Done => {}
                    Seen::New => {
                        seen[to as usize] = Seen::Open;
                        path.push((to, next(to)));
                    }
                    Seen::Open => {
                        let from = path.iter().position(|(spot, _)| *spot == to).unwrap_or(0);
                        let ring = path[from..].iter().map(|(spot, _)| graph.place_words(*spot));
                        let ring: Vec<String> = ring.chain([graph.place_words(to)]).take(8).collect();
                        return Err(format!("{}: {}", graph.way_to(to), ring.join(" -> ")));
                    }
                },
            }
        }
    }
    Ok(order)
}

pub(super) fn desk_words(desk: Desk) -> &'static str {
    match desk {
        Desk::Open => "somebody free at the desk",
        Desk::Calling => "counsellors being called",
        Desk::Taken => "a counsellor waiting",
        Desk::Spent => "nobody at the desk who took the call",
        Desk::Busy => "the desk busy",
        Desk::Closed => "nobody on duty",
    }
}

pub(super) fn count_keys(keys: u8) -> String {
    if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") }
}
