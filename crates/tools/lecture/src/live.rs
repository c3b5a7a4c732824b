//! Lessons that run in their pages: programs in terminals, and what passes
//! between them.

mod access;
mod cast;
mod event;
mod record;
mod relayed;
mod session;
mod socket;
mod text;
mod visitor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::mpsc;

pub use record::record_all;

use access::Access;
use event::Outbox;
use session::Session;

/// The files that a lesson's page loads, by their paths from the site's root.
pub const FILES: [(&str, &str); 7] = [
    ("live/diagram.js", include_str!("../theme/live/diagram.js")),
    ("live/fields.js", include_str!("../theme/live/fields.js")),
    ("live/frame.js", include_str!("../theme/live/frame.js")),
    ("live/live.css", include_str!("../theme/live/live.css")),
    ("live/live.js", include_str!("../theme/live/live.js")),
    ("live/stage.js", include_str!("../theme/live/stage.js")),
    (
        "live/terminal.js",
        include_str!("../theme/live/terminal.js"),
    ),
];

/// What a page says when it has shown what it was given.
const SHOWN: &str = "shown";

/// What the pages need to run the lessons of a workspace.
struct Live {
    workspace: PathBuf,
    access: Access,
}

/// The site's part that runs lessons. Without it, as where other machines may
/// ask, the pages offer nothing to run.
pub fn routes(workspace: &Path) -> Router {
    let live = Arc::new(Live {
        workspace: workspace.to_path_buf(),
        access: Access::new(),
    });
    Router::new()
        .route("/live/token", get(token))
        .route("/live", get(open))
        .with_state(live)
}

/// The token of this run, for a page of the book to begin with.
async fn token(State(live): State<Arc<Live>>, headers: HeaderMap) -> Response {
    match live.access.token(&headers) {
        Some(token) => {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, token.to_string()).into_response()
        }
        None => refuse(),
    }
}

/// A page's WebSocket, at `/live?lesson=NAME&token=TOKEN`.
async fn open(State(live): State<Arc<Live>>, request: Request) -> Response {
    let asked = |name: &str| {
        let query = request.uri().query().unwrap_or_default();
        let mut pairs =
            query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|pair| pair.0 == name).map_or("", |pair| pair.1)
    };
    if !live.access.allows(request.headers(), asked("token")) {
        return refuse();
    }
    let outbox = Arc::new(Outbox::default());
    let (give, files) = mpsc::channel(1);
    let lesson = asked("lesson");
    let session =
        Session::new(&live.workspace, lesson, Arc::clone(&outbox), give);
    socket::answer(request, move |socket| async move {
        socket::talk(socket, &outbox, files, |text| {
            if text == SHOWN {
                outbox.show();
            } else if let Ok(request) = serde_json::from_str(text) {
                session.request(request);
            } // the page sends nothing else
        })
        .await;
    })
}

fn refuse() -> Response {
    let text = "Só as páginas do livro, nesta máquina, correm programas.\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// Where a lesson's page has the button that runs it.
pub fn place(lesson: &str) -> String {
    format!("<div class=\"run\" data-lesson=\"{lesson}\" hidden></div>\n\n")
}
