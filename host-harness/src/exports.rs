//! The functions of the contract, with their types.

use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{ComponentNamedList, InstancePre, Lift, Lower};

use crate::call::Call;
use crate::calls::Told;
use crate::contract::administration::{Hypothetical, PreviewReport, Revocable, UserStatus};
use crate::contract::enrollment::{ConfirmVerdict, Label, TotpSetup};
use crate::contract::meta::Description;
use crate::contract::policy::{Policy, StoredPolicy};
use crate::contract::recovery::PresentVerdict;
use crate::contract::sign_in::{Assessment, BeginOutcome, BeginRequest, Session, TicketView};
use crate::contract::verification::VerifyVerdict;
use crate::contract::{
    Actor, Failure, FirstFactor, Membership, Method, Purpose, Receipt, RecoveryCode,
};

/// A function of the contract.
pub(crate) trait Export {
    /// Its place in [`ALL`].
    const ORDINAL: usize;
    type Params<'a>: ComponentNamedList + Lower + Send + Sync;
    type Answer: ComponentNamedList + Lift + Told + Send + Sync + 'static;
}

/// What is to be found in a component, and how its type is compared with the contract's.
pub(crate) struct Expected {
    pub(crate) interface: &'static str,
    pub(crate) function: &'static str,
    pub(crate) check: fn(&ComponentFunc, &InstancePre<Call>) -> wasmtime::Result<()>,
}

macro_rules! exports {
    ($($name:ident = $interface:literal . $function:literal ($($param:ty),*) -> $answer:ty;)*) => {
        #[derive(Clone, Copy)]
        enum Ordinal { $($name),* }

        $(
            pub(crate) struct $name;

            impl Export for $name {
                const ORDINAL: usize = Ordinal::$name as usize;
                type Params<'a> = ($($param,)*);
                type Answer = ($answer,);
            }
        )*

        /// Every function of the contract.
        pub(crate) const ALL: &[Expected] = &[$(
            Expected {
                interface: $interface,
                function: $function,
                check: check::<$name>,
            }
        ),*];
    };
}

exports! {
    Describe = "meta"."describe"() -> Description;
    Begin = "sign-in"."begin"(&'a str, &'a BeginRequest) -> Result<BeginOutcome, Failure>;
    Inspect = "sign-in"."inspect"(&'a str, &'a str) -> Result<TicketView, Failure>;
    Assess = "sign-in"."assess"(&'a str, &'a [Membership], &'a Session, Option<u32>)
        -> Result<Assessment, Failure>;
    BeginTotp = "enrollment"."begin-totp"(&'a str, &'a str, &'a Label)
        -> Result<TotpSetup, Failure>;
    BeginSms = "enrollment"."begin-sms"(&'a str, &'a str, &'a str) -> Result<Receipt, Failure>;
    Resend = "enrollment"."resend"(&'a str, &'a str) -> Result<Receipt, Failure>;
    Cancel = "enrollment"."cancel"(&'a str, &'a str, Method) -> Result<(), Failure>;
    Confirm = "enrollment"."confirm"(&'a str, &'a str, Method, &'a str)
        -> Result<ConfirmVerdict, Failure>;
    Remove = "enrollment"."remove"(&'a str, &'a str, Method) -> Result<u64, Failure>;
    Prefer = "enrollment"."prefer"(&'a str, &'a str, Method) -> Result<(), Failure>;
    SendCode = "verification"."send-code"(&'a str, &'a str) -> Result<Receipt, Failure>;
    Verify = "verification"."verify"(&'a str, &'a str, Method, &'a str, bool)
        -> Result<VerifyVerdict, Failure>;
    Present = "recovery"."present"(&'a str, &'a str, &'a str) -> Result<PresentVerdict, Failure>;
    Issue = "recovery"."issue"(&'a str, &'a str) -> Result<RecoveryCode, Failure>;
    Acknowledge = "recovery"."acknowledge"(&'a str, &'a str) -> Result<(), Failure>;
    PolicyGet = "policy"."get"(&'a str) -> Result<Option<StoredPolicy>, Failure>;
    PolicyPut = "policy"."put"(&'a str, &'a Policy, Option<u64>, &'a Actor, bool)
        -> Result<u64, Failure>;
    Status = "administration"."status"(&'a str) -> Result<UserStatus, Failure>;
    Preview = "administration"."preview"(
        &'a str,
        &'a [Membership],
        &'a FirstFactor,
        &'a Purpose,
        Option<&'a Hypothetical>,
        u64
    ) -> Result<PreviewReport, Failure>;
    Reset = "administration"."reset"(
        &'a str,
        &'a [Membership],
        Option<&'a str>,
        &'a Actor,
        bool,
        &'a str
    ) -> Result<u64, Failure>;
    Unlock = "administration"."unlock"(&'a str, Method, &'a Actor) -> Result<(), Failure>;
    AddTotp = "administration"."add-totp"(&'a str, &'a str, Option<u64>, &'a Actor)
        -> Result<u64, Failure>;
    Revoke = "administration"."revoke"(&'a str, &'a Actor, Revocable) -> Result<(), Failure>;
    FirstFactorChanged = "administration"."first-factor-changed"(&'a str) -> Result<(), Failure>;
    Erase = "administration"."erase"(&'a str, &'a Actor) -> Result<(), Failure>;
}

/// Says whether a call of this function may ask and use the phone line.
pub(crate) fn texts(ordinal: usize) -> bool {
    [BeginSms::ORDINAL, Resend::ORDINAL, SendCode::ORDINAL].contains(&ordinal)
}

fn check<E: Export>(found: &ComponentFunc, pre: &InstancePre<Call>) -> wasmtime::Result<()> {
    found.typecheck::<E::Params<'static>, E::Answer>(&pre.instance_type())
}
