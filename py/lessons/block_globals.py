"""The names that every block may use without defining them, on the page and in plain Python."""

import numpy as np

from lessons import charts, tables
from runtime.display import live, progress, show

GIVEN = {"np": np, "charts": charts, "live": live, "progress": progress, "show": show, "tables": tables}
