//! `wasi:clocks/wall-clock`: the time at which the call began.

use crate::bindings::wasi::clocks::wall_clock::{Datetime, Host};
use crate::call::Call;

impl Host for Call {
    async fn now(&mut self) -> wasmtime::Result<Datetime> {
        let _in_host = self.enter_host()?;
        Ok(Datetime {
            seconds: self.now,
            nanoseconds: 0,
        })
    }
}
