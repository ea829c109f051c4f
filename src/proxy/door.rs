//! Where clients come in, and what keeps them out while nothing passes.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, getsockname, listen, socket_with};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::conditions::Network;
use super::connection::{Road, serve};
use crate::timer::Timer;

/// Clients that may wait to be accepted; the system lowers it to its own limit.
const BACKLOG: i32 = 4096;
/// Between attempts where clients can't be accepted: no further file may be opened.
const TRY_AGAIN_NS: u64 = 100_000_000;

/// A listener that can be made deaf.
pub struct Door {
    listener: tokio::net::TcpListener,
    address: SocketAddr,
    is_shut: bool,
    bolt: Option<Bolt>,
}

/// A connection of our own that takes the only place of a backlog. The kernel then drops the SYN of every other, as
/// a network that lets nothing through would, and clients send it again after a second, or give up.
struct Bolt {
    _socket: OwnedFd,
    address: SocketAddr,
}

impl Bolt {
    /// Takes the place, or waits for it where somebody else has it: that is as good.
    fn push(door: SocketAddr) -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        match connect(&socket, &door) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let address = getsockname(&socket)?.try_into()?;
        Ok(Self { _socket: socket, address })
    }
}

impl Door {
    /// To be called in the runtime that it belongs to.
    pub fn new(listener: TcpListener) -> io::Result<Self> {
        listen(&listener, BACKLOG)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(Self { listener, address, is_shut: false, bolt: None })
    }

    /// Lets clients in until the proxy is given up, which ends their connections.
    pub async fn keep(mut self, road: Rc<Road>, timer: Timer, mut network: watch::Receiver<Network>) {
        let mut connections = JoinSet::new();
        loop {
            let (ended, partitioned) = {
                let network = network.borrow_and_update();
                (network.ended, network.conditions.is_partitioned())
            };
            if ended {
                return;
            }
            if let Err(error) = self.shut(partitioned) {
                tracing::warn!("a proxy can't change whether it lets clients in: {error}");
            }
            tokio::select! {
                accepted = self.accept(), if !partitioned => match accepted {
                    Ok(Some(client)) => {
                        connections.spawn_local(serve(client, Rc::clone(&road), network.clone()));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!("a proxy can't let a client in: {error}");
                        timer.sleep_ns(TRY_AGAIN_NS).await;
                    }
                },
                Some(served) = connections.join_next() => if let Err(error) = served {
                    tracing::error!("a connection through a proxy failed: {error}");
                },
                // An error would mean that nobody can say that it is to end: it ends.
                changed = network.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Makes it deaf, or lets it hear again.
    fn shut(&mut self, shut: bool) -> io::Result<()> {
        if shut == self.is_shut {
            return Ok(());
        }
        self.is_shut = shut;
        listen(&self.listener, if shut { 0 } else { BACKLOG })?;
        // One that stands since the last time is still in the queue, or on its way into it.
        if shut && self.bolt.is_none() {
            self.bolt = Some(Bolt::push(self.address)?);
        }
        Ok(())
    }

    /// The next client; none for the bolt, which is drawn thereby.
    async fn accept(&mut self) -> io::Result<Option<TcpStream>> {
        let (client, address) = self.listener.accept().await?;
        match self.bolt.take_if(|bolt| bolt.address == address) {
            Some(_drawn) => Ok(None),
            None => Ok(Some(client)),
        }
    }
}
