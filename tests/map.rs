//! The drawing of a hotline: nothing lies over anything else, nothing is missing, whatever the hotline.

#[path = "../benches/hotlines/mod.rs"]
mod hotlines;

use hulplijn::base::Digit;
use hulplijn::cli::menus::Origin;
use hulplijn::menu::picture::{COLOURS, Kind, Line, Picture, Piece, Point, Rect, STYLE, dot, picture, svg};
use hulplijn::menu::{self, Act, Choice, Hotline, LangIx, Node, NodeIx, Prompt, Settings, Spoken};
use proptest::prelude::*;
use quick_xml::events::Event;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

fn hotline(folder: &str) -> Hotline {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let sources = Origin::Folder(folder).read().ok().unwrap();
    menu::load(&sources, &Settings::default(), "2026-11-24".parse().unwrap()).hotline.unwrap()
}

fn small() -> &'static Hotline {
    static SMALL: OnceLock<Hotline> = OnceLock::new();
    SMALL.get_or_init(|| hotline("src/menu/fixture"))
}

fn languages(hotline: &Hotline) -> impl Iterator<Item = LangIx> + use<> {
    (0..hotline.languages.len()).map(|at| LangIx(u8::try_from(at).unwrap()))
}

// ---- what holds of every drawing

/// Everything that is read: the lines in boxes, the keys, the notes.
fn lines(picture: &Picture) -> impl Iterator<Item = &Line> {
    let keys = picture.edges.iter().filter_map(|edge| edge.label.as_ref());
    picture.boxes.iter().flat_map(|node| &node.lines).chain(keys).chain(&picture.notes)
}

fn within(inner: &Rect, outer: &Rect) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.right() <= outer.right() + 0.01
        && inner.bottom() <= outer.bottom() + 0.01
}

/// Points of a line, at most some pixels apart.
fn points(begin: Point, pieces: &[Piece]) -> Vec<Point> {
    let (mut points, mut at) = (Vec::new(), begin);
    for piece in pieces {
        let (a, b, to) = match *piece {
            Piece::Straight(to) => (at, to, to),
            Piece::Curve(a, b, to) => (a, b, to),
        };
        let far = (to.0 - at.0).abs() + (to.1 - at.1).abs();
        let steps = (far / 4.0).ceil().clamp(20.0, 4000.0) as usize;
        for step in 0..=steps {
            let t = step as f64 / steps as f64;
            let bend = |p: f64, a: f64, b: f64, q: f64| {
                let s = 1.0 - t;
                s * s * s * p + 3.0 * s * s * t * a + 3.0 * s * t * t * b + t * t * t * q
            };
            points.push((bend(at.0, a.0, b.0, to.0), bend(at.1, a.1, b.1, to.1)));
        }
        at = to;
    }
    points
}

fn holds(rect: &Rect, point: Point) -> bool {
    const EDGE: f64 = 0.5;
    point.0 > rect.x + EDGE
        && point.0 < rect.right() - EDGE
        && point.1 > rect.y + EDGE
        && point.1 < rect.bottom() - EDGE
}

fn judge(hotline: &Hotline, picture: &Picture) {
    let sheet = Rect { x: 0.0, y: 0.0, width: picture.width, height: picture.height };
    let all: Vec<&Line> = lines(picture).collect();
    for (at, line) in all.iter().enumerate() {
        assert!(within(&line.rect, &sheet), "`{}` lies outside: {:?}", line.words, line.rect);
        assert!(line.style.size() >= 12.0 && line.rect.height >= line.style.size(), "`{}` is small", line.words);
        for other in &all[..at] {
            assert!(!line.rect.overlaps(&other.rect), "`{}` lies over `{}`", line.words, other.words);
        }
    }
    for (at, node) in picture.boxes.iter().enumerate() {
        assert!(within(&node.rect, &sheet), "{} lies outside", node.id);
        for line in &node.lines {
            assert!(within(&line.rect, &node.rect), "`{}` does not fit into {}", line.words, node.id);
        }
        for other in &picture.boxes[..at] {
            assert!(!node.rect.overlaps(&other.rect), "{} lies over {}", node.id, other.id);
        }
        for label in picture.edges.iter().filter_map(|edge| edge.label.as_ref()).chain(&picture.notes) {
            assert!(!node.rect.overlaps(&label.rect), "`{}` lies over {}", label.words, node.id);
        }
    }
    let labels: Vec<&Line> =
        picture.edges.iter().filter_map(|edge| edge.label.as_ref()).chain(&picture.notes).collect();
    for edge in &picture.edges {
        let (from, to) = (&picture.boxes[edge.from], &picture.boxes[edge.to]);
        for point in points(edge.begin, &edge.pieces) {
            let name = || format!("the line from {} to {} at {point:?}", from.id, to.id);
            assert!(holds(&sheet, point), "{} leaves the picture", name());
            for node in &picture.boxes {
                assert!(!holds(&node.rect, point), "{} runs through {}", name(), node.id);
            }
            for label in &labels {
                assert!(!holds(&label.rect, point), "{} runs through `{}`", name(), label.words);
            }
        }
        let end = points(edge.begin, &edge.pieces).pop().unwrap();
        let at_side = (end.0 - to.rect.x).abs() < 0.01 || (end.0 - to.rect.right()).abs() < 0.01;
        assert!(at_side && (to.rect.y..to.rect.bottom()).contains(&end.1), "{} is not reached: {end:?}", to.id);
    }
    complete(hotline, picture);
}

/// A box for each node, a line for each key.
fn complete(hotline: &Hotline, picture: &Picture) {
    let names: Vec<&str> = picture.boxes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for kind in [Kind::Front, Kind::KeyZero, Kind::Person] {
        assert_eq!(picture.boxes.iter().filter(|node| node.kind == kind).count(), 1, "{kind:?}");
    }
    let count = |from: &str, key: Option<Digit>| -> Vec<&str> {
        let edges = picture.edges.iter().filter(|edge| picture.boxes[edge.from].id == from && edge.key == key);
        edges.map(|edge| picture.boxes[edge.to].id.as_str()).collect()
    };
    let name = |ix: NodeIx| hotline.node(ix).name.as_str();
    let roles = hotline.roles;
    let mut keys = hotline.languages.len() + 3;
    for at in 0..hotline.languages.len() {
        assert_eq!(count("Front door", Digit::of_option(at)), [name(roles.welcome)]);
    }
    let zero = count("Key 0", Some(Digit::ZERO));
    assert_eq!(zero, [roles.connect, roles.busy, roles.closed].map(name));
    assert_eq!(count(name(roles.waiting), None), ["A person", name(roles.busy)]);
    for node in &hotline.nodes {
        assert!(names.contains(&node.name.as_str()), "{} is missing", node.name);
        if let Some(then) = node.then {
            assert_eq!(count(&node.name, None), [name(then)]);
        }
        for (at, choice) in node.keys.iter().enumerate() {
            let expected = match choice {
                Choice::Go(to) => name(*to),
                Choice::Act(Act::Letters) => &node.name,
                Choice::Act(Act::Talk | Act::Keys | Act::Woman | Act::Man | Act::Wait) => name(roles.waiting),
                Choice::Act(Act::Information) => name(roles.main),
            };
            assert_eq!(count(&node.name, Digit::of_option(at)), [expected], "key {} of {}", at + 1, node.name);
            keys += 1;
        }
    }
    let labels = picture.edges.iter().filter(|edge| edge.label.is_some()).count();
    assert_eq!((labels, picture.edges.iter().filter(|edge| edge.key.is_some()).count()), (keys, keys));
}

/// Reads the drawing as XML: every line of words stands there as it is, every node has its group.
fn read_back(hotline: &Hotline, picture: &Picture, document: &str) {
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let (mut texts, mut ids, mut depth, mut inside) = (Vec::new(), BTreeSet::new(), 0, false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                depth += 1;
                inside = tag.name().as_ref() == "text";
                if inside {
                    texts.push(String::new());
                }
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    if attribute.key.as_ref() == "id" {
                        assert!(ids.insert(attribute.value.to_string()));
                    }
                }
            }
            Event::Empty(tag) => assert!(tag.attributes().all(|attribute| attribute.is_ok())),
            Event::End(_) => (depth, inside) = (depth - 1, false),
            Event::Text(text) if inside => texts.last_mut().unwrap().push_str(&text),
            Event::GeneralRef(name) if inside => texts.last_mut().unwrap().push(match &*name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                other => panic!("&{other};"),
            }),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    texts.sort();
    let mut expected: Vec<String> = lines(picture).map(|line| line.words.clone()).collect();
    expected.sort();
    assert_eq!(texts, expected);
    for node in &hotline.nodes {
        assert!(ids.contains(&format!("node-{}", node.name)), "{}", node.name);
    }
    assert!(["map-front", "map-key-zero", "map-person"].iter().all(|id| ids.contains(*id)));
    for outside in ["<script", "http:", "https:", "url(", "href"] {
        let own = document.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!own.contains(outside), "{outside}");
    }
}

fn all_of_it(hotline: &Hotline, language: LangIx) {
    let drawn = picture(hotline, language);
    judge(hotline, &drawn);
    let document = svg(hotline, language);
    assert_eq!(document, svg(hotline, language));
    read_back(hotline, &drawn, &document);
}

#[test]
fn the_shipped_hotline_is_drawn_in_both_languages() {
    let hotline = hotline("menus");
    for language in languages(&hotline) {
        all_of_it(&hotline, language);
    }
    let drawn = picture(&hotline, LangIx(1));
    assert!(drawn.width <= 1280.0, "{} pixels are too wide for a laptop", drawn.width);
    let words = |id: &str| {
        let node = drawn.boxes.iter().find(|node| node.id == id).unwrap();
        node.lines.iter().map(|line| line.words.as_str()).collect::<Vec<_>>().join("|")
    };
    assert_eq!(
        words("reflection"),
        "reflection|For the three months to recover|and think, press one.|SMS 231|after 49 s, 36 s long"
    );
    assert_eq!(
        words("stay"),
        "stay|For rules about staying in the|Netherlands, press three.|SMS 23|after 28 s, 39 s long"
    );
    assert!(words("danger").ends_with("|SMS DANGER"), "{}", words("danger"));
    assert!(words("A person").ends_with("|after 60 s"), "{}", words("A person"));
}

/// The engine's own proof says when all of a node was said; the drawing says when its first word is heard.
#[test]
fn the_seconds_are_those_of_the_proof() {
    let hotline = hotline("menus");
    let proof = hulplijn::flow::proof::prove(&hotline).ok().unwrap();
    let drawn = languages(&hotline).map(|language| picture(&hotline, language)).collect::<Vec<_>>();
    let mut compared = 0;
    for way in proof.facts().into_iter().flat_map(|(_, ways)| ways).flatten() {
        let node = hotline.node(way.node);
        let said = menu::time::seconds(&hotline.spoken(way.node, way.language).info);
        let drawn = drawn[usize::from(way.language.0)].boxes.iter().find(|drawn| drawn.id == node.name).unwrap();
        let words = drawn.lines.iter().find_map(|line| line.words.strip_prefix("after ")).unwrap();
        let after: f64 = words.split(' ').next().unwrap().parse().unwrap();
        assert!((way.seconds - said - after).abs() < 0.6, "{}: {} - {said}, and {after}", node.name, way.seconds);
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn twenty_and_two_hundred_nodes() {
    for nodes in [20, 200] {
        let hotline = hotlines::hotline(nodes - small().nodes.len());
        assert_eq!(hotline.nodes.len(), nodes);
        for language in [LangIx(0), LangIx(5)] {
            all_of_it(&hotline, language);
        }
    }
}

#[test]
fn a_way_of_a_hundred_keys_one_after_the_other() {
    let mut hotline = small().clone();
    for at in 0..100 {
        let next = NodeIx(u16::try_from(hotline.nodes.len() + 1).unwrap());
        let keys = if at == 99 { Vec::new() } else { vec![Choice::Go(next)] };
        hotline.nodes.push(node(format!("deep{at}"), keys, "deeper", &hotline));
    }
    let first = NodeIx(u16::try_from(small().nodes.len()).unwrap());
    let main = usize::from(hotline.roles.main.0);
    hotline.nodes[main].keys.push(Choice::Go(first));
    for spoken in &mut hotline.nodes[main].spoken {
        spoken.options.push(Prompt {
            id: "main/option/deep0".into(),
            language: LangIx(0),
            words: "Down".into(),
            sentences: 1,
            measured_ms: None,
        });
    }
    all_of_it(&hotline, LangIx(0));
}

// ---- any hotline

fn node(name: String, keys: Vec<Choice>, words: &str, hotline: &Hotline) -> Node {
    let spoken = languages(hotline).map(|language| {
        let prompt = |part: &str| Prompt {
            id: format!("{name}/{part}"),
            language,
            words: words.into(),
            sentences: 1,
            measured_ms: None,
        };
        let options = (0..keys.len()).map(|at| prompt(&format!("option/{at}"))).collect();
        Spoken { info: vec![prompt("say/1")], options, reserved: Vec::new(), letters: Vec::new() }
    });
    Node {
        spoken: spoken.collect(),
        then: None,
        keys,
        facts: Vec::new(),
        text_facts: Vec::new(),
        text_only: false,
        path: None,
        name,
    }
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z ,.]{0,80}",
        "\\PC{0,60}",
        Just("Tom & Jerry <b>\"x\"</b> ]]> 'y'".to_owned()),
        Just("Щръжащи жълти юфки, натиснете едно, моля ви много и много".to_owned()),
        Just("للتحدث مع شخص اضغط صفر من فضلك الآن إذا كنت تستطيع ذلك".to_owned()),
        Just("請按一以聽取更多有關住宿的資訊請按一以聽取更多有關住宿的資訊".to_owned()),
        Just("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihung".to_owned()),
        Just("\u{1}\u{b}\u{ffff}".to_owned()),
    ]
}

/// Where the keys of a node lead: to the n-th node, or letters.
type Keys = Vec<Option<prop::sample::Index>>;

fn any_hotline() -> impl Strategy<Value = Hotline> {
    let keys = || prop::collection::vec(prop::option::weighted(0.9, any::<prop::sample::Index>()), 0..=6);
    let nodes = prop::collection::vec((keys(), words(), any::<bool>()), 1..14);
    (keys(), nodes, words()).prop_map(|(main, nodes, name)| {
        let mut hotline = small().clone();
        let all = hotline.nodes.len() + nodes.len();
        // Words reach the picture through the loader, which takes away what cannot be said; the writer must not need it.
        hotline.name = name;
        let choices = |keys: &Keys| -> Vec<Choice> {
            let choice = |key: &Option<prop::sample::Index>| match key {
                Some(index) => Choice::Go(NodeIx(u16::try_from(index.index(all)).unwrap())),
                None => Choice::Act(Act::Letters),
            };
            keys.iter().map(choice).collect()
        };
        for (at, (keys, words, long)) in nodes.iter().enumerate() {
            let name = if *long { format!("n{at}-{}", "w".repeat(36)) } else { format!("n{at}") };
            hotline.nodes.push(node(name, choices(keys), words, &hotline));
        }
        // No key leads to a node that is reached by text only.
        let texts: Vec<bool> = hotline.nodes.iter().map(|node| node.text_only).collect();
        let main = node("main".to_owned(), choices(&main), "What now?", &hotline);
        let at = usize::from(hotline.roles.main.0);
        hotline.nodes[at] = main;
        for node in &mut hotline.nodes {
            for choice in &mut node.keys {
                if matches!(choice, Choice::Go(to) if texts[usize::from(to.0)]) {
                    *choice = Choice::Act(Act::Letters);
                }
            }
        }
        hotline
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_hotline_is_drawn(hotline in any_hotline(), language in 0_u8..2) {
        let drawn = picture(&hotline, LangIx(language));
        judge(&hotline, &drawn);
        let document = svg(&hotline, LangIx(language));
        // What XML cannot hold is left out there.
        if lines(&drawn).all(|line| !line.words.contains(['\u{1}', '\u{b}', '\u{ffff}', '\u{fffe}'])) {
            read_back(&hotline, &drawn, &document);
        } else {
            assert!(!document.contains(['\u{1}', '\u{b}', '\u{ffff}']));
        }
    }
}

// ---- how it looks

/// Relative luminance (WCAG 2.2) of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn words_and_signs_stand_out_by_day_and_by_night() {
    let contrast = |a: &str, b: &str| {
        let colour = |name: &str| *COLOURS.iter().find(|colour| colour.0 == name).unwrap();
        let ((_, a_day, a_night), (_, b_day, b_night)) = (colour(a), colour(b));
        let ratio = |a: f64, b: f64| (a.max(b) + 0.05) / (a.min(b) + 0.05);
        ratio(luminance(a_day), luminance(b_day)).min(ratio(luminance(a_night), luminance(b_night)))
    };
    for (words, under) in [
        ("ink", "paper"),
        ("ink", "part"),
        ("ink", "box"),
        ("ink", "person"),
        ("ink", "heard"),
        ("soft", "paper"),
        ("soft", "part"),
        ("soft", "box"),
        ("soft", "person"),
        ("on-key", "key"),
    ] {
        assert!(contrast(words, under) >= 4.5, "{words} on {under}: {:.2}", contrast(words, under));
    }
    // Lines and edges that carry a meaning (WCAG 1.4.11).
    for (sign, under) in [
        ("way", "part"),
        ("way", "paper"),
        ("key", "part"),
        ("person-edge", "part"),
        ("heard-edge", "part"),
        ("edge", "part"),
    ] {
        assert!(contrast(sign, under) >= 3.0, "{sign} on {under}: {:.2}", contrast(sign, under));
    }
}

#[test]
fn no_letters_are_smaller_than_12_pixels() {
    let sizes: Vec<u32> = STYLE
        .match_indices("font-size:")
        .map(|(at, found)| STYLE[at + found.len()..].split("px").next().unwrap().parse().unwrap())
        .collect();
    assert!(sizes.len() >= 4 && sizes.iter().all(|size| *size >= 12), "{sizes:?}");
}

// ---- the command

fn map(arguments: &[&str]) -> (i32, String, String) {
    let menus = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
    let output = Command::new(env!("CARGO_BIN_EXE_hulplijn")).arg("map").arg(menus).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_draws_and_says_what_it_cannot() {
    let (code, plain, _) = map(&[]);
    assert_eq!((code, &plain), (0, &map(&["--text"]).1));
    assert!(plain.contains("key and node"), "{plain}");

    let hotline = hotline("menus");
    assert_eq!(map(&["--svg", "-"]).1, svg(&hotline, LangIx(1)), "English is the usual language");
    assert_eq!(map(&["--svg", "-", "--lang", "nl"]).1, svg(&hotline, LangIx(0)));
    assert_eq!(map(&["--dot", "--lang", "nl"]).1, dot(&hotline, LangIx(0)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("map.svg");
    let (code, said, _) = map(&["--svg", file.to_str().unwrap()]);
    assert!(code == 0 && said.starts_with("wrote "), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), svg(&hotline, LangIx(1)));

    let case = |arguments: &[&str], says: &str| {
        let (code, _, error) = map(arguments);
        assert!(code == 2 && error.contains(says), "{arguments:?}: {code} {error}");
    };
    case(&["--svg", "-", "--lang", "fr"], "the hotline has no language `fr`: expected one of `nl`, `en`");
    case(&["--svg", "-", "--lang", "English!"], "the hotline has no language `English!`: expected one of `nl`, `en`");
    case(&["--lang", "nl"], "give `--svg FILE` or `--dot` as well");
    case(&["--svg", folder.path().to_str().unwrap()], "cannot write `");
    case(&["--svg", "-", "--dot"], "cannot be used with");
}

#[test]
fn the_graph_names_every_node_and_key() {
    let hotline = hotline("menus");
    let graph = dot(&hotline, LangIx(1));
    for node in &hotline.nodes {
        assert_eq!(graph.matches(&format!("\n  \"{}\" [label=", node.name)).count(), 1, "{}", node.name);
    }
    let edges = picture(&hotline, LangIx(1)).edges.len();
    assert_eq!(graph.matches(" -> ").count(), edges);
    assert!(graph.contains("\n  \"police\" -> \"stay\" [label=\"1\", style=dashed, constraint=false];\n"), "{graph}");
    assert!(graph.contains("\n  \"waiting\" -> \"A person\" [label=\"somebody answers\"];\n"), "{graph}");
}
