//! What a gateway must not let happen, tried from outside.

mod canary;
mod faults;
mod forgery;
mod ground;
mod guessing;
mod headers;
mod races;
mod stage;
mod table;
mod walk;
mod wire;

use libtest_mimic::Trial;

pub(crate) use self::wire::Wire;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = walk::trials();
    trials.extend(forgery::trials());
    trials.extend(headers::trials());
    trials.extend(guessing::trials());
    trials.extend(races::trials());
    trials.extend(faults::trials());
    trials.extend(canary::trials());
    trials
}
