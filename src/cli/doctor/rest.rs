//! The provider's REST interface: whether it answers us. Only the account is asked for; nobody is called.

use super::Seen;
use crate::cli::config::Config;
use crate::provider::twilio::rest::{Rest, RestError};

const TOPIC: &str = "desk";

/// What a caller meets where it does not answer.
const OR_ELSE: &str = "without it no counsellor is called for a caller who asks for a person";

/// One question, at most ten seconds. Nothing where no REST interface is configured.
pub(super) async fn look(config: &Config) -> Option<Seen> {
    let answered = match Rest::new(config.rest.clone()?) {
        Ok(rest) => rest.answers().await,
        Err(_) => {
            let todo = format!("see that the system has its certificates, such as `ca-certificates`: {OR_ELSE}");
            return Some(Seen::wrong(TOPIC, "the provider's REST interface cannot be asked from here", todo));
        }
    };
    Some(match answered {
        Ok(()) => Seen::ok(TOPIC, "the provider's REST interface answers us: callers keep their keys while it rings"),
        Err(RestError::Refused { status: 401 | 403, .. }) => {
            let todo = format!("look at `[twilio] rest_key`, `rest_secret` and `account_sid`: {OR_ELSE}");
            Seen::wrong(TOPIC, "the provider's REST interface does not believe us", todo)
        }
        Err(RestError::Refused { status: 404, .. }) => {
            let todo = format!("look at `[twilio] rest` and `account_sid`: {OR_ELSE}");
            Seen::wrong(TOPIC, "the provider's REST interface knows no such account", todo)
        }
        Err(error) => {
            let todo = format!("look at `[twilio] rest`, and whether this machine may reach it: {OR_ELSE}");
            Seen::wrong(TOPIC, error.to_string(), todo)
        }
    })
}

/// As [`look`], when nothing is to be asked over the network.
pub(super) fn not_asked(config: &Config) -> Option<Seen> {
    config.rest.as_ref()?;
    let todo = "run it without `--offline` before you rely on the line";
    Some(Seen::look(TOPIC, "the provider's REST interface was not asked", todo))
}
