//! A simulated year of guessing at somebody's second factors, on the plugin's own decisions.
//!
//! The thief knows the password, so that he gets tickets as often as he likes. He sees more than a real one could: every
//! count, every lock to the second, and when the owner will come next. He types a code whenever one would be compared
//! and his [`Strategy`] wants it. The owner signs in every eight hours, every day or every week, mistypes 3 codes of 100,
//! and comes back when a lock has ended. What becomes of their codes is decided by [`sign_in::begin`] and
//! [`verification::verify`] themselves, so tickets, locks, fading and redemption all take part. Where she has a phone
//! beside the app she signs in with either; its messages are those of [`verification::send_code`], within the limits of
//! the policy: five an hour, ten a day, a minute apart, his and hers together.
//!
//! A guess wins against any code that is live: of a step in the window and above the replay mark, or the one that was
//! sent for the ticket. How many there were is
//! counted for each guess, and the probability follows; nobody has to wait for a hit of one in a million. That the
//! arithmetic is right is shown with [`Space::Tiny`], where hits are drawn.
//!
//! What is supposed, besides: a factor that guessing disabled makes the plugin demand another password, and the thief
//! does not know that one. So the year ends for him there. An owner who sets up another app gives the thief a fresh
//! count, as every new authenticator does; [`Strategy::phones`] says how often that happens.
//!
//! [`sign_in::begin`]: countersign_core::sign_in::begin
//! [`verification::verify`]: countersign_core::verification::verify
//! [`verification::send_code`]: countersign_core::verification::send_code

mod counters;
mod dice;
mod owner;
mod strategy;
mod table;
mod target;
mod thief;
mod vault;
mod year;

pub use self::strategy::{Aim, STRATEGIES, Strategy, When};
pub use self::table::Table;
pub use self::year::Year;

use countersign_core::failure::Failure;
use countersign_core::time::Span;
use countersign_core::totp::Window;

/// What one simulation is of.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// How often the owner signs in.
    pub owner: Owner,
    /// The steps that a code may be of.
    pub window: Window,
    /// What the thief does.
    pub thief: Strategy,
    /// What the owner's sign-in makes good.
    pub success: Success,
    /// How many codes there are.
    pub space: Space,
    /// How long it goes on.
    pub length: Span,
    /// What typing errors, waits and keys are drawn from.
    pub seed: u64,
}

/// How often the owner signs in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// Every eight hours.
    EightHourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
}

/// What a right code makes good of the wrong ones before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Success {
    /// The streak, and the wrong codes of its own ticket: what the plugin does.
    RedeemsOwn,
    /// All of them, as a verifier may read SP 800-63B-4, section 3.2.2. Not what the plugin does: for comparison.
    ClearsAll,
}

/// How many codes there are to guess among.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Space {
    /// A million. No guess ever wins; its chance is counted.
    Million,
    /// A hundred, so that guesses do win: the thief is told all but two digits.
    Tiny,
}

impl Owner {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EightHourly, Self::Daily, Self::Weekly];

    fn interval(self) -> Span {
        match self {
            Self::EightHourly => Span::hours(8),
            Self::Daily => Span::days(1),
            Self::Weekly => Span::days(7),
        }
    }
}

impl Space {
    /// The number of codes.
    #[must_use]
    pub fn size(self) -> u32 {
        match self {
            Self::Million => 1_000_000,
            Self::Tiny => 100,
        }
    }
}

impl Scenario {
    /// A year of guessing among all the codes there are.
    #[must_use]
    pub fn year(owner: Owner, window: Window, thief: Strategy) -> Self {
        Self {
            owner,
            window,
            thief,
            success: Success::RedeemsOwn,
            space: Space::Million,
            length: Span::days(365),
            seed: 1,
        }
    }

    /// Every strategy, against every owner, under both windows.
    pub fn all() -> impl Iterator<Item = Self> {
        [Window::PlusMinusOne, Window::CurrentAndPrevious]
            .into_iter()
            .flat_map(|window| Owner::ALL.map(move |owner| (window, owner)))
            .flat_map(|(window, owner)| {
                STRATEGIES
                    .iter()
                    .map(move |thief| Self::year(owner, window, *thief))
            })
    }

    /// Lets the time pass.
    ///
    /// # Errors
    ///
    /// None, unless the plugin refuses something that this simulation knows to be allowed.
    pub fn run(self) -> Result<Year, Failure> {
        year::run(self)
    }
}

/// Simulates all of them.
///
/// # Errors
///
/// As [`Scenario::run`].
pub fn simulate() -> Result<Table, Failure> {
    let years = Scenario::all().map(|it| Ok((it, it.run()?)));
    Ok(Table::of(years.collect::<Result<_, Failure>>()?))
}
