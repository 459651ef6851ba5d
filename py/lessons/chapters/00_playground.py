# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# # RLHF and DPO, running in your browser
#
# Both train a *policy*, the model that answers, on the same comparisons. Score costs KL, the distance from the start,
# and no policy passes the grey line, the **frontier**. Drag **beta**, the price of KL, down and see who falls furthest
# below it; then try fewer **pairs**.

# %% Playground id="playground" code="folded"
from preflab import playground  # the recipe of the blocks below, in one call

# price of KL
beta = 0.5  # @param {type:"slider", min:0.25, max:2, step:0.05}
# comparisons
pairs = 200  # @param [10, 20, 50, 100, 200, 500, 1000] {type:"raw"}
# wrong labels
noise = 0.0  # @param {type:"slider", min:0, max:0.4, step:0.05}
# of all draws
seed = 42  # @param {type:"slider", min:0, max:99, step:1}
# paths in the plane
methods = "both"  # @param ["both", "RLHF", "DPO"]

play = playground.train(beta, pairs, noise, seed)

notes = {}
print("         KL, nats   score   of the most")
for who, policy in {"RLHF": play.rlhf[-1], "DPO": play.dpo[-1], "optimum": play.optimum}.items():
    score, kl = playground.score_and_kl(policy)
    print(f"{who:7} {kl:9.2f} {score:7.2f} {score / playground.frontier(kl):13.0%}")
    notes[who] = f"score {score:.2f}"

show(charts.playground(play, methods))
flowers.garden(playground.answers(play, 5, seed), "Five answers of each, to the same questions", notes, room=100)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402


def below(shift):
    """How far a policy lies below the frontier: in true score, and as a share."""
    gained, spent = playground.score_and_kl(shift)
    return playground.frontier(spent) - gained, 1 - gained / playground.frontier(spent)


dear, cheap, few = (playground.train(*values) for values in ((0.5, 200), (0.25, 200), (0.5, 50)))
claim(
    "drag beta down and both fall further below the frontier",
    below(cheap.rlhf[-1])[0] > 1.5 * below(dear.rlhf[-1])[0] and below(cheap.dpo_end)[0] > 1.5 * below(dear.dpo_end)[0],
)
claim("DPO's end furthest", below(cheap.dpo_end)[0] > 2 * below(cheap.rlhf_end)[0])
claim(
    "with fewer pairs both leave it, DPO more", below(few.dpo[-1])[1] > below(few.rlhf[-1])[1] > below(dear.rlhf[-1])[1]
)
