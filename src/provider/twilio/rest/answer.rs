//! What an answer means, and whether to try again. The rule: nothing is tried again that may have placed a leg, or
//! brought a caller to somebody.

use super::RestError;
use crate::base::CallSid;
use serde_json::Value;
use std::time::Duration;

/// The provider may ask us to wait this long before the next try; who waits longer for a counsellor's line to ring has
/// lost a caller.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The states of a call that is there no more (twiml reference 5.4).
const OVER: [&str; 5] = ["completed", "busy", "no-answer", "failed", "canceled"];

/// When it does not say how long.
pub(super) const USUAL_PAUSE: Duration = Duration::from_millis(500);

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// A leg: done twice it would ring two telephones, or one twice.
    Place,
    /// A change of a call: done twice it is as done once.
    Update,
    /// A change of a call that may be done once only.
    Once,
    /// A question, which changes nothing.
    Look,
}

/// What becomes of one try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Done(Told),
    Failed(RestError),
    /// After this pause; the error if there is no time for another try.
    Again(RestError, Duration),
}

/// What an answer tells of a call.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Told {
    /// Its name.
    pub sid: Option<CallSid>,
    /// It is there no more (twiml reference 5.4).
    pub over: bool,
}

/// One answer of the provider.
pub(super) fn read(asked: Asked, status: u16, retry_after: Option<&str>, body: &[u8]) -> Verdict {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let code = || json.as_ref().and_then(|json| json.get("code")).and_then(Value::as_u64);
    let refused = || RestError::Refused { status, code: code().and_then(|code| u32::try_from(code).ok()) };
    match status {
        200..=299 => {
            let text = |name: &str| json.as_ref().and_then(|json| json.get(name)).and_then(Value::as_str);
            let over = text("status").is_some_and(|status| OVER.contains(&status));
            match (asked, text("sid").and_then(CallSid::new)) {
                (Asked::Place | Asked::Look, None) => Verdict::Failed(RestError::Misread),
                (_, sid) => Verdict::Done(Told { sid, over }),
            }
        }
        429 => match pause(retry_after) {
            Some(pause) => Verdict::Again(RestError::TooMany, pause),
            None => Verdict::Failed(RestError::TooMany),
        },
        // The provider took nothing in.
        503 => match pause(retry_after) {
            Some(pause) => Verdict::Again(refused(), pause),
            None => Verdict::Failed(refused()),
        },
        // It broke somewhere, perhaps after the leg was placed.
        500..=599 => no_answer(asked),
        _ => Verdict::Failed(refused()),
    }
}

/// The request was sent, and no whole answer came in time.
pub(super) fn no_answer(asked: Asked) -> Verdict {
    match asked {
        Asked::Place | Asked::Once => Verdict::Failed(RestError::Unclear),
        Asked::Update | Asked::Look => Verdict::Again(RestError::Unclear, USUAL_PAUSE),
    }
}

/// Nothing was sent: there was no connection.
pub(super) fn not_sent() -> Verdict {
    Verdict::Again(RestError::Unreachable, USUAL_PAUSE)
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); `None` for a longer wait than ours.
fn pause(retry_after: Option<&str>) -> Option<Duration> {
    let asked = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Some(asked.unwrap_or(USUAL_PAUSE)).filter(|pause| *pause <= LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Asked::{Look, Once, Place, Update};
    use Verdict::{Again, Done, Failed};

    #[test]
    fn every_answer() {
        let case = |asked, status, body: &str, verdict: Verdict| {
            assert_eq!(read(asked, status, None, body.as_bytes()), verdict, "{asked:?} {status} {body}");
        };
        let refused = |status, code| RestError::Refused { status, code };
        let sid = CallSid::new("CA1");
        let told = |over| Done(Told { sid: sid.clone(), over });
        case(Place, 201, "{\"sid\":\"CA1\",\"status\":\"queued\"}", told(false));
        case(Update, 200, "{\"sid\":\"CA1\"}", told(false));
        case(Update, 200, "", Done(Told::default()));
        case(Once, 200, "", Done(Told::default()));
        case(Look, 200, "{\"sid\":\"CA1\",\"status\":\"in-progress\"}", told(false));
        for status in OVER {
            case(Look, 200, &format!("{{\"sid\":\"CA1\",\"status\":\"{status}\"}}"), told(true));
        }
        case(Look, 200, "<html>", Failed(RestError::Misread));
        for odd in ["", "{}", "{\"sid\":\"\"}", "{\"sid\":7}", "[1]", "<html>", "{\"sid\":\"CA1\""] {
            case(Place, 201, odd, Failed(RestError::Misread));
        }
        case(Place, 200, &format!("{{\"sid\":\"{}\"}}", "x".repeat(256)), Failed(RestError::Misread));
        let numbered = "{\"code\":21211,\"message\":\"The number +447700900123 is invalid\"}";
        case(Place, 400, numbered, Failed(refused(400, Some(21211))));
        case(Place, 401, "", Failed(refused(401, None)));
        case(Update, 404, "{\"code\":20404}", Failed(refused(404, Some(20404))));
        case(Place, 400, "{\"code\":\"21211\"}", Failed(refused(400, None)));
        case(Place, 400, "{\"code\":99999999999}", Failed(refused(400, None)));
        case(Place, 302, "", Failed(refused(302, None)));
        case(Place, 429, "{}", Again(RestError::TooMany, USUAL_PAUSE));
        case(Place, 503, "{}", Again(refused(503, None), USUAL_PAUSE));
        for status in [500, 502, 504] {
            case(Place, status, "{\"code\":20500}", Failed(RestError::Unclear));
            case(Update, status, "", Again(RestError::Unclear, USUAL_PAUSE));
            case(Once, status, "", Failed(RestError::Unclear));
            case(Look, status, "", Again(RestError::Unclear, USUAL_PAUSE));
        }
    }

    #[test]
    fn a_pause_is_bounded() {
        let case = |text: &str, verdict: Verdict| assert_eq!(read(Place, 429, Some(text), b""), verdict, "{text}");
        let again = |ms| Again(RestError::TooMany, Duration::from_millis(ms));
        case("0", again(0));
        case(" 2 ", again(2_000));
        case("3", Failed(RestError::TooMany));
        case("99999999999999999999", again(500));
        case("Wed, 21 Oct 2026 07:28:00 GMT", again(500));
    }
}
