//! "Did you mean": the known word nearest to a misspelt one.

/// None if no known word is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["duration", "warmup", "rate", "repeat"];
        assert_eq!(nearest("duratoin", known.into_iter()), Some("duration"));
        assert_eq!(nearest("warm_up", known.into_iter()), Some("warmup"));
        assert_eq!(nearest("rates", known.into_iter()), Some("rate"));
    }

    #[test]
    fn a_foreign_word_finds_none() {
        assert_eq!(nearest("banana", ["duration", "rate"].into_iter()), None);
    }
}
