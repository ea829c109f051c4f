//! From a scenario file to a [`Plan`](crate::plan::Plan): finds it, reads it, refuses nonsense, explains it.
pub mod document;
pub mod duration;
