"""The JSON Schema says what a file may hold, and only that."""

import json

from conformance.specs.schema import json_schema


def test_the_schema_is_json_and_closed() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["additionalProperties"] is False
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_what_the_place_of_the_file_gives_is_not_in_it() -> None:
    schema = json_schema()
    for name in ("id", "family", "file"):
        assert name not in schema["properties"]
        assert name not in schema["required"]


def test_keys_have_the_names_that_are_written() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["Input"]["properties"].keys() == {"shape", "kind", "in", "in_when", "or"}
    assert definitions["Parameter"]["properties"].keys() == {
        *("kind", "shape", "in", "optional", "default")
    }
    assert "non-negative" in definitions["Invariant"]["properties"]["id"]["enum"]
