//! The whole instrument under the cases it must survive: the binary as scripts see it, brokers of our own.
//!
//! One crate, so that it links once. Tests that need `redis-server` or `nats-server` fail without them.

mod access;
mod calibration;
mod causes;
mod certificate;
mod crash;
mod disks;
mod ends;
mod exits;
mod faults;
mod foreign;
mod harness;
mod kept;
mod kicked;
mod leftovers;
mod mid_fault;
mod network;
mod no_scenario;
mod output;
mod pair;
mod patience;
mod plug;
mod preflight;
mod proxied;
mod reclaim;
mod reconnect;
mod record;
mod refused;
mod remains;
mod repeat;
mod rights;
mod routes;
mod search;
mod secrets;
mod served;
mod shared_prefix;
mod signals;
mod site;
mod slow_consumer;
mod start;
mod stop;
mod struck;
mod wire_nats;
mod wire_redis;
mod witness;
