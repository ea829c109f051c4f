//! How publishers used their connections, where a pool or a batch stood between: what waited, what was published again.

use super::claim::{At, Claim, What, of};
use super::groups::{Entry, Group};
use weighbridge_record::format;
use weighbridge_record::result::{BatchesRecord, LatencySummary, PoolRecord, PublishingRecord, Trial};
use weighbridge_record::terms::{Flush, Path, Pool};

const POOL: &str = "generator.publishing.pool.";
const BATCHES: &str = "generator.publishing.batches.";

/// One path in one repetition, in words.
pub struct Row {
    pub path: Path,
    pub repetition: u32,
    pub pool: String,
    pub opened: String,
    pub out: String,
    pub waited: String,
    pub checkout: String,
    pub flush: String,
    pub sizes: String,
    pub reasons: String,
    pub linger: String,
    pub took: String,
    pub failed: String,
    pub republished: String,
    pub forgotten: String,
    pub duplicated: String,
}

/// A row for every counted trial of the group that had a pool or batches.
pub fn rows(group: &Group<'_>) -> Vec<Row> {
    let trials = group.entries.iter().flat_map(|entry| entry.counted.iter().copied());
    trials.filter_map(|trial| Some(row(trial, trial.generator.publishing.as_ref()?))).collect()
}

fn row(trial: &Trial, publishing: &PublishingRecord) -> Row {
    let PublishingRecord { pool, batches } = publishing;
    let of_pool = |words: &dyn Fn(&PoolRecord) -> String| pool.as_ref().map(words).unwrap_or_default();
    let reasons = [(batches.by_size, "full"), (batches.by_linger, "waited"), (batches.by_end, "at the end")];
    let reasons = reasons.into_iter().filter(|(count, _)| *count > 0);
    Row {
        path: trial.path,
        repetition: trial.repetition,
        pool: pool.as_ref().map_or(Pool::Shared, |pool| pool.policy).to_string(),
        opened: of_pool(&|pool| format!("{} of {}", format::count(pool.opened), pool.size)),
        out: of_pool(&|pool| format::count(pool.out_max)),
        waited: of_pool(&|pool| {
            let refused = match pool.refused {
                0 => String::new(),
                refused => format!(", {} in vain", format::count(refused)),
            };
            format!("{} of {}{refused}", format::count(pool.waited), format::count(pool.checkouts))
        }),
        checkout: of_pool(&|pool| spread(pool.checkout_ns.as_ref())),
        flush: batches.flush.to_string(),
        sizes: format!("{}, at most {}", format::number(batches.sizes.mean), batches.sizes.max),
        reasons: reasons
            .map(|(count, why)| format!("{} {why}", format::count(count)))
            .collect::<Vec<_>>()
            .join(", "),
        linger: spread(batches.linger_ns.as_ref()),
        took: spread(batches.flush_ns.as_ref()),
        failed: format::count(batches.failed),
        republished: format::count(batches.republished),
        forgotten: format::count(batches.forgotten),
        duplicated: format::count(trial.ledger.duplicated),
    }
}

/// `1.2 ms, 4.1 ms, 9 ms`: p50, p99 and the longest; what too few samples tell is a dash.
fn spread(latency: Option<&LatencySummary>) -> String {
    let Some(latency) = latency else { return String::new() };
    let words = |ns: Option<u64>| ns.map_or("-".to_owned(), format::latency_ns);
    [latency.p50, latency.p99, latency.max].map(words).join(", ")
}

/// What stands out, a sentence for each path of which there is something to say.
pub fn sentences(group: &Group<'_>) -> Vec<Claim> {
    let of_entry = |entry: &Entry<'_>| {
        let parts: Vec<Claim> = [pool(&group.at, entry), waits(&group.at, entry), again(&group.at, entry)]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty())
            .then(|| Claim::words(format!("{}: ", entry.path)).and(Claim::join(parts, "; ")).say("."))
    };
    group.entries.iter().filter_map(of_entry).collect()
}

fn publishing<'a>(entry: &'a Entry<'_>) -> impl Iterator<Item = &'a PublishingRecord> {
    entry.counted.iter().filter_map(|trial| trial.generator.publishing.as_ref())
}

/// The largest of the repetitions; none unless each of them has it.
fn largest(entry: &Entry<'_>, value: impl Fn(&PublishingRecord) -> Option<u64>) -> Option<u64> {
    let all: Option<Vec<u64>> = publishing(entry).map(value).collect();
    all.filter(|all| all.len() == entry.counted.len())?.into_iter().max()
}

fn most(at: &At, path: Path, said: String, value: u64, figure: String) -> Claim {
    Claim::default().figure(said, value as f64, of(at, path, What::Largest(figure)))
}

/// `a pool of 10 opened 120 connections, 20 of them out at a time`: a pool that grew beyond its size.
fn pool(at: &At, entry: &Entry<'_>) -> Option<Claim> {
    let count = |value: fn(&PoolRecord) -> u64, field: &str| {
        let value = largest(entry, |publishing| publishing.pool.as_ref().map(value))?;
        Some((value, most(at, entry.path, format::count(value), value, format!("{POOL}{field}"))))
    };
    let (size, said_size) = count(|pool| u64::from(pool.size), "size")?;
    let (opened, said_opened) = count(|pool| pool.opened, "opened")?;
    let (_, said_out) = count(|pool| pool.out_max, "out_max")?;
    if opened <= size {
        return None;
    }
    let claim = Claim::words("a pool of ").and(said_size).say(" opened ").and(said_opened);
    Some(claim.say(" connections, of which at most ").and(said_out).say(" were out at a time"))
}

/// The longest waits for a connection, and for a batch.
fn waits(at: &At, entry: &Entry<'_>) -> Option<Claim> {
    let longest = |value: fn(&PublishingRecord) -> Option<&LatencySummary>, figure: String| {
        let ns = largest(entry, |publishing| value(publishing)?.max)?;
        Some((ns, most(at, entry.path, format::latency_ns(ns), ns, figure)))
    };
    let waited =
        publishing(entry).any(|publishing| publishing.pool.as_ref().is_some_and(|pool| pool.waited > 0));
    let for_connection = longest(
        |publishing| publishing.pool.as_ref()?.checkout_ns.as_ref(),
        format!("{POOL}checkout_ns.max"),
    );
    let for_connection = for_connection
        .filter(|_| waited)
        .map(|(_, said)| Claim::words("the longest wait for a connection was ").and(said));
    let gathers = |batches: &BatchesRecord| {
        batches.flush != Flush::Together || batches.linger_limit_ns.is_none_or(|limit_ns| limit_ns > 0)
    };
    let gathered = publishing(entry).any(|publishing| gathers(&publishing.batches));
    let for_batch =
        longest(|publishing| publishing.batches.linger_ns.as_ref(), format!("{BATCHES}linger_ns.max"));
    let for_batch = for_batch
        .filter(|_| gathered)
        .map(|(_, said)| Claim::words("a request waited up to ").and(said).say(" for its turn in a batch"));
    let parts: Vec<Claim> = [for_connection, for_batch].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Claim::join(parts, "; "))
}

/// What was published again, or never.
fn again(at: &At, entry: &Entry<'_>) -> Option<Claim> {
    let count = |value: fn(&BatchesRecord) -> u64, field: &str| {
        let value = largest(entry, |publishing| Some(value(&publishing.batches)))?;
        let said = most(at, entry.path, format::count(value), value, format!("{BATCHES}{field}"));
        (value > 0).then_some(said)
    };
    let failed = publishing(entry).any(|publishing| publishing.batches.failed > 0);
    let why = if failed { " after flushes that failed" } else { " though no flush failed" };
    let republished = count(|batches| batches.republished, "republished")
        .map(|said| said.say(" publishes were repeats of earlier ones").say(why));
    let forgotten = count(|batches| batches.forgotten, "forgotten")
        .map(|said| said.say(" requests were cleared from the batch before anybody had published them"));
    let parts: Vec<Claim> = [republished, forgotten].into_iter().flatten().collect();
    if parts.is_empty() {
        return None;
    }
    let several = entry.counted.len() > 1;
    let lead = if several { "in the worst repetition " } else { "" };
    Some(Claim::words(lead).and(Claim::join(parts, ", ")))
}

#[cfg(test)]
mod tests;
