//! Events as lines of JSON, in a file or elsewhere.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use countersign_host::contract::Actor;
use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::random::SystemRandom;
use countersign_host::sink::{JsonLines, Sink};
use serde_json::Value;

/// What was written.
#[derive(Clone, Default)]
struct Page {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Page {
    fn lines(&self) -> Vec<Value> {
        let bytes = self.bytes.lock().expect("whole").clone();
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("each line is JSON")
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn id() -> EventId {
    EventId::draw(&SystemRandom).expect("there is randomness")
}

fn reset(user: &str, reason: &str) -> StampedEvent {
    let event = Event {
        kind: EventKind::Reset(reason.to_owned()),
        companies: vec!["acme".to_owned()],
        actor: None,
        notify: true,
    };
    StampedEvent::new(id(), 1_000, "test", Some(user), None, event)
}

// log-injection strings in what strangers name.
#[test]
fn a_name_cannot_begin_a_line_nor_turn_one() {
    let page = Page::default();
    let nasty = "x\r\n{\"event\":\"erased\"}\n\
        \u{1b}[2J\u{9b}31m\u{0}\u{7f}\u{85}\u{200f}\u{202e}\u{2066}\u{2028}\u{2029}\u{feff}";
    let event = Event {
        kind: EventKind::Reset(nasty.to_owned()),
        companies: vec![nasty.to_owned()],
        actor: Some(Actor::User(nasty.to_owned())),
        notify: false,
    };
    let event = StampedEvent::new(id(), 1_000, nasty, Some(nasty), Some(nasty), event);
    let mut lines = JsonLines::new(page.clone());
    lines.take(&event).expect("it takes it");
    assert_eq!(page.lines(), [event.to_json()]);
    let bytes = page.bytes.lock().expect("whole").clone();
    let (last, line) = bytes.split_last().expect("it is not empty");
    assert_eq!(*last, b'\n');
    assert!(line.iter().all(|it| (b' '..=b'~').contains(it)), "{line:?}");
}

/// Takes half a line, and then nothing more until it is mended.
#[derive(Clone)]
struct Torn(Page, Arc<AtomicUsize>);

impl Write for Torn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.1.fetch_add(1, Ordering::SeqCst) {
            0 => self.0.write(&bytes[..10]),
            1 => Err(io::Error::other("pulled out")),
            _ => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_was_cut_off_spoils_no_other() {
    let page = Page::default();
    let mut lines = JsonLines::new(Torn(page.clone(), Arc::default()));
    lines
        .take(&reset("ana", "1"))
        .expect_err("it is pulled out");
    lines.take(&reset("ana", "1")).expect("it is there again");
    let text = String::from_utf8(page.bytes.lock().expect("whole").clone()).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].len(), 10);
    assert!(lines[1].contains("\"reason\":\"1\""), "{text}");
    assert_eq!(lines.len(), 2);
}

// Its group may be a collector's.
#[cfg(unix)]
#[test]
fn a_file_that_everybody_can_read_or_others_write_takes_no_events() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-sinks.jsonl");
    std::fs::write(&path, "").expect("it is writable");
    for (mode, opens) in [
        (0o644, false),
        (0o620, false),
        (0o602, false),
        (0o640, true),
    ] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, permissions).expect("it is ours");
        let opened = JsonLines::append(&path).map(drop);
        let denied =
            opened.as_ref().map_err(io::Error::kind) == Err(io::ErrorKind::PermissionDenied);
        assert_eq!(
            (opened.is_ok(), denied),
            (opens, !opens),
            "{mode:o}: {opened:?}"
        );
    }
}

#[test]
fn a_file_is_appended_to_for_its_owner_alone_after_what_a_crash_cut_off() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("sinks.jsonl");
    let _ = std::fs::remove_file(&path);
    for reason in ["1", "2"] {
        let mut lines = JsonLines::append(&path).expect("it opens");
        lines.take(&reset("ana", reason)).expect("it takes it");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = path.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let mut text = std::fs::read_to_string(&path).expect("it is readable");
    assert_eq!(text.lines().count(), 2);
    text.push_str("{\"at\":10");
    std::fs::write(&path, &text).expect("it is writable");
    let mut lines = JsonLines::append(&path).expect("it opens");
    lines.take(&reset("ana", "3")).expect("it takes it");
    let text = std::fs::read_to_string(&path).expect("it is readable");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[2]), (4, "{\"at\":10"));
    assert!(lines[3].contains("\"reason\":\"3\""), "{text}");
}
