//! `countersign serve`, as a process that is asked over HTTP and told to end by signals.

mod decisions;
mod demo;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Ran, Running, countersign, run, scratch};

#[test]
fn a_gateway_under_load_that_is_told_to_end_answers_whomever_it_accepted() {
    let place = Place::new("load");
    let served = Served::begin(&place, &[("LISTEN__DRAIN_SECONDS", "1")]);
    let http = served.http;
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let answered = answered.clone();
            thread::spawn(move || load(http, &answered))
        })
        .collect();
    until(|| answered.load(Ordering::Relaxed) > 100);
    let log = served.end("TERM", 0);
    let mut lost = 0;
    for client in clients {
        lost += client.join().expect("every answer was whole");
    }
    // Each of the others was answered: a client goes on until it cannot connect.
    assert_eq!(lost, 0, "of {answered:?}");
    let last = log.lines().last().expect("it says something");
    assert!(last.contains("\"message\":\"ended\""), "{last}");
    assert!(!log.contains("\"level\":\"ERROR\""));
}

#[test]
fn a_gateway_that_cuts_somebody_off_says_so_by_its_exit_code() {
    let place = Place::new("cut");
    let served = Served::begin(&place, &[("LISTEN__SHUTDOWN_SECONDS", "1")]);
    let _waiting = Unanswered::begin("localhost", served.http, served.operations);
    let log = served.end("TERM", 6);
    assert!(log.contains("ended before everybody was answered"), "{log}");
}

#[test]
fn a_decision_service_that_cannot_listen_is_no_fault_of_the_settings() {
    let place = Place::new("decisions-taken");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = listener.local_addr().expect("it has one").to_string();
    let config = place.path("gateway.toml");
    let args = ["serve", "--config", &config, "--decisions", &taken];
    for (secret, code) in [("a".repeat(40), 1), ("short".to_owned(), 2)] {
        let path = place.write("secret", &secret);
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, private).expect("it is ours");
        let settings = [("LISTEN__DECISIONS__SECRET_FILE", path.as_str())];
        let ran = place.ended(&args, &settings, code);
        assert!(ran.err.contains("listen.decisions: "), "{}", ran.err);
        assert!(!ran.err.contains(&secret), "{}", ran.err);
    }
}

#[test]
fn a_gateway_says_that_it_lives_is_ready_and_what_it_counted() {
    let place = Place::new("health");
    let served = Served::begin(&place, &[]);
    let alive = get(served.operations, "/healthz");
    assert!(alive.ends_with("alive\n"), "{alive}");
    let ready = get(served.operations, "/readyz");
    assert!(ready.ends_with(r#"{"ready":true,"failing":[]}"#), "{ready}");
    get(served.http, "/countersign/?code=123456");
    let metrics = get(served.operations, "/metrics");
    for words in [
        "countersign_build_info{",
        "contract=\"0.1.0\"",
        "countersign_http_requests_total{route=\"/countersign",
    ] {
        assert!(metrics.contains(words), "{words}: {metrics}");
    }
    let log = served.end("INT", 0);
    assert!(log.contains("\"method\":\"GET\""), "{log}");
    assert!(!log.contains("123456"), "{log}");
}

#[test]
fn a_gateway_that_ended_leaves_files_that_are_whole_alone() {
    let place = Place::new("cold");
    let served = Served::begin(&place, &[]);
    let company = ["company", "add", "acme", "--name", "Acme"];
    let directory = format!("sqlite:{}", place.path("directory.db"));
    let add = [&company[..], &["--directory", &directory]].concat();
    place.ended(&add, &[], 0);
    served.end("TERM", 0);
    let copied = Place::new("cold-copy");
    for name in ["mfa.db", "directory.db"] {
        assert!(
            !PathBuf::from(place.path(&format!("{name}-wal"))).exists(),
            "{name}"
        );
        fs::copy(place.path(name), copied.path(name)).expect("it can be copied");
    }
    fs::copy(place.path("keys"), copied.path("keys")).expect("it can be copied");
    let config = copied.path("gateway.toml");
    let ran = copied.ended(&["serve", "--check", "--config", &config], &[], 0);
    assert!(ran.out.contains("those of the store"), "{}", ran.out);
    let directory = format!("sqlite:{}", copied.path("directory.db"));
    let ran = copied.ended(&["company", "list", "--directory", &directory], &[], 0);
    assert!(ran.out.contains("Acme"), "{}", ran.out);
}

#[test]
fn a_gateway_that_drains_is_alive_and_not_ready_and_a_second_signal_ends_it() {
    let place = Place::new("drain");
    let served = Served::begin(&place, &[("LISTEN__DRAIN_SECONDS", "60")]);
    served.signal("TERM");
    until(|| get(served.operations, "/readyz").starts_with("HTTP/1.1 503"));
    let ready = get(served.operations, "/readyz");
    let body = r#"{"ready":false,"failing":["draining"]}"#;
    assert!(ready.ends_with(body), "{ready}");
    let answer = get(served.http, "/countersign/");
    assert!(answer.contains("connection: close"), "{answer}");
    served.end("TERM", 130);
}

#[test]
fn without_settings_it_says_how_to_give_them() {
    let ran = run(&["serve"]).ended(2);
    assert!(ran.err.contains("expected --config FILE"), "{}", ran.err);
    let ran = run(&["serve", "--config", "/nowhere/gateway.toml"]).ended(2);
    assert!(ran.err.contains("/nowhere/gateway.toml"), "{}", ran.err);
}

#[test]
fn all_settings_that_cannot_be_used_are_told_and_no_value() {
    let place = Place::new("wrong");
    let path = place.write(
        "gateway.toml",
        "public-url = \"http://hunter2.example\"\nstore = \"postgres://mfa:hunter2@db/mfa\"\n[sessions]\nhours = 0\n",
    );
    let ran = place.ended(&["serve", "--config", &path], &[("SESION", "hunter2")], 2);
    for words in [
        "gateway.toml:1: public-url: expected https://",
        "gateway.toml:2: store: expected no password in this file",
        "gateway.toml:4: sessions.hours: expected 1 to 720",
        "COUNTERSIGN_GATEWAY_SESION: expected the name of a setting",
        "6 settings cannot be used",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn a_check_prints_what_it_found_and_changes_nothing() {
    let place = Place::new("check");
    let config = place.path("gateway.toml");
    let check = ["serve", "--check", "--config", &config];
    let ran = place.ended(&check, &[], 2);
    assert!(ran.err.contains("the first start makes it"), "{}", ran.err);
    assert!(!PathBuf::from(place.path("mfa.db")).exists());
    Served::begin(&place, &[]).end("TERM", 0);
    let ran = place.ended(&check, &[], 0);
    for words in [
        "public-url",
        "those of the store",
        "no phone line",
        "mfa.db",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn nobody_gets_in_where_a_setting_names_what_cannot_be_used() {
    let place = Place::new("refused");
    Served::begin(&place, &[]).end("TERM", 0);
    run(&["keys", "new", &place.path("other-keys")]).ended(0);
    let zeros = "0".repeat(64);
    let config = place.path("gateway.toml");
    for (name, value, expected) in [
        ("KEYS", "file:other-keys", "keys: "),
        ("KEYS", "file:no-keys", "keys: "),
        ("PLUGIN__SHA256", &zeros, "plugin.sha256: "),
        ("PLUGIN__FILE", "gateway.toml", "plugin.file: "),
        ("DIRECTORY", "sqlite:gateway.toml", "directory: "),
        ("STORE", "sqlite:gateway.toml", "store: "),
    ] {
        let args = ["serve", "--config", &config];
        let ran = place.ended(&args, &[(name, value)], 2);
        assert!(ran.err.contains(expected), "{name}={value}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}

/// A directory with keys and settings.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = scratch("serve").join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("it can be made");
        let place = Self(path);
        run(&["keys", "new", &place.path("keys")]).ended(0);
        place.write("gateway.toml", SETTINGS);
        place
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("it is UTF-8").to_owned()
    }

    fn write(&self, name: &str, content: &str) -> String {
        fs::write(self.0.join(name), content).expect("it can be written");
        self.path(name)
    }

    fn command(&self, args: &[&str], settings: &[(&str, &str)]) -> Command {
        let mut command = countersign(args);
        for (name, value) in settings {
            command.env(format!("COUNTERSIGN_GATEWAY_{name}"), value);
        }
        command
    }

    #[track_caller]
    fn ended(&self, args: &[&str], settings: &[(&str, &str)], code: i32) -> Ran {
        let output = self.command(args, settings).output();
        Ran::of(output.expect("it starts")).ended(code)
    }
}

/// A gateway that runs.
struct Served {
    child: Running,
    http: SocketAddr,
    operations: SocketAddr,
    log: thread::JoinHandle<String>,
}

impl Served {
    /// Starts one, and waits for the line that says where it is.
    fn begin(place: &Place, settings: &[(&str, &str)]) -> Self {
        let config = place.path("gateway.toml");
        let child = place
            .command(&["serve", "--config", &config], settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = Running(child.expect("it starts"));
        let mut err = child.0.stderr.take().expect("it is piped");
        // Read all the time: whoever writes to a full pipe waits.
        let log = thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).expect("it writes UTF-8");
            text
        });
        let out = child.0.stdout.take().expect("it is piped");
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        read.expect("it writes UTF-8");
        let addresses: Vec<SocketAddr> = line
            .split([' ', ','])
            .filter_map(|it| it.trim().parse().ok())
            .collect();
        let [http, operations] = addresses[..] else {
            drop(child);
            panic!("{line:?}: {}", log.join().expect("it is read"));
        };
        Self {
            child,
            http,
            operations,
            log,
        }
    }

    fn signal(&self, name: &str) {
        self.child.signal(name);
    }

    /// Tells it to end, and returns what it logged.
    fn end(mut self, signal: &str, code: i32) -> String {
        self.signal(signal);
        let status = self.child.wait();
        let log = self.log.join().expect("it is read");
        assert_eq!(status.code(), Some(code), "{log}");
        log
    }
}

/// A request that is under way until this is dropped: its body does not come.
struct Unanswered {
    _stream: TcpStream,
}

impl Unanswered {
    fn begin(host: &str, http: SocketAddr, operations: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(http).expect("it listens");
        let head = format!(
            "POST /countersign/sign-in HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 10\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let under_way = "countersign_http_requests_in_flight 1\n";
        until(|| get(operations, "/metrics").contains(under_way));
        Self { _stream: stream }
    }
}

/// Asks on kept connections until there is none to be had, and returns how many requests were not answered that should
/// have been.
fn load(http: SocketAddr, answered: &AtomicU64) -> usize {
    let mut lost = 0;
    while let Ok(mut stream) = TcpStream::connect(http) {
        for number in 0..20 {
            match ask(&mut stream, "/countersign/") {
                Some(answer) => {
                    assert!(answer.starts_with("HTTP/1.1 "), "{answer:?}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.contains("connection: close") {
                        break;
                    }
                }
                // The system connects before anybody accepts: whoever came just before the end may never have been
                // accepted, and the next one is refused. Before the end, nobody is.
                None if number == 0 && TcpStream::connect(http).is_err() => return lost,
                // It drained, and each connection was told before that it closes.
                None => {
                    lost += 1;
                    break;
                }
            }
        }
    }
    lost
}

/// Waits until something is so.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "it does not come to be so");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Asks on a connection, and reads one answer; none if it was closed without a byte.
fn ask(stream: &mut TcpStream, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) if answer.is_empty() => return None,
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
        }
        if is_whole(&String::from_utf8_lossy(&answer)) {
            break;
        }
        assert!(answer.len() < 1 << 20);
    }
    let answer = String::from_utf8(answer).expect("it is UTF-8");
    assert!(is_whole(&answer), "cut off: {answer:?}");
    Some(answer)
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    let length = length.map_or(0, |it| it.parse().expect("a number"));
    body.len() >= length
}

fn get(at: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(at).expect("it listens");
    ask(&mut stream, path).expect("it answers")
}

const SETTINGS: &str = "\
public-url = \"http://localhost\"
store = \"sqlite:mfa.db\"
keys = \"file:keys\"
directory = \"sqlite:directory.db\"
[listen]
http = \"127.0.0.1:0\"
operations = \"127.0.0.1:0\"
";
