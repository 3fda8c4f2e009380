//! What leads where, seen also while words are missing: what an author needs to know before a node is added.

use super::hotline::NodeIx;
use super::links::link;
use super::load::Settings;
use super::parse::parse;
use super::resolve::languages;
use super::texting::Book;
use crate::base::findings::Findings;
use crate::base::{Language, Sources};
use jiff::civil::Date;

/// The nodes of a folder and their ways, right even where the words are not.
#[derive(Clone, Debug)]
pub struct Outline {
    /// In file order.
    pub nodes: Vec<OutlinedNode>,
    /// In the order callers are offered them.
    pub languages: Vec<Language>,
}

/// A node as `voice.toml` declares it.
#[derive(Clone, Debug)]
pub struct OutlinedNode {
    pub name: String,
    pub then: Option<String>,
    /// The nodes that keys 1, 2, ... lead to, as written.
    pub options: Vec<String>,
    /// How many keys act in place; they come after the options.
    pub choices: usize,
    pub text_only: bool,
    pub order_reason: bool,
    /// Whether the hotline goes there by itself: the first node, `connect`, `waiting`, `closed`, `busy`.
    pub by_itself: bool,
    /// Fewest keys from the main menu; nothing where no keys lead.
    pub depth: Option<usize>,
    /// The keys from the main menu along the shortest way of at most two keys.
    pub path: Option<String>,
    /// Its SMS code by language; none where it has no path or the code would be an emergency number.
    pub codes: Vec<Option<String>>,
}

impl Outline {
    pub fn node(&self, name: &str) -> Option<&OutlinedNode> {
        self.nodes.iter().find(|node| node.name == name)
    }
}

/// Follows the links of a folder. Nothing is returned if a file or a node with a fixed part is missing, or a file is
/// not TOML: [`super::load`] says which.
pub fn outline(sources: &Sources, today: Date) -> Option<Outline> {
    let findings = Findings::default();
    let parsed = parse(sources, today, &findings)?;
    let links = link(&parsed, &findings)?;
    let settings = Settings::default();
    let book = Book::new(&parsed, &links, &[], &settings, &findings);
    let roles = links.roles;
    let by_itself = [roles.welcome, roles.connect, roles.waiting, roles.closed, roles.busy];
    let node = |ix: NodeIx| {
        let voice = links.node(ix);
        OutlinedNode {
            name: voice.name.as_str().to_owned(),
            then: voice.then.as_ref().map(|then| then.as_str().to_owned()),
            options: voice.options.iter().map(|option| option.as_str().to_owned()).collect(),
            choices: voice.choices.len(),
            text_only: voice.text_only,
            order_reason: voice.order_reason.is_some(),
            by_itself: by_itself.contains(&ix),
            depth: links.depths[usize::from(ix.0)],
            path: links.paths[usize::from(ix.0)].clone(),
            codes: languages(&parsed).map(|language| book.code_of(language, ix)).collect(),
        }
    };
    let languages = parsed.hotline.languages.iter().map(|language| language.value).collect();
    Some(Outline { nodes: links.all().map(node).collect(), languages })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::fixture::{TODAY, checked, sources, spoil};

    #[test]
    fn it_is_seen_while_words_are_missing() {
        let mut sources = sources();
        spoil(&mut sources, "texts/en.toml", "option = \"For a doctor\"", "option = \"\"");
        assert!(checked(&sources).hotline.is_none());
        let outline = outline(&sources, TODAY).unwrap();
        let doctor = outline.node("doctor").unwrap();
        assert_eq!((doctor.depth, doctor.path.as_deref()), (Some(2), Some("12")));
        assert_eq!(doctor.codes, [None, Some("212".to_owned())], "112 is never a code");
        let site = outline.node("site").unwrap();
        assert_eq!((site.options.len(), site.choices, site.by_itself), (0, 1, false));
        for name in ["welcome", "connect", "waiting", "closed", "busy"] {
            assert!(outline.node(name).unwrap().by_itself, "{name}");
        }
        spoil(&mut sources, "voice.toml", "[node.closed]", "[node.shut]");
        assert!(super::outline(&sources, TODAY).is_none());
    }
}
