//! The guide's two messages, exactly: `PriorityRequest` in, `PriorityResult` out, and the error reply.
//!
//! The sequence number of a request travels in `correlation_id`; nothing private is added, so a worker in
//! any language can take part by echoing `correlation_id`, and `id` as `request_id`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A task to be prioritized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriorityRequest<'a> {
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub title: Cow<'a, str>,
    #[serde(borrow)]
    pub description: Cow<'a, str>,
    #[serde(borrow)]
    pub category: Cow<'a, str>,
    #[serde(borrow)]
    pub requester_role: Cow<'a, str>,
    #[serde(borrow)]
    pub requester_name: Cow<'a, str>,
    /// RFC 3339.
    #[serde(borrow)]
    pub timestamp: Cow<'a, str>,
    #[serde(borrow)]
    pub correlation_id: Cow<'a, str>,
}

/// What the engine makes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PriorityResult<'a> {
    /// `id` of the request.
    #[serde(borrow)]
    pub request_id: Cow<'a, str>,
    #[serde(borrow)]
    pub correlation_id: Cow<'a, str>,
    pub urgency_level: Urgency,
    /// 0 to 10, one decimal.
    pub priority_score: f64,
    pub processing_time_ms: u64,
    /// RFC 3339.
    #[serde(borrow)]
    pub timestamp: Cow<'a, str>,
}

/// Reply to a request that could not be scored, as the guide's request handler sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReply<'a> {
    #[serde(borrow)]
    pub error: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Urgency {
    Low,
    Medium,
    High,
    Critical,
}

/// Why a body is no request that can be scored.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    #[error("not a PriorityRequest: {0}")]
    Json(#[from] serde_json::Error),
    #[error("`{0}` must not be empty")]
    Empty(&'static str),
}

impl<'a> PriorityRequest<'a> {
    /// Reads a body. `description` and `requester_name` may be empty; what identifies or routes may not.
    pub fn parse(body: &'a [u8]) -> Result<Self, BadRequest> {
        let request: Self = serde_json::from_slice(body)?;
        let required = [
            ("id", &request.id),
            ("title", &request.title),
            ("category", &request.category),
            ("requester_role", &request.requester_role),
            ("correlation_id", &request.correlation_id),
        ];
        if let Some((name, _)) = required.iter().find(|(_, value)| value.is_empty()) {
            return Err(BadRequest::Empty(name));
        }
        Ok(request)
    }
}

/// Puts sequence numbers into correlation ids and gets them back: `req_<run>_<sequence>`.
///
/// The eight characters of the run tell a message of this trial from a stale or foreign one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlation {
    nonce: [u8; 8],
}

/// Bytes of `req_`, the nonce, `_` and twelve digits.
pub const CORRELATION_BYTES: usize = 4 + 8 + 1 + SEQUENCE_DIGITS;
/// Digits of a sequence number in ids; enough for a million requests a second over eleven days.
pub const SEQUENCE_DIGITS: usize = 12;

impl Correlation {
    pub fn new(nonce: u32) -> Self {
        let mut bytes = [0; 8];
        for (place, byte) in bytes.iter_mut().enumerate() {
            let nibble = (nonce >> (28 - 4 * place)) & 0xf;
            *byte = b"0123456789abcdef"[nibble as usize];
        }
        Self { nonce: bytes }
    }

    /// Writes the id of the request with these digits into a slot of [`CORRELATION_BYTES`] bytes.
    #[inline]
    pub fn write(self, sequence: &Digits, slot: &mut [u8]) {
        slot[..4].copy_from_slice(b"req_");
        slot[4..12].copy_from_slice(&self.nonce);
        slot[12] = b'_';
        slot[13..CORRELATION_BYTES].copy_from_slice(sequence);
    }

    /// The sequence number of a JSON object whose last field is the id, as requests are written here; none for
    /// any other body.
    #[inline]
    pub fn read_last_field(self, body: &[u8]) -> Option<u64> {
        const NAME: &[u8] = b"\"correlation_id\":\"";
        let id = body.strip_suffix(b"\"}")?.last_chunk::<CORRELATION_BYTES>()?;
        let rest = &body[..body.len() - 2 - CORRELATION_BYTES];
        if rest.first() != Some(&b'{') || !rest.ends_with(NAME) {
            return None;
        }
        self.read_bytes(id)
    }

    /// The sequence number, or none for an id that this trial did not make.
    #[inline]
    pub fn read(self, id: &str) -> Option<u64> {
        self.read_bytes(id.as_bytes())
    }

    #[inline]
    fn read_bytes(self, id: &[u8]) -> Option<u64> {
        if id.len() != CORRELATION_BYTES || &id[..4] != b"req_" || id[4..12] != self.nonce || id[12] != b'_' {
            return None;
        }
        id[13..].iter().try_fold(0_u64, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0'))
        })
    }
}

/// A sequence number in decimal, zero-padded.
pub type Digits = [u8; SEQUENCE_DIGITS];

/// The last twelve decimal digits of a number.
#[inline]
pub fn digits(value: u64) -> Digits {
    // Two halves of six digits don't wait for each other, and divide in 32 bits.
    let (mut high, mut low) = ((value / 1_000_000 % 1_000_000) as u32, (value % 1_000_000) as u32);
    let mut digits = [b'0'; SEQUENCE_DIGITS];
    for place in (0..SEQUENCE_DIGITS / 2).rev() {
        digits[place] += (high % 10) as u8;
        digits[place + SEQUENCE_DIGITS / 2] += (low % 10) as u8;
        high /= 10;
        low /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const GUIDE_REQUEST: &str = r#"{
        "id": "task_001", "title": "System failure", "description": "Critical database outage",
        "category": "INFRASTRUCTURE", "requester_role": "IT_ADMIN", "requester_name": "John Doe",
        "timestamp": "2025-06-27T14:30:00Z", "correlation_id": "req_123456"
    }"#;

    #[test]
    fn the_guides_request_is_read() {
        let request = PriorityRequest::parse(GUIDE_REQUEST.as_bytes()).unwrap();
        assert_eq!(request.correlation_id, "req_123456");
        assert!(matches!(request.title, Cow::Borrowed(_)), "reading must not copy plain strings");
    }

    #[test]
    fn a_result_has_exactly_the_guides_fields() {
        let result = PriorityResult {
            request_id: "task_001".into(),
            correlation_id: "req_123456".into(),
            urgency_level: Urgency::Critical,
            priority_score: 8.7,
            processing_time_ms: 1250,
            timestamp: "2025-06-27T14:30:01Z".into(),
        };
        insta::assert_snapshot!(serde_json::to_string(&result).unwrap(), @r#"{"request_id":"task_001","correlation_id":"req_123456","urgency_level":"CRITICAL","priority_score":8.7,"processing_time_ms":1250,"timestamp":"2025-06-27T14:30:01Z"}"#);
    }

    /// The guide's request with something done to its fields.
    fn changed(change: impl Fn(&mut serde_json::Map<String, serde_json::Value>)) -> Vec<u8> {
        let mut request = serde_json::from_str(GUIDE_REQUEST).unwrap();
        change(&mut request);
        serde_json::to_vec(&request).unwrap()
    }

    #[test]
    fn what_identifies_or_routes_may_not_be_empty_and_the_rest_may() {
        let emptied = |name: &str| changed(|request| _ = request.insert(name.to_string(), "".into()));
        for name in ["id", "title", "category", "requester_role", "correlation_id"] {
            let error = PriorityRequest::parse(&emptied(name)).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` must not be empty"));
        }
        for name in ["description", "requester_name", "timestamp"] {
            assert!(PriorityRequest::parse(&emptied(name)).is_ok(), "{name}");
        }
        assert!(PriorityRequest::parse(b"").is_err());
    }

    #[test]
    fn a_request_without_one_of_its_fields_is_none() {
        let whole: serde_json::Map<_, _> = serde_json::from_str(GUIDE_REQUEST).unwrap();
        assert_eq!(whole.len(), 8);
        for name in whole.keys() {
            let body = changed(|request| _ = request.remove(name));
            let error = PriorityRequest::parse(&body).unwrap_err().to_string();
            assert!(error.contains(&format!("missing field `{name}`")), "{error}");
        }
    }

    #[test]
    fn correlation_ids_carry_the_sequence_number_and_refuse_strangers() {
        let ours = Correlation::new(0xdead_beef);
        let mut slot = [0; CORRELATION_BYTES];
        ours.write(&digits(123_456), &mut slot);
        let id = std::str::from_utf8(&slot).unwrap();
        assert_eq!(id, "req_deadbeef_000000123456");
        assert_eq!(ours.read(id), Some(123_456));
        assert_eq!(Correlation::new(1).read(id), None, "another run's id is a stranger");
        assert_eq!(ours.read("req_123456"), None);
        assert_eq!(ours.read("req_deadbeef_00000012345x"), None);
    }

    #[test]
    fn digits_are_zero_padded_and_cut_at_twelve() {
        for value in [0, 7, 999_999, 1_000_000, 123_456_789_012] {
            assert_eq!(digits(value).to_vec(), format!("{value:012}").into_bytes());
        }
        assert_eq!(&digits(9_123_456_789_012), b"123456789012");
    }

    #[test]
    fn an_id_is_read_from_the_last_field_and_from_nowhere_else() {
        let ours = Correlation::new(0xdead_beef);
        let last = r#"{"id":"a","correlation_id":"req_deadbeef_000000123456"}"#;
        assert_eq!(ours.read_last_field(last.as_bytes()), Some(123_456));
        for other in [
            r#"{"correlation_id":"req_deadbeef_000000123456","id":"a"}"#,
            r#"{"id":"a","x":"req_deadbeef_000000123456"}"#,
            r#"{"id":"a","correlation_id":"req_00000001_000000123456"}"#,
            r#""correlation_id":"req_deadbeef_000000123456"}"#,
            "req_deadbeef_000000123456",
            "",
        ] {
            assert_eq!(ours.read_last_field(other.as_bytes()), None, "{other}");
        }
    }
}
