//! `hulplijn audio script`: what a voice actor reads, as text and as a page to print.

use super::{Line, Read};
use crate::audio::catalog::file_of;
use crate::audio::{Piece, Wanted};
use crate::base::Language;
use crate::cli::sounds::Sounds;
use crate::cli::{Done, Failure, screen};
use std::path::PathBuf;

/// Write what a voice actor reads
///
/// Every prompt with the name of its file, its words, its pauses and how its names are said. What is recorded already is
/// left out.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    line: Line,
    /// As a page with boxes to tick, for a browser and a printer; without it as plain text
    #[arg(long)]
    html: bool,
    /// Also what is recorded already
    #[arg(long)]
    all: bool,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A prompt as it is read.
struct Item {
    file: String,
    words: String,
    /// With pauses: `Their number: / zero . three . three / four`.
    spoken: Option<String>,
    /// Names, and how they are said.
    notes: Vec<String>,
}

pub fn run(arguments: Arguments) -> Done {
    let read = arguments.line.read()?;
    let languages: Vec<Language> = read.languages().collect();
    let [language] = languages[..] else {
        return Err(Failure::cannot("`--lang` is missing: the script of which language?"));
    };
    let items = items(&read, language, arguments.all);
    let text = if arguments.html { page(language, &items) } else { plain(language, &items) };
    match arguments.out {
        None => screen::print(&text),
        Some(path) => std::fs::write(&path, text)
            .map_err(|error| Failure::cannot(format!("cannot write `{}`: {error}", path.display())))?,
    }
    Ok(())
}

fn items(read: &Read, language: Language, all: bool) -> Vec<Item> {
    let catalog = read.sounds.catalogs.get(&language);
    let of = Sounds::wanted(&read.hotline);
    let of = of.iter().filter(|wanted| wanted.language == language);
    of.filter(|wanted| all || !wanted.found(catalog).is_recorded()).map(item).collect()
}

fn item(wanted: &Wanted<'_>) -> Item {
    let pieces = wanted.pieces();
    let paused = pieces.iter().any(|piece| matches!(piece, Piece::Pause(_)));
    let plain = Wanted { forms: crate::audio::Forms { pronounce: &[], ..wanted.forms }, ..*wanted };
    let part = |piece: &Piece| match piece {
        Piece::Words(words) => words.clone(),
        Piece::Pause(ms) if *ms > 300 => "/".to_owned(),
        Piece::Pause(_) => "-".to_owned(),
    };
    let spoken = paused.then(|| plain.pieces().iter().map(part).collect::<Vec<_>>().join(" "));
    let low = wanted.words.to_lowercase();
    let names = wanted.forms.pronounce.iter().filter(|(written, _)| low.contains(&written.to_lowercase()));
    let notes = names.map(|(written, voiced)| format!("{written}: a program is told `{voiced}`")).collect();
    Item { file: file_of(wanted.id), words: wanted.words.to_owned(), spoken, notes }
}

const HOW: [&str; 6] = [
    "One file a text, named as it says here: WAV, 44.1 or 48 kHz, 16 or 24 bit, one channel.",
    "Calm and friendly, without a smile in the voice: 120 to 140 words a minute. The voice falls at the end of each option.",
    "The same person, room, microphone and distance for all of them. Peaks at about -6 dB; nothing at 0 dB.",
    "Half a second of silence before and after. No music, no effects, no noise reduction: the program does what is needed.",
    "Numbers: digit by digit, `-` is a short pause (a quarter of a second), `/` a longer one. Never two digits in one breath.",
    "Words in one language stay as they are written: who stumbles over one says so, and it is changed for everybody.",
];

fn plain(language: Language, items: &[Item]) -> String {
    let mut out = format!("Reading list, {language}: {} texts\n\n", items.len());
    for line in HOW {
        out.push_str(&format!("* {line}\n"));
    }
    for item in items {
        out.push_str(&format!("\n[ ] {}\n    {}\n", item.file, item.words));
        if let Some(spoken) = &item.spoken {
            out.push_str(&format!("    pauses: {spoken}\n"));
        }
        for note in &item.notes {
            out.push_str(&format!("    {note}\n"));
        }
    }
    out
}

fn page(language: Language, items: &[Item]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<title>Reading list, {language}</title>\n\
         <style>\nbody {{ font: 14pt/1.5 serif; max-width: 44em; margin: 2em auto; padding: 0 1em }}\n\
         h1, ul, code, small {{ font-family: sans-serif }}\nul, code, small {{ font-size: 10pt }}\n\
         section {{ break-inside: avoid; border-top: 1px solid #999; padding: .6em 0 }}\np {{ margin: .2em 0 }}\n\
         label {{ display: block }}\n@media print {{ body {{ margin: 0; max-width: none }} }}\n</style>\n\
         <h1>Reading list, {language}: {} texts</h1>\n<ul>\n",
        items.len()
    );
    for line in HOW {
        out.push_str(&format!("<li>{}</li>\n", escaped(line)));
    }
    out.push_str("</ul>\n");
    for item in items {
        out.push_str(&format!(
            "<section>\n<label><input type=\"checkbox\"> <code>{}</code></label>\n<p>{}</p>\n",
            escaped(&item.file),
            escaped(&item.words)
        ));
        if let Some(spoken) = &item.spoken {
            out.push_str(&format!("<p><small>pauses: {}</small></p>\n", escaped(spoken)));
        }
        for note in &item.notes {
            out.push_str(&format!("<p><small>{}</small></p>\n", escaped(note)));
        }
        out.push_str("</section>\n");
    }
    out.push_str("</html>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
