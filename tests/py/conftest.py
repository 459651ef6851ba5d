"""The lesson, as a namespace and as cells."""

import pathlib
import re
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
def blocks(chapters):
    """{id: source} of every block."""
    text = "\n".join(chapter.read_text("utf-8") for chapter in chapters)
    cells = re.split(r"^# %% ?", text, flags=re.M)
    found = (re.match(r'.*\bid="([\w-]+)"[^\n]*\n(.*)', cell, flags=re.S) for cell in cells)
    return {match[1]: match[2] for match in found if match}
