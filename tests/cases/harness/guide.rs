//! The integration guide's messages, as somebody who knows only the guide would check them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const REQUEST: [&str; 8] = [
    "category",
    "correlation_id",
    "description",
    "id",
    "requester_name",
    "requester_role",
    "timestamp",
    "title",
];

const RESULT: [&str; 6] =
    ["correlation_id", "priority_score", "processing_time_ms", "request_id", "timestamp", "urgency_level"];

const LEVELS: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// Requests and results that were seen, by correlation id.
#[derive(Default)]
pub struct Seen {
    requests: BTreeMap<String, Map<String, Value>>,
    results: BTreeMap<String, Map<String, Value>>,
}

fn object(body: &[u8]) -> Map<String, Value> {
    let object = serde_json::from_slice(body);
    object.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

fn text<'a>(message: &'a Map<String, Value>, field: &str) -> &'a str {
    message[field].as_str().unwrap_or_else(|| panic!("`{field}` is no text: {message:?}"))
}

fn expect_fields(message: &Map<String, Value>, fields: &[&str]) {
    let mut names: Vec<_> = message.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, fields, "exactly the guide's fields");
    let timestamp = text(message, "timestamp");
    assert!(timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
}

impl Seen {
    /// A body on a request subject; `category` is the subject's last token, where it has one.
    pub fn request(&mut self, category: Option<&str>, body: &[u8]) {
        let request = object(body);
        expect_fields(&request, &REQUEST);
        REQUEST.iter().for_each(|field| _ = text(&request, field));
        if let Some(category) = category {
            assert_eq!(text(&request, "category"), category);
        }
        self.requests.insert(text(&request, "correlation_id").to_string(), request);
    }

    /// A body on a result subject or in a reply; a result goes out under its request's category.
    pub fn result(&mut self, category: Option<&str>, body: &[u8]) {
        let result = object(body);
        expect_fields(&result, &RESULT);
        assert!(LEVELS.contains(&text(&result, "urgency_level")), "{result:?}");
        let score = result["priority_score"].as_f64().expect("a number");
        assert!((0.0..=10.0).contains(&score), "{score}");
        assert!(result["processing_time_ms"].is_u64(), "{result:?}");
        let correlation_id = text(&result, "correlation_id").to_string();
        if let (Some(request), Some(category)) = (self.requests.get(&correlation_id), category) {
            assert_eq!(text(request, "category"), category);
        }
        self.results.insert(correlation_id, result);
    }

    /// Results, and among them those whose request was seen too. Each answers its request by name.
    pub fn matched(&self) -> (usize, usize) {
        let mut matched = 0;
        for (correlation_id, result) in &self.results {
            if let Some(request) = self.requests.get(correlation_id) {
                assert_eq!(text(result, "request_id"), text(request, "id"));
                matched += 1;
            }
        }
        (self.results.len(), matched)
    }
}
