//! What one call may use up.

use std::time::Duration;

/// What one call may use up, and how many calls may run at once.
///
/// Start from [`Limits::default`] and change fields. The defaults leave a correct plugin a wide margin: ours uses
/// well under 1 MiB and about 20 µs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the one linear memory; 16 MiB.
    pub memory: usize,
    /// Elements of each of at most 4 tables; 10,000.
    pub table_elements: usize,
    /// Core instances of the component, those included that `wit-component` puts around its module; 16.
    pub core_instances: u32,
    /// Bytes of the WebAssembly stack; 512 KiB.
    pub stack: usize,
    /// Time that the plugin's own code may run, instantiating included; 1 s, a thousand times what a call needs. It is
    /// wall-clock time, checked every 10 ms; time in which the host works or waits does not count.
    pub guest_time: Duration,
    /// Time for the whole call, waiting included; 15 s. Looked at whenever the plugin calls the host.
    pub call_time: Duration,
    /// Bytes that the plugin may hand to the host at once, as the arguments of an import or as its answer; 512 KiB.
    pub transfer: usize,
    /// How often the plugin may call the host; 1,000.
    pub host_calls: u32,
    /// Random bytes that the plugin may draw; 64 KiB.
    pub random: usize,
    /// Calls that run at once; 256. A quarter of them, at least one, may wait for the phone line at once; what would be
    /// more is told that it is busy, so that a carrier that hangs leaves room for those who sign in without it.
    pub concurrent_calls: u32,
    /// How long a call may wait for its turn before it is answered [`Overloaded`](crate::Error::Overloaded); 100 ms.
    pub queue_time: Duration,
    /// How long to wait for the store; 2 s.
    pub store_time: Duration,
    /// How long to wait for the keyring; 2 s.
    pub keyring_time: Duration,
    /// How long to wait for the phone line; 8 s.
    pub sms_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 16 << 20,
            table_elements: 10_000,
            core_instances: 16,
            stack: 512 << 10,
            guest_time: Duration::from_secs(1),
            call_time: Duration::from_secs(15),
            transfer: 512 << 10,
            host_calls: 1_000,
            random: 64 << 10,
            concurrent_calls: 256,
            queue_time: Duration::from_millis(100),
            store_time: Duration::from_secs(2),
            keyring_time: Duration::from_secs(2),
            sms_time: Duration::from_secs(8),
        }
    }
}

impl Limits {
    /// Returns what a plugin needs that brings an interpreter along: for
    /// [`lab_stub_wasi`](crate::PluginBuilder::lab_stub_wasi), and too much for any other.
    ///
    /// That is 128 MiB of memory, 8 MiB of stack, 64 core instances, 30 s of the plugin's own time and 60 s of a call,
    /// 64 calls at once: as many as the conformance suite lets race, and with that up to 8 GiB of memory.
    pub fn lab() -> Self {
        Self {
            memory: 128 << 20,
            table_elements: 100_000,
            core_instances: 64,
            stack: 8 << 20,
            guest_time: Duration::from_secs(30),
            call_time: Duration::from_secs(60),
            concurrent_calls: 64,
            queue_time: Duration::from_secs(30),
            ..Self::default()
        }
    }

    /// How many calls may wait for the phone line at once.
    pub(crate) fn concurrent_texts(&self) -> u32 {
        (self.concurrent_calls / 4).max(1)
    }
}
