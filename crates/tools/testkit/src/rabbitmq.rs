//! A RabbitMQ of the tests' own: private ports, a folder of its own for its
//! data, and nothing of it left when the tests are over.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{DEADLINE, Program, free_ports};

/// How many virtual hosts there are beside the default one.
const VHOSTS: usize = 12;

/// Ends everything when its input ends, which happens when the test's process
/// is gone, in whatever way.
const JANITOR: &str = r#"
    trap '' INT TERM HUP
    cat >/dev/null
    for file in "$1"/*.pid; do kill -9 "$(cat "$file")"; done 2>/dev/null
    until rm -rf "$1" 2>/dev/null; do sleep 0.1; done
"#;

/// One RabbitMQ node, or a cluster of them.
pub struct RabbitMq {
    folder: PathBuf,
    epmd_port: u16,
    /// Where the first node has its management page, if it has one.
    page_port: Option<u16>,
    // In the order in which they are dropped.
    nodes: Vec<Node>,
    _epmd: Program,
    janitor: Program,
    vhosts_given: AtomicUsize,
}

struct Node {
    name: String,
    port: u16,
    distribution_port: u16,
    running: Option<Program>,
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
        RabbitMq::start_nodes(1, false)
    }

    /// Starts one node with a management page, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start, or is not installed.
    pub fn start_with_page() -> RabbitMq {
        RabbitMq::start_nodes(1, true)
    }

    /// Starts a cluster of three nodes, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start, or is not installed.
    pub fn start_cluster() -> RabbitMq {
        RabbitMq::start_nodes(3, false)
    }

    fn start_nodes(count: usize, with_page: bool) -> RabbitMq {
        let ports = free_ports(2 + 2 * count);
        let (epmd_port, page_port) = (ports[0], ports[1]);
        let folder = data_folder().join(format!("rabbitmq-{epmd_port}"));
        fs::create_dir(&folder).expect("make the broker's folder");
        let janitor = Program::start(
            Command::new("sh").args(["-c", JANITOR, "sh"]).arg(&folder),
        );
        let epmd = Program::start(
            Command::new("epmd")
                .args(["-address", "127.0.0.1", "-port"])
                .arg(epmd_port.to_string()),
        );
        write_id(&folder, "epmd", &epmd);
        let nodes =
            ports[2..].chunks(2).enumerate().map(|(index, ports)| Node {
                name: format!("rabbit{}", index + 1),
                port: ports[0],
                distribution_port: ports[1],
                running: None,
            });
        let mut broker = RabbitMq {
            folder,
            epmd_port,
            page_port: with_page.then_some(page_port),
            nodes: nodes.collect(),
            _epmd: epmd,
            janitor,
            vhosts_given: AtomicUsize::new(0),
        };
        broker.write_definitions();
        // The first one makes the secret by which they know each other.
        broker.start_node(0);
        for index in 1..count {
            broker.launch(index);
        }
        for index in 1..count {
            broker.wait_for_node(index);
        }
        broker
    }

    /// The port where the first node speaks AMQP.
    pub fn port(&self) -> u16 {
        self.nodes[0].port
    }

    /// The first node's address, with the default virtual host.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port())
    }

    /// The first node's address, with a virtual host that nobody uses: queues
    /// and exchanges of the same name do not meet there.
    ///
    /// # Panics
    /// Where all are taken.
    pub fn private_url(&self) -> String {
        let number = self.vhosts_given.fetch_add(1, Ordering::Relaxed);
        assert!(number < VHOSTS, "more virtual hosts, please");
        format!("amqp://guest:guest@127.0.0.1:{}/test{number}", self.port())
    }

    /// The address of the management page.
    ///
    /// # Panics
    /// Where it was started without one.
    pub fn page(&self) -> String {
        let port = self.page_port.expect("it has a management page");
        format!("http://127.0.0.1:{port}")
    }

    /// The addresses of all nodes, separated by commas.
    pub fn urls(&self) -> String {
        let urls = self
            .nodes
            .iter()
            .map(|node| format!("amqp://127.0.0.1:{}", node.port));
        urls.collect::<Vec<_>>().join(",")
    }

    /// Starts a node that does not run, with the data and the ports that it
    /// had, and waits until it can be used.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_node(&mut self, index: usize) {
        self.launch(index);
        self.wait_for_node(index);
    }

    /// Stops a node as an administrator does, and waits until it is gone.
    ///
    /// # Panics
    /// Where it does not run or does not stop.
    pub fn stop_node(&mut self, index: usize) {
        let node = self.nodes[index].running.take().expect("it runs");
        let id = node.id().to_string();
        let kill = Command::new("kill").arg(id).status();
        assert!(kill.expect("start kill").success());
        node.finish();
    }

    /// Ends a node at once, as `kill -9` or a power cut does.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill_node(&mut self, index: usize) {
        self.nodes[index].running.take().expect("it runs").kill();
    }

    fn launch(&mut self, index: usize) {
        let home = self.folder.join(&self.nodes[index].name);
        fs::create_dir_all(&home).expect("make the node's folder");
        let config = home.join("rabbitmq.conf");
        fs::write(&config, self.configuration(index)).expect("write");
        let plugins = home.join("enabled_plugins");
        let enabled = match self.page_port {
            Some(_) => "[rabbitmq_management].",
            None => "[].",
        };
        fs::write(&plugins, enabled).expect("write");

        let node = &mut self.nodes[index];
        let program = Program::start(
            Command::new(server())
                .env("HOME", &self.folder) // where the secret is kept
                .env("ERL_EPMD_PORT", self.epmd_port.to_string())
                .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                .env("ERL_CRASH_DUMP", home.join("crash_dump"))
                .env("RABBITMQ_NODENAME", format!("{}@localhost", node.name))
                .env("RABBITMQ_DIST_PORT", node.distribution_port.to_string())
                .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
                .env("RABBITMQ_CONFIG_FILE", config)
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins)
                .env("RABBITMQ_MNESIA_BASE", home.join("data"))
                .env("RABBITMQ_LOG_BASE", home.join("log"))
                .env(
                    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                    "-kernel inet_dist_use_interface {127,0,0,1}",
                )
                // The script becomes the server, instead of its parent.
                .env("RUNNING_UNDER_SYSTEMD", "true"),
        );
        write_id(&self.folder, &node.name, &program);
        node.running = Some(program);
    }

    fn configuration(&self, index: usize) -> String {
        let mut text = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\n\
             load_definitions = {}\n\
             disk_free_limit.absolute = 1MB\n",
            self.nodes[index].port,
            self.folder.join("definitions.json").display(),
        );
        if let Some(port) = self.page_port {
            text += &format!(
                "management.tcp.ip = 127.0.0.1\n\
                 management.tcp.port = {port}\n"
            );
        }
        if self.nodes.len() > 1 {
            text += "cluster_formation.peer_discovery_backend = \
                     classic_config\n";
            for (index, node) in self.nodes.iter().enumerate() {
                text += &format!(
                    "cluster_formation.classic_config.nodes.{} = \
                     {}@localhost\n",
                    index + 1,
                    node.name
                );
            }
        }
        text
    }

    fn write_definitions(&self) {
        let vhosts = (0..VHOSTS).map(|number| format!("test{number}"));
        let vhosts: Vec<String> =
            std::iter::once("/".to_string()).chain(vhosts).collect();
        let names = vhosts.iter().map(|name| format!("{{\"name\": {name:?}}}"));
        let permissions = vhosts.iter().map(|name| {
            format!(
                "{{\"user\": \"guest\", \"vhost\": {name:?}, \
                 \"configure\": \".*\", \"write\": \".*\", \"read\": \".*\"}}"
            )
        });
        let definitions = format!(
            "{{\"users\": [{{\"name\": \"guest\", \"password\": \"guest\", \
             \"tags\": \"administrator\"}}], \
             \"vhosts\": [{}], \"permissions\": [{}]}}",
            names.collect::<Vec<_>>().join(","),
            permissions.collect::<Vec<_>>().join(","),
        );
        let path = self.folder.join("definitions.json");
        fs::write(path, definitions).expect("write");
    }

    /// Waits until the node answers in AMQP.
    fn wait_for_node(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let program = node.running.as_mut().expect("it was started");
        let start = Instant::now();
        while !speaks_amqp(node.port) {
            let late = start.elapsed() > 5 * DEADLINE;
            assert!(
                program.is_running() && !late,
                "RabbitMQ does not start:\n{}\n{}",
                program.output(),
                program.errors()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.janitor.end_input();
        let start = Instant::now();
        while self.janitor.is_running() && start.elapsed() < DEADLINE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Notes whom the janitor has to end.
fn write_id(folder: &Path, name: &str, program: &Program) {
    let path = folder.join(format!("{name}.pid"));
    fs::write(path, program.id().to_string()).expect("write");
}

/// The server's own script. The one that Debian puts in /usr/sbin changes to
/// another user first.
fn server() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![PathBuf::from("/usr/lib/rabbitmq/bin")];
    folders.extend(std::env::split_paths(&path));
    folders
        .iter()
        .map(|folder| folder.join("rabbitmq-server"))
        .find(|server| server.exists())
        .expect("no rabbitmq-server; install it with: just setup")
}

/// In memory where the system has such a folder: a quorum queue waits for the
/// disk at every message.
fn data_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

fn speaks_amqp(port: u16) -> bool {
    let exchange = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut kind = [0; 1];
        stream.read_exact(&mut kind)?;
        Ok::<u8, std::io::Error>(kind[0])
    };
    matches!(exchange(), Ok(1)) // a method: Connection.Start
}
