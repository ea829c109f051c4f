//! What one request costs on its way through the instrument, part by part. A batch handed over in memory is
//! `in-process/publish` in `transports.rs`.

use std::hint::black_box;
use std::sync::Arc;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use weighbridge::ledger::Ledger;
use weighbridge::load::{Account, Live};
use weighbridge::mailbox::Mailboxes;
use weighbridge::metrics::Timeline;
use weighbridge::payload::Payloads;
use weighbridge::schedule::{RateProfile, Schedule, Stripe};
use weighbridge::schema::{Correlation, PriorityRequest, PriorityResult};
use weighbridge::scorer::Score;
use weighbridge::worker::Scoring;
use weighbridge_plan::route::Leg;
use weighbridge_plan::{Arrivals, Payload};
use weighbridge_record::latency::Latency;
use weighbridge_record::terms::CompletedBy;

const BATCH: u64 = 1_000;
const SECOND_NS: u64 = 1_000_000_000;

fn payloads() -> Payloads {
    let plan = Payload {
        description_bytes: vec![256],
        categories: vec![("INFRASTRUCTURE".to_string(), 1.0), ("SECURITY".to_string(), 1.0)],
        requester_roles: vec![("IT_ADMIN".to_string(), 1.0)],
    };
    Payloads::new(&plan, 1, Correlation::new(1))
}

fn bodies(criterion: &mut Criterion) {
    let payloads = payloads();
    let mut arena = BytesMut::with_capacity(1 << 20);
    let mut group = criterion.benchmark_group("request");
    group.throughput(Throughput::Elements(1));
    let mut sequence = 0;
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            sequence += 1;
            black_box(payloads.write(sequence, b"2025-06-27T14:30:00Z", &mut arena))
        });
    });
    let (_, body) = payloads.write(7, b"2025-06-27T14:30:00Z", &mut arena);
    group.bench_function("read", |bencher| {
        bencher.iter(|| black_box(PriorityRequest::parse(black_box(&body)).is_ok()));
    });
    let request = PriorityRequest::parse(&body).expect("its own body parses");
    group.bench_function("score", |bencher| bencher.iter(|| black_box(Score::of(black_box(&request)))));
    group.finish();

    let categories = vec!["INFRASTRUCTURE".to_string(), "SECURITY".to_string()];
    let scoring = Scoring { correlation: Some(Correlation::new(1)), categories };
    let accepted = scoring.read(&body).expect("its own body is of its trial");
    let mut group = criterion.benchmark_group("result");
    group.throughput(Throughput::Elements(1));
    group.bench_function("score and write", |bencher| {
        bencher.iter(|| black_box(accepted.score(black_box(2_000_000), "2025-06-27T14:30:01Z", &mut arena)));
    });
    let result = accepted.score(2_000_000, "2025-06-27T14:30:01Z", &mut arena);
    group.bench_function("read", |bencher| {
        bencher.iter(|| serde_json::from_slice::<PriorityResult<'_>>(black_box(&result)).is_ok());
    });
    group.finish();
}

fn schedules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("schedule");
    group.throughput(Throughput::Elements(BATCH));
    for (name, arrivals) in [("uniform", Arrivals::Uniform), ("poisson", Arrivals::Poisson)] {
        group.bench_function(name, |bencher| {
            let profile = || RateProfile::constant(1_000_000.0, SECOND_NS);
            bencher.iter_batched(
                || Schedule::new(profile(), arrivals, 1, Stripe::WHOLE),
                |schedule| schedule.take(BATCH as usize).fold(0, u64::wrapping_add),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn books(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("books");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("ledger", |bencher| {
        bencher.iter_batched(
            Ledger::default,
            |mut ledger| {
                for _ in 0..BATCH {
                    let number = ledger.attempt();
                    ledger.sent(number);
                    ledger.delivered(number);
                    ledger.completed(number);
                }
                ledger
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("histogram", |bencher| {
        let mut latency = Latency::new();
        bencher.iter(|| (0..BATCH).for_each(|value| latency.record(black_box(value * 977))));
    });
    // The second as under `--metrics`.
    for (name, tallied) in [("account", false), ("account with a tally", true)] {
        group.bench_function(name, |bencher| {
            let timeline = Timeline::new(SECOND_NS, 0, 20 * SECOND_NS, 0);
            let mailboxes = Arc::new(Mailboxes::new(1, None));
            bencher.iter_batched(
                || {
                    Account::new(
                        Stripe::WHOLE,
                        timeline,
                        Arc::clone(&mailboxes),
                        Arc::new(Live::tallied(tallied)),
                        SECOND_NS,
                        CompletedBy::Result,
                        1,
                    )
                },
                |mut account| {
                    for place in 0..BATCH {
                        let at_ns = SECOND_NS + place * 1_000;
                        let sequence = account.attempt(at_ns);
                        account.sent(sequence, at_ns, at_ns + 50_000);
                        account.completed_over(Leg::First, sequence, at_ns + 300_000, 0);
                    }
                    account
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(request_path, bodies, schedules, books);
criterion_main!(request_path);
