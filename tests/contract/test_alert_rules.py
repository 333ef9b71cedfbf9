"""Prometheus takes its configuration, and every alert rule fires on what it is for and on nothing else."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it has no type information

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
CASES = Path(__file__).with_name("alert_rules.yml")

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: the package prometheus)"
)


def promtool(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=120)


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    rules = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    assert alerts == {
        one["alertname"] for case in cases for one in case["alert_rule_test"] if one["exp_alerts"]
    }


@needs_promtool
def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    done = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "rules.yml").write_text(
        (PROMETHEUS / "rules.yml").read_text().replace("sum by (table)", "sum by table", 1)
    )
    assert promtool("check", "rules", tmp_path / "rules.yml").returncode != 0


@needs_promtool
def test_alerts_fire_on_what_they_are_for(tmp_path: Path) -> None:
    shutil.copy(PROMETHEUS / "rules.yml", tmp_path)
    shutil.copy(CASES, tmp_path)
    done = promtool("test", "rules", tmp_path / CASES.name)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_rule_that_is_too_eager_is_noticed(tmp_path: Path) -> None:
    text = (PROMETHEUS / "rules.yml").read_text(encoding="utf-8")
    changed = re.sub(r"sum\(denyut_sink_lag\) > 0", "sum(denyut_sink_lag) >= 0", text)
    assert changed != text
    (tmp_path / "rules.yml").write_text(changed, encoding="utf-8")
    shutil.copy(CASES, tmp_path)
    assert promtool("test", "rules", tmp_path / CASES.name).returncode != 0
