# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Cite, link, correct {#cite}
#
# `CITATION.cff` in the repository says the same to tools:
#
# ```
# @software{preference_lab,
#   title   = "Preference Lab: RLHF and DPO, running in the browser",
#   author  = "{Preference Lab contributors}",
#   version = "0.1.0",
#   year    = 2026
# }
# ```
#
# A block's id is its address: `#policy` finds its block on whatever page it is, and “Take along” makes a link that
# carries your edits.
#
# ### Errata {#errata}
#
# What was wrong on these pages and was corrected:
#
# ::: made errata
# :::
#
# ### Every claim {#every-claim}
#
# Sentences of the prose that can be measured are held against the page's own run when it is built; one that fails ends
# the build. Here they all are. Each opens on the code that decided and, where that is quick to say, on the numbers
# that it compared, or the interval over seeds and its verdict; each has an address.
#
# ::: made claims
# :::
