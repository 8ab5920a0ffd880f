//! Every function of the contract on the component, with every use of the store failing in turn in every way.
//!
//! The cases of `tests/cases/` say the same of many of them by `sweep`, with each import, and what each call must then be
//! answered; here no function is left out, and stores also never answer, answer too late, or conflict for ever.

mod faulty;
mod operation;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use countersign_host::Plugin;
use countersign_host::store::{Kind as RecordKind, Listed};
use countersign_tests::subject::Component;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use self::faulty::{Faulty, Plan, Way};
use self::operation::Operation;
use crate::gateway::{Gateway, REALM};
use crate::kind::{Kind, Place};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("faults/no_function_is_left_out", || {
        no_function_is_left_out();
        Ok(())
    })];
    for kind in [Kind::Memory, Kind::Sqlite] {
        for operation in Operation::ALL {
            let name = format!("faults/{}", operation.name);
            trials.push(kind.trial(&name, move |place| every_fault(place, operation)));
        }
    }
    trials
}

fn no_function_is_left_out() {
    let functions = Component::plugin().functions();
    let exported: BTreeSet<&str> = functions.iter().map(|it| &*it.name).collect();
    let mut tried: BTreeSet<&str> = Operation::ALL.iter().map(|it| it.function).collect();
    // It reaches no import.
    tried.insert("meta.describe");
    assert_eq!(tried, exported);
}

// covers: WORLD-6, STORE-7
async fn every_fault(place: Place, operation: Operation) {
    let scene = Scene::set(&place).await;
    let (mut runs, mut fired) = (0, 0);
    // A store that never answers is as dead in whatever form, and one on a disk may be slower than the host is patient.
    let in_memory = place.kind == Kind::Memory;
    let ways = Way::ALL.into_iter();
    for (of, way) in ways.filter(|(_, way)| in_memory || !way.never_answers()) {
        for on in 1.. {
            let plan = Plan { of, way, on };
            let title = format!("{of:?} {on} {way:?}");
            runs += 1;
            if !scene.run(operation, plan, &title, runs).await {
                break;
            }
            fired += 1;
            if way == Way::ConflictsForEver {
                break;
            }
        }
    }
    assert!(fired > 0, "it does not use the store");
}

struct Scene {
    gateway: Gateway,
    faulty: Arc<Faulty>,
}

/// What is in the store of one user, and of policies and counters.
#[derive(Debug, PartialEq)]
struct Snapshot {
    records: Vec<(RecordKind, Vec<Listed>)>,
    position: u64,
}

impl Scene {
    async fn set(place: &Place) -> Self {
        let faulty = Arc::new(Faulty::before(place.store.clone()));
        let (way, store) = (faulty.clone(), place.store.clone());
        let gateway = match place.kind {
            Kind::Memory => Gateway::within(IMPATIENT.clone(), way, store, START),
            _ => Gateway::within(Gateway::plugin(), way, store, START),
        };
        gateway.put_policy().await;
        Self { gateway, faulty }
    }

    /// Brings a new user to where the call can be made, makes it with one use of the store failing, and once more
    /// without. Says whether there was that use.
    async fn run(&self, operation: Operation, plan: Plan, title: &str, number: usize) -> bool {
        let gateway = &self.gateway;
        let user = format!("user-{number}");
        // Codes and limits of before are over.
        gateway.clock.advance(7_200);
        let args = operation.prepare(gateway, &user).await;
        let before = self.snapshot(&user).await;
        let sent = gateway.line.messages().len();

        self.faulty.plan(plan);
        let answer = gateway.call(operation.function, &args).await;
        let happened = self.faulty.end();
        let after = self.snapshot(&user).await;
        let events = self.events(&user, &before).await;
        if happened.fired == 0 {
            assert!(answer.get("ok").is_some(), "{title}: {answer}");
            return false;
        }
        let sent_now = gateway.line.messages().len() - sent;
        // A message whose going out cannot be noted does not go out, and that is said.
        let not_sent = answer.pointer("/ok/state") == Some(&json!("failed"));
        if not_sent {
            assert_eq!(sent_now, 0, "{title}: {answer}");
        } else {
            let refused = answer.get("err").is_some();
            assert!(refused, "{title}: nobody may be told else: {answer}");
        }
        if not_sent {
            assert!(happened.committed > 0, "{title}: it was not counted");
        } else if plan.way == Way::ConflictsForEver {
            assert_eq!(answer["err"], "busy", "{title}");
        } else if answer.pointer("/err/host").is_none() {
            assert_eq!(answer["err"], json!({ "unavailable": "store" }), "{title}");
        }
        match happened.committed {
            0 => assert_eq!(after, before, "{title}: something was written"),
            _ => assert_ne!(after, before, "{title}: a commit left nothing"),
        }
        let counted = events.iter().filter(|it| *it == "sms-requested").count();
        assert!(sent_now <= counted, "{title}: a message was not counted");

        // The same once more, by a store that works: it is answered as if nothing had been, if nothing was.
        let again = gateway.call(operation.function, &args).await;
        if happened.committed == 0 {
            assert!(again.get("ok").is_some(), "{title}: {again}");
        }
        for broken in ["unavailable", "host", "other"] {
            let err = &again["err"];
            assert!(err.get(broken).is_none(), "{title}: {again}");
        }
        self.faulty.settle().await;
        let accepted = usize::from(is_accepted(&answer)) + usize::from(is_accepted(&again));
        let events = self.events(&user, &before).await;
        let marks = events.iter().filter(|it| MARKS.contains(&it.as_str()));
        let marks = marks.count();
        assert!(accepted <= marks && marks <= 1, "{title}: {events:?}");
        if operation.accepts {
            assert_eq!(marks, 1, "{title}: it was never accepted: {again}");
            self.is_spent(operation, &user, &args, title).await;
        }
        let status = json!({ "user": user });
        gateway.ok("administration.status", &status).await;
        true
    }

    /// A code that was accepted, answered or not, is not accepted on another ticket.
    async fn is_spent(&self, operation: Operation, user: &str, args: &Value, title: &str) {
        if operation.function != "verification.verify" {
            return;
        }
        let mut args = args.clone();
        args["ticket"] = self.gateway.begin(user, "sign-in").await.into();
        let answer = self.gateway.call(operation.function, &args).await;
        assert!(!is_accepted(&answer), "{title}: accepted twice: {answer}");
    }

    async fn snapshot(&self, user: &str) -> Snapshot {
        let store = &self.gateway.store;
        let mut records = Vec::new();
        for kind in [
            RecordKind::Account,
            RecordKind::Tickets,
            RecordKind::Policy,
            RecordKind::Quota,
        ] {
            let mut listed = store.list(REALM, kind, None, 10_000).await.expect("listed");
            if matches!(kind, RecordKind::Account | RecordKind::Tickets) {
                listed.retain(|it| it.name == user);
            }
            records.push((kind, listed));
        }
        let position = store.last_position(REALM).await.expect("it answers");
        Snapshot { records, position }
    }

    /// The names of the user's events since then.
    async fn events(&self, user: &str, since: &Snapshot) -> Vec<String> {
        let events = self.gateway.store.events(REALM, since.position, 1_000);
        let events = events.await.expect("it answers");
        let of_user = events
            .iter()
            .filter(|it| it.event.user.as_deref() == Some(user));
        of_user.map(|it| it.event.name().to_owned()).collect()
    }
}

fn is_accepted(answer: &Value) -> bool {
    answer.pointer("/ok/accepted").is_some()
}

/// Gives a store up soon; one in memory answers at once or never.
static IMPATIENT: LazyLock<Plugin> = LazyLock::new(|| {
    let mut limits = Component::limits();
    limits.store_time = PATIENCE;
    Component::plugin_within(limits)
});

/// The events of what is accepted.
const MARKS: [&str; 3] = [
    "challenge-passed",
    "enrollment-confirmed",
    "recovery-presented",
];
const PATIENCE: Duration = Duration::from_millis(50);
/// The first second of a time step.
const START: u64 = 1_750_000_020;
