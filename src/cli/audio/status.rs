//! `hulplijn audio status`: what has a sound, and of which kind.

use super::{Line, Read};
use crate::audio::{Found, Grade, Wanted};
use crate::base::Language;
use crate::cli::sounds::Sounds;
use crate::cli::{Done, Failure, screen};
use serde_json::{Value, json};

/// So many names are told in a line.
const NAMES_MAX: usize = 8;

/// Show what has a sound, and of which kind
///
/// Exit code 0: every prompt has a sound of its words. 1: some are stale or missing. 2: could not be read.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    line: Line,
    /// Print it as JSON: an object with a part a language
    #[arg(long)]
    json: bool,
}

/// What one language has.
#[derive(Default)]
struct Row {
    /// Prompts with a sound of their words, and its seconds, by grade as in [`Grade::ALL`].
    fresh: [(usize, f64); 3],
    stale: Vec<String>,
    missing: Vec<String>,
    /// In the catalog, and no prompt of the hotline.
    left_over: Vec<String>,
    voices: Vec<String>,
}

pub fn run(arguments: Arguments) -> Done {
    let read = arguments.line.read()?;
    let rows = rows(&read);
    match arguments.json {
        true => screen::line(&object(&rows).to_string()),
        false => screen::print(&table(&rows)),
    }
    match rows.iter().any(|(_, row)| !row.stale.is_empty() || !row.missing.is_empty()) {
        true => Err(Failure::not_good("")),
        false => Ok(()),
    }
}

fn rows(read: &Read) -> Vec<(Language, Row)> {
    let wanted = Sounds::wanted(&read.hotline);
    let left_over = left_over(&read.sounds, &wanted);
    let row = |language: Language| {
        let mut row = Row::default();
        let catalog = read.sounds.catalogs.get(&language);
        for wanted in wanted.iter().filter(|wanted| wanted.language == language) {
            match wanted.found(catalog) {
                Found::Missing => row.missing.push(wanted.id.to_owned()),
                Found::Stale(_) => row.stale.push(wanted.id.to_owned()),
                Found::Fresh(entry) if !read.sounds.sound_file(language, &entry.file).is_file() => {
                    row.missing.push(wanted.id.to_owned());
                }
                Found::Fresh(entry) => {
                    let (count, seconds) = &mut row.fresh[entry.grade as usize];
                    *count += 1;
                    *seconds += f64::from(entry.ms) / 1000.0;
                    if !row.voices.contains(&entry.voice) {
                        row.voices.push(entry.voice.clone());
                    }
                }
            }
        }
        let gone = left_over.iter().filter(|(known, _)| *known == language);
        row.left_over = gone.flat_map(|(_, prompts)| prompts.clone()).collect();
        row
    };
    let mut rows: Vec<(Language, Row)> = read.languages().map(|language| (language, row(language))).collect();
    // A language that the hotline does not speak any more.
    for (language, prompts) in left_over {
        if read.language.is_none() && !rows.iter().any(|(known, _)| *known == language) {
            rows.push((language, Row { left_over: prompts, ..Row::default() }));
        }
    }
    rows
}

/// The prompts of the catalogs that the hotline does not have.
pub fn left_over(sounds: &Sounds, wanted: &[Wanted<'_>]) -> Vec<(Language, Vec<String>)> {
    let is_wanted = |language: Language, prompt: &str| {
        wanted.iter().any(|wanted| wanted.language == language && wanted.id == prompt)
    };
    let each = sounds.catalogs.iter().map(|(language, catalog)| {
        let prompts = catalog.prompt.keys().filter(|prompt| !is_wanted(*language, prompt)).cloned().collect();
        (*language, prompts)
    });
    each.collect()
}

fn table(rows: &[(Language, Row)]) -> String {
    let mut out = String::from("language     recorded         good        draft    stale  missing  left over\n");
    let cell = |(count, seconds): (usize, f64)| match count {
        0 => "-".to_owned(),
        count => format!("{count} {seconds:.0} s"),
    };
    for (language, row) in rows {
        let [recorded, good, draft] = row.fresh.map(cell);
        let (stale, missing, left) = (row.stale.len(), row.missing.len(), row.left_over.len());
        out.push_str(&format!(
            "{:8} {recorded:>12} {good:>12} {draft:>12} {stale:>8} {missing:>8} {left:>10}\n",
            language.as_str()
        ));
    }
    for (language, row) in rows {
        let mut line = |what: &str, names: &[String]| {
            if !names.is_empty() {
                let more = if names.len() > NAMES_MAX {
                    format!(" and {} more", names.len() - NAMES_MAX)
                } else {
                    String::new()
                };
                let named = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
                out.push_str(&format!("{language} {what}: {named}{more}\n"));
            }
        };
        line("voices", &row.voices);
        line("stale", &row.stale);
        line("missing", &row.missing);
        line("left over", &row.left_over);
    }
    out
}

fn object(rows: &[(Language, Row)]) -> Value {
    let each = rows.iter().map(|(language, row)| {
        let grades = Grade::ALL.iter().map(|grade| {
            let (prompts, seconds) = row.fresh[*grade as usize];
            (grade.to_string(), json!({ "prompts": prompts, "seconds": (seconds * 1000.0).round() / 1000.0 }))
        });
        let mut object: serde_json::Map<String, Value> = grades.collect();
        object.insert("stale".into(), json!(row.stale));
        object.insert("missing".into(), json!(row.missing));
        object.insert("left_over".into(), json!(row.left_over));
        object.insert("voices".into(), json!(row.voices));
        (language.to_string(), Value::Object(object))
    });
    Value::Object(each.collect())
}
