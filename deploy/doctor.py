"""Looks at what the stack needs of a machine: Java, Maven, Python, disk, ports, the data folder."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from deploy.environment import reader_of, writer
from deploy.folder import DataFolder
from deploy.jars import check_java, is_fetched, maven
from deploy.places import embedded, port_names
from deploy.ports import is_free
from deploy.probes import KafkaProbe, http_answers
from deploy.settings import DeploySettings
from deploy.up import check_disk
from schemas.access import check_access
from schemas.errors import DenyutError, Fatal

PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; where it is not well, `detail` says what to do."""

    what: str
    well: bool
    detail: str


def examine(settings: DeploySettings, folder: DataFolder) -> list[Finding]:
    """Everything that must be well for `up` to work."""
    parts = embedded(settings, folder.ports())
    checks: dict[str, Callable[[DeploySettings, DataFolder], str]] = {
        **({"java": _java, "kafka": _kafka} if "kafka" in parts else {"kafka": _given_kafka}),
        **({} if "clickhouse" in parts else {"clickhouse": _given_clickhouse}),
        "python": _python,
        "disk": _disk,
        "ports": _ports,
        "data folder": _folder,
    }
    findings = []
    for what, check in checks.items():
        try:
            findings.append(Finding(what, True, check(settings, folder)))
        except DenyutError as error:
            findings.append(Finding(what, False, str(error)))
    return findings


def _java(_settings: DeploySettings, _folder: DataFolder) -> str:
    return f"Java {check_java()}"


def _kafka(settings: DeploySettings, _folder: DataFolder) -> str:
    if is_fetched(settings.kafka_lib):
        return f"jars in {settings.kafka_lib}"
    return f"not fetched yet (44 MB, at the first start), by {maven()}"


def _given_kafka(settings: DeploySettings, _folder: DataFolder) -> str:
    check_access(settings)
    if not KafkaProbe(settings).answers():
        raise Fatal(
            f"no broker answers at {settings.kafka}: start it, or unset DENYUT_KAFKA for an embedded one"
        )
    return f"the one at {settings.kafka}"


def _given_clickhouse(settings: DeploySettings, folder: DataFolder) -> str:
    url = settings.clickhouse_url
    if not http_answers(f"{url}/ping"):
        raise Fatal(
            f"nothing answers at {url}/ping: start it, or unset DENYUT_CLICKHOUSE_URL for an embedded one"
        )
    writer(folder, settings, ())
    reader_of(folder, settings, (), url, "default").rows("SELECT 1")
    return f"the one at {url}"


def _python(_settings: DeploySettings, _folder: DataFolder) -> str:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] != PYTHON:
        raise Fatal(f"this is Python {found}: make the environment with Python 3.11, `make setup`")
    return f"Python {found}"


def _disk(settings: DeploySettings, folder: DataFolder) -> str:
    check_disk(settings, folder.root)
    there = next(path for path in (folder.root, *folder.root.parents) if path.exists())
    return f"{shutil.disk_usage(there).free // 1_000_000:,} MB free at {there}"


def _ports(settings: DeploySettings, folder: DataFolder) -> str:
    names = port_names(embedded(settings, folder.ports()))
    fixed = {name: getattr(settings, f"{name}_port") for name in names}
    if folder.running() is not None:
        return "in use by the stack that runs here"
    taken = [
        f"{port} (DENYUT_{name.upper()}_PORT)" for name, port in fixed.items() if port and not is_free(port)
    ]
    if taken:
        raise Fatal(f"taken: {', '.join(taken)}; end what listens there, or set them to others or to 0")
    chosen = ", ".join(str(port) for port in fixed.values() if port)
    return f"{chosen} free" if chosen else "free ones are chosen at the start"


def _folder(_settings: DeploySettings, folder: DataFolder) -> str:
    state = folder.running()
    if state is not None:
        return f"{folder.root}, in use by process {state.pid}"
    with folder.held():
        return f"{folder.root}, free"
