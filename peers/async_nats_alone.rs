//! The NATS client library alone, in the way that suits it best: no latencies, no account, one fixed body.
//!
//! What Weighbridge can't exceed while it stays with this library. Modes as in `natspeer.go`; prints the same
//! JSON.

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use async_nats::message::OutboundMessage;
use async_nats::{Client, ConnectOptions, Subject};
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use futures::{SinkExt, StreamExt};

#[derive(Parser)]
struct Arguments {
    #[arg(short)]
    server: String,
    #[arg(long)]
    mode: Mode,
    #[arg(short, default_value_t = 1_000_000)]
    n: u64,
    #[arg(long, default_value_t = 256)]
    size: usize,
    /// js: acknowledgements outstanding at most.
    #[arg(long, default_value_t = 256)]
    window: u64,
    /// Threads of the runtime; 0: everything in the main thread.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    #[arg(long, default_value = "peer.alone")]
    subject: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Pub,
    Pubsub,
    Js,
    Rtt,
}

/// The same allocator as in Weighbridge.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let runtime = match arguments.threads {
        0 => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        threads => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?
        }
    };
    let (name, value) = match arguments.mode {
        Mode::Pub => ("published_per_s", runtime.block_on(publish(&arguments))?),
        Mode::Pubsub => ("delivered_per_s", pubsub(&arguments, &runtime)?),
        Mode::Js => ("acknowledged_per_s", runtime.block_on(jetstream(&arguments))?),
        Mode::Rtt => ("rtt_ns_p50", round_trip(&arguments, &runtime)?),
    };
    println!("{{\"{name}\":{value}}}");
    Ok(())
}

async fn connect(arguments: &Arguments) -> Outcome<Client> {
    let options = ConnectOptions::new().client_capacity(4096).subscription_capacity(arguments.n as usize);
    Ok(options.skip_subject_validation(true).connect(&arguments.server).await?)
}

/// A message to an inbox of our own: what was published before it has been handled by the server.
async fn barrier(client: &Client) -> Outcome<()> {
    let inbox = client.new_inbox();
    let mut own = client.subscribe(inbox.clone()).await?;
    client.publish(inbox, Bytes::new()).await?;
    own.next().await.ok_or("the connection was closed")?;
    Ok(())
}

/// Through the client's sink, which is faster than its `publish`: no future for each message.
async fn publish_all(client: &Client, arguments: &Arguments) -> Outcome<()> {
    let mut client = client.clone();
    let subject = Subject::from(arguments.subject.as_str());
    let payload = Bytes::from(vec![0; arguments.size]);
    let mut left = arguments.n;
    let queued = poll_fn(|context| {
        while left > 0 {
            if let Err(error) = ready!(client.poll_ready_unpin(context)) {
                return Poll::Ready(Err(error));
            }
            let (subject, payload) = (subject.clone(), payload.clone());
            client.start_send_unpin(OutboundMessage { subject, reply: None, payload, headers: None })?;
            left -= 1;
        }
        Poll::Ready(Ok(()))
    });
    Ok(queued.await?)
}

async fn publish(arguments: &Arguments) -> Outcome<f64> {
    let client = connect(arguments).await?;
    let start = Instant::now();
    publish_all(&client, arguments).await?;
    barrier(&client).await?;
    Ok(arguments.n as f64 / start.elapsed().as_secs_f64())
}

/// The subscriber has a thread of its own.
fn pubsub(arguments: &Arguments, runtime: &tokio::runtime::Runtime) -> Outcome<f64> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let subscriber = scope.spawn(move || -> Outcome<Instant> {
            let own = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            own.block_on(async {
                let client = connect(arguments).await?;
                let mut messages = client.subscribe(arguments.subject.clone()).await?;
                barrier(&client).await?;
                ready.send(())?;
                for _ in 0..arguments.n {
                    messages.next().await.ok_or("the subscription was closed")?;
                }
                Ok(Instant::now())
            })
        });
        is_ready.recv()?;
        let start = runtime.block_on(async {
            let client = connect(arguments).await?;
            let start = Instant::now();
            publish_all(&client, arguments).await?;
            barrier(&client).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(start)
        })?;
        let end = subscriber.join().map_err(|_| "the subscriber panicked")??;
        Ok(arguments.n as f64 / (end - start).as_secs_f64())
    })
}

/// Publishes with reply subjects on one inbox, whose messages are the acknowledgements.
async fn jetstream(arguments: &Arguments) -> Outcome<f64> {
    let client = connect(arguments).await?;
    let context = async_nats::jetstream::new(client.clone());
    let config = async_nats::jetstream::stream::Config {
        name: "ALONE".to_string(),
        subjects: vec![arguments.subject.clone()],
        ..Default::default()
    };
    context.create_stream(config).await?;
    let inbox = Subject::from(client.new_inbox());
    let subject = Subject::from(arguments.subject.as_str());
    let body = Bytes::from(vec![0; arguments.size]);
    let mut acknowledgements = client.subscribe(inbox.clone()).await?;
    let start = Instant::now();
    let (mut sent, mut acknowledged) = (0, 0);
    while acknowledged < arguments.n {
        while sent < arguments.n && sent - acknowledged < arguments.window {
            client.publish_with_reply(subject.clone(), inbox.clone(), body.clone()).await?;
            sent += 1;
        }
        acknowledgements.next().await.ok_or("the subscription was closed")?;
        acknowledged += 1;
    }
    let rate = arguments.n as f64 / start.elapsed().as_secs_f64();
    context.delete_stream("ALONE").await?;
    Ok(rate)
}

/// The responder has a thread of its own, as a worker would have.
fn round_trip(arguments: &Arguments, runtime: &tokio::runtime::Runtime) -> Outcome<f64> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let responder = scope.spawn(move || -> Outcome<()> {
            let own = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            own.block_on(async {
                let client = connect(arguments).await?;
                let mut requests = client.subscribe(arguments.subject.clone()).await?;
                barrier(&client).await?;
                ready.send(())?;
                for _ in 0..arguments.n {
                    let request = requests.next().await.ok_or("the subscription was closed")?;
                    client.publish(request.reply.ok_or("no reply subject")?, request.payload).await?;
                }
                barrier(&client).await
            })
        });
        is_ready.recv()?;
        let times = runtime.block_on(requests(arguments));
        responder.join().map_err(|_| "the responder panicked")??;
        let mut times = times?;
        times.sort_unstable();
        Ok(times[times.len() / 2] as f64)
    })
}

async fn requests(arguments: &Arguments) -> Outcome<Vec<u64>> {
    let client = connect(arguments).await?;
    let body = Bytes::from(vec![0; arguments.size]);
    let mut times = Vec::new();
    for _ in 0..arguments.n {
        let start = Instant::now();
        let request = client.request(arguments.subject.clone(), body.clone());
        tokio::time::timeout(Duration::from_secs(5), request).await??;
        times.push(start.elapsed().as_nanos() as u64);
    }
    Ok(times)
}
