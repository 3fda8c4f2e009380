//! The hotline on one page: what each key brings, with the codes and the seconds.

use super::hotline::{Answer, Choice, Hotline, LangIx, NodeIx};
use super::links::act_name;
use super::time::{node_seconds, until_language};
use crate::base::Digit;

/// Columns before the codes: room for two levels and a name of ordinary length.
const NAMES: usize = 34;

/// The tree as text: a line a key, with its SMS codes and the seconds its node takes in each language. A node with
/// several ways in is drawn at the one its code stands for, and named at the others with those keys.
pub fn map(hotline: &Hotline) -> String {
    let mut map = Map { hotline, lines: Vec::new(), drawn: vec![false; hotline.nodes.len()] };
    let names = hotline.languages.iter().zip(&hotline.phrases).enumerate();
    let names = names.map(|(at, (tag, phrase))| format!("{} {} ({tag})", at + 1, phrase.name));
    map.lines.push(format!("{}, revision {}", hotline.name, hotline.revision));
    map.lines.push(format!("languages: {}", names.collect::<Vec<_>>().join(", ")));
    map.lines.push(String::new());
    let tags: String = hotline.languages.iter().map(|tag| format!("{:>8}", tag.as_str())).collect();
    map.lines.push(format!("{:NAMES$}{:width$}{tags}", "key and node", "codes", width = map.codes_width()));
    let chosen: Vec<f64> = map.languages().map(|language| until_language(hotline, language)).collect();
    map.line("the front door, until chosen", "", &chosen);
    map.node("", hotline.roles.welcome, None, 0);
    map.lines.push(String::new());
    map.lines.push("everywhere: 0 a person, * back, 8 again, 9 end, # to the options".to_owned());
    let roles = hotline.roles;
    for (key, node) in [("0 ", roles.connect), ("  ", roles.waiting), ("  ", roles.busy), ("  ", roles.closed)] {
        map.node(key, node, None, 0);
    }
    map.by_text();
    map.lines.push(String::new());
    map.lines.join("\n")
}

struct Map<'h> {
    hotline: &'h Hotline,
    lines: Vec<String>,
    /// The nodes that have been drawn with what is below them.
    drawn: Vec<bool>,
}

impl Map<'_> {
    fn languages(&self) -> impl Iterator<Item = LangIx> + use<> {
        (0..self.hotline.languages.len()).filter_map(|at| u8::try_from(at).ok()).map(LangIx)
    }

    /// A code a language, each of at most three digits.
    fn codes_width(&self) -> usize {
        (4 * self.hotline.languages.len() + 2).max(16)
    }

    fn line(&mut self, names: &str, codes: &str, seconds: &[f64]) {
        let seconds: String = seconds.iter().map(|seconds| format!("{seconds:>6.1} s")).collect();
        let (names_width, codes_width) = (NAMES - 1, self.codes_width());
        self.lines.push(format!("{names:names_width$} {codes:codes_width$}{seconds}").trim_end().to_owned());
    }

    /// A node, reached from main by these keys (nothing: by none), what it goes on to, and what is below it. Each node
    /// is opened once, so that this ends.
    fn node(&mut self, key: &str, ix: NodeIx, keys: Option<&str>, level: usize) {
        let (mut key, mut keys, mut next) = (key, keys, Some(ix));
        while let Some(ix) = next {
            next = self.one_node(key, ix, keys, level);
            (key, keys) = ("", None);
        }
    }

    /// Returns the node that this one goes on to by itself.
    fn one_node(&mut self, key: &str, ix: NodeIx, keys: Option<&str>, level: usize) -> Option<NodeIx> {
        let node = self.hotline.node(ix);
        let indent = "  ".repeat(level);
        let elsewhere = keys.zip(node.path.as_deref()).filter(|(keys, path)| keys != path).map(|(_, path)| path);
        let codes = self.codes(keys.or(node.path.as_deref()));
        if elsewhere.is_some() || std::mem::replace(&mut self.drawn[usize::from(ix.0)], true) {
            let see = elsewhere.map(|path| format!(" (see {path})")).unwrap_or_default();
            self.line(&format!("{indent}{key}{}{see}", node.name), &codes, &[]);
            return None;
        }
        let seconds: Vec<f64> = self.languages().map(|language| node_seconds(self.hotline, ix, language)).collect();
        self.line(&format!("{indent}{key}{}", node.name), &codes, &seconds);
        for (at, choice) in node.keys.iter().enumerate() {
            let Some(key) = Digit::of_option(at) else { break };
            match choice {
                Choice::Go(to) => {
                    let keys = format!("{}{key}", keys.or(node.path.as_deref()).unwrap_or_default());
                    self.node(&format!("{key} "), *to, Some(&keys), level + 1);
                }
                Choice::Act(act) => self.line(&format!("{indent}  {key} ({})", act_name(*act)), "", &[]),
            }
        }
        node.then
    }

    /// The code of these keys in each language.
    fn codes(&self, keys: Option<&str>) -> String {
        let codes = self.languages().filter_map(|language| Some(format!("{}{}", u16::from(language.0) + 1, keys?)));
        codes.filter(|code| self.hotline.sms.codes.contains_key(code)).collect::<Vec<_>>().join(" ")
    }

    fn by_text(&mut self) {
        self.lines.push(String::new());
        self.lines.push("by text".to_owned());
        let hotline = self.hotline;
        for (at, node) in hotline.nodes.iter().enumerate() {
            let words = hotline.sms.keywords.iter().filter(|(_, answer)| match answer {
                Answer::Node(_, to) => usize::from(to.0) == at,
                Answer::Choose(_) => false,
            });
            let words: Vec<&str> = words.map(|(word, _)| word.as_str()).collect();
            if !words.is_empty() {
                self.lines.push(format!("  {:width$} {}", node.name, words.join(" "), width = NAMES - 3));
            }
        }
        for (word, answer) in &hotline.sms.keywords {
            if let Answer::Choose(line) = answer {
                self.lines.push(format!("  {word:width$} {line}", width = NAMES - 3));
            }
        }
    }
}
