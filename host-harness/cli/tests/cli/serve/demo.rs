//! `countersign serve --demo`, kept and not kept.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{Unanswered, get, until};
use crate::{Running, countersign, run, scratch};

#[test]
fn a_kept_demo_listens_where_it_did_and_says_so() {
    let place = empty("demo-port");
    let port = free_ports();
    let keep = place.to_str().expect("it is UTF-8");
    let first = Demo::begin(&["--keep", keep, "--port", &port.to_string()], &place);
    assert_eq!(first.port, port);
    first.end("TERM", 0);
    let again = Demo::begin(&["--keep", keep], &place);
    assert_eq!(again.port, port);
    let page = get(again.http(), "/countersign/sign-in");
    assert!(page.starts_with("HTTP/1.1 "), "{page}");
    again.end("INT", 0);
    let other = (port ^ 1).to_string();
    let ran = run(&["serve", "--demo", "--keep", keep, "--port", &other]).ended(2);
    let words = format!("--port {other}: expected {port}");
    assert!(ran.err.contains(&words), "{}", ran.err);
}

#[test]
fn a_demo_whose_first_start_was_ended_on_the_way_is_made_good_by_the_next() {
    let place = empty("demo-again");
    let port = free_ports().to_string();
    let keep = place.to_str().expect("it is UTF-8");
    let args = ["--keep", keep, "--port", &port];
    Demo::begin(&args, &place).end("TERM", 0);
    let everybody = people(&place);
    assert_eq!(everybody.matches("\"name\":").count(), 6, "{everybody}");
    // Ended before the settings were written, before anybody was added, and before the last one was.
    fs::remove_file(place.join("gateway.toml")).expect("it is there");
    fs::remove_file(place.join("seeded")).expect("it is there");
    for file in fs::read_dir(&place).expect("it can be read") {
        let file = file.expect("it can be read").path();
        if file.to_string_lossy().contains("directory.db") {
            fs::remove_file(file).expect("it can be removed");
        }
    }
    Demo::begin(&args, &place).end("TERM", 0);
    assert_eq!(people(&place), everybody);
    fs::remove_file(place.join("seeded")).expect("it is there");
    Demo::begin(&args, &place).end("TERM", 0);
    assert_eq!(people(&place), everybody);
}

#[test]
fn a_demo_that_is_told_to_end_twice_leaves_nothing_behind() {
    let place = empty("demo-twice");
    let port = free_ports().to_string();
    let demo = Demo::begin(&["--port", &port], &place);
    let entries = || fs::read_dir(&place).expect("it can be read").count();
    assert_eq!(entries(), 1);
    // Whoever is not answered yet keeps the first signal from ending it.
    let _waiting = Unanswered::begin(&format!("localhost:{port}"), demo.http(), demo.operations());
    demo.signal("INT");
    until(|| get(demo.operations(), "/readyz").starts_with("HTTP/1.1 503"));
    assert_eq!(entries(), 1);
    demo.end("INT", 130);
    assert_eq!(entries(), 0);
}

/// A demo that runs.
struct Demo {
    child: Running,
    port: u16,
}

impl Demo {
    /// Starts one, whose temporary files are in a directory, and waits until it has told all.
    fn begin(args: &[&str], temporary: &Path) -> Self {
        let child = countersign(&[&["serve", "--demo"], args].concat())
            .env("TMPDIR", temporary)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = Running(child.expect("it starts"));
        let out = child.0.stdout.take().expect("it is piped");
        let mut told = String::new();
        for line in BufReader::new(out).lines() {
            let line = line.expect("it writes UTF-8");
            told.push_str(&line);
            told.push('\n');
            if line.contains("Ctrl-C ends it") {
                break;
            }
        }
        let port = told
            .split_once("http://localhost:")
            .and_then(|(_, rest)| rest.split_once("/countersign/"))
            .and_then(|(port, _)| port.parse().ok())
            .expect(&told);
        Self { child, port }
    }

    fn http(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn operations(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port + 1).into()
    }

    fn signal(&self, name: &str) {
        self.child.signal(name);
    }

    fn end(mut self, signal: &str, code: i32) {
        self.signal(signal);
        let status = self.child.wait();
        assert_eq!(status.code(), Some(code));
    }
}

/// Lists everybody in a demo's directory.
fn people(place: &Path) -> String {
    let directory = format!("sqlite:{}", place.join("directory.db").display());
    let listed = run(&["user", "list", "--json", "--directory", &directory]).ended(0);
    listed.out
}

fn empty(name: &str) -> PathBuf {
    let path = scratch("serve").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("it can be made");
    path
}

/// Returns a port that is free, and so is the one after it.
fn free_ports() -> u16 {
    for _ in 0..100 {
        let one = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = one.local_addr().expect("it has one").port();
        let next = port.checked_add(1);
        if next.is_some_and(|next| TcpListener::bind((Ipv4Addr::LOCALHOST, next)).is_ok()) {
            return port;
        }
    }
    panic!("no two ports are free");
}
