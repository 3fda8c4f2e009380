//! Gather, point by point (twiml reference 3.1).

use super::*;

/// A page with one Gather, a sentence after it, and a page for its action.
#[track_caller]
fn gather_with(config: PhoneConfig, attributes: &str, inside: &str, acts: &[Do], expected: &[&str]) {
    let page = format!("<Gather action=\"/key\" {attributes}>{inside}</Gather><Say>silence</Say>");
    let mut call = Call::begin(config, &[("/voice", &page), ("/key", "<Hangup/>")]);
    for act in acts {
        call.act(*act);
    }
    let lines: Vec<&str> = call.log.lines().skip(2).collect();
    assert_eq!(lines, expected, "\n{}", call.log);
    assert!(call.log.starts_with("0 > POST /voice\n"));
}

#[track_caller]
fn gather(attributes: &str, inside: &str, acts: &[Do], expected: &[&str]) {
    let readings = Readings { finished_on_key: FinishedOnKey::Absent, ..Readings::ONE };
    gather_with(PhoneConfig { readings, ..config() }, attributes, inside, acts, expected);
}

const SPOKEN: &str = "<Say>one two</Say><Play>a.wav</Play><Pause/><Say>three</Say>";

#[test]
fn point_1_prompts_in_order() {
    gather(
        "",
        SPOKEN,
        &[On],
        &[
            "0 \"one two\" 800",
            "800 \"play /a.wav\" 3000",
            "3800 \"silence\" 1000",
            "4800 \"three\" 400",
            "10200 \"silence\" 400",
            "10600 ended OutOfVerbs",
        ],
    );
}

#[test]
fn point_1_all_sounds_are_fetched_before_the_first_starts() {
    let config = PhoneConfig { media: Media::Fetched, ..config() };
    case(
        config,
        &[(
            "/voice",
            "<Gather timeout=\"1\"><Say>a</Say><Play>1.wav</Play><Play>2.wav</Play><Play>1.wav</Play></Gather>",
        )],
        &[On],
        &[
            "0 > POST /voice",
            "0 > sound GET /1.wav",
            "0 > sound GET /2.wav",
            "0 answered",
            "0 \"a\" 400",
            "400 \"play /1.wav\" 3000",
            "3400 \"play /2.wav\" 3000",
            "6400 \"play /1.wav\" 3000",
            "10400 ended OutOfVerbs",
        ],
    );
}

#[test]
fn point_2_the_first_key_stops_the_prompt_and_counts() {
    gather(
        "numDigits=\"2\"",
        SPOKEN,
        &[At(300), Key('1'), At(1_000), Key('2'), On],
        &["0 \"one two\" 800", "300 cut at 300", "1000 > POST /key Digits=12", "1000 ended Hangup"],
    );
}

#[test]
fn point_2_without_barge_in_the_prompt_goes_on_and_keys_count() {
    gather(
        "numDigits=\"2\" bargeIn=\"false\"",
        "<Say>one two</Say><Say>three</Say>",
        &[At(300), Key('1'), At(400), Key('2'), At(500), Key('3'), On],
        &["0 \"one two\" 800", "800 \"three\" 400", "1200 > POST /key Digits=12", "1200 ended Hangup"],
    );
    gather(
        "bargeIn=\"false\"",
        "<Say>one two</Say>",
        &[At(300), Key('1'), On],
        &["0 \"one two\" 800", "5800 > POST /key Digits=1", "5800 ended Hangup"],
    );
    gather(
        "bargeIn=\"false\"",
        "<Say>one two</Say>",
        &[At(300), Key('1'), Key('#'), On],
        &["0 \"one two\" 800", "800 > POST /key Digits=1", "800 ended Hangup"],
    );
}

#[test]
fn point_3_the_silence_begins_after_the_prompts_or_a_key_and_again_with_each_key() {
    gather("timeout=\"3\"", "<Say>a</Say>", &[On], &["0 \"a\" 400", "3400 \"silence\" 400", "3800 ended OutOfVerbs"]);
    gather(
        "timeout=\"3\"",
        "<Say>one two</Say>",
        &[At(100), Key('1'), At(3_000), Key('2'), At(5_999), Key('3'), On],
        &["0 \"one two\" 800", "100 cut at 100", "8999 > POST /key Digits=123", "8999 ended Hangup"],
    );
    gather("timeout=\"auto\"", "", &[On], &["5000 \"silence\" 400", "5400 ended OutOfVerbs"]);
}

#[test]
fn point_4_what_ends_input() {
    gather("numDigits=\"3\"", "", &[Key('1'), Key('2'), Key('3')], &["0 > POST /key Digits=123", "0 ended Hangup"]);
    gather("", "", &[Key('1'), Key('2'), Key('#')], &["0 > POST /key Digits=12", "0 ended Hangup"]);
    gather("finishOnKey=\"5\"", "", &[Key('#'), Key('5')], &["0 > POST /key Digits=#", "0 ended Hangup"]);
    gather("numDigits=\"3\"", "", &[Key('1'), On], &["5000 > POST /key Digits=1", "5000 ended Hangup"]);
}

#[test]
fn point_5_no_key_at_all() {
    gather("", "", &[On], &["5000 \"silence\" 400", "5400 ended OutOfVerbs"]);
    let empty = "actionOnEmptyResult=\"true\"";
    gather(empty, "", &[On], &["5000 > POST /key", "5000 ended Hangup"]);
    let config = |readings| PhoneConfig { readings, ..config() };
    let readings = Readings { finished_on_key: FinishedOnKey::Absent, ..Readings::OTHER };
    gather_with(config(readings), empty, "", &[On], &["5000 > POST /key Digits=", "5000 ended Hangup"]);
    gather_with(config(Readings::ONE), empty, "", &[On], &["5000 > POST /key FinishedOnKey=", "5000 ended Hangup"]);
}

#[test]
fn point_6_the_finishing_key_alone_is_no_input() {
    gather(
        "",
        "<Say>a</Say>",
        &[At(100), Key('#'), On],
        &["0 \"a\" 400", "100 cut at 100", "100 \"silence\" 400", "500 ended OutOfVerbs"],
    );
    gather("actionOnEmptyResult=\"true\"", "", &[Key('#')], &["0 > POST /key", "0 ended Hangup"]);
}

#[test]
fn point_7_without_finishing_key_and_number_every_key_is_collected() {
    gather(
        "finishOnKey=\"\"",
        "",
        &[Key('*'), Key('#'), At(4_000), Key('0'), On],
        &["9000 > POST /key Digits=*#0", "9000 ended Hangup"],
    );
}

#[test]
fn point_8_the_finishing_key_is_never_a_digit() {
    gather("numDigits=\"1\"", "", &[Key('#'), On], &["0 \"silence\" 400", "400 ended OutOfVerbs"]);
    gather("numDigits=\"1\" finishOnKey=\"\"", "", &[Key('#')], &["0 > POST /key Digits=#", "0 ended Hangup"]);
}

#[test]
fn point_9_digits_are_text() {
    gather("numDigits=\"2\"", "", &[Key('0'), Key('0')], &["0 > POST /key Digits=00", "0 ended Hangup"]);
}

#[test]
fn point_10_nothing_after_a_gather_with_input_runs() {
    gather("numDigits=\"1\"", "", &[Key('1'), On], &["0 > POST /key Digits=1", "0 ended Hangup"]);
}

#[test]
fn point_11_keys_are_not_kept_for_the_next_gather() {
    let gather = "<Gather numDigits=\"1\" action=\"/key\" timeout=\"1\"/>";
    case(
        config(),
        &[("/voice", gather), ("/key", &format!("<Say>a</Say>{gather}"))],
        &[Key('1'), At(100), Key('2'), On],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 > POST /key Digits=1 FinishedOnKey=",
            "0 \"a\" 400",
            "1400 ended OutOfVerbs",
        ],
    );
}

#[test]
fn point_11_keys_between_documents_are_dropped() {
    let page = "<Response><Gather numDigits=\"1\" action=\"/key\" timeout=\"1\"/></Response>";
    let mut phone = Phone::new(config()).unwrap();
    phone.handle_input(Input::Key(Digit::EIGHT));
    phone.handle_input(Input::Response(Response::twiml(1, page)));
    let mut asked = 0;
    loop {
        match phone.poll_output() {
            Output::Request(_) => asked += 1,
            Output::Wait { until_ms } => {
                assert_eq!(until_ms, Some(1_000));
                break;
            }
            _ => {}
        }
    }
    assert_eq!(asked, 1);
}

#[test]
fn point_12_speech_is_named_and_keys_still_count() {
    gather(
        "input=\"dtmf speech\" numDigits=\"1\"",
        "",
        &[Key('1')],
        &["0 answered", "0 > POST /key Digits=1", "0 ended Hangup"],
    );
    gather(
        "input=\"speech\" numDigits=\"1\"",
        "",
        &[Key('1'), On],
        &["0 answered", "5000 \"silence\" 400", "5400 ended OutOfVerbs"],
    );
}

#[test]
fn the_finishing_key_is_told_in_one_reading() {
    let one = |acts: &[Do], expected: &[&str]| gather_with(config(), "", "", acts, expected);
    one(&[Key('1'), Key('#')], &["0 > POST /key Digits=1 FinishedOnKey=#", "0 ended Hangup"]);
    one(&[Key('1'), On], &["5000 > POST /key Digits=1 FinishedOnKey=", "5000 ended Hangup"]);
    let other = PhoneConfig { readings: Readings::OTHER, ..config() };
    gather_with(other, "", "", &[Key('1'), Key('#')], &["0 > POST /key Digits=1", "0 ended Hangup"]);
}

#[test]
fn without_action_the_document_is_asked_again() {
    let mut call = Call::begin(
        PhoneConfig { start_url: "https://example.org/voice?a=1#rc=2".into(), ..config() },
        &[("/voice?a=1", "<Gather numDigits=\"1\"/>")],
    );
    call.act(Key('7'));
    assert_eq!(
        call.log.lines().collect::<Vec<_>>(),
        ["0 > POST /voice?a=1", "0 answered", "0 > POST /voice?a=1 Digits=7 FinishedOnKey="]
    );
}

#[test]
fn it_says_what_it_waits_for() {
    let mut phone = Phone::new(config()).unwrap();
    let page = "<Response><Gather numDigits=\"2\" finishOnKey=\"*\" bargeIn=\"false\"/></Response>";
    phone.handle_input(Input::Response(Response::twiml(1, page)));
    let outputs: Vec<Output> = (0..3).map(|_| phone.poll_output()).collect();
    let listening =
        Listening { leg: Leg::Caller, num_digits: Some(2), finish_on_key: Some(Digit::STAR), barge_in: false };
    assert_eq!(outputs[2], Output::Listening(listening));
}
