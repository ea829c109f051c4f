//! What a server stores for the streams, in its own counts: those that `/jsz` shows.

use async_nats::jetstream::{self, consumer};

use super::stores::{DURABLE, Stores};
use crate::shell::quoted;
use weighbridge_record::result::Held;

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn held(stores: &Stores, context: &jetstream::Context) -> Result<Vec<Held>, Failed> {
    let mut requests = context.get_stream(stores.requests()).await?;
    let mut held = vec![stream(requests.info().await?)];
    let workers = requests.get_consumer::<consumer::pull::Config>(DURABLE).await;
    if let Ok(mut workers) = workers {
        held.push(consumer(&stores.requests(), workers.info().await?));
    }
    held.push(stream(context.get_stream(stores.results()).await?.info().await?));
    Ok(held)
}

/// Whether somebody waits for requests at the consumer of the workers.
pub(super) async fn is_waited_at(stores: &Stores, context: &jetstream::Context) -> Result<bool, Failed> {
    let requests = context.get_stream(stores.requests()).await?;
    let mut workers = requests.get_consumer::<consumer::pull::Config>(DURABLE).await?;
    Ok(workers.info().await?.num_waiting > 0)
}

fn consumer(stream: &str, info: &consumer::Info) -> Held {
    let name = format!("{} {DURABLE}", quoted(stream));
    Held {
        what: "consumer".to_owned(),
        name: format!("{stream} {DURABLE}"),
        entries: Some(info.num_pending),
        pending: Some(info.num_ack_pending as u64),
        show: format!("consumer info {name}"),
        remove: format!("consumer rm {name} --force"),
    }
}

fn stream(info: &jetstream::stream::Info) -> Held {
    let name = quoted(&info.config.name);
    Held {
        what: "stream".to_owned(),
        name: info.config.name.clone(),
        // A work queue deletes what is acknowledged.
        entries: Some(info.state.messages),
        pending: None,
        show: format!("stream info {name}"),
        remove: format!("stream rm {name} --force"),
    }
}
