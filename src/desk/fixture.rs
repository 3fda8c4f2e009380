//! A small desk for the tests of this room: a day shift, a night shift, a morning with Romanian, a holiday.

use super::load::load;
use super::{Desk, Loaded};
use crate::base::Severity;
use jiff::civil::{Date, date};

pub const TODAY: Date = date(2026, 11, 25);

pub const FILE: &str = r#"timezone = "Europe/Amsterdam"
holidays = ["12-25"]

[counsellor.anna]
line = "+1 202 555 0101"
languages = ["nl", "en"]
gender = "woman"

[counsellor.boris]
line = "sip:boris@phones.example.org"
accept = "pickup"
languages = ["nl", "ro"]
gender = "man"

[counsellor.night]
line = "+44 7700 900101"

[[shift]]
days = "mon-fri"
time = "09:00-12:00"
who = ["anna", "boris"]

[[shift]]
days = "mon-fri"
time = "12:00-17:00"
who = ["anna"]

[[shift]]
days = "mon-sun"
time = "22:00-06:00"
who = ["night"]
"#;

pub fn loaded(text: &str) -> Loaded {
    load("desk.toml", text, TODAY)
}

/// The desk of the fixture, in which the night counsellor speaks Dutch only.
pub fn desk() -> Desk {
    let text = FILE.replace("line = \"+44 7700 900101\"", "line = \"+44 7700 900101\"\nlanguages = [\"nl\"]");
    let loaded = loaded(&text);
    let wrong: Vec<_> = loaded.findings.iter().filter(|finding| finding.severity != Severity::Notice).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    loaded.desk.unwrap()
}
