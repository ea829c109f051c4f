//! A small HTTP server on a thread of its own. It only tells, takes nothing in, and ends with the run.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, watch};
use tokio::task::LocalSet;

use super::exposition;
use super::figures::Figures;
use super::scrapes::Scrapes;
use crate::clock::now_ns;
use crate::stop::{Stop, StopSignal};

/// Most connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 32;
/// Whoever has not sent a request by then is cut off.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries to accept a connection where that fails, say for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two looks whether the last scrape has come.
const LOOK: Duration = Duration::from_millis(10);

const PLAIN: &str = "text/plain; charset=utf-8";

/// A server at work; dropped, it ends.
pub struct Server {
    address: SocketAddr,
    shown: Arc<Shown>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What is served, and to whom.
#[derive(Default)]
struct Shown {
    figures: Arc<Figures>,
    scrapes: Scrapes,
}

impl Server {
    /// Serves `figures` on `address`, `HOST:PORT`; port 0 stands for any that is free. An error says why nobody can
    /// listen there.
    pub fn start(address: &str, figures: Arc<Figures>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let shown = Arc::new(Shown { figures, scrapes: Scrapes::default() });
        let served = Arc::clone(&shown);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let body = move || LocalSet::new().block_on(&runtime, serve(listener, served, stopped));
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(body)?;
        Ok(Self { address, shown, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until whoever scrapes has seen how the run ended: for the next scrape, if there were several and it is not
    /// overdue, and not where the run is being stopped.
    pub fn linger(&self, stop: &StopSignal) {
        let (seen, until_ns) = (self.shown.scrapes.count(), self.shown.scrapes.due_ns(now_ns()));
        while self.shown.scrapes.count() == seen && now_ns() < until_ns && stop.get() == Stop::No {
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

async fn serve(listener: TcpListener, shown: Arc<Shown>, mut stopped: watch::Receiver<bool>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the figures of the run are not served: {error}"),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    tokio::select! {
        () = accept(&listener, &shown, &places) => {}
        // An error means that the server was dropped.
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

async fn accept(listener: &tokio::net::TcpListener, shown: &Arc<Shown>, places: &Arc<Semaphore>) {
    // It is never closed.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let shown = Arc::clone(shown);
                tokio::task::spawn_local(async move {
                    let answered = converse(TokioIo::new(stream), shown).await;
                    if let Err(error) = answered {
                        tracing::debug!("a reader of the figures: {error}");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!("accepting a reader of the figures: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn converse(
    stream: TokioIo<tokio::net::TcpStream>,
    shown: Arc<Shown>,
) -> impl Future<Output = hyper::Result<()>> {
    let answer = move |request: Request<Incoming>| {
        let response = respond(request.method(), request.uri().path(), &shown);
        async move { Ok::<_, Infallible>(response) }
    };
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(REQUEST_WITHIN);
    protocol.serve_connection(stream, service_fn(answer))
}

fn respond(method: &Method, path: &str, shown: &Shown) -> Response<Full<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(method) {
        let mut refused = answer(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/metrics" => match exposition::text(shown.figures.read()) {
            Ok(text) => {
                shown.scrapes.note(now_ns());
                answer(StatusCode::OK, exposition::CONTENT_TYPE, text)
            }
            Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{error}\n")),
        },
        "/" => answer(StatusCode::OK, PLAIN, "The figures of a run of Weighbridge: /metrics\n".to_owned()),
        _ => answer(StatusCode::NOT_FOUND, PLAIN, "there is only /metrics\n".to_owned()),
    }
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn served() -> Server {
        Server::start("127.0.0.1:0", Arc::default()).unwrap()
    }

    /// What is answered to these bytes.
    fn ask(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn only_what_there_is_is_served_and_only_to_those_who_read() {
        let server = served();
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
    fn a_port_in_use_is_an_error_and_one_that_was_left_is_free_again() {
        let server = served();
        let address = server.address().to_string();
        let refused = Server::start(&address, Arc::default()).err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        // A reader who stays keeps nobody from ending.
        let _reader = TcpStream::connect(&address).unwrap();
        drop(server);
        assert!(Server::start(&address, Arc::default()).is_ok());
    }
}
