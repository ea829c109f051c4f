//! What is measured: the path that a request travels, the one identity of a trial, a row and a curve.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::broker::BrokerKind;
use super::durability::Durability;
use super::transport::TransportKind;

/// One transport, or the two legs of a route. Written `nats-core`, or `redis-streams+nats-jetstream`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    first: TransportKind,
    second: Option<TransportKind>,
}

/// Between the legs of a route.
const JOIN: char = '+';
const TRANSPORTS: usize = TransportKind::ALL.len();

/// Names by [`Path::index`].
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let name = |path: Path| path.legs().map(TransportKind::name).collect::<Vec<_>>().join("+");
    Path::all().map(name).collect()
});

impl Path {
    /// A route from one leg to another.
    pub fn between(from: TransportKind, to: TransportKind) -> Self {
        Self { first: from, second: Some(to) }
    }

    /// Every path there can be, in the order of [`Path::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        let single = TransportKind::ALL.into_iter().map(Self::from);
        let routes = TransportKind::ALL
            .into_iter()
            .flat_map(|from| TransportKind::ALL.into_iter().map(move |to| Self::between(from, to)));
        single.chain(routes)
    }

    /// Its place in [`Path::all`].
    pub fn index(self) -> usize {
        match self.second {
            None => self.first as usize,
            Some(second) => TRANSPORTS * (1 + self.first as usize) + second as usize,
        }
    }

    pub fn name(self) -> &'static str {
        &NAMES[self.index()]
    }

    /// The transports that it leads over, the one it comes from first.
    pub fn legs(self) -> impl Iterator<Item = TransportKind> {
        std::iter::once(self.first).chain(self.second)
    }

    /// The first of its legs: where a route leads from.
    pub fn first(self) -> TransportKind {
        self.first
    }

    /// The last of its legs: where a route leads to.
    pub fn last(self) -> TransportKind {
        self.second.unwrap_or(self.first)
    }

    /// Whether any of its legs stores requests, so that the durability tier applies.
    pub fn stores(self) -> bool {
        self.legs().any(TransportKind::stores)
    }

    /// The tier of those of its legs that store; none where none does.
    pub fn durability(self, asked: Durability) -> Durability {
        if self.stores() { asked } else { Durability::None }
    }

    /// The servers that it needs, each once.
    pub fn brokers(self) -> Vec<BrokerKind> {
        let mut kinds: Vec<_> = self.legs().filter_map(TransportKind::broker).collect();
        kinds.dedup();
        kinds
    }

    /// Whether it is the instrument's own floor, which is no choice.
    pub fn is_floor(self) -> bool {
        self == TransportKind::InProcess
    }
}

impl From<TransportKind> for Path {
    fn from(transport: TransportKind) -> Self {
        Self { first: transport, second: None }
    }
}

impl PartialEq<TransportKind> for Path {
    /// Whether the path is this one transport.
    fn eq(&self, transport: &TransportKind) -> bool {
        *self == Self::from(*transport)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(JOIN) {
            None => Ok(text.parse::<TransportKind>()?.into()),
            Some((from, to)) => Ok(Self::between(from.parse()?, to.parse()?)),
        }
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Path {
    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let names = TransportKind::ALL.map(TransportKind::name).join("|");
        json_schema!({
            "type": "string",
            "description": "A transport, or the two legs of a route with `+` between them.",
            "pattern": format!("^({names})(\\+({names}))?$"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_reads_back_as_it_is_written_and_has_a_place_of_its_own() {
        for (index, path) in Path::all().enumerate() {
            assert_eq!(path.index(), index);
            let written = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<Path>(&written).unwrap(), path);
        }
        let route = Path::between(TransportKind::RedisStreams, TransportKind::NatsJetstream);
        assert_eq!(route.name(), "redis-streams+nats-jetstream");
        assert_eq!(route.last(), TransportKind::NatsJetstream);
    }

    #[test]
    fn what_is_no_path_is_refused_with_those_that_are() {
        for text in ["", "kafka", "nats-core+", "nats-core+nats-core+nats-core", "NATS-CORE"] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
        assert!("nats-core+kafka".parse::<Path>().unwrap_err().contains("known: redis-pubsub"));
    }

    #[test]
    fn a_route_is_none_of_its_legs() {
        let route = Path::between(TransportKind::NatsCore, TransportKind::InProcess);
        assert!(route != TransportKind::NatsCore && !route.is_floor());
        assert!(Path::from(TransportKind::InProcess).is_floor());
    }
}
