//! HTTP over a plain socket, and what every HTTP server of part 2 goes
//! through: bad requests, bad manners and load.
//!
//! [`http_tests!`](crate::http_tests) makes a test of each.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use wire::Decoded;
use wire::http::{Message, decode_response};

use crate::{PATIENCE, Program, connect, reset};

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The rest of it.
    message: Message,
}

impl Response {
    fn of(mut message: Message) -> Response {
        assert_eq!(message.minor_version, 1, "{message:?}");
        let body = std::mem::take(&mut message.body);
        Response {
            status: message.status().expect("a response"),
            body: String::from_utf8(body).expect("text"),
            message,
        }
    }

    /// The value of the header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.message.header(name)
    }
}

/// A connection to a server, which may be asked many times.
pub struct Connection {
    stream: TcpStream,
    /// What has come and was not given yet.
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    /// Where nobody listens there.
    pub fn open(server: SocketAddr) -> Connection {
        Connection {
            stream: connect(server),
            received: Vec::new(),
        }
    }

    /// The socket, to treat it badly.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends these bytes as they are.
    ///
    /// # Panics
    /// Where the server has gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket().write_all(bytes.as_ref()).expect("send");
    }

    /// The next answer; `None` where the server closes instead.
    ///
    /// # Panics
    /// Where what comes is not an answer, or nothing comes in time.
    pub fn response(&mut self) -> Option<Response> {
        let mut ended = false;
        loop {
            match decode_response(&self.received, "GET", ended) {
                Decoded::Whole(whole) => {
                    self.received.drain(..whole.length);
                    return Some(Response::of(whole.content));
                }
                Decoded::Malformed(malformed) => {
                    let came = String::from_utf8_lossy(&self.received);
                    panic!("{malformed}: «{came}»");
                }
                _ if ended => return None,
                _ => {}
            }
            let mut piece = [0; 16 * 1024];
            match self.stream.read(&mut piece) {
                Ok(count) => {
                    self.received.extend(&piece[..count]);
                    ended = count == 0;
                }
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    ended = true;
                }
                Err(error) => panic!("read a response: {error}"),
            }
        }
    }
}

/// A request with these headers (each with its `\r\n`) and this body.
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = match body.len() {
        0 => String::new(),
        length => format!("Content-Length: {length}\r\n"),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n{body}"
    )
}

/// Sends one request on a connection of its own and gives the answer.
///
/// # Panics
/// Where none comes.
pub fn ask(server: SocketAddr, request: impl AsRef<[u8]>) -> Response {
    let mut connection = Connection::open(server);
    connection.send(request);
    connection.response().expect("an answer, not a close")
}

/// Asks for a path.
///
/// # Panics
/// Where no answer comes.
pub fn get(server: SocketAddr, path: &str) -> Response {
    ask(server, request("GET", path, "", ""))
}

/// Asserts that the server answers someone with good manners.
///
/// # Panics
/// Where it does not, or not at once.
pub fn assert_serves(server: SocketAddr) {
    let start = Instant::now();
    let response = get(server, "/items/1");
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.body, r#"{"name":"Laptop","price":1200}"#);
    assert!(start.elapsed() < Duration::from_secs(5), "served, but late");
}

/// Asserts a clear refusal: the answer is 4xx, or the connection closes.
fn assert_refused(response: Option<Response>, what: &str) {
    if let Some(response) = response {
        assert!(
            (400..500).contains(&response.status),
            "{what}: {response:?}"
        );
    }
}

/// Requests that are not requests.
pub fn malformed_requests(server: &Program) {
    assert_all_refused(
        server,
        &[
            b"\r\n\r\n\r\n",
            b"banana\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /\r\n\r\n",
            b"GET / HTTP/1.1 mais\r\nHost: x\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
            b"GET / FTP/1.1\r\nHost: x\r\n\r\n",
            b" GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", // TLS
            b"\xff\xfe\x00\x80\r\n\r\n",
        ],
    );
}

/// Headers that are not headers.
pub fn malformed_headers(server: &Program) {
    assert_all_refused(
        server,
        &[
            b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        ],
    );
}

/// Asserts that none of these is answered as if it were a request, and that
/// none of them keeps the server from serving others.
fn assert_all_refused(server: &Program, requests: &[&[u8]]) {
    for request in requests {
        let what = String::from_utf8_lossy(request);
        let mut connection = Connection::open(server.address());
        connection.send(request);
        // Nothing more will come: a server that still hopes need not.
        let _ = connection.socket().shutdown(Shutdown::Write);
        assert_refused(connection.response(), &what);
        assert_serves(server.address());
    }
}

/// A header of a mebibyte, which no request needs.
pub fn header_of_one_mebibyte(server: &Program) {
    let before = server.memory();
    let header = format!("X: {}\r\n", "x".repeat(1 << 20));
    let mut connection = Connection::open(server.address());
    // The server may stop reading, and close, before all is sent.
    let request = request("GET", "/", &header, "");
    if connection.socket().write_all(request.as_bytes()).is_ok() {
        let response = connection.response();
        assert_refused(response.clone(), "1 MiB of header");
        if let Some(response) = response {
            assert_eq!(response.status, 431);
        }
    }
    // The same in many small headers.
    let mut connection = Connection::open(server.address());
    let headers = "X: y\r\n".repeat(20_000);
    let request = self::request("GET", "/", &headers, "");
    if connection.socket().write_all(request.as_bytes()).is_ok() {
        assert_refused(connection.response(), "20,000 headers");
    }
    assert_serves(server.address());
    server.assert_grown_by_less_than(4 << 20, before);
}

/// A body that nobody asked for, and that does not end in this test.
pub fn body_too_large(server: &Program) {
    let before = server.memory();
    let mut connection = Connection::open(server.address());
    let length = 1_u64 << 30;
    connection.send(format!(
        "POST /items/1 HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    ));
    let chunk = [b'x'; 64 * 1024];
    for _ in 0..256 {
        if connection.socket().write_all(&chunk).is_err() {
            break; // it has closed: that is a clear answer too
        }
    }
    let _ = connection.socket().shutdown(Shutdown::Write);
    assert_refused(connection.response(), "a body of 1 GiB");
    assert_serves(server.address());
    server.assert_grown_by_less_than(8 << 20, before);
}

/// `%FF` is no UTF-8, and `%zz` is no byte at all.
pub fn path_that_is_no_text(server: &Program) {
    for path in ["/items/%FF", "/items/%zz", "/items/%", "/%FF", "/%00"] {
        let response = get(server.address(), path);
        assert!((400..500).contains(&response.status), "{path} {response:?}");
        assert_serves(server.address());
    }
}

/// Each byte of a request on its own.
pub fn one_byte_at_a_time(server: &Program) {
    let mut connection = Connection::open(server.address());
    for byte in request("GET", "/items/2", "", "").bytes() {
        connection.send([byte]);
        thread::yield_now();
    }
    let response = connection.response().expect("an answer");
    assert_eq!(response.body, r#"{"name":"Mouse","price":50}"#);
}

/// A client that says it will send no more still gets its answer. Whether the
/// server sees the end together with the request is chance: hence so often.
pub fn half_close(server: &Program) {
    for _ in 0..100 {
        let mut connection = Connection::open(server.address());
        connection.send(request("GET", "/items/1", "", ""));
        let socket = connection.socket();
        socket.shutdown(Shutdown::Write).expect("close one side");
        assert_eq!(connection.response().expect("an answer").status, 200);
        assert_eq!(connection.response(), None);
    }
}

/// HEAD is answered as GET is, without the body.
pub fn head_has_no_body(server: &Program) {
    let mut connection = Connection::open(server.address());
    let headers = "Connection: close\r\n";
    connection.send(request("HEAD", "/items/1", headers, ""));
    let mut answer = String::new();
    let socket = connection.socket();
    socket.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 30\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// Clients that vanish: without a word, within a request, and with a reset.
pub fn clients_that_vanish(server: &Program) {
    for _ in 0..10 {
        drop(connect(server.address()));
        let mut connection = Connection::open(server.address());
        connection.send("GET /items/1 HT");
        drop(connection);
        let mut stream = connect(server.address());
        stream
            .write_all(request("GET", "/items/1", "", "").as_bytes())
            .expect("send");
        reset(stream);
    }
    assert_serves(server.address());
}

/// Clients that keep the server waiting, some silent and some in the middle of
/// their request: others are served meanwhile.
pub fn slow_clients(server: &Program) {
    let mut slow: Vec<Connection> = (0..100)
        .map(|_| Connection::open(server.address()))
        .collect();
    for connection in slow.iter_mut().step_by(2) {
        connection.send("GET / HTTP/1.1\r\nX: ");
    }
    for connection in slow.iter_mut().step_by(2) {
        connection.send("x");
        assert_serves(server.address());
    }
}

/// A client that asks and asks and never reads: nobody keeps the answers.
pub fn never_reads(server: &Program) {
    let before = server.memory();
    let mut stream = connect(server.address());
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("a time limit");
    let requests = request("GET", "/items/1", "", "").repeat(1000);
    for _ in 0..2000 {
        if stream.write_all(requests.as_bytes()).is_err() {
            break; // all buffers are full, or the server has closed
        }
    }
    assert_serves(server.address());
    server.assert_grown_by_less_than(4 << 20, before);
}

/// Python's own client gets the slide's answers, on one connection where the
/// server lets it.
pub fn python_client(server: &Program) {
    let url = format!("http://{}", server.address());
    let client = Program::start(crate::peer("items_client.py").arg(url));
    let finished = client.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(
        finished.stdout,
        "200 {\"message\":\"Ola, API!\"}\n\
         200 {\"name\":\"Laptop\",\"price\":1200}\n\
         200 {\"name\":\"Mouse\",\"price\":50}\n\
         404 {\"error\":\"Item not found\"}\n"
    );
}

/// Many requests on each of this many connections, which all stay open, and
/// each answer for its own question.
pub fn keep_alive_under_load(server: &Program, count: usize) {
    let questions = [
        ("/", 200, r#"{"message":"Ola, API!"}"#),
        ("/items/1", 200, r#"{"name":"Laptop","price":1200}"#),
        ("/items/2", 200, r#"{"name":"Mouse","price":50}"#),
        ("/items/99", 404, r#"{"error":"Item not found"}"#),
    ];
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                let mut connection = Connection::open(server.address());
                for (path, status, body) in questions.iter().cycle().take(100) {
                    connection.send(request("GET", path, "", ""));
                    let response = connection.response().expect("kept alive");
                    assert_eq!(response.status, *status);
                    assert_eq!(response.body, *body);
                }
            });
        }
    });
}

/// Ctrl-C with a client between two requests and one in the middle of its
/// first: the server waits for neither.
#[cfg(unix)]
pub fn ctrl_c_ends_it_at_once(mut server: Program) {
    let address = server.address();
    let mut idle = Connection::open(address);
    idle.send(request("GET", "/", "", ""));
    assert_eq!(idle.response().expect("an answer").status, 200);
    let mut stuck = Connection::open(address);
    stuck.send("GET / HTTP/1.1\r\n");
    // Both have been read once the answer to a third is there.
    assert_serves(address);

    server.interrupt();
    let finished = server.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stderr, "");
    assert_eq!(idle.response(), None);
    assert_eq!(stuck.response(), None);
    TcpStream::connect(address).expect_err("nobody listens any more");
}

/// This many clients, all connected before the first one asks.
pub fn clients_at_once(server: &Program, count: usize) {
    let open = |_| Connection::open(server.address());
    let mut clients: Vec<Connection> = (0..count).map(open).collect();
    for client in &mut clients {
        client.send(request("GET", "/items/1", "", ""));
    }
    for client in &mut clients {
        let response = client.response().expect("an answer for each");
        assert_eq!(response.status, 200, "{response:?}");
    }
}

/// Makes the tests of this module for one server:
/// `testkit::http_tests!("items_api");`
#[macro_export]
macro_rules! http_tests {
    ($server:literal) => {
        mod http_server {
            use testkit::{Program, http, tcp_echo};

            $crate::http_tests!(
                @each $server,
                malformed_requests header_of_one_mebibyte body_too_large
                path_that_is_no_text one_byte_at_a_time head_has_no_body clients_that_vanish slow_clients never_reads
            );

            #[test]
            fn addresses_refused() {
                testkit::refuses_addresses($server, "127.0.0.1:8001");
            }

            #[test]
            fn ends_when_it_cannot_print() {
                testkit::ends_when_it_cannot_print($server, |address| {
                    // It may end before the answer has left.
                    let mut connection = http::Connection::open(address);
                    connection.send(http::request("GET", "/", "", ""));
                    let _ = connection.socket().peek(&mut [0; 1]);
                });
            }

            #[test]
            fn python_client() {
                http::python_client(&Program::server($server));
            }

            #[test]
            fn a_thousand_clients() {
                let count = tcp_echo::clients_allowed(1000);
                http::clients_at_once(&Program::server($server), count);
            }
        }

        #[test]
        fn console_block() {
            testkit::run_console_blocks();
        }
    };
    (@each $server:literal, $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                http::$check(&Program::server($server));
            }
        )*
    };
}
