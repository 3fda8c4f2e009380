//! The desk file as editors want to know it: a JSON Schema, derived from types that have its shape. The file itself is read
//! by `parsed`; a test holds the two together.

#![allow(dead_code, reason = "only the shape of these types is used")]

use super::COUNSELLORS_MOST;
use super::parsed::{ACCEPTS, GENDERS, RING_S, STAFF_ID, STRATEGIES, TALK_MAX_MIN, TOLD_MOST, WAIT_MAX_S, WRAP_UP_S};
use super::rota::{EXCEPTIONS_MOST, HOLIDAYS_MOST, SHIFTS_MOST};
use crate::base::schema::{generator, one_of, shapes, words};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

/// Its JSON Schema.
pub fn schema() -> Value {
    generator().into_root_schema_for::<File>().to_value()
}

fn number((least, most, usual): (u32, u32, u32)) -> Schema {
    json_schema!({ "type": "integer", "minimum": least, "maximum": most, "default": usual })
}

fn list_of(item: Schema, most: usize) -> Schema {
    json_schema!({ "type": "array", "items": item, "maxItems": most })
}

fn table_of<T: JsonSchema>(most: usize) -> Schema {
    let mut generator = generator();
    json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>(), "maxProperties": most })
}

fn tables<T: JsonSchema>(most: usize) -> Schema {
    list_of(generator().subschema_for::<T>(), most)
}

shapes! {
    Words => words();
    StrategyName => one_of(&STRATEGIES);
    AcceptName => one_of(&ACCEPTS);
    GenderName => one_of(&GENDERS);
    RingS => number(RING_S);
    WrapUpS => number(WRAP_UP_S);
    WaitMaxS => number(WAIT_MAX_S);
    TalkMaxMin => number(TALK_MAX_MIN);
    StaffId => json_schema!({ "type": "integer", "minimum": STAFF_ID.0, "maximum": STAFF_ID.1 });
    Tag => json_schema!({ "type": "string", "pattern": "^[a-z]{2,3}$" });
    Tags => list_of(json_schema!({ "type": "string", "pattern": "^[a-z]{2,3}$" }), 32);
    Number => json_schema!({ "type": "string", "pattern": "^\\+[0-9 ]{7,24}$" });
    LineName => json_schema!({ "type": "string", "pattern": "^(\\+[0-9 ]{7,24}|sips?:[^@]+@.+)$" });
    Pin => json_schema!({ "type": "string", "pattern": "^\\$argon2id\\$" });
    Holidays => list_of(json_schema!({ "type": "string", "pattern": "^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$" }), HOLIDAYS_MOST);
    Told => json_schema!({ "type": "array", "items": words(), "minItems": 1, "maxItems": TOLD_MOST });
    /// In quotes, or as TOML writes a date.
    Day => json_schema!({ "type": "string", "format": "date" });
    DaysName => json_schema!({ "type": "string", "minLength": 1, "examples": ["mon-fri", "sat,sun,holiday"] });
    Time => json_schema!({ "type": "string", "pattern": "^[0-2][0-9]:[03]0-[0-2][0-9]:[03]0$", "examples": ["22:00-06:00"] });
    Names => json_schema!({ "type": "array", "items": words(), "minItems": 1, "maxItems": COUNSELLORS_MOST });
    Counsellors => table_of::<Counsellor>(COUNSELLORS_MOST);
    Shifts => tables::<Shift>(SHIFTS_MOST);
    Exceptions => tables::<Exception>(EXCEPTIONS_MOST);
}

/// Who answers, and when.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// The clock of all times here, such as `Europe/Amsterdam`.
    timezone: Words,
    /// In which order those on duty are rung: as the shift names them, whose last talk ended longest ago, or all at once.
    strategy: Option<StrategyName>,
    /// How long a line rings, in seconds.
    ring_s: Option<RingS>,
    /// How long a counsellor is not rung after a talk, in seconds.
    wrap_up_s: Option<WrapUpS>,
    /// How long a caller waits until other choices are spoken, in seconds.
    wait_max_s: Option<WaitMaxS>,
    /// The longest talk, in minutes.
    talk_max_min: Option<TalkMaxMin>,
    /// Callers may ask for a woman or a man.
    choose_gender: Option<bool>,
    /// The language counsellors are spoken to; the hotline's first if unset.
    language: Option<Tag>,
    /// The counsellor who is rung at any hour when nobody on duty takes the call.
    fallback: Option<Words>,
    /// The hotline's second number, which counsellors call to say that they are on or off duty.
    staff_number: Option<Number>,
    /// Days on which only shifts of `holiday` begin: `12-25` of every year, `2027-04-05` of one.
    holidays: Option<Holidays>,
    /// What callers are told of the hours, where that is simpler than the shifts: hours in which somebody is there.
    told: Option<Told>,
    counsellor: Option<Counsellors>,
    shift: Option<Shifts>,
    exception: Option<Exceptions>,
}

/// Somebody who takes calls. Her name is for the rota; no name of a person has to stand here.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Counsellor {
    /// A telephone number in the international form, or a SIP address.
    line: LineName,
    /// `key`: press 1 to take the call; `pickup`: connected at once, never for a line with voicemail.
    accept: Option<AcceptName>,
    /// Left out: any language of the hotline.
    languages: Option<Tags>,
    gender: Option<GenderName>,
    /// By which the staff line knows her.
    staff_id: Option<StaffId>,
    /// Made by `hulplijn desk pin`.
    pin: Option<Pin>,
}

/// The same people, on some days of the week.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Shift {
    /// On which it begins: `mon-fri`, `sat,sun`, `holiday`.
    days: DaysName,
    /// Whole or half hours; a night is one stretch.
    time: Time,
    /// In the order in which they are rung.
    who: Names,
}

/// What begins on one date instead of all other shifts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Exception {
    date: Day,
    /// Nobody comes on that day.
    closed: Option<bool>,
    time: Option<Time>,
    who: Option<Names>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::read::known_keys;
    use crate::desk::fixture::{FILE, loaded};

    fn keys(schema: &Value) -> Vec<String> {
        let mut keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_reader_and_the_schema_know_the_same_keys() {
        let schema = schema();
        let whole = format!("{FILE}[[exception]]\ndate = \"2026-12-31\"\nclosed = true\n");
        let tables = known_keys(|| drop(loaded(&whole)));
        let mut seen = std::collections::BTreeSet::new();
        for (_, name, known) in tables {
            let kind = name.split('.').next().unwrap();
            let own = match kind {
                "" => schema.clone(),
                "counsellor" => schema["properties"]["counsellor"]["additionalProperties"].clone(),
                kind => schema["properties"][kind]["items"].clone(),
            };
            let mut known: Vec<String> = known.iter().map(|key| (*key).to_owned()).collect();
            known.sort();
            assert_eq!(keys(&own), known, "{kind}");
            assert_eq!(own["additionalProperties"], false, "{kind}");
            for key in own["required"].as_array().unwrap() {
                let key = key.as_str().unwrap();
                let lines = whole.lines().filter(|line| !line.starts_with(&format!("{key} =")));
                let without = lines.collect::<Vec<_>>().join("\n");
                assert!(loaded(&without).has_errors(), "{kind}.{key} can be left out");
            }
            seen.insert(kind.to_owned());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["", "counsellor", "exception", "shift"]);
        let text = schema.to_string();
        assert!(text.contains("draft-07") && !text.contains("$ref") && !text.contains("null"), "{text}");
    }
}
