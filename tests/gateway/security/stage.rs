//! People at every step of the way in, each with what their browser holds.

use std::sync::Arc;

use countersign_conformance::authenticator::Authenticator;
use countersign_gateway::Parts;
use countersign_gateway::config::Config;
use countersign_gateway::directory::{self, Company, Member, NewUser};
use countersign_host::clock::{Clock as _, FixedClock};
use countersign_host::contract::policy::{FirstBinding, Mode, Policy};
use countersign_host::contract::{Actor, Deadline};
use countersign_host::store::MemoryStore;
use countersign_tests::gateway::{Ground, NOW, PASSWORD, Site};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

use super::ground::{Watch, WatchedDirectory, WatchedStore};
use super::wire::{Answer, Wire};

/// A site whose directory and store are watched, with the demo's people and two more.
pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) wire: Wire,
    pub(crate) directory: Arc<Watch>,
    pub(crate) store: Arc<Watch>,
    pub(crate) app: Authenticator,
}

/// How far somebody has got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    /// Only a form's cookie.
    Nobody,
    /// The password was right, and a code is awaited.
    Challenged,
    /// The password was right, and a factor is to be set up.
    Enrolling,
    /// The password was right, and somebody has to vouch.
    Waiting,
    /// In, of Acme.
    Ben,
    /// In, and Acme's admin.
    Ana,
    /// In, and an operator.
    Omar,
}

pub(crate) const EVERYBODY: [Who; 7] = [
    Who::Nobody,
    Who::Challenged,
    Who::Enrolling,
    Who::Waiting,
    Who::Ben,
    Who::Ana,
    Who::Omar,
];

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Challenged => "vera",
            Self::Enrolling => "gil",
            Self::Waiting => "walt",
            Self::Ben => "ben",
            Self::Ana => "ana",
            Self::Omar => "omar",
        }
    }

    /// Returns the cookie that their session is under.
    pub(crate) fn cookie(self) -> &'static str {
        match self {
            Self::Nobody => FORM,
            Self::Challenged | Self::Enrolling | Self::Waiting => PENDING,
            Self::Ben | Self::Ana | Self::Omar => OPEN,
        }
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(
        change: impl FnOnce(&mut Config),
        alter: impl FnOnce(&mut Parts),
    ) -> Self {
        let directory = Arc::new(Watch::default());
        let store = Arc::new(Watch::default());
        let people = directory::open("memory:").await.expect("there is memory");
        let ground = Ground {
            store: Arc::new(WatchedStore {
                inner: Arc::new(MemoryStore::new()),
                watch: store.clone(),
            }),
            directory: Arc::new(WatchedDirectory {
                inner: people,
                watch: directory.clone(),
            }),
            clock: FixedClock::at(NOW),
        };
        let site = Site::start_of(ground, change, alter).await;
        let site = site.expect("it starts");
        site.seed().await.expect("nobody is there");
        let wire = Wire::to(&site);
        let app = Authenticator::scan(KEY).expect("it is an address");
        let scene = Self {
            site,
            wire,
            directory,
            store,
            app,
        };
        scene.import("u-vera").await;
        scene.add_walt().await;
        scene
    }

    /// Gives somebody the app.
    pub(crate) async fn import(&self, user: &str) {
        let administration = self.site.gateway.mfa.administration();
        let added = administration.add_totp(user, KEY, None, &root()).await;
        added.expect("it is imported");
    }

    /// Adds somebody for whom somebody has to vouch.
    async fn add_walt(&self) {
        let gateway = &self.site.gateway;
        let company = Company {
            id: "initech".to_owned(),
            name: "Initech".to_owned(),
        };
        let put = gateway.directory.put_company(company).await;
        put.expect("it is put");
        let mut policy = Policy::app_only(Mode::EnforcedFrom(Deadline {
            at: NOW,
            zone: "UTC".to_owned(),
        }));
        policy.first_binding = FirstBinding::Attested;
        let policies = gateway.mfa.policy();
        let put = policies.put("initech", &policy, None, &root(), true).await;
        put.expect("it is put");
        let password = gateway.passwords.hash(PASSWORD, &*gateway.random).await;
        let user = NewUser {
            id: "u-walt".to_owned(),
            name: "walt".to_owned(),
            email: Some("walt@example.com".to_owned()),
            password: Some(password.expect("it is hashed")),
            is_operator: false,
            memberships: vec![Member {
                company: "initech".to_owned(),
                is_admin: false,
                roles: Vec::new(),
                is_active: true,
            }],
        };
        let added = gateway.directory.add_user(user).await;
        added.expect("it is added");
    }

    pub(crate) fn now(&self) -> u64 {
        self.site.clock.now().expect("it stands still")
    }

    /// Returns the cookie of a fresh form, with its mark.
    pub(crate) async fn form(&self) -> (String, String) {
        let page = self.wire.page("/countersign/sign-in", "").await;
        let cookie = page.cookie(FORM).expect("it sets one").to_owned();
        (cookie, page.mark().expect("it has one").to_owned())
    }

    /// Types a name and a password.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Answer {
        let (form, mark) = self.form().await;
        let fields = [
            ("form-token", &*mark),
            ("name", name),
            ("password", password),
        ];
        let cookies = format!("{FORM}={form}");
        let path = "/countersign/sign-in";
        self.wire.form(path, &cookies, &fields).await
    }

    /// Brings somebody as far as they get; returns the token of their session.
    pub(crate) async fn token(&self, who: Who) -> String {
        if who == Who::Nobody {
            return self.form().await.0;
        }
        let answer = self.sign_in(who.name(), PASSWORD).await;
        let token = answer.cookie(who.cookie());
        let token = token.unwrap_or_else(|| panic!("{who:?}: {answer:?}"));
        if who.cookie() == OPEN {
            let cookies = format!("{OPEN}={token}");
            let mark = mark_of(token);
            let fields = [("form-token", &*mark), ("answer", "later")];
            let path = "/countersign/notice";
            self.wire.form(path, &cookies, &fields).await;
        }
        token.to_owned()
    }
}

/// Returns the mark that the forms of a session carry. Whoever has the token can make it, and nobody else.
pub(crate) fn mark_of(token: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"countersign session form\0");
    digest.update(token.as_bytes());
    BASE64URL_NOPAD.encode(&digest.finalize())
}

pub(crate) fn root() -> Actor {
    Actor::Operator("root".to_owned())
}

pub(crate) const OPEN: &str = "__Host-countersign";
pub(crate) const PENDING: &str = "__Host-countersign-pending";
pub(crate) const FORM: &str = "__Host-countersign-form";

pub(crate) const KEY: &str = "otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A";
