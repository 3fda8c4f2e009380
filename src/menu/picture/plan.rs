//! What is drawn: a box for each node and for three places that are no node, what stands in each, and a line for each
//! key. Not yet where.

use super::reach::{seconds_to_reach, target};
use super::{Kind, Role};
use crate::base::Digit;
use crate::menu::hotline::{Act, Answer, Choice, Hotline, LangIx, NodeIx};
use crate::menu::time::{node_seconds, seconds};
use std::collections::VecDeque;

/// A way deeper than this begins again at the left: menus that may go on the line have two levels.
const COLUMNS_MOST: usize = 24;

/// The front door, key 0 and the person stand before and between the nodes under these names; no node can have them,
/// since their names begin with a small letter.
pub const FRONT: &str = "Front door";
pub const KEY_ZERO: &str = "Key 0";
pub const PERSON: &str = "A person";

/// A box to be.
pub struct Planned {
    pub id: String,
    pub kind: Kind,
    pub code: String,
    pub words: String,
    pub seconds: String,
    /// What leads away from here, in the order of the keys.
    pub ways: Vec<Way>,
}

/// A line to be.
pub struct Way {
    pub key: Option<Digit>,
    /// Words beside the key, where the box it leads to does not say it all.
    pub words: &'static str,
    pub own_words: Option<String>,
    pub to: usize,
    pub role: Role,
}

impl Way {
    fn key(key: Option<Digit>, to: usize) -> Way {
        Way { key, words: "", own_words: None, to, role: Role::Another }
    }

    pub fn text(&self) -> &str {
        self.own_words.as_deref().unwrap_or(self.words)
    }
}

/// Everything to be drawn. The trees hold each box of the two upper parts once.
pub struct Plan {
    pub boxes: Vec<Planned>,
    /// Trees of the calls part and of the person part: parents before children, siblings in the order of their keys.
    pub calls: Vec<Tree>,
    pub person: Vec<Tree>,
    /// The boxes of nodes that are reached by text only.
    pub texts: Vec<usize>,
}

/// Boxes with the one they hang from; the first is the root.
pub type Tree = Vec<(usize, Option<usize>)>;

struct Planner<'h> {
    hotline: &'h Hotline,
    language: LangIx,
    reached: Vec<Option<f64>>,
}

/// Boxes come in this order: the front door, key 0, a person, the nodes in file order.
const BEFORE_NODES: usize = 3;

fn of_node(ix: NodeIx) -> usize {
    BEFORE_NODES + usize::from(ix.0)
}

fn node_of(at: usize) -> Option<NodeIx> {
    at.checked_sub(BEFORE_NODES).and_then(|at| u16::try_from(at).ok()).map(NodeIx)
}

pub fn plan(hotline: &Hotline, language: LangIx) -> Plan {
    let planner = Planner { hotline, language, reached: seconds_to_reach(hotline, language) };
    let roles = hotline.roles;
    let mut boxes = vec![planner.front(), planner.key_zero(), planner.person()];
    let indexes = || (0..hotline.nodes.len()).filter_map(|at| u16::try_from(at).ok()).map(NodeIx);
    boxes.extend(indexes().map(|ix| planner.node(ix)));
    let texts: Vec<usize> = indexes().filter(|ix| hotline.node(*ix).text_only).map(of_node).collect();

    let mut placed = vec![false; boxes.len()];
    for at in &texts {
        placed[*at] = true;
    }
    // The person part first: its boxes do not hang from a menu, even where an option leads to one.
    let (zero, person) = (1, 2);
    let part = [of_node(roles.connect), of_node(roles.busy), of_node(roles.closed)];
    let mut tree: Tree = vec![(zero, None)];
    tree.extend(part.iter().map(|at| (*at, Some(zero))));
    tree.extend([(of_node(roles.waiting), Some(part[0])), (person, Some(of_node(roles.waiting)))]);
    for (at, parent) in &tree {
        placed[*at] = true;
        if let Some(parent) = parent {
            hang(&mut boxes, *parent, *at);
        }
    }
    let person = vec![tree];

    let mut calls = Vec::new();
    let mut roots: VecDeque<usize> = [0].into_iter().chain(indexes().map(of_node)).collect();
    while let Some(root) = roots.pop_front() {
        if !std::mem::replace(&mut placed[root], true) {
            let (tree, too_deep) = grow(&mut boxes, &mut placed, root);
            calls.push(tree);
            roots.extend(too_deep);
        }
    }
    // Whichever language is drawn, welcome hangs from its key.
    for (at, way) in boxes[0].ways.iter_mut().enumerate() {
        way.role = if at == usize::from(language.0) { Role::First } else { Role::Another };
    }
    let mut plan = Plan { boxes, calls, person, texts };
    plan.words_of_ways(&planner);
    plan
}

/// The boxes that hang from a root, nearest first, so that each hangs where its fewest keys lead; and those that would
/// hang too deep.
fn grow(boxes: &mut [Planned], placed: &mut [bool], root: usize) -> (Tree, Vec<usize>) {
    let (mut tree, mut too_deep) = (vec![(root, None)], Vec::new());
    let mut queue = VecDeque::from([(root, 0)]);
    while let Some((at, depth)) = queue.pop_front() {
        for way in 0..boxes[at].ways.len() {
            let to = boxes[at].ways[way].to;
            if placed[to] {
                continue;
            }
            if depth + 1 == COLUMNS_MOST {
                too_deep.push(to);
                continue;
            }
            placed[to] = true;
            boxes[at].ways[way].role = Role::First;
            tree.push((to, Some(at)));
            queue.push_back((to, depth + 1));
        }
    }
    (tree, too_deep)
}

/// The ways from a box to the one that hangs from it are drawn as its first ones.
fn hang(boxes: &mut [Planned], parent: usize, to: usize) {
    for way in boxes[parent].ways.iter_mut().filter(|way| way.to == to) {
        way.role = Role::First;
    }
}

impl Plan {
    /// A node that hangs from a menu shows the words of the option that leads to it there.
    fn words_of_ways(&mut self, planner: &Planner<'_>) {
        for tree in &self.calls {
            for (at, parent) in tree {
                let Some(parent) = *parent else { continue };
                let Some(from) = node_of(parent) else { continue };
                let way = self.boxes[parent].ways.iter().position(|way| way.to == *at && way.key.is_some());
                let option = way.and_then(|way| planner.hotline.spoken(from, planner.language).options.get(way));
                if let Some(option) = option {
                    self.boxes[*at].words = option.words.clone();
                }
            }
        }
    }
}

impl Planner<'_> {
    fn front(&self) -> Planned {
        let front = &self.hotline.front;
        let names = self.hotline.phrases.iter().enumerate();
        let ways = names.map(|(at, phrases)| {
            let drawn = at == usize::from(self.language.0);
            let own_words = Some(if drawn { format!("{}, drawn here", phrases.name) } else { phrases.name.clone() });
            Way { own_words, ..Way::key(Digit::of_option(at), of_node(self.hotline.roles.welcome)) }
        });
        Planned {
            id: FRONT.to_owned(),
            kind: Kind::Front,
            code: String::new(),
            words: front.greeting.words.clone(),
            seconds: times(Some(0.0), Some(seconds(std::iter::once(&front.greeting).chain(&front.languages)))),
            ways: ways.collect(),
        }
    }

    fn key_zero(&self) -> Planned {
        let roles = self.hotline.roles;
        let way = |words, node| Way { words, ..Way::key(Some(Digit::ZERO), of_node(node)) };
        Planned {
            id: KEY_ZERO.to_owned(),
            kind: Kind::KeyZero,
            code: String::new(),
            words: "From everywhere, at any moment.".to_owned(),
            seconds: String::new(),
            ways: vec![
                way("somebody is free", roles.connect),
                way("all are talking", roles.busy),
                way("nobody is on duty", roles.closed),
            ],
        }
    }

    fn person(&self) -> Planned {
        let waiting = self.hotline.roles.waiting;
        let begins = self.reached[usize::from(waiting.0)];
        let rings = begins.map(|begins| begins + node_seconds(self.hotline, waiting, self.language));
        Planned {
            id: PERSON.to_owned(),
            kind: Kind::Person,
            code: String::new(),
            words: "A counsellor's line rings.".to_owned(),
            seconds: times(rings, None),
            ways: Vec::new(),
        }
    }

    fn node(&self, ix: NodeIx) -> Planned {
        let hotline = self.hotline;
        let node = hotline.node(ix);
        if node.text_only {
            return self.text_only(ix);
        }
        let roles = hotline.roles;
        let mut ways: Vec<Way> = Vec::new();
        if let Some(then) = node.then {
            ways.push(Way::key(None, of_node(then)));
        } else if ix == roles.waiting {
            let way = |words, to| Way { words, ..Way::key(None, to) };
            ways.extend([way("somebody answers", 2), way("nobody answers", of_node(roles.busy))]);
        }
        for (at, choice) in node.keys.iter().enumerate() {
            let words = match choice {
                Choice::Go(_) => "",
                Choice::Act(Act::Letters) => "letter by letter",
                Choice::Act(Act::Talk) => "to talk",
                Choice::Act(Act::Keys) => "cannot speak",
                Choice::Act(Act::Woman) => "to a woman",
                Choice::Act(Act::Man) => "to a man",
                Choice::Act(Act::Wait) => "to wait on",
                Choice::Act(Act::Information) => "to the information",
            };
            ways.push(Way { words, ..Way::key(Digit::of_option(at), of_node(target(hotline, ix, *choice))) });
        }
        let info = hotline.spoken(ix, self.language).info.iter().map(|prompt| prompt.words.as_str());
        let takes = node_seconds(hotline, ix, self.language);
        Planned {
            id: node.name.clone(),
            kind: Kind::Node,
            code: hotline.code(self.language, ix).map(|code| format!("SMS {code}")).unwrap_or_default(),
            words: info.collect::<Vec<_>>().join(" "),
            seconds: times(self.reached[usize::from(ix.0)], Some(takes)),
            ways,
        }
    }

    fn text_only(&self, ix: NodeIx) -> Planned {
        let sms = &self.hotline.sms;
        let words = sms.keywords.iter().filter(|(_, answer)| **answer == Answer::Node(self.language, ix));
        let words: Vec<&str> = words.map(|(word, _)| word.as_str()).collect();
        let text = sms.texts.get(usize::from(self.language.0)).and_then(|texts| texts.get(usize::from(ix.0)));
        Planned {
            id: self.hotline.node(ix).name.clone(),
            kind: Kind::TextOnly,
            code: format!("SMS {}", words.join(", ")),
            words: text.cloned().unwrap_or_default(),
            seconds: String::new(),
            ways: Vec::new(),
        }
    }
}

/// When something is heard and how long it takes.
fn times(after: Option<f64>, takes: Option<f64>) -> String {
    let after = after.map_or("no keys lead here".to_owned(), |after| format!("after {after:.0} s"));
    match takes {
        Some(takes) => format!("{after}, {takes:.0} s long"),
        None => after,
    }
}
