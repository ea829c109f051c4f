//! What survives a power failure: a table of cases, on the model and on a real mount alike; chance cases against a
//! naive account; programs and brokers on a mount.

mod cases;
mod chance;
mod disk;
mod mounted;
mod naive;
