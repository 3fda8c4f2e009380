//! A finding: one thing that is wrong in a file, where, what was expected, and a way out.

use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The texts that findings point into: path as the operator knows it -> content.
pub type Sources = BTreeMap<Arc<str>, Arc<str>>;

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Blocks serving and publishing.
    Error,
    /// Worth a reason; fails only `check --strict`.
    Warning,
    /// A status the operator should know, such as a number nobody has checked yet. Blocks going live, nothing else.
    Notice,
}

/// A stretch of a file: bytes, end excluded.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Place {
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl Place {
    pub fn new(file: &Arc<str>, span: Range<usize>) -> Place {
        Place { file: Arc::clone(file), span }
    }

    /// Line and column of the first byte, both from 1; columns count characters.
    pub fn line_column(&self, sources: &Sources) -> (usize, usize) {
        let Some(text) = sources.get(&self.file) else { return (1, 1) };
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// One thing that is wrong, worded for the person who edits the file: lower case, names in ticks, no full stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule's id (`MN-01`), or `FORMAT` for what the file format itself demands.
    pub rule: &'static str,
    pub severity: Severity,
    pub place: Place,
    /// What is wrong, in one line.
    pub message: String,
    /// What stands there, and what should; empty when the message says it all.
    pub found: String,
    pub expected: String,
    /// A way out.
    pub help: String,
}

impl Finding {
    pub fn error(rule: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            severity: Severity::Error,
            place,
            message: message.into(),
            found: String::new(),
            expected: String::new(),
            help: String::new(),
        }
    }

    pub fn warning(rule: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(rule, place, message) }
    }

    pub fn notice(rule: &'static str, place: Place, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Notice, ..Finding::error(rule, place, message) }
    }

    pub fn found(mut self, found: impl Into<String>) -> Finding {
        self.found = found.into();
        self
    }

    pub fn expected(mut self, expected: impl Into<String>) -> Finding {
        self.expected = expected.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = help.into();
        self
    }
}
