//! The API by hand over real sockets.

use testkit::Program;
use testkit::http::{self, Connection, ask, get, request};

testkit::http_tests!("items_api_on_sockets");

/// Every answer, with the headers without which nobody could read it.
#[test]
fn every_answer() {
    let server = Program::server("items_api_on_sockets");
    let not_found = r#"{"detail":"Not Found"}"#;
    let unknown = r#"{"error":"Item not found"}"#;
    for (method, path, status, body) in [
        ("GET", "/", 200, r#"{"message":"Ola, API!"}"#),
        ("GET", "/?a=b", 200, r#"{"message":"Ola, API!"}"#),
        ("GET", "/items/1", 200, r#"{"name":"Laptop","price":1200}"#),
        ("GET", "/items/2", 200, r#"{"name":"Mouse","price":50}"#),
        ("GET", "/items/99", 404, unknown),
        ("GET", "/items/-1", 404, unknown),
        ("GET", "/items/abc", 404, not_found),
        ("GET", "/items/", 404, not_found),
        ("GET", "/items/%FF", 404, not_found),
        ("GET", "/nope", 404, not_found),
        ("POST", "/nope", 404, not_found),
        (
            "POST",
            "/items/1",
            405,
            r#"{"detail":"Method Not Allowed"}"#,
        ),
        ("BANANA", "/", 405, r#"{"detail":"Method Not Allowed"}"#),
    ] {
        let response = ask(server.address(), request(method, path, "", ""));
        assert_eq!(response.status, status, "{method} {path}");
        assert_eq!(response.body, body, "{method} {path}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(response.header("allow"), Some("GET, HEAD"));
    }
}

#[test]
fn versions_of_http() {
    let server = Program::server("items_api_on_sockets");
    for (version, status) in [("1.0", 200), ("1.1", 200), ("2", 400)] {
        let request = format!("GET / HTTP/{version}\r\nHost: x\r\n\r\n");
        let response = ask(server.address(), request);
        assert_eq!(response.status, status, "{version}");
    }
}

#[test]
fn half_close() {
    http::half_close(&Program::server("items_api_on_sockets"));
}

/// It answers once, says so, and closes.
#[test]
fn one_answer_for_each_connection() {
    let server = Program::server("items_api_on_sockets");
    let mut connection = Connection::open(server.address());
    connection.send(request("GET", "/items/1", "", "").repeat(2));
    let response = connection.response().expect("an answer");
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(connection.response(), None);
}

/// The answer comes before the server has read the whole body: closing then
/// must not take it from the client.
#[test]
fn answer_survives_a_long_request() {
    let server = Program::server("items_api_on_sockets");
    let body = "x".repeat(8 << 20);
    for _ in 0..5 {
        let mut connection = Connection::open(server.address());
        connection.send(request("POST", "/items/1", "", &body));
        assert_eq!(connection.response().expect("an answer").status, 405);
        assert_eq!(connection.response(), None);
    }
}

/// Lines that end as `nc` sends them.
#[test]
fn typed_by_hand() {
    let server = Program::server("items_api_on_sockets");
    let typed = "GET /items/2 HTTP/1.1\nHost: eu\n\n";
    let response = ask(server.address(), typed);
    assert_eq!(response.body, r#"{"name":"Mouse","price":50}"#);
    // Each client has its thread, which tells of it after the answer.
    assert_eq!(server.wait_for_lines(2)[1], "GET /items/2 → 200 OK");
    assert_eq!(get(server.address(), "/").status, 200);
    assert_eq!(server.wait_for_lines(3)[2], "GET / → 200 OK");
}

/// Silence and a request that never ends: neither keeps a thread for ever.
#[test]
fn time_is_limited() {
    let server = Program::server("items_api_on_sockets");
    let mut silent = Connection::open(server.address());
    let mut stuck = Connection::open(server.address());
    stuck.send("GET / HTTP/1.1\r\n");
    assert_eq!(silent.response(), None);
    assert_eq!(stuck.response(), None);
}
