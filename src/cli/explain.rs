//! `hulplijn explain`: what a rule of `check` is for, and what to do when it speaks.

use super::{Done, Failure, screen};
use crate::base::meant;
use crate::desk;
use crate::menu::explain;
use serde_json::{Value, json};

/// One rule in plain words, of the menus or of the desk file.
struct Explanation {
    id: &'static str,
    asks: String,
    why: &'static str,
    todo: &'static str,
    strictness: &'static str,
}

/// Every rule: those of the menus in their order, then those of the desk file.
fn all() -> Vec<Explanation> {
    let menus = explain::all().into_iter().map(|rule| Explanation {
        strictness: rule.strictness(),
        id: rule.id,
        asks: rule.asks,
        why: rule.why,
        todo: rule.todo,
    });
    let desk = desk::RULES.iter().map(|rule| Explanation {
        id: rule.id,
        asks: rule.asks.to_owned(),
        why: rule.why,
        todo: rule.todo,
        strictness: "`hulplijn desk check` looks at it.",
    });
    menus.chain(desk).collect()
}

/// Without a rule: all of them, a line each.
#[derive(clap::Args)]
pub struct Arguments {
    /// Such as MN-05
    rule: Option<String>,
    /// Print JSON: an array of objects
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Done {
    let chosen = match &arguments.rule {
        None => all(),
        Some(id) => {
            let rule = all().into_iter().find(|rule| rule.id.eq_ignore_ascii_case(id));
            vec![rule.ok_or_else(|| unknown(id))?]
        }
    };
    if arguments.json {
        screen::line(&Value::Array(chosen.iter().map(object).collect()).to_string());
    } else if arguments.rule.is_none() {
        let lines: String = chosen.iter().map(|rule| format!("{}  {}\n", rule.id, rule.asks)).collect();
        screen::print(&format!("{lines}\n`hulplijn explain MN-05` tells more of one\n"));
    } else {
        for rule in &chosen {
            let (id, asks, why, todo, strict) = (rule.id, &rule.asks, rule.why, rule.todo, rule.strictness);
            screen::print(&format!("{id}: {asks}\n\nWhy: {why}\n\nWhat to do: {todo}\n\n{strict}\n"));
        }
    }
    Ok(())
}

fn object(rule: &Explanation) -> Value {
    json!({ "rule": rule.id, "asks": rule.asks, "why": rule.why, "todo": rule.todo, "strictness": rule.strictness })
}

fn unknown(id: &str) -> Failure {
    let rules = all();
    let near = meant(&id.to_uppercase(), rules.iter().map(|rule| rule.id));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Failure::cannot(format!("`{id}` is no rule{near}\n`hulplijn explain` lists them all"))
}
