//! From the file, the flags and the environment to the checked configuration: every problem is named at once.

use super::file::{File, KannelFile, TwilioFile};
use super::voices::AudioFile;
use super::{Audio, Config, Environment, Flags, Mode, Problems, Voice, xdg};
use crate::audio::catalog::{PREFER_SAY_TO_DRAFT, PREFER_SOUND, Way};
use crate::base::{E164, Language};
use crate::provider::kannel::Kannel;
use crate::provider::twilio::rest::{self, Base};
use crate::server::{Alarm, Limits};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use zeroize::Zeroizing;

pub(super) struct Check<'e> {
    pub(super) problems: Vec<String>,
    pub(super) environment: Environment<'e>,
    /// Relative paths in the file are relative to the file.
    pub(super) folder: PathBuf,
    pub(super) purpose: Purpose,
    pub(super) secret_files: Vec<PathBuf>,
}

/// What is written of the REST interface.
struct RestFile {
    base: Option<String>,
    key: Option<String>,
    secret: Option<Zeroizing<String>>,
}

/// What a configuration is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Answering,
    Publishing,
}

impl Check<'_> {
    pub(super) fn config(mut self, flags: &Flags, file: File) -> Result<Config, Problems> {
        let listen = flags.listen.clone().or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen = self.address("listen", &listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let admin = flags.admin_listen.clone().or(file.admin_listen).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
        let admin_listen = if admin == "off" { None } else { self.address("admin_listen", &admin) };
        if let Some(admin) = admin_listen {
            if !admin.ip().is_loopback() {
                self.problem(
                    "`admin_listen` must be an address of this machine only, such as `127.0.0.1:8081`, or `off`",
                );
            }
            if admin == listen && admin.port() != 0 {
                self.problem("`listen` and `admin_listen` are the same address: give each its own port");
            }
        }

        let mut auth_tokens = Vec::new();
        let answering = self.purpose == Purpose::Answering;
        let from_environment = (self.environment)("HULPLIJN_TWILIO_AUTH_TOKEN").map(Zeroizing::new);
        let mut twilio = file.twilio;
        if !answering {
            twilio = TwilioFile { number: twilio.number, ..TwilioFile::default() };
        }
        let current = match from_environment {
            Some(token) => Some(token),
            None => self.secret("twilio.auth_token", twilio.auth_token, twilio.auth_token_file),
        };
        auth_tokens.extend(current);
        auth_tokens.extend(self.secret("twilio.next_auth_token", twilio.next_auth_token, twilio.next_auth_token_file));
        let shared_key = self.secret("twilio.shared_key", twilio.shared_key, twilio.shared_key_file);
        if auth_tokens.iter().any(|token| token.trim().is_empty()) {
            self.problem("the provider's auth token is empty: copy it from the provider's console");
        }

        let public_url = flags.public_url.clone().or(file.public_url).unwrap_or_default();
        let (public_url, reachable) = self.public_url(&public_url);
        let texts = file.kannel.is_some();
        let (kannel, kannel_number) = file.kannel.map_or((None, None), |kannel| self.kannel(kannel));
        let mode = match public_url.is_empty() && auth_tokens.is_empty() && !texts {
            true => Mode::Demonstration,
            false => Mode::Provider,
        };
        if answering && !auth_tokens.is_empty() && public_url.is_empty() {
            self.problem("there is an auth token and no `public_url`: set the address the provider uses, such as `https://line.example.org`");
        }
        if answering && !public_url.is_empty() && auth_tokens.is_empty() {
            self.problem("there is a `public_url` and no auth token: set HULPLIJN_TWILIO_AUTH_TOKEN or `[twilio] auth_token_file`; without it anybody could pretend to be the provider");
        }
        if answering && mode == Mode::Demonstration && !listen.ip().is_loopback() {
            self.problem(format!("refusing to listen on {listen} without a provider's auth token: the demonstration is for this machine only (`127.0.0.1:8080`)"));
        }

        // Texts are on their way in the clear as far as the proxy; a line without a public address has none.
        if kannel.is_some() && public_url.is_empty() && !listen.ip().is_loopback() {
            self.problem(format!("refusing to listen on {listen} for Kannel alone: every text and number would cross the network for all to read; run Kannel on this machine (`127.0.0.1:8080`), or bring it here through a tunnel"));
        }

        let number = twilio.number.as_deref().and_then(|text| self.number("twilio.number", text)).or(kannel_number);
        if kannel.is_some() && number.is_none() {
            self.problem("`[kannel] number` is not set: texts print it as the number to call");
        }
        let rest = RestFile {
            base: twilio.rest,
            key: twilio.rest_key,
            secret: self.secret("twilio.rest_secret", twilio.rest_secret, twilio.rest_secret_file),
        };
        let rest = self.rest(rest, twilio.account_sid.as_deref(), auth_tokens.first(), number.as_ref());
        let menus = self.path(flags.menus.clone(), file.menus);
        let timezone = file.timezone.as_deref().and_then(|name| self.timezone(name));
        let live = reachable || texts;
        let desk = match file.desk.file.clone() {
            Some(path) => self.desk_file(&path, file.desk, timezone.as_ref(), menus.clone(), mode),
            None => self.desk(file.desk, timezone.clone(), mode, live),
        };
        let rings = desk.rings();
        if reachable && !rings && desk.file.is_none() {
            self.problem("`[desk] line` is not set: key 0 would reach nobody");
        }
        if answering && rings && kannel.is_some() && auth_tokens.is_empty() {
            self.problem("`[desk] line` is set and no provider of calls: Kannel brings texts only, and nobody would be rung; set HULPLIJN_TWILIO_AUTH_TOKEN, or take the line out");
        }
        if rings && number.is_none() {
            self.problem("`[twilio] number` is not set: the counsellor's line would be shown the caller's number");
        }
        if let (Some(own), Some(file)) = (&number, desk.desk.as_ref().filter(|_| desk.file.is_some())) {
            self.own_number(own, file);
        } else if desk.line.is_some() && desk.line == number {
            self.problem("`[desk] line` is the hotline's own number: a call to it would come back here");
        }

        let say = self.say(file.say.twilio);
        let voices = self.voices(&file.audio);
        let audio = self.audio(flags, file.audio);
        let prefixes = file.sms.prefixes.unwrap_or_default();
        if prefixes.len() > 300 {
            self.problem("`[sms] prefixes` has more than 300 entries");
        }
        for prefix in &prefixes {
            let digits = prefix.strip_prefix('+').unwrap_or_default();
            if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                self.problem(format!(
                    "`{prefix}` in `[sms] prefixes` is not a country prefix: expected one such as `+31`"
                ));
            }
        }
        let limits = self.limits(file.limits);
        let alarm = self.alarm(file.alarm);
        let data =
            self.path(flags.data.clone(), file.data).or_else(|| xdg(self.environment, "XDG_DATA_HOME", ".local/share"));
        if data.is_none() {
            self.problem("there is no place for data: set `--data DIR`");
        }
        if twilio.account_sid.as_deref().is_some_and(|sid| sid.is_empty() || sid.len() > 255) {
            self.problem("`[twilio] account_sid` must have 1 to 255 characters");
        }

        let config = Config {
            mode,
            listen,
            admin_listen,
            public_url,
            live,
            trial: flags.trial,
            data: data.unwrap_or_default(),
            menus,
            voices,
            // The desk's own file has the clock of its shifts.
            timezone: match &desk.file {
                Some(_) => desk.desk.as_ref().map(|desk| desk.rota.zone().clone()),
                None => timezone,
            },
            account_sid: twilio.account_sid,
            auth_tokens,
            shared_key,
            rest,
            kannel,
            number,
            desk,
            say,
            audio,
            prefixes,
            daily_ceiling: file.sms.daily_ceiling.unwrap_or(1000),
            opt_out_off_on: file.opt_out.handling_off_on,
            two_persons: file.publish.two_persons,
            limits,
            alarm,
            file: None,
            secret_files: self.secret_files,
        };
        if self.problems.is_empty() { Ok(config) } else { Err(Problems(self.problems)) }
    }

    pub(super) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    pub(super) fn path(&self, flag: Option<PathBuf>, file: Option<PathBuf>) -> Option<PathBuf> {
        flag.or_else(|| file.map(|path| self.folder.join(path)))
    }

    fn address(&mut self, key: &str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.problem(format!("`{key}` is `{text}`: expected an address and a port, such as `127.0.0.1:8080`"));
        }
        address
    }

    pub(super) fn number(&mut self, key: &str, text: &str) -> Option<E164> {
        let number = E164::new(&text.replace(' ', ""));
        if number.is_none() {
            // The text is not repeated: it may be a counsellor's number with a slip in it.
            self.problem(format!(
                "`{key}` is not a telephone number: expected the international form, a `+` and 7 to 15 digits"
            ));
        }
        number
    }

    fn timezone(&mut self, name: &str) -> Option<TimeZone> {
        let zone = TimeZone::get(name).ok();
        if zone.is_none() {
            self.problem(format!("`timezone` is `{name}`: expected a name such as `Europe/Amsterdam`"));
        }
        zone
    }

    /// The address without a slash at the end, and whether others can reach it.
    fn public_url(&mut self, text: &str) -> (String, bool) {
        if text.is_empty() {
            return (String::new(), false);
        }
        let Ok(url) = url::Url::parse(text) else {
            self.problem(format!("`public_url` is `{text}`: expected an address such as `https://line.example.org`"));
            return (text.to_owned(), true);
        };
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let https = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        if !https {
            self.problem(format!(
                "`public_url` is `{text}`: expected `https://`; plain http shows every caller's number to the network"
            ));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            self.problem(format!("`public_url` is `{text}`: expected an address without `?`, `#` and user name"));
        }
        (text.trim_end_matches('/').to_owned(), !loopback)
    }

    fn secret(
        &mut self,
        key: &str,
        value: Option<Zeroizing<String>>,
        file: Option<PathBuf>,
    ) -> Option<Zeroizing<String>> {
        match (value, file) {
            (Some(_), Some(_)) => {
                self.problem(format!("`{key}` and `{key}_file` are both set: keep one"));
                None
            }
            (value, None) => value,
            (None, Some(path)) => {
                let path = self.folder.join(path);
                match std::fs::read_to_string(&path) {
                    Ok(text) => {
                        let text = Zeroizing::new(text);
                        self.secret_files.push(path);
                        Some(Zeroizing::new(text.trim().to_owned()))
                    }
                    Err(error) => {
                        self.problem(format!("cannot read `{key}_file` `{}`: {error}", path.display()));
                        None
                    }
                }
            }
        }
    }

    /// Where legs are placed: without a name and secret of their own, with those of the account.
    fn rest(
        &mut self,
        file: RestFile,
        account: Option<&str>,
        token: Option<&Zeroizing<String>>,
        own: Option<&E164>,
    ) -> Option<rest::Settings> {
        let own_key = file.key.is_some() || file.secret.is_some();
        let Some(base) = file.base else {
            if own_key {
                self.problem("`[twilio] rest_key` and `rest_secret` are of no use without `rest`: set it to the address of the provider's REST interface, such as `https://api.twilio.com`");
            }
            return None;
        };
        let base = match Base::new(&base) {
            Ok(base) => Some(base),
            Err(why) => {
                self.problem(format!("`[twilio] rest` is not fit: {why}"));
                None
            }
        };
        let account = account.filter(|account| !account.is_empty());
        if account.is_none() {
            self.problem("`[twilio] rest` needs `account_sid`: it stands in the address of every request");
        }
        if own.is_none() {
            self.problem("`[twilio] rest` needs `number`: it is what a counsellor's line is shown");
        }
        let (key, secret) = match (file.key, file.secret) {
            (Some(key), Some(secret)) => (Some(key), Some(secret)),
            (None, None) => (account.map(str::to_owned), token.cloned()),
            _ => {
                self.problem("`[twilio] rest_key` and `rest_secret` belong together: set both, or neither to use the account and its auth token");
                return None;
            }
        };
        if token.is_none() {
            self.problem("`[twilio] rest` is set and no auth token: without it nobody's requests are believed, and no call would come");
        }
        let visible = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if key.as_deref().is_some_and(|key| !visible(key) || key.contains(':')) {
            self.problem("`[twilio] rest_key` is not fit: expected 1 to 255 letters and signs, no space and no `:`");
        }
        if secret.as_deref().is_some_and(|secret| !visible(secret)) {
            self.problem("`[twilio] rest_secret` is not fit: expected 1 to 255 letters and signs, no space");
        }
        Some(rest::Settings {
            base: base?,
            account: account?.to_owned(),
            key: Zeroizing::new(key?),
            secret: secret?,
            own: own?.clone(),
        })
    }

    /// Kannel's secret, and the number it answers for.
    fn kannel(&mut self, file: KannelFile) -> (Option<Zeroizing<String>>, Option<E164>) {
        let number = file.number.as_deref().and_then(|text| self.number("kannel.number", text));
        if self.purpose == Purpose::Publishing {
            return (None, number);
        }
        let set = file.secret.is_some() || file.secret_file.is_some();
        let secret = self.secret("kannel.secret", file.secret, file.secret_file);
        match &secret {
            None if set => {}
            None => self.problem("`[kannel]` has no `secret` and no `secret_file`: without it anybody could pretend to be any sender; `openssl rand -hex 16` makes one"),
            Some(secret) => {
                if let Err(why) = Kannel::new(secret) {
                    self.problem(format!("`[kannel] secret` is not fit: {why}"));
                }
            }
        }
        (secret, number)
    }

    fn say(&mut self, twilio: BTreeMap<String, Voice>) -> BTreeMap<Language, Voice> {
        let voice = |language: &str, voice: &str| Voice { language: language.into(), voice: Some(voice.into()) };
        let mut say: BTreeMap<Language, Voice> =
            [("nl", voice("nl-NL", "Polly.Lotte")), ("en", voice("en-GB", "Polly.Amy"))]
                .into_iter()
                .filter_map(|(tag, voice)| Some((Language::new(tag)?, voice)))
                .collect();
        for (tag, voice) in twilio {
            match Language::new(&tag) {
                Some(language) => {
                    say.insert(language, voice);
                }
                None => self.problem(format!("`{tag}` in `[say.twilio]` is not a language: expected one such as `nl`")),
            }
        }
        say
    }

    fn audio(&mut self, flags: &Flags, audio: AudioFile) -> Audio {
        let mut order = |door: &str, asked: Option<Vec<String>>, usual: &[Way]| {
            let Some(asked) = asked else { return usual.to_vec() };
            let ways: Vec<Way> = asked.iter().filter_map(|name| Way::named(name)).collect();
            let twice = ways.iter().enumerate().any(|(at, way)| ways[..at].contains(way));
            if ways.len() != asked.len() || ways.is_empty() || twice {
                self.problem(format!(
                    "`[audio.prefer] {door}` is {asked:?}: expected some of `recorded`, `good`, `draft` and `say`, each once, the best first"
                ));
            }
            ways
        };
        let twilio = order("twilio", audio.prefer.twilio, &PREFER_SAY_TO_DRAFT);
        let phone = order("phone", audio.prefer.phone, &PREFER_SOUND);
        let twilio = if flags.say { vec![Way::Say] } else { twilio };
        Audio { dir: self.path(flags.audio.clone(), audio.dir), twilio, phone }
    }

    fn alarm(&mut self, alarm: Alarm) -> Alarm {
        if alarm.command.first().is_some_and(|program| !program.starts_with('/')) {
            self.problem("`[alarm] command` does not begin with a whole path: expected one such as `[\"/usr/local/bin/tell-me\"]`; there is no shell");
        }
        if alarm.command.len() > 16 {
            self.problem("`[alarm] command` has more than 16 parts");
        }
        if !(1..=100_000).contains(&alarm.failed_signatures) {
            self.problem(format!(
                "`[alarm] failed_signatures` is {}: expected 1 to 100000 in 5 minutes",
                alarm.failed_signatures
            ));
        }
        if !(5..=3600).contains(&alarm.database_s) {
            self.problem(format!("`[alarm] database_s` is {}: expected 5 to 3600 seconds", alarm.database_s));
        }
        alarm
    }

    fn limits(&mut self, limits: Limits) -> Limits {
        let mut range = |key: &str, value: u64, least: u64, most: u64| {
            if !(least..=most).contains(&value) {
                self.problems.push(format!("`[limits] {key}` is {value}: expected {least} to {most}"));
            }
        };
        range("connections", limits.connections as u64, 16, 65_536);
        range("requests", limits.requests as u64, 4, 65_536);
        range("read_s", limits.read_s, 1, 15);
        range("stop_s", limits.stop_s, 1, 60);
        limits
    }
}
