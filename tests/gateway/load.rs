//! What a flood from some does to others. Only ratios and generous times are held to: machines differ, and are busy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_gateway::Passwords;
use countersign_tests::gateway::{PASSWORD, Site};
use libtest_mimic::Trial;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::front::front;
use crate::place::trial;
use crate::security::Wire;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        //
        trial(
            "a_flood_of_wrong_passwords_from_one_source_leaves_others_served",
            passwords,
        ),
        //
        trial(
            "a_flood_of_one_users_sign_ins_leaves_others_served",
            one_user,
        ),
        //
        trial("two_thousand_slow_connections_leave_others_served", slow)
            .with_ignored_flag(!has_room_for(DESCRIPTORS)),
        //
        trial("who_connects_and_asks_nothing_is_soon_cut_off", silent),
    ]
}

/// A gateway with passwords that cost what they do, behind a web server that is trusted, and where it listens.
async fn site(connections: u32) -> (Site, Wire, SocketAddr) {
    let change = |it: &mut countersign_gateway::config::Config| {
        it.listen.trusted_proxies = vec!["127.0.0.0/8".parse().expect("it is a network")];
        it.listen.http.set_port(0);
        it.listen.operations.set_port(0);
        it.listen.connections = connections;
        it.throttle.at_once = 2;
    };
    let ground = countersign_tests::gateway::Ground::in_memory().await;
    let ground = ground.expect("there is memory");
    let site = Site::start_of(ground, change, |it| it.passwords = Passwords::new(2));
    let site = site.await.expect("it starts");
    site.seed().await.expect("nobody is there");
    let at = front(&site.gateway).await;
    let wire = Wire::by(&format!("http://{at}"), &site.url());
    (site, wire, at)
}

async fn sign_in(wire: &Wire, source: &str, name: &str, password: &str) -> u16 {
    let body = serde_json::json!({ "name": name, "password": password }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", source),
    ];
    let path = "/countersign/api/v1/sign-in";
    wire.send("POST", path, &headers, &body)
        .await
        .status
        .as_u16()
}

/// Returns the median of some sign-ins of Omar's from his own source.
async fn median(wire: &Wire) -> Duration {
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        assert_eq!(sign_in(wire, "198.51.100.7", "omar", PASSWORD).await, 200);
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// A flood of sign-ins, until it is dropped.
struct Flood {
    sent: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Flood {
    fn of(wire: &Wire, name: &'static str, password: &'static str) -> Self {
        let (sent, is_over) = (
            Arc::new(AtomicU32::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let tasks = (0..8).map(|_| {
            let (wire, sent, is_over) = (wire.clone(), sent.clone(), is_over.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    sign_in(&wire, "203.0.113.9", name, password).await;
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let tasks = tasks.collect();
        Self {
            sent,
            is_over,
            tasks,
        }
    }

    async fn end(self) -> u32 {
        self.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("it ends");
        }
        self.sent.load(Ordering::Relaxed)
    }
}

fn is_served(alone: Duration, beside: Duration) {
    let is_fast = beside < alone * 5 || beside < Duration::from_secs(1);
    assert!(is_fast, "alone {alone:?}, beside the flood {beside:?}");
}

async fn passwords() {
    let (_site, wire, _) = site(1_024).await;
    let alone = median(&wire).await;
    let flood = Flood::of(&wire, "ben", "wrong");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let beside = median(&wire).await;
    let sent = flood.end().await;
    assert!(sent > 50, "{sent} is no flood");
    is_served(alone, beside);
}

async fn one_user() {
    let (_site, wire, _) = site(1_024).await;
    let alone = median(&wire).await;
    let flood = Flood::of(&wire, "ana", PASSWORD);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let beside = median(&wire).await;
    let sent = flood.end().await;
    assert!(sent > 8, "{sent} is no flood");
    // All that are right are hashed, two at a time, so that whoever comes waits for the eight before.
    let is_fast = beside < alone * 10 || beside < Duration::from_secs(2);
    assert!(is_fast, "alone {alone:?}, beside the flood {beside:?}");
}

async fn slow() {
    let (_site, wire, at) = site(4_096).await;
    let alone = median(&wire).await;
    let mut slow = Vec::new();
    for _ in 0..2_000 {
        let mut stream = TcpStream::connect(at).await.expect("it is taken");
        let begun = stream.write_all(b"GET /countersign/sign-in HTTP/1.1\r\nhost: a\r\nx-a: b");
        begun.await.expect("it is read");
        slow.push(stream);
    }
    let beside = median(&wire).await;
    for stream in &mut slow {
        let _ = stream.write_all(b"c").await;
    }
    let still = median(&wire).await;
    is_served(alone, beside);
    is_served(alone, still);
}

async fn silent() {
    let (_site, wire, at) = site(8).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(TcpStream::connect(at).await.expect("it is taken"));
    }
    // Every place is taken. Whoever asks waits for no longer than the silent are waited for.
    let began = Instant::now();
    let asked = sign_in(&wire, "198.51.100.7", "omar", PASSWORD);
    let answered = tokio::time::timeout(Duration::from_secs(60), asked).await;
    assert_eq!(answered.ok(), Some(200), "after {:?}", began.elapsed());
    drop(slow);
}

/// Raises this process's limit of open files to so many, if it may; says whether it has them.
fn has_room_for(files: u64) -> bool {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|it| it >= files) {
        return true;
    }
    let raised = Rlimit {
        current: Some(files),
        maximum: limit.maximum,
    };
    limit.maximum.is_none_or(|it| it >= files) && setrlimit(Resource::Nofile, raised).is_ok()
}

/// Both ends of two thousand connections, and what the other trials have open.
const DESCRIPTORS: u64 = 5_000;
