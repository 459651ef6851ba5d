"""The lesson, as a namespace and as cells."""

import inspect
import json
import pathlib
import subprocess
from types import SimpleNamespace

import pytest

from lessons import charts, run_in_terminal

LESSONS = pathlib.Path(run_in_terminal.__file__).parent / "chapters"


@pytest.fixture(scope="session")
def ran():
    """(all names after every chapter has run, in page order; {name: the last figure by this function of charts})."""
    drawn = {}

    class Recorder:
        def __getattr__(self, name):
            chart = getattr(charts, name)

            def draw(*args, **kwargs):
                drawn[name] = chart(*args, **kwargs)
                return drawn[name]

            return draw if inspect.isfunction(chart) else chart

    original = run_in_terminal.GIVEN
    run_in_terminal.GIVEN = original | {"charts": Recorder(), "live": lambda chart, *args: chart(*args)}
    try:
        names = run_in_terminal.chapters_before(str(LESSONS / "99_end.py"))
    finally:
        run_in_terminal.GIVEN = original
    return names | {"charts": charts, "live": original["live"]}, dict(drawn)


@pytest.fixture(scope="session")
def lesson(ran):
    """All names after every chapter has run."""
    return SimpleNamespace(**ran[0])


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
