//! `hulplijn schema`: the shape of the menu files and the desk file, for editors that check while one types.

use super::{Done, Failure, screen};
use crate::base::meant;
use crate::desk;
use crate::menu::schema::FileKind;
use serde_json::Value;
use std::path::PathBuf;

/// The short name of the desk file.
const DESK: &str = "desk";

/// Without a file: which there are. An editor then knows every key, what it is for and what may stand there;
/// `hulplijn check` still has the last word. docs/menus.md says how to tell your editor.
///
/// Examples:
///   hulplijn schema voice.toml
///   hulplijn schema texts/en.toml
///   hulplijn schema desk.toml
///   hulplijn schema --write .schemas
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// A menu file, such as voice.toml or texts/en.toml, or desk.toml, or its short name
    #[arg(conflicts_with = "write")]
    file: Option<String>,
    /// Write the schemas of all files into this folder, made if it is not there
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    if let Some(folder) = arguments.write {
        let cannot = |error| Failure::cannot(format!("cannot write into `{}`: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(cannot)?;
        let menus = FileKind::ALL.iter().map(|(name, kind)| (*name, kind.schema()));
        for (name, schema) in menus.chain([(DESK, desk::schema::schema())]) {
            let path = folder.join(format!("{name}.schema.json"));
            std::fs::write(&path, pretty(&schema)).map_err(cannot)?;
            screen::line(&path.display().to_string());
        }
        return Ok(());
    }
    match arguments.file {
        Some(file) if file.trim_end_matches(".toml") == DESK => screen::print(&pretty(&desk::schema::schema())),
        Some(file) => {
            let kind = FileKind::of(&file).ok_or_else(|| unknown(&file))?;
            screen::print(&pretty(&kind.schema()));
        }
        None => {
            let lines: String =
                FileKind::ALL.iter().map(|(name, kind)| format!("{name:10}{}\n", kind.files())).collect();
            let lines = format!("{lines}{DESK:10}{DESK}.toml, outside the menus\n");
            screen::print(&format!("{lines}\n`hulplijn schema voice` prints one, `--write DIR` writes them all\n"));
        }
    }
    Ok(())
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn unknown(file: &str) -> Failure {
    let near = meant(file.trim_end_matches(".toml"), FileKind::ALL.iter().map(|(name, _)| *name).chain([DESK]));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Failure::cannot(format!("`{file}` is no menu file{near}\n`hulplijn schema` lists them all"))
}
