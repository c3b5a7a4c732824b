//! What the relay costs: round trips per second of 16 bytes through it and
//! without it, on one connection and on a thousand.
//!
//! Runs take turns, so that a busy machine is busy for both; the medians count.
//! `cargo run --release -p wire --example round_trips`

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use wire::{Ends, Recorder, Relay};

const RUNS: usize = 7;
const TIME: Duration = Duration::from_millis(500);
const MESSAGE: [u8; 16] = [b'.'; 16];

/// Answers every connection, each in a thread of its own.
fn serve(listener: TcpListener) {
    for stream in listener.incoming() {
        let echo = move || -> io::Result<()> {
            let mut stream = stream?;
            stream.set_nodelay(true)?;
            let mut message = MESSAGE;
            loop {
                stream.read_exact(&mut message)?;
                stream.write_all(&message)?;
            }
        };
        // A connection's end ends its thread.
        let builder = thread::Builder::new().stack_size(64 * 1024);
        if let Err(error) = builder.spawn(move || echo().err()) {
            eprintln!("a thread: {error}");
        }
    }
}

/// Round trips per second on so many connections at once.
fn measure(server: SocketAddr, connections: usize) -> io::Result<f64> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let mut message = MESSAGE;
    let mut round = || -> io::Result<()> {
        for stream in &mut streams {
            stream.write_all(&MESSAGE)?;
        }
        for stream in &mut streams {
            stream.read_exact(&mut message)?;
        }
        Ok(())
    };
    round()?; // every connection is there before the time begins
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < TIME {
        round()?;
        rounds += 1;
    }
    let trips = f64::from(rounds) * connections as f64;
    Ok(trips / start.elapsed().as_secs_f64())
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() -> io::Result<()> {
    programs::raise_descriptor_limit();
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let server = listener.local_addr()?;
    thread::spawn(|| serve(listener));
    let ends = Ends {
        client: "client".to_string(),
        server: "server".to_string(),
        documented: None,
    };
    let recorder = Recorder::new(|_| {});
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let relay = Relay::tcp(any, ends, &recorder)?;
    relay.forward_to(server)?;
    for connections in [1, 1_000] {
        let (mut without, mut through) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            without.push(measure(server, connections)?);
            through.push(measure(relay.address(), connections)?);
        }
        let (without, through) = (median(without), median(through));
        println!(
            "{connections:>5} connections: {without:.0} round trips/s \
             without, {through:.0} through, {:.2} times as many",
            through / without
        );
    }
    Ok(())
}
