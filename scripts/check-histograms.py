#!/usr/bin/env python3
"""Reads a report folder with another implementation of HdrHistogram than the one that wrote it.

    python3 -m venv /tmp/hdr && /tmp/hdr/bin/pip install hdrhistogram
    /tmp/hdr/bin/python scripts/check-histograms.py reports/latest

Checks that every histogram of result.json decodes to its recorded count, minimum, maximum and
percentiles, that every .hlog is read whole, and that every .hgrm ends at the recorded count. Exits 1 and
says what differs if something does.

Percentiles are counted out here, because the package rounds the rank of a percentile to the nearest
(99 % of 1998 samples: the 1978th), while this project, like the Java library, rounds it up (the 1979th).
"""

import json
import math
import pathlib
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "p9999": 0.9999}
LOWEST_NS, HIGHEST_NS, DIGITS = 64, 3_600_000_000_000, 3


def value_at_quantile(histogram, quantile):
    # A hair less, so that 0.99 of 1000 is 990 and not 991 by rounding.
    rank = max(1, math.ceil(quantile * histogram.total_count - 1e-6))
    seen = 0
    for step in histogram.get_recorded_iterator():
        seen += step.count_at_value_iterated_to
        if seen >= rank:
            return histogram.get_highest_equivalent_value(step.value_iterated_to)
    return 0


def check_summary(place, summary, faults):
    histogram = HdrHistogram.decode(summary["histogram"])
    found = {"count": histogram.total_count}
    if summary["count"]:
        found["min"] = histogram.get_min_value()
        found["max"] = histogram.get_max_value()
    for name, quantile in QUANTILES.items():
        if summary.get(name) is not None:
            found[name] = value_at_quantile(histogram, quantile)
    for name, value in found.items():
        if summary[name] != value:
            faults.append(f"{place}: {name} is recorded as {summary[name]}, decoded as {value}")


def intervals(path):
    reader = HistogramLogReader(str(path), HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS))
    while (histogram := reader.get_next_interval_histogram()) is not None:
        yield histogram


def check_trial(folder, trial, faults):
    name = f"{trial['order']:02}-{trial['transport']}-r{trial['repetition']}"
    checked = 0
    for stage, summary in trial["latency_ns"].items():
        if summary:
            check_summary(f"{name} {stage}", summary, faults)
            checked += 1
    recorded = [row["turnaround"]["count"] for row in trial["series"] if row["turnaround"]]
    for log in folder.glob(f"{name}*.hlog"):
        counts = [histogram.total_count for histogram in intervals(log)]
        if counts != recorded:
            faults.append(f"{log.name}: {sum(counts)} samples in {len(counts)} intervals, "
                          f"recorded {sum(recorded)} in {len(recorded)}")
        checked += len(counts)
    for table in folder.glob(f"{name}*.hgrm"):
        rows = [line.split() for line in table.read_text().splitlines()[2:] if not line.startswith("#")]
        summary = trial["latency_ns"]["turnaround"] or trial["latency_ns"]["delivery"]
        if int(rows[-1][2]) != summary["count"]:
            faults.append(f"{table.name}: ends at {rows[-1][2]} samples, recorded {summary['count']}")
        checked += 1
    return checked


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    result = json.loads((folder / "result.json").read_text())
    faults = []
    checked = sum(check_trial(folder, trial, faults) for trial in result["trials"])
    for fault in faults:
        print(fault)
    print(f"{checked} histograms of {len(result['trials'])} trials, {len(faults)} differences")
    sys.exit(1 if faults or not checked else 0)


if __name__ == "__main__":
    main()
