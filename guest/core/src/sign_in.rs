//! `sign-in`: what comes next for a user who passed the first factor.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::account::Account;
use crate::company::Affiliation;
use crate::decision::{Changes, Decision, Log, Person};
use crate::device::Device;
use crate::event::EventKind;
use crate::failure::{Dependency, Failure};
use crate::method::Method;
use crate::outlook::{self, Allowed, Circumstances, Denial, FirstFactor, Offered, Outlook};
use crate::policy::{Effective, EffectiveMode};
use crate::secret::Text;
use crate::sent_code::SentCode;
use crate::ticket::{Purpose, Stage, Ticket};
use crate::time::{Instant, Span};
use crate::vault::Vault;

mod assess;

pub use assess::{Assessment, Session, assess};

/// What the gateway knows when it asks.
#[derive(Debug)]
pub struct Begin {
    /// The user's companies, each with its policy.
    pub affiliations: Vec<Affiliation>,
    /// The first factor.
    pub first_factor: FirstFactor,
    /// What for.
    pub purpose: Purpose,
    /// The token of a device that may be trusted.
    pub device_token: Option<Text>,
    /// Whether a second channel vouched for the person.
    pub attested: bool,
    /// Whether the gateway remembers the user as enrolled.
    pub known_enrolled: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Begun {
    /// Open the session.
    Allow(Allowance),
    /// Ask for a code.
    Challenge(Challenge),
    /// Show enrollment.
    Enroll(EnrollOffer),
    /// Let nobody in.
    Deny(Denial),
}

/// Being let in without a factor.
#[derive(Debug)]
pub struct Allowance {
    /// Why.
    pub reason: Allowed,
    /// What to tell the user.
    pub notice: Option<Notice>,
    /// The user's epoch.
    pub epoch: u64,
    /// When the gateway must ask again, at the latest.
    pub valid_until: Instant,
    /// The token to keep, where it was what let the user in.
    pub device_token: Option<Text>,
}

/// The nudge to enroll early.
#[derive(Debug, Eq, PartialEq)]
pub struct Notice {
    /// The first second at which MFA must be used.
    pub deadline: Instant,
    /// The zone to show its date in.
    pub zone: String,
    /// Periods of 24 hours until then, rounded up.
    pub days_left: u32,
}

/// A request for a code.
#[derive(Debug)]
pub struct Challenge {
    /// The bearer string.
    pub ticket: Text,
    /// When it ends.
    pub expires_at: Instant,
    /// The user's factors.
    pub methods: Vec<Offered>,
    /// Whether a recovery code can be presented.
    pub recovery_available: bool,
}

/// The way into enrollment.
#[derive(Debug)]
pub struct EnrollOffer {
    /// The bearer string.
    pub ticket: Text,
    /// When it ends.
    pub expires_at: Instant,
    /// What may be enrolled.
    pub methods: Vec<Method>,
    /// Whether there is no way round it.
    pub required: bool,
    /// The deadline, where one is set.
    pub deadline: Option<Instant>,
}

/// A ticket, as a page needs it after a refresh.
#[derive(Debug)]
pub struct TicketView {
    /// How far it has got.
    pub stage: Stage,
    /// What it is good for.
    pub purpose: Purpose,
    /// When it ends.
    pub expires_at: Instant,
    /// Until when a change may be started.
    pub start_until: Option<Instant>,
    /// The user's factors now.
    pub methods: Vec<Offered>,
    /// What may be enrolled.
    pub may_enroll: Vec<Method>,
    /// What is begun and not confirmed.
    pub pending: Vec<PendingView>,
    /// The text message of the challenge, if one was sent.
    pub sent: Option<SentView>,
    /// Wrong codes left before a challenge ends.
    pub attempts_left: u32,
    /// Whether a recovery code can be presented.
    pub recovery_available: bool,
    /// Whether there is no way round enrolling.
    pub required: bool,
    /// The deadline, where one is set.
    pub deadline: Option<Instant>,
}

/// A factor that is begun, as a page shows it.
#[derive(Debug)]
pub struct PendingView {
    /// Its method.
    pub method: Method,
    /// Which phone.
    pub hint: Option<String>,
    /// Wrong codes left before it is discarded.
    pub attempts_left: u32,
    /// Its text message.
    pub sent: Option<SentView>,
}

/// A text message, as a page shows it.
#[derive(Debug)]
pub struct SentView {
    /// The last second in which its code is good.
    pub good_until: Instant,
    /// From when on another may be asked for.
    pub resend_at: Instant,
    /// How many more may be asked for.
    pub sends_left: u32,
}

/// Decides what comes next, and mints a ticket where something does.
///
/// # Errors
///
/// Returns [`Failure::Unavailable`] when an import is at fault, or when the gateway remembers as enrolled a user of whom
/// there is no record: a lost record must not look like a new user.
pub fn begin(
    person: Person,
    request: Begin,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Begun>, Failure> {
    if request.known_enrolled && person.account.is_none() {
        return Err(Dependency::Store.into());
    }
    let policy = Effective::of(&request.affiliations);
    let circumstances = Circumstances {
        policy: &policy,
        trusted: outlook::is_trusted(&request.affiliations, &request.first_factor.kind),
        first_factor: &request.first_factor,
        attested: request.attested,
        purpose: &request.purpose,
    };
    let stage = match circumstances.outlook(person.account.as_ref(), now) {
        Outlook::Allow(reason) => {
            let epoch = person.account.as_ref().map_or(0, |account| account.epoch);
            return Ok(Decision::tell(Begun::Allow(allow(
                reason, &policy, epoch, now,
            ))));
        }
        Outlook::Deny(reason) => return Ok(Decision::tell(Begun::Deny(reason))),
        Outlook::Challenge => match trusted(
            &person,
            request.device_token.as_ref(),
            &circumstances,
            now,
            vault,
        )? {
            Some(allowance) => return Ok(Decision::tell(Begun::Allow(allowance))),
            None => Stage::Challenged,
        },
        Outlook::Enroll { required } => Stage::Enrolling { required },
    };
    issue_ticket(person, request, Arc::new(policy), stage, now, vault)
}

/// Shows where a ticket has got to. Changes nothing.
///
/// # Errors
///
/// Returns [`Failure::Ticket`] for a ticket that is worth nothing, or [`Failure::Unavailable`].
pub fn inspect(
    mut person: Person,
    ticket: &Text,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<TicketView, Failure> {
    let ticket = person.tickets.take(&person.user, ticket, now, vault)?;
    let account = person.account.as_ref();
    let challenged = ticket.stage == Stage::Challenged;
    Ok(TicketView {
        expires_at: ticket.expires_at,
        start_until: ticket.start_until(),
        methods: offers(account, &ticket, now),
        may_enroll: if challenged {
            Vec::new()
        } else {
            may_enroll(&ticket.policy)
        },
        pending: pending(&ticket),
        sent: ticket.sent.as_ref().map(|it| sent(it, &ticket)),
        attempts_left: ticket.attempts_left(),
        recovery_available: challenged && is_recoverable(account, &ticket, now),
        required: match ticket.stage {
            Stage::Enrolling { required } => required || ticket.policy.is_enforced(now),
            Stage::Recovering { .. } => true,
            Stage::Challenged | Stage::Verified { .. } => false,
        },
        deadline: ticket.policy.deadline().map(|it| it.at),
        stage: ticket.stage,
        purpose: ticket.purpose,
    })
}

/// Says whether a recovery code can serve: a step-up asks for the factor itself, and while MFA is off nothing can be
/// enrolled in place of the lost factor.
pub(crate) fn may_recover(
    account: Option<&Account>,
    purpose: &Purpose,
    policy: &Effective,
) -> bool {
    account.is_some_and(|it| it.recovery.is_some())
        && !matches!(purpose, Purpose::StepUp(_))
        && policy.mode != EffectiveMode::Off
}

/// What may be enrolled under a policy: nothing while it is off.
pub(crate) fn may_enroll(policy: &Effective) -> Vec<Method> {
    if policy.mode == EffectiveMode::Off {
        Vec::new()
    } else {
        policy.methods.to_list()
    }
}

impl EnrollOffer {
    pub(crate) fn of(text: Text, ticket: &Ticket, required: bool) -> Self {
        Self {
            ticket: text,
            expires_at: ticket.expires_at,
            methods: ticket.policy.methods.to_list(),
            required,
            deadline: ticket.policy.deadline().map(|it| it.at),
        }
    }
}

/// The user's factors, as a page about the ticket shows them.
fn offers(account: Option<&Account>, ticket: &Ticket, now: Instant) -> Vec<Offered> {
    account.map_or_else(Vec::new, |account| {
        outlook::offers(
            account,
            ticket.first_factor_phone.as_ref(),
            &ticket.policy,
            now,
        )
    })
}

/// Says whether a recovery code can be offered on a challenge.
fn is_recoverable(account: Option<&Account>, ticket: &Ticket, now: Instant) -> bool {
    ticket.may_recover(now) && may_recover(account, &ticket.purpose, &ticket.policy)
}

fn issue_ticket(
    mut person: Person,
    request: Begin,
    policy: Arc<Effective>,
    stage: Stage,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Decision<Begun>, Failure> {
    let mut log = Log::of(&policy.companies);
    let (text, mut ticket) =
        Ticket::mint(&person.user, request.purpose, stage, policy, now, vault)?;
    ticket.first_factor_fresh = request.first_factor.is_fresh();
    ticket.first_factor_phone = request.first_factor.phone;
    let reply = match (&ticket.stage, &person.account) {
        (Stage::Enrolling { required }, _) => {
            log.note(EventKind::EnrollmentOffered {
                required: *required,
            });
            Begun::Enroll(EnrollOffer::of(text, &ticket, *required))
        }
        (_, account) => {
            log.note(EventKind::ChallengeIssued);
            Begun::Challenge(Challenge {
                ticket: text,
                expires_at: ticket.expires_at,
                methods: offers(account.as_ref(), &ticket, now),
                recovery_available: is_recoverable(account.as_ref(), &ticket, now),
            })
        }
    };
    person.tickets.keep(ticket, now);
    Ok(Decision {
        reply,
        changes: Changes {
            account: None,
            tickets: Some(person.tickets),
            events: log.into_events(),
            ..Changes::default()
        },
    })
}

fn allow(reason: Allowed, policy: &Effective, epoch: u64, now: Instant) -> Allowance {
    let notice = policy
        .deadline_ahead(now)
        .filter(|_| reason == Allowed::NotEnrolled)
        .map(|deadline| Notice {
            deadline: deadline.at,
            zone: deadline.zone.clone(),
            days_left: u32::try_from(deadline.at.since(now).begun(Span::days(1)))
                .unwrap_or(u32::MAX),
        });
    Allowance {
        reason,
        notice,
        epoch,
        valid_until: policy.valid_until(now, now),
        device_token: None,
    }
}

/// Lets in a user whose device is trusted, in place of a challenge at sign-in. It stands for the factor that was shown
/// for it, and for no more: where that one would not be taken, neither is the device.
fn trusted(
    person: &Person,
    token: Option<&Text>,
    circumstances: &Circumstances<'_>,
    now: Instant,
    vault: &mut dyn Vault,
) -> Result<Option<Allowance>, Dependency> {
    let account = person
        .account
        .as_ref()
        .filter(|_| *circumstances.purpose == Purpose::SignIn);
    let (Some(account), Some(token)) = (account, token) else {
        return Ok(None);
    };
    let policy = circumstances.policy;
    let days = policy.device_days;
    let device = Device::recognise(account, &person.user, token, days, now, vault)?;
    Ok(device
        .filter(|device| circumstances.takes(account, device.method, now))
        .map(|device| {
            let allowance = allow(Allowed::TrustedDevice, policy, account.epoch, now);
            Allowance {
                valid_until: allowance.valid_until.min(device.ends(days)),
                device_token: Some(token.duplicate()),
                ..allowance
            }
        }))
}

fn pending(ticket: &Ticket) -> Vec<PendingView> {
    let app = ticket.pending_app.as_ref().map(|it| PendingView {
        method: Method::Totp,
        hint: None,
        attempts_left: it.attempts_left(),
        sent: None,
    });
    let phone = ticket.pending_phone.as_ref().map(|it| PendingView {
        method: Method::Sms,
        hint: Some(it.number.masked(ticket.digits_shown())),
        attempts_left: it.attempts_left(),
        sent: Some(sent(&it.sent, ticket)),
    });
    app.into_iter().chain(phone).collect()
}

fn sent(code: &SentCode, ticket: &Ticket) -> SentView {
    SentView {
        good_until: code.good_until,
        resend_at: code.resend_at(),
        sends_left: ticket.sends_left(),
    }
}
