//! The keyring and the random source, as a decision asks for them.

use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use countersign_core::failure::Dependency;
use countersign_core::names::User;
use countersign_core::time::Instant;
use countersign_core::vault::{self, Context, Slot, Tag, Vault};
use countersign_host::keyring;
use zeroize::Zeroizing;

use super::Native;

/// The keys of one attempt at a call, which hedge what they draw with the versions that it read.
pub(super) struct Keys<'a> {
    imports: &'a Native,
    user: &'a User,
    now: Instant,
    versions: [u64; 2],
    last_drawn: Zeroizing<[u8; 32]>,
    draws: u32,
}

impl<'a> Keys<'a> {
    pub(super) fn new(
        imports: &'a Native,
        user: &'a User,
        now: Instant,
        versions: [Option<u64>; 2],
    ) -> Self {
        Self {
            imports,
            user,
            now,
            versions: versions.map(|it| it.unwrap_or(0)),
            last_drawn: Zeroizing::new([0; 32]),
            draws: 0,
        }
    }

    /// Random bytes that can be random: not zero, no repetition in themselves, not the last ones again.
    fn random(&mut self) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let mut bytes = Zeroizing::new([0; 32]);
        let filled = self.imports.random.fill(bytes.as_mut_slice());
        filled.map_err(|_| Dependency::Random)?;
        let (first, second) = bytes.split_at(16);
        // All zero is a repetition too.
        if first == second || *bytes == *self.last_drawn {
            return Err(Dependency::Random);
        }
        self.last_drawn.clone_from(&bytes);
        Ok(bytes)
    }
}

impl Vault for Keys<'_> {
    fn draw(&mut self, slot: Slot) -> Result<Zeroizing<[u8; 32]>, Dependency> {
        let random = self.random()?;
        let [account, tickets] = self.versions.map(u64::to_be_bytes);
        let hedge = vault::bind(
            self.user,
            &[
                random.as_slice(),
                slot.name().as_bytes(),
                &self.now.as_seconds().to_be_bytes(),
                &[account, tickets].concat(),
                &self.draws.to_be_bytes(),
            ],
        );
        self.draws = self.draws.saturating_add(1);
        let tag = wait(
            self.imports
                .keyring
                .mac(keyring::Context::RandomHedge, &hedge),
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
}

fn to_host(context: Context) -> keyring::Context {
    match context {
        Context::Ticket => keyring::Context::Ticket,
        Context::RecoveryCode => keyring::Context::RecoveryCode,
    }
}

/// Waits for the keyring in the middle of a decision, which cannot wait by itself.
///
/// A keyring at hand answers at once. For one that does not, the runtime must have other threads.
fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    match work.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
        }
    }
}
