//! WASI without anything behind it, for plugins in languages whose runtime imports it.
//!
//! A table of the few functions that can be answered with nothing; all others trap. That an interpreter starts with so
//! little is because it was started when the component was built, and only wakes up here.

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceType, Val};

use super::allow_list;
use crate::call::Call;

/// Links every import of WASI that the contract does not have.
pub(super) fn stub(
    linker: &mut Linker<Call>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if !name.starts_with(allow_list::WASI) {
            continue;
        }
        // An interface of the world keeps its functions: the stubs come beside them.
        let linked = allow_list::linked_name(name).unwrap_or_else(|| name.to_owned());
        let mut linked = linker.instance(&linked)?;
        for (member, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) if allow_list::is_of_the_world(name, member) => {}
                ComponentItem::ComponentFunc(_) => stub_function(&mut linked, name, member)?,
                ComponentItem::Resource(_) => {
                    linked.resource(member, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What every handle of a stub stands for.
struct Nothing;

/// What a stub answers.
#[derive(Clone, Copy)]
enum Answer {
    /// An empty list.
    EmptyList,
    /// None.
    Absent,
    /// A handle of a stream on which nothing works.
    Stream,
    /// The error of a stream that is closed.
    Closed,
    /// The time of the call, in nanoseconds: a clock that stands still, as the contract's does.
    Nanoseconds,
    /// One second, as a time.
    OneSecond,
    /// Nothing is answered, and the call ends.
    Trap,
}

fn stub_function(
    linked: &mut LinkerInstance<'_, Call>,
    interface: &str,
    function: &str,
) -> wasmtime::Result<()> {
    let answer = answer_of(interface, function);
    let named = format!("{interface}#{function}");
    linked.func_new(function, move |mut store, _, _, results| {
        let value = match answer {
            Answer::EmptyList => Val::List(Vec::new()),
            Answer::Absent => Val::Option(None),
            Answer::Stream => {
                let handle = Resource::<Nothing>::new_own(0);
                Val::Resource(handle.try_into_resource_any(&mut store)?)
            }
            Answer::Closed => {
                let closed = Val::Variant("closed".to_owned(), None);
                Val::Result(Err(Some(Box::new(closed))))
            }
            Answer::Nanoseconds => Val::U64(store.data().now.saturating_mul(1_000_000_000)),
            Answer::OneSecond => Val::Record(vec![
                ("seconds".to_owned(), Val::U64(1)),
                ("nanoseconds".to_owned(), Val::U32(0)),
            ]),
            Answer::Trap => {
                return Err(wasmtime::format_err!(
                    "{named} is not there in a laboratory"
                ));
            }
        };
        if let Some(result) = results.first_mut() {
            *result = value;
        }
        Ok(())
    })
}

fn answer_of(interface: &str, function: &str) -> Answer {
    let interface = interface.split_once('@').map_or(interface, |(it, _)| it);
    ANSWERS
        .iter()
        .find(|(it, name, _)| *it == interface && *name == function)
        .map_or(Answer::Trap, |(_, _, answer)| *answer)
}

const ANSWERS: &[(&str, &str, Answer)] = &[
    ("wasi:cli/environment", "get-arguments", Answer::EmptyList),
    ("wasi:cli/environment", "get-environment", Answer::EmptyList),
    ("wasi:cli/environment", "initial-cwd", Answer::Absent),
    ("wasi:cli/stderr", "get-stderr", Answer::Stream),
    ("wasi:cli/stdin", "get-stdin", Answer::Stream),
    ("wasi:cli/stdout", "get-stdout", Answer::Stream),
    (
        "wasi:cli/terminal-stderr",
        "get-terminal-stderr",
        Answer::Absent,
    ),
    (
        "wasi:cli/terminal-stdin",
        "get-terminal-stdin",
        Answer::Absent,
    ),
    (
        "wasi:cli/terminal-stdout",
        "get-terminal-stdout",
        Answer::Absent,
    ),
    ("wasi:clocks/monotonic-clock", "now", Answer::Nanoseconds),
    ("wasi:clocks/wall-clock", "resolution", Answer::OneSecond),
    (
        "wasi:filesystem/preopens",
        "get-directories",
        Answer::EmptyList,
    ),
    (
        "wasi:io/streams",
        "[method]input-stream.blocking-read",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]input-stream.read",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]output-stream.blocking-flush",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]output-stream.blocking-write-and-flush",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]output-stream.check-write",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]output-stream.flush",
        Answer::Closed,
    ),
    (
        "wasi:io/streams",
        "[method]output-stream.write",
        Answer::Closed,
    ),
];
