//! The program as a server: its address, and connections to it.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

use programs::Port;

use super::{BRIEFLY, Trial};
use crate::limits::START;
use crate::machine;
use crate::outcome::{Failure, Kind, Outcome};
use crate::peers::tcp::Client;
use crate::peers::udp::Sender;

impl Trial<'_> {
    /// Starts the program on a free port, with these words after its address.
    pub fn serve(&mut self, words: &[&str]) -> Outcome {
        let [port] = free_ports()?;
        self.address = port.address();
        self.keeps(port);
        self.start_as("", &self.address.to_string(), words)
    }

    /// Where the program listens, which is started if nothing runs yet.
    pub fn server(&mut self) -> Outcome<SocketAddr> {
        self.program()?;
        Ok(self.address)
    }

    /// Whether the program, which runs, listens at its address already; `false`
    /// where the system does not tell.
    pub fn listens(&mut self) -> Outcome<bool> {
        self.still_runs()?;
        let processes = self.program()?.processes();
        Ok(machine::listening(&processes).contains(&self.address))
    }

    /// A new TCP connection, as soon as the program listens.
    pub fn connect(&mut self) -> Outcome<Client> {
        self.program()?;
        self.clients += 1;
        let name = format!("cliente {}", self.clients);
        let stream = self.connected()?;
        self.begins();
        self.steps.add(&name, "liga-se");
        Ok(Client::new(name, stream, self.steps.clone()))
    }

    /// The first connection is also how one sees that a server is up: another
    /// one, only to look, would be a client that leaves without a word.
    fn connected(&mut self) -> Outcome<TcpStream> {
        let limit = self.time_to_connect();
        let start = Instant::now();
        let address = self.address;
        loop {
            let error = match TcpStream::connect_timeout(&address, limit) {
                // A port of one's own, while nobody listens there, can come
                // out connected to itself.
                Ok(stream) if stream.local_addr().ok() == Some(address) => {
                    continue;
                }
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            machine::can_take(&error)?;
            self.still_runs()?;
            if start.elapsed() > limit || self.program()?.offence().is_some() {
                return Err(if limit == START {
                    self.nobody_listens()
                } else {
                    deaf(&error).settled()
                });
            }
            thread::sleep(BRIEFLY);
        }
    }

    /// The program runs, and does not listen where it should.
    pub fn nobody_listens(&self) -> Box<Failure> {
        let elsewhere = machine::listening(&self.runs[0].program.processes());
        let failure = Failure::new(format!(
            "o programa corre, mas ao fim de {} s ninguém escuta em {}",
            START.as_secs(),
            self.address
        ));
        failure
            .because(match elsewhere.first() {
                Some(other) => format!(
                    "O programa escuta em {other}. Tem de escutar no endereço \
                     que recebe como argumento, e não num endereço fixo."
                ),
                None => "O programa ainda não escuta em lado nenhum: ou \
                         demora de mais a começar (compile-o antes), ou ficou \
                         parado antes de escutar, ou o endereço que usa não é \
                         o do seu argumento."
                    .to_string(),
            })
            .settled()
            .of(Kind::NeverListened)
            .unbegun()
    }

    /// A new UDP socket, which hears only the program.
    pub fn sender(&mut self) -> Outcome<Sender> {
        self.program()?;
        self.clients += 1;
        let name = format!("cliente {}", self.clients);
        Sender::open(name, self.address, self.steps.clone())
    }
}

/// Ports, one after the other, that nobody else gets while these values live.
pub fn free_ports<const N: usize>() -> Outcome<[Port; N]> {
    let mut found: Vec<Port> = Vec::new();
    loop {
        let port = Port::free().map_err(|error| {
            Failure::not_run(format!("não há portas livres: {error}"))
        })?;
        let follows = |last: &Port| last.number() + 1 == port.number();
        if !found.last().is_none_or(follows) {
            found.clear();
        }
        found.push(port);
        found = match <[Port; N]>::try_from(found) {
            Ok(ports) => return Ok(ports),
            Err(too_few) => too_few,
        };
    }
}

/// The program, which listened before, does not any more.
pub fn deaf(error: &io::Error) -> Box<Failure> {
    Failure::new("o programa deixou de aceitar ligações").because(format!(
        "Ou fechou o socket que escuta, ou já não chega ao `accept` \
             ({error})."
    ))
}
