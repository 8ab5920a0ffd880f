//! A component that was found fit to decide.

mod allow_list;
mod cache;
mod engine;
mod inspection;
mod lab;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Engine;
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, ComponentExportIndex, HasSelf, InstancePre, Linker};

pub use self::inspection::{Inspection, Verdict};
use crate::bindings;
use crate::call::Call;
use crate::digest::Digest;
use crate::error::{Error, LoadError};
use crate::exports;
use crate::limits::Limits;
use crate::signature::{self, PublicKey};

/// A component that was found fit to decide: it imports and exports what the contract says, and was compiled.
///
/// Nothing of it has run. It holds no state between calls, so that one value serves any number of realms; clones are
/// cheap. It has an engine of its own, with a thread that counts time and ends with it.
///
/// # Security
///
/// The sandbox keeps a plugin from everything but its imports; it does not make it tell the truth. Pin the digest of
/// the one that you examined, or have it [signed](crate::signature) by somebody who did.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    pre: InstancePre<Call>,
    functions: Vec<Function>,
    limits: Arc<Limits>,
    admission: Arc<Semaphore>,
    phone_line: Arc<Semaphore>,
    digest: Digest,
    signer: Option<PublicKey>,
    is_pooled: bool,
    is_lab: bool,
    was_cached: bool,
}

/// An exported function.
pub(crate) struct Function {
    pub(crate) interface: &'static str,
    pub(crate) name: &'static str,
    pub(crate) index: ComponentExportIndex,
    pub(crate) params: Vec<(String, Type)>,
    pub(crate) answer: Option<Type>,
}

/// A place among the calls that run at once; given back when it is dropped.
pub(crate) struct Admitted(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Plugin {
    /// Begins to load one.
    pub fn builder() -> PluginBuilder {
        PluginBuilder {
            limits: Limits::default(),
            pin: None,
            keys: Vec::new(),
            signature: None,
            cache: None,
            max_size: MAX_SIZE,
            pooled: true,
            lab: false,
        }
    }

    /// Loads a component from a file, with default limits and neither pin nor cache.
    ///
    /// # Errors
    ///
    /// As [`PluginBuilder::load`], and [`LoadError::Read`].
    pub fn load_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::builder().load_file(path)
    }

    /// Loads a component from its bytes, with default limits and neither pin nor cache.
    ///
    /// # Errors
    ///
    /// As [`PluginBuilder::load`].
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::builder().load(bytes)
    }

    /// Looks at a file without running anything of it: what it is, what it imports and exports, whether it would
    /// load and, if not, why.
    ///
    /// # Errors
    ///
    /// [`LoadError::Engine`] alone: whatever is wrong with the file stands in the [`Inspection`].
    pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
        Self::builder().inspect(bytes)
    }

    /// Returns the digest of the component file, to pin it by.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Returns the key that has signed it; none if no key was asked for.
    pub fn signer(&self) -> Option<PublicKey> {
        self.0.signer
    }

    /// Returns the limits that it was loaded with.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Says whether instances come from a pool. If not, the pool could not be set up, for want of address space for
    /// example; calls then take a little longer.
    pub fn is_pooled(&self) -> bool {
        self.0.is_pooled
    }

    /// Says whether it was loaded with [`PluginBuilder::lab_stub_wasi`], and may have more imports than the contract.
    ///
    /// # Security
    ///
    /// One that does must decide about no real person.
    pub fn is_lab(&self) -> bool {
        self.0.is_lab
    }

    /// Says whether the compiled code came from the cache.
    pub fn was_cached(&self) -> bool {
        self.0.was_cached
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.0.pre.engine()
    }

    pub(crate) fn pre(&self) -> &InstancePre<Call> {
        &self.0.pre
    }

    /// Returns the functions, in the order of [`exports::ALL`].
    pub(crate) fn function_list(&self) -> &[Function] {
        &self.0.functions
    }

    /// Returns the function with this ordinal, one of [`exports::ALL`].
    #[expect(
        clippy::indexing_slicing,
        reason = "`load` found one function for each of `exports::ALL`, whose indices the ordinals are"
    )]
    pub(crate) fn function(&self, ordinal: usize) -> &Function {
        &self.0.functions[ordinal]
    }

    pub(crate) fn shared_limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    /// Returns the places of calls that may wait for the phone line at once.
    pub(crate) fn phone_line(&self) -> &Arc<Semaphore> {
        &self.0.phone_line
    }

    /// Waits for a place among the calls that run at once, but not for long.
    pub(crate) async fn admit(&self) -> Result<Admitted, Error> {
        let semaphore = Arc::clone(&self.0.admission);
        if let Ok(permit) = Arc::clone(&semaphore).try_acquire_owned() {
            return Ok(Admitted(permit));
        }
        let queue: Duration = self.0.limits.queue_time;
        match tokio::time::timeout(queue, semaphore.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Admitted(permit)),
            _ => Err(Error::Overloaded),
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("digest", &self.0.digest)
            .field("is_pooled", &self.0.is_pooled)
            .field("is_lab", &self.0.is_lab)
            .finish_non_exhaustive()
    }
}

/// How to load a [`Plugin`].
///
/// # Examples
///
/// ```
/// use countersign_host::{Digest, LoadError, Plugin};
///
/// let pin = Digest::of(b"the component that was examined");
/// let other = Plugin::builder().pin(pin).load(b"another one");
/// assert!(matches!(other, Err(LoadError::Digest { .. })));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PluginBuilder {
    limits: Limits,
    pin: Option<Digest>,
    keys: Vec<PublicKey>,
    signature: Option<Vec<u8>>,
    cache: Option<PathBuf>,
    max_size: usize,
    pooled: bool,
    lab: bool,
}

impl PluginBuilder {
    /// Sets what one call may use up, and how many may run at once.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Loads this very component and no other.
    pub fn pin(mut self, digest: Digest) -> Self {
        self.pin = Some(digest);
        self
    }

    /// Loads only what this key has signed, or another for which this was called too.
    ///
    /// [`load_file`](Self::load_file) finds the signature beside the file unless one is handed over;
    /// [`load`](Self::load) needs it handed over.
    ///
    /// # Security
    ///
    /// It is checked before anything of the component is looked at. What it says and what not stands at
    /// [`signature`](mod@crate::signature): an older release is signed as well, and a pin keeps that out.
    pub fn signed_by(mut self, key: PublicKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Hands over the component's signature: 64 bytes of Ed25519. Without a key that it could be of, nothing is loaded.
    pub fn signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.signature = Some(signature.into());
        self
    }

    /// Keeps compiled code in a directory, so that loading again takes milliseconds. The directory is made if it is
    /// not there.
    ///
    /// A file of it belongs to one component and one version and configuration of the engine. A damaged one is
    /// compiled again; one that cannot be written is done without.
    ///
    /// # Security
    ///
    /// **Whoever can write to this directory can run native code in this process**: what lies in it is executed, and
    /// a digest inside the file only finds damage, not malice. So on Unix the directory and the file must belong to
    /// this process's user and be writable by nobody else, or loading is refused; see that the same holds for the
    /// directories above it, and do not share it between machines. On other systems the directory's permissions are
    /// the embedder's to see to.
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Sets how many bytes a component may have; 4 MiB unless set. Compiling is not metered, so this is its bound.
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// Sets whether to keep a pool of instances, which is the default, and falls back to none where it cannot be.
    pub fn pooled(mut self, pooled: bool) -> Self {
        self.pooled = pooled;
        self
    }

    /// Also loads a component that imports more of WASI than the contract has, as what is made from Python or JavaScript
    /// does: for laboratories, to try a plugin in another language.
    ///
    /// Each such import is linked to a stub: there are no arguments, no environment, no directories and no terminals,
    /// and what is written to the standard streams is gone. A call of anything else traps. Imports outside `wasi:` are
    /// refused as ever. An interpreter needs more room and time than a plugin gets: see [`Limits::lab`] and
    /// [`max_size`](Self::max_size).
    ///
    /// # Security
    ///
    /// **Never before real people.** Without this option the list of imports says all that a plugin can do, and is short
    /// enough to be examined; with it the list is WASI's, and what keeps the plugin in is that the stubs are right.
    /// [`Plugin::is_lab`] tells a gateway what it was given.
    pub fn lab_stub_wasi(mut self) -> Self {
        self.lab = true;
        self
    }

    /// Looks at a file as [`Plugin::inspect`] does, for what would load with these options.
    ///
    /// # Errors
    ///
    /// [`LoadError::Engine`] alone: whatever is wrong with the file stands in the [`Inspection`].
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, LoadError> {
        Inspection::of(bytes, &self.limits, self.max_size, self.lab)
    }

    /// Loads a component from a file, with the signature that lies [beside](crate::signature::beside) it if it must have
    /// one and none was handed over.
    ///
    /// # Errors
    ///
    /// [`LoadError::Read`], [`LoadError::ReadSignature`], or as [`load`](Self::load).
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<Plugin, LoadError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(LoadError::Read)?;
        let mut bytes = Vec::new();
        // One byte more than allowed tells that there are too many.
        let most = u64::try_from(self.max_size).unwrap_or(u64::MAX);
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(LoadError::Read)?;
        self.load_with(&bytes, || {
            signature::read_beside(path).map_err(LoadError::ReadSignature)
        })
    }

    /// Loads a component from its bytes. Takes as long as compiling does: on an async runtime, do it on a thread for
    /// blocking work.
    ///
    /// # Errors
    ///
    /// [`LoadError`] names what the component was refused for; nothing of it has run then.
    pub fn load(&self, bytes: &[u8]) -> Result<Plugin, LoadError> {
        self.load_with(bytes, || Ok(None))
    }

    /// Loads a component whose signature is found by `look`, should it need one that was not handed over.
    fn load_with(
        &self,
        bytes: &[u8],
        look: impl FnOnce() -> Result<Option<Vec<u8>>, LoadError>,
    ) -> Result<Plugin, LoadError> {
        if bytes.len() > self.max_size {
            return Err(LoadError::TooLarge {
                limit: self.max_size,
            });
        }
        let digest = Digest::of(bytes);
        if let Some(expected) = self.pin.filter(|pin| *pin != digest) {
            return Err(LoadError::Digest {
                expected,
                found: digest,
            });
        }
        // Nothing is parsed of what nobody vouches for.
        let signer = match (self.keys.as_slice(), &self.signature) {
            ([], None) => None,
            (keys, Some(handed)) => Some(*signature::check(keys, bytes, Some(handed))?),
            (keys, None) => Some(*signature::check(keys, bytes, look()?.as_deref())?),
        };
        let (engine, is_pooled) = engine::new(&self.limits, self.pooled)?;
        let (component, was_cached) = match &self.cache {
            Some(directory) => cache::load(&engine, bytes, digest, directory)?,
            None => (compile(&engine, bytes)?, false),
        };
        allow_list::check_imports(&engine, &component, self.lab)?;
        allow_list::check_exports(&component)?;
        let pre = link(&engine, &component, self.lab)?;
        let functions = find_functions(&pre)?;
        engine::tick(&engine)?;
        Ok(Plugin(Arc::new(Loaded {
            pre,
            functions,
            limits: Arc::new(self.limits.clone()),
            admission: places(self.limits.concurrent_calls),
            phone_line: places(self.limits.concurrent_texts()),
            digest,
            signer,
            is_pooled,
            is_lab: self.lab,
            was_cached,
        })))
    }
}

fn places(count: u32) -> Arc<Semaphore> {
    let count = usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, LoadError> {
    Component::from_binary(engine, bytes).map_err(|error| LoadError::NotAComponent(chain(&error)))
}

/// Gives the component the contract's imports and, where it is for a laboratory, stubs of other WASI; nothing else.
fn link(engine: &Engine, component: &Component, lab: bool) -> Result<InstancePre<Call>, LoadError> {
    let mut linker = Linker::new(engine);
    bindings::Plugin::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)
        .map_err(|error| LoadError::Engine(chain(&error)))?;
    if lab {
        lab::stub(&mut linker, engine, component)
            .map_err(|error| LoadError::Engine(chain(&error)))?;
    }
    linker
        .instantiate_pre(component)
        .map_err(|error| LoadError::Types(chain(&error)))
}

/// Finds every function of the contract, and compares its type.
fn find_functions(pre: &InstancePre<Call>) -> Result<Vec<Function>, LoadError> {
    let component = pre.component();
    let mut functions = Vec::with_capacity(exports::ALL.len());
    for expected in exports::ALL {
        let named = format!("{}.{}", expected.interface, expected.function);
        let found = component
            .get_export_index(None, &*allow_list::export_name(expected.interface))
            .and_then(|interface| component.get_export(Some(&interface), expected.function));
        let Some((ComponentItem::ComponentFunc(function), index)) = found else {
            return Err(LoadError::Exports {
                missing: vec![named],
            });
        };
        (expected.check)(&function, pre)
            .map_err(|error| LoadError::Types(format!("{named}: {}", chain(&error))))?;
        functions.push(Function {
            interface: expected.interface,
            name: expected.function,
            index,
            params: function
                .params()
                .map(|(name, ty)| (name.to_owned(), ty))
                .collect(),
            answer: function.results().next(),
        });
    }
    Ok(functions)
}

/// Puts an error and its causes on one line.
fn chain(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}

/// Ours has less than 500 kB.
const MAX_SIZE: usize = 4 << 20;
