//! # Exercício 3: sensores e ecrãs numa só thread
//!
//! O enunciado está em `docs/labs/lab_hub_async.md`. O que falta fazer está
//! marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_hub_async
//! A servir em 127.0.0.1:65432
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_hub_async
//! ```

use std::time::Duration;
use std::{env, io, process};

use tokio::net::{TcpListener, TcpStream};
use tokio::time;

const ADDRESS: &str = "127.0.0.1:65432";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_hub_async -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!("A servir em {}", listener.local_addr()?);

    // TODO 2: por aqui, os valores dos sensores têm de chegar aos ecrãs. Veja
    // `tokio::sync::broadcast`.
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(async move {
                    if let Err(error) = handle_client(stream).await {
                        eprintln!("Conexão com {peer} interrompida: {error}");
                    }
                });
            }
            Err(error) => {
                // Sem descritores livres: esperar que algum cliente saia.
                eprintln!("Ligação não aceite: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn handle_client(stream: TcpStream) -> io::Result<()> {
    // TODO 1: leia a primeira linha, e responda OK a `DISPLAY` e a
    // `SENSOR nome`; a qualquer outra, ERR, e a ligação acaba.
    // TODO 3: depois, as linhas de um sensor são valores, e cada um vai para
    // todos os ecrãs; um ecrã recebe-os, até se ir embora.
    // TODO 4: um sensor que demora dois segundos com uma linha tem BYE.
    drop(stream);
    Ok(())
}
