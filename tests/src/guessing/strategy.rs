//! What a thief may do, as data.

use countersign_core::method::Method;
use countersign_core::time::Span;

/// How a thief who knows the password guesses.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    /// What it comes to, for people.
    pub name: &'static str,
    /// What he guesses at.
    pub aim: Aim,
    /// When he guesses.
    pub when: When,
    /// How many codes he types on a ticket before he begins another. The fifth ends it.
    pub on_a_ticket: u32,
    /// How many tickets he guesses on in turn. They stay open when the owner signs in, and as long as they live.
    pub tickets: usize,
    /// The streak of a factor that he does not go beyond; then he waits until the owner's sign-in clears it.
    pub streak: u32,
    /// The unredeemed failures of a factor that he does not go beyond; then he waits until one has faded.
    pub unredeemed: u32,
    /// Whether he types a wrong recovery code for each guess, to have his tickets ended by that.
    pub recovery: bool,
    /// Whether he asks for tickets of every purpose in turn, and not only to sign in.
    pub purposes: bool,
    /// Whether he goes beyond his bounds in the last day.
    pub finale: bool,
    /// How many other apps the owner sets up, spread over the time.
    pub phones: u64,
}

/// What a thief guesses at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Aim {
    /// At the app, which is the only factor.
    App,
    /// At the phone that there is beside the app.
    Phone,
    /// At app and phone, whichever is ready.
    Both,
}

/// When a thief guesses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Never: this is what the owner's own typing errors do.
    Never,
    /// Whenever something would be compared.
    Always,
    /// For so long after the owner signed in.
    After(Span),
    /// For so long before the owner will sign in.
    Before(Span),
}

/// Guesses without end, on one ticket after the other.
const GREEDY: Strategy = Strategy {
    name: "greedy",
    aim: Aim::App,
    when: When::Always,
    on_a_ticket: 5,
    tickets: 1,
    streak: u32::MAX,
    unredeemed: u32::MAX,
    recovery: false,
    purposes: false,
    finale: false,
    phones: 0,
};

/// Keeps the factor from being disabled until the last day: guesses up to one below the limit, then one for each that
/// fades. He leaves room for the owner's own errors, which her success makes good unless the factor was locked.
const PATIENT: Strategy = Strategy {
    name: "patient: 99, then one for each that fades",
    on_a_ticket: 4,
    streak: 8,
    unredeemed: 99,
    finale: true,
    ..GREEDY
};

/// All that were thought of.
pub const STRATEGIES: &[Strategy] = &[
    Strategy {
        name: "nobody guesses",
        when: When::Never,
        ..GREEDY
    },
    GREEDY,
    Strategy {
        name: "greedy, never the fifth code on a ticket",
        on_a_ticket: 4,
        ..GREEDY
    },
    Strategy {
        name: "no wait: four, then the owner's turn",
        on_a_ticket: 4,
        streak: 4,
        ..GREEDY
    },
    Strategy {
        name: "no lock: nine, then the owner's turn",
        on_a_ticket: 4,
        streak: 9,
        ..GREEDY
    },
    Strategy {
        name: "through every lock: 95, then the owner's turn",
        streak: 95,
        ..GREEDY
    },
    Strategy {
        name: "right after the owner",
        when: When::After(Span::minutes(1)),
        on_a_ticket: 4,
        ..GREEDY
    },
    Strategy {
        name: "right before the owner",
        when: When::Before(Span::minutes(2)),
        on_a_ticket: 4,
        streak: 4,
        ..GREEDY
    },
    Strategy {
        name: "unseen: below 10 unredeemed until the last day",
        unredeemed: 9,
        ..PATIENT
    },
    Strategy {
        name: "hardly seen: below 50 until the last day",
        unredeemed: 49,
        ..PATIENT
    },
    PATIENT,
    Strategy {
        name: "patient, no wait",
        streak: 4,
        ..PATIENT
    },
    Strategy {
        name: "patient, sixteen tickets kept open",
        tickets: 16,
        ..PATIENT
    },
    Strategy {
        name: "greedy, sixteen tickets kept open",
        tickets: 16,
        ..GREEDY
    },
    Strategy {
        name: "patient, tickets ended by recovery codes",
        on_a_ticket: 3,
        recovery: true,
        ..PATIENT
    },
    Strategy {
        name: "patient, tickets of every purpose",
        purposes: true,
        ..PATIENT
    },
    Strategy {
        name: "patient, and the owner changes phones once",
        phones: 1,
        ..PATIENT
    },
    Strategy {
        name: "at the phone: patient",
        aim: Aim::Phone,
        ..PATIENT
    },
    Strategy {
        name: "at app and phone: greedy",
        aim: Aim::Both,
        ..GREEDY
    },
    Strategy {
        name: "at app and phone: no lock",
        aim: Aim::Both,
        on_a_ticket: 4,
        streak: 9,
        ..GREEDY
    },
    Strategy {
        name: "at app and phone: patient",
        aim: Aim::Both,
        ..PATIENT
    },
    Strategy {
        name: "at app and phone: patient, sixteen tickets",
        aim: Aim::Both,
        tickets: 16,
        ..PATIENT
    },
];

impl Aim {
    /// Whether there is a phone.
    pub(super) fn has_phone(self) -> bool {
        self != Self::App
    }

    /// What he guesses at, the one that he would rather begin with in front.
    pub(super) fn methods(self) -> &'static [Method] {
        match self {
            Self::App => &[Method::Totp],
            Self::Phone => &[Method::Sms],
            Self::Both => &[Method::Totp, Method::Sms],
        }
    }
}
