//! Entries of a stream, as they are added and as they are read. They carry the guide's two parts, `subject` and
//! `data`.

use bytes::Bytes;
use redis::{Cmd, Pipeline, Value};

use crate::transport::error::TransportError;
use crate::transport::frame::{Delivery, Receipt};

pub(super) fn add(pipeline: &mut Pipeline, stream: &str, subject: &str, body: &[u8]) {
    let words = ["XADD", stream, "*", "subject", subject, "data"];
    let bytes = words.iter().map(|word| word.len()).sum::<usize>() + body.len();
    let mut command = Cmd::with_capacity(words.len() + 1, bytes);
    command.arg(&words).arg(body);
    pipeline.add_command(command);
}

/// One entry of a stream.
pub(super) struct Entry {
    pub id: Bytes,
    pub data: Bytes,
}

impl Entry {
    pub fn delivery(self, parked: bool) -> Delivery {
        Delivery { body: self.data, receipt: Receipt(Some(self.id)), parked }
    }
}

/// Reads the reply of `XREADGROUP` or `XREAD`: nil, or for each stream its name and entries.
pub(super) fn entries_of_read(reply: Value) -> Result<Vec<Entry>, TransportError> {
    let mut all = Vec::new();
    if let Value::Array(streams) = reply {
        for stream in streams {
            if let Value::Array(parts) = stream
                && let Some(entries) = parts.into_iter().nth(1)
            {
                all.append(&mut entries_of(entries)?);
            }
        }
    }
    Ok(all)
}

/// Entries that are still there; those that were deleted meanwhile are left out.
pub(super) fn entries_of(reply: Value) -> Result<Vec<Entry>, TransportError> {
    let malformed = || TransportError::failed("reading a stream", "the reply has an unknown shape");
    let Value::Array(entries) = reply else { return Ok(Vec::new()) };
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        // Redis 6.2 lists a deleted entry as nil.
        if entry == Value::Nil {
            continue;
        }
        let Value::Array(parts) = entry else { return Err(malformed()) };
        let mut parts = parts.into_iter();
        let (id, fields) = match (parts.next(), parts.next()) {
            (Some(Value::BulkString(id)), Some(Value::Array(fields))) => (id, fields),
            // Pending, and deleted.
            (Some(Value::BulkString(_)), Some(Value::Nil)) => continue,
            _ => return Err(malformed()),
        };
        // A foreign entry has no `data`; an empty body makes it count as unexpected.
        let mut data = Bytes::new();
        let mut fields = fields.into_iter();
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            if let (Value::BulkString(name), Value::BulkString(value)) = (name, value)
                && name == b"data"
            {
                data = Bytes::from(value);
            }
        }
        all.push(Entry { id: Bytes::from(id), data });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn a_deleted_entry_is_left_out_in_either_form() {
        let whole = Value::Array(vec![text("1-0"), Value::Array(vec![text("data"), text("x")])]);
        let deleted = Value::Array(vec![text("2-0"), Value::Nil]);
        let entries = entries_of(Value::Array(vec![deleted, Value::Nil, whole])).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!((&entries[0].id[..], &entries[0].data[..]), (&b"1-0"[..], &b"x"[..]));
    }
}
