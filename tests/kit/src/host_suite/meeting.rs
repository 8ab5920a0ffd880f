//! Whether the calls of a lab's races meet. Of calls that are made one after another every one succeeds, on a host that
//! is wrong as on one that is right, so nothing is shown by them.

use serde_json::{Value, json};

use super::bench::Bench;
use super::script::{Call, account, commit, get, replace};

/// Has calls race, and says whether two of them read the same, and so met.
pub(super) async fn meets(bench: &mut Bench<'_>) -> Result<bool, String> {
    for round in 0..ROUNDS {
        let calls = (0..CALLS).map(|i| {
            let value = format!("{round:02x}{i:02x}");
            Call::ana(&[get(&[account()]), commit(&[replace(&account(), &value)])])
        });
        let answers = bench.race_whole(calls.collect()).await?;
        if !winners_of_one_read(&answers).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of calls that read and then commit: for each thing that more than one of them read, how many of those succeeded.
pub(super) fn winners_of_one_read(answers: &[Vec<Value>]) -> Vec<usize> {
    let done = json!({ "ok": null });
    let mut met: Vec<(&Value, usize, usize)> = Vec::new();
    for answer in answers {
        let (Some(read), Some(committed)) = (answer.first(), answer.last()) else {
            continue;
        };
        let won = usize::from(*committed == done);
        match met.iter_mut().find(|(it, ..)| *it == read) {
            Some((_, calls, winners)) => {
                *calls = calls.saturating_add(1);
                *winners = winners.saturating_add(won);
            }
            None => met.push((read, 1, won)),
        }
    }
    let met = met.into_iter().filter(|(_, calls, _)| *calls > 1);
    met.map(|(_, _, winners)| winners).collect()
}

/// Where calls meet by chance, they may miss one another once.
const ROUNDS: u32 = 3;
const CALLS: u32 = 4;
