//! That each rule finds its own fault: one text or link of the shipped hotline is spoilt so that this rule alone speaks,
//! what it says is a snapshot, and without the rule's body nobody would have noticed.

use super::{RULES, check_with};
use crate::base::findings::Findings;
use crate::base::{Finding, Severity, Sources};
use crate::menu::diagnostic::screen;
use crate::menu::fill::folded;
use crate::menu::fixture::{TODAY, shipped, spoil};
use crate::menu::links::link;
use crate::menu::load::Settings;
use crate::menu::parse::parse;
use crate::menu::resolve::{MessageKind, resolve};

/// A rule, and what is written over what in which file.
type Row = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

const EN: &str = "texts/en.toml";
const NL: &str = "texts/nl.toml";
const ALL: &str = "texts/all.toml";
const VOICE: &str = "voice.toml";

const ROWS: &[Row] = &[
    (
        "MN-01",
        &[
            (VOICE, "\"report\", \"privacy\"]", "\"report\", \"privacy\", \"work\"]"),
            (EN, "option = \"For rules about staying in the Netherlands\"", "option = \"For staying here\""),
            (NL, "option = \"Voor regels over blijven in Nederland\"", "option = \"Voor blijven\""),
        ],
    ),
    ("MN-02", &[(VOICE, "[\"complaint\"]", "[\"complaint\", \"complaint\"]\norder_reason = \"the only step\"")]),
    ("MN-03", &[(EN, "\"*\" = \"star\"", "\"*\" = \"zero\"")]),
    ("MN-04", &[(EN, "press     = \"{option}, press {key}.\"", "press     = \"Press {key}: {option}.\"")]),
    (
        "MN-05",
        &[(EN, "\"To find the right organisation\"", "\"To find the right organisation for you and also for others\"")],
    ),
    (
        "MN-06",
        &[
            (VOICE, "[\"comensha\", \"website\"]", "[\"comensha\"]"),
            (VOICE, "[node.comensha]", "[node.comensha]\noptions = [\"website\"]"),
        ],
    ),
    (
        "MN-07",
        &[
            (VOICE, "[\"stay\", \"police-numbers\", \"report\"]", "[\"stay\", \"report\"]"),
            (NL, "\"TM-04\" = \"Dutch", "# \"TM-04\" = \"Dutch"),
        ],
    ),
    ("MN-08", &[(VOICE, "[node.privacy]", "[node.privacy]\nthen = \"privacy\"")]),
    ("MN-09", &[(EN, "\nTo talk to a person, press zero.", "\nA person can talk to you.")]),
    ("MN-10", &[(VOICE, "order_reason = \"somebody to talk to comes before something to read\"\n", "")]),
    (
        "TM-01",
        &[
            (
                NL,
                "Hang op en bel {emergency}.",
                "Hang op en bel {emergency}.\nJe kunt ook eerst rustig luisteren en daarna kiezen.",
            ),
            (
                EN,
                "Hang up and call {emergency}.",
                "Hang up and call {emergency}.\nYou can also listen calmly first and choose after that.",
            ),
        ],
    ),
    (
        "TM-02",
        &[(EN, "Are you in danger now?\nHang up and call {emergency}.", "Are you in danger now?\nHang up and call.")],
    ),
    (
        "TM-03",
        &[(
            EN,
            "The website is in Dutch.",
            "The website is in Dutch.\nYou can ask somebody to read it to you.\nTake your time, and look at it again.",
        )],
    ),
    ("TM-04", &[(VOICE, "waive.TM-04 = \"five topics", "# waive.TM-04 = \"five topics")]),
    ("TM-05", &[(EN, "\"I am still here. Press a key when it is safe.\"", "\"Take your time.\"")]),
    (
        "PR-01",
        &[(
            EN,
            "Please stay on the line if it is safe.",
            "Please stay on the line for as long as that is safe for you.",
        )],
    ),
    ("PR-02", &[(EN, "\nAgain: {comensha}.", "")]),
    ("PR-03", &[(EN, "shelter: a place to stay.", "shelter (a place to stay).")]),
    ("PR-04", &[(EN, "I am sorry.", "Unfortunately.")]),
    (
        "PR-05",
        &[(
            EN,
            "That key does nothing here. Choose again.",
            "That key does nothing here. Choose another one of these keys.",
        )],
    ),
    (
        "PR-07",
        &[
            (EN, "say = \"\"\"\nYou can talk to a person now.\nYou do not have to give your name.\"\"\"\n", ""),
            (NL, "say = \"\"\"\nJe kunt nu met iemand praten.\nJe hoeft je naam niet te zeggen.\"\"\"\n", ""),
        ],
    ),
    ("LG-01", &[(EN, "option = \"To find the right organisation\"\n", "")]),
    ("LG-02", &[(EN, "language  = \"For English\"", "language  = \"For your language\"")]),
    ("LG-03", &[(NL, "Blijf aan de lijn als dat veilig is.\n\nJe hoort de telefoon overgaan.\n", "")]),
    ("FC-01", &[(VOICE, "facts      = [\"residence.work\"]\n", "")]),
    ("FC-02", &[(EN, "Others give shelter: a place", "They give shelter: a place")]),
    ("FC-03", &[(EN, "Another phone can be safer.", "Another phone is completely safe.")]),
    ("SF-01", &[(ALL, "2 = English.\"", "2 = English. We help.\"")]),
    ("SM-01", &[(EN, "\"SM-01\" = \"seven facts", "# \"SM-01\" = \"seven facts")]),
    ("SM-02", &[(EN, "We cannot send help. In danger", "We can’t send help. In danger")]),
    ("SM-03", &[(NL, "Ook dan kun je melden bij", "Ook dan kun je het altijd melden bij")]),
    ("SM-04", &[(EN, "Try to speak. Delete this text.", "Try to speak.")]),
    ("SM-05", &[(EN, "\"SHELTER HOUSE SHELTERS\"", "\"AID HOUSE SHELTERS\"")]),
    ("SM-06", &[(EN, "Text {code.reflection} three months", "Text 231 three months")]),
];

/// What the rules that are wanted find, the status of the unchecked numbers aside.
fn found(sources: &Sources, wanted: impl Fn(&str) -> bool) -> Vec<Finding> {
    let findings = Findings::default();
    let parsed = parse(sources, TODAY, &findings).expect("the files can be read");
    let links = link(&parsed, &findings).expect("the nodes with a role are there");
    let resolved = resolve(&parsed, links, &Settings::default(), crate::base::Revision(0), &findings);
    check_with(wanted, &resolved, TODAY, &findings);
    let mut list = findings.into_list();
    list.retain(|finding| finding.severity != Severity::Notice);
    list
}

fn spoilt(row: &Row) -> Sources {
    let mut sources = shipped();
    for (file, from, to) in row.1 {
        spoil(&mut sources, file, from, to);
    }
    sources
}

#[test]
fn every_rule_has_its_proof() {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let rows: Vec<&str> = ROWS.iter().map(|row| row.0).collect();
    assert_eq!(rules, rows);
    assert_eq!(found(&shipped(), |_| true), []);
}

#[test]
fn each_rule_finds_its_own_fault_and_no_other() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let sources = spoilt(row);
        let findings = found(&sources, |_| true);
        let page = screen(&findings, &sources, false);
        if findings.is_empty() || findings.iter().any(|finding| finding.rule != row.0) {
            wrong.push(format!("{}:\n{page}", row.0));
            continue;
        }
        insta::with_settings!({ snapshot_path => "../../../tests/rules", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(row.0, page);
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn without_its_body_a_fault_goes_unnoticed_and_no_other_body_is_needed() {
    for row in ROWS {
        let sources = spoilt(row);
        let told = |wanted: &dyn Fn(&str) -> bool| found(&sources, wanted).iter().any(|finding| finding.rule == row.0);
        assert!(!told(&|rule| rule != row.0), "{} is told by another rule", row.0);
        assert!(told(&|rule| rule == row.0), "{} is not told by its own rule", row.0);
    }
}

/// Each group of words of each fact, taken out of what is said or sent in each language, is missed.
#[test]
fn no_word_that_must_be_said_can_be_lost_unnoticed() {
    let sources = shipped();
    let reading = Findings::default();
    let parsed = parse(&sources, TODAY, &reading).expect("the files can be read");
    let links = link(&parsed, &reading).expect("the nodes with a role are there");
    let mut resolved = resolve(&parsed, links, &Settings::default(), crate::base::Revision(0), &reading);
    let missed = |resolved: &crate::menu::resolve::Resolved, fact: &str| {
        let findings = Findings::default();
        check_with(|rule| rule == "FC-02", resolved, TODAY, &findings);
        findings
            .into_list()
            .iter()
            .any(|finding| finding.rule == "FC-02" && finding.message.contains(&format!("`{fact}`")))
    };
    let without = |words: &str, group: &[crate::base::read::Text]| {
        group.iter().fold(folded(words).to_lowercase(), |words, word| words.replace(&folded(word).to_lowercase(), ""))
    };
    let mut taken_out = 0;
    for fact in &parsed.facts {
        let id = fact.id.as_str();
        for language in 0..parsed.hotline.languages.len() {
            let nodes: Vec<usize> = (0..resolved.hotline.nodes.len())
                .filter(|node| resolved.hotline.nodes[*node].facts.iter().any(|said| said == id))
                .collect();
            for (node, group) in
                nodes.iter().flat_map(|node| fact.must_say[language].iter().flatten().map(move |group| (*node, group)))
            {
                let whole = resolved.hotline.nodes[node].spoken[language].info.clone();
                let words = whole.iter().map(|prompt| prompt.words.as_str()).collect::<Vec<_>>().join(" ");
                let info = &mut resolved.hotline.nodes[node].spoken[language].info;
                info.truncate(1);
                info[0].words = without(&words, group);
                assert!(missed(&resolved, id), "{id}: {:?} is not missed in what is said", group[0].as_str());
                resolved.hotline.nodes[node].spoken[language].info = whole;
                taken_out += 1;
            }
            let texted = |node: usize| resolved.hotline.nodes[node].text_facts.iter().any(|said| said == id);
            let messages: Vec<usize> = (0..resolved.messages.len())
                .filter(|at| {
                    let message = &resolved.messages[*at];
                    let here = message.language.is_some_and(|known| usize::from(known.0) == language);
                    here && matches!(message.kind, MessageKind::Node(node) if texted(usize::from(node.0)))
                })
                .collect();
            let groups = fact.must_text[language].as_ref().or(fact.must_say[language].as_ref());
            for (at, group) in
                messages.iter().flat_map(|at| groups.into_iter().flatten().map(move |group| (*at, group)))
            {
                let whole = resolved.messages[at].words.clone();
                resolved.messages[at].words = without(&whole, group);
                assert!(missed(&resolved, id), "{id}: {:?} is not missed in what is sent", group[0].as_str());
                resolved.messages[at].words = whole;
                taken_out += 1;
            }
        }
        assert!(!missed(&resolved, id), "{id} is said");
    }
    assert!(taken_out > 200, "{taken_out}");
}
