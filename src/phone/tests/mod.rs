//! Specs of the phone: what a caller and some pages make of it, compared with what was asked and heard, line by line.

mod bounds;
mod dialling;
mod gathering;
mod placing;
mod requesting;
mod verbs;

use super::*;
use crate::base::Digit;
use crate::twiml::Method;
use std::collections::BTreeMap;
use std::fmt::Write;

const SID: &str = "CA00000000000000000000000000000001";
const CALLER: &str = "+447700900001";
const HOTLINE: &str = "+447700900002";

/// What somebody does in a spec.
#[derive(Clone, Copy)]
enum Do {
    /// The telephone of a call that was placed does this.
    Called(CalledDoes),
    /// REST redirects the call to this path.
    Redirected(&'static str),
    /// REST ends the call.
    Ends,
    /// Lets time pass until then.
    At(u64),
    Key(char),
    Callee(u32, CalleeDoes),
    HangUp,
    /// Lets time pass until nothing more happens by itself.
    On,
}

use Do::{At, Called, Callee, Ends, HangUp, Key, On, Redirected};

fn config() -> PhoneConfig {
    PhoneConfig { media: Media::Assumed, ..PhoneConfig::new("AC1", SID, CALLER, HOTLINE, "https://example.org/voice") }
}

/// A phone with a server of a few pages, given by path and the inside of their `<Response>`.
struct Call {
    phone: Phone,
    pages: BTreeMap<String, String>,
    log: String,
    requests: Vec<Request>,
}

impl Call {
    fn begin(config: PhoneConfig, pages: &[(&str, &str)]) -> Call {
        Call::of(Phone::new(config).unwrap(), pages)
    }

    fn of(phone: Phone, pages: &[(&str, &str)]) -> Call {
        let page = |(path, inside): &(&str, &str)| (path.to_string(), format!("<Response>{inside}</Response>"));
        let mut call =
            Call { phone, pages: pages.iter().map(page).collect(), log: String::new(), requests: Vec::new() };
        call.drain();
        call
    }

    fn act(&mut self, act: Do) {
        match act {
            At(ms) => {
                while let Some(due) = self.due().filter(|due| *due <= ms) {
                    self.input(Input::Time(due));
                }
                self.input(Input::Time(ms));
            }
            Key(key) => self.input(Input::Key(Digit::new(key).unwrap())),
            Callee(who, does) => self.input(Input::Callee(who, does)),
            HangUp => self.input(Input::HangUp),
            Called(does) => self.input(Input::Called(does)),
            Redirected(path) => {
                let url = format!("https://example.org{path}");
                self.input(Input::Update(Update::Redirect { url, method: Method::Post }));
            }
            Ends => self.input(Input::Update(Update::End)),
            On => {
                for _ in 0..10_000 {
                    let Some(due) = self.due() else { return };
                    self.input(Input::Time(due));
                }
                panic!("the call does not come to rest:\n{}", self.log);
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.phone.handle_input(input);
        self.drain();
    }

    fn due(&mut self) -> Option<u64> {
        match self.phone.poll_output() {
            Output::Wait { until_ms } => until_ms,
            other => panic!("{other:?} after a wait"),
        }
    }

    fn drain(&mut self) {
        loop {
            let output = self.phone.poll_output();
            self.note(&output);
            match output {
                Output::Wait { .. } => return,
                Output::Request(request) => {
                    let answer = self.answer(&request);
                    self.requests.push(request);
                    self.phone.handle_input(answer);
                }
                _ => {}
            }
        }
    }

    fn answer(&self, request: &Request) -> Input {
        let path = request.url.strip_prefix("https://example.org").unwrap();
        match self.pages.get(path) {
            Some(page) => Input::Response(Response::twiml(request.id, page.as_str())),
            None if path.ends_with(".wav") => {
                let content_type = Some("audio/wav".to_owned());
                Input::Response(Response { content_type, ..Response::twiml(request.id, "") })
            }
            None => Input::Response(Response { status: 404, ..Response::twiml(request.id, "") }),
        }
    }

    fn note(&mut self, output: &Output) {
        let now = self.phone.now_ms();
        let leg = |leg: &Leg| match leg {
            Leg::Caller => String::new(),
            Leg::Callee(who) => format!(" callee{who}"),
        };
        let line = match output {
            Output::Request(request) => {
                let path = request.url.strip_prefix("https://example.org").unwrap_or(&request.url);
                let kind = match request.purpose {
                    Purpose::Document => "",
                    Purpose::Sound => " sound",
                    Purpose::Notice => " notice",
                };
                let mut line = format!("{now}{} >{kind} {} {path}", leg(&request.leg), request.method.as_str());
                for (name, value) in request.params.iter().filter(|(name, _)| !STANDARD.contains(&name.as_str())) {
                    write!(line, " {name}={value}").unwrap();
                }
                line
            }
            Output::Heard(heard) => {
                let what = match &heard.what {
                    Sound::Say { words, .. } => words.clone(),
                    Sound::Play { url } => format!("play {}", url.strip_prefix("https://example.org").unwrap_or(url)),
                    Sound::Tones(tones) => format!("tones {tones}"),
                    Sound::Silence => "silence".to_owned(),
                    Sound::Ringing => "ringing".to_owned(),
                    Sound::ApplicationError => "an application error".to_owned(),
                };
                format!("{}{} \"{what}\" {}", heard.at_ms, leg(&heard.leg), heard.ms)
            }
            Output::Interrupted { leg: which, heard_ms } => format!("{now}{} cut at {heard_ms}", leg(which)),
            Output::Listening(_) | Output::Wait { .. } => return,
            Output::Answered => format!("{now} answered"),
            Output::Dialling(dialling) => format!("{now} rings callee{}", dialling.callee),
            Output::Bridged { callee } => format!("{now} bridged callee{callee}"),
            Output::CalleeEnded { callee, status } => format!("{now} callee{callee} {}", status.as_str()),
            Output::Finding(finding) => {
                let code = finding.code.map(|code| format!(" {code}")).unwrap_or_default();
                format!("{now}{} !{code}", leg(&finding.leg))
            }
            Output::Ended(end) => format!("{now} ended {end:?}"),
        };
        self.log.push_str(&line);
        self.log.push('\n');
    }
}

const STANDARD: [&str; 10] = [
    "CallSid",
    "AccountSid",
    "ApiVersion",
    "From",
    "To",
    "Caller",
    "Called",
    "CallStatus",
    "Direction",
    "ParentCallSid",
];

/// Plays a call and compares everything that came of it.
#[track_caller]
fn case(config: PhoneConfig, pages: &[(&str, &str)], acts: &[Do], expected: &[&str]) {
    let mut call = Call::begin(config, pages);
    for act in acts {
        call.act(*act);
    }
    let lines: Vec<&str> = call.log.lines().collect();
    assert_eq!(lines, expected, "\n{}", call.log);
}
