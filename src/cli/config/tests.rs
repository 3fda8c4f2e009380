//! What is refused, and what stands above what.

use super::*;

fn load(flags: Flags, environment: &[(&str, &str)]) -> Result<Config, Problems> {
    let set: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(&flags, &|name| {
        set.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .or_else(|| (name == "HOME").then(|| "/nonexistent".to_owned()))
    })
}

#[test]
fn nothing_at_all_is_the_demonstration() {
    let config = load(Flags::default(), &[]).unwrap();
    assert_eq!(config.mode, Mode::Demonstration);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin_listen.unwrap().to_string(), "127.0.0.1:8081");
    assert_eq!(config.data, PathBuf::from("/nonexistent/.local/share/hulplijn"));
}

#[test]
fn the_demonstration_never_leaves_this_machine() {
    let flags = Flags { listen: Some("0.0.0.0:8080".into()), ..Flags::default() };
    let problems = load(flags, &[]).err().unwrap();
    assert!(problems.0[0].contains("refusing to listen on 0.0.0.0:8080"), "{problems}");
}

#[test]
fn a_provider_needs_both_its_secret_and_its_address() {
    let case = |environment: &[(&str, &str)], says: &str| {
        let problems = load(Flags::default(), environment).err().unwrap();
        assert!(problems.to_string().contains(says), "{problems}");
    };
    case(&[("HULPLIJN_TWILIO_AUTH_TOKEN", "secret")], "no `public_url`");
    let flags = Flags { public_url: Some("https://line.example.org".into()), ..Flags::default() };
    assert!(load(flags, &[]).err().unwrap().to_string().contains("no auth token"));
}

#[test]
fn whoever_publishes_needs_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hulplijn.toml");
    let text = "public_url = \"https://line.example.org\"\n[twilio]\nauth_token_file = \"not/there\"\n\
                number = \"+12025550100\"\n[desk]\nline = \"+12025550101\"\nhours = [\"mon-fri 09:00-17:00\"]\n\
                [publish]\ntwo_persons = true\n";
    std::fs::write(&path, text).unwrap();
    let flags = Flags { config: Some(path.clone()), data: Some("data".into()), ..Flags::default() };
    let config = Config::load_for_publishing(&flags, &|_| None).unwrap();
    assert!(config.live && config.two_persons && config.auth_tokens.is_empty());
    assert!(Config::load(&flags, &|_| None).is_err());
    std::fs::write(&path, text.replace("public_url", "# public_url")).unwrap();
    assert!(!Config::load_for_publishing(&flags, &|_| None).unwrap().live);
    std::fs::write(&path, "[kannel]\nsecret_file = \"not/there\"\nnumber = \"+447700900100\"\n").unwrap();
    assert!(Config::load_for_publishing(&flags, &|_| None).unwrap().live, "people text that line");
}

#[test]
fn a_line_for_texts_only() {
    let whole = "[kannel]\nsecret = \"0123456789abcdef\"\nnumber = \"+44 7700 900100\"\n";
    let config = Config::from_text(&format!("data = \"/nonexistent\"\n{whole}")).unwrap();
    assert!(config.mode == Mode::Provider && config.live && !config.calls() && config.public_url.is_empty());
    assert_eq!(config.number.unwrap().expose(), "+447700900100");
    let both = format!(
        "data = \"/nonexistent\"\npublic_url = \"http://127.0.0.1:1\"\n{whole}[twilio]\nauth_token = \"t\"\nnumber = \"+44 7700 900200\"\n"
    );
    let config = Config::from_text(&both).unwrap();
    assert!(config.live && config.calls());
    assert_eq!(config.number.as_ref().unwrap().expose(), "+447700900200");
    let config = config.played();
    assert!(config.mode == Mode::Demonstration && config.kannel.is_none() && !config.live);
    let case = |text: &str, says: &str| {
        let problems = Config::from_text(&format!("data = \"/nonexistent\"\n{text}")).err().unwrap().to_string();
        assert!(problems.contains(says) && !problems.contains("0123456789"), "{says} in {problems}");
    };
    case("[kannel]\n", "no `secret`");
    case("[kannel]\nsecret = \"0123456789abcde\"\n", "expected 16 to 128 letters");
    case("[kannel]\nsecret = \"0123456789 abcdef\"\n", "expected 16 to 128 letters");
    case("[kannel]\nsecret = \"0123456789abcdef\"\n", "`[kannel] number` is not set");
    case(&whole.replace("+44 77", "77"), "`kannel.number` is not a telephone number");
    case(&format!("listen = \"0.0.0.0:8080\"\n{whole}"), "refusing to listen on 0.0.0.0:8080 for Kannel alone");
    case(&format!("{whole}[desk]\nline = \"+44 7700 900200\"\n"), "nobody would be rung");
}

#[test]
fn where_legs_are_placed() {
    let whole = |more: &str| {
        format!(
            "data = \"/nonexistent\"\npublic_url = \"https://line.example.org\"\n\
             [desk]\nline = \"+447700900101\"\nhours = [\"mon-fri 09:00-17:00\"]\n\
             [twilio]\nauth_token = \"hush\"\naccount_sid = \"AC1\"\nnumber = \"+447700900200\"\n{more}\n"
        )
    };
    let config = |more: &str| Config::from_text(&whole(more)).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(config("").rest.is_none());
    let rest = config("rest = \"https://api.twilio.com\"").rest.unwrap();
    assert_eq!((rest.account.as_str(), rest.key.as_str(), rest.secret.as_str()), ("AC1", "AC1", "hush"));
    assert_eq!(rest.own.expose(), "+447700900200");
    let keyed = "rest = \"http://127.0.0.1:9\"\nrest_key = \"SK1\"\nrest_secret = \"quiet\"";
    let rest = config(keyed).rest.unwrap();
    assert_eq!((rest.account.as_str(), rest.key.as_str(), rest.secret.as_str()), ("AC1", "SK1", "quiet"));
    assert!(config(keyed).played().rest.is_none(), "the demonstration rings nobody");
    let case = |text: &str, says: &str| {
        let problems = Config::from_text(text).err().map(|problems| problems.to_string()).unwrap_or_default();
        assert!(problems.contains(says) && !problems.contains("quiet"), "{says} in `{problems}`");
    };
    case(&whole("rest = \"http://api.twilio.com\""), "`[twilio] rest` is not fit: expected `https://`");
    case(&whole("rest_key = \"SK1\"\nrest_secret = \"quiet\""), "of no use without `rest`");
    case(&whole("rest = \"https://a.example\"\nrest_key = \"SK1\""), "belong together");
    case(&whole("rest = \"https://a.example\"\nrest_secret = \"quiet\""), "belong together");
    case(&whole("rest = \"https://a.example\"\nrest_key = \"S:1\"\nrest_secret = \"quiet\""), "no `:`");
    case(&whole("rest = \"https://a.example\"\nrest_key = \"S1\"\nrest_secret = \"qui et\""), "no space");
    case(
        &whole("rest = \"https://a.example\"\nrest_secret_file = \"not/there\""),
        "cannot read `twilio.rest_secret_file`",
    );
    let rest = whole("rest = \"https://a.example\"");
    case(&rest.replace("account_sid", "# account_sid"), "needs `account_sid`");
    case(&rest.replace("number =", "# number ="), "`[twilio] rest` needs `number`");
    case(&rest.replace("auth_token", "# auth_token"), "no call would come");
}

#[test]
fn every_problem_is_named_at_once_and_no_number_is_repeated() {
    let text = r#"
        listen = "here"
        public_url = "http://line.example.org/?x"
        [twilio]
        number = "07700900123"
        [desk]
        line = "0 7700 900 456"
        accept = "yes"
        ring_s = 3
        withheld_at_once = 0
        [limits]
        read_s = 60
        [alarm]
        command = ["tell-me"]
        failed_signatures = 0
        database_s = 4
    "#;
    let problems = Config::from_text(text).err().unwrap().to_string();
    for says in [
        "`listen` is `here`",
        "expected `https://`",
        "without `?`",
        "`twilio.number` is not",
        "`desk.line` is not",
        "`yes`",
        "ring_s` is 3",
        "read_s` is 60",
        "withheld_at_once` is 0",
        "`[alarm] command` does not begin",
        "failed_signatures` is 0",
        "database_s` is 4",
        "no auth token",
    ] {
        assert!(problems.contains(says), "{says} in {problems}");
    }
    assert!(!problems.contains("7700"), "{problems}");
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let problems = Config::from_text("listen = \"127.0.0.1:1\"\nlisten_admin = \"off\"\n").err().unwrap().to_string();
    assert!(problems.starts_with("hulplijn.toml:2: unknown field `listen_admin`"), "{problems}");
}

#[test]
fn voices_that_cannot_speak_are_named() {
    let case = |voice: &str, says: &str| {
        let text = format!("data = \"/nonexistent\"\n[audio.voice.nl]\n{voice}\n");
        let problems = Config::from_text(&text).err().map(|problems| problems.to_string()).unwrap_or_default();
        assert!(problems.contains(says), "{voice}: {says} in `{problems}`");
    };
    case("engine = \"espeak\"\nspeed = 79", "speed` is 79: expected 80 to 300");
    case("engine = \"espeak\"\ngap = 51", "gap` is 51: expected 0 to 50");
    case("engine = \"espeak\"\nvoice = \"--path=/x\"", "no voice of espeak-ng");
    case("engine = \"espeak\"\ngrade = \"recorded\"", "expected `good` or `draft`");
    case("engine = \"espeak\"\ntimeout_s = 0", "timeout_s` is 0: expected 1 to 600");
    case("engine = \"espeak\"\nlanguage = \"Dutch\"", "the voice `nl` is for no language");
    case("engine = \"command\"\nvoice = \"x\"", "command` is missing");
    case("engine = \"command\"\ncommand = [\"piper\"]", "voice` is missing");
    case("engine = \"http\"\nvoice = \"x\"\nurl = \"http://203.0.113.1/\"", "address of the whole internet");
    case("engine = \"human\"", "unknown variant `human`");
    let text = "data = \"/nonexistent\"\n[audio.voice.nl]\nengine = \"espeak\"\n\
                [audio.voice.nl-mbrola]\nlanguage = \"nl\"\nengine = \"espeak\"\nvoice = \"mb-nl2\"\n";
    let voices = Config::from_text(text).unwrap().voices;
    let told: Vec<(&str, &str)> = voices.iter().map(|voice| (voice.name.as_str(), voice.label.as_str())).collect();
    let expected = [
        ("nl", "espeak-ng nl, 130 words a minute, gap 1"),
        ("nl-mbrola", "espeak-ng mb-nl2, 130 words a minute, gap 1"),
    ];
    assert_eq!(told, expected);
}
