//! `X-Twilio-Signature`: was this request made by somebody who knows our token (twiml reference 7.1;
//! <https://www.twilio.com/docs/usage/security>).
//!
//! The message is the full address, then for each parameter name in byte order the name and its values, sorted and
//! each once, with nothing in between. The address is the public one as configured, with path and query exactly as
//! they stood in the request. A signature has no time in it: a request can be sent again, and must mean the same then.

use super::form::{Form, FormError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What checks requests: the secrets that a request may be signed with. It prints itself without them.
pub struct Verifier {
    /// The auth token, and during a roll-over the next one.
    tokens: Vec<Secret>,
    /// Secrets of shared keys, for `HMAC_SHA256`.
    shared: Vec<Secret>,
}

type Secret = Zeroizing<String>;

/// The two headers that matter, as they were sent.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `X-Twilio-Signature`.
    pub signature: Option<&'a str>,
    /// `X-Twilio-Webhooks-Signature-Settings`, such as `key=...,algorithm=HMAC_SHA256`.
    pub settings: Option<&'a str>,
}

/// Why a request is not believed. No message shows a secret, the signature, or what it should have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the request has no `X-Twilio-Signature`")]
    NoSignature,
    #[error(
        "the signature is not the right one: compare the auth token, and `public_url` with the address at the provider"
    )]
    WrongSignature,
    #[error("the request is signed in a way that is not known: expected `HMAC_SHA1` or `HMAC_SHA256`")]
    UnknownAlgorithm,
    #[error("the request is signed with a shared key, and none is configured")]
    NoSharedKey,
    #[error("the body of the request is not the one that was signed")]
    Body,
    #[error("the method of the request is neither `POST` nor `GET`")]
    Method,
    #[error("the address of the request cannot be put together from `public_url` and its path")]
    Address,
    #[error(transparent)]
    Form(#[from] FormError),
}

/// An empty secret, with which anybody could sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a secret for signatures is empty: expected the auth token of the account at the provider")]
pub struct EmptySecret;

impl Verifier {
    /// Checks with the auth token.
    ///
    /// # Errors
    /// The token is empty.
    pub fn new(token: &str) -> Result<Verifier, EmptySecret> {
        Ok(Verifier { tokens: vec![secret(token)?], shared: Vec::new() })
    }

    /// Accepts this token too: the next one, while tokens are rolled over.
    ///
    /// # Errors
    /// The token is empty.
    pub fn or_token(mut self, next: &str) -> Result<Verifier, EmptySecret> {
        self.tokens.push(secret(next)?);
        Ok(self)
    }

    /// Accepts signatures with this shared key's secret too (`HMAC_SHA256`). Which key the header names is not asked:
    /// every secret is tried.
    ///
    /// # Errors
    /// The secret is empty.
    pub fn or_shared_key(mut self, key: &str) -> Result<Verifier, EmptySecret> {
        self.shared.push(secret(key)?);
        Ok(self)
    }

    /// Whether the request was signed with one of our secrets: as [`Verifier::verify_form`], where nobody has read the
    /// body yet.
    ///
    /// # Errors
    /// Why the request is not to be believed.
    pub fn verify(
        &self,
        method: &str,
        public_url_base: &str,
        raw_target: &str,
        headers: Headers<'_>,
        raw_body: &[u8],
    ) -> Result<(), Refusal> {
        // A body that is not a form is signed by its hash.
        let form = match body_hash(raw_target) {
            None => Form::parse(raw_body)?,
            Some(_) => Form::default(),
        };
        self.verify_form(method, public_url_base, raw_target, headers, raw_body, &form)
    }

    /// Whether the request, with this form in its body, was signed with one of our secrets.
    ///
    /// `public_url_base` is the scheme, host, port and path prefix that the provider is configured with; user
    /// information and a fragment in it are dropped, as the provider does. `raw_target` is path and query as they were
    /// sent, `raw_body` the body as it was sent, `form` what [`Form::parse`] makes of it. The time it takes tells nothing
    /// of the secrets: at most which of them, and which form of the address, a right signature was made with.
    ///
    /// # Errors
    /// Why the request is not to be believed.
    pub fn verify_form(
        &self,
        method: &str,
        public_url_base: &str,
        raw_target: &str,
        headers: Headers<'_>,
        raw_body: &[u8],
        form: &Form,
    ) -> Result<(), Refusal> {
        let signature = headers.signature.filter(|text| !text.is_empty()).ok_or(Refusal::NoSignature)?;
        let algorithm = Algorithm::named_in(headers.settings.unwrap_or_default())?;
        let secrets = match algorithm {
            Algorithm::Sha1 => &self.tokens,
            Algorithm::Sha256 if self.shared.is_empty() => return Err(Refusal::NoSharedKey),
            Algorithm::Sha256 => &self.shared,
        };
        let addresses = addresses(public_url_base, raw_target).ok_or(Refusal::Address)?;
        let parameters = match (method, body_hash(raw_target)) {
            ("GET", _) if raw_body.is_empty() => Vec::new(),
            ("GET", _) => return Err(Refusal::Body),
            ("POST", None) => sorted(form.parameters()),
            ("POST", Some(expected)) if expected == hex(&Sha256::digest(raw_body)) => Vec::new(),
            ("POST", Some(_)) => return Err(Refusal::Body),
            _ => return Err(Refusal::Method),
        };
        let right = addresses.iter().any(|address| {
            secrets.iter().any(|secret| {
                let expected = algorithm.sign(secret, address, &parameters);
                bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
            })
        });
        if right { Ok(()) } else { Err(Refusal::WrongSignature) }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({} tokens, {} shared keys)", self.tokens.len(), self.shared.len())
    }
}

/// The signature a provider puts on a request: for playing the provider. `url` is signed as it stands; `params` are the
/// decoded parameters of a form, none for a `GET`.
pub fn sign<N: AsRef<str>, V: AsRef<str>>(token: &str, url: &str, params: &[(N, V)]) -> String {
    let parameters = params.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    Algorithm::Sha1.sign(token, &[url], &sorted(parameters))
}

#[derive(Clone, Copy)]
enum Algorithm {
    Sha1,
    Sha256,
}

impl Algorithm {
    /// No header, or no algorithm in it, is the older one.
    fn named_in(settings: &str) -> Result<Algorithm, Refusal> {
        let name = settings.split(',').find_map(|setting| {
            let (name, value) = setting.split_once('=')?;
            (name.trim() == "algorithm" && !value.trim().is_empty()).then(|| value.trim())
        });
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("HMAC_SHA1") => Ok(Algorithm::Sha1),
            Some("HMAC_SHA256") => Ok(Algorithm::Sha256),
            Some(_) => Err(Refusal::UnknownAlgorithm),
        }
    }

    /// The address is given in pieces.
    fn sign(self, secret: &str, address: &[&str], parameters: &[(&str, &str)]) -> String {
        match self {
            Algorithm::Sha1 => mac::<Hmac<Sha1>>(secret, address, parameters),
            Algorithm::Sha256 => mac::<Hmac<Sha256>>(secret, address, parameters),
        }
    }
}

fn mac<M: Mac + KeyInit>(secret: &str, address: &[&str], parameters: &[(&str, &str)]) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    let parameters = parameters.iter().flat_map(|(name, value)| [*name, *value]);
    for piece in address.iter().copied().chain(parameters) {
        mac.update(piece.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn secret(text: &str) -> Result<Secret, EmptySecret> {
    if text.is_empty() { Err(EmptySecret) } else { Ok(Zeroizing::new(text.to_owned())) }
}

/// Each name in byte order, in front of each of its values in byte order, equal values once.
fn sorted<'p>(parameters: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<(&'p str, &'p str)> {
    let mut sorted: Vec<_> = parameters.collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// The address, in pieces, as it is configured, and then without a port or with one: the provider leaves it out for some
/// requests and not for others.
fn addresses<'a>(base: &'a str, raw_target: &'a str) -> Option<[[&'a str; 7]; 2]> {
    let (base, _) = base.split_once('#').unwrap_or((base, ""));
    let (scheme, rest) = base.split_once("://")?;
    let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (_, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    // The colons of an IPv6 address stand between brackets.
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_port, ""),
    };
    if host.is_empty() || base.contains('?') || !raw_target.starts_with('/') {
        return None;
    }
    let usual = if scheme == "https" { "443" } else { "80" };
    let prefix = prefix.trim_end_matches('/');
    let without = [scheme, "://", host, "", "", prefix, raw_target];
    let with = |port| [scheme, "://", host, ":", port, prefix, raw_target];
    Some(if port.is_empty() { [without, with(usual)] } else { [with(port), without] })
}

/// The hash of the body that the query names, for bodies that are not forms.
fn body_hash(raw_target: &str) -> Option<&str> {
    let (_, query) = raw_target.split_once('?')?;
    query.split('&').find_map(|parameter| parameter.strip_prefix("bodySHA256="))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const TOKEN: &str = "12345";
    const P: &[(&str, &str)] = &[
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const JSON: &str = r#"{"property": "value", "boolean": true}"#;
    const JSON_HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    const EMPTY_JSON_HASH: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    const FIRST: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn encode(params: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
    }

    fn split(url: &str) -> (&str, &str) {
        let path = url.find("://").unwrap() + 3;
        url.split_at(path + url[path..].find('/').unwrap())
    }

    fn verify(method: &str, url: &str, signature: &str, body: &str) -> Result<(), Refusal> {
        let (base, target) = split(url);
        let headers = Headers { signature: Some(signature), settings: None };
        Verifier::new(TOKEN).unwrap().verify(method, base, target, headers, body.as_bytes())
    }

    /// The numbers are those of the table in the reference. Each is signed alike and verified; number 7 and 21 below.
    #[test]
    fn vectors() {
        let case = |row: u8, url: &str, params: &[(&str, &str)], signature: &str| {
            assert_eq!(sign(TOKEN, url, params), signature, "{row}");
            assert_eq!(verify("POST", url, signature, &encode(params)), Ok(()), "{row}");
        };
        let url = |address: &str| format!("{address}/myapp.php?foo=1&bar=2");
        case(1, URL, P, FIRST);
        case(2, &url("https://mycompany.com:443"), P, "kvajT1Ptam85bY51eRf/AJRuM3w=");
        case(3, &url("http://mycompany.com"), P, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4=");
        case(4, &url("http://mycompany.com:80"), P, "0ZXoZLH/DfblKGATFgpif+LLRf4=");
        case(5, &url("http://mycompany.com:1234"), P, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
        case(6, &url("https://mycompany.com:1234"), P, "CYn1h0gLBdNxDGkKJg6hYohgeD8=");
        let repeated =
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")];
        case(8, URL, &repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
        let bindings = [("MessagingBinding.Address", "+1325xxxxxxx"), ("MessagingBinding.Address", "+1415xxxxxxx")];
        case(9, URL, &bindings, "83O6e2vORAoJHUNzJjDWN1jz+BA=");
        case(11, &format!("{URL}&Body=It's+amazing"), P, "dsq4Ehbj6cs+KdTkpF5sSSplOWw=");
        case(12, &format!("{URL}&Body=It%27s+amazing"), P, "TfZzewPq8wqrGlMfyAud8+/IvJ0=");
        let mut other = P.to_vec();
        (other[1].1, other[3].1) = ("+14158675310", "+14158675310");
        case(16, &url("https://example.com"), &other, "L/OH5YylLD5NRKLltdqwSvS0BnU=");
        let text = [("Body", "Hallo wereld é 😀"), ("From", "+31600000000"), ("MediaUrl0", ""), ("To", "+31850000000")];
        case(17, "https://example.org/sms", &text, "z2Ac2vMzadGmW1EwV5qYsJQUPU0=");
        case(18, "https://example.org/sms", &[("A", ""), ("B", "x")], "MJLu1+5I44AcHkJqx/L6jpbnhwg=");
        let mixed = [("a", "1"), ("B", "2"), ("From", "x"), ("FromCity", "y"), ("FromCountry", "z")];
        case(19, "https://example.org/sms", &mixed, "ziQXETg0necBZI5lRTsQ4wyify4=");
        let start = [
            ("CallSid", "CA00000000000000000000000000000001"),
            ("CallStatus", "ringing"),
            ("From", "+31612345678"),
            ("To", "+31850000001"),
        ];
        case(20, "http://127.0.0.1:8080/voice/start", &start, "vNeAST872yc1q3wEIyRbVG2ByV4=");
    }

    #[test]
    fn vector_7_user_information_is_signed_by_no_provider() {
        let url = "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign(TOKEN, url, P), "CukzLTc1tT5dXEDIHm/tKBanW10=");
        assert_eq!(verify("POST", url, FIRST, &encode(P)), Ok(()));
        assert_eq!(verify("POST", url, "CukzLTc1tT5dXEDIHm/tKBanW10=", &encode(P)), Err(Refusal::WrongSignature));
    }

    #[test]
    fn vector_10_a_get_has_only_its_address() {
        assert_eq!(sign::<&str, &str>(TOKEN, URL, &[]), "zYQTYrRWXE7LtzbG4PfP7/bkkGo=");
        assert_eq!(verify("GET", URL, "zYQTYrRWXE7LtzbG4PfP7/bkkGo=", ""), Ok(()));
        assert_eq!(verify("GET", URL, "zYQTYrRWXE7LtzbG4PfP7/bkkGo=", "Digits=1"), Err(Refusal::Body));
        assert_eq!(verify("PUT", URL, "zYQTYrRWXE7LtzbG4PfP7/bkkGo=", ""), Err(Refusal::Method));
    }

    #[test]
    fn vectors_13_to_15_a_body_that_is_no_form() {
        let case = |url: String, body: &str, signature: &str| {
            assert_eq!(sign::<&str, &str>(TOKEN, &url, &[]), signature);
            assert_eq!(verify("POST", &url, signature, body), Ok(()), "{url}");
            assert_eq!(verify("POST", &url, signature, &format!("{body} ")), Err(Refusal::Body), "{url}");
            assert_eq!(verify("POST", &url, signature, ""), Err(Refusal::Body), "{url}");
            let changed = url.replace("bodySHA256=", "bodySHA256=0");
            assert_eq!(verify("POST", &changed, signature, body), Err(Refusal::Body), "{url}");
            assert_eq!(
                verify("POST", &url.replace("bodySHA256", "bodySHA25"), signature, body),
                Err(Refusal::WrongSignature)
            );
        };
        case(format!("{URL}&bodySHA256={JSON_HASH}"), JSON, "a9nBmqA0ju/hNViExpshrM61xv4=");
        case(format!("https://mycompany.com/myapp.php?bodySHA256={JSON_HASH}"), JSON, "y77kIzt2vzLz71DgmJGsen2scGs=");
        let with_port = URL.replace(".com", ".com:443");
        case(format!("{with_port}&bodySHA256={EMPTY_JSON_HASH}"), "{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc=");
    }

    #[test]
    fn vector_21_and_the_settings_header() {
        const SHARED: &str = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=";
        let (base, target) = split(URL);
        let body = encode(P);
        let case = |settings: Option<&str>, signature: &str, expected: Result<(), Refusal>| {
            let verifier = Verifier::new("other").unwrap().or_token(TOKEN).unwrap().or_shared_key(TOKEN).unwrap();
            let headers = Headers { signature: Some(signature), settings };
            assert_eq!(verifier.verify("POST", base, target, headers, body.as_bytes()), expected, "{settings:?}");
        };
        case(Some("key=K1,algorithm=HMAC_SHA256"), SHARED, Ok(()));
        case(Some("key=K1, algorithm = hmac_sha256"), SHARED, Ok(()));
        case(Some("key=K1,algorithm=HMAC_SHA256"), FIRST, Err(Refusal::WrongSignature));
        case(Some("key=K1,algorithm=HMAC_SHA1"), FIRST, Ok(()));
        case(Some("key=K1,algorithm="), FIRST, Ok(()));
        case(Some(""), FIRST, Ok(()));
        case(None, SHARED, Err(Refusal::WrongSignature));
        case(Some("key=K1,algorithm=HMAC_SHA512"), SHARED, Err(Refusal::UnknownAlgorithm));
        case(Some("algorithm=none"), FIRST, Err(Refusal::UnknownAlgorithm));
        let headers = Headers { signature: Some(SHARED), settings: Some("algorithm=HMAC_SHA256") };
        let without = Verifier::new(TOKEN).unwrap();
        assert_eq!(without.verify("POST", base, target, headers, body.as_bytes()), Err(Refusal::NoSharedKey));
    }

    #[test]
    fn both_forms_of_a_port_are_right() {
        let case = |url: &str, signature: &str, right: bool| {
            assert_eq!(verify("POST", url, signature, &encode(P)).is_ok(), right, "{url} {signature}");
        };
        let url_5 = "http://mycompany.com:1234/myapp.php?foo=1&bar=2";
        case(URL, "kvajT1Ptam85bY51eRf/AJRuM3w=", true); // 2
        case(URL, "CYn1h0gLBdNxDGkKJg6hYohgeD8=", false); // 6, a port of somebody else
        case(URL, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4=", false); // 3, another scheme
        case(url_5, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4=", true); // 3
        case(url_5, "0ZXoZLH/DfblKGATFgpif+LLRf4=", false); // 4, another port
    }

    #[test]
    fn what_is_refused() {
        let case = |signature: &str, params: &[(&str, &str)], expected: Refusal| {
            assert_eq!(verify("POST", URL, signature, &encode(params)), Err(expected), "{signature}");
        };
        for missing in 0..P.len() {
            let rest: Vec<_> = P.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, pair)| *pair).collect();
            case(FIRST, &rest, Refusal::WrongSignature);
        }
        let second = |value| [P, &[("Digits", value)]].concat();
        case(FIRST, &second("9"), Refusal::WrongSignature);
        assert_eq!(verify("POST", URL, FIRST, &encode(&second("1234"))), Ok(()));
        case(FIRST, &[P, &[("New", "")]].concat(), Refusal::WrongSignature);
        case("", P, Refusal::NoSignature);
        case(&FIRST[..27], P, Refusal::WrongSignature);
        case(&format!("{FIRST}="), P, Refusal::WrongSignature);
        case(&format!("{FIRST} "), P, Refusal::WrongSignature);
        let (base, target) = split(URL);
        let body = encode(P);
        let verifier = Verifier::new(TOKEN).unwrap();
        let none = verifier.verify("POST", base, target, Headers::default(), body.as_bytes());
        assert_eq!(none, Err(Refusal::NoSignature));
        let headers = Headers { signature: Some(FIRST), settings: None };
        let other = Verifier::new("12346").unwrap();
        assert_eq!(other.verify("POST", base, target, headers, body.as_bytes()), Err(Refusal::WrongSignature));
        for (base, target) in
            [("mycompany.com", target), ("https://", target), ("https://a?b", target), (base, "x"), (base, "")]
        {
            assert_eq!(verifier.verify("POST", base, target, headers, b""), Err(Refusal::Address), "{base} {target}");
        }
        let many = vec!["a=1"; 257].join("&");
        let refused = verifier.verify("POST", base, target, headers, many.as_bytes());
        assert_eq!(refused, Err(Refusal::Form(FormError::TooManyParameters)));
        assert_eq!(Verifier::new("").unwrap_err(), EmptySecret);
        assert!(Verifier::new("x").unwrap().or_token("").is_err());
        assert!(Verifier::new("x").unwrap().or_shared_key("").is_err());
        assert_eq!(format!("{verifier:?}"), "Verifier(1 tokens, 0 shared keys)");
    }

    #[test]
    fn the_public_address_is_put_together_as_it_is_configured() {
        let case = |base: &str, expected: [&str; 2]| {
            assert_eq!(addresses(base, "/k?s=1").unwrap().map(|address| address.concat()), expected, "{base}");
        };
        case("https://a.example", ["https://a.example/k?s=1", "https://a.example:443/k?s=1"]);
        case("https://a.example/", ["https://a.example/k?s=1", "https://a.example:443/k?s=1"]);
        case("https://a.example/line/#rc=2", ["https://a.example/line/k?s=1", "https://a.example:443/line/k?s=1"]);
        case("http://[::1]:8080", ["http://[::1]:8080/k?s=1", "http://[::1]/k?s=1"]);
        case("http://[::1]", ["http://[::1]/k?s=1", "http://[::1]:80/k?s=1"]);
        case("https://u:p@a.example:8", ["https://a.example:8/k?s=1", "https://a.example/k?s=1"]);
    }

    fn distinct(body: &[u8]) -> BTreeSet<(String, String)> {
        form_urlencoded::parse(body).into_owned().collect()
    }

    proptest! {
        #[test]
        fn a_changed_byte_of_the_signature_is_refused(at in 0..28_usize, to in 0x20..0x7f_u8) {
            let mut signature = FIRST.as_bytes().to_vec();
            signature[at] = to;
            let changed = String::from_utf8(signature).unwrap();
            prop_assert_eq!(verify("POST", URL, &changed, &encode(P)).is_ok(), changed == FIRST);
        }

        #[test]
        fn a_changed_byte_of_the_body_is_refused(at: prop::sample::Index, to: u8) {
            let (base, target) = split(URL);
            let body = encode(P).into_bytes();
            let mut changed = body.clone();
            changed[at.index(body.len())] = to;
            let headers = Headers { signature: Some(FIRST), settings: None };
            let verified = Verifier::new(TOKEN).unwrap().verify("POST", base, target, headers, &changed);
            // `%2b` is another way to write `%2B`: the same parameters.
            prop_assert_eq!(verified.is_ok(), distinct(&changed) == distinct(&body));
        }

        #[test]
        fn a_changed_byte_of_the_target_is_refused(at in 1..22_usize, to in 0x21..0x7f_u8) {
            let (base, target) = split(URL);
            let mut changed = target.as_bytes().to_vec();
            changed[at] = to;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(verify("POST", &format!("{base}{changed}"), FIRST, &encode(P)).is_ok(), changed == target);
        }

        #[test]
        fn verifying_never_panics(
            method in "GET|POST|\\PC{0,5}", base in "\\PC{0,20}|https?://\\PC{0,20}", target in "/?\\PC{0,40}",
            signature in proptest::option::of("\\PC{0,40}"),
            settings in proptest::option::of("(algorithm=)?\\PC{0,20}"), body: Vec<u8>,
        ) {
            let headers = Headers { signature: signature.as_deref(), settings: settings.as_deref() };
            prop_assert!(Verifier::new(TOKEN).unwrap().verify(&method, &base, &target, headers, &body).is_err());
        }

        #[test]
        fn what_is_signed_is_verified(
            params in proptest::collection::vec(("[A-Za-z.]{1,9}", "\\PC{0,12}"), 0..20),
            target in "/[a-z/]{0,9}(\\?[a-z=&%'0-9]{0,20})?", port in proptest::option::of(1..65535_u16),
        ) {
            let base = format!("https://a.example{}", port.map(|port| format!(":{port}")).unwrap_or_default());
            let signature = sign(TOKEN, &format!("{base}{target}"), &params);
            let pairs: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let headers = Headers { signature: Some(&signature), settings: None };
            let verifier = Verifier::new(TOKEN).unwrap();
            let verified = verifier.verify("POST", &base, &target, headers, encode(&pairs).as_bytes());
            prop_assert_eq!(verified, Ok(()));
        }
    }
}
