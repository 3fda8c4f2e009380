//! The sounds that calls are told to play, at addresses that contain the hash of what they hold: whoever has one keeps
//! it for good.

use super::webhook::{Answer, wrong_method};
use crate::base::SoundId;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What is under an address never changes.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// `/sound/HASH.wav`, and nothing that `find` does not find.
pub fn sounds<S: Clone + Send + Sync + 'static>(
    find: impl Fn(&SoundId) -> Option<Arc<[u8]>> + Clone + Send + Sync + 'static,
) -> Router<S> {
    let give = move |Path(name): Path<String>, headers: HeaderMap| async move {
        let id = name.strip_suffix(".wav").and_then(SoundId::new);
        match id.and_then(|id| Some((find(&id)?, id))) {
            Some((sound, id)) => sound_answer(&sound, &id, &headers),
            None => nothing_there(),
        }
    };
    Router::new().route("/sound/{name}", get(give).fallback(|| async { wrong_method(&["GET"]) }))
}

fn nothing_there() -> Answer {
    let mut answer = Response::new(Body::from("there is no such sound\n"));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    // It may be there in a moment, on another revision.
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The sound, a part of it, or that the asker has it already (RFC 9110, sections 13.1.2, 13.1.5 and 14).
fn sound_answer(sound: &Arc<[u8]>, id: &SoundId, asked: &HeaderMap) -> Answer {
    let tag = format!("\"{id}\"");
    let mut answer = Response::new(Body::empty());
    if holds(asked, header::IF_NONE_MATCH, &tag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        // The bytes are lent to the connection; nothing is copied.
        let whole = Bytes::from_owner(Arc::clone(sound));
        match part(asked, &tag, sound.len()) {
            Part::Whole => *answer.body_mut() = Body::from(whole),
            Part::Range(range) => {
                let place = format!("bytes {}-{}/{}", range.start(), range.end(), sound.len());
                *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
                set(answer.headers_mut(), header::CONTENT_RANGE, &place);
                *answer.body_mut() = Body::from(whole.slice(range));
            }
            Part::Nowhere => {
                *answer.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                set(answer.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", sound.len()));
                return answer;
            }
        }
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    }
    let headers = answer.headers_mut();
    set(headers, header::ETAG, &tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether a list of entity tags holds this one, compared weakly.
fn holds(asked: &HeaderMap, name: header::HeaderName, tag: &str) -> bool {
    let lists = asked.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    Range(RangeInclusive<usize>),
    /// A range that begins behind the end.
    Nowhere,
}

/// What of a sound of this length is asked for. Several ranges at once, and what is no range, get the whole, as they may.
fn part(asked: &HeaderMap, tag: &str, length: usize) -> Part {
    let Some(range) = asked.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return Part::Whole };
    // A condition that is not this very sound: the asker has a part of another one.
    if asked.get(header::IF_RANGE).is_some_and(|condition| condition.as_bytes() != tag.as_bytes()) {
        return Part::Whole;
    }
    let Ok(ranges) = http_range_header::parse_range_header_with_max_ranges(range, NonZeroUsize::MIN) else {
        return Part::Whole;
    };
    let place = |at: u64| usize::try_from(at).ok().filter(|at| *at < length);
    let range = ranges.validate(length as u64).ok().and_then(|ranges| ranges.into_iter().next());
    match range.and_then(|range| Some((place(*range.start())?, place(*range.end())?))) {
        Some((start, end)) if start <= end => Part::Range(start..=end),
        _ => Part::Nowhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn which_part() {
        let case = |range: &str, expected: Part| {
            assert_eq!(part(&asked(&[("range", range)]), "\"a\"", 1000), expected, "{range}");
        };
        case("bytes=0-0", Part::Range(0..=0));
        case("bytes=100-199", Part::Range(100..=199));
        case("bytes=900-", Part::Range(900..=999));
        case("bytes=-100", Part::Range(900..=999));
        case("bytes=0-5000", Part::Range(0..=999));
        case("bytes=1000-", Part::Nowhere);
        case("bytes=5-2", Part::Whole);
        case("bytes=0-1,5-6", Part::Whole);
        case("bytes=x", Part::Whole);
        case("", Part::Whole);
        case("seconds=1-2", Part::Whole);
        case(&format!("bytes=0-{}", "9".repeat(2000)), Part::Whole);
        assert_eq!(part(&asked(&[]), "\"a\"", 1000), Part::Whole);
        let under = |condition: &str| part(&asked(&[("range", "bytes=0-9"), ("if-range", condition)]), "\"a\"", 1000);
        assert_eq!(under("\"a\""), Part::Range(0..=9));
        assert_eq!(under("\"b\""), Part::Whole);
        assert_eq!(under("W/\"a\""), Part::Whole, "a part needs the very same bytes");
    }

    #[test]
    fn whoever_has_it_is_told_so() {
        let case = |list: &str, expected: bool| {
            assert_eq!(holds(&asked(&[("if-none-match", list)]), header::IF_NONE_MATCH, "\"a\""), expected, "{list}");
        };
        case("\"a\"", true);
        case("\"x\", W/\"a\"", true);
        case("*", true);
        case("\"b\"", false);
        case("a", false);
        case("", false);
    }

    #[test]
    fn nothing_is_copied() {
        let sound: Arc<[u8]> = Arc::from(vec![7; 1000]);
        let answer = sound_answer(&sound, &SoundId::of(&sound), &HeaderMap::new());
        assert_eq!(Arc::strong_count(&sound), 2, "the answer lends the bytes");
        drop(answer);
        assert_eq!(Arc::strong_count(&sound), 1);
    }
}
