//! How many seconds after the answer each node is heard, at the soonest.

use crate::menu::hotline::{Act, Choice, Hotline, LangIx, NodeIx};
use crate::menu::time::{node_seconds, until_key, until_language, until_person};
use std::collections::VecDeque;

/// Seconds from the answer to the first word of each node, if each key is pressed as soon as it has been named; `None`
/// where no keys lead. Key 0 counts from wherever it is named soonest.
pub fn seconds_to_reach(hotline: &Hotline, language: LangIx) -> Vec<Option<f64>> {
    let mut known = vec![None; hotline.nodes.len()];
    let mut queue = VecDeque::new();
    sooner(&mut known, &mut queue, hotline.roles.welcome, until_language(hotline, language));
    // Each node comes again only when a sooner way to it was found; times grow along every way, so this ends.
    while let Some(node) = queue.pop_front() {
        let Some(begins) = known[usize::from(node.0)] else { continue };
        for (to, after) in onward(hotline, node, language) {
            sooner(&mut known, &mut queue, to, begins + after);
        }
    }
    known
}

fn sooner(known: &mut [Option<f64>], queue: &mut VecDeque<NodeIx>, node: NodeIx, seconds: f64) {
    let known = &mut known[usize::from(node.0)];
    if known.is_none_or(|known| seconds < known) {
        *known = Some(seconds);
        queue.push_back(node);
    }
}

/// Where a caller can go from a node, and the seconds from its first word until then.
fn onward(hotline: &Hotline, node: NodeIx, language: LangIx) -> Vec<(NodeIx, f64)> {
    let roles = hotline.roles;
    if node == roles.waiting {
        // The line rings; no key counts.
        return vec![(roles.busy, node_seconds(hotline, node, language))];
    }
    if let Some(then) = hotline.node(node).then {
        return vec![(then, node_seconds(hotline, node, language))];
    }
    let person = until_person(hotline, node, language);
    let mut onward = vec![(roles.connect, person), (roles.busy, person), (roles.closed, person)];
    for (at, choice) in hotline.node(node).keys.iter().enumerate() {
        let to = target(hotline, node, *choice);
        onward.push((to, until_key(hotline, node, language, at)));
    }
    onward
}

/// The node where a key leads: `letters` stays where it is.
pub fn target(hotline: &Hotline, node: NodeIx, choice: Choice) -> NodeIx {
    match choice {
        Choice::Go(to) => to,
        Choice::Act(Act::Letters) => node,
        Choice::Act(Act::Talk | Act::Keys | Act::Woman | Act::Man | Act::Wait) => hotline.roles.waiting,
        Choice::Act(Act::Information) => hotline.roles.main,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::fixture::{EN, checked, node, sources};
    use crate::menu::time::seconds;

    #[test]
    fn the_soonest_way_counts() {
        let loaded = checked(&sources());
        let hotline = loaded.hotline.as_ref().unwrap();
        let reached = seconds_to_reach(hotline, EN);
        let at = |name: &str| reached[usize::from(node(&loaded, name).0)];
        assert_eq!(at("welcome"), Some(until_language(hotline, EN)));
        let main = at("welcome").unwrap() + node_seconds(hotline, hotline.roles.welcome, EN);
        assert!((at("main").unwrap() - main).abs() < 1e-9);
        // The first option: after what main says itself, and the option.
        let Some(Choice::Go(first)) = hotline.node(hotline.roles.main).keys.first().copied() else { panic!() };
        let spoken = hotline.spoken(hotline.roles.main, EN);
        let named = main + seconds(spoken.info.iter().chain(&spoken.options[..1]));
        assert!((reached[usize::from(first.0)].unwrap() - named).abs() < 1e-9);
        // A person is named after all options.
        assert!(at("connect").unwrap() > named && at("connect") == at("closed"));
        assert!(at("waiting").unwrap() > at("connect").unwrap());
        for (at, node) in hotline.nodes.iter().enumerate() {
            assert_eq!(reached[at].is_none(), node.text_only, "{}", node.name);
        }
    }
}
