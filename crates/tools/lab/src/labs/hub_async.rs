//! Lab 3: a hub between many sensors and many displays, on one thread.

use std::time::{Duration, Instant};

use crate::bytes::Expected;
use crate::check::{Check, Lab, Needs};
use crate::machine;
use crate::memory::{Kept, WARM_UP};
use crate::outcome::{Failure, Outcome};
use crate::peers::tcp::Client;
use crate::trial::Trial;

/// How long a sensor may be silent, as the sheet has it, and how long after
/// that the checker still takes for punctual.
const IDLE: Duration = Duration::from_secs(2);
const LATE: Duration = Duration::from_secs(2);

pub const LAB: Lab = Lab {
    name: "lab_hub_async",
    title: "mil sensores e ecrãs numa só thread",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "hello",
            about: "o valor de um sensor chega a um ecrã",
            demands: &[1, 2, 5, 14],
            cause: "O programa escuta, mas não responde OK a DISPLAY ou a \
                    SENSOR, ou não passa o valor. Experimente à mão, em dois \
                    terminais: nc 127.0.0.1 65432",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: hello,
        },
        Check {
            name: "everyone",
            about: "cada valor chega a todos os ecrãs, e a nenhum sensor",
            demands: &[1, 2],
            cause: "Guarde os ecrãs à parte: um valor vai para cada um deles, \
                    uma vez, e os sensores só recebem OK.",
            slide: "Servidor TCP `asyncio` Python",
            read: "ws_chat_server",
            run: everyone,
        },
        Check {
            name: "pieces",
            about: "uma linha aos pedaços é uma só, e linhas juntas são várias",
            demands: &[4, 10],
            cause: "Uma leitura do socket não é uma linha. Junte o que chega \
                    até aparecer «\\n», e guarde o que sobra.",
            slide: "Servidor TCP `asyncio` Python",
            read: "tcp_echo_client",
            run: pieces,
        },
        Check {
            name: "bad_hello",
            about: "quem não se apresenta bem tem ERR, e é desligado",
            demands: &[3],
            cause: "A primeira linha só pode ser DISPLAY ou SENSOR e um nome. \
                    A qualquer outra responde-se ERR, e fecha-se a ligação.",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: bad_hello,
        },
        Check {
            name: "idle",
            about: "um sensor calado dois segundos tem BYE, e é desligado",
            demands: &[6, 7, 8],
            cause: "A espera por cada linha de um sensor tem um limite: \
                    `time::timeout` em tokio, `asyncio.wait_for` em Python. \
                    Um ecrã não tem nada para dizer: esse pode ficar calado.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "async_tcp_echo_server",
            run: idle,
        },
        Check {
            name: "trickle",
            about: "uns bytes de vez em quando, sem fim de linha, não bastam",
            demands: &[6],
            cause: "O limite é para a linha inteira, e não para cada leitura: \
                    quem envia um byte por segundo nunca acaba a sua.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "async_tcp_echo_server",
            run: trickle,
        },
        Check {
            name: "thousand",
            about: "mil clientes ligados, e nem mais uma thread por isso",
            demands: &[12],
            cause: "Uma tarefa assíncrona por cliente não é uma thread por \
                    cliente.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "async_tcp_echo_server",
            run: thousand,
        },
        Check {
            name: "reset",
            about: "quem desaparece não leva os outros consigo",
            demands: &[11],
            cause: "Um erro a escrever para um ecrã é o fim desse ecrã: tira-se \
                    da lista, e os outros recebem o mesmo.",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: reset,
        },
        Check {
            name: "slow_display",
            about: "um ecrã que nunca lê não atrasa os outros",
            demands: &[9, 10],
            cause: "Quem distribui os valores não pode esperar por nenhum \
                    ecrã, nem guardar para um sem limite o que ele não lê.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "ws_chat_server",
            run: slow_display,
        },
        #[cfg(unix)]
        Check {
            demands: &[13],
            ..super::CTRL_C
        },
    ],
    hints: &[
        "Comece por `async_tcp_echo_server`: uma tarefa para cada cliente. A \
         primeira linha decide qual de duas funções trata dele, uma para \
         sensores e outra para ecrãs.",
        "Cada ecrã tem uma fila só sua, com um limite, e uma tarefa que a \
         esvazia para o socket. O sensor põe o valor em todas as filas, e não \
         espera por nenhuma.\n\
         Em Rust, `tokio::sync::broadcast` é quase tudo: `send` nunca espera, \
         e cada ecrã tem um recetor só seu. Em Python, uma `asyncio.Queue` \
         para cada ecrã, ou `writer.write` sem `drain`; em Node, \
         `socket.write`.",
        "Um ecrã que não lê fica com a fila cheia: o valor seguinte perde-se, \
         mas só para ele, ou desliga-se o ecrã. É isso que impede um ecrã \
         lento de encher a memória.\n\
         Em Rust, `RecvError::Lagged` quer dizer que este ecrã se atrasou e \
         perdeu valores: continue com os seguintes. O que está à espera \
         diz-se em Python com `get_write_buffer_size`, e em Node com \
         `writableLength`.",
        "Os dois segundos são os da linha inteira, e não os de cada leitura: \
         contam-se desde que se espera por ela, e só o seu fim os acaba. \
         Passado o limite, escreve-se BYE e fecha-se a ligação.\n\
         Em Rust, `time::timeout` à volta de `lines.next_line()`, e largar o \
         socket fecha-o; em Python, `asyncio.wait_for` à volta de \
         `reader.readline()`; em Node, `setTimeout`.",
        "Um ecrã também se pode ir embora: espere ao mesmo tempo por um valor \
         e por uma leitura, que dá zero bytes quando ele sai.\n\
         Em Rust, com `select!`; em Python, uma tarefa lê e outra escreve; em \
         Node, o evento `close`.",
    ],
};

/// The longest value, in bytes, as the sheet has it.
const LONGEST: usize = 1000;

fn display(trial: &mut Trial) -> Outcome<Client> {
    let mut client = trial.connect()?;
    client.sends("DISPLAY\n")?;
    client.expects_line("OK", "")?;
    Ok(client)
}

fn sensor(trial: &mut Trial, name: &str) -> Outcome<Client> {
    let mut client = trial.connect()?;
    client.sends(format!("SENSOR {name}\n"))?;
    client.expects_line("OK", "")?;
    Ok(client)
}

/// Sends a value and sees it on a display.
fn shown(sensor: &mut Client, name: &str, display: &mut Client) -> Outcome {
    sensor.sends("21.5\n")?;
    display.expects_line(&format!("{name} 21.5"), "")
}

fn hello(trial: &mut Trial) -> Outcome {
    let name = trial.random.sensor();
    let mut display = display(trial)?;
    let mut sensor = sensor(trial, &name)?;
    // As it came, up to the longest.
    let measure = trial.random.measure();
    let longest = "7".repeat(LONGEST);
    let words = format!("{measure} °C");
    for value in [measure.clone(), format!("{measure}0"), words, longest] {
        sensor.sends(format!("{value}\n"))?;
        display.expects_line(&format!("{name} {value}"), "")?;
    }
    // Text in UTF-8, the name as well.
    let name = format!("{name}_à_direita");
    let mut other = self::sensor(trial, &name)?;
    shown(&mut other, &name, &mut display)
}

fn everyone(trial: &mut Trial) -> Outcome {
    let names = [trial.random.sensor(), trial.random.sensor()];
    let mut displays = [display(trial)?, display(trial)?, display(trial)?];
    let mut sensors = Vec::new();
    for name in &names {
        sensors.push(sensor(trial, name)?);
    }
    let mut silent_since = Vec::new();
    for (sensor, name) in sensors.iter_mut().zip(&names) {
        let value = trial.random.measure();
        silent_since.push(Instant::now());
        sensor.sends(format!("{value}\n"))?;
        for display in &mut displays {
            display.expects_line(&format!("{name} {value}"), "")?;
        }
    }
    for (sensor, since) in sensors.iter_mut().zip(silent_since) {
        if let Err(failure) = sensor.expects_silence("")
            && !is_due_bye(&failure, since)
        {
            return Err(failure);
        }
    }
    for display in &mut displays {
        display.expects_silence("")?;
    }
    Ok(())
}

/// On a busy machine a sensor may have been silent for too long by now.
fn is_due_bye(failure: &Failure, silent_since: Instant) -> bool {
    failure.received() == Some(b"BYE\n") && silent_since.elapsed() >= IDLE
}

fn pieces(trial: &mut Trial) -> Outcome {
    let name = trial.random.sensor();
    let mut display = display(trial)?;
    let mut sensor = trial.connect()?;
    sensor.sends_byte_by_byte(format!("SENSOR {name}\n"))?;
    sensor.expects_line("OK", "")?;
    sensor.sends("1.5\n2.5\n3")?;
    display.expects_line(&format!("{name} 1.5"), "")?;
    display.expects_line(&format!("{name} 2.5"), "")?;
    display.expects_silence("")?;
    sensor.sends(".5\n")?;
    display.expects_line(&format!("{name} 3.5"), "")?;

    // Many at once, and then nobody who could send more.
    let count = trial.random.between(40, 60);
    let lines = |start: &str| -> String {
        (0..count)
            .map(|index| format!("{start}{index}.5\n"))
            .collect()
    };
    sensor.did(format!("envia {count} linhas de uma vez"));
    sensor.writes(lines("").as_bytes())?;
    sensor.leaves();
    let wanted = Expected::exactly(lines(&format!("{name} ")));
    display.reads_all(&wanted).map_err(|failure| {
        failure.because("O que chegou antes do fim ainda é para os ecrãs.")
    })
}

/// The server closes, and has said no more than it should.
fn hangs_up(client: &mut Client, limit: Duration) -> Outcome {
    client.expects_end(limit, "")?;
    match client.unread() {
        [] => Ok(()),
        more => Err(Failure::new("depois da última linha veio mais uma coisa")
            .comparing(Expected::exactly(""), more)),
    }
}

fn bad_hello(trial: &mut Trial) -> Outcome {
    let name = trial.random.sensor();
    let mut display = display(trial)?;
    for line in [
        &b"OLA\n"[..],
        b"SENSOR\n",
        b"\n",
        b"SENSOR a b\n",
        b"\xff\n",
    ] {
        let mut client = trial.connect()?;
        client.sends(line)?;
        client.expects(Expected::line_starting("ERR"), "")?;
        hangs_up(&mut client, Duration::from_secs(3))?;
    }
    let mut sensor = sensor(trial, &name)?;
    shown(&mut sensor, &name, &mut display)
}

fn idle(trial: &mut Trial) -> Outcome {
    let (silent, busy) = (trial.random.sensor(), trial.random.sensor());
    let mut display = display(trial)?;
    let mut busy_one = sensor(trial, &busy)?;
    let mut silent_one = sensor(trial, &silent)?;
    let mut nobodies = [trial.connect()?, trial.connect()?];

    // Half-way through the silence of one, the other says something.
    let start = Instant::now();
    silent_one.expects_silence_for(
        IDLE / 2,
        "O limite são dois segundos: este sensor só está calado há um.",
    )?;
    shown(&mut busy_one, &busy, &mut display)?;
    let left = (IDLE + LATE).saturating_sub(start.elapsed());
    silent_one.expects_within(Expected::exactly("BYE\n"), left, "")?;
    hangs_up(&mut silent_one, Duration::from_secs(1))?;
    for nobody in &mut nobodies {
        nobody.expects_within(
            Expected::exactly("BYE\n"),
            LATE,
            "Quem se liga e não se apresenta também não pode ficar para \
             sempre.",
        )?;
        hangs_up(nobody, Duration::from_secs(1))?;
    }

    // The display has been silent for longer than any of them.
    let mut sensor = sensor(trial, &silent)?;
    shown(&mut sensor, &silent, &mut display)
}

fn trickle(trial: &mut Trial) -> Outcome {
    let name = trial.random.sensor();
    let mut client = sensor(trial, &name)?;
    client.sends_now_and_then("1111111111", (IDLE + LATE) / 10);
    // By now it is late already.
    let limit = Duration::from_millis(500);
    client.expects_within(Expected::exactly("BYE\n"), limit, "")?;
    hangs_up(&mut client, Duration::from_secs(1))
}

fn thousand(trial: &mut Trial) -> Outcome {
    const DISPLAYS: usize = 980;
    const SENSORS: usize = 20;
    machine::allows_clients(DISPLAYS as u64 + SENSORS as u64 + 1)?;
    let name = trial.random.sensor();
    let mut first = display(trial)?;
    let before = trial.program()?.threads();
    let mut displays = Vec::new();
    for _ in 0..DISPLAYS {
        displays.push(display(trial)?);
    }
    let mut lines = String::new();
    for index in 0..SENSORS {
        let name = format!("{name}_{index}");
        let mut sensor = sensor(trial, &name)?;
        shown(&mut sensor, &name, &mut first)?;
        lines.push_str(&format!("{name} 21.5\n"));
    }
    trial.steps.add("cada ecrã", "espera os mesmos valores");
    let lines = Expected::exactly(&lines);
    for display in &mut displays {
        display.reads_all(&lines)?;
    }
    let after = trial.program()?.threads();
    match (before, after) {
        // Room for what a language's own machinery starts when it is busy.
        (Some(before), Some(after)) if after > before + 32 => {
            Err(Failure::new(format!(
                "com um cliente, o programa tem {before} threads; com mil, \
                 mais de trinta além dessas"
            )))
        }
        _ => Ok(()),
    }
}

fn reset(trial: &mut Trial) -> Outcome {
    let name = trial.random.sensor();
    let mut display_one = display(trial)?;
    let mut sensor_one = sensor(trial, &name)?;
    let mut leaving = display(trial)?;
    shown(&mut sensor_one, &name, &mut display_one)?;
    leaving.expects_line(&format!("{name} 21.5"), "")?;
    // With something unread in it, the connection ends with a reset.
    sensor_one.sends("22.5\n")?;
    display_one.expects_line(&format!("{name} 22.5"), "")?;
    leaving.breaks_off()?;
    let gone = sensor(trial, &name)?;
    gone.leaves();
    for _ in 0..3 {
        shown(&mut sensor_one, &name, &mut display_one)?;
    }
    trial.survives()
}

/// Why a display that reads does not get everything.
const LOSES: &str = "Um ecrã que lê não perde valores, nem espera por outro que não lê: quem \
     distribui não espera por nenhum, e a fila de cada um aguenta as linhas \
     que chegam juntas.";

fn slow_display(trial: &mut Trial) -> Outcome {
    const BATCH: usize = 64;
    let name = trial.random.sensor();
    let mut display_one = display(trial)?;
    let mut sensor = sensor(trial, &name)?;
    let value = "7".repeat(LONGEST);
    let sent = format!("{value}\n").repeat(BATCH);
    let wanted = Expected::exactly(format!("{name} {value}\n").repeat(BATCH));
    let batch = wanted.head().len() as u64;
    let mut passes = |display: &mut Client| {
        sensor.writes(sent.as_bytes())?;
        let read = display.reads_all(&wanted);
        read.map_err(|failure| failure.because(LOSES))
    };
    for _ in 0..WARM_UP / batch {
        passes(&mut display_one)?;
    }

    let deaf = display(trial)?;
    trial.steps.add(&deaf.name, "a partir daqui, nunca mais lê");
    trial.steps.add(
        "sensor",
        "envia muitos MiB de valores, à medida que o outro ecrã os lê",
    );
    let mut kept = Kept::from_now(trial)?;
    while !kept.is_limited(trial, batch)? {
        passes(&mut display_one)?;
    }
    drop(deaf);
    Ok(())
}
