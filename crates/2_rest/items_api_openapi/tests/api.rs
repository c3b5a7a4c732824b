//! The API with every verb over real sockets, from its own document, and its
//! documentation in a real browser.

use std::time::Duration;

use testkit::http::{self, Connection, Response, ask, get, request};
use testkit::{Browser, Program, peer};

testkit::http_tests!("items_api_openapi");

const JSON: &str = "Content-Type: application/json\r\n";

fn send(server: &Program, method: &str, path: &str, body: &str) -> Response {
    ask(server.address(), request(method, path, JSON, body))
}

#[test]
fn every_verb() {
    let server = Program::server("items_api_openapi");
    let keyboard = r#"{"name":"Teclado","price":80}"#;
    let created = send(&server, "POST", "/items", keyboard);
    assert_eq!((created.status, created.body.as_str()), (201, keyboard));
    assert_eq!(created.header("location"), Some("/items/3"));
    assert_eq!(get(server.address(), "/items/3").body, keyboard);

    let cheaper = r#"{"name":"Teclado","price":0}"#;
    let replaced = send(&server, "PUT", "/items/3", cheaper);
    assert_eq!((replaced.status, replaced.body.as_str()), (200, cheaper));
    assert_eq!(get(server.address(), "/items/3").body, cheaper);

    let deleted = send(&server, "DELETE", "/items/3", "");
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    for (method, body) in [("GET", ""), ("PUT", cheaper), ("DELETE", "")] {
        let gone = send(&server, method, "/items/3", body);
        assert_eq!(gone.status, 404, "{method}");
        assert_eq!(gone.body, r#"{"error":"Item not found"}"#);
    }

    // The address of what is gone never becomes another item's.
    let again = send(&server, "POST", "/items", keyboard);
    assert_eq!(again.header("location"), Some("/items/4"));
}

#[test]
fn names_are_taken_once() {
    let server = Program::server("items_api_openapi");
    let mouse = r#"{"name":"Mouse","price":1}"#;
    for (method, path) in [("POST", "/items"), ("PUT", "/items/1")] {
        let response = send(&server, method, path, mouse);
        assert_eq!(response.status, 409, "{method}");
        assert_eq!(response.body, r#"{"error":"Another item has this name"}"#);
    }
    // But an item may keep its own.
    assert_eq!(send(&server, "PUT", "/items/2", mouse).status, 200);
}

/// What is wrong is said, and where: the field's name is in each answer.
#[test]
fn invalid_bodies() {
    let server = Program::server("items_api_openapi");
    for (body, status, message) in [
        (r#"{"name":"a","price":-1}"#, 422, "price: invalid value"),
        (
            r#"{"name":"a","price":"1"}"#,
            422,
            "price: invalid type: string",
        ),
        (
            r#"{"name":"a","price":1.5}"#,
            422,
            "price: invalid type: float",
        ),
        (r#"{"name":"a","price":65536}"#, 422, "price: invalid value"),
        (
            r#"{"name":5,"price":1}"#,
            422,
            "name: invalid type: integer",
        ),
        (r#"{"price":1}"#, 422, "missing field `name`"),
        (r#"{"name":"a"}"#, 422, "missing field `price`"),
        ("5", 422, "expected struct Item"),
        (r#"{"name":"a","#, 400, "column 12"),
        (r#"{"name":"a","price":1}}"#, 400, "trailing characters"),
        ("", 400, "EOF"),
    ] {
        for (method, path) in [("POST", "/items"), ("PUT", "/items/1")] {
            let response = send(&server, method, path, body);
            assert_eq!(response.status, status, "{method} {body}");
            assert!(response.body.contains(message), "{response:?}");
        }
    }
}

#[test]
fn bodies_that_are_not_read() {
    let server = Program::server("items_api_openapi");
    let address = server.address();
    let item = r#"{"name":"a","price":1}"#;
    for headers in ["", "Content-Type: text/plain\r\n"] {
        let response = ask(address, request("POST", "/items", headers, item));
        assert_eq!(response.status, 415, "{response:?}");
        assert!(response.body.contains("application/json"), "{response:?}");
    }

    let huge = format!(r#"{{"name":"{}","price":1}}"#, "x".repeat(3 << 20));
    let mut connection = Connection::open(address);
    let huge = request("POST", "/items", JSON, &huge);
    // It may answer and close before all is sent.
    let _ = std::io::Write::write_all(connection.socket(), huge.as_bytes());
    if let Some(response) = connection.response() {
        assert_eq!(response.status, 413, "{response:?}");
    }
    http::assert_serves(address);
}

/// What axum answers by itself.
#[test]
fn paths_and_methods_that_there_are_not() {
    let server = Program::server("items_api_openapi");
    let response = send(&server, "PATCH", "/items/1", "");
    assert_eq!(response.status, 405);
    assert_eq!(response.header("allow"), Some("GET,HEAD,PUT,DELETE"));
    assert_eq!(get(server.address(), "/nope").status, 404);
    let response = get(server.address(), "/items/abc");
    assert_eq!(response.status, 400);
    assert!(response.body.contains("`abc`"), "{response:?}");
}

/// A body that stops half way keeps nobody else waiting.
#[test]
fn slow_body() {
    let server = Program::server("items_api_openapi");
    let mut slow = Connection::open(server.address());
    let request = request("POST", "/items", JSON, r#"{"name":"a","price":1}"#);
    let (most, rest) = request.split_at(request.len() - 5);
    slow.send(most);
    http::assert_serves(server.address());
    slow.send(rest);
    assert_eq!(slow.response().expect("an answer").status, 201);
}

#[test]
fn malformed_headers() {
    http::malformed_headers(&Program::server("items_api_openapi"));
}

#[test]
fn sixty_four_connections_under_load() {
    http::keep_alive_under_load(&Program::server("items_api_openapi"), 64);
}

/// Sixty-four clients create items at the same time: each gets an address of
/// its own, with its own item there.
#[test]
fn items_created_at_once() {
    let server = Program::server("items_api_openapi");
    let mut places: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|number| {
                let server = &server;
                scope.spawn(move || {
                    let body =
                        format!(r#"{{"name":"n.º {number}","price":1}}"#);
                    let created = send(server, "POST", "/items", &body);
                    let place = created.header("location").expect("a place");
                    assert_eq!(get(server.address(), place).body, body);
                    place.to_string()
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("ok"))
            .collect()
    });
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 64);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    http::ctrl_c_ends_it_at_once(Program::server("items_api_openapi"));
}

/// schemathesis finds no 5xx and no answer that the document does not have.
#[test]
fn keeps_to_its_own_document() {
    let server = Program::server("items_api_openapi");
    let url = format!("http://{}", server.address());
    let client = Program::start(peer("openapi_client.py").arg(url));
    let finished = client.finish_within(Duration::from_secs(180));
    assert!(finished.status.success(), "{}", finished.stdout);
    assert!(finished.stdout.contains("Tested: 5"), "{}", finished.stdout);
    assert!(!server.output().contains(" → 5"), "{}", server.output());
}

/// The page works without any other server: an item is created with it.
#[test]
fn documentation_page() {
    let server = Program::server("items_api_openapi");
    let url = format!("http://{}", server.address());
    let mut page = Browser::open(&format!("{url}/docs"));
    page.wait_for("h1", "Artigos");
    page.wait_for(".opblock-summary", "Cria um artigo");
    page.click(".opblock-post .opblock-summary-control");
    page.click(".opblock-post .execute");
    page.wait_for(".live-responses-table", "201");
    page.wait_for(".live-responses-table", "/items/3");
    let item = get(server.address(), "/items/3");
    assert_eq!(item.body, r#"{"name":"Teclado","price":80}"#);

    let loaded = page.run(
        "performance.getEntriesByType('resource').map(entry => entry.name)",
    );
    assert!(loaded.contains(&format!("{url}/openapi.json")), "{loaded}");
    let elsewhere = loaded
        .split('"')
        .filter(|name| name.contains("//") && !name.starts_with(&url));
    assert_eq!(elsewhere.collect::<Vec<_>>(), [""; 0], "{loaded}");
}
