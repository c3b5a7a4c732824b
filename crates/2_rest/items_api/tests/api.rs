//! The API over real sockets, and beside FastAPI's own.

use testkit::http::{self, Connection, ask, get, request};
use testkit::{Program, peer};

testkit::http_tests!("items_api");

/// What FastAPI says of an id that is not an integer.
fn int_parsing(input: &str) -> String {
    format!(
        "{{\"detail\":[{{\"type\":\"int_parsing\",\"loc\":[\"path\",\"item_id\"],\
         \"msg\":\"Input should be a valid integer, unable to parse string as \
         an integer\",\"input\":\"{input}\"}}]}}"
    )
}

/// The table of the original's answers, byte for byte.
#[test]
fn every_answer() {
    let server = Program::server("items_api");
    let not_found = r#"{"detail":"Not Found"}"#;
    let unknown = r#"{"error":"Item not found"}"#;
    let int_parsing = [int_parsing("abc"), int_parsing("1.5")];
    for (path, status, body) in [
        ("/", 200, r#"{"message":"Ola, API!"}"#),
        ("/items/1", 200, r#"{"name":"Laptop","price":1200}"#),
        ("/items/2", 200, r#"{"name":"Mouse","price":50}"#),
        ("/items/99", 404, unknown),
        ("/items/-1", 404, unknown),
        ("/items/abc", 422, int_parsing[0].as_str()),
        ("/items/1.5", 422, int_parsing[1].as_str()),
        ("/nope", 404, not_found),
        ("/items", 404, not_found),
        ("/items/", 404, not_found),
    ] {
        let response = get(server.address(), path);
        assert_eq!(response.status, status, "{path}");
        assert_eq!(response.body, body, "{path}");
        assert_eq!(response.header("content-type"), Some("application/json"));
    }

    let response = ask(server.address(), request("POST", "/items/1", "", ""));
    assert_eq!(response.status, 405);
    assert_eq!(response.header("allow"), Some("GET,HEAD"));
    assert_eq!(response.body, r#"{"detail":"Method Not Allowed"}"#);
}

/// The answers that FastAPI's own program gives to the same bytes. Two things
/// differ: an unknown item is 404 here and 200 there, and where a GET is
/// allowed a HEAD is too.
#[test]
fn answers_as_fastapi_does() {
    let ours = Program::server("items_api");
    let original = Program::start(&mut peer("items_api.py"));
    let paths = [
        "/",
        "/items/1",
        "/items/2",
        "/items/0",
        "/items/99",
        "/items/-1",
        "/items/007",
        "/items/+1",
        "/items/1?q=x",
        "/items/%31",
        "/items/9223372036854775807",
        "/items/abc",
        "/items/1.5",
        "/items/%C3%A1%22",
        "/items/%FF",
        "/items/%zz",
        "/items/%",
        "/%FF",
        "/%00",
        "/items/1e3",
        "/items/1/2",
        "/items",
        "/items/",
        "/nope",
        "//items/1",
        "/Items/1",
    ];
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        for path in paths {
            let request = request(method, path, "", "");
            let [mine, theirs] = [&ours, &original].map(|server| {
                let response = ask(server.address(), &request);
                let allow = response
                    .header("allow")
                    .map(|methods| methods.replace("GET,HEAD", "GET"));
                let kind = response.header("content-type").map(str::to_string);
                (response.status, (allow, kind), response.body)
            });
            if theirs.2 == r#"{"error":"Item not found"}"# {
                assert_eq!((mine.0, theirs.0), (404, 200), "{method} {path}");
                assert_eq!((mine.1, mine.2), (theirs.1, theirs.2));
            } else {
                assert_eq!(mine, theirs, "{method} {path}");
            }
        }
    }
}

#[test]
fn malformed_headers() {
    http::malformed_headers(&Program::server("items_api"));
}

#[test]
fn sixty_four_connections_under_load() {
    http::keep_alive_under_load(&Program::server("items_api"), 64);
}

/// Two questions in one piece: two answers, in their order.
#[test]
fn pipelined_requests() {
    let server = Program::server("items_api");
    let mut connection = Connection::open(server.address());
    let both =
        ["/items/1", "/items/2"].map(|path| request("GET", path, "", ""));
    connection.send(both.concat());
    let bodies = both.map(|_| connection.response().map(|answer| answer.body));
    let expected = [
        r#"{"name":"Laptop","price":1200}"#,
        r#"{"name":"Mouse","price":50}"#,
    ];
    assert_eq!(bodies, expected.map(|body| Some(body.to_string())));
}

#[test]
fn tells_of_each_request() {
    let server = Program::server("items_api");
    get(server.address(), "/items/abc?a=%1b");
    ask(server.address(), request("DELETE", "/", "", ""));
    assert_eq!(
        server.wait_for_lines(3)[1..],
        [
            "GET /items/abc?a=%1b → 422 Unprocessable Entity",
            "DELETE / → 405 Method Not Allowed",
        ]
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    http::ctrl_c_ends_it_at_once(Program::server("items_api"));
}
