//! # Servidor REP: o eco, em mensagens
//!
//! O padrão `REQ/REP` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: o eco
//! da parte 1, com mensagens em vez de bytes.
//!
//! ```console
//! $ cargo run -p zmq_rep_server
//! Servidor REP a escutar em tcp://127.0.0.1:5555
//! Recebido: Ola, mundo
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_req_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Em relação à parte 1, não há
//! `accept`, nem um ciclo de leituras, nem mensagens partidas ao meio: um
//! socket REP serve todos os clientes, e cada mensagem chega inteira ou não
//! chega.
//!
//! **Experimente.** Outro transporte, o mesmo programa: termine o servidor e
//! use, nos dois terminais, `-- ipc:///tmp/eco`. (Em Windows não há `ipc`.)

use std::{env, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";

fn main() -> zmq::Result<()> {
    let endpoint = env::args().nth(1).unwrap_or(ENDPOINT.to_string());

    // O contexto tem a thread que trata da rede; os sockets são filas de
    // mensagens entre ela e este programa.
    let context = zmq::Context::new();
    let socket = context.socket(zmq::REP)?;

    // Uma mensagem só é entregue completa, e até lá fica toda em memória: quem
    // anunciar mais de 64 MiB é desligado.
    socket.set_maxmsgsize(64 << 20)?;
    socket.bind(&endpoint).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {endpoint} ({error}). Escolha outro: \
             cargo run -p zmq_rep_server -- tcp://127.0.0.1:5565"
        );
        process::exit(1)
    });
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint);
    println!("Servidor REP a escutar em {address}");

    // REP alterna sempre: receber, responder. A resposta vai para quem
    // perguntou; se esse já saiu, perde-se sem incomodar ninguém.
    loop {
        // Uma mensagem são uma ou mais partes (frames), de quaisquer bytes.
        let message = socket.recv_multipart(0)?;
        let text = message.join(&b" | "[..]);
        println!("Recebido: {:.200}", String::from_utf8_lossy(&text));
        socket.send_multipart(message, 0)?;
    }
}
