//! The hotline on one page: what each key brings, with the codes and the seconds.

use super::hotline::{Act, Answer, Choice, Hotline, LangIx, NodeIx};
use super::links::act_name;
use super::time::{node_seconds, until_language};
use crate::base::Digit;

/// Columns before the codes: room for two levels and a name of ordinary length.
const NAMES: usize = 34;

/// The tree as text: a line a key, with its SMS codes and the seconds its node takes in each language. A node with
/// several ways in is drawn at the first and named at the others.
pub fn map(hotline: &Hotline) -> String {
    let mut map = Map { hotline, lines: Vec::new(), drawn: vec![false; hotline.nodes.len()] };
    let names = hotline.languages.iter().zip(&hotline.phrases).enumerate();
    let names = names.map(|(at, (tag, phrase))| format!("{} {} ({tag})", at + 1, phrase.name));
    map.lines.push(format!("{}, revision {}", hotline.name, hotline.revision));
    map.lines.push(format!("languages: {}", names.collect::<Vec<_>>().join(", ")));
    map.lines.push(String::new());
    let tags: String = hotline.languages.iter().map(|tag| format!("{:>8}", tag.as_str())).collect();
    map.lines.push(format!("{:NAMES$}{:16}{tags}", "key and node", "codes"));
    let chosen: Vec<f64> = map.languages().map(|language| until_language(hotline, language)).collect();
    map.line("the front door, until chosen", "", &chosen);
    map.node("", hotline.roles.welcome, 0);
    map.lines.push(String::new());
    map.lines.push("everywhere: 0 a person, * back, 8 again, 9 end, # to the options".to_owned());
    let roles = hotline.roles;
    for (key, node) in [("0 ", roles.connect), ("  ", roles.waiting), ("  ", roles.busy), ("  ", roles.closed)] {
        map.node(key, node, 0);
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

    fn line(&mut self, names: &str, codes: &str, seconds: &[f64]) {
        let seconds: String = seconds.iter().map(|seconds| format!("{seconds:>6.1} s")).collect();
        let width = NAMES.saturating_sub(1);
        self.lines.push(format!("{names:width$} {codes:16}{seconds}").trim_end().to_owned());
    }

    /// A node and what is below it. Each node is opened once, so that this ends.
    fn node(&mut self, key: &str, ix: NodeIx, level: usize) {
        let name = &self.hotline.node(ix).name;
        let indent = "  ".repeat(level);
        if std::mem::replace(&mut self.drawn[usize::from(ix.0)], true) {
            self.line(&format!("{indent}{key}{name} (see above)"), &self.codes(ix), &[]);
            return;
        }
        let seconds: Vec<f64> = self.languages().map(|language| node_seconds(self.hotline, ix, language)).collect();
        self.line(&format!("{indent}{key}{name}"), &self.codes(ix), &seconds);
        let node = self.hotline.node(ix);
        let (then, keys) = (node.then, node.keys.clone());
        if let Some(next) = then {
            self.node("", next, level);
        }
        for (at, choice) in keys.iter().enumerate() {
            let Some(key) = Digit::of_option(at) else { break };
            match choice {
                Choice::Go(to) => self.node(&format!("{key} "), *to, level + 1),
                Choice::Act(act) => self.line(&format!("{indent}  {key} {}", meaning(*act)), "", &[]),
            }
        }
    }

    /// The code in each language.
    fn codes(&self, ix: NodeIx) -> String {
        let codes = self.languages().filter_map(|language| self.hotline.code(language, ix));
        codes.collect::<Vec<_>>().join(" ")
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

/// What a key does that leads to no node.
fn meaning(act: Act) -> String {
    format!("({})", act_name(act))
}
