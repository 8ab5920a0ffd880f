//! Users of a gateway, brought to where a trial begins.

use countersign_conformance::authenticator::Authenticator;
use countersign_tests::policy;
use serde_json::{Value, json};

use crate::gateway::Gateway;

/// A user with an app.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) app: Authenticator,
    pub(crate) recovery_code: String,
    pub(crate) recovery_id: String,
}

impl Gateway {
    /// Puts a policy that allows app and text messages.
    pub(crate) async fn put_policy(&self) {
        let mut policy = policy::voluntary();
        policy["policy"]["methods"] = json!(["totp", "sms"]);
        policy["policy"]["sms"]["countries"] = json!(["US"]);
        self.ok("policy.put", &policy).await;
    }

    /// Makes a call that must be answered `ok`.
    pub(crate) async fn ok(&self, function: &str, args: &Value) -> Value {
        let answer = self.call(function, args).await;
        match answer.get("ok") {
            Some(ok) => ok.clone(),
            None => panic!("{function}: {answer}"),
        }
    }

    /// Begins, and returns the ticket that was minted.
    pub(crate) async fn begin(&self, user: &str, purpose: &str) -> String {
        let outcome = self.ok("sign-in.begin", &begin(user, purpose)).await;
        ticket_of(&outcome).unwrap_or_else(|| panic!("{user}: {outcome}"))
    }

    /// Enrolls a user with an app, and waits until its first code is over.
    pub(crate) async fn enroll(&self, user: &str) -> Person {
        let person = self.enroll_now(user).await;
        self.clock.advance(90);
        person
    }

    /// Enrolls a user with an app, whose code of now is used up by that.
    pub(crate) async fn enroll_now(&self, user: &str) -> Person {
        let ticket = self.begin(user, "manage-factors").await;
        let app = self.begin_totp(user, &ticket).await;
        let code = app.code(self.time());
        let verdict = self
            .ok(
                "enrollment.confirm",
                &with_code(user, &ticket, "totp", &code),
            )
            .await;
        let recovery_code = text(&verdict, "/accepted/recovery-code/code");
        Person {
            name: user.to_owned(),
            app,
            recovery_code,
            recovery_id: text(&verdict, "/accepted/recovery-code/id"),
        }
    }

    pub(crate) async fn begin_totp(&self, user: &str, ticket: &str) -> Authenticator {
        let args = json!({ "user": user, "ticket": ticket,
            "label": { "issuer": "Example", "account-name": "person@example.com" } });
        let setup = self.ok("enrollment.begin-totp", &args).await;
        Authenticator::scan(&text(&setup, "/secret")).expect("it is a key")
    }

    /// Returns the code of the last message to a number.
    pub(crate) fn sent_to(&self, number: &str) -> String {
        let messages = self.line.messages();
        let mut sent = messages.iter().rev();
        let last = sent.find(|it| it.number == number);
        last.expect("a message went out").code.clone()
    }

    pub(crate) fn time(&self) -> u64 {
        countersign_host::clock::Clock::now(&self.clock).expect("it always knows")
    }
}

pub(crate) fn begin(user: &str, purpose: &str) -> Value {
    json!({ "user": user, "request": {
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
        "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
        "purpose": purpose, "binding-attested": false, "known-enrolled": false,
    } })
}

/// The arguments of `enrollment.confirm`.
pub(crate) fn with_code(user: &str, ticket: &str, method: &str, code: &str) -> Value {
    json!({ "user": user, "ticket": ticket, "method": method, "code": code })
}

/// The arguments of `verification.verify`.
pub(crate) fn verify(user: &str, ticket: &str, method: &str, code: &str) -> Value {
    let mut args = with_code(user, ticket, method, code);
    args["remember"] = json!(false);
    args
}

/// The ticket of what `begin` answered, if it minted one.
pub(crate) fn ticket_of(outcome: &Value) -> Option<String> {
    let ticket = outcome
        .pointer("/challenge/ticket")
        .or_else(|| outcome.pointer("/enroll/ticket"))?;
    ticket.as_str().map(str::to_owned)
}

pub(crate) fn text(value: &Value, path: &str) -> String {
    let found = value.pointer(path).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {path} in {value}"))
        .to_owned()
}
