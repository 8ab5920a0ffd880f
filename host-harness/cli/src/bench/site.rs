//! A gateway in this process, with people who have an app.

use std::path::Path;
use std::sync::Arc;

use countersign_gateway::config::Config;
use countersign_gateway::directory::{self, NewUser};
use countersign_gateway::mail::MailOutbox;
use countersign_gateway::metrics::Build;
use countersign_gateway::serve::{Listener, Serving, serve};
use countersign_gateway::{Gateway, Metrics, Parts, Passwords, app, decisions};
use countersign_host::clock::{Clock as _, FixedClock};
use countersign_host::contract::Actor;
use countersign_host::contract::policy::Mode;
use countersign_host::keyring::LocalKeyring;
use countersign_host::profile::Profile;
use countersign_host::random::{Random as _, SystemRandom};
use countersign_host::{Countersign, Plugin, store};
use data_encoding::HEXLOWER;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::client::Place;
use crate::exit::Exit;

/// A gateway that listens. Its clock stands still, and is moved by whoever needs a next code.
pub(super) struct Site {
    pub(super) clock: FixedClock,
    pub(super) at: Place,
    /// The decision service, however it is reached.
    pub(super) decisions: Vec<Decisions>,
    /// What stands between `bench-` and a user's number.
    run: String,
}

/// A way to the decision service.
#[derive(Clone)]
pub(super) struct Decisions {
    pub(super) at: Place,
    /// What a measurement of it is called: the pair of calls, and the second of them alone.
    pub(super) names: [&'static str; 2],
    /// Lines of the head that let a caller in.
    pub(super) head: String,
}

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hashing {
    Cheap,
    Argon2id,
}

impl Site {
    /// Starts one on these databases, with so many people whose passwords are hashed in each of the two ways, and with
    /// its socket in a folder.
    pub(super) async fn start(
        plugin: Plugin,
        folder: &Path,
        stores: (&str, &str),
        users: usize,
    ) -> Result<Self, Exit> {
        let mut bytes = [0; 4];
        SystemRandom.fill(&mut bytes).map_err(fault)?;
        let run = HEXLOWER.encode(&bytes);
        let text = format!(
            "public-url = \"http://{HOST}\"\nstore = \"sqlite:none\"\nkeys = \"env:NONE\"\n\
             directory = \"sqlite:none\"\nrealm = \"bench-{run}\"\n[listen]\nhttp = \"127.0.0.1:0\"\n\
             operations = \"127.0.0.1:0\"\n[throttle]\nsource = 100000\n\
             [listen.decisions]\naddress = {:?}\n",
            format!("unix:{}", folder.join(SOCKET).display())
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
        let (doors, decisions) = open(&gateway, folder).await?;
        let site = Self {
            at: listen(gateway.clone(), doors).await?,
            decisions,
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

/// Opens the decision service on a port of this machine, with a secret, and on a socket in a folder.
async fn open(gateway: &Gateway, folder: &Path) -> Result<(Doors, Vec<Decisions>), Exit> {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes).map_err(fault)?;
    let secret = Zeroizing::new(HEXLOWER.encode(&bytes));
    let head = format!("authorization: Bearer {}\r\n", *secret);
    let port = TcpListener::bind("127.0.0.1:0").await?;
    let mut ways = vec![Decisions {
        at: Place::Tcp(port.local_addr()?),
        names: [
            "sign-in.begin and verification.verify, by the decision service on loopback",
            "verification.verify alone, by the decision service on loopback",
        ],
        head,
    }];
    let router = decisions::router(gateway, Some(decisions::Key(secret)));
    let mut doors = vec![(Listener::Tcp(port), router)];
    #[cfg(unix)]
    if let Some(settings) = &gateway.config.listen.decisions {
        let door = decisions::listen(settings).await.map_err(fault)?;
        doors.push((door.listener, decisions::router(gateway, None)));
        ways.push(Decisions {
            at: Place::Unix(folder.join(SOCKET)),
            names: [
                "sign-in.begin and verification.verify, by the decision service on its socket",
                "verification.verify alone, by the decision service on its socket",
            ],
            head: String::new(),
        });
    }
    Ok((doors, ways))
}

/// Serves a gateway, and beside it what does nothing.
async fn listen(gateway: Gateway, doors: Doors) -> Result<Place, Exit> {
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
    let serving = Serving {
        others: doors,
        ..Serving::new(gateway, build, app)
    };
    // It ends with the process.
    tokio::spawn(serve(serving, ready, std::future::pending()));
    let at = listening.await.ok().flatten();
    at.map(Place::Tcp)
        .ok_or_else(|| Exit::Fault("no port of 127.0.0.1 can be listened on".to_owned()))
}

/// What else is listened on, and what answers there.
type Doors = Vec<(Listener, axum::Router)>;

fn fault(error: impl std::fmt::Display) -> Exit {
    Exit::Fault(error.to_string())
}

/// The host that the gateway is for. Nothing resolves it.
pub(super) const HOST: &str = "localhost:7400";

/// The socket of the decision service.
const SOCKET: &str = "decisions.sock";

/// The path of what does nothing.
pub(super) const BARE: &str = "/bare";

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// Everybody's key.
pub(super) const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// When it begins: 21 September 2026.
const BEGAN: u64 = 1_790_000_000;
