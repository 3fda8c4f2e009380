//! What goes to the server, and what comes of its answers (twiml reference 3.4, 5, 6).

use super::*;

fn first_request(config: PhoneConfig) -> (Phone, Request) {
    let mut phone = Phone::new(config).unwrap();
    match phone.poll_output() {
        Output::Request(request) => (phone, request),
        other => panic!("{other:?}"),
    }
}

fn pairs(request: &Request) -> Vec<(&str, &str)> {
    request.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn the_first_request_has_the_standard_parameters() {
    let config = PhoneConfig { extra_params: vec![("ForwardedFrom".into(), "+447700900003".into())], ..config() };
    let (_, request) = first_request(config);
    assert_eq!((request.id, request.leg, request.method.as_str()), (1, Leg::Caller, "POST"));
    assert_eq!(request.url, "https://example.org/voice");
    let expected = [
        ("CallSid", SID),
        ("AccountSid", "AC1"),
        ("ApiVersion", "2010-04-01"),
        ("From", CALLER),
        ("To", HOTLINE),
        ("Caller", CALLER),
        ("Called", HOTLINE),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ForwardedFrom", "+447700900003"),
    ];
    assert_eq!(pairs(&request), expected);
    assert_eq!(request.form().len(), expected.len());
    assert!(!format!("{request:?}").contains("44770"), "{request:?}");
}

#[test]
fn a_get_has_them_in_its_query() {
    let config = PhoneConfig {
        start_url: "https://example.org/voice?x=1#rc=3&rp=all".into(),
        start_method: crate::twiml::Method::Get,
        ..config()
    };
    let (mut phone, request) = first_request(config);
    assert!(request.url.starts_with(
        "https://example.org/voice?x=1&CallSid=CA00000000000000000000000000000001&AccountSid=AC1&ApiVersion=2010-04-01&From=%2B447700900001&"
    ));
    assert!(request.url.ends_with("&CallStatus=ringing&Direction=inbound"), "{}", request.url);
    assert_eq!(request.form(), []);
    // The same document again is asked without the parameters of the first time.
    let again = "<Response><Redirect method=\"POST\"></Redirect></Response>";
    let answer = Response { final_url: Some(request.url.clone()), ..Response::twiml(1, again) };
    phone.handle_input(Input::Response(answer));
    match phone.poll_output() {
        Output::Request(request) => assert_eq!(request.url, "https://example.org/voice?x=1"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_status_is_ringing_until_something_is_heard() {
    let pages =
        [("/voice", "<Redirect>/b</Redirect>"), ("/b", "<Say>hi</Say><Redirect>/c</Redirect>"), ("/c", "<Hangup/>")];
    let config = PhoneConfig { status_callback: Some("https://example.org/status".into()), ..config() };
    let mut call = Call::begin(config, &pages);
    call.act(On);
    let statuses: Vec<_> = call.requests.iter().filter_map(|request| request.param("CallStatus")).collect();
    assert_eq!(statuses, ["ringing", "ringing", "in-progress", "completed"]);
}

#[test]
fn the_last_status_of_calls_that_were_never_answered() {
    let last = |page: &str, acts: &[Do]| {
        let config = PhoneConfig { status_callback: Some("https://example.org/status".into()), ..config() };
        let mut call = Call::begin(config, &[("/voice", page)]);
        for act in acts {
            call.act(*act);
        }
        let request = call.requests.last().unwrap();
        assert!(request.url.ends_with("/status") && request.purpose == Purpose::Notice);
        assert_eq!(request.param("CallDuration"), None);
        request.param("CallStatus").unwrap().to_owned()
    };
    assert_eq!(last("<Reject reason=\"busy\"/>", &[]), "busy");
    assert_eq!(last("<Reject/>", &[]), "no-answer");
    assert_eq!(last("<Pause length=\"9\"/>", &[HangUp]), "canceled");
}

#[test]
fn addresses_are_relative_to_the_document() {
    let case = |start: &str, reference: &str, expected: &str| {
        let config = PhoneConfig { start_url: start.into(), ..config() };
        let (mut phone, _) = first_request(config);
        let page = format!("<Response><Redirect>{reference}</Redirect></Response>");
        phone.handle_input(Input::Response(Response::twiml(1, page)));
        match phone.poll_output() {
            Output::Request(request) => assert_eq!(request.url, expected, "{reference}"),
            other => panic!("{reference}: {other:?}"),
        }
    };
    let start = "https://example.org/a/b?x=1#rc=2";
    case(start, "", "https://example.org/a/b?x=1");
    case(start, "  \n ", "https://example.org/a/b?x=1");
    case(start, "c", "https://example.org/a/c");
    case(start, "?a=1", "https://example.org/a/b?a=1");
    case(start, "../c?y=2#rc=5", "https://example.org/c?y=2");
    case(start, "/c", "https://example.org/c");
    case(start, "//example.com/c", "https://example.com/c");
    case(start, "http://127.0.0.1:8080/c", "http://127.0.0.1:8080/c");
}

#[test]
fn after_a_redirect_addresses_are_relative_to_where_the_answer_came_from() {
    let (mut phone, _) = first_request(config());
    let final_url = Some("https://example.com/deep/er".to_owned());
    let page = "<Response><Redirect>c</Redirect></Response>";
    phone.handle_input(Input::Response(Response { final_url, ..Response::twiml(1, page) }));
    match phone.poll_output() {
        Output::Request(request) => assert_eq!(request.url, "https://example.com/deep/c"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_address_that_is_none_fails() {
    let case = |reference: &str| {
        let page = format!("<Redirect>{reference}</Redirect>");
        let mut call = Call::begin(config(), &[("/voice", &page)]);
        call.act(On);
        assert!(call.log.ends_with("4000 ended Failed { code: 11100 }\n"), "{reference}: {}", call.log);
    };
    case("http://");
    case("tel:+447700900001");
    case("https://exa mple.org/");
}

#[test]
fn cookies_last_as_long_as_the_call() {
    let (mut phone, request) = first_request(config());
    assert_eq!(request.cookies, []);
    let page = "<Response><Redirect>/b</Redirect></Response>";
    let set_cookie = vec!["sid=abc; Path=/; HttpOnly".to_owned(), "a=b; Path=/other".to_owned()];
    phone.handle_input(Input::Response(Response { set_cookie, ..Response::twiml(1, page) }));
    match phone.poll_output() {
        Output::Request(request) => assert_eq!(request.cookies, [("sid".to_owned(), "abc".to_owned())]),
        other => panic!("{other:?}"),
    }
}

/// What comes of one answer: the lines after the first request.
#[track_caller]
fn answered(config: PhoneConfig, response: Response, expected: &[&str]) {
    let mut call = Call {
        phone: Phone::new(config).unwrap(),
        pages: [("/fallback".to_owned(), "<Response><Say>sorry</Say></Response>".to_owned())].into(),
        log: String::new(),
        requests: Vec::new(),
    };
    call.phone.poll_output();
    call.input(Input::Response(response));
    call.act(On);
    assert_eq!(call.log.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn content_types() {
    let with =
        |kind: Option<&str>, body: &str| Response { content_type: kind.map(Into::into), ..Response::twiml(1, body) };
    let page = "<Response><Say>hi</Say></Response>";
    let said = ["0 answered", "0 \"hi\" 400", "400 ended OutOfVerbs"];
    for kind in ["text/xml", "application/xml", "text/html; charset=utf-8", "TEXT/XML", "text/plain"] {
        answered(config(), with(Some(kind), page), &said);
    }
    answered(config(), with(Some("text/plain"), "hi"), &said);
    answered(config(), with(Some("audio/mpeg"), "..."), &["0 answered", "0 \"play /voice\" 3000", "3000 ended Hangup"]);
    for (kind, body, code) in [
        (None, page, 12300),
        (Some("application/json"), page, 12300),
        (Some("text/plain"), " ", 11770),
        (Some("text/xml"), "", 11770),
        (Some("text/xml"), "\n<?xml version=\"1.0\"?><Response/>", 12100),
        (Some("text/xml"), "<Answer/>", 12102),
    ] {
        let expected = [
            format!("0 ! {code}"),
            "0 answered".to_owned(),
            "0 \"an application error\" 4000".to_owned(),
            format!("4000 ended Failed {{ code: {code} }}"),
        ];
        answered(config(), with(kind, body), &expected.each_ref().map(String::as_str));
    }
}

#[test]
fn a_failure_leads_to_the_fallback_once() {
    let config = || PhoneConfig { fallback_url: Some("https://example.org/fallback".into()), ..config() };
    let failed = || Response { status: 500, ..Response::twiml(1, "") };
    let ask = "0 > POST /fallback ErrorCode=11200 ErrorUrl=https://example.org/voice";
    answered(config(), failed(), &["0 ! 11200", ask, "0 answered", "0 \"sorry\" 400", "400 ended OutOfVerbs"]);
    let missing = PhoneConfig { fallback_url: Some("https://example.org/gone".into()), ..config() };
    let ask = "0 > POST /gone ErrorCode=11200 ErrorUrl=https://example.org/voice";
    answered(
        missing,
        failed(),
        &[
            "0 ! 11200",
            ask,
            "0 ! 11200",
            "0 answered",
            "0 \"an application error\" 4000",
            "4000 ended Failed { code: 11200 }",
        ],
    );
}

#[test]
fn no_answer_at_all_ends_the_call() {
    for (why, code) in
        [(FetchFailure::Connect, 11205), (FetchFailure::TimedOut, 11203), (FetchFailure::TooManyRedirects, 11215)]
    {
        let (mut phone, request) = first_request(config());
        phone.handle_input(Input::FetchFailed { request: request.id, why });
        phone.handle_input(Input::Time(4_000));
        let outputs: Vec<Output> = std::iter::from_fn(|| match phone.poll_output() {
            Output::Wait { .. } => None,
            output => Some(output),
        })
        .collect();
        assert_eq!(outputs.last(), Some(&Output::Ended(End::Failed { code })));
    }
}

#[test]
fn hanging_up_before_the_first_answer_ends_the_call() {
    let (mut phone, _) = first_request(config());
    phone.handle_input(Input::HangUp);
    assert_eq!(phone.poll_output(), Output::Ended(End::CallerHungUp));
    phone.handle_input(Input::Response(Response::twiml(1, "<Response><Say>hi</Say></Response>")));
    assert_eq!(phone.poll_output(), Output::Wait { until_ms: None });
}

#[test]
fn a_call_needs_an_address() {
    let case = |url: &str| {
        let error = Phone::new(PhoneConfig { start_url: url.into(), ..config() }).err().unwrap();
        assert!(error.to_string().contains(&format!("`{url}`")), "{error}");
    };
    case("");
    case("/voice");
    case("ftp://example.org/");
    case("example.org/voice");
}
