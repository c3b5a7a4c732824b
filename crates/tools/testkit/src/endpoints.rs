//! ZeroMQ endpoints: free ones for tests, and what every lesson of part 6 does
//! with bad ones and with Ctrl-C.

use std::net::TcpListener;

use programs::Folder;

use crate::{Program, lesson};

/// Any free port.
pub const FREE_PORT: &str = "tcp://127.0.0.1:0";

/// An ipc endpoint that nothing else uses. Its file goes when this value does.
pub struct Ipc(Folder);

impl Ipc {
    /// Chooses a new one.
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Ipc {
        Ipc(Folder::new("ipc").expect("a folder for the endpoint"))
    }

    /// The endpoint, `ipc://…`.
    pub fn endpoint(&self) -> String {
        format!("ipc://{}", self.0.path().join("socket").display())
    }
}

/// What a program says of endpoints that are malformed or unsupported, and if
/// it `binds` also of taken ones: one line, which is `message` with the
/// endpoint in place of `ENDPOINT`.
///
/// # Panics
/// Where it says something else.
pub fn refused(name: &str, binds: bool, message: &str) {
    let mut wrong: Vec<String> = [
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:banana",
        "banana://127.0.0.1:5555",
        "udp://127.0.0.1:5555",
        "ipc://",
        "tcp://",
    ]
    .map(str::to_string)
    .to_vec();

    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    if binds {
        wrong.push(format!("tcp://{address}"));
        if cfg!(unix) {
            wrong.push("ipc:///there/is/no/such/folder".to_string());
        }
    }
    for endpoint in wrong {
        Program::start(lesson(name).arg(&endpoint))
            .finish()
            .assert_fails_with(&message.replace("ENDPOINT", &endpoint));
    }
}

/// Ctrl-C ends the program at once and without a complaint: it is the signal
/// that ends it, since it has nothing to say or to close. Gives all that it
/// printed.
///
/// # Panics
/// Where it takes longer or complains.
#[cfg(unix)]
pub fn ends_with_ctrl_c(mut program: Program) -> String {
    use std::os::unix::process::ExitStatusExt;
    use std::time::Duration;

    use rustix::process::Signal;

    program.interrupt();
    let finished = program.finish_within(Duration::from_secs(2));
    let signal = finished.status.signal();
    assert_eq!(signal, Some(Signal::INT.as_raw()), "{finished:?}");
    assert_eq!(finished.stderr, "", "{finished:?}");
    finished.stdout
}
