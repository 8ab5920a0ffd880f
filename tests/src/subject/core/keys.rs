//! The keyring and the random source, as a decision asks for them.

use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use countersign_core::failure::Dependency;
use countersign_core::vault::{Context, Hedge, Slot, Tag, Vault};
use countersign_host::keyring;
use zeroize::Zeroizing;

use super::Native;

/// The keys of one attempt at a call.
pub(super) struct Keys<'a> {
    imports: &'a Native,
    hedge: Hedge<'a>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(imports: &'a Native, hedge: Hedge<'a>) -> Self {
        Self { imports, hedge }
    }
}

impl Vault for Keys<'_> {
    fn draw(&mut self, slot: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let mut random = Zeroizing::new([0; 32]);
        let filled = self.imports.random.fill(random.as_mut_slice());
        filled.map_err(|_| Dependency::Random)?;
        let bound = self.hedge.bind(&random, slot)?;
        let tag = wait(
            self.imports
                .keyring
                .mac(keyring::Context::RandomHedge, &bound),
        );
        Ok(Zeroizing::new(tag.map_err(|_| Dependency::Keyring)?.bytes))
    }

    fn tag(&mut self, context: Context, data: &[u8]) -> Result<Tag, Dependency> {
        let tag = wait(self.imports.keyring.mac(to_host(context), data));
        let tag = tag.map_err(|_| Dependency::Keyring)?;
        Ok(Tag {
            key_id: tag.key_id,
            bytes: tag.bytes,
        })
    }

    fn check(&mut self, context: Context, data: &[u8], tag: &Tag) -> Result<bool, Dependency> {
        let keyring = &self.imports.keyring;
        let checked = wait(keyring.check_mac(to_host(context), data, tag.key_id, &tag.bytes));
        checked.map_err(|_| Dependency::Keyring)
    }

    fn index(&mut self, data: &[u8]) -> Result<[u8; 32], Dependency> {
        let keyring = &self.imports.keyring;
        let index = wait(keyring.index(keyring::Context::PhoneIndex, data));
        index.map_err(|_| Dependency::Keyring)
    }
}

fn to_host(context: Context) -> keyring::Context {
    match context {
        Context::Ticket => keyring::Context::Ticket,
        Context::RecoveryCode => keyring::Context::RecoveryCode,
        Context::Device => keyring::Context::Device,
    }
}

/// Waits for the keyring in the middle of a decision, which cannot wait by itself.
///
/// A keyring at hand answers at once. For one that does not, the runtime must have other threads.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    match work.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
        }
    }
}
