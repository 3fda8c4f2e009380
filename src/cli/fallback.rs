//! `hulplijn fallback`: the static document for the provider's fallback address.

use super::config::{Config, Flags};
use super::menus::{self, Origin};
use super::{Done, Failure, assemble, screen};
use crate::base::{Accept, CounsellorIx, Line};
use crate::provider::twilio::answer::{self, Ring};
use std::path::PathBuf;

/// Upload the document where it stays when this machine is gone (the provider's own document hosting, a web host), and
/// enter its address at the provider as "primary handler fails".
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let config = Config::load(&arguments.flags, &super::environment).map_err(Failure::cannot)?;
    if !config.desk.spoken_hours {
        eprintln!(
            "warning: no `[desk] hours` are configured, and the document says `day and night`: give the line's own `--config FILE`"
        );
    }
    let sources = Origin::choose(config.menus.clone()).read()?;
    let (hotline, _) = menus::load(&sources, &assemble::settings(&config), assemble::today())?;
    // Without us there is nobody to whisper: only a line that takes every call may ring.
    let rung = assemble::rung(&config, &hotline).filter(|_| config.desk.rings());
    // At a desk of several, only the fallback line is there at any hour.
    let desk = rung.as_ref().and_then(|rung| {
        let only = (rung.desk.counsellors.len() == 1).then_some(CounsellorIx(0));
        rung.desk.counsellor(rung.desk.fallback.or(only)?).filter(|one| one.line.accept == Accept::Pickup)
    });
    let lines: Vec<&Line> = desk.iter().map(|one| &one.line).collect();
    let ring = rung.as_ref().filter(|_| desk.is_some()).map(|rung| Ring {
        own: &rung.own,
        lines: &lines,
        time_limit_s: rung.desk.talk_max_s,
        whisper: None,
    });
    let document = answer::fallback(&hotline, &assemble::say(&config, &hotline)?, ring.as_ref()).to_xml();
    match arguments.out {
        None => screen::line(&document),
        Some(path) => {
            std::fs::write(&path, document)
                .map_err(|error| Failure::cannot(format!("cannot write `{}`: {error}", path.display())))?;
            let then = if desk.is_some() {
                "then rings the desk's line"
            } else {
                "then ends (a line with `accept = \"pickup\"` would be rung)"
            };
            screen::line(&format!("wrote {}: the emergency line in every language, {then}", path.display()));
        }
    }
    Ok(())
}
