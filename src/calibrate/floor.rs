//! The floor: what loopback itself costs, beside what paths over it are said to cost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::bench::{figure, measure, plan};
use crate::clock::now_ns;
use crate::session::{RunError, Settings};
use weighbridge_record::result::{Check, Unit};
use weighbridge_record::terms::{Stage, TransportKind};

const GROUP: &str = "floor";
const ROUNDS: u32 = 1_000;
const EVERY: Duration = Duration::from_millis(1);
const BODY_BYTES: usize = 256;
/// What a path may add to a bare echo: a broker's work, and two wake-ups of ours. A timer that ticks in
/// milliseconds adds five times as much.
const ADDED_NS: f64 = 300_000.0;
/// Share of a bare echo that no way over a broker can do without: it crosses loopback twice as well, but may find all
/// threads awake.
const LEAST_SHARE: f64 = 0.5;
/// Least that handing a body to another thread takes.
const HAND_OVER_NS: f64 = 1_000.0;

/// Median round trip of blocking sockets on loopback, once a millisecond.
pub fn echo_rtt_ns() -> std::io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
    }
    let echoing = std::thread::spawn(move || -> std::io::Result<()> {
        let mut body = [0; BODY_BYTES];
        for _ in 0..ROUNDS {
            server.read_exact(&mut body)?;
            server.write_all(&body)?;
        }
        Ok(())
    });
    let mut times_ns = Vec::new();
    let mut body = [7; BODY_BYTES];
    for _ in 0..ROUNDS {
        std::thread::sleep(EVERY);
        let start_ns = now_ns();
        client.write_all(&body)?;
        client.read_exact(&mut body)?;
        times_ns.push((now_ns() - start_ns) as f64);
    }
    echoing.join().map_err(|_| std::io::Error::other("the echo thread panicked"))??;
    Ok(weighbridge_record::stats::median(&times_ns))
}

/// Stages of a path at 1 000/s, against the echo: each crosses loopback as often as an echo does, or more.
pub async fn check(
    transport: TransportKind,
    echo_ns: f64,
    settings: &Settings,
) -> Result<Vec<Check>, RunError> {
    let plan = plan(transport, &[r#"load.arrivals="poisson""#])?;
    let trial = measure(&plan, settings).await?;
    let least_ns = if transport.broker().is_some() { LEAST_SHARE * echo_ns } else { HAND_OVER_NS };
    // A turnaround is a delivery and the way back.
    let stages = [(Stage::Delivery, 1.0), (Stage::Publish, 1.0), (Stage::Turnaround, 2.0)];
    let checks = stages.into_iter().filter(|(stage, _)| trial.latency_ns.get(*stage).is_some());
    let checks = checks.flat_map(|(stage, ways)| {
        let measured = figure(&trial, stage, |latency| latency.p50);
        let name = |bound: &str| {
            format!("{transport}: {} p50 {bound}, beside an echo of {:.0} us", stage.name(), echo_ns / 1e3)
        };
        [
            Check::at_most(GROUP, name("at most"), Unit::Ns, ways * (echo_ns + ADDED_NS), measured),
            Check::at_least(GROUP, name("at least"), Unit::Ns, ways * least_ns, measured),
        ]
    });
    Ok(checks.collect())
}
