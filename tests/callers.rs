//! Random callers against a reference model: a table node x key -> node, read from the menu files by a few lines that
//! share no code with the engine. What they hear is taken from the TwiML that leaves the server.

mod common;

use common::{ACCOUNT, CALLER, OWN, World};
use hulplijn::twiml::{self, ReadPrompt, ReadVerb};
use std::collections::HashMap;
use std::path::Path;

/// The menu files as plain tables.
struct Model {
    voice: toml::Table,
    texts: Vec<toml::Table>,
}

#[derive(Clone, Debug, PartialEq)]
enum At {
    Front,
    Node(String),
    /// The counsellor's line rings, or the call is over: the model goes no further.
    Over,
}

impl Model {
    fn read() -> Model {
        let menus = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
        let table = |name: &str| std::fs::read_to_string(menus.join(name)).unwrap().parse::<toml::Table>().unwrap();
        Model { voice: table("voice.toml"), texts: vec![table("texts/nl.toml"), table("texts/en.toml")] }
    }

    fn list(&self, node: &str, key: &str) -> Vec<String> {
        let list = self.voice["node"][node].get(key).and_then(|value| value.as_array());
        list.into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
    }

    fn has_info(&self, node: &str) -> bool {
        self.texts[0]["node"][node].get("say").is_some()
    }

    /// The sentences of a node's own keys in one language, as they must be heard.
    fn options(&self, language: usize, node: &str) -> Vec<String> {
        let texts = &self.texts[language];
        let press = texts["phrase"]["press"].as_str().unwrap();
        let labels = self
            .list(node, "options")
            .into_iter()
            .map(|option| {
                let target = &texts["node"][option.as_str()];
                let from = target.get("option_from").and_then(|from| from.get(node));
                from.unwrap_or_else(|| &target["option"]).as_str().unwrap().to_owned()
            })
            .chain(
                self.list(node, "choices")
                    .into_iter()
                    .map(|act| texts["node"][node]["choice"][act.as_str()].as_str().unwrap().to_owned()),
            );
        labels
            .enumerate()
            .map(|(index, label)| {
                let key = texts["phrase"]["keys"][(index + 1).to_string().as_str()].as_str().unwrap();
                press.replace("{option}", &label).replace("{key}", key)
            })
            .collect()
    }
}

/// A caller of the model: where she is, how she came there, and how many wrong keys she pressed in a row.
struct Caller {
    at: At,
    trail: Vec<String>,
    wrong: u32,
    language: usize,
}

impl Caller {
    fn press(&mut self, model: &Model, key: char) {
        let At::Node(node) = self.at.clone() else {
            match key {
                '1' | '2' => {
                    self.language = key as usize - '1' as usize;
                    self.at = At::Node("main".into());
                    self.trail.clear();
                    self.wrong = 0;
                }
                '0' => self.person(),
                '9' => self.at = At::Over,
                '8' | '*' | '#' => {}
                _ => self.wrong_key(),
            }
            return;
        };
        let options = model.list(&node, "options");
        let choices = model.list(&node, "choices");
        let index = key.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
        match (key, index) {
            ('9', _) => self.at = At::Over,
            ('0', _) => self.person(),
            ('*', _) => {
                self.wrong = 0;
                match self.trail.pop() {
                    Some(before) => self.at = At::Node(before),
                    None if node == "main" || self.language == usize::MAX => {
                        self.at = At::Front;
                        self.language = usize::MAX;
                    }
                    None => self.at = At::Node("main".into()),
                }
            }
            ('#', _) => self.wrong = 0,
            ('8', _) if model.has_info(&node) => self.wrong = 0,
            (_, Some(index)) if index < options.len() => {
                self.wrong = 0;
                self.go(&options[index]);
            }
            (_, Some(index)) if index < options.len() + choices.len() => {
                self.wrong = 0;
                if choices[index - options.len()] != "letters" {
                    self.at = At::Over;
                }
            }
            _ => self.wrong_key(),
        }
    }

    fn go(&mut self, target: &str) {
        if let At::Node(node) = &self.at {
            if node == target {
                return;
            }
            self.trail.push(node.clone());
        }
        self.at = At::Node(target.to_owned());
    }

    fn person(&mut self) {
        self.wrong = 0;
        self.go("connect");
    }

    fn wrong_key(&mut self) {
        self.wrong += 1;
        if self.wrong == 3 {
            self.person();
        }
    }
}

/// Where the next key goes, and everything said before it.
fn heard(document: &str) -> (Option<String>, Vec<String>) {
    let document = twiml::read_voice(document.as_bytes()).unwrap();
    assert!(document.findings.is_empty(), "{:?}", document.findings);
    let mut action = None;
    let mut words = Vec::new();
    for verb in &document.verbs {
        if let ReadVerb::Gather(gather) = verb {
            action = gather.action.clone();
            for prompt in &gather.prompts {
                if let ReadPrompt::Say(say) = prompt {
                    words.push(say.words.clone());
                }
            }
        }
    }
    (action, words)
}

/// A small generator with a seed, so that a failure can be played again.
struct Chance(u64);

impl Chance {
    fn pick(&mut self, of: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % of as u64) as usize
    }
}

#[tokio::test(flavor = "current_thread")]
async fn random_callers_reach_what_the_files_say() {
    let model = Model::read();
    let world = World::at("2026-11-24T10:00:00", "").await;
    let mut visits: HashMap<String, u32> = HashMap::new();
    for seed in 0..300_u64 {
        let mut chance = Chance(seed);
        let sid = format!("CA{seed:032x}");
        let form = |extra: &[(&'static str, String)]| {
            let mut form = vec![
                ("CallSid", sid.clone()),
                ("AccountSid", ACCOUNT.to_owned()),
                ("From", CALLER.to_owned()),
                ("To", OWN.to_owned()),
                ("CallStatus", "in-progress".to_owned()),
            ];
            form.extend(extra.iter().cloned());
            form
        };
        let ask = async |url: &str, extra: &[(&'static str, String)]| {
            let form = form(extra);
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            world.post(url, &form).await.1
        };
        let mut caller = Caller { at: At::Front, trail: Vec::new(), wrong: 0, language: usize::MAX };
        let mut document = ask("/twilio/voice", &[]).await;
        let mut keys = String::new();
        for _ in 0..14 {
            // Mostly keys that lead somewhere, now and then any key there is.
            let key = match chance.pick(4) {
                0 => "0123456789*#".chars().nth(chance.pick(12)).unwrap(),
                _ => "12341258*".chars().nth(chance.pick(9)).unwrap(),
            };
            keys.push(key);
            let (action, _) = heard(&document);
            document = ask(&action.unwrap(), &[("Digits", key.to_string())]).await;
            caller.press(&model, key);
            let At::Node(node) = &caller.at else {
                if caller.at == At::Over {
                    break;
                }
                let (_, words) = heard(&document);
                assert!(words.iter().any(|said| said.starts_with("For English")), "keys {keys}: {words:?}");
                continue;
            };
            *visits.entry(node.clone()).or_default() += 1;
            let (_, words) = heard(&document);
            // A caller who asks for a person before choosing a language is spoken to in the first one.
            let language = if caller.language == usize::MAX { 0 } else { caller.language };
            for option in model.options(language, node) {
                assert!(
                    words.iter().any(|said| said.starts_with(&option)),
                    "keys {keys} at `{node}`: no `{option}` in {words:?}"
                );
            }
        }
        // The call is over: whoever was rung for it is free for the next caller.
        world.post("/twilio/status", &[("CallSid", &sid), ("AccountSid", ACCOUNT), ("CallStatus", "completed")]).await;
    }
    for node in [
        "main",
        "help",
        "comensha",
        "website",
        "police",
        "police-numbers",
        "stay",
        "reflection",
        "rights",
        "permit",
        "work",
        "report",
        "complaint",
        "privacy",
        "connect",
    ] {
        assert!(visits.contains_key(node), "no caller came to `{node}`: {visits:?}");
    }
}
