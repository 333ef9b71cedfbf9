"""No schema may change in a way that released records could not be read after; and the judges of that are judged."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import pytest

from schemas import registry
from schemas.codec import Codec, plain_times, schema_id_of
from schemas.registry import PinnedIds, Schema, events, load_schema, released
from tests.contract.freeze import freeze
from tests.contract.test_schemas import EXAMPLES, golden
from tests.support.evolution import problems, violations
from tests.support.planted import COMPATIBLE, INCOMPATIBLE, MEANINGS, Change, changed

IDS = {event: PinnedIds().id_of(event) for event in events()}
PRESENT: dict[str, Schema] = {event: load_schema(event) for event in events()}
FROZEN = {IDS[event]: (event, schema) for event, schema in PRESENT.items()}


def test_what_was_released_can_be_read_and_keeps_its_ids() -> None:
    assert list(violations(released(), IDS, PRESENT)) == []


def test_every_released_version_has_a_golden_message_that_todays_code_reads() -> None:
    codec = Codec(PinnedIds())
    payloads = [golden(path)[2] for path in EXAMPLES]
    assert set(released()) <= {schema_id_of(payload) for payload in payloads}
    for payload in payloads:
        decoded = codec.decode(payload)
        assert decoded.record.keys() == {field["name"] for field in load_schema(decoded.event)["fields"]}


def read(payload: bytes, written: Schema, wanted: Schema) -> Any:
    return fastavro.schemaless_reader(io.BytesIO(payload[5:]), plain_times(written), plain_times(wanted))


@pytest.mark.parametrize(("event", "change"), COMPATIBLE.values(), ids=COMPATIBLE.keys())
def test_a_compatible_change_passes_with_a_new_id_and_reads_the_golden_messages(
    event: str, change: Change
) -> None:
    new = changed(event, change)
    assert problems(new, load_schema(event)) == []
    assert list(violations(FROZEN, {**IDS, event: 2_000_000_000}, {**PRESENT, event: new})) == []
    found = [golden(path)[2] for path in EXAMPLES if path.parts[-3] == event]
    assert found
    for payload in found:
        assert read(payload, load_schema(event), new).keys() == {field["name"] for field in new["fields"]}


@pytest.mark.parametrize(
    ("event", "change"), [*INCOMPATIBLE.values(), *MEANINGS.values()], ids=[*INCOMPATIBLE, *MEANINGS]
)
def test_an_incompatible_change_is_named_whatever_its_id(event: str, change: Change) -> None:
    new = changed(event, change)
    assert problems(new, load_schema(event))
    for schema_id in (IDS[event], 2_000_000_000):
        found = list(violations(FROZEN, {**IDS, event: schema_id}, {**PRESENT, event: new}))
        assert len(found) == 1
        assert found[0].startswith(f"{event} ")


def test_a_change_must_be_readable_from_every_release_not_from_the_last_alone() -> None:
    second = changed("post", COMPATIBLE["a new field with a default"][1])
    third = {**second, "fields": [*second["fields"]]}
    third["fields"][-1] = {"name": "added", "type": "string"}
    history = {**FROZEN, 2_000_000_000: ("post", second)}
    assert problems(third, second) == []
    found = list(violations(history, {**IDS, "post": 2_000_000_001}, {**PRESENT, "post": third}))
    assert found == [
        f"post cannot read what was written under id {IDS['post']}: denyut.Post.added: new, without a default"
    ]


def test_a_changed_schema_needs_an_id_of_its_own_that_was_never_another_ones() -> None:
    new = changed("post", COMPATIBLE["a new field with a default"][1])
    present = {**PRESENT, "post": new}
    assert list(violations(FROZEN, IDS, present)) == [
        f"post is not what was released under id {IDS['post']}: give it a new id in schemas/ids.json"
    ]
    taken = {**IDS, "post": IDS["run"], "run": 2_000_000_000}
    assert f"id {IDS['run']} was released for run and is given to post: take a new one" in list(
        violations(FROZEN, taken, present)
    )
    gone = {event: schema for event, schema in PRESENT.items() if event != "run"}
    assert list(violations(FROZEN, IDS, gone)) == [
        f"run was released under id {IDS['run']} and is gone: its records could not be read"
    ]


def test_frozen_schemas_are_found_again_and_read_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"collector": "c", "source": "s", "cursor": "x", "updated_at": 1}
    before = Codec(PinnedIds()).encode("checkpoint", record)
    assert len(freeze(tmp_path / "history", IDS, PRESENT)) == len(PRESENT)
    assert freeze(tmp_path / "history", IDS, PRESENT) == []

    # The package as it would be after the release and a change.
    new = changed(
        "checkpoint", lambda schema: schema["fields"].append({"name": "n", "type": "long", "default": 7})
    )
    ids: Mapping[str, int] = {**IDS, "checkpoint": 2_000_000_000}
    monkeypatch.setattr(registry, "files", lambda _: tmp_path)
    monkeypatch.setattr(registry, "_pinned", lambda: ids)
    for module in ("schemas.registry", "schemas.codec"):
        monkeypatch.setattr(
            f"{module}.load_schema", lambda event: new if event == "checkpoint" else PRESENT[event]
        )
    released.cache_clear()
    try:
        assert released() == FROZEN
        codec = Codec(PinnedIds())
        decoded = codec.decode(before)
        assert decoded.schema_id == IDS["checkpoint"]
        assert decoded.record == {**record, "n": 7}
        assert schema_id_of(codec.encode("checkpoint", {**record, "n": 8})) == 2_000_000_000
        assert list(violations(released(), ids, {**PRESENT, "checkpoint": new})) == []
    finally:
        released.cache_clear()
