//! Scoring by rules: a pure function of category, requester role and the words of title and description.
//!
//! A stand-in for the engine's model with the same shape of result; what the model costs in time is
//! `workers.service_time`. The guide's example request scores 8.7, CRITICAL.

use crate::schema::{PriorityRequest, Urgency};

/// Score in tenths, 0 to 100, so that 8.7 is exact until it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    tenths: u32,
}

/// Words longer than this carry no weight and are passed over.
const LONGEST_WORD_BYTES: usize = 12;

impl Score {
    pub fn of(request: &PriorityRequest<'_>) -> Self {
        let words = strongest_words(&request.title, &request.description);
        let tenths = category_weight(&request.category) + role_weight(&request.requester_role) + words;
        Self { tenths: tenths.min(100) }
    }

    pub fn value(self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    pub fn urgency(self) -> Urgency {
        match self.tenths {
            80.. => Urgency::Critical,
            60.. => Urgency::High,
            35.. => Urgency::Medium,
            _ => Urgency::Low,
        }
    }
}

fn category_weight(category: &str) -> u32 {
    match category {
        "SECURITY" => 30,
        "INFRASTRUCTURE" => 25,
        "APPLICATION" | "DATA" => 20,
        "NETWORK" => 22,
        "HARDWARE" => 15,
        "ACCESS" => 12,
        _ => 10,
    }
}

fn role_weight(role: &str) -> u32 {
    match role {
        "EXECUTIVE" => 20,
        "IT_ADMIN" | "SECURITY_OFFICER" => 15,
        "MANAGER" => 12,
        "DEVELOPER" => 10,
        _ => 5,
    }
}

/// Sum of the three heaviest different words, so that length alone does not raise the score.
fn strongest_words(title: &str, description: &str) -> u32 {
    let mut seen = 0_u32;
    let mut heaviest = [0_u32; 3];
    for text in [title, description] {
        for word in text.as_bytes().split(|byte| !byte.is_ascii_alphabetic()) {
            let Some((bit, weight)) = word_weight(word) else { continue };
            if seen & (1 << bit) != 0 {
                continue;
            }
            seen |= 1 << bit;
            if weight > heaviest[2] {
                heaviest[2] = weight;
                heaviest.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
    }
    heaviest.iter().sum()
}

/// Identity and weight in tenths of a word that matters.
fn word_weight(word: &[u8]) -> Option<(u32, u32)> {
    if word.len() < 4 || word.len() > LONGEST_WORD_BYTES {
        return None;
    }
    let mut lower = [0; LONGEST_WORD_BYTES];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"breach" => (0, 22),
        b"critical" => (1, 20),
        b"down" => (2, 16),
        b"outage" => (3, 15),
        b"corruption" => (4, 15),
        b"failure" => (5, 12),
        b"urgent" => (6, 12),
        b"blocked" => (7, 8),
        b"error" => (8, 6),
        b"degraded" => (9, 6),
        b"slow" => (10, 4),
        b"warning" => (11, 3),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(category: &'a str, role: &'a str, title: &'a str, text: &'a str) -> PriorityRequest<'a> {
        PriorityRequest {
            id: "task_001".into(),
            title: title.into(),
            description: text.into(),
            category: category.into(),
            requester_role: role.into(),
            requester_name: "John Doe".into(),
            timestamp: "2025-06-27T14:30:00Z".into(),
            correlation_id: "req_123456".into(),
        }
    }

    #[test]
    fn the_guides_example_is_critical_at_8_7() {
        let example = request("INFRASTRUCTURE", "IT_ADMIN", "System failure", "Critical database outage");
        let score = Score::of(&example);
        assert_eq!((score.value(), score.urgency()), (8.7, Urgency::Critical));
    }

    #[test]
    fn a_small_wish_is_low() {
        let score = Score::of(&request("REQUEST", "EMPLOYEE", "New mouse", "The wheel squeaks"));
        assert_eq!((score.value(), score.urgency()), (1.5, Urgency::Low));
    }

    #[test]
    fn repeating_a_word_does_not_raise_the_score() {
        let once = Score::of(&request("DATA", "MANAGER", "Outage", ""));
        let often = Score::of(&request("DATA", "MANAGER", "Outage", "outage OUTAGE Outage outage"));
        assert_eq!(once, often);
    }

    #[test]
    fn the_score_never_passes_ten() {
        let worst = request("SECURITY", "EXECUTIVE", "Critical breach", "down outage corruption failure");
        assert!(Score::of(&worst).value() <= 10.0);
    }
}
