//! What one request costs inside: a step, the sealing of its state, the writing of its answer, the reading of a text.
//! Each beside the smallest thing that does a part of it, and at three sizes of hotline: the cost must not grow.
//!
//! `cargo bench --bench steps`; the figures of one machine stand in `docs/speed.md`.

mod hotlines;

use divan::{Bencher, black_box};
use hotlines::{hotline, keyword};
use hulplijn::base::{CallSid, CounsellorSet, Digit, LeaseId};
use hulplijn::flow::{Desk, Hotline, Input, LangIx, Now, Output, Patience, Place, Session, step};
use hulplijn::privacy::{Binding, KeyRing, Purpose};
use hulplijn::provider::twilio::answer::{Links, SayConfig, Voice, voice};
use hulplijn::sms::understand;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::OnceLock;

const NODES: [usize; 3] = [10, 300, 3000];

fn of(nodes: usize) -> &'static Hotline {
    static HOTLINES: [OnceLock<Hotline>; 3] = [const { OnceLock::new() }; 3];
    let at = NODES.iter().position(|size| *size == nodes).expect("a size that is measured");
    HOTLINES[at].get_or_init(|| hotline(nodes))
}

fn now() -> Now {
    Now {
        at: Timestamp::from_second(1_795_000_000).unwrap(),
        desk: Desk::Open,
        lease: LeaseId(7),
        who: CounsellorSet(1),
        patience: Patience::default(),
    }
}

/// A caller in the second language at a node with six options, who presses one that has more of them.
fn session(hotline: &Hotline) -> Session {
    let node = hotline.nodes.iter().position(|node| node.name == "n0").expect("the tree is there");
    let mut session = Session::begin(hotline.revision, now().at);
    session.place = Place::Node(hulplijn::menu::NodeIx(u16::try_from(node).unwrap()));
    session.language = Some(LangIx(1));
    session.trail = vec![hotline.roles.main];
    session.heard = vec![0b101; 6];
    session.pressed = true;
    session.main_heard = true;
    session
}

fn one_step(hotline: &Hotline) -> (Session, Vec<Output<'_>>) {
    step(hotline, session(hotline), Input::Pressed(Digit::new('1').unwrap()), now())
}

fn ring() -> KeyRing {
    KeyRing::generate([7; 32])
}

fn sid() -> CallSid {
    CallSid::new("CA0000000000000000000000000000cafe").unwrap()
}

fn binding(call: &CallSid) -> Binding<'_> {
    Binding { provider: "twilio", account: "AC00000000000000000000000000000001", call }
}

fn links() -> Links<'static> {
    const KEY: &str = "https://line.example.org/twilio/voice/key?s=aOGeMiTOIRbI-iw8_xoa9QuaWHcv8eSIbZSM-KFeTmqhIEr8Djw";
    Links { key: KEY, silence: KEY, dial: KEY, alone: KEY, ring: None, room: None }
}

fn say(hotline: &Hotline) -> SayConfig {
    SayConfig {
        voices: hotline.languages.iter().map(|_| Voice { language: "nl-NL".into(), voice: None }).collect(),
        sounds: Vec::new(),
        music: Vec::new(),
    }
}

mod a_step {
    use super::*;

    #[divan::bench]
    fn baseline_clone_of_the_session(bencher: Bencher) {
        let session = session(of(10));
        bencher.bench_local(|| black_box(&session).clone());
    }

    #[divan::bench(args = NODES)]
    fn a_key(bencher: Bencher, nodes: usize) {
        let hotline = of(nodes);
        let session = session(hotline);
        let key = Digit::new('1').unwrap();
        bencher.bench_local(|| step(hotline, black_box(&session).clone(), Input::Pressed(key), now()));
    }
}

mod a_state {
    use super::*;
    use hmac::{Hmac, KeyInit, Mac};
    use sha1::Sha1;

    /// What verifying a provider's signature costs on a small form.
    #[divan::bench]
    fn baseline_hmac_of_300_bytes(bencher: Bencher) {
        let form = [b'x'; 300];
        bencher.bench_local(|| {
            let mut mac = Hmac::<Sha1>::new_from_slice(b"a-test-token-of-32-characters-xx").unwrap();
            mac.update(black_box(&form));
            mac.finalize().into_bytes()
        });
    }

    #[divan::bench]
    fn sealed(bencher: Bencher) {
        let (ring, call, session) = (ring(), sid(), session(of(300)));
        bencher.bench_local(|| ring.seal(Purpose::Session, &binding(&call), &black_box(&session).to_bytes()));
    }

    #[divan::bench]
    fn opened(bencher: Bencher) {
        let (ring, call, session) = (ring(), sid(), session(of(300)));
        let token = ring.seal(Purpose::Session, &binding(&call), &session.to_bytes()).unwrap();
        bencher.bench_local(|| {
            let bytes = ring.open(Purpose::Session, &binding(&call), black_box(&token)).unwrap();
            Session::from_bytes(&bytes).unwrap()
        });
    }
}

mod an_answer {
    use super::*;

    #[divan::bench]
    fn baseline_copy_of_the_document(bencher: Bencher) {
        let hotline = of(10);
        let document = voice(&one_step(hotline).1, hotline, &links(), &say(hotline)).to_xml();
        bencher.bench_local(|| black_box(document.as_str()).to_owned());
    }

    #[divan::bench(args = NODES)]
    fn written(bencher: Bencher, nodes: usize) {
        let hotline = of(nodes);
        let (outputs, links, say) = (one_step(hotline).1, links(), say(hotline));
        bencher.bench_local(|| voice(black_box(&outputs), hotline, &links, &say).to_xml());
    }
}

mod a_text {
    use super::*;

    #[divan::bench]
    fn baseline_lookup_in_a_hash_map(bencher: Bencher) {
        let words: HashMap<String, usize> = (0..150).map(|node| (keyword(1, node), node)).collect();
        let word = keyword(1, 5);
        bencher.bench_local(|| words.get(black_box(&word)).copied());
    }

    #[divan::bench(args = NODES)]
    fn keyword_as_printed(bencher: Bencher, nodes: usize) {
        let book = &of(nodes).sms;
        let word = keyword(1, 5);
        bencher.bench_local(|| understand(book, black_box(&word)));
    }

    /// One letter wrong: every keyword is looked at.
    #[divan::bench(args = NODES)]
    fn keyword_with_an_error(bencher: Bencher, nodes: usize) {
        let book = &of(nodes).sms;
        let word = keyword(1, 5).replacen('B', "R", 1);
        bencher.bench_local(|| understand(book, black_box(&word)));
    }

    #[divan::bench(args = NODES)]
    fn sentence_that_means_nothing(bencher: Bencher, nodes: usize) {
        let book = &of(nodes).sms;
        bencher
            .bench_local(|| understand(book, black_box("good morning to you and all of yours, how are things there")));
    }
}

fn main() {
    divan::main();
}
