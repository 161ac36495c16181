"""The JSON Schema of a protocol's file, for editors: made from the definition that the loader reads with."""

from typing import Any

from bots.protocols.document import ProtocolFile
from bots.scenario.json_schema import SchemaGenerator


def json_schema() -> dict[str, Any]:
    """Return the schema. It says all but which names may stand in which message."""
    schema = ProtocolFile.model_json_schema(schema_generator=SchemaGenerator)
    schema["title"] = "A protocol for geventchat-bots"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
