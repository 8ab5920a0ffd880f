//! The core and the component, asked the same, answer the same but for what is random.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Core;
use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::{Instance, Subject};

use crate::subject::Component;
use countersign_conformance::world::World;

/// A subject in a world of its own, and what the user of its answers remembers.
struct Side {
    world: World,
    instance: Arc<dyn Instance>,
    known: Map<String, Value>,
}

impl Side {
    fn of(subject: &dyn Subject) -> Self {
        let world = World::new(1);
        let instance = subject.start(&world);
        Self {
            world,
            instance,
            known: Map::new(),
        }
    }

    async fn call(&mut self, function: &str, args: &Value) -> Value {
        let now = self.world.clock().time();
        if let Some(uri) = self.known.get("uri").and_then(Value::as_str) {
            let app = Authenticator::scan(uri).expect("it is an address");
            let codes = [("right", app.code(now)), ("wrong", app.wrong_code(now, 0))];
            let codes = codes.map(|(name, code)| (name.to_owned(), json!(code)));
            self.known.extend(codes);
        }
        let mut args = args.clone();
        fill_in(&mut args, &self.known);
        let mut answer = match self.instance.call(function, &args).await {
            Ok(answer) => answer,
            Err(_) => json!("no answer"),
        };
        mask(&mut answer, &mut self.known);
        answer
    }
}

/// Puts what is remembered as `ticket` in the place of `$ticket`.
fn fill_in(args: &mut Value, known: &Map<String, Value>) {
    match args {
        Value::String(text) => {
            if let Some(found) = text.strip_prefix('$').and_then(|name| known.get(name)) {
                *args = found.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| fill_in(it, known)),
        Value::Object(fields) => fields.values_mut().for_each(|it| fill_in(it, known)),
        _ => {}
    }
}

/// Remembers what is random, and takes it out.
fn mask(answer: &mut Value, known: &mut Map<String, Value>) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(|it| mask(it, known)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(_) if RANDOM.contains(&name.as_str()) => {
                        known.insert(name.clone(), value.take());
                    }
                    _ => mask(value, known),
                }
            }
        }
        _ => {}
    }
}

/// Both sides. Calls that went well and calls that did not are counted, so that nobody compares failures alone.
struct Pair {
    core: Side,
    component: Side,
    answered: usize,
    refused: usize,
}

impl Pair {
    fn new() -> Self {
        Self {
            core: Side::of(&Core),
            component: Side::of(&Component),
            answered: 0,
            refused: 0,
        }
    }

    fn advance(&self, seconds: u64) {
        self.core.world.clock().advance(seconds);
        self.component.world.clock().advance(seconds);
    }

    async fn ask(&mut self, function: &str, args: Value) {
        let core = self.core.call(function, &args).await;
        let component = self.component.call(function, &args).await;
        assert_eq!(core, component, "{function} {args}");
        let count = match core.get("err") {
            Some(_) => &mut self.refused,
            None => &mut self.answered,
        };
        *count = count.saturating_add(1);
    }

    async fn begin(&mut self, purpose: Value) {
        let first_factor = json!({ "kind": "password", "age": 3, "channel": "direct" });
        let request = json!({
            "memberships": memberships(),
            "first-factor": first_factor,
            "purpose": purpose,
            "binding-attested": true,
            "known-enrolled": false,
        });
        self.ask(
            "sign-in.begin",
            json!({ "user": "ana", "request": request }),
        )
        .await;
        self.ask(
            "sign-in.inspect",
            json!({ "user": "ana", "ticket": "$ticket" }),
        )
        .await;
    }

    /// Calls a function about Ana's ticket.
    async fn on_ticket(&mut self, function: &str, more: Value) {
        let mut args = json!({ "user": "ana", "ticket": "$ticket" });
        if let (Value::Object(args), Value::Object(more)) = (&mut args, more) {
            args.extend(more);
        }
        self.ask(function, args).await;
    }

    async fn status(&mut self) {
        self.ask("administration.status", json!({ "user": "ana" }))
            .await;
    }

    fn events_are_alike(&self) {
        let [core, component] = [&self.core, &self.component].map(|side| {
            let mut events = Value::Array(side.world.events());
            mask(&mut events, &mut Map::new());
            events
        });
        assert_eq!(core, component);
    }
}

fn run(script: impl AsyncFnOnce(&mut Pair)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let mut pair = Pair::new();
        script(&mut pair).await;
        pair.events_are_alike();
    });
}

#[test]
fn a_life_with_an_app() {
    run(async |pair| {
        pair.ask("meta.describe", json!({})).await;
        put_policy(pair, policy(json!({ "enforced-from": DEADLINE_AT }))).await;
        pair.ask("policy.get", json!({ "company": "acme" })).await;
        pair.begin(json!("sign-in")).await;
        pair.begin(json!("manage-factors")).await;
        let label = json!({ "issuer": "Acme", "account-name": "ana" });
        pair.on_ticket("enrollment.begin-totp", json!({ "label": label }))
            .await;
        pair.on_ticket("sign-in.inspect", json!({})).await;
        pair.on_ticket("enrollment.cancel", json!({ "method": "totp" }))
            .await;
        pair.on_ticket("enrollment.begin-totp", json!({ "label": label }))
            .await;
        for code in ["$wrong", "12345", "$right"] {
            let args = json!({ "method": "totp", "code": code });
            pair.on_ticket("enrollment.confirm", args).await;
        }
        pair.ask(
            "recovery.acknowledge",
            json!({ "user": "ana", "code-id": "$id" }),
        )
        .await;
        pair.on_ticket("enrollment.prefer", json!({ "method": "totp" }))
            .await;
        pair.on_ticket("recovery.issue", json!({})).await;
        pair.status().await;
        pair.advance(60);
        pair.begin(json!("sign-in")).await;
        for code in ["$wrong", "$right", "$right"] {
            let args = json!({ "method": "totp", "code": code, "remember": false });
            pair.on_ticket("verification.verify", args).await;
        }
        pair.status().await;
        pair.begin(json!({ "step-up": "pay" })).await;
        pair.begin(json!("sign-in")).await;
        for code in ["0123456789ABCDEFGHJKMNPQRS", "$code"] {
            pair.on_ticket("recovery.present", json!({ "code": code }))
                .await;
        }
        pair.status().await;
        let session = json!({
            "first-factor": { "kind": { "federated": "idp" }, "age": 0, "channel": "email" },
            "factor-at": World::START, "epoch": 1,
        });
        for max_age in [json!(null), json!(5)] {
            pair.ask(
                "sign-in.assess",
                json!({ "user": "ana", "memberships": memberships(), "session": session, "max-age": max_age }),
            )
            .await;
        }
        assert_eq!((pair.answered, pair.refused), (30, 3));
    });
}

#[test]
fn what_admins_do() {
    run(async |pair| {
        let operator = json!({ "operator": "root" });
        put_policy(pair, policy(json!("voluntary"))).await;
        let import = json!({ "user": "ana", "uri": URI, "actor": operator });
        pair.ask("administration.add-totp", import.clone()).await;
        pair.ask("administration.add-totp", import).await;
        pair.begin(json!("sign-in")).await;
        for method in ["totp", "sms"] {
            pair.ask(
                "administration.unlock",
                json!({ "user": "ana", "method": method, "actor": operator }),
            )
            .await;
        }
        for what in ["tickets", "devices", "recovery"] {
            pair.ask(
                "administration.revoke",
                json!({ "user": "ana", "actor": operator, "what": what }),
            )
            .await;
        }
        let hypothetical = json!({ "company": "acme", "policy": policy(json!("off")) });
        for hypothetical in [json!(null), hypothetical] {
            let first_factor =
                json!({ "kind": "other", "age": 9, "channel": { "phone": "+12025550100" } });
            pair.ask(
                "administration.preview",
                json!({
                    "user": "ana", "memberships": memberships(), "first-factor": first_factor,
                    "purpose": "sign-in", "hypothetical": hypothetical, "at": World::START,
                }),
            )
            .await;
        }
        for (actor, verified) in [
            (json!({ "user": "ana" }), true),
            (json!({ "user": "bob" }), true),
            (operator.clone(), false),
            (operator.clone(), true),
        ] {
            pair.ask(
                "administration.reset",
                json!({
                    "user": "ana", "memberships": memberships(), "company": "acme", "actor": actor,
                    "identity-verified": verified, "reason": "lost",
                }),
            )
            .await;
        }
        pair.ask(
            "administration.first-factor-changed",
            json!({ "user": "ana" }),
        )
        .await;
        pair.ask(
            "administration.erase",
            json!({ "user": "ana", "actor": operator }),
        )
        .await;
        pair.status().await;
        pair.begin(json!("sign-in")).await;
        assert_eq!((pair.answered, pair.refused), (17, 4));
    });
}

#[test]
fn what_is_out_of_bounds() {
    run(async |pair| {
        pair.ask("policy.get", json!({ "company": "a\u{7}" })).await;
        pair.ask("policy.get", json!({ "company": "*" })).await;
        for (field, value) in [
            (
                "mode",
                json!({ "enforced-from": { "at": 1, "zone": "UTC" } }),
            ),
            (
                "mode",
                json!({ "enforced-from": { "at": DEADLINE_AT, "zone": "?" } }),
            ),
            ("methods", json!(["sms"])),
            ("role-methods", json!([{ "role": "admin", "methods": [] }])),
            ("trusted-providers", json!([""])),
            ("reauth-interval", json!(1)),
            ("reminder-days", json!([7, 7])),
        ] {
            let mut policy = policy(json!("off"));
            policy[field] = value;
            put_policy(pair, policy).await;
        }
        assert_eq!((pair.answered, pair.refused), (1, 8));
        put_policy(pair, policy(json!("voluntary"))).await;
        put_policy(pair, policy(json!("voluntary"))).await;
        for (user, ticket) in [("", "t"), ("ana", ""), ("ana", "unknown"), ("ana", "a b")] {
            let args = json!({ "user": user, "ticket": ticket });
            pair.ask("sign-in.inspect", args).await;
        }
        pair.begin(json!({ "step-up": "" })).await;
        pair.begin(json!("manage-factors")).await;
        for (issuer, account) in [("Ac:me", "ana"), ("Acme", ""), ("Acme", "ana")] {
            let label = json!({ "issuer": issuer, "account-name": account });
            pair.on_ticket("enrollment.begin-totp", json!({ "label": label }))
                .await;
        }
        for phone in ["202", "+12025550100"] {
            pair.on_ticket("enrollment.begin-sms", json!({ "phone": phone }))
                .await;
        }
        pair.on_ticket("enrollment.resend", json!({})).await;
        pair.on_ticket("verification.send-code", json!({})).await;
        pair.on_ticket("enrollment.remove", json!({ "method": "totp" }))
            .await;
        let uri = "otpauth://totp/A:b?secret=MZXW6&issuer=A";
        pair.ask(
            "administration.add-totp",
            json!({ "user": "ana", "uri": uri, "actor": { "user": "" } }),
        )
        .await;
        pair.ask(
            "administration.add-totp",
            json!({ "user": "ana", "uri": uri, "actor": { "operator": "root" } }),
        )
        .await;
        pair.ask(
            "recovery.acknowledge",
            json!({ "user": "ana", "code-id": "" }),
        )
        .await;
        pair.ask("sign-in.inspect", json!({ "user": "ana" })).await;
        pair.ask("sign-in.inspect", json!({ "user": 1, "ticket": "" }))
            .await;
        pair.ask("sign-in.guess", json!({})).await;
    });
}

async fn put_policy(pair: &mut Pair, policy: Value) {
    pair.ask(
        "policy.put",
        json!({
            "company": "acme", "policy": policy, "actor": { "user": "boss" }, "enforce-now": false,
        }),
    )
    .await;
}

fn memberships() -> Value {
    json!([{ "company": "acme", "roles": ["staff"], "active": true }])
}

fn policy(mode: Value) -> Value {
    let mode = match mode.get("enforced-from") {
        Some(at) if at.is_u64() => {
            json!({ "enforced-from": { "at": at, "zone": "Europe/Madrid" } })
        }
        _ => mode,
    };
    json!({
        "mode": mode,
        "methods": ["totp", "sms"],
        "role-methods": [{ "role": "admin", "methods": ["totp"] }],
        "trusted-providers": ["idp"],
        "first-binding": "attested",
        "reset-authority": "any-company",
        "totp-window": "current-and-previous",
        "sms": {
            "countries": ["ES"], "per-hour": 5, "per-day": 10, "daily-budget": 1000, "enrolling-percent": 30,
            "lifetime-minutes": 10, "beyond-ten-minutes": false, "resend": "fresh", "may-manage-app": true,
        },
        "guessing": "also-user-wide-ten",
        "reauth-interval": 43200,
        "device-days": 30,
        "reminder-days": [7, 1],
    })
}

/// Fields that hold what is random.
const RANDOM: [&str; 7] = [
    "ticket",
    "secret",
    "grouped-key",
    "uri",
    "factor-id",
    "id",
    "code",
];
const DEADLINE_AT: u64 = World::START + 90_000;
const URI: &str = "otpauth://totp/Acme:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme";
