//! What every door for texts does: read a request, write its answer. The order of it is the server's and the
//! switchboard's, the same for all; a new provider of texts is a file here and a line in the table of doors.

use super::{Door, Text};
use hyper::StatusCode;
use hyper::header::HeaderMap;

/// A request as it came, whole and within the limits of the server. Nothing in it is believed yet.
#[derive(Clone, Copy)]
pub struct Received<'r> {
    pub method: &'r str,
    /// Path and query, as they were sent.
    pub target: &'r str,
    pub headers: &'r HeaderMap,
    pub body: &'r [u8],
}

impl<'r> Received<'r> {
    /// What stands behind the `?`; empty without one.
    pub fn query(&self) -> &'r str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of this header. Two are none: which one would be meant?
    pub fn header(&self, name: &str) -> Option<&'r str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        values.next().is_none().then(|| first.to_str().ok())?
    }
}

/// Why a request is not answered. The line is for whoever set up the provider; nothing of the request stands in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub line: String,
}

impl Refused {
    pub fn new(status: StatusCode, line: impl Into<String>) -> Refused {
        Refused { status, line: line.into() }
    }
}

/// An answer in the provider's form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: String,
}

/// A door for texts.
pub trait TextDoor: Send + Sync {
    /// Its line in the table of doors.
    fn door(&self) -> &'static Door;

    /// Where its requests arrive, such as `/twilio/sms`.
    fn path(&self) -> &'static str;

    /// The methods of its requests.
    fn methods(&self) -> &'static [&'static str];

    /// Makes sure that the request is the provider's, and says it in our words. `None`: there is nothing to answer.
    ///
    /// # Errors
    /// A request that is not the provider's, or that nothing can be made of.
    fn read(&self, request: &Received<'_>) -> Result<Option<Text>, Refused>;

    /// The one direct answer, or none.
    fn write(&self, words: Option<&str>) -> Reply;

    /// What is said when we cannot answer now: too much to do, or something of ours failed.
    fn not_now(&self) -> Reply;
}
