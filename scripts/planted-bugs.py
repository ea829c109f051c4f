#!/usr/bin/env python3
"""Plants bugs in the sources, and sees that the simulation catches each.

A copy of the sources gets all of them, each behind a number in the environment; it is built once, in the same build
tree, and its simulation run with each number. Without a number it must pass. The checkout is not touched.
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
    ("src/load/account.rs", "a break makes unknown what a worker has",
     "self.ledger.is_delivered(number))", "(self.ledger.is_delivered(number) && !planted!))"),
    ("src/load/account.rs", "a timeout counts from the send",
     "times.intended_ns + self.timeout_ns",
     "(if planted! { times.sent_ns } else { times.intended_ns }) + self.timeout_ns"),
    ("src/load/account.rs", "a forged number puts others out of order",
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
     "if connections == 1 { 0 }", "if connections == 1 || planted! { 0 }"),
    ("src/load/book.rs", "the first acknowledgement of a batch is forgotten",
     "sequences.for_each(|sequence| account.accepted",
     "sequences.skip(usize::from(planted!)).for_each(|sequence| account.accepted"),
    ("src/mailbox.rs", "what is parked is told to the first generator",
     "            Self::Received { sequence, .. }\n",
     "            Self::Parked { .. } if planted! => 0,\n            Self::Received { sequence, .. }\n"),
    ("src/worker/at_once.rs", "a parked request is scored",
     "if delivery.parked {", "if delivery.parked && !planted! {"),
    ("src/worker/at_once.rs", "a request is acknowledged without its result",
     "body: Some(body), receipt", "body: (!planted!).then_some(body), receipt"),
]


def plant():
    """Makes the copy, with all bugs in it."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    clock = COPY / "src/clock.rs"
    clock.write_text(clock.read_text() + SWITCH)
    for number, (name, what, sound, wrong) in enumerate(BUGS, 1):
        text = (COPY / name).read_text()
        if text.count(sound) != 1:
            sys.exit(f"{name}: not once `{sound}`, where “{what}” is to be planted")
        (COPY / name).write_text(text.replace(sound, wrong.replace("planted!", f"crate::clock::planted({number})")))


def build():
    """Builds the copy's simulation; its path."""
    command = ["cargo", "test", "--release", "--locked", "--test", "simulation", "--no-run"]
    tree = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    built = subprocess.run(command, cwd=COPY, env=tree, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Executable .*\((.*)\)", built.stderr)
    if built.returncode or not found:
        sys.exit(built.stderr)
    return found[1]


def failure(simulation, number):
    """What the simulation says with one bug; none if it passes."""
    settings = {**os.environ, "PLANT": str(number), "SIMULATIONS": SIMULATIONS, "RUST_BACKTRACE": "0"}
    ran = subprocess.run([simulation, "every_run"], env=settings, capture_output=True, text=True, check=False)
    said = re.search(r"SEED=\d+.*|no seed reached.*", ran.stdout + ran.stderr)
    return None if ran.returncode == 0 else said[0] if said else ran.stdout + ran.stderr


def main():
    plant()
    simulation = build()
    sound = failure(simulation, 0)
    if sound:
        sys.exit(f"fails without a bug: {sound}")
    missed = 0
    for number, (name, what, _, _) in enumerate(BUGS, 1):
        told = failure(simulation, number)
        missed += told is None
        print(f"{number:>2} {name}: {what}: {told or 'NOT CAUGHT'}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
