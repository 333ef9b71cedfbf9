"""`doctor`: say what the machine lacks, and what to do about it."""

import sys

from deploy.commands.base import Asked, Command
from deploy.doctor import examine


def _act(asked: Asked) -> int:
    findings = examine(asked.settings, asked.folder)
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.well else 'BAD '} {finding.what}: {finding.detail}\n")
    return 0 if all(finding.well for finding in findings) else 1


COMMAND = Command("check what the machine needs to have", _act)
