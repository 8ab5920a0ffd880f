//! A gateway for a trial: the real component on a store in memory, and people.

use std::sync::Arc;

use countersign_gateway::config::Config;
use countersign_gateway::directory::{self, Company, Member, NewUser};
use countersign_gateway::mail::{MailOutbox, Mailer};
use countersign_gateway::{Gateway, Outboxes};
use countersign_host::clock::Clock;
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::{Actor, Deadline, Membership};
use countersign_host::sms::Outbox;
use countersign_host::store::MemoryStore;
use countersign_tests::gateway::parts;
pub(crate) use countersign_tests::trial::{finish, trial};

pub(crate) struct Place {
    pub(crate) gateway: Gateway,
    pub(crate) store: MemoryStore,
}

impl Place {
    /// One with the company `acme` and nobody.
    pub(crate) async fn new(clock: Arc<dyn Clock>, mailer: Arc<dyn Mailer>) -> Self {
        let store = MemoryStore::new();
        let directory = directory::open("memory:").await.expect("it opens");
        let outboxes = Outboxes {
            texts: Outbox::in_country("ES"),
            mails: MailOutbox::default(),
        };
        let kept = Arc::new(store.clone());
        let mut parts = parts(kept, directory, clock, outboxes, config("")).expect("they fit");
        parts.mailer = mailer;
        parts.outbox = None;
        let gateway = Gateway::new(parts);
        let place = Self { gateway, store };
        place.company("acme").await;
        place
    }

    pub(crate) async fn company(&self, id: &str) {
        let company = Company {
            id: id.to_owned(),
            name: format!("{id} Ltd."),
        };
        let put = self.gateway.directory.put_company(company);
        put.await.expect("it is put");
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
        let added = self.gateway.directory.add_user(user);
        added.await.expect("it is added");
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

/// Makes settings with more lines.
pub(crate) fn config(more: &str) -> Config {
    let text = format!(
        "public-url = \"https://app.example\"\nissuer = \"Example\"\nrealm = \"{REALM}\"\nstore = \"sqlite:a\"\nkeys = \"file:k\"\n\
         directory = \"sqlite:b\"\n{more}"
    );
    Config::parse(std::path::Path::new("gateway.toml"), &text, []).expect("it is a configuration")
}

pub(crate) const REALM: &str = "gateway";
