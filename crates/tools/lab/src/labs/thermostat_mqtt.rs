//! Lab 6: a thermostat for all zones of a factory, over MQTT.

use std::time::Duration;

use crate::brokers::mqtt::Broker;
use crate::check::{Check, Lab, Needs};
use crate::limits::ANSWER;
use crate::outcome::{Failure, Outcome};
use crate::peers::mqtt::{Message, MqttClient};
use crate::trial::Trial;

const STATE: &str = "fabrica/termostato/estado";

/// How long a program may take to come back to a broker that has come back.
const RETURN: Duration = Duration::from_secs(15);

pub const LAB: Lab = Lab {
    name: "lab_thermostat_mqtt",
    title: "um termóstato por MQTT: ordens retidas, QoS 1 e testamento",
    needs: Needs::MqttBroker,
    checks: &[
        Check {
            name: "on_off",
            about: "abaixo de 19.0 a ordem é ON, acima de 21.0 é OFF",
            demands: &[4, 14],
            cause: "Subscreva fabrica/+/temperatura e, por cada medida, \
                    publique a ordem em fabrica/ZONA/aquecimento. A zona está \
                    no tópico da medida.",
            slide: "Exemplo de Subscriber Python",
            read: "mqtt_subscriber",
            run: on_off,
        },
        Check {
            name: "hysteresis",
            about: "de 19.0 a 21.0, inclusive, nada muda",
            demands: &[5, 6],
            cause: "Dois limites, e não um: só abaixo de 19.0 se liga, e só \
                    acima de 21.0 se desliga. Entre os dois não se publica \
                    nada.",
            slide: "Padrão de Comunicação: Publish/Subscribe",
            read: "mqtt_publisher",
            run: hysteresis,
        },
        Check {
            name: "only_changes",
            about: "a mesma ordem não se repete",
            demands: &[7],
            cause: "Guarde a última ordem de cada zona, e publique só quando a \
                    nova for outra.",
            slide: "Padrão de Comunicação: Publish/Subscribe",
            read: "mqtt_publisher",
            run: only_changes,
        },
        Check {
            name: "zones",
            about: "cada zona tem a sua ordem",
            demands: &[1, 7],
            cause: "A última ordem é de uma zona, e não de todas: um mapa, \
                    com a zona como chave.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_wildcards",
            run: zones,
        },
        Check {
            name: "retained",
            about: "quem chega mais tarde recebe logo a última ordem",
            demands: &[2],
            cause: "Publique as ordens com a marca retain: o broker guarda a \
                    última de cada tópico.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_last_will",
            run: retained,
        },
        Check {
            name: "qos",
            about: "as ordens publicam-se com QoS 1",
            demands: &[3],
            cause: "Em QoS 0 ninguém confirma nada, e uma ordem pode perder-se \
                    sem que se saiba.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_qos",
            run: qos,
        },
        Check {
            name: "other_topics",
            about: "o que não é a temperatura de uma zona não dá ordens",
            demands: &[1],
            cause: "«+» vale um nível, e «#» todos os que faltam: só \
                    fabrica/+/temperatura diz respeito ao termóstato.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_wildcards",
            run: other_topics,
        },
        Check {
            name: "not_a_number",
            about: "uma medida que não é um número não conta, e as outras sim",
            demands: &[8],
            cause: "Quem publica pode enganar-se: o que não se consegue ler \
                    salta-se, e espera-se pela mensagem seguinte. `NaN` e \
                    `inf` leem-se como números, mas não são temperaturas.",
            slide: "Exemplo de Subscriber Python",
            read: "mqtt_subscriber",
            run: not_a_number,
        },
        Check {
            name: "online",
            about: "o termóstato diz que está online, e fica dito",
            demands: &[2, 3, 9],
            cause: "Depois de subscrever, publique online, retido, em \
                    fabrica/termostato/estado.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_last_will",
            run: online,
        },
        Check {
            name: "will",
            about: "se o termóstato morre, o broker diz por ele offline",
            demands: &[2, 3, 10],
            cause: "O testamento vai no CONNECT: o mesmo tópico, offline, com \
                    retain. Em paho, `will_set` ou `will_message`, antes de \
                    ligar.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_last_will",
            run: will,
        },
        Check {
            name: "broker_returns",
            about: "quando o broker cai e volta, o termóstato também volta",
            demands: &[11, 12],
            cause: "Um broker que volta não sabe nada. Em cada ligação, e não \
                    só na primeira: subscreva, publique online, e publique \
                    outra vez a última ordem de cada zona.",
            slide: "Exemplo de Subscriber Python",
            read: "mqtt_subscriber",
            run: broker_returns,
        },
        #[cfg(unix)]
        Check {
            name: "ctrl_c",
            about: "com Ctrl-C diz offline, despede-se do broker e termina",
            demands: &[13],
            cause: "O testamento é só para quem não se despede: antes do \
                    DISCONNECT, publique offline, e espere que o broker o \
                    confirme.",
            slide: "Detalhes do Protocolo MQTT",
            read: "mqtt_last_will",
            run: ctrl_c,
        },
    ],
    hints: &[
        "Comece por `mqtt_subscriber`, com o tópico fabrica/+/temperatura. A \
         zona é o que está entre as duas barras: `topic.split('/')`.",
        "A decisão cabe numa função que recebe os bytes da mensagem e devolve \
         uma ordem, ou nenhuma. Nenhuma quer dizer que não há nada a fazer, \
         por estar entre os limites ou por não ser um número.",
        "Um mapa da zona para a última ordem chega para não repetir ordens: \
         só se publica quando muda. Em `mqtt_last_will` está como se publica \
         uma mensagem retida com QoS 1.\n\
         Em Rust, `insert` devolve o que lá estava; em Python, `get` dá \
         `None` a quem ainda não tem ordem.",
        "O que se faz depois de ligar faz-se depois de cada ligação: uma só \
         função subscreve, publica online e repete as ordens do mapa.\n\
         Em Python, o seu sítio é `on_connect`; em Node, o evento `connect`.",
        "Dentro de uma função que a biblioteca chama (`on_message`) não se \
         espera por uma confirmação: é a própria biblioteca que a teria de \
         receber, e está à espera que a função acabe.",
    ],
};

fn temperature(zone: &str) -> String {
    format!("fabrica/{zone}/temperatura")
}

fn heating(zone: &str) -> String {
    format!("fabrica/{zone}/aquecimento")
}

/// Who measures, and who sees the orders.
struct Factory {
    broker: Broker,
    sensor: MqttClient,
    panel: MqttClient,
}

impl Factory {
    /// The program on a broker of its own, and ready.
    fn open(trial: &mut Trial) -> Outcome<Factory> {
        let broker = Broker::start(trial)?;
        Factory::on(broker, trial)
    }

    /// The same, with somebody who sees from the beginning how it is.
    fn watched(trial: &mut Trial) -> Outcome<(Factory, MqttClient)> {
        let broker = Broker::start(trial)?;
        let mut state = broker.client("vigia")?;
        state.subscribes(STATE)?;
        let factory = Factory::on(broker, trial)?;
        state.hears(STATE, "online")?;
        Ok((factory, state))
    }

    fn on(broker: Broker, trial: &mut Trial) -> Outcome<Factory> {
        let mut panel = broker.client("painel")?;
        panel.subscribes(&heating("+"))?;
        let mut sensor = broker.client("sensor")?;
        trial.start_as("", &broker.url(), &[])?;
        broker.has_client(trial)?;
        // What is retained comes whenever the program subscribes.
        let zone = trial.random.sensor();
        sensor.publishes_retained(&temperature(&zone), "12.5")?;
        panel.hears(&heating(&zone), "ON")?;
        Ok(Factory {
            broker,
            sensor,
            panel,
        })
    }

    /// A measure that is followed by this order.
    fn orders(&mut self, zone: &str, celsius: &str, order: &str) -> Outcome {
        self.sensor.publishes(&temperature(zone), celsius)?;
        self.panel.hears(&heating(zone), order)?;
        Ok(())
    }

    /// A measure that is followed by none.
    fn keeps(&mut self, zone: &str, celsius: impl AsRef<[u8]>) -> Outcome {
        self.sensor.publishes(&temperature(zone), celsius)
    }

    /// Nothing has come of what went before: the next order is that of a zone
    /// that gets cold now.
    fn nothing_else(&mut self, trial: &mut Trial) -> Outcome {
        let zone = trial.random.sensor();
        self.orders(&zone, "15.0", "ON")
    }

    /// Somebody who comes late, and is told at once.
    fn latecomer(&self, name: &str, topic: &str) -> Outcome<MqttClient> {
        let mut latecomer = self.broker.client(name)?;
        latecomer.subscribes(topic)?;
        Ok(latecomer)
    }
}

fn on_off(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zone = trial.random.sensor();
    factory.orders(&zone, "18.9", "ON")?;
    factory.orders(&zone, "21.1", "OFF")?;
    factory.orders(&zone, "-4", "ON")?;
    factory.orders(&zone, "100.25", "OFF")
}

fn hysteresis(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let (zone, new) = (trial.random.sensor(), trial.random.sensor());
    factory.orders(&zone, "17.5", "ON")?;
    for celsius in ["19.0", "19.6", "20.4", "21.0"] {
        factory.keeps(&zone, celsius)?;
    }
    factory.nothing_else(trial)?;
    factory.orders(&zone, "22.5", "OFF")?;
    for celsius in ["21.0", "20.4", "19.6", "19.0"] {
        factory.keeps(&zone, celsius)?;
    }
    factory.nothing_else(trial)?;
    factory.orders(&zone, "18.5", "ON")?;
    // Of this one nothing is known yet.
    factory.keeps(&new, "20.0")?;
    factory.nothing_else(trial)
}

fn only_changes(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zone = trial.random.sensor();
    factory.orders(&zone, "17.5", "ON")?;
    factory
        .sensor
        .publishes_again(&temperature(&zone), "17.5")?;
    factory.keeps(&zone, "16.0")?;
    factory.orders(&zone, "23.0", "OFF")?;
    factory.keeps(&zone, "24.5")?;
    factory.keeps(&zone, "25.0")?;
    factory.nothing_else(trial)
}

fn zones(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zones = [(); 3].map(|()| trial.random.sensor());
    for zone in &zones {
        factory.orders(zone, "17.5", "ON")?;
    }
    factory.orders(&zones[1], "22.5", "OFF")?;
    factory.orders(&zones[2], "23.5", "OFF")?;
    factory.orders(&zones[1], "18.0", "ON")?;
    factory.orders(&zones[0], "21.5", "OFF")
}

fn retained(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zone = trial.random.sensor();
    factory.orders(&zone, "17.5", "ON")?;
    factory.orders(&zone, "22.5", "OFF")?;
    let mut late = factory.latecomer("painel novo", &heating(&zone))?;
    late.hears(&heating(&zone), "OFF")?;
    Ok(())
}

fn qos(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zone = trial.random.sensor();
    for (celsius, order) in [("17.5", "ON"), ("22.5", "OFF")] {
        factory.sensor.publishes(&temperature(&zone), celsius)?;
        let message = factory.panel.hears(&heating(&zone), order)?;
        if message.qos != 1 {
            return Err(Failure::new(format!(
                "a ordem foi publicada com QoS {}",
                message.qos
            )));
        }
    }
    Ok(())
}

fn other_topics(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let zone = trial.random.sensor();
    for topic in [
        format!("fabrica/{zone}/humidade"),
        format!("fabrica/{zone}/ar/temperatura"),
        format!("escritorio/{zone}/temperatura"),
        format!("fabrica/{zone}/temperatura/minima"),
    ] {
        factory.sensor.publishes(&topic, "12.0")?;
    }
    factory.nothing_else(trial)
}

fn not_a_number(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let (zone, other) = (trial.random.sensor(), trial.random.sensor());
    factory.orders(&zone, "17.5", "ON")?;
    for payload in [
        &b"quente"[..],
        b"",
        b"23,5",
        b"23.5 C",
        b"\xff\xfe",
        b"NaN",
        b"inf",
        b"-inf",
    ] {
        factory.keeps(&zone, payload)?;
        factory.keeps(&other, payload)?;
    }
    factory.orders(&other, "12.0", "ON")?;
    factory.orders(&zone, "22.5", "OFF")?;
    // A number may be below zero, and needs no point.
    factory.orders(&zone, "-4.5", "ON")?;
    factory.orders(&zone, "22", "OFF")
}

/// What is said of the thermostat itself goes with QoS 1, too.
fn has_qos_1(message: &Message) -> Outcome {
    if message.qos == 1 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&message.payload);
    Err(Failure::new(format!(
        "«{said}» foi publicado em {STATE} com QoS {}",
        message.qos
    ))
    .because(
        "Tudo o que o termóstato publica vai com QoS 1, e o testamento também: \
         o seu QoS diz-se ao mesmo tempo que ele (`will_set`).",
    ))
}

fn online(trial: &mut Trial) -> Outcome {
    let (factory, _) = Factory::watched(trial)?;
    let mut late = factory.latecomer("vigia nova", STATE)?;
    has_qos_1(&late.hears(STATE, "online")?)
}

fn will(trial: &mut Trial) -> Outcome {
    let (factory, mut state) = Factory::watched(trial)?;
    trial.kills("");
    has_qos_1(&state.hears(STATE, "offline")?)?;
    let mut late = factory.latecomer("vigia nova", STATE)?;
    late.hears(STATE, "offline")?;
    Ok(())
}

fn broker_returns(trial: &mut Trial) -> Outcome {
    let mut factory = Factory::open(trial)?;
    let (zone, probe) = (trial.random.sensor(), trial.random.sensor());
    factory.orders(&zone, "17.5", "ON")?;
    factory.broker.goes_away()?;
    factory.broker.is_tried(trial)?;
    factory.broker.returns()?;
    factory.panel = factory.latecomer("painel", &heating("+"))?;
    factory.sensor = factory.broker.client("sensor")?;
    factory
        .sensor
        .publishes_retained(&temperature(&probe), "12.5")?;
    // The orders that were given before may come again, before this one or
    // after it.
    let (topic, probed) = (heating(&zone), heating(&probe));
    let before = |message: &Message| message.topic != probed;
    factory.panel.hears_after(&probed, "ON", before, RETURN)?;
    let mut late = factory.latecomer("painel novo", &topic)?;
    late.hears(&topic, "ON")?;
    let mut state = factory.latecomer("vigia", STATE)?;
    state.hears(STATE, "online")?;
    factory.sensor.publishes(&temperature(&zone), "22.5")?;
    let before =
        |message: &Message| message.topic != topic || message.is(&topic, "ON");
    factory.panel.hears_after(&topic, "OFF", before, ANSWER)?;
    Ok(())
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    let (factory, mut state) = Factory::watched(trial)?;
    trial.interrupts(|| {})?;
    state.hears(STATE, "offline")?;
    if factory.broker.heard_goodbye() {
        return Ok(());
    }
    Err(Failure::new(
        "o broker deu o termóstato por perdido: não se despediu",
    ))
}
