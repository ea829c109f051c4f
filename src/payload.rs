//! Realistic request bodies that cost next to nothing to make.
//!
//! Bodies are prepared once from a seed; for each request one is copied and three fixed-width places are
//! patched: id, correlation id and timestamp. Which body a request gets depends on seed and sequence
//! number only, so all transports carry the same bytes.

mod words;

use bytes::{Bytes, BytesMut};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::schema::{CORRELATION_BYTES, Correlation, PriorityRequest, SEQUENCE_DIGITS, digits};
use weighbridge_plan as plan;

/// Different bodies of one payload; enough that a broker can't live from its cache lines.
const TEMPLATES_MAX: usize = 128;
/// Long bodies come in fewer kinds, so that they take seconds to make and megabytes to hold, not gigabytes.
const TEMPLATES_MIN: usize = 16;
const TEMPLATE_BYTES_MAX: usize = 32 * 1024 * 1024;
const TIMESTAMP_BYTES: usize = 20;

/// Prepared bodies and where to patch them.
pub struct Payloads {
    templates: Vec<Template>,
    correlation: Correlation,
    seed: u64,
}

/// Bytes that no body of a payload exceeds, whatever its seed.
pub fn longest_bytes(plan: &plan::Payload) -> usize {
    let longest = |words: &[(String, f64)]| {
        words
            .iter()
            .map(|(word, _)| word.as_str())
            .max_by_key(|word| word.len())
            .unwrap_or_default()
            .to_owned()
    };
    let request = PriorityRequest {
        id: id().into(),
        title: words::longest_title().into(),
        description: "".into(),
        category: longest(&plan.categories).into(),
        requester_role: longest(&plan.requester_roles).into(),
        requester_name: words::longest_name().into(),
        timestamp: "t".repeat(TIMESTAMP_BYTES).into(),
        correlation_id: "c".repeat(CORRELATION_BYTES).into(),
    };
    let description_bytes = plan.description_bytes.iter().max().map_or(0, |bytes| *bytes as usize);
    serialized(&request).len() + description_bytes
}

struct Template {
    body: Vec<u8>,
    /// Index into the plan's categories.
    key: u16,
    id_at: usize,
    timestamp_at: usize,
    correlation_at: usize,
}

impl Payloads {
    pub fn new(plan: &plan::Payload, seed: u64, correlation: Correlation) -> Self {
        let mut random = Pcg64::seed_from_u64(seed ^ 0x7061_796c_6f61_6473);
        let longest_bytes = plan.description_bytes.iter().max().map_or(0, |bytes| *bytes as usize);
        let count = (TEMPLATE_BYTES_MAX / longest_bytes.max(1)).clamp(TEMPLATES_MIN, TEMPLATES_MAX);
        let templates = (0..count).map(|_| Template::draw(plan, &mut random)).collect();
        Self { templates, correlation, seed }
    }

    /// Index of the category of request `sequence`, which chooses its subject.
    pub fn key(&self, sequence: u64) -> u16 {
        self.template(sequence).key
    }

    /// The body of request `sequence`, cut from `arena`; `timestamp` is RFC 3339 with whole seconds.
    #[inline]
    pub fn write(
        &self,
        sequence: u64,
        timestamp: &[u8; TIMESTAMP_BYTES],
        arena: &mut BytesMut,
    ) -> (u16, Bytes) {
        let template = self.template(sequence);
        arena.extend_from_slice(&template.body);
        let body = &mut arena[..];
        let sequence = digits(sequence);
        body[template.id_at..template.id_at + SEQUENCE_DIGITS].copy_from_slice(&sequence);
        body[template.timestamp_at..template.timestamp_at + TIMESTAMP_BYTES].copy_from_slice(timestamp);
        self.correlation.write(&sequence, &mut body[template.correlation_at..]);
        (template.key, arena.split().freeze())
    }

    #[inline]
    fn template(&self, sequence: u64) -> &Template {
        // The upper half of the product is spread as evenly as a remainder, without a division.
        let random = mix(self.seed ^ sequence) >> 32;
        &self.templates[((random * self.templates.len() as u64) >> 32) as usize]
    }
}

impl Template {
    fn draw(plan: &plan::Payload, random: &mut Pcg64) -> Self {
        let key = weighted(&plan.categories, random);
        let role = weighted(&plan.requester_roles, random);
        let bytes = plan.description_bytes[random.random_range(0..plan.description_bytes.len())];
        let id = id();
        let correlation = "c".repeat(CORRELATION_BYTES);
        let timestamp = "t".repeat(TIMESTAMP_BYTES);
        let request = PriorityRequest {
            id: id.as_str().into(),
            title: words::title(random).into(),
            description: words::text(bytes as usize, random).into(),
            category: plan.categories[key].0.as_str().into(),
            requester_role: plan.requester_roles[role].0.as_str().into(),
            requester_name: words::name(random).into(),
            timestamp: timestamp.as_str().into(),
            correlation_id: correlation.as_str().into(),
        };
        let body = serialized(&request);
        let find = |needle: &str| {
            let needle = format!("\"{needle}\"");
            let at = body.windows(needle.len()).rposition(|window| window == needle.as_bytes());
            // The needle was just serialised, and words hold neither quotes nor escapes.
            at.expect("the body holds its own fields") + 1
        };
        let (id_at, timestamp_at, correlation_at) =
            (find(&id) + "task_".len(), find(&timestamp), find(&correlation));
        Self { body, key: key as u16, id_at, timestamp_at, correlation_at }
    }
}

/// An id before its number is known.
fn id() -> String {
    format!("task_{}", "0".repeat(SEQUENCE_DIGITS))
}

fn serialized(request: &PriorityRequest<'_>) -> Vec<u8> {
    // Serialising a struct of strings into memory does not fail.
    serde_json::to_vec(request).expect("strings serialise")
}

/// Index drawn by weight; weights are positive, as the plan has checked.
fn weighted(choices: &[(String, f64)], random: &mut Pcg64) -> usize {
    let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = random.random::<f64>() * total;
    for (index, (_, weight)) in choices.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    choices.len() - 1
}

/// SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014): neighbours get unrelated values.
#[inline]
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(description_bytes: Vec<u32>) -> plan::Payload {
        plan::Payload {
            description_bytes,
            categories: vec![("INFRASTRUCTURE".into(), 3.0), ("SECURITY".into(), 1.0)],
            requester_roles: vec![("IT_ADMIN".into(), 1.0)],
        }
    }

    fn body(payloads: &Payloads, sequence: u64) -> Bytes {
        payloads.write(sequence, b"2025-06-27T14:30:00Z", &mut BytesMut::new()).1
    }

    #[test]
    fn a_body_is_a_request_with_its_own_id_and_the_size_asked_for() {
        let correlation = Correlation::new(7);
        for bytes in [0, 1, 256, 5000] {
            let payloads = Payloads::new(&plan(vec![bytes]), 1, correlation);
            let body = body(&payloads, 42);
            let request = PriorityRequest::parse(&body).unwrap();
            assert_eq!(request.id, "task_000000000042");
            assert_eq!(correlation.read(&request.correlation_id), Some(42));
            assert_eq!(request.timestamp, "2025-06-27T14:30:00Z");
            assert_eq!(request.description.len(), bytes as usize);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let payloads = |seed| Payloads::new(&plan(vec![64]), seed, Correlation::new(7));
        assert_eq!(body(&payloads(1), 5), body(&payloads(1), 5));
        assert_ne!(body(&payloads(1), 5), body(&payloads(2), 5));
    }

    #[test]
    fn categories_come_by_their_weight() {
        let payloads = Payloads::new(&plan(vec![16]), 3, Correlation::new(7));
        let first = (0..20_000).filter(|sequence| payloads.key(*sequence) == 0).count();
        // 15 000 expected from 128 templates: the standard deviation of their share is 3.8 %.
        assert!((12_500..17_500).contains(&first), "{first}");
    }

    #[test]
    fn no_body_is_longer_than_is_said_and_some_are_hardly_shorter() {
        let plan = plan(vec![16, 300]);
        let longest = |seed| {
            let templates = Payloads::new(&plan, seed, Correlation::new(7)).templates;
            templates.iter().map(|template| template.body.len()).max().unwrap()
        };
        let (bytes, longest) = (longest_bytes(&plan), (0..50).map(longest).max().unwrap());
        assert!((bytes - 4..=bytes).contains(&longest), "{longest} of {bytes}");
    }

    #[test]
    fn long_bodies_come_in_fewer_kinds() {
        let kinds = |bytes| Payloads::new(&plan(vec![bytes]), 1, Correlation::new(7)).templates.len();
        assert_eq!((kinds(256), kinds(1024 * 1024)), (TEMPLATES_MAX, 32));
    }

    #[test]
    fn the_methodology_counts_the_bodies_as_they_are() {
        let told = format!("**Bodies** come from {TEMPLATES_MAX} templates per trial");
        assert!(include_str!("../METHODOLOGY.md").contains(&told), "{told}");
    }

    #[test]
    fn every_category_of_the_key_matches_the_body() {
        let plan = plan(vec![16]);
        let payloads = Payloads::new(&plan, 3, Correlation::new(7));
        for sequence in 0..200 {
            let (key, body) = payloads.write(sequence, b"2025-06-27T14:30:00Z", &mut BytesMut::new());
            let request = PriorityRequest::parse(&body).unwrap();
            assert_eq!(request.category, plan.categories[key as usize].0);
        }
    }
}
