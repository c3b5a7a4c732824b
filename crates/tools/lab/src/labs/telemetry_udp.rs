//! Lab 2: numbered datagrams, and a report of what became of them.

use crate::check::{Check, Lab, Needs};
use crate::outcome::Outcome;
use crate::peers::udp::Sender;
use crate::random::Random;
use crate::trial::Trial;

pub const LAB: Lab = Lab {
    name: "lab_telemetry_udp",
    title: "telemetria por UDP: o que chegou, o que se perdeu, o que se repetiu",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "in_order",
            about: "o que chega todo e por ordem: quantos, e a média",
            demands: &[2, 4, 8, 9, 15],
            cause: "O programa recebe, mas não percebe o datagrama, não conta \
                    bem ou não responde a REPORT. Experimente à mão: \
                    nc -u 127.0.0.1 65432",
            slide: "Servidor UDP Python (Eco)",
            read: "udp_echo_server",
            run: in_order,
        },
        Check {
            name: "lost",
            about: "os números que faltam até ao maior que chegou são perdidos",
            demands: &[5],
            cause: "Os números começam em 1. Perdidos são os que faltam entre \
                    1 e o maior que já chegou: o maior, menos quantos números \
                    diferentes chegaram.",
            slide: "TCP vs. UDP: Os Dois Pilares",
            read: "udp_echo_server",
            run: lost,
        },
        Check {
            name: "duplicated",
            about: "um número que se repete conta como duplicado, e só",
            demands: &[4, 6, 8],
            cause: "Guarde os números que já chegaram. O que vem outra vez não \
                    conta como recebido, não entra na média e não está fora \
                    de ordem.",
            slide: "TCP vs. UDP: Os Dois Pilares",
            read: "udp_echo_server",
            run: duplicated,
        },
        Check {
            name: "out_of_order",
            about: "o que chega tarde conta fora de ordem, e deixa de faltar",
            demands: &[5, 7],
            cause: "Fora de ordem está um número que ainda não tinha chegado e \
                    é menor do que o maior que já chegou. Ao chegar, deixa de \
                    ser um dos perdidos.",
            slide: "TCP vs. UDP: Os Dois Pilares",
            read: "udp_echo_server",
            run: out_of_order,
        },
        Check {
            name: "shuffled",
            about: "tudo misturado, como numa rede má",
            demands: &[4, 5, 6, 7, 8],
            cause: "Cada conta sozinha está certa, mas não todas juntas. O \
                    relatório anterior ainda estava: faça à mão as contas dos \
                    datagramas que vieram depois.",
            slide: "TCP vs. UDP: Os Dois Pilares",
            read: "udp_echo_server",
            run: shuffled,
        },
        Check {
            name: "sensors",
            about: "cada sensor tem as suas contas, de onde quer que venham",
            demands: &[10],
            cause: "As contas são de cada nome, e não de cada socket nem de \
                    todos juntos. Um sensor que nunca enviou nada tem tudo a \
                    zero.",
            slide: "Servidor UDP Python (Eco)",
            read: "udp_echo_server",
            run: sensors,
        },
        Check {
            name: "garbage",
            about: "um datagrama que não se percebe não conta, nem faz mal",
            demands: &[3, 11, 12],
            cause: "Um datagrama vazio, enorme, que não é texto ou a que falta \
                    uma palavra deita-se fora: sem resposta, e sem terminar o \
                    programa. O maior datagrama tem 65 507 bytes.",
            slide: "Servidor UDP Python (Eco)",
            read: "udp_echo_server",
            run: garbage,
        },
        Check {
            name: "who_asked",
            about: "a resposta vai para quem perguntou, e para mais ninguém",
            demands: &[1, 2],
            cause: "Cada datagrama traz o endereço do seu remetente: é a esse, \
                    e só a um REPORT, que se responde.",
            slide: "Servidor UDP `asyncio` Python",
            read: "async_udp_echo_server",
            run: who_asked,
        },
        Check {
            name: "big_numbers",
            about: "um salto enorme nos números não custa memória nem tempo",
            demands: &[11, 13],
            cause: "Os números vão até 4 294 967 295. Guarde os que chegaram, \
                    e não os que faltam: quantos faltam é uma conta.",
            slide: "TCP vs. UDP: Os Dois Pilares",
            read: "udp_echo_server",
            run: big_numbers,
        },
        #[cfg(unix)]
        Check {
            demands: &[14],
            run: ctrl_c,
            ..super::CTRL_C
        },
    ],
    hints: &[
        "Um socket, um ciclo: cada leitura dá um datagrama inteiro e o \
         endereço de quem o enviou. Se as palavras forem `DATA nome número \
         valor`, guarde; se forem `REPORT nome`, responda a esse endereço; \
         senão, nada.\n\
         Em Rust, `recv_from` e `send_to`; em Python, `recvfrom` e `sendto`; \
         em Node, o evento `message` e `send`.",
        "Para cada nome, guarde o conjunto dos números que chegaram, o maior \
         deles, a soma dos valores e as contas de duplicados e de fora de \
         ordem. O resto são contas: recebidos é o tamanho do conjunto; \
         perdidos é o maior menos os recebidos.\n\
         Em Rust, o conjunto é um `HashSet<u32>`; em Python, um `set`; em \
         Node, um `Set`.",
        "A ordem das perguntas importa: primeiro, este número já chegou? Se \
         sim, é duplicado, e acabou. Se não, é menor do que o maior? Então \
         está fora de ordem. Só depois se põe no conjunto.",
        "A média escreve-se sempre com duas casas, arredondada. Sem nenhum \
         recebido é `0.00`; 0 a dividir por 0 não é um número.\n\
         Em Rust, `{:.2}`; em Python, `:.2f`; em Node, `toFixed(2)`.",
    ],
};

/// What a program should know of one sensor.
#[derive(Default)]
struct Known {
    seen: Vec<u32>,
    highest: u32,
    duplicated: u32,
    out_of_order: u32,
    /// The sum of the values, in tenths.
    sum: u64,
}

impl Known {
    fn takes(&mut self, number: u32, tenths: u64) {
        if self.seen.contains(&number) {
            self.duplicated += 1;
            return;
        }
        self.seen.push(number);
        self.sum += tenths;
        if number < self.highest {
            self.out_of_order += 1;
        }
        self.highest = self.highest.max(number);
    }

    fn report(&self, sensor: &str) -> String {
        let received = self.seen.len() as u32;
        let lost = self.highest - received;
        // In hundredths, to the nearest; the checks choose values that leave
        // no doubt which that is.
        let count = u64::from(received.max(1));
        let mean = (self.sum * 20 + count) / (2 * count);
        format!(
            "{sensor} received={received} lost={lost} duplicated={} \
             out_of_order={} mean={}.{:02}",
            self.duplicated,
            self.out_of_order,
            mean / 100,
            mean % 100
        )
    }
}

/// One sensor, what it sends, and what is known of it.
struct Sensor {
    name: String,
    known: Known,
}

impl Sensor {
    fn new(random: &mut Random) -> Sensor {
        Sensor {
            name: random.sensor(),
            known: Known::default(),
        }
    }

    /// Sends the datagram with this number. What a number carries depends on
    /// the number alone, so that a mean over few of them has two places.
    fn sends(&mut self, sender: &mut Sender, number: u32) -> Outcome {
        let tenths = 200 + 5 * u64::from(number % 16);
        self.known.takes(number, tenths);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        sender.sends(format!("DATA {} {number} {whole}.{tenth}", self.name))
    }

    /// Asks, and compares. A last value makes the mean one that is rounded up,
    /// where so many values can have such a one, and never by just a half.
    fn is_reported(&mut self, sender: &mut Sender) -> Outcome {
        let count = self.known.seen.len() as u64 + 1;
        if count > 1 {
            let number = self.known.highest + 1;
            let rest = |tenths: u64| (self.known.sum + tenths) * 10 % count;
            let mut values = 200..200 + count;
            let tenths = values
                .clone()
                .find(|tenths| (rest(*tenths) * 10 / count) >= 6)
                .or_else(|| values.find(|tenths| rest(*tenths) == 0));
            let tenths = tenths.unwrap_or(200);
            self.known.takes(number, tenths);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            let name = &self.name;
            sender.sends(format!("DATA {name} {number} {whole}.{tenth}"))?;
        }
        self.is_told(sender)
    }

    /// Asks, and compares, with no value more.
    fn is_told(&self, sender: &mut Sender) -> Outcome {
        sender.sends(format!("REPORT {}", self.name))?;
        sender.expects(self.known.report(&self.name))
    }
}

/// Waits until the program answers: a UDP socket does not tell that it is
/// there.
fn ready(trial: &mut Trial) -> Outcome<Sender> {
    let nobody = trial.random.sensor();
    let mut sender = trial.sender()?;
    let expected = Known::default().report(&nobody);
    let question = format!("REPORT {nobody}");
    sender.is_answered(&question, &expected, || trial.listens())?;
    trial.begins();
    Ok(sender)
}

fn in_order(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    sensor.sends(&mut sender, 1)?;
    sensor.is_told(&mut sender)?;
    for number in 2..=trial.random.between(4, 8) as u32 {
        sensor.sends(&mut sender, number)?;
    }
    sensor.is_reported(&mut sender)?;
    // A value may be below zero, and needs no point.
    let cold = trial.random.sensor();
    sender.sends(format!("DATA {cold} 1 -4.5"))?;
    sender.sends(format!("DATA {cold} 2 3"))?;
    sender.sends(format!("REPORT {cold}"))?;
    sender.expects(format!(
        "{cold} received=2 lost=0 duplicated=0 out_of_order=0 mean=-0.75"
    ))
}

fn lost(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    let gap = trial.random.between(2, 9) as u32;
    for number in [2, 3, 3 + gap, 5 + gap] {
        sensor.sends(&mut sender, number)?;
    }
    sensor.is_reported(&mut sender)
}

fn duplicated(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    for number in [1, 2, 2, 3, 1, 2, 4] {
        sensor.sends(&mut sender, number)?;
    }
    sensor.is_reported(&mut sender)
}

fn out_of_order(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    for number in [1, 5, 2, 3, 6, 4] {
        sensor.sends(&mut sender, number)?;
    }
    sensor.is_reported(&mut sender)
}

fn shuffled(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    let mut numbers: Vec<u32> = (1..=60).collect();
    trial.random.shuffle(&mut numbers);
    numbers.truncate(40);
    for index in 0..10 {
        numbers.push(numbers[index * 3]);
    }
    trial.random.shuffle(&mut numbers);
    // So few at once that all those since the last report that was right are
    // among the steps that are shown.
    for few in numbers.chunks(8) {
        for number in few {
            sensor.sends(&mut sender, *number)?;
        }
        sensor.is_reported(&mut sender)?;
    }
    Ok(())
}

fn sensors(trial: &mut Trial) -> Outcome {
    let mut here = ready(trial)?;
    let mut there = trial.sender()?;
    let mut a = Sensor::new(&mut trial.random);
    let mut b = Sensor::new(&mut trial.random);
    for number in 1..=3 {
        a.sends(&mut here, number)?;
        b.sends(&mut there, number + 1)?;
    }
    // The two sockets take turns: what one sent is there when the other asks.
    b.is_reported(&mut there)?;
    a.sends(&mut there, 4)?;
    a.is_reported(&mut there)?;
    b.is_reported(&mut here)
}

fn garbage(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    sensor.sends(&mut sender, 1)?;
    let name = sensor.name.clone();
    sender.sends("")?;
    sender.sends(b"DATA \xff\xfe 1 2.0")?;
    for line in [
        format!("DATA {name}"),
        format!("DATA {name} 2"),
        format!("DATA {name} dois 2.0"),
        format!("DATA {name} 2 quente"),
        format!("DATA {name} -1 2.0"),
        format!("DATA {name} 0 2.0"),
        format!("DATA {name} 4294967296 2.0"),
        // What some languages read as far as it is a number.
        format!("DATA {name} 2x 2.0"),
        format!("DATA {name} 2.5 2.0"),
        format!("DATA {name} 2 2.0x"),
        format!("DATA {name} 2 nan"),
        format!("DATA {name} 2 inf"),
        format!("DATA {name} 2 2.0 3.0"),
        format!("REPORT {name} {name}"),
        "OLÁ".to_string(),
    ] {
        sender.sends(line)?;
    }
    sender.sends("x".repeat(65_507))?;
    sensor.sends(&mut sender, 2)?;
    sensor.is_reported(&mut sender)
}

fn who_asked(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut display = trial.sender()?;
    let mut sensor = Sensor::new(&mut trial.random);
    sensor.sends(&mut sender, 1)?;
    sensor.sends(&mut sender, 2)?;
    sender.expects_silence()?;
    sensor.is_reported(&mut display)?;
    sender.expects_silence()?;
    display.expects_silence()
}

fn big_numbers(trial: &mut Trial) -> Outcome {
    let mut sender = ready(trial)?;
    let mut sensor = Sensor::new(&mut trial.random);
    // The last but one: the very last comes with the question.
    for number in [1, u32::MAX - 1, 2] {
        sensor.sends(&mut sender, number)?;
    }
    sensor.is_reported(&mut sender)
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    ready(trial)?;
    trial.interrupts(|| {})
}
