//! A gateway on real sockets, ended while people ask.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use countersign_host::Plugin;
use countersign_host::clock::SystemClock;
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::SystemRandom;
use countersign_host::store::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OnceCell, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Ended, Listener, Listening, Serving, serve};
use crate::client::Client;
use crate::config::Config;
use crate::directory;
use crate::gateway::{Gateway, Parts};
use crate::mail::MailOutbox;
use crate::metrics::{Build, Metrics};
use crate::password::Passwords;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_that_was_made_gets_an_answer_though_the_gateway_ends() {
    let serving = serving("").await;
    let metrics = serving.gateway.metrics.clone();
    let served = Served::of(serving).await;
    let at = served.http();
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..8 {
        let answered = answered.clone();
        clients.push(tokio::spawn(async move {
            loop {
                match TcpStream::connect(at).await {
                    Ok(stream) => {
                        let answer = ask(stream, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
                        // The system connects before anybody accepts. Whom the gateway never had, it cannot answer.
                        if !answer.is_empty() {
                            assert!(answer.ends_with("at last\n"), "{answer:?}");
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Err(error) => {
                        let closed = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset];
                        assert!(closed.contains(&error.kind()), "{error}");
                        return;
                    }
                }
            }
        }));
    }
    until(|| answered.load(Ordering::Relaxed) >= 32).await;
    assert_eq!(served.end().await, Ended::Whole);
    for client in clients {
        client.await.unwrap();
    }
    let answered = answered.load(Ordering::Relaxed);
    assert!(answered >= 8);
    let accepted = format!("countersign_http_connections_accepted_total {answered}");
    let text = metrics.render(None);
    assert!(text.lines().any(|it| it == accepted), "{accepted}\n{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_ends_between_requests_and_never_within_one() {
    let served = Served::begin("").await;
    let at = served.http();
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..8 {
        let answered = answered.clone();
        clients.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(at).await.unwrap();
            loop {
                let request = b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n";
                if stream.write_all(request).await.is_err() {
                    return;
                }
                let mut head = [0; 1024];
                match stream.read(&mut head).await {
                    // Closed without a byte: by RFC 9112 the client may send the request again.
                    Ok(0) | Err(_) => return,
                    Ok(length) => {
                        let answer = String::from_utf8_lossy(&head[..length]).into_owned();
                        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
                        assert!(answer.ends_with("\r\n\r\nat last\n"), "{answer:?}");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }));
    }
    until(|| answered.load(Ordering::Relaxed) >= 32).await;
    assert_eq!(served.end().await, Ended::Whole);
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_request_under_way_ends_well_and_nobody_new_is_let_in() {
    let mut serving = serving("").await;
    let gate = Arc::new(Notify::new());
    let open = gate.clone();
    let gated = get(move || async move {
        gate.notified().await;
        "at last\n"
    });
    serving.app = serving.app.map(|it| it.route("/gated", gated));
    let metrics = serving.gateway.metrics.clone();
    let served = Served::of(serving).await;
    let at = served.http();
    let stream = TcpStream::connect(at).await.unwrap();
    let slow = tokio::spawn(ask(stream, "GET /gated HTTP/1.1\r\nhost: a\r\n\r\n"));
    until(|| value(&metrics, "http_requests_in_flight") == 1).await;
    let ending = tokio::spawn(served.end());
    timeout(PATIENCE, async {
        while TcpStream::connect(at).await.is_ok() {
            sleep(MOMENT).await;
        }
    })
    .await
    .unwrap();
    assert!(!ending.is_finished());
    open.notify_one();
    let answer = slow.await.unwrap();
    assert!(answer.ends_with("at last\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(ending.await.unwrap(), Ended::Whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_takes_too_long_does_not_keep_the_gateway() {
    let serving = serving("shutdown-seconds = 1\n").await;
    let metrics = serving.gateway.metrics.clone();
    let served = Served::of(serving).await;
    let stream = TcpStream::connect(served.http()).await.unwrap();
    let slow = tokio::spawn(ask(stream, "GET /never HTTP/1.1\r\nhost: a\r\n\r\n"));
    until(|| value(&metrics, "http_requests_in_flight") == 1).await;
    let ended = timeout(PATIENCE, served.end()).await;
    assert_eq!(ended.unwrap(), Ended::Cut);
    slow.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_asks_nothing_does_not_keep_the_gateway() {
    let serving = serving("").await;
    let metrics = serving.gateway.metrics.clone();
    let served = Served::of(serving).await;
    let mut idle = TcpStream::connect(served.http()).await.unwrap();
    until(|| value(&metrics, "http_connections") == 1).await;
    let ended = timeout(PATIENCE, served.end()).await;
    assert_eq!(ended.unwrap(), Ended::Whole);
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_drains_it_serves_and_is_not_ready() {
    let served = Served::begin("drain-seconds = 120\n").await;
    let (http, operations) = (served.http(), served.at.operations);
    let ready = get_from(operations, "/readyz").await;
    assert!(ready.ends_with(r#"{"ready":true,"failing":[]}"#), "{ready}");
    let ending = tokio::spawn(served.end());
    let ready = timeout(PATIENCE, async {
        loop {
            let ready = get_from(operations, "/readyz").await;
            if ready.starts_with("HTTP/1.1 503") {
                return ready;
            }
            sleep(MOMENT).await;
        }
    });
    let ready = ready.await.unwrap();
    let body = r#"{"ready":false,"failing":["draining"]}"#;
    assert!(ready.ends_with(body), "{ready}");
    let alive = get_from(operations, "/healthz").await;
    assert!(alive.ends_with("alive\n"), "{alive}");
    let answer = get_from(http, "/slow").await;
    assert!(answer.ends_with("at last\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    ending.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_at_the_end_is_waited_for() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    let mut serving = serving("").await;
    serving.at_end = Box::new(|_| {
        Box::pin(async {
            sleep(MOMENT).await;
            IS_DONE.store(true, Ordering::Release);
            true
        })
    });
    let served = Served::of(serving).await;
    assert_eq!(served.end().await, Ended::Whole);
    assert!(IS_DONE.load(Ordering::Acquire));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_is_answered_without_a_word_of_what_it_was_about() {
    let served = Served::begin("").await;
    let answer = get_from(served.http(), "/defect").await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(!answer.contains("hunter2"), "{answer}");
    let answer = get_from(served.http(), "/countersign/api/v1/defect").await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    for words in [
        "application/problem+json",
        "no-store",
        "\"code\":\"defect\"",
    ] {
        assert!(answer.contains(words), "{words}: {answer}");
    }
    assert!(!answer.contains("hunter2"), "{answer}");
    let answer = get_from(served.http(), "/slow").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_more_than_64_kib_is_refused_however_it_is_sent() {
    let served = Served::begin("").await;
    let body = "a".repeat(65 * 1024);
    let known = format!(
        "POST /take HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let chunked = format!(
        "POST /take HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for request in [known, chunked] {
        let stream = TcpStream::connect(served.http()).await.unwrap();
        let answer = ask(stream, &request).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer:?}");
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_count_by_the_route_and_not_by_the_path() {
    let served = Served::begin("").await;
    let (http, operations) = (served.http(), served.at.operations);
    get_from(http, "/user/ana?code=123456").await;
    get_from(http, "/nothing/hunter2").await;
    let text = get_from(operations, "/metrics").await;
    for line in [
        "countersign_http_requests_total{route=\"/user/{id}\",method=\"GET\",status=\"2xx\"} 1",
        "countersign_http_requests_total{route=\"none\",method=\"GET\",status=\"4xx\"} 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(text.contains("version=\"0.1.0\""), "{text}");
    for word in ["ana", "123456", "hunter2"] {
        assert!(!text.contains(word), "{word}");
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_there_are_places_for_wait_for_theirs() {
    let served = Served::begin("connections = 1\n").await;
    let at = served.http();
    let first = TcpStream::connect(at).await.unwrap();
    let second = TcpStream::connect(at).await.unwrap();
    let request = "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut waiting = tokio::spawn(ask(second, request));
    // That nothing comes shows in time alone. However slow the machine, this fails for no other reason.
    let early = timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err());
    let answer = ask(first, request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = waiting.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_are_answered_though_people_have_taken_every_place() {
    let mut serving = serving("connections = 1\n").await;
    let metrics = serving.gateway.metrics.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let decisions = listener.local_addr().unwrap();
    let app = Router::new().route("/decided", get(|| async { "at last\n" }));
    serving.others.push((Listener::Tcp(listener), app));
    let served = Served::of(serving).await;
    let _taken = TcpStream::connect(served.http()).await.unwrap();
    until(|| value(&metrics, "http_connections") == 1).await;
    let answer = timeout(PATIENCE, get_from(decisions, "/decided")).await;
    assert!(answer.unwrap().ends_with("at last\n"));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_no_route_gave_have_the_headers_too() {
    let served = Served::begin("").await;
    let much =
        "POST /take HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 70000\r\n\r\n";
    let stream = TcpStream::connect(served.http()).await.unwrap();
    let too_large = ask(stream, much).await;
    assert!(too_large.starts_with("HTTP/1.1 413"), "{too_large}");
    let defect = get_from(served.http(), "/defect").await;
    let nowhere = get_from(served.http(), "/nowhere").await;
    for answer in [too_large, defect, nowhere] {
        for words in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "cache-control: no-store",
            "x-request-id: ",
        ] {
            assert!(answer.contains(words), "{words}: {answer}");
        }
        // Not over TLS here.
        assert!(!answer.contains("strict-transport-security"), "{answer}");
    }
    served.end().await;
}

/// Waits until something is so.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(MOMENT).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

/// Reads one of the metrics that have no labels.
fn value(metrics: &Metrics, name: &str) -> u64 {
    let text = metrics.render(None);
    let start = format!("countersign_{name} ");
    let mut lines = text.lines();
    let value = lines.find_map(|it| it.strip_prefix(&start)).unwrap();
    value.parse().unwrap()
}

/// A gateway that serves.
struct Served {
    at: Listening,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Ended>,
}

impl Served {
    async fn begin(listen: &str) -> Self {
        Self::of(serving(listen).await).await
    }

    async fn of(serving: Serving) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let ready = |at| tell.send(at).unwrap();
            let shutdown = async { stopped.await.unwrap() };
            serve(serving, ready, shutdown).await.unwrap()
        });
        let at = told.await.unwrap();
        Self { at, stop, ended }
    }

    fn http(&self) -> SocketAddr {
        self.at.http.unwrap()
    }

    async fn end(self) -> Ended {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap()
    }
}

/// Something to serve: routes that are slow, that fail, and that take what they are sent.
async fn serving(listen: &str) -> Serving {
    let slowly = |millis| async move {
        sleep(Duration::from_millis(millis)).await;
        "at last\n"
    };
    let app = Router::new()
        .route("/slow", get(move || slowly(20)))
        .route("/never", get(move || slowly(60_000)))
        .route("/defect", get(defect))
        .route("/countersign/api/v1/defect", get(defect))
        .route("/take", post(|body: String| async move { body }))
        .route(
            "/user/{id}",
            get(|client: Client| async move { client.note_user("u-1") }),
        );
    let build = Build {
        version: "0.1.0".to_owned(),
        plugin: "ab".to_owned(),
        contract: "countersign:mfa@0.1.0".to_owned(),
    };
    Serving::new(gateway(listen).await, build, app)
}

async fn defect() -> &'static str {
    panic!("hunter2")
}

async fn gateway(listen: &str) -> Gateway {
    static PLUGIN: OnceCell<Plugin> = OnceCell::const_new();
    let load = || async { Plugin::load(countersign_component::WASM).unwrap() };
    let plugin = PLUGIN.get_or_init(load).await.clone();
    let text = format!(
        "public-url = \"http://localhost\"\nstore = \"sqlite:a\"\nkeys = \"file:a\"\ndirectory = \"sqlite:b\"\n\
         [listen]\nhttp = \"127.0.0.1:0\"\noperations = \"127.0.0.1:0\"\n{listen}"
    );
    let config = Config::parse(Path::new("gateway.toml"), &text, []).unwrap();
    let store = Arc::new(MemoryStore::new());
    let mfa = countersign_host::Countersign::builder(plugin)
        .realm("test")
        .store(store.clone())
        .keyring(LocalKeyring::from_key([7; 32]))
        .build()
        .unwrap();
    Gateway::new(Parts {
        mfa,
        store,
        directory: directory::open("memory:").await.unwrap(),
        mailer: Arc::new(MailOutbox::default()),
        outbox: None,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        passwords: Passwords::new(1),
        metrics: Metrics::default(),
        config,
    })
}

async fn get_from(at: SocketAddr, path: &str) -> String {
    let stream = TcpStream::connect(at).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    ask(stream, &request).await
}

/// Sends a request, and reads until the other side closes or has said all.
async fn ask(mut stream: TcpStream, request: &str) -> String {
    // Whoever is refused early is not read to the end.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut piece).await {
        answer.extend_from_slice(&piece[..length]);
        if answer.ends_with(b"at last\n") {
            break;
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Between two looks at something that is waited for.
const MOMENT: Duration = Duration::from_millis(5);
/// For what comes soon, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(60);
