//! # Exercício 2: telemetria por UDP
//!
//! O enunciado está em `docs/labs/lab_telemetry_udp.md`. O que falta fazer
//! está marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_telemetry_udp
//! Telemetria a escutar em 127.0.0.1:65432
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_telemetry_udp
//! ```

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

/// O que se sabe de todos os sensores.
#[derive(Default)]
struct Sensors {
    // TODO 2: o que é preciso guardar, para cada nome, para fazer as contas?
}

fn handle_datagram(
    socket: &UdpSocket,
    buffer: &mut [u8],
    sensors: &mut Sensors,
) -> io::Result<()> {
    // TODO 1: receba um datagrama e passe-o a `answer`; se houver resposta,
    // envie-a a quem o enviou.
    let _ = socket.recv(buffer)?;
    let _ = answer(buffer, sensors);
    Ok(())
}

/// A resposta a um datagrama, se tiver resposta: aqui não há sockets.
fn answer(datagram: &[u8], sensors: &mut Sensors) -> Option<String> {
    // TODO 2: `DATA nome número valor` guarda-se em `sensors`.
    // TODO 3: `REPORT nome` tem como resposta as contas desse sensor.
    // O que não se percebe não tem resposta.
    let _ = (datagram, sensors);
    None
}
