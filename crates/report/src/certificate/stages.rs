//! Stage by stage: what was asked and what came of it, what it cost, and how each leg stood when it ended.

use super::table::{Table, known};
use weighbridge_record::format;
use weighbridge_record::result::{LegAtSeam, RouteRecord, RouteStage, SeriesRow, Stretch, Trial};

/// What was asked of each stage, and what its requests came to.
pub fn outcomes(route: &RouteRecord) -> Table {
    let columns = [
        "stage",
        "asked",
        "observed",
        "requests",
        "unanswered",
        "doubled",
        "out of order",
        "longest silence",
        "p50",
        "p99",
        "p99.9",
        "max",
    ];
    let note = "A request belongs to the stage in which it was due. Share: of the requests that were to take the second \
                leg. Silence: nobody was answered. Percentiles are those of whole intervals of the stage.";
    Table::new("Stage by stage", note, &columns, route.stages.iter().map(outcome).collect())
}

fn outcome(stage: &RouteStage) -> Vec<String> {
    let times = |read: fn(&Stretch) -> Option<u64>| {
        known(stage.turnaround.as_ref().and_then(read), format::latency_ns)
    };
    vec![
        span(stage),
        stage.asked(),
        known(stage.observed_percent, |share| format!("{share:.2} %")),
        format::count(stage.attempted),
        format::count(stage.unanswered),
        format::count(stage.duplicated),
        format::count(stage.reordered),
        format::latency(stage.silence_s * 1e9),
        times(|turnaround| turnaround.p50_ns),
        times(|turnaround| turnaround.p99_ns),
        times(|turnaround| turnaround.p999_ns),
        times(|turnaround| Some(turnaround.max_ns)),
    ]
}

fn span(stage: &RouteStage) -> String {
    format!("{} to {}", format::seconds(stage.start_s), format::seconds(stage.end_s))
}

/// What whoever turns back at the end of a stage has to wait for, or loses.
pub fn seams(route: &RouteRecord) -> Option<Table> {
    let named = |what: &'static str| move |leg: &str| format!("{leg}: {what}");
    let figures = ["under way", "answered within", "stored", "not acknowledged"].map(named);
    let legs = [route.from, route.to].map(|leg| figures.map(|figure| figure(leg.name()))).concat();
    let columns = ["end of stage".to_owned()].into_iter().chain(legs).collect();
    let note = "Under way: gone out over the leg and not answered when the stage ended. Who turns back from the second \
                leg then waits until they are answered, or loses those that its broker doesn't store. Never: some were \
                not answered to the end. Stored: what the server counted in the stream of requests. Not acknowledged: of \
                these, delivered and not acknowledged.";
    let with_legs = route.stages.iter().filter(|stage| stage.legs.len() == 2);
    let rows = with_legs.map(|stage| {
        let end = format!("{} ({})", format::seconds(stage.end_s), stage.asked());
        [end].into_iter().chain(stage.legs.iter().flat_map(seam)).collect()
    });
    Table { columns, ..Table::new("At each seam", note, &[], rows.collect()) }.shown()
}

fn seam(leg: &LegAtSeam) -> [String; 4] {
    let within = |drained_s| match leg.under_way {
        0 => "at once".to_owned(),
        _ => format::latency(drained_s * 1e9),
    };
    [
        format::count(leg.under_way),
        leg.drained_s.map_or_else(|| "never".to_owned(), within),
        known(leg.held.first().and_then(|held| held.entries), format::count),
        known(leg.held.iter().find_map(|held| held.pending), format::count),
    ]
}

/// What each stage cost the publisher and the servers.
pub fn costs(trial: &Trial, route: &RouteRecord) -> Option<Table> {
    let mut columns = vec!["stage".to_owned(), "CPU of the harness per request".to_owned()];
    for broker in &trial.brokers {
        columns.push(format!("{} CPU", broker.kind));
        columns.push(format!("{} memory", broker.kind));
    }
    let note = "Over the whole intervals of the stage. The harness is publishers, workers and collectors in one process, \
                where workers are threads. CPU of a server in cores; memory: the most that it held.";
    let rows = route.stages.iter().map(|stage| cost(trial, stage)).collect();
    Table { columns, ..Table::new("What it cost", note, &[], rows) }.shown()
}

fn cost(trial: &Trial, stage: &RouteStage) -> Vec<String> {
    let rows: Vec<&SeriesRow> = trial.series.iter().filter(|row| stage.holds(row)).collect();
    let sent: u64 = rows.iter().map(|row| row.sent).sum();
    let own = seconds(&rows, |row| row.generator_cpu_cores).filter(|_| sent > 0);
    let mut cells = vec![
        format!("{} ({})", span(stage), stage.asked()),
        known(own, |(cpu_s, _)| format::latency(cpu_s / sent as f64 * 1e9)),
    ];
    for broker in 0..trial.brokers.len() {
        let cores = seconds(&rows, |row| row.brokers.get(broker)?.cpu_cores);
        let memory = rows.iter().filter_map(|row| row.brokers.get(broker)?.rss_bytes).max();
        cells.push(known(cores, |(cpu_s, of_s)| format!("{:.3}", cpu_s / of_s)));
        cells.push(known(memory, |bytes| format::bytes(bytes as f64)));
    }
    cells
}

/// Cores over the intervals, as seconds of CPU and seconds of time; none if one interval was not looked at.
fn seconds(rows: &[&SeriesRow], cores: impl Fn(&SeriesRow) -> Option<f64>) -> Option<(f64, f64)> {
    let (mut cpu_s, mut of_s) = (0.0, 0.0);
    for row in rows {
        cpu_s += cores(row)? * row.duration_s;
        of_s += row.duration_s;
    }
    (of_s > 0.0).then_some((cpu_s, of_s))
}
