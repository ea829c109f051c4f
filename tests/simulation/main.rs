//! The instrument's own generators and workers against simulated brokers, seed by seed, in simulated time.
//!
//! Real are: pacer, sender, collector, account and ledger (`load/`, `ledger/`), the workers' loops (`worker/`), mailboxes
//! and the merge. Simulated are: time, the network, the broker, and the ends of the transport. Everything that happens
//! is kept, and a naive oracle works out from it what the books must say.
//!
//! `SEED=7 cargo test --release --test simulation -- --nocapture every_run` replays one run and prints its events;
//! `SIMULATIONS=100000` asks for more of them.

mod books;
mod broker;
mod case;
mod collecting;
mod history;
mod links;
mod model;
mod oracle;
mod planted;
mod publishing;
mod run;
mod serving;
mod transport;
mod verdict;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use case::Case;
use planted::Planted;
use verdict::{MUST_REACH, judge};

/// As in the program: a run makes and drops some megabytes of histograms.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIMULATIONS: u64 = 10_000;
/// Seeds among which each planted bug must show.
const CAUGHT_WITHIN: u64 = 1_000;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs on a thread of its own that has a runtime's timers, as `StopSignal` asks for them. Nothing waits for those.
fn with_timers<T>(work: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let entered = runtime.enter();
    let done = work();
    drop(entered);
    weighbridge::clock::hold_at(0);
    done
}

/// One run, held against the oracle.
fn simulate(seed: u64, planted: Planted, tells: bool) -> Result<BTreeSet<&'static str>, String> {
    let case = Case::of(seed);
    if tells {
        println!("{case:#?}");
    }
    let judged = catch_unwind(AssertUnwindSafe(|| run::run(case, planted, tells).and_then(judge)));
    judged.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panicked: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?")))
    })
}

/// Tries seeds on all cores; what they reached, or the first that failed.
fn simulate_all(seeds: u64) -> Result<BTreeMap<&'static str, u64>, (u64, String)> {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        with_timers(|| {
            let mut reached: BTreeMap<&'static str, u64> = BTreeMap::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
                    return Ok(reached);
                }
                for what in simulate(seed, Planted::Nothing, false).map_err(|reason| (seed, reason))? {
                    *reached.entry(what).or_default() += 1;
                }
            }
        })
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = BTreeMap::new();
        for thread in running {
            for (what, count) in thread.join().expect("a thread")? {
                *all.entry(what).or_default() += count;
            }
        }
        Ok(all)
    })
}

#[test]
fn every_run_balances_and_equals_the_oracle() {
    if let Some(seed) = asked("SEED") {
        let judged = with_timers(|| simulate(seed, Planted::Nothing, true));
        println!("{judged:#?}");
        return judged.map(drop).unwrap_or_else(|reason| panic!("SEED={seed}: {reason}"));
    }
    let simulations = asked("SIMULATIONS").unwrap_or(SIMULATIONS);
    let reached = simulate_all(simulations).unwrap_or_else(|(seed, reason)| {
        panic!("SEED={seed} fails, and replays with that in the environment: {reason}")
    });
    println!("of {simulations} runs: {reached:#?}");
    let missing: Vec<_> = MUST_REACH.into_iter().filter(|what| !reached.contains_key(what)).collect();
    assert!(missing.is_empty(), "no seed reached {missing:?}");
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    with_timers(|| {
        for seed in 0..50 {
            let events = || run::run(Case::of(seed), Planted::Nothing, false).expect("a run").events;
            assert!(events() == events(), "SEED={seed}");
        }
    });
}

#[test]
fn each_planted_bug_is_caught() {
    let caught = |planted: &Planted| {
        with_timers(|| {
            (0..CAUGHT_WITHIN).find_map(|seed| Some((seed, simulate(seed, *planted, false).err()?)))
        })
    };
    for planted in Planted::ALL {
        let (seed, reason) = caught(&planted).unwrap_or_else(|| panic!("{planted:?} is never caught"));
        println!("{planted:?}: SEED={seed}: {reason}");
    }
}
