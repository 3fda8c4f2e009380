//! Where the boxes stand: trees from left to right, placed by a library, one below the other.

use super::plan::Tree;
use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};

/// Pixels between boxes, one above the other: room for a line.
pub const BETWEEN: f64 = 18.0;

/// Column and upper edge (in pixels, from 0) of each box of a tree, and the height of the whole. All boxes are `width`
/// wide, and there are `channel` pixels between two columns.
pub fn place(tree: &Tree, width: f64, channel: f64, height: impl Fn(usize) -> f64) -> (Vec<(usize, usize, f64)>, f64) {
    let options = GraphOptions { directed: true, multigraph: false, compound: false };
    let mut graph: Graph<NodeLabel, EdgeLabel> = Graph::with_options(options);
    for (at, _) in tree {
        graph.set_node(at.to_string(), Some(NodeLabel { width, height: height(*at), ..NodeLabel::default() }));
    }
    for (at, parent) in tree {
        if let Some(parent) = parent {
            graph.set_edge(parent.to_string(), at.to_string(), Some(EdgeLabel::default()), None);
        }
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: BETWEEN,
        ranksep: channel,
        // Of orders with as few crossings the first one: that of the keys.
        tie_keep_first: true,
        ..LayoutOptions::default()
    };
    layout(&mut graph, Some(options));
    let middle = |at: usize| graph.node(&at.to_string()).and_then(|label| Some((label.x?, label.y?)));
    let placed = tree.iter().map(|(at, _)| {
        let (x, y) = middle(*at).unwrap_or_default();
        // Columns are whole: the middle of the first is half a box from the left.
        let column = ((x - width / 2.0) / (width + channel)).round().max(0.0) as usize;
        (*at, column, (y - height(*at) / 2.0).round())
    });
    let mut placed: Vec<(usize, usize, f64)> = placed.collect();
    let top = placed.iter().map(|(_, _, top)| *top).fold(f64::INFINITY, f64::min);
    for (_, _, own) in &mut placed {
        *own -= top;
    }
    let bottom = placed.iter().map(|(at, _, top)| top + height(*at)).fold(0.0, f64::max);
    (placed, bottom)
}
