//! A reader of TOML tables that knows where everything stands: keys are taken by name, whatever is wrong is written
//! down, and reading goes on, so that all findings come at once.

use super::findings::{Findings, shortened};
use super::{Finding, Place};
use jiff::civil;
use std::ops::{Deref, Range, RangeInclusive};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// At most this many bytes in a file: the whole of the first hotline in one language has 20 KiB.
pub(crate) const MAX_FILE: usize = 1024 * 1024;
/// At most this many characters in one text: about five minutes of speech, or more than a provider sends as one SMS.
pub(crate) const MAX_TEXT: usize = 4000;
/// At most this many items in a list.
pub(crate) const MAX_LIST: usize = 256;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub value: T,
    pub place: Place,
}

/// A text and where it stands. An empty text stands for one that is missing and already reported.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    value: String,
    pub place: Place,
    /// The byte in the file where the value begins, if it stands there letter by letter (no escapes).
    start: Option<usize>,
}

impl Text {
    /// A stand-in for a text that is missing and already reported.
    pub fn missing(place: Place) -> Text {
        Text { value: String::new(), place, start: None }
    }

    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Where these bytes of the value stand in the file.
    pub fn within(&self, range: Range<usize>) -> Place {
        match self.start {
            Some(start) => Place { file: Arc::clone(&self.place.file), span: start + range.start..start + range.end },
            None => self.place.clone(),
        }
    }

    /// The lines with something on them, in groups that empty lines end: each as its bytes of the value, trimmed.
    pub fn groups(&self) -> Vec<Vec<Range<usize>>> {
        let mut groups = vec![Vec::new()];
        let mut at = 0;
        for line in self.value.split('\n') {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                groups.push(Vec::new());
            } else if let Some(group) = groups.last_mut() {
                let start = at + (line.len() - line.trim_start().len());
                group.push(start..start + trimmed.len());
            }
            at += line.len() + 1;
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

/// One file being read.
struct Reader<'t> {
    file: Arc<str>,
    source: &'t str,
    findings: &'t Findings,
}

impl Reader<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place::new(&self.file, span)
    }
}

/// Reads a file; `read` gets its outermost table, in which only these keys are known.
/// Nothing is returned for a file that is not TOML; that is reported.
pub(crate) fn document<T>(
    file: &Arc<str>,
    source: &str,
    known: &[&'static str],
    findings: &Findings,
    read: impl FnOnce(Table<'_>) -> T,
) -> Option<T> {
    let start = Place::new(file, 0..0);
    if source.len() > MAX_FILE {
        let finding = Finding::error("FORMAT", start, "the file is too long");
        findings.add(finding.found(format!("{} bytes", source.len())).expected(format!("at most {MAX_FILE}")));
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        for error in errors.iter().take(MAX_LIST) {
            let place = Place::new(file, error.span().unwrap_or(0..0));
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            findings.add(Finding::error("FORMAT", place, message).help(
                "the file must be TOML: keys, `=`, texts in quotes (three quotes around a text of several lines)",
            ));
        }
        return None;
    }
    let reader = Reader { file: Arc::clone(file), source, findings };
    Some(read(Table::new(&reader, document.get_ref(), start, String::new(), Some(known))))
}

/// A closed table: its file, its name, its keys.
#[cfg(test)]
type Known = (String, String, Vec<&'static str>);

#[cfg(test)]
thread_local! {
    /// The closed tables that were opened in this thread.
    static KNOWN: std::cell::RefCell<Vec<Known>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// The closed tables that this opens.
#[cfg(test)]
pub(crate) fn known_keys(read: impl FnOnce()) -> Vec<Known> {
    KNOWN.take();
    read();
    KNOWN.take()
}

/// A table: its values by key.
pub(crate) struct Table<'t> {
    reader: &'t Reader<'t>,
    /// In the order of the file.
    entries: Vec<(Text, &'t Spanned<DeValue<'t>>)>,
    pub place: Place,
    /// What a message calls it: `node.help`; empty for the file itself.
    name: String,
}

impl<'t> Table<'t> {
    /// A table in which only these keys are known, or any key. An unknown key is reported; if it is a slip for a known
    /// key that is not there, its value is read as that one.
    fn new(
        reader: &'t Reader<'t>,
        table: &'t DeTable<'t>,
        place: Place,
        name: String,
        known: Option<&[&'static str]>,
    ) -> Table<'t> {
        let key = |key: &Spanned<DeString<'_>>| Text {
            value: key.get_ref().to_string(),
            place: reader.place(key.span()),
            start: None,
        };
        let mut entries: Vec<(Text, &Spanned<DeValue>)> =
            table.iter().map(|(name, value)| (key(name), value)).collect();
        entries.sort_by_key(|(key, value)| (key.place.span.start, value.span().start));
        let mut result = Table { reader, entries, place, name };
        if let Some(known) = known {
            result.close(known);
        }
        result
    }

    fn close(&mut self, known: &[&'static str]) {
        #[cfg(test)]
        KNOWN.with_borrow_mut(|all| all.push((self.reader.file.to_string(), self.name.clone(), known.to_vec())));
        let missing: Vec<&str> = known.iter().copied().filter(|known| self.entry(known).is_none()).collect();
        for (key, _) in &mut self.entries {
            if !known.contains(&key.as_str()) {
                let what = match self.name.as_str() {
                    "" => "a key of this file".to_owned(),
                    name => format!("a key of `{name}`"),
                };
                let meant = self.reader.findings.unknown(&key.place, key, &what, known.iter().copied());
                if let Some(meant) = meant.filter(|meant| missing.contains(meant)) {
                    key.value = meant.to_owned();
                }
            }
        }
    }

    fn entry(&self, key: &str) -> Option<&(Text, &'t Spanned<DeValue<'t>>)> {
        self.entries.iter().find(|(name, _)| name.as_str() == key)
    }

    fn value(&self, key: &Text, value: &'t Spanned<DeValue<'t>>) -> Value<'t> {
        let name = match self.name.as_str() {
            "" => key.value.clone(),
            name => format!("{name}.{}", key.value),
        };
        Value { reader: self.reader, value, name, key: key.place.clone() }
    }

    pub fn get(&self, key: &str) -> Option<Value<'t>> {
        self.entry(key).map(|(key, value)| self.value(key, value))
    }

    /// A value that must be there.
    pub fn need(&self, key: &str) -> Option<Value<'t>> {
        let value = self.get(key);
        if value.is_none() {
            let whole = match self.name.as_str() {
                "" => format!("`{key}` is missing"),
                name => format!("`{key}` is missing in `{name}`"),
            };
            self.reader.findings.error(&self.place, whole);
        }
        value
    }

    /// A text that may be left out.
    pub fn text(&self, key: &str) -> Option<Text> {
        self.get(key)?.text()
    }

    /// A text that must be there; if it is not, that is reported and an empty one stands for it.
    pub fn need_text(&self, key: &str) -> Text {
        self.need(key).and_then(|value| value.text()).unwrap_or_else(|| Text::missing(self.place.clone()))
    }

    /// A list of texts that may be left out.
    pub fn texts(&self, key: &str) -> Vec<Text> {
        self.get(key).map(|value| value.texts()).unwrap_or_default()
    }

    /// A list of exactly so many texts, that must be there; what is missing is reported and stands as empty texts.
    pub fn need_texts<const N: usize>(&self, key: &str) -> [Text; N] {
        let mut texts = Vec::new();
        let mut place = self.place.clone();
        if let Some(value) = self.need(key) {
            place = value.place();
            texts = value.texts();
            if texts.len() != N && value.is_list() {
                let message = format!("`{}` has the wrong number of texts", value.name);
                let finding = Finding::error("FORMAT", place.clone(), message);
                self.reader.findings.add(finding.found(texts.len().to_string()).expected(N.to_string()));
            }
        }
        let mut texts = texts.into_iter();
        std::array::from_fn(|_| texts.next().unwrap_or_else(|| Text::missing(place.clone())))
    }

    pub fn flag(&self, key: &str) -> Option<At<bool>> {
        self.get(key)?.flag()
    }

    /// Key and value, in the order of the file.
    pub fn each(&self) -> impl Iterator<Item = (Text, Value<'t>)> + '_ {
        self.entries.iter().map(|(key, value)| (key.clone(), self.value(key, value)))
    }

    /// Key and value of a table inside this one whose keys are free; nothing if it is not there.
    pub fn each_of(&self, key: &str) -> Vec<(Text, Value<'t>)> {
        self.get(key).and_then(|value| value.table(None)).map(|table| table.each().collect()).unwrap_or_default()
    }

    /// The same with texts as values.
    pub fn texts_of(&self, key: &str) -> Vec<(Text, Text)> {
        self.each_of(key).into_iter().filter_map(|(key, value)| Some((key, value.text()?))).collect()
    }
}

/// A value of whatever kind.
pub(crate) struct Value<'t> {
    reader: &'t Reader<'t>,
    value: &'t Spanned<DeValue<'t>>,
    /// What a message calls it.
    pub name: String,
    /// Where its key stands.
    key: Place,
}

impl<'t> Value<'t> {
    pub fn place(&self) -> Place {
        self.reader.place(self.value.span())
    }

    pub fn is_list(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    fn wrong(&self, expected: &str) {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false without quotes",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{}` is of the wrong kind", shortened(&self.name));
        let place = if matches!(self.value.get_ref(), DeValue::Table(_)) { self.key.clone() } else { self.place() };
        self.reader.findings.add(Finding::error("FORMAT", place, message).found(found).expected(expected));
    }

    /// A text with something in it.
    pub fn text(&self) -> Option<Text> {
        let DeValue::String(value) = self.value.get_ref() else {
            self.wrong("a text in quotes");
            return None;
        };
        let span = self.value.span();
        let start =
            self.reader.source.get(span.clone()).and_then(|raw| raw.find(value.as_ref())).map(|at| span.start + at);
        let text = Text { value: value.to_string(), place: self.reader.place(span), start };
        let complain = |message: String, found: String, expected: &str| {
            let finding = Finding::error("FORMAT", text.place.clone(), message);
            self.reader.findings.add(finding.found(found).expected(expected));
        };
        if text.trim().is_empty() {
            complain(format!("`{}` is empty", self.name), String::new(), "words, or no such key");
            return None;
        }
        let length = text.chars().count();
        if length > MAX_TEXT {
            complain(
                format!("`{}` is too long", self.name),
                format!("{length} characters"),
                &format!("at most {MAX_TEXT}"),
            );
            return None;
        }
        let odd =
            |c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if let Some(odd) = text.chars().find(|c| odd(*c)) {
            let found = format!("U+{:04X}", u32::from(odd));
            complain(
                format!("`{}` has a character nobody can see or say", self.name),
                found,
                "letters and punctuation",
            );
        }
        Some(text)
    }

    pub fn flag(&self) -> Option<At<bool>> {
        let DeValue::Boolean(value) = self.value.get_ref() else {
            self.wrong("true or false without quotes");
            return None;
        };
        Some(At { value: *value, place: self.place() })
    }

    /// A date, as a text (`"2026-12-25"`) or as TOML writes one without quotes.
    pub fn date(&self) -> Option<At<civil::Date>> {
        let text = match self.value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => {
                self.wrong("a date, such as \"2026-12-25\"");
                return None;
            }
        };
        match text.parse() {
            Ok(value) if text.len() == 10 => Some(At { value, place: self.place() }),
            _ => {
                let message = format!("`{}` is not a date", shortened(&text));
                let finding = Finding::error("FORMAT", self.place(), message);
                self.reader.findings.add(finding.expected("year, month and day, such as \"2026-12-25\""));
                None
            }
        }
    }

    /// A whole number within these bounds; one outside is reported.
    pub fn number(&self, bounds: RangeInclusive<u32>) -> Option<At<u32>> {
        let (least, most) = (*bounds.start(), *bounds.end());
        let DeValue::Integer(written) = self.value.get_ref() else {
            self.wrong(&format!("a whole number without quotes, {least} to {most}"));
            return None;
        };
        match u32::from_str_radix(written.as_str(), written.radix()).ok().filter(|value| bounds.contains(value)) {
            Some(value) => Some(At { value, place: self.place() }),
            None => {
                let message = format!("`{}` is out of bounds", shortened(&self.name));
                let finding = Finding::error("FORMAT", self.place(), message);
                self.reader
                    .findings
                    .add(finding.found(shortened(written.as_str())).expected(format!("{least} to {most}")));
                None
            }
        }
    }

    pub fn list(&self) -> Vec<Value<'t>> {
        self.list_of(MAX_LIST)
    }

    /// A list of at most so many items.
    pub fn list_of(&self, most: usize) -> Vec<Value<'t>> {
        let DeValue::Array(items) = self.value.get_ref() else {
            self.wrong("a list in square brackets");
            return Vec::new();
        };
        if items.len() > most {
            let finding = Finding::error("FORMAT", self.place(), format!("the list `{}` is too long", self.name));
            self.reader.findings.add(finding.found(items.len().to_string()).expected(format!("at most {most}")));
        }
        let item = |value: &'t Spanned<DeValue<'t>>| Value {
            reader: self.reader,
            value,
            name: self.name.clone(),
            key: self.reader.place(value.span()),
        };
        items.iter().take(most).map(item).collect()
    }

    pub fn texts(&self) -> Vec<Text> {
        self.list().iter().filter_map(Value::text).collect()
    }

    /// A table in which only these keys are known, or any key.
    pub fn table(&self, known: Option<&[&'static str]>) -> Option<Table<'t>> {
        let DeValue::Table(table) = self.value.get_ref() else {
            self.wrong("a table");
            return None;
        };
        Some(Table::new(self.reader, table, self.key.clone(), self.name.clone(), known))
    }

    /// One of a few names: the value that stands for it. A wrong one is reported, and read as what was probably meant.
    pub fn one_of<T: Copy>(&self, what: &str, known: &[(&'static str, T)]) -> Option<At<T>> {
        let text = self.text()?;
        let find = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let value = find(&text).or_else(|| {
            let names = known.iter().map(|(name, _)| *name);
            self.reader.findings.unknown(&text.place, &text, what, names).and_then(find)
        })?;
        Some(At { value, place: text.place.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file with the one text `a`.
    fn text(source: &str) -> (Option<Text>, Vec<Finding>) {
        let findings = Findings::default();
        let file = Arc::from("a.toml");
        let text = document(&file, source, &["a"], &findings, |table| table.text("a")).flatten();
        (text, findings.into_list())
    }

    #[test]
    fn groups_are_what_empty_lines_end() {
        let case = |value: &str, expected: &[&[&str]]| {
            let (text, _) = text(&format!("a = \"\"\"\n{value}\"\"\""));
            let text = text.unwrap();
            let groups: Vec<Vec<&str>> =
                text.groups().into_iter().map(|group| group.into_iter().map(|range| &text[range]).collect()).collect();
            assert_eq!(groups, expected, "{value:?}");
        };
        case("One.", &[&["One."]]);
        case("One.\nTwo.\n", &[&["One.", "Two."]]);
        case("One.\n\n\n  Twee é.  \nThree.\n \n", &[&["One."], &["Twee é.", "Three."]]);
        case("One.\r\n\r\nTwo.", &[&["One."], &["Two."]]);
    }

    #[test]
    fn a_part_of_a_text_has_its_own_place() {
        let case = |source: &str, part: &str| {
            let (text, _) = text(source);
            let text = text.unwrap();
            let at = text.find(part).unwrap();
            let place = text.within(at..at + part.len());
            assert_eq!(source.get(place.span), Some(part), "{source:?}");
        };
        case("a = \"one two\"", "two");
        case("a = \"\"\"\né one\n  two\"\"\"", "two");
        case("a = 'one two'", "two");
        let (escaped, _) = text("a = \"\\u00e9 one\"");
        let escaped = escaped.unwrap();
        assert_eq!(escaped.within(3..6), escaped.place, "with escapes the whole text is marked");
    }

    #[test]
    fn a_slip_in_a_key_is_told_and_read() {
        let findings = Findings::default();
        let file = Arc::from("a.toml");
        let read = |table: Table| (table.text("first").is_some(), table.text("second").is_some());
        let both = document(&file, "frist = \"x\"\nsecond = \"y\"\nthird = 1", &["first", "second"], &findings, read);
        assert_eq!(both, Some((true, true)));
        let messages: Vec<String> = findings.into_list().into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, ["`frist` is not a key of this file", "`third` is not a key of this file"]);
    }

    #[test]
    fn dates() {
        let case = |source: &str, expected: Option<civil::Date>| {
            let findings = Findings::default();
            let read = |table: Table| table.get("a").and_then(|value| value.date()).map(|date| date.value);
            let date = document(&Arc::from("a.toml"), source, &["a"], &findings, read).flatten();
            assert_eq!(date, expected, "{source}");
            assert_eq!(findings.into_list().is_empty(), expected.is_some());
        };
        case("a = \"2026-11-23\"", Some(civil::date(2026, 11, 23)));
        case("a = 2026-11-23", Some(civil::date(2026, 11, 23)));
        case("a = \"2026-02-30\"", None);
        case("a = 2026-11-23T10:00:00", None);
        case("a = 5", None);
    }
}
