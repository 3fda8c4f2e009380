//! `hulplijn map`: the tree of a hotline, as text and as a drawing.

use super::menus::{self, Origin};
use super::{Done, Failure, assemble, screen};
use crate::base::Language;
use crate::menu::picture::{dot, svg, usual_language};
use crate::menu::{self, Hotline, LangIx, Settings};
use std::path::{Path, PathBuf};

/// Show the tree of a hotline: keys, SMS codes, seconds; as text or as a drawing
///
/// Without a flag it is text for the terminal, in all languages. The drawing has one box for each
/// node, a line for each key, the words and seconds of one language, and where a person is reached.
///
/// Examples:
///   hulplijn map
///   hulplijn map --svg hotline.svg          then open it in a browser, or print it
///   hulplijn map menus --lang nl --svg -    to standard output
///   hulplijn map --dot | dot -Tpdf -o hotline.pdf
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    dir: Option<PathBuf>,
    /// As text: keys, codes and seconds in every language. This is what is printed without a flag
    #[arg(long, conflicts_with_all = ["svg", "dot", "lang"])]
    text: bool,
    /// As a drawing (SVG) into this file; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "dot")]
    svg: Option<PathBuf>,
    /// As a graph for Graphviz (DOT), to standard output
    #[arg(long)]
    dot: bool,
    /// The language of the words and seconds in a drawing [default: en if the hotline has it, else its first]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
}

pub fn run(arguments: Arguments) -> Done {
    let sources = Origin::choose(arguments.dir).read()?;
    let (hotline, _) = menus::load(&sources, &Settings::default(), assemble::today())?;
    let language = language(&hotline, arguments.lang.as_deref())?;
    match (arguments.svg, arguments.dot) {
        (Some(file), _) => write(&file, &svg(&hotline, language)),
        (None, true) => {
            screen::print(&dot(&hotline, language));
            Ok(())
        }
        (None, false) if arguments.lang.is_some() => {
            Err(Failure::cannot("`--lang` chooses the language of a drawing: give `--svg FILE` or `--dot` as well"))
        }
        (None, false) => {
            screen::print(&menu::map(&hotline));
            Ok(())
        }
    }
}

fn language(hotline: &Hotline, asked: Option<&str>) -> Result<LangIx, Failure> {
    let Some(asked) = asked else { return Ok(usual_language(hotline)) };
    let known = Language::new(asked).and_then(|language| hotline.language_ix(language));
    known.ok_or_else(|| {
        let all: Vec<String> = hotline.languages.iter().map(|tag| format!("`{tag}`")).collect();
        Failure::cannot(format!("the hotline has no language `{asked}`: expected one of {}", all.join(", ")))
    })
}

fn write(file: &Path, drawing: &str) -> Done {
    if file == Path::new("-") {
        screen::print(drawing);
        return Ok(());
    }
    std::fs::write(file, drawing)
        .map_err(|error| Failure::cannot(format!("cannot write `{}`: {error}", file.display())))?;
    screen::line(&format!("wrote {}: open it in a browser, or print it", file.display()));
    Ok(())
}
