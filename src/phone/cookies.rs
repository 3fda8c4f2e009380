//! The cookies of one call: kept while it lasts, sent back where they came from (RFC 6265, without `Domain` and `Expires`).

use url::Url;

/// More cookies than this in one call are not kept.
const MAX_COOKIES: usize = 50;
/// Longer cookies than this are not kept; browsers and providers stop there too.
const MAX_COOKIE_BYTES: usize = 4096;

#[derive(Clone, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    host: String,
    path: String,
    secure: bool,
}

impl Jar {
    /// Keeps what a `Set-Cookie` of an answer from this address says. What cannot be read is ignored.
    pub fn keep(&mut self, url: &Url, set_cookie: &str) {
        if set_cookie.len() > MAX_COOKIE_BYTES {
            return;
        }
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return;
        }
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            path: default_path(url),
            secure: false,
        };
        let mut gone = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.trim().to_ascii_lowercase().as_str() {
                "path" if value.trim().starts_with('/') => cookie.path = value.trim().to_owned(),
                "secure" => cookie.secure = true,
                "max-age" => gone = value.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                _ => {}
            }
        }
        self.cookies
            .retain(|known| (&known.name, &known.host, &known.path) != (&cookie.name, &cookie.host, &cookie.path));
        if !gone && self.cookies.len() < MAX_COOKIES {
            self.cookies.push(cookie);
        }
    }

    /// The cookies for a request to this address.
    pub fn for_request(&self, url: &Url) -> Vec<(String, String)> {
        let host = url.host_str().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            cookie.host == host && path_matches(url.path(), &cookie.path) && (!cookie.secure || url.scheme() == "https")
        };
        self.cookies.iter().filter(fits).map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }
}

/// Up to the last `/` of the address (RFC 6265, 5.1.4).
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory.to_owned(),
        _ => "/".to_owned(),
    }
}

fn path_matches(path: &str, of: &str) -> bool {
    match path.strip_prefix(of) {
        Some(rest) => rest.is_empty() || of.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_back_where_they_came_from() {
        let url = |text: &str| Url::parse(text).unwrap();
        let mut jar = Jar::default();
        let from = url("https://example.org/twilio/voice");
        jar.keep(&from, "a=1; Path=/; HttpOnly");
        jar.keep(&from, "b=2");
        jar.keep(&from, "c=3; Path=/; Secure");
        jar.keep(&from, "gone=1");
        jar.keep(&from, "gone=1; Max-Age=0");
        jar.keep(&from, "a=9; Path=/");
        jar.keep(&from, "nonsense");
        jar.keep(&from, "=x");
        let case = |address: &str, expected: &[(&str, &str)]| {
            let found = jar.for_request(&url(address));
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{address}");
        };
        case("https://example.org/twilio/key?x=1", &[("b", "2"), ("c", "3"), ("a", "9")]);
        case("https://example.org/other", &[("c", "3"), ("a", "9")]);
        case("https://example.org/twiliox", &[("c", "3"), ("a", "9")]);
        case("http://example.org/", &[("a", "9")]);
        case("https://example.com/twilio/key", &[]);
    }

    #[test]
    fn a_jar_has_a_size() {
        let url = Url::parse("https://example.org/").unwrap();
        let mut jar = Jar::default();
        for at in 0..100 {
            jar.keep(&url, &format!("c{at}=1"));
        }
        jar.keep(&url, &format!("long={}", "x".repeat(5000)));
        assert_eq!(jar.for_request(&url).len(), MAX_COOKIES);
    }
}
