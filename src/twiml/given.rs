//! The attributes of one element: checked against its shape, defaults filled in.

use super::Method;
use super::Unexecuted;
use super::grammar::{Attribute, Kind, Shape};
use crate::base::Digit;

/// The values of one element's attributes, in the order of its shape. A value is in the range its kind states.
pub(super) struct Given {
    values: Vec<Value>,
}

struct Value {
    name: &'static str,
    text: String,
    /// It stood in the document; otherwise it is the default.
    written: bool,
    run: bool,
}

/// What was wrong with the attributes, worded.
pub(super) enum Trouble {
    Unknown(String),
    Bad(String),
    NotExecuted(String),
}

impl Given {
    pub fn read(attributes: &[(String, String)], shape: &'static Shape) -> (Given, Vec<Trouble>) {
        let mut troubles = Vec::new();
        let element = shape.name;
        for (name, _) in attributes {
            if !shape.attributes.iter().any(|known| known.name == name) {
                let name = super::finding::clip(name);
                troubles
                    .push(Trouble::Unknown(format!("`{name}` is not an attribute of `<{element}>`, it is ignored")));
            }
        }
        let mut values = Vec::new();
        for known in shape.attributes {
            let absent = known.kind.absent();
            let written = attributes.iter().find(|(name, _)| name == known.name).map(|(_, value)| value.trim());
            let accepted = written.and_then(|value| known.kind.accept(value));
            if let (Some(value), None) = (written, &accepted) {
                troubles.push(Trouble::Bad(bad_value(known, element, value, absent.as_deref())));
            }
            if accepted.is_some() && !known.run {
                let name = known.name;
                troubles.push(Trouble::NotExecuted(format!("`{name}` of `<{element}>` is not executed")));
            }
            let written = accepted.is_some();
            if let Some(text) = accepted.or(absent) {
                values.push(Value { name: known.name, text, written, run: known.run });
            }
        }
        (Given { values }, troubles)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.values.iter().find(|value| value.name == name).map(|value| value.text.clone())
    }

    pub fn word(&self, name: &str) -> &str {
        self.values.iter().find(|value| value.name == name).map_or("", |value| value.text.as_str())
    }

    pub fn flag(&self, name: &str) -> bool {
        self.word(name) == "true"
    }

    /// Nothing when the attribute is absent without a default, or says `auto`.
    pub fn count(&self, name: &str) -> Option<u32> {
        self.word(name).parse().ok()
    }

    pub fn key(&self, name: &str) -> Option<Digit> {
        self.word(name).chars().next().and_then(Digit::new)
    }

    pub fn has(&self, name: &str, word: &str) -> bool {
        self.word(name).split(' ').any(|one| one == word)
    }

    pub fn method(&self) -> Method {
        self.method_in("method")
    }

    pub fn method_in(&self, name: &str) -> Method {
        match self.word(name) {
            "GET" => Method::Get,
            _ => Method::Post,
        }
    }

    /// What stood in the document and is not executed.
    pub fn unexecuted(&self) -> Unexecuted {
        let written = self.values.iter().filter(|value| value.written && !value.run);
        written.map(|value| (value.name, value.text.clone())).collect()
    }

    /// Everything, defaults too.
    pub fn all(self) -> Unexecuted {
        self.values.into_iter().map(|value| (value.name, value.text)).collect()
    }
}

fn bad_value(known: &Attribute, element: &str, value: &str, absent: Option<&str>) -> String {
    let (name, value, expected) = (known.name, super::finding::clip(value), known.kind.expected());
    let instead = match absent {
        Some(absent) => format!("the default `{absent}` is used"),
        None => "it is ignored".to_owned(),
    };
    format!("`{name}` of `<{element}>` is `{value}`, expected {expected}, {instead}")
}

impl Kind {
    fn absent(&self) -> Option<String> {
        match self {
            Kind::Url | Kind::Text | Kind::Tones => None,
            Kind::Language(absent) => absent.map(str::to_owned),
            Kind::Flag(absent) => absent.map(|flag| flag.to_string()),
            Kind::Method => Some("POST".to_owned()),
            Kind::Count { absent, .. } | Kind::CountOrAuto { absent, .. } => absent.map(|count| count.to_string()),
            Kind::Word { absent, .. } => absent.map(str::to_owned),
            Kind::Words { absent, .. } => (!absent.is_empty()).then(|| absent.join(" ")),
            Kind::Key(key) => Some(key.to_string()),
            Kind::Keys(keys) => Some((*keys).to_owned()),
        }
    }

    /// The value as we keep it, when it is one of those the attribute takes.
    fn accept(&self, value: &str) -> Option<String> {
        let is_key = |c: char| Digit::new(c).is_some();
        let kept = |accepted: bool| accepted.then(|| value.to_owned());
        match self {
            Kind::Url => kept(true),
            Kind::Text => kept(!value.is_empty()),
            Kind::Language(_) => {
                let tag = !value.is_empty() && value.len() <= LANGUAGE_MAX;
                kept(tag && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
            }
            Kind::Flag(_) => kept(["true", "false"].contains(&value)),
            Kind::Method => {
                let method = value.to_ascii_uppercase();
                ["GET", "POST"].contains(&method.as_str()).then_some(method)
            }
            Kind::Count { from, to, .. } => {
                whole(value).filter(|count| (*from..=*to).contains(count)).map(|n| n.to_string())
            }
            Kind::CountOrAuto { .. } if value == "auto" => kept(true),
            Kind::CountOrAuto { from, .. } => whole(value).filter(|count| count >= from).map(|n| n.to_string()),
            Kind::Word { of, .. } => kept(of.contains(&value)),
            Kind::Words { of, .. } => {
                let words: Vec<&str> = value.split_whitespace().collect();
                (!words.is_empty() && words.iter().all(|word| of.contains(word))).then(|| words.join(" "))
            }
            Kind::Key(_) => kept(value.chars().count() <= 1 && value.chars().all(is_key)),
            Kind::Keys(_) => kept(value.chars().all(is_key)),
            Kind::Tones => {
                let tone = |c: char| is_key(c) || matches!(c, 'A'..='D' | 'w' | 'W');
                kept(!value.is_empty() && value.chars().all(tone))
            }
        }
    }

    fn expected(&self) -> String {
        match self {
            Kind::Url => "an address".to_owned(),
            Kind::Text => "some text".to_owned(),
            Kind::Language(_) => "a language such as `nl-NL`".to_owned(),
            Kind::Flag(_) => "`true` or `false`".to_owned(),
            Kind::Method => "`GET` or `POST`".to_owned(),
            Kind::Count { from, to: u32::MAX, .. } => format!("a whole number from {from}"),
            Kind::Count { from, to, .. } => format!("a whole number from {from} to {to}"),
            Kind::CountOrAuto { from, .. } => format!("a whole number from {from}, or `auto`"),
            Kind::Word { of, .. } => format!("one of `{}`", of.join("`, `")),
            Kind::Words { of, .. } => format!("some of `{}`", of.join("`, `")),
            Kind::Key(_) => "one key of a telephone or nothing".to_owned(),
            Kind::Keys(_) => "keys of a telephone or nothing".to_owned(),
            Kind::Tones => "keys, `A` to `D`, `w` and `W`".to_owned(),
        }
    }
}

/// BCP 47 asks for room for 35 characters.
const LANGUAGE_MAX: usize = 35;

/// A whole number in decimal digits only: `+5`, ` 5` and `5s` are none.
fn whole(value: &str) -> Option<u32> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) { value.parse().ok() } else { None }
}
