//! Two hosts on one store, 64 callers on each, right and wrong codes, and one host killed and started again.
//!
//! `COUNTERSIGN_TWO_HOSTS_SECONDS` lets them run for longer.

mod record;

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use countersign_host::random::{Random, SystemRandom};
use libtest_mimic::Trial;
use serde_json::Value;

use self::record::{Attempt, Record, Verdict};
use crate::gateway::{Answer, Gateway, Request};
use crate::kind::{Kind, Place};
use crate::people::{Person, begin, ticket_of, verify};
use crate::worker::Worker;

pub(crate) fn trials() -> Vec<Trial> {
    let name = "two_hosts_of_which_one_is_killed_accept_every_code_once_and_count_every_wrong_one";
    let each = Kind::SHARED.into_iter();
    each.map(|kind| kind.trial(name, two_hosts)).collect()
}

// covers: STORE-1, STORE-2, STORE-3, VERIFY-3, VERIFY-4
async fn two_hosts(place: Place) {
    let length = env::var("COUNTERSIGN_TWO_HOSTS_SECONDS").ok();
    let length = length.map_or(LENGTH, |seconds| {
        Duration::from_secs(seconds.parse().expect("a number of seconds"))
    });
    let scene = Arc::new(Scene::set(&place).await);
    let began = Instant::now();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut callers = Vec::new();
    for host in 0..HOSTS {
        for caller in 0..CALLERS {
            let (scene, is_over) = (scene.clone(), is_over.clone());
            callers.push(tokio::spawn(async move {
                let mut i = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let client = format!("{host}/{caller}/{i}");
                    scene.sign_in(host, client).await;
                    i += 1;
                }
            }));
        }
    }
    let mut restarts = 0;
    // A slow machine takes longer, and restarts as often.
    while began.elapsed() < length || restarts < RESTARTS {
        tokio::time::sleep(STEP).await;
        scene.move_clock().await;
        let due = began.elapsed().as_secs_f64() / length.as_secs_f64() * f64::from(RESTARTS + 1);
        if due >= f64::from(restarts + 1) && restarts < RESTARTS {
            restarts += 1;
            scene.kill_and_restart(&place).await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("no caller panics");
    }
    let seconds = began.elapsed().as_secs_f64();
    let record = scene.finish();
    let figures = record.check(&scene.gateway).await;
    eprintln!("{}: {figures}, {seconds:.1} s", place.kind.name());
    assert!(figures.accepted > 0 && figures.rejected > 0, "{figures}");
}

/// The hosts, their clock, and the people who sign in.
struct Scene {
    /// This process, which enrolls people and looks at what came of it.
    gateway: Gateway,
    hosts: [RwLock<Arc<Worker>>; HOSTS],
    now: AtomicU64,
    people: Mutex<Vec<Arc<Member>>>,
    enrolled: AtomicUsize,
    origin: Instant,
    attempts: Mutex<Vec<Attempt>>,
}

struct Member {
    person: Person,
    /// Codes that may have been counted as wrong: before they disable the app, another person takes the place.
    suspect: AtomicUsize,
}

impl Scene {
    async fn set(place: &Place) -> Self {
        let gateway = Gateway::on(place.store.clone(), START);
        gateway.put_policy().await;
        let host = || RwLock::new(Arc::new(Worker::start(&place.address, START)));
        let scene = Self {
            gateway,
            hosts: [host(), host()],
            now: AtomicU64::new(START),
            people: Mutex::default(),
            enrolled: AtomicUsize::new(0),
            origin: Instant::now(),
            attempts: Mutex::default(),
        };
        for _ in 0..PEOPLE {
            scene.enroll_another().await;
        }
        scene.move_clock().await;
        scene
    }

    async fn enroll_another(&self) {
        let number = self.enrolled.fetch_add(1, Ordering::Relaxed);
        let person = self.gateway.enroll_now(&format!("person-{number}")).await;
        lock(&self.people).push(Arc::new(Member {
            person,
            suspect: AtomicUsize::new(0),
        }));
    }

    /// Begins on a host and shows one code: mostly that of now, which others may show as well.
    async fn sign_in(&self, host: usize, client: String) {
        let member = {
            let people = lock(&self.people);
            people[below(people.len())].clone()
        };
        let name = &*member.person.name;
        let outcome = self.ask(host, "sign-in.begin", begin(name, "sign-in"), &client);
        let outcome = outcome.await.and_then(|answer| answer.get("ok").cloned());
        let Some(ticket) = outcome.as_ref().and_then(ticket_of) else {
            // The host is being started, or others keep coming first.
            tokio::time::sleep(Duration::from_millis(5)).await;
            return;
        };
        let now = self.now.load(Ordering::SeqCst);
        let (step, code) = match below(10) {
            0..6 => (Some(now / 30), member.person.app.code(now)),
            6 => (Some(now / 30 - 1), member.person.app.code_near(now, -1)),
            _ => (None, member.person.app.wrong_code(now, below(256))),
        };
        let begun = self.origin.elapsed();
        let args = verify(name, &ticket, "totp", &code);
        let answer = self.ask(host, "verification.verify", args, &client).await;
        let answered = self.origin.elapsed();
        let verdict = Verdict::of(answer.as_ref());
        lock(&self.attempts).push(Attempt {
            client,
            user: name.to_owned(),
            step,
            verdict,
            begun,
            answered,
        });
        if matches!(verdict, Verdict::Rejected | Verdict::Unknown)
            && member.suspect.fetch_add(1, Ordering::SeqCst) + 1 == MOST_SUSPECT
        {
            lock(&self.people).retain(|it| it.person.name != name);
            self.enroll_another().await;
        }
    }

    async fn ask(&self, host: usize, function: &str, args: Value, client: &str) -> Option<Value> {
        let worker = {
            let worker = self.hosts[host].read();
            worker.unwrap_or_else(PoisonError::into_inner).clone()
        };
        let request = Request::Call {
            function: function.to_owned(),
            args,
            client: client.to_owned(),
        };
        Answer::called(worker.ask(&request).await)
    }

    /// Moves all clocks by a time step, one after the other.
    async fn move_clock(&self) {
        let now = self.now.fetch_add(30, Ordering::SeqCst) + 30;
        self.gateway.clock.set(now);
        for host in &self.hosts {
            let worker = {
                let worker = host.read();
                worker.unwrap_or_else(PoisonError::into_inner).clone()
            };
            worker.ask(&Request::Time(now)).await;
        }
    }

    async fn kill_and_restart(&self, place: &Place) {
        let host = &self.hosts[HOSTS - 1];
        let kill = |worker: &RwLock<Arc<Worker>>| {
            let worker = worker.read().unwrap_or_else(PoisonError::into_inner);
            worker.kill();
        };
        kill(host);
        tokio::time::sleep(STEP).await;
        let started = Worker::start(&place.address, self.now.load(Ordering::SeqCst));
        *host.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(started);
    }

    fn finish(&self) -> Record {
        let attempts = std::mem::take(&mut *lock(&self.attempts));
        Record { attempts }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Chance: the order of racing callers is that anyway.
fn below(bound: usize) -> usize {
    let mut bytes = [0; 2];
    SystemRandom.fill(&mut bytes).expect("there is randomness");
    usize::from(u16::from_be_bytes(bytes)) % bound
}

const HOSTS: usize = 2;
const CALLERS: usize = 64;
const PEOPLE: usize = 32;
const LENGTH: Duration = Duration::from_secs(4);
/// How often a host is killed.
const RESTARTS: u32 = 2;
/// How long a time step of thirty seconds is.
const STEP: Duration = Duration::from_millis(100);
/// A hundred disable an app; as many as there are callers may be on their way.
const MOST_SUSPECT: usize = 60;
/// The first second of a time step.
const START: u64 = 1_750_000_020;
