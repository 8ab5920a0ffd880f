//! What a company asks of its users.

use countersign_sdk::not_implemented;
use countersign_sdk::policy::{Guest, Policy, StoredPolicy};
use countersign_sdk::types::{Actor, Company, Failure};

use crate::Plugin;

impl Guest for Plugin {
    fn get(_: Company) -> Result<Option<StoredPolicy>, Failure> {
        Err(not_implemented())
    }

    fn put(_: Company, _: Policy, _: Option<u64>, _: Actor, _: bool) -> Result<u64, Failure> {
        Err(not_implemented())
    }
}
