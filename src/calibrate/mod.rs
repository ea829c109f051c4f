//! The instrument against known answers.

mod theory;
