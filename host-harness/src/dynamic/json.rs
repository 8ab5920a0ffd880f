//! Values of the component model as JSON, and back.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use wasmtime::component::Val;
use wasmtime::component::types::{Case, Record, Type};

use super::ArgumentError;

type Fit<T> = Result<T, ArgumentError>;

/// Turns JSON into a value of a type; a value that is not there into none of an option.
pub(super) fn to_val(path: &str, json: Option<&Value>, ty: &Type) -> Fit<Val> {
    let Some(json) = json else {
        return match ty {
            Type::Option(_) => Ok(Val::Option(None)),
            _ => misfit(path, &format!("a value: {}", describe(ty))),
        };
    };
    match (ty, json) {
        (Type::Bool, Value::Bool(it)) => Ok(Val::Bool(*it)),
        (Type::String, Value::String(it)) => Ok(Val::String(it.clone())),
        (Type::U8, _) => whole(path, json, ty).map(Val::U8),
        (Type::U16, _) => whole(path, json, ty).map(Val::U16),
        (Type::U32, _) => whole(path, json, ty).map(Val::U32),
        (Type::U64, _) => whole(path, json, ty).map(Val::U64),
        (Type::List(list), _) => list_to_val(path, json, &list.ty()),
        (Type::Tuple(tuple), Value::Array(items)) if items.len() == tuple.types().len() => {
            let each = tuple.types().zip(items).enumerate();
            each.map(|(i, (ty, item))| to_val(&format!("{path}[{i}]"), Some(item), &ty))
                .collect::<Fit<_>>()
                .map(Val::Tuple)
        }
        (Type::Record(record), Value::Object(fields)) => record_to_val(path, fields, record),
        (Type::Variant(variant), _) => {
            let cases: Vec<Case<'_>> = variant.cases().collect();
            variant_to_val(path, json, &cases, ty)
        }
        (Type::Enum(cases), Value::String(it)) if cases.names().any(|name| name == it) => {
            Ok(Val::Enum(it.clone()))
        }
        (Type::Option(_), Value::Null) => Ok(Val::Option(None)),
        (Type::Option(option), _) => {
            let inner = to_val(path, Some(json), &option.ty())?;
            Ok(Val::Option(Some(Box::new(inner))))
        }
        _ => misfit(path, &describe(ty)),
    }
}

/// Turns a value of a type into JSON.
pub(super) fn to_json(val: &Val, ty: &Type) -> Value {
    match (val, ty) {
        (Val::Bool(it), _) => json!(it),
        (Val::U8(it), _) => json!(it),
        (Val::U16(it), _) => json!(it),
        (Val::U32(it), _) => json!(it),
        (Val::U64(it), _) => json!(it),
        (Val::String(it) | Val::Enum(it), _) => json!(it),
        (Val::List(items), Type::List(list)) if matches!(list.ty(), Type::U8) => {
            let mut hex = String::new();
            for item in items {
                if let Val::U8(byte) = item {
                    // Writing to a string cannot fail.
                    let _ = write!(hex, "{byte:02x}");
                }
            }
            Value::String(hex)
        }
        (Val::List(items), Type::List(list)) => {
            let ty = list.ty();
            items.iter().map(|item| to_json(item, &ty)).collect()
        }
        (Val::Tuple(items), Type::Tuple(tuple)) => {
            let each = items.iter().zip(tuple.types());
            each.map(|(item, ty)| to_json(item, &ty)).collect()
        }
        (Val::Record(fields), Type::Record(record)) => {
            let each = fields.iter().zip(record.fields());
            let object: Map<String, Value> = each
                .map(|((name, value), field)| (name.clone(), to_json(value, &field.ty)))
                .collect();
            Value::Object(object)
        }
        (Val::Variant(name, payload), Type::Variant(variant)) => {
            let ty = variant.cases().find(|case| case.name == name);
            match (payload, ty.and_then(|case| case.ty)) {
                (Some(payload), Some(ty)) => single(name, to_json(payload, &ty)),
                _ => json!(name),
            }
        }
        (Val::Option(None), _) => Value::Null,
        (Val::Option(Some(inner)), Type::Option(option)) => to_json(inner, &option.ty()),
        (Val::Result(Ok(inner)), Type::Result(result)) => {
            single("ok", optional(inner.as_deref(), result.ok()))
        }
        (Val::Result(Err(inner)), Type::Result(result)) => {
            single("err", optional(inner.as_deref(), result.err()))
        }
        // No function of the contract has another type; `find_functions` compared them all.
        _ => Value::Null,
    }
}

/// Says whether a value of this type may be left out.
pub(super) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Option(_))
}

/// Writes a type as WIT does, with records, variants and enums written out.
pub(super) fn describe(ty: &Type) -> String {
    let or_none = |ty: Option<Type>| ty.map_or("_".to_owned(), |ty| describe(&ty));
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(list) => format!("list<{}>", describe(&list.ty())),
        Type::Tuple(tuple) => {
            let types: Vec<String> = tuple.types().map(|ty| describe(&ty)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        Type::Record(record) => {
            let field = |it: wasmtime::component::types::Field<'_>| {
                format!("{}: {}", it.name, describe(&it.ty))
            };
            let fields: Vec<String> = record.fields().map(field).collect();
            format!("record {{ {} }}", fields.join(", "))
        }
        Type::Variant(variant) => {
            let case = |it: Case<'_>| match it.ty {
                Some(ty) => format!("{}({})", it.name, describe(&ty)),
                None => it.name.to_owned(),
            };
            let cases: Vec<String> = variant.cases().map(case).collect();
            format!("variant {{ {} }}", cases.join(", "))
        }
        Type::Enum(cases) => {
            let names: Vec<&str> = cases.names().collect();
            format!("enum {{ {} }}", names.join(", "))
        }
        Type::Option(option) => format!("option<{}>", describe(&option.ty())),
        Type::Result(result) => {
            format!(
                "result<{}, {}>",
                or_none(result.ok()),
                or_none(result.err())
            )
        }
        _ => "a type that the contract does not use".to_owned(),
    }
}

fn list_to_val(path: &str, json: &Value, item: &Type) -> Fit<Val> {
    match (item, json) {
        (Type::U8, Value::String(hex)) => match bytes(hex) {
            Some(bytes) => Ok(Val::List(bytes.into_iter().map(Val::U8).collect())),
            None => misfit(path, "an even number of hexadecimal digits"),
        },
        (Type::U8, _) => misfit(path, "a string of hexadecimal digits"),
        (_, Value::Array(items)) => {
            let each = items.iter().enumerate();
            each.map(|(i, json)| to_val(&format!("{path}[{i}]"), Some(json), item))
                .collect::<Fit<_>>()
                .map(Val::List)
        }
        _ => misfit(path, &format!("an array of {}", describe(item))),
    }
}

fn record_to_val(path: &str, fields: &Map<String, Value>, record: &Record) -> Fit<Val> {
    let known = |name: &String| record.fields().any(|field| field.name == name);
    if let Some(unknown) = fields.keys().find(|name| !known(name)) {
        let names: Vec<&str> = record.fields().map(|field| field.name).collect();
        return misfit(
            &format!("{path}.{unknown}"),
            &format!("no such field; there are: {}", names.join(", ")),
        );
    }
    let each = record.fields();
    each.map(|field| {
        let path = format!("{path}.{}", field.name);
        let value = to_val(&path, fields.get(field.name), &field.ty)?;
        Ok((field.name.to_owned(), value))
    })
    .collect::<Fit<_>>()
    .map(Val::Record)
}

fn variant_to_val(path: &str, json: &Value, cases: &[Case<'_>], ty: &Type) -> Fit<Val> {
    let (name, payload) = match json {
        Value::String(name) => (name, None),
        Value::Object(object) => match object.iter().next() {
            Some((name, payload)) if object.len() == 1 => (name, Some(payload)),
            _ => {
                return misfit(
                    path,
                    &format!("an object with one case of {}", describe(ty)),
                );
            }
        },
        _ => return misfit(path, &describe(ty)),
    };
    let Some(case) = cases.iter().find(|case| case.name == name) else {
        return misfit(path, &describe(ty));
    };
    let path = format!("{path}.{name}");
    let payload = match (&case.ty, payload) {
        (None, None | Some(Value::Null)) => None,
        (None, Some(_)) => return misfit(&path, "a case without a payload"),
        (Some(ty), payload) => Some(Box::new(to_val(&path, payload, ty)?)),
    };
    Ok(Val::Variant(name.clone(), payload))
}

fn whole<T: TryFrom<u64>>(path: &str, json: &Value, ty: &Type) -> Fit<T> {
    match json.as_u64().map(T::try_from) {
        Some(Ok(it)) => Ok(it),
        _ => misfit(
            path,
            &format!("a whole number in the range of {}", describe(ty)),
        ),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |it: &u8| char::from(*it).to_digit(16);
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok())
        .collect()
}

fn optional(val: Option<&Val>, ty: Option<Type>) -> Value {
    match (val, ty) {
        (Some(val), Some(ty)) => to_json(val, &ty),
        _ => Value::Null,
    }
}

fn single(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn misfit<T>(path: &str, expected: &str) -> Fit<T> {
    Err(ArgumentError {
        path: path.to_owned(),
        expected: expected.to_owned(),
    })
}
