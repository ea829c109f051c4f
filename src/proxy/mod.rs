//! A TCP proxy on loopback, in front of one server, that stands for a network with faults.
//!
//! At full speed it passes on what it reads as soon as it has it, and an end of either side as what it is: a FIN as
//! a FIN, a reset as a reset. Faults of several kinds may last at the same time. What they are, and are not:
//!
//! - **Partition**: nothing passes, one way or both. Bytes, ends and resets wait, first in the buffers of the kernel,
//!   then with the sender, and arrive when it is over: at once, where TCP would send again only after a pause that
//!   doubles up to two minutes. Whoever connects gets no answer; his SYN is dropped by the kernel and sent again
//!   after a second.
//! - **Delay**: each chunk leaves that much later than it came, in order, so late chunks hold up those behind them.
//!   It costs no bandwidth up to 8 MiB under way on one connection and in one direction; beyond them the proxy stops
//!   reading, and the sender is slowed down to 8 MiB in a time of the delay. What is under way when it ends still
//!   takes its time. A handshake is not delayed.
//! - **Throttle**: bytes of all connections together, in each direction for itself, take turns on a line of that
//!   bandwidth. In front of it stand 256 KiB a connection and the kernel's buffers, which is more than most routers
//!   have.
//! - **Reset**: every open connection ends at once with a RST to both sides.
//!
//! A client of a server that is down is let in and reset, where the server itself would have refused him.

mod band;
mod conditions;
mod connection;
mod counters;
mod door;
mod pipe;
mod queue;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroU64;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::scheduling;
use crate::timer::Timer;
use weighbridge_record::result::ProxyRecord;

pub use conditions::{Cut, Imposed, Way};

use conditions::{Fault, Network};
use connection::Road;
use counters::Counters;
use door::Door;

/// A proxy with a thread of its own. All may be called from any thread; dropping it ends the thread and all
/// connections.
pub struct Proxy {
    address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a port of the kernel's choice, in front of `server`.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let network = Arc::new(watch::Sender::new(Network::default()));
        let counters = Arc::new(Counters::default());
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let (told, started) = mpsc::channel();
        let passing =
            Passing { listener, server, network: network.subscribe(), counters: Arc::clone(&counters) };
        let thread = std::thread::Builder::new()
            .name("proxy".to_string())
            .spawn(move || passing.run(&runtime, &told))?;
        // A thread that ends before it has told anything has panicked.
        started.recv().unwrap_or_else(|_| Err(io::Error::other("the thread of a proxy ended")))?;
        Ok(Self { address, network, counters, thread: Some(thread) })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn passed(&self) -> ProxyRecord {
        self.counters.read()
    }

    /// Lets nothing pass.
    pub fn partition(&self, cut: Cut) -> Imposed {
        self.impose(Fault::Partition(cut))
    }

    /// Holds up each chunk for a time between `delay_ns` and `delay_ns + jitter_ns`, drawn evenly.
    pub fn delay(&self, delay_ns: u64, jitter_ns: u64) -> Imposed {
        self.impose(Fault::Delay { delay_ns, jitter_ns })
    }

    /// Lets no more pass than this, in each direction.
    pub fn throttle(&self, bytes_per_s: NonZeroU64) -> Imposed {
        self.impose(Fault::Throttle { bytes_per_s })
    }

    /// Ends every connection that is open with a RST to both sides. New ones are let in.
    pub fn reset(&self) {
        self.network.send_modify(|network| network.resets += 1);
    }

    fn impose(&self, fault: Fault) -> Imposed {
        Imposed::new(&self.network, fault)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.network.send_modify(|network| network.ended = true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of a proxy failed");
        }
    }
}

/// What the thread is given.
struct Passing {
    listener: TcpListener,
    server: SocketAddr,
    network: watch::Receiver<Network>,
    counters: Arc<Counters>,
}

impl Passing {
    /// Passes on until the end; first tells whether it can.
    fn run(self, runtime: &Runtime, told: &mpsc::Sender<io::Result<()>>) {
        scheduling::keep_time(false);
        LocalSet::new().block_on(runtime, async {
            let prepared = Timer::start().and_then(|timer| Ok((timer, Door::new(self.listener)?)));
            let (timer, door) = match prepared {
                Ok(prepared) => prepared,
                Err(error) => return drop(told.send(Err(error))),
            };
            let road = Rc::new(Road::new(self.server, &timer, &self.counters));
            // Whoever started it waits for this.
            let _ = told.send(Ok(()));
            door.keep(road, timer, self.network).await;
        });
    }
}
