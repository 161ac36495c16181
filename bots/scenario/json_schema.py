"""The JSON Schema of a scenario's file, for editors: made from the definitions that the loader reads with."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from bots.scenario.actions import ACTIONS
from bots.scenario.cast import TOGETHER
from bots.scenario.document import Check, File, Latency, Role
from bots.scenario.script import WAIT
from bots.scenario.selector import EVERYONE

_STEP = {"$ref": "#/$defs/Step"}


def json_schema() -> dict[str, Any]:
    """Return the schema. It says all but what only the whole of a scenario shows, such as who is called what."""
    _, described = models_json_schema(
        [(kind, "validation") for kind in ACTIONS.values()], schema_generator=SchemaGenerator
    )
    actions = {kind.__name__: described["$defs"][kind.__name__] for kind in ACTIONS.values()}
    scenario = File.model_json_schema(schema_generator=SchemaGenerator)
    scenario["properties"]["script"]["items"] = _STEP
    scenario["title"] = "A scenario of geventchat-bots"
    scenario["$defs"] = {part.__name__: scenario["$defs"][part.__name__] for part in (Role, Check, Latency)}
    scenario["$defs"] |= {"Step": _step(actions), "Body": _body(actions), **actions}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **scenario}


def _step(actions: dict[str, Any]) -> dict[str, Any]:
    """Return what a line of the script is: one key, and what belongs to it."""
    several = {"type": "array", "minItems": 1}
    return {
        "description": f"who does it (an actor, a cast, {EVERYONE}, any user, 3 of user, 20% of user), and what",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            TOGETHER: {
                "description": "these run at the same time; each is a line, or a list of lines one after another",
                **several,
                "items": {"anyOf": [_STEP, {**several, "items": _STEP}]},
            },
            WAIT: actions["Wait"]["properties"]["wait"] | {"description": "the whole script waits"},
        },
        "propertyNames": {"not": {"enum": [name for name in ACTIONS if name != WAIT]}},
        "additionalProperties": {"$ref": "#/$defs/Body"},
    }


def _body(actions: dict[str, Any]) -> dict[str, Any]:
    """Return what stands behind an actor: a text, which is said, or an action."""
    return {"anyOf": [actions["Say"]["properties"]["say"], *({"$ref": f"#/$defs/{name}"} for name in actions)]}


class SchemaGenerator(GenerateJsonSchema):  # its methods are pydantic's, and described there
    """Leaves out what tells an author nothing: defaults as they are once read, titles, and `null` for left out."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:  # noqa: D102
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:  # noqa: D102
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002, D102
        return False
