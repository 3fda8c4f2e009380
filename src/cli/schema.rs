//! `hulplijn schema`: the shape of the menu files, for editors that check while one types.

use super::{Done, Failure, screen};
use crate::base::meant;
use crate::menu::schema::FileKind;
use serde_json::Value;
use std::path::PathBuf;

/// Without a file: which there are. An editor then knows every key, what it is for and what may stand there;
/// `hulplijn check` still has the last word. docs/menus.md says how to tell your editor.
///
/// Examples:
///   hulplijn schema voice.toml
///   hulplijn schema texts/en.toml
///   hulplijn schema --write .schemas
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// A menu file, such as voice.toml or texts/en.toml, or its short name
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
        for (name, kind) in FileKind::ALL {
            let path = folder.join(format!("{name}.schema.json"));
            std::fs::write(&path, pretty(&kind.schema())).map_err(cannot)?;
            screen::line(&path.display().to_string());
        }
        return Ok(());
    }
    match arguments.file {
        Some(file) => {
            let kind = FileKind::of(&file).ok_or_else(|| unknown(&file))?;
            screen::print(&pretty(&kind.schema()));
        }
        None => {
            let lines: String =
                FileKind::ALL.iter().map(|(name, kind)| format!("{name:10}{}\n", kind.files())).collect();
            screen::print(&format!("{lines}\n`hulplijn schema voice` prints one, `--write DIR` writes them all\n"));
        }
    }
    Ok(())
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn unknown(file: &str) -> Failure {
    let near = meant(file.trim_end_matches(".toml"), FileKind::ALL.iter().map(|(name, _)| *name));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Failure::cannot(format!("`{file}` is no menu file{near}\n`hulplijn schema` lists them all"))
}
