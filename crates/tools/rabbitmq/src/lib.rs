//! A RabbitMQ of one's own: one node, or a cluster of three, with ports, names
//! and a folder that nobody else uses, ready when it is given, and gone with
//! its value, the Erlang that it brought included.
//!
//! It is the RabbitMQ that is installed, run by whoever calls this and
//! listening on this machine only; a broker that runs already is left alone.

mod installed;

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use programs::{Folder, Port, Program, Setup};
use serde_json::json;

pub use installed::server;

/// How long a node may take to start or to stop. Alone it takes some seconds.
const LIMIT: Duration = Duration::from_secs(150);

/// The page's port, from that of AMQP: 15672 from 5672, as everywhere.
const TO_PAGE: u16 = 10_000;

/// How much of what a node says is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// Which RabbitMQ to start: without further words, one node without a
/// management page, in a folder of its own among the temporary files.
#[derive(Clone, Debug, Default)]
pub struct Broker {
    is_cluster: bool,
    has_page: bool,
    first_port: Option<u16>,
    virtual_hosts: Vec<String>,
    parent: Option<PathBuf>,
    data: Option<PathBuf>,
}

/// Why there is no broker. Shown, it says what to do, in Portuguese.
#[derive(Debug)]
pub enum Error {
    /// RabbitMQ is not installed.
    NotInstalled,
    /// Somebody listens on one of its ports.
    PortTaken(u16),
    /// A node ended, or was not ready in time.
    DoesNotStart {
        /// The last that it said.
        said: String,
        /// Where its logs are, if they stay.
        folder: Option<PathBuf>,
    },
    /// The system does not let it.
    System(io::Error),
}

impl Broker {
    /// One node, without more.
    pub fn new() -> Broker {
        Broker::default()
    }

    /// Three nodes that are one broker.
    #[must_use]
    pub fn cluster(mut self) -> Broker {
        self.is_cluster = true;
        self
    }

    /// With a management page on each node; user guest, password guest.
    #[must_use]
    pub fn with_page(mut self) -> Broker {
        self.has_page = true;
        self
    }

    /// With AMQP on this port (a cluster: and the next two), and the page
    /// 10,000 further on. Otherwise all ports are free ones.
    #[must_use]
    pub fn at_port(mut self, port: u16) -> Broker {
        self.first_port = Some(port);
        self
    }

    /// With these virtual hosts beside the default one.
    #[must_use]
    pub fn with_virtual_hosts(
        mut self,
        names: impl IntoIterator<Item = String>,
    ) -> Broker {
        self.virtual_hosts = names.into_iter().collect();
        self
    }

    /// With its own folder, which goes with it, inside this one: a disk, or a
    /// file system in memory.
    #[must_use]
    pub fn inside(mut self, parent: &Path) -> Broker {
        self.parent = Some(parent.to_path_buf());
        self
    }

    /// With its data in this folder, which stays for the next time.
    #[must_use]
    pub fn with_data_in(mut self, folder: &Path) -> Broker {
        self.data = Some(folder.to_path_buf());
        self
    }

    /// Starts it, and waits until it can be used, which takes some seconds.
    ///
    /// # Errors
    /// Where it cannot be used.
    pub fn start(&self) -> Result<RabbitMq, Error> {
        RabbitMq::start(self)
    }
}

/// A RabbitMQ that runs. It is ended, as `kill -9` does, when this is dropped;
/// [`RabbitMq::stop`] lets it store first what it has.
pub struct RabbitMq {
    server: PathBuf,
    epmd_port: Port,
    // In the order in which they are dropped.
    nodes: Vec<Node>,
    _epmd: Option<Program>,
    folder: Home,
}

/// Where everything is.
enum Home {
    Private(Folder),
    Kept(PathBuf),
}

/// A node of a broker.
pub struct Node {
    name: String,
    port: u16,
    page: Option<u16>,
    distribution: Port,
    /// Those of the others that were found free.
    _ports: Vec<Port>,
    running: Option<Program>,
}

impl Node {
    /// Its name, without the machine's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it speaks AMQP.
    pub fn url(&self) -> String {
        format!("amqp://127.0.0.1:{}", self.port)
    }

    /// The number of its process, if it runs.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Program::id)
    }
}

impl RabbitMq {
    fn start(broker: &Broker) -> Result<RabbitMq, Error> {
        let server = server().ok_or(Error::NotInstalled)?;
        let nodes: &[u16] = if broker.is_cluster { &[0, 1, 2] } else { &[0] };
        let nodes = nodes.iter().map(|index| Node::of(broker, *index));
        let nodes = nodes.collect::<Result<Vec<Node>, Error>>()?;
        let count = nodes.len();
        let folder = match (&broker.data, &broker.parent) {
            (Some(folder), _) => {
                fs::create_dir_all(folder)?;
                Home::Kept(std::path::absolute(folder)?)
            }
            (None, Some(parent)) => {
                Home::Private(Folder::inside(parent, "rabbitmq")?)
            }
            (None, None) => Home::Private(Folder::new("rabbitmq")?),
        };
        write_secret(folder.path())?;
        let epmd_port = Port::free()?;
        let epmd = start_epmd(&server, epmd_port.number())?;
        let mut rabbitmq = RabbitMq {
            server,
            epmd_port,
            nodes,
            _epmd: epmd,
            folder,
        };
        let definitions = rabbitmq.write_definitions(broker)?;
        for index in 0..count {
            rabbitmq.write_configuration(index, &definitions)?;
        }
        // The others join the first one.
        rabbitmq.start_node(0)?;
        for index in 1..count {
            rabbitmq.launch(index)?;
        }
        for index in 1..count {
            rabbitmq.wait_for_node(index)?;
        }
        Ok(rabbitmq)
    }

    /// Its nodes, of which a cluster has three.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The port where the first node speaks AMQP.
    pub fn port(&self) -> u16 {
        self.nodes[0].port
    }

    /// The first node's address, with the default virtual host.
    pub fn url(&self) -> String {
        self.url_of("/")
    }

    /// The first node's address, with a virtual host of this name.
    pub fn url_of(&self, virtual_host: &str) -> String {
        let host = virtual_host.replace('/', "%2f");
        format!("amqp://guest:guest@127.0.0.1:{}/{host}", self.port())
    }

    /// The addresses of all nodes, separated by commas.
    pub fn urls(&self) -> String {
        let urls: Vec<String> = self.nodes.iter().map(Node::url).collect();
        urls.join(",")
    }

    /// The address of the first node's management page, where it was started
    /// with one.
    pub fn page(&self) -> Option<String> {
        let port = self.nodes[0].page?;
        Some(format!("http://127.0.0.1:{port}"))
    }

    /// Starts a node that does not run, with the data and the ports that it
    /// had, and waits until it can be used.
    ///
    /// # Errors
    /// Where it cannot be used.
    pub fn start_node(&mut self, index: usize) -> Result<(), Error> {
        self.launch(index)?;
        self.wait_for_node(index)
    }

    /// Stops a node as an administrator does, and waits until it is gone; one
    /// that does not go is ended.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn stop_node(&mut self, index: usize) -> Result<(), Error> {
        if let Some(program) = self.nodes[index].running.take() {
            program.terminate();
            ended(&program)?;
        }
        Ok(())
    }

    /// Ends a node at once, as `kill -9` or a power cut does.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn kill_node(&mut self, index: usize) -> Result<(), Error> {
        if let Some(program) = self.nodes[index].running.take() {
            program.kill()?;
        }
        Ok(())
    }

    /// Stops it as an administrator does: all that was confirmed is on disk.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn stop(mut self) -> Result<(), Error> {
        let running = self.nodes.iter_mut().filter_map(|n| n.running.take());
        let running: Vec<Program> = running.collect();
        for program in &running {
            program.terminate();
        }
        for program in &running {
            ended(program)?;
        }
        Ok(())
    }

    /// Whether all its nodes have ended.
    pub fn has_ended(&self) -> bool {
        self.nodes.iter().all(|node| match &node.running {
            Some(program) => !matches!(program.ended(), Ok(None)),
            None => true,
        })
    }

    fn home(&self, index: usize) -> PathBuf {
        self.folder.path().join(&self.nodes[index].name)
    }

    fn launch(&mut self, index: usize) -> Result<(), Error> {
        let home = self.home(index);
        let node = &mut self.nodes[index];
        let mut command = Command::new(&self.server);
        without_settings(&mut command);
        command
            .current_dir(&home)
            .env("PATH", installed::path(&self.server))
            .env("ERL_EPMD_PORT", self.epmd_port.number().to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_CRASH_DUMP", home.join("crash_dump"))
            .env("RABBITMQ_NODENAME", format!("{}@localhost", node.name))
            .env("RABBITMQ_DIST_PORT", node.distribution.number().to_string())
            .env("RABBITMQ_CONF_ENV_FILE", home.join("rabbitmq-env.conf"))
            .env("RABBITMQ_CONFIG_FILE", home.join("rabbitmq.conf"))
            .env(
                "RABBITMQ_ADVANCED_CONFIG_FILE",
                home.join("advanced.config"),
            )
            .env(
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                home.join("enabled_plugins"),
            )
            .env("RABBITMQ_MNESIA_BASE", home.join("data"))
            .env("RABBITMQ_LOG_BASE", home.join("log"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            // The script becomes the server, instead of its parent.
            .env("RUNNING_UNDER_SYSTEMD", "true");
        for (variable, value) in home_variables(self.folder.path()) {
            command.env(variable, value);
        }
        let setup = Setup::new(&mut command).without_input().as_seen();
        node.running = Some(setup.keeping(KEPT).start()?);
        Ok(())
    }

    fn write_configuration(
        &self,
        index: usize,
        definitions: &str,
    ) -> io::Result<()> {
        let node = &self.nodes[index];
        let mut text = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\n\
             disk_free_limit.absolute = 1MB\n{definitions}",
            node.port,
        );
        if let Some(port) = node.page {
            text += &format!(
                "management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n"
            );
        }
        if self.nodes.len() > 1 {
            let discovery = "cluster_formation.peer_discovery_backend";
            text += &format!("{discovery} = classic_config\n");
            for (index, node) in self.nodes.iter().enumerate() {
                let nodes = "cluster_formation.classic_config.nodes";
                let name = &node.name;
                text += &format!("{nodes}.{} = {name}@localhost\n", index + 1);
            }
        }
        let plugins = match node.page {
            Some(_) => "[rabbitmq_management].",
            None => "[].",
        };
        let home = self.home(index);
        fs::create_dir_all(&home)?;
        fs::write(home.join("rabbitmq.conf"), text)?;
        // Those of this machine's own RabbitMQ are not read.
        fs::write(home.join("rabbitmq-env.conf"), "")?;
        fs::write(home.join("advanced.config"), "[].")?;
        fs::write(home.join("enabled_plugins"), plugins)
    }

    /// Writes what the broker is to know from its start, and gives the line by
    /// which it reads that.
    fn write_definitions(&self, broker: &Broker) -> io::Result<String> {
        if broker.virtual_hosts.is_empty() {
            return Ok(String::new());
        }
        let hosts = broker.virtual_hosts.iter().map(String::as_str);
        let hosts: Vec<&str> = std::iter::once("/").chain(hosts).collect();
        let may_all = |name: &&str| {
            json!({
                "user": "guest", "vhost": name,
                "configure": ".*", "write": ".*", "read": ".*",
            })
        };
        let named = |name: &&str| json!({ "name": name });
        let definitions = json!({
            "users": [{
                "name": "guest", "password": "guest", "tags": "administrator",
            }],
            "vhosts": hosts.iter().map(named).collect::<Vec<_>>(),
            "permissions": hosts.iter().map(may_all).collect::<Vec<_>>(),
        });
        let path = self.folder.path().join("definitions.json");
        fs::write(&path, definitions.to_string())?;
        let path = path.display().to_string().replace('\\', "/");
        Ok(format!("load_definitions = {path}\n"))
    }

    /// Waits until a node answers in AMQP, the last thing that it learns.
    fn wait_for_node(&mut self, index: usize) -> Result<(), Error> {
        let node = &self.nodes[index];
        let Some(program) = &node.running else {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        };
        let start = Instant::now();
        while !speaks_amqp(node.port) {
            if program.ended()?.is_some() || start.elapsed() > LIMIT {
                let last = Duration::from_secs(2);
                program.stdout().wait_for_end(last);
                return Err(Error::DoesNotStart {
                    said: last_lines(&program.stdout().text(), 20),
                    folder: match &self.folder {
                        Home::Kept(_) => Some(self.home(index)),
                        Home::Private(_) => None,
                    },
                });
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Home {
    fn path(&self) -> &Path {
        match self {
            Home::Private(folder) => folder.path(),
            Home::Kept(folder) => folder,
        }
    }
}

impl Node {
    fn of(broker: &Broker, index: u16) -> Result<Node, Error> {
        let name = match broker.is_cluster {
            true => format!("rabbit{}", index + 1),
            false => "rabbit".to_string(),
        };
        let mut ports = Vec::new();
        let mut port = |distance: u16| match broker.first_port {
            Some(first) => {
                let number = first.checked_add(distance + index);
                let number = number.ok_or(io::ErrorKind::InvalidInput);
                let number = number.map_err(io::Error::from)?;
                if listens(number) {
                    return Err(Error::PortTaken(number));
                }
                Ok(number)
            }
            None => {
                let port = Port::free()?;
                let number = port.number();
                ports.push(port);
                Ok(number)
            }
        };
        Ok(Node {
            name,
            port: port(0)?,
            page: match broker.has_page {
                true => Some(port(TO_PAGE)?),
                false => None,
            },
            distribution: Port::free()?,
            _ports: ports,
            running: None,
        })
    }
}

/// Where each node has a name. Without it the first node would start one, which
/// stays when all have gone.
fn start_epmd(server: &Path, port: u16) -> io::Result<Option<Program>> {
    let Some(epmd) = installed::epmd(server) else {
        return Ok(None); // then it is ended as what a node has started
    };
    let mut command = Command::new(epmd);
    without_settings(&mut command);
    command
        .args(["-address", "127.0.0.1", "-port", &port.to_string()])
        .current_dir(std::env::temp_dir());
    let epmd = Setup::new(&mut command).without_input().start()?;
    let start = Instant::now();
    while !listens(port) && epmd.ended()?.is_none() && start.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(5));
    }
    Ok(Some(epmd))
}

/// What this machine says of another RabbitMQ concerns none of one's own.
fn without_settings(command: &mut Command) {
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("RABBITMQ_") || name.starts_with("ERL_") {
            command.env_remove(&variable);
        }
    }
}

/// Erlang looks for the secret («cookie») by which nodes know each other in
/// the user's folder: this is one of the broker's own.
fn home_variables(home: &Path) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![("HOME", home.as_os_str().to_os_string())];
    if cfg!(windows) {
        let home = home.display().to_string();
        if let Some((drive, path)) = home.split_once(':') {
            variables.push(("HOMEDRIVE", format!("{drive}:").into()));
            variables.push(("HOMEPATH", path.into()));
        }
    }
    variables
}

/// Erlang takes only a file that nobody else can read.
fn write_secret(home: &Path) -> io::Result<()> {
    let path = home.join(".erlang.cookie");
    if path.exists() {
        return Ok(());
    }
    let secret = RandomState::new().hash_one(std::process::id());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    options
        .open(path)?
        .write_all(format!("{secret:020}").as_bytes())
}

/// Waits for the end of a program that was asked to, and then ends it.
fn ended(program: &Program) -> io::Result<()> {
    match program.wait(LIMIT) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            program.kill().map(|_| ())
        }
        ended => ended.map(|_| ()),
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn speaks_amqp(port: u16) -> bool {
    let exchange = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut kind = [0; 1];
        stream.read_exact(&mut kind)?;
        Ok::<u8, io::Error>(kind[0])
    };
    matches!(exchange(), Ok(1)) // a method: Connection.Start
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::System(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotInstalled => formatter.write_str(
                "O RabbitMQ não está instalado. Em Debian e Ubuntu: sudo apt \
                 install rabbitmq-server; em macOS: brew install rabbitmq; em \
                 Windows: choco install rabbitmq.",
            ),
            Error::PortTaken(port) => write!(
                formatter,
                "A porta {port} está ocupada. Se for por um RabbitMQ, o do \
                 sistema por exemplo, as lições já o podem usar."
            ),
            Error::DoesNotStart { said, folder } => {
                if !said.is_empty() {
                    writeln!(formatter, "{said}")?;
                }
                formatter.write_str("O RabbitMQ não arrancou")?;
                match folder {
                    Some(folder) => {
                        write!(formatter, ": veja {}", folder.display())
                    }
                    None => formatter.write_str("."),
                }
            }
            Error::System(error) => {
                write!(formatter, "O RabbitMQ não pôde ser iniciado: {error}")
            }
        }
    }
}

impl std::error::Error for Error {}
