//! A gateway that is killed while people sign in.

use std::error::Error;
use std::time::Duration;

use countersign_conformance::authenticator::Authenticator;
use countersign_host::Countersign;
use countersign_host::clock::FixedClock;
use countersign_host::keyring::LocalKeyring;
use countersign_host::store::{SqliteStore, Trail};
use countersign_tests::policy;
use countersign_tests::subject::Component;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::crash::Dice;
use super::scratch::{NOW, REALM, Scratch, close};
use super::trial;
use super::worker::{Role, Worker, tell};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "killed_gateway_keeps_used_codes_used_and_wrong_ones_counted",
        killed_gateway_keeps_used_codes_used_and_wrong_ones_counted,
    )]
}

async fn killed_gateway_keeps_used_codes_used_and_wrong_ones_counted() -> Result<(), Box<dyn Error>>
{
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let store = SqliteStore::open(&path).await?;
    let gateway = Gateway::on(store.clone());
    gateway.ok("policy.put", &policy::voluntary()).await;
    drop(gateway);
    close(store, &path);

    let mut dice = Dice(KILLS.into());
    let mut answered = [0; 4];
    for kill in 0..KILLS {
        let mut worker = Worker::start(Role::SignIn, &path);
        // The first one comes to the end of what there is to do, however slow the machine is.
        let begun = if kill == 0 { "recovered" } else { "enrolled" };
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|it: &String| it.contains(begun)) {
            lines.push(worker.line().ok_or("the worker did not begin")?);
        }
        let lives = Duration::from_micros(50_000 + dice.roll() % 150_000);
        tokio::time::sleep(lives).await;
        lines.extend(worker.kill());
        let store = SqliteStore::open(&path).await?;
        let gateway = Gateway::on(store.clone());
        for line in &lines {
            let fact: [String; 3] = serde_json::from_str(line)?;
            let kind = gateway.holds(&store, fact).await?;
            answered[kind] += 1;
        }
        drop(gateway);
        close(store, &path);
        SqliteStore::check(&path).await?;
    }
    let [enrolled, wrong, right, recovered] = answered;
    assert!(
        answered.iter().all(|it| *it > 0),
        "nobody came that far: {answered:?}"
    );
    println!(
        "    {KILLS} kills: {enrolled} enrolled, {wrong} wrong codes, {right} right ones, {recovered} recoveries, none lost"
    );
    Ok(())
}

/// The worker: one person after the other enrolls, mistypes, signs in and recovers. Each answer is told.
pub(super) async fn sign_in_for_ever(store: SqliteStore) {
    let gateway = Gateway::on(store);
    for number in 0.. {
        let user = format!("user-{}-{number}", std::process::id());
        let (code, recovery_code) = gateway.enroll(&user, "manage-factors").await;
        tell(&json!(["enrolled", user, ""]).to_string());

        let ticket = gateway.begin(&user, "sign-in").await;
        let wrong = code.wrong_code(LATER, 0);
        let args = verify(&user, &ticket, &wrong);
        let verdict = gateway.ok("verification.verify", &args).await;
        assert!(verdict.get("rejected").is_some(), "{verdict}");
        tell(&json!(["wrong", user, ""]).to_string());

        let right = code.code(LATER);
        let args = verify(&user, &ticket, &right);
        let verdict = gateway.ok("verification.verify", &args).await;
        assert!(verdict.get("accepted").is_some(), "{verdict}");
        tell(&json!(["right", user, right]).to_string());

        // Of the others the factor stays, so that its code is refused for no other reason than that it was used.
        if number % 2 == 0 {
            gateway.recover(&user, &recovery_code).await;
            tell(&json!(["recovered", user, recovery_code]).to_string());
        }
    }
}

struct Gateway {
    mfa: Countersign,
    clock: FixedClock,
}

impl Gateway {
    fn on(store: SqliteStore) -> Self {
        let clock = FixedClock::at(NOW);
        let mfa = Countersign::builder(Component::plugin())
            .realm(REALM)
            .store(store)
            .keyring(LocalKeyring::from_key([42; 32]))
            .clock(clock.clone())
            .build()
            .expect("nothing is missing");
        Self { mfa, clock }
    }

    /// Looks whether what a killed worker told still holds; returns which kind of fact it is.
    async fn holds(
        &self,
        store: &SqliteStore,
        [fact, user, code]: [String; 3],
    ) -> Result<usize, Box<dyn Error>> {
        self.clock.set(LATER);
        match fact.as_str() {
            "enrolled" => {
                self.begin(&user, "sign-in").await;
                Ok(0)
            }
            "wrong" => {
                let events = store.events(REALM, 0, usize::MAX).await?;
                let mut own = events
                    .iter()
                    .filter(|it| it.event.user.as_deref() == Some(&user));
                assert!(own.any(|it| it.event.name() == "challenge-failed"));
                Ok(1)
            }
            "right" => {
                let ticket = self.begin(&user, "sign-in").await;
                let args = verify(&user, &ticket, &code);
                let verdict = self.mfa.call_json("verification.verify", &args).await?;
                assert!(verdict.pointer("/ok/rejected").is_some(), "{verdict}");
                Ok(2)
            }
            "recovered" => {
                let ticket = self.begin(&user, "sign-in").await;
                let args = json!({ "user": user, "ticket": ticket, "code": code });
                let verdict = self.mfa.call_json("recovery.present", &args).await?;
                assert!(verdict.pointer("/ok/accepted").is_none(), "{verdict}");
                Ok(3)
            }
            _ => Err("no such fact".into()),
        }
    }

    /// Enrolls a user, at [`NOW`], and moves the clock to [`LATER`]; returns the app and the recovery code.
    async fn enroll(&self, user: &str, purpose: &str) -> (Authenticator, String) {
        self.clock.set(NOW);
        let ticket = self.begin(user, purpose).await;
        let enrolled = self.confirm(user, &ticket).await;
        self.clock.set(LATER);
        enrolled
    }

    async fn recover(&self, user: &str, code: &str) {
        let ticket = self.begin(user, "sign-in").await;
        let args = json!({ "user": user, "ticket": ticket, "code": code });
        let verdict = self.ok("recovery.present", &args).await;
        let ticket = text(&verdict, "/accepted/ticket");
        self.confirm(user, &ticket).await;
    }

    async fn confirm(&self, user: &str, ticket: &str) -> (Authenticator, String) {
        let args = json!({ "user": user, "ticket": ticket,
            "label": { "issuer": "Example", "account-name": "person@example.com" } });
        let setup = self.ok("enrollment.begin-totp", &args).await;
        let app = Authenticator::scan(&text(&setup, "/secret")).expect("it is a key");
        let now = countersign_host::clock::Clock::now(&self.clock).expect("it always knows");
        let args =
            json!({ "user": user, "ticket": ticket, "method": "totp", "code": app.code(now) });
        let verdict = self.ok("enrollment.confirm", &args).await;
        let recovery_code = text(&verdict, "/accepted/recovery-code/code");
        (app, recovery_code)
    }

    /// Begins, and returns the ticket that was minted.
    async fn begin(&self, user: &str, purpose: &str) -> String {
        let args = json!({ "user": user, "request": {
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": purpose, "binding-attested": false, "known-enrolled": false,
        } });
        let outcome = self.ok("sign-in.begin", &args).await;
        match purpose {
            "sign-in" => text(&outcome, "/challenge/ticket"),
            _ => text(&outcome, "/enroll/ticket"),
        }
    }

    async fn ok(&self, function: &str, args: &Value) -> Value {
        let answer = self.mfa.call_json(function, args).await.expect("an answer");
        match answer.get("ok") {
            Some(ok) => ok.clone(),
            None => panic!("{function}: {answer}"),
        }
    }
}

fn verify(user: &str, ticket: &str, code: &str) -> Value {
    json!({ "user": user, "ticket": ticket, "method": "totp", "code": code, "remember": false })
}

fn text(value: &Value, path: &str) -> String {
    let found = value.pointer(path).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {path} in {value}"))
        .to_owned()
}

const KILLS: u32 = 15;
/// When the code that enrolled is over.
const LATER: u64 = NOW + 90;
