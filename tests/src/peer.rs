//! Programs of others that a test talks to.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};

use crate::cluster::Cluster;
use crate::tree;

/// A program that may be missing on this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Peer {
    /// Makes codes (OATH Toolkit).
    Oathtool,
    /// Reads QR codes (ZBar).
    Zbarimg,
    /// A database server (PostgreSQL), started by [`Cluster`].
    Postgres,
    /// Takes mail (aiosmtpd, a package of Python's).
    Smtp,
    /// Stands in front of an app (nginx).
    Nginx,
    /// Stands in front of an app (Caddy).
    Caddy,
    /// Runs the example in Python.
    Python,
    /// Runs the example for Node.js.
    Node,
    /// Makes and checks signatures (OpenSSL).
    Openssl,
    /// A registry of OCI artifacts (Docker's, the package `docker-registry` of Debian).
    Registry,
    /// Tries out an API by its OpenAPI document (Schemathesis): the one that `COUNTERSIGN_SCHEMATHESIS` names, if it does.
    Schemathesis,
    /// Makes components of Python: the one that `COUNTERSIGN_COMPONENTIZE_PY` names, if it does, or the one that the gate
    /// has put beside the build.
    ComponentizePy,
    /// Runs the example host for Node.js: jco, as `npm ci` puts it into `tests/hosts/node`.
    Jco,
    /// Runs the example host in Python: wasmtime-py, of the Python that `COUNTERSIGN_WASMTIME_PY` names, or of that in
    /// `target/peers/wasmtime-py`.
    WasmtimePy,
    /// Holds XML to a schema (libxml2).
    Xmllint,
    /// A browser (Chromium), with `chromedriver`, by which programs use it.
    Chromium,
}

impl Peer {
    /// All there are.
    pub const ALL: [Self; 16] = [
        Self::Oathtool,
        Self::Zbarimg,
        Self::Postgres,
        Self::Smtp,
        Self::Nginx,
        Self::Caddy,
        Self::Python,
        Self::Node,
        Self::Openssl,
        Self::Registry,
        Self::Schemathesis,
        Self::ComponentizePy,
        Self::Jco,
        Self::WasmtimePy,
        Self::Xmllint,
        Self::Chromium,
    ];

    /// Returns its name, which is the program's or package's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Oathtool => "oathtool",
            Self::Zbarimg => "zbarimg",
            Self::Postgres => "postgres",
            Self::Smtp => "aiosmtpd",
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Python => "python3",
            Self::Node => "node",
            Self::Openssl => "openssl",
            Self::Registry => "docker-registry",
            Self::Schemathesis => "schemathesis",
            Self::ComponentizePy => "componentize-py",
            Self::Jco => "jco",
            Self::WasmtimePy => "wasmtime-py",
            Self::Xmllint => "xmllint",
            Self::Chromium => "chromium",
        }
    }

    /// Returns the program that runs it.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            // Debian's packages are of Debian's Python, whatever else stands before it on the path.
            Self::Smtp if Path::new(PYTHON).exists() => PYTHON,
            Self::Smtp => "python3",
            // Debian has it where the path of few people leads.
            Self::Nginx if Path::new(NGINX).exists() => NGINX,
            Self::Schemathesis => &SCHEMATHESIS,
            Self::ComponentizePy => &COMPONENTIZE_PY,
            Self::Jco => Self::Node.name(),
            Self::WasmtimePy => &WASMTIME_PY,
            it => it.name(),
        }
    }

    /// Says whether it is there.
    #[must_use]
    pub fn is_there(self) -> bool {
        if self == Self::Postgres {
            return Cluster::is_possible();
        }
        match self {
            Self::Chromium => return *HAS_BROWSER,
            Self::Jco => return *HAS_JCO,
            Self::WasmtimePy => return *HAS_WASMTIME_PY,
            Self::ComponentizePy => return *HAS_COMPONENTIZE_PY,
            _ => {}
        }
        let mut command = Command::new(self.program());
        match self {
            Self::Smtp => command.args(["-c", "import aiosmtpd"]),
            Self::Nginx => command.arg("-v"),
            Self::Caddy | Self::Openssl => command.arg("version"),
            _ => command.arg("--version"),
        };
        let ran = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        // Python is there without the package too.
        ran.is_ok_and(|it| self != Self::Smtp || it.success())
    }

    /// Says whether a test that needs it must fail where it is missing, rather than be ignored.
    ///
    /// `COUNTERSIGN_REQUIRE` names such peers, with commas between them; `all` stands for every one.
    ///
    /// # Panics
    ///
    /// If it names what is no peer: a typing error would have tests ignored that somebody counts on.
    #[must_use]
    pub fn is_required(self) -> bool {
        let Ok(names) = env::var("COUNTERSIGN_REQUIRE") else {
            return false;
        };
        let names = required(&names).unwrap_or_else(|name| {
            let known = Self::ALL.map(Self::name).join(", ");
            panic!("COUNTERSIGN_REQUIRE: {name} is no peer; expected `all`, or of {known}")
        });
        names.contains(&"all") || names.contains(&self.name())
    }

    /// Makes a trial that needs it: shown as ignored where it is missing, and failed where it is required then.
    #[must_use]
    pub fn trial(
        self,
        name: impl Into<String>,
        run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        Self::trial_of(&[self], name, run)
    }

    /// Makes a trial that needs several, as [`Peer::trial`] does for one.
    #[must_use]
    pub fn trial_of(
        peers: &[Self],
        name: impl Into<String>,
        run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        let missing: Vec<_> = peers.iter().filter(|it| !it.is_there()).collect();
        if let Some(peer) = missing.iter().find(|it| it.is_required()) {
            let fault = format!("{} is required, and missing", peer.name());
            return Trial::test(name, move || Err(fault.into()));
        }
        Trial::test(name, run).with_ignored_flag(!missing.is_empty())
    }
}

/// Says whether a program starts.
fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// Asked once, since a browser takes its time to say its version.
static HAS_BROWSER: LazyLock<bool> = LazyLock::new(|| runs("chromium") && runs("chromedriver"));

/// Asked once, since every case is a trial.
static HAS_JCO: LazyLock<bool> = LazyLock::new(|| {
    let packages = tree::root().join("tests/hosts/node/node_modules/@bytecodealliance");
    packages.join("jco-transpile").is_dir() && runs(Peer::Node.name())
});

/// Asked once, since every case is a trial.
static HAS_WASMTIME_PY: LazyLock<bool> = LazyLock::new(|| {
    let ran = Command::new(&*WASMTIME_PY)
        .args(["-c", "import cryptography, wasmtime.component"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ran.is_ok_and(|it| it.success())
});

static WASMTIME_PY: LazyLock<String> = LazyLock::new(|| {
    let installed = tree::root().join("target/peers/wasmtime-py/bin/python");
    match env::var("COUNTERSIGN_WASMTIME_PY") {
        Ok(python) => python,
        Err(_) if installed.exists() => installed.display().to_string(),
        Err(_) => "python3".to_owned(),
    }
});
/// Asked once, since there is a trial for each case.
static HAS_COMPONENTIZE_PY: LazyLock<bool> = LazyLock::new(|| runs(&COMPONENTIZE_PY));

const PYTHON: &str = "/usr/bin/python3";

const NGINX: &str = "/usr/sbin/nginx";
/// Where the gate puts peers that are Python packages.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/bin");

static COMPONENTIZE_PY: LazyLock<String> = LazyLock::new(|| {
    env::var("COUNTERSIGN_COMPONENTIZE_PY").unwrap_or_else(|_| {
        let beside = Path::new(PEERS).join("componentize-py");
        match beside.exists() {
            true => beside.display().to_string(),
            false => "componentize-py".to_owned(),
        }
    })
});

static SCHEMATHESIS: LazyLock<String> = LazyLock::new(|| {
    env::var("COUNTERSIGN_SCHEMATHESIS").unwrap_or_else(|_| "schemathesis".to_owned())
});

/// Reads names with commas between them, `all` among them; the error is the first that no peer has.
fn required(names: &str) -> Result<Vec<&str>, &str> {
    let names = names.split(',').map(str::trim).filter(|it| !it.is_empty());
    let known = |name: &str| name == "all" || Peer::ALL.iter().any(|it| it.name() == name);
    names
        .map(|name| if known(name) { Ok(name) } else { Err(name) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_peer_has_is_an_error() {
        assert_eq!(required("all"), Ok(vec!["all"]));
        assert_eq!(required(""), Ok(Vec::new()));
        assert_eq!(required("postgres, node,"), Ok(vec!["postgres", "node"]));
        assert_eq!(required("node,postgresql"), Err("postgresql"));
    }
}
