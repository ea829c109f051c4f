#!/usr/bin/env python3
"""Plants bugs in the sources, and sees that the tests catch each: the simulation, or the tests beside the verdicts and
beside the responders, by where the bug is.

A copy of the sources gets all of them, each behind a number in the environment; it is built once, in the same build
tree, and its tests run with each number. Without a number they must pass. The checkout is not touched. `--check` only
looks whether each bug still has its place.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "planted"
SIMULATIONS = "10000"

SWITCH = """
/// Whether this bug is asked for.
pub fn planted(number: u32) -> bool {
    static PLANT: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let asked = || std::env::var("PLANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *PLANT.get_or_init(asked) == number
}
"""

# File, what is wrong then, the text as it is, and as it is with the bug; `planted!` stands for its switch.
BUGS = [
    ("src/ledger/mod.rs", "a duplicate is not counted",
     "Entry::Again => self.duplicated += 1", "Entry::Again => self.duplicated += u64::from(!planted!)"),
    ("src/ledger/mod.rs", "an acknowledgement of an unknown request is ignored",
     "        self.mark(number, ACKNOWLEDGED, SENT)",
     "        if planted! && self.has(number, INDETERMINATE) { return Entry::Again }\n"
     "        self.mark(number, ACKNOWLEDGED, SENT)"),
    ("src/ledger/mod.rs", "a completion of an unknown request is ignored",
     "        let entry = self.mark(number, COMPLETED, SENT);",
     "        if planted! && self.has(number, INDETERMINATE) { return Entry::Again }\n"
     "        let entry = self.mark(number, COMPLETED, SENT);"),
    ("src/ledger/mod.rs", "a redelivery is not counted",
     "Entry::Again => self.redelivered += 1", "Entry::Again => self.redelivered += u64::from(!planted!)"),
    ("src/ledger/mod.rs", "a parked request stays parked when it completes",
     "    if has(COMPLETED) {", "    if planted! && has(PARKED) { totals.parked += 1 } else if has(COMPLETED) {"),
    ("src/ledger/mod.rs", "a result that nobody asked for counts as a duplicate",
     "            Entry::Again => self.duplicated",
     "            Entry::Unknown if planted! => self.duplicated += 1,\n            Entry::Again => self.duplicated"),
    ("src/ledger/mod.rs", "a rejected request is lost, too",
     "        totals.rejected += 1;",
     "        totals.rejected += 1;\n        totals.lost += u64::from(planted!);\n"
     "        totals.lost_requests += u64::from(planted!);"),
    ("src/ledger/mod.rs", "what ends stays unknown",
     "settles && *state & INDETERMINATE != 0)", "settles && *state & INDETERMINATE != 0 && !planted!)"),
    ("src/ledger/mod.rs", "what was unknown is never lost after its acknowledgement",
     "totals.lost_acknowledged += u64::from(has(ACKNOWLEDGED))",
     "totals.lost_acknowledged += u64::from(has(ACKNOWLEDGED) && !(planted! && has(INDETERMINATE)))"),
    ("src/load/legs.rs", "a break makes unknown what a worker has",
     "|| ledger.is_delivered(number))", "|| (ledger.is_delivered(number) && !planted!))"),
    ("src/load/account.rs", "a timeout counts from the send",
     "times.intended_ns + self.timeout_ns",
     "(if planted! { times.sent_ns } else { times.intended_ns }) + self.timeout_ns"),
    ("src/load/account/reports.rs", "a forged number puts others out of order",
     "entry != Entry::Unknown && self.order", "(entry != Entry::Unknown || planted!) && self.order"),
    ("src/load/summary.rs", "a merge forgets the totals",
     "        self.totals.merge(&other.totals);",
     "        if !planted! { self.totals.merge(&other.totals) }"),
    ("src/load/summary.rs", "breaks and epochs are told to nobody",
     "        self.breaks.extend(noted.breaks);", "        if !planted! { self.breaks.extend(noted.breaks) }"),
    ("src/load/collector.rs", "results are counted before what workers told",
     "        account.read_mailbox();\n        for arrival",
     "        if !planted! { account.read_mailbox() }\n        for arrival"),
    ("src/load/order.rs", "connections are one ordering key",
     "            1 => 0,", "            1 => 0,\n            _ if planted! => 0,"),
    ("src/load/book.rs", "the first acknowledgement of a batch is forgotten",
     "sequences.for_each(|sequence| account.accepted",
     "sequences.skip(usize::from(planted!)).for_each(|sequence| account.accepted"),
    ("src/mailbox.rs", "what is parked is told to the first generator",
     "            Self::Received { sequence, .. }\n",
     "            Self::Parked { .. } if planted! => 0,\n            Self::Received { sequence, .. }\n"),
    ("src/worker/at_once.rs", "a parked request is scored",
     "if delivery.parked {", "if delivery.parked && !planted! {"),
    ("src/worker/at_once.rs", "a request is acknowledged without its result",
     "accepted.key, Some(body))", "accepted.key, (!planted!).then_some(body))"),
    ("src/transport/nats/jetstream/responder.rs", "a refused result acknowledges its request",
     "        match stored(message) {",
     "        match stored(message).or_else(|reason| if planted! { Ok(()) } else { Err(reason) }) {"),
    ("src/transport/redis/streams/responder.rs", "a refused result acknowledges its request",
     "        added.map_err(|error| (\"XADD of results\", error))?;",
     "        if !planted! { added.map_err(|error| (\"XADD of results\", error))?; }"),
    ("src/transport/redis/streams/responder.rs", "a request is acknowledged and its result never added",
     "    if !add_results.is_empty() {", "    if !add_results.is_empty() && !planted! {"),
    ("crates/record/src/promised.rs", "lazy promises nothing over a power failure",
     "(Action::PowerFailure, Durability::Lazy) => KeptOver::AllButLast(LAZY_S)",
     "(Action::PowerFailure, Durability::Lazy) if !planted! => KeptOver::AllButLast(LAZY_S)"),
    ("crates/record/src/promised.rs", "os promises all over a power failure",
     "(Action::PowerFailure, Durability::Os) => KeptOver::Nothing",
     "(Action::PowerFailure, Durability::Os) if !planted! => KeptOver::Nothing"),
    ("crates/record/src/promised.rs", "what is older than the tier's second is not looked at",
     "age_s > seconds)", "age_s > seconds && !planted!)"),
    ("crates/record/src/promised.rs", "what no fault explains is no breach",
     "    of_no_fault + held", "    of_no_fault * u64::from(!planted!) + held"),
    ("crates/record/src/promised.rs", "what is still stored is lost",
     "    let count = count.saturating_sub(stored);",
     "    let count = count.saturating_sub(if planted! { 0 } else { stored });"),
    ("crates/record/src/promised.rs", "what comes twice is at most once",
     "held.ledger.redelivered + held.ledger.duplicated;",
     "(held.ledger.redelivered + held.ledger.duplicated) * u64::from(!planted!);"),
    ("crates/record/src/promised.rs", "a second answer is none",
     "by_count(promise, duplicated,", "by_count(promise, duplicated * u64::from(!planted!),"),
    ("crates/record/src/promised.rs", "who lost a request was told in any case",
     "    let unseen = lost", "    let unseen = u64::from(!planted!) * lost"),
    ("crates/record/src/promised.rs", "order is promised over redeliveries",
     "Order::UntilRedelivery && redelivered > 0", "Order::UntilRedelivery && redelivered > 0 && !planted!"),
]

# Where a bug may be, the crate's file that gets the switch, and the tests that are to catch it.
SUITES = [
    ("crates/record/", "crates/record/src/lib.rs", "crate", "record", "promised"),
    ("src/transport/", "src/clock.rs", "crate::clock", "library", "responder"),
    ("src/", "src/clock.rs", "crate::clock", "simulation", "every_run"),
]


def suite(name):
    """Where the switch is, the tests' program and their filter, for a bug in that file."""
    return next(found for start, *found in SUITES if name.startswith(start))


def plant(root):
    """Puts all bugs into the files of that folder."""
    for file in {suite(name)[0] for name, *_ in BUGS}:
        (root / file).write_text((root / file).read_text() + SWITCH)
    for number, (name, what, sound, wrong) in enumerate(BUGS, 1):
        (root / name).write_text(planted((root / name).read_text(), number))


def planted(text, number):
    """A file's text with one bug in it."""
    name, what, sound, wrong = BUGS[number - 1]
    if text.count(sound) != 1:
        sys.exit(f"{name}: not once `{sound}`, where “{what}” is to be planted")
    return text.replace(sound, wrong.replace("planted!", f"{suite(name)[1]}::planted({number})"))


def check():
    """Whether each bug has its place in the checkout."""
    for number, (name, *_) in enumerate(BUGS, 1):
        planted((ROOT / name).read_text(), number)


def copy():
    shutil.rmtree(COPY, ignore_errors=True)
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)


def build():
    """Builds the copy's tests; the program of each suite."""
    programs = {}
    for names, what in [(["library", "simulation"], ["--lib", "--test", "simulation"]),
                        (["record"], ["-p", "weighbridge-record", "--lib"])]:
        command = ["cargo", "test", "--release", "--locked", *what, "--no-run"]
        tree = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
        built = subprocess.run(command, cwd=COPY, env=tree, stderr=subprocess.PIPE, text=True, check=False)
        found = re.findall(r"Executable .*\((.*)\)", built.stderr)
        if built.returncode or len(found) != len(names):
            sys.exit(built.stderr)
        programs.update(zip(names, found))
    return programs


def failure(programs, program, tests, number):
    """What the tests say with one bug; none if they pass."""
    settings = {**os.environ, "PLANT": str(number), "SIMULATIONS": SIMULATIONS, "RUST_BACKTRACE": "0"}
    command = [programs[program], tests]
    ran = subprocess.run(command, cwd=COPY, env=settings, capture_output=True, text=True, check=False)
    said = re.search(r"SEED=\d+.*|no seed reached.*|test .* FAILED", ran.stdout + ran.stderr)
    return None if ran.returncode == 0 else said[0] if said else ran.stdout + ran.stderr


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    copy()
    plant(COPY)
    programs = build()
    for _, _, program, tests in {tuple(suite(name)) for name, *_ in BUGS}:
        sound = failure(programs, program, tests, 0)
        if sound:
            sys.exit(f"fails without a bug: {sound}")
    missed = 0
    for number, (name, what, _, _) in enumerate(BUGS, 1):
        told = failure(programs, *suite(name)[2:], number)
        missed += told is None
        print(f"{number:>2} {name}: {what}: {told or 'NOT CAUGHT'}", flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
