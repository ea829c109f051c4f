//! Where servers are and how to get in.
//!
//! A URL becomes an [`Endpoint`] once, where it was written; from there on nobody handles text that may hold a
//! password.

mod access;
mod beside;
mod context;
mod exposed;
mod given;
mod parts;
mod secret;
mod url;

pub use access::{Access, Certificates, Identity, Tls};
pub use beside::{Beside, BesideError, Purpose};
pub use context::{Context, ContextError};
pub use exposed::Exposed;
pub use given::GivenUrl;
pub use parts::{from_parts, is_off};
pub use secret::Secret;
pub use url::{Endpoint, Server, UrlError, scheme, shown};
