//! A process that is killed while it writes.
//!
//! What this shows: whatever the moment, the file is whole, nothing is half done, and all that was answered is there.
//! It does not cut the power: that an answered commit was synced before, SQLite's own tests show for
//! `synchronous=FULL`.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use countersign_host::store::{Change, Content, Kind, SqliteStore, Store, Trail, Unavailable};
use libtest_mimic::Trial;

use super::scratch::{NOW, REALM, Scratch, account, close, commit, get, key, put, sealed};
use super::trial;
use super::worker::{Role, Worker, tell};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "hundred_kills_lose_nothing_that_was_answered",
        hundred_kills_lose_nothing_that_was_answered,
    )]
}

// covers: STORE-1, STORE-3
async fn hundred_kills_lose_nothing_that_was_answered() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new();
    let path = scratch.file("mfa.db");
    let mut dice = Dice(KILLS.into());
    let mut seen = Seen::default();
    let mut answered = 0_u64;
    let mut unanswered = 0_u64;
    for _ in 0..KILLS {
        let mut worker = Worker::start(Role::Commit, &path);
        let mut lines = vec![worker.line().ok_or("the worker did not begin")?];
        let lives = Duration::from_micros(20_000 + dice.roll() % 40_000);
        tokio::time::sleep(lives).await;
        lines.extend(worker.kill());
        let mut last = HashMap::new();
        for line in lines {
            let (writer, turn) = line.split_once(' ').ok_or("two numbers")?;
            last.insert(writer.parse::<u64>()?, turn.parse::<u64>()?);
            answered += 1;
        }
        unanswered += seen.look(&path, &last).await?;
    }
    println!(
        "    {KILLS} kills: {answered} answered commits, all there; {unanswered} more were made and not answered"
    );
    Ok(())
}

/// What was found in the file so far.
#[derive(Default)]
struct Seen {
    /// Each writer's last turn.
    turns: HashMap<u64, u64>,
    position: u64,
}

impl Seen {
    /// Looks into the file after a kill; returns how many commits were made beyond those that were answered.
    async fn look(
        &mut self,
        path: &Path,
        answered: &HashMap<u64, u64>,
    ) -> Result<u64, Box<dyn Error>> {
        let store = SqliteStore::open(path).await?;
        let mut events: HashMap<u64, Vec<u64>> = HashMap::new();
        let trailed = store.events(REALM, self.position, usize::MAX).await?;
        for it in trailed {
            let id = u128::from_str_radix(&it.event.id.to_string(), 16)?;
            let (writer, turn) = (u64::try_from(id >> 64)?, id as u64);
            events.entry(writer).or_default().push(turn);
            self.position = it.position;
        }
        let mut beyond = 0;
        for writer in 0..WRITERS {
            let (stored, _) = turn(&store, writer).await?;
            let before = self.turns.insert(writer, stored).unwrap_or(0);
            let told = answered.get(&writer).copied().unwrap_or(before);
            assert!(told <= stored, "{told} was answered, and {stored} is there");
            assert!(stored <= told + 1, "{stored} is there after {told}");
            beyond += stored - told;
            let events = events.remove(&writer).unwrap_or_default();
            let expected: Vec<u64> = (before + 1..=stored).collect();
            assert_eq!(events, expected, "each commit has its event, in order");
        }
        let all: u64 = self.turns.values().sum();
        assert_eq!(count(&store).await?, all, "each commit was counted once");
        close(store, path);
        SqliteStore::check(path).await?;
        Ok(beyond)
    }
}

/// The worker: writers that commit one after the other, and tell each commit that was answered.
pub(super) async fn commit_for_ever(store: SqliteStore) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            loop {
                let (before, versions) = turn(&store, writer).await.expect("a state");
                let turn = before + 1;
                let mut value = vec![7; 700];
                value[..8].copy_from_slice(&turn.to_be_bytes());
                let [account, tickets] = names(writer);
                let changes = vec![
                    put(account, versions[0], &value),
                    put(tickets, versions[1], &value),
                    Change::Add {
                        key: key(Kind::Quota, "commits"),
                        amount: 1,
                        ceiling: u64::MAX,
                        collectable_at: NOW + 1,
                    },
                ];
                let event = (u128::from(writer) << 64) | u128::from(turn);
                let done = store.commit(commit(changes, &[event])).await;
                done.expect("nobody else writes this");
                tell(&format!("{writer} {turn}"));
            }
        });
    }
    let ended = writers.join_next().await;
    panic!("no writer ends: {ended:?}");
}

/// Reads a writer's two records, which must be of one commit: its turn, and their versions.
async fn turn(store: &SqliteStore, writer: u64) -> Result<(u64, [Option<u64>; 2]), Unavailable> {
    let found = store.get(&names(writer)).await?;
    let versions = [0, 1].map(|i| found[i].as_ref().map(|it| it.version));
    let turns: Vec<u64> = found
        .into_iter()
        .map(|it| sealed(it).map_or(0, |it| u64::from_be_bytes(it[..8].try_into().expect("8"))))
        .collect();
    assert_eq!(turns[0], turns[1], "two records of one commit");
    Ok((turns[0], versions))
}

async fn count(store: &SqliteStore) -> Result<u64, Box<dyn Error>> {
    match get(store, key(Kind::Quota, "commits"))
        .await
        .map(|it| it.content)
    {
        Some(Content::Count(count)) => Ok(count),
        None => Ok(0),
        Some(Content::Sealed(_)) => Err("no counter".into()),
    }
}

fn names(writer: u64) -> [countersign_host::store::Key; 2] {
    let name = format!("user-{writer}");
    [account(&name), key(Kind::Tickets, &name)]
}

/// The same in every run (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

const KILLS: u32 = 100;
const WRITERS: u64 = 6;
