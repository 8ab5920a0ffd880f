//! What the reference expects of a call.

use serde_json::{Value, json};

use crate::reference::texts::Errand;

/// What a call must answer, and what comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    /// Patterns, one of which the answer must match. Where several refusals apply, the contract does not say which comes.
    pub(crate) answers: Vec<Value>,
    /// What the answer teaches whoever receives it.
    pub(crate) learns: Vec<Lesson>,
    /// Tickets one of which had to go for a new one: the contract's "oldest" can be read in more than one way.
    pub(crate) crowded: Vec<usize>,
    /// Whether it comes with a new secret, which must have been drawn.
    pub(crate) draws: bool,
    /// The message that goes out.
    pub(crate) outgoing: Option<Outgoing>,
    /// Whether it is only the commit that refuses it, for a counter that is full.
    pub(crate) refused_by_commit: bool,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) number: usize,
    pub(crate) errand: Errand,
    pub(crate) payer: &'static str,
    pub(crate) code: usize,
    pub(crate) minutes: u64,
    pub(crate) arrives: bool,
}

/// Where in an answer a new secret stands, and which of the reference's it is.
#[derive(Clone, Debug)]
pub(crate) enum Lesson {
    Ticket(usize, &'static str),
    Key(usize, &'static str),
    Recovery(usize, &'static str),
    Device(usize, &'static str),
}

impl Forecast {
    pub(crate) fn ok(reply: Value) -> Self {
        Self::one(json!({ "ok": reply }))
    }

    pub(crate) fn one(pattern: Value) -> Self {
        Self::refused(vec![pattern])
    }

    /// Any of these refusals.
    pub(crate) fn refused(refusals: Vec<Value>) -> Self {
        Self {
            answers: refusals,
            learns: Vec::new(),
            crowded: Vec::new(),
            draws: false,
            outgoing: None,
            refused_by_commit: false,
        }
    }

    pub(crate) fn refused_by_commit(mut self) -> Self {
        self.refused_by_commit = true;
        self
    }

    /// A message goes out, with a new code if one is drawn.
    pub(crate) fn texting(mut self, outgoing: Outgoing, draws: bool) -> Self {
        self.outgoing = Some(outgoing);
        self.draws = draws;
        self
    }

    pub(crate) fn learning(mut self, lesson: Lesson) -> Self {
        self.learns.push(lesson);
        self.draws = true;
        self
    }

    /// The answer repeats a secret.
    pub(crate) fn recalling(mut self, lesson: Lesson) -> Self {
        self.learns.push(lesson);
        self
    }

    pub(crate) fn crowding(mut self, crowded: Vec<usize>) -> Self {
        self.crowded = crowded;
        self
    }
}

/// `err`, with the case given by a path such as `ticket.spent`.
pub(crate) fn refusal(path: &str) -> Value {
    json!(format!("err.{path}"))
}

pub(crate) fn invalid(field: &str) -> Value {
    json!({ "err": { "invalid-input": { "field": field } } })
}

pub(crate) fn locked(until: u64) -> Value {
    json!({ "err": { "locked": until } })
}
