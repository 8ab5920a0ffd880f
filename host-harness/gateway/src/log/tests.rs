use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use countersign_host::random::SeededRandom;
use serde_json::Value;

use super::{Answered, subscriber};
use crate::client::Client;
use crate::config::{Log, LogFormat, LogLevel};

/// What somebody would be called who wants to write lines of their own.
const HOSTILE: &str = "ana\n{\"level\":\"ERROR\"}\r\u{1b}[2J\u{202e}\"";

#[test]
fn no_value_begins_a_line_or_colours_a_terminal() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let text = logged(format, LogLevel::Info, || {
            let client = client();
            client.note_user(HOSTILE);
            answered(&client).log();
            tracing::warn!(target: "countersign::x", why = %HOSTILE, "{HOSTILE}");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        let is_plain = |it: char| it == '\n' || !it.is_control();
        assert!(text.chars().all(is_plain), "{text:?}");
    }
}

#[test]
fn a_request_is_one_line_of_json() {
    let text = logged(LogFormat::Json, LogLevel::Info, || {
        let client = client();
        client.note_user("u-1");
        answered(&client).log();
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["route"], "/countersign/verify/{ticket}");
    assert_eq!(line["status"], 200);
    assert_eq!(line["micros"], 1500);
    assert_eq!(line["client"], "203.0.113.9");
    assert_eq!(line["user"], "u-1");
    assert_eq!(line["request"].as_str().unwrap().len(), 32);
}

#[test]
fn the_level_says_what_is_written() {
    for (level, expected) in [
        (LogLevel::Error, 1),
        (LogLevel::Warn, 2),
        (LogLevel::Info, 3),
        (LogLevel::Debug, 4),
    ] {
        let text = logged(LogFormat::Text, level, || {
            tracing::error!(target: "countersign::x", "a");
            tracing::warn!(target: "countersign::x", "b");
            tracing::info!(target: "countersign::x", "c");
            tracing::debug!(target: "countersign::x", "d");
            tracing::info!(target: "hyper::proto", "a library's");
        });
        assert_eq!(text.lines().count(), expected, "{text}");
    }
}

fn answered(client: &Client) -> Answered<'_> {
    Answered {
        method: "POST",
        route: "/countersign/verify/{ticket}",
        status: 200,
        micros: 1500,
        client,
    }
}

fn client() -> Client {
    let peer = "203.0.113.9:4711".parse().unwrap();
    let random = SeededRandom::from_seed(1);
    Client::of(peer, &axum::http::HeaderMap::new(), &[], &random)
}

fn logged(format: LogFormat, level: LogLevel, work: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let log = Log { format, level };
    let subscriber = subscriber(&log, move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
