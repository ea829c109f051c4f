//! Processes of our own: started, signalled, ended and started again; dead when the harness is.
//!
//! Only what was started here is ever signalled.

mod child;
mod parent;
mod threads;
mod usage;
mod variables;

pub use child::{Mount, Process, Recipe, Talk};
pub use parent::Parent;
pub use threads::{ThreadUsage, own_threads};
pub use usage::{Usage, own_usage};
pub use variables::Variables;
