"""After a start from a snapshot Python knows the reader's machine."""

import locale
import logging
import os
import random
import time

import numpy as np
import pytest

from runtime import readers_machine

ZONE = ("timezone", "altzone", "tzname", "daylight")


@pytest.fixture
def zone(monkeypatch):
    yield lambda name: (monkeypatch.setenv("TZ", name), time.tzset())
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "name", ["Asia/Kolkata", "America/New_York", "Australia/Sydney", "Europe/London", "Asia/Tokyo", "UTC"]
)
def test_the_zone_is_what_python_would_have_found_at_its_start(zone, name):
    zone(name)
    expected = [getattr(time, what) for what in ZONE]
    time.timezone, time.altzone, time.tzname, time.daylight = 1, 2, ("builder", "builder"), 3
    readers_machine.tell_zone()
    assert [getattr(time, what) for what in ZONE] == expected


def test_environment_clock_and_seeds_are_the_readers(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(logging, "_startTime", 0)
    monkeypatch.setattr(readers_machine, "tell_zone", lambda: None)
    before = locale.setlocale(locale.LC_CTYPE)
    states = random.getstate(), np.random.get_state()
    drawn = []
    try:
        for _ in range(2):
            random.setstate(states[0])
            np.random.set_state(states[1])
            readers_machine.settle_in("C")
            drawn += [random.random(), np.random.rand()]
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    assert os.environ["LANG"] == "C.UTF-8"
    assert logging._startTime > 0
    assert len(set(drawn)) == 4
