//! What is wrong with the sound of a hotline (rules LG-04, PR-08, TM-07, TM-09), in the words of the menus' findings.

use super::catalog::{Catalog, Catalogs, Entry, Grade, Made};
use super::expand::Piece;
use super::measure::Measured;
use super::render::{LEVEL_DB, RATE};
use super::wanted::{Found, Wanted};
use crate::base::{Finding, Language, Place, Sources};
use std::sync::Arc;

/// PR-08: the highest sample, in dB below full scale; how far the level may be from [`LEVEL_DB`]; the silence before and
/// behind, in milliseconds. A file in mu-law rounds, so a tenth of a dB is let through.
pub const PEAK_MOST_DB: f32 = -3.0;
pub const LEVEL_WITHIN_DB: f32 = 2.0;
pub const LEAD_MOST_MS: u32 = 150;
pub const TAIL_MOST_MS: u32 = 300;
/// TM-07: silence between two options, in milliseconds.
pub const BETWEEN_OPTIONS_MS: std::ops::RangeInclusive<u32> = 500..=750;
/// TM-09: words a minute of a language, and the most of a single prompt.
pub const PACE_WPM: std::ops::RangeInclusive<u32> = 110..=150;
pub const PACE_MOST_WPM: u32 = 170;
/// A prompt with fewer words says nothing about the pace: one long word makes it slow, two short ones quick.
const PACE_WORDS_LEAST: usize = 8;
/// A sentence of short words has more of them a minute: in a single prompt a word counts for at most so many letters, the
/// mean of English.
const WORD_LETTERS: usize = 5;
/// So many prompts are named in one finding.
const NAMED_MAX: usize = 5;

/// Everything that is wrong. `sources` has the catalogs as they are written, `name` their names in it; `measured` gives
/// what the file of an entry holds, or why it cannot be had. A language without a catalog is spoken by the provider, and
/// nothing is said about it.
pub fn check(
    wanted: &[Wanted<'_>],
    catalogs: &Catalogs,
    sources: &Sources,
    name: impl Fn(Language) -> Arc<str>,
    mut measured: impl FnMut(&Language, &Entry) -> Result<Measured, String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (language, catalog) in catalogs {
        let file = name(*language);
        let text = sources.get(&file).map(|text| &**text).unwrap_or_default();
        let mut on = Subject {
            language: *language,
            file,
            text,
            drafts: 0,
            missing: Vec::new(),
            words: 0,
            ms: 0,
            findings: Vec::new(),
        };
        for wanted in wanted.iter().filter(|wanted| wanted.language == *language) {
            match wanted.found(Some(catalog)) {
                Found::Missing => on.missing.push(wanted.id.to_owned()),
                Found::Stale(entry) => on.stale(wanted, entry),
                Found::Fresh(entry) => match measured(language, entry) {
                    Ok(measured) => on.sound(wanted, entry, &measured),
                    Err(why) => on.broken(wanted, entry, &why),
                },
            }
        }
        on.whole(catalog);
        findings.append(&mut on.findings);
    }
    findings
}

/// One language, and what was found so far.
struct Subject<'t> {
    language: Language,
    file: Arc<str>,
    text: &'t str,
    drafts: usize,
    missing: Vec<String>,
    /// Words that tell the pace, and the milliseconds they take.
    words: usize,
    ms: u64,
    findings: Vec<Finding>,
}

impl Subject<'_> {
    /// The head of a prompt's table in the catalog.
    fn place(&self, prompt: &str) -> Place {
        let head = format!("[prompt.\"{prompt}\"]");
        let span = self.text.find(&head).map_or(0..0, |at| at..at + head.len());
        Place::new(&self.file, span)
    }

    fn warn(&mut self, rule: &'static str, prompt: &str, message: String, found: String, expected: String, help: &str) {
        let finding = Finding::warning(rule, self.place(prompt), message).found(found).expected(expected).help(help);
        self.findings.push(finding);
    }

    fn stale(&mut self, wanted: &Wanted<'_>, entry: &Entry) {
        let help = match entry.made {
            Made::Recorded => {
                "record it again and run `hulplijn audio import`; `hulplijn audio render` makes a sound for the time being"
            }
            Made::Rendered => "run `hulplijn audio render`",
        };
        let message =
            format!("the sound of `{}` is not of its words any more: the provider says it instead", wanted.id);
        self.warn("LG-04", wanted.id, message, String::new(), format!("a sound of `{}`", wanted.words), help);
    }

    fn broken(&mut self, wanted: &Wanted<'_>, entry: &Entry, why: &str) {
        let message = format!("the sound of `{}` cannot be played: {why}", wanted.id);
        let finding = Finding::error("LG-04", self.place(wanted.id), message)
            .expected(format!("the file `{}` as it was catalogued", entry.file));
        self.findings.push(finding.help("run `hulplijn audio render`, or import the recording again"));
    }

    fn sound(&mut self, wanted: &Wanted<'_>, entry: &Entry, measured: &Measured) {
        self.drafts += usize::from(entry.grade == Grade::Draft);
        self.form(wanted, measured);
        if wanted.names_key() {
            let between = measured.tail_ms + measured.lead_ms;
            if !BETWEEN_OPTIONS_MS.contains(&between) {
                let (least, most) = (BETWEEN_OPTIONS_MS.start(), BETWEEN_OPTIONS_MS.end());
                let message = format!(
                    "callers have too {} time to press the key of `{}`",
                    if between < *least { "little" } else { "much" },
                    wanted.id
                );
                self.warn(
                    "TM-07",
                    wanted.id,
                    message,
                    format!("{between} ms of silence between options"),
                    format!("{least} to {most} ms"),
                    "run `hulplijn audio render` or `import`, which cut the silence right",
                );
            }
        }
        let Some((words, ms)) = pace(wanted, measured) else { return };
        self.words += words;
        self.ms += ms;
        let letters = wanted.words.chars().filter(|c| c.is_alphanumeric()).count();
        let wpm = words.min(letters / WORD_LETTERS) as u64 * 60_000 / ms;
        if wpm > u64::from(PACE_MOST_WPM) {
            let message = format!("`{}` is spoken too quickly", wanted.id);
            let finding = Finding::error("TM-09", self.place(wanted.id), message)
                .found(format!("{wpm} words a minute"))
                .expected(format!("at most {PACE_MOST_WPM}"));
            self.findings.push(finding.help("speak slower, or lower the speed of the voice in the configuration"));
        }
    }

    /// PR-08.
    fn form(&mut self, wanted: &Wanted<'_>, measured: &Measured) {
        let mut wrong = Vec::new();
        if (measured.rate, measured.channels) != (RATE, 1) {
            wrong.push((
                format!("{} Hz, {} channels", measured.rate, measured.channels),
                format!("{RATE} Hz, 1 channel"),
            ));
        }
        if measured.peak_db > PEAK_MOST_DB + 0.1 || measured.clipped > 0 {
            wrong.push((format!("a peak at {:.1} dB", measured.peak_db), format!("at most {PEAK_MOST_DB:.0} dB")));
        }
        if (measured.level_db - LEVEL_DB).abs() > LEVEL_WITHIN_DB {
            wrong.push((
                format!("active speech at {:.1} dB", measured.level_db),
                format!("{LEVEL_DB:.0} dB, {LEVEL_WITHIN_DB:.0} more or less"),
            ));
        }
        if measured.lead_ms > LEAD_MOST_MS {
            wrong.push((format!("{} ms of silence before", measured.lead_ms), format!("at most {LEAD_MOST_MS} ms")));
        }
        if measured.tail_ms > TAIL_MOST_MS && !wanted.names_key() {
            wrong.push((format!("{} ms of silence behind", measured.tail_ms), format!("at most {TAIL_MOST_MS} ms")));
        }
        if !wrong.is_empty() {
            let (found, expected): (Vec<String>, Vec<String>) = wrong.into_iter().unzip();
            let message = format!("the sound of `{}` is not as a telephone needs it", wanted.id);
            self.warn(
                "PR-08",
                wanted.id,
                message,
                found.join("; "),
                expected.join("; "),
                "run `hulplijn audio render` or `import`, which make it so",
            );
        }
    }

    /// What is said once a language.
    fn whole(&mut self, catalog: &Catalog) {
        let language = self.language;
        let nowhere = || Place::new(&self.file, 0..0);
        let mut findings = Vec::new();
        if !self.missing.is_empty() {
            let (count, named) = (self.missing.len(), named(&self.missing));
            let message = format!("`{language}` has no sound for {count} prompts: the provider says them instead");
            findings
                .push(Finding::warning("LG-04", nowhere(), message).found(named).help("run `hulplijn audio render`"));
        }
        if self.drafts > 0 {
            let (drafts, all) = (self.drafts, catalog.prompt.len());
            let message = format!("`{language}` has drafts: to be recorded before going live");
            let found = format!("{drafts} of {all} sounds are drafts");
            let help = format!("`hulplijn audio script --lang {language}` writes what a voice actor reads");
            findings.push(Finding::notice("LG-04", nowhere(), message).found(found).help(help));
        }
        let pace = (self.words as u64 * 60_000).checked_div(self.ms);
        let (least, most) = (u64::from(*PACE_WPM.start()), u64::from(*PACE_WPM.end()));
        if let Some(wpm) = pace.filter(|wpm| !(least..=most).contains(wpm)) {
            let how = if wpm < least { "slowly" } else { "quickly" };
            findings.push(
                Finding::warning("TM-09", nowhere(), format!("`{language}` is spoken too {how}"))
                    .found(format!("{wpm} words a minute"))
                    .expected(format!("{least} to {most}"))
                    .help("change the speed of the voice in the configuration, or speak at another pace"),
            );
        }
        self.findings.append(&mut findings);
    }
}

/// Words and the milliseconds they take, without silence around them; `None` for what says nothing about the pace: a
/// prompt with few words, with a telephone number, or spelled letter by letter.
fn pace(wanted: &Wanted<'_>, measured: &Measured) -> Option<(usize, u64)> {
    let pieces = wanted.pieces();
    if pieces.iter().any(|piece| matches!(piece, Piece::Pause(_))) || wanted.id.contains("/letters/") {
        return None;
    }
    let words = wanted.words.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let ms = u64::from(measured.ms).saturating_sub(u64::from(measured.lead_ms) + u64::from(measured.tail_ms));
    (words >= PACE_WORDS_LEAST && ms > 0).then_some((words, ms))
}

fn named(prompts: &[String]) -> String {
    let more =
        if prompts.len() > NAMED_MAX { format!(" and {} more", prompts.len() - NAMED_MAX) } else { String::new() };
    let named: Vec<String> = prompts.iter().take(NAMED_MAX).map(|prompt| format!("`{prompt}`")).collect();
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::catalog::tests::entry;
    use super::super::expand::Forms;
    use super::super::wav::Format;
    use super::*;
    use crate::base::Severity;

    fn wanted<'w>(id: &'w str, words: &'w str) -> Wanted<'w> {
        let language = Language::new("en").unwrap();
        Wanted { language, id, words, forms: Forms { digits: &[], pronounce: &[] } }
    }

    /// A good sound of ten words a prompt, changed by `spoil`.
    fn found(id: &str, spoil: impl Fn(&mut Measured)) -> Vec<(&'static str, Severity, String)> {
        let words = "Their answer comes later, after three whole days and nights.";
        let wanted = wanted(id, words);
        let mut known = entry(Grade::Good);
        known.text = wanted.text(&known.voice);
        let catalog = Catalog { prompt: [(id.to_owned(), known)].into() };
        let file: Arc<str> = "audio/en/catalog.toml".into();
        let sources = [(Arc::clone(&file), catalog.to_toml().into())].into();
        let tail_ms = wanted.tail_ms();
        let mut measured = Measured {
            rate: RATE,
            channels: 1,
            format: Format::MuLaw,
            ms: 4_500 + 100 + tail_ms,
            peak_db: -3.5,
            level_db: LEVEL_DB,
            lead_ms: 100,
            tail_ms,
            clipped: 0,
        };
        spoil(&mut measured);
        let catalogs = [(wanted.language, catalog)].into();
        let findings = check(&[wanted], &catalogs, &sources, |_| Arc::clone(&file), |_, _| Ok(measured.clone()));
        findings.into_iter().map(|finding| (finding.rule, finding.severity, finding.found)).collect()
    }

    #[test]
    fn what_is_good_is_left_alone() {
        for id in ["help/say/1", "help/option/stay", "phrase/person"] {
            assert_eq!(found(id, |_| {}), []);
        }
        // At the limits.
        assert_eq!(
            found("help/say/1", |it| (it.peak_db, it.level_db, it.lead_ms, it.tail_ms) = (-3.0, -24.0, 150, 300)),
            []
        );
    }

    #[test]
    fn each_measure_has_its_finding() {
        let case = |id: &str, spoil: fn(&mut Measured), rule: &str, severity: Severity, says: &str| {
            let found = found(id, spoil);
            let named = found.iter().find(|(known, _, found)| *known == rule && found.contains(says));
            assert_eq!(named.map(|(_, severity, _)| *severity), Some(severity), "{says}: {found:?}");
        };
        let warning = Severity::Warning;
        case("help/say/1", |it| it.rate = 16_000, "PR-08", warning, "16000 Hz, 1 channels");
        case("help/say/1", |it| it.channels = 2, "PR-08", warning, "8000 Hz, 2 channels");
        case("help/say/1", |it| it.peak_db = -2.8, "PR-08", warning, "a peak at -2.8 dB");
        case("help/say/1", |it| it.clipped = 1, "PR-08", warning, "a peak");
        case("help/say/1", |it| it.level_db = -24.1, "PR-08", warning, "active speech at -24.1 dB");
        case("help/say/1", |it| it.level_db = -19.9, "PR-08", warning, "active speech at -19.9 dB");
        case("help/say/1", |it| it.lead_ms = 151, "PR-08", warning, "151 ms of silence before");
        case("help/say/1", |it| it.tail_ms = 301, "PR-08", warning, "301 ms of silence behind");
        case("help/option/stay", |it| it.tail_ms = 399, "TM-07", warning, "499 ms of silence between options");
        case("phrase/back", |it| it.tail_ms = 651, "TM-07", warning, "751 ms");
        case("help/say/1", |it| it.ms = 3_200, "TM-09", Severity::Error, "186 words a minute");
        case("help/say/1", |it| it.ms = 4_000, "TM-09", warning, "162 words a minute");
        case("help/say/1", |it| it.ms = 6_500, "TM-09", warning, "96 words a minute");
    }
}
