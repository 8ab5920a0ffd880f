//! The `countersign` command.

#![forbid(unsafe_code)]

mod authenticator;
mod backup;
mod bench;
mod calendar;
mod call;
mod company;
mod conformance;
mod conformance_host;
mod copy;
mod database;
mod demo;
mod directory;
mod draft;
mod events;
mod exit;
mod import;
mod input;
mod inspect;
mod json;
mod keys;
mod new;
mod opened;
mod overview;
mod plugin;
mod policy;
mod progress;
mod pull;
mod push;
mod registry;
mod report;
mod reset;
mod restore;
mod revoke;
mod seed;
mod serve;
mod sign;
mod status;
mod style;
mod table;
mod table_file;
mod unlock;
mod user;
mod walk;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use countersign_host::printable::Printable;

use crate::backup::Backup;
use crate::bench::Bench;
use crate::call::Call;
use crate::company::Company;
use crate::conformance::Conformance;
use crate::conformance_host::ConformanceHost;
use crate::copy::Copy;
use crate::demo::Demo;
use crate::events::Events;
use crate::exit::Exit;
use crate::import::Import;
use crate::inspect::Inspect;
use crate::keys::Keys;
use crate::new::New;
use crate::overview::Overview;
use crate::policy::Policy;
use crate::pull::Pull;
use crate::push::Push;
use crate::report::Report;
use crate::reset::Reset;
use crate::restore::Restore;
use crate::revoke::{Revoke, RevokeAll};
use crate::seed::SeedUsers;
use crate::serve::Serve;
use crate::sign::Sign;
use crate::status::Status;
use crate::style::ERROR;
use crate::unlock::Unlock;
use crate::user::User;

/// Countersign: the second factor of an identity gateway, as one sandboxed component
///
/// A gateway that has checked a password asks the plugin what comes next: let in, nudge, challenge, or make the user
/// enroll. This command shows the plugin at work, runs the store of a gateway, and helps those who write a plugin.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Countersign {
    #[command(subcommand)]
    command: Command,
    /// Keep compiled plugins in a directory of yours alone: what lies in it is executed
    #[arg(long, global = true, value_name = "DIRECTORY")]
    cache: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Demo),
    Inspect(Inspect),
    Conformance(Conformance),
    ConformanceHost(ConformanceHost),
    Sign(Sign),
    Push(Push),
    Pull(Pull),
    Call(Call),
    New(New),
    Import(Import),
    Policy(Policy),
    Status(Status),
    Report(Report),
    Reset(Reset),
    Unlock(Unlock),
    Revoke(Revoke),
    RevokeAll(RevokeAll),
    Events(Events),
    Keys(Keys),
    Store(Overview),
    Backup(Backup),
    Restore(Restore),
    Copy(Copy),
    SeedUsers(SeedUsers),
    User(User),
    Company(Company),
    Serve(Serve),
    Bench(Bench),
}

fn main() -> ExitCode {
    let arguments = Countersign::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return end(&Exit::from(error)),
    };
    let ended = runtime.block_on(async {
        let ended = run(arguments).await;
        // However it ended, so that what was written lies in the file itself.
        opened::close().await;
        ended
    });
    // A thread may still wait for the keyboard.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => end(&exit),
    }
}

async fn run(arguments: Countersign) -> Result<(), Exit> {
    let cache = arguments.cache.as_deref();
    let mut out = anstream::stdout();
    match arguments.command {
        Command::Demo(demo) => demo.run(cache, &mut out).await?,
        Command::Inspect(inspect) => inspect.run(cache, &mut out).await?,
        Command::Conformance(conformance) => conformance.run(cache, &mut out).await?,
        Command::ConformanceHost(conformance) => conformance.run(&mut out).await?,
        Command::Sign(sign) => sign.run(&mut out)?,
        Command::Push(push) => push.run(&mut out).await?,
        Command::Pull(pull) => pull.run(&mut out).await?,
        Command::Call(call) => call.run(cache, &mut out).await?,
        Command::New(new) => new.run(&mut out)?,
        Command::Import(import) => import.run(cache, &mut out).await?,
        Command::Policy(policy) => policy.run(cache, &mut out).await?,
        Command::Status(status) => status.run(cache, &mut out).await?,
        Command::Report(report) => report.run(cache, &mut out).await?,
        Command::Reset(reset) => reset.run(cache, &mut out).await?,
        Command::Unlock(unlock) => unlock.run(cache, &mut out).await?,
        Command::Revoke(revoke) => revoke.run(cache, &mut out).await?,
        Command::RevokeAll(revoke) => revoke.run(cache, &mut out).await?,
        Command::Events(events) => events.run(&mut out).await?,
        Command::Keys(keys) => keys.run(&mut out).await?,
        Command::Store(overview) => overview.run(&mut out).await?,
        Command::Backup(backup) => backup.run(&mut out).await?,
        Command::Restore(restore) => restore.run(cache, &mut out).await?,
        Command::Copy(copy) => copy.run(&mut out).await?,
        Command::SeedUsers(seed) => seed.run(cache, &mut out).await?,
        Command::User(user) => user.run(cache, &mut out).await?,
        Command::Company(company) => company.run(&mut out).await?,
        Command::Serve(serve) => serve.run(cache, &mut out).await?,
        Command::Bench(bench) => bench.run(cache, &mut out).await?,
    }
    out.flush()?;
    Ok(())
}

/// Says why the command ends, and how.
///
/// # Security
///
/// A message may repeat a plugin, a file or the command line. It is escaped here, once for all of them, so that it
/// stays one line and looks like what it is.
fn end(exit: &Exit) -> ExitCode {
    if let Some(message) = exit.message() {
        let message = Printable(message);
        // Nobody may be there to read it.
        let _ = writeln!(anstream::stderr(), "{ERROR}countersign:{ERROR:#} {message}");
    }
    exit.code()
}

const EXIT_CODES: &str = "\
Exit codes:
  0    it went well
  1    the work could not be done, or the demo came out otherwise than it told
  2    the command line, or what it names, cannot be used
  3    a host would refuse the plugin
  4    it was done, and the answer is no: the plugin's err, a row refused, a policy laxer,
       a plugin that does not conform
  5    the plugin trapped, used up its limits or broke the contract, and was stopped
  6    serve was told to end, and did before everybody had their answer
  130  Ctrl-C";
