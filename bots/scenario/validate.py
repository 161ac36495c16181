"""Parts of a file held against their definitions: what is wrong in them, where, and in their author's words."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bots.scenario.actions import ACTIONS
from bots.scenario.document import Check, File, Latency, Role
from bots.scenario.fields import Model
from bots.scenario.mistakes import Report, did_you_mean
from bots.scenario.yaml_tree import Node

AnyModel = TypeVar("AnyModel", bound=Model)
Path = tuple[str | int, ...]
# What may stand in a part that has keys, where another form comes to mind first.
_KEYS_LIKE = {"cast": "alice: for one user, user: 9 for nine", "check": "order: any", "latency": "p99: 250ms"}


def validate(model: type[AnyModel], value: dict[str, Any], node: Node, report: Report) -> tuple[AnyModel | None, bool]:
    """Return what a value, which stands at `node`, is as a model, and whether all of it was right.

    What is wrong is reported and left out; None when nothing can be made of the rest.
    """
    try:
        return model.model_validate(value), True
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for one in errors:
        path = _path(one)
        _explain(one, path, node, model, report)
        value = _without(value, path)
    try:
        return model.model_validate(value), False
    except ValidationError:
        return None, False


def _path(error: ErrorDetails) -> Path:
    """Return where an error is; of what is wrong as a whole, one key shows it."""
    shown_by = error.get("ctx", {}).get("key")
    return (*error["loc"], shown_by) if shown_by else error["loc"]


def _without(value: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a copy without what is at a path; of a cast, one role is left out, otherwise all that a key holds."""
    key, *inner = path
    if key == "cast" and inner:
        return value | {"cast": {name: role for name, role in value["cast"].items() if name != inner[0]}}
    return {name: part for name, part in value.items() if name != key}


def _explain(error: ErrorDetails, path: Path, node: Node, model: type[Model], report: Report) -> None:
    if error["type"] == "extra_forbidden":
        *around, key = path
        # In braces, the half of a text behind its comma is a key without a value.
        is_cut = node.at(path).value is None and " " in str(key)
        hint = "; in braces, a text with a comma in it needs quotes" if is_cut else ""
        report.wrong(node.at(around).keys[str(key)], _unknown_key(str(key), _model_at(around, model)) + hint)
    else:
        report.wrong(node.at(path).place, _message(error))


def _model_at(path: Sequence[str | int], model: type[Model]) -> type[Model]:
    """Return which model holds what is at a path; only a file's has others inside."""
    if model is not File or not path:
        return model
    if path[0] == "check":
        return Latency if len(path) > 1 else Check
    return Role


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
            return f"{error['input']!r} is not a whole number"
        case "bool_parsing" | "bool_type":
            return f"{error['input']!r} is neither true nor false"
        case "greater_than_equal":
            return f"{error['input']} is too small; it must be at least {context['ge']}"
        case "less_than_equal":
            return f"{error['input']} is too much, it can be {context['le']:,} at most"
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "")
            if error["input"] is None:
                return f"a value is missing here: {allowed}"
            meant = did_you_mean(str(error["input"]), allowed.replace(" or ", ", ").split(", "))
            return f"{error['input']!r} is none of: {allowed}{meant}"
        case "dict_type" | "model_type" | "model_attributes_type":
            like = _KEYS_LIKE.get(str(error["loc"][-1]))
            return "keys with their values belong here" + (f", like {like}" if like else "")
        case "list_type":
            return "a list belongs here: lines that begin with a dash"
        case "too_short":
            return "there is nothing in it"
    return error["msg"]
