//! The real binary: killed between two keys, started again, and the call goes on.

mod common;

use common::server::{Server, configured};
use common::{CALLER, DESK, OWN};
use hulplijn::twiml::{self, ReadVerb};
use std::process::Command;
use std::time::Duration;

fn action(document: &str) -> String {
    let document = twiml::read_voice(document.as_bytes()).unwrap();
    document
        .verbs
        .iter()
        .find_map(|verb| match verb {
            ReadVerb::Gather(gather) => gather.action.clone(),
            ReadVerb::Dial(dial) => dial.action.clone(),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_call_goes_on_after_kill_9_and_counts_survive_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let port = configured(folder.path());

    let server = Server::start(folder.path(), port);
    let welcome = server.post("/twilio/voice", &[]);
    let main = server.post(&action(&welcome), &[("Digits", "2")]);
    // Counts are committed each second.
    std::thread::sleep(Duration::from_millis(1500));
    server.kill();

    let server = Server::start(folder.path(), port);
    let stay = server.post(&action(&main), &[("Digits", "3")]);
    assert!(stay.contains("verblijfsregeling"), "{stay}");
    let connect = server.post(&action(&stay), &[("Digits", "0")]);
    let dial = server.post(&action(&connect), &[("Digits", "1")]);
    assert!(
        dial.contains(DESK) && dial.contains(&format!("callerId=\"{OWN}\"")) && dial.contains("timeLimit="),
        "{dial}"
    );
    server.kill();

    // The lease was durable before the counsellor was rung: the next process knows that the line is taken.
    let server = Server::start(folder.path(), port);
    let again = server.post(&action(&connect), &[("Digits", "2")]);
    assert!(!again.contains("<Dial"), "a second caller rings the same counsellor: {again}");
    let after = server.post(&action(&dial), &[("DialCallStatus", "no-answer")]);
    assert!(after.contains("<Gather"), "{after}");
    server.stop();

    let stats =
        Command::new(env!("CARGO_BIN_EXE_hulplijn")).args(["stats", "--json", "--data"]).arg(&data).output().unwrap();
    let stats = String::from_utf8(stats.stdout).unwrap();
    assert!(stats.contains("language/en") && stats.contains("nobody/no-answer"), "{stats}");

    // Nothing of the caller is in any file.
    for file in std::fs::read_dir(&data).unwrap().chain(std::fs::read_dir(folder.path()).unwrap()) {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for private in [&CALLER[1..], "0000cafe"] {
                assert!(
                    !bytes.windows(private.len()).any(|window| window == private.as_bytes()),
                    "{private} in {}",
                    path.display()
                );
            }
        }
    }
}
