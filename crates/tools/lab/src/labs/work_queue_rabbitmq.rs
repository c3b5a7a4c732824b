//! Lab 7: parts to be made, in a queue that several machines work on.

use std::collections::HashMap;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use wire::Protocol;

use crate::brokers::network::{
    ACKNOWLEDGED, CONSUMES, DELIVERED, Kind, Network, OPENED, PUBLISHED,
};
use crate::brokers::rabbitmq::{Message, VirtualHost};
use crate::bytes::{Expected, summarised};
use crate::check::{Check, Lab, Needs};
use crate::limits::{ANSWER, SILENCE, START};
use crate::outcome::{Failure, Outcome};
use crate::trial::Trial;

const PARTS: &str = "pecas";
const DONE: &str = "pecas.feitas";
const DEAD: &str = "pecas.mortas";

/// The work in a dot, as the sheet has it.
const DOT: Duration = Duration::from_millis(100);

/// How long a machine may take, once it is connected, until it asks for parts.
const SUBSCRIPTION: Duration = Duration::from_secs(5);

/// How long a machine may take to come back after the connection has.
const RETURN: Duration = Duration::from_secs(8);

const SLIDE: &str = "Padrão: Message Broker (RabbitMQ)";

pub const LAB: Lab = Lab {
    name: "lab_work_queue_rabbitmq",
    title: "peças por fazer, numa fila, e máquinas que avariam",
    needs: Needs::RabbitMq,
    checks: &[
        Check {
            name: "does_parts",
            about: "uma peça que chega é feita, e o resultado publicado",
            demands: &[4, 13],
            cause: "Por cada mensagem de «pecas»: espera-se 100 ms por ponto, \
                    publica-se o nome em «pecas.feitas», pela troca sem nome, \
                    e confirma-se. Sem confirmar não vem a seguinte. Veja as \
                    filas em http://127.0.0.1:15672",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: does_parts,
        },
        Check {
            name: "durable",
            about: "as filas e os resultados ficam, se o broker reiniciar",
            demands: &[1, 2, 3, 8],
            cause: "São precisas as duas coisas: a fila declarada `durable`, e \
                    a mensagem publicada com o modo de entrega 2.",
            slide: SLIDE,
            read: "rabbitmq_producer",
            run: durable,
        },
        Check {
            name: "prefetch",
            about: "quem está livre faz as peças que outra ainda não começou",
            demands: &[9],
            cause: "Sem `basic_qos` com 1, o broker reparte logo as peças \
                    todas, metade para cada máquina, e as curtas ficam atrás \
                    da longa.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: prefetch,
        },
        Check {
            name: "killed",
            about: "a peça de uma máquina que morre é feita por outra",
            demands: &[7, 10],
            cause: "A confirmação (`ack`) vem depois do trabalho. Para o \
                    broker, uma peça confirmada está feita: apaga-a. Com \
                    `auto_ack` é o mesmo que confirmar ao receber.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: killed,
        },
        Check {
            name: "repeated",
            about: "uma peça que vem outra vez tem o resultado REPETIDA",
            demands: &[5, 7, 8],
            cause: "Cada mensagem entregue diz se já o tinha sido: \
                    `redelivered`. Quem a recebeu antes pode tê-la feito, e \
                    ter morrido antes de confirmar.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: repeated,
        },
        Check {
            name: "poisoned",
            about: "o que não é uma peça vai para as mortas, e o resto segue",
            demands: &[1, 4, 6],
            cause: "Rejeita-se (`basic_reject`) com `requeue` falso. A fila \
                    «pecas» tem de ser declarada com as duas opções do \
                    enunciado, que mandam o que é rejeitado para \
                    «pecas.mortas».",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: poisoned,
        },
        Check {
            name: "connection_lost",
            about: "a ligação perde-se, e a máquina volta",
            demands: &[10, 11],
            cause: "Quando a ligação se perde, o que estava em mãos volta à \
                    fila. Espere um pouco, ligue-se outra vez, declare e \
                    subscreva tudo de novo; e outra vez, até conseguir.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: connection_lost,
        },
        Check {
            name: "many",
            about: "com máquinas a morrer, nenhuma peça se perde nem se repete",
            demands: &[7, 10],
            cause: "Cada peça tem um resultado, e um só sem REPETIDA, morra \
                    quem morrer, quando morrer.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: many,
        },
        #[cfg(unix)]
        Check {
            name: "ctrl_c",
            about: "Ctrl-C acaba a peça que está em mãos, e termina",
            demands: &[12],
            cause: "Com Ctrl-C cancela-se a subscrição, acaba-se a peça em \
                    mãos, publica-se, confirma-se, e fecha-se a ligação.",
            slide: SLIDE,
            read: "rabbitmq_consumer",
            run: ctrl_c,
        },
    ],
    hints: &[
        "Comece por `rabbitmq_consumer`, que já recebe de uma fila e confirma \
         depois do trabalho, e junte-lhe a publicação de `rabbitmq_producer`. \
         As três filas declaram-se antes de subscrever.",
        "As opções de «pecas» são dois textos: `x-dead-letter-exchange`, \
         vazio (é a troca sem nome), e `x-dead-letter-routing-key`, \
         `pecas.mortas`. Se já a tinha declarado sem elas, apague-a na página \
         de gestão.\n\
         Em Rust, vão numa `FieldTable`; em Python, em `arguments`, num \
         `dict`.",
        "Rejeitar sem devolver à fila manda a mensagem para as mortas. \
         Devolvida, voltava logo a seguir, e para sempre.\n\
         Em Rust, `message.reject` com `requeue: false`; em Python, \
         `basic_reject` com `requeue=False`.",
        "O broker pode confirmar cada resultado que recebe (*publisher \
         confirms*): só depois disso é que se confirma a peça. Assim nunca há \
         uma peça confirmada sem o resultado guardado.\n\
         Em Rust, `confirm_select`; em Python, `confirm_delivery`.",
        "Um ciclo por fora de tudo: ligar, declarar, subscrever, trabalhar. \
         Qualquer erro acaba a volta; espera-se meio segundo, e dá-se outra.",
        "Ctrl-C não interrompe a peça: só impede que venham outras. \
         Cancela-se a subscrição, acaba-se o que está em mãos, confirma-se, e \
         sai-se.\n\
         Em Rust, um `select!` entre ele e o trabalho, com o trabalho em \
         `pin!`; depois `basic_cancel`, e espera-se pelo mesmo trabalho, que \
         acaba com a subscrição. Em Python, `signal.signal` muda uma \
         variável, que o ciclo vê entre duas mensagens.",
    ],
};

/// The machines, and the broker that they work for.
struct Factory<'t, 'a> {
    trial: &'t mut Trial<'a>,
    broker: Rc<VirtualHost>,
}

impl<'t, 'a> Factory<'t, 'a> {
    fn new(trial: &'t mut Trial<'a>) -> Outcome<Factory<'t, 'a>> {
        let broker = Rc::new(VirtualHost::new()?);
        trial.keeps(Rc::clone(&broker));
        Ok(Factory { trial, broker })
    }

    /// Starts a machine, and waits until it asks for parts.
    fn starts(&mut self, name: &str) -> Outcome<Rc<Network>> {
        let wire = Rc::new(Network::to(self.broker.address(), Protocol::Amqp)?);
        self.trial.keeps(Rc::clone(&wire));
        let url = format!("amqp://{}/{}", wire.address(), self.broker.name());
        self.trial.start_as(name, &url, &[])?;
        self.awaits(START, &wire, OPENED, || {
            Failure::new(format!(
                "ao fim de {} s, {name} não se ligou ao broker",
                START.as_secs()
            ))
            .because(
                "O programa liga-se ao endereço que recebe como argumento, \
                 tal como vem: depois da porta há uma barra e um *virtual \
                 host*.",
            )
        })?;
        self.trial.begins();
        self.awaits(SUBSCRIPTION, &wire, CONSUMES, || {
            Failure::new(format!(
                "{name} ligou-se, e ao fim de {} s não subscreveu «{PARTS}»",
                SUBSCRIPTION.as_secs()
            ))
            .because(
                "Primeiro declaram-se as três filas; depois subscreve-se \
                 «pecas» (`basic_consume`). Declarar de novo uma fila com \
                 outras opções é um erro.",
            )
        })?;
        self.trial.steps.add(name, "espera por peças");
        Ok(wire)
    }

    fn awaits(
        &mut self,
        limit: Duration,
        wire: &Network,
        kind: Kind,
        missing: impl Fn() -> Box<Failure>,
    ) -> Outcome {
        self.trial
            .awaits(limit, missing, || wire.saw(kind).then_some(()))
    }

    /// A part that nobody has ordered yet.
    fn part(&mut self) -> String {
        const KINDS: [&str; 6] =
            ["eixo", "mola", "roda", "porca", "tampa", "veio"];
        let kind = self.trial.random.below(KINDS.len() as u64) as usize;
        let number = self.trial.random.between(1000, 999_999);
        format!("{}_{number}", KINDS[kind])
    }

    /// Orders a part with this many dots of work.
    fn orders(&mut self, part: &str, dots: usize) -> Outcome {
        self.sends(format!("{part} {}", ".".repeat(dots)).as_bytes())
    }

    /// The same without a word in the record.
    fn orders_quietly(&mut self, part: &str, dots: usize) -> Outcome {
        self.sends_quietly(format!("{part} {}", ".".repeat(dots)).as_bytes())
    }

    fn sends(&mut self, body: &[u8]) -> Outcome {
        let said = format!("envia {} para «{PARTS}»", summarised(body));
        self.trial.steps.add("verificador", said);
        self.sends_quietly(body)
    }

    fn sends_quietly(&mut self, body: &[u8]) -> Outcome {
        if self.broker.publish(PARTS, body)? {
            return Ok(());
        }
        Err(Failure::new(format!("não há nenhuma fila «{PARTS}»")))
    }

    /// A machine gets what was sent, and has begun to work on it: by now, an
    /// acknowledgement that comes too early has reached the broker.
    fn is_half_way(&mut self, name: &str, wire: &Network) -> Outcome {
        self.awaits(ANSWER, wire, DELIVERED, nobody_takes)?;
        thread::sleep(3 * DOT);
        self.trial.steps.add(name, "recebe-a, e começa");
        Ok(())
    }

    /// The next message in a queue, if one comes within this time.
    fn next(
        &mut self,
        queue: &str,
        limit: Duration,
    ) -> Outcome<Option<Message>> {
        let mut taken = Ok(None);
        let broker = Rc::clone(&self.broker);
        let waited = self.trial.awaits(
            limit,
            || Failure::new("nada"),
            || {
                taken = broker.take(queue);
                // Not too often: each one is work for the broker.
                if matches!(taken, Ok(None)) {
                    thread::sleep(Duration::from_millis(25));
                }
                (!matches!(taken, Ok(None))).then_some(())
            },
        );
        match waited {
            Ok(()) => taken,
            Err(_) => Ok(None),
        }
    }

    /// The next message in a queue is one of these.
    fn expects_one_of(
        &mut self,
        queue: &str,
        wanted: &[&[u8]],
        limit: Duration,
    ) -> Outcome<Message> {
        let next = self.next(queue, limit)?;
        if let Some(message) = &next {
            let said = format!("recebe {}", summarised(&message.body));
            self.trial.steps.add(queue, said);
            if wanted.contains(&message.body.as_slice()) {
                return Ok(next.expect("it is there"));
            }
        }
        let expected = Expected::exactly(wanted[0]);
        let what = match &next {
            Some(_) => format!("em «{queue}» está outra coisa"),
            None => {
                let said = format!("esperava {}", summarised(wanted[0]));
                self.trial.steps.add(queue, said);
                format!("a «{queue}» não chegou nada")
            }
        };
        let body = next.map(|message| message.body).unwrap_or_default();
        Err(Failure::new(what).comparing(expected, &body))
    }

    /// The next result is this one.
    fn expects(&mut self, result: &str) -> Outcome<Message> {
        self.expects_one_of(DONE, &[result.as_bytes()], ANSWER)
    }

    /// The next result is of this part, done again or not.
    fn expects_part(&mut self, part: &str, limit: Duration) -> Outcome {
        let again = format!("{part} REPETIDA");
        let wanted = [again.as_bytes(), part.as_bytes()];
        self.expects_one_of(DONE, &wanted, limit)?;
        Ok(())
    }
}

/// The broker delivers a part to nobody, though it could.
fn nobody_takes() -> Box<Failure> {
    Failure::new("a peça ficou na fila: nenhuma máquina a recebeu").because(
        "A máquina subscreveu «pecas», mas o broker não lhe entrega nada: ou \
         cancelou a subscrição, ou ainda não confirmou, nem rejeitou, a peça \
         anterior.",
    )
}

fn does_parts(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    factory.starts("máquina 1")?;
    // First one that takes so long that no busy machine could be the reason;
    // then one with a name that is not ASCII.
    let accented = format!("pião_{}", factory.trial.random.between(100, 999));
    for (dots, part) in [(10_u32, factory.part()), (1, accented)] {
        let start = Instant::now();
        factory.orders(&part, dots as usize)?;
        factory.expects(&part)?;
        if start.elapsed() < DOT * dots * 9 / 10 {
            return Err(Failure::new(format!(
                "o resultado veio em menos de {dots}00 ms: a peça não foi feita"
            )));
        }
    }
    Ok(())
}

fn durable(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    factory.starts("máquina 1")?;
    let part = factory.part();
    factory.orders(&part, 1)?;
    let result = factory.expects(&part)?;
    for queue in [PARTS, DONE, DEAD] {
        match factory.broker.is_durable(queue)? {
            Some(true) => {}
            Some(false) => {
                return Err(Failure::new(format!(
                    "a fila «{queue}» não é durável"
                )));
            }
            None => {
                return Err(Failure::new(format!(
                    "não há nenhuma fila «{queue}»"
                ))
                .because(
                    "A máquina declara as três filas, antes de subscrever.",
                ));
            }
        }
    }
    is_persistent(&result)
}

fn is_persistent(result: &Message) -> Outcome {
    if result.persistent {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "o resultado em «{DONE}» não é persistente"
        )))
    }
}

fn prefetch(trial: &mut Trial) -> Outcome {
    const SHORT: usize = 6;
    const LONG: usize = 70;
    let mut factory = Factory::new(trial)?;
    let machines = [factory.starts("máquina 1")?, factory.starts("máquina 2")?];
    let long = factory.part();
    let steps = factory.trial.steps.clone();
    let said = format!("envia «{long}», com {LONG} pontos, para «{PARTS}»");
    steps.add("verificador", said);
    factory.orders_quietly(&long, LONG)?;
    factory.trial.awaits(ANSWER, nobody_takes, || {
        let mut busy = machines.iter();
        busy.any(|wire| wire.saw(DELIVERED)).then_some(())
    })?;
    steps.add("uma delas", format!("recebe-a: são {} s", LONG / 10));
    for _ in 0..SHORT {
        let short = factory.part();
        factory.orders(&short, 1)?;
    }

    let start = Instant::now();
    for _ in 0..SHORT {
        let left = (7 * DOT * SHORT as u32).saturating_sub(start.elapsed());
        match factory.next(DONE, left)? {
            Some(message) if message.body != long.as_bytes() => {}
            _ => {
                return Err(Failure::new(
                    "há peças curtas à espera, e uma das máquinas livre",
                ));
            }
        }
    }
    Ok(())
}

fn killed(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    let wire = factory.starts("máquina 1")?;
    let part = factory.part();
    factory.orders(&part, 20)?;
    factory.is_half_way("máquina 1", &wire)?;
    factory.trial.kills("máquina 1");
    factory.starts("máquina 2")?;
    factory.expects_part(&part, 20 * DOT + ANSWER)
}

fn repeated(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    let wire = factory.starts("máquina 1")?;
    wire.breaks_at(ACKNOWLEDGED);
    let part = factory.part();
    factory.orders(&part, 1)?;
    factory.awaits(ANSWER, &wire, ACKNOWLEDGED, || {
        Failure::new("máquina 1 não confirmou a peça")
    })?;
    let steps = factory.trial.steps.clone();
    steps.add(
        "máquina 1",
        "confirma a peça, e a ligação cai nesse momento",
    );
    factory.trial.kills("máquina 1");
    // What was published is lost, too, where the broker has not read it before
    // the connection broke: that is nobody's fault.
    if let Err(failure) = factory.expects(&part)
        && !(failure.received() == Some(b"") && wire.ever_saw(PUBLISHED))
    {
        let what = "a peça foi confirmada sem o resultado estar publicado";
        let mut early = Failure::new(what).because(
            "Primeiro publica-se o resultado, e só depois se confirma a peça: \
             se a máquina morrer entre as duas coisas, ninguém sabe que ela \
             existiu.",
        );
        early.compared = failure.compared;
        return Err(early);
    }
    factory.starts("máquina 2")?;
    is_persistent(&factory.expects(&format!("{part} REPETIDA"))?)
}

fn poisoned(trial: &mut Trial) -> Outcome {
    /// How many dots a part has at most, as the sheet has it.
    const MOST: usize = 100;
    const WRONG: [&[u8]; 7] = [
        b"banana",
        b"",
        b"eixo_1 ",
        b" ...",
        b"eixo_1 ..3",
        b"eixo 1 ...",
        b"\xff\xfe ...",
    ];
    let mut factory = Factory::new(trial)?;
    let wire = factory.starts("máquina 1")?;
    let too_long = format!("eixo_1 {}", ".".repeat(MOST + 1));
    for body in WRONG.into_iter().chain([too_long.as_bytes()]) {
        factory.sends(body)?;
        let dead = factory.expects_one_of(DEAD, &[body], ANSWER)?;
        if !dead.rejected {
            return Err(Failure::new(format!(
                "a mensagem está em «{DEAD}», mas a máquina não a rejeitou"
            ))
            .because(
                "É o broker que a passa para as mortas, quando é rejeitada. \
                 Quem lá a publica e depois a confirma são dois passos: se a \
                 máquina morrer entre eles, fica nas duas filas.",
            ));
        }
    }
    let part = factory.part();
    factory.orders(&part, 1)?;
    factory.expects(&part)?;
    // The longest there is takes its time.
    while wire.saw(DELIVERED) {}
    let longest = factory.part();
    factory.orders(&longest, MOST)?;
    factory.is_half_way("máquina 1", &wire)?;
    match factory.next(DEAD, SILENCE)? {
        None => Ok(()),
        Some(_) => Err(Failure::new(format!(
            "uma peça de {MOST} pontos foi rejeitada"
        ))),
    }
}

fn connection_lost(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    let wire = factory.starts("máquina 1")?;
    let part = factory.part();
    factory.orders(&part, 12)?;
    factory.is_half_way("máquina 1", &wire)?;
    let steps = factory.trial.steps.clone();
    steps.add("rede", "cai");
    wire.breaks()?;
    wire.is_tried(factory.trial)?;
    steps.add("rede", "volta");
    wire.leads_to(factory.broker.address())?;
    factory.expects_part(&part, RETURN)?;
    let next = factory.part();
    factory.orders(&next, 1)?;
    factory.expects(&next)?;

    // The second time is like the first.
    steps.add("rede", "cai outra vez, e volta logo");
    wire.breaks()?;
    wire.leads_to(factory.broker.address())?;
    let last = factory.part();
    factory.orders(&last, 1)?;
    let again = format!("{last} REPETIDA");
    // What was still to be confirmed comes once more, and before it.
    let late = format!("{next} REPETIDA");
    let wanted = [&last, &again, &late].map(String::as_bytes);
    let result = factory.expects_one_of(DONE, &wanted, RETURN)?;
    if result.body == late.as_bytes() {
        factory.expects_part(&last, ANSWER)?;
    }
    Ok(())
}

fn many(trial: &mut Trial) -> Outcome {
    const COUNT: usize = 40;
    const DOTS: usize = 2;
    const DEATHS: usize = 4;
    /// With no result for so long, none will come.
    const HOPE: Duration = Duration::from_secs(4);
    let mut factory = Factory::new(trial)?;
    let names = ["máquina 1", "máquina 2", "máquina 3"];
    let mut wires = Vec::new();
    for name in names {
        wires.push(factory.starts(name)?);
    }
    let steps = factory.trial.steps.clone();
    steps.add("verificador", format!("envia {COUNT} peças para «{PARTS}»"));
    let mut parts = Vec::new();
    while parts.len() < COUNT {
        let part = factory.part();
        factory.orders_quietly(&part, DOTS)?;
        parts.push(part);
    }
    for _ in 0..DEATHS {
        let victim = factory.trial.random.below(names.len() as u64) as usize;
        let (name, wire) = (names[victim], &wires[victim]);
        while wire.saw(DELIVERED) {}
        // Where it has taken too many at once, no other comes.
        let _ =
            factory.awaits(10 * DOT, wire, DELIVERED, || Failure::new("nada"));
        let moment = factory.trial.random.between(50, 100);
        thread::sleep(Duration::from_millis(moment));
        factory.trial.kills(name);
        wires[victim] = factory.starts(name)?;
    }

    let mut results: HashMap<Vec<u8>, usize> = HashMap::new();
    let first = |part: &String| part.as_bytes().to_vec();
    let again = |part: &String| format!("{part} REPETIDA").into_bytes();
    let is_done = |results: &HashMap<Vec<u8>, usize>, part: &String| {
        results.contains_key(&first(part)) || results.contains_key(&again(part))
    };
    while !parts.iter().all(|part| is_done(&results, part)) {
        let Some(message) = factory.next(DONE, HOPE)? else {
            return Err(Failure::new(
                "há peças de que não veio nenhum resultado",
            ));
        };
        *results.entry(message.body).or_default() += 1;
    }
    steps.add(DONE, format!("recebe o resultado das {COUNT}"));
    let twice = |part: &&String| results.get(&first(part)) > Some(&1);
    match parts.iter().find(twice) {
        None => Ok(()),
        Some(_) => {
            Err(Failure::new("uma peça foi feita duas vezes sem o dizer"))
        }
    }
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::new(trial)?;
    // One that has nothing to do.
    factory.starts("máquina 1")?;
    factory.trial.interrupts(|| {})?;

    let wire = factory.starts("máquina 2")?;
    let (part, other) = (factory.part(), factory.part());
    factory.orders(&part, 20)?;
    factory.orders(&other, 1)?;
    factory.is_half_way("máquina 2", &wire)?;
    factory.trial.interrupts_at_once(|| {})?;
    factory.expects(&part)?;
    let stays = format!("{other} .");
    match factory.next(PARTS, ANSWER)? {
        None => Err(Failure::new(format!(
            "a peça «{other}», que estava à espera, já não está em «{PARTS}»"
        ))
        .because(
            "Com Ctrl-C acaba-se a peça que está em mãos, e não se recebe mais \
             nenhuma: as outras ficam para as outras máquinas.",
        )),
        Some(message) if message.body == stays.as_bytes() => Ok(()),
        Some(_) => Err(Failure::new(format!(
            "a peça foi feita, e está outra vez em «{PARTS}»: ficou por \
             confirmar"
        ))),
    }?;

    // One that has lost its broker.
    let wire = factory.starts("máquina 3")?;
    factory.trial.steps.add("rede", "cai");
    wire.breaks()?;
    factory.trial.interrupts(|| {})
}
