//! The proxy between sockets of our own.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rustix::net::sockopt::set_socket_linger;

use super::{Cut, Imposed, Proxy, Way};

const MS: u64 = 1_000_000;
/// Far beyond what anything here takes: a test that hangs fails instead.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for whatever passes to have passed, also on a busy machine; where it had not, a test would miss a
/// defect, and report none that isn't there.
const A_WHILE: Duration = Duration::from_millis(150);

/// A proxy and the server that it stands in front of.
struct Stand {
    listener: TcpListener,
    proxy: Proxy,
}

impl Stand {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
        Self { listener, proxy }
    }

    /// Both ends of a connection through the proxy.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect_timeout(&self.proxy.address(), PATIENCE).unwrap();
        let (server, _) = self.listener.accept().unwrap();
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
            end.set_read_timeout(Some(PATIENCE)).unwrap();
            end.set_write_timeout(Some(PATIENCE)).unwrap();
        }
        (client, server)
    }
}

/// Passes a byte through, and says how long it took.
fn pass(from: &mut TcpStream, to: &mut TcpStream) -> Duration {
    let start = Instant::now();
    from.write_all(b"x").unwrap();
    to.read_exact(&mut [0]).unwrap();
    start.elapsed()
}

fn assert_silent(end: &mut TcpStream) {
    end.set_read_timeout(Some(A_WHILE)).unwrap();
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    end.set_read_timeout(Some(PATIENCE)).unwrap();
}

fn assert_reset(end: &mut TcpStream) {
    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// Writes in pieces of random sizes, and then the end.
fn write_all(mut to: &TcpStream, bytes: &[u8], seed: u64) {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = [10, 2_000, 300_000][random.random_range(0..3)];
        let (piece, after) = rest.split_at(random.random_range(1..=most).min(rest.len()));
        to.write_all(piece).unwrap();
        rest = after;
    }
    to.shutdown(Shutdown::Write).unwrap();
}

fn read_all(mut from: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Whether random bytes, so many each way at a time, arrive as they were sent while something is done to the proxy.
fn all_arrives(stand: &Stand, bytes: usize, seed: u64, meanwhile: impl FnOnce(&Proxy)) -> bool {
    let mut sent = [vec![0; bytes], vec![0; bytes]];
    let mut random = Pcg64::seed_from_u64(seed);
    sent.iter_mut().for_each(|bytes| random.fill_bytes(bytes));
    let (client, server) = stand.connect();
    thread::scope(|scope| {
        scope.spawn(|| write_all(&client, &sent[0], seed));
        scope.spawn(|| write_all(&server, &sent[1], seed + 1));
        let arrived = [&server, &client].map(|end| scope.spawn(move || read_all(end)));
        meanwhile(&stand.proxy);
        // Compared as a whole: a difference would fill the screen.
        arrived.map(|end| end.join().unwrap()) == sent
    })
}

#[test]
fn bytes_come_through_whole_and_in_order_both_ways() {
    let stand = Stand::new();
    assert!(all_arrives(&stand, 5_000_000, 1, |_| {}));
    let passed = stand.proxy.passed();
    assert_eq!((passed.to_server_bytes, passed.to_client_bytes), (5_000_000, 5_000_000));
    assert_eq!((passed.connections, passed.reset), (1, 0));
}

#[test]
fn an_end_of_one_side_leaves_the_other_open() {
    let stand = Stand::new();
    let (mut client, mut server) = stand.connect();
    client.write_all(b"before").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&server), b"before");
    pass(&mut server, &mut client);
    drop(server);
    assert_eq!(read_all(&client), b"");
}

#[test]
fn a_reset_by_either_side_reaches_the_other_as_a_reset() {
    let stand = Stand::new();
    let reset = |end: TcpStream| {
        set_socket_linger(&end, Some(Duration::ZERO)).unwrap();
        drop(end);
    };
    let (client, mut server) = stand.connect();
    reset(client);
    assert_reset(&mut server);
    let (mut client, server) = stand.connect();
    reset(server);
    assert_reset(&mut client);
    assert_eq!(stand.proxy.passed().reset, 0, "the proxy did none of its own");
}

#[test]
fn a_server_that_is_down_resets_its_clients() {
    let stand = Stand::new();
    drop(stand.listener);
    let mut client = TcpStream::connect(stand.proxy.address()).unwrap();
    assert_reset(&mut client);
}

#[test]
fn a_partition_keeps_what_is_sent_until_it_is_over() {
    let stand = Stand::new();
    let (mut client, mut server) = stand.connect();
    pass(&mut client, &mut server);
    let partition = stand.proxy.partition(Cut::Both);
    thread::sleep(A_WHILE);
    client.write_all(b"x").unwrap();
    server.write_all(b"y").unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    assert_silent(&mut server);
    assert_silent(&mut client);
    drop(partition);
    server.read_exact(&mut [0]).unwrap();
    assert_eq!(read_all(&client), b"y");
}

#[test]
fn a_partition_of_one_way_lets_the_other_pass() {
    let stand = Stand::new();
    let (mut client, mut server) = stand.connect();
    let partition = stand.proxy.partition(Cut::Only(Way::ToServer));
    thread::sleep(A_WHILE);
    pass(&mut server, &mut client);
    client.write_all(b"x").unwrap();
    assert_silent(&mut server);
    drop(partition);
    server.read_exact(&mut [0]).unwrap();
}

#[test]
fn who_connects_during_a_partition_gets_no_answer_and_is_let_in_afterwards() {
    let stand = Stand::new();
    for cut in [Cut::Both, Cut::Only(Way::ToClient)] {
        let partition = stand.proxy.partition(cut);
        thread::sleep(A_WHILE);
        for _ in 0..3 {
            let unanswered = TcpStream::connect_timeout(&stand.proxy.address(), A_WHILE);
            assert_eq!(unanswered.unwrap_err().kind(), ErrorKind::TimedOut);
        }
        let address = stand.proxy.address();
        let waiting = thread::spawn(move || TcpStream::connect_timeout(&address, PATIENCE));
        thread::sleep(A_WHILE);
        drop(partition);
        waiting.join().unwrap().unwrap();
        stand.listener.accept().unwrap();
    }
    assert_eq!(stand.proxy.passed().connections, 2, "neither those who gave up nor what kept them out");
}

#[test]
fn a_delay_shows_both_ways_and_is_gone_afterwards() {
    let stand = Stand::new();
    let (mut client, mut server) = stand.connect();
    let delay = stand.proxy.delay(20 * MS, 10 * MS);
    thread::sleep(A_WHILE);
    for _ in 0..5 {
        assert!(pass(&mut client, &mut server) >= Duration::from_millis(20));
        assert!(pass(&mut server, &mut client) >= Duration::from_millis(20));
    }
    drop(delay);
    thread::sleep(A_WHILE);
    // One of many is not held up by others on the machine.
    let fastest = (0..50).map(|_| pass(&mut client, &mut server)).min();
    assert!(fastest < Some(Duration::from_millis(20)), "{fastest:?}");
}

#[test]
fn a_delay_holds_up_no_chunk_for_the_sake_of_another() {
    let stand = Stand::new();
    let (mut client, mut server) = stand.connect();
    let _delay = stand.proxy.delay(50 * MS, 0);
    thread::sleep(A_WHILE);
    let start = Instant::now();
    let reader = thread::spawn(move || server.read_exact(&mut [0; 200]).unwrap());
    for _ in 0..200 {
        client.write_all(b"x").unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    reader.join().unwrap();
    // One after the other they would take ten seconds.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_long_delay_slows_the_sender_down_before_it_fills_the_memory() {
    let stand = Stand::new();
    let (mut client, _server) = stand.connect();
    let _delay = stand.proxy.delay(60_000 * MS, 0);
    thread::sleep(A_WHILE);
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let piece = vec![0; 1 << 20];
    // What stands in the kernel comes on top of the proxy's 8 MiB: up to 36 MiB here and there.
    let blocked = (0..256).find_map(|_| client.write_all(&piece).err());
    assert_eq!(blocked.map(|error| error.kind()), Some(ErrorKind::WouldBlock));
}

#[test]
fn a_limit_holds_for_all_connections_together_and_is_gone_afterwards() {
    let stand = Stand::new();
    let pairs = [stand.connect(), stand.connect()];
    let limit = stand.proxy.throttle(NonZeroU64::new(1_000_000).unwrap());
    thread::sleep(A_WHILE);
    let bytes = vec![1; 150_000];
    let send = |bytes: &[u8]| {
        let start = Instant::now();
        thread::scope(|scope| {
            for (client, server) in &pairs {
                let (mut client, mut server) = (client, server);
                scope.spawn(move || client.write_all(bytes).unwrap());
                scope.spawn(move || server.read_exact(&mut vec![0; bytes.len()]).unwrap());
            }
        });
        start.elapsed()
    };
    let took = send(&bytes);
    assert!(took >= Duration::from_millis(290), "{took:?}");
    drop(limit);
    // At the limit it would take 10 s.
    let took = send(&vec![1; 5_000_000]);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_reset_ends_what_is_open_on_both_sides_and_nothing_else() {
    let stand = Stand::new();
    let mut pairs = [stand.connect(), stand.connect()];
    for (client, server) in &mut pairs {
        pass(client, server);
    }
    stand.proxy.reset();
    for (client, server) in &mut pairs {
        assert_reset(client);
        assert_reset(server);
    }
    let (mut client, mut server) = stand.connect();
    pass(&mut client, &mut server);
    let passed = stand.proxy.passed();
    assert_eq!((passed.connections, passed.reset), (3, 2));
}

#[test]
fn many_connections_are_kept_apart() {
    let stand = Stand::new();
    let mut pairs: Vec<_> = (0..100).map(|_| stand.connect()).collect();
    for (number, (client, _)) in pairs.iter_mut().enumerate() {
        client.write_all(&[number as u8; 100]).unwrap();
    }
    for (number, (_, server)) in pairs.iter_mut().enumerate() {
        let mut arrived = [0; 100];
        server.read_exact(&mut arrived).unwrap();
        assert_eq!(arrived, [number as u8; 100]);
    }
}

#[test]
fn a_proxy_that_is_dropped_leaves_no_listener_and_no_connection() {
    let Stand { listener, proxy } = Stand::new();
    let address = proxy.address();
    let mut client = TcpStream::connect(address).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    pass(&mut client, &mut server);
    // A partition that outlives the proxy holds nothing.
    let _partition = proxy.partition(Cut::Both);
    drop(proxy);
    assert_reset(&mut client);
    assert_reset(&mut server);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

/// What is switched next, on or off.
#[derive(Debug, Clone, Copy)]
enum Switched {
    Cut(Cut),
    Delay { ms: u64, jitter_ms: u64 },
    Throttle { kilobytes_per_s: u64 },
    Heal,
}

fn switched() -> impl Strategy<Value = Switched> {
    prop_oneof![
        prop_oneof![Just(Cut::Both), Just(Cut::Only(Way::ToServer)), Just(Cut::Only(Way::ToClient))]
            .prop_map(Switched::Cut),
        (0..20_u64, 0..20_u64).prop_map(|(ms, jitter_ms)| Switched::Delay { ms, jitter_ms }),
        (1..20_000_u64).prop_map(|kilobytes_per_s| Switched::Throttle { kilobytes_per_s }),
        Just(Switched::Heal),
    ]
}

fn switch(proxy: &Proxy, imposed: &mut Vec<Imposed>, switched: Switched) {
    match switched {
        Switched::Cut(cut) => imposed.push(proxy.partition(cut)),
        Switched::Delay { ms, jitter_ms } => imposed.push(proxy.delay(ms * MS, jitter_ms * MS)),
        Switched::Throttle { kilobytes_per_s } => {
            imposed.push(proxy.throttle(NonZeroU64::new(kilobytes_per_s * 1_000).unwrap()));
        }
        Switched::Heal => imposed.clear(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn bytes_keep_their_order_whatever_is_switched_on_and_off(
        switches in prop::collection::vec((switched(), 0..15_u64), 1..12),
        bytes in 0..2_000_000_usize,
        seed in 0..1_000_000_u64,
    ) {
        let stand = Stand::new();
        let arrives = all_arrives(&stand, bytes, seed, |proxy| {
            let mut imposed = Vec::new();
            for (next, ms) in switches {
                switch(proxy, &mut imposed, next);
                thread::sleep(Duration::from_millis(ms));
            }
        });
        prop_assert!(arrives);
    }
}
