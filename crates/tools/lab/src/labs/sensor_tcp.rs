//! Lab 1: sensors' values over a line protocol on TCP.

use std::time::{Duration, Instant};

use crate::bytes::Expected;
use crate::check::{Check, Lab, Needs};
use crate::limits::ANSWER;
use crate::memory::Kept;
use crate::outcome::Outcome;
use crate::peers::tcp::Client;
use crate::trial::Trial;

pub const LAB: Lab = Lab {
    name: "lab_sensor_tcp",
    title: "valores de sensores por TCP, uma linha de cada vez",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "set_get",
            about: "SET guarda um valor, e GET devolve-o tal e qual",
            demands: &[1, 2, 8, 17],
            cause: "O programa escuta, mas não lê a linha, não a percebe ou \
                    não responde. Experimente à mão: nc 127.0.0.1 65432",
            slide: "Servidor TCP Python (Eco)",
            read: "tcp_echo_server",
            run: set_get,
        },
        Check {
            name: "errors",
            about: "o que não se percebe tem ERR, e a ligação continua",
            demands: &[3, 4, 9],
            cause: "Um comando errado é uma resposta como as outras: ERR, um \
                    espaço, o texto que quiser, fim de linha; e lê-se a linha \
                    seguinte.",
            slide: "Servidor TCP Python (Eco)",
            read: "tcp_echo_server",
            run: errors,
        },
        Check {
            name: "pieces",
            about: "uma linha que chega aos pedaços é uma só linha",
            demands: &[6],
            cause: "Uma leitura do socket não é uma linha: pode trazer metade. \
                    Junte o que chega até aparecer «\\n».",
            slide: "Cliente TCP Python",
            read: "tcp_echo_client",
            run: pieces,
        },
        Check {
            name: "joined",
            about: "linhas que chegam juntas são várias, e todas têm resposta",
            demands: &[6, 7],
            cause: "Uma leitura do socket não é uma linha: pode trazer várias, \
                    e parte da seguinte. O que sobra depois de «\\n» guarda-se \
                    para a próxima vez.",
            slide: "Cliente TCP Python",
            read: "tcp_echo_client",
            run: joined,
        },
        Check {
            name: "half_close",
            about: "quem acabou de enviar ainda recebe todas as respostas",
            demands: &[11, 12],
            cause: "Ler zero bytes quer dizer que o cliente não envia mais; \
                    não quer dizer que não lê. Responda a tudo o que já veio \
                    antes de fechar.",
            slide: "Servidor TCP Python (Eco)",
            read: "tcp_echo_server",
            run: half_close,
        },
        Check {
            name: "not_text",
            about: "bytes que não são texto têm ERR, e a ligação continua",
            demands: &[5, 9],
            cause: "Nem tudo o que chega é UTF-8. Converter sem prever o erro \
                    termina a ligação, ou o programa.",
            slide: "Servidor TCP Python (Eco)",
            read: "tcp_echo_server",
            run: not_text,
        },
        Check {
            name: "many_clients",
            about: "um cliente calado não faz esperar os outros cem",
            demands: &[8, 13],
            cause: "Enquanto espera por um cliente, o programa não trata de \
                    mais nenhum. Cada um precisa da sua thread, ou da sua \
                    tarefa assíncrona; e os valores são de todos.",
            slide: "O Problema: I/O Blocante (Blocking I/O)",
            read: "threaded_tcp_echo_server",
            run: many_clients,
        },
        Check {
            name: "reset",
            about: "um cliente que desaparece não leva o servidor consigo",
            demands: &[14],
            cause: "Um erro a ler ou a escrever é o fim desse cliente, e de \
                    mais nada.",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: reset,
        },
        Check {
            name: "endless_line",
            about: "uma linha sem fim não enche a memória: ERR, e adeus",
            demands: &[10],
            cause: "O que se junta à espera de «\\n» precisa de um limite: \
                    depois de 1024 bytes sem fim de linha, responda ERR e \
                    feche a ligação.",
            slide: "Servidor TCP Python (Eco)",
            read: "tcp_echo_server",
            run: endless_line,
        },
        Check {
            name: "never_reads",
            about: "quem nunca lê as respostas não prejudica os outros",
            demands: &[15],
            cause: "Quem escreve para um cliente que não lê fica à espera. Só \
                    esse cliente pode esperar: não segure o lock dos valores \
                    enquanto escreve, e não guarde respostas sem limite.",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: never_reads,
        },
        #[cfg(unix)]
        Check {
            demands: &[16],
            ..super::CTRL_C
        },
    ],
    hints: &[
        "Comece por um cliente só. Um ciclo lê uma linha, decide a resposta e \
         escreve-a; quando a leitura dá zero bytes, o cliente saiu. Uma \
         leitura do socket pode trazer metade de uma linha, ou três: é \
         preciso juntar e separar, até cada fim de linha.\n\
         Em Rust, `BufReader` e `read_until` fazem-no por si; em Python, \
         `readline` do `rfile` de `socketserver`, ou de `makefile`.",
        "Separe as duas coisas: uma função que recebe uma linha e devolve a \
         resposta, sem sockets, e outra que trata da ligação. A primeira \
         separa a linha nos espaços, e decide pelas palavras: quantas são, e \
         qual é a primeira.\n\
         Em Rust e em Python, um `match` sobre as palavras de `split`.",
        "Os valores são de todos os clientes: um mapa de nomes para valores \
         e, se houver várias threads, um lock à volta dele. Tire do mapa uma \
         cópia do valor e largue o lock antes de escrever no socket: quem não \
         lê não pode parar os outros.\n\
         Em Rust, um `HashMap` dentro de um `Mutex`, partilhado com `Arc`; em \
         Python, um `dict` e um `threading.Lock`.",
        "Para muitos clientes, uma thread para cada um, como em \
         `threaded_tcp_echo_server`. O que corre mal numa thread escreve-se \
         no ecrã e acaba ali.\n\
         Em Python, `ThreadingTCPServer` já o faz. Em Node não há threads, \
         nem fazem falta: cada cliente tem os seus eventos.",
        "Para a linha sem fim: não guarde mais de 1024 bytes à espera do fim \
         de uma linha. Se já lá estão e ela não acabou, é ERR e adeus. Feche \
         só a escrita e leia o resto antes de largar o socket: fechar com \
         bytes por ler provoca um reset, e o ERR pode perder-se.\n\
         Em Rust, `stream.take(1024)` faz com que `read_until` pare aí; em \
         Python, `readline(1024)`.",
    ],
};

fn set(client: &mut Client, sensor: &str, value: &str) -> Outcome {
    client.sends(format!("SET {sensor} {value}\n"))?;
    client.expects_line("OK", "")
}

fn get(client: &mut Client, sensor: &str, value: &str) -> Outcome {
    client.sends(format!("GET {sensor}\n"))?;
    client.expects_line(&format!("OK {value}"), "")
}

fn error(client: &mut Client, line: impl AsRef<[u8]>) -> Outcome {
    client.sends(line)?;
    client.expects(Expected::line_starting("ERR"), "")
}

fn set_get(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut client = trial.connect()?;
    set(&mut client, &sensor, &value)?;
    get(&mut client, &sensor, &value)?;
    // As it came: no number in between.
    for value in [format!("{value}0"), "-0".into(), "1e3".into()] {
        set(&mut client, &sensor, &value)?;
        get(&mut client, &sensor, &value)?;
    }
    client.leaves();
    let mut later = trial.connect()?;
    get(&mut later, &sensor, "1e3")
}

fn errors(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut client = trial.connect()?;
    error(&mut client, format!("GET {sensor}\n"))?;
    for line in ["APAGA\n", "\n", "GET\n", "SET\n", "GET a b\n", "SET a\n"] {
        error(&mut client, line)?;
    }
    error(&mut client, format!("SET {sensor} 1 2\n"))?;
    set(&mut client, &sensor, &value)?;
    get(&mut client, &sensor, &value)?;
    // A word is a whole one.
    error(&mut client, format!("GETS {sensor}\n"))?;
    error(&mut client, format!("SETS {sensor} 1\n"))?;
    get(&mut client, &sensor, &value)
}

fn pieces(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let line = format!("SET {sensor} {value}\n");
    let cut = trial.random.between(2, line.len() as u64 - 2) as usize;
    let mut client = trial.connect()?;
    let (head, tail) = line.as_bytes().split_at(cut);
    client.sends(head)?;
    client.expects_silence("")?;
    client.sends(tail)?;
    client.expects_line("OK", "")?;
    client.sends_byte_by_byte(format!("GET {sensor}\n"))?;
    client.expects_line(&format!("OK {value}"), "")
}

/// Why an answer is another line's.
const IN_ORDER: &str = "As respostas de um cliente vêm pela ordem das suas linhas, e um GET vê o \
     SET que está antes dele: uma linha só se trata depois da anterior.";

fn joined(trial: &mut Trial) -> Outcome {
    let (a, b) = (trial.random.sensor(), trial.random.sensor());
    let (x, y) = (trial.random.measure(), trial.random.measure());
    let mut client = trial.connect()?;
    client.sends(format!("SET {a} {x}\nSET {b} {y}\nGET {a}\nGET {b}\n"))?;
    for answer in ["OK", "OK", &format!("OK {x}"), &format!("OK {y}")] {
        client.expects_line(answer, "")?;
    }
    // Each answer is that of its own line, however many there are.
    let values: Vec<String> = (0..40).map(|n| format!("{n}.{n}")).collect();
    let pairs = values.iter().map(|v| format!("SET {a} {v}\nGET {a}\n"));
    client.did(format!(
        "envia 40 vezes, de seguida, «SET {a} …\\nGET {a}\\n»"
    ));
    client.writes(pairs.collect::<String>().as_bytes())?;
    let answers = values.iter().map(|value| format!("OK\nOK {value}\n"));
    let answers = answers.collect::<String>();
    client.expects(Expected::exactly(answers), IN_ORDER)?;
    set(&mut client, &a, &x)?;
    // Two lines and a half; then the other half.
    let cut = trial.random.between(1, 6) as usize;
    let last = format!("GET {b}\n");
    let (head, tail) = last.split_at(cut);
    client.sends(format!("GET {a}\nGET {b}\n{head}"))?;
    client.expects_line(&format!("OK {x}"), "")?;
    client.expects_line(&format!("OK {y}"), "")?;
    client.expects_silence("")?;
    client.sends(tail)?;
    client.expects_line(&format!("OK {y}"), "")?;
    client.expects_silence("Cada linha tem uma só resposta.")
}

fn expects_end(client: &mut Client) -> Outcome {
    client.expects_end(
        Duration::from_secs(3),
        "Depois de ler zero bytes, o servidor fecha a sua metade da ligação.",
    )
}

fn half_close(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut client = trial.connect()?;
    set(&mut client, &sensor, &value)?;
    client.sends(format!("GET {sensor}\n"))?;
    client.ends_sending()?;
    client.expects_line(&format!("OK {value}"), "")?;
    expects_end(&mut client)?;
    // A line without its end is none.
    let mut half = trial.connect()?;
    half.sends(format!("SET {sensor} 1{value}"))?;
    half.ends_sending()?;
    expects_end(&mut half)?;
    let mut later = trial.connect()?;
    later.sends(format!("GET {sensor}\n"))?;
    later.expects_line(
        &format!("OK {value}"),
        "O que chega sem «\\n» no fim não é uma linha: pode faltar-lhe metade \
         do valor. Não se guarda.",
    )
}

fn not_text(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut client = trial.connect()?;
    error(&mut client, b"GET \xff\xfe\x00\n")?;
    error(&mut client, b"\xc3\n")?;
    set(&mut client, &sensor, &value)?;
    get(&mut client, &sensor, &value)?;
    // What is text may have accents.
    let sensor = format!("câmara_{sensor}");
    set(&mut client, &sensor, &value)?;
    get(&mut client, &sensor, &value)
}

fn many_clients(trial: &mut Trial) -> Outcome {
    let value = trial.random.measure();
    let sensor = trial.random.sensor();
    let mut clients = Vec::new();
    for _ in 0..101 {
        clients.push(trial.connect()?);
    }
    // The first one never says a word. The last one speaks first.
    let last = clients.last_mut().expect("a hundred and one");
    set(last, &sensor, &value)?;
    for client in clients.iter_mut().skip(1) {
        get(client, &sensor, &value)?;
    }
    Ok(())
}

fn reset(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut before = trial.connect()?;
    set(&mut before, &sensor, &value)?;
    before.leaves();
    for _ in 0..2 {
        let mut client = trial.connect()?;
        client.sends(format!("GET {sensor}\nGET {sensor}\nGET "))?;
        client.breaks_off()?;
        trial.survives()?;
    }
    let mut later = trial.connect()?;
    get(&mut later, &sensor, &value)
}

/// The longest line, with its end, as the sheet has it.
const LONGEST: usize = 1024;

const LIMITS: &str = "Uma linha tem no máximo 1024 bytes, contando o «\\n»: com \
                      1024 é como as outras, e com 1025 tem ERR, e fecha-se a \
                      ligação.";

fn endless_line(trial: &mut Trial) -> Outcome {
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut before = trial.connect()?;
    set(&mut before, &sensor, &value)?;
    before.leaves();
    // The longest line there is, and one that has a byte more.
    let mut longest = trial.connect()?;
    let head = format!("SET {sensor} ");
    let long = "8".repeat(LONGEST - head.len() - 1);
    longest.sends(format!("{head}{long}\n"))?;
    longest.expects_line("OK", LIMITS)?;
    longest.sends(format!("{head}{long}9\n"))?;
    longest.expects(Expected::line_starting("ERR"), LIMITS)?;
    longest.expects_end(Duration::from_secs(3), LIMITS)?;
    let mut again = trial.connect()?;
    set(&mut again, &sensor, &value)?;
    // Bytes, and not characters.
    let accents = "é".repeat(long.len() / 2 + 1);
    again.sends(format!("{head}{accents}\n"))?;
    again.expects(Expected::line_starting("ERR"), LIMITS)?;
    again.expects_end(Duration::from_secs(3), LIMITS)?;

    let mut client = trial.connect()?;
    client.sends(format!("SET {sensor} {}", "9".repeat(1020)))?;
    client.expects(Expected::line_starting("ERR"), "")?;
    client.expects_end(Duration::from_secs(3), "")?;
    let mut later = trial.connect()?;
    get(&mut later, &sensor, &value)
}

fn never_reads(trial: &mut Trial) -> Outcome {
    /// More than the system keeps on the way to the program.
    const MOST: usize = 32 << 20;
    const LIMIT: Duration = Duration::from_secs(10);
    let (sensor, value) = (trial.random.sensor(), trial.random.measure());
    let mut bystander = trial.connect()?;
    set(&mut bystander, &sensor, &value)?;
    // Short questions that have a long answer.
    let long = trial.random.sensor();
    set(&mut bystander, &long, &"7".repeat(900))?;

    let mut deaf = trial.connect()?;
    let kept = Kept::from_now(trial)?;
    deaf.did(format!("envia «GET {long}\\n» vezes sem conta, e nunca lê"));
    let questions = format!("GET {long}\n").repeat(4096);
    let start = Instant::now();
    let mut sent = 0;
    while sent < MOST && start.elapsed() < LIMIT {
        let from = sent % questions.len();
        let count = deaf.sends_what_goes_in(&questions.as_bytes()[from..]);
        sent += count;
        kept.is_little(trial)?;
        if count == 0 && trial.is_quiet_within(ANSWER)? {
            break;
        }
    }
    get(&mut bystander, &sensor, &value)
}
