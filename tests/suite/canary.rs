//! Nothing secret in anything that somebody else reads.
//!
//! One long run through the real component and host, and a search for everything secret that was answered or typed in it:
//! in the events, in what errors and objects print, and in what lies in the store, sealed and opened. Only the answers that
//! are meant to carry a secret may, and they go nowhere else.

use countersign_conformance::World;
use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::world::Fate;
use countersign_host::Countersign;
use countersign_host::store::{Content, Kind};
use countersign_tests::policy;
use countersign_tests::subject::Component;
use serde_json::{Value, json};

// V-96
// covers: EVENT-3, TICKET-1, RECOVER-7, ADMIN-1
#[tokio::test]
async fn no_secret_stands_where_somebody_else_reads() {
    let mut run = Run::new();
    run.everything().await;

    assert!(run.keys.len() >= 3, "the run set up too few apps");
    assert!(run.tickets.len() >= 8, "the run began too little");
    assert!(
        run.recovery_codes.len() >= 4,
        "the run issued too few codes"
    );
    assert!(run.world.line().messages().len() >= 2, "too few messages");
    let read_by_others = run.read_by_others();
    for part in [
        "challenge-passed",
        "sms-sent",
        "sms-failed",
        "203.0.113.7",
        "the plugin refused",
        "Countersign {",
    ] {
        assert!(
            read_by_others.contains(part),
            "the search did not look at {part}"
        );
    }
    for (what, secret) in run.secrets() {
        assert!(
            !contains(read_by_others.as_bytes(), secret.as_bytes()),
            "{what} stands where somebody else reads: {}",
            around(&read_by_others, &secret)
        );
    }
    for key in &run.keys {
        let raw = raw(key);
        assert!(
            !contains(read_by_others.as_bytes(), &raw),
            "a raw key is printed"
        );
    }
}

// V-47
#[tokio::test]
async fn what_is_stored_is_sealed_and_holds_no_bearer_string_even_when_opened() {
    let mut run = Run::new();
    run.everything().await;
    let sealer = run.world.sealer();
    let mut opened_accounts = 0;
    for (key, stored) in run.world.store().records() {
        // The names of counters are not sealed.
        let name = format!("{key:?}");
        assert!(!name.contains("2025550142"), "a number is in a name");
        let Content::Sealed(sealed) = stored.content else {
            continue;
        };
        for (what, secret) in run.secrets() {
            assert!(
                !contains(&sealed, secret.as_bytes()),
                "{what} is stored as it is"
            );
        }
        for key in &run.keys {
            assert!(!contains(&sealed, &raw(key)), "a key is stored as it is");
        }
        let opened = sealer.open(&key, &sealed).expect("it opens");
        opened_accounts += usize::from(key.record.kind() == Kind::Account);
        // Keys of apps must be kept to be compared with; tickets and recovery codes must not.
        for secret in run.tickets.iter().chain(&run.recovery_codes) {
            assert!(
                !contains(&opened, secret.as_bytes()),
                "a bearer string is kept"
            );
            let joined = secret.replace('-', "");
            assert!(
                !contains(&opened, joined.as_bytes()),
                "a bearer string is kept"
            );
        }
    }
    assert!(opened_accounts > 0, "no account was opened");
}

/// What is done, what was secret in it, and what was printed.
struct Run {
    world: World,
    host: Countersign,
    keys: Vec<String>,
    tickets: Vec<String>,
    recovery_codes: Vec<String>,
    typed: Vec<String>,
    /// Answers that are to carry no secret, and what errors print.
    printed: Vec<String>,
}

impl Run {
    fn new() -> Self {
        let world = World::new(99);
        Self {
            host: Component::host(&world).for_client("203.0.113.7"),
            world,
            keys: Vec::new(),
            tickets: Vec::new(),
            recovery_codes: Vec::new(),
            typed: Vec::new(),
            printed: Vec::new(),
        }
    }

    /// Enrolls, signs in, mistypes, recovers, replaces, removes, and is refused in as many ways as there are.
    async fn everything(&mut self) {
        let mut policy = policy::voluntary();
        policy["policy"]["methods"] = json!(["totp", "sms"]);
        policy["policy"]["sms"]["countries"] = json!(["US"]);
        self.call("policy.put", policy).await;
        let ticket = self.begin("manage-factors").await;
        let key = self.begin_totp(&ticket).await;
        for code in [self.wrong(&key), self.code(&key)] {
            self.with_code("enrollment.confirm", &ticket, &code).await;
        }
        self.world.clock().advance(90);

        let ticket = self.begin("sign-in").await;
        for code in [self.wrong(&key), "12345x".to_owned(), self.code(&key)] {
            self.with_code("verification.verify", &ticket, &code).await;
        }
        self.with_code("verification.verify", &ticket, &self.code(&key))
            .await;
        self.refused_by_the_typed_interface(&ticket).await;

        // A recovery, with a wrong code, one that is none, and the right one.
        let ticket = self.begin("sign-in").await;
        let code = self.recovery_codes.last().cloned().unwrap_or_default();
        let wrong = code.replace(['0', '1', '2', '3'], "7");
        for code in [wrong, "canary-not-a-code".to_owned(), code] {
            self.present(&ticket, &code).await;
        }
        let recovering = self.tickets.last().cloned().unwrap_or_default();
        let key = self.begin_totp(&recovering).await;
        self.with_code("enrollment.confirm", &recovering, &self.code(&key))
            .await;
        self.world.clock().advance(90);

        // A replacement, another recovery code, a removal.
        let ticket = self.begin("manage-factors").await;
        self.with_code("verification.verify", &ticket, &self.code(&key))
            .await;
        let verified = self.tickets.last().cloned().unwrap_or_default();
        let key = self.begin_totp(&verified).await;
        let of_ticket = json!({ "user": USER, "ticket": verified });
        self.call("sign-in.inspect", of_ticket.clone()).await;
        self.with_code("enrollment.confirm", &verified, &self.code(&key))
            .await;
        self.call("recovery.issue", of_ticket).await;

        self.texts(&key).await;

        // Faults of the host, and a lock.
        self.world.clock().advance(90);
        let ticket = self.begin("sign-in").await;
        self.world.clock().break_down(true);
        self.with_code("verification.verify", &ticket, &self.code(&key))
            .await;
        self.world.clock().break_down(false);
        for _ in 0..5 {
            self.with_code("verification.verify", &ticket, &self.wrong(&key))
                .await;
        }
        let ticket = self.begin("sign-in").await;
        self.with_code("verification.verify", &ticket, &self.code(&key))
            .await;

        // An import from another system, and one that is refused.
        for uri in [
            "otpauth://totp/Old:eva?secret=NBSWY3DPEHPK3PXPNBSWY3DPEHPK3PXP&issuer=Old",
            "otpauth://totp/Old:eva?secret=NBSWY3DPEHPK3PXPNBSWY3DPEHPK3PXP&issuer=Other",
        ] {
            let args = json!({ "user": "eva", "uri": uri, "actor": { "operator": "op" } });
            self.call("administration.add-totp", args).await;
        }
        self.keys
            .push("NBSWY3DPEHPK3PXPNBSWY3DPEHPK3PXP".to_owned());
        for user in [USER, "eva"] {
            let status = self
                .call("administration.status", json!({ "user": user }))
                .await;
            self.printed.push(status.to_string());
        }
        for function in ["sign-in.begin", "recovery.present", "nothing.at-all"] {
            self.call(function, json!({ "ticket": ticket, "user": 7 }))
                .await;
        }
    }

    /// Sets up a phone beside the app, signs in with it, and has a message fail.
    async fn texts(&mut self, key: &str) {
        self.world.clock().advance(90);
        let ticket = self.begin("manage-factors").await;
        self.with_code("verification.verify", &ticket, &self.code(key))
            .await;
        let verified = self.tickets.last().cloned().unwrap_or_default();
        for phone in ["+1 202 555 0142 ext. 7", "+34 600 000 000", PHONE] {
            let args = json!({ "user": USER, "ticket": verified, "phone": phone });
            self.call("enrollment.begin-sms", args).await;
        }
        self.with_text("enrollment.confirm", &verified).await;
        for fate in [None, Some(Fate::Failed)] {
            self.world.clock().advance(90);
            if let Some(fate) = fate {
                self.world.line().destine(fate);
            }
            let ticket = self.begin("sign-in").await;
            let of_ticket = json!({ "user": USER, "ticket": ticket });
            for function in ["verification.send-code", "sign-in.inspect"] {
                let answer = self.call(function, of_ticket.clone()).await;
                self.printed.push(without_ids(&answer).to_string());
            }
            self.with_text("verification.verify", &ticket).await;
        }
    }

    async fn with_text(&mut self, function: &str, ticket: &str) {
        let sent = self.world.line().messages().pop();
        let code = sent.map(|it| it.code.clone()).unwrap_or_default();
        let mut args = json!({ "user": USER, "ticket": ticket, "method": "sms", "code": code });
        if function == "verification.verify" {
            args["remember"] = json!(false);
        }
        self.typed.push(code);
        self.call(function, args).await;
    }

    /// Makes a call, notes what is secret in its answer, and prints it if it is a refusal.
    async fn call(&mut self, function: &str, args: Value) -> Value {
        match self.host.call_json(function, &args).await {
            Ok(answer) => {
                self.note(&answer);
                if answer.get("err").is_some() {
                    self.printed.push(answer.to_string());
                }
                answer
            }
            Err(error) => {
                self.printed.push(format!("{error} {error:?} {error:#?}"));
                json!({})
            }
        }
    }

    async fn refused_by_the_typed_interface(&mut self, ticket: &str) {
        use countersign_host::contract::Method;
        let verification = self.host.verification();
        let code = self.typed.last().cloned().unwrap_or_default();
        for (ticket, code) in [(ticket, &*code), (ticket, "no code"), ("é", &*code)] {
            let refused = verification
                .verify(USER, ticket, Method::Totp, code, false)
                .await
                .expect_err("the ticket is spent");
            self.printed
                .push(format!("{refused} {refused:?} {refused:#?}"));
        }
    }

    async fn begin(&mut self, purpose: &str) -> String {
        let request = json!({
            "memberships": [{ "company": "acme", "roles": [], "active": true }],
            "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
            "purpose": purpose,
            "binding-attested": false,
            "known-enrolled": false,
        });
        self.call("sign-in.begin", json!({ "user": USER, "request": request }))
            .await;
        self.tickets.last().cloned().unwrap_or_default()
    }

    async fn begin_totp(&mut self, ticket: &str) -> String {
        let label = json!({ "issuer": "Example", "account-name": "ana@example.com" });
        let args = json!({ "user": USER, "ticket": ticket, "label": label });
        self.call("enrollment.begin-totp", args).await;
        self.keys.last().cloned().unwrap_or_default()
    }

    async fn with_code(&mut self, function: &str, ticket: &str, code: &str) {
        self.typed.push(code.to_owned());
        let mut args = json!({ "user": USER, "ticket": ticket, "method": "totp", "code": code });
        if function == "verification.verify" {
            args["remember"] = json!(false);
        }
        self.call(function, args).await;
    }

    async fn present(&mut self, ticket: &str, code: &str) {
        self.typed.push(code.to_owned());
        let args = json!({ "user": USER, "ticket": ticket, "code": code });
        self.call("recovery.present", args).await;
    }

    fn code(&self, key: &str) -> String {
        self.app(key).code(self.world.clock().time())
    }

    fn wrong(&self, key: &str) -> String {
        self.app(key).wrong_code(self.world.clock().time(), 123_456)
    }

    fn app(&self, key: &str) -> Authenticator {
        Authenticator::scan(key).expect("it is a key")
    }

    fn note(&mut self, answer: &Value) {
        let Value::Object(fields) = answer else {
            return;
        };
        for (name, value) in fields {
            match (name.as_str(), value.as_str()) {
                ("secret", Some(text)) => self.keys.push(text.to_owned()),
                ("ticket", Some(text)) if text.len() > 16 => self.tickets.push(text.to_owned()),
                ("code", Some(text)) => self.recovery_codes.push(text.to_owned()),
                _ => self.note(value),
            }
        }
    }

    /// Everything secret, as others might come across it, and what it is.
    fn secrets(&self) -> Vec<(&'static str, String)> {
        let mut secrets = Vec::new();
        for key in &self.keys {
            secrets.push(("a key in base 32", key.clone()));
            secrets.push(("a key in lower case", key.to_lowercase()));
            secrets.push(("a key in groups", grouped(key)));
            secrets.push(("a key in hexadecimal", hex(&raw(key))));
            secrets.push(("a key as a list of numbers", format!("{:?}", raw(key))));
        }
        for ticket in &self.tickets {
            secrets.push(("a ticket", ticket.clone()));
        }
        for message in self.world.line().messages() {
            secrets.push(("a code that was sent", message.code.clone()));
            secrets.push((
                "a number",
                message.number.trim_start_matches('+').to_owned(),
            ));
        }
        secrets.push(("a number as it was typed", PHONE.to_owned()));
        for code in self.recovery_codes.iter().chain(&self.typed) {
            secrets.push(("a code", code.clone()));
            secrets.push(("a code without hyphens", code.replace('-', "")));
        }
        secrets
    }

    /// Everything that is printed or kept for others to read.
    fn read_by_others(&self) -> String {
        let host = &self.host;
        let mut text = self.printed.join("\n");
        for event in self.world.events() {
            // Times and ids are long numbers, in which a code of six digits may stand by chance.
            text.push_str(&without_ids(&event).to_string());
        }
        for fault in self.world.noted() {
            text.push_str(&format!("{fault} {fault:?}"));
        }
        text.push_str(&format!(
            "{host:?} {host:#?} {:?} {:#?}",
            host.plugin(),
            host.plugin()
        ));
        text.push_str(&format!(
            "{:?}",
            Countersign::builder(host.plugin().clone())
        ));
        let world = &self.world;
        text.push_str(&format!(
            "{:?} {:?} {:?}",
            world.keyring(),
            world.line(),
            world.random()
        ));
        text.push_str(&format!("{:?}", world.sealer()));
        text
    }
}

/// The event without numbers and ids, both of which are made of digits and no secret.
fn without_ids(event: &Value) -> Value {
    match event {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| !value.is_number() && *name != "id")
            .map(|(name, value)| (name.clone(), without_ids(value)))
            .collect(),
        other => other.clone(),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && text.windows(part.len()).any(|window| window == part)
}

fn around<'a>(text: &'a str, part: &str) -> &'a str {
    let place = text.find(part).unwrap_or_default();
    text.get(place.saturating_sub(80)..place)
        .unwrap_or_default()
}

fn grouped(key: &str) -> String {
    let groups: Vec<String> = key
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Decodes base 32 (RFC 4648, section 6).
fn raw(key: &str) -> Vec<u8> {
    let bits: String = key
        .bytes()
        .filter_map(|symbol| {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
                .iter()
                .position(|it| *it == symbol)
        })
        .map(|value| format!("{value:05b}"))
        .collect();
    bits.as_bytes()
        .as_chunks::<8>()
        .0
        .iter()
        .filter_map(|byte| u8::from_str_radix(std::str::from_utf8(byte).ok()?, 2).ok())
        .collect()
}

const USER: &str = "ana";
const PHONE: &str = "+1 202 555 0142";
