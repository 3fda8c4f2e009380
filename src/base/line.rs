//! Lines of the desk: whom a counsellor is rung as, and how she takes a call.

use super::E164;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A counsellor's line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub callee: Callee,
    pub accept: Accept,
    /// How long it rings, in seconds, 5 to 60.
    pub ring_s: u8,
}

/// Who is at the desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Callee {
    Number(E164),
    Sip(SipAddress),
    /// Nobody real: the demonstration's counsellor, at an address that cannot exist (RFC 2606, `.invalid`).
    Pretend,
}

/// How a counsellor takes a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accept {
    /// By pressing 1 after the whisper: a voicemail cannot do that.
    Key,
    /// By picking up. For lines without voicemail, and for doors that cannot whisper.
    Pickup,
}

/// A SIP address of the desk (RFC 3261, section 19.1): `sip:` or `sips:`, a user, `@`, a host, perhaps a port. It prints
/// itself masked, as a number does; only [`SipAddress::expose`] shows it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SipAddress(String);

impl SipAddress {
    /// At most this many bytes (twiml reference 2.8: the shortest limit of a noun).
    pub const MAX: usize = 255;

    /// `None` for anything else, also for parameters, headers and passwords, which a caller's telephone could read.
    pub fn new(text: &str) -> Option<SipAddress> {
        let (scheme, rest) = text.split_once(':')?;
        let (user, host) = rest.split_once('@')?;
        let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
        let user_fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        let host_fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        let well_formed = matches!(scheme, "sip" | "sips")
            && text.len() <= Self::MAX
            && !user.is_empty()
            && user.chars().all(user_fits)
            && host.chars().all(host_fits)
            && host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && port.is_none_or(|port| port.len() <= 5 && port.parse::<u16>().is_ok_and(|port| port > 0));
        well_formed.then(|| SipAddress(text.to_owned()))
    }

    /// The address itself. Only a provider's file has a reason to call this: to dial.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SipAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sip:***")
    }
}

/// Whom a caller may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    Woman,
    Man,
}

/// The name by which the rota, the leases and the audit trail know a counsellor: 1 to 32 of `a-z`, `0-9`, `-`, `_`. No
/// name of a person has to stand here; `desk-1` will do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CounsellorId(Arc<str>);

impl CounsellorId {
    /// At most this many bytes.
    pub const MAX: usize = 32;

    pub fn new(text: &str) -> Option<CounsellorId> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        ((1..=Self::MAX).contains(&text.len()) && text.bytes().all(fits)).then(|| CounsellorId(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CounsellorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A counsellor's place at the desk, 0 to 63.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CounsellorIx(pub u8);

/// Some of the counsellors: a bit each, by their place at the desk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CounsellorSet(pub u64);

impl CounsellorSet {
    /// At most this many counsellors at one desk.
    pub const MOST: usize = 64;

    /// False if she is in it already, or cannot be.
    pub fn insert(&mut self, one: CounsellorIx) -> bool {
        let bit = 1_u64.checked_shl(u32::from(one.0)).unwrap_or(0);
        let new = bit != 0 && self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    pub fn contains(self, one: CounsellorIx) -> bool {
        self.0 & 1_u64.checked_shl(u32::from(one.0)).unwrap_or(0) != 0
    }

    /// Those of both.
    pub fn with(self, other: CounsellorSet) -> CounsellorSet {
        CounsellorSet(self.0 | other.0)
    }

    pub fn without(self, other: CounsellorSet) -> CounsellorSet {
        CounsellorSet(self.0 & !other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of their places.
    pub fn iter(self) -> impl Iterator<Item = CounsellorIx> {
        (0..64).map(CounsellorIx).filter(move |one| self.contains(*one))
    }
}

impl FromIterator<CounsellorIx> for CounsellorSet {
    fn from_iter<I: IntoIterator<Item = CounsellorIx>>(some: I) -> CounsellorSet {
        let mut set = CounsellorSet::default();
        for one in some {
            set.insert(one);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        let case = |text: &str, fits: bool| assert_eq!(SipAddress::new(text).is_some(), fits, "{text}");
        case("sip:desk-1@phones.example.org", true);
        case("sips:200@192.0.2.7:5061", true);
        case("sip:desk@phones.example.org;transport=tls", false);
        case("sip:desk:secret@phones.example.org", false);
        case("sip:@phones.example.org", false);
        case("sip:desk@", false);
        case("sip:desk@a:0", false);
        case("sip:desk@a:99999", false);
        case("tel:+12025550101", false);
        case(&format!("sip:{}@a", "x".repeat(260)), false);
    }

    #[test]
    fn a_line_prints_without_its_number() {
        let printed = format!("{:?}", SipAddress::new("sip:desk-1@phones.example.org"));
        assert_eq!(printed, "Some(sip:***)");
    }

    #[test]
    fn names_of_the_rota() {
        let case = |text: &str, fits: bool| assert_eq!(CounsellorId::new(text).is_some(), fits, "{text}");
        case("anna", true);
        case("desk-1_b", true);
        case("", false);
        case("Anna", false);
        case("anna b", false);
        case(&"a".repeat(33), false);
    }
}
