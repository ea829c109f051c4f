//! What is answered to whom: figures for Prometheus, and the page with its events where that is wanted.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::events::Events;
use super::exposition;
use super::figures::Figures;
use super::scrapes::Scrapes;
use crate::clock::now_ns;

pub type Body = UnsyncBoxBody<Bytes, Infallible>;

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const EVENTS: &str = "text/event-stream";

/// The page is whole as it is; only its events are asked for, where it came from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served, and to whom.
#[derive(Default)]
pub struct Answers {
    pub figures: Arc<Figures>,
    pub scrapes: Scrapes,
    pub events: Events,
    /// HTML; none where only figures are wanted.
    pub page: Option<String>,
}

impl Answers {
    pub fn to(&self, method: &Method, path: &str) -> Response<Body> {
        if ![Method::GET, Method::HEAD].contains(method) {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match (path, &self.page) {
            ("/metrics", _) => self.metrics(),
            ("/", Some(page)) => {
                let mut shown = text(StatusCode::OK, HTML, page.clone());
                shown.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
                shown
            }
            ("/events", Some(_)) => answer(StatusCode::OK, EVENTS, self.events.body().boxed_unsync()),
            ("/", None) => plain(StatusCode::OK, "The figures of a run of Weighbridge: /metrics\n"),
            _ => plain(StatusCode::NOT_FOUND, "there is no such page\n"),
        }
    }

    fn metrics(&self) -> Response<Body> {
        match exposition::text(self.figures.read()) {
            Ok(figures) => {
                self.scrapes.note(now_ns());
                text(StatusCode::OK, exposition::CONTENT_TYPE, figures)
            }
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
        }
    }
}

fn plain(status: StatusCode, words: &str) -> Response<Body> {
    text(status, PLAIN, words.to_owned())
}

fn text(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    answer(status, kind, Full::new(Bytes::from(text)).boxed_unsync())
}

fn answer(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}
