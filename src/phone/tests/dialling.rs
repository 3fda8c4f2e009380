//! Dial: outcomes, several nouns, whispers, conferences, the end of the call (twiml reference 2.6, 4.1, 4.2, 4.4).

use super::*;
use CalleeDoes::{Answer, Busy, Fail, NoAnswer};

/// `CallSid` of the first callee, as it stands in a request.
const FIRST: &str = "DialCallSid=CA00000000000000000000000000000002";
const SECOND: &str = "DialCallSid=CA00000000000000000000000000000003";

#[track_caller]
fn dial_with(readings: Readings, dial: &str, acts: &[Do], expected: &[&str]) {
    let page = format!("{dial}<Say>on</Say>");
    let pages = [
        ("/voice", page.as_str()),
        ("/after", "<Hangup/>"),
        ("/ask", "<Gather numDigits=\"1\" action=\"/asked\"><Say>press one</Say></Gather><Hangup/>"),
        ("/asked", ""),
        ("/no", "<Hangup/>"),
    ];
    let mut call = Call::begin(PhoneConfig { readings, ..config() }, &pages);
    for act in acts {
        call.act(*act);
    }
    let lines: Vec<String> = call.log.lines().skip(1).map(|line| line.replace(FIRST, "FIRST")).collect();
    let lines: Vec<String> = lines.iter().map(|line| line.replace(SECOND, "SECOND")).collect();
    assert_eq!(lines, expected, "\n{}", call.log);
}

#[track_caller]
fn dial(dial: &str, acts: &[Do], expected: &[&str]) {
    let readings = Readings { finished_on_key: FinishedOnKey::Absent, ..Readings::ONE };
    dial_with(readings, dial, acts, expected);
}

const PLAIN: &str = "<Dial action=\"/after\" timeout=\"20\"><Number>+447700900009</Number></Dial>";
const WHISPER: &str = "<Dial action=\"/after\"><Number url=\"/ask\">+447700900009</Number></Dial>";
const TWO: &str = "<Dial action=\"/after\"><Number>+447700900008</Number><Number>+447700900009</Number></Dial>";
const IN_TURN: &str = "<Dial action=\"/after\" sequential=\"true\" timeout=\"10\">\
     <Number url=\"/ask\">+447700900008</Number><Number>+447700900009</Number></Dial>";

#[test]
fn a_talk() {
    dial(
        PLAIN,
        &[At(2_000), Callee(0, Answer), At(62_900), Callee(0, CalleeDoes::HangUp)],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 20000",
            "2000 cut at 2000",
            "2000 bridged callee0",
            "62900 callee0 completed",
            "62900 > POST /after DialCallStatus=completed FIRST DialCallDuration=60 DialBridged=true",
            "62900 ended Hangup",
        ],
    );
}

#[test]
fn every_outcome_without_a_talk() {
    let begin = ["0 answered", "0 rings callee0", "0 \"ringing\" 20000"];
    let case = |acts: &[Do], rest: &[&str]| dial(PLAIN, acts, &[&begin, rest].concat());
    case(
        &[At(500), Callee(0, Busy)],
        &[
            "500 cut at 500",
            "500 callee0 busy",
            "500 > POST /after DialCallStatus=busy FIRST DialBridged=false",
            "500 ended Hangup",
        ],
    );
    case(
        &[At(500), Callee(0, Fail)],
        &[
            "500 cut at 500",
            "500 callee0 failed",
            "500 > POST /after DialCallStatus=failed FIRST DialBridged=false",
            "500 ended Hangup",
        ],
    );
    for declined in [NoAnswer, CalleeDoes::HangUp] {
        case(
            &[At(500), Callee(0, declined)],
            &[
                "500 cut at 500",
                "500 callee0 no-answer",
                "500 > POST /after DialCallStatus=no-answer FIRST DialBridged=false",
                "500 ended Hangup",
            ],
        );
    }
    case(
        &[On],
        &[
            "20000 callee0 no-answer",
            "20000 > POST /after DialCallStatus=no-answer FIRST DialBridged=false",
            "20000 ended Hangup",
        ],
    );
}

#[test]
fn without_action_the_next_verb_runs() {
    dial(
        "<Dial timeout=\"5\">+447700900009</Dial>",
        &[On],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 5000",
            "5000 callee0 no-answer",
            "5000 \"on\" 400",
            "5400 ended OutOfVerbs",
        ],
    );
}

#[test]
fn the_other_reading_rings_longer_and_does_not_tell_of_the_bridge() {
    dial_with(
        Readings::OTHER,
        PLAIN,
        &[On],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 25000",
            "25000 callee0 no-answer",
            "25000 > POST /after DialCallStatus=no-answer FIRST",
            "25000 ended Hangup",
        ],
    );
}

#[test]
fn a_talk_has_a_limit() {
    dial(
        "<Dial timeLimit=\"30\">+447700900009</Dial>",
        &[Callee(0, Answer), At(30_000), HangUp],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "0 cut at 0",
            "0 bridged callee0",
            "30000 callee0 completed",
            "30000 \"on\" 400",
            "30000 cut at 0",
            "30000 ended CallerHungUp",
        ],
    );
}

#[test]
fn star_ends_the_talk_only_when_asked_for() {
    let with = "<Dial action=\"/after\" hangupOnStar=\"true\">+447700900009</Dial>";
    let begin = ["0 answered", "0 rings callee0", "0 \"ringing\" 30000", "0 cut at 0", "0 bridged callee0"];
    dial(
        with,
        &[Key('*'), Callee(0, Answer), At(4_000), Key('1'), Key('*')],
        &[
            &begin[..],
            &[
                "4000 callee0 completed",
                "4000 > POST /after DialCallStatus=completed FIRST DialCallDuration=4 DialBridged=true",
                "4000 ended Hangup",
            ],
        ]
        .concat(),
    );
    dial("<Dial>+447700900009</Dial>", &[Callee(0, Answer), At(4_000), Key('*')], &begin);
}

#[test]
fn answer_on_bridge_delays_the_answer() {
    dial(
        "<Dial answerOnBridge=\"true\"><Number url=\"/ask\">+447700900009</Number></Dial>",
        &[At(1_000), Callee(0, Answer), At(2_000), Callee(0, CalleeDoes::Key(Digit::new('1').unwrap()))],
        &[
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "1000 cut at 1000",
            "1000 callee0 > POST /ask",
            "1000 callee0 \"press one\" 800",
            "2000 callee0 > POST /asked Digits=1",
            "2000 answered",
            "2000 bridged callee0",
        ],
    );
}

#[test]
fn a_whisper_that_is_accepted() {
    dial(
        WHISPER,
        &[
            At(1_000),
            Callee(0, Answer),
            At(1_500),
            Callee(0, CalleeDoes::Key(Digit::new('1').unwrap())),
            At(3_000),
            Callee(0, CalleeDoes::HangUp),
        ],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "1000 cut at 1000",
            "1000 callee0 > POST /ask",
            "1000 callee0 \"press one\" 800",
            "1500 callee0 cut at 500",
            "1500 callee0 > POST /asked Digits=1",
            "1500 bridged callee0",
            "3000 callee0 completed",
            "3000 > POST /after DialCallStatus=completed FIRST DialCallDuration=1 DialBridged=true",
            "3000 ended Hangup",
        ],
    );
}

#[test]
fn a_whisper_that_is_not_accepted_in_both_readings() {
    let begin = [
        "0 answered",
        "0 rings callee0",
        "0 \"ringing\" 30000",
        "1000 cut at 1000",
        "1000 callee0 > POST /ask",
        "1000 callee0 \"press one\" 800",
    ];
    let answer = [At(1_000), Callee(0, Answer)];
    let silent = [&answer[..], &[On]].concat();
    let leaves = [&answer[..], &[At(1_200), Callee(0, CalleeDoes::HangUp)]].concat();
    dial(
        WHISPER,
        &silent,
        &[
            &begin[..],
            &[
                "6800 callee0 completed",
                "6800 > POST /after DialCallStatus=completed FIRST DialCallDuration=0 DialBridged=false",
                "6800 ended Hangup",
            ],
        ]
        .concat(),
    );
    dial(
        WHISPER,
        &leaves,
        &[
            &begin[..],
            &[
                "1200 callee0 cut at 200",
                "1200 callee0 completed",
                "1200 > POST /after DialCallStatus=completed FIRST DialCallDuration=0 DialBridged=false",
                "1200 ended Hangup",
            ],
        ]
        .concat(),
    );
    let other = Readings { ring_time: RingTime::AsAsked, ..Readings::OTHER };
    dial_with(
        other,
        WHISPER,
        &silent,
        &[
            &begin[..],
            &["6800 callee0 no-answer", "6800 > POST /after DialCallStatus=no-answer FIRST", "6800 ended Hangup"],
        ]
        .concat(),
    );
}

#[test]
fn a_whisper_that_cannot_be_had_fails_the_leg() {
    dial(
        "<Dial action=\"/after\"><Number url=\"/missing\" method=\"GET\">+447700900009</Number></Dial>",
        &[Callee(0, Answer)],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "0 cut at 0",
            "0 callee0 > GET /missing?CallSid=CA00000000000000000000000000000002&AccountSid=AC1&ApiVersion=2010-04-01&From=%2B447700900001&To=%2B447700900009&Caller=%2B447700900001&Called=%2B447700900009&CallStatus=in-progress&Direction=outbound-dial&ParentCallSid=CA00000000000000000000000000000001",
            "0 callee0 ! 11200",
            "0 callee0 failed",
            "0 > POST /after DialCallStatus=failed FIRST DialBridged=false",
            "0 ended Hangup",
        ],
    );
}

#[test]
fn a_whisper_may_not_dial_or_reject() {
    case(
        config(),
        &[
            ("/voice", "<Dial><Number url=\"/w\">+447700900009</Number></Dial>"),
            ("/w", "<Dial>+447700900008</Dial><Reject/><Pause/><Redirect>/x</Redirect>"),
            ("/x", "<Say>hi</Say>"),
        ],
        &[Callee(0, Answer), At(2_000)],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "0 cut at 0",
            "0 callee0 > POST /w",
            "0 callee0 ! 13201",
            "0 callee0 !",
            "0 callee0 \"silence\" 1000",
            "1000 callee0 > POST /x",
            "1000 callee0 \"hi\" 400",
            "1400 bridged callee0",
        ],
    );
}

#[test]
fn the_first_to_pick_up_wins_even_before_the_whisper_is_accepted() {
    let begin = ["0 answered", "0 rings callee0", "0 rings callee1", "0 \"ringing\" 30000"];
    dial(
        TWO,
        &[At(1_000), Callee(1, Answer), Callee(0, Answer)],
        &[&begin[..], &["1000 cut at 1000", "1000 callee0 canceled", "1000 bridged callee1"]].concat(),
    );
    dial(
        TWO,
        &[At(1_000), Callee(1, Busy), At(2_000), Callee(0, Busy)],
        &[
            &begin[..],
            &[
                "1000 callee1 busy",
                "2000 cut at 2000",
                "2000 callee0 busy",
                "2000 > POST /after DialCallStatus=busy FIRST DialBridged=false",
                "2000 ended Hangup",
            ],
        ]
        .concat(),
    );
    dial(
        TWO,
        &[On],
        &[
            &begin[..],
            &[
                "30000 callee0 no-answer",
                "30000 callee1 no-answer",
                "30000 > POST /after DialCallStatus=no-answer SECOND DialBridged=false",
                "30000 ended Hangup",
            ],
        ]
        .concat(),
    );
    let whisper = TWO.replace("<Number>+447700900008", "<Number url=\"/no\">+447700900008");
    dial(
        &whisper,
        &[At(1_000), Callee(0, Answer)],
        &[
            &begin[..],
            &[
                "1000 cut at 1000",
                "1000 callee1 canceled",
                "1000 callee0 > POST /no",
                "1000 callee0 completed",
                "1000 > POST /after DialCallStatus=completed FIRST DialCallDuration=0 DialBridged=false",
                "1000 ended Hangup",
            ],
        ]
        .concat(),
    );
}

#[test]
fn one_after_the_other() {
    dial(
        IN_TURN,
        &[At(1_000), Callee(0, Answer), At(1_100), Callee(0, CalleeDoes::HangUp), At(2_000), Callee(1, Answer)],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 10000",
            "1000 cut at 1000",
            "1000 callee0 > POST /ask",
            "1000 callee0 \"press one\" 800",
            "1100 callee0 cut at 100",
            "1100 callee0 completed",
            "1100 rings callee1",
            "1100 \"ringing\" 10000",
            "2000 cut at 900",
            "2000 bridged callee1",
        ],
    );
    dial(
        IN_TURN,
        &[On],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 10000",
            "10000 callee0 no-answer",
            "10000 rings callee1",
            "10000 \"ringing\" 10000",
            "20000 callee1 no-answer",
            "20000 > POST /after DialCallStatus=no-answer SECOND DialBridged=false",
            "20000 ended Hangup",
        ],
    );
}

#[test]
fn send_digits_come_before_the_whisper() {
    dial(
        "<Dial><Number sendDigits=\"w12\" url=\"/ask\">+447700900009</Number></Dial>",
        &[Callee(0, Answer), At(900)],
        &[
            "0 answered",
            "0 rings callee0",
            "0 \"ringing\" 30000",
            "0 cut at 0",
            "0 callee0 \"tones w12\" 900",
            "900 callee0 > POST /ask",
            "900 callee0 \"press one\" 800",
        ],
    );
}

#[test]
fn what_cannot_be_dialled_fails() {
    let case = |dialled: &str, code: &str, rest: &[&str]| {
        let finding = format!("0 !{code}");
        let dialled = format!("<Dial action=\"/after\"{dialled}</Dial>");
        let begin: Vec<&str> = vec!["0 answered", "0 rings callee0"];
        let leg = format!("0 callee0 !{code}");
        let expected = match rest.is_empty() {
            true => vec![finding.as_str(), "0 > POST /after DialCallStatus=failed DialBridged=false"],
            false => [&begin[..], &[leg.as_str()], rest].concat(),
        };
        let mut call = Call::begin(config(), &[("/voice", &dialled), ("/after", "<Reject/>")]);
        call.act(On);
        let lines: Vec<String> = call.log.lines().skip(1).map(|line| line.replace(FIRST, "FIRST")).collect();
        // The reader's own findings come first, the end of the call last.
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| *line != "0 !").collect();
        let lines = &lines[..lines.iter().position(|line| line.contains("/after")).unwrap() + 1];
        let expected: Vec<&str> = expected.into_iter().filter(|line| *line != "0 !").collect();
        assert_eq!(lines, expected, "\n{}", call.log);
    };
    case(" callerId=\"+447700900777\">+447700900009", " 13214", &[]);
    case(">", "", &[]);
    case("><Conference>a</Conference><Number>+447700900009</Number>", " 13000", &[]);
    let failed = ["0 callee0 failed", "0 > POST /after DialCallStatus=failed FIRST DialBridged=false"];
    case(">call me", " 13223", &failed);
    case(">+4477009000091234", " 13223", &failed);
    case("><Sip>sip:example.org</Sip>", " 13223", &failed);
}

#[test]
fn which_numbers_may_be_shown() {
    let rings = |from: &str, caller_id: &str| {
        let config = PhoneConfig { from: from.into(), caller_ids: vec!["+447700900555".into()], ..config() };
        let page = format!("<Dial {caller_id}>+447700900009</Dial>");
        Call::begin(config, &[("/voice", &page)]).log.contains("rings")
    };
    assert!(rings(CALLER, ""));
    assert!(rings(CALLER, &format!("callerId=\"{CALLER}\"")));
    assert!(rings(CALLER, &format!("callerId=\"{HOTLINE}\"")));
    assert!(rings(CALLER, "callerId=\"+447700900555\""));
    assert!(rings("", ""));
    assert!(!rings("+447700900003", &format!("callerId=\"{CALLER}\"")));
}

#[test]
fn what_is_dialled_is_told() {
    let told = |dial: &str| {
        let mut phone = Phone::new(config()).unwrap();
        phone.handle_input(Input::Response(Response::twiml(1, format!("<Response>{dial}</Response>"))));
        loop {
            match phone.poll_output() {
                Output::Dialling(dialling) => return dialling,
                Output::Wait { .. } => panic!("nothing was dialled"),
                _ => {}
            }
        }
    };
    let number = told(&format!("<Dial timeout=\"7\" callerId=\"{HOTLINE}\">+44 (7700) 900-009</Dial>"));
    assert_eq!(number.target, Target::Number("+44 (7700) 900-009".into()));
    assert_eq!((number.caller_id.as_str(), number.timeout_s), (HOTLINE, 7));
    assert_eq!(format!("{number:?}"), "Dialling(0: Number(+***), 7 s)");
    let sip = told("<Dial><Sip>sip:desk@example.org;transport=tcp</Sip></Dial>");
    assert_eq!(sip.target, Target::Sip("sip:desk@example.org;transport=tcp".into()));
    let conference = told("<Dial><Conference muted=\"true\">room</Conference></Dial>");
    let Target::Conference(room) = conference.target else { panic!("{conference:?}") };
    assert!((room.name.as_str(), room.beep.as_str()) == ("room", "true") && room.muted && room.start_on_enter);
    assert!(!room.end_on_exit && room.max_participants == 250 && room.wait_url.is_none());
}

#[test]
fn a_conference() {
    let room = "<Dial action=\"/after\" timeLimit=\"60\" hangupOnStar=\"true\"><Conference>r</Conference></Dial>";
    let begin = ["0 answered", "0 rings callee0", "0 bridged callee0"];
    let end = |ms: u64| {
        [
            format!("{ms} callee0 answered"),
            format!("{ms} > POST /after DialCallStatus=answered"),
            format!("{ms} ended Hangup"),
        ]
    };
    let case = |acts: &[Do], ms: u64| {
        let end = end(ms);
        let end: Vec<&str> = end.iter().map(String::as_str).collect();
        dial(room, acts, &[&begin[..], &end].concat());
    };
    case(&[At(4_000), Callee(0, CalleeDoes::HangUp)], 4_000);
    case(&[At(5_000), Key('*')], 5_000);
    case(&[On], 60_000);
}

#[test]
fn the_caller_hangs_up_while_it_rings() {
    let begin = ["0 answered", "0 rings callee0", "0 \"ringing\" 20000", "900 cut at 900", "900 callee0 canceled"];
    let acts = [At(900), HangUp, Callee(0, Answer)];
    dial(
        PLAIN,
        &acts,
        &[
            &begin[..],
            &["900 > notice POST /after DialCallStatus=canceled FIRST DialBridged=false", "900 ended CallerHungUp"],
        ]
        .concat(),
    );
    let other = Readings { ring_time: RingTime::AsAsked, ..Readings::OTHER };
    dial_with(other, PLAIN, &acts, &[&begin[..], &["900 ended CallerHungUp"]].concat());
}

#[test]
fn the_caller_hangs_up_during_the_whisper() {
    let begin = [
        "0 answered",
        "0 rings callee0",
        "0 \"ringing\" 30000",
        "0 cut at 0",
        "0 callee0 > POST /ask",
        "0 callee0 \"press one\" 800",
        "100 callee0 cut at 100",
    ];
    let acts = [Callee(0, Answer), At(100), HangUp];
    dial(
        WHISPER,
        &acts,
        &[
            &begin[..],
            &[
                "100 callee0 completed",
                "100 > notice POST /after DialCallStatus=completed FIRST DialCallDuration=0 DialBridged=false",
                "100 ended CallerHungUp",
            ],
        ]
        .concat(),
    );
    let other = Readings { refused_whisper: RefusedWhisper::NoAnswer, ..Readings::ONE };
    dial_with(
        other,
        WHISPER,
        &acts,
        &[
            &begin[..],
            &[
                "100 callee0 canceled",
                "100 > notice POST /after DialCallStatus=canceled FIRST DialBridged=false",
                "100 ended CallerHungUp",
            ],
        ]
        .concat(),
    );
}

#[test]
fn the_caller_hangs_up_during_the_talk() {
    let mut call = Call::begin(
        PhoneConfig { status_callback: Some("https://example.org/status".into()), ..config() },
        &[("/voice", PLAIN), ("/after", "<Redirect>/never</Redirect>")],
    );
    for act in [Callee(0, Answer), At(61_000), HangUp, On] {
        call.act(act);
    }
    let last: Vec<&str> = call.log.lines().skip(6).collect();
    assert_eq!(
        last,
        [
            "61000 callee0 completed",
            "61000 > notice POST /after DialCallStatus=completed DialCallSid=CA00000000000000000000000000000002 DialCallDuration=61 DialBridged=true",
            "61000 > notice POST /status CallbackSource=call-progress-events SequenceNumber=0 CallDuration=61 Duration=2",
            "61000 ended CallerHungUp",
        ]
    );
    let statuses: Vec<_> = call.requests.iter().filter_map(|request| request.param("CallStatus")).collect();
    assert_eq!(statuses, ["ringing", "completed", "completed"]);
}

#[test]
fn the_status_may_come_first() {
    let readings = Readings { last_requests: LastRequests::StatusFirst, ..Readings::ONE };
    let mut call = Call::begin(
        PhoneConfig { status_callback: Some("https://example.org/status".into()), readings, ..config() },
        &[("/voice", PLAIN)],
    );
    call.act(HangUp);
    let notices: Vec<&str> = call.requests.iter().skip(1).map(|request| request.url.as_str()).collect();
    assert_eq!(notices, ["https://example.org/status", "https://example.org/after"]);
}

#[test]
fn an_answer_that_comes_too_late_is_not_taken_for_another() {
    let mut phone = Phone::new(config()).unwrap();
    phone.handle_input(Input::Response(Response::twiml(1, format!("<Response>{WHISPER}</Response>"))));
    phone.handle_input(Input::Callee(0, Answer));
    phone.handle_input(Input::Callee(0, CalleeDoes::HangUp));
    phone.handle_input(Input::Response(Response::twiml(2, "<Response><Say>whisper</Say></Response>")));
    let outputs: Vec<Output> = std::iter::from_fn(|| match phone.poll_output() {
        Output::Wait { .. } => None,
        output => Some(output),
    })
    .collect();
    let said = |output: &Output| matches!(output, Output::Heard(heard) if matches!(heard.what, Sound::Say { .. }));
    assert!(!outputs.iter().any(said), "{outputs:?}");
    assert!(matches!(outputs.last(), Some(Output::Request(request)) if request.id == 3));
}
