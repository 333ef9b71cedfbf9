"""What the api makes of ClickHouse's formats, and what it documents."""

import pytest

from api.openapi.document import document
from api.operations import OPERATIONS
from api.routes.sql import media_type
from api.routes.websocket import PATH


@pytest.mark.parametrize(
    ("output", "media"),
    [
        ("JSON", "application/json"),
        ("JSONCompact", "application/json"),
        ("JSONCompactEachRowWithNames", "application/x-ndjson"),
        ("CSVWithNames", "text/csv; charset=utf-8"),
        ("PrettyCompactMonoBlock", "text/plain; charset=utf-8"),
        ("XML", "text/plain; charset=utf-8"),
        ("Template", "application/octet-stream"),
        ("Parquet", "application/vnd.apache.parquet"),
        ("Arrow", "application/vnd.apache.arrow.file"),
        ("ArrowStream", "application/vnd.apache.arrow.stream"),
        ("Native", "application/octet-stream"),
    ],
)
def test_no_format_becomes_what_a_browser_would_run(output: str, media: str) -> None:
    assert media_type(output) == media


def test_every_operation_is_documented_whole() -> None:
    made = document(OPERATIONS)
    # The WebSocket's handshake is described as a request, and is none of the operations.
    assert sum(len(methods) for methods in made["paths"].values()) == len(OPERATIONS) + 1
    names = set()
    for path, methods in made["paths"].items():
        for operation in methods.values():
            names.add(operation["operationId"])
            assert operation["summary"].endswith((".", ":")), path
            assert all(one["description"] for one in operation["parameters"]), path
            good = "101" if path == PATH else "200"
            (content,) = operation["responses"][good]["content"].items()
            assert content[0] != "application/json" or content[1]["schema"], path
    assert len(names) == len(OPERATIONS) + 1


def test_every_reference_leads_somewhere() -> None:
    made = document(OPERATIONS)
    found = set(_references(made))
    assert found
    assert {name.removeprefix("#/components/schemas/") for name in found} <= set(
        made["components"]["schemas"]
    )


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
