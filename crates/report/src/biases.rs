//! What is not alike between the brokers of a run, and leans towards one of them: rules over the record, in sentences.

use std::collections::BTreeSet;

use weighbridge_record::format;
use weighbridge_record::result::{BrokerRecord, RunResult, Trial};
use weighbridge_record::terms::{BrokerKind, Durability, Path};

/// Lines of Redis before this one are years older than any NATS server that is measured.
const REDIS_LINE_OF_TODAY: u32 = 8;

pub fn biases(result: &RunResult) -> Vec<String> {
    let brokers: Vec<&BrokerRecord> = result.trials.iter().flat_map(|trial| &trial.brokers).collect();
    let of = |kind| brokers.iter().copied().filter(move |broker| broker.kind == kind);
    let mut told = Vec::new();
    if let (Some(redis), Some(nats)) = (of(BrokerKind::RedisServer).next(), of(BrokerKind::NatsServer).next())
    {
        told.extend(ages(redis, nats));
        told.extend(threads(redis, nats));
    }
    told.extend(syncs(result));
    told.extend(gathered(&result.trials));
    told.extend(marked(&result.trials));
    told.extend(proxied(&brokers));
    told
}

/// Valkey counts its versions as Redis does.
fn ages(redis: &BrokerRecord, nats: &BrokerRecord) -> Option<String> {
    let line: u32 = redis.version.split('.').next()?.parse().ok()?;
    (line < REDIS_LINE_OF_TODAY).then(|| {
        format!(
            "{} is of an older line than {}: --redis-server takes a newer Redis or a Valkey.",
            redis.product(),
            nats.product()
        )
    })
}

/// How many cores each side may use.
fn threads(redis: &BrokerRecord, nats: &BrokerRecord) -> Option<String> {
    let threads: u32 = redis.config.get("io-threads")?.parse().ok()?;
    let cores: u32 = nats.config.get("gomaxprocs")?.parse().ok()?;
    (threads < cores).then(|| {
        format!(
            "{} carries out commands on one thread and reads its sockets with {threads} (io-threads); {} may use {cores} \
             cores.",
            redis.product(),
            nats.product()
        )
    })
}

/// What each side writes and syncs in a tier, where both of them store.
fn syncs(result: &RunResult) -> Vec<String> {
    let kinds = |tier| -> BTreeSet<BrokerKind> {
        let of_tier =
            result.trials.iter().filter(|trial| trial.legs.iter().any(|leg| leg.durability == tier));
        of_tier.flat_map(|trial| trial.brokers.iter().map(|broker| broker.kind)).collect()
    };
    let tiers = [Durability::Lazy, Durability::Os, Durability::Sync].into_iter();
    tiers.filter(|tier| kinds(*tier).len() > 1).filter_map(synced).map(str::to_owned).collect()
}

fn synced(tier: Durability) -> Option<&'static str> {
    match tier {
        Durability::Lazy => Some(
            "Tier lazy: Redis syncs its one log every second, deliveries and acknowledgements included; JetStream syncs \
             the files of its streams every second, and what it knows of consumers apart from that.",
        ),
        Durability::Os => Some(
            "Tier os: Redis never syncs and writes deliveries and acknowledgements as well; JetStream syncs first after \
             one to two minutes, and writes what it knows of consumers later than it replies.",
        ),
        Durability::Sync => Some(
            "Tier sync: Redis syncs once for all commands that it has read together, deliveries and acknowledgements \
             included; JetStream syncs message by message, and not what it knows of consumers.",
        ),
        Durability::None | Durability::Memory => None,
    }
}

/// Paths whose requests waited for each other before they were sent.
fn gathered(trials: &[Trial]) -> Option<String> {
    let scheduled = trials.iter().filter(|trial| trial.rates.offered_per_s.is_some());
    let gathered: Vec<&Trial> = scheduled.filter(|trial| trial.generator.bursts.p50 > 1).collect();
    let most = gathered.iter().map(|trial| trial.generator.bursts.p50).max()?;
    let paths: BTreeSet<&str> = gathered.iter().map(|trial| Path::name(trial.path)).collect();
    Some(format!(
        "Requests to {} were gathered and went out up to {} at a time in the median batch; what they waited for each other \
         is in their send lag.",
        paths.into_iter().collect::<Vec<_>>().join(", "),
        format::count(most)
    ))
}

/// Paths whose servers had more to carry than requests. The heaviest trial of each is told.
fn marked(trials: &[Trial]) -> Vec<String> {
    let share = |trial: &Trial| trial.generator.markers as f64 / trial.ledger.sent.max(1) as f64;
    let paths: BTreeSet<Path> = trials.iter().map(|trial| trial.path).collect();
    let heaviest = |path: Path| {
        let marked = trials.iter().filter(|trial| trial.path == path && trial.generator.markers > 0);
        marked.max_by(|a, b| share(a).total_cmp(&share(b)))
    };
    let sentence = |trial: &Trial| {
        format!(
            "{}: {} markers beside {} requests, which count as load: nobody answers a publish there, so the end of \
             requests is known by them.",
            trial.point.place(trial.path),
            format::count(trial.generator.markers),
            format::count(trial.ledger.sent)
        )
    };
    paths.into_iter().filter_map(heaviest).map(sentence).collect()
}

/// Servers that were reached over a hop of ours.
fn proxied(brokers: &[&BrokerRecord]) -> Option<String> {
    let proxied = brokers.iter().filter(|broker| broker.proxy.is_some());
    let names: BTreeSet<&str> = proxied.map(|broker| broker.kind.name()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Connections to {} went through a proxy of the harness, for the sake of faults of the network: its own share is \
             in all latencies of these trials.",
            names.into_iter().collect::<Vec<_>>().join(" and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weighbridge_record::fixture::Fixture;
    use weighbridge_record::result::ProxyRecord;

    fn told(change: impl FnOnce(&mut RunResult)) -> String {
        let mut result = Fixture { seconds: 1, ..Fixture::default() }.build();
        change(&mut result);
        biases(&result).join("\n")
    }

    fn brokers(result: &mut RunResult, kind: BrokerKind, change: impl Fn(&mut BrokerRecord)) {
        let all = result.trials.iter_mut().flat_map(|trial| &mut trial.brokers);
        all.filter(|broker| broker.kind == kind).for_each(change);
    }

    #[test]
    fn an_old_redis_is_named_and_a_new_one_is_not() {
        assert!(told(|_| {}).contains("redis-server 7.0.15 is of an older line than nats-server 2.14.0"));
        let new = told(|result| {
            brokers(result, BrokerKind::RedisServer, |redis| {
                redis.version = "8.1.1".to_owned();
                redis.config.insert("server_name".to_owned(), "valkey".to_owned());
            });
        });
        assert!(!new.contains("older line"), "{new}");
        let alone = told(|result| {
            brokers(result, BrokerKind::NatsServer, |nats| nats.kind = BrokerKind::RedisServer)
        });
        assert!(!alone.contains("older line"), "{alone}");
    }

    #[test]
    fn fewer_threads_than_the_other_may_use_are_named() {
        let of = |threads: &'static str| {
            told(|result| {
                brokers(result, BrokerKind::RedisServer, |redis| {
                    redis.config.insert("io-threads".to_owned(), threads.to_owned());
                });
                brokers(result, BrokerKind::NatsServer, |nats| {
                    nats.config.insert("gomaxprocs".to_owned(), "4".to_owned());
                });
            })
        };
        assert!(of("1").contains("with 1 (io-threads); nats-server 2.14.0 may use 4 cores"), "{}", of("1"));
        assert!(!of("4").contains("io-threads"), "{}", of("4"));
    }

    #[test]
    fn what_a_tier_syncs_is_told_where_both_sides_store_in_it() {
        let in_tier = |tier| {
            told(|result| {
                for leg in result.trials.iter_mut().flat_map(|trial| &mut trial.legs) {
                    leg.durability = if leg.transport.stores() { tier } else { Durability::None };
                }
            })
        };
        assert!(in_tier(Durability::Sync).contains("Tier sync"));
        assert!(in_tier(Durability::Lazy).contains("Tier lazy"));
        assert!(!in_tier(Durability::Memory).contains("Tier"));
        let one_side = told(|result| {
            result.trials.retain(|trial| trial.path.name() != "redis-streams");
            result.trials.iter_mut().flat_map(|trial| &mut trial.legs).for_each(|leg| {
                leg.durability = if leg.transport.stores() { Durability::Sync } else { Durability::None };
            });
        });
        assert!(!one_side.contains("Tier"), "{one_side}");
    }

    #[test]
    fn a_proxy_is_told_with_the_servers_behind_it_and_else_not() {
        let proxy = ProxyRecord { connections: 4, to_server_bytes: 9, to_client_bytes: 9, reset: 0 };
        let told_of = |kind| told(|result| brokers(result, kind, |broker| broker.proxy = Some(proxy)));
        let line = "Connections to nats-server went through a proxy of the harness";
        assert!(told_of(BrokerKind::NatsServer).contains(line));
        assert!(!told(|_| {}).contains("proxy"));
    }

    #[test]
    fn markers_are_told_of_the_trial_that_had_most_for_its_requests_and_else_not() {
        let told = told(|result| {
            let nats = |trial: &&mut Trial| trial.path.name() == "nats-core";
            let one = result.trials.iter_mut().find(nats).expect("a trial");
            (one.generator.markers, one.ledger.sent) = (1_500, 2_000);
            let fewer = Trial { repetition: 2, ..one.clone() };
            one.generator.markers = 1_700;
            result.trials.push(fewer);
        });
        let line = "nats-core: 1 700 markers beside 2 000 requests, which count as load";
        assert!(told.replace('\u{a0}', " ").contains(line), "{told}");
        assert_eq!(told.matches("markers").count(), 1, "{told}");
    }

    #[test]
    fn paths_whose_requests_were_gathered_are_named() {
        let of = |size| {
            told(|result| result.trials.iter_mut().for_each(|trial| trial.generator.bursts.p50 = size))
        };
        assert!(of(12).contains("up to 12 at a time"), "{}", of(12));
        assert!(!of(1).contains("gathered"), "{}", of(1));
    }
}
