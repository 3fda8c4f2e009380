//! What the console is handed: the lines that can be called.

use crate::base::{Finding, Language, Sources};
use crate::menu::Hotline;
use crate::phone::{FetchFailure, PhoneConfig, Request, Response};
use crate::switchboard::Outlook;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::pin::Pin;

/// Something that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which hotline is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// What callers hear now.
    #[default]
    Line,
    /// The folder of menu files, where it is not on the line (yet).
    Folder,
}

/// A hotline that can be called, or the reason why it cannot.
#[derive(Clone, Debug)]
pub struct Offer {
    pub which: Which,
    /// What it is, in a few words: `on the line, revision 5d0c...`.
    pub label: String,
    pub languages: Vec<Language>,
    /// What keeps it from being called; empty when it can be.
    pub errors: Vec<Finding>,
    pub sources: Sources,
}

/// Which line, and when.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    pub which: Which,
    /// The moment at the hotline's place at which the call begins; now if unset.
    pub at: Option<DateTime>,
    /// Nobody is on duty, whatever the opening hours say.
    pub closed: bool,
}

/// Gives lines to call.
pub trait Lines: Send + Sync {
    /// What can be called now, the line first.
    fn offers(&self) -> Pending<'_, Vec<Offer>>;
    /// A line of its own for one call or one text.
    ///
    /// # Errors
    /// Why there is none, for the operator.
    fn open(&self, wish: Wish) -> Pending<'_, Result<Box<dyn Line>, String>>;
    /// The tree as a picture (SVG), where there is one.
    fn picture(&self, _which: Which) -> Pending<'_, Option<String>> {
        Box::pin(async { None })
    }
}

/// A sound that may be played.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownSound {
    /// How long it is, in milliseconds.
    pub ms: u64,
    /// What is said in it.
    pub words: Option<String>,
    /// The tag of the language it is in.
    pub language: Option<String>,
}

/// A line for one call, with a clock of its own that runs with the call.
pub trait Line: Send + Sync {
    fn hotline(&self) -> &Hotline;
    /// Everything that `check` finds in its files.
    fn findings(&self) -> (&[Finding], &Sources);
    /// When the call begins, at the hotline's place.
    fn begins(&self) -> DateTime;
    /// The call as a provider would place it: numbers reserved for fiction, and the line's address.
    fn phone(&self) -> PhoneConfig;
    /// Carries a request there. `now_ms`: since the call began.
    fn send<'a>(&'a self, request: &'a Request, now_ms: u64) -> Pending<'a, Result<Response, FetchFailure>>;
    /// Where the call is after this answer, and what each key would do; `None` when the answer asks for no key.
    fn outlook<'a>(&'a self, answer: &'a [u8], now_ms: u64) -> Pending<'a, Option<Outlook>>;
    /// What is known of the sound at this address.
    fn sound(&self, _url: &str) -> Option<KnownSound> {
        None
    }
    /// Sends a text. `Ok(None)`: nothing is answered.
    fn text<'a>(&'a self, body: &'a str) -> Pending<'a, Result<Option<String>, String>>;
}
