"""What pydantic found wrong, in the words of a scenario's author, and where."""

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bots.actions import ACTIONS
from bots.fields import Model
from bots.file import Check, File, Latency, Part
from bots.mistakes import Report, did_you_mean
from bots.tree import Node

AnyModel = TypeVar("AnyModel", bound=Model)
Path = tuple[str | int, ...]


def read_part(
    model: type[AnyModel], value: dict[str, Any], node: Node, report: Report
) -> tuple[AnyModel | None, list[Path]]:
    """Return what a value, which stands at `node`, is as a model, and the paths of what is wrong in it.

    What is wrong is reported and left out; None when nothing can be made of the rest.
    """
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    _explain(errors, node, model, report)
    paths = [(*error["loc"], *filter(None, [error.get("ctx", {}).get("key")])) for error in errors]
    for path in paths:
        value = _without(value, path)
    try:
        return model.model_validate(value), paths
    except ValidationError:
        return None, paths


def _without(value: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a copy without what is at a path; of a cast, one part is left out, otherwise all that a key holds."""
    key, *inner = path
    if key == "cast" and inner:
        return value | {"cast": {name: part for name, part in value["cast"].items() if name != inner[0]}}
    return {name: part for name, part in value.items() if name != key}


def _explain(errors: list[ErrorDetails], node: Node, model: type[Model], report: Report) -> None:
    for error in errors:
        path = tuple(error["loc"])
        if error["type"] == "extra_forbidden":
            *around, key = path
            place = node.at(around).keys.get(str(key), node.place)
            report.wrong(place, _unknown_key(str(key), _part_at(tuple(around), model)))
        else:
            report.wrong(node.at((*path, error.get("ctx", {}).get("key"))).place, _message(error))


def _part_at(path: tuple[str | int, ...], model: type[Model]) -> type[Model]:
    """Return what is described at a path inside a file; a line of the script has no parts."""
    if model is not File or not path:
        return model
    if path[0] == "check":
        return Latency if len(path) > 1 else Check
    return Part


def _unknown_key(key: str, model: type[Model]) -> str:
    action = next((name for name, kind in ACTIONS.items() if kind is model), None)
    fitting = [name for name, kind in ACTIONS.items() if key in kind.file_keys()]
    if action and fitting:
        return f"{key} does not go with {action}, only with {', '.join(fitting)}"
    return f"unknown key {key}{did_you_mean(key, model.file_keys())}"


def _message(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "wrong":
            return str(context["message"])
        case "value_error":
            return str(context["error"])
        case "missing":
            return f"{error['loc'][-1]} is missing"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{error['input']!r} is no whole number"
        case "greater_than_equal":
            return f"{error['input']} is too little, it must be {context['ge']} at least"
        case "less_than_equal":
            return f"{error['input']} is too much, it can be {context['le']:,} at most"
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "")
            meant = did_you_mean(str(error["input"]), allowed.replace(" or ", ", ").split(", "))
            return f"{error['input']!r} is none of: {allowed}{meant}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "keys with their values belong here"
        case "list_type":
            return "a list belongs here: lines that begin with a dash"
        case "too_short":
            return "there is nothing in it"
    return error["msg"]
