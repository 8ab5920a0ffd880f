//! The functions of the contract, and users brought to where each can be called.

use countersign_tests::policy;
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::people::{begin, text, verify, with_code};

/// A call of a function in some situation.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) function: &'static str,
    /// Whether it accepts a code.
    pub(super) accepts: bool,
}

const fn operation(name: &'static str, function: &'static str) -> Operation {
    Operation {
        name,
        function,
        accepts: false,
    }
}

const fn accepting(name: &'static str, function: &'static str) -> Operation {
    Operation {
        name,
        function,
        accepts: true,
    }
}

impl Operation {
    pub(super) const ALL: [Self; 36] = [
        operation("begin_a_challenge", "sign-in.begin"),
        operation("begin_an_enrollment", "sign-in.begin"),
        operation("inspect", "sign-in.inspect"),
        operation("assess", "sign-in.assess"),
        operation("begin_an_app", "enrollment.begin-totp"),
        operation("begin_a_phone", "enrollment.begin-sms"),
        operation("resend", "enrollment.resend"),
        operation("cancel", "enrollment.cancel"),
        accepting("confirm_an_app", "enrollment.confirm"),
        accepting("confirm_a_phone", "enrollment.confirm"),
        accepting("confirm_a_recovery", "enrollment.confirm"),
        operation("confirm_wrongly", "enrollment.confirm"),
        operation("remove", "enrollment.remove"),
        operation("prefer", "enrollment.prefer"),
        operation("send_a_code", "verification.send-code"),
        accepting("verify_an_app", "verification.verify"),
        accepting("verify_for_the_settings", "verification.verify"),
        accepting("verify_a_text_message", "verification.verify"),
        operation("verify_wrongly", "verification.verify"),
        accepting("present", "recovery.present"),
        operation("present_wrongly", "recovery.present"),
        operation("issue", "recovery.issue"),
        operation("acknowledge", "recovery.acknowledge"),
        operation("get_a_policy", "policy.get"),
        operation("put_a_first_policy", "policy.put"),
        operation("replace_a_policy", "policy.put"),
        operation("status", "administration.status"),
        operation("preview", "administration.preview"),
        operation("reset", "administration.reset"),
        operation("unlock", "administration.unlock"),
        operation("add_an_app", "administration.add-totp"),
        operation("revoke_tickets", "administration.revoke"),
        operation("revoke_devices", "administration.revoke"),
        operation("revoke_recovery", "administration.revoke"),
        operation(
            "first_factor_changed",
            "administration.first-factor-changed",
        ),
        operation("erase", "administration.erase"),
    ];

    /// Brings a new user to where it can be called, and returns the arguments.
    pub(super) async fn prepare(self, gateway: &Gateway, user: &str) -> Value {
        let of_user = json!({ "user": user, "actor": { "operator": "op" } });
        let with = |name: &str, value: Value| {
            let mut args = of_user.clone();
            args[name] = value;
            args
        };
        match self.name {
            "begin_a_challenge" => {
                gateway.enroll(user).await;
                begin(user, "sign-in")
            }
            "begin_an_enrollment" => begin(user, "manage-factors"),
            "assess" => {
                gateway.enroll(user).await;
                json!({ "user": user, "memberships": memberships(), "session": {
                    "first-factor": first_factor(), "factor-at": gateway.time(), "epoch": 1 } })
            }
            "get_a_policy" => json!({ "company": "acme" }),
            "put_a_first_policy" => put_policy(user, None),
            "replace_a_policy" => {
                let first = gateway.ok("policy.put", &put_policy(user, None)).await;
                put_policy(user, Some(first))
            }
            "add_an_app" => with("uri", KEY_URI.into()),
            "status" => {
                gateway.enroll(user).await;
                json!({ "user": user })
            }
            "preview" => json!({ "user": user, "memberships": memberships(),
                "first-factor": first_factor(), "purpose": "sign-in", "at": gateway.time() }),
            "reset" => {
                gateway.enroll(user).await;
                let mut args = with("memberships", memberships());
                args["identity-verified"] = json!(true);
                args["reason"] = json!("lost the phone");
                args
            }
            "unlock" => {
                gateway.enroll_and_mistype(user, 5).await;
                with("method", "totp".into())
            }
            "revoke_tickets" => {
                gateway.enroll(user).await;
                gateway.begin(user, "sign-in").await;
                with("what", "tickets".into())
            }
            "revoke_devices" => {
                gateway.enroll(user).await;
                with("what", "devices".into())
            }
            "revoke_recovery" => {
                gateway.enroll(user).await;
                with("what", "recovery".into())
            }
            "first_factor_changed" => {
                gateway.enroll(user).await;
                json!({ "user": user })
            }
            "erase" => {
                gateway.enroll(user).await;
                of_user
            }
            name if self.function.starts_with("enrollment.") => {
                enrolling(gateway, user, name).await
            }
            name => showing(gateway, user, name).await,
        }
    }
}

/// Arguments of the functions of `enrollment`.
async fn enrolling(gateway: &Gateway, user: &str, name: &str) -> Value {
    let number = number_of(user);
    match name {
        "begin_a_phone" => {
            let ticket = gateway.begin(user, "manage-factors").await;
            json!({ "user": user, "ticket": ticket, "phone": number })
        }
        "resend" | "confirm_a_phone" => {
            let ticket = gateway.begin_phone(user, &number).await;
            if name == "resend" {
                gateway.clock.advance(90);
                return json!({ "user": user, "ticket": ticket });
            }
            with_code(user, &ticket, "sms", &gateway.sent_to(&number))
        }
        "confirm_a_recovery" => {
            let person = gateway.enroll(user).await;
            let ticket = gateway.begin(user, "sign-in").await;
            let present = json!({ "user": user, "ticket": ticket, "code": person.recovery_code });
            let verdict = gateway.ok("recovery.present", &present).await;
            let ticket = text(&verdict, "/accepted/ticket");
            let app = gateway.begin_totp(user, &ticket).await;
            with_code(user, &ticket, "totp", &app.code(gateway.time()))
        }
        "remove" | "prefer" => {
            let ticket = gateway.verified(user).await;
            json!({ "user": user, "ticket": ticket, "method": "totp" })
        }
        _ => {
            let ticket = gateway.begin(user, "manage-factors").await;
            let label = json!({ "issuer": "Example", "account-name": "person@example.com" });
            if name == "begin_an_app" {
                return json!({ "user": user, "ticket": ticket, "label": label });
            }
            let app = gateway.begin_totp(user, &ticket).await;
            match name {
                "cancel" => json!({ "user": user, "ticket": ticket, "method": "totp" }),
                "confirm_wrongly" => {
                    let wrong = app.wrong_code(gateway.time(), 0);
                    with_code(user, &ticket, "totp", &wrong)
                }
                _ => with_code(user, &ticket, "totp", &app.code(gateway.time())),
            }
        }
    }
}

/// Arguments of what needs a factor.
async fn showing(gateway: &Gateway, user: &str, name: &str) -> Value {
    match name {
        "send_a_code" | "verify_a_text_message" => {
            let number = number_of(user);
            let ticket = gateway.begin_phone(user, &number).await;
            let confirm = with_code(user, &ticket, "sms", &gateway.sent_to(&number));
            gateway.ok("enrollment.confirm", &confirm).await;
            gateway.clock.advance(90);
            let ticket = gateway.begin(user, "sign-in").await;
            let of_ticket = json!({ "user": user, "ticket": ticket });
            if name == "send_a_code" {
                return of_ticket;
            }
            gateway.ok("verification.send-code", &of_ticket).await;
            verify(user, &ticket, "sms", &gateway.sent_to(&number))
        }
        "issue" => {
            let ticket = gateway.verified(user).await;
            json!({ "user": user, "ticket": ticket })
        }
        _ => {
            let person = gateway.enroll(user).await;
            let purpose = match name {
                "verify_for_the_settings" => "manage-factors",
                _ => "sign-in",
            };
            let ticket = gateway.begin(user, purpose).await;
            let code = person.app.code(gateway.time());
            let wrong = person.app.wrong_code(gateway.time(), 0);
            let present = |code: &str| json!({ "user": user, "ticket": ticket, "code": code });
            match name {
                "inspect" => json!({ "user": user, "ticket": ticket }),
                "present" => present(&person.recovery_code),
                "present_wrongly" => present(&person.recovery_code.replace(['2', '3', '4'], "7")),
                "acknowledge" => json!({ "user": user, "code-id": person.recovery_id }),
                "verify_wrongly" => verify(user, &ticket, "totp", &wrong),
                _ => verify(user, &ticket, "totp", &code),
            }
        }
    }
}

impl Gateway {
    /// Begins a phone, and returns the ticket.
    async fn begin_phone(&self, user: &str, number: &str) -> String {
        let ticket = self.begin(user, "manage-factors").await;
        let phone = json!({ "user": user, "ticket": ticket, "phone": number });
        self.ok("enrollment.begin-sms", &phone).await;
        ticket
    }

    /// Enrolls a user with an app, and returns a ticket on which factors may be changed.
    async fn verified(&self, user: &str) -> String {
        let person = self.enroll(user).await;
        let ticket = self.begin(user, "manage-factors").await;
        let code = person.app.code(self.time());
        let args = verify(user, &ticket, "totp", &code);
        let verdict = self.ok("verification.verify", &args).await;
        self.clock.advance(30);
        text(&verdict, "/accepted/done/next-ticket/ticket")
    }

    async fn enroll_and_mistype(&self, user: &str, times: usize) {
        let person = self.enroll(user).await;
        let ticket = self.begin(user, "sign-in").await;
        for n in 0..times {
            let wrong = person.app.wrong_code(self.time(), n);
            let args = verify(user, &ticket, "totp", &wrong);
            self.ok("verification.verify", &args).await;
        }
    }
}

fn put_policy(company: &str, expected: Option<Value>) -> Value {
    let mut args = policy::voluntary();
    args["company"] = company.into();
    args["expected"] = expected.unwrap_or(Value::Null);
    args
}

fn memberships() -> Value {
    json!([{ "company": "acme", "roles": [], "active": true }])
}

fn first_factor() -> Value {
    json!({ "kind": "password", "age": 0, "channel": "direct" })
}

/// A number of the user's own.
fn number_of(user: &str) -> String {
    let number: u32 = user
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    format!("+1202555{:04}", 100 + number)
}

const KEY_URI: &str = "otpauth://totp/Old:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Old";
