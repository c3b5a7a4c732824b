//! Who may start programs: only pages of this book, opened on this machine.
//!
//! Another page that is open in the same browser can send requests here too.
//! It is told apart by its `Origin`; one whose name was made to mean this
//! machine (DNS rebinding), by its `Host`; and neither of them can read the
//! token, which is another one in each run.

use axum::http::{HeaderMap, header};

/// What a request must show.
pub struct Access {
    token: String,
}

impl Access {
    /// With a new token.
    pub fn new() -> Access {
        Access {
            token: format!("{:032x}", rand::random::<u128>()),
        }
    }

    /// The token, for a page of this book.
    pub fn token(&self, headers: &HeaderMap) -> Option<&str> {
        is_addressed_to_this_machine(headers).then_some(&self.token)
    }

    /// Whether a page of this book asks, with the token of this run.
    pub fn allows(&self, headers: &HeaderMap, token: &str) -> bool {
        let origin = value(headers, header::ORIGIN);
        let own =
            value(headers, header::HOST).map(|host| format!("http://{host}"));
        is_addressed_to_this_machine(headers)
            && origin.is_some()
            && origin == own.as_deref()
            && token == self.token
    }
}

/// Whether the request names this machine as browsers do, whatever the port: a
/// tunnel can have another one.
fn is_addressed_to_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = value(headers, header::HOST) else {
        return false;
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
        && port.chars().all(|digit| digit.is_ascii_digit())
}

fn value(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, text) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if !text.is_empty() {
                headers.insert(name, text.parse().expect("a header"));
            }
        }
        headers
    }

    #[test]
    fn only_pages_of_this_book_with_the_token() {
        let access = Access::new();
        let token = access.token.clone();
        for (host, origin, allowed) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000", true),
            ("localhost:3000", "http://localhost:3000", true),
            ("[::1]:3000", "http://[::1]:3000", true),
            ("localhost", "http://localhost", true),
            // Another page, also one of this machine.
            ("127.0.0.1:3000", "http://127.0.0.1:8080", false),
            ("127.0.0.1:3000", "http://localhost:3000", false),
            ("127.0.0.1:3000", "https://127.0.0.1:3000", false),
            ("127.0.0.1:3000", "null", false),
            ("127.0.0.1:3000", "", false),
            // A name that was made to mean this machine.
            ("mal.example:3000", "http://mal.example:3000", false),
            ("127.0.0.1.example", "http://127.0.0.1.example", false),
            ("localhost:3000@mal.example", "http://localhost:3000", false),
            ("", "http://127.0.0.1:3000", false),
        ] {
            let headers = headers(host, origin);
            assert_eq!(
                access.allows(&headers, &token),
                allowed,
                "{host} {origin}"
            );
            assert!(!access.allows(&headers, ""), "{host} {origin}");
            assert!(!access.allows(&headers, &token[1..]), "{host} {origin}");
        }
    }

    #[test]
    fn the_token_goes_to_this_machine_only_and_changes() {
        let access = Access::new();
        let here = headers("127.0.0.1:3000", "");
        assert_eq!(access.token(&here), Some(access.token.as_str()));
        assert_eq!(access.token(&headers("mal.example", "")), None);
        assert_ne!(access.token, Access::new().token);
    }

    #[test]
    fn two_hosts_are_none() {
        let mut headers = headers("127.0.0.1:3000", "http://127.0.0.1:3000");
        let other = "mal.example".parse().expect("a header");
        headers.append(header::HOST, other);
        let access = Access::new();
        assert!(!access.allows(&headers, &access.token));
    }
}
