//! What a page shows of a call: where it is, what each key would do, what `check` finds there, what was exchanged.

use super::call::micros;
use super::lines::{Line, Offer};
use super::message::{Event, Exchange, Here, Key, Tongue};
use crate::base::{Digit, Finding, Sources};
use crate::menu::{Hotline, LangIx, Prompt, diagnostic};
use crate::phone::{Request, Response};
use crate::switchboard::{Does, Outlook, Place};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// So much of an answer is shown.
const SHOWN: usize = 16 * 1024;

/// At most so many findings of a node, and of a folder that cannot be called.
const FINDINGS: usize = 20;

pub(super) fn called(id: &str, line: &dyn Line) -> Event {
    let hotline = line.hotline();
    let languages = (0..)
        .zip(&hotline.languages)
        .map(|(at, tag)| Tongue { tag: tag.to_string(), name: hotline.phrases(LangIx(at)).name.clone() });
    Event::Called {
        call: id.to_owned(),
        hotline: hotline.name.clone(),
        begins: line.begins().strftime("%A %-d %B %Y, %H:%M").to_string(),
        languages: languages.collect(),
    }
}

pub(super) fn offers(offers: &[Offer]) -> Event {
    let line = |offer: &Offer| {
        json!({
            "which": offer.which,
            "label": offer.label,
            "languages": offer.languages,
            "errors": diagnostic::json(first(&offer.errors), &offer.sources),
            "more": offer.errors.len().saturating_sub(FINDINGS),
        })
    };
    Event::Offers { lines: Value::Array(offers.iter().map(line).collect()) }
}

/// Where a call is, and what each key would do.
pub(super) fn here(line: &dyn Line, outlook: &Outlook) -> Here {
    let hotline = line.hotline();
    let node = match outlook.place {
        Place::Node(node) => Some(node),
        _ => None,
    };
    let name = node.map(|node| hotline.node(node).name.clone());
    let place = match outlook.place {
        Place::Front => "front door: the language question".to_owned(),
        Place::Node(_) => name.clone().unwrap_or_default(),
        Place::Offering => "a person is offered to somebody who stays silent".to_owned(),
        Place::Waiting => "waiting for the counsellor".to_owned(),
        Place::Dialling => "a counsellor is looked for".to_owned(),
        Place::AfterTalk => "after the talk".to_owned(),
    };
    let language = outlook.language.unwrap_or(LangIx(0));
    let spoken = node.map(|node| hotline.spoken(node, language));
    let words = |key: Digit| {
        let index = key.option_index()?;
        let prompts = spoken.map_or(&hotline.front.languages, |spoken| &spoken.options);
        (spoken.is_some() || outlook.place == Place::Front).then(|| prompts.get(index))?
    };
    let keys: Vec<Key> = match outlook.place {
        // No key is heard while it rings.
        Place::Dialling => Vec::new(),
        _ => outlook
            .keys
            .iter()
            .map(|(key, does)| {
                let words = words(*key).map(|prompt| prompt.words.clone());
                Key { key: Some(key.as_char()), ..told(hotline, *does, words) }
            })
            .collect(),
    };
    let (findings, sources) = line.findings();
    let of_node: Vec<Finding> = match &name {
        Some(name) => findings.iter().filter(|finding| is_about(finding, sources, name)).cloned().collect(),
        None => Vec::new(),
    };
    Here {
        place,
        node: name,
        language: outlook.language.map(|language| hotline.language(language).to_string()),
        keys,
        silence: (outlook.place != Place::Dialling).then(|| told(hotline, outlook.silence, None)),
        elsewhere: findings.len().saturating_sub(of_node.len()),
        findings: diagnostic::json(first(&of_node), sources),
    }
}

fn first(findings: &[Finding]) -> &[Finding] {
    &findings[..findings.len().min(FINDINGS)]
}

fn told(hotline: &Hotline, does: Does, words: Option<String>) -> Key {
    let node = match does {
        Does::Leads(node) => Some(hotline.node(node).name.clone()),
        _ => None,
    };
    let does = match does {
        Does::Language(language) => format!("goes on in {}", hotline.phrases(language).name),
        Does::Leads(_) => "leads to".to_owned(),
        Does::Again => "says all of this again".to_owned(),
        Does::Options => "says the keys again".to_owned(),
        Does::Letters => "says the name letter by letter".to_owned(),
        Does::Wrong => "means nothing here, and the caller is told so".to_owned(),
        Does::Front => "asks for the language".to_owned(),
        Does::Rings => "rings the counsellor".to_owned(),
        Does::Waits => "waits for the counsellor".to_owned(),
        Does::Offers => "offers a person".to_owned(),
        Does::Ends => "ends the call".to_owned(),
    };
    Key { key: None, does, node, words }
}

/// Whether a finding is about this node: it stands in one of its tables, or names it.
fn is_about(finding: &Finding, sources: &Sources, node: &str) -> bool {
    let text = sources.get(&finding.place.file).map(|text| &**text).unwrap_or_default();
    let named = format!("`{node}`");
    node_at(text, finding.place.span.start) == Some(node) || finding.message.contains(&named)
}

/// The node whose table this byte of a menu file stands in.
fn node_at(text: &str, at: usize) -> Option<&str> {
    let mut end = at.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // The header itself may be the place.
    let line_end = text[end..].find('\n').map_or(text.len(), |length| end + length);
    let header = text[..line_end].lines().rev().find(|line| line.starts_with('['))?;
    let name = header.strip_prefix("[node.")?;
    name.split([']', '.']).next()
}

/// Finds which prompts are being heard by their words.
pub(super) struct Prompts(HashMap<String, Vec<String>>);

impl Prompts {
    pub fn of(hotline: &Hotline) -> Prompts {
        let front = &hotline.front;
        let at_front = [&front.greeting, &front.end].into_iter().chain(&front.languages).chain(&front.silence);
        let spoken = hotline.nodes.iter().flat_map(|node| &node.spoken);
        let in_nodes = spoken.flat_map(|spoken| {
            [&spoken.info, &spoken.options, &spoken.reserved, &spoken.letters].into_iter().flatten()
        });
        let phrases = hotline.phrases.iter().flat_map(|phrases| {
            let few = [
                &phrases.wrong_key,
                &phrases.person,
                &phrases.waiting,
                &phrases.trouble,
                &phrases.whisper_cannot_speak,
                &phrases.whisper_accept,
            ];
            few.into_iter().chain(&phrases.silence).chain(&phrases.whisper_call)
        });
        let mut known: HashMap<String, Vec<String>> = HashMap::new();
        let mut add = |prompt: &Prompt| {
            let ids = known.entry(prompt.words.clone()).or_default();
            if !ids.contains(&prompt.id) {
                ids.push(prompt.id.clone());
            }
        };
        at_front.chain(in_nodes).chain(phrases).for_each(&mut add);
        Prompts(known)
    }

    /// The ids of the prompts with these words.
    pub fn named(&self, words: &str) -> Vec<String> {
        self.0.get(words).cloned().unwrap_or_default()
    }
}

/// The path of a recording that this listener has; `None` for one that is elsewhere.
pub(super) fn sound_path(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let path = url.path();
    let name = path.strip_prefix("/sound/").or_else(|| path.rsplit_once("/sound/").map(|(_, name)| name))?;
    (!name.contains('/') && name.ends_with(".wav")).then(|| format!("/sound/{name}"))
}

/// A request and its answer, as they are shown: sealed tokens are shortened.
pub(super) fn exchange(request: &Request, answer: Option<&Response>, took: Duration) -> Exchange {
    let url = url::Url::parse(&request.url).ok();
    let path = url.map_or_else(|| request.url.clone(), |url| url[url::Position::BeforePath..].to_owned());
    let body = answer.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()).unwrap_or_default();
    Exchange {
        method: request.method.as_str(),
        path: shortened(&path),
        params: request.form().to_vec(),
        status: answer.map_or(0, |answer| answer.status),
        answer: shortened(&pretty(&body)),
        took_us: micros(took),
    }
}

/// A sealed token is shown by its first letters.
const TOKEN: usize = 8;

/// The text with every long value of `?s=` cut.
fn shortened(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("?s=") {
        let (before, after) = rest.split_at(at + 3);
        short.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "-_=~.".contains(c))).unwrap_or(after.len());
        let (token, after) = after.split_at(end);
        match token.get(..TOKEN).filter(|_| token.len() > 2 * TOKEN) {
            Some(beginning) => {
                short.push_str(beginning);
                short.push('…');
            }
            None => short.push_str(token),
        }
        rest = after;
    }
    short + rest
}

/// A document with a line for each element, indented. What is no document stays as it is.
fn pretty(text: &str) -> String {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut depth: usize = 0;
    // An element that holds words stays on one line with them.
    for part in text.replace(">\n", ">").replace("><", ">\n<").lines() {
        let closes = part.starts_with("</");
        if closes {
            depth = depth.saturating_sub(1);
        }
        lines.push(format!("{}{}", "  ".repeat(depth.min(16)), part.trim()));
        let opens = part.starts_with('<') && !closes && !part.starts_with("<?") && !part.ends_with("/>");
        if opens && !part.contains("</") {
            depth += 1;
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;

    #[test]
    fn documents_are_laid_out_and_tokens_cut() {
        let document = "<?xml version=\"1.0\"?><Response><Gather action=\"/twilio/key?s=AAAAbbbbccccddddeeee#rt=4\"><Say>One. Two.</Say><Play>/x</Play></Gather><Hangup/></Response>";
        let expected = "<?xml version=\"1.0\"?>\n<Response>\n  <Gather action=\"/twilio/key?s=AAAAbbbb…#rt=4\">\n    <Say>One. Two.</Say>\n    <Play>/x</Play>\n  </Gather>\n  <Hangup/>\n</Response>";
        assert_eq!(shortened(&pretty(document)), expected);
        assert_eq!(pretty("not now\n"), "not now\n");
        assert_eq!(shortened("/twilio/key?s=short&x=1"), "/twilio/key?s=short&x=1");
        for odd in ["<", "<a", "</a></a></a>", "é<é>é", "?s=", &"<a>".repeat(SHOWN)] {
            shortened(&pretty(odd));
        }
    }

    #[test]
    fn sounds_of_ours_have_a_path() {
        let case = |url: &str, path: Option<&str>| assert_eq!(sound_path(url).as_deref(), path, "{url}");
        case("http://localhost/sound/abc.wav", Some("/sound/abc.wav"));
        case("https://line.example.org/hotline/sound/abc.wav", Some("/sound/abc.wav"));
        case("https://line.example.org/sound/a/b.wav", None);
        case("https://line.example.org/music.mp3", None);
        case("nonsense", None);
    }

    #[test]
    fn findings_belong_to_the_node_they_stand_in_or_name() {
        let text = "[node.help]\nsay = \"é\"\n\n[node.stay.option_from]\nx = 1\n[phrase]\nagain = \"x\"\n";
        let case = |needle: &str, node: Option<&str>| {
            assert_eq!(node_at(text, text.find(needle).unwrap()), node, "{needle}");
        };
        case("[node.help", Some("help"));
        case("é", Some("help"));
        case("x = 1", Some("stay"));
        case("again", None);
        assert_eq!(node_at(text, usize::MAX), None);
        let file: std::sync::Arc<str> = "texts/en.toml".into();
        let sources: Sources = [(std::sync::Arc::clone(&file), text.into())].into();
        let finding = |at: usize, words: &str| Finding::error("MN-01", base::Place::new(&file, at..at + 1), words);
        assert!(is_about(&finding(14, "too long"), &sources, "help"));
        assert!(!is_about(&finding(14, "too long"), &sources, "stay"));
        assert!(is_about(&finding(0, "nothing leads to `stay`"), &sources, "stay"));
    }
}
