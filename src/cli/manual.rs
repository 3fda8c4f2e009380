//! `hulplijn manual`: the manual pages, made of the same words as `--help`.

use super::{Arguments as Program, Done, Failure};
use clap::CommandFactory;
use std::path::PathBuf;

/// Writes hulplijn.1 and a page for each command; read one with `man -l DIR/hulplijn.1`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder for the pages; it is made if it is not there
    dir: PathBuf,
}

pub fn run(arguments: Arguments) -> Done {
    let dir = &arguments.dir;
    let failed = |error| Failure::cannot(format!("cannot write the manual pages into `{}`: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(Program::command(), dir).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("man1");
        assert!(run(Arguments { dir: dir.clone() }).is_ok());
        let page = std::fs::read_to_string(dir.join("hulplijn.1")).unwrap();
        assert!(page.starts_with(".ie") && page.contains(".TH hulplijn 1"), "{page}");
        for command in Program::command().get_subcommands() {
            let page = std::fs::read_to_string(dir.join(format!("hulplijn-{}.1", command.get_name())));
            assert!(page.unwrap().contains(".SH SYNOPSIS"), "{}", command.get_name());
        }
        std::fs::write(home.path().join("in the way"), "").unwrap();
        assert!(run(Arguments { dir: home.path().join("in the way") }).is_err());
    }
}
