# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## Design a loss {#design-a-loss}
#
# DPO, IPO and their kin differ in one curve: the loss of a pair as a function of its margin, $\beta$ times the
# log-ratio of the chosen minus that of the rejected. Type a curve of your own. By quadrature, a weighted sum in place
# of an integral, over all pairs there could be, this block says where it stops, and whether it stops at all.

# %% A loss of your own id="check-design"
import judging.charts
from judging import design

# what the gap is multiplied by
design_beta = 0.5  # @param {type:"slider", min:0.1, max:2, step:0.1}


def my_curve(m):
    """The loss of a pair with margin m, an array. Here: a squared hinge."""
    return np.maximum(0.0, 1 - m) ** 2


# Deviation of the true score among the reference's answers
design_spread = SIGMA * np.linalg.norm(TRUE_WEIGHTS)
noisy_end = design.ending(my_curve, design_beta, design_spread)
clean_end = design.ending(my_curve, design_beta, design_spread, never_err=True)
print(f"labels err as Bradley and Terry say: it {design.told(noisy_end)}")
print(f"labels never err:                    it {design.told(clean_end)}")

design_mine = None
if np.isfinite(noisy_end.moved):
    design_mine = summary(shifted_policy(noisy_end.moved / design_spread))
design_others = {name: summary(shifted_policy(theory_scale(loss))) for name, loss in
                 [("DPO", dpo), ("IPO", ipo), ("KTO", kto), ("SimPO", simpo)]}
judging.charts.design(
    design_others, design_mine, summary(W_REF), design_spread, noisy_end, clean_end)

# %% Evidence only="build"
def end_of(curve, beta=BETA, never_err=False):
    return design.ending(curve, beta, design_spread, never_err)


def logistic_curve(m):
    return np.logaddexp(0.0, -m)


curves = {
    "logistic": logistic_curve, "square": lambda m: (m - 0.5) ** 2, "hinge": lambda m: np.maximum(0.0, 1 - m),
    "exponential": lambda m: np.exp(-m), "half": lambda m: np.exp(-m / 2), "straight": lambda m: -m,
}
by_curve = {name: (end_of(curve).moved, end_of(curve, never_err=True).moved) for name, curve in curves.items()}
claim("The logistic curve ends at RLHF's optimum", abs(by_curve["logistic"][0] * BETA / design_spread - 1) < 1e-5)
claim("The exponential curve of half the margin ends at RLHF's optimum, too",
      abs(by_curve["half"][0] * BETA / design_spread - 1) < 1e-5)
claim("IPO's square ends where the theory of its page says",
      abs(by_curve["square"][0] / design_spread - theory_scale(ipo)) < 1e-4)
claim("Where labels never err the logistic and the exponential curves never stop",
      by_curve["logistic"][1] == by_curve["exponential"][1] == by_curve["half"][1] == np.inf)
claim("Where labels never err the square stops all the same", np.isfinite(by_curve["square"][1]))
claim("A straight line never stops, whatever the labels", by_curve["straight"] == (np.inf, np.inf))
claim("The exponential curve, which punishes a contradicted pair most, stops before the logistic one",
      0 < by_curve["exponential"][0] < by_curve["logistic"][0])

# %% [markdown]
# Some curves to try, at $\beta$ = {{ BETA }}, with their ends in nats of KL, first with labels that err, then without:
#
# | curve | name | labels err | labels never err |
# | --- | --- | --- | --- |
# | `np.logaddexp(0, -m)` | DPO | {{ by_curve["logistic"][0]**2 / 2:.2f}} | never |
# | `(m - 0.5)**2` | IPO, times $\beta^2$ | {{ by_curve["square"][0]**2 / 2:.2f}} | {{ by_curve["square"][1]**2 / 2:.2f}} |
# | `np.maximum(0, 1 - m)` | SLiC's hinge (Zhao and others, 2023) | {{ by_curve["hinge"][0]**2 / 2:.2f}} | {{ "never" if np.isinf(by_curve["hinge"][1]) else f"{by_curve['hinge'][1]**2 / 2:.2f}" }} |
# | `np.exp(-m)` | exponential | {{ by_curve["exponential"][0]**2 / 2:.2f}} | never |
# | `np.exp(-m / 2)` | exponential, of half the margin | {{ by_curve["half"][0]**2 / 2:.2f}} | never |
# | `-m` | a straight line | never | never |
#
# All ends lie on the frontier: with endless pairs and one taste a curve decides only how *far*. What stops a
# loss is its own upturn, as the square's, or pairs whose labels contradict each other.
#
# Two of these curves end at RLHF's optimum. To Bradley and Terry a margin $m$ means odds of $e^m$. For every pair that
# is labelled the other way there are $e^m$ labelled this way, so its slope must be $e^m$ times as steep, or the two do
# not balance at $m$. The logistic curve's slopes at $-m$ and $m$ have just that ratio, and so have those of
# `np.exp(-m / 2)`.
