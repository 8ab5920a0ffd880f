//! What is counted, for Prometheus.

mod outcome;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_host::calls::{CallOutcome, Calls, Ended};
use countersign_host::fault::{Fault, Source};
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use self::outcome::{MailOutcome, PasswordOutcome, SignInOutcome};

/// What a gateway counts. Clones count together.
///
/// No label names a user, a company or an address: their values are those of the code alone, so that there are few, and
/// none is personal.
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    requests: Counters<3>,
    request_seconds: Histograms<2>,
    requests_in_flight: Gauge,
    connections: Gauge,
    accepted: Counter,
    calls: Counters<2>,
    call_seconds: Histograms<1>,
    calls_in_flight: Gauge,
    passwords: Counters<1>,
    sign_ins: Counters<1>,
    texts: Counters<1>,
    mails: Counters<1>,
    faults: Counters<1>,
    courier_lag: Family<Labels<1>, Gauge>,
}

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

/// What the gateway that counts is made of.
#[derive(Clone, Debug)]
pub struct Build {
    /// The gateway's version.
    pub version: String,
    /// The plugin's SHA-256.
    pub plugin: String,
    /// The contract that the plugin was loaded for.
    pub contract: String,
}

impl Metrics {
    /// Makes what counts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Counts {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(histogram),
            requests_in_flight: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(histogram),
            calls_in_flight: Gauge::default(),
            passwords: Family::default(),
            sign_ins: Family::default(),
            texts: Family::default(),
            mails: Family::default(),
            faults: Family::default(),
            courier_lag: Family::default(),
        }))
    }

    /// Counts a request that was answered. `route` is the template of the route, never the path that was asked for.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let class = format!("{}xx", status.checked_div(100).unwrap_or(0));
        let labels = [
            ("route", route.to_owned()),
            ("method", known_method(method).to_owned()),
            ("status", class),
        ];
        self.0.requests.get_or_create(&labels).inc();
        let [route, method, _] = labels;
        let seconds = self.0.request_seconds.get_or_create(&[route, method]);
        seconds.observe(took.as_secs_f64());
    }

    /// Counts a request as under way until what it returns is dropped.
    #[must_use]
    pub fn request_begins(&self) -> UnderWay {
        UnderWay::begin(&self.0.requests_in_flight)
    }

    /// Counts a connection that was accepted, and as open until what it returns is dropped.
    #[must_use]
    pub fn connection_opens(&self) -> UnderWay {
        self.0.accepted.inc();
        UnderWay::begin(&self.0.connections)
    }

    /// Counts a password that was typed.
    pub fn password(&self, outcome: PasswordOutcome) {
        count(&self.0.passwords, "outcome", outcome.as_str());
    }

    /// Counts where somebody got by signing in.
    pub fn sign_in(&self, outcome: SignInOutcome) {
        count(&self.0.sign_ins, "outcome", outcome.as_str());
    }

    /// Counts a text message by what the sender said of it.
    pub fn text(&self, outcome: &countersign_host::sms::Outcome) {
        count(&self.0.texts, "outcome", outcome::of_text(outcome));
    }

    /// Counts a mail.
    pub fn mail(&self, outcome: MailOutcome) {
        count(&self.0.mails, "outcome", outcome.as_str());
    }

    /// Counts a fault by whose it is.
    pub fn fault(&self, fault: &Fault) {
        count(&self.0.faults, "source", source(fault.source));
    }

    /// Notes how many positions of the trail a courier is behind.
    pub fn courier(&self, name: &str, behind: u64) {
        let behind = i64::try_from(behind).unwrap_or(i64::MAX);
        let labels = [("courier", name.to_owned())];
        self.0.courier_lag.get_or_create(&labels).set(behind);
    }

    /// Writes everything in the text format of Prometheus, 0.0.4.
    #[must_use]
    pub fn render(&self, build: Option<&Build>) -> String {
        let mut registry = Registry::with_prefix("countersign");
        self.register(&mut registry);
        if let Some(build) = build {
            let info = Info::new([
                ("version", build.version.clone()),
                ("plugin", build.plugin.clone()),
                ("contract", build.contract.clone()),
            ]);
            registry.register(
                "build",
                "The gateway's version, the SHA-256 of the plugin and its contract",
                info,
            );
        }
        let mut text = String::new();
        match encode(&mut text, &registry) {
            Ok(()) => text,
            // A `String` takes whatever is written to it.
            Err(_) => String::new(),
        }
    }

    fn register(&self, registry: &mut Registry) {
        let it = &*self.0;
        registry.register(
            "http_requests",
            "Requests that were answered",
            it.requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Time to the head of the answer",
            it.request_seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests under way",
            it.requests_in_flight.clone(),
        );
        registry.register(
            "http_connections",
            "Open connections",
            it.connections.clone(),
        );
        registry.register(
            "http_connections_accepted",
            "Connections that were accepted",
            it.accepted.clone(),
        );
        registry.register(
            "plugin_calls",
            "Calls of the plugin: ok, refused by it, a fault, or dropped by whoever waited",
            it.calls.clone(),
        );
        registry.register(
            "plugin_call_seconds",
            "Time of a call, with what it waited for",
            it.call_seconds.clone(),
        );
        registry.register(
            "plugin_calls_in_flight",
            "Calls under way or waiting for a place",
            it.calls_in_flight.clone(),
        );
        registry.register(
            "passwords",
            "Passwords that were typed: right, wrong, throttled or busy",
            it.passwords.clone(),
        );
        registry.register(
            "sign_ins",
            "Where people got by signing in",
            it.sign_ins.clone(),
        );
        registry.register(
            "text_messages",
            "Text messages, by what the sender said of them",
            it.texts.clone(),
        );
        registry.register(
            "mails",
            "Mails: sent, failed, or kept in the outbox",
            it.mails.clone(),
        );
        registry.register(
            "faults",
            "Faults of the host, by what failed",
            it.faults.clone(),
        );
        registry.register(
            "courier_lag_events",
            "Positions of the trail that a courier is behind",
            it.courier_lag.clone(),
        );
    }
}

/// Counts calls of the plugin, as the host tells of them.
impl Calls for Metrics {
    fn begins(&self) {
        self.0.calls_in_flight.inc();
    }

    fn ends(&self, ended: &Ended) {
        self.0.calls_in_flight.dec();
        let outcome = match ended.outcome {
            CallOutcome::Answered => "ok",
            CallOutcome::Refused => "refused",
            CallOutcome::Dropped => "dropped",
            _ => "fault",
        };
        let name = format!("{}.{}", ended.interface, ended.function);
        let function = ("function", name);
        let labels = [function.clone(), ("outcome", outcome.to_owned())];
        self.0.calls.get_or_create(&labels).inc();
        let seconds = self.0.call_seconds.get_or_create(&[function]);
        seconds.observe(ended.took.as_secs_f64());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}

/// Something that is counted while it goes on.
#[derive(Debug)]
pub struct UnderWay(Gauge);

impl UnderWay {
    fn begin(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn count(counters: &Counters<1>, label: &'static str, value: &'static str) {
    counters.get_or_create(&[(label, value.to_owned())]).inc();
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

fn source(source: Source) -> &'static str {
    use countersign_host::contract::Dependency;

    match source {
        Source::Import(Dependency::Store) => "store",
        Source::Import(Dependency::Keyring) => "keyring",
        Source::Import(Dependency::Sms) => "sms",
        Source::Import(Dependency::Clock) => "clock",
        Source::Import(Dependency::Random) => "random",
        Source::Plugin => "plugin",
        Source::Sink => "sink",
        _ => "other",
    }
}

/// A client may invent methods, and each would be a series.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|it| *it == method);
    known.unwrap_or("other")
}

/// In seconds: from a page without a call to the time-out of a call.
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.5, 10.0,
];

#[cfg(test)]
mod tests;
