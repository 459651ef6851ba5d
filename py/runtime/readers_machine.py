"""What Python keeps of the machine on which it was started: after a start from a snapshot, that of the reader."""

import _locale
import logging
import os
import random
import time

import numpy as np

YEAR = (365 * 24 + 6) * 3600  # seconds


def settle_in(language: str) -> None:
    """Zone, environment, locale, clock and seeds are the reader's. `language` is the browser's: en_GB."""
    os.environ |= {"LANG": f"{language}.UTF-8", "_": "./this.program"}
    _locale.setlocale(_locale.LC_CTYPE, "")
    tell_zone()
    logging._startTime = time.time_ns()  # type: ignore[attr-defined]
    random.seed()
    np.random.seed()


def tell_zone() -> None:
    """Set what `time` found out about the zone when it was imported: winter is where the clock is further behind."""
    january = int(time.time()) // YEAR * YEAR
    winter, summer = sorted(map(time.localtime, [january, january + YEAR // 2]), key=lambda moment: moment.tm_gmtoff)
    time.timezone, time.altzone = -winter.tm_gmtoff, -summer.tm_gmtoff
    time.tzname = winter.tm_zone, summer.tm_zone
    time.daylight = int(winter.tm_gmtoff != summer.tm_gmtoff)
