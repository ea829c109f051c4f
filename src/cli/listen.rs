//! Where to listen, as flags take it.

use std::net::SocketAddr;

/// Who can reach what is served where no host is named.
const OURSELVES: &str = "127.0.0.1";

/// A port that is free, of this machine alone.
pub const ANY_PORT: &str = "127.0.0.1:0";

/// `9464`, `:9464`, `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`, as `HOST:PORT`.
pub fn address(text: &str) -> Result<String, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(format!("{OURSELVES}:{port}"));
    }
    let named = |(host, port): (&str, &str)| {
        !host.is_empty() && !host.contains([':', '/', '[', ' ']) && port.parse::<u16>().is_ok()
    };
    if text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(named) {
        return Ok(text.to_owned());
    }
    Err("neither a port nor HOST:PORT, for example 9464 or 127.0.0.1:9464".to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_port_alone_is_one_of_this_machine_alone() {
        for port in ["9464", ":9464"] {
            assert_eq!(address(port).as_deref(), Ok("127.0.0.1:9464"));
        }
    }

    #[test]
    fn a_host_is_taken_as_it_is() {
        for given in ["0.0.0.0:1", "[::1]:9464", "localhost:0", "127.0.0.1:9464"] {
            assert_eq!(address(given).as_deref(), Ok(given));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for given in
            ["", ":", "localhost", "localhost:", "a:b", "1:2:3", "70000", "http://h:1", "h:70000", "[::1]"]
        {
            assert!(address(given).is_err(), "{given}");
        }
    }
}
