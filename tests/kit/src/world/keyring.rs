//! Keys that fail when a case wants it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use countersign_host::keyring::{
    Context, Keyring, KeyringError, LocalKeyring, SealingKey, SealingKeys, Tag,
};

use super::faults::{Failing, Import};
use super::lie::{Lie, Point};

/// A keyring in memory that fails as planned, and can be rotated.
#[derive(Clone)]
pub struct WorldKeyring {
    keys: Arc<RwLock<Arc<LocalKeyring>>>,
    master: [u8; 32],
    failing: Failing,
}

impl WorldKeyring {
    pub(super) fn new(seed: u64, failing: Failing) -> Self {
        let mut master = [7; 32];
        for (to, from) in master.iter_mut().zip(seed.to_be_bytes()) {
            *to = from;
        }
        Self {
            keys: Arc::new(RwLock::new(Arc::new(LocalKeyring::from_key(master)))),
            master,
            failing,
        }
    }

    /// Adds a new key, which makes all tags from now on; the old one goes on checking those that it made.
    pub fn rotate(&self) {
        if let Ok(rotated) = LocalKeyring::from_key(self.master).rotated_to([9; 32]) {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rotated);
        }
    }

    fn keys(&self) -> Arc<LocalKeyring> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    fn strike(&self, import: Import) -> Result<(), KeyringError> {
        match self.failing.strike(import) {
            Some(_) => Err(KeyringError::Unavailable("by the case".to_owned())),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Keyring for WorldKeyring {
    async fn mac(&self, context: Context, data: &[u8]) -> Result<Tag, KeyringError> {
        self.strike(Import::Mac)?;
        match self.failing.lying().told(Point::Mac) {
            Some(Lie::MacOther) => return strangers().mac(context, data).await,
            Some(_) => return Err(silent()),
            None => {}
        }
        self.keys().mac(context, data).await
    }

    async fn check_mac(
        &self,
        context: Context,
        data: &[u8],
        key_id: u32,
        tag: &[u8],
    ) -> Result<bool, KeyringError> {
        self.strike(Import::CheckMac)?;
        match self.failing.lying().told(Point::CheckMac) {
            Some(Lie::CheckFalse) => return Ok(false),
            Some(Lie::CheckTrue) => return Ok(true),
            Some(_) => return Err(silent()),
            None => {}
        }
        self.keys().check_mac(context, data, key_id, tag).await
    }

    async fn index(&self, context: Context, data: &[u8]) -> Result<[u8; 32], KeyringError> {
        self.strike(Import::Index)?;
        match self.failing.lying().told(Point::Index) {
            Some(Lie::IndexChanges) => return strangers().index(context, data).await,
            Some(_) => return Err(silent()),
            None => {}
        }
        self.keys().index(context, data).await
    }
}

impl SealingKeys for WorldKeyring {
    fn active(&self) -> Result<(u32, SealingKey), KeyringError> {
        self.keys().active()
    }

    fn key(&self, id: u32) -> Result<SealingKey, KeyringError> {
        self.keys().key(id)
    }
}

impl fmt::Debug for WorldKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldKeyring")
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}

/// Keys that nobody has: those of a host that forgot its own.
fn strangers() -> LocalKeyring {
    LocalKeyring::from_key([0xee; 32])
}

fn silent() -> KeyringError {
    KeyringError::Unavailable("by a lie".to_owned())
}
