//! The events of a text.

use super::{Switchboard, lock};
use crate::menu::Hotline;
use crate::provider::Text;
use crate::sms::{self, TextCount};
use crate::store::CountKey;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is sent for a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextAnswer {
    /// The one direct answer.
    Words(Arc<str>),
    Nothing,
    /// Nothing, since its time is too far from ours.
    Late,
}

impl Switchboard {
    /// The answer to this text.
    pub async fn text(&self, text: &Text, now: Timestamp) -> TextAnswer {
        if text.answered_by_provider {
            return TextAnswer::Nothing;
        }
        // Before the memory of answers: what was right to say a minute ago is not any more.
        if text.sent_at.is_some_and(|sent_at| !sms::in_time(sent_at, now)) {
            return TextAnswer::Late;
        }
        let words = self.texts.once(text.id.as_str(), now, async { self.reply(text, now) }).await;
        words.map_or(TextAnswer::Nothing, TextAnswer::Words)
    }

    fn reply(&self, text: &Text, now: Timestamp) -> Option<Arc<str>> {
        let hotline = self.hotlines.live();
        let sender = {
            let salts = lock(&self.salts);
            text.from.number().map_or(0, |number| salts.today.hash(number.expose()))
        };
        let outcome = {
            let mut limiter = lock(&self.limiter);
            sms::reply(&hotline, &mut limiter, &self.setup.texts, &text.from, sender, &text.body, now)
        };
        if outcome.silent == Some(sms::Why::Ceiling) {
            // Once a day: a line for each text would tell when texts come.
            if !self.ceiling_told.swap(true, Ordering::Relaxed) {
                tracing::warn!("the daily ceiling of texts is reached: only 112 is answered until tomorrow");
            }
        }
        for count in &outcome.counts {
            self.store.count(hotline.day(now), key(&hotline, *count));
        }
        outcome.text.map(Arc::from)
    }
}

fn key(hotline: &Hotline, count: TextCount) -> CountKey {
    match count {
        TextCount::Code => CountKey::text("code"),
        TextCount::Keyword => CountKey::text("keyword"),
        TextCount::Emergency => CountKey::text("emergency"),
        TextCount::Unknown => CountKey::text("unknown"),
        TextCount::Last => CountKey::text("last"),
        TextCount::Language(language) => CountKey::language(hotline.language(language)),
    }
}
