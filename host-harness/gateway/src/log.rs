//! What the gateway says of itself, one line each, on the error stream.
//!
//! No line holds a cookie, a query, a body, a code, a ticket or a password. A path stands in it as the template of its
//! route: what people were sent in links does not get into logs.

use std::io::{self, Write};
use std::panic;

use countersign_host::fault::Fault;
use countersign_host::printable::Printable;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::{Log, LogFormat, LogLevel};

/// Begins to log, for the rest of the process. A second call changes nothing.
pub fn begin(log: &Log) {
    begin_on(log, io::stderr);
}

/// Begins to log elsewhere than on the error stream, as [`begin`] does.
pub fn begin_on<W>(log: &Log, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let subscriber = subscriber(log, writer);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return;
    }
    panic::set_hook(Box::new(|it| {
        // Only what stands in the code: a text that was made up on the way may hold anything.
        let why = it.payload().downcast_ref::<&'static str>().copied();
        let place = it.location().map(ToString::to_string);
        tracing::error!(target: "countersign::panic", why, place, "a defect of the gateway");
    }));
}

/// Logs a fault of the host or of the plugin. It holds nothing of users.
pub(crate) fn fault(fault: &Fault) {
    let source = fault.source.to_string();
    let why = fault.why.as_str();
    tracing::error!(target: "countersign::fault", source, why, "a call was refused for a fault");
}

fn subscriber<W>(log: &Log, writer: W) -> impl tracing::Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (own, others) = match log.level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        // Libraries say too much at this level, and what they say of messages is not ours to vouch for.
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::WARN),
    };
    let targets = Targets::new()
        .with_default(others)
        .with_target("countersign", own)
        .with_target("countersign_gateway", own);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    let lines = match log.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
        LogFormat::Text => lines.with_writer(Escaping(writer)).boxed(),
    };
    Registry::default().with(lines.with_filter(targets))
}

/// Writes lines of text with everything escaped that could begin another one, or recolour a terminal. JSON does so by
/// itself.
struct Escaping<W>(W);

struct EscapingWriter<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Escaping<W> {
    type Writer = EscapingWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EscapingWriter(self.0.make_writer())
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        EscapingWriter(self.0.make_writer_for(meta))
    }
}

impl<W: Write> Write for EscapingWriter<W> {
    /// Takes a whole line: that is how lines are handed over.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let escaped = format!("{}\n", Printable(text));
        self.0.write_all(escaped.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A line for a request that was answered.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) micros: u64,
    pub(crate) client: &'a crate::client::Client,
}

impl Answered<'_> {
    pub(crate) fn log(&self) {
        let address = self.client.address.to_string();
        tracing::event!(
            target: "countersign::request",
            Level::INFO,
            method = self.method,
            route = self.route,
            status = self.status,
            micros = self.micros,
            request = &*self.client.request,
            client = address,
            user = self.client.user(),
            "answered"
        );
    }
}

#[cfg(test)]
mod tests;
