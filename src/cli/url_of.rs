//! The parser of a server's URL: keeps the text as it is, and whether a flag or the environment gave it.
//!
//! Whoever needs the server reads the URL, and can then say where a mistake was made.

use std::ffi::OsStr;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};

use weighbridge_plan::endpoint::GivenUrl;
use weighbridge_record::terms::BrokerKind;

#[derive(Clone)]
pub(super) struct UrlOf(pub BrokerKind);

impl TypedValueParser for UrlOf {
    type Value = GivenUrl;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<GivenUrl, Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<GivenUrl, Error> {
        let text = StringValueParser::new().parse_ref(command, arg, value)?;
        Ok(match source {
            ValueSource::EnvVariable => GivenUrl::by_variable(self.0, text),
            _ => GivenUrl::by_flag(self.0, text),
        })
    }
}
