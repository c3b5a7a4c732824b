//! The labs: one module each, and a line for it in [`ALL`].

mod dashboard_ws;
mod gateway;
mod hub_async;
mod items_crud;
mod pipeline_zmq;
mod sensor_tcp;
mod telemetry_udp;
mod thermostat_mqtt;
mod work_queue_rabbitmq;

#[cfg(test)]
mod sentences;

use crate::check::{Check, Lab};

/// In the order of the lecture.
pub const ALL: &[&Lab] = &[
    &sensor_tcp::LAB,
    &telemetry_udp::LAB,
    &hub_async::LAB,
    &items_crud::LAB,
    &dashboard_ws::LAB,
    &thermostat_mqtt::LAB,
    &work_queue_rabbitmq::LAB,
    &pipeline_zmq::LAB,
    &gateway::LAB,
];

/// The last check of each server, where the system knows Ctrl-C: it ends, and
/// so does what it started.
#[cfg(unix)]
const CTRL_C: Check = Check {
    name: "ctrl_c",
    about: "Ctrl-C termina o programa, e com ele tudo o que ele iniciou",
    demands: &[],
    cause: "O programa apanha o Ctrl-C e não termina, ou espera por clientes \
            que não têm pressa.",
    slide: "Servidor TCP `asyncio` Python",
    read: "async_tcp_echo_server",
    run: |trial| {
        let mut client = trial.connect()?;
        trial.interrupts(|| client.goes_along())
    },
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::ALL;
    use crate::check::Lab;

    fn workspace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
    }

    /// The numbers of what a lab's sheet demands, as it has them: each begins
    /// a row of a table, or an item of a list.
    fn numbered(lab: &Lab) -> Vec<usize> {
        let sheet = workspace().join(format!("docs/labs/{}.md", lab.name));
        let sheet = fs::read_to_string(&sheet).expect("a sheet");
        let number = |line: &str| {
            let row = line.strip_prefix("| ").and_then(|l| l.split_once(" | "));
            let item = || line.split_once(". ");
            row.or_else(item)?.0.parse().ok()
        };
        sheet.lines().filter_map(number).collect()
    }

    /// What the programs in a lab's corpus break: the demand's number, and the
    /// name of the check that finds it, from each one's first line.
    fn broken(lab: &Lab) -> Vec<(usize, String)> {
        let corpus = format!("crates/labs/{}/corpus", lab.name);
        let entries = fs::read_dir(workspace().join(corpus)).expect("a corpus");
        let paths = entries.map(|entry| entry.expect("a file").path());
        paths
            .filter_map(|path| {
                let text = fs::read_to_string(path).ok()?;
                let first = text.lines().next()?.strip_prefix("# Demand ")?;
                let (number, check) = first.split_once(", check ")?;
                let number = number.parse().expect("a demand's number");
                Some((number, check.trim_end_matches('.').to_string()))
            })
            .collect()
    }

    #[test]
    fn sheets_checks_and_wrong_programs_hold_together() {
        for lab in ALL {
            let name = lab.name;
            let sheet = numbered(lab);
            let count = sheet.len();
            assert_eq!(sheet, (1..=count).collect::<Vec<_>>(), "{name}");
            let checked = lab.checks.iter().flat_map(|check| check.demands);
            let checked: BTreeSet<usize> = checked.copied().collect();
            let sheet: BTreeSet<usize> = sheet.into_iter().collect();
            // Ctrl-C is not checked everywhere.
            #[cfg(unix)]
            assert_eq!(checked, sheet, "{name}: checks");
            assert!(checked.is_subset(&sheet), "{name}: checks");

            let broken = broken(lab);
            let numbers = broken.iter().map(|(number, _)| *number);
            let numbers: BTreeSet<usize> = numbers.collect();
            assert_eq!(numbers, sheet, "{name}: wrong programs");
            #[cfg(unix)]
            for (number, word) in broken {
                let check = lab.checks.iter().find(|check| check.name == word);
                let demands = check.map(|check| check.demands);
                let stands = demands.is_some_and(|all| all.contains(&number));
                assert!(stands, "{name}: {word} does not stand on {number}");
            }
        }
    }
    /// What each check says of its own stands in a stored transcript of its
    /// lab.
    #[test]
    fn every_check_is_told_of_in_a_transcript() {
        let words = |text: &str| {
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ")
        };
        for lab in ALL {
            let corpus = format!("crates/labs/{}/corpus", lab.name);
            let paths =
                fs::read_dir(workspace().join(corpus)).expect("a corpus");
            let transcripts: String = paths
                .map(|entry| entry.expect("a file").path())
                .filter(|path| path.extension().is_some_and(|e| e == "txt"))
                .map(|path| fs::read_to_string(path).expect("a transcript"))
                .collect();
            let transcripts = words(&transcripts);
            for check in lab.checks {
                let told = transcripts.contains(&words(check.cause));
                assert!(told, "{}: {}", lab.name, check.name);
            }
        }
    }
}
