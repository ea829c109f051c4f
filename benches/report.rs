//! What a report costs: the page of a small run, and of 200 trials with an hour of series each.

#[path = "../tests/scale/grown.rs"]
mod grown;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use grown::{Size, grown};
use weighbridge_record::result::RunResult;
use weighbridge_report::html;

fn example() -> RunResult {
    let text = std::fs::read_to_string("reports/example/result.json").expect("the committed example");
    serde_json::from_str(&text).expect("a record of this version")
}

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("report");
    group.sample_size(10);
    let small = example();
    group.bench_function("example", |bencher| {
        bencher.iter(|| html::render(black_box(&small)).expect("a page"));
    });
    for (name, points, repetitions) in [("1 point", 1, 40), ("5 points", 5, 8), ("8 points", 8, 5)] {
        let record = grown(example(), Size { points, repetitions, seconds: 3_600 });
        group.bench_function(format!("200 trials of an hour, {name}"), |bencher| {
            bencher.iter(|| html::render(black_box(&record)).expect("a page"));
        });
    }
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
