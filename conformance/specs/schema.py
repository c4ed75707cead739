"""The JSON Schema of a loss, for editors that check and complete YAML."""

from typing import Any

from conformance.specs.models import Loss


def json_schema() -> dict[str, Any]:
    """Give the schema of a loss's file; id, family and path are not written in it."""
    schema = Loss.model_json_schema(by_alias=True)
    for name in ("id", "family", "file"):
        schema["properties"].pop(name)
        schema["required"].remove(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "The spec of a loss",
    }
