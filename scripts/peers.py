#!/usr/bin/env python3
"""Weighbridge against tools that measure nothing: the same work on the same machine, taken in turn.

Each round runs the yardstick, the client library alone where there is a program for it, and Weighbridge, in
an order that is reversed every round, each on a fresh server. Printed are the ratios of Weighbridge to the
others: min, median and max over the rounds. Needs what `make peers` builds or installs.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BODY_BYTES = 256
# The guide's other fields take 235 bytes on average; with this description a body has 256.
DESCRIPTION_BYTES = 21
SUBJECT = "prioritization.request.A"
WINDOW_S = 3


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server of our own, in a temporary directory, that ends with the measurement."""

    def __init__(self, command, port):
        self.port = port
        self.folder = tempfile.TemporaryDirectory(prefix="weighbridge-peers-")
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 5
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    sys.exit(f"{command[0]} does not listen after 5 s")
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def nats_server():
    port = free_port()
    program = os.environ.get("NATS_SERVER", os.path.expanduser("~/.cache/weighbridge/bin/nats-server"))
    return Server([program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", "jetstream"], port)


def redis_server():
    port = free_port()
    return Server(["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"], port)


def output(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def figure(command, name):
    return float(json.loads(output(command))[name])


def natspeer(mode, messages, name):
    def run():
        with nats_server() as server:
            url = f"nats://127.0.0.1:{server.port}"
            program = os.path.join(ROOT, "target/peers/natspeer")
            command = [program, "-s", url, "-mode", mode, "-n", str(messages), "-size", str(BODY_BYTES)]
            return figure(command, name)

    return run


def alone(mode, messages, name):
    def run():
        with nats_server() as server:
            url = f"nats://127.0.0.1:{server.port}"
            program = os.path.join(ROOT, "target/release/examples/async_nats_alone")
            command = [program, "-s", url, "--mode", mode, "-n", str(messages), "--subject", SUBJECT]
            return figure(command, name)

    return run


def redis_benchmark(messages, *command):
    def run():
        with redis_server() as server:
            arguments = ["-p", str(server.port), "--csv", "-P", "64", "-c", "1", "-n", str(messages)]
            last = output(["redis-benchmark", *arguments, *command, "x" * BODY_BYTES]).strip().splitlines()[-1]
            # The name of the test, which has no comma, then the requests a second.
            return float(last.split(",")[1].strip('"'))

    return run


def weighbridge(transport, path, **settings):
    def run():
        with tempfile.TemporaryDirectory(prefix="weighbridge-peers-") as folder:
            program = os.path.join(ROOT, "target/release/weighbridge")
            command = [program, "run", "throughput", "--transport", transport, "--json", "--quiet", "--out", folder]
            command += ["--warmup", "500ms", "--duration", f"{WINDOW_S}s"]
            settings_of_all = {
                "payload.description_bytes": DESCRIPTION_BYTES,
                "payload.categories": "{ A = 1 }",
                "load.cooldown": "0s",
            }
            for key, value in (settings_of_all | settings).items():
                command += ["--set", f"{key}={value}"]
            trial = json.loads(output(command))["trials"][0]
            ledger = trial["ledger"]
            if not trial["valid"] or ledger["lost"] or trial["errors"]:
                sys.exit(f"{' '.join(command)}\nlost {ledger['lost']}, {trial['doubts']}, {trial['errors']}")
            value = trial
            for key in path.split("."):
                value = value[key]
            return float(value)

    return run


PUBLISH_ONLY = {"workers.count": 0}
ONE_TAKER = {"workers.count": 1, "workers.results": "false", "load.max_in_flight": 16384}

# Work, unit, whether more is better, target against the yardstick, and the programs in turn.
ROWS = [
    (
        "NATS core, 1 -> 1", "messages/s", True, 1.0,
        natspeer("pubsub", 2_500_000, "delivered_per_s"),
        alone("pubsub", 2_500_000, "delivered_per_s"),
        weighbridge("nats-core", "rates.delivered_per_s", **ONE_TAKER),
    ),
    (
        "NATS core, publish only", "messages/s", True, 0.9,
        natspeer("pub", 8_000_000, "published_per_s"),
        alone("pub", 6_000_000, "published_per_s"),
        weighbridge(
            "nats-core", "rates.accepted_per_s",
            **PUBLISH_ONLY, **{"load.max_in_flight": 65536, "load.generators": 2, "load.batch": 1000},
        ),
    ),
    (
        "JetStream publish, window 256", "messages/s", True, 1.0,
        natspeer("js", 400_000, "acknowledged_per_s"),
        alone("js", 400_000, "acknowledged_per_s"),
        weighbridge(
            "nats-jetstream", "rates.accepted_per_s",
            **PUBLISH_ONLY, **{"load.max_in_flight": 256, "brokers.durability": "os"},
        ),
    ),
    (
        "Redis PUBLISH, 64 in flight", "requests/s", True, 0.9,
        redis_benchmark(1_500_000, "PUBLISH", SUBJECT),
        None,
        weighbridge("redis-pubsub", "rates.accepted_per_s", **PUBLISH_ONLY, **{"load.max_in_flight": 64}),
    ),
    (
        "Redis XADD, 64 in flight", "requests/s", True, 0.9,
        redis_benchmark(800_000, "XADD", "prioritization.request", "*", "subject", SUBJECT, "data"),
        None,
        weighbridge("redis-streams", "rates.accepted_per_s", **PUBLISH_ONLY, **{"load.max_in_flight": 64}),
    ),
    (
        "NATS request, one at a time", "ns p50", False, 1.1,
        natspeer("rtt", 15_000, "rtt_ns_p50"),
        alone("rtt", 15_000, "rtt_ns_p50"),
        weighbridge(
            "nats-request", "latency_ns.turnaround.p50",
            **{"load.executor": "closed-loop", "load.in_flight": 1, "load.max_in_flight": 1, "workers.count": 1},
        ),
    ),
]


def progress(text):
    """One line that overwrites itself, for people who watch."""
    if sys.stderr.isatty():
        print(f"{text:<70}", file=sys.stderr, end="\r")


def spread(ratios):
    return f"{min(ratios):.2f} / {statistics.median(ratios):.2f} / {max(ratios):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, at least 5 for figures to quote (default 5)")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    arguments = parser.parse_args()
    print("| Work | Yardstick, median | Client alone, median | Weighbridge, median |", end="")
    print(" to yardstick, min / median / max | to client alone | target | met |")
    print("|---|---|---|---|---|---|---|---|")
    unmet = []
    for name, unit, more_is_better, target, *programs in ROWS:
        if arguments.only not in name:
            continue
        taken = [[] for _ in programs]
        for round_number in range(arguments.rounds):
            order = [index for index, program in enumerate(programs) if program]
            for index in order if round_number % 2 == 0 else reversed(order):
                progress(f"{name}: round {round_number + 1} of {arguments.rounds}")
                taken[index].append(programs[index]())
        progress("")
        yardstick, client, ours = taken
        to_yardstick = [mine / other for mine, other in zip(ours, yardstick)]
        to_client = [mine / other for mine, other in zip(ours, client)]
        ratio = statistics.median(ours) / statistics.median(yardstick)
        met = ratio >= target if more_is_better else ratio <= target
        verdict = "yes" if met else "no"
        if not met and client:
            # The library is the limit where we are within 5 % of what it can do by itself.
            limit = statistics.median(ours) / statistics.median(client)
            at_limit = limit >= 0.95 if more_is_better else limit <= 1.05
            verdict = f"{'the client is the limit' if at_limit else 'no'}: {limit:.2f} of it"
            met = at_limit
        if not met:
            unmet.append(name)
        shown = [f"{statistics.median(values):,.0f}".replace(",", " ") if values else "" for values in taken]
        sign = "at least" if more_is_better else "at most"
        print(
            f"| {name} ({unit}) | {shown[0]} | {shown[1]} | {shown[2]} | {ratio:.2f} ({spread(to_yardstick)}) |"
            f" {spread(to_client) if to_client else ''} | {sign} {target} | {verdict} |",
            flush=True,
        )
    if unmet:
        print(f"not met: {', '.join(unmet)}", file=sys.stderr)
    return 1 if unmet else 0


if __name__ == "__main__":
    sys.exit(main())
