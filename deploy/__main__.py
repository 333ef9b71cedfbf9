"""The command line: `python -m deploy up|status|wait|sql|down|env|doctor|topics|keywords|instruments|rules|demo`."""

import argparse
import sys
from pathlib import Path

from deploy.commands import COMMANDS
from deploy.commands.base import Asked
from deploy.folder import DataFolder, find
from deploy.settings import DeploySettings
from schemas import logs
from schemas.errors import DenyutError
from schemas.settings import load


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description="The embedded stack.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.about, description=command.about)
        sub.add_argument("--data", type=Path, default=None, help="data folder of the stack")
        command.arguments(sub)
    options = parser.parse_args(arguments)
    settings = load(DeploySettings)
    logs.configure("deploy", settings)
    command = COMMANDS[options.command]
    # A folder named by option or environment is meant; the default one gives way to the stack that runs here.
    named = options.data or (settings.data_dir if "data_dir" in settings.model_fields_set else None)
    try:
        folder = DataFolder(named or settings.data_dir) if command.starts else find(named, settings.data_dir)
        return command.act(Asked(settings, folder, options))
    except DenyutError as error:
        print(f"denyut: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


if __name__ == "__main__":
    sys.exit(main())
