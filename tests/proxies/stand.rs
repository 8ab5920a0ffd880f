//! A gateway and an app behind a web server.

use countersign_tests::gateway::Site;
use countersign_tests::visitor::Visitor;

use crate::app::App;
use crate::caller::{Answer, Caller};
use crate::web_server::{Kind, WebServer, free_port};

pub(crate) struct Stand {
    pub(crate) kind: Kind,
    pub(crate) site: Site,
    pub(crate) app: App,
    pub(crate) port: u16,
    _server: WebServer,
}

impl Stand {
    pub(crate) async fn of(kind: Kind) -> Self {
        let mut last = String::new();
        // Somebody else may take the port meanwhile.
        for _ in 0..3 {
            let port = free_port();
            let site = Site::start_with(|config| {
                config.public_url = format!("http://localhost:{port}");
                config.throttle.source = TRIES;
                config.listen.trusted_proxies = vec!["127.0.0.1".parse().expect("it is one")];
            });
            let site = site.await.expect("it starts");
            let app = App::start().await;
            match WebServer::start(kind, port, &[site.address()], app.address).await {
                Ok(server) => {
                    return Self {
                        kind,
                        site,
                        app,
                        port,
                        _server: server,
                    };
                }
                Err(why) => last = why,
            }
        }
        panic!("{kind:?} does not start: {last}");
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::at(&self.site.url())
    }

    pub(crate) async fn send(&self, caller: &Caller) -> Answer {
        caller.send(self.port).await
    }

    /// Says that a request is led to sign in, that nothing of it gets through, and returns the address.
    pub(crate) async fn leads_to_sign_in(&self, caller: &Caller) -> String {
        let answer = self.send(caller).await;
        assert_eq!(answer.status, 302, "{caller:?} {answer:?}");
        let location = answer.header("Location").expect("it leads on");
        let sign_in = format!("{}/countersign/sign-in?rd=", self.site.url());
        assert!(location.starts_with(&sign_in), "{location}");
        self.nothing_got_through(&format!("{caller:?}"));
        location.to_owned()
    }

    /// Says that a request gets through.
    pub(crate) async fn gets_through(&self, caller: &Caller) -> crate::app::Seen {
        let answer = self.send(caller).await;
        assert_eq!(answer.status, 200, "{caller:?} {answer:?}");
        assert_eq!(answer.body, crate::app::PAGE);
        self.app.take_one()
    }

    pub(crate) fn nothing_got_through(&self, what: &str) {
        let seen = self.app.take();
        assert!(seen.is_empty(), "{what}: {seen:?}");
    }
}

/// Wrong passwords from one source.
pub(crate) const TRIES: u32 = 3;
