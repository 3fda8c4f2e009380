//! How the lines run: in the channels between the columns, and through the gaps between boxes of a column. Never
//! through a box.

use super::{Piece, Point, Rect};

/// The width of a key beside its box, in pixels. Lines begin and bend further to the right, beyond the keys.
pub const KEY: f64 = 20.0;

/// Into the right side of a box a line comes this far below its upper edge: above its keys.
pub const DOOR: f64 = 13.0;

/// Lines through the same gap are so many pixels apart.
const APART: f64 = 4.0;

/// The columns of a picture, with what stands in each.
pub struct Columns {
    pub left: f64,
    pub width: f64,
    pub channel: f64,
    /// Upper and lower edges of the boxes in each column, from the top.
    spans: Vec<Vec<(f64, f64)>>,
    /// How many lines run through each gap.
    used: Vec<Vec<usize>>,
}

impl Columns {
    pub fn new(left: f64, width: f64, channel: f64, boxes: impl Iterator<Item = (usize, Rect)>) -> Columns {
        let mut spans: Vec<Vec<(f64, f64)>> = Vec::new();
        for (column, rect) in boxes {
            if spans.len() <= column {
                spans.resize(column + 1, Vec::new());
            }
            spans[column].push((rect.y, rect.bottom()));
        }
        for column in &mut spans {
            column.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let used = spans.iter().map(|column| vec![0; column.len() + 1]).collect();
        Columns { left, width, channel, spans, used }
    }

    pub fn left_of(&self, column: usize) -> f64 {
        self.left + column as f64 * (self.width + self.channel)
    }

    fn right_of(&self, column: usize) -> f64 {
        self.left_of(column) + self.width
    }

    /// The height at which a line crosses a column: in the gap nearest to where it wants to be.
    fn gap(&mut self, column: usize, wanted: f64) -> f64 {
        let Some(spans) = self.spans.get(column).filter(|spans| !spans.is_empty()) else { return wanted };
        let half = super::place::BETWEEN / 2.0;
        let above = spans.iter().map(|(top, _)| top - half);
        let middles = above.chain(spans.last().map(|(_, bottom)| bottom + half));
        let nearest = middles.enumerate().min_by(|a, b| (a.1 - wanted).abs().total_cmp(&(b.1 - wanted).abs()));
        let Some((gap, middle)) = nearest else { return wanted };
        let used = &mut self.used[column][gap];
        *used += 1;
        middle + [0.0, APART, -APART][*used % 3]
    }

    /// The way from a box (its column, and where it begins) to another (its column and itself). `turn` (0 to 1) is its
    /// place among the ways of its box: upward the later ones turn later, downward sooner, so that they do not cross.
    pub fn way(&mut self, (from, begin): (usize, Point), (to, door): (usize, Rect), turn: f64) -> Vec<Piece> {
        let lean = if door.y < begin.1 { 0.25 + turn / 2.0 } else { 0.75 - turn / 2.0 };
        let mut way = Way { at: begin, lean, pieces: Vec::new() };
        if to > from {
            for column in from + 1..to {
                let y = self.gap(column, way.at.1);
                way.swing_to((self.left_of(column), y));
                way.straight_to((self.right_of(column) + KEY, y));
            }
            way.swing_to((door.x, (door.y + door.height / 2.0).round()));
            return way.pieces;
        }
        let end = door.y + DOOR;
        if to == from {
            way.bend_to((self.right_of(to) + KEY, end), self.channel);
        } else {
            let y = self.gap(from, (begin.1 + end) / 2.0);
            way.bend_to((self.right_of(from) + KEY, y), self.channel);
            way.straight_to((self.left_of(from), y));
            for column in (to + 1..from).rev() {
                let y = self.gap(column, way.at.1);
                way.swing_to((self.right_of(column) + KEY, y));
                way.straight_to((self.left_of(column), y));
            }
            way.swing_to((self.right_of(to) + KEY, end));
        }
        way.straight_to((door.right(), end));
        way.pieces
    }
}

struct Way {
    at: Point,
    /// Where in a channel it turns, as a part of the channel.
    lean: f64,
    pieces: Vec<Piece>,
}

impl Way {
    fn straight_to(&mut self, to: Point) {
        self.pieces.push(Piece::Straight(to));
        self.at = to;
    }

    /// Across a channel, leaving and coming horizontally.
    fn swing_to(&mut self, to: Point) {
        let x = ((self.at.0 + (to.0 - self.at.0) * self.lean) * 10.0).round() / 10.0;
        self.pieces.push(Piece::Curve((x, self.at.1), (x, to.1), to));
        self.at = to;
    }

    /// Back to the side it came from, within the channel; the further, the wider, so that long ones pass around short
    /// ones.
    fn bend_to(&mut self, to: Point, channel: f64) {
        let far = (to.1 - self.at.1).abs();
        // A cubic curve reaches three quarters of its handles.
        let most = (channel - KEY - 12.0) / 0.75;
        let out = self.at.0.max(to.0) + (16.0 + far * 0.1).min(most);
        self.pieces.push(Piece::Curve((out, self.at.1), (out, to.1), to));
        self.at = to;
    }
}
