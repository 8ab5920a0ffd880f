//! The standard library's sources out of Debian's package `rust-src`.
//!
//! apt works here with a configuration, lists and a cache of its own, below the
//! build directory: it neither reads the system's sources nor changes them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::failure::{Failure, capture};

/// Downloads and unpacks the sources of compiler `release` below `at`.
///
/// # Errors
///
/// Fails if there is no apt, no mirror that is reached, no suite with exactly this
/// release, or a signature that does not hold.
pub(crate) fn fetch_library(release: &str, at: &Path) -> Result<PathBuf, Failure> {
    let apt = Apt::prepare(at)?;
    let mut tried = Vec::new();
    for suite in SUITES {
        match apt.find(suite, release) {
            Ok(Some(version)) => return apt.unpack(&version),
            Ok(None) => tried.push(format!("{suite} has other versions only")),
            Err(reason) => tried.push(format!("{suite}: {}", reason.trim())),
        }
    }
    Err(Failure {
        step: "find the sources of core and alloc",
        reason: format!(
            "Debian's rust-src was looked for in version {release}\n{}",
            tried.join("\n")
        ),
        remedy: REMEDY.to_owned(),
    })
}

/// apt, closed off from the system's configuration.
#[derive(Debug)]
struct Apt {
    folder: PathBuf,
    configuration: PathBuf,
    mirror: String,
    keyring: &'static str,
}

impl Apt {
    fn prepare(folder: &Path) -> Result<Self, Failure> {
        let missing = |reason: String| Failure {
            step: "find the sources of core and alloc",
            reason,
            remedy: REMEDY.to_owned(),
        };
        let keyring = KEYRINGS
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .ok_or_else(|| missing("this is no Debian: its archive's keys are not here".into()))?;
        let network = capture(Command::new("apt-config").arg("dump")).map_err(missing)?;

        let apt = Self {
            configuration: folder.join("apt.conf"),
            mirror: mirror(),
            keyring,
            folder: folder.to_owned(),
        };
        apt.write_configuration(&network)
            .map_err(|error| Failure::of_file(folder, &error))?;
        Ok(apt)
    }

    fn write_configuration(&self, system: &str) -> io::Result<()> {
        let folder = self.folder.display();
        for path in [
            "etc",
            "lists/partial",
            "cache/archives/partial",
            "log",
            "unpacked",
        ] {
            fs::create_dir_all(self.folder.join(path))?;
        }
        fs::write(self.folder.join("status"), "")?;
        // How the system reaches its mirrors, and nothing else of it: its hooks would
        // write outside the build directory.
        let network: String = system
            .lines()
            .filter(|line| line.starts_with("Acquire::"))
            .filter(|line| !line.starts_with("Acquire::IndexTargets"))
            .flat_map(|line| [line, "\n"])
            .collect();
        fs::write(
            &self.configuration,
            format!(
                r#"{network}
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::Languages "none";
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "";
Dir::Cache "{folder}/cache";
Dir::Etc "{folder}/etc";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Log "{folder}/log";
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
"#
            ),
        )
    }

    /// Looks the package up in `suite`, and returns its full version if it fits `release`.
    fn find(&self, suite: &str, release: &str) -> Result<Option<String>, String> {
        fs::write(
            self.folder.join("sources.list"),
            format!(
                "deb [signed-by={}] {} {suite} main\n",
                self.keyring, self.mirror
            ),
        )
        .map_err(|error| error.to_string())?;
        // apt forgives itself a mirror that does not answer, unless it is told not to.
        capture(
            self.command("apt-get")
                .args(["update", "--error-on=any", "-qq"]),
        )?;
        let offers = capture(self.command("apt-cache").args(["madison", PACKAGE]))?;
        Ok(offers
            .lines()
            .filter_map(|line| line.split('|').nth(1).map(str::trim))
            .find(|version| {
                // Debian appends what it changed: 1.95.0+dfsg1-2~bpo13+1.
                version
                    .strip_prefix(release)
                    .is_some_and(|rest| rest.starts_with(['+', '-', '~']))
            })
            .map(str::to_owned))
    }

    /// Downloads the package and returns the folder of the standard library in it.
    fn unpack(&self, version: &str) -> Result<PathBuf, Failure> {
        let failed = |reason: String| Failure {
            step: "download and unpack Debian's rust-src",
            reason,
            remedy: REMEDY.to_owned(),
        };
        capture(
            self.command("apt-get")
                .args(["download", "-qq", &format!("{PACKAGE}={version}")]),
        )
        .map_err(failed)?;
        let package = entry(&self.folder, |path| {
            path.extension().is_some_and(|it| it == "deb")
        })
        .ok_or_else(|| failed("apt-get left no package".to_owned()))?;

        let unpacked = self.folder.join("unpacked");
        capture(
            Command::new("dpkg-deb")
                .arg("--extract")
                .args([&package, &unpacked]),
        )
        .map_err(failed)?;
        entry(&unpacked.join("usr/src"), |path| {
            path.join("library/Cargo.lock").is_file()
        })
        .map(|source| source.join("library"))
        .ok_or_else(|| failed(format!("no standard library in {PACKAGE} {version}")))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env("APT_CONFIG", &self.configuration)
            .env("LC_ALL", "C");
        command
    }
}

/// The first entry of `folder` that `fits`.
fn entry(folder: &Path, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| fits(path))
}

/// The mirror that this system gets Debian from, so that a closed network's own is used.
fn mirror() -> String {
    let mut texts = Vec::new();
    texts.extend(fs::read_to_string("/etc/apt/sources.list"));
    if let Ok(parts) = fs::read_dir("/etc/apt/sources.list.d") {
        let mut paths: Vec<PathBuf> = parts.flatten().map(|part| part.path()).collect();
        paths.sort();
        texts.extend(
            paths
                .into_iter()
                .filter(|path| {
                    path.extension()
                        .is_some_and(|it| it == "list" || it == "sources")
                })
                .flat_map(fs::read_to_string),
        );
    }
    let codename = codename();
    texts
        .iter()
        .flat_map(|text| sources(text))
        .find(|source| source.is_debian(&codename))
        .map_or_else(|| DEFAULT_MIRROR.to_owned(), |source| source.uri)
}

/// Debian's name for the release of this system, or nothing.
fn codename() -> String {
    fs::read_to_string("/etc/os-release")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned()
}

/// One place that packages come from.
#[derive(Debug)]
struct Source {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
}

impl Source {
    /// Whether it is Debian's own archive, rather than somebody's packages for it.
    fn is_debian(&self, codename: &str) -> bool {
        self.components.iter().any(|it| it == "main")
            && self
                .suites
                .iter()
                .any(|it| it == codename || ROLLING.contains(&it.as_str()))
    }
}

/// Reads a list of sources in either of apt's formats.
fn sources(text: &str) -> Vec<Source> {
    let one_line = text.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("deb ")?;
        let rest = match rest.trim_start().strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        };
        let mut words = rest.split_whitespace().map(str::to_owned);
        Some(Source {
            uri: words.next()?,
            suites: vec![words.next()?],
            components: words.collect(),
        })
    });
    let stanzas = text.split("\n\n").filter_map(|stanza| {
        let field = |name: &str| {
            let line = stanza.lines().find_map(|line| line.strip_prefix(name))?;
            Some(
                line.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        };
        Some(Source {
            uri: field("URIs:")?.into_iter().next()?,
            suites: field("Suites:")?,
            components: field("Components:")?,
        })
    });
    one_line.chain(stanzas).collect()
}

const PACKAGE: &str = "rust-src";

/// Where Debian keeps new compilers, the longest memory first.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// Suites that are Debian's, whatever release the system says it is.
const ROLLING: [&str; 4] = ["stable", "testing", "unstable", "sid"];

const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";

/// Installed by Debian's package `debian-archive-keyring`, which every Debian has.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
];

const REMEDY: &str = "run `rustup target add wasm32-wasip2` where rustup has a network, or \
                      `rustup component add rust-src`, or use a compiler whose version Debian has";
