//! Who somebody is to a registry.

use clap::Args;
use oci_client::secrets::RegistryAuth;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::input;

/// A name and a password. There is no option for the password itself: others on the machine can read command lines.
#[derive(Args, Debug)]
pub(super) struct Credentials {
    /// The name at the registry; its password in COUNTERSIGN_REGISTRY_PASSWORD, or --password-stdin
    #[arg(long, value_name = "NAME", env = "COUNTERSIGN_REGISTRY_USERNAME")]
    username: Option<String>,
    /// Read the password, or the token that stands for it, from the standard input: one line
    #[arg(long, requires = "username")]
    password_stdin: bool,
}

impl Credentials {
    pub(super) fn read(&self) -> Result<RegistryAuth, Exit> {
        let Some(username) = &self.username else {
            return Ok(RegistryAuth::Anonymous);
        };
        let password = match self.password_stdin {
            true => input::read("-")?,
            false => Zeroizing::new(std::env::var(PASSWORD).map_err(|_| {
                Exit::Usage(format!(
                    "--username: expected its password in {PASSWORD}, or --password-stdin"
                ))
            })?),
        };
        let line = password.strip_suffix('\n').unwrap_or(&password);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() || line.contains(char::is_control) {
            return Err(Exit::Usage(
                "the registry's password: expected one line".to_owned(),
            ));
        }
        Ok(RegistryAuth::Basic(username.clone(), line.to_owned()))
    }
}

const PASSWORD: &str = "COUNTERSIGN_REGISTRY_PASSWORD";
