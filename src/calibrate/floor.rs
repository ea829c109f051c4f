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

/// Median delivery of a path at 1 000/s, against the echo.
pub async fn check(transport: TransportKind, echo_ns: f64, settings: &Settings) -> Result<Check, RunError> {
    let plan = plan(transport, &[r#"load.arrivals="poisson""#])?;
    let trial = measure(&plan, settings).await?;
    let measured = figure(&trial, Stage::Delivery, |latency| latency.p50);
    let name = format!("{transport}: delivery p50, beside an echo of {:.0} us", echo_ns / 1e3);
    Ok(Check::at_most(GROUP, name, Unit::Ns, echo_ns + ADDED_NS, measured))
}
