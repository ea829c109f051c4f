//! A password or token. It can't be printed or serialized, so it can't get into a log or a record by mistake.

/// Text that only [`Secret::expose`] gives out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the server that asks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
