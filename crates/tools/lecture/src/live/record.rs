//! A lesson played once, from its console block's first line to its last, with
//! nobody watching.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use programs::{Build, BuildError, Target, say};
use tokio::sync::mpsc;
use tokio::time;

use super::cast::Cast;
use super::event::{Event, Number, Outbox, Stamped};
use super::session::{Request, Session, why};
use super::visitor;
use crate::site::Files;

/// How long a lesson may take, once it is built. The longest takes ten seconds;
/// one minute where twenty other programs want the same two cores.
const LIMIT: Duration = Duration::from_secs(240);

/// How long everything may be seen running, before it is ended.
const SIGHT: Duration = Duration::from_secs(1);

/// Plays a lesson of the workspace; gives everything that a page would have
/// been told.
///
/// # Errors
/// A sentence about what is missing, does not compile or does not end.
async fn record(
    workspace: &Path,
    lesson: &str,
    cast: &Cast,
) -> Result<Vec<Stamped>, String> {
    for program in cast.programs() {
        build(program).await?;
    }
    let outbox = Arc::new(Outbox::default());
    // Nobody asks for a capture.
    let (give, _) = mpsc::channel(1);
    let session = Session::new(workspace, lesson, Arc::clone(&outbox), give);
    session.request(Request::Play);
    let mut played = Played::default();
    let over = time::timeout(LIMIT, async {
        let mut finishing = false;
        while !played.is_over {
            for event in outbox.take().await {
                played.hear(event);
            }
            for page in std::mem::take(&mut played.visited) {
                // What comes of it is on the wire.
                let _ = visitor::visit(&page).await;
            }
            if played.asked && !finishing {
                finishing = true;
                time::sleep(SIGHT).await;
                session.request(Request::Finish);
            }
        }
    });
    match over.await {
        Ok(()) => Ok(played.events),
        Err(_) => Err(format!(
            "{lesson}: não chegou ao fim em {} s.\n{}",
            LIMIT.as_secs(),
            session.unfinished()
        )),
    }
}

/// Plays every lesson of a site, and adds what happened to its page. Tells
/// which one is played, and which cannot be.
///
/// # Errors
/// A sentence for each lesson that could not be recorded.
pub async fn record_all(
    workspace: &Path,
    files: &mut Files,
) -> Result<(), Box<dyn Error>> {
    let mut failures = Vec::new();
    for (page, lesson) in pages(files) {
        let cast = Cast::of(workspace, &lesson, 0)?;
        if cast.needs_rabbitmq() && rabbitmq::server().is_none() {
            say(&format!(
                "{lesson}: fica por gravar, porque precisa do RabbitMQ, que \
                 não está instalado\n"
            ));
            continue;
        }
        say(&format!("{lesson}: a compilar e a gravar\n"));
        match record(workspace, &lesson, &cast).await {
            Ok(events) => {
                let path = format!("recordings/{lesson}.js");
                let events = serde_json::to_string(&events)?;
                let script = format!("window.recording = {events};\n");
                files.insert(path.clone(), script.into());
                let html = files.entry(page).or_default();
                let text = String::from_utf8_lossy(html);
                let place = format!("data-lesson=\"{lesson}\"");
                let recorded = format!("{place} data-recording=\"{path}\"");
                *html = text.replacen(&place, &recorded, 1).into();
            }
            Err(why) => failures.push(why),
        }
    }
    match failures[..] {
        [] => Ok(()),
        _ => Err(failures.join("\n").into()),
    }
}

/// The pages that run a lesson, and only one, with it.
fn pages(files: &Files) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        let places: Vec<&str> = text.split("data-lesson=\"").collect();
        if let [_, after] = places[..]
            && path.ends_with(".html")
            && let Some((lesson, _)) = after.split_once('"')
        {
            pages.push((path.clone(), lesson.to_string()));
        }
    }
    pages
}

/// Has cargo build a program.
async fn build(program: &str) -> Result<(), String> {
    let name = program.to_string();
    let built = tokio::task::spawn_blocking(move || {
        Build::new([Target::Bin(&name)])
            .as_in_the_whole_workspace()
            .quietly()
            .run()
    });
    match built.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(BuildError::DoesNotCompile(words))) => {
            Err(format!("{words}{program}: não compila."))
        }
        Ok(Err(BuildError::Failed(words))) => {
            Err(format!("{words}{program}: o cargo falhou."))
        }
        Ok(Err(error)) => Err(format!("{program}: {}.", why(&error))),
        Err(error) => Err(format!("{program}: {error}.")),
    }
}

/// What was played so far.
#[derive(Default)]
struct Played {
    events: Vec<Stamped>,
    /// The addresses of the pages, by their places among the terminals.
    pages: BTreeMap<Number, String>,
    /// Those that are served now, to be looked at.
    visited: Vec<String>,
    /// There are keys left, which end something.
    asked: bool,
    is_over: bool,
}

impl Played {
    fn hear(&mut self, stamped: Stamped) {
        match &stamped.event {
            // It was built before.
            Event::Building { .. } => return,
            Event::Terminal {
                terminal,
                page: Some(page),
                ..
            } => {
                self.pages.insert(*terminal, page.clone());
            }
            Event::Started { terminal } => {
                self.visited.extend(self.pages.get(terminal).cloned());
            }
            Event::Script { rest } => self.asked |= !rest.is_empty(),
            Event::Played => self.is_over = true,
            _ => {}
        }
        self.events.push(stamped);
    }
}
