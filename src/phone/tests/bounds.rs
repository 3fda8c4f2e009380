//! Nothing goes on for ever, and nothing panics.

use super::*;
use proptest::prelude::*;

#[test]
fn a_circle_of_silent_documents_ends_the_call() {
    let mut call = Call::begin(config(), &[("/voice", "<Redirect/>")]);
    call.act(On);
    assert!(call.log.ends_with("0 ended TooManyDocuments\n"));
    assert_eq!(call.requests.len(), 100);
    let page = "<Gather timeout=\"1\"><Pause/></Gather><Redirect/>";
    let mut silent = Call::begin(config(), &[("/voice", page)]);
    silent.act(On);
    assert_eq!(silent.log.lines().last(), Some("200000 ended TooManyDocuments"));
    assert_eq!(silent.requests.len(), 100);
}

#[test]
fn a_circle_in_which_something_is_heard_goes_on() {
    let mut call = Call::begin(config(), &[("/voice", "<Say>a</Say><Redirect/>")]);
    call.act(At(400 * 500));
    assert!(!call.phone.is_over());
    assert_eq!(call.requests.len(), 501);
}

#[test]
fn an_endless_say_ends() {
    let mut call = Call::begin(config(), &[("/voice", "<Say loop=\"0\">a</Say>")]);
    call.act(On);
    assert_eq!(call.log.lines().filter(|line| line.contains("\"a\"")).count(), 1_000);
    assert!(call.log.ends_with("400000 ended OutOfVerbs\n"));
}

#[test]
fn an_endless_say_of_no_length_ends_too() {
    let speech: Speech = std::sync::Arc::new(|_| 0);
    let mut call = Call::begin(PhoneConfig { speech, ..config() }, &[("/voice", "<Say loop=\"0\">a</Say>")]);
    call.act(On);
    assert!(call.log.ends_with("0 ended OutOfVerbs\n"));
}

#[test]
fn times_beyond_all_bounds_do_not_overflow() {
    let speech: Speech = std::sync::Arc::new(|_| u64::MAX);
    let page = "<Gather timeout=\"4294967295\" bargeIn=\"false\"><Say>a</Say></Gather><Pause length=\"4294967295\"/><Say loop=\"0\">b</Say>";
    let mut call = Call::begin(PhoneConfig { speech, ..config() }, &[("/voice", page)]);
    call.act(At(u64::MAX - 1));
    call.act(Key('1'));
    call.phone.handle_input(Input::Time(u64::MAX));
    call.drain();
    call.phone.handle_input(Input::HangUp);
    call.drain();
    assert!(call.phone.is_over());
}

const PAGES: [&str; 8] = [
    "<Gather numDigits=\"1\" finishOnKey=\"\" action=\"/1\"><Say>a b</Say></Gather><Redirect>/2</Redirect>",
    "<Dial action=\"/3\" hangupOnStar=\"true\"><Number url=\"/4\">+447700900009</Number></Dial>",
    "<Dial sequential=\"true\" answerOnBridge=\"true\"><Number sendDigits=\"1\">+447700900009</Number><Sip url=\"/0\">sip:a@example.org</Sip></Dial><Redirect>/5</Redirect>",
    "<Gather bargeIn=\"false\" actionOnEmptyResult=\"true\"><Play>a.wav</Play><Pause/></Gather>",
    "<Gather action=\"/6\" timeout=\"1\"><Say>x</Say></Gather><Hangup/>",
    "<Dial timeLimit=\"3\" action=\"\"><Conference>r</Conference></Dial>",
    "",
    "<Play digits=\"12\"/><Say loop=\"3\">c</Say><Reject/>",
];

fn input() -> impl Strategy<Value = Input> {
    let key = prop::sample::select("0123456789*#".chars().collect::<Vec<_>>()).prop_map(|key| Digit::new(key).unwrap());
    let callee_key = key.clone().prop_map(CalleeDoes::Key);
    let does = prop_oneof![
        4 => Just(CalleeDoes::Answer),
        1 => Just(CalleeDoes::Busy),
        1 => Just(CalleeDoes::NoAnswer),
        1 => Just(CalleeDoes::Fail),
        1 => Just(CalleeDoes::HangUp),
        2 => callee_key,
    ];
    prop_oneof![
        6 => (0u64..60_000).prop_map(Input::Time),
        4 => key.prop_map(Input::Key),
        5 => (0u32..4, does).prop_map(|(who, does)| Input::Callee(who, does)),
        1 => Just(Input::HangUp),
        1 => (0u64..6).prop_map(|request| Input::FetchFailed { request, why: FetchFailure::Connect }),
        6 => (0u64..12, 0..PAGES.len(), prop_oneof![9 => Just(200u16), 1 => Just(500)]).prop_map(|(request, page, status)| {
            Input::Response(Response { status, ..Response::twiml(request, format!("<Response>{}</Response>", PAGES[page])) })
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_it_goes_on_or_ends_once(
        inputs in proptest::collection::vec(input(), 0..60),
        other in any::<bool>(),
        fetched in any::<bool>(),
    ) {
        let readings = if other { Readings::OTHER } else { Readings::ONE };
        let media = if fetched { Media::Fetched } else { Media::Assumed };
        let mut phone = Phone::new(PhoneConfig { readings, media, ..config() }).unwrap();
        let (mut ends, mut open, mut base, mut last_request) = (0, 0i64, 0, 0);
        for input in inputs {
            // Times are steps here, so that they rise.
            let input = match input {
                Input::Time(step) => {
                    base += step / 20;
                    Input::Time(base)
                }
                // Mostly the request that waits for an answer.
                Input::Response(response) if response.request > 3 => {
                    Input::Response(Response { request: last_request, ..response })
                }
                other => other,
            };
            phone.handle_input(input);
            for _ in 0..5_000 {
                match phone.poll_output() {
                    Output::Wait { until_ms } => {
                        prop_assert!(until_ms.is_none_or(|until| until >= phone.now_ms()));
                        break;
                    }
                    Output::Ended(_) => ends += 1,
                    Output::Dialling(_) => open += 1,
                    Output::CalleeEnded { .. } => open -= 1,
                    Output::Request(request) => {
                        prop_assert!(request.id > last_request);
                        last_request = request.id;
                    }
                    _ => prop_assert_eq!(ends, 0, "something happens after the end"),
                }
            }
            prop_assert!(open >= 0);
        }
        prop_assert_eq!(ends == 1, phone.is_over());
        if phone.is_over() {
            prop_assert_eq!(open, 0, "a callee was left ringing");
        }
    }
}
