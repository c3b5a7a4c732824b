//~ //! # Exercício 1: valores de sensores por TCP
//~ //!
//~ //! O enunciado está em `docs/labs/lab_sensor_tcp.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_sensor_tcp
//~ //! Servidor de sensores a escutar em 127.0.0.1:65432
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_sensor_tcp
//~ //! ```
//{
//! # Exercício 1, resolvido: valores de sensores por TCP
//!
//! `cargo run -p lab_sensor_tcp --example lab_sensor_tcp_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//~ use std::net::{TcpListener, TcpStream};
//~ use std::{env, io, process};
//{
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{env, process, thread};
//}

const ADDRESS: &str = "127.0.0.1:65432";
//{

/// O maior comprimento de uma linha, com o seu fim.
const MAX_LINE: u64 = 1024;

/// O último valor de cada sensor, que todos os clientes partilham.
type Values = Arc<Mutex<HashMap<String, String>>>;
//}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_sensor_tcp -- 127.0.0.1:65433"
        );
        process::exit(1)
    });
    println!(
        "Servidor de sensores a escutar em {}",
        listener.local_addr()?
    );

    //~ // TODO 4: muitos clientes. Enquanto trata de um, este ciclo não aceita
    //~ // mais nenhum. Dê uma thread a cada cliente, e a todos os mesmos valores.
    //~ loop {
    //~     let (stream, _) = listener.accept()?;
    //~     if let Err(error) = handle_client(&stream) {
    //~         eprintln!("Ligação interrompida: {error}");
    //~     }
    //~ }
    //{
    let values = Values::default();
    loop {
        if let Err(error) = accept_client(&listener, &values) {
            // O sistema está sem descritores ou sem threads. O servidor fica,
            // e dá tempo a que algum cliente saia.
            eprintln!("Ligação não aceite: {error}");
            thread::sleep(Duration::from_millis(100));
        }
    }
    //}
}

//{
fn accept_client(listener: &TcpListener, values: &Values) -> io::Result<()> {
    let (stream, peer) = listener.accept()?;
    let values = Arc::clone(values);
    thread::Builder::new().spawn(move || {
        if let Err(error) = handle_client(&stream, &values) {
            eprintln!("Ligação com {peer} interrompida: {error}");
        }
    })?;
    Ok(())
}

//}
//~ fn handle_client(stream: &TcpStream) -> io::Result<()> {
//~     // TODO 1: leia uma linha, até «\n», e responda-lhe; depois a seguinte,
//~     // até o cliente sair. Uma leitura do socket pode trazer metade de uma
//~     // linha, ou três: `BufReader` e `read_until` juntam e separam por si.
//~     // TODO 3: uma linha de mais de 1024 bytes tem ERR, e fecha-se a ligação.
//~     let _ = stream;
//~     let _ = answer(b"");
//~     Ok(())
//~ }
//{
fn handle_client(mut stream: &TcpStream, values: &Values) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        // `take` impede que uma linha sem fim encha a memória.
        line.clear();
        reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        let mut answer = answer(line, values);
        answer.push('\n');
        stream.write_all(answer.as_bytes())?;
    }
    if !line.is_empty() {
        stream.write_all(b"ERR linha sem fim\n")?;
    }

    // Fechar um socket com bytes por ler provoca um reset, e o cliente podia
    // perder a última resposta: fecha-se a escrita, e lê-se o que ainda vem.
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    io::copy(&mut reader.take(1 << 20), &mut io::sink())?;
    Ok(())
}
//}

//~ /// A resposta a uma linha, sem os fins de linha: aqui não há sockets.
//~ fn answer(line: &[u8]) -> String {
//~     // TODO 2: separe as palavras e responda a SET e a GET. Falta um sítio
//~     // onde guardar os valores. A tudo o resto, até ao que não é texto, ERR.
//~     format!("ERR por fazer: {}", String::from_utf8_lossy(line))
//~ }
//{
/// A resposta a uma linha, sem os fins de linha: aqui não há sockets.
fn answer(line: &[u8], values: &Values) -> String {
    let Ok(line) = str::from_utf8(line) else {
        return "ERR não é texto".to_string();
    };
    // O lock dura até ao fim desta função: nunca enquanto se escreve para um
    // cliente, que pode não ler.
    let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["SET", name, value] if !name.is_empty() && !value.is_empty() => {
            values.insert(name.to_string(), value.to_string());
            "OK".to_string()
        }
        ["GET", name] => match values.get(name) {
            Some(value) => format!("OK {value}"),
            None => "ERR sensor desconhecido".to_string(),
        },
        _ => "ERR comando desconhecido".to_string(),
    }
}
//}
