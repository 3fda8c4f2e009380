//! The desk file on the disk: its text, and whether it is as private as it has to be.

use crate::base::read::MAX_FILE;
use crate::cli::menus::Origin;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The text of the file.
///
/// # Errors
/// Why it cannot be read.
pub fn text(path: &Path) -> Result<String, String> {
    let file = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !file.is_file() {
        return Err("it is not a file".to_owned());
    }
    if file.len() > MAX_FILE as u64 {
        return Err(format!("it is larger than {MAX_FILE} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// What is not private about it: counsellors' own numbers stand in it. Each as what is wrong, and what to do.
pub fn not_private(path: &Path, menus: &Origin) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let name = path.display();
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        let found = format!("can be opened by others on this machine (mode {mode:o})");
        wrong.push((found, format!("`chmod 600 {name}`")));
    }
    if let Origin::Folder(folder) = menus
        && let (Ok(file), Ok(folder)) = (path.canonicalize(), folder.canonicalize())
        && file.starts_with(&folder)
    {
        let found = format!("lies in the folder of menus `{}`, which is copied, published and shown", folder.display());
        wrong.push((found, "move it beside that folder".to_owned()));
    }
    wrong
}
