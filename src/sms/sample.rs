//! A small hotline for the tests of this room, put together by hand: its codes, keywords and texts are those of the
//! sample menu, its voice is silent.

use crate::base::{Language, Revision};
use crate::menu::{Answer, Front, Hotline, LangIx, Node, NodeIx, Phrases, Prompt, Roles, SmsBook, Spoken};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

pub(crate) const NL: LangIx = LangIx(0);
pub(crate) const EN: LangIx = LangIx(1);
pub(crate) const CHOOSE: &str = "Nederlands: 111. English: 211.";

/// A node: its name, its path, and its keywords and text in Dutch and in English.
struct Row(&'static str, Option<&'static str>, [(&'static str, &'static str); 2]);

const ROWS: [Row; 14] = [
    Row(
        "main",
        Some(""),
        [
            (
                "HULP",
                "Stuur een code. 11 hulp, 12 politie, 13 blijven, 14 melden, 15 privacy, 10 praten. Bij gevaar: bel 112. Automatisch antwoord. Wis dit bericht.",
            ),
            (
                "HELP",
                "Text a code. 21 help, 22 police, 23 staying here, 24 report, 25 privacy, 20 talk. In danger call 112. Automatic answer. Delete this text.",
            ),
        ],
    ),
    Row(
        "help",
        Some("1"),
        [
            (
                "OPVANG",
                "Er zijn organisaties voor je. Sommige geven juridische hulp, andere medische en psychische hulp, andere opvang. Advies of doorverwijzing: stuur 111. Wis dit bericht.",
            ),
            (
                "SHELTER SHELTERS HOUSE",
                "There are organisations for you. Some give legal aid, others medical and psychological help, others shelter. For advice or referral text 211. Delete this text.",
            ),
        ],
    ),
    Row(
        "comensha",
        Some("11"),
        [
            (
                "ADVIES",
                "CoMensha: +447700900111. Zij geven informatie en advies, of verwijzen je door naar de juiste organisatie. Bij gevaar: bel 112. Wis dit bericht.",
            ),
            (
                "ADVICE",
                "CoMensha: +447700900111. They give information and advice, or refer you to the right organisation. In danger call 112. Delete this text.",
            ),
        ],
    ),
    Row(
        "police",
        Some("2"),
        [
            (
                "POLITIE",
                "Het advies is: meld het altijd bij de politie. Dat kan ook als je illegaal in Nederland woont of werkt. Er is dan een regeling, stuur 13. Bij gevaar: bel 112. Wis dit bericht.",
            ),
            (
                "POLICE POLIS",
                "The advice is to report it to the police, always. Also if you live or work in the Netherlands illegally, you can report. There is then a scheme, text 23. In danger call 112. Delete this text.",
            ),
        ],
    ),
    Row(
        "stay",
        Some("3"),
        [
            (
                "BLIJVEN PAPIEREN",
                "Woon of werk je illegaal in Nederland? Stuur 131 drie maanden, 132 rechten, 133 vergunning, 134 werk. Wis dit bericht.",
            ),
            (
                "STAY PAPERS",
                "Do you live or work in the Netherlands illegally? Text 231 three months, 232 rights, 233 permit, 234 work. Delete this text.",
            ),
        ],
    ),
    Row(
        "reflection",
        Some("31"),
        [
            (
                "BEDENKTIJD",
                "Dit heet de bedenktijd. In deze 3 maanden mag je legaal in Nederland blijven. Wis dit bericht.",
            ),
            (
                "MONTHS",
                "This is the reflection period. In these 3 months your stay in the Netherlands is legal. Delete this text.",
            ),
        ],
    ),
    Row(
        "rights",
        Some("32"),
        [
            (
                "RECHTEN",
                "In de bedenktijd heb je recht op opvang, een sociale uitkering en medische zorg. Wis dit bericht.",
            ),
            (
                "RIGHTS",
                "In the reflection period you have a right to shelter, social security benefits and medical care. Delete this text.",
            ),
        ],
    ),
    Row(
        "permit",
        Some("33"),
        [
            (
                "VERGUNNING",
                "Dan krijg je een tijdelijke verblijfsvergunning B8.3. Praat met iemand voordat je beslist: stuur 10. Wis dit bericht.",
            ),
            (
                "PERMIT",
                "You will get a temporary residence permit, named B8.3. Talk to a person before you decide: text 20. Delete this text.",
            ),
        ],
    ),
    Row(
        "work",
        Some("34"),
        [
            (
                "WERKEN WERK",
                "Je mag in Nederland werken zolang je verblijfsvergunning geldig is. Andere vragen: stuur 10. Wis dit bericht.",
            ),
            (
                "WORK",
                "While your residence permit is valid, you may work in the Netherlands, not longer. Other questions: text 20. Delete this text.",
            ),
        ],
    ),
    Row(
        "report",
        Some("4"),
        [
            (
                "MELDEN GETUIGE",
                "Je kunt altijd anoniem melden bij Meld Misdaad Anoniem: +447700900222. Zij sturen je melding door naar de politie. De politie kan dan gericht onderzoek doen. Meldingen van getuigen zijn van groot belang. Aangifte: stuur 141. Wis dit bericht.",
            ),
            (
                "REPORT WITNESS",
                "An anonymous report to Meld Misdaad Anoniem (Report Crime Anonymously) is always possible: +447700900222. They forward it to the police. The police can then do a targeted investigation. Reports by witnesses are crucial. Complaint: text 241. Delete this text.",
            ),
        ],
    ),
    Row(
        "complaint",
        Some("41"),
        [
            (
                "AANGIFTE",
                "Anoniem aangifte doen bij de politie kan alleen in een uitzonderlijke, bedreigende situatie. Wis dit bericht.",
            ),
            (
                "COMPLAINT",
                "Filing a criminal complaint with the police anonymously: only in an exceptional, threatening situation. Delete this text.",
            ),
        ],
    ),
    Row(
        "privacy",
        Some("5"),
        [
            ("VEILIG", "We bellen je nooit en sturen nooit als eerste een bericht. Wis dit bericht."),
            ("SAFE", "We never call you and never text first. Delete this text."),
        ],
    ),
    Row(
        "connect",
        Some("0"),
        [
            ("PRATEN BELLEN MENS", "Wil je praten? Bel +447700900000. Druk op 1 en dan op 0. Wis dit bericht."),
            ("TALK CALL PERSON", "To talk to a person, call +447700900000. Press 2, then 0. Delete this text."),
        ],
    ),
    Row(
        "danger",
        None,
        [
            ("GEVAAR", "Wij kunnen geen hulp sturen. Bij gevaar: bel 112. Zeg waar je bent. Wis dit bericht."),
            ("DANGER", "We cannot send help. In danger: call 112. Say where you are. Delete this text."),
        ],
    ),
];

static SAMPLE: LazyLock<Hotline> = LazyLock::new(build);

pub(crate) fn hotline() -> &'static Hotline {
    &SAMPLE
}

/// The code of a node, or its name where it has none.
pub(crate) fn code_of(language: LangIx, node: NodeIx) -> String {
    let name = || format!("{} {}", hotline().language(language), hotline().node(node).name);
    hotline().code(language, node).unwrap_or_else(name)
}

/// The code of the answer that a code or an alias brings.
pub(crate) fn canonical(code: &str) -> String {
    match &hotline().sms.codes[code] {
        Answer::Node(language, node) => code_of(*language, *node),
        Answer::Choose(line) => line.clone(),
    }
}

/// Every keyword with the code of its answer.
pub(crate) fn keywords() -> Vec<(String, String)> {
    let meaning = |answer: &Answer| match answer {
        Answer::Node(language, node) => code_of(*language, *node),
        Answer::Choose(line) => line.clone(),
    };
    hotline().sms.keywords.iter().map(|(word, answer)| (word.clone(), meaning(answer))).collect()
}

fn build() -> Hotline {
    let prompt = || Prompt { id: String::new(), language: NL, words: String::new(), sentences: 0, measured_ms: None };
    let phrases = |name: &str| Phrases {
        name: name.to_owned(),
        wrong_key: prompt(),
        silence: [prompt(), prompt(), prompt()],
        person: prompt(),
        waiting: prompt(),
        trouble: prompt(),
        whisper_call: Vec::new(),
        whisper_cannot_speak: prompt(),
        whisper_accept: prompt(),
        staff: None,
        spoken_forms: Default::default(),
    };
    let node = |row: &Row| Node {
        name: row.0.to_owned(),
        then: None,
        keys: Vec::new(),
        facts: Vec::new(),
        text_facts: Vec::new(),
        text_only: row.1.is_none(),
        spoken: vec![Spoken::default(), Spoken::default()],
        path: row.1.map(str::to_owned),
    };
    let (main, connect) = (NodeIx(0), NodeIx(12));
    Hotline {
        revision: Revision(1),
        name: "Sample".to_owned(),
        country: "NL".to_owned(),
        timezone: TimeZone::UTC,
        languages: ["nl", "en"].map(|tag| Language::new(tag).unwrap()).to_vec(),
        lines: HashMap::new(),
        nodes: ROWS.iter().map(node).collect(),
        roles: Roles { welcome: main, main, connect, waiting: connect, closed: connect, busy: connect },
        front: Front {
            greeting: prompt(),
            languages: vec![prompt(), prompt()],
            silence: [prompt(), prompt()],
            end: prompt(),
        },
        phrases: vec![phrases("Nederlands"), phrases("English")],
        sms: book(),
    }
}

fn book() -> SmsBook {
    let (mut codes, mut keywords) = (BTreeMap::new(), BTreeMap::new());
    for language in [NL, EN] {
        for (at, row) in ROWS.iter().enumerate() {
            let answer = Answer::Node(language, NodeIx(u16::try_from(at).unwrap()));
            for word in row.2[usize::from(language.0)].0.split(' ') {
                keywords.insert(word.to_owned(), answer.clone());
            }
            if let Some(path) = row.1 {
                codes.insert(format!("{}{path}", language.0 + 1), answer);
            }
        }
    }
    // A second way to the police node.
    codes.insert("213".to_owned(), Answer::Node(EN, NodeIx(3)));
    keywords.insert("COMENSHA".to_owned(), Answer::Choose(CHOOSE.to_owned()));
    let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    SmsBook {
        codes,
        keywords,
        texts: [0, 1].map(|language: usize| ROWS.iter().map(|row| row.2[language].1.to_owned()).collect()).to_vec(),
        unknown: "1 = Nederlands. 2 = English.".to_owned(),
        emergency: "We cannot send help. Call 112 and speak. Say where you are. / Wij sturen geen hulp. Bel 112 en praat. Zeg waar je bent.".to_owned(),
        anywhere: strings(&["DANGER", "GEVAAR"]),
        emergency_words: strings(&["112", "SOS"]),
        stop_words: strings(&["STOP", "END", "QUIT", "STOPPEN", "EINDE"]),
        last_answer: strings(&["Dit is het laatste antwoord dit uur.", "This is the last answer for an hour."]),
    }
}
