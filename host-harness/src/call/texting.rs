//! What a call may ask of the phone line.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Stop;
use crate::error::Reached;

/// What a call may still ask of the phone line: in a call that is not to send a message, nothing.
#[derive(Debug)]
pub(crate) struct Texting {
    /// Shared by all calls: those who wait for a carrier must leave room for those who do not.
    places: Arc<Semaphore>,
    left: Option<Left>,
}

#[derive(Debug)]
struct Left {
    checks: u32,
    messages: u32,
}

impl Texting {
    pub(super) fn new(places: &Arc<Semaphore>, texts: bool) -> Self {
        Self {
            places: Arc::clone(places),
            left: texts.then_some(Left {
                checks: CHECKS,
                messages: MESSAGES,
            }),
        }
    }

    /// Counts a question about a number.
    pub(crate) fn check(&mut self) -> Result<(), Stop> {
        let checks = &mut self.left()?.checks;
        *checks = checks
            .checked_sub(1)
            .ok_or(Stop::Misuse("sms.check more than four times a call"))?;
        Ok(())
    }

    /// Counts a message.
    pub(crate) fn send(&mut self) -> Result<(), Stop> {
        let messages = &mut self.left()?.messages;
        *messages = messages
            .checked_sub(1)
            .ok_or(Stop::Misuse("sms.send more than once a call"))?;
        Ok(())
    }

    /// Takes a place among those who wait for the phone line; none if there is none free now.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    fn left(&mut self) -> Result<&mut Left, Stop> {
        let outside = Stop::Scope(Reached::PhoneLine);
        self.left.as_mut().ok_or(outside)
    }
}

/// A plugin asks once. It asks again if another call came first and changed who pays or which number it is.
const CHECKS: u32 = 4;
const MESSAGES: u32 = 1;
