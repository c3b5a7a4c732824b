//! Who plays a lesson: the terminals of its console block, what they need and
//! what they leave to others.

use std::path::Path;

use transcript::{Ports, Step, Terminal, Transcript};

/// Pages that are part of a lesson, at their documented addresses.
const PAGES: [(&str, &str); 2] = [
    (
        "ws_chat_page",
        "http://127.0.0.1:8080/?ws=ws://127.0.0.1:8765",
    ),
    ("items_api_openapi", "http://127.0.0.1:8000/docs"),
];

/// Lessons that others take for granted, by the ports where they listen.
const SERVERS: [(u16, &str); 2] =
    [(1883, "mqtt_broker"), (8765, "ws_chat_server")];

/// Where RabbitMQ listens, in the lessons.
const AMQP: u16 = 5672;

/// Stands among a program's arguments for a folder that goes with the session.
pub const FOLDER: &str = "{folder}";

/// The terminals of one console block.
pub struct Cast {
    /// In the order in which they start.
    pub roles: Vec<Role>,
    /// How many blocks the lesson has.
    pub blocks: usize,
}

/// A terminal, or a page in the place of one.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: String,
    /// What a student would type: a command, or an address in a browser.
    pub command: String,
    pub runs: Runs,
    /// What the program is told, with documented ports.
    pub arguments: Vec<String>,
    /// The documented ports where it listens, and to which it connects.
    pub listens: Vec<u16>,
    pub connects: Vec<u16>,
    /// How many lines it prints before the next terminal starts.
    pub ready: usize,
    /// What is done in it after that.
    pub steps: Vec<Step>,
}

/// What runs in the place of a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Runs {
    /// A program of the workspace.
    Program(String),
    /// A program of the system.
    Command(String),
    /// A page in the person's browser.
    Page,
}

impl Cast {
    /// The cast of a lesson's console block, from 0.
    ///
    /// # Errors
    /// There is none, and why.
    pub fn of(
        workspace: &Path,
        lesson: &str,
        block: usize,
    ) -> Result<Cast, String> {
        let transcripts = Transcript::all_of(workspace, lesson)
            .map_err(|error| format!("{lesson}: {error}"))?;
        let blocks = transcripts.len();
        let transcript = transcripts.into_iter().nth(block);
        let transcript = transcript.ok_or_else(|| {
            format!("{lesson}: não há um bloco console para correr.")
        })?;
        let roles = transcript.terminals.iter().map(Role::of_terminal);
        let mut cast = Cast {
            roles: roles.collect(),
            blocks,
        };
        cast.add_pages();
        cast.add_servers(workspace);
        Ok(cast)
    }

    /// The programs of the workspace that are in it, each once.
    pub fn programs(&self) -> Vec<&str> {
        let mut programs: Vec<&str> = self
            .roles
            .iter()
            .filter_map(|role| match &role.runs {
                Runs::Program(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        programs.sort_unstable();
        programs.dedup();
        programs
    }

    /// Whether it needs a RabbitMQ that is installed.
    pub fn needs_rabbitmq(&self) -> bool {
        self.roles.iter().any(|role| role.connects.contains(&AMQP))
    }

    fn add_pages(&mut self) {
        for (server, page) in PAGES {
            if self.roles.iter().any(|role| role.name == server) {
                self.roles.push(Role::page(page));
            }
        }
    }

    /// A server that a block takes for granted comes first.
    fn add_servers(&mut self, workspace: &Path) {
        let mut missing: Vec<u16> = self
            .roles
            .iter()
            .flat_map(|role| &role.connects)
            .filter(|port| self.roles.iter().all(|r| !r.listens.contains(port)))
            .copied()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        for port in missing {
            let lesson = SERVERS.iter().find(|(known, _)| *known == port);
            let role = match lesson {
                Some((_, lesson)) => Role::server(workspace, lesson),
                None if port == AMQP => Some(Role::rabbitmq()),
                None => None,
            };
            if let Some(role) = role {
                self.roles.insert(0, role);
            }
        }
    }
}

impl Role {
    fn of_terminal(terminal: &Terminal) -> Role {
        let name = terminal.name().to_string();
        Role {
            runs: match terminal.lesson() {
                Some(lesson) => Runs::Program(lesson.to_string()),
                None => Runs::Command(name.clone()),
            },
            name,
            command: terminal.command.clone(),
            arguments: terminal.arguments().to_vec(),
            listens: terminal.listens().to_vec(),
            connects: terminal.connects().to_vec(),
            ready: terminal.ready,
            steps: terminal.steps.clone(),
        }
    }

    /// The lesson that serves another one, as in its own console block, until
    /// Ctrl-C: when nobody needs it any more.
    fn server(workspace: &Path, lesson: &str) -> Option<Role> {
        let transcripts = Transcript::all_of(workspace, lesson).ok()?;
        let mut terminals = transcripts.iter().flat_map(|t| &t.terminals);
        let terminal = terminals.find(|terminal| terminal.name() == lesson)?;
        Some(Role {
            steps: vec![Step::InterruptsLast],
            ..Role::of_terminal(terminal)
        })
    }

    fn rabbitmq() -> Role {
        let name = "rabbitmq".to_string();
        Role {
            command: format!("cargo run -q -p {name}"),
            runs: Runs::Program(name.clone()),
            name,
            arguments: vec![
                format!("127.0.0.1:{AMQP}"),
                "--data".to_string(),
                FOLDER.to_string(),
            ],
            listens: vec![AMQP],
            connects: Vec::new(),
            ready: 3,
            steps: vec![Step::InterruptsLast],
        }
    }

    /// Adds the ports of which its program speaks, though nobody connects to
    /// them: RabbitMQ's page is 10,000 ports above.
    pub fn complete(&self, ports: &mut Ports) {
        if self.listens.contains(&AMQP)
            && let Some(real) = ports.real(AMQP)
        {
            ports.insert(AMQP + 10_000, real + 10_000);
        }
    }

    fn page(address: &str) -> Role {
        let ports = address.split(':').filter_map(|after| {
            let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        });
        Role {
            name: "browser".to_string(),
            command: address.to_string(),
            runs: Runs::Page,
            arguments: vec![address.to_string()],
            listens: Vec::new(),
            connects: ports.collect(),
            ready: 0,
            steps: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(lesson: &str) -> Cast {
        Cast::of(&testkit::workspace(), lesson, 0).expect("a cast")
    }

    fn names(cast: &Cast) -> Vec<&str> {
        cast.roles.iter().map(|role| role.name.as_str()).collect()
    }

    #[test]
    fn a_page_brings_its_browser_and_the_server_that_it_talks_to() {
        let cast = cast("ws_chat_page");
        let expected = ["ws_chat_server", "ws_chat_page", "browser"];
        assert_eq!(names(&cast), expected);
        assert_eq!(cast.roles[2].connects, [8080, 8765]);
        assert_eq!(cast.programs(), ["ws_chat_page", "ws_chat_server"]);
    }

    #[test]
    fn what_needs_a_rabbitmq_brings_it() {
        let cast = cast("rabbitmq_consumer");
        assert!(cast.needs_rabbitmq());
        assert_eq!(
            names(&cast),
            ["rabbitmq", "rabbitmq_consumer", "rabbitmq_producer"]
        );
        assert_eq!(cast.roles[0].listens, [AMQP]);
    }

    #[test]
    fn what_has_all_it_needs_stays_as_it_is() {
        let cast = cast("mqtt_subscriber");
        assert!(!cast.needs_rabbitmq());
        assert_eq!(names(&cast), ["mqtt_broker", "mqtt_subscriber"]);
    }

    #[test]
    fn no_lesson_no_cast() {
        for name in ["nada", "../etc", ""] {
            assert!(Cast::of(&testkit::workspace(), name, 0).is_err());
        }
        let workspace = testkit::workspace();
        assert!(Cast::of(&workspace, "tcp_echo_server", 9).is_err());
    }
}
