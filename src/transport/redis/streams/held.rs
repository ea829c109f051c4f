//! What a server stores for the streams, in its own counts.

use redis::streams::StreamInfoGroupsReply;
use redis::{AsyncCommands, RedisError};

use super::group::GROUP;
use super::once::answered;
use crate::connect;
use crate::connect::patience::ANSWERS_WITHIN;
use crate::shell::quoted;
use weighbridge_plan::endpoint::Endpoint;
use weighbridge_record::result::Held;

/// `XLEN` of both streams, `XINFO GROUPS` of the requests, and `HLEN` of what was answered where that is kept.
pub(super) async fn held(
    endpoint: &Endpoint,
    requests: &str,
    results: &str,
    is_once: bool,
) -> Result<Vec<Held>, RedisError> {
    let connected = connect::redis::connect(endpoint, Some(ANSWERS_WITHIN), 0).await;
    let Ok(mut connection) = connected else { return Ok(Vec::new()) };
    let entries: u64 = connection.xlen(requests).await?;
    // A stream that is gone has no groups to tell of.
    let groups: StreamInfoGroupsReply = connection.xinfo_groups(requests).await.unwrap_or_default();
    let mut held = vec![key("stream", requests, entries, "XINFO STREAM")];
    held.extend(groups.groups.into_iter().filter(|group| group.name == GROUP).map(|group| Held {
        what: "group".to_owned(),
        name: format!("{requests} {GROUP}"),
        entries: group.lag.map(|lag| lag as u64),
        pending: Some(group.pending as u64),
        show: format!("XINFO GROUPS {}", quoted(requests)),
        remove: format!("XGROUP DESTROY {} {GROUP}", quoted(requests)),
    }));
    held.push(key("stream", results, connection.xlen(results).await?, "XINFO STREAM"));
    if is_once {
        let answered = answered(requests);
        held.push(key("key", &answered, connection.hlen(&answered).await?, "HLEN"));
    }
    Ok(held)
}

fn key(what: &str, name: &str, entries: u64, shown_by: &str) -> Held {
    Held {
        what: what.to_owned(),
        name: name.to_owned(),
        entries: Some(entries),
        pending: None,
        show: format!("{shown_by} {}", quoted(name)),
        remove: format!("DEL {}", quoted(name)),
    }
}
