//! A PostgreSQL server that is thrown away, started from the programs that are installed.
//!
//! Debian's package `postgresql` has them. Nothing outside of a temporary directory is touched, and a server that runs
//! on this machine for others is not looked at.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

/// A server with a directory of its own, on a free port of the loopback interface.
///
/// It is stopped, and its directory deleted, when this is dropped and also when this process ends in any other way,
/// kill -9 included. Its superuser is `postgres`, who needs no password unless [`Setup::hba`] says so.
///
/// # Examples
///
/// ```no_run
/// use countersign_tests::cluster::Cluster;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = Cluster::shared()?;
/// let url = cluster.database().await?; // nobody else has it
/// let store = countersign_host::store::open(&url).await?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    owner: Option<Owner>,
    directory: PathBuf,
    port: u16,
    arguments: Vec<String>,
    server: Mutex<Option<Child>>,
    watchman: Child,
    /// Closed when this process ends in whatever way; the watchman waits for that.
    alive: Option<ChildStdin>,
    databases: AtomicU32,
}

/// How a server shall be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// Whether what is committed is on the disk before that is answered; yes. What is tried about a crash of the server
    /// alone holds without it too.
    pub fsync: bool,
    /// More settings, as `name=value`.
    pub settings: Vec<String>,
    /// Files of its data directory, name and content; only it can read them.
    pub files: Vec<(String, Vec<u8>)>,
    /// Lines of `pg_hba.conf` that come before its own, which let everybody in from this machine.
    pub hba: Vec<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            fsync: true,
            settings: Vec::new(),
            files: Vec::new(),
            hba: Vec::new(),
        }
    }
}

impl Cluster {
    /// Says whether the programs are there.
    #[must_use]
    pub fn is_possible() -> bool {
        programs().is_some()
    }

    /// Returns the one server that all trials of this process share, each with a [`database`](Self::database) of its own.
    ///
    /// # Errors
    ///
    /// Why it could not be started, in words.
    pub fn shared() -> Result<&'static Self, String> {
        static SHARED: LazyLock<Result<Cluster, String>> = LazyLock::new(Cluster::start);
        SHARED.as_ref().map_err(Clone::clone)
    }

    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Why it could not be started, in words.
    pub fn start() -> Result<Self, String> {
        Self::with(&Setup::default())
    }

    /// Starts a server that is set up in some way.
    ///
    /// # Errors
    ///
    /// Why it could not be started, in words.
    pub fn with(setup: &Setup) -> Result<Self, String> {
        let programs = programs().ok_or("initdb and postgres are not installed")?;
        let directory = fresh_directory().map_err(|it| format!("a directory: {it}"))?;
        let owner = Owner::unless_unprivileged(&directory)?;
        if let Some(owner) = owner {
            owner.own(&directory)?;
        }
        let (watchman, alive) = watchman(&directory, owner)?;
        let port = free_port().map_err(|it| format!("a free port: {it}"))?;
        let mut cluster = Self {
            programs,
            owner,
            directory,
            port,
            arguments: Vec::new(),
            server: Mutex::new(None),
            watchman,
            alive: Some(alive),
            databases: AtomicU32::new(0),
        };
        cluster.create(setup)?;
        // Somebody else may have taken the port meanwhile.
        for _ in 0..PORTS {
            match cluster.run() {
                Err(why) if why.contains("could not create any TCP/IP sockets") => {
                    let _ = fs::remove_file(cluster.directory.join("log"));
                    cluster.port = free_port().map_err(|it| format!("a free port: {it}"))?;
                }
                ran => return ran.map(|()| cluster),
            }
        }
        Err("no port stays free".to_owned())
    }

    /// Makes an empty database, and returns its address.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub async fn database(&self) -> Result<String, String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("trial_{number}");
        let client = self.client("postgres").await?;
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .map_err(|it| format!("CREATE DATABASE: {it:?}"))?;
        Ok(self.url(&name))
    }

    /// Connects to a database as the superuser, past every store.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub async fn client(&self, database: &str) -> Result<Client, String> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls)
            .await
            .map_err(|it| format!("connecting: {it:?}"))?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Returns the address of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its directory, which has its Unix socket too.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Stops it at once, as a crash would: no connection is told, nothing is written that was not.
    ///
    /// # Errors
    ///
    /// Why that failed.
    pub fn kill(&self) -> Result<(), String> {
        let mut server = self.server();
        let Some(mut child) = server.take() else {
            return Ok(());
        };
        let sent = Command::new("kill")
            .args(["-QUIT", &child.id().to_string()])
            .status();
        sent.map_err(|it| format!("kill: {it}"))?;
        child.wait().map_err(|it| format!("waiting: {it}"))?;
        Ok(())
    }

    /// Starts it again after [`kill`](Self::kill), on the same port; it recovers first.
    ///
    /// # Errors
    ///
    /// Why that failed.
    pub fn run(&self) -> Result<(), String> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.join("log"));
        let log = log.map_err(|it| format!("the log: {it}"))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(&self.arguments);
        command.args(["-p", &self.port.to_string()]);
        // A Ctrl-C is for the watchman alone.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command
            .stderr(log)
            .spawn()
            .map_err(|it| format!("postgres: {it}"))?;
        let began = Instant::now();
        while !self.is_ready(child.id()) {
            let ended = child.try_wait().map_err(|it| it.to_string())?.is_some();
            if ended || began.elapsed() > START_TIME {
                let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                return Err(format!("postgres does not start: {log}"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        *self.server() = Some(child);
        Ok(())
    }

    /// Crashes it and starts it again.
    ///
    /// # Errors
    ///
    /// Why that failed.
    pub fn restart(&self) -> Result<(), String> {
        self.kill()?;
        self.run()
    }

    fn create(&mut self, setup: &Setup) -> Result<(), String> {
        let mut command = self.command("initdb");
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
        command.args(["--locale=C", "--no-sync", "--pgdata"]);
        let made = command
            .arg(self.data())
            .output()
            .map_err(|it| format!("initdb: {it}"))?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        for (name, content) in &setup.files {
            self.write(name, content)?;
        }
        if !setup.hba.is_empty() {
            let path = self.data().join("pg_hba.conf");
            let own = fs::read_to_string(path).map_err(|it| format!("pg_hba.conf: {it}"))?;
            let lines = format!("{}\n{own}", setup.hba.join("\n"));
            self.write("pg_hba.conf", lines.as_bytes())?;
        }
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("unix_socket_directories={}", self.directory.display()),
            format!("fsync={}", if setup.fsync { "on" } else { "off" }),
            "max_connections=300".to_owned(),
        ];
        let all = settings.iter().chain(&setup.settings);
        self.arguments = all.flat_map(|it| ["-c".to_owned(), it.clone()]).collect();
        Ok(())
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), String> {
        let path = self.data().join(name);
        fs::write(&path, content).map_err(|it| format!("{name}: {it}"))?;
        let only_it = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, only_it).map_err(|it| format!("{name}: {it}"))?;
        match self.owner {
            Some(owner) => owner.own(&path),
            None => Ok(()),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.directory);
        // What this process was told about another server is not for this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some(owner) = self.owner {
            owner.runs(&mut command);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Says whether the server of this process id takes connections. It writes that into a file, in the eighth line.
    fn is_ready(&self, id: u32) -> bool {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines();
        lines.next() == Some(id.to_string().as_str())
            && lines.nth(6).is_some_and(|it| it.starts_with("ready"))
    }

    fn server(&self) -> MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.watchman.wait();
        if let Some(mut server) = self.server().take() {
            let _ = server.wait();
        }
    }
}

/// Whom the server runs as, since PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// None if whoever made the directory may run the server.
    fn unless_unprivileged(directory: &Path) -> Result<Option<Self>, String> {
        let made = fs::metadata(directory).map_err(|it| it.to_string())?;
        if made.uid() != 0 {
            return Ok(None);
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| {
            Some(Self {
                user: id("-u", name)?,
                group: id("-g", name)?,
            })
        });
        found
            .map(Some)
            .ok_or_else(|| "there is no user that is not root".to_owned())
    }

    fn own(self, path: &Path) -> Result<(), String> {
        chown(path, Some(self.user), Some(self.group)).map_err(|it| format!("chown: {it}"))
    }

    fn runs(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().parse().ok()
}

/// Starts what stops the server and deletes the directory once this process is gone: no destructor runs when it is
/// killed, but the kernel closes its end of a pipe.
fn watchman(directory: &Path, owner: Option<Owner>) -> Result<(Child, ChildStdin), String> {
    let mut command = Command::new("sh");
    command.args(["-c", WATCHMAN, "sh"]).arg(directory);
    if let Some(owner) = owner {
        owner.runs(&mut command);
    }
    command.process_group(0).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|it| format!("sh: {it}"))?;
    let alive = child.stdin.take().ok_or("a pipe")?;
    Ok((child, alive))
}

/// Finds where `initdb` and `postgres` are: the path first, then the newest of Debian's directories.
fn programs() -> Option<PathBuf> {
    let has_both = |it: &PathBuf| it.join("initdb").is_file() && it.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(has_both).or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let versions = versions.filter_map(Result::ok);
        let mut found: Vec<(u32, PathBuf)> = versions
            .filter_map(|it| {
                Some((
                    it.file_name().to_str()?.parse().ok()?,
                    it.path().join("bin"),
                ))
            })
            .filter(|(_, it)| has_both(it))
            .collect();
        found.sort();
        found.pop().map(|(_, it)| it)
    })
}

fn fresh_directory() -> io::Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("countersign-cluster-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    // One of a process that had this number before; its watchman was killed too.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory)?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
    Ok(directory)
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Waits for the end of the process that started it. A server that was stopped has no such file.
const WATCHMAN: &str = r#"
    cat
    server=$(head -n 1 "$1/data/postmaster.pid") && kill -QUIT "$server"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$server" ] && kill -0 "$server" || break
        sleep 0.1
    done
    cd / && rm -rf "$1"
"#;

const PORTS: usize = 8;

/// For a server that has to recover on a machine with better things to do.
const START_TIME: Duration = Duration::from_secs(60);
