//! `countersign bench`.

mod client;
mod decisions;
mod http;
mod samples;
mod site;

use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};

use self::http::Http;
use crate::exit::Exit;

/// Measures what a gateway does on this machine
#[derive(Args, Debug)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Http(Http),
}

impl Bench {
    pub(crate) async fn run(self, cache: Option<&Path>, out: &mut dyn Write) -> Result<(), Exit> {
        match self.what {
            What::Http(http) => http.run(cache, out).await,
        }
    }
}
