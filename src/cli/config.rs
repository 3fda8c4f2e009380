//! The configuration: one checked struct from flags, environment and file, in this order of strength.

use crate::base::hours::Hours;
use crate::base::{E164, Language};
use crate::provider::kannel::{self, Kannel};
use crate::provider::{Door, twilio};
use crate::server::{Alarm, Limits};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A configuration file is at most this large, so that a wrong path does not fill the memory.
const MAX_FILE: u64 = 256 * 1024;

/// The flags of `hulplijn serve` that say the same as the file, and stand above it.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Flags {
    /// Configuration file [default: $XDG_CONFIG_HOME/hulplijn/hulplijn.toml or /etc/hulplijn/hulplijn.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of menu files [default: ./menus if there is one, else the sample hotline inside the program]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_MENUS")]
    pub menus: Option<PathBuf>,
    /// Folder for counts, leases, revisions and the key ring [default: $XDG_DATA_HOME/hulplijn]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    pub data: Option<PathBuf>,
    /// Where the provider's requests arrive [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "HULPLIJN_LISTEN")]
    pub listen: Option<String>,
    /// Where /readyz and /metrics are, or `off` [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR:PORT", env = "HULPLIJN_ADMIN_LISTEN")]
    pub admin_listen: Option<String>,
    /// The address the provider uses, such as https://line.example.org
    #[arg(long, value_name = "URL", env = "HULPLIJN_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Let the provider speak every prompt, also where recordings exist
    #[arg(long)]
    pub say: bool,
    /// Serve a real provider although numbers in the menus are unchecked; says so at every start
    #[arg(long)]
    pub trial: bool,
}

/// The file as written. `hulplijn.toml.example` explains each key.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    admin_listen: Option<String>,
    public_url: Option<String>,
    data: Option<PathBuf>,
    menus: Option<PathBuf>,
    timezone: Option<String>,
    twilio: TwilioFile,
    kannel: Option<KannelFile>,
    desk: DeskFile,
    say: SayFile,
    sms: SmsFile,
    opt_out: OptOutFile,
    publish: PublishFile,
    limits: Limits,
    alarm: Alarm,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TwilioFile {
    account_sid: Option<String>,
    auth_token: Option<Zeroizing<String>>,
    auth_token_file: Option<PathBuf>,
    next_auth_token: Option<Zeroizing<String>>,
    next_auth_token_file: Option<PathBuf>,
    shared_key: Option<Zeroizing<String>>,
    shared_key_file: Option<PathBuf>,
    number: Option<String>,
}

impl std::fmt::Debug for TwilioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TwilioFile(_)")
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct KannelFile {
    secret: Option<Zeroizing<String>>,
    secret_file: Option<PathBuf>,
    number: Option<String>,
}

impl std::fmt::Debug for KannelFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KannelFile(_)")
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct DeskFile {
    line: Option<String>,
    accept: Option<String>,
    ring_s: Option<u8>,
    talk_max_min: Option<u16>,
    withheld_at_once: Option<u8>,
    language: Option<String>,
    hours: Option<Vec<String>>,
    exceptions: Vec<String>,
}

impl std::fmt::Debug for DeskFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeskFile(_)")
    }
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct SayFile {
    twilio: BTreeMap<String, Voice>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct SmsFile {
    prefixes: Option<Vec<String>>,
    daily_ceiling: Option<u32>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct OptOutFile {
    handling_off_on: Option<Date>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct PublishFile {
    two_persons: bool,
}

/// How the provider speaks a language.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// BCP 47 with region, such as `nl-NL`.
    pub language: String,
    /// The provider's name of a voice.
    pub voice: Option<String>,
}

/// How `serve` runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Unsigned requests from this machine only; menu files watched; a pretend counsellor.
    Demonstration,
    /// Requests of a provider, with its proof.
    Provider,
}

/// Who is rung, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Desk {
    pub line: Option<E164>,
    /// Connected at pick-up, without whisper.
    pub pickup: bool,
    /// 5 to 60 seconds.
    pub ring_s: u8,
    /// 1 to 240 minutes: always below the life of a sealed session.
    pub talk_max_min: u16,
    /// Callers without a number who may ask for a person at once, 1 to 100.
    pub withheld_at_once: u8,
    /// The language the counsellor is spoken to; the hotline's first if unset.
    pub language: Option<Language>,
    pub hours: Hours,
    /// The hours are the keeper's, not the demonstration's day and night.
    pub spoken_hours: bool,
}

/// The checked configuration.
pub struct Config {
    pub mode: Mode,
    pub listen: SocketAddr,
    pub admin_listen: Option<SocketAddr>,
    /// Without a slash at the end; empty in demonstration mode.
    pub public_url: String,
    /// Others can reach the line, by a public address or by texting: unchecked numbers block it.
    pub live: bool,
    pub trial: bool,
    pub data: PathBuf,
    pub menus: Option<PathBuf>,
    pub timezone: Option<TimeZone>,
    pub account_sid: Option<String>,
    pub auth_tokens: Vec<Zeroizing<String>>,
    /// The secret of a shared key, for requests signed by HMAC-SHA256.
    pub shared_key: Option<Zeroizing<String>>,
    /// The secret in the address that Kannel asks; `None`: no texts from Kannel.
    pub kannel: Option<Zeroizing<String>>,
    /// The hotline's own number.
    pub number: Option<E164>,
    pub desk: Desk,
    pub say: BTreeMap<Language, Voice>,
    pub prefixes: Vec<String>,
    pub daily_ceiling: u32,
    pub opt_out_off_on: Option<Date>,
    /// Two persons put a revision on the line.
    pub two_persons: bool,
    pub limits: Limits,
    pub alarm: Alarm,
    /// The configuration file, if there is one, and the files beside it that hold a secret.
    pub file: Option<PathBuf>,
    pub secret_files: Vec<PathBuf>,
}

/// What is wrong with a configuration: every problem at once, each a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Answers of the environment; a function so that tests need not change the real one.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads the file if there is one, and checks everything.
    ///
    /// # Errors
    /// All problems found, worded for the keeper.
    pub fn load(flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        Config::load_for(Purpose::Answering, flags, environment)
    }

    /// As [`Config::load`] for the commands that publish: the provider's secrets are neither read nor needed, since an
    /// operator need not have them.
    ///
    /// # Errors
    /// All problems found, worded for the keeper.
    pub fn load_for_publishing(flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        Config::load_for(Purpose::Publishing, flags, environment)
    }

    fn load_for(purpose: Purpose, flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        let path = flags.config.clone().or_else(|| default_file(environment));
        let (file, folder) = match &path {
            Some(path) => (read_file(path)?, path.parent().map(Path::to_path_buf).unwrap_or_default()),
            None => (File::default(), PathBuf::new()),
        };
        let check = Check { problems: Vec::new(), environment, folder, purpose, secret_files: Vec::new() };
        Ok(Config { file: path, ..check.config(flags, file)? })
    }

    /// The same line as the demonstration plays it: its hours and its words, unsigned, with a pretend counsellor.
    pub fn played(self) -> Config {
        let desk = Desk { line: None, ..self.desk };
        let public_url = String::new();
        let (auth_tokens, kannel) = (Vec::new(), None);
        Config { mode: Mode::Demonstration, public_url, live: false, auth_tokens, kannel, desk, ..self }
    }

    /// The doors of a provider that are open.
    pub fn doors(&self) -> Vec<&'static Door> {
        let twilio = (!self.auth_tokens.is_empty()).then_some(&twilio::DOOR);
        twilio.into_iter().chain(self.kannel.is_some().then_some(&kannel::DOOR)).collect()
    }

    /// Whether calls come here: in the demonstration, and from a provider that signs.
    pub fn calls(&self) -> bool {
        self.mode == Mode::Demonstration || !self.auth_tokens.is_empty()
    }

    /// The configuration in this text, with no flags and no environment. For tests of the example file.
    pub fn from_text(text: &str) -> Result<Config, Problems> {
        let file = parse(text, "hulplijn.toml")?;
        let (folder, secret_files, purpose) = (PathBuf::new(), Vec::new(), Purpose::Answering);
        Check { problems: Vec::new(), environment: &|_| None, folder, purpose, secret_files }
            .config(&Flags::default(), file)
    }
}

/// Where a program's own files are: `$XDG_...` or the usual place below the home folder.
pub fn xdg(environment: Environment<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = environment(variable).filter(|value| value.starts_with('/')).map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(environment("HOME")?).join(below_home))).map(|folder| folder.join("hulplijn"))
}

fn default_file(environment: Environment<'_>) -> Option<PathBuf> {
    let own = xdg(environment, "XDG_CONFIG_HOME", ".config").map(|folder| folder.join("hulplijn.toml"));
    own.into_iter().chain([PathBuf::from("/etc/hulplijn/hulplijn.toml")]).find(|path| path.is_file())
}

fn read_file(path: &Path) -> Result<File, Problems> {
    let name = path.display().to_string();
    let problem = |error: std::io::Error| Problems(vec![format!("cannot read the configuration `{name}`: {error}")]);
    let size = std::fs::metadata(path).map_err(problem)?.len();
    if size > MAX_FILE {
        return Err(Problems(vec![format!("the configuration `{name}` is larger than {MAX_FILE} bytes")]));
    }
    parse(&std::fs::read_to_string(path).map_err(problem)?, &name)
}

fn parse(text: &str, name: &str) -> Result<File, Problems> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Problems(vec![format!("{name}:{line}: {}", error.message().trim_end())])
    })
}

struct Check<'e> {
    problems: Vec<String>,
    environment: Environment<'e>,
    /// Relative paths in the file are relative to the file.
    folder: PathBuf,
    purpose: Purpose,
    secret_files: Vec<PathBuf>,
}

/// What a configuration is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Answering,
    Publishing,
}

impl Check<'_> {
    fn config(mut self, flags: &Flags, file: File) -> Result<Config, Problems> {
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
        let timezone = file.timezone.as_deref().and_then(|name| self.timezone(name));
        let desk = self.desk(file.desk, timezone.clone(), mode);
        if reachable && desk.line.is_none() {
            self.problem("`[desk] line` is not set: key 0 would reach nobody");
        }
        if answering && desk.line.is_some() && kannel.is_some() && auth_tokens.is_empty() {
            self.problem("`[desk] line` is set and no provider of calls: Kannel brings texts only, and nobody would be rung; set HULPLIJN_TWILIO_AUTH_TOKEN, or take the line out");
        }
        if desk.line.is_some() && number.is_none() {
            self.problem("`[twilio] number` is not set: the counsellor's line would be shown the caller's number");
        }
        if desk.line.is_some() && desk.line == number {
            self.problem("`[desk] line` is the hotline's own number: a call to it would come back here");
        }

        let say = self.say(file.say.twilio);
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
            live: reachable || texts,
            trial: flags.trial,
            data: data.unwrap_or_default(),
            menus: self.path(flags.menus.clone(), file.menus),
            timezone,
            account_sid: twilio.account_sid,
            auth_tokens,
            shared_key,
            kannel,
            number,
            desk,
            say,
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

    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn path(&self, flag: Option<PathBuf>, file: Option<PathBuf>) -> Option<PathBuf> {
        flag.or_else(|| file.map(|path| self.folder.join(path)))
    }

    fn address(&mut self, key: &str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.problem(format!("`{key}` is `{text}`: expected an address and a port, such as `127.0.0.1:8080`"));
        }
        address
    }

    fn number(&mut self, key: &str, text: &str) -> Option<E164> {
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

    fn desk(&mut self, desk: DeskFile, timezone: Option<TimeZone>, mode: Mode) -> Desk {
        let line = desk.line.as_deref().and_then(|text| self.number("desk.line", text));
        if line.is_some() && mode == Mode::Demonstration && self.purpose == Purpose::Answering {
            self.problem("`[desk] line` is set and there is no provider: the demonstration has a pretend counsellor and never dials");
        }
        if line.is_some() && desk.hours.is_none() {
            self.problem("`[desk] hours` is not set: callers are told when somebody is there, such as `hours = [\"mon-fri 09:00-17:00\"]`");
        }
        let pickup = match desk.accept.as_deref() {
            None | Some("key") => false,
            Some("pickup") => true,
            Some(other) => {
                self.problem(format!(
                    "`[desk] accept` is `{other}`: expected `key` (press 1 to take the call) or `pickup`"
                ));
                false
            }
        };
        let ring_s = desk.ring_s.unwrap_or(25);
        if !(5..=60).contains(&ring_s) {
            self.problem(format!("`[desk] ring_s` is {ring_s}: expected 5 to 60 seconds"));
        }
        let talk_max_min = desk.talk_max_min.unwrap_or(120);
        if !(1..=240).contains(&talk_max_min) {
            self.problem(format!("`[desk] talk_max_min` is {talk_max_min}: expected 1 to 240 minutes"));
        }
        let withheld_at_once = desk.withheld_at_once.unwrap_or(3);
        if !(1..=100).contains(&withheld_at_once) {
            self.problem(format!("`[desk] withheld_at_once` is {withheld_at_once}: expected 1 to 100 callers"));
        }
        let language = desk.language.as_deref().and_then(|tag| {
            let language = Language::new(tag);
            if language.is_none() {
                self.problem(format!("`[desk] language` is `{tag}`: expected one such as `nl`"));
            }
            language
        });
        let zone = timezone.unwrap_or_else(|| TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC));
        let hours = match &desk.hours {
            None => Hours::always(zone),
            Some(lines) => Hours::parse(zone.clone(), lines, &desk.exceptions).unwrap_or_else(|problem| {
                self.problem(format!("`[desk]`: {problem}"));
                Hours::always(zone)
            }),
        };
        let spoken_hours = desk.hours.is_some();
        Desk { line, pickup, ring_s, talk_max_min, withheld_at_once, language, hours, spoken_hours }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(flags: Flags, environment: &[(&str, &str)]) -> Result<Config, Problems> {
        let set: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&flags, &|name| {
            set.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
                .or_else(|| (name == "HOME").then(|| "/nonexistent".to_owned()))
        })
    }

    #[test]
    fn nothing_at_all_is_the_demonstration() {
        let config = load(Flags::default(), &[]).unwrap();
        assert_eq!(config.mode, Mode::Demonstration);
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.admin_listen.unwrap().to_string(), "127.0.0.1:8081");
        assert_eq!(config.data, PathBuf::from("/nonexistent/.local/share/hulplijn"));
    }

    #[test]
    fn the_demonstration_never_leaves_this_machine() {
        let flags = Flags { listen: Some("0.0.0.0:8080".into()), ..Flags::default() };
        let problems = load(flags, &[]).err().unwrap();
        assert!(problems.0[0].contains("refusing to listen on 0.0.0.0:8080"), "{problems}");
    }

    #[test]
    fn a_provider_needs_both_its_secret_and_its_address() {
        let case = |environment: &[(&str, &str)], says: &str| {
            let problems = load(Flags::default(), environment).err().unwrap();
            assert!(problems.to_string().contains(says), "{problems}");
        };
        case(&[("HULPLIJN_TWILIO_AUTH_TOKEN", "secret")], "no `public_url`");
        let flags = Flags { public_url: Some("https://line.example.org".into()), ..Flags::default() };
        assert!(load(flags, &[]).err().unwrap().to_string().contains("no auth token"));
    }

    #[test]
    fn whoever_publishes_needs_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hulplijn.toml");
        let text = "public_url = \"https://line.example.org\"\n[twilio]\nauth_token_file = \"not/there\"\n\
                    number = \"+12025550100\"\n[desk]\nline = \"+12025550101\"\nhours = [\"mon-fri 09:00-17:00\"]\n\
                    [publish]\ntwo_persons = true\n";
        std::fs::write(&path, text).unwrap();
        let flags = Flags { config: Some(path.clone()), data: Some("data".into()), ..Flags::default() };
        let config = Config::load_for_publishing(&flags, &|_| None).unwrap();
        assert!(config.live && config.two_persons && config.auth_tokens.is_empty());
        assert!(Config::load(&flags, &|_| None).is_err());
        std::fs::write(&path, text.replace("public_url", "# public_url")).unwrap();
        assert!(!Config::load_for_publishing(&flags, &|_| None).unwrap().live);
        std::fs::write(&path, "[kannel]\nsecret_file = \"not/there\"\nnumber = \"+447700900100\"\n").unwrap();
        assert!(Config::load_for_publishing(&flags, &|_| None).unwrap().live, "people text that line");
    }

    #[test]
    fn a_line_for_texts_only() {
        let whole = "[kannel]\nsecret = \"0123456789abcdef\"\nnumber = \"+44 7700 900100\"\n";
        let config = Config::from_text(&format!("data = \"/nonexistent\"\n{whole}")).unwrap();
        assert!(config.mode == Mode::Provider && config.live && !config.calls() && config.public_url.is_empty());
        assert_eq!(config.number.unwrap().expose(), "+447700900100");
        let both = format!(
            "data = \"/nonexistent\"\npublic_url = \"http://127.0.0.1:1\"\n{whole}[twilio]\nauth_token = \"t\"\nnumber = \"+44 7700 900200\"\n"
        );
        let config = Config::from_text(&both).unwrap();
        assert!(config.live && config.calls());
        assert_eq!(config.number.as_ref().unwrap().expose(), "+447700900200");
        let config = config.played();
        assert!(config.mode == Mode::Demonstration && config.kannel.is_none() && !config.live);
        let case = |text: &str, says: &str| {
            let problems = Config::from_text(&format!("data = \"/nonexistent\"\n{text}")).err().unwrap().to_string();
            assert!(problems.contains(says) && !problems.contains("0123456789"), "{says} in {problems}");
        };
        case("[kannel]\n", "no `secret`");
        case("[kannel]\nsecret = \"0123456789abcde\"\n", "expected 16 to 128 letters");
        case("[kannel]\nsecret = \"0123456789 abcdef\"\n", "expected 16 to 128 letters");
        case("[kannel]\nsecret = \"0123456789abcdef\"\n", "`[kannel] number` is not set");
        case(&whole.replace("+44 77", "77"), "`kannel.number` is not a telephone number");
        case(&format!("listen = \"0.0.0.0:8080\"\n{whole}"), "refusing to listen on 0.0.0.0:8080 for Kannel alone");
        case(&format!("{whole}[desk]\nline = \"+44 7700 900200\"\n"), "nobody would be rung");
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_number_is_repeated() {
        let text = r#"
            listen = "here"
            public_url = "http://line.example.org/?x"
            [twilio]
            number = "07700900123"
            [desk]
            line = "0 7700 900 456"
            accept = "yes"
            ring_s = 3
            withheld_at_once = 0
            [limits]
            read_s = 60
            [alarm]
            command = ["tell-me"]
            failed_signatures = 0
            database_s = 4
        "#;
        let problems = Config::from_text(text).err().unwrap().to_string();
        for says in [
            "`listen` is `here`",
            "expected `https://`",
            "without `?`",
            "`twilio.number` is not",
            "`desk.line` is not",
            "`yes`",
            "ring_s` is 3",
            "read_s` is 60",
            "withheld_at_once` is 0",
            "`[alarm] command` does not begin",
            "failed_signatures` is 0",
            "database_s` is 4",
            "no auth token",
        ] {
            assert!(problems.contains(says), "{says} in {problems}");
        }
        assert!(!problems.contains("7700"), "{problems}");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let problems =
            Config::from_text("listen = \"127.0.0.1:1\"\nlisten_admin = \"off\"\n").err().unwrap().to_string();
        assert!(problems.starts_with("hulplijn.toml:2: unknown field `listen_admin`"), "{problems}");
    }
}
