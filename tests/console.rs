//! The telephone in the browser: Debian's Chromium calls, hears, presses and texts.

mod common;

use common::browser::{Browser, ENTER, ESCAPE, TAB};
use common::house::{House, OPEN};
use std::time::{Duration, Instant};

/// One browser at a time: what is measured here would measure the other one.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Sets when the next call begins, as the operator does.
async fn begin_at(browser: &Browser, moment: &str) {
    let script = format!(
        "const form = document.getElementById('setting'); form.elements.when.value = 'at'; \
         document.getElementById('at').disabled = false; document.getElementById('at').value = {moment:?};"
    );
    browser.js(&script).await;
}

async fn choose(browser: &Browser, name: &str, value: &str) {
    browser.click(&format!("input[name={name}][value={value}]")).await;
}

/// Moves the focus on by the Tab key until this has it: it can be reached, and nothing on the way holds it.
async fn tab_to(browser: &Browser, id: &str) {
    for _ in 0..80 {
        browser.keys(TAB).await;
        if browser.js("return document.activeElement.id").await == id {
            return;
        }
    }
    panic!("the Tab key does not lead to `{id}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_call_by_keyboard_that_a_screen_reader_can_follow() {
    let _alone = ALONE.lock().await;
    let house = House::open().await;
    let browser = house.browser().await;
    begin_at(&browser, OPEN).await;

    browser.keys(ENTER).await;
    browser.until_says("said", "Goedendag.").await;
    browser.until_says("line-name", "Wednesday 25 November 2026, 10:00").await;
    browser.keys("2").await;
    browser.until_says("place", "main").await;
    browser.until_says("said", "To talk to a person, press zero.").await;
    browser.keys("2").await;
    browser.until_says("place", "node police, in English").await;
    browser.until_says("key-rows", "leads to stay").await;
    browser.until_says("findings", "FC-03").await;
    browser.keys("*").await;
    browser.until_says("place", "main").await;
    browser.keys("0").await;
    browser.until_says("place", "connect").await;
    browser.keys("1").await;
    browser.until_says("said", "The counsellor’s telephone rings.").await;
    // Ahead, past the ringing and what the counsellor hears, until the two talk.
    tab_to(&browser, "skip").await;
    for _ in 0..12 {
        if browser.text("#state").await == "Talking" {
            break;
        }
        browser.keys(ENTER).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.until_says("state", "Talking").await;
    browser.until_says("said", "Counsellor hears:").await;
    house.until_open(1).await;

    // What a screen reader is given: names, roles, and a log that is read as it grows.
    let tree = browser.cdp("Accessibility.getFullAXTree", serde_json::json!({})).await;
    let nodes: Vec<(String, String)> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let value = |name: &str| node[name]["value"].as_str().unwrap_or_default().to_owned();
            (value("role"), value("name"))
        })
        .collect();
    for (role, name) in [
        ("button", "3, D E F"),
        ("button", "star"),
        ("button", "0, plus"),
        ("button", "Call"),
        ("button", "Hang up"),
        ("log", "What is said"),
        ("slider", "Volume"),
        ("tab", "SMS"),
        ("heading", "Where the call is"),
        ("main", ""),
    ] {
        assert!(nodes.iter().any(|(r, n)| r == role && n == name), "no {role} `{name}`: {nodes:?}");
    }
    let live = browser.js("return document.getElementById('said').ariaLive").await;
    assert_eq!((live.as_str(), browser.text("#state").await.as_str()), (Some("polite"), "Talking"));

    // Shortcuts are not for those who write.
    tab_to(&browser, "language").await;
    browser.keys(ESCAPE).await;
    assert_eq!(house.console.open_calls(), 1);
    browser.js("document.activeElement.blur()").await;
    browser.keys(ESCAPE).await;
    browser.until_says("state", "Call ended").await;
    house.until_open(0).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_is_heard_and_a_key_cuts_it_off() {
    let _alone = ALONE.lock().await;
    let house = House::open().await;
    let browser = house.browser().await;
    // A meter that looks at a few milliseconds, and notes when the keyboard was pressed.
    browser
        .js("const { ear } = hulplijn; const meter = (node) => { \
             const m = ear.context.createAnalyser(); m.fftSize = 128; node.connect(m); const s = new Float32Array(128); \
             return () => { m.getFloatTimeDomainData(s); return Math.max(...s.map(Math.abs)); }; }; \
             ear.context; ear.wake(); window.line = meter(ear.line); window.all = meter(ear.out); \
             document.addEventListener('keydown', (e) => (window.pressed = performance.now()), true); \
             window.after = (done) => new Promise((ok) => { window.pressed = null; const look = () => \
             window.pressed !== null && done() ? ok(performance.now() - window.pressed) : \
             setTimeout(look, 0); look(); });")
        .await;
    browser.until("hulplijn.ear.context.state === 'running'").await;

    // Key to tone, measured in the signal: nothing else sounds.
    let mut to_tone = Vec::new();
    for _ in 0..5 {
        browser
            .js("window.took = null; window.after(() => window.all() > 0.01).then((ms) => (window.took = ms))")
            .await;
        browser.keys("5").await;
        browser.until("window.took !== null").await;
        to_tone.push(browser.js("return window.took").await.as_f64().unwrap());
        browser.until("window.all() < 0.001").await;
    }

    choose(&browser, "which", "folder").await;
    let mut to_silence = Vec::new();
    for round in 0..3 {
        browser.click("#green").await;
        browser.until("window.line() > 0.3").await;
        browser.until_says("said", "A tone.").await;
        // It is the recording, decoded and played, not only an event: its frequency is in the signal.
        let hertz = browser
            .js("const a = hulplijn.ear.analyser, bins = new Float32Array(a.frequencyBinCount); \
                 a.getFloatFrequencyData(bins); return bins.indexOf(Math.max(...bins)) * hulplijn.ear.context.sampleRate / a.fftSize")
            .await;
        assert!((390.0..490.0).contains(&hertz.as_f64().unwrap()), "{hertz}");
        if round == 0 {
            // Two recordings follow each other without a gap that would be heard, and on time.
            let gap = browser
                .js_async(
                    "await new Promise((ok) => setTimeout(ok, 2800)); let quiet = 0, from = null; \
                     const end = performance.now() + 2500; while (performance.now() < end) { \
                     if (window.line() < 0.05) { from ??= performance.now(); quiet = Math.max(quiet, performance.now() - from); } \
                     else from = null; await new Promise((ok) => setTimeout(ok, 0)); } return quiet",
                )
                .await;
            println!("longest gap between two recordings: {gap} ms");
            assert!(gap.as_f64().unwrap() < 300.0, "{gap}");
        }
        browser
            .js("window.took = null; window.after(() => window.line() < 0.01).then((ms) => (window.took = ms))")
            .await;
        browser.keys("1").await;
        browser.until("window.took !== null").await;
        to_silence.push(browser.js("return window.took").await.as_f64().unwrap());
        browser.until_says("said", "Heard.").await;
        assert_eq!(browser.js("return document.querySelectorAll('#said .cut').length").await, 1);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(browser.js("return window.line()").await.as_f64().unwrap() < 0.01, "it goes on after the key");
        browser.until_says("state", "Call ended").await;
    }
    println!("key to tone: {to_tone:.1?} ms; key to the end of the prompt: {to_silence:.1?} ms");
    // The aim is 50 ms; a machine that is busy with other tests gets more.
    assert!(to_tone.iter().chain(&to_silence).copied().fold(f64::MAX, f64::min) < 250.0);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_finds_the_call_and_closing_ends_it() {
    let _alone = ALONE.lock().await;
    let house = House::open().await;
    let browser = house.browser().await;
    let first = browser.tab().await;
    begin_at(&browser, OPEN).await;
    browser.click("#green").await;
    browser.until_says("said", "Goedendag.").await;
    browser.click("[data-key='1']").await;
    browser.until_says("place", "in Nederlands").await;
    let id = browser.js("return hulplijn.call.id").await;

    let second = browser.new_tab().await;
    browser.goto(&format!("http://{}/phone", house.address)).await;
    browser.until("document.querySelectorAll('#language option').length === 3").await;
    browser.js("document.getElementById('language').value = 'en'").await;
    begin_at(&browser, OPEN).await;
    browser.click("#green").await;
    // The language was chosen beforehand: its key is pressed for her.
    browser.until_says("place", "in English").await;
    house.until_open(2).await;

    browser.switch(&first).await;
    browser.reload().await;
    browser.until_says("place", "in Nederlands").await;
    browser.until_says("said", "key 1").await;
    assert_eq!(browser.js("return hulplijn.call.id").await, id);
    browser.click("[data-key='2']").await;
    browser.until_says("place", "node police, in Nederlands").await;
    // Beyond the time that a call waits for its page.
    tokio::time::sleep(Duration::from_millis(2_700)).await;
    assert_eq!(house.console.open_calls(), 2);

    browser.switch(&second).await;
    browser.close_tab().await;
    house.until_open(1).await;
    browser.switch(&first).await;
    assert!(browser.text("#place").await.contains("police"));
    browser.goto("about:blank").await;
    house.until_open(0).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_branch_can_be_walked() {
    let _alone = ALONE.lock().await;
    let house = House::open().await;
    let browser = house.browser().await;

    // What if it is 02:30 on 27 April? Nobody is on duty.
    browser.click("#king").await;
    browser.click("#green").await;
    browser.until_says("line-name", "27 April").await;
    browser.until_says("line-name", "02:30").await;
    browser.keys("2").await;
    browser.until_says("place", "main").await;
    browser.keys("0").await;
    browser.until_says("place", "closed").await;
    browser.click("#red").await;
    browser.until_says("state", "Call ended").await;

    // A counsellor who is busy, and one who does not answer.
    begin_at(&browser, OPEN).await;
    for does in ["busy", "no_answer"] {
        choose(&browser, "counsellor", does).await;
        browser.click("#green").await;
        browser.until_says("said", "Goedendag.").await;
        browser.keys("2").await;
        browser.until_says("place", "main").await;
        browser.keys("0").await;
        browser.until_says("place", "connect").await;
        browser.keys("1").await;
        browser.until_says("place", "a counsellor is looked for").await;
        browser.click("#silence").await;
        browser.until_says("state", "Ringing").await;
        browser.click("#silence").await;
        browser.until_says("place", "node busy, in English").await;
        browser.until_says("said", if does == "busy" { "telephone: busy." } else { "telephone: no-answer." }).await;
        browser.click("#red").await;
        browser.until_says("state", "Call ended").await;
    }

    // Nobody waits seven seconds: silence at a menu leads to its patient rounds, and then to a person.
    choose(&browser, "counsellor", "answers").await;
    browser.click("#green").await;
    browser.until_says("said", "Goedendag.").await;
    browser.keys("2").await;
    browser.until_says("place", "main").await;
    let started = Instant::now();
    for requests in 3..6 {
        browser.click("#silence").await;
        browser.until(&format!("document.querySelectorAll('#log details').length >= {requests}")).await;
    }
    browser.until_says("place", "a person is offered").await;
    assert!(started.elapsed() < Duration::from_secs(10));
    // The clock went with it: more than three waits of seven seconds.
    browser.until("parseFloat([...document.querySelectorAll('#said .at')].pop().textContent) > 21").await;
    browser.click("#red").await;
    browser.until_says("state", "Call ended").await;

    // Texts: an answer with its parts, and one that is not given.
    browser.click("#tab-text").await;
    browser.click("#body").await;
    browser.keys("help 9").await;
    browser.click("#green").await;
    browser.until_says("thread", "1 part, ").await;
    browser.until_says("thread", "GSM-7").await;
    browser.click("#body").await;
    browser.keys("stop").await;
    browser.click("#green").await;
    browser.until_says("thread", "Nothing is answered.").await;
    // As on a basic phone.
    for key in ["4", "4", "3", "3"] {
        browser.click(&format!("[data-key='{key}']")).await;
    }
    assert_eq!(browser.js("return document.getElementById('body').value").await, "HE");
    browser.close().await;
    // What was done here reached nobody and is not counted.
    let mut world = house.world;
    assert!(world.counts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_accessible_at_every_size_by_day_and_by_night() {
    let _alone = ALONE.lock().await;
    let house = House::open().await;
    let browser = house.browser().await;
    let axe = std::fs::read_to_string(axe()).unwrap();
    begin_at(&browser, OPEN).await;
    browser.click("#green").await;
    browser.until_says("said", "Goedendag.").await;
    browser.keys("22").await;
    browser.until_says("place", "police").await;
    // 640 is a window of 1280 at 200 %.
    for (width, scheme) in [(1440, "light"), (1440, "dark"), (640, "light"), (320, "light"), (320, "dark")] {
        browser.look(width, scheme).await;
        let beyond = browser.js("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(beyond.as_i64().unwrap() <= 0, "{width} px: {beyond} px beyond the edge");
        if width != 640 {
            violations(&browser, &axe, &format!("{width} px, {scheme}")).await;
        }
    }
    browser.click("#tab-text").await;
    violations(&browser, &axe, "320 px, dark, with a text").await;
    assert!(browser.js("return matchMedia('(prefers-color-scheme: dark)').matches").await.as_bool().unwrap());
    browser.close().await;
}

async fn violations(browser: &Browser, axe: &str, when: &str) {
    browser.js(&format!("if (!window.axe) {{ {axe} }}")).await;
    let found = browser
        .js_async(
            "return (await axe.run()).violations.map((v) => `${v.id}: ${v.help}: ` + v.nodes.map((n) => n.target).join(' '))",
        )
        .await;
    assert_eq!(found, serde_json::json!([]), "{when}");
}

/// axe-core, as a Python package brings it.
fn axe() -> std::path::PathBuf {
    let python = std::env::var("HULPLIJN_TEST_PYTHON").map_or_else(
        |_| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python"),
        std::path::PathBuf::from,
    );
    let script =
        "import importlib.util as u; print(u.find_spec('axe_playwright_python').submodule_search_locations[0])";
    let found = std::process::Command::new(&python).args(["-c", script]).output();
    let found = found.unwrap_or_else(|error| panic!("{}: {error}; `make test` installs it", python.display()));
    assert!(found.status.success(), "axe-core is missing: `make test` installs it");
    std::path::Path::new(String::from_utf8(found.stdout).unwrap().trim()).join("axe.min.js")
}
