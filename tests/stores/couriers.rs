//! Events are handed on from the trail, at least once, whatever ends in between.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_host::contract::event::{Event, EventKind};
use countersign_host::event::{EventId, StampedEvent};
use countersign_host::fault::Fault;
use countersign_host::random::SystemRandom;
use countersign_host::sink::{Courier, Sink};
use countersign_host::store::{Commit, Trail};
use libtest_mimic::Trial;

use crate::kind::{Kind, Place};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        trials.push(kind.trial("courier_goes_on_where_it_stopped", goes_on));
        trials.push(kind.trial("sink_that_fails_is_handed_the_same_again", same_again));
        trials.push(kind.trial("couriers_of_two_names_each_get_everything", two_names));
        trials.push(kind.trial("what_is_not_handed_on_is_not_pruned", not_pruned));
        trials.push(kind.trial(
            "a_users_events_come_in_the_order_of_their_commits",
            in_order,
        ));
    }
    trials
}

/// A sink that keeps what it took, and fails on demand.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    texts: Vec<String>,
    /// How often it is still to fail.
    failures: usize,
    panics: usize,
}

impl Page {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn texts(&self) -> Vec<String> {
        self.written().texts.clone()
    }

    /// Without those that it had before.
    fn first_texts(&self) -> Vec<String> {
        let mut had = HashSet::new();
        let texts = self.texts().into_iter();
        texts.filter(|it| had.insert(it.clone())).collect()
    }
}

impl Sink for Page {
    fn take(&mut self, event: &StampedEvent) -> io::Result<()> {
        let mut written = self.written();
        if written.failures > 0 {
            written.failures -= 1;
            return Err(io::Error::other("full"));
        }
        if written.panics > 0 {
            written.panics -= 1;
            drop(written);
            panic!("by the trial");
        }
        written.texts.push(text(event));
        Ok(())
    }
}

fn text(event: &StampedEvent) -> String {
    match &event.event.kind {
        EventKind::Reset(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

async fn note(place: &Place, user: &str, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let event = Event {
            kind: EventKind::Reset(text),
            companies: Vec::new(),
            actor: None,
            notify: true,
        };
        let id = EventId::draw(&SystemRandom).expect("there is randomness");
        let mut commit = Commit::new(1_000, Vec::new());
        let event = StampedEvent::new(id, 1_000, REALM, Some(user), None, event);
        commit.events.push(event);
        place.store.commit(commit).await.expect("it is committed");
    }
}

async fn courier(place: &Place, name: &str, page: &Page) -> (Courier, Arc<Mutex<Vec<String>>>) {
    // As another process would have it.
    let trail: Arc<dyn Trail> = place.again().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let faults = told.clone();
    let tell = move |fault: &Fault| faults.lock().expect("whole").push(fault.to_string());
    let courier = Courier::start(trail, REALM, name, page.clone(), tell).await;
    (courier.expect("it starts"), told)
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|i| format!("{i:03}")).collect()
}

// covers: STORE-3
async fn goes_on(place: Place) {
    let page = Page::default();
    note(&place, "ana", numbered(0..150)).await;
    let (first, _) = courier(&place, "siem", &page).await;
    assert!(first.drain(LONG).await);
    assert_eq!(page.texts(), numbered(0..150));
    drop(first);
    note(&place, "ana", numbered(150..300)).await;
    let (second, told) = courier(&place, "siem", &page).await;
    assert!(second.drain(LONG).await);
    // What the first one had in hand when it was dropped may come twice.
    assert_eq!(page.first_texts(), numbered(0..300));
    note(&place, "ana", numbered(300..301)).await;
    assert!(second.drain(LONG).await);
    assert_eq!(page.first_texts(), numbered(0..301));
    assert!(told.lock().expect("whole").is_empty());
}

async fn same_again(place: Place) {
    let page = Page::default();
    page.written().failures = 2;
    page.written().panics = 1;
    note(&place, "ana", numbered(0..5)).await;
    let (courier, told) = courier(&place, "siem", &page).await;
    assert!(courier.drain(LONG).await);
    assert_eq!(page.first_texts(), numbered(0..5), "all, and in order");
    let told = told.lock().expect("whole").clone();
    // Each trouble is told once.
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("full") && told[1].contains("panicked"),
        "{told:?}"
    );

    // One that goes on failing holds the place, and says that it is not done.
    page.written().failures = usize::MAX;
    note(&place, "ana", numbered(5..6)).await;
    assert!(!courier.drain(Duration::from_millis(300)).await);
    let consumers = place.store.consumers(REALM).await.expect("it answers");
    let end = place.store.last_position(REALM).await.expect("it answers");
    assert!(consumers[0].1 < end, "{consumers:?}");
}

async fn two_names(place: Place) {
    let (one, two) = (Page::default(), Page::default());
    let (siem, _) = courier(&place, "siem", &one).await;
    note(&place, "ana", numbered(0..120)).await;
    let (notifier, _) = courier(&place, "notifier", &two).await;
    assert!(siem.drain(LONG).await && notifier.drain(LONG).await);
    assert_eq!(one.texts(), numbered(0..120));
    assert_eq!(two.texts(), numbered(0..120));
}

async fn not_pruned(place: Place) {
    let page = Page::default();
    page.written().failures = usize::MAX;
    let (courier, _) = courier(&place, "siem", &page).await;
    note(&place, "ana", numbered(0..10)).await;
    let pruned = place.store.prune(REALM, u64::MAX).await;
    assert_eq!(pruned.expect("it answers"), 0);
    page.written().failures = 0;
    assert!(courier.drain(LONG).await);
    assert_eq!(page.texts(), numbered(0..10));
    let pruned = place.store.prune(REALM, u64::MAX).await;
    assert_eq!(pruned.expect("it answers"), 10);
}

async fn in_order(place: Place) {
    let page = Page::default();
    let (courier, _) = courier(&place, "siem", &page).await;
    let place = Arc::new(place);
    let users: Vec<_> = (0..8)
        .map(|user| {
            let place = place.clone();
            tokio::spawn(async move {
                let user = format!("user-{user}");
                let texts = numbered(0..20).into_iter().map(|it| format!("{user} {it}"));
                note(&place, &user, texts).await;
            })
        })
        .collect();
    for user in users {
        user.await.expect("it notes");
    }
    assert!(courier.drain(LONG).await);
    let texts = page.texts();
    assert_eq!(texts.len(), 160);
    for user in 0..8 {
        let user = format!("user-{user} ");
        let of_user: Vec<&str> = texts
            .iter()
            .filter_map(|it| it.strip_prefix(&user))
            .collect();
        assert_eq!(of_user, numbered(0..20), "{user}");
    }
}

const REALM: &str = "couriers";
const LONG: Duration = Duration::from_secs(20);
