"""What a person sees while a demo runs: a panel on a terminal, plain lines elsewhere."""

import asyncio
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.feed import feeding
from deploy.figures import Figures, Sampler
from deploy.process import Snapshot
from deploy.stack import Stack
from deploy.supervisor import Supervisor
from schemas.flow import FLOW

_PANEL_S = 1.0
_LINE_S = 5.0
_COLOURS = {"running": "green", "done": "green", "starting": "yellow", "waiting": "dim", "backoff": "red"}


async def show(stack: Stack, supervisor: Supervisor, stop: asyncio.Event) -> None:
    """Show the stack until `stop` is set and everything has ended, or until cancelled."""
    console = Console()
    sampler = Sampler(stack.kafka_settings, stack.clickhouse_reader)
    before: Figures | None = None
    if console.is_terminal:
        with Live(console=console, refresh_per_second=4, transient=False) as live:
            while True:
                now = await _sample(sampler, supervisor)
                live.update(panel(stack.api_url, now, before, supervisor.snapshots(), stopping=stop.is_set()))
                before = now
                await asyncio.sleep(_PANEL_S)
    console.print(f"page {stack.api_url}", highlight=False)
    while True:
        await asyncio.sleep(_LINE_S)
        now = await _sample(sampler, supervisor)
        console.print(line(now, before, supervisor.snapshots()), highlight=False, soft_wrap=True)
        before = now


async def _sample(sampler: Sampler, supervisor: Supervisor) -> Figures:
    """Numbers are asked for only while there is somebody to answer."""
    states = {process.name: process.state for process in supervisor.snapshots()}
    # What is not in the table runs elsewhere.
    if {states.get("kafka", "running"), states.get("clickhouse", "running")} != {"running"}:
        return Figures(asyncio.get_running_loop().time())
    return await asyncio.to_thread(sampler.sample)


def line(now: Figures, before: Figures | None, processes: Sequence[Snapshot]) -> str:
    """Everything in one line."""
    running = sum(process.state in ("running", "done") for process in processes)
    lags = " ".join(f"{step.name} {_number((now.lags or {}).get(step.name))}" for step in FLOW)
    return (
        f"posts {_number(now.posts)} ({_rate(now, before, 'posts')})  "
        f"mentions {_number(now.mentions)} ({_rate(now, before, 'mentions')})  "
        f"trends {_number(now.trends)}  lag: {lags}  "
        f"processes {running}/{len(processes)}  fed by {feeding(processes)}"
    )


def panel(
    page: str, now: Figures, before: Figures | None, processes: Sequence[Snapshot], *, stopping: bool
) -> Panel:
    """Everything in a panel."""
    numbers = Table.grid(padding=(0, 3))
    numbers.add_row("posts", _number(now.posts), _rate(now, before, "posts"))
    numbers.add_row("mentions", _number(now.mentions), _rate(now, before, "mentions"))
    numbers.add_row("trend windows", _number(now.trends), "")
    for step in FLOW:
        numbers.add_row(f"lag of {step.name}", _number((now.lags or {}).get(step.name)), "")
    states = Table.grid(padding=(0, 2))
    for process in processes:
        again = f"restarted {process.restarts}x" if process.restarts else ""
        states.add_row(process.name, Text(process.state, style=_COLOURS.get(process.state, "")), again)
    both = Table.grid(padding=(0, 6))
    both.add_row(numbers, states)
    title = Text.assemble("page  ", (page, "bold cyan"))
    foot = Text(f"fed by {feeding(processes)}")
    hint = "stopping, in order…" if stopping else "Ctrl-C stops everything and keeps the data"
    return Panel(Group(title, Text(), both, Text(), foot), title="Denyut", subtitle=hint)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _rate(now: Figures, before: Figures | None, name: str) -> str:
    rate = now.rate(name, before)
    return "-/s" if rate is None else f"{rate:,.0f}/s"
