"""Prometheus, its alerts and Grafana's dashboard ask for what there is, and the operator is told what each alert means."""

import json
import re
import xml.etree.ElementTree as ET

import yaml  # type: ignore[import-untyped]  # it has no type information

from api.settings import ApiSettings
from schemas.metrics import METRICS
from tests.contract import environment
from tests.contract.settings import BY_COMMAND
from tests.support.compose_file import ROOT, own_services, services

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "denyut.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
SCRAPES = CONFIG["scrape_configs"]


def test_prometheus_asks_every_process_at_its_port() -> None:
    metrics = re.search(r"DENYUT_METRICS_PORT=(\d+)", DOCKERFILE)
    assert metrics is not None
    asked = {
        name: config["port"]
        for scrape in SCRAPES
        for config in scrape.get("dns_sd_configs", [])
        for name in config["names"]
    }
    once = {name for name, service in services().items() if service["restart"] == "on-failure"}
    assert asked.keys() == own_services().keys() - once
    for name, port in asked.items():
        has = "metrics_port" in BY_COMMAND[tuple(own_services()[name])].model_fields
        assert port == (int(metrics[1]) if has else ApiSettings.model_fields["api_port"].default), name
    static = [
        target
        for scrape in SCRAPES
        for config in scrape.get("static_configs", [])
        for target in config["targets"]
    ]
    server = ET.parse(DEPLOY / "clickhouse-server" / "config.d" / "denyut.xml").getroot()
    assert static == [f"clickhouse:{server.findtext('prometheus/port')}"]


def expressions() -> list[str]:
    rules = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    return rules + [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_every_metric_that_rules_and_dashboard_name_exists() -> None:
    used = {name for text in expressions() for name in re.findall(r"\bdenyut_\w+", text)}
    suffixes = "_bucket|_sum|_count"
    unknown = {
        name for name in used if name not in METRICS and re.sub(f"({suffixes})$", "", name) not in METRICS
    }
    assert not unknown
    shown = {re.sub(f"({suffixes})$", "", name) for name in used}
    embedded_alone = {name for name in METRICS if name.startswith("denyut_clickhouse_")}
    # Batches are shown as records, inserts as rows; items and quota are on the page; authors leave as a setting has it.
    left = {
        "denyut_stage_batches_total",
        "denyut_sink_inserts_total",
        "denyut_collector_items_total",
        "denyut_collector_quota_left",
        "denyut_stage_last_commit_timestamp_seconds",
        "denyut_influencers_forgotten_total",
        "denyut_influencers_unknown_total",
    }
    assert set(METRICS) - shown <= embedded_alone | left


def test_the_dashboard_uses_the_provisioned_source_and_no_panel_covers_another() -> None:
    sources = yaml.safe_load(
        (DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text(encoding="utf-8")
    )
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_every_alert_is_explained_to_the_operator() -> None:
    text = (DEPLOY / "docs" / "deployment.md").read_text(encoding="utf-8")
    alerts = {rule["alert"] for group in RULES["groups"] for rule in group["rules"]}
    assert alerts == set(re.findall(r"\bDenyut[A-Z]\w+", text))
    assert {name for name in environment.variables() if environment.variables()[name] is None} <= set(
        re.findall(r"\w+", text)
    )
