"""The names that every block may use without defining them, on the page and in plain Python."""

import numpy as np

from lessons import charts, flowers, tables
from runtime.display import display, live, progress, show

GIVEN = {
    "np": np,
    "charts": charts,
    "display": display,
    "flowers": flowers,
    "live": live,
    "progress": progress,
    "show": show,
    "tables": tables,
}
