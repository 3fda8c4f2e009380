//! What a walk prints: the shortest way to each fact in each language, and the figures.

use super::super::Failure;
use super::super::player::Exchange;
use super::caller::Hasty;
use super::plan::{Deed, Doing};
use super::{Walked, Walker};
use crate::flow::proof::FactWay;
use crate::flow::{Desk, Hotline, LangIx, NodeIx};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

/// A fact and how it is heard, in the order of the hotline's languages; `None` where no keys lead to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub fact: String,
    pub ways: Vec<Option<FactWay>>,
}

/// The played seconds may differ from the proof's by this much: two prompts of the same words with different pauses.
const NEAR_S: f64 = 1.0;

/// The ways to the facts as the proof says, each played with every key as early as it can be known; a story where the
/// line takes another time.
pub(super) async fn rows<E: Exchange>(
    walker: &mut Walker<'_, '_>,
    line: &mut E,
) -> Result<Result<Vec<Row>, String>, Failure> {
    let mut rows = Vec::new();
    let mut played: HashMap<(NodeIx, LangIx), f64> = HashMap::new();
    for (fact, mut ways) in walker.ground.proof.facts() {
        for way in ways.iter_mut().flatten() {
            let place = (way.node, way.language);
            let seconds = match played.get(&place) {
                Some(seconds) => *seconds,
                None => match heard(walker, line, way).await? {
                    Ok(seconds) => *played.entry(place).or_insert(seconds),
                    Err(story) => return Ok(Err(story)),
                },
            };
            way.seconds = seconds;
        }
        rows.push(Row { fact, ways });
    }
    Ok(Ok(rows))
}

async fn heard<E: Exchange>(
    walker: &mut Walker<'_, '_>,
    line: &mut E,
    way: &FactWay,
) -> Result<Result<f64, String>, Failure> {
    let deeds = way.keys.iter().map(|(key, _)| Deed { doing: Doing::Press(*key), desk: Desk::Open }).collect();
    let prompts = way.keys.iter().map(|(_, prompts)| *prompts).chain([way.prompts]).collect();
    let call = walker.call(line, 0, deeds, None, Some(Hasty { prompts, heard_ms: None })).await?;
    if let Some(story) = call.fault {
        return Ok(Err(story));
    }
    let seconds = call.heard_ms.map(|ms| ms as f64 / 1000.0);
    match seconds.filter(|seconds| (seconds - way.seconds).abs() <= NEAR_S) {
        Some(seconds) => Ok(Ok(seconds)),
        None => {
            let found = seconds.map_or("it was not heard".to_owned(), |seconds| format!("{seconds:.1} s"));
            let name = &walker.ground.hotline.node(way.node).name;
            Ok(Err(format!("`{name}` by the keys {}:\nexpected: {:.1} s\nfound: {found}", keys(way), way.seconds)))
        }
    }
}

fn keys(way: &FactWay) -> String {
    way.keys.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>().join(" ")
}

pub(super) fn words(walked: &Walked, hotline: &Hotline, took: Duration) -> String {
    let mut text = String::new();
    let width = walked.facts.iter().map(|row| row.fact.chars().count()).max().unwrap_or(0).max(4);
    // Writing to a string cannot fail.
    if !walked.facts.is_empty() {
        let tags: String = hotline.languages.iter().map(|tag| format!("  {:<18}", tag.as_str())).collect();
        let _ = writeln!(text, "{}", format!("{:width$}{tags}", "fact").trim_end());
    }
    for row in &walked.facts {
        let cell = |way: &Option<FactWay>| match way {
            Some(way) => format!("  {:<8} {:>5.0} s  ", keys(way), way.seconds),
            None => format!("  {:<18}", "no way"),
        };
        let cells: String = row.ways.iter().map(cell).collect();
        let _ = writeln!(text, "{}", format!("{:width$}{cells}", row.fact).trim_end());
    }
    if !walked.facts.is_empty() {
        let _ = writeln!(
            text,
            "(the fewest keys, each pressed as soon as it was named; seconds from the answer until all of the node was said)\n"
        );
    }
    if !walked.unsounded.is_empty() {
        let _ = writeln!(text, "without a sound of their words, and said instead ({}):", walked.unsounded.len());
        for (words, keys) in &walked.unsounded {
            let keys = if keys.is_empty() { "at the answer".to_owned() } else { format!("after the keys {keys}") };
            let _ = writeln!(text, "  {keys}: {words}");
        }
        let _ = writeln!(text);
    }
    let verdict = if walked.fault.is_some() {
        "the line does something else than the proof says"
    } else {
        "the line does what the proof says"
    };
    let _ = writeln!(
        text,
        "{verdict}: {} of {} steps played in {} calls ({} requests), {} of {} situations stood in, {:.1} s",
        walked.steps,
        walked.of_steps,
        walked.calls,
        walked.requests,
        walked.situations,
        walked.of_situations,
        took.as_secs_f64(),
    );
    text
}

pub(super) fn object(walked: &Walked, hotline: &Hotline) -> Value {
    let way = |way: &FactWay| {
        json!({
            "node": hotline.node(way.node).name,
            "keys": way.keys.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>(),
            "seconds": way.seconds,
        })
    };
    let row = |row: &Row| {
        let languages = hotline.languages.iter().zip(&row.ways);
        let ways: serde_json::Map<String, Value> =
            languages.map(|(tag, found)| (tag.as_str().to_owned(), found.as_ref().map_or(Value::Null, way))).collect();
        json!({ "fact": row.fact, "ways": ways })
    };
    json!({
        "calls": walked.calls,
        "requests": walked.requests,
        "steps": { "played": walked.steps, "of": walked.of_steps },
        "situations": { "stood_in": walked.situations, "of": walked.of_situations },
        "without_sound": walked.unsounded.iter().map(|(words, keys)| json!({ "words": words, "keys": keys })).collect::<Vec<_>>(),
        "facts": walked.facts.iter().map(row).collect::<Vec<_>>(),
        "fault": walked.fault,
    })
}
