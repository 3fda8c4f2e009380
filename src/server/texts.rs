//! The webhooks of texts, one way for every provider: read, answer or not, write.

use super::metrics::{Kind, Request as Asked};
use super::webhook::{Answer, Door, prove, received, respond, wrong_method};
use crate::provider::{Reply, TextDoor};
use crate::switchboard::TextAnswer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request};
use axum::routing::{MethodRouter, any};
use std::sync::Arc;

/// The route of one text door.
pub(super) fn route(texts: Arc<dyn TextDoor>) -> MethodRouter<Arc<Door>> {
    any(move |State(door): State<Arc<Door>>, request: Request<Body>| text(door, texts, request))
}

async fn text(door: Arc<Door>, texts: Arc<dyn TextDoor>, request: Request<Body>) -> Answer {
    if !texts.methods().contains(&request.method().as_str()) {
        return wrong_method(texts.methods());
    }
    let (parts, body) = match door.whole(request).await {
        Ok(whole) => whole,
        Err(refusal) => return refusal,
    };
    let text = match texts.read(&received(&parts, &body)) {
        Ok(text) => text,
        Err(refused) => return door.refused(&refused),
    };
    prove(&parts);
    let answer = match text {
        None => Some(TextAnswer::Nothing),
        Some(text) => {
            let (switchboard, now) = (Arc::clone(&door.switchboard), (door.clock)());
            door.work(&door.room, async move { switchboard.text(&text, now).await }).await
        }
    };
    door.metrics.requests.get_or_create(&Asked { kind: Kind::text }).inc();
    let reply = match answer {
        Some(TextAnswer::Words(words)) => texts.write(Some(&words)),
        Some(TextAnswer::Nothing) => texts.write(None),
        Some(TextAnswer::Late) => {
            door.metrics.late_texts.inc();
            texts.write(None)
        }
        None => texts.not_now(),
    };
    written(reply)
}

fn written(reply: Reply) -> Answer {
    let mut answer = respond(reply.status, reply.content_type, reply.body);
    for (name, value) in reply.headers {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}
