//! The rota as a picture (SVG): a week from left to right, a row for each counsellor and for each language.

use super::CounsellorIx;
use super::outlook::{Alike, Outlook};
use super::plan::Part;
use super::rota::weekday;
use crate::base::hours::Stretch;
use jiff::civil::Date;
use std::fmt::Write;

/// Colours by name: by day, by night. What is written keeps 4.5 to 1 from what it stands on, bars and marks 3 to 1.
pub const COLOURS: [(&str, &str, &str); 9] = [
    ("paper", "#ffffff", "#11161c"),
    ("row", "#eef2f6", "#1f2832"),
    ("line", "#a9b5c1", "#4a5866"),
    ("ink", "#17212b", "#eef3f8"),
    ("soft", "#4a5764", "#b9c5d1"),
    ("bar", "#1d6f8a", "#63b6d3"),
    ("tongue", "#4f6db0", "#93aef0"),
    ("closed", "#7b8a9a", "#7f91a3"),
    ("hole", "#a3240f", "#ff8f78"),
];

const STYLE: &str = "\
.rota{background:var(--rota-paper);font-family:system-ui,'Liberation Sans',Arial,'DejaVu Sans',sans-serif}
.rota text{fill:var(--rota-ink);font-size:12px}
.rota .title{font-size:18px;font-weight:700}
.rota .heading{font-size:14px;font-weight:700}
.rota .soft{fill:var(--rota-soft)}
.rota .paper{fill:var(--rota-paper)}
.rota .row{fill:var(--rota-row)}
.rota .day{stroke:var(--rota-line);stroke-width:1.5}
.rota .noon{stroke:var(--rota-line);stroke-width:1;stroke-dasharray:2 3}
.rota .bar{fill:var(--rota-bar)}
.rota .tongue{fill:var(--rota-tongue)}
.rota .closed{fill:none;stroke:var(--rota-closed);stroke-width:1.5}
.rota .hole{fill:none;stroke:var(--rota-hole);stroke-width:2.5}
";

/// Where the days begin, how wide an hour and how high a row is, in pixels.
const LEFT: f64 = 150.0;
const HOUR: f64 = 5.5;
const ROW: f64 = 22.0;
const DAY: f64 = HOUR * 24.0;
const WIDTH: f64 = LEFT + DAY * 7.0 + 16.0;

/// The picture of these weeks; weeks that are alike are one panel. No scripts, no fonts, nothing from elsewhere, and
/// nobody's number.
pub fn svg(outlook: &Outlook<'_>, name: &str) -> String {
    let kinds = outlook.alike();
    let rows = outlook.desk.counsellors.len() + 1 + outlook.languages.len();
    let panel = 58.0 + ROW * rows as f64 + 18.0;
    let height = 74.0 + panel * kinds.len() as f64;
    let (width, high) = (number(WIDTH), number(height));
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rota\" role=\"img\" aria-labelledby=\"rota-title \
         rota-description\" width=\"{width}\" height=\"{high}\" viewBox=\"0 0 {width} {high}\">"
    );
    let title = format!("Rota of {name}");
    let _ = writeln!(out, "<title id=\"rota-title\">{}</title>", escaped(&title));
    let _ = writeln!(out, "<desc id=\"rota-description\">{}</desc>", escaped(&description(outlook, &kinds)));
    let _ = writeln!(out, "<style>\n{}{STYLE}</style>", colours());
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{high}\"/>");
    text(&mut out, "title", 16.0, 30.0, &title);
    legend(outlook, &mut out);
    for (at, kind) in kinds.iter().enumerate() {
        week(outlook, &mut out, kind, 74.0 + panel * at as f64);
    }
    out.push_str("</svg>\n");
    out
}

/// What somebody hears who does not see the picture.
fn description(outlook: &Outlook<'_>, kinds: &[Alike]) -> String {
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    };
    let ordinary: usize = kinds.iter().filter(|kind| kind.ordinary).map(|kind| kind.mondays.len()).sum();
    let all: usize = kinds.iter().map(|kind| kind.mondays.len()).sum();
    let holes = outlook.empty.iter().filter(|empty| !empty.usual).count();
    let usually = super::words::week(&outlook.usually_empty(outlook.language));
    let usually = if usually.is_empty() { "never".to_owned() } else { usually };
    format!(
        "{} from {}: {ordinary} as every week, {} otherwise. Nobody is reachable every week: {usually}. Besides, {} with \
         nobody. The same as text: hulplijn desk rota.",
        count(all, "week", "weeks"),
        outlook.from,
        all - ordinary,
        count(holes, "stretch", "stretches")
    )
}

fn legend(outlook: &Outlook<'_>, out: &mut String) {
    let zone = outlook.desk.rota.zone().iana_name().unwrap_or("its own time zone");
    text(out, "soft", 16.0, 52.0, &format!("times of {zone}; dotted: noon"));
    let entry = |out: &mut String, x: f64, class: &str, words: &str| {
        match class {
            "closed" | "hole" => mark(out, class, x, 40.0, 26.0, words),
            _ => bar(out, class, x, 42.0, 26.0, 12.0, words),
        }
        text(out, "soft", x + 32.0, 52.0, words);
    };
    entry(out, 290.0, "bar", "somebody is on duty");
    entry(out, 455.0, "tongue", "somebody speaks it");
    entry(out, 610.0, "closed", "nobody, as every week");
    entry(out, 785.0, "hole", "nobody, and not as every week");
}

fn week(outlook: &Outlook<'_>, out: &mut String, kind: &Alike, top: f64) {
    let desk = outlook.desk;
    text(out, "heading", 16.0, top + 16.0, &heading(kind));
    let rows = desk.counsellors.len() + 1 + outlook.languages.len();
    let (begin, end) = (top + 40.0, top + 40.0 + ROW * rows as f64);
    for row in 0..rows {
        if row % 2 == 0 {
            let (y, width) = (number(begin + ROW * row as f64), number(DAY * 7.0 + LEFT - 12.0));
            let _ = writeln!(out, "<rect class=\"row\" x=\"12\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\"/>");
        }
    }
    for day in 0..=7 {
        let x = LEFT + DAY * f64::from(day);
        line(out, "day", x, top + 22.0, end);
        if day < 7 {
            line(out, "noon", x + DAY / 2.0, begin, end);
            let words = days_name(kind, day as usize);
            text(out, "", x + 5.0, top + 34.0, &words);
        }
    }
    let mut y = begin;
    for (who, at) in desk.counsellors.iter().zip(0..) {
        let one = CounsellorIx(at);
        let label = if desk.fallback == Some(one) { format!("{} (fallback)", who.id) } else { who.id.to_string() };
        text(out, "", 16.0, y + 15.0, &shortened(&label));
        bars(out, "bar", kind, y, who.id.as_str(), |part| part.who.contains(&one));
        y += ROW;
    }
    let reachable = |part: &Part| outlook.reachable(part).iter().any(|one| desk.speaks(*one, outlook.language));
    text(out, "", 16.0, y + 15.0, "anybody");
    bars(out, "bar", kind, y, "anybody", reachable);
    gaps(outlook, out, kind, y, None);
    y += ROW;
    for language in &outlook.languages {
        text(out, "", 16.0, y + 15.0, language.as_str());
        let speaks = |part: &Part| outlook.speakers(part, *language) > 0;
        bars(out, "tongue", kind, y, language.as_str(), speaks);
        gaps(outlook, out, kind, y, Some(*language));
        y += ROW;
    }
}

fn heading(kind: &Alike) -> String {
    /// At most this many dates stand in a heading.
    const DATES_MOST: usize = 8;
    let mondays: Vec<String> =
        kind.mondays.iter().take(DATES_MOST).map(|monday| monday.strftime("%-d %b %Y").to_string()).collect();
    let more = match kind.mondays.len().saturating_sub(DATES_MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = if kind.ordinary { "An ordinary week" } else { "Not as every week" };
    let weeks = if kind.mondays.len() == 1 { "week of" } else { "weeks of" };
    format!("{what}: {weeks} {}{more}", mondays.join(", "))
}

fn days_name(kind: &Alike, day: usize) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    match kind.mondays.as_slice() {
        [monday] if !kind.ordinary => {
            let date: Option<Date> = monday.checked_add(jiff::Span::new().days(i64::try_from(day).unwrap_or(0))).ok();
            date.map_or_else(String::new, |date| format!("{} {}", NAMES[weekday(date)], date.strftime("%-d %b")))
        }
        _ => NAMES[day].to_owned(),
    }
}

/// Bars over the parts in which this is so.
fn bars(out: &mut String, class: &str, kind: &Alike, y: f64, whose: &str, is: impl Fn(&Part) -> bool) {
    for (day, parts) in kind.days.iter().enumerate() {
        for stretch in super::rota::stretches_of(parts, &is) {
            let words = format!("{whose}: {} {}", days_name(kind, day), super::words::stretch(stretch));
            let (x, wide) = place(day, stretch);
            bar(out, class, x, y + 4.0, wide, ROW - 8.0, &words);
        }
    }
}

/// Marks over the parts in which nobody is there (who speaks this).
fn gaps(outlook: &Outlook<'_>, out: &mut String, kind: &Alike, y: f64, language: Option<crate::base::Language>) {
    let language = language.or(outlook.language);
    let nobody =
        |who: &[CounsellorIx]| !who.iter().chain(&outlook.desk.fallback).any(|one| outlook.desk.speaks(*one, language));
    for (day, parts) in kind.days.iter().enumerate() {
        let empty = super::rota::stretches(parts, nobody);
        let usual = super::rota::stretches(&outlook.desk.rota.usual_day(day), nobody);
        for (class, words, stretches) in [
            ("closed", "nobody, as every week", both(&empty, &usual)),
            ("hole", "nobody, and not as every week", super::rota::without(&empty, &usual)),
        ] {
            for stretch in stretches {
                let words = format!("{} {}: {words}", days_name(kind, day), super::words::stretch(stretch));
                let (x, wide) = place(day, stretch);
                mark(out, class, x, y + 3.0, wide, &words);
            }
        }
    }
}

/// The time that is in both.
fn both(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let meet = |a: &Stretch, b: &Stretch| {
        let (from, to) = (a.from.max(b.from), a.to.min(b.to));
        (from < to).then_some(Stretch { from, to })
    };
    one.iter().flat_map(|a| other.iter().filter_map(move |b| meet(a, b))).collect()
}

fn place(day: usize, stretch: Stretch) -> (f64, f64) {
    let x = |minute: u16| LEFT + DAY * day as f64 + HOUR * f64::from(minute) / 60.0;
    (x(stretch.from), x(stretch.to) - x(stretch.from))
}

fn bar(out: &mut String, class: &str, x: f64, y: f64, width: f64, height: f64, words: &str) {
    let [x, y, width, height] = [x, y, width, height].map(number);
    let words = escaped(words);
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{words}</title></rect>"
    );
}

/// A frame with strokes across it, so that it is told from a bar without colours; closer strokes for a hole.
fn mark(out: &mut String, class: &str, x: f64, y: f64, width: f64, words: &str) {
    let (top, bottom) = (y + 1.0, y + ROW - 7.0);
    let step = if class == "hole" { 5.0 } else { 14.0 };
    let mut path = String::new();
    if class == "hole" {
        let _ = write!(
            path,
            "M{} {}h{}v{}h{}z",
            number(x + 1.0),
            number(top),
            number(width - 2.0),
            number(bottom - top),
            number(2.0 - width)
        );
    }
    let slope = (bottom - top) / 2.0;
    let mut at = x + 2.0;
    while at + slope < x + width - 1.0 {
        let _ = write!(path, "M{} {}L{} {}", number(at), number(bottom), number(at + slope), number(top));
        at += step;
    }
    if path.is_empty() {
        let middle = x + width / 2.0;
        let _ = write!(path, "M{} {}V{}", number(middle), number(top), number(bottom));
    }
    let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"><title>{}</title></path>", escaped(words));
}

fn line(out: &mut String, class: &str, x: f64, top: f64, bottom: f64) {
    let _ = writeln!(out, "<path class=\"{class}\" d=\"M{} {}V{}\"/>", number(x), number(top), number(bottom));
}

fn text(out: &mut String, class: &str, x: f64, y: f64, words: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = writeln!(out, "<text{class} x=\"{}\" y=\"{}\">{}</text>", number(x), number(y), escaped(words));
}

/// The colours as variables: by day, by night where the reader has chosen it, and by day on paper.
fn colours() -> String {
    let list = |pick: fn(&(&str, &'static str, &'static str)) -> &'static str| {
        COLOURS.iter().map(|colour| format!("--rota-{}:{};", colour.0, pick(colour))).collect::<String>()
    };
    let (day, night) = (list(|colour| colour.1), list(|colour| colour.2));
    format!(
        ".rota{{color-scheme:light dark;{day}}}\n@media screen and (prefers-color-scheme:dark){{.rota{{{night}}}}}\n"
    )
}

/// A name as far as there is room for it.
fn shortened(name: &str) -> String {
    const LETTERS: usize = 19;
    match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// With at most one decimal.
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    format!("{}", if tenths == 0.0 { 0.0 } else { tenths })
}

/// For text between tags. What XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
