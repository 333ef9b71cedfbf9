"""The mirror of alerts: whole, once, everyone's only, and as its own schema says."""

import importlib
from typing import Any

import orjson

from schemas.cloudevents import cloud_event, shape
from schemas.registry import load_schema
from schemas.topics import TOPICS
from tests.contract.test_schemas import EXAMPLES, golden
from tests.support.alerting import START, rule, trend
from tests.support.desk import Desk


def test_every_golden_alert_is_a_cloud_event_as_the_schema_says() -> None:
    jsonschema = importlib.import_module("jsonschema")  # it has no types
    validator = jsonschema.Draft7Validator(shape())
    alerts = [golden(path)[1] for path in EXAMPLES if path.parts[-3] == "alert"]
    assert alerts
    for alert in alerts:
        made: dict[str, Any] = orjson.loads(cloud_event(alert, "denyut.alerts"))  # type: ignore[arg-type]
        assert list(validator.iter_errors(made)) == []
        assert made["data"] == alert
        assert made["time"] == "2015-08-24T14:00:00.000Z"
        assert (made["id"], made["source"]) == (alert["id"], "/denyut.alerts")
        for name in load_schema("alert")["fields"]:
            broken = {**made, "data": {key: one for key, one in alert.items() if key != name["name"]}}
            assert list(validator.iter_errors(broken)), name
        # What version 1.0 asks of any event: names of attributes, and those that must be there.
        assert all(name.isalnum() and name.islower() for name in made)
        assert all(made[name] for name in ("specversion", "id", "source", "type"))


def test_everyones_alerts_are_mirrored_once_and_an_owners_are_not() -> None:
    desk = Desk([rule(), rule(id="own", owner="sri")])
    raised = desk.trends(trend())
    assert [alert["owner"] for alert in raised] == ["sri", None]
    desk.trends(trend(revision=2))
    (mirrored,) = desk.mirrored
    assert mirrored["id"] == f"r:1:all::{START}"
    assert mirrored["data"] == raised[1]
    assert "sri" not in str(desk.mirrored)


def test_only_the_mirror_names_its_content_type() -> None:
    kinds = {name: topic.content_type for name, topic in TOPICS.items()}
    assert {name for name, kind in kinds.items() if kind != kinds["alerts"]} == {"alerts.json"}
    assert kinds["alerts.json"] == "application/cloudevents+json"
