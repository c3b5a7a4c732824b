//! Ports that nobody else gets, and folders that go.

use std::collections::BTreeSet;
use std::net::{TcpListener, UdpSocket};
use std::thread;

use programs::{Folder, Port};

/// A port that can be used, as it should be.
fn usable() -> Port {
    let port = Port::free().expect("a free port");
    let number = port.number();
    assert!((20_000..32_000).contains(&number), "{number}");
    TcpListener::bind(("127.0.0.1", number)).expect("free for TCP");
    UdpSocket::bind(("127.0.0.1", number)).expect("free for UDP");
    port
}

#[test]
fn nobody_gets_a_port_twice() {
    let found: Vec<Port> = thread::scope(|scope| {
        let finders: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| (0..25).map(|_| usable()).collect::<Vec<_>>())
            })
            .collect();
        let found = finders.into_iter();
        found
            .flat_map(|finder| finder.join().expect("ports"))
            .collect()
    });
    let numbers: BTreeSet<u16> = found.iter().map(Port::number).collect();
    assert_eq!(numbers.len(), 100);

    // Nor what another program listens on, whatever that is.
    let next = found.iter().map(Port::number).max().unwrap_or(0) + 1;
    drop(found);
    let taken = UdpSocket::bind(("127.0.0.1", next));
    let port = Port::free().expect("a free port").number();
    assert_ne!(port, next);
    drop(taken);
}

#[test]
fn a_folder_goes_with_what_is_in_it() {
    let folder = Folder::new("ports").expect("a folder");
    let path = folder.path().to_path_buf();
    std::fs::write(path.join("file"), "text").expect("write");
    let other = Folder::new("ports").expect("a folder");
    assert_ne!(other.path(), path);
    drop(folder);
    assert!(!path.exists());
    assert!(other.path().exists());
}
