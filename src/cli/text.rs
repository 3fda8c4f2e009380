//! `hulplijn text`: sends a text and shows the answer.

use super::call::{HERE, Line};
use super::exchange::Network;
use super::player::Exchange;
use super::{Done, Failure, assemble, screen};
use crate::base::gsm7;
use crate::phone::{Leg, Purpose, Request, Response};
use crate::twiml::{Method, ReadVerb, read_messaging};
use std::path::PathBuf;

/// The text goes through the real line inside this program (or, with --url, to any messaging address). Nothing is sent.
///
/// Examples:
///   hulplijn text "HELP"
///   hulplijn text "2 3 1"
///   hulplijn text "112"
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The text
    body: String,
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    #[arg(long, value_name = "DIR")]
    menus: Option<PathBuf>,
    /// Send it to this address instead of the line inside the program
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Sign the request to --url as the provider does, with this token
    #[arg(long, value_name = "TOKEN", env = "HULPLIJN_TWILIO_AUTH_TOKEN", hide_env_values = true)]
    auth_token: Option<String>,
    /// The account to name in the request
    #[arg(long, value_name = "SID", requires = "url", default_value = "AC00000000000000000000000000000000")]
    account_sid: String,
    /// The sender's number, from a range reserved for fiction
    #[arg(long, value_name = "NUMBER", default_value = "+12025550123")]
    from: String,
}

pub fn run(arguments: Arguments) -> Done {
    super::block_on(text(arguments))
}

async fn text(arguments: Arguments) -> Done {
    let request = request(&arguments.account_sid, &arguments.from, &arguments.body, arguments.url.clone());
    let answer = match arguments.url {
        Some(_) => {
            let network = Network::new(arguments.auth_token);
            network
                .map_err(|error| Failure::cannot(format!("cannot use the network: {error}")))?
                .send(&request, 0)
                .await
        }
        None => Line::start(None, arguments.menus, None)?.exchange.send(&request, 0).await,
    };
    match read(&answer.map_err(|why| Failure::cannot(format!("no answer came ({why:?})")))?)? {
        Sent::Nothing => screen::line("(no answer is sent)"),
        Sent::Words(words) => {
            screen::line(&words);
            let segments = gsm7::segments(&words);
            screen::line(&format!(
                "({} in {} part{})",
                units(&segments),
                segments.parts,
                if segments.parts == 1 { "" } else { "s" }
            ));
        }
    }
    Ok(())
}

/// A text as a provider brings it; without an address, to the line inside this program.
pub(super) fn request(account: &str, from: &str, body: &str, url: Option<String>) -> Request {
    let sid = format!("SM{:032x}", u128::from_be_bytes(assemble::random()));
    let pairs = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", account),
        ("From", from),
        ("To", assemble::DEMONSTRATION_NUMBER),
        ("Body", body),
        ("NumMedia", "0"),
    ];
    Request {
        id: 1,
        leg: Leg::Caller,
        purpose: Purpose::Document,
        method: Method::Post,
        url: url.unwrap_or_else(|| format!("{HERE}/twilio/sms")),
        params: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        cookies: Vec::new(),
    }
}

/// What is sent back to a text.
pub(super) enum Sent {
    Nothing,
    Words(String),
}

/// What this answer sends.
///
/// # Errors
/// An answer that is no document, or a refusal.
pub(super) fn read(answer: &Response) -> Result<Sent, Failure> {
    if answer.status != 200 {
        let body = String::from_utf8_lossy(&answer.body);
        return Err(Failure::not_good(format!("the address answered {}: {}", answer.status, body.trim_end())));
    }
    let document =
        read_messaging(&answer.body).map_err(|error| Failure::not_good(format!("the answer is not TwiML: {error}")))?;
    let words = document.verbs.into_iter().find_map(|verb| match verb {
        ReadVerb::Message(message) => Some(message.body),
        _ => None,
    });
    Ok(words.map_or(Sent::Nothing, Sent::Words))
}

fn units(segments: &gsm7::Segments) -> String {
    match segments.encoding {
        gsm7::Encoding::Gsm7 => format!("{} septets", segments.units),
        gsm7::Encoding::Ucs2 => format!("{} UCS-2 units", segments.units),
    }
}
