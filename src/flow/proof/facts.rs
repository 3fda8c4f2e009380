//! The shortest way from the answer to each fact.

use super::graph::{Graph, Move, ms_of, until_said};
use crate::base::Digit;
use crate::flow::Desk;
use crate::menu::{LangIx, NodeIx};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How a fact is heard with the fewest keys, and of those ways the quickest.
#[derive(Clone, PartialEq, Debug)]
pub struct FactWay {
    pub language: LangIx,
    /// The node that says it.
    pub node: NodeIx,
    /// Each key, and how many prompts must be heard before it is known.
    pub keys: Vec<(Digit, usize)>,
    /// How many prompts must be heard at last until all of the node's information was said.
    pub prompts: usize,
    /// From the answer until all of the node's information was said.
    pub seconds: f64,
}

struct Best {
    keys: u32,
    ms: u32,
    spot: u32,
    prompts: usize,
}

/// How a situation was come to: keys, milliseconds, and from where by which key.
type Came = (u32, u32, Option<(u32, Digit)>);

/// A way for each fact and language; `None` where no keys lead to it in that language.
pub(super) fn ways(graph: &Graph<'_>) -> Vec<(String, Vec<Option<FactWay>>)> {
    let Some(start) = graph.starts.first().copied() else { return Vec::new() };
    let mut came: Vec<Option<Came>> = vec![None; graph.spots.len()];
    let mut heap = BinaryHeap::from([Reverse((0_u32, 0_u32, start, None::<(u32, Digit)>))]);
    let mut best: BTreeMap<(NodeIx, LangIx), Best> = BTreeMap::new();
    let languages: Vec<LangIx> =
        (0..graph.hotline.languages.len()).filter_map(|at| u8::try_from(at).ok()).map(LangIx).collect();
    let all = (0..graph.hotline.nodes.len()).filter_map(|at| u16::try_from(at).ok()).map(NodeIx);
    let with_facts: Vec<NodeIx> = all.filter(|node| !graph.hotline.node(*node).facts.is_empty()).collect();
    while let Some(Reverse((keys, ms, spot, from))) = heap.pop() {
        if came[spot as usize].is_some() {
            continue;
        }
        came[spot as usize] = Some((keys, ms, from));
        for node in &with_facts {
            for language in &languages {
                let info = &graph.hotline.spoken(*node, *language).info;
                if let Some(until) = until_said(&graph.said(spot).prompts, info) {
                    let until_ms = ms_of(&graph.said(spot).prompts[..until]);
                    let found = Best { keys, ms: ms.saturating_add(until_ms), spot, prompts: until };
                    let known = best.get(&(*node, *language));
                    if known.is_none_or(|known| (found.keys, found.ms) < (known.keys, known.ms)) {
                        best.insert((*node, *language), found);
                    }
                }
            }
        }
        for edge in graph.steps_from(spot).filter(|edge| edge.fits(Desk::Open)) {
            // Going back brings nothing new.
            let Move::Key(key) = edge.by else { continue };
            if let (true, Some(to)) = (key != Digit::STAR, edge.to.first()) {
                let at = ms.saturating_add(ms_of(&graph.said(spot).prompts[..graph.until_named(spot, key)]));
                heap.push(Reverse((keys + 1, at, *to, Some((spot, key)))));
            }
        }
    }
    let pressed = |end: u32| {
        let mut keys = Vec::new();
        let mut spot = end;
        while let Some((_, _, Some((from, key)))) = came[spot as usize] {
            keys.push((key, graph.until_named(from, key)));
            spot = from;
        }
        keys.reverse();
        keys
    };
    let mut facts: BTreeMap<&str, Vec<NodeIx>> = BTreeMap::new();
    for node in &with_facts {
        for fact in &graph.hotline.node(*node).facts {
            facts.entry(fact).or_default().push(*node);
        }
    }
    let row = |fact: &str, nodes: &[NodeIx]| -> (String, Vec<Option<FactWay>>) {
        let way = |language: &LangIx| {
            let found = nodes.iter().filter_map(|node| Some((*node, best.get(&(*node, *language))?)));
            let (node, shortest) = found.min_by_key(|(_, best)| (best.keys, best.ms))?;
            let seconds = f64::from(shortest.ms) / 1000.0;
            let (keys, prompts) = (pressed(shortest.spot), shortest.prompts);
            Some(FactWay { language: *language, node, keys, prompts, seconds })
        };
        (fact.to_owned(), languages.iter().map(way).collect())
    };
    facts.iter().map(|(fact, nodes)| row(fact, nodes)).collect()
}
