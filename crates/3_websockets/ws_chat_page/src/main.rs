//! # Página da conversa
//!
//! O diapositivo «Exemplo de WebSocket: Cliente JavaScript»: a página está em
//! `chat.html`, em HTML e JavaScript apenas, e este programa serve-a. Também se
//! pode abrir o ficheiro diretamente do disco.
//!
//! ```console
//! $ cargo run -p ws_chat_page
//! A servir a página em http://127.0.0.1:8080
//! ^C
//! ```
//!
//! A conversa precisa do servidor, `cargo run -p ws_chat_server`, mas não tem
//! de ser por esta ordem: a página volta a ligar-se sozinha. Com
//! `http://127.0.0.1:8080/?ws=ws://127.0.0.1:9000` usa outro servidor.
//!
//! **O que muda.** A do diapositivo só mostra na consola se está ligada, e
//! quando o servidor termina fica muda. Esta mostra-o na página, volta a
//! ligar-se, envia também com Enter, e usa-se sem rato e com leitor de ecrã.
//!
//! **Experimente.** Converse com o telemóvel: escolha para os dois servidores
//! o endereço do computador na rede, como em
//! `cargo run -p ws_chat_page -- 192.168.1.5:8080`. Depois envie
//! `<b>olá</b>`: porque não aparece a negrito, e o que faria `innerHTML`?

use std::{env, io, process};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:8080";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p ws_chat_page -- 127.0.0.1:8081"
        );
        process::exit(1)
    });
    println!("A servir a página em http://{}", listener.local_addr()?);

    // O ficheiro fica dentro do executável, que assim corre em qualquer pasta.
    let page = Html(include_str!("../chat.html"));
    axum::serve(listener, Router::new().route("/", get(page))).await
}
