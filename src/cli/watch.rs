//! What changes while a line is served: a revision that is published, or the files of the demonstration.

use super::assemble;
use super::menus::{self, Origin};
use super::sounds::{self, Sounds};
use crate::menu;
use crate::server::Stop;
use crate::switchboard::{NotTakenUp, Switchboard};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Puts on the line what is published while we run.
pub async fn follow_the_line(switchboard: Arc<Switchboard>, mut stop: Stop) {
    let mut published = switchboard.watch_line();
    let mut said = None;
    loop {
        let news = *published.borrow_and_update();
        let mut again = false;
        if let Some(news) = news {
            let before = switchboard.revision();
            match switchboard.take_up(news, Timestamp::now()).await {
                Ok(()) if before != news.revision => {
                    tracing::info!(revision = %news.revision, entry = news.number, "published, and on the line");
                }
                Ok(()) => {}
                Err(reason) => {
                    again = reason == NotTakenUp::Unavailable;
                    if said != Some((news, reason)) {
                        tracing::error!(%reason, revision = %news.revision, "what was published is not on the line");
                        said = Some((news, reason));
                    }
                }
            }
        }
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return },
            _ = tokio::time::sleep(Duration::from_secs(1)), if again => {}
            _ = stop.changed() => return,
        }
    }
}

/// Checks the menu files on every save: a good save is on the line at once, a wrong one is refused with its findings.
pub async fn watch_menus(
    folder: PathBuf,
    audio: Option<PathBuf>,
    switchboard: Arc<Switchboard>,
    settings: menu::Settings,
    mut stop: Stop,
) {
    use notify::Watcher;
    let (saved, mut saves) = tokio::sync::mpsc::channel::<()>(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // A save that is already announced need not be announced twice.
            let _ = saved.try_send(());
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return tracing::warn!(%error, "the menu files are not watched"),
    };
    if let Err(error) = watcher.watch(&folder, notify::RecursiveMode::Recursive) {
        return tracing::warn!(%error, "the menu files are not watched");
    }
    let origin = Origin::Folder(folder);
    let sound = Sounds::choose(audio.clone(), &origin);
    if sound.is_some_and(|sound| watcher.watch(&sound, notify::RecursiveMode::Recursive).is_err()) {
        tracing::warn!("the folder of sound is not watched");
    }
    // An editor saves in several steps, and the same words twice say nothing new.
    let mut last_refused = None;
    loop {
        tokio::select! {
            save = saves.recv() => if save.is_none() { return },
            _ = stop.changed() => return,
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        while saves.try_recv().is_ok() {}
        if let Err(refused) = take_save(&origin, audio.clone(), &switchboard, &settings).await
            && last_refused.as_ref() != Some(&refused)
        {
            eprintln!("{refused}\nthe save is refused; the line goes on with what it had");
            last_refused = Some(refused);
        }
    }
}

/// Puts what was saved on the line.
///
/// # Errors
/// The findings that keep it from going there.
async fn take_save(
    origin: &Origin,
    audio: Option<PathBuf>,
    switchboard: &Switchboard,
    settings: &menu::Settings,
) -> Result<(), String> {
    let (sources, _) = sounds::beside(origin, audio).map_err(|failure| failure.lines)?;
    let loaded = menus::load(&sources, settings, assemble::today());
    let (hotline, findings) = loaded.map_err(|failure| failure.lines.trim_end().to_owned())?;
    if hotline.revision != switchboard.revision() {
        let revision = hotline.revision;
        switchboard.publish(hotline, &sources, Timestamp::now()).await;
        let findings = menu::diagnostic::summary(&findings);
        eprintln!("saved and on the line: revision {revision}; {}", findings.trim_end());
    }
    Ok(())
}
