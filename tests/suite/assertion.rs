//! What a gateway owes an assertion.

use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::world::World;
use countersign_host::Countersign;
use countersign_host::contract::enrollment::{ConfirmVerdict, Label};
use countersign_host::contract::policy::{Mode, Policy};
use countersign_host::contract::sign_in::{Assessment, BeginOutcome, BeginRequest, Session};
use countersign_host::contract::verification::{Verified, VerifyVerdict};
use countersign_host::contract::{Actor, Assertion, FirstFactor, Membership, Method, Purpose};
use countersign_tests::subject::Component;

// covers: ASSERT-3
#[tokio::test]
async fn a_gateway_that_compares_is_not_fooled_by_another_users_or_purposes_assertion() {
    let gateway = Gateway::open().await;
    let ana = gateway.enroll("ana").await;
    gateway.world.clock().advance(30);
    let signed_in = gateway.show("ana", &ana, Purpose::SignIn).await;
    assert!(signed_in.is_for("ana", &Purpose::SignIn));
    for (user, purpose) in [
        ("bea", Purpose::SignIn),
        ("Ana", Purpose::SignIn),
        ("ana", Purpose::ManageFactors),
        ("ana", Purpose::StepUp("invoice 7".into())),
    ] {
        assert!(!signed_in.is_for(user, &purpose), "{user} {purpose:?}");
    }
    gateway.world.clock().advance(30);
    let purpose = Purpose::StepUp("invoice 7".into());
    let stepped_up = gateway.show("ana", &ana, purpose.clone()).await;
    assert!(stepped_up.is_for("ana", &purpose));
    assert!(!stepped_up.is_for("ana", &Purpose::StepUp("invoice 8".into())));
    assert!(!stepped_up.is_for("ana", &Purpose::SignIn));
}

// covers: ASSERT-3
#[tokio::test]
async fn a_gateway_that_keeps_the_epoch_ends_the_sessions_of_an_older_one() {
    let gateway = Gateway::open().await;
    let ana = gateway.enroll("ana").await;
    gateway.world.clock().advance(30);
    let signed_in = gateway.show("ana", &ana, Purpose::SignIn).await;
    let session = Session {
        first_factor: FirstFactor::password(),
        factor_at: Some(signed_in.factor_at),
        device_at: None,
        epoch: signed_in.epoch,
    };
    let sign_in = gateway.mfa.sign_in();
    let before = sign_in.assess("ana", &memberships(), &session, None).await;
    assert!(matches!(before, Ok(Assessment::Continue(_))), "{before:?}");
    let operator = Actor::Operator("op".into());
    let reset = gateway.mfa.administration();
    let reset = reset
        .reset("ana", &memberships(), None, &operator, true, "lost")
        .await;
    reset.expect("an operator may");
    let after = sign_in.assess("ana", &memberships(), &session, None).await;
    assert!(matches!(after, Ok(Assessment::End)), "{after:?}");
}

/// A gateway with the component, in a world of its own.
struct Gateway {
    world: World,
    mfa: Countersign,
}

impl Gateway {
    async fn open() -> Self {
        let world = World::new(7);
        let mfa = Component::host(&world);
        let policy = Policy::app_only(Mode::Voluntary);
        let setup = Actor::Operator("setup".into());
        let put = mfa.policy().put("*", &policy, None, &setup, false).await;
        put.expect("the policy is within its bounds");
        Self { world, mfa }
    }

    async fn begin(&self, user: &str, purpose: Purpose) -> BeginOutcome {
        let request = BeginRequest {
            memberships: memberships(),
            first_factor: FirstFactor::password(),
            purpose,
            device_token: None,
            binding_attested: false,
            known_enrolled: false,
        };
        let begun = self.mfa.sign_in().begin(user, &request).await;
        begun.expect("the password was right")
    }

    async fn enroll(&self, user: &str) -> Authenticator {
        let BeginOutcome::Enroll(offer) = self.begin(user, Purpose::ManageFactors).await else {
            panic!("nobody enrolled before");
        };
        let label = Label {
            issuer: "Example".into(),
            account_name: user.into(),
        };
        let enrollment = self.mfa.enrollment();
        let setup = enrollment.begin_totp(user, &offer.ticket, &label).await;
        let app = Authenticator::scan(&setup.expect("it begins").uri).expect("an address");
        let code = app.code(self.world.clock().time());
        let confirmed = enrollment
            .confirm(user, &offer.ticket, Method::Totp, &code)
            .await;
        assert!(matches!(confirmed, Ok(ConfirmVerdict::Accepted(_))));
        app
    }

    async fn show(&self, user: &str, app: &Authenticator, purpose: Purpose) -> Assertion {
        let BeginOutcome::Challenge(challenge) = self.begin(user, purpose).await else {
            panic!("an enrolled user is challenged");
        };
        let code = app.code(self.world.clock().time());
        let verification = self.mfa.verification();
        let verdict = verification
            .verify(user, &challenge.ticket, Method::Totp, &code, false)
            .await;
        match verdict {
            Ok(VerifyVerdict::Accepted(Verified::Done(assertion))) => assertion,
            _ => panic!("the code was right"),
        }
    }
}

fn memberships() -> Vec<Membership> {
    vec![Membership {
        company: "acme".into(),
        roles: vec![],
        active: true,
    }]
}
