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
//! (`cargo run -p json_document -- ficheiro.json`): tire uma vírgula, apague um
//! campo, ponha aspas no número. Depois acrescente um campo novo: desaparece,
//! sem erro. Que faz `#[serde(deny_unknown_fields)]` por cima de `Document`?

use std::net::IpAddr;
use std::{env, fs, process};

use serde::{Deserialize, Serialize};

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

fn main() {
    if let Err(error) = run() {
        eprintln!("Não foi possível ler o documento: {error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let json = match env::args().nth(1) {
        Some(file) => fs::read(file)?,
        None => DOCUMENT.into(),
    };

    // Do texto para o tipo: ou está tudo certo, ou o erro diz em que linha e
    // em que coluna deixou de estar, e o que se esperava.
    let mut document: Document = serde_json::from_slice(&json)?;

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
