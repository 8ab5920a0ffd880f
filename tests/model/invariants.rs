//! What must hold whatever the reference says: S-1 to S-16, each from the history, the answers and the records alone.
//!
//! Each looks at the newest step, and back as far as it must. S-13 and S-16 need calls of their own, and are in
//! `machine.rs`; what can be said of any step stands here too.

mod records;
mod showing;

use crate::history::{History, Step};
use crate::secrets::Secrets;

pub(crate) use self::records::s_13_a_stranger_tells_nobody_apart;

/// One of them: why it is broken, if it is.
type Invariant = fn(&History, &Secrets) -> Result<(), String>;

/// All of them.
pub(crate) const ALL: [Invariant; 15] = [
    showing::s_1_a_code_is_accepted_at_most_once,
    records::s_2_the_replay_mark_never_goes_down,
    showing::s_3_a_pending_factor_never_authenticates,
    records::s_4_a_live_factor_changes_only_by_what_may_change_it,
    showing::s_5_neither_count_passes_its_limit_without_disabling,
    showing::s_6_a_wrong_code_is_counted_before_it_is_answered,
    showing::s_7_a_recovery_code_implies_a_factor_and_leads_to_one_enrollment,
    showing::s_8_after_the_deadline_nobody_is_let_in_without_a_factor,
    records::s_9_a_fault_lets_nobody_in,
    records::s_10_no_secret_leaves_twice,
    records::s_11_every_change_comes_with_an_event,
    records::s_12_a_call_touches_only_its_own_records,
    showing::s_14_an_enrolled_user_gets_no_less_for_want_of_a_usable_factor,
    records::s_15_a_spent_ticket_does_nothing,
    records::s_15_a_refusal_changes_nothing,
];

fn newest(history: &History) -> &Step {
    history.steps.last().expect("something happened")
}
