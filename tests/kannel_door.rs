//! Kannel's door in detail, over the router of a line that has Twilio's as well: what is late, asked twice, or too much.

mod common;

use axum::body::Body;
use axum::http::{Request, Response};
use common::{CALLER, OWN, World};
use http_body_util::BodyExt;
use tower::ServiceExt;

const SECRET: &str = "kannel-0123456789";
const CODES: &str = "Text a code. 21 help, 22 police, 23 staying here";

async fn world() -> World {
    World::at("2026-11-24T12:00:00", &format!("[kannel]\nsecret = \"{SECRET}\"\n")).await
}

async fn ask(world: &World, request: axum::http::request::Builder, body: &str) -> (u16, String, Response<()>) {
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = world.router.clone().oneshot(request).await.unwrap().into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status.as_u16(), body, Response::from_parts(parts, ()))
}

/// A text as smsbox brings it, so many seconds old.
async fn text(world: &World, id: &str, age_s: i64, body: &str) -> (u16, String) {
    let time = world.now().as_second() - age_s;
    let request = Request::post(format!("/kannel/sms?k={SECRET}&id={id}&time={time}"))
        .header("content-type", "text/plain; charset=\"UTF-8\"")
        .header("x-kannel-from", CALLER)
        .header("x-kannel-to", OWN);
    let (status, body, answer) = ask(world, request, body).await;
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers().contains_key("x-kannel-validity"), !body.is_empty() && status == 200);
    (status, body)
}

#[tokio::test]
async fn a_minute_old_and_no_older() {
    let mut world = world().await;
    for (number, (age_s, answered)) in
        [(0, true), (60, true), (61, false), (3600, false), (-5, true), (-6, false), (-3600, false)]
            .into_iter()
            .enumerate()
    {
        let (status, body) = text(&world, &format!("id-{number}"), age_s, "HELP").await;
        assert_eq!((status, body.starts_with(CODES), body.is_empty()), (200, answered, !answered), "{age_s}: {body}");
    }
    let counts = world.counts().await;
    let keywords: Vec<u64> = counts.iter().filter(|(key, _)| key == "text/keyword").map(|(_, n)| *n).collect();
    assert_eq!(keywords, [3], "what is dropped is not counted: {counts:?}");
}

#[tokio::test]
async fn the_same_text_twice_gets_the_same_answer_while_it_is_fresh() {
    let mut world = world().await;
    let first = text(&world, "one", 0, "hello").await;
    assert_eq!(first, (200, "1 = Nederlands. 2 = English.".to_owned()));
    assert_eq!(text(&world, "one", 0, "hello").await, first);
    // The neutral answer goes to a sender once in ten minutes.
    assert_eq!(text(&world, "two", 0, "hello").await, (200, String::new()));
    // Brought again too late: whatever was said before was not delivered, and is not said now.
    world.pass_s(61);
    assert_eq!(text(&world, "one", 61, "hello").await, (200, String::new()));
    assert_eq!(world.counts().await.iter().filter(|(key, n)| key == "text/unknown" && *n == 1).count(), 1);
}

#[tokio::test]
async fn a_get_is_answered_too_and_other_methods_are_told() {
    let world = world().await;
    let time = world.now().as_second();
    let target = format!("/kannel/sms?k={SECRET}&id=get&time={time}&from=%2B447700900187&text=HELP&coding=0");
    let (status, body, _) = ask(&world, Request::get(&target), "").await;
    assert!(status == 200 && body.starts_with(CODES), "{body}");
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS"] {
        let (status, body, answer) = ask(&world, Request::builder().method(method).uri(&target), "").await;
        assert_eq!((status, answer.headers()["allow"].to_str().unwrap()), (405, "GET, POST"), "{method}: {body}");
    }
    let (status, _, answer) = ask(&world, Request::get("/twilio/sms"), "").await;
    assert_eq!((status, answer.headers()["allow"].to_str().unwrap()), (405, "POST"));
}

#[tokio::test]
async fn strangers_and_too_much_are_refused_and_nothing_is_repeated() {
    let world = world().await;
    let time = world.now().as_second();
    let rest = format!("id=1&time={time}&from=%2B447700900187");
    let long = "x".repeat(2048);
    let large = "x".repeat(64 * 1024 + 1);
    for (target, body, expected) in [
        (format!("/kannel/sms?k=kannel-wrong-secret&{rest}"), "HELP", 403),
        (format!("/kannel/sms?{rest}"), "HELP", 403),
        ("/kannel/sms".to_owned(), "HELP", 403),
        (format!("/kannel/sms?k={SECRET}"), "HELP", 400),
        (format!("/kannel/sms?k={SECRET}&{rest}&more={long}"), "HELP", 414),
        (format!("/kannel/sms?k={SECRET}&{rest}"), large.as_str(), 413),
        (format!("/kannel/sms/?k={SECRET}&{rest}"), "HELP", 404),
    ] {
        let (status, said, _) = ask(&world, Request::post(&target), body).await;
        assert_eq!(status, expected, "{said}");
        for secret in [SECRET, "wrong-secret", "7700900187", "HELP"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

/// Kannel's secret opens Kannel's door only, and Twilio's signature Twilio's.
#[tokio::test]
async fn one_door_does_not_open_the_other() {
    let world = world().await;
    let form =
        [("MessageSid", "SM1"), ("AccountSid", common::ACCOUNT), ("From", CALLER), ("To", OWN), ("Body", "HELP")];
    let (status, body) = world.post("/twilio/sms", &form).await;
    assert!(status == 200 && body.contains(CODES), "{body}");
    let (status, _) = world.send(&format!("/twilio/sms?k={SECRET}"), &form, None).await;
    assert_eq!(status, 403);
    let (status, _) = world.post("/kannel/sms", &form).await;
    assert_eq!(status, 403);
}

/// Beyond the requests at once: Kannel brings the text again, so it is told to.
#[tokio::test]
async fn under_overload_kannel_is_told_to_come_again() {
    let mut world = world().await;
    let held = hulplijn::cli::assemble::door(
        &world.config,
        std::sync::Arc::clone(&world.switchboard),
        std::sync::Arc::new(jiff::Timestamp::now),
        false,
    )
    .ok()
    .unwrap();
    held.room.close();
    world.router = hulplijn::server::public_router(std::sync::Arc::new(held));
    let time = jiff::Timestamp::now().as_second();
    let request = Request::post(format!("/kannel/sms?k={SECRET}&id=1&time={time}&from=%2B447700900187"));
    let (status, body, _) = ask(&world, request, "HELP").await;
    assert_eq!((status, body.as_str()), (503, ""));
}
