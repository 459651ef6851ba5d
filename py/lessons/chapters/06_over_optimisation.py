# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## When the reward is only a proxy {#over-optimisation}
#
# So far the annotator's taste was linear, and so was the reward model. Real taste is not: a little more detail is
# good, much more is not. A reward model that was fitted where the reference answers sees the slope and not the bend.
# It is a *proxy*.
#
# Here the annotator dislikes extremes: $r^*(y) = w^* \cdot y - c\,\|y\|^2$. The reward model stays linear. We push
# two policies ever further: PPO without a KL price, step by step, and DPO with an ever smaller $\beta$. Then we look
# at both scores, the proxy's and the true one, against the KL that was spent.

# %% Pushed too far id="over-optimisation-run"
CURVATURE = 0.15  # how much the annotator dislikes extremes


def bent_taste(outputs):
    return outputs @ TRUE_WEIGHTS - CURVATURE * (outputs**2).sum(axis=1)


def bent_scores(weights, proxy):
    """Mean proxy score, mean true score and KL of a policy, all exact (E[x x^T] = I)."""
    mean_square = (weights**2).sum() + OUTPUT_DIM * SIGMA**2  # of an answer's length
    true = weights[0] @ TRUE_WEIGHTS - CURVATURE * mean_square
    return weights[0] @ proxy, true, kl_to_reference(weights)


bent_pairs = judged_pairs(200, W_REF, bent_taste, np.random.default_rng(42))
proxy, _ = train_reward_model(*bent_pairs[1:])

push = {
    "RLHF": train_ppo(proxy, beta=0.0, steps=90)[0],
    # lr / beta^2 takes equal steps in the margins: each beta gets equally far.
    "DPO": [train_dpo(*bent_pairs, beta=b, lr=0.5 * (BETA / b) ** 2)[0][-1]
            for b in np.geomspace(4.0, 0.12, 24)],
}
pushed = {name: np.array([bent_scores(w, proxy) for w in path]) for name, path in push.items()}
leash = {  # the same with the KL price
    "RLHF": bent_scores(train_ppo(proxy)[0][-1], proxy),
    "DPO": bent_scores(train_dpo(*bent_pairs)[0][-1], proxy),
}

print("                       proxy    true       KL")
for name, curve in pushed.items():
    curve = curve[np.argsort(curve[:, 2])]
    rows = {"least pushed": curve[0], "true score peaks": curve[curve[:, 1].argmax()],
            "pushed furthest": curve[-1], f"with beta = {BETA}": leash[name]}
    for label, (seen, true, kl) in rows.items():
        print(f"{name:5} {label:16} {seen:6.2f} {true:7.2f} {kl:8.2f}")

charts.over_optimisation(pushed, leash, BETA)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

for name, curve in pushed.items():
    curve = curve[np.argsort(curve[:, 2])]
    claim(f"{name}: the true score turns", 0 < curve[:, 1].argmax() < len(curve) - 1)
    claim(f"{name}: it falls below where it began", curve[-1, 1] < curve[0, 1])
    claim(f"{name}: the proxy rises all the while", curve[-1, 0] > curve[curve[:, 1].argmax(), 0])
claim("with the KL price RLHF stops too early", leash["RLHF"][1] < pushed["RLHF"][:, 1].max())
claim("and before the true score has turned", leash["RLHF"][2] < pushed["RLHF"][pushed["RLHF"][:, 1].argmax(), 2])

# %% [markdown]
# The proxy never stops rising. The true score rises with it, turns, and falls below where it began. Nothing in the
# training signal tells the two halves of the curve apart. That is *reward over-optimisation* (Gao and others, 2023),
# and DPO, which has no reward model that one could blame, does it too.
#
# The KL price stops it; whether in time depends on $\beta$. With $\beta = {{ BETA }}$ RLHF ends at a true score of {{
# leash["RLHF"][1]:.2f}}, which is too early: the best that any amount of pushing reached is {{
# pushed["RLHF"][:, 1].max():.2f}}.
#
# ::: check Does a KL price prevent over-optimisation?
# No, it trades. The right $\beta$ depends on where the proxy breaks, which you do not know from the proxy. People
# find it by asking fresh annotators about answers of the policy at several values of $\beta$.
# :::
