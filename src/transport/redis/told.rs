//! Errors of commands among the troubles, with what the server refuses told from the rest.

use redis::RedisError;

use crate::connect::redis::{is_refusal, plain};
use crate::transport::error::TransportError;
use crate::transport::troubles::Troubles;

/// Notes that `what` failed.
pub(super) fn tell(troubles: &Troubles, what: &'static str, error: &RedisError) {
    let told = TransportError::failed(what, plain(error));
    if is_refusal(error.code()) { troubles.refused(&told) } else { troubles.note(&told) }
}
