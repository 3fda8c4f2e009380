//! The machine: what could write memory to a disk, room, and the time.

use super::Seen;
use crate::cli::config::Config;
use crate::server::{FILES_BESIDE, built, raise_open_files};
use jiff::Timestamp;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const TOPIC: &str = "machine";

/// Less room than this on the disk of the data, in MiB: counts and menus cannot be kept any day now.
const ROOM_WRONG: u64 = 64;
/// Less than this: somebody should look. A year of counts takes a few.
const ROOM_LOOK: u64 = 1024;

/// Devices upon devices are followed this deep: a swap volume on LVM on encryption on a RAID is four.
const DEPTH: usize = 8;

/// The unit in whose group of processes the service usually runs.
const UNIT: &str = "system.slice/hulplijn.service";

pub(super) fn look(config: &Config, hardened: bool) -> Vec<Seen> {
    let mut seen = vec![swap(Path::new("/"))];
    seen.push(match hardened {
        true => Seen::ok(TOPIC, "this program writes no core file, and no other process of its user may look into it"),
        false => Seen::wrong(
            TOPIC,
            "core files cannot be switched off: a crash would write callers' numbers to the disk",
            "set `LimitCORE=0` for the service, and look at what forbids it",
        ),
    });
    seen.extend(room(&config.data));
    seen.push(clock(Timestamp::now()));
    seen
}

/// For the service it is the unit that says so; here it is seen from this shell.
pub(super) fn open_files(config: &Config) -> Option<Seen> {
    let (may, needs) = (raise_open_files(), config.limits.connections as u64 + FILES_BESIDE);
    let found = format!("this user may open {may} files, and `[limits] connections` needs {needs}");
    let todo = format!("set `LimitNOFILE={}` for the service", needs.next_power_of_two());
    Some(if may < needs { Seen::look(TOPIC, found, todo) } else { Seen::ok(TOPIC, found) })
}

/// Swap in use, and whether what goes there is encrypted. `root` is `/`, or a pretend machine's.
fn swap(root: &Path) -> Seen {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let swaps = read("proc/swaps");
    let areas: Vec<&str> = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    if areas.is_empty() {
        return Seen::ok(TOPIC, "there is no swap: memory is not written to a disk");
    }
    // Where the service is kept out of swap it does not matter what swap is made of.
    let own = read("proc/self/cgroup");
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let kept_out = |group: &str| read(&format!("sys/fs/cgroup/{group}/memory.swap.max")).trim() == "0";
    if kept_out(own) || kept_out(UNIT) {
        return Seen::ok(TOPIC, "there is swap, and the service is kept out of it (`MemorySwapMax=0`)");
    }
    let todo =
        "switch it off or encrypt it, and set `MemorySwapMax=0` for the service; the proxy holds callers' numbers too";
    let mut unknown = None;
    for area in areas {
        match encrypted(root, area) {
            Some(true) => {}
            Some(false) => return Seen::wrong(TOPIC, format!("swap on `{area}` is not encrypted"), todo),
            None => unknown = Some(area),
        }
    }
    match unknown {
        Some(area) => Seen::look(TOPIC, format!("it cannot be seen whether swap on `{area}` is encrypted"), todo),
        None => Seen::ok(TOPIC, "swap is encrypted, or in memory"),
    }
}

/// `None`: it cannot be seen.
fn encrypted(root: &Path, area: &str) -> Option<bool> {
    let path = Path::new(area);
    if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.starts_with("zram")) {
        // Compressed memory, unless it is given a disk to put some of it on.
        let disk = std::fs::read_to_string(root.join(format!("sys/block/{name}/backing_dev"))).ok();
        return disk.is_none_or(|disk| disk.trim() == "none").then_some(true);
    }
    let below = root.join(path.strip_prefix("/").unwrap_or(path));
    let device = if area.starts_with("/dev/") {
        let real = std::fs::canonicalize(&below).unwrap_or(below);
        real.file_name()?.to_str()?.to_owned()
    } else {
        // A file: on which device does it lie?
        let number = std::fs::metadata(&below).ok()?.dev();
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        let real = std::fs::canonicalize(root.join(format!("sys/dev/block/{major}:{minor}"))).ok()?;
        real.file_name()?.to_str()?.to_owned()
    };
    device_encrypted(root, &device, DEPTH)
}

fn device_encrypted(root: &Path, name: &str, depth: usize) -> Option<bool> {
    let device = root.join("sys/class/block").join(name);
    if depth == 0 || !device.exists() {
        return None;
    }
    if std::fs::read_to_string(device.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return Some(true);
    }
    let below: Vec<String> = std::fs::read_dir(device.join("slaves"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    if below.is_empty() {
        return Some(false);
    }
    // Each piece of it must be.
    below.iter().map(|name| device_encrypted(root, name, depth - 1)).try_fold(true, |all, one| Some(all && one?))
}

fn room(data: &Path) -> Option<Seen> {
    let place = data.ancestors().find(|place| place.exists())?;
    let disk = rustix::fs::statvfs(place).ok()?;
    Some(room_is(disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024)))
}

fn room_is(mib: u64) -> Seen {
    let found = format!("{mib} MiB are free on the disk of the data folder");
    let todo = "make room: on a full disk calls are answered, and nothing is counted";
    match mib {
        0..ROOM_WRONG => Seen::wrong(TOPIC, found, todo),
        ROOM_WRONG..ROOM_LOOK => Seen::look(TOPIC, found, todo),
        _ => Seen::ok(TOPIC, found),
    }
}

fn clock(now: Timestamp) -> Seen {
    let (built, says) = (built().strftime("%Y-%m-%d"), now.strftime("%Y-%m-%d %H:%M:%S UTC"));
    match now < self::built() {
        true => Seen::wrong(
            "clock",
            format!("the clock says {says}, before this program was made ({built})"),
            "set the clock and run a time service: opening hours and certificates depend on it",
        ),
        false => Seen::ok("clock", format!("the clock says {says}, after this program was made ({built})")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    /// A pretend machine: files and what is in them.
    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    const HEAD: &str = "Filename Type Size Used Priority\n";

    #[test]
    fn swap_that_is_none_and_swap_that_is_encrypted() {
        let case = |swaps: &str, files: &[(&str, &str)], state: State| {
            let swaps = format!("{HEAD}{swaps}");
            let root = machine(&[&[("proc/swaps", swaps.as_str())], files].concat());
            let seen = swap(root.path());
            assert_eq!(seen.state, state, "{seen:?}");
        };
        let plain = ("sys/class/block/sda2/size", "1");
        case("", &[], State::Ok);
        case("/dev/sda2 partition 1 0 -2\n", &[plain], State::Wrong);
        case("/dev/sda2 partition 1 0 -2\n", &[], State::Look);
        case("/dev/dm-0 partition 1 0 -2\n", &[("sys/class/block/dm-0/dm/uuid", "CRYPT-PLAIN-swap\n")], State::Ok);
        // LVM on encryption; LVM on a plain disk; on one of each.
        let lvm = ("sys/class/block/dm-1/dm/uuid", "LVM-abc\n");
        let crypt = ("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-x\n");
        let on = |disk: &'static str| (disk, "");
        let (on_crypt, on_plain) = (on("sys/class/block/dm-1/slaves/dm-0"), on("sys/class/block/dm-1/slaves/sda2"));
        case("/dev/dm-1 partition 1 0 -2\n", &[lvm, crypt, on_crypt], State::Ok);
        case("/dev/dm-1 partition 1 0 -2\n", &[lvm, plain, on_plain], State::Wrong);
        case("/dev/dm-1 partition 1 0 -2\n", &[lvm, crypt, plain, on_crypt, on_plain], State::Wrong);
        // Devices in a ring are not followed for ever.
        case("/dev/dm-1 partition 1 0 -2\n", &[lvm, on("sys/class/block/dm-1/slaves/dm-1")], State::Look);
        case("/dev/zram0 partition 1 0 100\n", &[("sys/block/zram0/backing_dev", "none\n")], State::Ok);
        case("/dev/zram0 partition 1 0 100\n", &[("sys/block/zram0/backing_dev", "/dev/sda3\n")], State::Look);
        case("/swapfile file 1 0 -2\n", &[], State::Look);
        // One that is encrypted does not excuse the other.
        case("/dev/dm-0 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n", &[crypt, plain], State::Wrong);
        // Kept out of it, here or as the unit says.
        let own = [("proc/self/cgroup", "0::/user.slice/x\n"), ("sys/fs/cgroup/user.slice/x/memory.swap.max", "0\n")];
        case("/dev/sda2 partition 1 0 -2\n", &[&own[..], &[plain]].concat(), State::Ok);
        let unit = ("sys/fs/cgroup/system.slice/hulplijn.service/memory.swap.max", "0\n");
        case("/dev/sda2 partition 1 0 -2\n", &[unit, plain], State::Ok);
        let max = ("sys/fs/cgroup/system.slice/hulplijn.service/memory.swap.max", "max\n");
        case("/dev/sda2 partition 1 0 -2\n", &[max, plain], State::Wrong);
    }

    #[test]
    fn room_on_the_disk() {
        let case = |mib, state| assert_eq!(room_is(mib).state, state, "{mib}");
        case(0, State::Wrong);
        case(63, State::Wrong);
        case(64, State::Look);
        case(1023, State::Look);
        case(1024, State::Ok);
        assert!(room(Path::new("/nonexistent/for/sure")).is_some());
    }

    #[test]
    fn a_clock_before_the_program() {
        assert_eq!(clock(Timestamp::UNIX_EPOCH).state, State::Wrong);
        assert_eq!(clock(built()).state, State::Ok);
    }
}
