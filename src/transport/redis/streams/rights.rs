//! What a run will do with its streams, tried before anything is measured.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value};

use super::group::GROUP;
use super::once::Once;
use crate::transport::error::TransportError;
use crate::transport::redis::preflight::refused;
use weighbridge_plan::endpoint::Endpoint;

/// The streams of a run, on a server that is not yet known to let us.
pub(super) struct Trying<'a> {
    pub endpoint: &'a Endpoint,
    pub requests: String,
    pub results: String,
}

impl Trying<'_> {
    /// Tries what generators, workers and the collector will do, on keys that do not exist: nothing is
    /// stored, and nothing is found.
    pub async fn try_streams(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        let Self { requests, results, .. } = self;
        for key in [requests, results] {
            let add = ["NOMKSTREAM", "*", "subject", "", "data", ""];
            self.run("XADD", key, redis::cmd("XADD").arg(key).arg(&add), connection).await?;
        }
        for command in ["XDEL", "XACK"] {
            let mut attempt = redis::cmd(command);
            attempt.arg(requests);
            if command == "XACK" {
                attempt.arg(GROUP);
            }
            self.run(command, requests, attempt.arg("0-1"), connection).await?;
        }
        let read = redis::cmd("XREAD").arg(&["COUNT", "1", "STREAMS"]).arg(results).arg("0-0").clone();
        self.run("XREAD", results, &read, connection).await
    }

    /// Tries to answer and to acknowledge in one step, for no request.
    pub async fn try_step(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        let tried = Once::default().settle(connection, [&self.requests, &self.results], &[], &[]).await;
        tried.map_err(|(command, error)| refused(self.endpoint, command, &self.requests, &error))
    }

    /// Tries what needs the group; `worker-0` is a consumer that the run will have anyway.
    pub async fn try_group(&self, connection: &mut MultiplexedConnection) -> Result<(), TransportError> {
        let requests = &self.requests;
        let read = redis::cmd("XREADGROUP")
            .arg(&["GROUP", GROUP, "worker-0", "COUNT", "1", "STREAMS"])
            .arg(requests)
            .arg(">")
            .clone();
        self.run("XREADGROUP", requests, &read, connection).await?;
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(requests).arg(&[GROUP, "worker-0"]).arg(60_000).arg("0-0");
        self.run("XAUTOCLAIM", requests, &claim, connection).await?;
        let pending = redis::cmd("XPENDING").arg(requests).arg(GROUP).clone();
        self.run("XPENDING", requests, &pending, connection).await
    }

    async fn run(
        &self,
        name: &str,
        key: &str,
        command: &redis::Cmd,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), TransportError> {
        let reply: Result<Value, RedisError> = command.query_async(connection).await;
        reply.map(|_| ()).map_err(|error| refused(self.endpoint, name, key, &error))
    }
}
