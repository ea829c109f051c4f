//! What goes to a scoring service, and what is read of its answer. Pure.

use serde::Deserialize;
use serde_json::json;

use crate::schema::Urgency;
use weighbridge_plan::ScoringFormat;

const INSTRUCTION: &str = "You prioritize IT requests. Answer with one JSON object and nothing else: \
    {\"urgency_level\": \"LOW\", \"MEDIUM\", \"HIGH\" or \"CRITICAL\", \"priority_score\": a number from 0 to 10}.";

/// What a service makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Answer {
    pub urgency_level: Urgency,
    /// 0 to 10.
    pub priority_score: f64,
}

/// The body of a call.
pub(super) fn body(format: &ScoringFormat, request: &[u8]) -> Vec<u8> {
    match format {
        ScoringFormat::Json => request.to_vec(),
        ScoringFormat::Openai { model } => json!({
            "model": model,
            "messages": [
                { "role": "system", "content": INSTRUCTION },
                { "role": "user", "content": String::from_utf8_lossy(request) },
            ],
            "temperature": 0,
        })
        .to_string()
        .into_bytes(),
    }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

/// Reads an answer; the error says what is wrong with it, without repeating it.
pub(super) fn read(format: &ScoringFormat, answer: &[u8]) -> Result<Answer, String> {
    let score: Answer = match format {
        ScoringFormat::Json => serde_json::from_slice(answer).map_err(|error| error.to_string())?,
        ScoringFormat::Openai { .. } => {
            let completion: Completion = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
            let first = completion.choices.first().ok_or("a completion without choices")?;
            serde_json::from_str(object_in(&first.message.content)).map_err(|error| error.to_string())?
        }
    };
    match (0.0..=10.0).contains(&score.priority_score) {
        true => Ok(score),
        false => Err("`priority_score` is not between 0 and 10".to_owned()),
    }
}

/// Models put their object between marks of code or into a sentence.
fn object_in(content: &str) -> &str {
    match (content.find('{'), content.rfind('}')) {
        (Some(from), Some(to)) if from < to => &content[from..=to],
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai() -> ScoringFormat {
        ScoringFormat::Openai { model: "small".to_owned() }
    }

    #[test]
    fn a_request_goes_as_it_is_or_as_the_last_message_of_a_chat() {
        let request = br#"{"id":"task_1"}"#;
        assert_eq!(body(&ScoringFormat::Json, request), request);
        let chat: serde_json::Value = serde_json::from_slice(&body(&openai(), request)).unwrap();
        assert_eq!(chat["model"], "small");
        assert_eq!(chat["messages"][1]["content"], r#"{"id":"task_1"}"#);
    }

    #[test]
    fn a_score_is_read_out_of_whatever_stands_around_it() {
        let score = Answer { urgency_level: Urgency::High, priority_score: 7.5 };
        let plain = br#"{"urgency_level":"HIGH","priority_score":7.5,"reason":"x"}"#;
        assert_eq!(read(&ScoringFormat::Json, plain), Ok(score));
        let content = "```json\n{\"urgency_level\": \"HIGH\", \"priority_score\": 7.5}\n```";
        let chat = json!({ "choices": [{ "message": { "role": "assistant", "content": content } }] });
        assert_eq!(read(&openai(), chat.to_string().as_bytes()), Ok(score));
    }

    #[test]
    fn what_is_no_score_is_told() {
        for (answer, told) in [
            ("", "EOF"),
            (r#"{"priority_score":1}"#, "urgency_level"),
            (r#"{"urgency_level":"SOON","priority_score":1}"#, "SOON"),
            (r#"{"urgency_level":"LOW","priority_score":11}"#, "between 0 and 10"),
        ] {
            let error = read(&ScoringFormat::Json, answer.as_bytes()).unwrap_err();
            assert!(error.contains(told), "{answer}: {error}");
        }
        assert!(read(&openai(), br#"{"choices":[]}"#).unwrap_err().contains("without choices"));
    }
}
