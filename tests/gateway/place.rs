//! A gateway for a trial: the real component on a store in memory, and people.

use std::sync::{Arc, LazyLock};

use countersign_conformance::subject::Component;
use countersign_gateway::config::Config;
use countersign_gateway::directory::{Company, Directory, Member, NewUser};
use countersign_gateway::mail::Mailer;
use countersign_gateway::{Gateway, Metrics, Parts, Passwords};
use countersign_host::clock::Clock;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::{Actor, Deadline, Membership};
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::SystemRandom;
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Plugin};
use libtest_mimic::{Failed, Trial};

use crate::people::People;

pub(crate) struct Place {
    pub(crate) gateway: Gateway,
    pub(crate) people: Arc<People>,
    pub(crate) store: MemoryStore,
}

impl Place {
    /// One with the company `acme` and nobody.
    pub(crate) async fn new(clock: Arc<dyn Clock>, mailer: Arc<dyn Mailer>) -> Self {
        let store = MemoryStore::new();
        let people = Arc::new(People::default());
        let mfa = Countersign::builder(PLUGIN.clone())
            .realm(REALM)
            .store(Arc::new(store.clone()))
            .keyring(LocalKeyring::from_key([42; 32]))
            .clock(Shown(clock.clone()))
            .build()
            .expect("nothing is missing");
        let gateway = Gateway::new(Parts {
            mfa,
            store: Arc::new(store.clone()),
            directory: people.clone(),
            mailer,
            outbox: None,
            clock,
            random: Arc::new(SystemRandom),
            passwords: Passwords::cheap_for_tests(4),
            metrics: Metrics::default(),
            config: config(""),
        });
        let place = Self {
            gateway,
            people,
            store,
        };
        place.company("acme").await;
        place
    }

    pub(crate) async fn company(&self, id: &str) {
        let company = Company {
            id: id.to_owned(),
            name: format!("{id} Ltd."),
        };
        self.people.put_company(company).await.expect("it is put");
    }

    /// Adds a person with a mailbox of the same name.
    pub(crate) async fn person(&self, id: &str, companies: &[&str]) {
        let member = |company: &&str| Member {
            company: (*company).to_owned(),
            is_admin: false,
            roles: Vec::new(),
            is_active: true,
        };
        let user = NewUser {
            id: id.to_owned(),
            name: id.to_owned(),
            email: Some(format!("{id}@acme.example")),
            password: None,
            is_operator: false,
            memberships: companies.iter().map(member).collect(),
        };
        self.people.add_user(user).await.expect("it is added");
    }

    /// Sets a company's deadline.
    pub(crate) async fn require(&self, company: &str, at: u64, zone: &str) {
        let deadline = Deadline {
            at,
            zone: zone.to_owned(),
        };
        self.put(company, Policy::app_only(Mode::EnforcedFrom(deadline)))
            .await;
    }

    pub(crate) async fn put(&self, company: &str, policy: Policy) {
        let policies = self.gateway.mfa.policy();
        let stored = policies.get(company).await.expect("it answers");
        let revision = stored.map(|it| it.revision);
        let actor = Actor::Operator("root".to_owned());
        let put = policies.put(company, &policy, revision, &actor, false);
        put.await.expect("it is put");
    }

    /// Gives a person an app, as an import does.
    pub(crate) async fn import(&self, id: &str) {
        let uri = "otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A";
        let actor = Actor::Operator("root".to_owned());
        let administration = self.gateway.mfa.administration();
        let added = administration.add_totp(id, uri, None, &actor);
        added.await.expect("it is imported");
    }
}

pub(crate) fn member(company: &str) -> Membership {
    Membership {
        company: company.to_owned(),
        active: true,
        roles: Vec::new(),
    }
}

/// A clock that others show too.
struct Shown(Arc<dyn Clock>);

impl Clock for Shown {
    fn now(&self) -> Result<u64, countersign_host::clock::ClockError> {
        self.0.now()
    }
}

/// Makes settings with more lines.
pub(crate) fn config(more: &str) -> Config {
    let text = format!(
        "public-url = \"https://app.example\"\nissuer = \"Example\"\nrealm = \"{REALM}\"\nstore = \"sqlite:a\"\nkeys = \"file:k\"\n\
         directory = \"sqlite:b\"\n{more}"
    );
    Config::parse(std::path::Path::new("gateway.toml"), &text, []).expect("it is a configuration")
}

/// Makes a trial of a future that needs nothing of others.
pub(crate) fn trial<F: Future<Output = ()> + Send + 'static>(
    name: &str,
    run: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    Trial::test(name, move || finish(run()))
}

/// Runs a future to its end.
pub(crate) fn finish(run: impl Future<Output = ()>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(run);
    Ok(())
}

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Component::plugin_within(Component::limits()));
pub(crate) const REALM: &str = "gateway";
