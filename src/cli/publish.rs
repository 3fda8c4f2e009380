//! `hulplijn publish`: checks a folder, shows what becomes different, and puts it on the line.

use super::config::{Config, Flags};
use super::menus::{self, Origin};
use super::{Done, Failure, assemble, columns, screen, sounds};
use crate::audio::catalog::Sound;
use crate::base::{Revision, Severity, Sources};
use crate::menu::compare::{Change, explained};
use crate::menu::passages::differences;
use crate::menu::{self, Contact, Hotline};
use crate::store::{Act, Kind, OpenError, Publication, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// A name is at most this long, and a reason this: a line of `hulplijn revisions`, and a short paragraph.
const NAME_MAX: usize = 100;
const REASON_MAX: usize = 500;

/// Checks the folder, shows old and new text side by side, says which leaflet codes change meaning, asks, and switches.
/// A running server takes it up within a second; calls in progress finish on what they began with.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of menu files
    dir: PathBuf,
    /// Folder of sound [default: that of the configuration, else ./audio if there is one]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_AUDIO")]
    audio: Option<PathBuf>,
    #[command(flatten)]
    persons: Persons,
    #[command(flatten)]
    line: LineFlags,
}

/// Who does it, and why.
#[derive(clap::Args)]
pub struct Persons {
    /// Who publishes; it stands in the audit trail
    #[arg(long = "by", value_name = "NAME")]
    person: String,
    /// The second person who has looked at it; asked for where `[publish] two_persons = true`
    #[arg(long, value_name = "NAME")]
    second: Option<String>,
    /// Without a second person, for this reason; it stands in the audit trail
    #[arg(long, value_name = "REASON")]
    urgent: Option<String>,
    /// Why; it stands in the audit trail
    #[arg(long, value_name = "REASON", conflicts_with = "urgent")]
    why: Option<String>,
    /// Calls on older revisions begin again at the front door at their next key or silence
    #[arg(long)]
    end_old: bool,
    /// Do not ask: for scripts
    #[arg(long)]
    yes: bool,
}

/// Which line it is for.
#[derive(clap::Args)]
pub struct LineFlags {
    /// Configuration file, as for `serve`
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for data, as for `serve`
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    data: Option<PathBuf>,
    /// The address the provider uses, if `serve` is given it as a flag and it is not in the configuration file
    #[arg(long, value_name = "URL", env = "HULPLIJN_PUBLIC_URL")]
    public_url: Option<String>,
    /// Publish although numbers are unchecked, as for `serve --trial`
    #[arg(long)]
    trial: bool,
}

impl LineFlags {
    /// The checked configuration, without the provider's secrets.
    pub fn config(self) -> Result<Config, Failure> {
        let LineFlags { config, data, public_url, trial } = self;
        let flags = Flags { config, data, public_url, trial, ..Flags::default() };
        Config::load_for_publishing(&flags, &super::environment).map_err(Failure::cannot)
    }
}

pub fn run(arguments: Arguments) -> Done {
    let config = arguments.line.config()?;
    let signed = arguments.persons.signed(config.two_persons).map_err(Failure::cannot)?;
    let line = OnTheLine::read(&config)?;
    let origin = Origin::Folder(arguments.dir);
    let audio = arguments.audio.or_else(|| config.audio.dir.clone());
    let (sources, sounds) = sounds::beside(&origin, audio)?;
    let before = line.hotline.as_ref();
    let mut settings = assemble::settings(&config);
    if let Some(sounds) = &sounds {
        settings.lengths = menus::lengths(&sources, &settings, sounds);
    }
    let loaded = menu::load_after(&sources, &settings, assemble::today(), before);
    let mut findings = loaded.findings;
    // What needs more than the files: keywords as phones send them, and a way out of every situation.
    findings.extend(loaded.hotline.iter().flat_map(crate::sms::keywords_in_every_dress));
    if let (Some(hotline), Some(sounds)) = (&loaded.hotline, &sounds) {
        findings.extend(sounds.check(hotline));
    }
    if let Some(hotline) = &loaded.hotline {
        super::check::proved(hotline, &sources, &mut findings);
    }
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    let told: Vec<_> = findings.into_iter().filter(|finding| finding.severity != Severity::Notice).collect();
    if loaded.hotline.is_none() || !told.is_empty() {
        eprint!("{}", menu::diagnostic::screen(&told, &sources, screen::colors(&std::io::stderr())));
    }
    let Some(hotline) = loaded.hotline.filter(|_| !wrong) else {
        return Err(Failure::not_good("nothing was published: mend the errors above, then publish again"));
    };
    let numbers = menu::contacts(&sources, assemble::today());
    numbers_allow(&config, &signed, &numbers, &line.numbers(), Kind::Publish)?;
    let sound = match sounds {
        Some(sounds) => sounds.whole_sound(&hotline).map_err(Failure::not_good)?,
        None => Sound::default(),
    };
    Candidate { kind: Kind::Publish, name: origin.to_string(), sources, hotline, sound }
        .put_on_line(&config, &line, signed)
}

// ---- who

/// Who signs for a publication, checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    person: String,
    second: Option<String>,
    urgent: bool,
    why: Option<String>,
    end_old: bool,
    /// Nobody is asked.
    unasked: bool,
}

impl Persons {
    /// # Errors
    /// What is missing: a name, a second person, a reason.
    pub fn signed(self, two_persons: bool) -> Result<Signed, String> {
        let person = words("--by", &self.person, NAME_MAX)?;
        let second = self.second.map(|name| words("--second", &name, NAME_MAX)).transpose()?;
        let urgent = self.urgent.map(|reason| words("--urgent", &reason, REASON_MAX)).transpose()?;
        let why = self.why.map(|reason| words("--why", &reason, REASON_MAX)).transpose()?;
        if second.as_ref().is_some_and(|second| second.to_lowercase() == person.to_lowercase()) {
            return Err("`--by` and `--second` are the same name: expected two persons".to_owned());
        }
        if two_persons && second.is_none() && urgent.is_none() {
            return Err(
                "this line is published by two persons: give `--second NAME`, or `--urgent REASON` if a wrong \
                        sentence cannot wait for one"
                    .to_owned(),
            );
        }
        let is_urgent = urgent.is_some();
        Ok(Signed { person, second, urgent: is_urgent, why: urgent.or(why), end_old: self.end_old, unasked: self.yes })
    }
}

/// A name or a reason on one line.
fn words(flag: &str, text: &str, most: usize) -> Result<String, String> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() || words.chars().count() > most || words.chars().any(char::is_control) {
        return Err(format!("`{flag}` must be 1 to {most} characters of plain text"));
    }
    Ok(words)
}

// ---- numbers

/// FC-03. Unchecked numbers never go on a live line. A number that was checked long ago waits for a call, except where
/// waiting would be worse: an urgent correction while callers hear that very number already, and going back.
pub fn numbers_allow(
    config: &Config,
    signed: &Signed,
    numbers: &[Contact],
    on_line: &[Contact],
    kind: Kind,
) -> Result<(), Failure> {
    let listed = |numbers: Vec<&Contact>| {
        numbers.iter().map(|number| format!("`{}`", number.name)).collect::<Vec<_>>().join(", ")
    };
    let unchecked: Vec<&Contact> = numbers.iter().filter(|number| number.checked_days_ago.is_none()).collect();
    if config.live && !config.trial && !unchecked.is_empty() {
        return Err(Failure::not_good(format!(
            "nothing was published: nobody has checked the number of {}\n\
             call each, then write `checked_on` and `checked_by` in contacts.toml; a reason cannot replace the call",
            listed(unchecked)
        )));
    }
    let heard = |number: &Contact| on_line.iter().any(|known| known.number == number.number);
    let cannot_wait = |number: &Contact| kind == Kind::Rollback || (signed.urgent && heard(number));
    let old = |number: &&Contact| number.checked_days_ago.is_some_and(|days| days > Contact::FRESH_DAYS);
    let (let_through, refused): (Vec<&Contact>, Vec<&Contact>) =
        numbers.iter().filter(old).partition(|number| cannot_wait(number));
    if !refused.is_empty() {
        return Err(Failure::not_good(format!(
            "nothing was published: more than {} days ago somebody called the number of {}\n\
             call each again, then write the new `checked_on` in contacts.toml",
            Contact::FRESH_DAYS,
            listed(refused)
        )));
    }
    if !let_through.is_empty() {
        eprintln!("warning: these numbers were checked long ago: {}; call them tomorrow", listed(let_through));
    }
    Ok(())
}

// ---- what is on the line

/// What is on the line, as far as this program can read it.
pub struct OnTheLine {
    /// The newest first.
    pub trail: Vec<Publication>,
    pub sources: Option<Sources>,
    pub hotline: Option<Hotline>,
}

impl OnTheLine {
    /// # Errors
    /// A database that is there and cannot be read.
    pub fn read(config: &Config) -> Result<OnTheLine, Failure> {
        let trail = trail(&config.data)?;
        let sources = match trail.first() {
            Some(last) => Store::read_only_revision(&config.data, last.act.revision).map_err(Failure::cannot)?,
            None => None,
        };
        let load = |sources| menu::load_published(sources, &assemble::settings(config), assemble::today()).hotline;
        let hotline = sources.as_ref().and_then(load);
        if !trail.is_empty() && hotline.is_none() {
            eprintln!("warning: what is on the line cannot be read by this program: nothing can be compared with it");
        }
        Ok(OnTheLine { trail, sources, hotline })
    }

    pub fn revision(&self) -> Option<Revision> {
        self.trail.first().map(|last| last.act.revision)
    }

    pub fn numbers(&self) -> Vec<Contact> {
        self.sources.as_ref().map(|sources| menu::contacts(sources, assemble::today())).unwrap_or_default()
    }
}

/// The audit trail; empty where there is no database yet.
pub fn trail(data: &Path) -> Result<Vec<Publication>, Failure> {
    match Store::publications(data) {
        Ok(trail) => Ok(trail),
        Err(OpenError::Missing { .. }) => Ok(Vec::new()),
        Err(error) if error.may_pass() => Err(Failure::cannot(format!(
            "the database in `{}` cannot be read now: nothing was changed; the disk may be full, or another program may \
             hold it; look, and try again",
            data.display()
        ))),
        Err(other) => Err(Failure::cannot(other)),
    }
}

/// A moment as the operator's clock shows it.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

// ---- putting it on the line

/// What is to be put on the line.
pub struct Candidate {
    pub kind: Kind,
    /// Where it comes from, for people.
    pub name: String,
    pub sources: Sources,
    pub hotline: Hotline,
    pub sound: Sound,
}

impl Candidate {
    /// Shows, asks, stores, switches.
    pub fn put_on_line(self, config: &Config, line: &OnTheLine, signed: Signed) -> Done {
        let revision = self.hotline.revision;
        assemble::fits(config, &self.hotline, &self.sound)?;
        if line.revision() == Some(revision) && !signed.end_old {
            screen::line(&format!("{} is on the line already (revision {revision}): nothing to do", self.name));
            return Ok(());
        }
        self.show(line);
        if !signed.unasked {
            ask(&signed)?;
        }
        let act = Act {
            kind: self.kind,
            revision,
            person: signed.person,
            second: signed.second,
            urgent: signed.urgent,
            why: signed.why,
            end_old: signed.end_old,
        };
        let seen = line.trail.first().map(|last| last.number);
        let published = Store::publish(&config.data, &act, &self.sources, &self.sound.shelf, seen, Timestamp::now());
        let on_line = published.map_err(Failure::cannot)?;
        let calls = match act.end_old {
            true => "calls on older revisions begin again at the front door",
            false => "calls in progress finish on what they began with",
        };
        screen::line(&format!(
            "published: revision {revision} is on the line (entry {} of the audit trail); a running server takes it up \
             within a second, and {calls}",
            on_line.number
        ));
        Ok(())
    }

    fn show(&self, line: &OnTheLine) {
        let revision = self.hotline.revision;
        let Some(before) = &line.hotline else {
            let (nodes, languages) = (self.hotline.nodes.len(), self.hotline.languages.len());
            screen::line(&format!(
                "{}: revision {revision}, {nodes} nodes, {languages} languages. Nothing to compare it with is on the \
                 line: read it with `hulplijn map` and `hulplijn call`",
                self.name
            ));
            return;
        };
        screen::line(&format!("on the line: revision {}; new: {}, revision {revision}", before.revision, self.name));
        screen::line("");
        let changes = explained(before, &self.hotline, &self.sources);
        let empty = Sources::new();
        let old = line.sources.as_ref().unwrap_or(&empty);
        screen::print(&compared((before, old), (&self.hotline, &self.sources), &changes, ("on the line", "new")));
    }
}

/// Everything that differs: the texts side by side, the files in which nothing of it shows, the codes.
pub fn compared(
    (before, old): (&Hotline, &Sources),
    (after, new): (&Hotline, &Sources),
    changes: &[Change],
    names: (&str, &str),
) -> String {
    let differences = differences(before, after);
    let color = screen::colors(&std::io::stdout());
    let mut page = columns::page(&differences, names, columns::width(), color);
    if differences.is_empty() {
        page.push_str("nothing that is heard or read differs\n");
    }
    let files = files_that_differ(old, new);
    if !files.is_empty() {
        page.push_str(&format!("files that differ: {}\n", files.join(", ")));
    }
    if !changes.is_empty() {
        page.push_str("codes and keywords, as they may stand on leaflets:\n");
    }
    for change in changes {
        let reason = change.waived.as_ref().map(|reason| format!(" (reason given: {reason})")).unwrap_or_default();
        page.push_str(&columns::shown(&format!("  {change}{reason}")));
        page.push('\n');
    }
    page
}

/// The names of the files that are not the same, with what became of them.
pub fn files_that_differ(old: &Sources, new: &Sources) -> Vec<String> {
    let of_new = new.iter().filter_map(|(name, text)| match old.get(name) {
        None => Some(format!("{name} (new)")),
        Some(was) => (was != text).then(|| name.to_string()),
    });
    let gone = old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("{name} (gone)"));
    of_new.chain(gone).collect()
}

/// A person at a terminal says yes; a script says `--yes`.
fn ask(signed: &Signed) -> Done {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(Failure::cannot("nothing was published: nobody can be asked here; scripts give `--yes`"));
    }
    let second = signed.second.as_ref().map(|second| format!(" and {second}")).unwrap_or_default();
    let urgent =
        signed.why.as_ref().filter(|_| signed.urgent).map(|why| format!(", urgent: {why}")).unwrap_or_default();
    screen::print(&format!("Put this on the line, as {}{second}{urgent}? Type `yes`: ", signed.person));
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Failure::cannot)?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::not_good("nothing was published")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persons(person: &str, second: Option<&str>, urgent: Option<&str>) -> Persons {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Persons {
            person: person.to_owned(),
            second: owned(second),
            urgent: owned(urgent),
            why: None,
            end_old: false,
            yes: true,
        }
    }

    #[test]
    fn two_persons_or_a_reason() {
        let case = |person: &str, second: Option<&str>, urgent: Option<&str>, two: bool, says: &str| match persons(
            person, second, urgent,
        )
        .signed(two)
        {
            Ok(signed) => assert_eq!(says, "", "{signed:?}"),
            Err(problem) => assert!(!says.is_empty() && problem.contains(says), "{says}: {problem}"),
        };
        case("Ada", None, None, false, "");
        case("Ada", None, None, true, "by two persons");
        case("Ada", Some("Bo"), None, true, "");
        case("Ada", Some(" ada "), None, true, "the same name");
        case("Ada  Vos", Some("ADA VOS"), None, false, "the same name");
        case("Ada", Some("ada"), Some("a wrong number"), true, "the same name");
        case("Ada", Some(" "), None, true, "`--second` must be");
        case("Ada", None, Some("a wrong number"), true, "");
        case("Ada", None, Some("\t "), true, "`--urgent` must be");
        case(" ", None, None, false, "`--by` must be");
        case("A\u{1b}da", None, None, false, "plain text");
        case(&"x".repeat(101), None, None, false, "1 to 100");
    }

    #[test]
    fn what_is_signed() {
        let signed = persons(" Ada \n Vos", Some("Bo"), Some("a slip")).signed(true).unwrap();
        assert_eq!((signed.person.as_str(), signed.second.as_deref()), ("Ada Vos", Some("Bo")));
        assert!(signed.urgent && signed.why.as_deref() == Some("a slip"));
    }

    #[test]
    fn which_numbers_may_be_published() {
        let number = |number: &str, checked: Option<i32>| Contact {
            name: "bureau".to_owned(),
            number: number.to_owned(),
            checked_days_ago: checked,
        };
        let config = |live: bool, trial: bool| {
            let mut config = Config::from_text("data = \"data\"").unwrap();
            (config.live, config.trial) = (live, trial);
            config
        };
        let case = |live: bool, trial: bool, urgent: bool, kind: Kind, new: Contact, says: &str| {
            let signed = persons("Ada", None, urgent.then_some("a slip")).signed(false).unwrap();
            let old = [number("07700900123", Some(181))];
            match numbers_allow(&config(live, trial), &signed, &[new], &old, kind) {
                Ok(()) => assert_eq!(says, ""),
                Err(refused) => assert!(!says.is_empty() && refused.lines.contains(says), "{}", refused.lines),
            }
        };
        use Kind::{Publish, Rollback};
        let (known, other) = ("07700900123", "07700900124");
        case(true, false, false, Publish, number(known, Some(180)), "");
        case(true, false, false, Publish, number(known, None), "nobody has checked the number of `bureau`");
        case(true, false, true, Publish, number(known, None), "a reason cannot replace the call");
        case(true, false, false, Rollback, number(known, None), "nobody has checked");
        case(true, true, false, Publish, number(known, None), "");
        case(false, false, false, Publish, number(known, None), "");
        case(false, false, false, Publish, number(known, Some(181)), "more than 180 days ago");
        case(true, false, true, Publish, number(known, Some(181)), "");
        case(true, false, true, Publish, number(other, Some(181)), "more than 180 days ago");
        case(true, false, false, Rollback, number(known, Some(181)), "");
        case(true, false, false, Rollback, number(other, Some(181)), "");
    }

    #[test]
    fn files() {
        let sources = |files: &[(&str, &str)]| -> Sources {
            files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
        };
        let old = sources(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let new = sources(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(files_that_differ(&old, &new), ["b", "d (new)", "c (gone)"]);
    }
}
