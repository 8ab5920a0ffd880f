//! A clock that jumps, in the middle of a session, on a store that has seen later times.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;

use crate::gateway::{Gateway, REALM};
use crate::kind::{Kind, Place};
use crate::people::{Person, ticket_of, verify};

pub(crate) fn trials() -> Vec<Trial> {
    let each = Kind::ALL.into_iter();
    each.map(|kind| {
        kind.trial(
            "a_clock_that_jumps_makes_no_code_good_again",
            a_clock_that_jumps,
        )
    })
    .collect()
}

// covers: VERIFY-3, TICKET-3
async fn a_clock_that_jumps(place: Place) {
    let mut session = Session::begin(&place).await;
    for jump in [HOUR, -HOUR, DAY, -DAY, -YEAR, YEAR, -DAY, HOUR, 2 * DAY] {
        session.leap(&place, jump).await;
    }
    let steps = &session.accepted;
    assert!(steps.is_sorted_by(|a, b| a < b), "{steps:?}");
    assert!(steps.len() > 4, "hardly any was accepted: {steps:?}");
    session.is_noted().await;
}

struct Session {
    gateway: Gateway,
    person: Person,
    /// A ticket from before the last jump, and when it ends.
    ticket: Option<(String, u64)>,
    /// The steps of the codes accepted so far.
    accepted: Vec<u64>,
    /// How many they are, without that of the enrollment.
    number: usize,
}

impl Session {
    async fn begin(place: &Place) -> Self {
        let gateway = Gateway::on(place.store.clone(), START);
        gateway.put_policy().await;
        let person = gateway.enroll("person").await;
        Self {
            gateway,
            person,
            ticket: None,
            accepted: vec![START / 30],
            number: 0,
        }
    }

    /// Signs in, jumps, and shows whatever might be good again.
    async fn leap(&mut self, place: &Place, jump: i64) {
        self.show_now("before the jump").await;
        let ends = self.gateway.time() + 900;
        let ticket = self.ticket().await;
        self.ticket = ticket.map(|it| (it, ends));
        let time = self.gateway.time().saturating_add_signed(jump);
        // As after a restart: what is not in the store is forgotten.
        self.gateway = Gateway::on(place.again().await, time);

        // A ticket of before the jump is taken until it ends, and never after.
        if let Some((ticket, ends)) = self.ticket.take() {
            let answer = self.show(&ticket, time / 30).await;
            if time >= ends {
                assert!(answer.get("err").is_some(), "{jump}: {answer}");
            }
        }
        // The first and the last code that was accepted, with the clock as it stood then, and as it stands now.
        let (first, last) = (self.accepted.first(), self.accepted.last());
        let accepted: Vec<u64> = first.into_iter().chain(last).copied().collect();
        for step in accepted {
            for at in [step * 30, time] {
                self.gateway.clock.set(at);
                if let Some(ticket) = self.ticket().await {
                    let before = self.accepted.len();
                    self.show(&ticket, step).await;
                    assert_eq!(self.accepted.len(), before, "{jump}: accepted again");
                }
                self.unlock().await;
            }
        }
        self.gateway.clock.set(time);
        self.show_now("after the jump").await;
        self.gateway.clock.advance(60);
    }

    /// Shows the code of now on a ticket of now: it is accepted if and only if no later one was.
    async fn show_now(&mut self, when: &str) {
        let step = self.gateway.time() / 30;
        let ticket = self.ticket().await.expect("a factor is asked for");
        let last = self.accepted.last().copied();
        self.show(&ticket, step).await;
        let expected = last.max(Some(step));
        assert_eq!(self.accepted.last().copied(), expected, "{when}");
        self.unlock().await;
    }

    async fn ticket(&mut self) -> Option<String> {
        let begin = crate::people::begin(&self.person.name, "sign-in");
        let answer = self.gateway.call("sign-in.begin", &begin).await;
        ticket_of(&answer["ok"])
    }

    /// Shows the code of a step, and notes whether it was accepted.
    async fn show(&mut self, ticket: &str, step: u64) -> serde_json::Value {
        let code = self.person.app.code(step * 30);
        let args = verify(&self.person.name, ticket, "totp", &code);
        let answer = self.gateway.call("verification.verify", &args).await;
        if answer.pointer("/ok/accepted").is_some() {
            assert!(
                self.accepted.iter().all(|it| *it < step),
                "{step} after {:?}",
                self.accepted
            );
            self.accepted.push(step);
            self.number += 1;
        }
        answer
    }

    /// Ends a wait: this trial is not about counting.
    async fn unlock(&self) {
        let args =
            json!({ "user": self.person.name, "method": "totp", "actor": { "operator": "op" } });
        self.gateway.ok("administration.unlock", &args).await;
    }

    /// Each acceptance is in the trail.
    async fn is_noted(&self) {
        for _ in 0..100 {
            let events = self.gateway.store.events(REALM, 0, 10_000).await;
            let events = events.expect("it answers");
            let passed = events
                .iter()
                .filter(|it| it.event.name() == "challenge-passed");
            if passed.count() == self.number {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("an acceptance is not in the trail");
    }
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// The first second of a time step.
const START: u64 = 1_750_000_020;
