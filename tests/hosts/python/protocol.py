"""The protocol of tests/hosts/README.md: a line of JSON for a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TextIO

from values import Json
from world import World


def serve(lines: Iterable[str], output: TextIO, begin: Callable[[int], World], refused: str | None) -> None:
    """Answers lines until they end. `refused` is why there is no plugin, where there is none."""
    world: World | None = None
    for line in lines:
        try:
            request = json.loads(line)
            match request.pop("op", None):
                case "hello":
                    answer = HELLO if refused is None else {"refused": refused}
                case "begin":
                    world = begin(request["seed"])
                    answer = {}
                case op if world is not None:
                    answer = _answer(world, op, request)
                case _:
                    answer = {"fault": "unsupported"}
        except Exception as error:  # Whatever it is, the line must be answered, and the next one may go well.
            answer = {"fault": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=output, flush=True)


def _answer(world: World, op: str, request: dict[str, Json]) -> Json:
    match op:
        case "call":
            return {"answer": world.call(**request)}
        case "race":
            return {"answers": world.race(request["calls"])}
        case "end-fault":
            return {"fired": world.faults.end()}
        case "look":
            return world.look(request["known"])
        case "clock":
            world.clock.at = request["at"]
        case "clock-fails":
            world.clock.fails = request["fails"]
        case "random":
            world.randomness.break_down(request["mode"])
        case "line":
            world.line.refuses = request["refuses"]
        case "fate":
            world.line.destine(request["fate"])
        case "rotate-keys":
            world.rotate_keys()
        case "tamper":
            world.tamper(request["record"], request["of"], request["how"], request.get("from"))
        case "restart":
            world.restart()
        case "fault":
            world.faults.plan(request["import"], request["on"], request["times"], request["kind"])
        case _:
            return {"fault": "unsupported"}
    return {}


HELLO = {
    "protocol": 1,
    "host": "python-wasmtime",
    "abilities": [
        "clock-faults",
        "random-faults",
        "line-faults",
        "import-faults",
        "rotate-keys",
        "tamper",
        "restart",
        "race",
        "events",
        "records",
        "messages",
    ],
}
