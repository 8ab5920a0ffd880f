//! B-7, many users beside few, and B-9, memory.

use std::fs;
use std::time::Instant;

use countersign_host::Plugin;
use countersign_host::store::open;

use super::people::{DAY, Gateway, Trouble};
use super::{Samples, Table, runtime};

/// Has users sign in on files that hold more and more of them.
pub(super) fn measure(plugin: &Plugin, table: &mut Table, most: usize) -> Result<(), Trouble> {
    let runtime = runtime(2)?;
    let directory = super::directory("crowd")?;
    let mut gateways = Vec::new();
    for users in CROWDS.into_iter().filter(|users| *users <= most) {
        let path = directory.path().join(format!("{users}.db"));
        let store = runtime.block_on(open(&format!("sqlite:{}", path.display())))?;
        let gateway = Gateway::on(plugin, store)?;
        let start = Instant::now();
        runtime.block_on(gateway.enroll(0..users, 64))?;
        table.time(
            ("B-7", &format!("{} users imported, each", thousands(users))),
            start.elapsed().div_f64(users as f64),
            None,
        );
        gateways.push((users, gateway, Samples::default()));
    }
    for round in 0..ROUNDS {
        for (users, gateway, samples) in &mut gateways {
            gateway.clock.advance(DAY);
            // All over the file: a step that shares no factor with a power of ten.
            let chosen = (0..SIGN_INS).map(|i| {
                i.saturating_add(round)
                    .wrapping_mul(7_919)
                    .checked_rem(*users)
                    .unwrap_or_default()
            });
            let mut chosen: Vec<usize> = chosen.collect();
            chosen.sort_unstable();
            chosen.dedup();
            let sign_ins = chosen.len();
            let people = runtime.block_on(gateway.begin(chosen, 8))?;
            let verifying = gateway.clone();
            let took = runtime.block_on(async move {
                tokio::spawn(async move { verifying.verify_all(people, 8, None).await }).await?
            })?;
            samples.note(took, sign_ins);
        }
    }
    let mut fewest = None;
    for (users, _, samples) in &mut gateways {
        let it = samples.median();
        let than = *fewest.get_or_insert(it);
        let work = format!("a sign-in on SQLite, {} users", thousands(*users));
        table.compared(("B-7", &work), it, ("1,000 users", than), 1.3);
    }
    if let Some(bytes) = resident() {
        table.size(
            ("B-9", "this process, with all of these stores open"),
            bytes,
            200_000_000,
        );
    }
    Ok(())
}

/// Returns the memory that this process has in use, where the system says.
pub(super) fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

fn thousands(users: usize) -> String {
    match users {
        1_000_000.. => "1,000,000".to_owned(),
        100_000.. => "100,000".to_owned(),
        _ => "1,000".to_owned(),
    }
}

const CROWDS: [usize; 3] = [1_000, 100_000, 1_000_000];
const SIGN_INS: usize = 500;
const ROUNDS: usize = 9;
