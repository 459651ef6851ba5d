# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Recomputed here {#recomputed-here}
#
# Under each block stands what it gave when the site was built. Does it still, in your browser, on your processor? The
# button runs every block of every page as published, in order, and holds each output (texts, tables, every
# number of every chart) against the record. Blocks of this page that you have edited run with your edits, and are not
# compared. A few minutes; Stop ends it.
#
# ::: recompute
# :::
#
# And the losses themselves: {{ parity_counts[1] }} cases that TRL, Rafailov's DPO and the RLHF Book's code gave, by
# PyTorch, with their gradients, against the library that this site runs on.

# %% The reference cases, in your browser id="check-parity"
from judging.parity import check as parity_of
from judging.recorded import recorded

parity = {}
for case in recorded()["cases"]:
    parity.setdefault(case["loss"], []).append(parity_of(case, recorded()["f32_outputs"]))
parity_agree = {family: sum(not problems for _, problems in held)
                for family, held in parity.items()}
parity_counts = sum(parity_agree.values()), sum(map(len, parity.values()))

print(f"{parity_counts[0]} of {parity_counts[1]} cases agree")
print(f"\n{'family':22} agree   largest error")
for family, held in parity.items():
    print(f"{family:22} {parity_agree[family]:2} of {len(held):2} {max(error for error, _ in held):12.0e}")

# %% Evidence only="build"
claim("All reference cases agree in the page's own run", parity_counts[0] == parity_counts[1])
parity_errors = [error for held in parity.values() for error, _ in held]
claim("The largest error of a reference case is below a billionth", max(parity_errors) < 1e-9)

# %% [markdown]
# The error of a number is relative to it, or absolute where it is below 1; what the reference itself computed in
# single precision is held to single precision. The other cases of the project (124 in all) concern the reward model,
# Gaussian policies and whole training steps; the tests run them.
