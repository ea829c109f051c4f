//! Tells others how a run gets on while it goes on, over HTTP: its figures in the text format of Prometheus, and a page
//! with what happens as it happens. The page itself comes from whoever starts the server.
//!
//! Whoever asks is answered from a thread of its own, out of what generators and probes have left in sight; neither
//! they nor the control thread wait for a reader. Nothing here is recorded, and no verdict rests on it.

mod answers;
mod events;
mod exposition;
mod figures;
mod samples;
mod scrapes;
mod server;
mod telling;

pub use events::Ended;
pub use figures::Figures;
pub use server::Server;
pub use telling::Telling;
