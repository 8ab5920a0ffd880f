//! Every named profile is a policy that the plugin takes.

use countersign_conformance::World;
use countersign_host::contract::policy::Mode;
use countersign_host::contract::{Actor, Deadline};
use countersign_host::profile::Profile;
use countersign_tests::subject::Component;
use serde_json::json;

#[tokio::test]
async fn every_profile_is_put_and_read_back_as_it_was() {
    let world = World::new(1);
    let mfa = Component::host(&world);
    let operator = Actor::Operator("op".to_owned());
    for &profile in Profile::ALL {
        let enforced = Mode::EnforcedFrom(Deadline {
            at: World::START + 86_400,
            zone: "Europe/Madrid".to_owned(),
        });
        for (mode, revision) in [
            (Mode::Off, None),
            (Mode::Voluntary, Some(1)),
            (enforced, Some(2)),
        ] {
            let policy = profile.policy(mode);
            let put = mfa
                .policy()
                .put(profile.name(), &policy, revision, &operator, false)
                .await;
            put.expect("the plugin takes it");
            let read = mfa.policy().get(profile.name()).await.expect("it answers");
            assert_eq!(read.map(|it| it.policy), Some(policy), "{profile}");
        }
    }
}

#[tokio::test]
async fn the_json_form_is_the_one_that_a_call_with_json_takes() {
    let world = World::new(1);
    let mfa = Component::host(&world);
    for &profile in Profile::ALL {
        let args = json!({
            "company": profile.name(),
            "policy": profile.policy(Mode::Voluntary).to_json(),
            "actor": { "operator": "op" },
            "enforce-now": false,
        });
        let put = mfa.call_json("policy.put", &args).await.expect("it fits");
        assert_eq!(put, json!({ "ok": 1 }));
        let get = json!({ "company": profile.name() });
        let read = mfa.call_json("policy.get", &get).await.expect("it fits");
        assert_eq!(read["ok"]["policy"], args["policy"], "{profile}");
    }
}
