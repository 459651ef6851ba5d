"""The lesson, as a namespace and as cells."""

import pathlib
import re
from types import SimpleNamespace

import pytest

from lessons import outside

LESSONS = pathlib.Path(outside.__file__).parent


@pytest.fixture(scope="session")
def lesson():
    """All names after every chapter has run, in page order."""
    return SimpleNamespace(**outside.chapters_before(str(LESSONS / "99_end.py")))


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
