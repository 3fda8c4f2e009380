//! Writing changed menu files: all of them or none, and showing what would change.

use super::Failure;
use super::menus::Origin;
use super::places::{Edit, apply};
use crate::base::Sources;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What changes in each file.
pub type Changes = BTreeMap<Arc<str>, Vec<Edit>>;

/// The menu files of a folder that is to be changed.
///
/// # Errors
/// There is no such folder, or it cannot be read.
pub fn read(folder: &Path) -> Result<Sources, Failure> {
    if !folder.is_dir() {
        let name = folder.display();
        return Err(Failure::cannot(format!("there is no folder `{name}` here: say which one with `--dir DIR`")));
    }
    Origin::Folder(folder.to_owned()).read()
}

/// The files as they will be.
pub fn after(before: &Sources, changes: &Changes) -> Sources {
    let changed = |(name, text): (&Arc<str>, &Arc<str>)| {
        let text = changes.get(name).map_or_else(|| Arc::clone(text), |edits| apply(text, edits).into());
        (Arc::clone(name), text)
    };
    before.iter().map(changed).collect()
}

/// One file on its way: what stood in it is kept beside it until all files are written.
struct Step {
    name: String,
    file: PathBuf,
    fresh: PathBuf,
    kept: PathBuf,
}

/// Writes the files that differ, all or none: each new one is written whole beside the old one first, so that a full
/// disk is met before anything is replaced, and what was replaced is put back if another cannot be.
///
/// # Errors
/// A file that cannot be written, that somebody has changed since it was read, or that an earlier, interrupted change
/// has left behind. Nothing has changed then; if even putting back fails, the message names the files.
pub fn write(folder: &Path, before: &Sources, after: &Sources) -> Result<(), Failure> {
    let mut steps = Vec::new();
    for (name, text) in after {
        if before.get(name) != Some(text) {
            steps.push(step(folder, name)?);
        }
    }
    let prepared = steps.iter().try_for_each(|step| prepare(step, before, after));
    let done = prepared.and_then(|()| replace(&steps));
    for step in &steps {
        let _ = fs::remove_file(&step.fresh);
    }
    if done.is_ok() {
        for step in &steps {
            let _ = fs::remove_file(&step.kept);
        }
    }
    done.map_err(Failure::cannot)
}

fn step(folder: &Path, name: &str) -> Result<Step, Failure> {
    let path = folder.join(name);
    // A link stays a link: what it points to is replaced.
    let file = fs::canonicalize(&path)
        .map_err(|error| Failure::cannot(format!("cannot find `{}`: {error}", path.display())))?;
    let last = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = |end: &str| file.with_file_name(format!(".{last}.{end}"));
    let (fresh, kept) = (beside("new"), beside("old"));
    if kept.exists() {
        return Err(Failure::cannot(format!(
            "an earlier change was interrupted: `{}` is what stood in `{name}` before it; move it back over `{name}`, \
             or delete it if `{name}` is right, then try again",
            kept.display()
        )));
    }
    Ok(Step { name: name.to_owned(), file, fresh, kept })
}

fn prepare(step: &Step, before: &Sources, after: &Sources) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot write `{}`: {error}; nothing was changed", step.name);
    if fs::read_to_string(&step.file).map_err(cannot)?.as_str()
        != before.get(step.name.as_str()).map_or("", |text| text)
    {
        return Err(format!("`{}` has changed in the meantime; nothing was changed: try again", step.name));
    }
    if step.fresh.is_file() {
        fs::remove_file(&step.fresh).map_err(cannot)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&step.fresh).map_err(cannot)?;
    file.write_all(after.get(step.name.as_str()).map_or("", |text| text).as_bytes()).map_err(cannot)?;
    let mode = fs::metadata(&step.file).map_err(cannot)?.permissions();
    file.set_permissions(mode).map_err(cannot)?;
    file.sync_all().map_err(cannot)
}

fn replace(steps: &[Step]) -> Result<(), String> {
    for (at, step) in steps.iter().enumerate() {
        // A second name for the old file; where the disk knows no second names, a copy.
        let kept = fs::hard_link(&step.file, &step.kept).or_else(|_| fs::copy(&step.file, &step.kept).map(drop));
        if let Err(error) = kept.and_then(|()| fs::rename(&step.fresh, &step.file)) {
            let lost: Vec<String> = steps[..=at].iter().filter_map(|step| put_back(step).err()).collect();
            let all = if lost.is_empty() { "; nothing was changed".to_owned() } else { lost.concat() };
            return Err(format!("cannot write `{}`: {error}{all}", step.name));
        }
    }
    // The new names are on the disk before the old files go.
    for folder in steps.iter().filter_map(|step| step.file.parent()).collect::<BTreeSet<_>>() {
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn put_back(step: &Step) -> Result<(), String> {
    if step.kept.is_file() {
        fs::rename(&step.kept, &step.file)
            .map_err(|_| format!("; what stood in `{}` is now in `{}`", step.name, step.kept.display()))?;
        // Two names of one file stay two names.
        let _ = fs::remove_file(&step.kept);
    }
    Ok(())
}

/// The lines that change, with their numbers before the change: `-` what stands there now, `+` what will.
pub fn shown(before: &Sources, changes: &Changes) -> String {
    let mut page = String::new();
    for (name, edits) in changes {
        let source = before.get(name).map_or("", |text| text);
        let mut edits = edits.clone();
        edits.sort_by_key(|edit| edit.span.start);
        page.push_str(&format!("{name}\n"));
        let mut rest = edits.as_slice();
        while let Some(first) = rest.first() {
            let start = source.get(..first.span.start).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
            let mut end = start;
            let mut count = 0;
            while let Some(edit) = rest.get(count).filter(|edit| count == 0 || edit.span.start < end) {
                let line_end = source.get(edit.span.end..).and_then(|text| text.find('\n'));
                end = line_end.map_or(source.len(), |at| edit.span.end + at + 1);
                count += 1;
            }
            let (group, others) = rest.split_at(count);
            rest = others;
            let inside: Vec<Edit> = group
                .iter()
                .map(|edit| Edit { span: edit.span.start - start..edit.span.end - start, text: edit.text.clone() })
                .collect();
            let old = source.get(start..end).unwrap_or_default();
            let new = apply(old, &inside);
            let number = source.get(..start).unwrap_or_default().matches('\n').count() + 1;
            difference(&mut page, number, old, &new);
        }
    }
    page
}

/// The lines of two passages, without those that are the same at the start and at the end.
fn difference(page: &mut String, number: usize, old: &str, new: &str) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let front = old.iter().zip(&new).take_while(same).count();
    let back = old[front..].iter().rev().zip(new[front..].iter().rev()).take_while(same).count();
    for (at, line) in old[front..old.len() - back].iter().enumerate() {
        page.push_str(&format!("{:5} - {line}\n", number + front + at));
    }
    for line in &new[front..new.len() - back] {
        page.push_str(format!("{:5} + {line}", "").trim_end());
        page.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
    }

    /// A folder with these files.
    fn folder(files: &Sources) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(&**name), text.as_bytes()).unwrap();
        }
        folder
    }

    /// The names in a folder with what is in them.
    fn found(folder: &Path) -> Sources {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = |path: PathBuf| {
            let text = fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_str().unwrap().into(), text.into())
        };
        entries.map(file).collect()
    }

    fn said(result: Result<(), Failure>) -> String {
        result.err().map(|failure| failure.lines).unwrap_or_default()
    }

    #[test]
    fn all_files_or_none() {
        let before = sources(&[("a.toml", "1"), ("b.toml", "2"), ("c.toml", "3")]);
        let after = sources(&[("a.toml", "1!"), ("b.toml", "2"), ("c.toml", "3!")]);
        let folder = folder(&before);
        assert_eq!(said(write(folder.path(), &before, &after)), "");
        assert_eq!(found(folder.path()), after, "nothing else is left in the folder");
        // The second file cannot be put in place: the first is put back.
        let mut steps: Vec<Step> =
            ["a.toml", "c.toml"].into_iter().map(|name| step(folder.path(), name).ok().unwrap()).collect();
        fs::write(&steps[0].fresh, "new").unwrap();
        steps[1].fresh = folder.path().join("missing");
        let error = replace(&steps).unwrap_err();
        assert!(error.starts_with("cannot write `c.toml`") && error.ends_with("; nothing was changed"), "{error}");
        assert_eq!(found(folder.path()), after);
    }

    #[test]
    fn somebody_elses_change_is_kept() {
        let before = sources(&[("a.toml", "1"), ("b.toml", "2")]);
        let after = sources(&[("a.toml", "1!"), ("b.toml", "2!")]);
        let folder = folder(&before);
        fs::write(folder.path().join("b.toml"), "theirs").unwrap();
        assert!(said(write(folder.path(), &before, &after)).contains("`b.toml` has changed in the meantime"));
        assert_eq!(found(folder.path()), sources(&[("a.toml", "1"), ("b.toml", "theirs")]));
    }

    #[test]
    fn a_link_stays_a_link_and_a_mode_stays() {
        use std::os::unix::fs::PermissionsExt;
        let before = sources(&[("a.toml", "1")]);
        let elsewhere = folder(&before);
        let folder = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("a.toml");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join("a.toml")).unwrap();
        assert_eq!(said(write(folder.path(), &before, &sources(&[("a.toml", "2")]))), "");
        assert!(folder.path().join("a.toml").is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "2");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_is_shown() {
        let before = sources(&[("a.toml", "one\ntwo\nthree\nfour")]);
        let edit = |span, text: &str| Edit { span, text: text.to_owned() };
        let case = |edits: &[Edit], expected: &str| {
            let changes = Changes::from([("a.toml".into(), edits.to_vec())]);
            assert_eq!(shown(&before, &changes), format!("a.toml\n{expected}"));
        };
        case(&[edit(4..7, "2")], "    2 - two\n      + 2\n");
        case(&[edit(5..6, "W"), edit(4..5, "T")], "    2 - two\n      + TWo\n");
        case(&[edit(4..4, "x\n"), edit(14..18, "4")], "      + x\n    4 - four\n      + 4\n");
        case(&[edit(3..3, "!\n"), edit(7..8, "\n+\n")], "    1 - one\n      + one!\n      +\n      + +\n");
    }
}
