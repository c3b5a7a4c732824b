//~ //! # Exercício 9: de MQTT para REST e WebSocket
//~ //!
//~ //! O enunciado está em `docs/labs/lab_gateway.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p mqtt_broker
//~ //! Broker MQTT a escutar em 127.0.0.1:1883
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab_gateway
//~ //! Valores em http://127.0.0.1:8000/valores
//~ //!
//~ //! # e noutro
//~ //! $ cargo run -p lab -- check lab_gateway
//~ //! ```
//{
//! # Exercício 9, resolvido: de MQTT para REST e WebSocket
//!
//! `cargo run -p lab_gateway --example lab_gateway_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//~ use std::error::Error;
//~ use std::time::Duration;
//~ use std::{env, process};
//{
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, process};
//}

//~ use axum::extract::{Path, Request};
//~ use axum::http::StatusCode;
//{
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
//}
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
//~ use futures_util::StreamExt;
//{
use futures_util::{SinkExt, StreamExt};
//}
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
//~ use paho_mqtt::{
//~     AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
//~     Message,
//~ };
//{
use paho_mqtt::{
    AsyncClient, AsyncReceiver, ConnectOptionsBuilder, MQTT_VERSION_3_1_1,
    Message, QOS_1,
};
//}
use serde_json::{Value, json};
use tokio::net::TcpListener;
//~ use tokio::signal;
//~ use tokio_tungstenite::WebSocketStream;
//~ use tokio_tungstenite::tungstenite::handshake::server::create_response;
//~ use tokio_tungstenite::tungstenite::protocol::Role;
//{
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio::{signal, task, time};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::Role;
//}

const ADDRESS: &str = "127.0.0.1:8000";
const URL: &str = "mqtt://localhost:1883";
//{

/// Quantos valores podem esperar por um ecrã; os mais velhos perdem-se.
const QUEUE: usize = 1024;
//}

/// Um ecrã.
type Screen = WebSocketStream<TokioIo<Upgraded>>;

//~ /// O que o lado do MQTT e o do HTTP partilham.
//~ ///
//~ /// TODO 1: os últimos valores, pelo nome do sensor.
//~ #[derive(Clone, Default)]
//~ struct Gateway {}
//~
//~ impl Gateway {
//~     /// Aprende um valor, se é um valor.
//~     ///
//~     /// TODO 1: guarde-o. TODO 3: diga-o a todos os ecrãs, sem esperar por
//~     /// nenhum.
//~     fn learn(&self, topic: &str, payload: &str) {
//~         println!("{topic}: {payload}");
//~     }
//~ }
//{
/// O que o lado do MQTT e o do HTTP partilham.
#[derive(Clone)]
struct Gateway {
    values: Arc<Mutex<BTreeMap<String, f64>>>,
    live: Sender<WsMessage>,
}

impl Gateway {
    fn new() -> Gateway {
        Gateway {
            values: Arc::default(),
            live: Sender::new(QUEUE),
        }
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<String, f64>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Aprende um valor, se é um valor, e di-lo a todos os ecrãs.
    fn learn(&self, topic: &str, payload: &str) {
        let Some(name) = topic.split('/').nth(1) else {
            return;
        };
        match payload.parse() {
            Ok(value) if f64::is_finite(value) => {
                self.values().insert(name.to_string(), value);
                let text = one(name, value).to_string();
                // Sem ecrãs ninguém ouve, e não faz mal. E isto não espera.
                let _ = self.live.send(WsMessage::text(text));
            }
            _ => eprintln!("{name}: «{payload}» não é um valor"),
        }
    }
}

fn one(name: &str, value: f64) -> Value {
    json!({ "nome": name, "valor": value })
}
//}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or(ADDRESS.to_string());
    let url = arguments.next().unwrap_or(URL.to_string());
    if let Err(error) = run(&address, &url).await {
        eprintln!("{error}");
        process::exit(1);
    }
}

async fn run(address: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p lab_gateway -- 127.0.0.1:8001"
        )
    })?;
    let mut client = AsyncClient::new(url).map_err(|error| {
        format!("«{url}» não serve ({error}). Um exemplo: {URL}")
    })?;
    //~ let gateway = Gateway::default();
    //{
    let gateway = Gateway::new();
    //}
    let messages = client.get_stream(None); // antes de ligar, e sem limite

    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        ended = serve(listener, gateway.clone()) => ended?,
        ended = listen(&client, &messages, url, &gateway) => ended?,
    }
    if client.is_connected() {
        client.disconnect(None).await?;
    }
    Ok(())
}

/// O lado do MQTT.
async fn listen(
    client: &AsyncClient,
    messages: &AsyncReceiver<Option<Message>>,
    url: &str,
    gateway: &Gateway,
) -> Result<(), Box<dyn Error>> {
    connect(client, url).await?;
    loop {
        match messages.recv().await? {
            Some(message) => {
                gateway.learn(message.topic(), &message.payload_str());
                //{
                // Por muitos que venham, é a vez das tarefas dos ecrãs.
                task::yield_now().await;
                //}
            }
            // Uma ligação que caiu e que, entretanto, já foi refeita.
            None if client.is_connected() => {}
            None => {
                //~ // TODO 4: tente outra vez, até conseguir.
                //~ return Err("A ligação ao broker perdeu-se.".into());
                //{
                eprintln!("Ligação perdida. A tentar outra vez...");
                while connect(client, url).await.is_err() {
                    time::sleep(Duration::from_millis(500)).await;
                }
                //}
            }
        }
    }
}

async fn connect(client: &AsyncClient, url: &str) -> Result<(), String> {
    let options = ConnectOptionsBuilder::with_mqtt_version(MQTT_VERSION_3_1_1)
        .keep_alive_interval(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(5))
        .finalize();
    client.connect(options).await.map_err(|error| {
        format!(
            "Não foi possível ligar a {url} ({error}). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        )
    })?;
    //~ // TODO 1: subscreva os valores de todos os sensores, com QoS 1.
    //~ Ok(())
    //{
    // Em cada ligação: um broker que foi reiniciado já não sabe nada.
    let subscription = client.subscribe("fabrica/+/valor", QOS_1);
    let refused = |error| format!("O broker em {url} não aceitou: {error}.");
    subscription.await.map_err(refused)?;
    Ok(())
    //}
}

/// O lado do HTTP.
async fn serve(
    listener: TcpListener,
    gateway: Gateway,
) -> Result<(), std::io::Error> {
    println!("Valores em http://{}/valores", listener.local_addr()?);
    let app = Router::new()
        .route("/valores", get(read_all))
        .route("/valores/{nome}", get(read_one))
        .route("/vivo", get(open_screen))
        .with_state(gateway);
    axum::serve(listener, app).await
}

//~ // TODO 2: responda com os valores que há. As funções recebem o que partilham
//~ // em `State(gateway): State<Gateway>`, de `axum::extract`.
//~ async fn read_all() -> Json<Value> {
//~     Json(json!({}))
//~ }
//~
//~ async fn read_one(Path(name): Path<String>) -> Response {
//~     let body = json!({ "erro": format!("não há nenhum valor de {name}") });
//~     (StatusCode::NOT_FOUND, Json(body)).into_response()
//~ }
//~
//~ async fn open_screen(request: Request) -> Response {
//~     upgrade(request, show)
//~ }
//~
//~ // TODO 3: envie a este ecrã cada valor que chega, até ele sair.
//~ async fn show(mut screen: Screen) {
//~     screen.next().await;
//~ }
//{
async fn read_all(
    State(gateway): State<Gateway>,
) -> Json<BTreeMap<String, f64>> {
    Json(gateway.values().clone())
}

async fn read_one(
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
) -> Response {
    match gateway.values().get(&name) {
        Some(value) => Json(one(&name, *value)).into_response(),
        None => {
            let erro = format!("não há nenhum valor de {name}");
            let body = json!({ "erro": erro });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    }
}

async fn open_screen(
    State(gateway): State<Gateway>,
    request: Request,
) -> Response {
    // Antes de responder: quem já sabe que está ligado não perde nada.
    let live = gateway.live.subscribe();
    upgrade(request, |screen| show(screen, live))
}

async fn show(mut screen: Screen, mut live: Receiver<WsMessage>) {
    loop {
        tokio::select! {
            // Um ecrã não tem nada para dizer, mas é assim que se vê que saiu.
            said = screen.next() => match said {
                Some(Ok(_)) => {}
                _ => return,
            },
            value = live.recv() => {
                let value = match value {
                    Ok(value) => value,
                    // Atrasou-se, e perdeu os mais velhos: seguem os outros.
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                // Quem em cinco segundos não leu nada é desligado.
                let sending = screen.send(value);
                let limit = Duration::from_secs(5);
                match time::timeout(limit, sending).await {
                    Ok(Ok(())) => {}
                    _ => return,
                }
            }
        }
    }
}
//}

/// Aceita um WebSocket: depois da resposta, a ligação deixa de ser HTTP, e é
/// entregue a `show`, noutra tarefa.
fn upgrade<F: Future<Output = ()> + Send + 'static>(
    mut request: Request,
    show: impl FnOnce(Screen) -> F + Send + 'static,
) -> Response {
    let upgrade = upgrade::on(&mut request);
    let Ok(response) = create_response(&request.map(|_| ())) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        if let Ok(connection) = upgrade.await {
            let connection = TokioIo::new(connection);
            let screen =
                Screen::from_raw_socket(connection, Role::Server, None);
            show(screen.await).await;
        }
    });
    response.map(|()| axum::body::Body::empty())
}
