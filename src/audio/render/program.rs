//! Running a program that makes sound: no shell, a limit of time, a limit of bytes.

use super::engine::NotRendered;
use crate::audio::wav::FILE_MAX;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a program says about its trouble is repeated up to so many bytes.
const TOLD_MAX: u64 = 400;

/// A folder for the files between us and a program; it goes away with this.
pub struct Scratch {
    folder: PathBuf,
    next: AtomicU64,
}

impl Scratch {
    /// # Errors
    /// The system's folder for temporary files cannot be written to.
    pub fn new() -> io::Result<Scratch> {
        use std::os::unix::fs::DirBuilderExt;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let folder = std::env::temp_dir().join(format!("hulplijn-{:016x}", u64::from_be_bytes(random)));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Scratch { folder, next: AtomicU64::new(0) })
    }

    /// A name that nobody has had yet.
    pub(super) fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.next.fetch_add(1, Ordering::Relaxed)))
    }

    /// What a program has written, and the file is gone.
    pub(super) fn take(&self, path: &Path) -> Result<Vec<u8>, NotRendered> {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes));
        let _ = std::fs::remove_file(path);
        read.map_err(|error| NotRendered::Program("it".into(), format!("there is no file with sound: {error}")))?;
        if bytes.len() > FILE_MAX { Err(NotRendered::TooLarge) } else { Ok(bytes) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs a program with this on its standard input and returns its standard output.
///
/// # Errors
/// It is not there, it fails, it takes too long, or it says too much.
pub(super) fn run(
    argv: &[OsString],
    stdin: &[u8],
    folder: Option<&Path>,
    timeout: Duration,
) -> Result<Vec<u8>, NotRendered> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(NotRendered::NoProgram(String::new(), "the command is empty".into()));
    };
    let name = program.to_string_lossy().into_owned();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    // A program named by a path is looked for from the same folder that it runs in.
    let beside = folder.filter(|_| Path::new(program).components().count() > 1);
    let path = match beside {
        Some(folder) => std::path::absolute(folder)?.join(program),
        None => PathBuf::from(program),
    };
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let child = command.spawn().map_err(|error| NotRendered::NoProgram(name.clone(), error.to_string()))?;
    Running { child }.talk(&name, stdin, timeout)
}

/// A program that is ended when nobody waits for it any more.
struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn talk(mut self, name: &str, stdin: &[u8], timeout: Duration) -> Result<Vec<u8>, NotRendered> {
        let (said, told) = (self.child.stdout.take(), self.child.stderr.take());
        let writer = self.child.stdin.take();
        let until = Instant::now() + timeout;
        // Threads of their own: a program that reads nothing, or says nothing, must not hold us up beyond its time. They
        // end when the program does, which its end of the pipes tells them.
        let text = stdin.to_vec();
        std::thread::spawn(move || writer.map(|mut writer| writer.write_all(&text)));
        let (send, sound) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(said) = said {
                let _ = said.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes);
            }
            let _ = send.send(bytes);
        });
        let (send, trouble) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut told) = told {
                let _ = told.by_ref().take(TOLD_MAX).read_to_end(&mut bytes);
                // The rest is read and dropped, so that the program does not wait for a reader.
                let _ = io::copy(&mut told, &mut io::sink());
            }
            let _ = send.send(bytes);
        });
        let left = || until.saturating_duration_since(Instant::now());
        let late = || NotRendered::TooLate(timeout.as_secs());
        let bytes = sound.recv_timeout(left()).map_err(|_| late())?;
        if bytes.len() > FILE_MAX {
            return Err(NotRendered::TooLarge);
        }
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                None if left().is_zero() => return Err(late()),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        if status.success() {
            return Ok(bytes);
        }
        let told = trouble.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        let told = String::from_utf8_lossy(&told).split_whitespace().collect::<Vec<_>>().join(" ");
        let told: String = told.chars().filter(|c| !c.is_control()).collect();
        Err(NotRendered::Program(name.to_owned(), format!("{status}{}{told}", if told.is_empty() { "" } else { ": " })))
    }
}
