"""Which parts of a stack it runs itself, and which exist already: an address that is given is used as it is."""

from collections.abc import Mapping

from deploy.settings import DeploySettings

HOST = "127.0.0.1"
PORTS: Mapping[str, tuple[str, ...]] = {
    "kafka": ("kafka", "kafka_controller"),
    "clickhouse": ("clickhouse",),
    "api": ("api",),
}
"""By part, the names of its ports; the api is always the stack's own."""


def kafka_address(port: int) -> str:
    """Of the embedded Kafka."""
    return f"{HOST}:{port}"


def clickhouse_address(port: int) -> str:
    """Of the embedded ClickHouse."""
    return f"http://{HOST}:{port}"


def embedded(settings: DeploySettings, remembered: Mapping[str, int]) -> frozenset[str]:
    """`kafka` and `clickhouse`, each unless its address is given.

    An address at which the stack itself had that part (`remembered` ports) is not another one: a shell in which
    `python -m deploy env` was evaluated may start the stack again.
    """
    own = {"kafka": kafka_address, "clickhouse": clickhouse_address}
    given = {"kafka": settings.kafka, "clickhouse": settings.clickhouse_url}
    fields = {"kafka": "kafka", "clickhouse": "clickhouse_url"}
    return frozenset(
        part
        for part, address in given.items()
        if fields[part] not in settings.model_fields_set
        or not address
        or (part in remembered and address == own[part](remembered[part]))
    )


def port_names(parts: frozenset[str]) -> tuple[str, ...]:
    """The ports a stack needs that runs these parts itself."""
    return tuple(name for part, names in PORTS.items() for name in names if part in parts or part == "api")
