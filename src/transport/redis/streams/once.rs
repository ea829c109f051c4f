//! Answered once: the result and the acknowledgement are one step of the server, and a request that was answered
//! before is only acknowledged.

use std::rc::Rc;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Script};

use super::group::GROUP;
use crate::sabotage;
use crate::transport::frame::Reply;
use weighbridge_record::terms::Moment;

/// Arguments after the group: of each reply the entry, the request's number, the subject, and the body, which is empty
/// where there is nothing to answer.
const STEP: &str = "
for i = 2, #ARGV, 4 do
    local entry, request, subject, body = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    if body ~= '' and redis.call('HSETNX', KEYS[3], request, 1) == 1 then
        redis.call('XADD', KEYS[2], '*', 'subject', subject, 'data', body)
    end
    redis.call('XACK', KEYS[1], ARGV[1], entry)
    redis.call('XDEL', KEYS[1], entry)
end";

/// The key beside a stream of requests that holds which of them were answered.
pub(super) fn answered(requests: &str) -> String {
    format!("{requests}.answered")
}

/// The step, as the server knows it by its hash.
#[derive(Clone)]
pub(super) struct Once(Rc<Script>);

impl Default for Once {
    fn default() -> Self {
        Self(Rc::new(Script::new(STEP)))
    }
}

impl Once {
    /// Answers and acknowledges requests, each in one step. What the server refuses leaves all of them pending.
    pub async fn settle(
        &self,
        connection: &mut MultiplexedConnection,
        [requests, results]: [&str; 2],
        subjects: &[String],
        replies: &[Reply],
    ) -> Result<(), (&'static str, RedisError)> {
        let mut step = self.0.prepare_invoke();
        step.key(requests).key(results).key(answered(requests)).arg(GROUP);
        for reply in replies {
            let Some(entry) = &reply.receipt.0 else { continue };
            let body = reply.request.and(reply.body.as_deref()).unwrap_or_default();
            let number = reply.request.unwrap_or_default();
            step.arg(&entry[..]).arg(number).arg(&subjects[reply.key as usize]).arg(body);
        }
        // There is no moment between the two: who is to end there ends before both.
        sabotage::at(Moment::BeforeAck);
        let settled: Result<(), _> = step.invoke_async(connection).await;
        settled.map_err(|error| ("EVALSHA of results", error))?;
        sabotage::at(Moment::AfterAck);
        Ok(())
    }
}
