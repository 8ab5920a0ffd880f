//! What went wrong in other systems and what a case cannot say. The ids are those of SECURITY.md.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_conformance::World;
use countersign_conformance::world::WorldStore;
use countersign_host::Countersign;
use countersign_host::store::{Commit, CommitError, Content, Key, Store, Stored, Unavailable};
use countersign_tests::policy;
use countersign_tests::subject::Component;
use serde_json::{Value, json};

use crate::{read, root};

// V-26, A-12, N-06
#[test]
fn three_functions_take_a_code_and_each_takes_a_ticket() {
    let functions = Component::plugin().functions();
    let takes = |name: &str, of: &str| {
        let found = functions.iter().find(|it| it.name == of);
        found.is_some_and(|it| it.parameters.iter().any(|parameter| parameter.name == name))
    };
    let with_code: BTreeSet<&str> = functions
        .iter()
        .map(|it| &*it.name)
        .filter(|name| takes("code", name))
        .collect();
    // Whoever adds one adds it to the limits, and to the cases that show them.
    let known = [
        "enrollment.confirm",
        "recovery.present",
        "verification.verify",
    ];
    assert_eq!(with_code, known.into());
    for function in with_code {
        assert!(takes("ticket", function), "{function} takes no ticket");
    }
}

// V-32, A-14
#[tokio::test]
async fn a_stranger_causes_the_same_reads_for_anybody() {
    let world = World::new(5);
    let counting = Counting::of(&world);
    let host = host(&world, &counting);
    enroll(&world, &host, "ana").await;
    // As long as a ticket is, and none.
    let ticket = "A".repeat(52);
    let mut read = Vec::new();
    for (user, typed) in [("ana", "000000"), ("bea", "000000"), ("ana", "123 456")] {
        counting.forget();
        let args = json!({
            "user": user, "ticket": ticket, "method": "totp", "code": typed, "remember": false,
        });
        let answer = host.call_json("verification.verify", &args).await;
        assert_eq!(
            answer.expect("it answers"),
            json!({ "err": { "ticket": "unknown" } })
        );
        read.push(counting.counted());
    }
    assert_eq!(read[0], (1, 2, 0), "one read of two records, and no commit");
    assert!(read.iter().all(|it| *it == read[0]), "{read:?}");
}

// V-34, A-18
#[test]
fn what_is_secret_has_no_comparison_that_was_derived() {
    for (file, name) in [
        ("code.rs", "Code"),
        ("secret.rs", "Secret"),
        ("secret.rs", "Text"),
        ("recovery_code.rs", "RecoveryCode"),
    ] {
        let text = read(&root().join("guest/core/src").join(file));
        let (before, _) = text
            .split_once(&format!("pub struct {name}("))
            .unwrap_or_else(|| panic!("{name} is not in {file}"));
        let attributes = before.rsplit("\n\n").next().unwrap_or_default();
        assert!(
            !attributes.contains("PartialEq"),
            "{name} derives a comparison"
        );
        // One written by hand goes through `subtle`.
        let written = text.split_once(&format!("impl PartialEq for {name} "));
        let body = written.and_then(|(_, after)| after.split("\n}").next());
        assert!(
            body.is_none_or(|it| it.contains("ct_eq")),
            "{name} compares in its own way"
        );
    }
}

// V-68, A-20
#[tokio::test]
async fn what_is_pending_is_sealed_like_what_is_confirmed() {
    let world = World::new(6);
    let host = Component::host(&world);
    put_policy(&host).await;
    let (_, key) = begin(&host, "ana").await;
    let mut opened = String::new();
    for (of, stored) in world.store().records() {
        let Content::Sealed(sealed) = stored.content else {
            continue;
        };
        assert!(
            !contains(&sealed, key.as_bytes()),
            "the key is stored as it is"
        );
        let bytes = world.sealer().open(&of, &sealed).expect("it opens");
        opened.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(
        opened.contains("pending"),
        "nothing pending was looked at: {opened}"
    );
}

// V-74, N-01
#[tokio::test]
async fn every_new_key_has_160_bits_when_decoded() {
    let world = World::new(7);
    let host = Component::host(&world);
    put_policy(&host).await;
    let mut seen = BTreeSet::new();
    for _ in 0..32 {
        let (_, key) = begin(&host, "ana").await;
        let symbols = key
            .bytes()
            .all(|it| matches!(it, b'A'..=b'Z' | b'2'..=b'7'));
        assert!(symbols, "it is not base 32");
        // Five bits a symbol, none of them padding.
        assert_eq!(key.len() * 5, 160);
        assert!(seen.insert(key), "a key was drawn twice");
    }
}

/// A store that counts what is asked of it.
#[derive(Clone)]
struct Counting {
    inner: WorldStore,
    counts: Arc<[AtomicUsize; 3]>,
}

impl Counting {
    fn of(world: &World) -> Self {
        Self {
            inner: world.store().clone(),
            counts: Arc::default(),
        }
    }

    /// Reads, records read, commits.
    fn counted(&self) -> (usize, usize, usize) {
        let [reads, records, commits] = &*self.counts;
        let load = |it: &AtomicUsize| it.load(Ordering::SeqCst);
        (load(reads), load(records), load(commits))
    }

    fn forget(&self) {
        for count in &*self.counts {
            count.store(0, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Store for Counting {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.counts[0].fetch_add(1, Ordering::SeqCst);
        self.counts[1].fetch_add(keys.len(), Ordering::SeqCst);
        self.inner.get(keys).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.counts[2].fetch_add(1, Ordering::SeqCst);
        self.inner.commit(commit).await
    }
}

fn host(world: &World, store: &Counting) -> Countersign {
    Countersign::builder(Component::plugin())
        .realm(world.realm())
        .store(store.clone())
        .keyring(world.keyring().clone())
        .clock(world.clock().clone())
        .random(world.random().clone())
        .build()
        .expect("nothing is missing")
}

async fn put_policy(host: &Countersign) {
    let put = host.call_json("policy.put", &policy::voluntary()).await;
    assert!(put.expect("it answers").get("ok").is_some());
}

async fn enroll(world: &World, host: &Countersign, user: &str) {
    put_policy(host).await;
    let (ticket, key) = begin(host, user).await;
    let app = countersign_conformance::authenticator::Authenticator::scan(&key);
    let code = app.expect("it is a key").code(world.clock().time());
    let args = json!({ "user": user, "ticket": ticket, "method": "totp", "code": code });
    let confirmed = host.call_json("enrollment.confirm", &args).await;
    assert!(
        confirmed.expect("it answers")["ok"]
            .get("accepted")
            .is_some()
    );
}

/// Begins an app on a new ticket, and returns the ticket and the key.
async fn begin(host: &Countersign, user: &str) -> (String, String) {
    let request = json!({
        "memberships": [{ "company": "acme", "roles": [], "active": true }],
        "first-factor": { "kind": "password", "age": 0, "channel": "direct" },
        "purpose": "manage-factors",
        "binding-attested": false,
        "known-enrolled": false,
    });
    let args = json!({ "user": user, "request": request });
    let offer = host
        .call_json("sign-in.begin", &args)
        .await
        .expect("it answers");
    let ticket = text(&offer["ok"]["enroll"]["ticket"]);
    let label = json!({ "issuer": "Example", "account-name": "ana@example.com" });
    let args = json!({ "user": user, "ticket": ticket, "label": label });
    let setup = host.call_json("enrollment.begin-totp", &args).await;
    let key = text(&setup.expect("it answers")["ok"]["secret"]);
    (ticket, key)
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
