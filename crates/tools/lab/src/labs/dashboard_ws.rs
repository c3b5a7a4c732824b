//! Lab 5: rooms and names over WebSocket.

use crate::check::{Check, Lab, Needs};
use crate::limits::SILENCE;
use crate::memory::{Kept, WARM_UP};
use crate::outcome::{Failure, Outcome};
use crate::peers::ws::{BINARY, Screen, TEXT};
use crate::trial::Trial;

pub const LAB: Lab = Lab {
    name: "lab_dashboard_ws",
    title: "salas e nomes por WebSocket, e um ecrã lento que não atrasa os outros",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "join_talk",
            about: "quem entra numa sala ouve o que os outros lá dizem",
            demands: &[1, 3, 5, 14],
            cause: "Um JOIN que serve tem OK como resposta. Daí em diante, \
                    cada texto desse cliente vai para os outros da sala, com \
                    o nome dele antes.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: join_talk,
        },
        Check {
            name: "no_copy",
            about: "quem fala não recebe o que disse",
            demands: &[9],
            cause: "Ao distribuir, salte o cliente de onde o texto veio.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: no_copy,
        },
        Check {
            name: "rooms",
            about: "o que se diz numa sala não se ouve na outra",
            demands: &[8],
            cause: "Guarde os clientes por sala, e não todos juntos.",
            slide: "Padrão de Comunicação WebSocket",
            read: "ws_chat_server",
            run: rooms,
        },
        Check {
            name: "bad_join",
            about: "antes de entrar, tudo menos um JOIN certo tem ERR",
            demands: &[2],
            cause: "Quem ainda não entrou não fala. Responda ERR e espere pelo \
                    texto seguinte: pode ser um JOIN.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: bad_join,
        },
        Check {
            name: "names",
            about: "um nome só está uma vez em cada sala, até quem o tem sair",
            demands: &[6, 7],
            cause: "Um nome que já está na sala tem ERR, e pode tentar-se \
                    outro. Noutra sala, ou depois de sair, o nome está livre.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: names,
        },
        Check {
            name: "goodbye",
            about: "quem sai, despedindo-se ou não, é anunciado aos outros",
            demands: &[4],
            cause: "O fim de um cliente é o fim da leitura, com ou sem frame \
                    de fecho: nos dois casos tira-se da sala e anuncia-se \
                    (`finally` em Python).",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_client",
            run: goodbye,
        },
        Check {
            name: "frames",
            about: "um texto em vários frames, byte a byte, é um só texto",
            demands: &[10],
            cause: "Um texto pode vir em vários frames, com um Ping pelo meio. \
                    Uma biblioteca de WebSocket trata disso.",
            slide: "Padrão de Comunicação WebSocket",
            read: "ws_chat_server",
            run: frames,
        },
        Check {
            name: "not_text",
            about: "o que não é um texto, ou é longo de mais, não vai a ninguém",
            demands: &[11],
            cause: "Só os frames de texto são para distribuir, e só até 1 MiB: \
                    há um limite na configuração da biblioteca \
                    (`WebSocketConfig` em tungstenite, `max_size` em Python). \
                    O resto ignora-se, ou é o fim desse cliente.",
            slide: "Padrão de Comunicação WebSocket",
            read: "ws_chat_server",
            run: not_text,
        },
        Check {
            name: "slow_screen",
            about: "um ecrã que nunca lê não atrasa os outros",
            demands: &[12],
            cause: "Quem distribui não pode esperar por nenhum ecrã, nem \
                    guardar para um sem limite o que ele não lê: uma fila com \
                    limite para cada um, e quem a enche é desligado.",
            slide: "Vantagens & Quando Usar",
            read: "ws_chat_server",
            run: slow_screen,
        },
        #[cfg(unix)]
        Check {
            demands: &[13],
            run: ctrl_c,
            ..super::CTRL_C
        },
    ],
    hints: &[
        "Comece por `ws_chat_server`: uma tarefa guarda quem está, e as dos \
         clientes falam-lhe por um canal. O que muda é a chave: em vez de um \
         endereço, uma sala e um nome.",
        "O primeiro texto de um cliente decide tudo: um ciclo lê textos até \
         vir um JOIN que sirva, e responde ERR aos outros.",
        "Sala e nome juntos são a chave de um mapa; o valor é a fila desse \
         cliente. Entrar é um só passo, sem esperas a meio: se a chave já lá \
         está, o nome está tomado; se não, é de quem chegou.\n\
         Em Rust, `entry`; em Python, um par `(sala, nome)` serve de chave.",
        "Pôr um texto numa fila com limite nunca pode esperar. Se a fila está \
         cheia, tire o cliente do mapa, ou deixe que esse texto se perca.\n\
         Em Rust, `try_send`, e a tarefa do cliente acaba quando a fila \
         acaba; em Python, `put_nowait`.",
    ],
};

fn join(trial: &mut Trial, room: &str, name: &str) -> Outcome<Screen> {
    let mut screen = Screen::open(trial)?;
    screen.says(&format!("JOIN {room} {name}"))?;
    screen.hears("OK")?;
    Ok(screen)
}

fn join_talk(trial: &mut Trial) -> Outcome {
    let (room, path) = (trial.random.sensor(), trial.random.sensor());
    let name = format!("zé_{}", trial.random.below(100));
    let mut ana = join(trial, &room, "ana")?;
    let mut other = Screen::open_at(trial, &format!("/{path}"))?;
    other.says(&format!("JOIN {room} {name}"))?;
    other.hears("OK")?;
    ana.hears(&format!("+ {name}"))?;
    let machine = trial.random.sensor();
    for text in [
        format!("{machine} parou, às 10 h"),
        format!("JOIN {room} outro"),
        format!(" {machine}:  duas palavras,\nduas linhas\n"),
        String::new(),
    ] {
        other.says(&text)?;
        ana.hears(&format!("{name}: {text}"))?;
    }
    Ok(())
}

fn no_copy(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = join(trial, &room, "rui")?;
    ana.hears("+ rui")?;
    rui.says("está alguém?")?;
    ana.hears("rui: está alguém?")?;
    rui.hears_nothing("")
}

fn rooms(trial: &mut Trial) -> Outcome {
    let (here, there) = (trial.random.sensor(), trial.random.sensor());
    let mut ana = join(trial, &here, "ana")?;
    let mut rui = join(trial, &there, "rui")?;
    let mut eva = join(trial, &there, "eva")?;
    rui.hears("+ eva")?;
    eva.says("só para aqui")?;
    rui.hears("eva: só para aqui")?;
    ana.hears_nothing("")
}

fn bad_join(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = Screen::open(trial)?;
    let wrong = format!("JOIN {room}");
    for text in ["olá", "", "JOIN", &wrong, "JOIN a b c"] {
        rui.says(text)?;
        rui.hears_error()?;
    }
    ana.hears_nothing("")?;
    rui.says(&format!("JOIN {room} rui"))?;
    rui.hears("OK")?;
    ana.hears("+ rui")
}

fn names(trial: &mut Trial) -> Outcome {
    let (here, there) = (trial.random.sensor(), trial.random.sensor());
    let mut ana = join(trial, &here, "ana")?;
    let rui = join(trial, &here, "rui")?;
    ana.hears("+ rui")?;
    // One that was refused frees nothing when it leaves.
    let mut refused = Screen::open(trial)?;
    refused.says(&format!("JOIN {here} rui"))?;
    refused.hears_error()?;
    refused.closes()?;
    ana.hears_nothing("Quem não chegou a entrar também não sai.")?;
    let mut other = Screen::open(trial)?;
    other.says(&format!("JOIN {here} rui"))?;
    other.hears_error()?;
    other.says(&format!("JOIN {there} rui"))?;
    other.hears("OK")?;
    rui.closes()?;
    ana.hears("- rui")?;
    join(trial, &here, "rui")?;
    ana.hears("+ rui")?;

    // Two at the same moment, many times.
    for _ in 0..10 {
        let room = trial.random.sensor();
        let mut two = [Screen::open(trial)?, Screen::open(trial)?];
        for screen in &mut two {
            screen.says(&format!("JOIN {room} eva"))?;
        }
        let mut joined = 0;
        for screen in &mut two {
            // The one that is in may hear that the other came in, too.
            let answer = screen.hears_any("OK")?;
            joined += usize::from(answer == "OK");
        }
        if joined != 1 {
            return Err(Failure::new(format!(
                "de dois clientes que entram ao mesmo tempo com o mesmo nome, \
                 entraram {joined}, e devia entrar um"
            ))
            .because(
                "Ver se o nome está livre e ficar com ele é uma só operação: \
                 entre as duas não pode entrar outro cliente (nem um `await`).",
            ));
        }
    }
    Ok(())
}

fn goodbye(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let rui = join(trial, &room, "rui")?;
    ana.hears("+ rui")?;
    rui.closes()?;
    ana.hears("- rui")?;
    let mut eva = join(trial, &room, "eva")?;
    ana.hears("+ eva")?;
    // With something unread in it, the connection ends with a reset.
    ana.says("eva?")?;
    eva.says("já vou")?;
    ana.hears("eva: já vou")?;
    eva.client.breaks_off()?;
    ana.hears("- eva")?;
    ana.says("e agora?")?;
    trial.survives()
}

/// The longest text, in bytes, as the sheet has it.
const LONGEST: usize = 1 << 20;

fn frames(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = join(trial, &room, "rui")?;
    ana.hears("+ rui")?;
    rui.says_in_frames("temperatura ", "normal")?;
    ana.hears("rui: temperatura normal")?;
    let long = "x".repeat(LONGEST);
    rui.says(&long)?;
    ana.hears(&format!("rui: {long}"))
}

fn not_text(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = join(trial, &room, "rui")?;
    ana.hears("+ rui")?;
    let long = vec![b'x'; LONGEST + 1];
    let frames: [(&str, &str, u8, &[u8]); 3] = [
        ("binário", "um frame binário", BINARY, b"bin"),
        ("latino", "um texto que não é UTF-8", TEXT, b"ol\xe1"),
        ("longo", "um texto com mais de 1 MiB", TEXT, &long),
    ];
    // Who is shut out for it is announced, at some time; whom it is forgiven
    // may go on. Nobody else leaves.
    let (mut stay, mut left) = (Vec::new(), Vec::new());
    for (name, what, opcode, payload) in frames {
        let mut eva = join(trial, &room, name)?;
        ana.hears_past(&left, &format!("+ {name}"))?;
        eva.sends_unwanted(what, opcode, payload);
        eva.sends_unwanted("«está?»", TEXT, "está?".as_bytes());
        let after = [format!("- {name}"), format!("{name}: está?")];
        ana.hears_only(&left, &after, 4 * SILENCE, "")?;
        left.extend(after);
        stay.push(eva);
    }
    rui.says("ainda cá estou")?;
    ana.hears_past(&left, "rui: ainda cá estou")
}

fn slow_screen(trial: &mut Trial) -> Outcome {
    const TEXT: usize = 2000;
    const BATCH: usize = 64;
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = join(trial, &room, "rui")?;
    ana.hears("+ rui")?;
    let text = "7".repeat(TEXT);
    let heard = format!("rui: {text}");
    let batch = (BATCH * heard.len()) as u64;
    let mut passes = |ana: &mut Screen| -> Outcome {
        for _ in 0..BATCH {
            rui.says_quietly(&text)?;
        }
        // It answers the pings by which a server sees that it is there.
        rui.goes_along();
        for _ in 0..BATCH {
            // The one that is shut out is announced, whenever that is.
            ana.hears_quietly(&heard, "- surdo")?;
        }
        Ok(())
    };
    for _ in 0..WARM_UP / batch {
        passes(&mut ana)?;
    }

    let deaf = join(trial, &room, "surdo")?;
    ana.hears("+ surdo")?;
    trial
        .steps
        .add(&deaf.client.name, "a partir daqui, nunca mais lê");
    trial.steps.add(
        "cliente 2",
        "envia muitos MiB de textos, à medida que a ana os lê",
    );
    let mut kept = Kept::from_now(trial)?;
    while !kept.is_limited(trial, batch)? {
        passes(&mut ana)?;
    }
    Ok(())
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    let room = trial.random.sensor();
    let mut ana = join(trial, &room, "ana")?;
    let mut rui = join(trial, &room, "rui")?;
    trial.interrupts(|| {
        ana.goes_along();
        rui.goes_along();
    })
}
