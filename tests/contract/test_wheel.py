"""What runs from the tree runs from the wheel: everything in the rooms is in it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "deploy", "processors", "producers", "schemas", "sinks")


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no git tree to compare with"
)
def test_the_wheel_has_every_file_of_the_rooms(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(hatchling, cwd=ROOT, capture_output=True, check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert tracked <= packed
    strange = {name.split("/")[0] for name in packed} - set(ROOMS)
    assert all(name.endswith(".dist-info") for name in strange)
