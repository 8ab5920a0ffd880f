//! The plugin that a command is about.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use clap::Args;
use countersign_host::{Limits, LoadError, Plugin, PluginBuilder};

use crate::exit::Exit;
use crate::style::DIM;

/// How a plugin is loaded that is only tried.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Lab {
    /// Also load a plugin that imports more of WASI than the contract has, with stubs for it, and give it the room and
    /// time of an interpreter. For trying plugins in other languages; NEVER run one before real people
    #[arg(long)]
    lab_stub_wasi: bool,
}

impl Lab {
    /// Begins to load a plugin.
    pub(crate) fn builder(self, cache: Option<&Path>) -> PluginBuilder {
        let mut builder = Plugin::builder();
        if self.lab_stub_wasi {
            let most = usize::try_from(LAB_MAX_SIZE).unwrap_or(usize::MAX);
            builder = builder.lab_stub_wasi().limits(Limits::lab()).max_size(most);
        }
        match cache {
            Some(directory) => builder.cache(directory),
            None => builder,
        }
    }

    /// Says whether the plugin gets more than a host gives one.
    pub(crate) fn is_generous(self) -> bool {
        self.lab_stub_wasi
    }

    fn max_size(self) -> u64 {
        match self.lab_stub_wasi {
            true => LAB_MAX_SIZE,
            false => MAX_SIZE,
        }
    }
}

/// Twice what a host gives a plugin: other cases run beside it, and what is tested is not how fast this machine is.
pub(crate) fn relaxed_limits() -> Limits {
    let mut limits = Limits::default();
    limits.guest_time = limits.guest_time.saturating_mul(2);
    limits.call_time = limits.call_time.saturating_mul(2);
    limits.store_time = limits.store_time.saturating_mul(2);
    limits
}

/// Returns the bytes of a file, or of the component that was built with this command.
///
/// A file that no host would load for its size is not read to its end.
pub(crate) fn read(path: Option<&Path>, lab: Lab) -> Result<Vec<u8>, Exit> {
    let Some(path) = path else {
        return Ok(countersign_component::WASM.to_vec());
    };
    let most = lab.max_size();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Exit::Fault(format!("cannot read {}: {error}", path.display())))?;
    match u64::try_from(bytes.len()) {
        Ok(size) if size <= most => Ok(bytes),
        _ => {
            // What brings an interpreter along is as large.
            let hint = match lab.is_generous() {
                true => "",
                false => {
                    "; to try one that brings its language's runtime along, there is --lab-stub-wasi"
                }
            };
            Err(Exit::Refused(format!(
                "{}: a plugin has at most {most} bytes{hint}",
                path.display()
            )))
        }
    }
}

/// Names a plugin for people.
pub(crate) fn name(path: Option<&Path>) -> String {
    path.map_or_else(
        || "the component built with this command".to_owned(),
        |path| path.display().to_string(),
    )
}

/// Loads a plugin, or says why a host would not.
pub(crate) fn load(path: Option<&Path>, cache: Option<&Path>) -> Result<Plugin, Exit> {
    load_in(Lab::default(), path, cache)
}

/// Loads a plugin, as [`load`] does or for trying it.
pub(crate) fn load_in(lab: Lab, path: Option<&Path>, cache: Option<&Path>) -> Result<Plugin, Exit> {
    let bytes = read(path, lab)?;
    compile(&bytes, &lab.builder(cache)).map_err(|error| match Exit::from(error).at(&name(path)) {
        Exit::Refused(message) => Exit::Refused(Kind::of(&bytes).explain(&message)),
        exit => exit,
    })
}

/// Compiles a plugin, or takes it from the cache. Says so where that lasts and somebody waits.
pub(crate) fn compile(bytes: &[u8], builder: &PluginBuilder) -> Result<Plugin, LoadError> {
    waiting(|| builder.load(bytes))
}

/// Does what lasts, and tells a terminal so meanwhile.
pub(crate) fn waiting<T>(work: impl FnOnce() -> T) -> T {
    let mut stderr = anstream::stderr();
    let is_watched = io::stderr().is_terminal();
    if is_watched {
        let _ = write!(stderr, "{DIM}compiling the plugin ...{DIM:#}");
        let _ = stderr.flush();
    }
    let done = work();
    if is_watched {
        let _ = write!(stderr, "\r                        \r");
        let _ = stderr.flush();
    }
    done
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A WebAssembly component.
    Component,
    /// A core module.
    Module,
    /// Something else.
    Other,
}

impl Kind {
    /// Looks at the first eight bytes: `\0asm`, a version and a layer.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0, b'a', b's', b'm', _, _, 1, 0, ..] => Self::Component,
            [0, b'a', b's', b'm', _, _, 0, 0, ..] => Self::Module,
            _ => Self::Other,
        }
    }

    /// Names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Component => "WebAssembly component",
            Self::Module => "WebAssembly core module",
            Self::Other => "not WebAssembly",
        }
    }

    /// Puts a refusal on one line, with what can be done about it.
    pub(crate) fn explain(self, refusal: &str) -> String {
        let words: Vec<&str> = refusal.split_whitespace().collect();
        let refusal = words.join(" ");
        match (self, refusal.split_once(NOT_A_COMPONENT)) {
            (Self::Module, Some((before, _))) => format!(
                "{before}{NOT_A_COMPONENT}, but a core module; `wasm-tools component new` makes a component of one \
                 that was built for the world"
            ),
            (Self::Other, Some((before, _))) => {
                format!("{before}{NOT_A_COMPONENT}, and not WebAssembly at all")
            }
            _ => refusal,
        }
    }
}

/// How the host library begins what it says of such a file. What follows is the parser's.
const NOT_A_COMPONENT: &str = "not a component";

/// What the host library takes unless told otherwise.
pub(crate) const MAX_SIZE: u64 = 4 << 20;

/// What is taken for trying: an interpreter and its library, and something beside.
const LAB_MAX_SIZE: u64 = 64 << 20;
