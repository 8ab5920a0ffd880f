//! `countersign seed-users`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use countersign_host::contract::Actor;
use countersign_host::store::Kind;
use countersign_host::{Countersign, Digest, Error};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::database::{Access, GatewayArgs};
use crate::exit::Exit;
use crate::progress::{Progress, per_second};
use crate::style::{BAD, BOLD, GOOD};
use crate::walk::together;

/// Fills a store with made-up users who have an authenticator app: for tests and benchmarks ONLY
///
/// Everybody who knows the seed can make their codes. Each user is imported by the plugin, as `countersign import` does
/// it, so that records are what they are in earnest. It can be stopped and begun again.
#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(crate) struct SeedUsers {
    /// How many
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST))]
    count: u32,
    /// What the users' keys are made of
    #[arg(long, value_name = "TEXT", default_value = "countersign")]
    seed: String,
    /// Fill also a store that has other users
    #[arg(long)]
    into_a_store_with_users: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
}

impl SeedUsers {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        let gateway = self.gateway.open(Access::Create, cache).await?;
        let realm = self.gateway.store().realm();
        // All that is seeded begins alike, so that the names before and behind are somebody's.
        let before = gateway.store.list(realm, Kind::Account, None, 1).await?;
        let before = before.iter().any(|it| !it.name.starts_with(PREFIX));
        let end = format!("{PREFIX}:");
        let behind = gateway.store.list(realm, Kind::Account, Some(&end), 1);
        let behind = !behind.await?.is_empty();
        if (before || behind) && !self.into_a_store_with_users {
            return Err(Exit::AnsweredNo(
                "the store has users of its own, and whoever knows the seed can make the codes of made-up ones; \
                 --into-a-store-with-users fills it all the same"
                    .to_owned(),
            ));
        }
        anstream::eprintln!(
            "{BAD}for tests only:{BAD:#} whoever knows the seed can sign in as these users"
        );
        let begun = Instant::now();
        let seeded = self.seed_all(&gateway.mfa);
        tokio::select! {
            seeded = seeded => seeded?,
            _ = tokio::signal::ctrl_c() => {
                anstream::eprintln!("stopped; run it again for the rest");
                return Err(Exit::Interrupted);
            }
        }
        let time = begun.elapsed();
        let count = u64::from(self.count);
        let (seconds, rate) = (time.as_secs(), per_second(count, time));
        writeln!(
            out,
            "{GOOD}seeded{GOOD:#}: {BOLD}{count}{BOLD:#} users, {} to {}, in {seconds} s ({rate} a second)",
            name(1),
            name(self.count),
        )?;
        Ok(())
    }

    async fn seed_all(&self, mfa: &Countersign) -> Result<(), Exit> {
        let progress = Arc::new(Progress::of("users", Some(self.count.into())));
        let mut first = 1;
        while first <= self.count {
            let last = first.saturating_add(BATCH - 1).min(self.count);
            let seeded = together(first..=last, |number| {
                let (mfa, progress) = (mfa.clone(), progress.clone());
                let user = name(number);
                let uri = uri(&self.seed, &user);
                async move {
                    let seeded = seed(&mfa, &user, &uri).await;
                    progress.add(1);
                    seeded
                }
            });
            for seeded in seeded.await {
                seeded?;
            }
            first = last.saturating_add(1);
        }
        Ok(())
    }
}

async fn seed(mfa: &Countersign, user: &str, uri: &str) -> Result<(), Error> {
    let actor = Actor::Operator("seed-users".to_owned());
    let administration = mfa.administration();
    administration.add_totp(user, uri, None, &actor).await?;
    Ok(())
}

fn name(number: u32) -> String {
    format!("{PREFIX}{number:07}")
}

/// Makes the key that [`LONG_HELP`] describes.
fn uri(seed: &str, user: &str) -> Zeroizing<String> {
    let digest = Digest::of(format!("countersign seed-users\n{seed}\n{user}").as_bytes());
    let key = digest.as_bytes().split_at(KEY).0;
    let key = Zeroizing::new(BASE32_NOPAD.encode(key));
    Zeroizing::new(format!(
        "otpauth://totp/Seed:{user}?secret={}&issuer=Seed",
        &*key
    ))
}

const PREFIX: &str = "seed-";

/// As long as a SHA-1: what apps take everywhere.
const KEY: usize = 20;

/// Users between two looks at whether something went wrong.
const BATCH: u32 = 10_000;

/// What a name has digits for.
const MOST: i64 = 9_999_999;

const LONG_HELP: &str = r#"The users are seed-0000001 and so on. The key of one, for codes of SHA-1, 6 digits and 30 seconds,
are the first 20 bytes of
  SHA-256("countersign seed-users\n" SEED "\n" USER)
A code of the time step in which the user was seeded is not taken: it counts as used.

Exit codes:
  0    they are all there
  1    the command could not do its work; run it again for the rest
  2    the command line, the store or the keys cannot be used
  3    a host would refuse the plugin
  4    the store has users of its own, or one of the names has another app
  5    the plugin trapped, used up its limits or broke the contract, and was stopped
  130  Ctrl-C"#;

#[cfg(test)]
mod tests {
    use super::{name, uri};

    #[test]
    fn a_users_key_is_what_the_help_says() {
        // printf 'countersign seed-users\nx\nseed-0000001' | openssl dgst -sha256 -binary | head -c 20 | base32
        let uri = uri("x", &name(1));
        assert_eq!(
            *uri,
            "otpauth://totp/Seed:seed-0000001?secret=I7ATSRI6LDH7DSSVAQRXPZKNGOSCKI5Y&issuer=Seed"
        );
    }
}
