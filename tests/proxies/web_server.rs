//! Web servers, run from the files that operators copy.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_tests::gateway::Site;
use countersign_tests::peer::Peer;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Which web server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

impl Kind {
    pub(crate) fn peer(self) -> Peer {
        match self {
            Self::Nginx => Peer::Nginx,
            Self::Caddy => Peer::Caddy,
        }
    }
}

/// A running one, in a directory of its own. It ends when this is dropped, and when this process ends in any other way.
pub(crate) struct WebServer {
    directory: PathBuf,
    shell: Child,
    /// Closed when this process ends in whatever way; the shell waits for that.
    alive: Option<ChildStdin>,
}

impl WebServer {
    /// Starts nginx or Caddy on a port, in front of an app and a gateway: with two addresses, in front of two gateways.
    ///
    /// The files of `deploy/` stay as they stand, but for the names and addresses that they say are to be changed.
    pub(crate) async fn start(
        kind: Kind,
        port: u16,
        gateways: &[SocketAddr],
        app: SocketAddr,
    ) -> Result<Self, String> {
        let directory = fresh_directory();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "sh", kind.peer().program()]);
        match kind {
            Kind::Nginx => {
                let site = nginx(port, gateways, app);
                fs::write(directory.join("site.conf"), site).expect("it is written");
                let main = NGINX.replace("DIRECTORY", &directory.display().to_string());
                fs::write(directory.join("nginx.conf"), main).expect("it is written");
                command
                    .arg("-e")
                    .arg(directory.join("log"))
                    .arg("-c")
                    .arg(directory.join("nginx.conf"));
            }
            Kind::Caddy => {
                let file = directory.join("Caddyfile");
                fs::write(&file, caddy(port, gateways, app)).expect("it is written");
                command.args(["run", "--adapter", "caddyfile", "--config"]);
                command.arg(file);
            }
        }
        let log = fs::File::create(directory.join("output")).expect("it is made");
        command
            .env("XDG_DATA_HOME", &directory)
            .env("XDG_CONFIG_HOME", &directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("it can be"))
            .stderr(log);
        let mut shell = command.spawn().expect("sh starts");
        let alive = shell.stdin.take();
        let server = Self {
            directory,
            shell,
            alive,
        };
        server.wait(port).await?;
        Ok(server)
    }

    /// Returns how many requests each of two gateways answered.
    pub(crate) fn served(&self, sites: [&Site; 2]) -> [usize; 2] {
        let log = fs::read_to_string(self.directory.join("access")).expect("it is there");
        sites.map(|site| {
            let address = site.address().to_string();
            log.lines().filter(|it| **it == address).count()
        })
    }

    async fn wait(&self, port: u16) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            if Instant::now() > until {
                let read = |name| fs::read_to_string(self.directory.join(name));
                return Err(format!("{:?} {:?}", read("output"), read("log")));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.shell.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Returns a port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it has one").port()
}

fn nginx(port: u16, gateways: &[SocketAddr], app: SocketAddr) -> String {
    let mut text = deployed("nginx.conf");
    if let [_, second] = gateways {
        let several = deployed("nginx-several.conf");
        let several = substituted(several, "127.0.0.1:7410", &second.to_string());
        let begin = text.find("upstream countersign {").expect("it is there");
        let end = begin + text[begin..].find("}\n").expect("it ends");
        text.replace_range(begin..=end, &several);
    }
    for (from, to) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port}")),
        (
            "server_name app.example;",
            "server_name localhost;".to_owned(),
        ),
        ("127.0.0.1:7400", gateways[0].to_string()),
        ("127.0.0.1:3000", app.to_string()),
    ] {
        text = substituted(text, from, &to);
    }
    text
}

fn caddy(port: u16, gateways: &[SocketAddr], app: SocketAddr) -> String {
    let mut text = deployed("Caddyfile");
    for (from, to) in [
        ("app.example {", format!("http://localhost:{port} {{")),
        ("127.0.0.1:7400", gateways[0].to_string()),
        ("127.0.0.1:3000", app.to_string()),
    ] {
        text = substituted(text, from, &to);
    }
    format!("{{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}}\n{text}")
}

/// Reads a file that operators copy.
fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-harness/gateway/deploy");
    fs::read_to_string(path.join(name)).expect("it is there")
}

fn substituted(text: String, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not there");
    text.replace(from, to)
}

fn fresh_directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("countersign-proxy-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    // One of a process that had this number before.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).expect("it is made");
    directory
}

/// What stands around a file of `conf.d`. One process, so that nothing of it can be left over.
const NGINX: &str = "\
daemon off;
master_process off;
pid DIRECTORY/pid;
events {}
http {
    log_format gateways $upstream_addr;
    access_log DIRECTORY/access gateways;
    client_body_temp_path DIRECTORY/body;
    proxy_temp_path DIRECTORY/proxy;
    fastcgi_temp_path DIRECTORY/fastcgi;
    uwsgi_temp_path DIRECTORY/uwsgi;
    scgi_temp_path DIRECTORY/scgi;
    include DIRECTORY/site.conf;
}
";

/// Runs a server until the process that started it is gone.
const KEEPER: &str = "\"$@\" & server=$!; cat >/dev/null; kill -KILL $server; wait";

const PATIENCE: Duration = Duration::from_secs(20);
