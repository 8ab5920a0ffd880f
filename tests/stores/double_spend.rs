//! What is good once, spent by 32 callers at once: one of them wins, on every store and in two processes.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::duties::race;
use crate::gateway::{Answer, Gateway, REALM, Request};
use crate::kind::{Kind, Place};
use crate::people::{text, verify, with_code};
use crate::worker::Worker;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        trials.extend(each(kind, Processes::One));
    }
    for kind in Kind::SHARED {
        trials.extend(each(kind, Processes::Two));
    }
    trials
}

#[derive(Clone, Copy)]
enum Processes {
    One,
    Two,
}

fn each(kind: Kind, processes: Processes) -> Vec<Trial> {
    let trial = |name: &str, spend: Spend| {
        let name = match processes {
            Processes::One => name.to_owned(),
            Processes::Two => format!("two_processes/{name}"),
        };
        kind.trial(&name, move |place| rounds(place, processes, spend))
    };
    vec![
        trial("a_code_of_an_app_is_accepted_once", Spend::AppCode),
        trial("a_code_of_a_text_message_is_accepted_once", Spend::SentCode),
        trial("a_recovery_code_opens_one_enrollment", Spend::RecoveryCode),
        trial("a_ticket_changes_its_stage_once", Spend::Ticket),
        trial("what_was_begun_is_confirmed_once", Spend::Begun),
    ]
}

/// What is good once.
#[derive(Clone, Copy, PartialEq)]
enum Spend {
    AppCode,
    SentCode,
    RecoveryCode,
    Ticket,
    Begun,
}

/// What all callers do: the function, and as many sets of arguments as they take in turn.
struct Attempt {
    user: String,
    function: &'static str,
    args: Vec<Value>,
    /// The event of whoever wins.
    event: &'static str,
}

// covers: STORE-2, VERIFY-3, RECOVER-3, TICKET-2, ENROLL-14
async fn rounds(place: Place, processes: Processes, spend: Spend) {
    let gateway = Arc::new(Gateway::on(place.store.clone(), START));
    let worker = match processes {
        Processes::One => None,
        Processes::Two => Some(Worker::start(&place.address, START)),
    };
    gateway.put_policy().await;
    for round in 0..ROUNDS {
        let mut attempt = spend.prepare(&gateway, round).await;
        let mut won = attempt.once(&gateway, worker.as_ref()).await;
        if spend == Spend::RecoveryCode {
            // It is spent by the confirmation: that happens once, too.
            let ticket = text(&won, "/ok/accepted/ticket");
            attempt = Attempt::confirm(&gateway, &attempt.user, &[ticket]).await;
            won = attempt.once(&gateway, worker.as_ref()).await;
        }
        assert!(won.pointer("/ok/accepted").is_some());
    }
}

impl Attempt {
    /// Lets 32 callers make it at once, in one process or two, and returns the one answer that accepts.
    async fn once(&self, gateway: &Arc<Gateway>, worker: Option<&Worker>) -> Value {
        let before = gateway.store.last_position(REALM).await.expect("answered");
        let requests: Vec<Request> = (0..CALLERS)
            .map(|caller| Request::Call {
                function: self.function.to_owned(),
                args: self.args[caller % self.args.len()].clone(),
                client: format!("caller-{caller}"),
            })
            .collect();
        let (here, there) = match worker {
            None => (&requests[..], &requests[..0]),
            Some(_) => requests.split_at(CALLERS / 2),
        };
        let race = race(here.len(), |caller| {
            let (gateway, request) = (gateway.clone(), here[caller].clone());
            async move { Some(gateway.ask(request).await) }
        });
        let answers = match worker {
            None => race.await,
            Some(worker) => {
                let time = Request::Time(gateway.time());
                worker.ask(&time).await.expect("it lives");
                let (there, here) = tokio::join!(worker.ask_all(there), race);
                here.into_iter().chain(there).collect()
            }
        };
        let answers: Vec<Value> = answers
            .into_iter()
            .map(|it| Answer::called(it).expect("every call is answered"))
            .collect();
        let is_accepted = |it: &&Value| it.pointer("/ok/accepted").is_some();
        for answer in answers.iter().filter(|it| !is_accepted(it)) {
            let rejected = answer.pointer("/ok/rejected").is_some();
            // A store may be too busy for all of them, as long as it says so.
            let refused = ["ticket", "busy", "locked", "unavailable"]
                .iter()
                .any(|why| {
                    let err = &answer["err"];
                    err.get(why).is_some() || err == why
                });
            assert!(rejected || refused, "{answer}");
        }
        let accepted: Vec<&Value> = answers.iter().filter(is_accepted).collect();
        assert_eq!(accepted.len(), 1, "{accepted:?}");
        self.is_noted_once(gateway, before).await;
        accepted[0].clone()
    }

    /// The trail may be readable a moment after the commit.
    async fn is_noted_once(&self, gateway: &Gateway, before: u64) {
        for patience in (0..100).rev() {
            let events = gateway.store.events(REALM, before, 1_000).await;
            let events = events.expect("it answers");
            let noted = events.iter().filter(|it| {
                it.event.name() == self.event && it.event.user.as_deref() == Some(&self.user)
            });
            match noted.count() {
                1 => return,
                0 if patience > 0 => tokio::time::sleep(Duration::from_millis(10)).await,
                other => panic!("{} is noted {other} times", self.event),
            }
        }
    }

    /// The confirmation of an app, begun on each of some tickets.
    async fn confirm(gateway: &Gateway, user: &str, tickets: &[String]) -> Self {
        let mut args = Vec::new();
        for ticket in tickets {
            let app = gateway.begin_totp(user, ticket).await;
            args.push(with_code(user, ticket, "totp", &app.code(gateway.time())));
        }
        Self {
            user: user.to_owned(),
            function: "enrollment.confirm",
            args,
            event: "enrollment-confirmed",
        }
    }
}

impl Spend {
    /// Brings a new user to where it can be spent: in every other round on two tickets, where two could spend it.
    async fn prepare(self, gateway: &Gateway, round: usize) -> Attempt {
        let user = &*format!("user-{round}");
        let tickets = 1 + round % 2;
        let begin = async |purpose, tickets| {
            let mut minted = Vec::new();
            for _ in 0..tickets {
                minted.push(gateway.begin(user, purpose).await);
            }
            minted
        };
        let verify_each = |tickets: &[String], method: &str, codes: &[String]| {
            let each = tickets.iter();
            let args = each.flat_map(|it| codes.iter().map(|code| verify(user, it, method, code)));
            Attempt {
                user: user.to_owned(),
                function: "verification.verify",
                args: args.collect(),
                event: "challenge-passed",
            }
        };
        match self {
            Self::AppCode => {
                let person = gateway.enroll(user).await;
                let code = person.app.code(gateway.time());
                verify_each(&begin("sign-in", tickets).await, "totp", &[code])
            }
            Self::SentCode => {
                let number = format!("+1202555{:04}", 100 + round);
                let ticket = gateway.begin(user, "manage-factors").await;
                let phone = json!({ "user": user, "ticket": ticket, "phone": number });
                gateway.ok("enrollment.begin-sms", &phone).await;
                let code = gateway.sent_to(&number);
                let confirm = with_code(user, &ticket, "sms", &code);
                gateway.ok("enrollment.confirm", &confirm).await;
                gateway.clock.advance(90);
                let tickets = begin("sign-in", 1).await;
                let of_ticket = json!({ "user": user, "ticket": tickets[0] });
                gateway.ok("verification.send-code", &of_ticket).await;
                verify_each(&tickets, "sms", &[gateway.sent_to(&number)])
            }
            Self::RecoveryCode => {
                let person = gateway.enroll(user).await;
                let ticket = gateway.begin(user, "sign-in").await;
                let args = json!({ "user": user, "ticket": ticket, "code": person.recovery_code });
                Attempt {
                    user: person.name,
                    function: "recovery.present",
                    args: vec![args],
                    event: "recovery-presented",
                }
            }
            Self::Ticket => {
                let person = gateway.enroll(user).await;
                // Three codes are good at once; the ticket is for one of them.
                let code = |offset| person.app.code_near(gateway.time(), offset);
                let codes = [code(-1), code(0), code(1)];
                verify_each(&begin("manage-factors", 1).await, "totp", &codes)
            }
            Self::Begun => {
                let tickets = begin("manage-factors", tickets).await;
                Attempt::confirm(gateway, user, &tickets).await
            }
        }
    }
}

const CALLERS: usize = 32;
const ROUNDS: usize = 16;
/// The first second of a time step.
const START: u64 = 1_750_000_020;
