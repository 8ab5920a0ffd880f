//! The figures, for people.

use std::fmt;
use std::time::Duration;

/// All figures of a run, and what they were measured on.
#[derive(Debug)]
pub struct Table {
    pooled: bool,
    rows: Vec<Row>,
}

/// One figure.
#[derive(Debug)]
pub struct Row {
    id: &'static str,
    work: String,
    figure: String,
    against: String,
    goal: String,
    met: Option<bool>,
}

impl Table {
    pub(super) fn new(pooled: bool) -> Self {
        Self {
            pooled,
            rows: Vec::new(),
        }
    }

    /// Adds a time beside the native one, and how many times that it may take.
    pub(super) fn ratio(
        &mut self,
        row: (&'static str, &str),
        it: Duration,
        native: Duration,
        most: f64,
    ) {
        self.compared(row, it, ("native", native), most);
    }

    /// Adds a time beside the time of what it is measured against, and how many times that it may take.
    pub(super) fn compared(
        &mut self,
        (id, work): (&'static str, &str),
        it: Duration,
        (what, than): (&str, Duration),
        most: f64,
    ) {
        let ratio = it.as_secs_f64() / than.as_secs_f64();
        self.rows.push(Row {
            id,
            work: work.to_owned(),
            figure: time(it),
            against: format!("{ratio:.1} × {what}"),
            goal: format!("≤ {most} ×"),
            met: Some(ratio <= most),
        });
    }

    /// Adds how many fit into a second, beside what it is measured against, and how many times as many there shall be.
    pub(super) fn speed(
        &mut self,
        (id, work): (&'static str, &str),
        it: Duration,
        (what, than): (&str, Duration),
        least: f64,
    ) {
        let ratio = than.as_secs_f64() / it.as_secs_f64();
        self.rows.push(Row {
            id,
            work: work.to_owned(),
            figure: format!("{:.0}/s", 1.0 / it.as_secs_f64()),
            against: format!("{ratio:.2} × {what}"),
            goal: format!("≥ {least} ×"),
            met: Some(ratio >= least),
        });
    }

    /// Adds a time, and how long it may be, if that is said.
    pub(super) fn time(
        &mut self,
        (id, work): (&'static str, &str),
        it: Duration,
        most: Option<Duration>,
    ) {
        self.rows.push(Row {
            id,
            work: work.to_owned(),
            figure: time(it),
            against: String::new(),
            goal: most.map_or(String::new(), |most| format!("≤ {}", time(most))),
            met: most.map(|most| it <= most),
        });
    }

    /// Adds how many were answered in a second, and the times in which half of them were, and 99 of a hundred.
    pub(super) fn served(
        &mut self,
        (id, work): (&'static str, &str),
        a_second: f64,
        [half, most]: [Duration; 2],
    ) {
        self.rows.push(Row {
            id,
            work: work.to_owned(),
            figure: format!("{a_second:.0}/s"),
            against: format!("p50 {} p99 {}", time(half), time(most)),
            goal: String::new(),
            met: None,
        });
    }

    /// Says what could not be measured, and why.
    pub(super) fn missing(&mut self, id: &'static str, what: &str) {
        self.rows.push(Row {
            id,
            work: what.to_owned(),
            figure: "–".to_owned(),
            against: String::new(),
            goal: String::new(),
            met: None,
        });
    }

    /// Puts the rows in the order of their ids.
    pub(super) fn sort(&mut self) {
        self.rows.sort_by_key(|row| row.id);
    }

    /// Adds a size in bytes, and how many there may be.
    pub(super) fn size(&mut self, (id, work): (&'static str, &str), bytes: usize, most: usize) {
        self.rows.push(Row {
            id,
            work: work.to_owned(),
            figure: kilobytes(bytes),
            against: String::new(),
            goal: format!("≤ {}", kilobytes(most)),
            met: Some(bytes <= most),
        });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let build = match cfg!(debug_assertions) {
            true => "NOT OPTIMIZED: build with --release, or these figures mean nothing",
            false => "optimized build",
        };
        let instances = match self.pooled {
            true => "instances from a pool",
            false => "instances on demand, since there could be no pool",
        };
        writeln!(f, "{cpus} CPUs · {build} · {instances}")?;
        writeln!(f, "medians; what is compared takes turns in one run\n")?;
        for row in &self.rows {
            let mark = match row.met {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "",
            };
            let line = format!(
                "{:4} {:58} {:>10}   {:18} {:>9} {mark}",
                row.id, row.work, row.figure, row.against, row.goal
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn time(it: Duration) -> String {
    let micros = it.as_secs_f64() * 1e6;
    match micros {
        ..1_000.0 => format!("{micros:.1} µs"),
        ..1_000_000.0 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

fn kilobytes(bytes: usize) -> String {
    format!("{} kB", bytes.div_ceil(1_000))
}
