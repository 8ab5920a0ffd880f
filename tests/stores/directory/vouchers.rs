//! Vouchers, each good once.

use countersign_gateway::directory::{DirectoryError, Voucher};

use super::{NOW, Place, RACERS};
use crate::duties::race;

super::each! {
    a_voucher_is_good_once_and_for_its_person_alone,
    a_later_voucher_takes_the_place_of_one_of_its_kind,
    a_voucher_that_has_ended_is_not_good,
    of_racing_spenders_of_one_voucher_one_wins,
}

async fn a_voucher_is_good_once_and_for_its_person_alone(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    put(&place, "admin", 1).await;
    put(&place, "mail", 2).await;
    assert!(!spend(&place, "ben", 1, NOW).await);
    assert!(!spend(&place, "mia", 3, NOW).await);
    for digest in [2, 1] {
        assert!(spend(&place, "mia", digest, NOW).await);
        assert!(!spend(&place, "mia", digest, NOW).await);
    }
    let nobody = place.directory.put_voucher(voucher("nobody", "mail", 1));
    assert!(matches!(nobody.await, Err(DirectoryError::Unknown("user"))));
}

async fn a_later_voucher_takes_the_place_of_one_of_its_kind(place: Place) {
    let place = place.with(&["mia"]).await;
    put(&place, "mail", 1).await;
    put(&place, "mail", 2).await;
    assert!(!spend(&place, "mia", 1, NOW).await);
    assert!(spend(&place, "mia", 2, NOW).await);
}

async fn a_voucher_that_has_ended_is_not_good(place: Place) {
    let place = place.with(&["mia"]).await;
    put(&place, "mail", 1).await;
    assert!(!spend(&place, "mia", 1, NOW + 100).await);
    assert!(spend(&place, "mia", 1, NOW + 99).await);
    put(&place, "mail", 1).await;
    let collected = place.directory.collect(NOW + 101).await;
    assert_eq!(collected.expect("it collects"), 1);
    assert!(!spend(&place, "mia", 1, NOW).await);
}

async fn of_racing_spenders_of_one_voucher_one_wins(place: Place) {
    let place = place.with(&["mia"]).await;
    let (one, other) = (place.directory.clone(), place.again().await);
    for _ in 0..5 {
        put(&place, "admin", 1).await;
        let answers = race(RACERS, |racer| {
            let directory = [&one, &other][racer % 2].clone();
            async move { directory.spend_voucher("mia", &[1; 32], NOW).await }
        })
        .await;
        let answers = answers.into_iter().map(|it| it.expect("it answers"));
        assert_eq!(answers.filter(|it| *it).count(), 1);
    }
}

async fn put(place: &Place, kind: &'static str, digest: u8) {
    let put = place.directory.put_voucher(voucher("mia", kind, digest));
    put.await.expect("it is kept");
}

async fn spend(place: &Place, user: &str, digest: u8, now: u64) -> bool {
    let digest = [digest; 32];
    let spent = place.directory.spend_voucher(user, &digest, now);
    spent.await.expect("it answers")
}

fn voucher(user: &str, kind: &'static str, digest: u8) -> Voucher {
    Voucher {
        user: user.to_owned(),
        kind,
        digest: [digest; 32],
        ends_at: NOW + 100,
    }
}
