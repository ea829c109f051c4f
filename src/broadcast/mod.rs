//! Tells others how a run gets on while it goes on: its figures over HTTP, in the text format of Prometheus.
//!
//! Whoever asks is answered from a thread of its own, out of what generators and probes have left in sight; neither
//! they nor the control thread wait for a reader. Nothing here is recorded, and no verdict rests on it.

mod exposition;
mod figures;
mod scrapes;
mod server;
mod telling;

pub use figures::Figures;
pub use server::Server;
pub use telling::Telling;
