"""Values of the component model: as wasmtime-py has them, as this host has them, and as JSON.

wasmtime-py leaves the tag of a variant out where the Python types of its cases differ: `result<bool, string>` is a bare `True`
or `"why"`, both of them true in an `if`, and of `commit-failure` the case `conflict` is `None`. Where they do not differ it is a
`Variant`. So which case it is follows from the type alone. This host goes by the type once, here, and everywhere else a
variant, an enum's like apart, is a `Case`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wasmtime import component as wasm

Json = Any


class Misfit(Exception):
    """Arguments do not fit the function; nothing was called."""


@dataclass(frozen=True)
class Case:
    """A case of a variant or result, with what it carries."""

    name: str
    payload: Any = None


@dataclass(frozen=True)
class Shape:
    """A type, taken from the component once: wasmtime-py asks the library for each part of it each time."""

    kind: str
    of: Shape | None = None
    fields: dict[str, Shape] = field(default_factory=dict)
    cases: dict[str, Shape | None] = field(default_factory=dict)
    #: The Python types of each case, as wasmtime-py tells them apart; `object` stands for none.
    classes: dict[str, set[type]] = field(default_factory=dict)

    @property
    def is_tagged(self) -> bool:
        """Whether two cases have a Python type in common, so that wasmtime-py keeps the tag."""
        seen: set[type] = set()
        for classes in self.classes.values():
            if seen & classes:
                return True
            seen |= classes
        return False


def shape(ty: wasm.ValType | None) -> Shape | None:
    """Takes a type; none where there is no value."""
    match ty:
        case None:
            return None
        case wasm.ListType():
            if isinstance(ty.element, wasm.U8):
                return Shape("bytes")
            return Shape("list", of=shape(ty.element))
        case wasm.OptionType():
            return Shape("option", of=shape(ty.payload))
        case wasm.RecordType():
            return Shape("record", fields={name: shape(it) for name, it in ty.fields})
        case wasm.EnumType():
            return Shape("enum", cases=dict.fromkeys(ty.names))
        case wasm.VariantType():
            return _variant("variant", ty.cases)
        case wasm.ResultType():
            return _variant("result", [("ok", ty.ok), ("err", ty.err)])
        case _:
            return Shape(type(ty).__name__.lower())


def _variant(kind: str, cases: list[tuple[str, wasm.ValType | None]]) -> Shape:
    classes: dict[str, set[type]] = {}
    for name, ty in cases:
        classes[name] = {object} if ty is None else set()
        if ty is not None:
            ty.add_classes(classes[name])
    return Shape(kind, cases={name: shape(ty) for name, ty in cases}, classes=classes)


def lift(of: Shape | None, value: Any) -> Any:
    """Takes what wasmtime-py gives: records become dicts, variants and results `Case`."""
    if of is None:
        return None
    match of.kind:
        case "list":
            return [lift(of.of, item) for item in value]
        case "option":
            return None if value is None else lift(of.of, value)
        case "record":
            return {name: lift(it, getattr(value, name)) for name, it in of.fields.items()}
        case "variant" | "result":
            if of.is_tagged:
                return Case(value.tag, lift(of.cases[value.tag], value.payload))
            # The exact type: `True` is an `int` too. What no case has is the case of an option or of nothing.
            exact = (name for name, classes in of.classes.items() if type(value) in classes)
            empty = (name for name, classes in of.classes.items() if object in classes)
            name = next(exact, None) or next(empty)
            return Case(name, lift(of.cases[name], value))
        case _:
            return value


def lower(of: Shape | None, plain: Any) -> Any:
    """Makes what wasmtime-py takes."""
    if of is None:
        return None
    match of.kind:
        case "list":
            return [lower(of.of, item) for item in plain]
        case "option":
            return None if plain is None else lower(of.of, plain)
        case "record":
            record = wasm.Record()
            for name, it in of.fields.items():
                # The names have hyphens, so they are no attributes that Python code could write.
                setattr(record, name, lower(it, plain[name]))
            return record
        case "variant" | "result":
            payload = lower(of.cases[plain.name], plain.payload)
            return wasm.Variant(plain.name, payload) if of.is_tagged else payload
        case _:
            return plain


def from_json(of: Shape, json: Json, path: str) -> Any:
    """Reads JSON as `countersign call` has it."""
    match of.kind:
        case "bool" if type(json) is bool:
            return json
        case "string" if type(json) is str:
            return json
        # A bool is an int to Python, and what is out of range would be cut by ctypes without a word.
        case "u8" | "u16" | "u32" | "u64" if type(json) is int and 0 <= json < 1 << int(of.kind[1:]):
            return json
        case "enum" if type(json) is str and json in of.cases:
            return json
        case "option":
            return None if json is None else from_json(of.of, json, path)
        case "bytes" if type(json) is str:
            try:
                return bytes.fromhex(json)
            except ValueError:
                raise Misfit(f"{path}: expected hexadecimal digits") from None
        case "list" if type(json) is list:
            return [from_json(of.of, item, f"{path}[{i}]") for i, item in enumerate(json)]
        case "record" if type(json) is dict:
            if unknown := json.keys() - of.fields.keys():
                raise Misfit(f"{path}: no such field: {', '.join(sorted(unknown))}")
            return {name: from_json(it, json.get(name), f"{path}.{name}") for name, it in of.fields.items()}
        case "variant":
            name, payload = next(iter(json.items())) if type(json) is dict and len(json) == 1 else (json, None)
            if type(name) is str and name in of.cases:
                it = of.cases[name]
                return Case(name, None if it is None else from_json(it, payload, f"{path}.{name}"))
    raise Misfit(f"{path}: expected {of.kind}")


def to_json(of: Shape | None, plain: Any) -> Json:
    """Writes JSON."""
    if of is None or plain is None:
        return None
    match of.kind:
        case "bytes":
            return plain.hex()
        case "list":
            return [to_json(of.of, item) for item in plain]
        case "option":
            return to_json(of.of, plain)
        case "record":
            return {name: to_json(it, plain[name]) for name, it in of.fields.items()}
        case "variant" if of.cases[plain.name] is None:
            return plain.name
        case "variant" | "result":
            return {plain.name: to_json(of.cases[plain.name], plain.payload)}
        case _:
            return plain
