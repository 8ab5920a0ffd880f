//! Another process on the same store.
//!
//! It is this very program, started again with an environment variable that says so. It reads requests, each a line of
//! JSON, answers each when it is done, and ends with its input.

use std::collections::HashMap;
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use countersign_host::store::open;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::gateway::{Answer, Gateway, Request};
use crate::kind::RUNTIME;

/// Says whether this process is to be a worker.
pub(crate) fn is_wanted() -> bool {
    env::var_os(WANTED).is_some()
}

/// Serves until the input ends.
pub(crate) fn serve() {
    let mut lines = io::stdin().lines().map(|line| line.expect("it is text"));
    let begin: (String, u64) = read(&lines.next().expect("a first line"));
    let (address, time) = begin;
    let gateway = RUNTIME.block_on(async {
        let store = open(&address).await.expect("the store opens");
        Arc::new(Gateway::on(store, time))
    });
    write(&json!({ "is": "ready" }));
    for line in lines {
        let (id, request): (u64, Request) = read(&line);
        let gateway = gateway.clone();
        RUNTIME.spawn(async move {
            let answer = gateway.ask(request).await;
            write(&json!([id, answer]));
        });
    }
}

/// A worker, as the process that started it sees it. It is killed when this is dropped.
pub(crate) struct Worker {
    child: Mutex<Child>,
    input: Mutex<Option<ChildStdin>>,
    waiting: Arc<Mutex<Waiting>>,
}

/// Who waits for an answer, by the request's id. None waits for a worker that has ended.
struct Waiting {
    next: u64,
    by_id: Option<HashMap<u64, oneshot::Sender<Answer>>>,
}

impl Worker {
    /// Starts a worker on a store, and waits until it is ready.
    pub(crate) fn start(address: &str, time: u64) -> Self {
        let program = env::current_exe().expect("this program has a file");
        let mut child = Command::new(program)
            .env(WANTED, "yes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("it has an input");
        let output = child.stdout.take().expect("it has an output");
        let begin = json!([address, time]);
        writeln!(input, "{begin}").expect("it reads");
        let mut output = BufReader::new(output);
        let mut ready = String::new();
        output.read_line(&mut ready).expect("it answers");
        assert!(ready.contains("ready"), "the worker did not get ready");
        let waiting = Arc::new(Mutex::new(Waiting {
            next: 0,
            by_id: Some(HashMap::new()),
        }));
        let answered = waiting.clone();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // A line that was cut off by the end of the process answers nothing.
                let Ok((id, answer)) = serde_json::from_str::<(u64, Answer)>(&line) else {
                    break;
                };
                let mut waiting = lock(&answered);
                if let Some(caller) = waiting.by_id.as_mut().and_then(|it| it.remove(&id)) {
                    let _ = caller.send(answer);
                }
            }
            lock(&answered).by_id = None;
        });
        Self {
            child: Mutex::new(child),
            input: Mutex::new(Some(input)),
            waiting,
        }
    }

    /// Asks for something; none if the worker ended before it answered, and nobody knows what came of it.
    pub(crate) async fn ask(&self, request: &Request) -> Option<Answer> {
        self.ask_all(std::slice::from_ref(request)).await.remove(0)
    }

    /// Asks for several things at once.
    pub(crate) async fn ask_all(&self, requests: &[Request]) -> Vec<Option<Answer>> {
        let mut lines = String::new();
        let mut receivers = Vec::with_capacity(requests.len());
        {
            let mut waiting = lock(&self.waiting);
            for request in requests {
                let (sender, receiver) = oneshot::channel();
                waiting.next += 1;
                let id = waiting.next;
                // Of an ended worker the sender is dropped at once.
                if let Some(by_id) = &mut waiting.by_id {
                    by_id.insert(id, sender);
                }
                lines.push_str(&format!("{}\n", json!([id, request])));
                receivers.push(receiver);
            }
        }
        if let Some(input) = lock(&self.input).as_mut() {
            // Whether it was read is told by the answers.
            let _ = input.write_all(lines.as_bytes());
        }
        let mut answers = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            answers.push(receiver.await.ok());
        }
        answers
    }

    /// Kills it (SIGKILL), in the middle of whatever it does.
    pub(crate) fn kill(&self) {
        let mut child = lock(&self.child);
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        *lock(&self.input) = None;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T: serde::de::DeserializeOwned>(line: &str) -> T {
    serde_json::from_str(line).expect("a line of this protocol")
}

fn write(answer: &Value) {
    let mut output = io::stdout().lock();
    // Nobody waits for it if this fails.
    let _ = writeln!(output, "{answer}").and_then(|()| output.flush());
}

/// What tells this program to be a worker.
const WANTED: &str = "COUNTERSIGN_STORES_WORKER";
