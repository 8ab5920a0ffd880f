//! Several gateways on one database, behind nginx, with whoever comes sent to each in turn.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_gateway::directory;
use countersign_host::clock::FixedClock;
use countersign_host::store;
use countersign_tests::cluster::Cluster;
use countersign_tests::gateway::{Ground, NOW, PASSWORD, Site};
use countersign_tests::peer::Peer;
use countersign_tests::trial::finish;
use countersign_tests::visitor::{Page, Visitor};
use libtest_mimic::Trial;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::caller::{Answer, Caller, OPEN, PENDING};
use crate::person::{enroll, mark, now, set_up_app, sign_in, type_code};
use crate::web_server::{Kind, WebServer, free_port};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("two_gateways_on_one_database_serve_one_person", one_person),
        trial("two_gateways_accept_a_code_once", a_code_once),
        trial("a_gateway_that_dies_takes_no_session_with_it", one_dies),
        trial("two_gateways_count_wrong_passwords_together", throttled),
        Peer::Nginx.trial("nginx/a_post_that_was_sent_is_not_sent_again", || {
            finish(no_second_post())
        }),
    ]
}

fn trial<F: Future<Output = ()> + 'static>(name: &str, run: fn() -> F) -> Trial {
    // Both are needed: the one that is missing speaks for both.
    let peer = match Peer::Nginx.is_there() {
        true => Peer::Postgres,
        false => Peer::Nginx,
    };
    peer.trial(format!("nginx/{name}"), move || finish(run()))
}

/// Two gateways, each with connections of its own to one database.
struct Pair {
    sites: [Site; 2],
    clock: FixedClock,
    app: App,
    port: u16,
    server: WebServer,
}

impl Pair {
    async fn start() -> Self {
        let cluster = Cluster::shared().expect("it starts");
        let url = cluster.database().await.expect("it is made");
        let clock = FixedClock::at(NOW);
        let port = free_port();
        let one = gateway(&url, &clock, port).await;
        one.seed().await.expect("they are added");
        let other = gateway(&url, &clock, port).await;
        let app = App::start().await;
        let gateways = [one.address(), other.address()];
        let server = WebServer::start(Kind::Nginx, port, &gateways, app.address).await;
        Self {
            sites: [one, other],
            clock,
            app,
            port,
            server: server.expect("it starts"),
        }
    }

    fn visitor(&self) -> Visitor {
        Visitor::at(&self.sites[0].url())
    }

    /// Asks one gateway, past the web server, what it thinks of a session.
    async fn thinks(&self, which: usize, visitor: &Visitor) -> u16 {
        let caller = Caller::get("/countersign/auth-request")
            .with("Host", &format!("localhost:{}", self.port))
            .of(visitor);
        caller.send(self.sites[which].address().port()).await.status
    }

    /// Sends the form of a page to one gateway, past the web server.
    async fn post(
        &self,
        which: usize,
        page: &Page,
        cookie: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("form-token", &mark(page))
            .extend_pairs(fields)
            .finish();
        let path = page.path().split('?').next().expect("it has one");
        let caller = Caller::method("POST", path)
            .with("Host", &format!("localhost:{}", self.port))
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Cookie", cookie)
            .body(body.into_bytes());
        caller.send(self.sites[which].address().port()).await
    }
}

async fn gateway(url: &str, clock: &FixedClock, port: u16) -> Site {
    let ground = Ground {
        store: store::open(url).await.expect("it opens"),
        directory: directory::open(url).await.expect("it opens"),
        clock: clock.clone(),
    };
    let site = Site::start_on(ground, |config| {
        config.public_url = format!("http://localhost:{port}");
        config.throttle.name_and_source = TRIES;
        config.listen.trusted_proxies = vec!["127.0.0.1".parse().expect("it is one")];
    });
    site.await.expect("it starts")
}

async fn one_person() {
    let pair = Pair::start().await;
    let mut gil = pair.visitor();
    let (app, recovery) = enroll(&mut gil, "gil", &pair.clock).await;
    for which in [0, 1, 0, 1] {
        assert_eq!(pair.thinks(which, &gil).await, 200);
        let page = gil.open("/a").await.expect("there is a page");
        assert_eq!(page.text(), crate::app::PAGE);
    }

    // Sign-out at one is sign-out at the other.
    let mut elsewhere = pair.visitor();
    let page = sign_in(&mut elsewhere, "gil").await;
    assert_eq!(page.path(), "/countersign/verify");
    let page = type_code(&mut elsewhere, &app, &pair.clock).await;
    assert_eq!(page.path(), "/countersign/");
    let session = format!("{OPEN}={}", elsewhere.cookie(OPEN).expect("they are in"));
    let body = format!("form-token={}", mark(&page));
    let sign_out = Caller::method("POST", "/countersign/sign-out")
        .with("Host", &format!("localhost:{}", pair.port))
        .with("Cookie", &session)
        .body(body.into_bytes());
    let answer = sign_out.send(pair.sites[0].address().port()).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(pair.thinks(1, &elsewhere).await, 401);
    assert_eq!(pair.thinks(1, &gil).await, 200);

    // The recovery code, and a new app; the old one is no good any more.
    let mut lost = pair.visitor();
    sign_in(&mut lost, "gil").await;
    let opened = lost.open("/countersign/recover").await;
    opened.expect("there is a page");
    let page = lost
        .press("/countersign/recover", &[("code", &recovery)])
        .await
        .expect("there is a page");
    assert_eq!(page.path(), "/countersign/enroll", "{page:?}");
    let (new, _) = set_up_app(&mut lost, &pair.clock).await;
    assert_eq!(pair.thinks(0, &lost).await, 200);
    assert_eq!(pair.thinks(1, &lost).await, 200);
    let mut again = pair.visitor();
    sign_in(&mut again, "gil").await;
    let page = type_code(&mut again, &app, &pair.clock).await;
    assert_eq!(page.status(), 422, "{page:?}");
    let page = type_code(&mut again, &new, &pair.clock).await;
    assert_eq!(page.path(), "/countersign/", "{page:?}");

    let [one, other] = pair.server.served([&pair.sites[0], &pair.sites[1]]);
    assert!(
        one > 10 && other > 10 && one.abs_diff(other) < 5,
        "{one} {other}"
    );
}

async fn a_code_once() {
    let pair = Pair::start().await;
    let mut gil = pair.visitor();
    let (app, _) = enroll(&mut gil, "gil", &pair.clock).await;
    for round in 0..5 {
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let mut visitor = pair.visitor();
            let page = sign_in(&mut visitor, "gil").await;
            assert_eq!(page.path(), "/countersign/verify");
            let token = visitor.cookie(PENDING).expect("it is set");
            waiting.push((page, format!("{PENDING}={token}")));
        }
        let code = app.code(now(&pair.clock));
        let fields = [("method", "totp"), ("code", code.as_str())];
        let answers = tokio::join!(
            pair.post(0, &waiting[0].0, &waiting[0].1, &fields),
            pair.post(1, &waiting[1].0, &waiting[1].1, &fields),
        );
        let mut statuses = [answers.0.status, answers.1.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422], "round {round}");
        pair.clock.advance(30);
    }
}

async fn one_dies() {
    let mut pair = Pair::start().await;
    let mut gil = pair.visitor();
    let (app, _) = enroll(&mut gil, "gil", &pair.clock).await;
    let mut half = pair.visitor();
    let page = sign_in(&mut half, "gil").await;
    assert_eq!(page.path(), "/countersign/verify");
    pair.sites[0].stop().await;
    let caller = Caller::get("/").of(&gil);
    for _ in 0..6 {
        let answer = caller.send(pair.port).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(pair.app.take().len(), 6);
    // Whoever was half in gets in, and so does whoever comes now.
    let page = type_code(&mut half, &app, &pair.clock).await;
    assert_eq!(page.path(), "/countersign/", "{page:?}");
    for _ in 0..3 {
        let mut new = pair.visitor();
        let page = sign_in(&mut new, "gil").await;
        assert_eq!(page.path(), "/countersign/verify", "{page:?}");
    }
}

async fn throttled() {
    let pair = Pair::start().await;
    let mut ben = pair.visitor();
    let page = ben.open("/countersign/sign-in").await;
    let page = page.expect("there is a page");
    let form = "__Host-countersign-form";
    let cookie = format!("{form}={}", ben.cookie(form).expect("it is set"));
    let wrong = [("name", "ben"), ("password", "wrong"), ("return-to", "")];
    for n in 0..TRIES {
        let which = usize::from(n % 2 == 1);
        assert_eq!(pair.post(which, &page, &cookie, &wrong).await.status, 401);
    }
    let right = [("name", "ben"), ("password", PASSWORD), ("return-to", "")];
    for which in [0, 1] {
        assert_eq!(pair.post(which, &page, &cookie, &right).await.status, 429);
    }
    // Through nginx too: the address that counts is that of whoever comes to it.
    assert_eq!(sign_in(&mut ben, "ben").await.status(), 429);
    pair.clock.advance(15 * 60);
    assert_eq!(sign_in(&mut ben, "ben").await.path(), "/countersign/notice");
}

/// Two gateways that take every request, and die before they answer.
async fn no_second_post() {
    let requests = Arc::new(AtomicUsize::new(0));
    let mut gateways = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("it binds");
        gateways.push(listener.local_addr().expect("it has one"));
        let requests = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 4_096];
                if stream.read(&mut buffer).await.is_ok_and(|it| it > 0) {
                    requests.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    }
    let app = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let port = free_port();
    let server = WebServer::start(Kind::Nginx, port, &gateways, app).await;
    let _server = server.expect("it starts");
    let post = Caller::method("POST", "/countersign/verify").body(b"code=123456".to_vec());
    assert_eq!(post.send(port).await.status, 502);
    assert_eq!(requests.swap(0, Ordering::SeqCst), 1);
    let get = Caller::get("/countersign/verify");
    assert_eq!(get.send(port).await.status, 502);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// Wrong passwords of one name from one source.
const TRIES: u32 = 4;
