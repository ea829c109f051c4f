#!/usr/bin/env bash
# Measures every scenario anew, with short windows and few points, and keeps the records as the tests'
# fixtures: tests/data/results/<scenario>.json.gz. Takes about two minutes.
#
# The figures mean nothing. What counts is that each record has the shape that its scenario gives, and that
# the loads are low enough to be sent in time on a busy machine.
# WEIGHBRIDGE names the binary, FIXTURES another folder. Exit codes: 0 all are renewed, 1 one is not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly weighbridge=${WEIGHBRIDGE:-target/release/weighbridge}
readonly kept=${FIXTURES:-tests/data/results}
# 0 good, 99 a threshold failed, 100 the machine was too busy for a valid trial: records all the same.
readonly recorded=' 0 99 100 '

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$kept"

# renew VERB SCENARIO CHANGES...
renew() {
    local verb=$1 scenario=$2 code=0
    shift 2
    "$weighbridge" "$verb" "$scenario" --seed 42 --measure-again 1 --quiet --json --out "$scratch" "$@" \
        >"$scratch/result.json" 2>"$scratch/errors" || code=$?
    if [[ $recorded != *" $code "* ]]; then
        cat "$scratch/errors" >&2
        printf 'renew-fixtures: %s: exit code %s\n' "$scenario" "$code" >&2
        exit 1
    fi
    # Without the name and time that gzip would put in, so that the same record gives the same file.
    gzip -9 --no-name --stdout "$scratch/result.json" >"$kept/$scenario.json.gz"
    printf '%s\t%s bytes\texit code %s\n' "$scenario" "$(stat -c %s "$kept/$scenario.json.gz")" "$code"
}

# Requests take some time at the workers, because lateness is judged against latency: see METHODOLOGY.md.
# Thresholds ask for percentiles that so few samples can give, but in request-reply, where they fail. Two of
# the runs are repeated, for what is drawn and judged over repetitions.
readonly slow=(--set workers.service_time=20ms)
renew run baseline-latency --set workers.service_time=50ms --repeat 3 --rate 400 --warmup 200ms --duration 700ms \
    --set 'thresholds={"send_lag.p50"="< 5ms","ledger.lost"="== 0"}' \
    --transport in-process --transport redis-pubsub --transport nats-core
renew run batching --warmup 100ms --duration 400ms --set 'sweep.load.batch=[1,100]'
renew run guide-batch --warmup 100ms --duration 900ms
renew run guide-pool --warmup 100ms --duration 400ms --rate 1000 --transport redis-streams --transport nats-request
renew run linger --warmup 100ms --duration 400ms --rate 1000 --set 'sweep.load.linger=["0s","20ms"]' \
    --transport redis-pubsub --transport nats-jetstream
renew search capacity "${slow[@]}" --low 300 --high 1200 --precision 0.4 --warmup 100ms --duration 500ms \
    --set 'thresholds={"turnaround.p90"="< 200ms","ledger.lost"="== 0"}' \
    --set search.confirm=500ms --set load.drain=500ms --transport nats-core --transport redis-streams
renew run connection-pool --warmup 100ms --duration 400ms --set 'sweep.load.connections=[1,4]'
renew run durability-tiers "${slow[@]}" --rate 200 --warmup 100ms --duration 1200ms
renew run hockey-stick --warmup 100ms --duration 500ms --set load.drain=500ms \
    --set 'sweep.load.rate=[200,500,1000,2000]' \
    --transport redis-pubsub --transport redis-streams --transport nats-core
renew run payload-sizes "${slow[@]}" --rate 100 --warmup 100ms --duration 400ms \
    --set 'sweep.payload.description_bytes=[64,65536]' \
    --transport in-process --transport redis-pubsub --transport nats-core --transport nats-jetstream
renew run quickstart "${slow[@]}" --rate 600 --warmup 300ms --duration 2s
renew run redelivery-storm --warmup 100ms --duration 3s --set load.drain=6s
renew run request-reply "${slow[@]}" --repeat 3 --warmup 200ms --duration 600ms
renew run soak --rate 300 --warmup 200ms --duration 3s \
    --set 'thresholds={"turnaround.p90"="< 100ms","ledger.lost"="== 0"}'
renew run spike "${slow[@]}" --warmup 200ms --set workers.concurrency=64 --set load.start_rate=100 \
    --set 'load.stages=[{target=100,duration="600ms"},{target=800,duration="100ms"},
    {target=800,duration="700ms"},{target=100,duration="100ms"},{target=100,duration="1s"}]'
# Three repetitions: what a setting costs is told over pairs.
for scenario in auth-overhead auth-overhead-nats tls-connects tls-overhead; do
    renew run "$scenario" --repeat 3 --rate 400 --warmup 100ms --duration 500ms --transport nats-core \
        --transport nats-jetstream "${slow[@]}"
done
renew run throughput --warmup 100ms --duration 400ms --set load.max_in_flight=64
renew run workers-scaling --warmup 100ms --duration 400ms --set load.max_in_flight=64 \
    --set 'sweep.workers.count=[1,4]'

# Routes: short stages, each long enough for whole intervals.
readonly route=(--rate 400 --warmup 100ms --duration 2s --set load.drain=6s)
renew run cutover "${route[@]}" --set route.at=500ms --set route.back_at=1s
renew run dual-publish "${route[@]}"
renew run gradual-migration "${route[@]}" \
    --set 'route.stages=[{percent=0,duration="500ms"},{percent=10,duration="500ms"},{percent=100,duration="1s"}]'
renew run migration "${route[@]}" \
    --set 'route.stages=[{percent=0,duration="500ms"},{both=true,duration="500ms"},{percent=50,duration="1s"}]'
# Faults: a record of each kind of page that only they have.
renew run broker-kill --warmup 200ms --duration 4s --set load.drain=6s --set load.timeout=2s \
    --set 'faults=[{action="kill-broker",at="1s",down_for="500ms"}]' \
    --transport redis-pubsub --transport redis-streams --transport nats-jetstream
