//! The whole hotline as one drawing: a box for each node, a line for each key, and when each is heard.
//!
//! [`picture`] says where everything stands, in pixels from the upper left; [`svg`] and [`dot`] write it down. The same
//! hotline gives the same bytes.

mod dot;
mod draw;
mod measure;
mod place;
mod plan;
mod reach;
mod route;
mod svg;

use super::hotline::{Hotline, LangIx};
use crate::base::{Digit, Language};

pub use dot::dot;
pub use draw::picture;
pub use svg::{COLOURS, STYLE, style, svg};

/// A rectangle, in pixels.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether the two have more in common than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        const EDGE: f64 = 0.01;
        self.x < other.right() - EDGE
            && other.x < self.right() - EDGE
            && self.y < other.bottom() - EDGE
            && other.y < self.bottom() - EDGE
    }
}

/// What a line of words is for, which says how it looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Above everything.
    Title,
    /// Above a part of the picture, and the name of a node.
    Heading,
    /// What callers hear.
    Words,
    /// Codes, seconds, what the signs mean.
    Fact,
    /// A key.
    Key,
}

impl Style {
    /// The size of the letters in pixels: never below 12.
    pub fn size(self) -> f64 {
        match self {
            Style::Title => 18.0,
            Style::Heading => 14.0,
            Style::Words | Style::Fact | Style::Key => 12.0,
        }
    }

    pub fn bold(self) -> bool {
        matches!(self, Style::Title | Style::Heading | Style::Key)
    }
}

/// Where in its rectangle a line of words stands; the rectangle is a little too wide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    Left,
    Middle,
    Right,
}

/// One line of words, within its rectangle in every usual sans-serif face.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub words: String,
    pub rect: Rect,
    pub style: Style,
    pub anchor: Anchor,
}

/// What a box stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What is heard first: the languages.
    Front,
    /// Key 0, wherever it is pressed.
    KeyZero,
    /// Somebody to talk to.
    Person,
    Node,
    /// A node that no keys lead to.
    TextOnly,
}

#[derive(Clone, PartialEq, Debug)]
pub struct NodeBox {
    /// The name of the node; of the other kinds of box: what they are called.
    pub id: String,
    pub kind: Kind,
    pub rect: Rect,
    pub lines: Vec<Line>,
}

/// Whether a way is the one its box hangs from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    First,
    Another,
}

/// A piece of a way: straight, or a cubic curve with its two handles.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Piece {
    Straight(Point),
    Curve(Point, Point, Point),
}

/// Pixels from the left and from the top.
pub type Point = (f64, f64);

/// What one key, or the end of what is said, leads to.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Indexes of [`Picture::boxes`].
    pub from: usize,
    pub to: usize,
    pub key: Option<Digit>,
    pub role: Role,
    /// The key, at the right side of the box it belongs to.
    pub label: Option<Line>,
    pub begin: Point,
    /// The last one ends at the box, horizontally.
    pub pieces: Vec<Piece>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    pub title: String,
    /// For people who hear it instead of seeing it.
    pub description: String,
    /// In pixels.
    pub width: f64,
    pub height: f64,
    /// The parts: calls, a person, by text only.
    pub parts: Vec<Rect>,
    pub boxes: Vec<NodeBox>,
    pub edges: Vec<Edge>,
    /// Title, headings and what the signs mean.
    pub notes: Vec<Line>,
}

/// The language to draw where none was asked for: English if there is one, else the first.
pub fn usual_language(hotline: &Hotline) -> LangIx {
    Language::new("en").and_then(|english| hotline.language_ix(english)).unwrap_or(LangIx(0))
}
