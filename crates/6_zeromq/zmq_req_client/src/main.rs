//! # Cliente REQ: pergunta, espera, insiste
//!
//! O padrão `REQ/REP` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»: envia
//! uma mensagem e mostra o eco.
//!
//! ```console
//! $ cargo run -p zmq_rep_server
//! Servidor REP a escutar em tcp://127.0.0.1:5555
//! Recebido: uma mensagem | de duas partes
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p zmq_req_client -- "uma mensagem" "de duas partes"
//! Eco recebido: uma mensagem | de duas partes
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Ao contrário do cliente da
//! parte 1, este pode começar antes do servidor: `connect` não falha, e a
//! mensagem espera por ele.
//!
//! **Experimente.** Comece pelo cliente e inicie o servidor a seguir. Depois
//! prima Ctrl-Z no servidor e corra o cliente: cinco tentativas, e desiste.
//! Com `fg`, quantas mensagens recebe o servidor?

use std::{env, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const MESSAGE: &str = "Ola, mundo";
const ATTEMPTS: u32 = 5;

fn main() -> zmq::Result<()> {
    // Um endereço tem «://»; o resto são as partes da mensagem.
    let mut arguments = env::args().skip(1).peekable();
    let endpoint = arguments.next_if(|argument| argument.contains("://"));
    let endpoint = endpoint.unwrap_or(ENDPOINT.to_string());
    let default = arguments.peek().is_none().then_some(MESSAGE.to_string());
    let message: Vec<String> = arguments.chain(default).collect();

    let context = zmq::Context::new();
    for attempt in 1..=ATTEMPTS {
        // Um REQ que perguntou só pode receber: depois de uma pergunta sem
        // resposta não envia outra (erro EFSM). Cada tentativa tem o seu.
        let socket = context.socket(zmq::REQ)?;

        // Sem limite (aqui, em milissegundos), a espera por uma resposta que
        // se perdeu não teria fim. E o que estiver por enviar quando o socket
        // fechar é para esquecer, ou o programa não terminava.
        socket.set_rcvtimeo(1000)?;
        socket.set_linger(0)?;

        socket.connect(&endpoint).unwrap_or_else(|error| {
            eprintln!(
                "«{endpoint}» não serve ({error}). Um exemplo: {ENDPOINT}"
            );
            process::exit(1)
        });
        socket.send_multipart(&message, 0)?;
        if let Ok(echo) = socket.recv_multipart(0) {
            let echo = echo.join(&b" | "[..]);
            println!("Eco recebido: {}", String::from_utf8_lossy(&echo));
            return Ok(());
        }
        eprintln!("Sem resposta ({attempt} de {ATTEMPTS})");
    }
    eprintln!("O servidor não responde. Inicie-o: cargo run -p zmq_rep_server");
    process::exit(1)
}
