//! What must hold whatever the reference says: S-1 to S-16, and what is said of messages and devices, each from the history, the answers and the records alone.
//!
//! Each looks at the newest step, and back as far as it must. S-13 and S-16 need calls of their own, and are in
//! `machine.rs`; what can be said of any step stands here too.

mod devices;
mod records;
mod showing;
mod texts;

use crate::history::{History, Step};
use crate::secrets::Secrets;

pub(crate) use self::records::s_13_a_stranger_tells_nobody_apart;

/// One of them: why it is broken, if it is.
type Invariant = fn(&History, &Secrets) -> Result<(), String>;

/// All of them.
pub(crate) const ALL: [Invariant; 24] = [
    showing::s_1_a_code_is_accepted_at_most_once,
    records::s_2_the_replay_mark_never_goes_down,
    showing::s_3_a_pending_factor_never_authenticates,
    records::s_4_a_live_factor_changes_only_by_what_may_change_it,
    showing::s_5_neither_count_passes_its_limit_without_disabling,
    showing::s_6_a_wrong_code_is_counted_before_it_is_answered,
    showing::s_7_a_recovery_code_implies_a_factor_and_leads_to_one_enrollment,
    showing::s_8_after_the_deadline_nobody_is_let_in_without_a_factor,
    records::s_4_a_text_message_changes_no_app,
    records::s_9_a_fault_lets_nobody_in,
    records::s_10_no_secret_leaves_twice,
    records::s_11_every_change_comes_with_an_event,
    records::s_12_a_call_touches_only_its_own_records,
    showing::s_14_an_enrolled_user_gets_no_less_for_want_of_a_usable_factor,
    records::s_15_a_spent_ticket_does_nothing,
    records::s_15_a_refusal_changes_nothing,
    texts::a_sent_code_is_accepted_once_on_its_ticket_and_in_time,
    texts::a_code_that_is_over_does_not_count,
    texts::a_message_goes_out_only_after_the_commit_that_counts_it,
    texts::a_message_changes_no_count_of_tries,
    texts::no_more_messages_than_the_limits,
    texts::neither_number_nor_code_is_in_an_event_or_answer,
    texts::no_more_refusals_than_the_limit,
    devices::a_device_lets_in_its_user_until_anything_changes,
];

fn newest(history: &History) -> &Step {
    history.steps.last().expect("something happened")
}
