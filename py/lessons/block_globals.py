"""The names that every block may use without defining them, on the page and in plain Python."""

import numpy as np

from lessons import charts, tables
from runtime.display import display, live, progress, show

GIVEN = {
    "np": np,
    "charts": charts,
    "display": display,
    "live": live,
    "progress": progress,
    "show": show,
    "tables": tables,
}
