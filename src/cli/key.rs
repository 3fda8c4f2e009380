//! `hulplijn key`: the key ring that seals sessions.

use super::{Done, Failure, assemble, screen};
use crate::privacy::KeyRing;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a new current key and keep the last one for the calls in progress; restart the server afterwards
    Rotate {
        /// Folder for data, as for `serve`
        #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
        data: Option<PathBuf>,
    },
}

pub fn run(arguments: Arguments) -> Done {
    let Command::Rotate { data } = arguments.command;
    let data = data
        .or_else(|| super::config::xdg(&super::environment, "XDG_DATA_HOME", ".local/share"))
        .ok_or_else(|| Failure::cannot("there is no place for data: set `--data DIR`"))?;
    let ring = open_or_make(&data)?.rotate(assemble::random());
    write(&data, &ring)?;
    screen::line("a new key seals from the next start of the server on; calls in progress are still understood");
    screen::line("rotate again not before 5 hours have passed, or those calls begin again at the front door");
    Ok(())
}

fn path(data: &Path) -> PathBuf {
    data.join("keyring")
}

/// The ring in the data folder; a new one if there is none.
///
/// # Errors
/// A ring that cannot be read, is not one, or that others on this machine can read.
pub fn open_or_make(data: &Path) -> Result<KeyRing, Failure> {
    let path = path(data);
    let name = path.display();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let mode =
                std::fs::metadata(&path).map_err(|error| Failure::cannot(format!("cannot read `{name}`: {error}")))?;
            if mode.permissions().mode() & 0o077 != 0 {
                return Err(Failure::cannot(format!(
                    "others on this machine can read the key ring: run `chmod 600 {name}`"
                )));
            }
            KeyRing::parse(&text).map_err(|problem| Failure::cannot(format!("`{name}`: {problem}")))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let ring = KeyRing::generate(assemble::random());
            write(data, &ring)?;
            Ok(ring)
        }
        Err(error) => Err(Failure::cannot(format!("cannot read `{name}`: {error}"))),
    }
}

/// Writes the ring beside its place and moves it there, so that a power cut leaves the old one or the new one.
fn write(data: &Path, ring: &KeyRing) -> Done {
    let path = path(data);
    let beside = path.with_extension("new");
    let written = (|| {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        let _ = std::fs::remove_file(&beside);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(ring.to_text().as_bytes())?;
        // Rotated by root, it stays the service's own.
        if let Ok(old) = std::fs::metadata(&path) {
            std::os::unix::fs::chown(&beside, Some(old.uid()), Some(old.gid()))?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, &path)
    })();
    written.map_err(|error| Failure::cannot(format!("cannot write the key ring `{}`: {error}", path.display())))
}
