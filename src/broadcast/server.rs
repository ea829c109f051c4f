//! A small HTTP server on a thread of its own. It only tells, takes nothing in, and ends with the run.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, watch};
use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

use super::answers::Answers;
use super::events::Ended;
use super::figures::Figures;
use crate::clock::now_ns;
use crate::stop::{Stop, StopSignal};

/// Most connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 32;
/// Whoever has not sent a request by then is cut off.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries to accept a connection where that fails, say for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two looks whether all have seen the end.
const LOOK: Duration = Duration::from_millis(10);
/// Longest that open pages are given to hear that the run has ended.
const HEARD_WITHIN: Duration = Duration::from_secs(1);
/// A page gets a sample so often.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// A server at work; dropped, it ends.
pub struct Server {
    addresses: Vec<SocketAddr>,
    answers: Arc<Answers>,
    began: Instant,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `figures`, and `page` with its events if there is one, on each of `listeners`.
    pub fn start(
        listeners: Vec<TcpListener>,
        figures: Arc<Figures>,
        page: Option<String>,
    ) -> io::Result<Self> {
        let mut addresses = Vec::new();
        for listener in &listeners {
            listener.set_nonblocking(true)?;
            addresses.push(listener.local_addr()?);
        }
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answers = Arc::new(Answers { figures, page, ..Answers::default() });
        let (served, began) = (Arc::clone(&answers), Instant::now());
        let body = move || LocalSet::new().block_on(&runtime, serve(listeners, served, began, stopped));
        let thread = std::thread::Builder::new().name("onlookers".to_owned()).spawn(body)?;
        Ok(Self { addresses, answers, began, stop, thread: Some(thread) })
    }

    /// Where it listens, in the order of the listeners.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Tells pages that the run has ended, and waits until they have heard it, and whoever scrapes has: for the next
    /// scrape, if there were several and it is not overdue. Not where the run is being stopped.
    pub fn linger(&self, ended: &Ended, stop: &StopSignal) {
        let Answers { figures, scrapes, events, .. } = &*self.answers;
        events.sample(self.began.elapsed().as_secs_f64(), figures.read());
        events.end(ended);
        let heard_by = Instant::now() + HEARD_WITHIN;
        while events.readers() > 0 && Instant::now() < heard_by {
            std::thread::sleep(LOOK);
        }
        let (seen, until_ns) = (scrapes.count(), scrapes.due_ns(now_ns()));
        while scrapes.count() == seen && now_ns() < until_ns && stop.get() == Stop::No {
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // No receiver left means that the thread has ended.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    listeners: Vec<TcpListener>,
    answers: Arc<Answers>,
    began: Instant,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    for listener in listeners {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                let (answers, places) = (Arc::clone(&answers), Arc::clone(&places));
                tokio::task::spawn_local(async move { accept(&listener, &answers, &places).await });
            }
            Err(error) => tracing::error!("the figures of the run are not served: {error}"),
        }
    }
    tokio::select! {
        () = sample(&answers, began), if answers.page.is_some() => {}
        // An error means that the server was dropped.
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Tells pages how the run gets on.
async fn sample(answers: &Answers, began: Instant) {
    let mut times = tokio::time::interval(SAMPLE_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        answers.events.sample(began.elapsed().as_secs_f64(), answers.figures.read());
    }
}

async fn accept(listener: &tokio::net::TcpListener, answers: &Arc<Answers>, places: &Arc<Semaphore>) {
    // It is never closed.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let answers = Arc::clone(answers);
                tokio::task::spawn_local(async move {
                    if let Err(error) = converse(TokioIo::new(stream), answers).await {
                        tracing::debug!("one who looks on: {error}");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!("accepting one who looks on: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn converse(
    stream: TokioIo<tokio::net::TcpStream>,
    answers: Arc<Answers>,
) -> impl Future<Output = hyper::Result<()>> {
    let answer = move |request: Request<Incoming>| {
        let response = answers.to(request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(response) }
    };
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(REQUEST_WITHIN);
    protocol.serve_connection(stream, service_fn(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn served(page: Option<&str>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Server::start(vec![listener], Arc::default(), page.map(str::to_owned)).unwrap()
    }

    /// What is answered to these bytes.
    fn ask(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn only_what_there_is_is_served_and_only_to_those_who_read() {
        let server = served(None);
        for (request, status) in [
            ("GET /metrics", "200"),
            ("HEAD /metrics", "200"),
            ("GET /", "200"),
            ("GET /other", "404"),
            ("POST /metrics", "405"),
        ] {
            let told = ask(&server, &format!("{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
            assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {told}");
        }
        assert!(ask(&server, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    }

    #[test]
    fn the_page_asks_only_where_it_came_from_and_hears_the_end() {
        let server = served(Some("<!doctype html>"));
        let page = ask(&server, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert!(page.contains("default-src 'none';") && page.ends_with("<!doctype html>"), "{page}");
        std::thread::scope(|scope| {
            let reader =
                scope.spawn(|| ask(&server, "GET /events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
            while server.answers.events.readers() == 0 {
                std::thread::sleep(LOOK);
            }
            server.linger(&Ended { reports: vec!["here".to_owned()] }, &StopSignal::default());
            let told = reader.join().unwrap();
            assert!(told.contains("event: history") && told.contains("{\"reports\":[\"here\"]}"), "{told}");
        });
        let absent = ask(&served(None), "GET /events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert!(absent.starts_with("HTTP/1.1 404 "), "{absent}");
    }

    #[test]
    fn a_reader_who_stays_keeps_no_server_from_ending() {
        let server = served(None);
        let address = server.addresses()[0];
        let _reader = TcpStream::connect(address).unwrap();
        drop(server);
        assert!(TcpListener::bind(address).is_ok());
    }
}
