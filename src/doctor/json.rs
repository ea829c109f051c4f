//! The examination for other programs.

use serde_json::{Value, json};

use super::brokers::BrokerFinding;
use super::examination::Examination;
use super::verdict::{Weight, sentences};

impl Examination {
    /// As one JSON document: whether all is healthy, each broker, what is in force, and what follows for a run here.
    pub fn json(&self) -> Value {
        let told = sentences(&self.facts()).into_iter().map(|sentence| {
            let weight = match sentence.weight {
                Weight::Good => "good",
                Weight::Limit => "limit",
                Weight::Blocking => "blocking",
            };
            json!({ "weight": weight, "text": sentence.text })
        });
        let in_force = self
            .in_force
            .iter()
            .map(|setting| json!({ "name": setting.name, "value": setting.shown, "source": setting.source }));
        json!({
            "healthy": self.healthy(),
            "brokers": self.brokers.iter().map(broker).collect::<Vec<_>>(),
            "configuration": in_force.collect::<Vec<_>>(),
            "sentences": told.collect::<Vec<_>>(),
        })
    }
}

fn broker(found: &BrokerFinding) -> Value {
    let mut told = json!({
        "kind": found.kind.name(),
        "status": found.status.name(),
        "named_by": found.named_by,
        "error": found.outcome.as_ref().err(),
    });
    if let Ok(answering) = &found.outcome {
        let stores = answering.stores;
        told["managed"] = answering.managed.into();
        told["place"] = answering.place.clone().into();
        told["version"] = answering.version.clone().into();
        told["tls"] = answering.tls.name().into();
        told["auth"] = answering.auth.name().into();
        told["ready_ns"] = answering.ready_ns.into();
        told["round_trip_ns_p50"] = answering.round_trip_ns_p50.into();
        match stores.jetstream_enabled {
            Some(enabled) => {
                told["jetstream_enabled"] = enabled.into();
                told["streams"] = stores.count.into();
            }
            None => told["keys"] = stores.count.into(),
        }
    }
    told
}
