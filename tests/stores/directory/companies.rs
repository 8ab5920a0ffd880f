//! Companies, and who belongs to them.

use countersign_gateway::directory::{Company, DirectoryError};

use super::{Place, add_company, member};
use crate::duties::race;

super::each! {
    a_company_is_added_and_renamed,
    companies_are_listed_in_the_order_of_their_ids,
    memberships_are_replaced_whole_or_not_at_all,
    racing_memberships_leave_one_of_them_whole,
    what_cannot_be_a_company_is_invalid,
}

async fn a_company_is_added_and_renamed(place: Place) {
    for name in ["Acme", "Acme & Söhne"] {
        let company = Company {
            id: "acme".to_owned(),
            name: name.to_owned(),
        };
        let put = place.directory.put_company(company.clone()).await;
        put.expect("it is put");
        let all = place.directory.companies().await.expect("it lists");
        assert_eq!(all, [company]);
    }
}

async fn companies_are_listed_in_the_order_of_their_ids(place: Place) {
    for id in ["b", "a", "C", "ä"] {
        add_company(&*place.directory, id).await;
    }
    let all = place.directory.companies().await.expect("it lists");
    let ids: Vec<&str> = all.iter().map(|it| &*it.id).collect();
    assert_eq!(ids, ["C", "a", "b", "ä"]);
}

async fn memberships_are_replaced_whole_or_not_at_all(place: Place) {
    let place = place.with(&["mia"]).await;
    let directory = &place.directory;
    add_company(&**directory, "globex").await;
    let of = async || {
        let mia = directory.user("mia").await.expect("it answers");
        let of = mia.expect("she is there").memberships;
        of.into_iter().map(|it| it.company).collect::<Vec<_>>()
    };
    let bad = vec![member("globex"), member("other")];
    let refused = directory.set_memberships("mia", bad).await;
    assert!(
        matches!(refused, Err(DirectoryError::Unknown("company"))),
        "{refused:?}"
    );
    assert_eq!(of().await, ["acme"]);
    let set = directory.set_memberships("mia", vec![member("globex")]);
    set.await.expect("it is set");
    assert_eq!(of().await, ["globex"]);
    let left = directory.users(Some("acme"), None, 9).await;
    assert_eq!(left.expect("it lists"), []);
    let set = directory.set_memberships("mia", Vec::new()).await;
    set.expect("it is set");
    assert_eq!(of().await, [""; 0]);
    let unknown = directory.set_memberships("ben", Vec::new()).await;
    assert!(matches!(unknown, Err(DirectoryError::Unknown("user"))));
}

async fn racing_memberships_leave_one_of_them_whole(place: Place) {
    let place = place.with(&["mia"]).await;
    for id in ["b", "c", "d"] {
        add_company(&*place.directory, id).await;
    }
    let (one, other) = (place.directory.clone(), place.again().await);
    let answers = race(8, |racer| {
        let directory = [&one, &other][racer % 2].clone();
        let pair = [["acme", "b"], ["d", "c"]][racer / 2 % 2];
        async move {
            let of = pair.into_iter().map(member).collect();
            directory.set_memberships("mia", of).await
        }
    })
    .await;
    for answer in answers {
        answer.expect("it is set");
    }
    let mia = one.user("mia").await.expect("it answers");
    let of = mia.expect("she is there").memberships;
    let of: Vec<&str> = of.iter().map(|it| &*it.company).collect();
    assert!(of == ["acme", "b"] || of == ["c", "d"], "{of:?}");
}

async fn what_cannot_be_a_company_is_invalid(place: Place) {
    for (id, name, field) in [
        ("*", "All", "company"),
        ("", "None", "company"),
        ("a\u{7f}", "Control", "company"),
        ("a", "", "name"),
        ("a", "a\tb", "name"),
    ] {
        let company = Company {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let refused = place.directory.put_company(company).await;
        assert!(
            matches!(refused, Err(DirectoryError::Invalid(it, _)) if it == field),
            "{id:?}: {refused:?}"
        );
    }
    assert_eq!(place.directory.companies().await.expect("it lists"), []);
}
