//~ //! # Exercício 2: telemetria por UDP
//~ //!
//~ //! O enunciado está em `docs/labs/lab_telemetry_udp.md`. O que falta fazer
//~ //! está marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_telemetry_udp
//~ //! Telemetria a escutar em 127.0.0.1:65432
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_telemetry_udp
//~ //! ```
//{
//! # Exercício 2, resolvido: telemetria por UDP
//!
//! `cargo run -p lab_telemetry_udp --example lab_telemetry_udp_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//{
use std::collections::{HashMap, HashSet};
//}
use std::net::UdpSocket;
use std::{env, io, process};

const ADDRESS: &str = "127.0.0.1:65432";

/// O maior datagrama UDP sobre IPv4.
const MAX_DATAGRAM: usize = 65_507;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let socket = UdpSocket::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_telemetry_udp -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("Telemetria a escutar em {}", socket.local_addr()?);

    let mut sensors = Sensors::default();
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        // Um erro diz respeito a um datagrama; os seguintes são outros.
        if let Err(error) = handle_datagram(&socket, &mut buffer, &mut sensors)
        {
            eprintln!("Datagrama perdido: {error}");
        }
    }
}

//~ /// O que se sabe de todos os sensores.
//~ #[derive(Default)]
//~ struct Sensors {
//~     // TODO 2: o que é preciso guardar, para cada nome, para fazer as contas?
//~ }
//{
/// O que se sabe de todos os sensores, pelo nome.
type Sensors = HashMap<String, Sensor>;

/// O que se sabe de um sensor.
#[derive(Default)]
struct Sensor {
    /// Os números que chegaram. Os que faltam não se guardam: contam-se.
    numbers: HashSet<u32>,
    highest: u32,
    duplicated: u32,
    out_of_order: u32,
    sum: f64,
}

impl Sensor {
    fn take(&mut self, number: u32, value: f64) {
        // Por esta ordem: um duplicado não está fora de ordem.
        if !self.numbers.insert(number) {
            self.duplicated += 1;
            return;
        }
        if number < self.highest {
            self.out_of_order += 1;
        }
        self.highest = self.highest.max(number);
        self.sum += value;
    }

    fn report(&self, name: &str) -> String {
        let received = self.numbers.len();
        format!(
            "{name} received={received} lost={} duplicated={} \
             out_of_order={} mean={:.2}",
            self.highest as usize - received,
            self.duplicated,
            self.out_of_order,
            // Sem nenhum recebido, 0 a dividir por 0 não é um número.
            self.sum / received.max(1) as f64
        )
    }
}
//}

fn handle_datagram(
    socket: &UdpSocket,
    buffer: &mut [u8],
    sensors: &mut Sensors,
) -> io::Result<()> {
    //~ // TODO 1: receba um datagrama e passe-o a `answer`; se houver resposta,
    //~ // envie-a a quem o enviou.
    //~ let _ = socket.recv(buffer)?;
    //~ let _ = answer(buffer, sensors);
    //~ Ok(())
    //{
    let (count, peer) = socket.recv_from(buffer)?;
    if let Some(answer) = answer(&buffer[..count], sensors) {
        socket.send_to(answer.as_bytes(), peer)?;
    }
    Ok(())
    //}
}

/// A resposta a um datagrama, se tiver resposta: aqui não há sockets.
fn answer(datagram: &[u8], sensors: &mut Sensors) -> Option<String> {
    //~ // TODO 2: `DATA nome número valor` guarda-se em `sensors`.
    //~ // TODO 3: `REPORT nome` tem como resposta as contas desse sensor.
    //~ // O que não se percebe não tem resposta.
    //~ let _ = (datagram, sensors);
    //~ None
    //{
    let text = str::from_utf8(datagram).ok()?;
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["DATA", name, number, value] => {
            // As duas conversões antes de guardar: o que não se percebe não
            // cria um sensor. `NaN` e `inf` convertem-se, e não são medidas.
            let number = number.parse().ok().filter(|number| *number > 0)?;
            let value = value.parse().ok().filter(|v: &f64| v.is_finite())?;
            let sensor = sensors.entry(name.to_string()).or_default();
            sensor.take(number, value);
            None
        }
        ["REPORT", name] => match sensors.get(name) {
            Some(sensor) => Some(sensor.report(name)),
            None => Some(Sensor::default().report(name)),
        },
        _ => None,
    }
    //}
}
