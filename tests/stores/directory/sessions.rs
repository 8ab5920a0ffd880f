//! Sessions, and what ends them.

use countersign_gateway::directory::{DirectoryError, Level, SessionId, StoredSession};

use super::{NOW, Place, RACERS, session};
use crate::duties::race;

super::each! {
    a_session_is_read_as_it_was_kept_until_it_ends,
    a_session_is_replaced_only_at_its_version,
    of_racing_replacements_at_one_version_one_wins,
    of_racing_rotations_of_one_session_one_wins,
    a_rotation_that_fails_changes_nothing,
    ending_sessions_ends_those_of_one_person_but_one,
    no_rotation_outlives_the_end_of_all_sessions,
    what_has_ended_is_collected_and_nothing_else,
    beyond_fifty_sessions_of_somebody_the_oldest_end,
}

async fn beyond_fifty_sessions_of_somebody_the_oldest_end(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    let others = session(200, "ben");
    directory.add_session(others).await.expect("it opens");
    for number in 1..=53 {
        let mut new = session(number, "mia");
        new.ends_at += u64::from(number);
        directory.add_session(new).await.expect("it opens");
    }
    let rotated = StoredSession {
        ends_at: NOW + 153,
        ..session(100, "mia")
    };
    let rotated = directory.rotate_session(&SessionId([53; 32]), 0, rotated);
    assert!(rotated.await.expect("it answers"));
    for (number, is_there) in [
        (1, false),
        (3, false),
        (4, true),
        (52, true),
        (53, false),
        (100, true),
        (200, true),
    ] {
        let found = directory.session(&SessionId([number; 32]), NOW).await;
        assert_eq!(
            found.expect("it answers").is_some(),
            is_there,
            "the session {number}"
        );
    }
}

async fn a_session_is_read_as_it_was_kept_until_it_ends(place: Place) {
    let place = place.with(&["mia"]).await;
    let directory = &place.directory;
    let kept = session(1, "mia");
    directory.add_session(kept.clone()).await.expect("it opens");
    for (now, is_there) in [(0, true), (NOW + 99, true), (NOW + 100, false)] {
        let found = directory.session(&kept.id, now).await.expect("it answers");
        assert_eq!(found.is_some(), is_there, "at {now}");
        if let Some(found) = found {
            assert_eq!(parts(&found), parts(&kept));
        }
    }
    let unknown = directory.add_session(session(2, "nobody")).await;
    assert!(matches!(unknown, Err(DirectoryError::Unknown("user"))));
    let twice = directory.add_session(kept).await;
    assert!(matches!(twice, Err(DirectoryError::Taken("session"))));
    let mut great = session(3, "mia");
    great.sealed = vec![0; 65_537];
    let refused = directory.add_session(great).await;
    assert!(matches!(
        refused,
        Err(DirectoryError::Invalid("session", _))
    ));
}

async fn a_session_is_replaced_only_at_its_version(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    let mut kept = session(1, "mia");
    directory.add_session(kept.clone()).await.expect("it opens");
    for version in 0..3 {
        kept.version = version;
        kept.level = Level::Open;
        kept.sealed = vec![7; 10];
        kept.ends_at = NOW + 50;
        assert!(directory.replace_session(&kept).await.expect("it answers"));
        assert!(!directory.replace_session(&kept).await.expect("it answers"));
        let found = directory.session(&kept.id, NOW).await.expect("it answers");
        let found = found.expect("it is open");
        let expected = StoredSession {
            version: version + 1,
            ..kept.clone()
        };
        assert_eq!(parts(&found), parts(&expected));
    }
    kept.version = 3;
    kept.user = "ben".to_owned();
    assert!(!directory.replace_session(&kept).await.expect("it answers"));
    let gone = session(2, "mia");
    assert!(!directory.replace_session(&gone).await.expect("it answers"));
}

async fn of_racing_replacements_at_one_version_one_wins(place: Place) {
    let place = place.with(&["mia"]).await;
    let (one, other) = (place.directory.clone(), place.again().await);
    one.add_session(session(1, "mia")).await.expect("it opens");
    for version in 0..5 {
        let answers = race(RACERS, |racer| {
            let directory = [&one, &other][racer % 2].clone();
            let mut next = session(1, "mia");
            next.version = version;
            next.sealed = vec![racer as u8];
            async move { directory.replace_session(&next).await }
        })
        .await;
        let winner = only_winner(answers);
        let found = one.session(&SessionId([1; 32]), NOW).await;
        let found = found.expect("it answers").expect("it is open");
        assert_eq!((found.sealed, found.version), (vec![winner], version + 1));
    }
}

async fn of_racing_rotations_of_one_session_one_wins(place: Place) {
    let place = place.with(&["mia"]).await;
    let (one, other) = (place.directory.clone(), place.again().await);
    let mut now = 100;
    one.add_session(session(now, "mia"))
        .await
        .expect("it opens");
    for round in 0..3 {
        let old = SessionId([now; 32]);
        let first = 101 + round * RACERS as u8;
        let answers = race(RACERS, |racer| {
            let directory = [&one, &other][racer % 2].clone();
            let new = session(first + racer as u8, "mia");
            async move { directory.rotate_session(&old, 0, new).await }
        })
        .await;
        now = first + only_winner(answers);
        let mut open = Vec::new();
        for number in 100..=first + (RACERS - 1) as u8 {
            let found = one.session(&SessionId([number; 32]), NOW).await;
            if found.expect("it answers").is_some() {
                open.push(number);
            }
        }
        assert_eq!(open, [now]);
    }
}

async fn a_rotation_that_fails_changes_nothing(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    for (number, user) in [(1, "mia"), (2, "ben")] {
        let added = directory.add_session(session(number, user)).await;
        added.expect("it opens");
    }
    let old = SessionId([1; 32]);
    // It is somebody else's, and below the new one's id is taken.
    let rotated = directory.rotate_session(&old, 0, session(3, "ben")).await;
    assert!(!rotated.expect("it answers"));
    // It was written meanwhile.
    let rotated = directory.rotate_session(&old, 7, session(3, "mia")).await;
    assert!(!rotated.expect("it answers"));
    let taken = directory.rotate_session(&old, 0, session(2, "mia")).await;
    assert!(matches!(taken, Err(DirectoryError::Taken("session"))));
    for (number, is_there) in [(1, true), (2, true), (3, false)] {
        let found = directory.session(&SessionId([number; 32]), NOW).await;
        assert_eq!(found.expect("it answers").is_some(), is_there, "{number}");
    }
}

async fn ending_sessions_ends_those_of_one_person_but_one(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    for (number, user) in [(1, "mia"), (2, "mia"), (3, "mia"), (4, "ben")] {
        let added = directory.add_session(session(number, user)).await;
        added.expect("it opens");
    }
    let open = async || {
        let mut open = Vec::new();
        for number in 1..5 {
            let found = directory.session(&SessionId([number; 32]), NOW).await;
            if found.expect("it answers").is_some() {
                open.push(number);
            }
        }
        open
    };
    let ended = directory.end_session(&SessionId([3; 32])).await;
    ended.expect("it ends");
    let again = directory.end_session(&SessionId([3; 32])).await;
    again.expect("it changes nothing");
    assert_eq!(open().await, [1, 2, 4]);
    let own = SessionId([2; 32]);
    let ended = directory.end_sessions("mia", Some(&own)).await;
    ended.expect("they end");
    assert_eq!(open().await, [2, 4]);
    directory.end_sessions("mia", None).await.expect("they end");
    assert_eq!(open().await, [4]);
}

/// Of a session that is rotated while all of a person's end, none is left: neither the old one nor the new.
async fn no_rotation_outlives_the_end_of_all_sessions(place: Place) {
    let place = place.with(&["mia"]).await;
    let (one, other) = (place.directory.clone(), place.again().await);
    for round in 0..20 {
        let (old, new) = (session(1, "mia"), session(2, "mia"));
        one.add_session(old.clone()).await.expect("it opens");
        race(2, |racer| {
            let directory = [&one, &other][(racer + round) % 2].clone();
            let (old, new) = (old.id, new.clone());
            async move {
                match racer {
                    0 => drop(
                        directory
                            .rotate_session(&old, 0, new)
                            .await
                            .expect("answered"),
                    ),
                    _ => directory.end_sessions("mia", None).await.expect("they end"),
                }
            }
        })
        .await;
        for id in [old.id, new.id] {
            let found = one.session(&id, NOW).await.expect("it answers");
            assert!(found.is_none(), "round {round}");
        }
    }
}

async fn what_has_ended_is_collected_and_nothing_else(place: Place) {
    let place = place.with(&["mia"]).await;
    let directory = &place.directory;
    for (number, ends_at) in [(1, NOW - 1), (2, NOW - 2), (3, NOW + 1)] {
        let mut session = session(number, "mia");
        session.ends_at = ends_at;
        directory.add_session(session).await.expect("it opens");
        let counted = directory.count(&[number; 32], 0, ends_at, 9).await;
        counted.expect("it is counted");
    }
    assert_eq!(directory.collect(NOW).await.expect("it collects"), 4);
    assert_eq!(directory.collect(NOW).await.expect("it collects"), 0);
    let left = directory.session(&SessionId([3; 32]), NOW).await;
    assert!(left.expect("it answers").is_some());
}

fn parts(it: &StoredSession) -> (SessionId, &str, Level, &[u8], u64, u64) {
    (
        it.id, &it.user, it.level, &it.sealed, it.version, it.ends_at,
    )
}

#[track_caller]
fn only_winner(answers: Vec<Result<bool, DirectoryError>>) -> u8 {
    let answers: Vec<bool> = answers
        .into_iter()
        .map(|it| it.expect("it answers"))
        .collect();
    let won: Vec<usize> = (0..answers.len()).filter(|it| answers[*it]).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    won[0] as u8
}
