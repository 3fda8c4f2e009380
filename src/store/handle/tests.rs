//! The whole store on real files, in good days and bad: restarts, kills, locks, full disks, deleted files.

use super::*;
use crate::desk::LeaseState;
use crate::store::FILE_NAME;
use crate::store::keeper::TICK;
use jiff::civil::date;
use rusqlite::Connection;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;
use tempfile::TempDir;

const DAY: Date = date(2026, 1, 5);
fn desk() -> CounsellorId {
    CounsellorId::new("desk").unwrap()
}

fn other_desk() -> CounsellorId {
    CounsellorId::new("other").unwrap()
}

/// Whether she has another lease than this one.
async fn taken(store: &Store, who: CounsellorId, but: LeaseId, now: Timestamp) -> Result<bool, Unavailable> {
    let leases = store.leases().await?;
    Ok(leases.iter().any(|row| row.counsellor == who && row.id != but && row.expires_s > now.as_second()))
}

/// Whether somebody talks under this lease; `None` if it is not there.
async fn peek(store: &Store, id: LeaseId) -> Result<Option<bool>, Unavailable> {
    let leases = store.leases().await?;
    Ok(leases.iter().find(|row| row.id == id).map(|row| row.state == LeaseState::Talking))
}
/// An attempt that has no lease.
const NONE: LeaseId = LeaseId(0);
const ONE: LeaseId = LeaseId(0x0123_4567_89ab_cdef);
const TWO: LeaseId = LeaseId(2);
/// Two waits in a row, on a machine that does much else.
const SOON: Duration = Duration::from_secs(3);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_600_000 + second).unwrap()
}

fn options() -> Options {
    Options { clock: Arc::new(|| at(0)) }
}

fn opened(home: &TempDir) -> Store {
    Store::open(home.path(), options()).unwrap()
}

/// Another program that opened the same file.
fn other(home: &TempDir) -> Connection {
    Connection::open(home.path().join(FILE_NAME)).unwrap()
}

fn files(text: &str) -> Sources {
    Sources::from([(Arc::from("hotline.toml"), Arc::from(text))])
}

async fn counts(store: &Store) -> Vec<(String, u64)> {
    store.stats(DAY, DAY).await.unwrap().into_iter().map(|tally| (tally.key, tally.n)).collect()
}

async fn ticks(n: u32) {
    tokio::time::sleep(TICK * n + TICK / 4).await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until so many calls are in the file.
async fn counted(home: &TempDir, n: u64) {
    let all = [Tally { day: DAY, key: "call".to_owned(), n }];
    until("the counts are in the file", async || {
        Store::read_only_stats(home.path(), DAY, DAY).is_ok_and(|found| found == all)
    })
    .await;
}

/// Does something on the store's own connection.
async fn on_connection(store: &Store, work: impl FnOnce(&Connection) + Send + 'static) {
    let done = |connection: &mut Connection| {
        work(connection);
        Ok(())
    };
    store.ask(|keeper| keeper.read(done)).await.unwrap();
}

/// What is said in the log, by the opening thread and the store's own.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn times(&self, words: &str) -> usize {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().matches(words).count()
    }

    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let listener = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(listener)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_restart_keeps_counts_leases_and_revisions() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    store.count(DAY, CountKey::CALL);
    store.count(DAY, CountKey::CALL);
    store.count(DAY, CountKey::node("help"));
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Ok(Opened::Granted));
    assert_eq!(store.lease_accept(ONE, &desk(), at(1), at(9000)).await, Ok(Accepted::Yes));
    assert_eq!(store.revision_put(Revision(7), &files("one"), at(0)).await, Ok(()));
    assert!(store.healthy());
    assert_eq!(store.close().await, Ok(()));
    assert!(!home.path().join(format!("{FILE_NAME}-wal")).exists(), "the file is whole");

    let store = opened(&home);
    assert_eq!(counts(&store).await, [("call".to_owned(), 2), ("node/help".to_owned(), 1)]);
    assert_eq!(peek(&store, ONE).await, Ok(Some(true)));
    assert_eq!(taken(&store, desk(), NONE, at(2)).await, Ok(true));
    assert_eq!(store.lease_open(TWO, &desk(), at(2), at(62)).await, Ok(Opened::Busy));
    assert_eq!(store.lease_end(ONE, at(0)).await, Ok(Some(Ended { by: Some(desk()) })));
    assert_eq!(store.lease_end(ONE, at(0)).await, Ok(None));
    assert_eq!(peek(&store, ONE).await, Ok(None));
    assert_eq!(taken(&store, desk(), NONE, at(2)).await, Ok(false));
    assert_eq!(store.revision_get(Revision(7)).await, Ok(Some(files("one"))));
    assert_eq!(store.revision_get(Revision(8)).await, Ok(None));
}

#[tokio::test]
async fn after_the_close_every_clone_is_answered_at_once() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    let clone = store.clone();
    store.close().await.unwrap();
    clone.count(DAY, CountKey::CALL);
    assert_eq!(taken(&clone, desk(), NONE, at(0)).await, Err(Unavailable));
    assert_eq!(clone.close().await, Err(Unavailable));
    assert!(!clone.healthy());
}

#[tokio::test]
async fn the_last_clone_that_goes_commits() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    store.count(DAY, CountKey::CALL);
    drop(store);
    counted(&home, 1).await;
}

/// The files as they stand at one moment are what a kill or a power cut at that moment leaves.
#[tokio::test]
async fn a_kill_costs_at_most_the_last_second_of_counts_and_no_lease() {
    let (home, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = opened(&home);
    store.count(DAY, CountKey::CALL);
    counted(&home, 1).await;
    store.count(DAY, CountKey::CALL);
    store.lease_open(ONE, &desk(), at(0), at(60)).await.unwrap();
    store.revision_put(Revision(7), &files("one"), at(0)).await.unwrap();
    let (from, to) = (home.path().to_owned(), left.path().to_owned());
    let copy = move |_: &Connection| {
        for suffix in ["", "-wal"] {
            let name = format!("{FILE_NAME}{suffix}");
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    };
    on_connection(&store, copy).await;
    let after = opened(&left);
    let kept = counts(&after).await;
    assert!(kept == [("call".to_owned(), 1)] || kept == [("call".to_owned(), 2)], "{kept:?}");
    assert_eq!(taken(&after, desk(), NONE, at(1)).await, Ok(true));
    assert_eq!(after.revision_get(Revision(7)).await, Ok(Some(files("one"))));
}

#[tokio::test]
async fn a_store_that_is_not_there_answers_at_once() {
    let store = Store::absent();
    let begun = Instant::now();
    store.count(DAY, CountKey::CALL);
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Err(Unavailable));
    assert_eq!(store.lease_accept(ONE, &desk(), at(0), at(9000)).await, Err(Unavailable));
    assert_eq!(peek(&store, ONE).await, Err(Unavailable));
    assert_eq!(store.lease_end(ONE, at(0)).await, Err(Unavailable));
    assert_eq!(taken(&store, desk(), NONE, at(0)).await, Err(Unavailable));
    assert_eq!(store.revision_put(Revision(1), &files(""), at(0)).await, Err(Unavailable));
    assert_eq!(store.revision_get(Revision(1)).await, Err(Unavailable));
    assert_eq!(store.stats(DAY, DAY).await, Err(Unavailable));
    assert_eq!(store.close().await, Ok(()));
    assert!(!store.healthy());
    assert!(begun.elapsed() < ANSWER_WITHIN);
}

#[tokio::test]
async fn a_lock_of_another_program_is_said_once_and_outlived() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::default();
    let _listening = log.listen();
    let store = opened(&home);
    store.lease_open(TWO, &desk(), at(0), at(60)).await.unwrap();
    let other = other(&home);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let begun = Instant::now();
    store.count(DAY, CountKey::CALL);
    assert_eq!(store.lease_accept(TWO, &desk(), at(0), at(9000)).await, Err(Unavailable));
    assert_eq!(store.lease_end(TWO, at(0)).await, Err(Unavailable));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(!store.healthy());
    // Many at once: each is answered in time, though together they would wait much longer for the lock.
    let begun = Instant::now();
    let many: Vec<_> = (100..120)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { store.lease_open(LeaseId(id), &other_desk(), at(0), at(60)).await })
        })
        .collect();
    for one in many {
        assert_eq!(one.await.unwrap(), Err(Unavailable));
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());

    other.execute_batch("ROLLBACK").unwrap();
    until("well again", async || store.healthy()).await;
    assert_eq!(counts(&store).await, [("call".to_owned(), 1)]);
    assert_eq!(taken(&store, desk(), NONE, at(0)).await, Ok(false), "the end was owed, and paid");
    assert_eq!(taken(&store, other_desk(), NONE, at(0)).await, Ok(false), "nobody waited for these leases");
    assert_eq!((log.times("does not answer"), log.times("answers again")), (1, 1));
}

#[tokio::test]
async fn a_lease_that_nobody_waits_for_is_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    // The thread is held up for longer than anyone waits.
    let held_up = |keeper: &mut Keeper| {
        std::thread::sleep(ANSWER_WITHIN * 2);
        keeper.read(|_| Ok(()))
    };
    let slow = {
        let store = store.clone();
        tokio::spawn(async move { store.ask(held_up).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Err(Unavailable));
    assert_eq!(slow.await.unwrap(), Err(Unavailable));
    assert!(!store.healthy());
    until("well again", async || store.healthy()).await;
    assert_eq!(taken(&store, desk(), NONE, at(0)).await, Ok(false));

    // Its asker goes while it is being written.
    let (reply, answer) = oneshot::channel();
    drop(answer);
    store
        .submit(|keeper| {
            let opened = keeper.write(|connection| lease::open(connection, ONE, &desk(), at(0), at(60)));
            assert_eq!(opened, Ok(Opened::Granted));
            super::hand_over(keeper, ONE, &desk(), opened, reply);
        })
        .unwrap();
    assert_eq!(taken(&store, desk(), NONE, at(0)).await, Ok(false));
}

#[tokio::test]
async fn whether_a_line_is_free_is_known_without_the_thread_and_stays_true() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    store.lease_open(ONE, &desk(), at(0), at(60)).await.unwrap();
    // Held up, but not for so long that anybody gives up.
    let held_up = |keeper: &mut Keeper| {
        std::thread::sleep(ANSWER_WITHIN / 2);
        keeper.read(|_| Ok(()))
    };
    let slow = {
        let store = store.clone();
        tokio::spawn(async move { store.ask(held_up).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(taken(&store, desk(), NONE, at(1)).await, Ok(true));
    assert_eq!(taken(&store, desk(), ONE, at(1)).await, Ok(false), "by its own attempt");
    assert_eq!(taken(&store, desk(), NONE, at(60)).await, Ok(false), "it is over by then");
    assert_eq!(peek(&store, ONE).await, Ok(Some(false)));
    assert_eq!(store.lease_open(TWO, &desk(), at(1), at(61)).await, Ok(Opened::Busy));
    // The first who asks for a line is about to have it.
    let line = &other_desk();
    let (first, second) =
        tokio::join!(store.lease_open(LeaseId(3), line, at(1), at(61)), store.lease_open(TWO, line, at(1), at(61)));
    assert_eq!((first, second), (Ok(Opened::Granted), Ok(Opened::Busy)));
    assert_eq!(slow.await.unwrap(), Ok(()));

    assert_eq!(store.lease_accept(ONE, &desk(), at(1), at(9000)).await, Ok(Accepted::Yes));
    assert_eq!(peek(&store, ONE).await, Ok(Some(true)));
    assert_eq!(store.lease_end(ONE, at(0)).await, Ok(Some(Ended { by: Some(desk()) })));
    assert_eq!((peek(&store, ONE).await, taken(&store, desk(), NONE, at(1)).await), (Ok(None), Ok(false)));
    // What another program does is seen as soon as it is looked for.
    other(&home).execute_batch("DELETE FROM lease").unwrap();
    until("seen", async || peek(&store, LeaseId(3)).await == Ok(None)).await;
    assert_eq!(store.lease_open(TWO, line, at(1), at(61)).await, Ok(Opened::Granted));
}

#[tokio::test]
async fn a_deleted_database_is_begun_anew() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::default();
    let _listening = log.listen();
    let folder = home.path().join("data");
    let store = Store::open(&folder, options()).unwrap();
    store.lease_open(ONE, &desk(), at(0), at(60)).await.unwrap();
    store.count(DAY, CountKey::CALL);
    std::fs::rename(&folder, home.path().join("away")).unwrap();
    assert_eq!(store.lease_accept(ONE, &desk(), at(0), at(9000)).await, Ok(Accepted::Gone));
    assert_eq!(store.lease_open(TWO, &desk(), at(0), at(60)).await, Ok(Opened::Granted));
    assert_eq!(counts(&store).await, [("call".to_owned(), 1)]);
    assert!(folder.join(FILE_NAME).exists());

    // Also when nothing happens.
    std::fs::remove_file(folder.join(FILE_NAME)).unwrap();
    until("there again", async || folder.join(FILE_NAME).exists() && store.healthy()).await;
    assert_eq!(peek(&store, TWO).await, Ok(None));
    assert_eq!((log.times("was deleted, moved or replaced"), log.times("answers again")), (2, 2));
}

#[tokio::test]
async fn a_database_that_turns_into_rubbish_is_outlived() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::default();
    let _listening = log.listen();
    let store = opened(&home);
    let path = home.path().join(FILE_NAME);
    let good = std::fs::read(&path).unwrap();
    let rubbish = home.path().join("rubbish");
    std::fs::write(&rubbish, "not a database".repeat(1000)).unwrap();
    std::fs::rename(&rubbish, &path).unwrap();
    store.count(DAY, CountKey::CALL);
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Err(Unavailable));
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Err(Unavailable));
    ticks(2).await;
    assert!(!store.healthy());
    assert_eq!(log.times("does not answer"), 1);
    assert_eq!(std::fs::read(&path).unwrap(), b"not a database".repeat(1000), "it is left for the operator to see");

    std::fs::write(&rubbish, good).unwrap();
    std::fs::rename(&rubbish, &path).unwrap();
    until("well again", async || store.healthy()).await;
    assert_eq!(counts(&store).await, [("call".to_owned(), 1)]);
    assert_eq!(log.times("answers again"), 1);
}

#[tokio::test]
async fn a_full_disk_costs_nothing_but_time() {
    let home = tempfile::tempdir().unwrap();
    let log = Log::default();
    let _listening = log.listen();
    let store = opened(&home);
    let limit = |pages: i64| {
        move |connection: &Connection| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        }
    };
    // SQLite takes the present size where less is asked for.
    on_connection(&store, limit(1)).await;
    for number in 0..1000 {
        store.count(DAY, CountKey::node(&format!("{}{number}", "n".repeat(60))));
    }
    assert_eq!(store.revision_put(Revision(1), &files(&"x".repeat(100_000)), at(0)).await, Err(Unavailable));
    assert!(!store.healthy());
    ticks(2).await;
    assert!(!store.healthy());
    assert_eq!(store.stats(DAY, DAY).await, Err(Unavailable));
    assert_eq!(taken(&store, desk(), NONE, at(0)).await, Ok(false), "what can be read is read");
    assert_eq!(log.times("does not answer"), 1);

    on_connection(&store, limit(10_000)).await;
    until("well again", async || store.healthy()).await;
    let counts = counts(&store).await;
    assert_eq!((counts.len(), counts.iter().map(|(_, n)| n).sum::<u64>()), (1000, 1000));
    assert_eq!(store.revision_get(Revision(1)).await, Ok(None), "half a revision is none");
    assert_eq!(log.times("answers again"), 1);
}

#[tokio::test]
async fn a_start_on_a_locked_database_waits_for_it_in_the_background() {
    let home = tempfile::tempdir().unwrap();
    let other = other(&home);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let store = opened(&home);
    assert!(!store.healthy());
    store.count(DAY, CountKey::CALL);
    assert_eq!(store.lease_open(ONE, &desk(), at(0), at(60)).await, Err(Unavailable));
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    until("well", async || store.healthy()).await;
    assert_eq!(counts(&store).await, [("call".to_owned(), 1)]);
}

#[tokio::test]
async fn what_is_too_old_goes_at_the_opening() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    store.count(DAY, CountKey::CALL);
    store.count(date(2024, 11, 1), CountKey::CALL);
    store.lease_open(ONE, &desk(), at(0), at(60)).await.unwrap();
    store.close().await.unwrap();
    let later = Options { clock: Arc::new(|| at(60)) };
    let store = Store::open(home.path(), later).unwrap();
    let all = store.stats(date(2000, 1, 1), Date::MAX).await.unwrap();
    assert_eq!(all, [Tally { day: DAY, key: "call".to_owned(), n: 1 }]);
    assert_eq!(peek(&store, ONE).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_at_once_lose_nothing_and_one_gets_the_line() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    let tasks: Vec<_> = (0..8u64)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..1000 {
                    store.count(DAY, CountKey::CALL);
                }
                store.lease_open(LeaseId(task), &desk(), at(0), at(60)).await.unwrap()
            })
        })
        .collect();
    let mut granted = 0;
    for task in tasks {
        granted += usize::from(task.await.unwrap() == Opened::Granted);
    }
    assert_eq!(granted, 1);
    assert_eq!(counts(&store).await, [("call".to_owned(), 8000)]);
}

#[tokio::test]
async fn the_command_line_reads_beside_the_server() {
    let home = tempfile::tempdir().unwrap();
    assert!(matches!(Store::read_only_stats(home.path(), DAY, DAY), Err(OpenError::Missing { .. })));
    let store = opened(&home);
    assert_eq!(Store::read_only_stats(home.path(), DAY, DAY).unwrap(), []);
    store.count(DAY, CountKey::CALL);
    counted(&home, 1).await;
    // A reader does not stop the server's next commit, though the log cannot be cut meanwhile.
    let reader = other(&home);
    reader.execute_batch("BEGIN; SELECT * FROM tally").unwrap();
    store.count(DAY, CountKey::CALL);
    counted(&home, 2).await;
    assert!(store.healthy());
    reader.execute_batch("COMMIT").unwrap();
    store.close().await.unwrap();
    assert_eq!(Store::read_only_stats(home.path(), DAY, DAY).unwrap()[0].n, 2);
}

/// CS-10, CS-33: whoever takes the files finds counts a day, the lines in use now, and the published files.
#[tokio::test]
async fn the_files_hold_nothing_of_a_call_that_is_over() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    let everything = || -> Vec<u8> {
        let files: Vec<PathBuf> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
    };
    let holds = |text: &str| everything().windows(text.len()).any(|found| found == text.as_bytes());
    let log = home.path().join(format!("{FILE_NAME}-wal"));
    let cut = async || until("the log is cut", async || std::fs::metadata(&log).unwrap().len() == 0).await;
    store.count(DAY, CountKey::node("a-447700900123-b"));
    store.lease_open(ONE, &desk(), at(0), at(60)).await.unwrap();
    // It goes from the log into the file itself, which is harder to get rid of.
    cut().await;
    assert!(holds("0123456789abcdef"), "a living lease is found, so this search can fail");
    store.lease_accept(ONE, &desk(), at(1), at(9000)).await.unwrap();
    store.lease_end(ONE, at(0)).await.unwrap();
    cut().await;
    assert!(holds("node/a-____________-b"));
    assert!(!holds("0123456789abcdef"));
    assert!(!holds("7700900123"));
}

fn act(revision: u64, end_old: bool) -> Act {
    Act {
        kind: crate::store::Kind::Publish,
        revision: Revision(revision),
        person: "Ada".to_owned(),
        second: None,
        urgent: false,
        why: None,
        end_old,
    }
}

/// A server hears of what another process publishes, once, and within a fifth of a second.
#[tokio::test]
async fn what_another_process_publishes_is_heard_of() {
    let home = tempfile::tempdir().unwrap();
    let store = opened(&home);
    assert_eq!(store.on_line().await, Ok(None));
    let first = store.publish_first(act(1, false), &files("one"), Shelf::new(), at(0)).await.unwrap().unwrap();
    assert_eq!(
        store.publish_first(act(2, false), &files("two"), Shelf::new(), at(0)).await,
        Ok(Err(Refused::Overtaken))
    );
    let mut line = store.watch_line();
    assert_eq!(*line.borrow_and_update(), Some(first));

    // Writing anything else is no news.
    other(&home).execute_batch("INSERT INTO tally VALUES ('2026-01-05', 'call', 1)").unwrap();
    tokio::time::sleep(TICK).await;
    assert!(!line.has_changed().unwrap());

    let second = Store::publish(home.path(), &act(2, true), &files("two"), &Shelf::new(), Some(1), at(9)).unwrap();
    let begun = Instant::now();
    tokio::time::timeout(SOON, line.changed()).await.expect("heard of it").unwrap();
    assert!(begun.elapsed() < TICK, "{:?}", begun.elapsed());
    assert_eq!(*line.borrow_and_update(), Some(second));
    assert_eq!(second.ended_older, Some((at(9), Revision(2))));
    assert_eq!(store.revision_get(Revision(2)).await, Ok(Some(files("two"))));
    assert!(store.healthy());

    // An empty database in its place says nothing, and a start beside a filled one says at once what is there.
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal"), format!("{FILE_NAME}-shm")] {
        let _ = std::fs::rename(home.path().join(&name), home.path().join(format!("{name}.away")));
    }
    until("begun anew", async || store.on_line().await == Ok(None)).await;
    ticks(1).await;
    assert_eq!(*line.borrow_and_update(), Some(second));
    drop(store);
    let home = tempfile::tempdir().unwrap();
    let there = Store::publish(home.path(), &act(7, false), &files("seven"), &Shelf::new(), None, at(0)).unwrap();
    assert_eq!(*opened(&home).watch_line().borrow(), Some(there));
    assert_eq!(Store::publications(home.path()).unwrap().len(), 1);
    assert_eq!(Store::read_only_revision(home.path(), Revision(7)).unwrap(), Some(files("seven")));
}
