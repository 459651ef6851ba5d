"""The lesson, as a namespace and as cells."""

import json
import pathlib
import subprocess
from types import SimpleNamespace

import pytest

from lessons import run_in_terminal

LESSONS = pathlib.Path(run_in_terminal.__file__).parent / "chapters"


@pytest.fixture(scope="session")
def lesson():
    """All names after every chapter has run, in page order."""
    return SimpleNamespace(**run_in_terminal.chapters_before(str(LESSONS / "99_end.py")))


@pytest.fixture(scope="session")
def chapters():
    return sorted(LESSONS.glob("[0-9]*.py"))


@pytest.fixture(scope="session")
def cells():
    """All cells, in page order, as the build reads them: {kind, id, title, source}."""
    parser = pathlib.Path(__file__).parents[2] / "app/site/cells.js"
    return json.loads(subprocess.run(["node", parser], capture_output=True, check=True).stdout)


@pytest.fixture(scope="session")
def blocks(cells):
    """{id: source} of every block."""
    return {cell["id"]: cell["source"] for cell in cells if cell["kind"] == "block"}
