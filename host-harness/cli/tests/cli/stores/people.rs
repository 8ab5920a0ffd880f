//! Somebody with a factor, as a gateway on the same store makes one.

use countersign_host::clock::FixedClock;
use countersign_host::contract::enrollment::{ConfirmVerdict, Label};
use countersign_host::contract::recovery::PresentVerdict;
use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{FirstFactor, Membership, Method, Purpose};
use countersign_host::keyring::{KeySource, claim};
use countersign_host::store::SqliteStore;
use countersign_host::{Countersign, Plugin};
use totp_rs::{Algorithm, Builder, Secret};

use super::Place;
use crate::scratch;

/// A gateway on a store, at a time of its own.
pub(super) struct Gateway {
    pub(super) mfa: Countersign,
    pub(super) store: SqliteStore,
    clock: FixedClock,
}

/// Somebody who enrolled, with what they hold.
pub(super) struct Person {
    user: &'static str,
    key: String,
    recovery_code: String,
    device: Option<String>,
}

impl Gateway {
    /// Opens the store of a place, five minutes ago.
    pub(super) async fn on(place: &Place, store: &str) -> Self {
        let store = SqliteStore::open(place.path(store))
            .await
            .expect("it opens");
        let source: KeySource = format!("file:{}", place.path("keys"))
            .parse()
            .expect("it is one");
        let keyring = source.load().await.expect("they are readable");
        claim(&store, "default", &keyring)
            .await
            .expect("they are its own");
        let clock = FixedClock::at(now() - 300);
        // Compiled for the command already.
        crate::countersign(&["call", "--list"]);
        let plugin = Plugin::builder().cache(scratch("cache"));
        let plugin = plugin.load(countersign_component::WASM).expect("it loads");
        let mfa = Countersign::builder(plugin)
            .realm("default")
            .store(store.clone())
            .keyring(keyring)
            .clock(clock.clone())
            .build()
            .expect("it is whole");
        Self { mfa, store, clock }
    }

    /// Enrolls somebody, and has their browser trusted.
    pub(super) async fn enroll(&self, user: &'static str) -> Person {
        let begun = self.begin(user, Purpose::ManageFactors).await;
        let BeginOutcome::Enroll(offer) = begun else {
            panic!("no enrollment");
        };
        let label = Label {
            issuer: "Acme".into(),
            account_name: user.into(),
        };
        let enrollment = self.mfa.enrollment();
        let setup = enrollment.begin_totp(user, &offer.ticket, &label);
        let key = setup.await.expect("it begins").secret;
        let code = self.code(&key);
        let confirmed = enrollment.confirm(user, &offer.ticket, Method::Totp, &code);
        let ConfirmVerdict::Accepted(confirmed) = confirmed.await.expect("it compares") else {
            panic!("not confirmed");
        };
        let recovery_code = confirmed
            .recovery_code
            .expect("the first factor brings one")
            .code;
        let mut person = Person {
            user,
            key,
            recovery_code,
            device: None,
        };
        self.clock.advance(60);
        person.device = self.sign_in(&person).await;
        assert!(person.device.is_some(), "the browser is trusted");
        person
    }

    /// Signs in with the app, and returns the token of the browser.
    pub(super) async fn sign_in(&self, person: &Person) -> Option<String> {
        let ticket = self.challenge(person).await;
        let code = self.code(&person.key);
        let verified = self.mfa.verification();
        let verified = verified.verify(person.user, &ticket, Method::Totp, &code, true);
        match verified.await.expect("it compares") {
            VerifyVerdict::Accepted(Verified::Done(it)) => it.device_token,
            _ => panic!("not accepted"),
        }
    }

    /// Says whether the recovery code opens an enrollment.
    pub(super) async fn takes_recovery_code(&self, person: &Person) -> bool {
        let ticket = self.challenge(person).await;
        let recovery = self.mfa.recovery();
        let presented = recovery.present(person.user, &ticket, &person.recovery_code);
        matches!(presented.await, Ok(PresentVerdict::Accepted(_)))
    }

    /// Says whether the browser needs no factor.
    pub(super) async fn takes_device(&self, person: &Person) -> bool {
        let mut request = request(Purpose::SignIn);
        request.device_token.clone_from(&person.device);
        let begun = self.mfa.sign_in().begin(person.user, &request).await;
        matches!(begun.expect("it answers"), BeginOutcome::Allow(_))
    }

    /// Goes to the present.
    pub(super) fn catch_up(&self) {
        self.clock.set(now());
    }

    async fn challenge(&self, person: &Person) -> String {
        match self.begin(person.user, Purpose::SignIn).await {
            BeginOutcome::Challenge(it) => it.ticket,
            _ => panic!("no challenge"),
        }
    }

    async fn begin(&self, user: &str, purpose: Purpose) -> BeginOutcome {
        let begun = self.mfa.sign_in().begin(user, &request(purpose)).await;
        begun.expect("it answers")
    }

    fn code(&self, key: &str) -> String {
        let clock: &dyn countersign_host::clock::Clock = &self.clock;
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_secret(Secret::try_from_base32(key).expect("it is a key"))
            .build()
            .expect("it is long enough");
        totp.generate(clock.now().expect("it is set")).to_string()
    }
}

impl Person {
    /// All that nobody but its owner may see.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let device = self.device.as_deref();
        [self.key.as_str(), &self.recovery_code]
            .into_iter()
            .chain(device)
            .collect()
    }
}

fn request(purpose: Purpose) -> BeginRequest {
    BeginRequest {
        memberships: vec![Membership {
            company: "acme".into(),
            roles: vec![],
            active: true,
        }],
        first_factor: FirstFactor::password(),
        purpose,
        device_token: None,
        binding_attested: false,
        known_enrolled: false,
    }
}

fn now() -> u64 {
    use countersign_host::clock::{Clock, SystemClock};
    SystemClock.now().expect("it is after 1970")
}
