"""A bench's result: one table on the screen, and `build/bench/NAME.json` for programs."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one contender: `denyut`, a peer or a limit; other settings are suffixed (`denyut@5000`)."""

    name: str
    metric: str
    value: float
    unit: str


def report(bench: str, rows: Sequence[Row]) -> Path:
    """Print the rows and write them; returns the file."""
    table = Table(title=bench)
    table.add_column("name")
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for row in rows:
        table.add_row(
            row.name,
            row.metric,
            f"{row.value:,.4g}" if abs(row.value) < 100 else f"{row.value:,.0f}",
            row.unit,
        )
    Console(width=120).print(table)
    path = ROOT / "build" / "bench" / f"{bench}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": _machine(), "commit": _commit(), "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def _machine() -> dict[str, object]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpus": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
