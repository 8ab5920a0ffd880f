//! The app behind a web server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// An app that lets everybody do everything, and remembers what it was sent.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

/// A request that got through.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl App {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it binds");
        let address = listener.local_addr().expect("it has one");
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = seen.clone();
        let answer = async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let each = headers.iter();
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Seen {
                    method,
                    target: uri.to_string(),
                    headers: each
                        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                        .collect(),
                    body,
                });
            answer(uri.path())
        };
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable());
        let task = tokio::spawn(async move {
            // It ends with the trial.
            let _ = axum::serve(listener, router).await;
        });
        Self {
            address,
            seen,
            task,
        }
    }

    /// Returns what got through since this was asked last.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen())
    }

    /// Returns the one request that got through since this was asked last.
    pub(crate) fn take_one(&self) -> Seen {
        let mut seen = self.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Returns all values of a header, whichever of `-` and `_` its name is written with.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let plain = |name: &str| name.to_lowercase().replace('_', "-");
        let each = self.headers.iter();
        each.filter(|(it, _)| plain(it) == plain(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers as the app, which has a 401 of its own.
fn answer(path: &str) -> Response {
    match path {
        "/own-401" => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Basic realm=\"the app\"")],
            "the app's own",
        )
            .into_response(),
        _ => PAGE.into_response(),
    }
}

/// What the app says to whoever gets through.
pub(crate) const PAGE: &str = "This is the app.";
