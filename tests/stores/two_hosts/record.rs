//! What was answered, held beside what is in the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::gateway::{Gateway, REALM};

/// All that callers tried.
pub(crate) struct Record {
    pub(crate) attempts: Vec<Attempt>,
}

/// One code that was shown.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Who called: another one each time, so that an event tells its attempt.
    pub(crate) client: String,
    pub(crate) user: String,
    /// The time step of a right code; none of a wrong one.
    pub(crate) step: Option<u64>,
    pub(crate) verdict: Verdict,
    pub(crate) begun: Duration,
    pub(crate) answered: Duration,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Accepted,
    Rejected,
    /// Nothing was compared.
    Refused,
    /// Nobody answered, or the store did not.
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) calls: usize,
    pub(crate) accepted: usize,
    pub(crate) rejected: usize,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
    /// Unknown ones that had happened.
    found_accepted: usize,
    found_rejected: usize,
    people: usize,
}

impl Verdict {
    pub(crate) fn of(answer: Option<&Value>) -> Self {
        let Some(answer) = answer else {
            return Self::Unknown;
        };
        if answer.pointer("/ok/accepted").is_some() {
            return Self::Accepted;
        }
        if answer.pointer("/ok/rejected").is_some() {
            return Self::Rejected;
        }
        let err = answer.get("err").expect("ok or err");
        let refused = ["ticket", "locked", "not-permitted"]
            .iter()
            .any(|why| err.get(why).is_some());
        match refused || err == "busy" {
            true => Self::Refused,
            false => Self::Unknown,
        }
    }
}

impl Record {
    /// Holds all that was answered beside the trail and the counts.
    pub(crate) async fn check(&self, gateway: &Gateway) -> Figures {
        let trail = events(gateway).await;
        let mut noted: HashMap<&str, Vec<bool>> = HashMap::new();
        for event in &trail {
            noted.entry(&event.client).or_default().push(event.passed);
        }
        let mut figures = Figures {
            calls: self.attempts.len(),
            ..Figures::default()
        };
        for attempt in &self.attempts {
            let noted = noted.remove(&*attempt.client).unwrap_or_default();
            figures.count(attempt, &noted);
            if noted.contains(&true) {
                assert!(attempt.step.is_some(), "a wrong code: {attempt:?}");
            }
        }
        assert!(noted.is_empty(), "events of no attempt: {noted:?}");
        let attempts = self.attempts.iter().map(|it| (&*it.client, it)).collect();
        let people: BTreeSet<&str> = self.attempts.iter().map(|it| &*it.user).collect();
        figures.people = people.len();
        for user in people {
            let of_user: Vec<&Noted> = trail.iter().filter(|it| it.user == user).collect();
            check_steps(&of_user, &attempts);
            check_counts(gateway, user, &of_user).await;
        }
        self.check_order();
        figures
    }

    /// An acceptance that was answered before another was asked for is of an earlier step.
    fn check_order(&self) {
        let mut by_user: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
        for attempt in &self.attempts {
            if attempt.verdict == Verdict::Accepted {
                by_user.entry(&attempt.user).or_default().push(attempt);
            }
        }
        for accepted in by_user.values() {
            for before in accepted {
                for after in accepted.iter().filter(|it| before.answered < it.begun) {
                    assert!(before.step < after.step, "{before:?}, {after:?}");
                }
            }
        }
    }
}

impl Figures {
    /// Counts an attempt, which must have left the mark in the trail that its answer says.
    fn count(&mut self, attempt: &Attempt, noted: &[bool]) {
        match attempt.verdict {
            Verdict::Accepted => {
                self.accepted += 1;
                assert_eq!(noted, [true], "{attempt:?}");
            }
            Verdict::Rejected => {
                self.rejected += 1;
                assert_eq!(noted, [false], "{attempt:?}");
            }
            Verdict::Refused => {
                self.refused += 1;
                assert!(noted.is_empty(), "{attempt:?}");
            }
            Verdict::Unknown => {
                self.unknown += 1;
                match noted {
                    [] => {}
                    [true] => self.found_accepted += 1,
                    [false] => self.found_rejected += 1,
                    _ => panic!("it happened twice: {attempt:?}"),
                }
            }
        }
    }
}

/// No code was accepted twice, and none of an earlier step than one accepted before: in the order of the commits, answered
/// or not.
fn check_steps(of_user: &[&Noted], attempts: &HashMap<&str, &Attempt>) {
    let mut last = None;
    for event in of_user.iter().filter(|it| it.passed) {
        let attempt = attempts[&*event.client];
        assert!(attempt.step > last, "after step {last:?}: {attempt:?}");
        last = attempt.step;
    }
}

/// Each wrong code is counted, whether it was answered or not. Each was on a ticket of its own, so that no success redeems
/// any.
async fn check_counts(gateway: &Gateway, user: &str, of_user: &[&Noted]) {
    let status = json!({ "user": user });
    let status = gateway.ok("administration.status", &status).await;
    let wrong = of_user.iter().filter(|it| !it.passed).count();
    let streak = of_user.iter().rev().take_while(|it| !it.passed).count();
    let factor = &status["factors"][0];
    assert_eq!(factor["unredeemed"], wrong, "{user}: {status}");
    assert_eq!(factor["streak"], streak, "{user}: {status}");
}

/// A code that was compared, as the trail has it.
struct Noted {
    user: String,
    client: String,
    passed: bool,
}

async fn events(gateway: &Gateway) -> Vec<Noted> {
    let mut noted = Vec::new();
    let mut after = 0;
    loop {
        let page = gateway.store.events(REALM, after, 1_000).await;
        let page = page.expect("it answers");
        let Some(last) = page.last() else {
            return noted;
        };
        after = last.position;
        for it in page {
            let passed = match it.event.name() {
                "challenge-passed" => true,
                "challenge-failed" => false,
                _ => continue,
            };
            noted.push(Noted {
                user: it.event.user.clone().expect("of a user"),
                client: it.event.client.clone().expect("of a caller"),
                passed,
            });
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} codes shown by {} people: {} accepted, {} rejected, {} refused, {} unknown (of which {} were accepted and {} \
             rejected)",
            self.calls,
            self.people,
            self.accepted,
            self.rejected,
            self.refused,
            self.unknown,
            self.found_accepted,
            self.found_rejected
        )
    }
}
