//! A store that is only read.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_host::store::{Commit, CommitError, Database, Key, Store, Stored, Unavailable};

/// Refuses every commit, so that a command that looks at a store changes nothing, whatever its plugin does.
pub(super) struct ReadOnly(pub(super) Arc<dyn Database>);

#[async_trait]
impl Store for ReadOnly {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, Unavailable> {
        self.0.get(keys).await
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        let why = "this command only reads".to_owned();
        Err(CommitError::Unavailable(Unavailable(why)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_host::store::{Change, Commit, Key, Kind, MemoryStore, Store};

    use super::ReadOnly;

    #[tokio::test]
    async fn what_is_only_read_is_not_written() {
        let store = MemoryStore::new();
        let key = Key {
            realm: "default".into(),
            record: Kind::Account.named("ana"),
        };
        let put = || Change::Put {
            key: key.clone(),
            expected: None,
            value: vec![7],
            collectable_at: None,
        };
        let reader = ReadOnly(Arc::new(store.clone()));
        assert!(reader.commit(Commit::new(0, vec![put()])).await.is_err());
        assert!(store.records().is_empty());
        store.commit(Commit::new(0, vec![put()])).await.unwrap();
        let read = reader.get(std::slice::from_ref(&key)).await.unwrap();
        assert!(matches!(read.as_slice(), [Some(_)]));
    }
}
