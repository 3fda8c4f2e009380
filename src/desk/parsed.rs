//! The desk file as it is read: every value with its place, nothing judged that needs another value.

use super::rota::{Days, EXCEPTIONS_MOST, HOLIDAYS_MOST, Holiday, SHIFTS_MOST};
use super::{COUNSELLORS_MOST, Gender, Strategy};
use crate::base::findings::{Findings, shortened};
use crate::base::hours::{DAYS, Hours, Stretch, parse_stretch};
use crate::base::read::{At, Table, Text, Value, document};
use crate::base::{Accept, Callee, CounsellorId, E164, Finding, Language, Place, SipAddress};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// At most this many languages of one counsellor.
const LANGUAGES_MOST: usize = 32;

/// A name with as many digits is a telephone number.
const DIGITS_MOST: usize = 5;

/// At most this many lines of hours that callers are told.
pub(super) const TOLD_MOST: usize = 14;

/// The beginning of every PIN, and the most it may have.
pub(super) const PIN_BEGINS: &str = "$argon2id$";
const PIN_MOST: usize = 255;

/// The keys of each table, in the order in which they are explained. `schema` has the same.
pub(super) const FILE_KEYS: [&str; 15] = [
    "timezone",
    "strategy",
    "ring_s",
    "wrap_up_s",
    "wait_max_s",
    "talk_max_min",
    "choose_gender",
    "language",
    "fallback",
    "staff_number",
    "holidays",
    "told",
    "counsellor",
    "shift",
    "exception",
];
const COUNSELLOR_KEYS: [&str; 6] = ["line", "accept", "languages", "gender", "staff_id", "pin"];
const SHIFT_KEYS: [&str; 3] = ["days", "time", "who"];
const EXCEPTION_KEYS: [&str; 4] = ["date", "closed", "time", "who"];

/// Words of the file and what they stand for. `schema` has the same.
pub(super) const STRATEGIES: [(&str, Strategy); 3] =
    [("order", Strategy::Order), ("longest-idle", Strategy::LongestIdle), ("all", Strategy::All)];
pub(super) const ACCEPTS: [(&str, Accept); 2] = [("key", Accept::Key), ("pickup", Accept::Pickup)];
pub(super) const GENDERS: [(&str, Gender); 2] = [("woman", Gender::Woman), ("man", Gender::Man)];

/// Bounds of the numbers, least and most, and what counts where nothing stands.
pub(super) const RING_S: (u32, u32, u32) = (5, 15, 15);
pub(super) const WRAP_UP_S: (u32, u32, u32) = (0, 1800, 60);
pub(super) const WAIT_MAX_S: (u32, u32, u32) = (60, 600, 180);
pub(super) const TALK_MAX_MIN: (u32, u32, u32) = (1, 240, 120);
pub(super) const STAFF_ID: (u32, u32) = (10, 99);

pub(super) struct Parsed {
    pub timezone: Option<At<TimeZone>>,
    pub strategy: Option<At<Strategy>>,
    pub ring_s: u32,
    pub wrap_up_s: u32,
    pub wait_max_s: u32,
    pub talk_max_min: u32,
    pub choose_gender: Option<At<bool>>,
    pub language: Option<At<Language>>,
    pub fallback: Option<Text>,
    pub staff_number: Option<At<E164>>,
    pub holidays: Vec<At<Holiday>>,
    /// The hours of a week that callers are told.
    pub told: Option<At<[Vec<Stretch>; 7]>>,
    pub counsellors: Vec<ParsedCounsellor>,
    pub shifts: Vec<ParsedShift>,
    pub exceptions: Vec<ParsedException>,
}

pub(super) struct ParsedCounsellor {
    pub id: CounsellorId,
    pub place: Place,
    pub callee: Option<At<Callee>>,
    pub accept: Accept,
    pub languages: Vec<At<Language>>,
    pub gender: Option<Gender>,
    pub staff_id: Option<At<u32>>,
    pub pin: Option<Text>,
}

pub(super) struct ParsedShift {
    pub place: Place,
    pub days: Days,
    pub time: Option<Stretch>,
    pub who: Vec<Text>,
}

pub(super) struct ParsedException {
    pub date: Option<At<Date>>,
    pub closed: bool,
    pub time: Option<At<Stretch>>,
    pub who: Vec<Text>,
}

/// Reads the file; nothing if it is not TOML.
pub(super) fn parse(file: &Arc<str>, text: &str, findings: &Findings) -> Option<Parsed> {
    document(file, text, &FILE_KEYS, findings, |table| read(&table, findings))
}

fn read(table: &Table<'_>, findings: &Findings) -> Parsed {
    let number = |key: &str, (least, most, usual): (u32, u32, u32)| {
        table.get(key).and_then(|value| value.number(least..=most)).map_or(usual, |number| number.value)
    };
    let counsellors = table.each_of("counsellor");
    if counsellors.len() > COUNSELLORS_MOST {
        let (name, _) = &counsellors[COUNSELLORS_MOST];
        let finding = Finding::error("FORMAT", name.place.clone(), "there are too many counsellors");
        findings.add(finding.found(counsellors.len().to_string()).expected(format!("at most {COUNSELLORS_MOST}")));
    }
    let counsellors = counsellors.into_iter().take(COUNSELLORS_MOST);
    Parsed {
        timezone: table.need("timezone").and_then(|value| timezone(&value.text()?, findings)),
        strategy: table.get("strategy").and_then(|value| value.one_of("a strategy", &STRATEGIES)),
        ring_s: number("ring_s", RING_S),
        wrap_up_s: number("wrap_up_s", WRAP_UP_S),
        wait_max_s: number("wait_max_s", WAIT_MAX_S),
        talk_max_min: number("talk_max_min", TALK_MAX_MIN),
        choose_gender: table.flag("choose_gender"),
        language: table.text("language").and_then(|text| language(&text, findings)),
        fallback: table.text("fallback"),
        staff_number: table.text("staff_number").and_then(|text| staff_number(&text, findings)),
        holidays: items(table, "holidays", HOLIDAYS_MOST).iter().filter_map(|value| holiday(value, findings)).collect(),
        told: table.get("told").and_then(|value| told(&value, findings)),
        counsellors: counsellors.filter_map(|(name, value)| counsellor(&name, &value, findings)).collect(),
        shifts: items(table, "shift", SHIFTS_MOST).iter().filter_map(|value| shift(value, findings)).collect(),
        exceptions: items(table, "exception", EXCEPTIONS_MOST)
            .iter()
            .filter_map(|value| exception(value, findings))
            .collect(),
    }
}

fn items<'t>(table: &Table<'t>, key: &str, most: usize) -> Vec<Value<'t>> {
    table.get(key).map(|value| value.list_of(most)).unwrap_or_default()
}

fn timezone(text: &Text, findings: &Findings) -> Option<At<TimeZone>> {
    match TimeZone::get(text) {
        Ok(value) => Some(At { value, place: text.place.clone() }),
        Err(_) => {
            let message = format!("`{}` is not a time zone", shortened(text));
            let finding = Finding::error("FORMAT", text.place.clone(), message);
            findings.add(finding.expected("a name such as `Europe/Amsterdam`"));
            None
        }
    }
}

fn language(text: &Text, findings: &Findings) -> Option<At<Language>> {
    let language = Language::new(text);
    if language.is_none() {
        let message = format!("`{}` is not a language", shortened(text));
        let finding = Finding::error("FORMAT", text.place.clone(), message);
        findings.add(finding.expected("two or three small letters, such as `nl`"));
    }
    language.map(|value| At { value, place: text.place.clone() })
}

fn number(text: &str) -> Option<E164> {
    E164::new(&text.replace(' ', ""))
}

fn staff_number(text: &Text, findings: &Findings) -> Option<At<E164>> {
    let number = number(text);
    if number.is_none() {
        let finding = Finding::error("FORMAT", text.place.clone(), "`staff_number` is not a telephone number");
        findings.add(finding.expected("the international form, a `+` and 7 to 15 digits"));
    }
    number.map(|value| At { value, place: text.place.clone() })
}

fn counsellor(name: &Text, value: &Value<'_>, findings: &Findings) -> Option<ParsedCounsellor> {
    let table = value.table(Some(&COUNSELLOR_KEYS))?;
    // It stands in tables and in the audit trail: no number may get there this way.
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let id = CounsellorId::new(name).filter(|_| digits < DIGITS_MOST);
    if id.is_none() {
        let message = format!("`{}` cannot be the name of a counsellor", shortened(name));
        let finding = Finding::error("FORMAT", name.place.clone(), message);
        findings.add(finding.expected(format!(
            "at most {} small letters, `-`, `_` and four digits, such as `anna` or `desk-1`",
            CounsellorId::MAX
        )));
    }
    let languages = items(&table, "languages", LANGUAGES_MOST);
    let staff_id = table.get("staff_id").and_then(|value| value.number(STAFF_ID.0..=STAFF_ID.1));
    let read = ParsedCounsellor {
        id: id.clone().or_else(|| CounsellorId::new("unnamed"))?,
        place: name.place.clone(),
        callee: table.need("line").and_then(|value| callee(&value.text()?, findings)),
        accept: table
            .get("accept")
            .and_then(|value| value.one_of("a way to take a call", &ACCEPTS))
            .map_or(Accept::Key, |accept| accept.value),
        languages: languages.iter().filter_map(|value| language(&value.text()?, findings)).collect(),
        gender: table
            .get("gender")
            .and_then(|value| value.one_of("what a caller may ask for", &GENDERS))
            .map(|g| g.value),
        staff_id,
        pin: table.text("pin").filter(|pin| check_pin(pin, findings)),
    };
    id.map(|_| read)
}

/// The text is not repeated: it may be a counsellor's line with a slip in it.
fn callee(text: &Text, findings: &Findings) -> Option<At<Callee>> {
    let callee = match text.contains('@') || text.starts_with("sip") {
        true => SipAddress::new(text).map(Callee::Sip),
        false => number(text).map(Callee::Number),
    };
    if callee.is_none() {
        let finding =
            Finding::error("FORMAT", text.place.clone(), "`line` is neither a telephone number nor a SIP address");
        findings.add(finding.expected(
            "the international form, a `+` and 7 to 15 digits, or an address such as `sip:desk-1@phones.example.org`",
        ));
    }
    callee.map(|value| At { value, place: text.place.clone() })
}

/// Only the shape: whether it is a good one is seen when it is used.
fn check_pin(pin: &Text, findings: &Findings) -> bool {
    let fits = pin.starts_with(PIN_BEGINS) && pin.len() <= PIN_MOST && pin.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        let finding = Finding::error("FORMAT", pin.place.clone(), "`pin` is not the hash of a PIN");
        findings.add(
            finding
                .expected(format!("a text that begins with `{PIN_BEGINS}`"))
                .help("`hulplijn desk pin` makes one; the PIN itself never stands in a file"),
        );
    }
    fits
}

fn shift(value: &Value<'_>, findings: &Findings) -> Option<ParsedShift> {
    let table = value.table(Some(&SHIFT_KEYS))?;
    Some(ParsedShift {
        days: table.need("days").and_then(|value| value.text()).map(|text| days(&text, findings)).unwrap_or_default(),
        time: table.need("time").and_then(|value| stretch(&value.text()?, findings)).map(|time| time.value),
        who: table.need("who").map(|value| who(&value, findings)).unwrap_or_default(),
        place: table.place,
    })
}

fn who(value: &Value<'_>, findings: &Findings) -> Vec<Text> {
    let who: Vec<Text> = value.list_of(COUNSELLORS_MOST).iter().filter_map(Value::text).collect();
    if who.is_empty() && value.is_list() {
        let finding = Finding::error("FORMAT", value.place(), "nobody is in this shift");
        findings.add(finding.expected("the names of counsellors, in the order in which they are rung"));
    }
    who
}

/// `mon-fri`, `sat,sun`, `holiday`, each part at its own place.
fn days(text: &Text, findings: &Findings) -> Days {
    let known = || DAYS.into_iter().chain(["holiday"]);
    let mut days = Days::default();
    let mut at = 0;
    for part in text.split(',') {
        let one = |name: &str, at: usize| {
            let trimmed = name.trim();
            let start = at + (name.len() - name.trim_start().len());
            let find = |name: &str| known().position(|known| known == name);
            find(trimmed).or_else(|| {
                let place = text.within(start..start + trimmed.len());
                findings.unknown(&place, trimmed, "a day", known()).and_then(find)
            })
        };
        match part.split_once('-') {
            None => match one(part, at) {
                Some(day) if day < 7 => days.week[day] = true,
                Some(_) => days.holiday = true,
                None => {}
            },
            Some((first, last)) => {
                if let (Some(first), Some(last)) = (one(first, at), one(last, at + first.len() + 1)) {
                    if first == 7 || last == 7 {
                        let finding =
                            Finding::error("FORMAT", text.place.clone(), "`holiday` has no day before or after it");
                        findings.add(finding.expected("days and `holiday` with a comma, such as `sat,sun,holiday`"));
                    } else {
                        (0..(last + 7 - first) % 7 + 1).for_each(|step| days.week[(first + step) % 7] = true);
                    }
                }
            }
        }
        at += part.len() + 1;
    }
    days
}

fn stretch(text: &Text, findings: &Findings) -> Option<At<Stretch>> {
    match parse_stretch(text) {
        Ok(value) => Some(At { value, place: text.place.clone() }),
        Err(sentence) => {
            let finding = Finding::error("FORMAT", text.place.clone(), shortened_sentence(&sentence));
            findings.add(finding.help("a night is one stretch, such as `22:00-06:00`; a whole day is `00:00-24:00`"));
            None
        }
    }
}

/// The sentence repeats what was written, which can be long.
fn shortened_sentence(sentence: &str) -> String {
    sentence.split('`').map(shortened).collect::<Vec<_>>().join("`")
}

/// Lines such as `mon-fri 09:00-17:00`.
fn told(value: &Value<'_>, findings: &Findings) -> Option<At<[Vec<Stretch>; 7]>> {
    let lines: Vec<String> =
        value.list_of(TOLD_MOST).iter().filter_map(Value::text).map(|t| t.as_str().to_owned()).collect();
    match Hours::parse(TimeZone::UTC, &lines, &[]) {
        Ok(hours) => (!lines.is_empty()).then(|| At { value: hours.week, place: value.place() }),
        Err(sentence) => {
            findings.add(Finding::error("FORMAT", value.place(), shortened_sentence(&sentence)));
            None
        }
    }
}

/// `12-25` or `2027-04-05`
fn holiday(value: &Value<'_>, findings: &Findings) -> Option<At<Holiday>> {
    let text = value.text()?;
    let every_year = || {
        // A leap year, so that 29 February can be one.
        let date: Date = format!("2028-{}", text.as_str()).parse().ok()?;
        (text.len() == 5).then(|| Holiday::EveryYear { month: date.month(), day: date.day() })
    };
    let once = || text.parse().ok().filter(|_| text.len() == 10).map(Holiday::Once);
    match every_year().or_else(once) {
        Some(value) => Some(At { value, place: text.place.clone() }),
        None => {
            let message = format!("`{}` is not a holiday", shortened(&text));
            let finding = Finding::error("FORMAT", text.place.clone(), message);
            findings.add(finding.expected("a date of every year, such as `12-25`, or of one, such as `2027-04-05`"));
            None
        }
    }
}

fn exception(value: &Value<'_>, findings: &Findings) -> Option<ParsedException> {
    let table = value.table(Some(&EXCEPTION_KEYS))?;
    let closed = table.flag("closed").is_some_and(|closed| closed.value);
    let has = |key: &str| table.get(key).is_some();
    let wrong = |message: &str| {
        let finding = Finding::error("FORMAT", table.place.clone(), message);
        findings.add(finding.expected("either `closed = true`, or `time` and `who`"));
    };
    match (closed, has("time"), has("who")) {
        (true, false, false) | (false, true, true) => {}
        (true, ..) => wrong("this day is closed, and somebody comes all the same"),
        (false, false, false) => wrong("nothing says what is so on this day"),
        (false, true, false) => wrong("nothing says who comes on this day"),
        (false, false, true) => wrong("nothing says when they come on this day"),
    }
    Some(ParsedException {
        date: table.need("date").and_then(|value| value.date()),
        closed,
        time: table.get("time").and_then(|value| stretch(&value.text()?, findings)),
        who: table.get("who").map(|value| who(&value, findings)).unwrap_or_default(),
    })
}
