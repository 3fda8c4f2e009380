//! What a line begins with: what is published, or a folder.

use super::config::Config;
use super::menus::{self, Origin};
use super::sounds;
use super::{Failure, assemble, publish, screen};
use crate::audio::catalog::{Sound, catalogs};
use crate::base::{Finding, Severity, Shelf, Sources};
use crate::menu::{self, Hotline};
use crate::store::{Act, Kind, OnLine, Store};
use jiff::Timestamp;

/// What the line begins with.
pub struct Start {
    /// Where it comes from, for the keeper.
    pub from: String,
    pub hotline: Hotline,
    pub sound: Sound,
    pub sources: Sources,
    pub findings: Vec<Finding>,
    /// What the database says is on the line; `None` where nothing was published, or nobody can say.
    pub published: Option<OnLine>,
    /// Nothing was ever published: this is.
    pub is_first: bool,
    pub notices: Vec<String>,
}

/// The folder, or the sample inside the program.
pub fn from_folder(config: &Config) -> Result<Start, Failure> {
    let origin = Origin::choose(config.menus.clone());
    let (sources, sounds) = sounds::beside(&origin, config.audio.dir.clone())?;
    let (hotline, findings) = menus::load(&sources, &assemble::settings(config), assemble::today())?;
    let from = origin.to_string();
    let (sound, notices) = match sounds {
        Some(sounds) => {
            let (shelf, wrong) = sounds.shelf(&hotline);
            let notices = wrong.into_iter().map(|why| format!("{why}; the prompt is said instead")).collect();
            (Sound { catalogs: sounds.catalogs, shelf }, notices)
        }
        None => (Sound::default(), Vec::new()),
    };
    Ok(Start { from, hotline, sound, sources, findings, published: None, is_first: false, notices })
}

/// The published revision. Without one, the folder, to be published; without a database, the folder as it is.
pub async fn from_the_line(config: &Config, store: &Store) -> Result<Start, Failure> {
    let published = match store.on_line().await {
        Ok(Some(published)) => published,
        Ok(None) => return Ok(Start { is_first: true, ..from_folder(config)? }),
        Err(_) => return instead(config, "the database does not answer"),
    };
    let Ok(Some(sources)) = store.revision_get(published.revision).await else {
        return instead(config, "the database does not give the files of the published revision");
    };
    let loaded = menu::load_published(&sources, &assemble::settings(config), assemble::today());
    let errors: Vec<Finding> =
        loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect();
    let Some(hotline) = loaded.hotline else {
        let screen = menu::diagnostic::screen(&errors, &sources, screen::colors(&std::io::stderr()));
        return Err(Failure::not_good(format!(
            "{screen}the published revision {} is not a whole hotline for this program and this configuration: \
             publish a folder that is, or go back with `hulplijn rollback`",
            published.revision
        )));
    };
    let mut notices = Vec::new();
    if !errors.is_empty() {
        notices.push(format!(
            "by the rules of this program what is on the line has {}: it is served all the same; mend it and publish",
            menu::diagnostic::summary(&errors)
        ));
    }
    notices.extend(not_published(config, &sources));
    let from = format!("published, entry {} of `hulplijn revisions`", published.number);
    let (catalogs, _) = catalogs(&sources);
    let shelf = store.sound_get(published.revision).await.unwrap_or_else(|_| {
        notices.push(
            "the database does not give the sound of the published revision: the provider says every prompt".to_owned(),
        );
        Shelf::new()
    });
    Ok(Start {
        from,
        hotline,
        sound: Sound { catalogs, shelf },
        sources,
        findings: loaded.findings,
        published: Some(published),
        is_first: false,
        notices,
    })
}

/// A line without its database still answers.
fn instead(config: &Config, why: &str) -> Result<Start, Failure> {
    let start = from_folder(config)?;
    let notice = format!(
        "{why}: what is published is not known, and `{}` is served instead; when it answers, what is published is on \
         the line at once",
        start.from
    );
    tracing::error!("{notice}");
    Ok(Start { notices: vec![notice], ..start })
}

/// What somebody may be waiting for in vain: edits that nobody has published.
fn not_published(config: &Config, published: &Sources) -> Option<String> {
    let origin = Origin::choose(config.menus.clone());
    if origin == Origin::Sample {
        return None;
    }
    let files = publish::files_that_differ(published, &sounds::beside(&origin, config.audio.dir.clone()).ok()?.0);
    let number = match files.len() {
        0 => return None,
        1 => "1 file differs".to_owned(),
        many => format!("{many} files differ"),
    };
    Some(format!(
        "not published: in `{origin}` {number} from what is on the line; see `hulplijn diff {origin}`, then \
         `hulplijn publish {origin} --by NAME`"
    ))
}

/// The first start puts what it was given on the line. Another program may have been faster: then that is on the line.
pub async fn publish_first(start: Start, config: &Config, store: &Store) -> Result<Start, Failure> {
    assemble::fits(config, &start.hotline, &start.sound)?;
    let act = Act {
        kind: Kind::FirstStart,
        revision: start.hotline.revision,
        person: "first start".to_owned(),
        second: None,
        urgent: false,
        why: None,
        end_old: false,
    };
    match store.publish_first(act, &start.sources, start.sound.shelf.clone(), Timestamp::now()).await {
        Ok(Ok(published)) => Ok(Start { published: Some(published), ..start }),
        Ok(Err(_)) => from_the_line(config, store).await,
        Err(_) => instead(config, "the database could not take the first publication"),
    }
}
