//! Say, Play, Pause, Redirect, Hangup, Reject, and what is not executed (twiml reference 2, 3).

use super::*;

#[track_caller]
fn page(inside: &str, acts: &[Do], expected: &[&str]) {
    case(config(), &[("/voice", inside), ("/next", "<Say>next</Say>")], acts, expected);
}

#[test]
fn say() {
    page(
        "<Say>one two</Say><Say loop=\"2\">three</Say>",
        &[On],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 \"one two\" 800",
            "800 \"three\" 400",
            "1200 \"three\" 400",
            "1600 ended OutOfVerbs",
        ],
    );
    page(
        "<Say>one<break time=\"2s\"/></Say>",
        &[On],
        &["0 > POST /voice", "0 answered", "0 \"one\" 2400", "2400 ended OutOfVerbs"],
    );
}

#[test]
fn say_names_its_voice() {
    let mut phone = Phone::new(config()).unwrap();
    phone.poll_output();
    let page = "<Response><Say voice=\"Polly.Lotte\" language=\"nl-NL\">Dag</Say></Response>";
    phone.handle_input(Input::Response(Response::twiml(1, page)));
    assert_eq!(phone.poll_output(), Output::Answered);
    let what = Sound::Say { language: "nl-NL".into(), voice: "Polly.Lotte".into(), words: "Dag".into() };
    assert_eq!(phone.poll_output(), Output::Heard(Heard { leg: Leg::Caller, at_ms: 0, ms: 400, what }));
    assert_eq!(phone.poll_output(), Output::Wait { until_ms: Some(400) });
}

#[test]
fn play() {
    page(
        "<Play>a.wav?x=1</Play><Play loop=\"2\" digits=\"1w#\"/>",
        &[On],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 \"play /a.wav?x=1\" 3000",
            "3000 \"tones 1w#\" 900",
            "3900 \"tones 1w#\" 900",
            "4800 ended OutOfVerbs",
        ],
    );
}

#[test]
fn a_sound_is_fetched_once_and_without_parameters() {
    let config = PhoneConfig { media: Media::Fetched, ..config() };
    let pages = [("/voice", "<Play loop=\"2\">/a.wav</Play><Play>/a.wav</Play>")];
    let mut call = Call::begin(config, &pages);
    call.act(On);
    assert_eq!(
        call.log.lines().collect::<Vec<_>>(),
        [
            "0 > POST /voice",
            "0 > sound GET /a.wav",
            "0 answered",
            "0 \"play /a.wav\" 3000",
            "3000 \"play /a.wav\" 3000",
            "6000 \"play /a.wav\" 3000",
            "9000 ended OutOfVerbs",
        ]
    );
    assert_eq!(call.requests[1].params, []);
}

#[test]
fn a_sound_that_is_missing() {
    let config = |readings| PhoneConfig { media: Media::Fetched, readings, ..config() };
    let pages = [("/voice", "<Play>/a.mp3</Play><Say>on</Say>")];
    case(
        config(Readings::ONE),
        &pages,
        &[On],
        &[
            "0 > POST /voice",
            "0 > sound GET /a.mp3",
            "0 ! 11200",
            "0 answered",
            "0 ! 11200",
            "0 \"on\" 400",
            "400 ended OutOfVerbs",
        ],
    );
    case(
        config(Readings::OTHER),
        &pages,
        &[On],
        &[
            "0 > POST /voice",
            "0 > sound GET /a.mp3",
            "0 ! 11200",
            "0 answered",
            "0 ! 11200",
            "0 ended Failed { code: 11200 }",
        ],
    );
}

#[test]
fn a_sound_of_a_wrong_type_is_missing_too() {
    let config = PhoneConfig { media: Media::Fetched, ..config() };
    let pages = [("/voice", "<Play>/a.mp3</Play>"), ("/a.mp3", "")];
    case(
        config,
        &pages,
        &[On],
        &["0 > POST /voice", "0 > sound GET /a.mp3", "0 ! 13420", "0 answered", "0 ! 11200", "0 ended OutOfVerbs"],
    );
}

#[test]
fn pause() {
    page(
        "<Say>one</Say><Pause length=\"2\"/><Say>two</Say>",
        &[On],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 \"one\" 400",
            "400 \"silence\" 2000",
            "2400 \"two\" 400",
            "2800 ended OutOfVerbs",
        ],
    );
}

#[test]
fn a_pause_before_anything_else_delays_the_answer() {
    page(
        "<Pause length=\"3\"/><Say>one</Say>",
        &[On],
        &["0 > POST /voice", "3000 answered", "3000 \"one\" 400", "3400 ended OutOfVerbs"],
    );
    page("<Pause length=\"3\"/><Reject/>", &[On], &["0 > POST /voice", "3000 ended Rejected(Rejected)"]);
}

#[test]
fn redirect() {
    page(
        "<Redirect>/next?a=1</Redirect><Say>never</Say>",
        &[On],
        &[
            "0 > POST /voice",
            "0 > POST /next?a=1",
            "0 ! 11200",
            "0 answered",
            "0 \"an application error\" 4000",
            "4000 ended Failed { code: 11200 }",
        ],
    );
    page(
        "<Say>one</Say><Redirect>next</Redirect><Say>never</Say>",
        &[On],
        &[
            "0 > POST /voice",
            "0 answered",
            "0 \"one\" 400",
            "400 > POST /next",
            "400 \"next\" 400",
            "800 ended OutOfVerbs",
        ],
    );
}

#[test]
fn hangup_answers_and_reject_does_not() {
    page("<Hangup/><Say>never</Say>", &[On], &["0 > POST /voice", "0 answered", "0 ended Hangup"]);
    page("", &[On], &["0 > POST /voice", "0 answered", "0 ended OutOfVerbs"]);
    page("<Reject/>", &[On], &["0 > POST /voice", "0 ended Rejected(Rejected)"]);
    page("<Reject reason=\"busy\"/>", &[On], &["0 > POST /voice", "0 ended Rejected(Busy)"]);
    page(
        "<Say>one</Say><Reject/>",
        &[On],
        &["0 > POST /voice", "0 answered", "0 \"one\" 400", "400 !", "400 ended Hangup"],
    );
}

#[test]
fn what_is_not_executed_is_named_and_the_next_verb_runs() {
    for verb in ["<Record/>", "<Enqueue>q</Enqueue>", "<Leave/>", "<Dial action=\"/next\"><Queue>q</Queue></Dial>"] {
        page(
            &format!("{verb}<Say>on</Say>"),
            &[On],
            &["0 > POST /voice", "0 !", "0 answered", "0 \"on\" 400", "400 ended OutOfVerbs"],
        );
    }
}

#[test]
fn keys_outside_a_gather_are_dropped() {
    page(
        "<Say>one</Say><Play digits=\"WW\"/><Gather numDigits=\"1\" action=\"/next\" timeout=\"1\"/>",
        &[At(100), Key('1'), At(500), Key('2'), On],
        &["0 > POST /voice", "0 answered", "0 \"one\" 400", "400 \"tones WW\" 2000", "3400 ended OutOfVerbs"],
    );
}

#[test]
fn hanging_up_stops_everything() {
    page(
        "<Say>one two</Say><Say>three</Say>",
        &[At(300), HangUp, At(9_000), Key('1'), HangUp],
        &["0 > POST /voice", "0 answered", "0 \"one two\" 800", "300 cut at 300", "300 ended CallerHungUp"],
    );
}

#[test]
fn a_leap_in_time_plays_everything_at_its_own_time() {
    let mut call = Call::begin(config(), &[("/voice", "<Say>one</Say><Pause/><Say>two</Say>")]);
    call.phone.handle_input(Input::Time(60_000));
    call.drain();
    let starts: Vec<&str> = call.log.lines().filter(|line| line.contains('"')).collect();
    assert_eq!(starts, ["0 \"one\" 400", "400 \"silence\" 1000", "1400 \"two\" 400"]);
    assert!(call.phone.is_over());
    assert_eq!(call.phone.now_ms(), 60_000);
    call.phone.handle_input(Input::Time(5));
    assert_eq!(call.phone.now_ms(), 60_000);
}

#[test]
fn the_length_of_speech_can_be_told() {
    let speech: Speech = std::sync::Arc::new(|sound| match sound {
        Sound::Play { url } if url.ends_with("/a.wav") => 1_234,
        _ => 7,
    });
    case(
        PhoneConfig { speech, ..config() },
        &[("/voice", "<Play>/a.wav</Play><Say>x</Say>")],
        &[On],
        &["0 > POST /voice", "0 answered", "0 \"play /a.wav\" 1234", "1234 \"x\" 7", "1241 ended OutOfVerbs"],
    );
}
