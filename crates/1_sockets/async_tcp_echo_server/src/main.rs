//! # Servidor TCP de eco assíncrono
//!
//! O diapositivo «Servidor TCP `asyncio` Python» em Rust, com tokio: milhares
//! de clientes numa única thread.
//!
//! ```console
//! $ cargo run -p async_tcp_echo_server
//! A servir em 127.0.0.1:65432
//! Ligado por 127.0.0.1:[..]
//! Recebido de 127.0.0.1:[..]: Ola, mundo
//! A fechar conexão com 127.0.0.1:[..]
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p tcp_echo_client
//! Eco recebido: Ola, mundo
//! ```
//!
//! **O que muda.** No diapositivo, um cliente que nunca lê impede o Ctrl-C de
//! terminar o servidor. Aqui todas as conexões são canceladas de imediato.
//!
//! **Experimente.** Deixe dois `nc 127.0.0.1 65432` ligados e prima Ctrl-C no
//! servidor. Depois ponha um `std::thread::sleep` de 5 s antes de `write_all`:
//! porque param todos os clientes? E com `time::sleep(…).await`?

use std::net::SocketAddr;
use std::time::Duration;
use std::{env, io, process};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::{signal, time};

const ADDRESS: &str = "127.0.0.1:65432";

/// O aviso de que o servidor vai parar.
type Stop = watch::Receiver<()>;

// `current_thread`: o ciclo de eventos corre nesta thread e em mais nenhuma.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p async_tcp_echo_server -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("A servir em {}", listener.local_addr()?);

    // O canal por onde se avisam os clientes: cada tarefa guarda um recetor.
    let (sender, stop) = watch::channel(());
    tokio::select! {
        () = accept_clients(listener, stop) => {}
        interrupted = signal::ctrl_c() => interrupted?,
    }

    // Avisa todas as tarefas e espera que a última largue o seu recetor.
    sender.send_replace(());
    sender.closed().await;
    Ok(())
}

async fn accept_clients(listener: TcpListener, stop: Stop) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Uma tarefa não é uma thread: ocupa uns 2 KiB, e todas
                // partilham esta thread, à vez, entre dois `await`.
                tokio::spawn(handle_client(stream, peer, stop.clone()));
            }
            Err(error) => {
                // Sem descritores livres: esperar que algum cliente saia.
                eprintln!("Ligação não aceite: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn handle_client(stream: TcpStream, peer: SocketAddr, mut stop: Stop) {
    println!("Ligado por {peer}");

    // Avança com o que acontecer primeiro e cancela o outro, onde quer que
    // este esteja: até um `write_all` à espera de quem nunca lê.
    tokio::select! {
        result = echo(stream, peer) => if let Err(error) = result {
            eprintln!("Conexão com {peer} interrompida: {error}");
        },
        _ = stop.changed() => println!("Conexão com {peer} cancelada."),
    }
    println!("A fechar conexão com {peer}");
}

async fn echo(mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        // Cada `await` é um ponto de espera: enquanto este cliente não envia
        // nada, a thread trata de outro.
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let received = &buffer[..count];
        println!("Recebido de {peer}: {}", String::from_utf8_lossy(received));

        // Não se lê mais deste cliente até o eco ter saído: quem não lê não
        // faz crescer a memória do servidor.
        stream.write_all(received).await?;
    }
}
