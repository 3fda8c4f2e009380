//! Where everything stands in a menu file: each key, text and bracket with its bytes, so that a change touches those
//! bytes and no other. Remarks, order, spaces and line ends stay as their author wrote them.

use std::borrow::Cow;
use std::ops::Range;
use toml::de::DeTable;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{ParseError, Source};

/// Something that stands in a file. Spaces and remarks are not listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The keys that lead to it. A spot in a list has the path of the list.
    pub path: Vec<String>,
    pub kind: Kind,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `[node.help]`, brackets and all.
    Heading,
    /// One name of a key or heading; it is the last of its path.
    Key,
    /// A text in quotes, read.
    Text(String),
    /// `[` and `]` of a list.
    ListStart,
    ListEnd,
    /// A comma in a list or inline table.
    Comma,
    /// Any other value or sign.
    Other,
}

impl Spot {
    /// Whether its path is this.
    pub fn is_at(&self, path: &[&str]) -> bool {
        self.path.iter().map(String::as_str).eq(path.iter().copied())
    }
}

/// A table or list that is open while the file is read.
#[derive(Default)]
struct Open {
    prefix: Vec<String>,
    /// The names of the key being read or last read: `option_from.stay`.
    key: Vec<String>,
    in_key: bool,
}

impl Open {
    fn path(&self) -> Vec<String> {
        [self.prefix.as_slice(), self.key.as_slice()].concat()
    }
}

/// Everything that stands in a file, in its order; nothing if it is not TOML.
pub fn spots(source: &str) -> Option<Vec<Spot>> {
    // What this reader accepts nests no deeper than it allows.
    DeTable::parse(source).ok()?;
    let text = Source::new(source);
    let tokens = text.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut error: Option<ParseError> = None;
    parse_document(&tokens, &mut |event: Event| events.push(event), &mut error);
    if error.is_some() {
        return None;
    }
    let mut spots = Vec::new();
    let mut open = vec![Open::default()];
    let mut heading = 0;
    for event in &events {
        let span = event.span().start()..event.span().end();
        let top = open.last_mut()?;
        let decoded = |key: bool| {
            let raw = text.get(event)?;
            let mut value = Cow::Borrowed("");
            let mut error: Option<ParseError> = None;
            if key {
                raw.decode_key(&mut value, &mut error);
            } else {
                let _ = raw.decode_scalar(&mut value, &mut error);
            }
            error.is_none().then(|| value.into_owned())
        };
        let spot = |path: Vec<String>, kind: Kind| Spot { path, kind, span: span.clone() };
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                *top = Open { in_key: true, ..Open::default() };
                heading = span.start;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                *top = Open { prefix: std::mem::take(&mut top.key), ..Open::default() };
                spots.push(Spot { path: top.prefix.clone(), kind: Kind::Heading, span: heading..span.end });
            }
            EventKind::SimpleKey => {
                if !std::mem::replace(&mut top.in_key, true) {
                    top.key.clear();
                }
                top.key.push(decoded(true)?);
                spots.push(spot(top.path(), Kind::Key));
            }
            EventKind::KeyValSep => {
                top.in_key = false;
                spots.push(spot(top.path(), Kind::Other));
            }
            EventKind::Scalar => {
                let quoted = source.get(span.clone())?.starts_with(['"', '\'']);
                let kind = if quoted { Kind::Text(decoded(false)?) } else { Kind::Other };
                spots.push(spot(top.path(), kind));
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let prefix = top.path();
                let kind = if event.kind() == EventKind::ArrayOpen { Kind::ListStart } else { Kind::Other };
                spots.push(spot(prefix.clone(), kind));
                open.push(Open { prefix, ..Open::default() });
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                let path = open.pop()?.prefix;
                let kind = if event.kind() == EventKind::ArrayClose { Kind::ListEnd } else { Kind::Other };
                spots.push(spot(path, kind));
            }
            EventKind::ValueSep => spots.push(spot(top.prefix.clone(), Kind::Comma)),
            EventKind::KeySep | EventKind::Whitespace | EventKind::Comment | EventKind::Newline => {}
            EventKind::Error => return None,
        }
    }
    Some(spots)
}

/// A place in a file and what will stand there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub span: Range<usize>,
    pub text: String,
}

/// The file with these changes, which must not overlap.
pub fn apply(source: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut changed = String::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        changed.push_str(source.get(at..edit.span.start).unwrap_or_default());
        changed.push_str(&edit.text);
        at = edit.span.end;
    }
    changed.push_str(source.get(at..).unwrap_or_default());
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Path, kind and bytes of every spot that matters to an author.
    fn seen(source: &str) -> Vec<(String, &'static str, String)> {
        let kind = |kind: &Kind| match kind {
            Kind::Heading => "heading",
            Kind::Key => "key",
            Kind::Text(_) => "text",
            Kind::ListStart => "list",
            Kind::ListEnd => "end",
            Kind::Comma => "comma",
            Kind::Other => "other",
        };
        let spots = spots(source).unwrap();
        spots.iter().map(|spot| (spot.path.join("/"), kind(&spot.kind), source[spot.span.clone()].to_owned())).collect()
    }

    fn has(source: &str, path: &str, kind: &str, bytes: &str) {
        let seen = seen(source);
        let found = seen.iter().any(|(at, what, text)| (at.as_str(), *what, text.as_str()) == (path, kind, bytes));
        assert!(found, "{path} {kind} {bytes}: {seen:#?}");
    }

    #[test]
    fn keys_have_paths() {
        let file = "# [node.not]\na.b = \"x\" # \"y\"\n[ node . 'help' ]\noption_from.\"stay\" = \"\"\"one\ntwo\"\"\"\n\
                    list = [\"p\", 5, { q.r = \"s\" }]\n[node.help.waive]\n\"SM-01\" = \"why\"\r\n";
        has(file, "a", "key", "a");
        has(file, "a/b", "text", "\"x\"");
        has(file, "node/help", "heading", "[ node . 'help' ]");
        has(file, "node/help", "key", "'help'");
        has(file, "node/help/option_from/stay", "key", "\"stay\"");
        has(file, "node/help/option_from/stay", "text", "\"\"\"one\ntwo\"\"\"");
        has(file, "node/help/list", "list", "[");
        has(file, "node/help/list", "text", "\"p\"");
        has(file, "node/help/list", "other", "5");
        has(file, "node/help/list/q/r", "text", "\"s\"");
        has(file, "node/help/list", "end", "]");
        has(file, "node/help", "key", "help");
        has(file, "node/help/waive/SM-01", "text", "\"why\"");
        assert_eq!(seen(file).iter().filter(|(path, kind, _)| path == "node/help" && *kind == "key").count(), 2);
    }

    #[test]
    fn what_is_not_toml_has_no_places() {
        for file in ["a", "a = ", "[a", "a = \"", "a = [1", "[a]\n[a]", "a = 1\na = 2", &"a = [".repeat(5000)] {
            assert_eq!(spots(file), None, "{}", file.chars().take(20).collect::<String>());
        }
        assert_eq!(spots(""), Some(vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        /// Whatever is in a file, there are places or none; and they stand in it, one behind the other.
        #[test]
        fn any_file_is_survived(
            parts in prop::collection::vec(prop_oneof![
                "[\\PC\n]{0,8}",
                prop::sample::select(vec![
                    "[node.a]\n", "[[b]]\n", "c = ", "d.e = ", "\"f\" = ", "'g'", "\"h\"", "\"\"\"i\nj\"\"\"", "[", "]", "{", "}",
                    ",", "\n", "\r\n", " # k\n", "\\", "\"", "\u{feff}", "1979-05-27", "inf", "\u{e9}",
                ]).prop_map(str::to_owned),
            ], 0..12),
        ) {
            let source = parts.concat();
            let mut at = 0;
            for spot in spots(&source).unwrap_or_default() {
                prop_assert!(source.get(spot.span.clone()).is_some(), "{:?} of {:?}", spot, source);
                if spot.kind != Kind::Heading {
                    prop_assert!(spot.span.start >= at, "{:?} of {:?}", spot, source);
                    at = spot.span.end;
                }
            }
        }
    }

    #[test]
    fn edits_leave_the_rest() {
        let edit = |span, text: &str| Edit { span, text: text.to_owned() };
        assert_eq!(apply("é one two", &[edit(7..10, "2"), edit(3..6, "1"), edit(10..10, "!")]), "é 1 2!");
        assert_eq!(apply("same", &[]), "same");
    }
}
