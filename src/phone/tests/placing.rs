//! Calls placed by REST, calls redirected and ended from outside (twiml reference 5.2, 5.4), conferences with a wait, and
//! both readings of who wins when several ring (4.2).

use super::*;

const PAGES: [(&str, &str); 5] = [
    ("/voice", "<Gather numDigits=\"1\" action=\"/asked\"><Say>press one</Say></Gather><Hangup/>"),
    ("/asked", "<Dial action=\"/after\"><Conference>r</Conference></Dial>"),
    ("/wait", "<Say>one moment</Say><Redirect/>"),
    ("/other", "<Say>somebody else has it</Say>"),
    ("/after", "<Hangup/>"),
];

/// A counsellor's leg: every event is told.
#[track_caller]
fn called(events: &[CallEvent], acts: &[Do], expected: &[&str]) {
    let config = PhoneConfig {
        from: HOTLINE.into(),
        to: "+447700900009".into(),
        status_callback: Some("https://example.org/status".into()),
        ..config()
    };
    let mut call = Call::of(Phone::called(config, 20, events).unwrap(), &PAGES);
    for act in acts {
        call.act(*act);
    }
    for request in &call.requests {
        assert_eq!(request.param("Direction"), Some("outbound-api"));
        assert_eq!((request.param("From"), request.param("To")), (Some(HOTLINE), Some("+447700900009")));
    }
    let lines: Vec<String> =
        call.log.lines().map(|line| line.replace(" CallbackSource=call-progress-events", "")).collect();
    // What each status callback says is part of the line.
    let mut statuses = call.requests.iter().filter(|request| request.url.ends_with("/status"));
    let told = |line: String| match line.contains("/status") {
        true => format!("{line} {}", statuses.next().unwrap().param("CallStatus").unwrap()),
        false => line,
    };
    let lines: Vec<String> = lines.into_iter().map(told).collect();
    assert_eq!(lines, expected, "\n{}", call.log);
}

const BEGIN: [&str; 2] =
    ["0 > notice POST /status SequenceNumber=0 initiated", "0 > notice POST /status SequenceNumber=1 ringing"];

#[test]
fn a_call_that_was_placed_asks_for_its_document_when_it_is_picked_up() {
    called(
        &CallEvent::ALL,
        &[At(3_000), Called(CalledDoes::Answer), At(4_000), Key('1'), At(64_000), HangUp],
        &[
            &BEGIN[..],
            &[
                "3000 answered",
                "3000 > notice POST /status SequenceNumber=2 in-progress",
                "3000 > POST /voice",
                "3000 \"press one\" 800",
                "4000 > POST /asked Digits=1 FinishedOnKey=",
                "4000 rings callee0",
                "4000 bridged callee0",
                "64000 callee0 answered",
                "64000 > notice POST /after DialCallStatus=answered",
                "64000 > notice POST /status SequenceNumber=3 CallDuration=61 Duration=2 completed",
                "64000 ended CallerHungUp",
            ],
        ]
        .concat(),
    );
}

#[test]
fn a_call_that_is_never_picked_up_ends_with_the_reason() {
    let case = |acts: &[Do], ms: u64, status: &str, end: &str| {
        let last = [format!("{ms} > notice POST /status SequenceNumber=2 {status}"), format!("{ms} ended {end}")];
        let last: Vec<&str> = last.iter().map(String::as_str).collect();
        called(&CallEvent::ALL, acts, &[&BEGIN[..], &last].concat());
    };
    case(&[At(900), Called(CalledDoes::Busy)], 900, "busy", "NotAnswered(Busy)");
    case(&[At(900), Called(CalledDoes::Fail)], 900, "failed", "NotAnswered(Failed)");
    case(&[At(900), Called(CalledDoes::NoAnswer)], 900, "no-answer", "NotAnswered(NoAnswer)");
    case(&[At(900), HangUp], 900, "no-answer", "NotAnswered(NoAnswer)");
    case(&[On], 20_000, "no-answer", "NotAnswered(NoAnswer)");
    case(&[At(900), Ends], 900, "canceled", "EndedByRest");
    // A redirection while it rings is refused, and it rings on.
    case(&[At(900), Redirected("/other"), On], 20_000, "no-answer", "NotAnswered(NoAnswer)");
}

#[test]
fn without_a_list_only_the_end_is_told() {
    called(
        &[],
        &[Called(CalledDoes::Answer), Called(CalledDoes::Busy), At(500), Ends],
        &[
            "0 answered",
            "0 > POST /voice",
            "0 \"press one\" 800",
            "500 cut at 500",
            "500 > notice POST /status SequenceNumber=0 CallDuration=0 Duration=0 completed",
            "500 ended EndedByRest",
        ],
    );
}

#[test]
fn a_redirection_stops_what_is_being_done() {
    let other = "> POST /other";
    let case = |page: &str, acts: &[Do], begin: &[&str]| {
        let pages = [("/voice", page), ("/other", "<Say>two words</Say>")];
        let mut call = Call::begin(config(), &pages);
        for act in acts.iter().chain(&[Redirected("/other"), On]) {
            call.act(*act);
        }
        let lines: Vec<&str> = call.log.lines().skip(2).collect();
        let now = call.log.lines().find_map(|line| line.strip_suffix(&format!(" {other}"))).unwrap();
        let now: u64 = now.parse().unwrap();
        let end =
            [format!("{now} {other}"), format!("{now} \"two words\" 800"), format!("{} ended OutOfVerbs", now + 800)];
        let end: Vec<&str> = end.iter().map(String::as_str).collect();
        assert_eq!(lines, [begin, &end].concat(), "\n{}", call.log);
    };
    case("<Say>a b c</Say>", &[At(500)], &["0 \"a b c\" 1200", "500 cut at 500"]);
    case("<Gather><Say>a b c</Say></Gather>", &[At(500)], &["0 \"a b c\" 1200", "500 cut at 500"]);
    case("<Gather/>", &[At(500), Key('1')], &[]);
    // A dialled leg is ended, and the action is not asked.
    case(
        "<Dial action=\"/never\">+447700900009</Dial>",
        &[At(500)],
        &["0 rings callee0", "0 \"ringing\" 30000", "500 cut at 500", "500 callee0 canceled"],
    );
    case(
        "<Dial action=\"/never\"><Conference>r</Conference></Dial>",
        &[At(500)],
        &["0 rings callee0", "0 bridged callee0", "500 callee0 answered"],
    );
}

#[test]
fn an_answer_that_was_awaited_before_a_redirection_is_ignored() {
    let mut phone = Phone::new(config()).unwrap();
    let redirect = Update::Redirect { url: "https://example.org/other".into(), method: Method::Post };
    phone.handle_input(Input::Update(redirect));
    phone.handle_input(Input::Response(Response::twiml(1, "<Response><Say>old</Say></Response>")));
    phone.handle_input(Input::Response(Response::twiml(2, "<Response><Say>new</Say></Response>")));
    let mut said = Vec::new();
    loop {
        match phone.poll_output() {
            Output::Heard(Heard { what: Sound::Say { words, .. }, .. }) => said.push(words),
            Output::Wait { .. } => break,
            _ => {}
        }
    }
    assert_eq!(said, ["new"]);
}

#[test]
fn a_running_call_is_ended_from_outside() {
    case(
        config(),
        &[("/voice", "<Say>a b c</Say>")],
        &[At(500), Ends, Ends, Redirected("/other")],
        &["0 > POST /voice", "0 answered", "0 \"a b c\" 1200", "500 cut at 500", "500 ended EndedByRest"],
    );
}

#[test]
fn a_conference_is_waited_for_until_it_starts() {
    let room = |wait: &str| format!("<Dial action=\"/after\"><Conference waitUrl=\"{wait}\">r</Conference></Dial>");
    let pages =
        |wait: &'static str| [("/voice", room(wait)), ("/wait", PAGES[2].1.into()), ("/bad", "<Gather/>".into())];
    let begin = ["0 > POST /voice", "0 answered", "0 rings callee0", "0 bridged callee0"];
    let case = |wait: &'static str, acts: &[Do], rest: &[&str]| {
        let pages = pages(wait);
        let pages: Vec<(&str, &str)> = pages.iter().map(|(path, page)| (*path, page.as_str())).collect();
        super::case(config(), &pages, acts, &[&begin[..], rest].concat());
    };
    case("", &[At(5_000)], &[]);
    case(
        "/wait",
        &[At(1_000), Callee(0, CalleeDoes::Answer), At(9_000)],
        &["0 > POST /wait", "0 \"one moment\" 800", "800 > POST /wait", "800 \"one moment\" 800", "1000 cut at 200"],
    );
    // A verb that does not work there, and a document that cannot be had: silence, and the call goes on.
    case("/bad", &[At(1_000)], &["0 > POST /bad", "0 ! 13238"]);
    case("/missing", &[At(1_000)], &["0 > POST /missing", "0 ! 11200"]);
    let full = [Callee(0, CalleeDoes::Fail)];
    let failed = ["0 callee0 failed", "0 > POST /after DialCallStatus=failed DialBridged=false"];
    case("", &full, &[&failed[..], &["0 ! 11200", "0 \"an application error\" 4000"]].concat());
}

#[test]
fn of_several_the_first_to_pick_up_or_the_first_to_accept_wins() {
    let two = "<Dial action=\"/after\"><Number url=\"/ask\">+447700900008</Number>\
               <Number url=\"/ask\">+447700900009</Number></Dial>";
    let pages = [
        ("/voice", two),
        ("/ask", "<Gather numDigits=\"1\" action=\"/yes\"><Say>press one</Say></Gather><Hangup/>"),
        ("/yes", ""),
        ("/after", "<Hangup/>"),
    ];
    let both = |several: Several, acts: &[Do], rest: &[&str]| {
        let readings = Readings { several, finished_on_key: FinishedOnKey::Absent, ..Readings::ONE };
        let begin = ["0 > POST /voice", "0 answered", "0 rings callee0", "0 rings callee1", "0 \"ringing\" 30000"];
        super::case(PhoneConfig { readings, ..config() }, &pages, acts, &[&begin[..], rest].concat());
    };
    let one = Digit::new('1').unwrap();
    let acts = [
        At(1_000),
        Callee(0, CalleeDoes::Answer),
        At(1_200),
        Callee(1, CalleeDoes::Answer),
        At(1_500),
        Callee(1, CalleeDoes::Key(one)),
        At(2_000),
    ];
    both(
        Several::PickUpWins,
        &acts,
        &["1000 cut at 1000", "1000 callee1 canceled", "1000 callee0 > POST /ask", "1000 callee0 \"press one\" 800"],
    );
    both(
        Several::AcceptanceWins,
        &acts,
        &[
            "1000 callee0 > POST /ask",
            "1000 callee0 \"press one\" 800",
            "1200 cut at 1200",
            "1200 callee1 > POST /ask",
            "1200 callee1 \"press one\" 800",
            "1500 callee1 cut at 300",
            "1500 callee1 > POST /yes Digits=1",
            "1500 callee0 cut at 500",
            "1500 callee0 canceled",
            "1500 bridged callee1",
        ],
    );
    // One does not accept, and the other still rings: she has her turn.
    both(
        Several::AcceptanceWins,
        &[
            Callee(0, CalleeDoes::Answer),
            At(100),
            Callee(0, CalleeDoes::HangUp),
            At(1_000),
            Callee(1, CalleeDoes::Busy),
        ],
        &[
            "0 callee0 > POST /ask",
            "0 callee0 \"press one\" 800",
            "100 callee0 cut at 100",
            "100 callee0 completed",
            "1000 cut at 1000",
            "1000 callee1 busy",
            "1000 > POST /after DialCallStatus=busy DialCallSid=CA00000000000000000000000000000003 DialBridged=false",
            "1000 ended Hangup",
        ],
    );
    // She hangs up while one hears the whisper and the other still rings: both legs end.
    both(
        Several::AcceptanceWins,
        &[Callee(1, CalleeDoes::Answer), At(100), HangUp],
        &[
            "0 callee1 > POST /ask",
            "0 callee1 \"press one\" 800",
            "100 cut at 100",
            "100 callee0 canceled",
            "100 callee1 cut at 100",
            "100 callee1 completed",
            "100 > notice POST /after DialCallStatus=completed DialCallSid=CA00000000000000000000000000000003 DialCallDuration=0 DialBridged=false",
            "100 ended CallerHungUp",
        ],
    );
}
