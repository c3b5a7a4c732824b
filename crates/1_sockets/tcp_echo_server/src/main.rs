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

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::Duration;
use std::{env, process};

const ADDRESS: &str = "127.0.0.1:65432";
const TIME_LIMIT: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());

    // `bind` faz três coisas: cria o socket, reserva o endereço e começa a
    // escutar. Os clientes que chegarem já esperam numa fila do sistema.
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p tcp_echo_server -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("Servidor TCP a escutar em {}", listener.local_addr()?);

    loop {
        // O que corre mal com um cliente fica com esse cliente.
        if let Err(error) = serve_client(&listener) {
            eprintln!("Ligação interrompida: {error}");
        }
    }
}

fn serve_client(listener: &TcpListener) -> io::Result<()> {
    // Bloqueia até chegar um cliente. `stream` é um socket novo, só para ele;
    // o `listener` continua a ser a porta de entrada.
    let (mut stream, peer) = listener.accept()?;
    println!("Ligado por {peer}");

    // Um cliente que envia e nunca lê enche os buffers, e o envio bloqueia.
    // Sem este limite, os outros clientes esperariam por ele para sempre.
    stream.set_write_timeout(Some(TIME_LIMIT))?;

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
