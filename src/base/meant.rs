//! "Did you mean ...?": the search for the name that was probably meant.

/// Longer names are not compared: they are not slips of the finger.
const MAX_NAME: usize = 60;

/// The known name that is nearest to this one, if a slip or two could have made the one of the other: at most a third of
/// its letters (1 to 3) put in, left out, changed or swapped with the next (Damerau and Levenshtein's distance). The
/// first of several that are as near.
pub fn meant<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let length = name.chars().count();
    if length > MAX_NAME {
        return None;
    }
    let most = (length / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|known| known.chars().count().abs_diff(length) <= most)
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let case = |name: &str, expected: Option<&str>| {
            assert_eq!(meant(name, ["voice", "texts", "words", "contacts"]), expected, "{name}");
        };
        case("voice", Some("voice"));
        case("vioce", Some("voice"));
        case("voices", Some("voice"));
        case("text", Some("texts"));
        case("kontakts", Some("contacts"));
        case("nope", None);
        case("", None);
        case(&"voice".repeat(1000), None);
        assert_eq!(meant("bat", ["cat", "bad"]), Some("cat"), "the first of two that are as near");
    }
}
