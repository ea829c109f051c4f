//! A connection from a client, and the one to the server that belongs to it.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::conditions::{Network, Way};
use super::counters::Counters;
use super::pipe::{Lane, Pipe};
use crate::timer::Timer;

/// What all connections share.
pub struct Road {
    server: SocketAddr,
    to_server: Rc<Lane>,
    to_client: Rc<Lane>,
    counters: Arc<Counters>,
}

impl Road {
    pub fn new(server: SocketAddr, timer: &Timer, counters: &Arc<Counters>) -> Self {
        let lane = |way| Rc::new(Lane::new(way, timer.clone(), Arc::clone(counters)));
        let (to_server, to_client) = (lane(Way::ToServer), lane(Way::ToClient));
        Self { server, to_server, to_client, counters: Arc::clone(counters) }
    }
}

/// Serves a client until its connection ends.
pub async fn serve(client: TcpStream, road: Rc<Road>, network: watch::Receiver<Network>) {
    if let Err(error) = relay(client, &road, network).await {
        tracing::debug!("a connection to {} is broken off: {error}", road.server);
    }
}

/// Whatever ends it but an end on both sides resets both.
async fn relay(mut client: TcpStream, road: &Road, mut network: watch::Receiver<Network>) -> io::Result<()> {
    let (number, resets) = (road.counters.accepted(), network.borrow_and_update().resets);
    set_up(&client)?;
    let mut server = TcpStream::connect(road.server).await?;
    set_up(&server)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let mut requests = Pipe::new(&road.to_server, 2 * number);
    let mut replies = Pipe::new(&road.to_client, 2 * number + 1);
    loop {
        let conditions = {
            let network = network.borrow_and_update();
            if network.resets != resets {
                road.counters.reset();
                return Ok(());
            }
            network.conditions
        };
        let moved = poll_fn(|context| {
            let there = requests.poll(context, &conditions, &mut from_client, &mut to_server)?;
            let back = replies.poll(context, &conditions, &mut from_server, &mut to_client)?;
            if there.is_ready() && back.is_ready() { Poll::Ready(io::Result::Ok(())) } else { Poll::Pending }
        });
        tokio::select! {
            biased;
            moved = moved => break moved?,
            changed = network.changed() => changed.map_err(io::Error::other)?,
        }
    }
    set_socket_linger(&client, None)?;
    Ok(set_socket_linger(&server, None)?)
}

/// Nothing waits for more to send, and a socket that is dropped resets its connection.
fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    Ok(set_socket_linger(stream, Some(Duration::ZERO))?)
}
