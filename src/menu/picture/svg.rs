//! The picture as SVG: one file that needs nothing else, for a browser, a printer, or a page of ours.

use super::{Anchor, Edge, Kind, Line, NodeBox, Picture, Piece, Role, Style, picture};
use crate::menu::hotline::{Hotline, LangIx};
use std::fmt::Write;

/// Colours by name: by day, by night. What is written keeps 4.5 to 1 from what it stands on.
pub const COLOURS: [(&str, &str, &str); 13] = [
    ("paper", "#ffffff", "#11161c"),
    ("part", "#f1f4f7", "#1a212a"),
    ("box", "#ffffff", "#242e39"),
    ("edge", "#7b8a9a", "#66788a"),
    ("ink", "#17212b", "#eef3f8"),
    ("soft", "#4a5764", "#b9c5d1"),
    ("way", "#5b6a79", "#93a4b5"),
    ("key", "#1d4f7c", "#9fcbf5"),
    ("on-key", "#ffffff", "#0e1a26"),
    ("person", "#fff3d1", "#3b3013"),
    ("person-edge", "#7c4d00", "#e5b95c"),
    ("heard", "#ffe9a3", "#574600"),
    ("heard-edge", "#8f3b00", "#ffd75e"),
];

/// How the picture looks, for a page that has it in its own style sheet; [`svg`] brings it along. The colours are
/// [`COLOURS`] as variables.
pub const STYLE: &str = "\
.hulplijn-map{background:var(--map-paper);font-family:system-ui,'Liberation Sans',Arial,'DejaVu Sans',sans-serif}
.hulplijn-map text{fill:var(--map-ink);stroke:none}
.hulplijn-map .title{font-size:18px;font-weight:700}
.hulplijn-map .heading{font-size:14px;font-weight:700}
.hulplijn-map .words,.hulplijn-map .fact{font-size:12px}
.hulplijn-map .fact{fill:var(--map-soft)}
.hulplijn-map .key{font-size:12px;font-weight:700;fill:var(--map-on-key)}
.hulplijn-map .paper{fill:var(--map-paper)}
.hulplijn-map .part{fill:var(--map-part)}
.hulplijn-map .box{fill:var(--map-box);stroke:var(--map-edge);stroke-width:1.2}
.hulplijn-map .text-only .box{stroke-dasharray:2 3}
.hulplijn-map .tab{fill:var(--map-key)}
.hulplijn-map .person .box,.hulplijn-map .key-zero .box{fill:var(--map-person);stroke:var(--map-person-edge);stroke-width:2}
.hulplijn-map .person .inner{fill:none;stroke:var(--map-person-edge);stroke-width:1.2}
.hulplijn-map .somebody{fill:var(--map-person-edge)}
.hulplijn-map .way{fill:none;stroke:var(--map-way);stroke-width:1.5}
.hulplijn-map .another{stroke-dasharray:5 4}
.hulplijn-map .head{fill:var(--map-way)}
.hulplijn-map .node.heard .box{fill:var(--map-heard);stroke:var(--map-heard-edge);stroke-width:5}
.hulplijn-map .node.heard .fact{fill:var(--map-ink)}
";

/// The picture of a hotline in one language, as SVG. Each node is a group with the id `node-NAME` and the class `node`;
/// with the class `heard` as well it lights up. The front door is `map-front`, key 0 `map-key-zero`, the person
/// `map-person`. No scripts, no fonts, nothing from elsewhere.
pub fn svg(hotline: &Hotline, language: LangIx) -> String {
    written(&picture(hotline, language))
}

fn written(picture: &Picture) -> String {
    let mut out = String::new();
    let (width, height) = (number(picture.width), number(picture.height));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hulplijn-map\" role=\"img\" \
         aria-labelledby=\"map-title map-description\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">"
    );
    let _ = writeln!(out, "<title id=\"map-title\">{}</title>", escaped(&picture.title));
    let _ = writeln!(out, "<desc id=\"map-description\">{}</desc>", escaped(&picture.description));
    let _ = writeln!(out, "<style>\n{}</style>", style());
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>");
    for part in &picture.parts {
        let (x, y, width, height) = (number(part.x), number(part.y), number(part.width), number(part.height));
        let _ =
            writeln!(out, "<rect class=\"part\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>");
    }
    for note in &picture.notes {
        text(&mut out, note);
    }
    // The shortest ways lie above the others.
    for role in [Role::Another, Role::First] {
        for edge in picture.edges.iter().filter(|edge| edge.role == role) {
            way(&mut out, picture, edge);
        }
    }
    for (at, node) in picture.boxes.iter().enumerate() {
        node_box(&mut out, node, picture.edges.iter().filter(|edge| edge.from == at));
    }
    out.push_str("</svg>\n");
    out
}

/// The style sheet of the picture, for a page that may not use one inside it.
pub fn style() -> String {
    format!("{}{STYLE}", colours())
}

/// The colours as variables: by day, by night where the reader has chosen it, and by day on paper.
fn colours() -> String {
    let list = |pick: fn(&(&str, &'static str, &'static str)) -> &'static str| {
        COLOURS.iter().map(|colour| format!("--map-{}:{};", colour.0, pick(colour))).collect::<String>()
    };
    let (day, night) = (list(|colour| colour.1), list(|colour| colour.2));
    format!(
        ".hulplijn-map{{color-scheme:light dark;{day}}}\n\
         @media screen and (prefers-color-scheme:dark){{.hulplijn-map{{{night}}}}}\n"
    )
}

fn way(out: &mut String, picture: &Picture, edge: &Edge) {
    let role = if edge.role == Role::First { "first" } else { "another" };
    let mut path = format!("M{} {}", number(edge.begin.0), number(edge.begin.1));
    let (mut before, mut at) = (edge.begin, edge.begin);
    for piece in &edge.pieces {
        before = at;
        match *piece {
            Piece::Straight(to) => {
                let _ = write!(path, "L{} {}", number(to.0), number(to.1));
                at = to;
            }
            Piece::Curve(a, b, to) => {
                let all = [a.0, a.1, b.0, b.1, to.0, to.1].map(number);
                let _ = write!(path, "C{}", all.join(" "));
                at = to;
            }
        }
    }
    let back = if before.0 < at.0 { -7 } else { 7 };
    let (from, to) = (escaped(&picture.boxes[edge.from].id), escaped(&picture.boxes[edge.to].id));
    let _ = writeln!(out, "<path class=\"way {role}\" data-from=\"{from}\" data-to=\"{to}\" d=\"{path}\"/>");
    let _ = writeln!(out, "<path class=\"head\" d=\"M{} {}l{back} -4v8z\"/>", number(at.0), number(at.1));
}

fn node_box<'p>(out: &mut String, node: &NodeBox, edges: impl Iterator<Item = &'p Edge>) {
    let (id, class) = match node.kind {
        Kind::Node => (format!("node-{}", node.id), ""),
        Kind::TextOnly => (format!("node-{}", node.id), " text-only"),
        Kind::Front => ("map-front".to_owned(), " front"),
        Kind::KeyZero => ("map-key-zero".to_owned(), " key-zero"),
        Kind::Person => ("map-person".to_owned(), " person"),
    };
    let _ = writeln!(out, "<g id=\"{}\" class=\"node{class}\">", escaped(&id));
    let rect = node.rect;
    let (x, y, width, height) = (number(rect.x), number(rect.y), number(rect.width), number(rect.height));
    let _ = writeln!(
        out,
        "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{}\"/>",
        if node.kind == Kind::Person { 16 } else { 6 }
    );
    if node.kind == Kind::Person {
        let (x, y, width, height) =
            (number(rect.x + 4.0), number(rect.y + 4.0), number(rect.width - 8.0), number(rect.height - 8.0));
        let _ = writeln!(
            out,
            "<rect class=\"inner\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"12\"/>"
        );
        let (x, y) = (number(rect.right() - 30.0), number(rect.y + 19.0));
        let _ = writeln!(
            out,
            "<path class=\"somebody\" d=\"M{x} {y}m-5 0a5 5 0 1 1 10 0a5 5 0 1 1 -10 0m-5 17q0 -10 10 -10t10 10z\"/>"
        );
    }
    for line in &node.lines {
        text(out, line);
    }
    for tab in edges.filter_map(|edge| edge.label.as_ref()) {
        let (x, y) = (number(tab.rect.x), number(tab.rect.y));
        let (width, height) = (number(tab.rect.width), number(tab.rect.height));
        let _ =
            writeln!(out, "<rect class=\"tab\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\"/>");
        text(out, tab);
    }
    out.push_str("</g>\n");
}

fn text(out: &mut String, line: &Line) {
    let class = match line.style {
        Style::Title => "title",
        Style::Heading => "heading",
        Style::Words => "words",
        Style::Fact => "fact",
        Style::Key => "key",
    };
    let (x, anchor) = match line.anchor {
        Anchor::Left => (line.rect.x, ""),
        Anchor::Middle => (line.rect.x + line.rect.width / 2.0, " text-anchor=\"middle\""),
        Anchor::Right => (line.rect.right(), " text-anchor=\"end\""),
    };
    // The letters stand in the middle of their rectangle: 0.93 of their size above the line, 0.24 below.
    let y = line.rect.y + line.rect.height / 2.0 + line.style.size() * 0.345;
    let (x, y) = (number(x), number(y));
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", escaped(&line.words));
}

/// With at most one decimal.
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    // No negative zero.
    format!("{}", if tenths == 0.0 { 0.0 } else { tenths })
}

/// For text and for attributes in double quotes. What XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
