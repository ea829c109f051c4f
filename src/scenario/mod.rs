//! From a scenario file to a [`Plan`](crate::plan::Plan): finds it, reads it, refuses nonsense, explains it.
pub mod document;
pub mod duration;
pub mod error;
pub mod nearest;
pub mod pattern;
pub mod structure;
pub mod wire;
