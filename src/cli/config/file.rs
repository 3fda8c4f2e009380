//! The configuration file as it is written. `hulplijn.toml.example` explains each key.

use super::Voice;
use super::voices::AudioFile;
use crate::server::{Alarm, Limits};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The file as written. `hulplijn.toml.example` explains each key.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Option<String>,
    pub(super) admin_listen: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) menus: Option<PathBuf>,
    pub(super) timezone: Option<String>,
    pub(super) twilio: TwilioFile,
    pub(super) kannel: Option<KannelFile>,
    pub(super) desk: DeskFile,
    pub(super) say: SayFile,
    pub(super) audio: AudioFile,
    pub(super) sms: SmsFile,
    pub(super) opt_out: OptOutFile,
    pub(super) publish: PublishFile,
    pub(super) limits: Limits,
    pub(super) alarm: Alarm,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TwilioFile {
    pub(super) account_sid: Option<String>,
    pub(super) auth_token: Option<Zeroizing<String>>,
    pub(super) auth_token_file: Option<PathBuf>,
    pub(super) next_auth_token: Option<Zeroizing<String>>,
    pub(super) next_auth_token_file: Option<PathBuf>,
    pub(super) shared_key: Option<Zeroizing<String>>,
    pub(super) shared_key_file: Option<PathBuf>,
    pub(super) number: Option<String>,
    pub(super) rest: Option<String>,
    pub(super) rest_key: Option<String>,
    pub(super) rest_secret: Option<Zeroizing<String>>,
    pub(super) rest_secret_file: Option<PathBuf>,
}

impl std::fmt::Debug for TwilioFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TwilioFile(_)")
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KannelFile {
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) number: Option<String>,
}

impl std::fmt::Debug for KannelFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KannelFile(_)")
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeskFile {
    pub(super) file: Option<PathBuf>,
    pub(super) line: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) ring_s: Option<u8>,
    pub(super) talk_max_min: Option<u16>,
    pub(super) withheld_at_once: Option<u8>,
    pub(super) language: Option<String>,
    pub(super) hours: Option<Vec<String>>,
    pub(super) exceptions: Vec<String>,
}

impl std::fmt::Debug for DeskFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeskFile(_)")
    }
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SayFile {
    pub(super) twilio: BTreeMap<String, Voice>,
}

/// In which order the ways to speak a prompt are preferred, by door.
#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PreferFile {
    pub(super) twilio: Option<Vec<String>>,
    pub(super) phone: Option<Vec<String>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SmsFile {
    pub(super) prefixes: Option<Vec<String>>,
    pub(super) daily_ceiling: Option<u32>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OptOutFile {
    pub(super) handling_off_on: Option<Date>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PublishFile {
    pub(super) two_persons: bool,
}
