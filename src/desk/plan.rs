//! A day's plan: who is there when, as far as shifts begin on that day.

use super::CounsellorIx;
use crate::base::hours::Stretch;

/// Who is there from shifts that begin on one day, in minutes after its midnight, up to 2880: parts in order that do not
/// overlap, found by halving, however many shifts they were made of.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Plan {
    parts: Vec<Part>,
}

/// The same people for some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub stretch: Stretch,
    /// In the order in which they are rung; nobody twice.
    pub who: Vec<CounsellorIx>,
}

impl Plan {
    /// Where shifts overlap, the people of the earlier one in the list come first.
    pub fn of<'s>(shifts: impl Iterator<Item = (Stretch, &'s [CounsellorIx])> + Clone) -> Plan {
        let mut cuts: Vec<u16> = shifts.clone().flat_map(|(stretch, _)| [stretch.from, stretch.to]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut parts: Vec<Part> = cuts
            .windows(2)
            .map(|ends| Part { stretch: Stretch { from: ends[0], to: ends[1] }, who: Vec::new() })
            .collect();
        let mut seen = vec![[false; 256]; parts.len()];
        for (stretch, who) in shifts {
            let first = parts.partition_point(|part| part.stretch.from < stretch.from);
            for (part, seen) in parts.iter_mut().zip(&mut seen).skip(first) {
                if part.stretch.from >= stretch.to {
                    break;
                }
                let new = who.iter().filter(|one| !std::mem::replace(&mut seen[usize::from(one.0)], true));
                part.who.extend(new);
            }
        }
        parts.retain(|part| !part.who.is_empty());
        Plan { parts: joined(parts) }
    }

    /// Who is there in this minute.
    pub fn at(&self, minute: u16) -> &[CounsellorIx] {
        let behind = self.parts.partition_point(|part| part.stretch.to <= minute);
        match self.parts.get(behind) {
            Some(part) if part.stretch.from <= minute => &part.who,
            _ => &[],
        }
    }

    /// The minutes at which somebody comes or goes.
    pub fn cuts(&self) -> impl Iterator<Item = u16> + '_ {
        self.parts.iter().flat_map(|part| [part.stretch.from, part.stretch.to])
    }
}

/// Parts that meet and have the same people are one.
pub(super) fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match joined.last_mut() {
            Some(last) if last.stretch.to == part.stretch.from && last.who == part.who => {
                last.stretch.to = part.stretch.to;
            }
            _ => joined.push(part),
        }
    }
    joined
}
