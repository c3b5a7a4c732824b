//~ //! # Exercício 3: sensores e ecrãs numa só thread
//~ //!
//~ //! O enunciado está em `docs/labs/lab_hub_async.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_hub_async
//~ //! A servir em 127.0.0.1:65432
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_hub_async
//~ //! ```
//{
//! # Exercício 3, resolvido: sensores e ecrãs numa só thread
//!
//! `cargo run -p lab_hub_async --example lab_hub_async_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

use std::time::Duration;
use std::{env, io, process};

//~ use tokio::net::{TcpListener, TcpStream};
//~ use tokio::time;
//{
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time;
//}

const ADDRESS: &str = "127.0.0.1:65432";
//{

/// Quanto tempo um sensor pode demorar com uma linha.
const IDLE: Duration = Duration::from_secs(2);

/// O maior comprimento de uma linha, com o seu fim.
const MAX_LINE: u64 = 2048;

/// Quantos valores se guardam para um ecrã que se atrasa: mais do que cabem
/// numa leitura de um sensor.
const QUEUE: usize = 4096;

/// Por onde passam os valores: cada ecrã tem um recetor, com a sua posição.
type Values = broadcast::Sender<String>;
//}

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

    //~ // TODO 2: por aqui, os valores dos sensores têm de chegar aos ecrãs. Veja
    //~ // `tokio::sync::broadcast`.
    //{
    let (values, _) = broadcast::channel(QUEUE);
    //}
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                //~ tokio::spawn(async move {
                //~     if let Err(error) = handle_client(stream).await {
                //{
                let values = values.clone();
                tokio::spawn(async move {
                    if let Err(error) = handle_client(stream, values).await {
                        //}
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

//~ async fn handle_client(stream: TcpStream) -> io::Result<()> {
//~     // TODO 1: leia a primeira linha, e responda OK a `DISPLAY` e a
//~     // `SENSOR nome`; a qualquer outra, ERR, e a ligação acaba.
//~     // TODO 3: depois, as linhas de um sensor são valores, e cada um vai para
//~     // todos os ecrãs; um ecrã recebe-os, até se ir embora.
//~     // TODO 4: um sensor que demora dois segundos com uma linha tem BYE.
//~     drop(stream);
//~     Ok(())
//~ }
//{
async fn handle_client(stream: TcpStream, values: Values) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let Some(hello) = read_line(&mut stream).await? else {
        return Ok(());
    };
    let words: Vec<&str> = hello.split(' ').collect();
    match words[..] {
        ["DISPLAY"] => {
            // Antes do OK: daqui em diante não lhe escapa nenhum valor.
            let queue = values.subscribe();
            stream.write_all(b"OK\n").await?;
            show_values(stream, queue).await
        }
        ["SENSOR", name] if !name.is_empty() => {
            stream.write_all(b"OK\n").await?;
            while let Some(value) = read_line(&mut stream).await? {
                // Só dá erro se não houver nenhum ecrã.
                let _ = values.send(format!("{name} {value}\n"));
            }
            Ok(())
        }
        _ => {
            stream
                .write_all(b"ERR DISPLAY, ou SENSOR e um nome\n")
                .await
        }
    }
}

/// A linha seguinte, sem o seu fim; `None` quando não há mais, ou demora.
async fn read_line(
    stream: &mut BufReader<TcpStream>,
) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut limited = (&mut *stream).take(MAX_LINE);
    let reading = limited.read_until(b'\n', &mut line);
    match time::timeout(IDLE, reading).await {
        Ok(count) => count?,
        Err(_) => {
            stream.write_all(b"BYE\n").await?;
            return Ok(None);
        }
    };
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

async fn show_values(
    mut stream: BufReader<TcpStream>,
    mut queue: broadcast::Receiver<String>,
) -> io::Result<()> {
    let mut ignored = [0; 64];
    loop {
        tokio::select! {
            value = queue.recv() => match value {
                // Só esta tarefa espera por este ecrã.
                Ok(value) => stream.write_all(value.as_bytes()).await?,
                // Atrasou-se, e perdeu alguns: continua com os seguintes.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
            count = stream.read(&mut ignored) => if count? == 0 {
                return Ok(());
            },
        }
    }
}
//}
