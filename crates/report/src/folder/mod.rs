//! The folder of a run: opened aside when the run begins, grown trial by trial, renamed when whole, and read back.
//!
//! ```text
//! Draft::open -> keep, a trial at a time -> settle: record, then pages, then the name
//!                  |                          ^
//!                  v  killed                  |
//!                left: journal ---> make_whole
//! ```
//!
//! A reader never sees half a report: until the rename there is only a hidden `.<name>.partial-<pid>`.
//! What stands in the files is decided elsewhere.

mod draft;
mod files;
mod journal;
mod left;
mod name;
mod pages;
mod probe;
mod read;
mod settle;

pub use draft::{Draft, write};
pub(crate) use files::failed;
pub use files::replace;
pub use left::{Left, is_unfinished, left, make_whole};
pub(crate) use name::began;
pub use pages::{Undrawn, rerender};
pub use probe::probe;
pub use read::{beside, is_record_of, read};
pub use settle::Written;
