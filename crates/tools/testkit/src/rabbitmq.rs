//! A RabbitMQ of the tests' own.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rabbitmq::Broker;

/// How many virtual hosts there are beside the default one.
const VHOSTS: usize = 12;

/// One RabbitMQ node, or a cluster of them, with private ports and data. It
/// goes with this value, or with the test's process.
pub struct RabbitMq {
    running: rabbitmq::RabbitMq,
    vhosts_given: AtomicUsize,
}

impl RabbitMq {
    /// The node that all tests of one binary share, each in virtual hosts of
    /// its own. It must not be stopped.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn shared() -> &'static RabbitMq {
        static SHARED: OnceLock<RabbitMq> = OnceLock::new();
        SHARED.get_or_init(RabbitMq::start)
    }

    /// Starts one node, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start, or is not installed.
    pub fn start() -> RabbitMq {
        RabbitMq::of(Broker::new())
    }

    /// Starts one node with a management page, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start, or is not installed.
    pub fn start_with_page() -> RabbitMq {
        RabbitMq::of(Broker::new().with_page())
    }

    /// Starts a cluster of three nodes, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start, or is not installed.
    pub fn start_cluster() -> RabbitMq {
        RabbitMq::of(Broker::new().cluster())
    }

    fn of(broker: Broker) -> RabbitMq {
        let vhosts = (0..VHOSTS).map(|number| format!("test{number}"));
        let mut broker = broker.with_virtual_hosts(vhosts);
        // A quorum queue waits for the disk at every message.
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            broker = broker.inside(memory);
        }
        RabbitMq {
            running: broker.start().unwrap_or_else(|error| panic!("{error}")),
            vhosts_given: AtomicUsize::new(0),
        }
    }

    /// The port where the first node speaks AMQP.
    pub fn port(&self) -> u16 {
        self.running.port()
    }

    /// The first node's address, with the default virtual host.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The first node's address, with a virtual host that nobody uses: queues
    /// and exchanges of the same name do not meet there.
    ///
    /// # Panics
    /// Where all are taken.
    pub fn private_url(&self) -> String {
        let number = self.vhosts_given.fetch_add(1, Ordering::Relaxed);
        assert!(number < VHOSTS, "more virtual hosts, please");
        self.running.url_of(&format!("test{number}"))
    }

    /// The address of the management page.
    ///
    /// # Panics
    /// Where it was started without one.
    pub fn page(&self) -> String {
        self.running.page().expect("it has a management page")
    }

    /// The addresses of all nodes, separated by commas.
    pub fn urls(&self) -> String {
        self.running.urls()
    }

    /// Starts a node that does not run, with the data and the ports that it
    /// had, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_node(&mut self, index: usize) {
        let started = self.running.start_node(index);
        started.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Stops a node as an administrator does, and waits until it is gone.
    ///
    /// # Panics
    /// Where the system does not let it.
    pub fn stop_node(&mut self, index: usize) {
        self.running.stop_node(index).expect("stop the node");
    }

    /// Ends a node at once, as `kill -9` or a power cut does.
    ///
    /// # Panics
    /// Where the system does not let it.
    pub fn kill_node(&mut self, index: usize) {
        self.running.kill_node(index).expect("kill the node");
    }
}
