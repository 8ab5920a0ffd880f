//! `wasi:random/random`.

use crate::bindings::wasi::random::random::Host;
use crate::call::{Call, Stop};
use crate::contract::Dependency;
use crate::error::Limit;

impl Host for Call {
    async fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let _in_host = self.enter_host()?;
        self.count(len)?;
        // It fits: `count` let it pass.
        let mut bytes = vec![0; usize::try_from(len)?];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    async fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        let _in_host = self.enter_host()?;
        self.count(8)?;
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

impl Call {
    /// Counts bytes before they are drawn, so that no plugin makes the host allocate what it likes.
    fn count(&mut self, len: u64) -> Result<(), Stop> {
        self.drawn = self.drawn.saturating_add(len);
        match usize::try_from(self.drawn).is_ok_and(|drawn| drawn <= self.limits.random) {
            true => Ok(()),
            false => Err(Stop::Limit(Limit::Random)),
        }
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Stop> {
        self.host
            .random
            .fill(bytes)
            .map_err(|error| Stop::Fault(Dependency::Random, error.to_string()))
    }
}
