//! `keyring`.

use std::future::Future;

use zeroize::Zeroizing;

use crate::bindings::countersign::mfa::keyring::{Context, Host, Tag};
use crate::call::Call;
use crate::contract::Dependency;
use crate::keyring::KeyringError;

impl Host for Call {
    async fn mac(
        &mut self,
        context: Context,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Tag, String>> {
        let _in_host = self.enter_host()?;
        let data = Zeroizing::new(data);
        let tag = self.ask(&data, self.host.keyring.mac(context, &data));
        Ok(tag.await.map(|tag| Tag {
            key_id: tag.key_id,
            bytes: tag.bytes.to_vec(),
        }))
    }

    async fn check_mac(
        &mut self,
        context: Context,
        data: Vec<u8>,
        tag: Tag,
    ) -> wasmtime::Result<Result<bool, String>> {
        let _in_host = self.enter_host()?;
        let data = Zeroizing::new(data);
        let keyring = &self.host.keyring;
        let checked = keyring.check_mac(context, &data, tag.key_id, &tag.bytes);
        Ok(self.ask(&data, checked).await)
    }

    async fn index(
        &mut self,
        context: Context,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let _in_host = self.enter_host()?;
        let data = Zeroizing::new(data);
        let index = self.ask(&data, self.host.keyring.index(context, &data));
        Ok(index.await.map(|index| index.to_vec()))
    }
}

impl Call {
    /// Waits for the keyring, and tells the plugin no more than that it failed.
    async fn ask<T>(
        &self,
        data: &[u8],
        work: impl Future<Output = Result<T, KeyringError>>,
    ) -> Result<T, String> {
        if data.len() > MAX_DATA {
            return Err("expected at most 4096 bytes".to_owned());
        }
        match self.within(self.limits.keyring_time, work).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => {
                self.host.report(Dependency::Keyring, &error.to_string());
                Err(match error {
                    KeyringError::UnknownKey(_) => "unknown key".to_owned(),
                    _ => "unavailable".to_owned(),
                })
            }
            None => {
                self.host.report(Dependency::Keyring, "no answer in time");
                Err("unavailable".to_owned())
            }
        }
    }
}

/// `mac` in `wit/keyring.wit`.
const MAX_DATA: usize = 4096;
