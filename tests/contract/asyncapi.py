"""Writes deploy/docs/asyncapi.json: the topics as AsyncAPI, from the data that defines them."""

from pathlib import Path

import orjson

from schemas.asyncapi import document
from schemas.settings import KafkaSettings

PATH = Path(__file__).parents[2] / "deploy" / "docs" / "asyncapi.json"


def written() -> bytes:
    """The document of the default settings, for people to read and to compare."""
    defaults = {name: field.default for name, field in KafkaSettings.model_fields.items()}
    return (
        orjson.dumps(document(KafkaSettings.model_construct(**defaults)), option=orjson.OPT_INDENT_2) + b"\n"
    )


if __name__ == "__main__":
    PATH.write_bytes(written())
    print(PATH)
