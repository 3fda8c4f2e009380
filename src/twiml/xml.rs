//! XML text to a tree of elements, as strict as a provider's parser and bounded in size and depth.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A provider refuses a larger document (11750).
pub const MAX_BYTES: usize = 64 * 1024;
/// Elements within elements, the root counted. TwiML needs 4, SSML a few more; this bounds our recursion.
pub const MAX_DEPTH: usize = 32;

/// Why a document cannot be executed at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the document is empty, expected a `<Response>`")]
    Empty,
    #[error("the document has {0} bytes, expected at most {MAX_BYTES}")]
    TooLarge(usize),
    #[error("the document is not UTF-8, expected UTF-8")]
    NotUtf8,
    #[error("the declaration says encoding `{0}`, expected `utf-8`")]
    Encoding(String),
    #[error("the declaration says version `{0}`, expected `1.0`")]
    Version(String),
    #[error("line {0}: something stands before the XML declaration, expected it at the first byte")]
    BeforeDeclaration(usize),
    #[error("line {0}: a DOCTYPE is not accepted, leave it out")]
    Doctype(usize),
    #[error("line {0}: elements stand more than {MAX_DEPTH} deep")]
    TooDeep(usize),
    #[error("the root is `<{0}>`, expected `<Response>`")]
    Root(String),
    #[error("line {line}: {what}")]
    Xml { line: usize, what: String },
}

impl ReadError {
    /// The provider's number for this error (twiml reference 11).
    pub fn code(&self) -> u16 {
        match self {
            ReadError::Empty => 11770,
            ReadError::TooLarge(_) => 11750,
            ReadError::Version(_) => 12101,
            ReadError::Root(_) => 12102,
            _ => 12100,
        }
    }
}

pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    pub line: usize,
}

pub(super) enum Node {
    Element(Element),
    Text(String),
}

/// Reads one document. The root's name is checked here, so that what comes out is a `<Response>`.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, ReadError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_matches(is_xml_space).is_empty() {
        return Err(ReadError::Empty);
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let line = lines.at(start);
        let event = reader.read_event().map_err(|error| wrong(line, error))?;
        match event {
            Event::Start(tag) => {
                let element = element(&tag, line)?;
                check_place(&open, root.is_some(), line)?;
                open.push(element);
            }
            Event::Empty(tag) => {
                let element = element(&tag, line)?;
                check_place(&open, root.is_some(), line)?;
                close(element, &mut open, &mut root);
            }
            // The reader has checked that the names agree.
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| wrong(line, "an element ends that never began"))?;
                close(element, &mut open, &mut root);
            }
            Event::Text(words) => {
                if words.contains("]]>") {
                    return Err(wrong(line, "`]]>` may not stand in text"));
                }
                push_text(&words.xml10_content(), &mut open, line)?;
            }
            Event::CData(words) if !open.is_empty() => push_text(&words.xml10_content(), &mut open, line)?,
            Event::GeneralRef(reference) if !open.is_empty() => {
                let resolved = match reference.resolve_char_ref().map_err(|error| wrong(line, error))? {
                    Some(character) => character.to_string(),
                    None => resolve_xml_entity(&reference)
                        .ok_or_else(|| wrong(line, format!("`&{};` is not an entity of XML", clip(&reference))))?
                        .to_owned(),
                };
                push_text(&resolved, &mut open, line)?;
            }
            Event::CData(_) | Event::GeneralRef(_) => return Err(wrong(line, "text stands outside the root")),
            Event::Decl(declaration) => {
                if start != 0 {
                    return Err(ReadError::BeforeDeclaration(line));
                }
                let version = declaration.version().map_err(|error| wrong(line, error))?;
                if version != "1.0" && version != "1.1" {
                    return Err(ReadError::Version(clip(&version)));
                }
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|error| wrong(line, error))?;
                    if !["utf-8", "utf8", "us-ascii", "ascii"].contains(&encoding.to_ascii_lowercase().as_str()) {
                        return Err(ReadError::Encoding(clip(&encoding)));
                    }
                }
            }
            Event::DocType(_) => return Err(ReadError::Doctype(line)),
            Event::Comment(words) => check_characters(&words, line)?,
            Event::PI(words) => check_characters(&words, line)?,
            Event::Eof => break,
        }
    }
    if let Some(element) = open.last() {
        return Err(wrong(element.line, format!("`<{}>` is never closed", clip(&element.name))));
    }
    let root = root.ok_or(ReadError::Empty)?;
    match root.name.as_str() {
        "Response" => Ok(root),
        other => Err(ReadError::Root(clip(other))),
    }
}

fn wrong(line: usize, what: impl ToString) -> ReadError {
    ReadError::Xml { line, what: clip(&what.to_string()) }
}

/// Parsers repeat parts of the document in their errors.
fn clip(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(120).collect()
}

fn check_place(open: &[Element], rooted: bool, line: usize) -> Result<(), ReadError> {
    match open.len() {
        0 if rooted => Err(wrong(line, "a second root stands after the first")),
        depth if depth >= MAX_DEPTH => Err(ReadError::TooDeep(line)),
        _ => Ok(()),
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None => *root = Some(element),
    }
}

fn push_text(words: &str, open: &mut [Element], line: usize) -> Result<(), ReadError> {
    check_characters(words, line)?;
    let Some(parent) = open.last_mut() else {
        let blank = words.chars().all(is_xml_space);
        return if blank { Ok(()) } else { Err(wrong(line, "text stands outside the root")) };
    };
    match parent.children.last_mut() {
        Some(Node::Text(before)) => before.push_str(words),
        _ => parent.children.push(Node::Text(words.to_owned())),
    }
    Ok(())
}

fn element(tag: &BytesStart<'_>, line: usize) -> Result<Element, ReadError> {
    let name = tag.name().into_inner().to_owned();
    if !is_name(&name) {
        return Err(wrong(line, format!("`{}` is not a name of XML", clip(&name))));
    }
    check_spacing(tag.attributes_raw(), line)?;
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| wrong(line, error))?;
        let key = attribute.key.into_inner();
        if !is_name(key) {
            return Err(wrong(line, format!("`{}` is not a name of XML", clip(key))));
        }
        if attribute.value.contains('<') {
            return Err(wrong(line, format!("the value of `{}` holds a bare `<`", clip(key))));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| wrong(line, error))?;
        check_characters(&value, line)?;
        attributes.push((key.to_owned(), value.into_owned()));
    }
    Ok(Element { name, attributes, children: Vec::new(), line })
}

/// Between two attributes stands white space; the parser we use does not insist, providers do.
fn check_spacing(attributes: &str, line: usize) -> Result<(), ReadError> {
    let mut quote = None;
    let mut closed = false;
    for character in attributes.chars() {
        if closed && !is_xml_space(character) {
            return Err(wrong(line, "white space is missing between two attributes"));
        }
        closed = false;
        match quote {
            Some(mark) if mark == character => (quote, closed) = (None, true),
            None if character == '"' || character == '\'' => quote = Some(character),
            _ => {}
        }
    }
    Ok(())
}

fn check_characters(words: &str, line: usize) -> Result<(), ReadError> {
    match words.chars().find(|c| !is_xml_char(*c)) {
        Some(c) => Err(wrong(line, format!("the character U+{:04X} may not stand in XML", u32::from(c)))),
        None => Ok(()),
    }
}

/// `Char` of XML 1.0, section 2.2.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_xml_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// `Name` of XML 1.0, section 2.3, letters taken from Unicode.
fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == ':')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '\u{b7}'))
}

/// Counts lines while positions rise.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: usize) -> usize {
        if let Some(passed) = self.text.as_bytes().get(self.at..position) {
            self.line += passed.iter().filter(|byte| **byte == b'\n').count();
            self.at = position;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_document_is_refused() {
        let case = |text: &str, code: u16, says: &str| match parse(text.as_bytes()) {
            Ok(_) => panic!("was read: {text}"),
            Err(error) => {
                assert_eq!(error.code(), code, "{text}: {error}");
                assert!(error.to_string().contains(says), "{text}: {error}");
            }
        };
        case("", 11770, "empty");
        case(" \n", 11770, "empty");
        case("<!-- nothing -->", 11770, "empty");
        case("\n<?xml version=\"1.0\"?><Response/>", 12100, "before the XML declaration");
        case(" <?xml version=\"1.0\"?><Response/>", 12100, "before the XML declaration");
        case("<!-- hi --><?xml version=\"1.0\"?><Response/>", 12100, "before the XML declaration");
        case("<?xml version=\"2.0\"?><Response/>", 12101, "version `2.0`");
        case("<?xml version=\"1.0\" encoding=\"latin1\"?><Response/>", 12100, "encoding `latin1`");
        case("<!DOCTYPE Response><Response/>", 12100, "DOCTYPE");
        case("<!DOCTYPE r [<!ENTITY a \"b\">]><Response>&a;</Response>", 12100, "DOCTYPE");
        case("<response/>", 12102, "root is `<response>`");
        case("hello", 12100, "outside the root");
        case("<Response/>hello", 12100, "outside the root");
        case("<Response/>&amp;", 12100, "outside the root");
        case("<Response/><Response/>", 12100, "second root");
        case("<Response>", 12100, "never closed");
        case("<Response><Say></Response>", 12100, "line 1");
        case("</Response>", 12100, "line 1");
        case("<Response>&nbsp;</Response>", 12100, "`&nbsp;` is not an entity");
        case("<Response>a & b</Response>", 12100, "line 1");
        case("<Response>\n\n&#0;</Response>", 12100, "line 3");
        case("<Response>&#8;</Response>", 12100, "U+0008");
        case("<Response>\u{1}</Response>", 12100, "U+0001");
        case("<Response a=\"&#1;\"/>", 12100, "U+0001");
        case("<Response a=\"<\"/>", 12100, "bare `<`");
        case("<Response a=\"1\"b=\"2\"/>", 12100, "white space is missing");
        case("<Response a=\"1\" a=\"2\"/>", 12100, "duplicated");
        case("<Response a=1/>", 12100, "line 1");
        case("<Response a/>", 12100, "line 1");
        case("<Response><1/></Response>", 12100, "not a name");
        case("<Response>]]></Response>", 12100, "`]]>`");
        case("<Response><!-- a -- b --></Response>", 12100, "line 1");
        assert_eq!(parse(b"<Response>\xff</Response>").err(), Some(ReadError::NotUtf8));
    }

    #[test]
    fn size_and_depth_have_a_limit() {
        let padded = |bytes: usize| {
            let frame = "<Response></Response>";
            format!("<Response>{}</Response>", " ".repeat(bytes - frame.len()))
        };
        assert!(parse(padded(MAX_BYTES).as_bytes()).is_ok());
        assert_eq!(parse(padded(MAX_BYTES + 1).as_bytes()).err(), Some(ReadError::TooLarge(MAX_BYTES + 1)));
        let nested =
            |depth: usize| format!("<Response>{}{}</Response>", "<Say>".repeat(depth - 1), "</Say>".repeat(depth - 1));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()).err(), Some(ReadError::TooDeep(1)));
    }

    #[test]
    fn text_is_joined_over_comments_entities_and_cdata() {
        let root = parse(
            "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- a -->\n<Response>1<!-- b -->&lt;&#x41;\r\n<![CDATA[<&]]></Response >\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(root.line, 3);
        match root.children.as_slice() {
            [Node::Text(text)] => assert_eq!(text, "1<A\n<&"),
            other => panic!("{} nodes", other.len()),
        }
    }
}
