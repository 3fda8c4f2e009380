//! From what is drawn to where everything stands.

use super::measure::{width, wrap};
use super::place::{BETWEEN, place};
use super::plan::{Plan, Planned, Tree, plan};
use super::route::{Columns, KEY};
use super::{Anchor, Edge, Kind, Line, NodeBox, Picture, Rect, Style};
use crate::menu::hotline::{Hotline, LangIx};

/// All in pixels. A box is wide enough for code and seconds on one line, and four columns for a laptop's screen.
const BOX: f64 = 232.0;
const CHANNEL: f64 = 78.0;
const MARGIN: f64 = 28.0;
/// From the side of a box to its words.
const INSIDE: f64 = 10.0;
const ROOM: f64 = BOX - 2.0 * INSIDE;
/// From one key to the next.
const KEY_STEP: f64 = 21.0;
const KEY_HEIGHT: f64 = 18.0;
/// The keys begin below the name.
const BELOW_NAME: f64 = 27.0;
const LINE: f64 = 15.0;
/// Words of an option that a box has room for, in lines.
const WORDS_MOST: usize = 2;
/// Around the boxes of a part, and between two parts.
const AROUND: f64 = 16.0;
/// By text only: so many boxes beside each other at least.
const COLUMNS_LEAST: usize = 4;

/// The picture of a hotline with the words and seconds of one language.
pub fn picture(hotline: &Hotline, language: LangIx) -> Picture {
    let plan = plan(hotline, language);
    let insides: Vec<Inside> = plan.boxes.iter().map(inside).collect();
    let mut sheet = Sheet::begin(hotline, language, &plan, &insides);
    sheet.part("Calls", |sheet| {
        for tree in &plan.calls {
            sheet.tree(tree, &insides);
        }
    });
    sheet.part("A person", |sheet| {
        for tree in &plan.person {
            sheet.tree(tree, &insides);
        }
    });
    if !plan.texts.is_empty() {
        sheet.part("By text only", |sheet| sheet.rows(&plan.texts, &insides));
    }
    sheet.finish(plan, insides)
}

// ---- one box

/// What stands in a box, as if its upper left were at 0, 0.
struct Inside {
    height: f64,
    lines: Vec<Line>,
    /// Where each of its ways begins, as the middle of its key.
    ports: Vec<f64>,
}

fn line(words: String, style: Style, anchor: Anchor, rect: Rect) -> Line {
    Line { words, rect, style, anchor }
}

/// A line of this style across a box.
fn across(words: String, style: Style, anchor: Anchor, y: f64) -> Line {
    let own = width(&words, style.size(), style.bold()).min(ROOM);
    let x = if anchor == Anchor::Right { BOX - INSIDE - own } else { INSIDE };
    line(words, style, anchor, Rect { x, y, width: own, height: style.size() * 1.2 })
}

fn fitted(words: &str, style: Style, lines_most: usize) -> Vec<String> {
    wrap(words, style.size(), style.bold(), ROOM, lines_most)
}

fn inside(planned: &Planned) -> Inside {
    let mut lines = Vec::new();
    for name in fitted(&planned.id, Style::Heading, 1) {
        lines.push(across(name, Style::Heading, Anchor::Left, 7.0));
    }
    let mut y = BELOW_NAME;
    for words in fitted(&planned.words, Style::Words, WORDS_MOST) {
        lines.push(across(words, Style::Words, Anchor::Left, y));
        y += LINE;
    }
    if !planned.words.is_empty() {
        y += 2.0;
    }
    let (code, seconds) = (fitted(&planned.code, Style::Fact, 1), fitted(&planned.seconds, Style::Fact, 1));
    let size = |lines: &[String]| lines.iter().map(|line| width(line, Style::Fact.size(), false)).sum::<f64>();
    let beside = size(&code) + size(&seconds) + 6.0 <= ROOM;
    for code in &code {
        lines.push(across(code.clone(), Style::Fact, Anchor::Left, y));
        if !beside && !seconds.is_empty() {
            y += LINE;
        }
    }
    for seconds in &seconds {
        lines.push(across(seconds.clone(), Style::Fact, Anchor::Right, y));
    }
    if !(code.is_empty() && seconds.is_empty()) {
        y += LINE;
    }
    // Keys that need no words stand beside the words of the box, the others in rows of their own below.
    let mut key = BELOW_NAME + KEY_HEIGHT / 2.0;
    let mut ports: Vec<f64> = Vec::new();
    for _ in planned.ways.iter().filter(|way| way.text().is_empty() && way.key.is_some()) {
        ports.push(key);
        key += KEY_STEP;
    }
    let mut height = (y + 6.0).max(key - KEY_HEIGHT / 2.0 + 3.0);
    let mut bare = ports.into_iter();
    let mut ports = Vec::new();
    for way in &planned.ways {
        if !way.text().is_empty() {
            for words in fitted(way.text(), Style::Fact, 1) {
                lines.push(across(words, Style::Fact, Anchor::Right, height + 2.0));
            }
            ports.push(height + KEY_HEIGHT / 2.0);
            height += KEY_STEP;
        } else {
            ports.push(bare.next().unwrap_or_default());
        }
    }
    height = (height + 2.0).round();
    for (way, port) in planned.ways.iter().zip(&mut ports) {
        if way.key.is_none() && way.text().is_empty() {
            *port = (height / 2.0).round();
        }
    }
    Inside { height, lines, ports }
}

// ---- the sheet

struct Sheet {
    title: String,
    description: String,
    y: f64,
    columns: usize,
    parts: Vec<Rect>,
    notes: Vec<Line>,
    /// Of each box: its column and its rectangle.
    placed: Vec<(usize, Rect)>,
    /// The trees of each part, placed before anything is drawn, since their columns say how wide the picture is.
    trees: Vec<(Tree, Placement)>,
}

/// Columns and upper edges, and the height.
type Placement = (Vec<(usize, usize, f64)>, f64);

fn left_of(column: usize) -> f64 {
    MARGIN + column as f64 * (BOX + CHANNEL)
}

/// Places a tree. Where the root leads to nothing but its first box, that box stands below it in the same column.
fn placement(tree: &Tree, insides: &[Inside], kind: impl Fn(usize) -> Kind) -> Placement {
    let stacked = match tree.as_slice() {
        [(root, None), (below, Some(parent)), rest @ ..]
            if parent == root
                && kind(*root) == Kind::Front
                && rest.iter().all(|(_, parent)| *parent != Some(*root)) =>
        {
            Some((*root, *below))
        }
        _ => None,
    };
    let height = |at: usize| insides[at].height;
    let Some((root, below)) = stacked else { return place(tree, BOX, CHANNEL, height) };
    let up = |at: usize| if at == below { root } else { at };
    let less: Tree = tree.iter().filter(|(at, _)| *at != below).map(|(at, parent)| (*at, parent.map(up))).collect();
    let both = height(root) + BETWEEN + height(below);
    let (mut placed, bottom) = place(&less, BOX, CHANNEL, |at| if at == root { both } else { height(at) });
    if let Some((_, column, top)) = placed.iter().find(|(at, _, _)| *at == root).copied() {
        placed.push((below, column, top + height(root) + BETWEEN));
    }
    (placed, bottom)
}

impl Sheet {
    fn begin(hotline: &Hotline, language: LangIx, plan: &Plan, insides: &[Inside]) -> Sheet {
        let place = |tree: &Tree| (tree.clone(), placement(tree, insides, |at| plan.boxes[at].kind));
        let trees: Vec<(Tree, Placement)> = plan.calls.iter().chain(&plan.person).map(place).collect();
        let most = trees.iter().flat_map(|(_, (placed, _))| placed).map(|(_, column, _)| column + 1).max();
        let (name, tag) = (&hotline.phrases(language).name, hotline.language(language));
        let nodes = hotline.nodes.len();
        let mut sheet = Sheet {
            title: format!("{}: {name} ({tag}), revision {}", hotline.name, hotline.revision),
            description: format!(
                "The whole hotline as a drawing: {nodes} nodes, a line for each key, and the seconds after which each \
                 node is heard in {tag}. `hulplijn map --text` says the same in words."
            ),
            y: MARGIN - 8.0,
            columns: most.unwrap_or(1).max(COLUMNS_LEAST),
            parts: Vec::new(),
            notes: Vec::new(),
            placed: vec![Default::default(); insides.len()],
            trees,
        };
        sheet.note(&sheet.title.clone(), Style::Title, 2);
        for legend in LEGEND {
            sheet.note(legend, Style::Fact, 6);
        }
        sheet.y += 6.0;
        sheet
    }

    /// How wide the columns are together, with the channel behind the last one.
    fn across(&self) -> f64 {
        self.columns as f64 * (BOX + CHANNEL)
    }

    fn note(&mut self, words: &str, style: Style, lines_most: usize) {
        // Nobody reads lines that are much wider than a screen.
        let room = self.across().min(4.0 * (BOX + CHANNEL));
        for words in wrap(words, style.size(), style.bold(), room, lines_most) {
            let height = style.size() * 1.2;
            let own = width(&words, style.size(), style.bold());
            self.notes.push(line(words, style, Anchor::Left, Rect { x: MARGIN, y: self.y, width: own, height }));
            self.y += (height + 2.0).round();
        }
    }

    /// A part of the picture, with its heading above the first column.
    fn part(&mut self, heading: &str, fill: impl FnOnce(&mut Sheet)) {
        let top = self.y;
        self.y += 8.0;
        let words = heading.to_owned();
        let own = width(&words, Style::Heading.size(), true);
        let rect = Rect { x: MARGIN, y: self.y, width: own, height: Style::Heading.size() * 1.2 };
        self.notes.push(line(words, Style::Heading, Anchor::Left, rect));
        self.y += rect.height + BETWEEN;
        fill(self);
        self.y += AROUND - BETWEEN + 4.0;
        let (x, width) = (MARGIN - AROUND, self.across() + AROUND);
        self.parts.push(Rect { x, y: top, width, height: self.y - top });
        self.y += AROUND;
    }

    fn stand(&mut self, at: usize, column: usize, y: f64, height: f64) {
        self.placed[at] = (column, Rect { x: left_of(column), y: y.round(), width: BOX, height });
    }

    fn tree(&mut self, tree: &Tree, insides: &[Inside]) {
        let root = tree.first().map(|(root, _)| *root);
        let known = self.trees.iter().position(|(known, _)| known.first().map(|(at, _)| *at) == root);
        let Some((placed, height)) = known.map(|known| self.trees.swap_remove(known).1) else { return };
        for (at, column, top) in placed {
            self.stand(at, column, self.y + top, insides[at].height);
        }
        self.y += height + BETWEEN;
    }

    fn rows(&mut self, boxes: &[usize], insides: &[Inside]) {
        for row in boxes.chunks(self.columns) {
            for (column, at) in row.iter().enumerate() {
                self.stand(*at, column, self.y, insides[*at].height);
            }
            self.y += row.iter().map(|at| insides[*at].height).fold(0.0, f64::max) + BETWEEN;
        }
    }

    fn finish(self, plan: Plan, insides: Vec<Inside>) -> Picture {
        let mut columns = Columns::new(MARGIN, BOX, CHANNEL, self.placed.iter().copied());
        let mut edges = Vec::new();
        for (from, planned) in plan.boxes.iter().enumerate() {
            let (column, rect) = self.placed[from];
            for (turn, (way, port)) in planned.ways.iter().zip(&insides[from].ports).enumerate() {
                let turn = turn as f64 / planned.ways.len().max(2).saturating_sub(1) as f64;
                let y = rect.y + port;
                let label = way.key.map(|key| {
                    let tab = Rect { x: rect.right(), y: y - KEY_HEIGHT / 2.0, width: KEY, height: KEY_HEIGHT };
                    line(key.to_string(), Style::Key, Anchor::Middle, tab)
                });
                let begin = (rect.right() + if label.is_some() { KEY } else { 0.0 }, y);
                let pieces = columns.way((column, begin), self.placed[way.to], turn);
                edges.push(Edge { from, to: way.to, key: way.key, role: way.role, label, begin, pieces });
            }
        }
        let boxes = plan.boxes.into_iter().zip(insides).zip(&self.placed).map(|((planned, inside), (_, rect))| {
            let mut lines = inside.lines;
            for line in &mut lines {
                line.rect.x += rect.x;
                line.rect.y += rect.y;
            }
            NodeBox { id: planned.id, kind: planned.kind, rect: *rect, lines }
        });
        Picture {
            title: self.title,
            description: self.description,
            width: self.columns as f64 * (BOX + CHANNEL) + 2.0 * MARGIN - AROUND,
            height: (self.y - AROUND + MARGIN / 2.0).ceil(),
            parts: self.parts,
            boxes: boxes.collect(),
            edges,
            notes: self.notes,
        }
    }
}

/// What the signs mean.
const LEGEND: [&str; 3] = [
    "Everywhere, and therefore not drawn at each box: 0 a person, * back, 8 again, 9 end at once, # skip to the options.",
    "after 81 s: from the answer until this is heard, each key pressed as soon as it was named. 36 s long: all that it \
     says. SMS 231: the code that brings it as a text.",
    "Solid line: the shortest way. Dashed line: another way to the same box. Line without a key: goes on by itself.",
];
