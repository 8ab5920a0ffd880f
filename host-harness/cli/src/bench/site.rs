//! A gateway in this process, with people who have an app.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use countersign_gateway::config::Config;
use countersign_gateway::directory::{self, NewUser};
use countersign_gateway::mail::MailOutbox;
use countersign_gateway::metrics::Build;
use countersign_gateway::serve::{Serving, serve};
use countersign_gateway::{Gateway, Metrics, Parts, Passwords, app};
use countersign_host::clock::{Clock as _, FixedClock};
use countersign_host::contract::Actor;
use countersign_host::contract::policy::Mode;
use countersign_host::keyring::LocalKeyring;
use countersign_host::profile::Profile;
use countersign_host::random::{Random as _, SystemRandom};
use countersign_host::{Countersign, Plugin, store};
use data_encoding::HEXLOWER;
use tokio::sync::oneshot;

use crate::exit::Exit;

/// A gateway that listens. Its clock stands still, and is moved by whoever needs a next code.
pub(super) struct Site {
    pub(super) clock: FixedClock,
    pub(super) at: SocketAddr,
    /// What stands between `bench-` and a user's number.
    run: String,
}

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hashing {
    Cheap,
    Argon2id,
}

impl Site {
    /// Starts one on these databases, with so many people whose passwords are hashed in each of the two ways.
    pub(super) async fn start(
        plugin: Plugin,
        stores: (&str, &str),
        users: usize,
    ) -> Result<Self, Exit> {
        let mut bytes = [0; 4];
        SystemRandom.fill(&mut bytes).map_err(fault)?;
        let run = HEXLOWER.encode(&bytes);
        let text = format!(
            "public-url = \"http://{HOST}\"\nstore = \"sqlite:none\"\nkeys = \"env:NONE\"\n\
             directory = \"sqlite:none\"\nrealm = \"bench-{run}\"\n[listen]\nhttp = \"127.0.0.1:0\"\n\
             operations = \"127.0.0.1:0\"\n[throttle]\nsource = 100000\n"
        );
        let config = Config::parse(Path::new("bench.toml"), &text, []).map_err(fault)?;
        let clock = FixedClock::at(BEGAN);
        let store = store::open(stores.0).await.map_err(fault)?;
        let directory = directory::open(stores.1).await.map_err(fault)?;
        let mfa = Countersign::builder(plugin)
            .realm(&config.realm)
            .store(Arc::clone(&store))
            .keyring(LocalKeyring::from_key([7; 32]))
            .clock(clock.clone())
            .build()?;
        let gateway = Gateway::new(Parts {
            mfa,
            store,
            directory,
            mailer: Arc::new(MailOutbox::default()),
            outbox: None,
            clock: Arc::new(clock.clone()),
            random: Arc::new(SystemRandom),
            passwords: Passwords::new(config.throttle.at_once),
            metrics: Metrics::default(),
            config,
        });
        let site = Self {
            at: listen(gateway.clone()).await?,
            clock,
            run,
        };
        site.seed(&gateway, users).await?;
        // No code of before a factor was there is good.
        site.clock.advance(60);
        Ok(site)
    }

    /// Returns the name of a person.
    pub(super) fn name(&self, hashing: Hashing, number: usize) -> String {
        let word = match hashing {
            Hashing::Cheap => "cheap",
            Hashing::Argon2id => "argon2id",
        };
        format!("bench-{}-{word}-{number}", self.run)
    }

    /// Returns the time there.
    pub(super) fn now(&self) -> u64 {
        self.clock.now().unwrap_or(BEGAN)
    }

    async fn seed(&self, gateway: &Gateway, users: usize) -> Result<(), Exit> {
        let actor = Actor::Operator("bench".to_owned());
        let policy = Profile::Procore.policy(Mode::Voluntary);
        let policies = gateway.mfa.policy();
        policies.put("*", &policy, None, &actor, true).await?;
        let uri = format!("otpauth://totp/Bench:somebody?secret={KEY}&issuer=Bench");
        for hashing in [Hashing::Cheap, Hashing::Argon2id] {
            let passwords = match hashing {
                Hashing::Cheap => Passwords::cheap_for_tests(4),
                Hashing::Argon2id => Passwords::new(4),
            };
            // One hash for all: it is the checking that takes its time.
            let hash = passwords.hash(PASSWORD, &SystemRandom).await;
            let hash = hash.map_err(|refusal| Exit::Fault(refusal.message))?;
            for number in 0..users {
                let name = self.name(hashing, number);
                let user = NewUser {
                    id: name.clone(),
                    name: name.clone(),
                    email: None,
                    password: Some(hash.clone()),
                    is_operator: false,
                    memberships: Vec::new(),
                };
                gateway.directory.add_user(user).await.map_err(fault)?;
                let administration = gateway.mfa.administration();
                administration.add_totp(&name, &uri, None, &actor).await?;
            }
        }
        Ok(())
    }
}

/// Serves a gateway, and beside it what does nothing.
async fn listen(gateway: Gateway) -> Result<SocketAddr, Exit> {
    let build = Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plugin: String::new(),
        contract: String::new(),
    };
    let bare = axum::routing::get(|| async { "" });
    let app = app(gateway.clone()).route(BARE, bare);
    let (told, listening) = oneshot::channel();
    let ready = |it: countersign_gateway::serve::Listening| {
        // Nobody is left to be told if the measuring ended.
        let _ = told.send(it.http);
    };
    // It ends with the process.
    tokio::spawn(serve(
        Serving::new(gateway, build, app),
        ready,
        std::future::pending(),
    ));
    let at = listening.await.ok().flatten();
    at.ok_or_else(|| Exit::Fault("no port of 127.0.0.1 can be listened on".to_owned()))
}

fn fault(error: impl std::fmt::Display) -> Exit {
    Exit::Fault(error.to_string())
}

/// The host that the gateway is for. Nothing resolves it.
pub(super) const HOST: &str = "localhost:7400";

/// The path of what does nothing.
pub(super) const BARE: &str = "/bare";

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// Everybody's key.
pub(super) const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// When it begins: 21 September 2026.
const BEGAN: u64 = 1_790_000_000;
