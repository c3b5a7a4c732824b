//! Forty submissions, or six of the worst.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Files of a submission.
fn submit(folder: &Path, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = folder.join(name).join(file);
        let parent = path.parent().expect("a folder");
        fs::create_dir_all(parent).expect("make a folder");
        fs::write(path, text).expect("write a file");
    }
}

#[test]
fn one_bad_submission_does_not_stop_the_rest() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grade");
    let _ = fs::remove_dir_all(&folder);
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));

    let lab = testkit::workspace().join("crates/labs/lab_sensor_tcp");
    let read = |path: &str| fs::read_to_string(lab.join(path)).expect("read");
    let manifest = read("Cargo.toml");
    let solution = read("examples/lab_sensor_tcp_solution.rs");

    // No permission to execute, a line that ends as on Windows, a file beside.
    let run = "#!/usr/bin/env python3\r\nimport solution\nsolution.main()\n";
    let python = read("corpus/solution.py");
    submit(
        &entries,
        "ana, em Python",
        &[("run", run), ("solution.py", &python)],
    );
    submit(
        &entries,
        "bruno",
        &[("Cargo.toml", &manifest), ("src/main.rs", &solution)],
    );
    submit(
        &entries,
        "carla_nao_compila",
        &[
            ("Cargo.toml", &manifest),
            ("src/main.rs", "fn main() { x }"),
        ],
    );
    submit(&entries, "duarte_vazio", &[("leia-me.txt", "não fiz")]);
    submit(
        &entries,
        "eva_pendura",
        &[("run", "#!/bin/sh\nsleep 600 & echo '<&>'; sleep 600\n")],
    );
    submit(
        &entries,
        "filipe_termina",
        &[("run", "#!/bin/sh\nexit 3\n")],
    );
    submit(&entries, "graça_sem_programa", &[("run", "#!/bin/nada\n")]);

    let graded = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["grade", "lab_sensor_tcp", "--seed", "7", "--jobs", "3"])
        .arg(&entries)
        .arg("--output")
        .arg(&output)
        .output()
        .expect("run the checker");
    let said = String::from_utf8_lossy(&graded.stdout).into_owned();
    assert_eq!(graded.status.code(), Some(1), "{said}");
    assert!(said.contains("Não há nenhuma sandbox"), "{said}");

    let table = fs::read_to_string(output.join("notas.csv")).expect("a table");
    let passed = "11,0,0,1,1,1,1,1,1,1,1,1,1,1,";
    let failed = "0,1,10,0,,,,,,,,,,,";
    let none = "0,0,0,,,,,,,,,,,,";
    let head = "entrega,passaram,falharam,nao_corridas,set_get,errors,pieces,\
                joined,half_close,not_text,many_clients,reset,endless_line,\
                never_reads,ctrl_c,problema";
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines,
        [
            head,
            &format!("\"ana, em Python\",{passed}"),
            &format!("bruno,{passed}"),
            &format!(
                "carla_nao_compila,{none}não compila: error[E0425]: cannot \
                 find value `x` in this scope"
            ),
            &format!(
                "duarte_vazio,{none}não tem um ficheiro «run» nem um Cargo.toml"
            ),
            &format!("eva_pendura,{failed}"),
            &format!("filipe_termina,{failed}"),
            &format!("graça_sem_programa,{failed}"),
        ]
    );

    let log = |name: &str| {
        let path = output.join("registos").join(format!("{name}.txt"));
        fs::read_to_string(path).expect("a log")
    };
    assert!(log("bruno").contains("11 de 11"));
    assert!(log("eva_pendura").contains("ninguém escuta"));
    assert!(log("filipe_termina").contains("com o código 3, antes de escutar"));
    assert!(
        log("graça_sem_programa").contains("Não existe nenhum «/bin/nada»")
    );

    // Python's own parser reads the JUnit file.
    let count = "import sys, xml.etree.ElementTree as tree\n\
                 root = tree.parse(sys.argv[1]).getroot()\n\
                 for s in root: print(s.get('name'), s.get('tests'), \
                 s.get('failures'), s.get('errors'), s.get('skipped'), \
                 len(s.findall('testcase')))";
    let counted = Command::new("python3")
        .args(["-c", count])
        .arg(output.join("junit.xml"))
        .output()
        .expect("run Python");
    let counted = String::from_utf8_lossy(&counted.stdout).into_owned();
    let counted: Vec<&str> = counted.lines().collect();
    assert_eq!(
        counted,
        [
            "ana, em Python 11 0 0 0 11",
            "bruno 11 0 0 0 11",
            "carla_nao_compila 1 0 1 0 1",
            "duarte_vazio 1 0 1 0 1",
            "eva_pendura 11 1 0 10 11",
            "filipe_termina 11 1 0 10 11",
            "graça_sem_programa 11 1 0 10 11",
        ]
    );
}
