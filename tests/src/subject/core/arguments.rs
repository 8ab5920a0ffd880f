//! Arguments by their names.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The arguments of a call, each to be taken once.
pub(super) struct Arguments(Map<String, Value>);

/// An argument that does not fit its parameter.
#[derive(Clone, Debug)]
pub(crate) struct Misfit(String);

impl Arguments {
    /// Takes an object with an entry for each parameter.
    pub(super) fn of(args: &Value) -> Result<Self, Misfit> {
        match args {
            Value::Object(args) => Ok(Self(args.clone())),
            Value::Null => Ok(Self(Map::new())),
            _ => Err(Misfit("expected an object of arguments".to_owned())),
        }
    }

    /// Takes an argument; one that is not there is none where the parameter is an option.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Misfit> {
        let value = self.0.remove(name).unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| Misfit(format!("{name}: {error}")))
    }

    /// Makes sure that no argument is left over.
    pub(super) fn finish(self) -> Result<(), Misfit> {
        match self.0.keys().next() {
            Some(name) => Err(Misfit(format!("{name}: no such parameter"))),
            None => Ok(()),
        }
    }
}

/// Says that the contract has no such function.
pub(super) fn no_such_function() -> Misfit {
    Misfit("no such function".to_owned())
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
