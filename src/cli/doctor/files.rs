//! Secrets and data: present, private, and whose.

use super::Seen;
use crate::cli::config::Config;
use crate::store::FILE_NAME;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const TOPIC: &str = "files";

/// An auth token of a provider is not shorter than this.
const TOKEN_LEAST: usize = 16;

pub(super) fn look(config: &Config) -> Vec<Seen> {
    let me = rustix::process::geteuid().as_raw();
    // The user the service runs as: whoever has the data.
    let service = std::fs::metadata(&config.data).map_or(me, |data| data.uid());
    let mut seen = Vec::new();
    if service != me {
        let todo = format!("run it as the user the service runs as: `sudo -u '#{service}' hulplijn doctor`");
        let found = format!(
            "the data belongs to user {service}, and this is user {me}: not all of this is what the service sees"
        );
        seen.push(Seen::look(TOPIC, found, todo));
    }
    seen.extend(config.file.iter().map(|path| secret(path, service)));
    seen.extend(config.secret_files.iter().map(|path| secret(path, service)));
    let folders = config.file.iter().chain(&config.secret_files).filter_map(|path| path.parent());
    let folders = folders.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let mut folders: Vec<&Path> = folders.chain(config.menus.as_deref()).collect();
    folders.sort_unstable();
    folders.dedup();
    seen.extend(folders.into_iter().filter_map(open_to_others));
    seen.extend(config.auth_tokens.iter().filter_map(|token| weak(token)));
    seen.extend(data(&config.data, service));
    seen.extend(alarm(config));
    seen
}

/// A file that holds a secret: root's for a group of the service, or the service's own.
fn secret(path: &Path, service: u32) -> Seen {
    let name = path.display();
    let file = match std::fs::metadata(path) {
        Ok(file) => file,
        Err(error) => return unreadable(path, &error),
    };
    let (mode, owner) = (mode(&file), file.uid());
    let chmod = format!("`chmod 600 {name}`, or 640 where it is root's and its group is the service's");
    if mode & 0o007 != 0 {
        return Seen::wrong(TOPIC, format!("others on this machine may open `{name}` (mode {mode:o})"), chmod);
    }
    if mode & 0o020 != 0 {
        return Seen::wrong(TOPIC, format!("a group may change `{name}` (mode {mode:o})"), chmod);
    }
    if owner != service && owner != 0 {
        let todo = format!("`chown root {name}`, or give it to the service");
        return Seen::wrong(TOPIC, format!("`{name}` belongs to user {owner}, neither root nor the service"), todo);
    }
    if mode & 0o040 != 0 && owner != 0 {
        return Seen::look(TOPIC, format!("a group may read `{name}` (mode {mode:o})"), chmod);
    }
    Seen::ok(TOPIC, format!("`{name}` is private (mode {mode:o})"))
}

/// Whoever may write in a folder may put another file in a file's place.
fn open_to_others(folder: &Path) -> Option<Seen> {
    const STICKY: u32 = 0o1000;
    let name = folder.display();
    let open = std::fs::metadata(folder).ok()?.permissions().mode();
    let todo = format!("`chmod o-w {name}`");
    let found =
        format!("others on this machine may write in `{name}`: they could change what the line says and whom it calls");
    (open & 0o002 != 0 && open & STICKY == 0).then(|| Seen::wrong(TOPIC, found, todo))
}

fn weak(token: &str) -> Option<Seen> {
    let todo = "copy it from the provider's console";
    if token == "replace-me" {
        return Some(Seen::wrong(TOPIC, "the auth token is the example's", todo));
    }
    let found = format!("an auth token has fewer than {TOKEN_LEAST} characters");
    (token.len() < TOKEN_LEAST).then(|| Seen::wrong(TOPIC, found, todo))
}

fn data(folder: &Path, service: u32) -> Vec<Seen> {
    let name = folder.display();
    let found = match std::fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let todo = format!("`hulplijn serve` makes it, or `install -d -m 700 -o hulplijn -g hulplijn {name}`");
            return vec![Seen::look(TOPIC, format!("the data folder `{name}` does not exist yet"), todo)];
        }
        Err(error) => return vec![unreadable(folder, &error)],
        Ok(found) => found,
    };
    let mut seen = vec![match mode(&found) {
        _ if !found.is_dir() => Seen::wrong(TOPIC, format!("`{name}` is not a folder"), "set `data` to a folder"),
        mode if mode & 0o077 != 0 => Seen::wrong(
            TOPIC,
            format!("others on this machine may look into the data folder `{name}` (mode {mode:o})"),
            format!("`chmod 700 {name}`"),
        ),
        mode => Seen::ok(TOPIC, format!("the data folder `{name}` is private (mode {mode:o})")),
    }];
    let beside = |ending: &str| folder.join(format!("{FILE_NAME}{ending}"));
    let files: [PathBuf; 4] = [folder.join("keyring"), beside(""), beside("-wal"), beside("-shm")];
    for path in files {
        match std::fs::metadata(&path) {
            Ok(file) => seen.push(own(&path, &file, service)),
            // It is made when it is needed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => seen.push(unreadable(&path, &error)),
        }
    }
    seen
}

/// A file that only the service has a reason to open.
fn own(path: &Path, file: &Metadata, service: u32) -> Seen {
    let (name, mode, owner) = (path.display(), mode(file), file.uid());
    if mode & 0o077 != 0 {
        let found = format!("others on this machine may open `{name}` (mode {mode:o})");
        return Seen::wrong(TOPIC, found, format!("`chmod 600 {name}`"));
    }
    if owner != service {
        let found = format!("`{name}` belongs to user {owner}, and its folder to user {service}");
        return Seen::wrong(TOPIC, found, format!("`chown {service} {name}`, and run commands as that user"));
    }
    Seen::ok(TOPIC, format!("`{name}` is private (mode {mode:o})"))
}

fn alarm(config: &Config) -> Option<Seen> {
    let Some(program) = config.alarm.command.first() else {
        let found = "no alarm is set: nobody is told of failed signatures, database trouble or a wrong clock";
        return Some(Seen::look(
            TOPIC,
            found,
            "set `[alarm] command`, if nothing else watches the log and the metrics",
        ));
    };
    let todo = "name a program that exists, that the service may run, and that others may not change";
    let Ok(file) = std::fs::metadata(program) else {
        return Some(Seen::wrong(TOPIC, format!("the alarm command `{program}` is not there"), todo));
    };
    let mode = mode(&file);
    if !file.is_file() || mode & 0o111 == 0 {
        return Some(Seen::wrong(TOPIC, format!("the alarm command `{program}` cannot be run (mode {mode:o})"), todo));
    }
    if mode & 0o002 != 0 {
        return Some(Seen::wrong(
            TOPIC,
            format!("others may change the alarm command `{program}` (mode {mode:o})"),
            todo,
        ));
    }
    Some(Seen::ok(TOPIC, format!("the alarm command `{program}` can be run")))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Seen {
    let todo = "run it as the user the service runs as, and see that this user may read it";
    Seen::wrong(TOPIC, format!("cannot look at `{}`: {error}", path.display()), todo)
}

fn mode(file: &Metadata) -> u32 {
    file.permissions().mode() & 0o777
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use std::fs::{Permissions, set_permissions};

    #[test]
    fn who_may_open_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "x").unwrap();
        let owner = std::fs::metadata(&path).unwrap().uid();
        let case = |mode, service, state, says: &str| {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let seen = secret(&path, service);
            assert_eq!(seen.state, state, "{seen:?}");
            assert!(seen.found.contains(says), "{seen:?}");
        };
        case(0o600, owner, State::Ok, "private (mode 600)");
        case(0o644, owner, State::Wrong, "others on this machine");
        case(0o601, owner, State::Wrong, "others on this machine");
        case(0o660, owner, State::Wrong, "a group may change");
        // Root's, and readable by the group of the service, is how it is installed.
        case(0o640, owner, if owner == 0 { State::Ok } else { State::Look }, "(mode 640)");
        if owner != 0 {
            case(0o600, owner + 1, State::Wrong, "belongs to user");
        }
        assert_eq!(secret(&folder.path().join("none"), owner).state, State::Wrong);
    }

    #[test]
    fn the_data_folder_and_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("data");
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let states = |service| data(&place, service).into_iter().map(|seen| seen.state).collect::<Vec<_>>();
        assert_eq!(states(owner), [State::Look]);
        std::fs::create_dir(&place).unwrap();
        set_permissions(&place, Permissions::from_mode(0o750)).unwrap();
        assert_eq!(states(owner), [State::Wrong]);
        set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
        for name in ["keyring", FILE_NAME] {
            std::fs::write(place.join(name), "x").unwrap();
            set_permissions(place.join(name), Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(states(owner), [State::Ok; 3]);
        assert_eq!(states(owner + 1), [State::Ok, State::Wrong, State::Wrong]);
        set_permissions(place.join("keyring"), Permissions::from_mode(0o640)).unwrap();
        assert_eq!(states(owner), [State::Ok, State::Wrong, State::Ok]);
    }

    #[test]
    fn folders_that_others_may_write_in() {
        let folder = tempfile::tempdir().unwrap();
        let case = |mode, wrong: bool| {
            set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(open_to_others(folder.path()).is_some(), wrong, "{mode:o}");
        };
        case(0o755, false);
        case(0o777, true);
        case(0o1777, false);
    }

    #[test]
    fn tokens_that_are_none() {
        assert!(weak("replace-me").unwrap().found.contains("example"));
        let short = weak("short-secret").unwrap();
        assert!(!format!("{short:?}").contains("secret\""), "{short:?}");
        assert!(weak("0123456789abcdef0123456789abcdef").is_none());
    }
}
