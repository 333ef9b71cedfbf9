"""The verbs of the command line, one module each."""

from collections.abc import Mapping
from types import MappingProxyType

from deploy.commands import (
    demo,
    doctor,
    down,
    env,
    fetch,
    instruments,
    keywords,
    rules,
    schemas,
    sql,
    status,
    topics,
    up,
    wait,
)
from deploy.commands.base import Command

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "up": up.COMMAND,
        "status": status.COMMAND,
        "wait": wait.COMMAND,
        "sql": sql.COMMAND,
        "env": env.COMMAND,
        "down": down.COMMAND,
        "doctor": doctor.COMMAND,
        "fetch": fetch.COMMAND,
        "topics": topics.COMMAND,
        "keywords": keywords.COMMAND,
        "instruments": instruments.COMMAND,
        "rules": rules.COMMAND,
        "schemas": schemas.COMMAND,
        "demo": demo.COMMAND,
    }
)
