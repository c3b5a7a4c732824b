//! The tool as a student runs it: its commands, and of each claim only the
//! direction, where physics promises one. The programs are those of the tests,
//! and the runs are short.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use testkit::Program;

fn measure(arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_measure"));
    command.args(arguments).env("NO_COLOR", "1");
    command
}

/// Measures one claim quickly, and gives what was found and the text.
fn quick(claim: &str) -> (Value, String) {
    let (found, text) = quick_all(&[claim]);
    let [found] = found.try_into().expect("what was found of one claim");
    (found, text)
}

/// The tests run side by side, and measurements must not.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same of several.
fn quick_all(claims: &[&str]) -> (Vec<Value>, String) {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path that is text");
    let options = ["--quick", "--seed=7", "--report", path];
    let finished = Program::start(measure(claims).args(options))
        .finish_within(testkit::DEADLINE * 6);
    assert!(finished.status.success(), "{}", finished.stderr);
    let page = std::fs::read_to_string(folder.path().join("index.html"));
    assert!(page.expect("a page").contains("</svg>"));
    let report = std::fs::read_to_string(folder.path().join("report.json"));
    let report: Value =
        serde_json::from_str(&report.expect("a report")).expect("JSON");
    assert_eq!(report["seed"], 7);
    let claims = report["claims"].as_array().expect("the claims");
    let found = claims.iter().map(|claim| &claim["outcome"]["found"]);
    let found: Vec<Value> = found.cloned().collect();
    assert!(found.iter().all(Value::is_object), "{report:#}");
    (found, finished.stdout)
}

/// The median beside a label, in the chart whose title begins like this.
fn median(found: &Value, chart: &str, label: &str) -> f64 {
    let find = |list: &Value, key: &str, wanted: &str| {
        let list = list.as_array().expect("a list");
        let matches = |item: &&Value| {
            item[key].as_str().unwrap_or("").starts_with(wanted)
        };
        list.iter().find(matches).cloned()
    };
    find(&found["charts"], "title", chart)
        .and_then(|chart| find(&chart["rows"], "label", label))
        .and_then(|row| row["value"]["median"].as_f64())
        .unwrap_or_else(|| panic!("no «{label}» in «{chart}»: {found:#}"))
}

#[test]
fn list_names_every_claim() {
    let finished = Program::start(&mut measure(&["list"])).finish();
    assert!(finished.status.success());
    for line in [
        "1. TCP vs. UDP: Os Dois Pilares\n",
        "2. O Problema: I/O Blocante (Blocking I/O)\n",
        "3. Sockets vs. APIs REST\n",
        "9. Resumo: Escolher a Ferramenta Certa\n",
    ] {
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
    }
}

#[test]
fn wrong_use_is_told_apart() {
    for (arguments, says) in [
        (
            &["banana"][..],
            "«banana» não é uma afirmação nem uma opção.",
        ),
        (&["99"], "«99» não é uma afirmação nem uma opção."),
        (&["--report"], "Depois de --report vem uma pasta."),
        (&["--seed", "x"], "Depois de --seed vem um número."),
        (&["--seed=x"], "Depois de --seed vem um número."),
        (&["--rapido"], "A opção «--rapido» não existe."),
        (&["--quick=2"], "A opção «--quick» não leva nada com ela."),
        (&["list", "2"], "Depois de list não vem nada."),
        (&["book"], "Depois de book vem um report.json."),
    ] {
        let finished = Program::start(&mut measure(arguments)).finish();
        assert_eq!(finished.status.code(), Some(2), "{finished:?}");
        assert!(finished.stderr.starts_with(says), "{finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
        assert_eq!(finished.stdout, "");
    }
}

#[cfg(unix)]
#[test]
fn argument_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let word = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let finished = Program::start(measure(&[]).arg(word)).finish();
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    assert!(finished.stderr.starts_with("«caf�» não é uma afirmação"));
}

/// Nothing is measured in vain.
#[test]
fn report_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("write");
    let report = file.join("report");
    let finished =
        Program::start(measure(&["1", "--quick", "--report"]).arg(report))
            .finish();
    finished.assert_fails_with("Não se pode escrever na pasta [..]");
}

#[test]
fn report_that_cannot_be_read() {
    let finished =
        Program::start(&mut measure(&["book", "nao_existe.json"])).finish();
    finished.assert_fails_with("Não foi possível ler nao_existe.json: [..]");
}

/// A thousand clients need more descriptors than these.
#[cfg(unix)]
#[test]
fn what_cannot_be_measured_is_said_and_fails() {
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "ulimit -n 300 && exec \"$0\" 2 --quick"])
        .arg(env!("CARGO_BIN_EXE_measure"));
    let _alone = alone();
    let finished =
        Program::start(&mut shell).finish_within(testkit::DEADLINE * 6);
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let said = "(Blocking I/O): não se pôde medir";
    assert!(finished.stdout.contains(said), "{finished:?}");
    let said = "Nem tudo se pôde medir: a razão está acima.";
    assert!(finished.stderr.contains(said), "{finished:?}");
}

/// UDP has no connection to make, and what is lost has no answer.
#[test]
fn tcp_against_udp() {
    let (found, text) = quick("1");
    let first = "Um socket novo";
    assert!(median(&found, first, "UDP") < median(&found, first, "TCP"));
    // One in twenty is lost on the way there, and one on the way back; on a
    // busy machine an answer may be late as well.
    let answered = |road| median(&found, "Datagramas com resposta", road);
    assert!(answered("sem perdas") > 0.95, "{text}");
    assert!(answered("com perdas") < answered("sem perdas"), "{text}");
    assert!(
        text.contains("\n1. TCP vs. UDP: Os Dois Pilares\n"),
        "{text}"
    );
    assert!(text.contains("--quick"), "{text}");
    assert!(!text.contains('\x1b'), "{text}");
}

/// Who blocks lets the second client wait until the first has gone; the others
/// do not. A thousand clients are a thousand threads, or one.
#[test]
fn sequential_threads_and_async() {
    let (found, _) = quick("2");
    let waits = "Quanto espera o segundo cliente";
    assert!(median(&found, waits, "um de cada vez") >= 0.3);
    assert!(median(&found, waits, "threads") < 0.3);
    assert!(median(&found, waits, "async") < 0.3);
    let served = "De 100 clientes";
    assert_eq!(median(&found, served, "um de cada vez"), 1.0);
    assert_eq!(median(&found, served, "threads"), 100.0);
    assert_eq!(median(&found, served, "async"), 100.0);
    if cfg!(target_os = "linux") {
        let threads = "Threads, com 1000 clientes";
        assert_eq!(median(&found, threads, "async"), 1.0);
        assert!(median(&found, threads, "threads") >= 1000.0);
        let memory = "Memória, com 1000 clientes";
        assert!(
            median(&found, memory, "async") < median(&found, memory, "threads")
        );
    }
}

/// A connection that stays saves opening one.
#[test]
fn one_request() {
    let (found, _) = quick("3");
    let one = "Um pedido e a sua resposta";
    let median = |label| median(&found, one, label);
    let (socket, kept, new) = (
        median("socket puro"),
        median("HTTP, axum, ligação que fica"),
        median("HTTP, axum, ligação nova"),
    );
    assert!(socket < kept && kept < new, "{socket} {kept} {new}");
}

/// News that are pushed do not wait for somebody to ask, and cost less than a
/// question.
#[test]
fn polling_or_push() {
    let (found, _) = quick("4");
    let wait = |label| median(&found, "Espera pela novidade", label);
    assert!(wait("WebSocket") < wait("Perguntar"));
    let bytes = |label| median(&found, "Bytes na rede", label);
    assert!(bytes("Uma novidade") < bytes("Uma pergunta"));
}

/// Both need RabbitMQ, which takes its time to start.
#[test]
fn claims_that_need_rabbitmq() {
    let (found, _) = quick_all(&["5", "7", "9"]);
    bytes_on_the_wire(&found[0]);
    message_broker(&found[1]);
    round_trips(&found[2]);
}

/// What each protocol adds to the 5 bytes of a temperature is in its
/// specification; and MQTT's header has 2 bytes.
fn bytes_on_the_wire(found: &Value) {
    let each = |label| median(found, "Bytes por leitura", label);
    assert_eq!(each("UDP"), 5.0 + 5.0);
    assert_eq!(each("WebSocket"), 2.0 + 4.0 + 5.0);
    assert_eq!(each("ZeroMQ"), 2.0 * (2.0 + 2.0 + 5.0));
    assert_eq!(each("MQTT"), 2.0 + 2.0 + 29.0 + 5.0);
    assert!(each("MQTT") < each("AMQP") && each("AMQP") < each("HTTP"));
    let sentence = found["found"].as_str().unwrap_or_default();
    assert!(
        sentence.contains("2 dos quais são o cabeçalho"),
        "{sentence}"
    );
    let setup = |label| median(found, "Bytes para ligar", label);
    assert_eq!((setup("UDP"), setup("HTTP")), (0.0, 0.0));
    assert!(setup("MQTT") < setup("AMQP"));
}

/// Consumers that spend their time on work do it side by side.
fn message_broker(found: &Value) {
    let done = |label| median(found, "Tarefas feitas", label);
    assert!(done("1 consumidor") < done("4 consumidores"));
}

/// What a broker does for a message comes on top of what a socket does.
fn round_trips(found: &Value) {
    let trip = |label| median(found, "Uma mensagem, ida e volta", label);
    for socket in ["TCP", "UDP"] {
        assert!(trip(socket) < trip("MQTT"));
        assert!(trip(socket) < trip("AMQP"));
        assert!(trip(socket) < trip("HTTP"));
    }
    assert!(trip("ZeroMQ") > 0.0 && trip("WebSocket") > 0.0);
}

/// A message costs 1 packet at QoS 0, 2 at 1, and 4 at 2.
#[test]
fn quality_of_service() {
    let (found, _) = quick("6");
    for (qos, packets) in [("QoS 0", 1.0), ("QoS 1", 2.0), ("QoS 2", 4.0)] {
        assert_eq!(median(&found, "Pacotes por mensagem", qos), packets);
    }
    let bytes = |label| median(&found, "Bytes por mensagem", label);
    assert_eq!(bytes("QoS 0"), 38.0);
    assert_eq!(bytes("QoS 1"), 40.0 + 4.0); // a number, and a PUBACK
    assert_eq!(bytes("QoS 2"), 40.0 + 3.0 * 4.0);
}

/// How fast each one is, physics does not promise.
#[test]
fn without_broker() {
    let (found, _) = quick("8");
    assert!(median(&found, "Uma pergunta", "ZeroMQ REQ/REP") > 0.0);
    let transports = ["No mesmo processo", "TCP", "IPC"];
    // Windows has no IPC.
    for transport in &transports[..if cfg!(windows) { 2 } else { 3 }] {
        assert!(median(&found, "Idas e voltas", transport) > 0.0);
    }
}

/// Ctrl-C, in the middle of a measurement: nothing that the tool started is
/// left.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_every_server() {
    let mut tool = Program::start(&mut measure(&["2", "--quick"]));
    let start = std::time::Instant::now();
    let servers = loop {
        let servers = servers_of(tool.id());
        if servers.len() >= 3 {
            break servers;
        }
        assert!(start.elapsed() < testkit::DEADLINE * 6, "no servers");
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    tool.interrupt();
    let finished = tool.finish();
    assert_eq!(finished.status.code(), Some(130), "{finished:?}");
    for server in servers {
        // One that has ended stays in the list until somebody asks.
        let state = std::fs::read_to_string(format!("/proc/{server}/stat"));
        let state = state.unwrap_or(") Z".into());
        assert!(state.contains(") Z"), "left: {state}");
    }
}

/// The echo servers among the processes that a tool has started.
#[cfg(target_os = "linux")]
fn servers_of(tool: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{tool}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let children = tasks.flat_map(|task| {
        let list = std::fs::read_to_string(task.path().join("children"));
        let list = list.unwrap_or_default();
        let ids = list.split_whitespace().filter_map(|id| id.parse().ok());
        ids.collect::<Vec<u32>>()
    });
    let is_server = |id: &u32| {
        let program = std::fs::read_link(format!("/proc/{id}/exe"));
        program.is_ok_and(|program| is_echo_server(&program))
    };
    children.filter(is_server).collect()
}

#[cfg(target_os = "linux")]
fn is_echo_server(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with("_echo_server")
}
