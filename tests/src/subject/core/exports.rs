//! The functions of the contract.

use countersign_core::administration as admin;
use countersign_core::company::owners;
use countersign_core::decision::Decision;
use countersign_core::failure::Failure;
use countersign_core::names::{Company, User};
use countersign_core::secret::Text;
use countersign_core::time::Instant;
use countersign_core::totp::Step;
use countersign_core::verification::{self, Attempt, Verdict};
use countersign_core::{enrollment, method, otpauth, policy as policies, recovery, sign_in};
use serde_json::{Value, json};

use super::Stop;
use super::arguments::Arguments;
use super::input::{self, Actor, BeginRequest, FirstFactor, Label, Membership, Method};
use super::input::{Purpose, Revocable, Session};
use super::policy::{self, Hypothetical, Policy};
use super::transaction::Call;
use super::{arguments, outbox, output};

type Answer = Result<Value, Stop>;

/// Answers a function by its name.
pub(super) async fn answer(call: &Call<'_>, function: &str, args: &Value) -> Answer {
    let args = Arguments::of(args)?;
    match function {
        "meta.describe" => args
            .finish()
            .map(|()| output::description())
            .map_err(Stop::from),
        "sign-in.begin" => begin(call, args).await,
        "sign-in.inspect" => inspect(call, args).await,
        "sign-in.assess" => assess(call, args).await,
        "enrollment.begin-totp" => begin_totp(call, args).await,
        "enrollment.begin-sms" => begin_sms(call, args).await,
        "enrollment.resend" => resend(call, args).await,
        "enrollment.cancel" => cancel(call, args).await,
        "enrollment.confirm" => confirm(call, args).await,
        "enrollment.remove" => remove(call, args).await,
        "enrollment.prefer" => prefer(call, args).await,
        "verification.send-code" => send_code(call, args).await,
        "verification.verify" => verify(call, args).await,
        "recovery.present" => present(call, args).await,
        "recovery.issue" => issue(call, args).await,
        "recovery.acknowledge" => acknowledge(call, args).await,
        "policy.get" => policy_get(call, args).await,
        "policy.put" => policy_put(call, args).await,
        "administration.status" => status(call, args).await,
        "administration.preview" => preview(call, args).await,
        "administration.reset" => reset(call, args).await,
        "administration.unlock" => unlock(call, args).await,
        "administration.add-totp" => add_totp(call, args).await,
        "administration.revoke" => revoke(call, args).await,
        "administration.first-factor-changed" => first_factor_changed(call, args).await,
        "administration.erase" => erase(call, args).await,
        _ => Err(arguments::no_such_function().into()),
    }
}

/// `verification.verify` for an app.
pub(super) async fn verify_totp(
    call: &Call<'_>,
    user: &str,
    ticket: &str,
    code: &str,
) -> Result<Verdict, Failure> {
    let user = User::parse(user, "user")?;
    let ticket = Text::new(ticket.to_owned());
    let attempt = Attempt {
        method: method::Method::Totp,
        typed: code,
        remember: false,
    };
    call.run(&user, &[], |person, _, now, keys| {
        verification::verify(person, &ticket, &attempt, now, keys)
    })
    .await
}

async fn begin(call: &Call<'_>, mut args: Arguments) -> Answer {
    let user: String = args.take("user")?;
    let request: BeginRequest = args.take("request")?;
    args.finish()?;
    let user = User::parse(&user, "user")?;
    let device_token = request.device_token.map(Text::new);
    if device_token
        .as_ref()
        .is_some_and(|it| it.expose().len() > 128)
    {
        return Err(Failure::invalid("request.device-token", "at most 128 bytes").into());
    }
    let memberships = input::memberships(request.memberships, "request.memberships")?;
    let first_factor = request.first_factor.parse("request.first-factor")?;
    let purpose = request.purpose.parse("request.purpose")?;
    let owners = owners(&memberships, "request.memberships")?;
    let begun = call.run(&user, &owners, |person, policies, now, keys| {
        let begin = sign_in::Begin {
            affiliations: policies.affiliate(memberships.clone(), "request.memberships")?,
            first_factor: first_factor.clone(),
            purpose: purpose.clone(),
            device_token: device_token.as_ref().map(Text::duplicate),
            attested: request.binding_attested,
            known_enrolled: request.known_enrolled,
        };
        sign_in::begin(person, begin, now, keys)
    });
    Ok(output::begun(&begun.await?))
}

async fn inspect(call: &Call<'_>, args: Arguments) -> Answer {
    let (user, ticket) = ticket_alone(args)?;
    let view = call.run(&user, &[], |person, _, now, keys| {
        sign_in::inspect(person, &ticket, now, keys).map(Decision::tell)
    });
    Ok(output::view(&view.await?))
}

async fn assess(call: &Call<'_>, mut args: Arguments) -> Answer {
    let user: String = args.take("user")?;
    let memberships: Vec<Membership> = args.take("memberships")?;
    let session: Session = args.take("session")?;
    let max_age: Option<u32> = args.take("max-age")?;
    args.finish()?;
    let user = User::parse(&user, "user")?;
    let memberships = input::memberships(memberships, "memberships")?;
    let session = session.parse(max_age)?;
    let owners = owners(&memberships, "memberships")?;
    let now = call.now()?;
    let reading = call.read(&user, &owners).await?;
    let affiliations = reading.policies.affiliate(memberships, "memberships")?;
    let assessment = sign_in::assess(&reading.person, &affiliations, &session, now);
    Ok(output::assessment(assessment))
}

async fn begin_totp(call: &Call<'_>, mut args: Arguments) -> Answer {
    let label: Label = args.take("label")?;
    let (user, ticket) = ticket_alone(args)?;
    let label = label.parse()?;
    let setup = call.run(&user, &[], |person, _, now, keys| {
        enrollment::begin_totp(person, &ticket, &label, now, keys)
    });
    Ok(output::setup(&setup.await?))
}

async fn begin_sms(call: &Call<'_>, mut args: Arguments) -> Answer {
    let phone: String = args.take("phone")?;
    let (user, ticket) = ticket_alone(args)?;
    let number = input::phone(&phone)?;
    let line = outbox::Line::of(call.imports);
    let sending = call.run(&user, &[], |person, _, now, keys| {
        enrollment::begin_sms(person, &ticket, &number, now, keys, &mut &line)
    });
    let (receipt, outcome) = outbox::send(call, &user, sending.await?).await?;
    Ok(output::receipt(&receipt, &outcome))
}

async fn resend(call: &Call<'_>, args: Arguments) -> Answer {
    let (user, ticket) = ticket_alone(args)?;
    let line = outbox::Line::of(call.imports);
    let sending = call.run(&user, &[], |person, _, now, keys| {
        enrollment::resend(person, &ticket, now, keys, &mut &line)
    });
    let (receipt, outcome) = outbox::send(call, &user, sending.await?).await?;
    Ok(output::receipt(&receipt, &outcome))
}

async fn send_code(call: &Call<'_>, args: Arguments) -> Answer {
    let (user, ticket) = ticket_alone(args)?;
    let line = outbox::Line::of(call.imports);
    let sending = call.run(&user, &[], |person, _, now, keys| {
        verification::send_code(person, &ticket, now, keys, &mut &line)
    });
    let (receipt, outcome) = outbox::send(call, &user, sending.await?).await?;
    Ok(output::receipt(&receipt, &outcome))
}

async fn cancel(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let (user, ticket) = ticket_alone(args)?;
    let cancelled = call.run(&user, &[], |person, _, now, keys| {
        enrollment::cancel(person, &ticket, method.parse(), now, keys)
    });
    Ok(json!(cancelled.await?))
}

async fn confirm(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let code: String = args.take("code")?;
    let (user, ticket) = ticket_alone(args)?;
    let confirmation = call.run(&user, &[], |person, _, now, keys| {
        enrollment::confirm(person, &ticket, method.parse(), &code, now, keys)
    });
    Ok(output::confirmation(&confirmation.await?))
}

async fn remove(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let (user, ticket) = ticket_alone(args)?;
    let epoch = call.run(&user, &[], |person, _, now, keys| {
        enrollment::remove(person, &ticket, method.parse(), now, keys)
    });
    Ok(json!(epoch.await?))
}

async fn prefer(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let (user, ticket) = ticket_alone(args)?;
    let preferred = call.run(&user, &[], |person, _, now, keys| {
        enrollment::prefer(person, &ticket, method.parse(), now, keys)
    });
    Ok(json!(preferred.await?))
}

async fn verify(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let code: String = args.take("code")?;
    let remember: bool = args.take("remember")?;
    let (user, ticket) = ticket_alone(args)?;
    let attempt = Attempt {
        method: method.parse(),
        typed: &code,
        remember,
    };
    let verdict = call.run(&user, &[], |person, _, now, keys| {
        verification::verify(person, &ticket, &attempt, now, keys)
    });
    Ok(output::verdict(&verdict.await?))
}

async fn present(call: &Call<'_>, mut args: Arguments) -> Answer {
    let code: String = args.take("code")?;
    let (user, ticket) = ticket_alone(args)?;
    let presented = call.run(&user, &[], |person, _, now, keys| {
        recovery::present(person, &ticket, &code, now, keys)
    });
    Ok(output::presented(&presented.await?))
}

async fn issue(call: &Call<'_>, args: Arguments) -> Answer {
    let (user, ticket) = ticket_alone(args)?;
    let issued = call.run(&user, &[], |person, _, now, keys| {
        recovery::issue(person, &ticket, now, keys)
    });
    Ok(output::issued(&issued.await?))
}

async fn acknowledge(call: &Call<'_>, mut args: Arguments) -> Answer {
    let code_id: String = args.take("code-id")?;
    let user = user_alone(args)?;
    let code_id = input::code_id(&code_id)?;
    let acknowledged = call.run(&user, &[], |person, _, _, _| {
        recovery::acknowledge(person, &code_id)
    });
    Ok(json!(acknowledged.await?))
}

async fn policy_get(call: &Call<'_>, mut args: Arguments) -> Answer {
    let company: String = args.take("company")?;
    args.finish()?;
    let company = Company::parse_owner(&company, "company")?;
    let found = call.read_policy(&company).await?;
    Ok(json!(found.map(|(stored, _)| policy::stored(&stored))))
}

async fn policy_put(call: &Call<'_>, mut args: Arguments) -> Answer {
    let company: String = args.take("company")?;
    let policy: Policy = args.take("policy")?;
    let expected: Option<u64> = args.take("expected")?;
    let actor: Actor = args.take("actor")?;
    let enforce_now: bool = args.take("enforce-now")?;
    args.finish()?;
    let company = Company::parse_owner(&company, "company")?;
    let policy = policy.parse()?;
    let actor = actor.parse()?;
    let stored = call.replace_policy(&company, |stored, now| {
        let ask = policies::Put {
            policy: policy.clone(),
            expected,
            actor: actor.clone(),
            enforce_now,
        };
        policies::put(&company, stored, ask, now)
    });
    Ok(json!(stored.await?.revision))
}

async fn status(call: &Call<'_>, args: Arguments) -> Answer {
    let user = user_alone(args)?;
    let now = call.now()?;
    let reading = call.read(&user, &[]).await?;
    Ok(output::status(&admin::status(&reading.person, now)))
}

async fn preview(call: &Call<'_>, mut args: Arguments) -> Answer {
    let memberships: Vec<Membership> = args.take("memberships")?;
    let first_factor: FirstFactor = args.take("first-factor")?;
    let purpose: Purpose = args.take("purpose")?;
    let hypothetical: Option<Hypothetical> = args.take("hypothetical")?;
    let at: u64 = args.take("at")?;
    let user = user_alone(args)?;
    let memberships = input::memberships(memberships, "memberships")?;
    let first_factor = first_factor.parse("first-factor")?;
    let purpose = purpose.parse("purpose")?;
    let owners = owners(&memberships, "memberships")?;
    let mut reading = call.read(&user, &owners).await?;
    if let Some(it) = hypothetical {
        let company = Company::parse_owner(&it.company, "hypothetical.company")?;
        let policy = it
            .policy
            .parse()
            .and_then(|policy| policy.check_bounds().map(|()| policy))
            .map_err(|failure| failure.under("hypothetical"))?;
        reading.policies.suppose(company, policy);
    }
    let affiliations = reading.policies.affiliate(memberships, "memberships")?;
    let preview = admin::preview(
        reading.person.account.as_ref(),
        &affiliations,
        &first_factor,
        &purpose,
        Instant::new(at),
    );
    Ok(output::preview(&preview, &affiliations))
}

async fn reset(call: &Call<'_>, mut args: Arguments) -> Answer {
    let memberships: Vec<Membership> = args.take("memberships")?;
    let company: Option<String> = args.take("company")?;
    let actor: Actor = args.take("actor")?;
    let identity_verified: bool = args.take("identity-verified")?;
    let reason: String = args.take("reason")?;
    let user = user_alone(args)?;
    let memberships = input::memberships(memberships, "memberships")?;
    let company = company.map(|it| Company::parse_owner(&it, "company"));
    let company = company.transpose()?;
    let actor = actor.parse()?;
    let owners = owners(&memberships, "memberships")?;
    let epoch = call.run(&user, &owners, |person, policies, now, _| {
        let ask = admin::Reset {
            affiliations: policies.affiliate(memberships.clone(), "memberships")?,
            company: company.clone(),
            actor: actor.clone(),
            identity_verified,
            reason: reason.clone(),
        };
        admin::reset(person, ask, now)
    });
    Ok(json!(epoch.await?))
}

async fn unlock(call: &Call<'_>, mut args: Arguments) -> Answer {
    let method: Method = args.take("method")?;
    let actor: Actor = args.take("actor")?;
    let user = user_alone(args)?;
    let actor = actor.parse()?;
    let unlocked = call.run(&user, &[], |person, _, _, _| {
        admin::unlock(person, method.parse(), actor.clone())
    });
    Ok(json!(unlocked.await?))
}

async fn add_totp(call: &Call<'_>, mut args: Arguments) -> Answer {
    let uri: String = args.take("uri")?;
    let mark: Option<u64> = args.take("mark")?;
    let actor: Actor = args.take("actor")?;
    let user = user_alone(args)?;
    let actor = actor.parse()?;
    let epoch = call.run(&user, &[], |person, _, now, keys| {
        let imported =
            otpauth::parse(&uri).map_err(|fault| Failure::invalid("uri", fault.expected))?;
        let mark = mark.map(Step::new);
        admin::add_totp(person, imported.key, mark, actor.clone(), now, keys)
    });
    Ok(json!(epoch.await?))
}

async fn revoke(call: &Call<'_>, mut args: Arguments) -> Answer {
    let actor: Actor = args.take("actor")?;
    let what: Revocable = args.take("what")?;
    let user = user_alone(args)?;
    let actor = actor.parse()?;
    let revoked = call.run(&user, &[], |person, _, now, _| {
        admin::revoke(person, what.parse(), actor.clone(), now)
    });
    Ok(json!(revoked.await?))
}

async fn first_factor_changed(call: &Call<'_>, args: Arguments) -> Answer {
    let user = user_alone(args)?;
    let noted = call.run(&user, &[], |person, _, now, _| {
        admin::first_factor_changed(person, now)
    });
    Ok(json!(noted.await?))
}

async fn erase(call: &Call<'_>, mut args: Arguments) -> Answer {
    let actor: Actor = args.take("actor")?;
    let user = user_alone(args)?;
    let actor = actor.parse()?;
    let erased = call.run(&user, &[], |person, _, _, _| {
        admin::erase(person, actor.clone())
    });
    Ok(json!(erased.await?))
}

/// Takes the last two arguments of most functions. A ticket is any text; what it is worth is for the core to say.
fn ticket_alone(mut args: Arguments) -> Result<(User, Text), Stop> {
    let user: String = args.take("user")?;
    let ticket: String = args.take("ticket")?;
    args.finish()?;
    Ok((User::parse(&user, "user")?, Text::new(ticket)))
}

/// Takes the last argument.
fn user_alone(mut args: Arguments) -> Result<User, Stop> {
    let user: String = args.take("user")?;
    args.finish()?;
    Ok(User::parse(&user, "user")?)
}
