"""What is documented is what there is."""

import ast
import importlib
import pkgutil
from pathlib import Path

from pydantic import SecretStr

import schemas
from schemas.metrics import METRICS
from schemas.settings import Settings
from tests.contract.reference import PATH, reference
from tests.contract.settings import SERVICES

ROOT = Path(schemas.__file__).parents[1]
ROOMS = ("api", "deploy", "processors", "producers", "schemas", "sinks")


def test_the_reference_document_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == reference(), "run .venv/bin/python -m tests.contract.reference"


def test_every_settings_class_is_listed() -> None:
    for room in ROOMS:
        for module in pkgutil.walk_packages([str(ROOT / room)], f"{room}."):
            if module.name.endswith(".settings"):
                importlib.import_module(module.name)
    bases: set[type] = {base for service in SERVICES for base in service.__mro__}
    # Tests make classes of their own.
    ours = {one for one in _subclasses(Settings) if one.__module__.partition(".")[0] in ROOMS}
    assert ours <= bases


def test_every_setting_is_described_and_frozen_and_no_secret_has_a_default() -> None:
    for service in SERVICES:
        assert service.model_config["frozen"], service
        assert service.model_config["env_prefix"] == "DENYUT_", service
        for name, field in service.model_fields.items():
            assert field.description, f"{service.__name__}.{name}"
            if field.annotation is SecretStr:
                assert field.is_required(), f"{service.__name__}.{name}"


def test_every_metric_in_use_is_in_the_catalogue() -> None:
    used = set()
    for room in ROOMS:
        for path in (ROOT / room).glob("**/*.py"):
            source = path.read_text(encoding="utf-8")
            if "prometheus_client" in source:
                used |= {_name(call) for call in ast.walk(ast.parse(source)) if _makes_a_metric(call)}
    assert used == set(METRICS)


def _makes_a_metric(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Counter", "Gauge", "Histogram", "Summary", "GaugeMetricFamily"}
    )


def _name(call: ast.AST) -> str:
    assert isinstance(call, ast.Call)
    name = call.args[0]
    assert isinstance(name, ast.Constant), "a metric's name is a constant"
    return str(name.value)


def _subclasses(parent: type[Settings]) -> set[type[Settings]]:
    found = set(parent.__subclasses__())
    return found.union(*map(_subclasses, found))
