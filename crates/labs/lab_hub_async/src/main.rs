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

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::{signal, time};

const ADDRESS: &str = "127.0.0.1:65432";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p lab_hub_async -- 127.0.0.1:65433"
        )
    })?;

    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        () = accept_clients(&listener) => {}
    }
    Ok(())
}

async fn accept_clients(listener: &TcpListener) {
    if let Ok(address) = listener.local_addr() {
        println!("A servir em {address}");
    }
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
