//! The provider's official Python library: it signs requests to our real server, and builds documents for our reader.

mod common;

use common::TOKEN;
use common::server::{Server, configured};
use hulplijn::twiml::{self, FindingKind, TwimlFinding};
use std::path::Path;
use std::process::{Command, Output};

fn python(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("HULPLIJN_TEST_PYTHON").map_or_else(|_| root.join(".venv/bin/python"), Into::into);
    assert!(
        python.is_file(),
        "the provider's library is not installed: run `make test` once ({} is missing)",
        python.display()
    );
    let output = Command::new(python).arg(root.join("tests/provider_library.py")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn what_the_library_signs_is_answered_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let port = configured(folder.path());
    let server = Server::start(folder.path(), port);
    let said = python(&["requests", &format!("http://127.0.0.1:{port}"), TOKEN]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("answered as they should be"));
    server.stop();
}

#[test]
fn what_the_library_builds_is_read() {
    let built = String::from_utf8(python(&["documents"]).stdout).unwrap();
    let documents: Vec<String> = built.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(documents.len() >= 12);
    for document in documents {
        let reader = if document.contains("<Message") { twiml::read_messaging } else { twiml::read_voice };
        let read = reader(document.as_bytes()).unwrap_or_else(|error| panic!("{error}: {document}"));
        // What we do not execute is named; nothing the library builds is unknown to us.
        let named = |finding: &TwimlFinding| finding.kind == FindingKind::NotExecuted;
        assert!(read.findings.iter().all(named), "{:?}: {document}", read.findings);
    }
}
