//! `hulplijn map`: the tree of a hotline.

use super::menus::{self, Origin};
use super::{Done, assemble, screen};
use crate::menu::{self, Settings};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    dir: Option<PathBuf>,
    /// As text (the only form there is today)
    #[arg(long)]
    text: bool,
}

pub fn run(arguments: Arguments) -> Done {
    let sources = Origin::choose(arguments.dir).read()?;
    let (hotline, _) = menus::load(&sources, &Settings::default(), assemble::today())?;
    screen::print(&menu::map(&hotline));
    Ok(())
}
