//! Lab 9: values that come by MQTT, over REST and live over WebSocket.

use std::time::{Duration, Instant};
use std::{slice, thread};

use serde_json::{Value, json};

use crate::brokers::mqtt::Broker;
use crate::bytes::{Expected, summarised};
use crate::check::{Check, Lab, Needs};
use crate::limits::ANSWER;
use crate::memory::{Kept, WARM_UP};
use crate::outcome::{Failure, Outcome};
use crate::peers::http::{HttpClient, Response, request};
use crate::peers::mqtt::MqttClient;
use crate::peers::ws::Screen;
use crate::trial::Trial;

/// How long a program may take to come back to a broker that has come back.
const RETURN: Duration = Duration::from_secs(15);

pub const LAB: Lab = Lab {
    name: "lab_gateway",
    title: "de MQTT para REST e WebSocket: tudo junto",
    needs: Needs::MqttBroker,
    checks: &[
        Check {
            name: "last_value",
            about: "o valor que chega por MQTT lê-se em GET /valores/NOME",
            demands: &[4, 15],
            cause: "Ligue o que chega do broker ao que responde a HTTP: um \
                    mapa de nomes e valores, que os dois partilham.",
            slide: "Exemplo: FastAPI (Python)",
            read: "items_api",
            run: last_value,
        },
        Check {
            name: "all_values",
            about: "GET /valores dá o último valor de cada sensor, em JSON",
            demands: &[3],
            cause: "Um objeto JSON com um campo por sensor; o valor é um \
                    número, e a resposta diz que é application/json.",
            slide: "Formato de Dados: JSON",
            read: "json_document",
            run: all_values,
        },
        Check {
            name: "unknown",
            about: "um sensor que ainda não disse nada é 404",
            demands: &[5, 6],
            cause: "O que não existe responde-se com 404, e não com um valor \
                    inventado.",
            slide: "Padrão de Comunicação REST (Req/Rep) ii",
            read: "items_api",
            run: unknown,
        },
        Check {
            name: "names",
            about: "um nome com acentos é um nome como os outros",
            demands: &[8],
            cause: "Num URL, o que não é ASCII vem codificado («é» é %C3%A9): \
                    a biblioteca de HTTP descodifica o caminho, se for ela a \
                    separá-lo.",
            slide: "Padrão de Comunicação REST (Req/Rep) ii",
            read: "items_api",
            run: names,
        },
        Check {
            name: "live",
            about: "cada valor chega logo a todos os ecrãs ligados a /vivo",
            demands: &[1, 7, 9],
            cause: "Cada ecrã tem uma fila; quem recebe do broker põe o valor \
                    em todas, e a tarefa de cada ecrã envia o que sai da sua.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: live,
        },
        Check {
            name: "not_a_number",
            about: "o que não é um número não se guarda nem se mostra",
            demands: &[2],
            cause: "O que não se consegue ler salta-se, e espera-se pela \
                    mensagem seguinte. `NaN` e `inf` não existem em JSON.",
            slide: "Exemplo de Subscriber Python",
            read: "mqtt_subscriber",
            run: not_a_number,
        },
        Check {
            name: "burst",
            about: "mil valores de uma vez chegam todos, pela ordem",
            demands: &[9],
            cause: "A fila de um ecrã tem de aguentar mil valores, e a sua \
                    tarefa tem de ter vez para a esvaziar.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "ws_chat_server",
            run: burst,
        },
        Check {
            name: "screen_gone",
            about: "um ecrã que desaparece não leva os outros consigo",
            demands: &[11],
            cause: "Um erro a enviar para um ecrã é o fim desse ecrã, e de \
                    mais nada.",
            slide: "Exemplo de WebSocket: Servidor Python",
            read: "ws_chat_server",
            run: screen_gone,
        },
        Check {
            name: "slow_screen",
            about: "um ecrã que nunca lê não atrasa os outros",
            demands: &[10],
            cause: "Quem distribui não pode esperar por nenhum ecrã, nem \
                    guardar para um sem limite o que ele não lê: uma fila com \
                    limite para cada um, e quem a enche perde valores ou é \
                    desligado.",
            slide: "Vantagens & Quando Usar",
            read: "ws_chat_server",
            run: slow_screen,
        },
        Check {
            name: "broker_returns",
            about: "sem broker, os últimos valores ficam; com ele, voltam novos",
            demands: &[12, 13],
            cause: "O HTTP e o MQTT não dependem um do outro. A ligação ao \
                    broker refaz-se tantas vezes quantas for preciso, e em \
                    cada uma é preciso subscrever.",
            slide: "Exemplo de Subscriber Python",
            read: "mqtt_subscriber",
            run: broker_returns,
        },
        #[cfg(unix)]
        Check {
            name: "ctrl_c",
            about: "Ctrl-C termina o programa, mesmo com ecrãs ligados",
            demands: &[14],
            cause: "O programa apanha o Ctrl-C e não termina, ou espera por \
                    ecrãs que não têm pressa.",
            slide: "Servidor TCP `asyncio` Python",
            read: "async_tcp_echo_server",
            run: ctrl_c,
        },
    ],
    hints: &[
        "Três lições num só programa: `mqtt_subscriber` recebe, `items_api` \
         responde, e `ws_chat_server` distribui. O que têm em comum é um mapa \
         dos últimos valores e uma fila para cada ecrã.",
        "Quem recebe do broker põe cada valor na fila de cada ecrã, e nunca \
         espera. Se o limite da fila for maior do que mil, ninguém perde \
         valores por pouco.\n\
         Em Rust, `tokio::sync::broadcast` são essas filas: `send` nunca \
         espera, e cada ecrã tem um recetor só seu. Em Python, uma \
         `asyncio.Queue` para cada um, e `call_soon_threadsafe` para o que \
         vem da thread do MQTT.",
        "Um ecrã que não lê fica com a fila cheia: os valores seguintes \
         perdem-se, mas só para ele, ou desliga-se o ecrã. É isso que impede \
         um ecrã lento de encher a memória.\n\
         Em Rust, `RecvError::Lagged` quer dizer que se perderam valores: \
         continue com os seguintes; em Python, `put_nowait` levanta \
         `QueueFull`.",
        "Subscreva depois de cada ligação ao broker, e não só da primeira. E \
         quando a ligação cai, não deite nada fora: o HTTP continua a \
         responder com o que sabe.",
    ],
};

fn topic(name: &str) -> String {
    format!("fabrica/{name}/valor")
}

struct Gateway {
    broker: Broker,
    sensor: MqttClient,
    /// Who asks over HTTP.
    reader: HttpClient,
}

impl Gateway {
    /// The program between a broker and its clients, and ready.
    fn open(trial: &mut Trial) -> Outcome<Gateway> {
        let broker = Broker::start(trial)?;
        let mut sensor = broker.client("sensor")?;
        trial.serve(&[&broker.url()])?;
        // The first connection waits until the program listens.
        trial.connect()?.leaves();
        broker.has_client(trial)?;
        // What is retained comes whenever the program subscribes.
        let probe = trial.random.sensor();
        sensor.publishes_retained(&topic(&probe), "20.5")?;
        let reader = HttpClient::new("leitor", trial.server()?, &trial.steps);
        let mut gateway = Gateway {
            broker,
            sensor,
            reader,
        };
        gateway.knows(&probe, 20.5, ANSWER)?;
        Ok(gateway)
    }

    /// A value, published and known.
    fn learns(&mut self, name: &str, value: &str) -> Outcome {
        self.sensor.publishes(&topic(name), value)?;
        let value = value.parse().expect("a check's own number");
        self.knows(name, value, ANSWER)
    }

    /// Asks until the answer is this one: MQTT and HTTP go different ways.
    fn knows(&mut self, name: &str, value: f64, limit: Duration) -> Outcome {
        // The only letter of the checks' own names that is not ASCII.
        let path = format!("/valores/{}", name.replace('â', "%C3%A2"));
        let start = Instant::now();
        self.reader.did(format!("pede GET {path}, até vir {value}"));
        loop {
            let request = request("GET", &path, None);
            self.reader.sends(&[("GET", request)], false)?;
            let response = self.reader.reads_response()?;
            let known = response.json().unwrap_or_default();
            let body = summarised(response.body());
            let shown = format!("{} {body}", response.status);
            if response.status == 200 && is_value(&known, name, value) {
                self.reader.did(format!("recebe {shown}"));
                return Ok(());
            }
            if start.elapsed() > limit {
                self.reader.did(format!("continua a receber {shown}"));
                let wanted = one(name, value);
                let status = format!("{} ", response.status);
                let body = compact(response.body());
                return Err(Failure::new(format!(
                    "ao fim de {} s, a resposta ainda é outra",
                    limit.as_secs()
                ))
                .comparing(
                    Expected::exactly(format!("200 {wanted}")),
                    &[status.as_bytes(), &body].concat(),
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn asks(&mut self, path: &str, status: u16) -> Outcome<Response> {
        self.reader.asks("GET", path, None, status)
    }

    fn publishes(&mut self, name: &str, value: &str) -> Outcome {
        self.sensor.publishes(&topic(name), value)
    }

    /// A screen to which the program writes.
    fn screen(&mut self, trial: &mut Trial) -> Outcome<Screen> {
        let mut screen = screen(trial)?;
        self.reaches(trial, slice::from_mut(&mut screen))?;
        Ok(screen)
    }

    /// Waits until the program writes to these screens. Some take a moment for
    /// that after they have shaken hands, and nothing is missing before.
    fn reaches(
        &mut self,
        trial: &mut Trial,
        screens: &mut [Screen],
    ) -> Outcome {
        let name = trial.random.sensor();
        for screen in &*screens {
            screen.client.did("espera por um primeiro valor");
        }
        for attempt in 0..5 {
            let value = f64::from(attempt) + 0.25;
            let values = [value.to_string()];
            self.sensor.publishes_all_quietly(&topic(&name), &values)?;
            let wait = Duration::from_millis(100 << attempt);
            let mut all = true;
            for screen in &mut *screens {
                all = all && hears_last(screen, &name, value, wait)?;
            }
            if all {
                break;
            }
        }
        // What is not there by now is for the check to miss.
        Ok(())
    }
}

/// Hears this value, and what is from before it. What is no value at all is for
/// the check to find.
fn hears_last(
    screen: &mut Screen,
    name: &str,
    value: f64,
    wait: Duration,
) -> Outcome<bool> {
    while let Some(text) = screen.hears_within(wait)? {
        let known: Value = serde_json::from_str(&text).unwrap_or_default();
        if is_value(&known, name, value) || !known["valor"].is_number() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What there is to say of one sensor.
fn one(name: &str, value: f64) -> String {
    json!({ "nome": name, "valor": value }).to_string()
}

fn is_value(known: &Value, name: &str, value: f64) -> bool {
    known["nome"] == name && known["valor"].as_f64() == Some(value)
}

/// JSON without the spaces that a program may put in it.
fn compact(text: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(text) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => text.to_vec(),
    }
}

fn screen(trial: &mut Trial) -> Outcome<Screen> {
    Screen::open_at(trial, "/vivo")
}

fn shows(screen: &mut Screen, name: &str, value: f64) -> Outcome {
    let wanted = one(name, value);
    let text = screen.hears_any(&wanted)?;
    let known = serde_json::from_str(&text).unwrap_or_default();
    if is_value(&known, name, value) {
        let text = summarised(text.as_bytes());
        screen.client.did(format!("recebe {text}"));
        return Ok(());
    }
    screen.client.did(format!("esperava «{wanted}»"));
    let name = &screen.client.name;
    Err(Failure::new(format!("o {name} recebeu outra coisa"))
        .comparing(Expected::exactly(wanted), &compact(text.as_bytes())))
}

fn last_value(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let name = trial.random.sensor();
    gateway.learns(&name, "21.5")?;
    gateway.learns(&name, "-3")
}

fn all_values(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let (one, other) = (trial.random.sensor(), trial.random.sensor());
    gateway.learns(&one, "21.5")?;
    gateway.learns(&other, "1000")?;
    // Digits that no rounding leaves as they are.
    let last = trial.random.between(101, 999) as f64 + 0.062_5;
    gateway.learns(&one, &last.to_string())?;
    let response = gateway.asks("/valores", 200)?;
    let all = response.json().unwrap_or_default();
    let kind = response.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(Failure::new("a resposta não diz que é JSON").comparing(
            Expected::exactly("content-type: application/json"),
            format!("content-type: {kind}").as_bytes(),
        ));
    }
    has(&all, &one, last)?;
    has(&all, &other, 1000.0)?;
    // These two, and the one that was there from the beginning.
    match all.as_object().map(serde_json::Map::len) {
        Some(3) => Ok(()),
        _ => Err(Failure::new("a resposta tem mais do que os três sensores")),
    }
}

fn has(all: &Value, name: &str, value: f64) -> Outcome {
    if all[name].as_f64() == Some(value) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "a resposta não tem «{name}» com o número {value}"
    )))
}

fn unknown(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let name = trial.random.sensor();
    let path = format!("/valores/{name}");
    gateway.asks(&path, 404)?;
    gateway.asks("/nada", 404)?;
    gateway.learns(&name, "21.5")?;
    for other in [
        format!("{path}/mais"),
        format!("/valores_{name}"),
        "/".to_string(),
    ] {
        gateway.asks(&other, 404)?;
    }
    match Screen::open_at(trial, "/nada") {
        Err(_) => Ok(()),
        Ok(_) => Err(Failure::new(
            "abre-se um WebSocket em /nada, e só devia abrir-se em /vivo",
        )),
    }
}

fn names(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let name = format!("câmara_{}", trial.random.between(100, 999));
    let mut screen = gateway.screen(trial)?;
    gateway.learns(&name, "-18.5")?;
    shows(&mut screen, &name, -18.5)?;
    let response = gateway.asks("/valores", 200)?;
    has(&response.json().unwrap_or_default(), &name, -18.5)
}

fn live(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let (one, other) = (trial.random.sensor(), trial.random.sensor());
    let mut screens = [screen(trial)?, screen(trial)?];
    gateway.reaches(trial, &mut screens)?;
    for (name, value) in [(&one, 21.5), (&other, 7.0), (&one, 21.75)] {
        gateway.publishes(name, &value.to_string())?;
        for screen in &mut screens {
            shows(screen, name, value)?;
        }
    }
    // The same value again is a value, too; and what is no value is none.
    gateway.publishes(&one, "21.75")?;
    for topic in [
        format!("fabrica/{one}/humidade"),
        format!("fabrica/{one}/ar/valor"),
        format!("escritorio/{one}/valor"),
    ] {
        gateway.sensor.publishes(&topic, "55.5")?;
    }
    for screen in &mut screens {
        shows(screen, &one, 21.75)?;
    }
    // Each one once.
    for screen in &mut screens {
        screen.hears_nothing("Cada valor vai uma vez para cada ecrã.")?;
    }
    // However many they are.
    let mut screens = Vec::from(screens);
    for _ in 0..10 {
        screens.push(screen(trial)?);
    }
    gateway.reaches(trial, &mut screens)?;
    gateway.publishes(&one, "22.25")?;
    for screen in &mut screens {
        shows(screen, &one, 22.25)?;
    }
    Ok(())
}

fn not_a_number(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let name = trial.random.sensor();
    let mut screen = gateway.screen(trial)?;
    gateway.learns(&name, "21.5")?;
    shows(&mut screen, &name, 21.5)?;
    for payload in [
        &b"avariado"[..],
        b"",
        b"21,5",
        b"\xff\xfe",
        b"NaN",
        b"inf",
        b"1e999",
        b"true",
        b"\"7.5\"",
    ] {
        gateway.sensor.publishes(&topic(&name), payload)?;
    }
    let other = trial.random.sensor();
    gateway.publishes(&other, "5.5")?;
    shows(&mut screen, &other, 5.5)?;
    gateway.knows(&other, 5.5, ANSWER)?;
    gateway.knows(&name, 21.5, ANSWER)
}

fn burst(trial: &mut Trial) -> Outcome {
    const COUNT: usize = 1000;
    let mut gateway = Gateway::open(trial)?;
    let name = trial.random.sensor();
    let mut screen = gateway.screen(trial)?;
    let values: Vec<String> =
        (0..COUNT).map(|index| format!("{index}.5")).collect();
    gateway.sensor.publishes_all(&topic(&name), &values)?;
    for index in 0..COUNT {
        let value = index as f64 + 0.5;
        let wanted = one(&name, value);
        let text = screen.hears_any(&wanted).unwrap_or_default();
        let known = serde_json::from_str(&text).unwrap_or_default();
        if !is_value(&known, &name, value) {
            let screen = &screen.client.name;
            return Err(Failure::new(format!(
                "o {screen} não recebeu os {COUNT} valores, pela ordem"
            )));
        }
    }
    screen.client.did("recebe-os todos, pela ordem");
    gateway.knows(&name, COUNT as f64 - 0.5, ANSWER)
}

fn screen_gone(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let name = trial.random.sensor();
    let (gone, polite) = (screen(trial)?, screen(trial)?);
    let mut stays = gateway.screen(trial)?;
    gateway.publishes(&name, "21.5")?;
    shows(&mut stays, &name, 21.5)?;
    // With something unread in it, the connection ends with a reset.
    gone.client.breaks_off()?;
    polite.client.leaves();
    // Who has answered this has also heard that they are gone.
    gateway.knows(&name, 21.5, ANSWER)?;
    for value in [22.5, 23.5, 24.5] {
        gateway.learns(&name, &value.to_string())?;
        shows(&mut stays, &name, value)?;
    }
    trial.survives()
}

fn slow_screen(trial: &mut Trial) -> Outcome {
    const NAME: usize = 2000;
    const BATCH: usize = 64;
    let mut gateway = Gateway::open(trial)?;
    let mut screen_one = gateway.screen(trial)?;
    let name = "x".repeat(NAME);
    let topic = topic(&name);
    let values = vec!["7.5".to_string(); BATCH];
    let batch = (BATCH * NAME) as u64;
    let example = one(&name, 7.5);
    let passes = |gateway: &mut Gateway, screen: &mut Screen| {
        gateway.sensor.publishes_all_quietly(&topic, &values)?;
        for _ in 0..BATCH {
            if screen.hears_any(&example).is_err() {
                let name = &screen.client.name;
                return Err(Failure::new(format!(
                    "o {name} deixou de receber valores"
                )));
            }
        }
        Ok(())
    };
    for _ in 0..WARM_UP / batch {
        passes(&mut gateway, &mut screen_one)?;
    }

    let deaf = screen(trial)?;
    trial
        .steps
        .add(&deaf.client.name, "a partir daqui, nunca mais lê");
    trial.steps.add(
        "sensor",
        "publica muitos MiB de valores, à medida que o outro ecrã os lê",
    );
    let mut kept = Kept::from_now(trial)?;
    while !kept.is_limited(trial, batch)? {
        passes(&mut gateway, &mut screen_one)?;
    }
    gateway.learns(&trial.random.sensor(), "21.5")
}

fn broker_returns(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let (name, new) = (trial.random.sensor(), trial.random.sensor());
    let mut screen = gateway.screen(trial)?;
    gateway.learns(&name, "21.5")?;
    shows(&mut screen, &name, 21.5)?;
    gateway.broker.goes_away()?;
    gateway.broker.is_tried(trial)?;
    gateway.knows(&name, 21.5, ANSWER)?;
    gateway.broker.returns()?;
    gateway.sensor = gateway.broker.client("sensor")?;
    gateway.sensor.publishes_retained(&topic(&new), "3.5")?;
    gateway.knows(&new, 3.5, RETURN)?;
    shows(&mut screen, &new, 3.5)?;
    gateway.knows(&name, 21.5, ANSWER)
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    let mut gateway = Gateway::open(trial)?;
    let mut screen = gateway.screen(trial)?;
    let name = trial.random.sensor();
    gateway.learns(&name, "21.5")?;
    shows(&mut screen, &name, 21.5)?;
    trial.interrupts(|| screen.goes_along())
}
