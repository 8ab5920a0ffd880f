//! `countersign serve --decisions-only`, asked over its socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use super::{Place, get};
use crate::{Ran, Running, run};

#[test]
fn a_decision_service_alone_decides_is_ready_and_ends_when_it_is_told() {
    let place = Place::new("decisions");
    let elsewhere = place.0.join("elsewhere");
    std::fs::create_dir_all(&elsewhere).expect("it can be made");
    let config = place.path("gateway.toml");
    let child = place
        .command(
            &[
                "serve",
                "--decisions-only",
                "--decisions",
                "unix:mfa.sock",
                "--config",
                &config,
            ],
            &[],
        )
        .current_dir(&elsewhere)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = Running(child.expect("it starts"));
    let ready = first_line(&mut child);
    let socket = elsewhere.join("mfa.sock");
    let (operations, at) = ready
        .strip_prefix("ready: operations on ")
        .and_then(|it| it.trim_end().split_once(", decisions on unix:"))
        .expect(&ready);
    assert_eq!(Path::new(at), socket, "it begins where it was run");
    let operations: SocketAddr = operations.parse().expect("an address");
    let ready = get(operations, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");

    let functions = ask(&socket, "GET", "/v1/functions", "");
    assert!(functions.starts_with("HTTP/1.1 200"), "{functions}");
    assert!(functions.contains("sign-in.begin"), "{functions}");
    let policy = run(&["policy", "profiles", "--json", "procore"]).ended(0);
    let policy = place.write("policy.json", &policy.out);
    let put = ["policy", "put", "*", &policy, "--new", "--operator", "op"];
    let mut put = place.command(&put, &[]);
    put.env(
        "COUNTERSIGN_STORE",
        format!("sqlite:{}", place.path("mfa.db")),
    );
    put.env("COUNTERSIGN_KEYS", format!("file:{}", place.path("keys")));
    Ran::of(put.output().expect("it starts")).ended(0);
    let begun = ask(&socket, "POST", "/v1/sign-in.begin", BEGIN);
    assert!(begun.starts_with("HTTP/1.1 200"), "{begun}");
    assert!(begun.contains(r#"{"ok":{"allow":"#), "{begun}");
    let page = ask(&socket, "GET", "/countersign/", "");
    assert!(page.starts_with("HTTP/1.1 404"), "{page}");

    child.signal("TERM");
    assert_eq!(child.wait().code(), Some(0));
    UnixStream::connect(&socket).expect_err("nobody listens any more");
}

#[test]
fn a_path_in_the_settings_begins_at_the_settings() {
    let place = Place::new("decisions-file");
    let config = place.path("gateway.toml");
    let child = place
        .command(
            &["serve", "--decisions-only", "--config", &config],
            &[("LISTEN__DECISIONS__ADDRESS", "unix:mfa.sock")],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = Running(child.expect("it starts"));
    let ready = first_line(&mut child);
    drop(child);
    let socket = format!("decisions on unix:{}", place.path("mfa.sock"));
    assert!(ready.contains(&socket), "{ready}");
}

#[test]
fn without_an_address_there_is_nothing_to_serve() {
    let place = Place::new("decisions-none");
    let config = place.path("gateway.toml");
    let ran = run(&["serve", "--decisions-only", "--config", &config]).ended(2);
    assert!(
        ran.err.contains("expected --decisions ADDRESS"),
        "{}",
        ran.err
    );
}

/// Waits for the line that says that it serves.
fn first_line(child: &mut Running) -> String {
    let mut line = String::new();
    let out = child.0.stdout.take().expect("it is piped");
    let read = BufReader::new(out).read_line(&mut line);
    read.expect("it writes UTF-8");
    line
}

fn ask(socket: &Path, method: &str, path: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// Somebody new, where MFA is voluntary.
const BEGIN: &str = r#"{"user":"ada","request":{"memberships":[{"company":"acme","roles":[],"active":true}],
    "first-factor":{"kind":"password","age":1,"channel":"direct"},"purpose":"sign-in","binding-attested":false,
    "known-enrolled":false}}"#;
