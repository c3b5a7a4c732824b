//! # Um documento JSON
//!
//! O documento do diapositivo «Formato de Dados: JSON» como um tipo de Rust:
//! lido, mostrado campo a campo, alterado e escrito de novo em JSON.
//!
//! ```console
//! $ cargo run -p json_document
//! id: 123
//! username: api_user
//! isActive: true
//! roles: admin, editor
//! lastLogin.date: 2025-11-07
//! lastLogin.ip: 192.0.2.1
//! {
//!   "id": 123,
//!   "username": "api_user",
//!   "isActive": false,
//!   "roles": [
//!     "admin",
//!     "editor",
//!     "viewer"
//!   ],
//!   "lastLogin": {
//!     "date": "2025-11-07",
//!     "ip": "192.0.2.1"
//!   }
//! }
//! ```
//!
//! **Experimente.** Guarde o JSON num ficheiro, estrague-o e dê-o ao programa
//! (`cargo run -p json_document -- ficheiro.json`, ou `-` para escrever no
//! terminal): tire uma vírgula, apague um campo, ponha aspas no número. Depois
//! acrescente um campo novo: desaparece, sem erro. Que faz
//! `#[serde(deny_unknown_fields)]` por cima de `struct Document`?

use std::error::Error;
use std::io::{self, Read};
use std::net::IpAddr;
use std::process::ExitCode;
use std::{env, fs};

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

const DOCUMENT: &str = r#"{
  "id": 123,
  "username": "api_user",
  "isActive": true,
  "roles": ["admin", "editor"],
  "lastLogin": {
    "date": "2025-11-07",
    "ip": "192.0.2.1"
  }
}"#;

// O compilador escreve, a partir dos tipos, o código que lê e escreve JSON.
// Em Rust os nomes são `is_active`; no documento continuam a ser `isActive`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    id: u64,
    username: String,
    is_active: bool,
    roles: Vec<String>,
    last_login: Login,
}

// JSON só tem números, texto, booleanos, listas e objetos. Um endereço IP
// viaja como texto; o tipo garante que esse texto é mesmo um endereço IP.
#[derive(Deserialize, Serialize)]
struct Login {
    date: String,
    ip: IpAddr,
}

fn main() -> ExitCode {
    let file = env::args().nth(1);
    match run(file.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: Option<&str>) -> Result<(), Box<dyn Error>> {
    let json = read(file).map_err(|error| {
        format!(
            "Não foi possível ler {} ({error}). Indique um ficheiro que \
             exista: cargo run -p json_document -- documento.json",
            file.unwrap_or_default()
        )
    })?;

    // Do texto para o tipo: ou está tudo certo, ou um erro diz o que não está.
    let mut document: Document =
        serde_json::from_slice(&json).map_err(|error| explain(&error))?;

    println!("id: {}", document.id);
    println!("username: {}", document.username);
    println!("isActive: {}", document.is_active);
    println!("roles: {}", document.roles.join(", "));
    println!("lastLogin.date: {}", document.last_login.date);
    println!("lastLogin.ip: {}", document.last_login.ip);

    document.is_active = false;
    document.roles.push("viewer".to_string());

    // E do tipo outra vez para o texto.
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}

fn read(file: Option<&str>) -> io::Result<Vec<u8>> {
    match file {
        None => Ok(DOCUMENT.into()),
        Some("-") => {
            let mut json = Vec::new();
            io::stdin().read_to_end(&mut json)?;
            Ok(json)
        }
        Some(file) => fs::read(file),
    }
}

fn explain(error: &serde_json::Error) -> String {
    // Um texto que não é JSON e um JSON que não é este documento são erros
    // diferentes: uma API responde ao primeiro com 400, ao segundo com 422.
    let problem = match error.classify() {
        Category::Data => "É JSON, mas não o documento esperado",
        _ => "Não é JSON",
    };

    // O que se esperava é o serde_json que o diz, e em inglês; no fim junta a
    // posição, que aqui vem antes.
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let expected =
        message.trim_end_matches(&format!(" at line {line} column {column}"));
    format!("{problem} (linha {line}, coluna {column}): {expected}")
}
