//! # Servidor TCP de eco
//!
//! O diapositivo «Servidor TCP Python (Eco)» em Rust: cada cliente recebe de
//! volta os bytes que enviou.
//!
//! ```console
//! $ cargo run -p tcp_echo_server
//! Servidor TCP a escutar em 127.0.0.1:65432
//! Ligado por 127.0.0.1:[..]
//! Recebido: Ola, mundo
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p tcp_echo_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** O servidor do diapositivo termina com o seu primeiro
//! cliente. Este continua: serve um cliente de cada vez, por ordem de chegada,
//! para que se veja o problema do diapositivo «I/O Blocante».
//!
//! **Experimente.** Abra dois terminais com `nc 127.0.0.1 65432` e escreva em
//! ambos. O segundo só recebe o seu eco quando fechar o primeiro.

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

const ADDRESS: &str = "127.0.0.1:65432";

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    // `bind` faz três coisas: cria o socket, reserva o endereço e começa a
    // escutar. Os clientes que chegarem já esperam numa fila do sistema.
    let listener = TcpListener::bind(address).map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p tcp_echo_server -- 127.0.0.1:65433"
        )
    })?;
    println!("Servidor TCP a escutar em {}", listener.local_addr()?);

    loop {
        // Bloqueia até chegar um cliente. `stream` é um socket novo, só para
        // ele; o `listener` continua a ser a porta de entrada.
        match listener.accept() {
            Ok((stream, peer)) => {
                println!("Ligado por {peer}");
                // Enquanto `echo` não termina, ninguém mais é atendido.
                if let Err(error) = echo(stream) {
                    eprintln!("Ligação com {peer} interrompida: {error}");
                }
            }
            Err(error) => eprintln!("Ligação não aceite: {error}"),
        }
    }
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    // Um cliente que envia e nunca lê enche os buffers, e o envio bloqueia.
    // Sem este limite, os outros clientes esperariam por ele para sempre.
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;

    let mut buffer = [0; 1024];
    loop {
        // Bloqueia até chegarem bytes: de 1 a 1024, e não «uma mensagem».
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(()); // o cliente fechou o seu lado
        }
        let received = &buffer[..count];

        // Uma leitura pode cortar um carácter ao meio, e os bytes podem nem
        // ser texto: no ecrã isso vê-se como «�», no eco nada se perde.
        println!("Recebido: {}", String::from_utf8_lossy(received));

        // `write` pode enviar só uma parte; `write_all` insiste até ao fim.
        stream.write_all(received)?;
    }
}
