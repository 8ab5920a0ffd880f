//! The kinds of stores there are, and an empty one of each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use countersign_host::store::{Database, open};
use countersign_tests::cluster::Cluster;
use countersign_tests::peer::Peer;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Runtime;

/// A kind of store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Postgres,
}

/// An empty store that nobody else uses. It is gone when this is dropped.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// Where another process finds it.
    pub(crate) address: String,
    pub(crate) store: Arc<dyn Database>,
    _directory: Option<Directory>,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Sqlite, Self::Postgres];

    /// Those that other processes can use as well.
    pub(crate) const SHARED: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The program of others that it needs.
    fn peer(self) -> Option<Peer> {
        match self {
            Self::Memory | Self::Sqlite => None,
            Self::Postgres => Some(Peer::Postgres),
        }
    }

    /// A trial with a store of this kind, called `memory/name`. Where its peer is missing it is shown as ignored, or fails
    /// if the peer is required.
    pub(crate) fn trial<F>(
        self,
        name: &str,
        test: impl FnOnce(Place) -> F + Send + 'static,
    ) -> Trial
    where
        F: Future<Output = ()>,
    {
        let name = format!("{}/{name}", self.name());
        let run = move || {
            RUNTIME.block_on(async {
                test(self.place().await?).await;
                Ok(())
            })
        };
        match self.peer() {
            Some(peer) => peer.trial(name, run),
            None => Trial::test(name, run),
        }
    }

    async fn place(self) -> Result<Place, Failed> {
        let (address, directory) = match self {
            Self::Memory => ("memory:".to_owned(), None),
            Self::Sqlite => {
                let directory = Directory::new();
                let file = directory.path().join("store.db");
                (format!("sqlite:{}", file.display()), Some(directory))
            }
            Self::Postgres => (Cluster::shared()?.database().await?, None),
        };
        let store = open(&address).await.map_err(|error| error.to_string())?;
        Ok(Place {
            kind: self,
            address,
            store,
            _directory: directory,
        })
    }
}

impl Place {
    /// Opens it once more, as another process would; a store in memory is shared instead.
    pub(crate) async fn again(&self) -> Arc<dyn Database> {
        match self.kind {
            Kind::Memory => self.store.clone(),
            _ => open(&self.address).await.expect("it opens twice"),
        }
    }
}

/// A directory of its own, deleted when it is dropped.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("stores-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("a directory can be made");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be deleted lies in the build's own directory, and disturbs nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One for all trials, with threads of its own, so that calls that race do.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts")
});
