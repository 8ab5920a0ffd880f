//! What people do, once with an honest host and many times with one that lies.

use serde_json::{Value, json};

use super::HostileHost;
use super::traveller::{SEED, Traveller};
use crate::subject::Subject;
use crate::world::World;

/// Calls in turn.
pub(super) struct Journey {
    pub(super) name: &'static str,
    /// Whether it is about text messages, which not every plugin knows.
    pub(super) texts: bool,
    /// Whether nobody is let in without a factor.
    pub(super) enforced: bool,
    /// Made in an honest host, before anything is looked at.
    pub(super) before: &'static [Move],
    /// Those in which lies are told.
    pub(super) moves: &'static [Move],
}

/// One call of a journey. Its user is ana.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    SignIn,
    Settings,
    Assess,
    BeginTotp,
    Confirm,
    WrongConfirm,
    Right,
    Wrong,
    Again,
    Early,
    Recover,
    WrongRecovery,
    Issue,
    Prefer,
    BeginSms,
    ConfirmSms,
    SendCode,
    RightSms,
    WrongSms,
    /// No call: time passes.
    Wait,
}

/// Where a lie is told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// In which call of the journey, counted from 0.
    pub call: usize,
    /// At which use of the import in it, counted from 1.
    pub use_: u32,
    /// Whether it goes on until the end of the journey.
    pub lasts: bool,
}

/// What an honest host makes of a journey.
pub(super) struct Honest {
    /// How often each call uses the import.
    pub(super) uses: Vec<u32>,
    pub(super) answers: Vec<Value>,
    /// Whether each call counted a wrong code of a factor.
    pub(super) counted: Vec<bool>,
}

/// Says whether a plugin claims to know text messages.
pub(super) async fn is_extended(subject: &dyn Subject) -> Result<bool, String> {
    let described = subject.start(&World::new(SEED));
    let described = described.call("meta.describe", &json!({})).await;
    let described = described.map_err(|fault| fault.to_string())?;
    let levels = described.get("levels").and_then(Value::as_array);
    Ok(levels.is_some_and(|it| it.contains(&json!("extended"))))
}

/// Makes a journey in an honest host.
pub(super) async fn honest(
    subject: &dyn Subject,
    journey: &Journey,
    host: &HostileHost,
) -> Result<Honest, String> {
    let mut traveller = Traveller::set_out(subject, journey, host).await?;
    let mut honest = Honest {
        uses: Vec::new(),
        answers: Vec::new(),
        counted: Vec::new(),
    };
    for it in journey.moves {
        let before = traveller.wrong_codes().await?;
        traveller
            .world
            .lying()
            .plan(host.lie, host.kind(), 0, false);
        let answer = traveller.make(*it).await;
        honest.uses.push(traveller.world.lying().end());
        let answer = answer.map_err(|fault| format!("{it:?}: {fault}"))?;
        if answer.get("err").is_some() {
            return Err(format!("{it:?} was refused: {answer}"));
        }
        honest.answers.push(answer);
        let after = traveller.wrong_codes().await?;
        honest.counted.push(after > before);
    }
    traveller.come_back().await?;
    Ok(honest)
}

impl Move {
    /// Says whether it types what is not right.
    pub(super) fn is_wrong(self) -> bool {
        matches!(
            self,
            Self::Wrong | Self::WrongConfirm | Self::WrongRecovery | Self::WrongSms
        )
    }

    /// Says whether the code that it types is used up by it, if it is accepted.
    pub(super) fn spends(self) -> bool {
        matches!(
            self,
            Self::Right | Self::Again | Self::Confirm | Self::ConfirmSms | Self::RightSms
        )
    }
}

impl Journey {
    /// All of them.
    pub(super) const ALL: &'static [Self] = &[
        Self::of(
            "enroll",
            &[],
            &[Move::Settings, Move::BeginTotp, Move::Confirm],
        ),
        Self::of(
            "enroll-wrong",
            &[],
            &[Move::Settings, Move::BeginTotp, Move::WrongConfirm],
        ),
        Self::of(
            "right",
            ENROLLED,
            &[Move::SignIn, Move::Right, Move::Assess],
        ),
        Self::of("wrong", ENROLLED, &[Move::SignIn, Move::Wrong]),
        Self::of("replayed", SIGNED_IN, &[Move::SignIn, Move::Again]),
        Self::of("of-another-step", ENROLLED, &[Move::SignIn, Move::Early]),
        Self::of(
            "recovery",
            ENROLLED,
            &[Move::SignIn, Move::Recover, Move::BeginTotp, Move::Confirm],
        ),
        Self::of(
            "wrong-recovery",
            ENROLLED,
            &[Move::SignIn, Move::WrongRecovery],
        ),
        Self::of(
            "manage",
            ENROLLED,
            &[Move::Settings, Move::Right, Move::Prefer, Move::Issue],
        ),
        Self {
            enforced: true,
            ..Self::of("after-the-deadline", &[], &[Move::SignIn, Move::Assess])
        },
        Self {
            texts: true,
            ..Self::of(
                "phone",
                IN_SETTINGS,
                &[
                    Move::BeginSms,
                    Move::ConfirmSms,
                    Move::Wait,
                    Move::SignIn,
                    Move::SendCode,
                    Move::RightSms,
                ],
            )
        },
        Self {
            texts: true,
            ..Self::of(
                "wrong-phone",
                WITH_PHONE,
                &[Move::SignIn, Move::SendCode, Move::WrongSms],
            )
        },
    ];

    const fn of(name: &'static str, before: &'static [Move], moves: &'static [Move]) -> Self {
        Self {
            name,
            texts: false,
            enforced: false,
            before,
            moves,
        }
    }
}

const ENROLLED: &[Move] = &[Move::Settings, Move::BeginTotp, Move::Confirm, Move::Wait];
const SIGNED_IN: &[Move] = &[
    Move::Settings,
    Move::BeginTotp,
    Move::Confirm,
    Move::Wait,
    Move::SignIn,
    Move::Right,
];
const IN_SETTINGS: &[Move] = &[
    Move::Settings,
    Move::BeginTotp,
    Move::Confirm,
    Move::Wait,
    Move::Settings,
    Move::Right,
];
const WITH_PHONE: &[Move] = &[
    Move::Settings,
    Move::BeginTotp,
    Move::Confirm,
    Move::Wait,
    Move::Settings,
    Move::Right,
    Move::BeginSms,
    Move::ConfirmSms,
    Move::Wait,
];
