//! What is left of a journey on which lies were told, in the eyes of an honest host.

use serde_json::{Value, json};

use super::super::Harm;
use super::super::journey::Move;
use super::{Seen, Spent, Traveller, attempts_left, begin, case, found};

impl Traveller {
    /// Returns the harm that shows only afterwards.
    pub(super) async fn aftermath(&mut self, seen: Seen) -> Vec<(Harm, String)> {
        let mut harm = Vec::new();
        let (before, counted) = (seen.before, seen.counted);
        match self.wrong_codes().await {
            Ok(after) if after < before.saturating_add(counted) => {
                let why = format!("{counted} wrong codes were told, {before} became {after}");
                harm.push((Harm::LostCount, why));
            }
            Ok(_) => {}
            Err(why) => harm.push((Harm::Broken, why)),
        }
        for (it, told) in seen.rejected {
            match self.make(it).await {
                Ok(answer) if attempts_left(&answer).is_some_and(|left| left >= told) => {
                    let why = format!("{it:?}: {told} tries were left, and after another {answer}");
                    harm.push((Harm::LostCount, why));
                }
                Ok(_) => {}
                Err(fault) => harm.push((Harm::Trap, format!("{it:?}, again: {fault}"))),
            }
        }
        for spent in &seen.accepted {
            if self.is_good_again(spent).await {
                let why = format!("the code of {:?} was accepted again", spent.by);
                harm.push((Harm::Twice, why));
            }
        }
        if let Err(why) = self.come_back().await {
            harm.push((Harm::Broken, why));
        }
        harm
    }

    /// Says whether a code that was accepted is accepted once more: on its own ticket, or, if no message is needed for
    /// that, on another.
    async fn is_good_again(&mut self, spent: &Spent) -> bool {
        let method = match spent.by {
            Move::RightSms | Move::ConfirmSms => "sms",
            _ => "totp",
        };
        let confirms = matches!(spent.by, Move::Confirm | Move::ConfirmSms);
        let args = |ticket: &Value| json!({ "user": "ana", "ticket": ticket, "method": method, "code": spent.code });
        let again = match confirms {
            true => self.ask("enrollment.confirm", args(&spent.ticket)).await,
            false => self.verify(args(&spent.ticket)).await,
        };
        if is_accepted(again) {
            return true;
        }
        if method == "sms" {
            return false;
        }
        let begun = self
            .ask("sign-in.begin", begin("ana", "sign-in", false))
            .await;
        let ticket = begun
            .ok()
            .and_then(|it| it.pointer("/ok/challenge/ticket").cloned());
        is_accepted(self.verify(args(&ticket.unwrap_or_default())).await)
    }

    async fn verify(&self, mut args: Value) -> Result<Value, String> {
        if let Value::Object(fields) = &mut args {
            fields.insert("remember".to_owned(), json!(false));
        }
        self.ask("verification.verify", args).await
    }

    /// Gets in with an honest host, two hours later.
    pub(in super::super) async fn come_back(&mut self) -> Result<(), String> {
        self.world.clock().advance(7_200);
        let apps: Vec<String> = self.apps.iter().rev().cloned().collect();
        for key in &apps {
            let begun = self
                .ask("sign-in.begin", begin("ana", "sign-in", false))
                .await?;
            let Some(ticket) = begun.pointer("/ok/challenge/ticket") else {
                return match (begun.get("ok"), self.enrolled) {
                    (Some(_), false) => Ok(()),
                    _ => Err(format!(
                        "two hours later: expected a challenge, found {begun}"
                    )),
                };
            };
            let code = self.app(key)?.code(self.now());
            let args = json!({
                "user": "ana", "ticket": ticket, "method": "totp", "code": code, "remember": false
            });
            let verified = self.ask("verification.verify", args).await?;
            if case(&verified) == Some("accepted") {
                return Ok(());
            }
            self.world.clock().advance(7_200);
        }
        match apps.is_empty() {
            true => Ok(()),
            false => Err("two hours later: no code of any app was accepted".to_owned()),
        }
    }

    /// Returns how many wrong codes are counted, for all factors together, that no success made good.
    pub(in super::super) async fn wrong_codes(&self) -> Result<u64, String> {
        let status = self
            .ask("administration.status", json!({ "user": "ana" }))
            .await?;
        let factors = found(&status, "/ok/factors")?;
        let factors = factors.as_array().into_iter().flatten();
        let counts = factors.filter_map(|it| it.get("unredeemed").and_then(Value::as_u64));
        Ok(counts.fold(0, u64::saturating_add))
    }
}

fn is_accepted(answer: Result<Value, String>) -> bool {
    answer.is_ok_and(|answer| case(&answer) == Some("accepted"))
}
