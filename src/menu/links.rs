//! Names to indexes: what leads where, the nodes with a fixed role, and the ways by keys.

use super::hotline::{Act, Choice, NodeIx, Roles};
use super::parsed::{Parsed, VoiceNode};
use crate::base::findings::{Findings, listed};
use crate::base::read::Text;
use crate::base::{Digit, Finding};
use std::collections::{HashMap, HashSet, VecDeque};

/// What leads where. All lists are by node, in file order.
pub(super) struct Links<'p> {
    pub nodes: &'p [VoiceNode],
    by_name: HashMap<&'p str, NodeIx>,
    pub then: Vec<Option<NodeIx>>,
    /// All keys, also those beyond the sixth (rule MN-01 refuses them).
    pub keys: Vec<Vec<Choice>>,
    pub roles: Roles,
    /// Every way of at most two keys from the main menu: the shortest first, then in file order. The first way to a node is its path.
    pub ways: Vec<(String, NodeIx)>,
    pub paths: Vec<Option<String>>,
    /// The node whose text answers for a node without one.
    pub parents: Vec<NodeIx>,
    /// Fewest keys from the main menu; nothing where no keys lead.
    pub depths: Vec<Option<usize>>,
}

/// Follows the names. Nothing is returned if a node with a role is missing.
pub(super) fn link<'p>(parsed: &'p Parsed, findings: &Findings) -> Option<Links<'p>> {
    let nodes = parsed.voice.as_slice();
    let by_name: HashMap<&str, NodeIx> =
        nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), index(at))).collect();
    let find = |name: &Text| {
        let known = by_name.get(name.as_str()).copied();
        known.or_else(|| {
            let meant = findings.unknown(&name.place, name, "a node", nodes.iter().map(|node| node.name.as_str()));
            meant.and_then(|meant| by_name.get(meant).copied())
        })
    };
    let roles = roles(parsed, &by_name, &find, findings)?;
    let mut then = Vec::with_capacity(nodes.len());
    let mut keys = Vec::with_capacity(nodes.len());
    for node in nodes {
        then.push(node.then.as_ref().and_then(|name| target(name, nodes, &find, &roles, findings)));
        let options =
            node.options.iter().filter_map(|name| target(name, nodes, &find, &roles, findings)).map(Choice::Go);
        keys.push(options.chain(node.choices.iter().map(|act| Choice::Act(act.value))).collect::<Vec<_>>());
    }
    for (at, node) in nodes.iter().enumerate() {
        check_shape(node, index(at), &roles, findings);
    }
    let mut links = Links {
        nodes,
        by_name,
        then,
        keys,
        roles,
        ways: Vec::new(),
        paths: vec![None; nodes.len()],
        parents: vec![roles.main; nodes.len()],
        depths: vec![None; nodes.len()],
    };
    links.find_ways();
    links.find_depths();
    Some(links)
}

/// An index fits: the reader keeps at most [`super::hotline::MAX_NODES`] nodes.
fn index(at: usize) -> NodeIx {
    NodeIx(u16::try_from(at).unwrap_or(u16::MAX))
}

fn roles(
    parsed: &Parsed,
    by_name: &HashMap<&str, NodeIx>,
    find: &impl Fn(&Text) -> Option<NodeIx>,
    findings: &Findings,
) -> Option<Roles> {
    let start = &parsed.hotline.start;
    let welcome = find(start);
    let mut fixed = [None; 4];
    for (role, name) in fixed.iter_mut().zip(["connect", "waiting", "closed", "busy"]) {
        *role = by_name.get(name).copied();
        if role.is_none() {
            let place = parsed.voice.first().map_or(&start.place, |node| &node.name.place);
            let mut end = place.clone();
            end.span = 0..0;
            findings.add(
                Finding::error("FORMAT", end, format!("the node `{name}` is missing"))
                    .help(format!("add `[node.{name}]` to `voice.toml`: the hotline goes there by itself")),
            );
        }
    }
    let welcome = welcome?;
    let node = &parsed.voice[usize::from(welcome.0)];
    let Some(then) = &node.then else {
        findings.add(
            Finding::error(
                "FORMAT",
                node.name.place.clone(),
                format!("the first node, `{}`, leads nowhere", node.name.as_str()),
            )
            .expected("`then = \"...\"` with the name of the main menu"),
        );
        return None;
    };
    let main = find(then)?;
    let [Some(connect), Some(waiting), Some(closed), Some(busy)] = fixed else { return None };
    let roles = Roles { welcome, main, connect, waiting, closed, busy };
    if HashSet::from([welcome, main, connect, waiting, closed, busy]).len() < 6 {
        findings.add(
            Finding::error("FORMAT", then.place.clone(), "one node has two roles")
                .expected("six different nodes: the first, the main menu, `connect`, `waiting`, `closed`, `busy`"),
        );
        return None;
    }
    Some(roles)
}

/// Where an option or a `then` leads, unless it may not lead there.
fn target(
    name: &Text,
    nodes: &[VoiceNode],
    find: &impl Fn(&Text) -> Option<NodeIx>,
    roles: &Roles,
    findings: &Findings,
) -> Option<NodeIx> {
    let target = find(name)?;
    let refuse = |rule: &'static str, message: String, help: &str| {
        findings.add(Finding::error(rule, name.place.clone(), message).help(help));
        None
    };
    if target == roles.connect {
        let message = "an option leads to `connect`, which is key 0 in every menu".to_owned();
        return refuse("MN-03", message, "take it out of the options: key 0 is there by itself");
    }
    if [roles.welcome, roles.waiting, roles.closed, roles.busy].contains(&target) {
        let message = format!("no key can lead to `{}`", name.as_str());
        return refuse("FORMAT", message, "the hotline goes there by itself: take it out");
    }
    if nodes[usize::from(target.0)].text_only {
        let message = format!("no key can lead to `{}`: it is reached by keyword only", name.as_str());
        return refuse("FORMAT", message, "take it out, or take `text_only` away from that node");
    }
    Some(target)
}

/// The shape a node must have: that of its role, or that of a menu, of a stop on the way, or of a text.
fn check_shape(node: &VoiceNode, ix: NodeIx, roles: &Roles, findings: &Findings) {
    let wrong = |message: String, expected: String| {
        findings.add(Finding::error("FORMAT", node.name.place.clone(), message).expected(expected));
    };
    let name = node.name.as_str();
    let acts: Vec<&str> = node.choices.iter().map(|act| act_name(act.value)).collect();
    let fixed: Option<&[&str]> = match ix {
        // Where the desk offers it, a caller may ask for a woman or a man.
        _ if ix == roles.connect && acts.len() > 2 => Some(&["talk", "keys", "woman", "man"]),
        _ if ix == roles.connect => Some(&["talk", "keys"]),
        _ if ix == roles.busy => Some(&["wait", "information"]),
        _ if ix == roles.closed => Some(&["information"]),
        _ if ix == roles.waiting => Some(&[]),
        _ => None,
    };
    let leads_on = node.then.is_some() || !node.options.is_empty();
    if let Some(fixed) = fixed {
        if acts != fixed || leads_on || node.text_only {
            let expected = match fixed {
                [] => "no keys: it is heard while a counsellor's line rings".to_owned(),
                fixed => format!("the choices {} in this order, and nothing else", listed(fixed)),
            };
            wrong(format!("`{name}` has not the keys of its role"), expected);
        }
    } else if node.text_only {
        if leads_on || !acts.is_empty() || !node.facts.is_empty() || ix == roles.main || ix == roles.welcome {
            let expected = "no `then`, `options`, `choices` or `facts`; `text_facts` where it has facts".to_owned();
            wrong(format!("`{name}` is reached by keyword only and cannot speak"), expected);
        }
    } else if node.then.is_some() && (!node.options.is_empty() || !acts.is_empty()) {
        wrong(format!("`{name}` has both `then` and keys"), "one of them: `then` goes on without a key".to_owned());
    } else if ix == roles.main && node.then.is_some() {
        wrong(format!("`{name}` is the main menu and has `then`"), "`options`".to_owned());
    } else if let Some(act) = node.choices.iter().find(|act| act.value != Act::Letters) {
        findings.add(
            Finding::error(
                "FORMAT",
                act.place.clone(),
                format!("`{}` cannot be chosen in `{name}`", act_name(act.value)),
            )
            .expected("`letters`; the other choices belong to `connect`, `closed` and `busy`"),
        );
    }
}

pub(super) fn act_name(act: Act) -> &'static str {
    Act::ALL.iter().find(|(_, known)| *known == act).map_or("", |(name, _)| name)
}

impl Links<'_> {
    pub fn all(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..self.nodes.len()).map(index)
    }

    pub fn node(&self, ix: NodeIx) -> &VoiceNode {
        &self.nodes[usize::from(ix.0)]
    }

    pub fn named(&self, name: &str) -> Option<NodeIx> {
        self.by_name.get(name).copied()
    }

    pub fn name(&self, ix: NodeIx) -> &str {
        self.node(ix).name.as_str()
    }

    pub fn keys(&self, ix: NodeIx) -> &[Choice] {
        &self.keys[usize::from(ix.0)]
    }

    /// The node whose keys are heard after this one: itself, or the end of the `then`s.
    pub fn landing(&self, from: NodeIx) -> NodeIx {
        let mut at = from;
        for _ in 0..self.nodes.len() {
            match self.then[usize::from(at.0)] {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// The key that leads from one node to another.
    pub fn key_to(&self, from: NodeIx, to: NodeIx) -> Option<Digit> {
        if to == self.roles.connect {
            return Some(Digit::ZERO);
        }
        let at = self.keys(self.landing(from)).iter().position(|choice| *choice == Choice::Go(to))?;
        Digit::of_option(at)
    }

    /// Where the keys 1 to 6 lead from a node.
    fn doors(&self, from: NodeIx) -> Vec<(char, NodeIx)> {
        let keys = self.keys(self.landing(from)).iter().enumerate();
        keys.filter_map(|(at, choice)| match (Digit::of_option(at), choice) {
            (Some(key), Choice::Go(to)) => Some((key.as_char(), *to)),
            _ => None,
        })
        .collect()
    }

    fn find_ways(&mut self) {
        let first: Vec<(String, NodeIx)> =
            self.doors(self.roles.main).into_iter().map(|(key, to)| (key.to_string(), to)).collect();
        let mut ways = vec![(String::new(), self.roles.main), ("0".to_owned(), self.roles.connect)];
        ways.extend(first.iter().cloned());
        for (path, from) in &first {
            ways.extend(self.doors(*from).into_iter().map(|(key, to)| (format!("{path}{key}"), to)));
        }
        for (path, to) in &ways {
            let known = &mut self.paths[usize::from(to.0)];
            if known.is_none() {
                *known = Some(path.clone());
                let parent = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
                let parent = ways.iter().find(|(known, _)| known == parent).map_or(self.roles.main, |(_, node)| *node);
                self.parents[usize::from(to.0)] = parent;
            }
        }
        self.ways = ways;
    }

    fn find_depths(&mut self) {
        let Roles { welcome, main, connect, waiting, closed, busy } = self.roles;
        for role in [connect, waiting, closed, busy] {
            self.depths[usize::from(role.0)] = Some(1);
        }
        let mut queue = VecDeque::from([(welcome, 0), (main, 0)]);
        while let Some((at, depth)) = queue.pop_front() {
            let known = &mut self.depths[usize::from(at.0)];
            if known.is_some_and(|known| known <= depth) {
                continue;
            }
            *known = Some(depth);
            if let Some(next) = self.then[usize::from(at.0)] {
                queue.push_front((next, depth));
            }
            for choice in self.keys(at) {
                if let Choice::Go(next) = choice {
                    queue.push_back((*next, depth + 1));
                }
            }
        }
    }
}
