//! Docker's registry, on a port and in a folder of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use countersign_host::Digest;
use countersign_tests::peer::Peer;
use serde_json::{Value, json};

use crate::http;

/// A running one. It ends when this is dropped, and when this process ends in any other way.
pub(crate) struct Registry {
    folder: PathBuf,
    port: u16,
    shell: Child,
    /// Closed when this process ends in whatever way; the shell waits for that.
    alive: Option<ChildStdin>,
}

impl Registry {
    /// Starts one that lets everybody in.
    pub(crate) fn open() -> Self {
        Self::start("")
    }

    /// Starts one that lets in `releaser` with the password `correct-horse`.
    pub(crate) fn closed() -> Self {
        Self::start("auth:\n  htpasswd:\n    realm: releases\n    path: FOLDER/htpasswd\n")
    }

    fn start(auth: &str) -> Self {
        let folder = fresh_folder();
        let port = free_port();
        let at = folder.display();
        let settings = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {at}/data\n\
             http:\n  addr: 127.0.0.1:{port}\n{}",
            auth.replace("FOLDER", &at.to_string())
        );
        fs::write(folder.join("config.yml"), settings).expect("it is written");
        fs::write(folder.join("htpasswd"), HTPASSWD).expect("it is written");
        let log = fs::File::create(folder.join("log")).expect("it is made");
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "sh", Peer::Registry.program(), "serve"])
            .arg(folder.join("config.yml"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("it can be"))
            .stderr(log)
            .spawn()
            .expect("sh starts");
        let alive = shell.stdin.take();
        let registry = Self {
            folder,
            port,
            shell,
            alive,
        };
        registry.wait();
        registry
    }

    fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let log = || fs::read_to_string(self.folder.join("log"));
            assert!(Instant::now() < until, "{:?}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns how the command names what is under a tag.
    pub(crate) fn name(&self, tag: &str) -> String {
        format!("127.0.0.1:{}/acme/mfa:{tag}", self.port)
    }

    /// Returns how the command names what has a digest.
    pub(crate) fn name_by(&self, digest: &str) -> String {
        format!("127.0.0.1:{}/acme/mfa@{digest}", self.port)
    }

    /// Asks it without the command.
    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> http::Answer {
        http::ask(self.port, method, path, kind, body)
    }

    /// Puts what nobody would push by the command.
    pub(crate) fn put(&self, tag: &str, layer: &[u8], size: usize) {
        let config = b"{}";
        for blob in [&config[..], layer] {
            let begun = self.ask("POST", "/v2/acme/mfa/blobs/uploads/", "", b"");
            let place = begun.header("location").expect("it says where");
            let path = place
                .split_once(&format!(":{}", self.port))
                .map_or(&*place, |(_, it)| it);
            let path = format!("{path}&digest=sha256:{}", Digest::of(blob));
            let put = self.ask("PUT", &path, "application/octet-stream", blob);
            assert_eq!(put.status, 201, "{put:?}");
        }
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.wasm.config.v0+json", config, config.len()),
            "layers": [descriptor("application/wasm", layer, size)],
        });
        let path = format!("/v2/acme/mfa/manifests/{tag}");
        let put = self.ask("PUT", &path, MANIFEST, manifest.to_string().as_bytes());
        assert_eq!(put.status, 201, "{put:?}");
    }

    /// Changes a blob where the registry keeps it, behind its back.
    pub(crate) fn tamper(&self, digest: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
        let path = format!(
            "data/docker/registry/v2/blobs/sha256/{}/{digits}/data",
            &digits[..2]
        );
        let path = self.folder.join(path);
        let mut blob = fs::read(&path).expect("the registry has it");
        change(&mut blob);
        fs::write(&path, blob).expect("it is ours");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.shell.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn descriptor(kind: &str, bytes: &[u8], size: usize) -> Value {
    let digest = format!("sha256:{}", Digest::of(bytes));
    json!({ "mediaType": kind, "digest": digest, "size": size })
}

/// Returns a port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it has one").port()
}

fn fresh_folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("registry-{}-{number}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // One of a process that had this number before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("it is made");
    folder
}

/// What the OCI calls a manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// `htpasswd -Bbn -C 4 releaser correct-horse`.
const HTPASSWD: &str = "releaser:$2y$04$i2KX/50K8GcKCO.nqifTp.ts7cktej7XJq/u40wdmNkDN8EgN36pK\n";

/// Runs a server until the process that started it is gone.
const KEEPER: &str = "\"$@\" & server=$!; cat >/dev/null; kill -KILL $server; wait";

const PATIENCE: Duration = Duration::from_secs(20);
