//! People, their names and passwords.

use countersign_gateway::directory::{DirectoryError, NewUser, PasswordHash, SessionId, User};

use super::{NOW, Place, RACERS, add_company, member, password, session, user};
use crate::duties::race;

super::each! {
    somebody_who_was_added_is_found_whole,
    a_name_is_found_in_any_case_of_its_letters_and_shown_as_it_was_written,
    an_id_or_name_that_somebody_has_is_taken,
    of_racing_additions_of_one_name_in_many_cases_one_wins,
    what_is_out_of_bounds_is_invalid_and_changes_nothing,
    what_can_be_nobody_is_found_as_nobody,
    lists_go_on_where_they_ended_in_the_order_of_the_bytes,
    a_new_password_ends_all_sessions_but_one,
    whoever_is_off_has_no_session_and_gets_none,
    enrolling_is_remembered_for_ever,
    what_was_answered_is_there_when_it_is_opened_again,
}

async fn somebody_who_was_added_is_found_whole(place: Place) {
    let place = place.with(&[]).await;
    add_company(&*place.directory, "Globex").await;
    let mut admin = member("acme");
    admin.is_admin = true;
    admin.roles = vec!["payor".to_owned(), "\"ñ\\".to_owned()];
    let mut resting = member("Globex");
    resting.is_active = false;
    let new = NewUser {
        email: Some("mia@example.com".to_owned()),
        password: Some(password("x")),
        is_operator: true,
        memberships: vec![admin.clone(), resting.clone()],
        ..user("u-1", "Mia")
    };
    place.directory.add_user(new).await.expect("she is added");
    let expected = User {
        id: "u-1".to_owned(),
        name: "Mia".to_owned(),
        email: Some("mia@example.com".to_owned()),
        password: Some(password("x")),
        is_operator: true,
        is_active: true,
        was_enrolled: false,
        memberships: vec![resting, admin],
    };
    let found = place.directory.user("u-1").await.expect("it answers");
    assert_eq!(found.as_ref(), Some(&expected));
    let found = place.directory.user_named("Mia").await;
    assert_eq!(found.expect("it answers"), Some(expected));
}

async fn a_name_is_found_in_any_case_of_its_letters_and_shown_as_it_was_written(place: Place) {
    let new = user("u-1", "Åsa Straße");
    place.directory.add_user(new).await.expect("she is added");
    for typed in ["Åsa Straße", "åsa straße", "ÅSA STRASSE"] {
        let found = place.directory.user_named(typed).await.expect("it answers");
        assert_eq!(found.expect("she is found").name, "Åsa Straße", "{typed}");
    }
    let other = place.directory.user_named("Asa Straße").await;
    assert_eq!(other.expect("it answers"), None);
}

async fn an_id_or_name_that_somebody_has_is_taken(place: Place) {
    let place = place.with(&["mia"]).await;
    let id = place.directory.add_user(user("mia", "other")).await;
    assert!(matches!(id, Err(DirectoryError::Taken("id"))), "{id:?}");
    let name = place.directory.add_user(user("other", "MIA")).await;
    assert!(
        matches!(name, Err(DirectoryError::Taken("name"))),
        "{name:?}"
    );
    // Ids differ by the case of their letters.
    let added = place.directory.add_user(user("Mia", "other")).await;
    added.expect("nobody has this id");
}

async fn of_racing_additions_of_one_name_in_many_cases_one_wins(place: Place) {
    let (one, other) = (place.directory.clone(), place.again().await);
    let answers = race(RACERS, |racer| {
        let directory = [&one, &other][racer % 2].clone();
        let name: String = "abcdef"
            .char_indices()
            .map(|(at, it)| match racer >> at & 1 {
                0 => it,
                _ => it.to_ascii_uppercase(),
            })
            .collect();
        async move { directory.add_user(user(&racer.to_string(), &name)).await }
    })
    .await;
    let won: Vec<usize> = (0..RACERS).filter(|it| answers[*it].is_ok()).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let lost = answers.iter().filter(|it| it.is_err());
    for answer in lost {
        assert!(
            matches!(answer, Err(DirectoryError::Taken("name"))),
            "{answer:?}"
        );
    }
    let found = one.user_named("ABCDEF").await.expect("it answers");
    assert_eq!(found.expect("one is there").id, won[0].to_string());
    assert_eq!(one.users(None, None, 99).await.expect("it lists").len(), 1);
}

async fn what_is_out_of_bounds_is_invalid_and_changes_nothing(place: Place) {
    let place = place.with(&[]).await;
    let with_email = |email: &str| NewUser {
        email: Some(email.to_owned()),
        ..user("u", "n")
    };
    let with_role = |roles: Vec<String>| {
        let mut member = member("acme");
        member.roles = roles;
        NewUser {
            memberships: vec![member],
            ..user("u", "n")
        }
    };
    let of = |companies: &[String]| NewUser {
        memberships: companies.iter().map(|it| member(it)).collect(),
        ..user("u", "n")
    };
    let many: Vec<String> = (0..17).map(|it| it.to_string()).collect();
    for (new, field) in [
        (user("", "n"), "id"),
        (user(&"u".repeat(129), "n"), "id"),
        (user("u\0", "n"), "id"),
        (user("u", ""), "name"),
        (user("u", &"ñ".repeat(129)), "name"),
        (user("u", "a\nb"), "name"),
        (with_email("nobody"), "email"),
        (with_email("a@b\r\nBcc: c"), "email"),
        (with_email(&format!("{}@b", "a".repeat(254))), "email"),
        (with_role(vec![String::new()]), "roles"),
        (with_role(vec!["r".repeat(65)]), "roles"),
        (with_role(vec!["r".to_owned(); 9]), "roles"),
        (of(&["*".to_owned()]), "company"),
        (of(&[String::new()]), "company"),
        (of(&many), "memberships"),
        (of(&["acme".to_owned(), "acme".to_owned()]), "memberships"),
    ] {
        let refused = place.directory.add_user(new).await;
        assert!(
            matches!(refused, Err(DirectoryError::Invalid(it, _)) if it == field),
            "{field}: {refused:?}"
        );
    }
    let unknown = place.directory.add_user(of(&["other".to_owned()])).await;
    assert!(
        matches!(unknown, Err(DirectoryError::Unknown("company"))),
        "{unknown:?}"
    );
    let all = place.directory.users(None, None, 10).await;
    assert_eq!(all.expect("it lists"), [], "half of somebody was added");
    let longest = user(&"u".repeat(128), &"ñ".repeat(128));
    place.directory.add_user(longest).await.expect("it fits");
}

async fn what_can_be_nobody_is_found_as_nobody(place: Place) {
    let directory = &place.directory;
    for nobody in ["", "a\0b", &"x".repeat(5_000)] {
        assert_eq!(directory.user(nobody).await.expect("it answers"), None);
        let named = directory.user_named(nobody).await;
        assert_eq!(named.expect("it answers"), None);
        let of = directory.users(Some(nobody), None, 5).await;
        assert_eq!(of.expect("it lists"), []);
        directory.note_enrolled(nobody).await.expect("it answers");
        let end = directory.end_sessions(nobody, None).await;
        end.expect("it answers");
        let spent = directory.spend_voucher(nobody, &[0; 32], NOW).await;
        assert!(!spent.expect("it answers"));
        let unknown = [
            directory.set_active(nobody, true).await,
            directory.set_password(nobody, password("x"), None).await,
            directory.set_memberships(nobody, Vec::new()).await,
            directory.add_session(session(1, nobody)).await,
        ];
        for answer in unknown {
            assert!(
                matches!(answer, Err(DirectoryError::Unknown("user"))),
                "{answer:?}"
            );
        }
    }
}

async fn lists_go_on_where_they_ended_in_the_order_of_the_bytes(place: Place) {
    let place = place.with(&["b", "C", "a", "ñ", "aa"]).await;
    let directory = &place.directory;
    directory.add_user(user("c", "other")).await.expect("added");
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = directory.users(Some("acme"), after.as_deref(), 2).await;
        let page = page.expect("it lists");
        assert!(page.len() <= 2);
        assert!(page.iter().all(|it| it.memberships.len() == 1));
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        listed.extend(page.into_iter().map(|it| it.id));
    }
    assert_eq!(listed, ["C", "a", "aa", "b", "ñ"]);
    let all = directory.users(None, Some("aa"), 9).await;
    let all: Vec<String> = all.expect("it lists").into_iter().map(|it| it.id).collect();
    assert_eq!(all, ["b", "c", "ñ"]);
    assert_eq!(directory.users(None, None, 0).await.expect("it lists"), []);
    let most = directory.users(None, None, usize::MAX).await;
    assert_eq!(most.expect("it lists").len(), 6);
}

async fn a_new_password_ends_all_sessions_but_one(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    for (number, user) in [(1, "mia"), (2, "mia"), (3, "ben")] {
        let added = directory.add_session(session(number, user)).await;
        added.expect("it opens");
    }
    let own = SessionId([1; 32]);
    let set = directory.set_password("mia", password("new"), Some(&own));
    set.await.expect("it is set");
    assert_eq!(open(&place).await, [1, 3]);
    let mia = directory.user("mia").await.expect("it answers");
    assert_eq!(mia.expect("she is there").password, Some(password("new")));
    let set = directory.set_password("mia", password("newer"), None).await;
    set.expect("it is set");
    assert_eq!(open(&place).await, [3]);
    let long = PasswordHash("x".repeat(513));
    let refused = directory.set_password("mia", long, None).await;
    assert!(matches!(
        refused,
        Err(DirectoryError::Invalid("password", _))
    ));
}

async fn whoever_is_off_has_no_session_and_gets_none(place: Place) {
    let place = place.with(&["mia", "ben"]).await;
    let directory = &place.directory;
    for (number, user) in [(1, "mia"), (2, "ben")] {
        let added = directory.add_session(session(number, user)).await;
        added.expect("it opens");
    }
    directory
        .set_active("mia", false)
        .await
        .expect("she is off");
    assert_eq!(open(&place).await, [2]);
    let refused = directory.add_session(session(3, "mia")).await;
    assert!(matches!(refused, Err(DirectoryError::Unknown("user"))));
    let old = SessionId([1; 32]);
    let rotated = directory.rotate_session(&old, 0, session(4, "mia")).await;
    assert!(!rotated.expect("it answers"));
    directory.set_active("mia", true).await.expect("she is on");
    assert_eq!(open(&place).await, [2], "a session came back");
    let added = directory.add_session(session(3, "mia")).await;
    added.expect("it opens");
}

async fn enrolling_is_remembered_for_ever(place: Place) {
    let place = place.with(&["mia"]).await;
    for _ in 0..2 {
        let noted = place.directory.note_enrolled("mia").await;
        noted.expect("it is noted");
        let mia = place.directory.user("mia").await.expect("it answers");
        assert!(mia.expect("she is there").was_enrolled);
    }
    let noted = place.directory.note_enrolled("nobody").await;
    noted.expect("it changes nothing");
}

async fn what_was_answered_is_there_when_it_is_opened_again(place: Place) {
    let place = place.with(&["mia"]).await;
    let other = place.again().await;
    let added = place.directory.add_session(session(1, "mia")).await;
    added.expect("it opens");
    // What one handle answered, the other sees at once, in both directions.
    let seen = other.session(&SessionId([1; 32]), NOW).await;
    assert!(seen.expect("it answers").is_some());
    other.set_active("mia", false).await.expect("she is off");
    assert_eq!(open(&place).await, [0; 0]);
    drop(other);
    let Place {
        directory, address, ..
    } = &place;
    if address != "memory:" {
        let again = place.again().await;
        let expected = directory.user("mia").await.expect("it answers");
        assert!(expected.is_some());
        assert_eq!(again.user("mia").await.expect("it answers"), expected);
    }
}

/// The sessions that are open, of those with a number below ten.
async fn open(place: &Place) -> Vec<u8> {
    let mut open = Vec::new();
    for number in 0..10 {
        let found = place.directory.session(&SessionId([number; 32]), NOW).await;
        if found.expect("it answers").is_some() {
            open.push(number);
        }
    }
    open
}
