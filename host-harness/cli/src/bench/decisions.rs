//! Signing in by the decision service.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use super::http::{STEP, ended, unexpected};
use super::samples::Samples;
use super::site::{Decisions, HOST, Hashing, KEY, Site};
use crate::authenticator::Authenticator;
use crate::exit::Exit;

/// People who sign in by the service round after round, each client those of its own.
///
/// A round is one sign-in of everybody, and before each the clock goes on by a step: no code is used twice, and none
/// comes too late.
pub(super) struct Rounds {
    site: Arc<Site>,
    way: Decisions,
    /// The people of each client, and its connection.
    clients: Vec<(Vec<String>, Client)>,
}

/// What a client does with each of its people.
#[derive(Clone, Copy)]
enum Part {
    Both,
    /// Begins, and keeps the ticket.
    Begin,
    /// Verifies with a ticket that was kept.
    Verify,
}

impl Rounds {
    pub(super) async fn of(
        site: &Arc<Site>,
        way: &Decisions,
        users: usize,
        clients: usize,
    ) -> Result<Self, Exit> {
        let mut all = Vec::new();
        for first in 0..clients {
            let people = (first..users).step_by(clients.max(1));
            let people = people.map(|it| site.name(Hashing::Cheap, it)).collect();
            all.push((people, Client::connect(&way.at, HOST).await?));
        }
        Ok(Self {
            site: Arc::clone(site),
            way: way.clone(),
            clients: all,
        })
    }

    /// Measures for `time`, in turns, pairs of `sign-in.begin` and `verification.verify`, and rounds of the latter alone
    /// whose sign-ins were begun before, while nothing was measured.
    pub(super) async fn measure(mut self, time: Duration) -> Result<[Samples; 2], Exit> {
        let began = Instant::now();
        let (mut pairs, mut alone) = (Taken::default(), Taken::default());
        while began.elapsed() < time {
            let tickets = vec![Vec::new(); self.clients.len()];
            self.site.clock.advance(STEP);
            self.round(Part::Both, tickets.clone(), &mut pairs).await?;
            self.site.clock.advance(STEP);
            let nothing = &mut Taken::default();
            let tickets = self.round(Part::Begin, tickets, nothing).await?;
            self.round(Part::Verify, tickets, &mut alone).await?;
        }
        Ok([pairs.whole(), alone.whole()])
    }

    /// Has all clients do their part at once; returns their tickets.
    async fn round(
        &mut self,
        part: Part,
        tickets: Vec<Vec<String>>,
        taken: &mut Taken,
    ) -> Result<Vec<Vec<String>>, Exit> {
        let code = Authenticator::TotpRs.code(KEY, self.site.now())?;
        let began = Instant::now();
        let clients = std::mem::take(&mut self.clients).into_iter().zip(tickets);
        let tasks = clients.map(|((people, client), tickets)| {
            let turn = Turn {
                client,
                head: self.way.head.clone(),
                code: code.clone(),
            };
            tokio::spawn(turn.take(part, people, tickets))
        });
        let tasks: Vec<_> = tasks.collect();
        let mut kept = Vec::new();
        for task in tasks {
            let (client, tickets, samples) = task.await.map_err(ended)??;
            self.clients.push(client);
            kept.push(tickets);
            taken.samples.push(samples);
        }
        taken.time = taken.time.saturating_add(began.elapsed());
        Ok(kept)
    }
}

/// What rounds took.
#[derive(Default)]
struct Taken {
    samples: Vec<Samples>,
    time: Duration,
}

impl Taken {
    fn whole(self) -> Samples {
        Samples::of(self.samples, self.time)
    }
}

/// A client, in a round.
struct Turn {
    client: Client,
    head: String,
    code: String,
}

impl Turn {
    async fn take(
        mut self,
        part: Part,
        people: Vec<String>,
        tickets: Vec<String>,
    ) -> Result<((Vec<String>, Client), Vec<String>, Samples), Exit> {
        let mut samples = Samples::default();
        let (mut tickets, mut kept) = (tickets.into_iter(), Vec::new());
        for person in &people {
            let began = Instant::now();
            match part {
                Part::Both => {
                    let ticket = self.begin(person).await?;
                    self.verify(person, &ticket).await?;
                }
                Part::Begin => kept.push(self.begin(person).await?),
                Part::Verify => {
                    let ticket = tickets.next().unwrap_or_default();
                    self.verify(person, &ticket).await?;
                }
            }
            samples.note(began.elapsed());
        }
        Ok(((people, self.client), kept, samples))
    }

    /// Begins a sign-in, as a gateway does once a password was right; returns the ticket.
    async fn begin(&mut self, user: &str) -> Result<String, Exit> {
        let request = json!({
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": "sign-in",
            "binding-attested": false,
            "known-enrolled": true,
        });
        let asked = json!({ "user": user, "request": request });
        let answer = self.ask(BEGIN, &asked).await?;
        let ticket = answer.pointer("/ok/challenge/ticket");
        let ticket = ticket.and_then(Value::as_str).map(str::to_owned);
        ticket.ok_or_else(|| Exit::Fault(format!("{BEGIN}: expected a challenge")))
    }

    /// Verifies a right code.
    async fn verify(&mut self, user: &str, ticket: &str) -> Result<(), Exit> {
        let asked = json!({
            "user": user, "ticket": ticket, "method": "totp", "code": self.code, "remember": false,
        });
        let answer = self.ask(VERIFY, &asked).await?;
        match answer.pointer("/ok/accepted/done") {
            Some(_) => Ok(()),
            None => Err(Exit::Fault(format!("{VERIFY}: a right code was refused"))),
        }
    }

    async fn ask(&mut self, path: &str, asked: &Value) -> Result<Value, Exit> {
        let head = format!("content-type: application/json\r\n{}", self.head);
        let asked = asked.to_string();
        let answer = self.client.send("POST", path, &head, &asked).await?;
        match answer.status {
            200 => Ok(serde_json::from_str(&answer.body).unwrap_or_default()),
            status => Err(unexpected(path, status)),
        }
    }
}

const BEGIN: &str = "/v1/sign-in.begin";
const VERIFY: &str = "/v1/verification.verify";
