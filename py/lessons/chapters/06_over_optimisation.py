# %% Outside the browser only="python"
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lessons import run_in_terminal  # noqa: E402

globals().update(run_in_terminal.chapters_before(__file__))

# %% [markdown]
# ## When the reward is only a proxy {#over-optimisation}
#
# Mistakes 1 and 2 were one and the same: a policy pushed past the point up to which its reward can be trusted. How far
# is too far? Step by step is not the scale to ask on, since methods take steps of different size. The scale is the KL.
#
# So we push two policies ever further in the bent world, PPO without a KL price, step by step, and DPO with an ever
# smaller $\beta$, and look at both scores, the proxy's and the true one, against the KL that was spent.

# %% Pushed too far id="over-optimisation-run"
# how long PPO is pushed
push_steps = 90  # @param {type:"slider", min:10, max:150, step:10}
push = {
    "RLHF": train_ppo(proxy, beta=0.0, steps=push_steps)[0],
    # lr / beta^2 takes equal steps in the margins: each beta gets equally far.
    "DPO": np.array([train_dpo(*bent_pairs, beta=b, lr=0.5 * (BETA / b) ** 2)[0][-1]
                     for b in np.geomspace(4.0, 0.12, 24)]),
}
pushed = {name: np.transpose(bent_scores(weights, proxy)) for name, weights in push.items()}
with_price = {
    "RLHF": bent_scores(priced_path[-1], proxy),
    "DPO": bent_scores(train_dpo(*bent_pairs)[0][-1], proxy),
}

print("                       proxy    true       KL")
for name, curve in pushed.items():
    curve = curve[np.argsort(curve[:, 2])]
    rows = {"least pushed": curve[0], "true score peaks": curve[curve[:, 1].argmax()],
            "pushed furthest": curve[-1], f"with beta = {BETA}": with_price[name]}
    for label, (seen, true, kl) in rows.items():
        print(f"{name:5} {label:16} {seen:6.2f} {true:7.2f} {kl:8.2f}")

charts.over_optimisation(pushed, with_price, BETA)

# %% Evidence only="build"
from lessons.claims import claim  # noqa: E402

peaks = {name: curve[curve[:, 1].argmax()] for name, curve in pushed.items()}
for name, curve in pushed.items():
    by_kl = curve[np.argsort(curve[:, 2])]
    claim(f"{name}: the true score rises and then falls", 0 < by_kl[:, 1].argmax() < len(by_kl) - 1)
    claim(f"{name}: the true score falls below where it began", by_kl[-1, 1] < by_kl[0, 1])
    claim(f"{name}: the proxy goes on rising past the turn", by_kl[-1, 0] > 1.5 * peaks[name][0])
claim("The true scores of both turn at about the same KL", abs(peaks["RLHF"][2] / peaks["DPO"][2] - 1) < 0.5)
claim("With the KL price RLHF stops well below the best true score on its way",
      with_price["RLHF"][1] < peaks["RLHF"][1] - 0.5)
claim("With the KL price RLHF stops before the true score has turned", with_price["RLHF"][2] < peaks["RLHF"][2])

# %% [markdown]
# The proxy never stops rising. The true score rises with it, turns at {{ peaks["RLHF"][2]:.0f}} nats for RLHF and
# {{ peaks["DPO"][2]:.0f}} for DPO, and falls below where it began. Nothing in the training signal tells the two halves
# of the curve apart. That is *reward over-optimisation* (Gao and others, 2023), and DPO, which has no reward model
# that one could blame, does it too (Rafailov and others, 2024).
#
# And what does the proxy love so much?

# %% What the proxy loves id="monsters"
turning = pushed["RLHF"][:, 1].argmax()  # the step where the true score is best
exhibits = {
    "reference": (W_REF, bent_scores(W_REF, proxy)),
    "RLHF at its best": (push["RLHF"][turning], pushed["RLHF"][turning]),
    "RLHF pushed furthest": (push["RLHF"][-1], pushed["RLHF"][-1]),
    "DPO pushed furthest": (push["DPO"][-1], pushed["DPO"][-1]),
}
questions = sample_contexts(7, np.random.default_rng(3))
exhibited = {name: generate_output(questions, weights, np.random.default_rng(4))
             for name, (weights, _) in exhibits.items()}

for name, (_, (seen, true, kl)) in exhibits.items():
    print(f"{name:22} proxy {seen:6.2f}   true {true:6.2f}   KL {kl:6.2f} nats")

flowers.garden(exhibited, flowers.title_of("What the proxy loves"), {
    name: f"proxy {seen:z.1f}, true score {true:.1f}" for name, (_, (seen, true, _)) in exhibits.items()
})

# %% Evidence only="build"
claim("The best row is not the one with the most of everything",
      exhibits["RLHF at its best"][1][1] > exhibits["RLHF pushed furthest"][1][1] + 3)
from lessons.flower_svg import shape  # noqa: E402

proxy_hue = proxy[2]
drift_of_hue = np.mean(exhibited["RLHF pushed furthest"] - exhibited["reference"], axis=0)[2]
claim("The hue drifts as well, along which the taste has no slope", TRUE_WEIGHTS[2] == 0 and drift_of_hue > 2)
claim("The proxy has an accidental liking for the hue", 0.05 < proxy_hue < 0.5)
hues = {name: [shape(answer).hue for answer in answers] for name, answers in exhibited.items()}
claim("The flowers that RLHF pushed furthest are nearly of one colour",
      np.ptp(hues["RLHF pushed furthest"]) < 0.3 * np.ptp(hues["reference"]))
claim("The proxy prefers the monsters", min(exhibits[name][1][0] for name in list(exhibits)[2:])
      > 1.5 * exhibits["RLHF at its best"][1][0])

# %% [markdown]
# Petals without measure. The proxy learned from answers like the first row's that longer is better, and nothing there
# could tell it where to stop. RLHF's are nearly of one colour, too. The annotator wants no hue in particular, only none
# that is extreme. But 200 noisy labels left the proxy with a weight of {{ proxy_hue:.2f}} for it, and a push that is
# long enough makes much of little.
#
# ### In time? {#in-time}
#
# The KL price stops it; whether in time depends on $\beta$. The optimum of the proxy is known at every $\beta$, so we
# can look where each would stop.
#
# ::: guess beta-stops Which price leads to the best true score?
# - $\beta$ = 1
# - $\beta$ = 0.5, as everywhere so far
# - $\beta$ = 0.25
# - $\beta$ = 0.1
#
# {{ best_beta }}, with {{ stops[best_beta][1]:.2f}}. At 0.5 it is {{ stops[0.5][1]:.2f}}, at 0.1
# {{ stops[0.1][1]:.2f}}.
# :::

# %% Where each beta stops id="beta-stops"
stops = {beta: bent_scores(optimal_policy(proxy, beta), proxy) for beta in (1.0, 0.5, 0.25, 0.15, 0.1)}

print("beta   proxy    true       KL")
for beta, (seen, true, kl) in stops.items():
    print(f"{beta:4} {seen:7.2f} {true:7.2f} {kl:8.2f}")

charts.where_beta_stops(stops, pushed["RLHF"])

# %% Evidence only="build"
best_beta = max(stops, key=lambda beta: stops[beta][1])
claim("Of these betas 0.25 gives the best true score", best_beta == 0.25)
claim("At beta 0.25 the true score is near the best that the proxy can lead to", stops[0.25][1] > max(
    bent_scores(optimal_policy(proxy, any_beta), proxy)[1] for any_beta in np.linspace(0.1, 1, 91)) - 0.02)
claim("At beta 0.1 the true score is far below that at beta 1", stops[0.1][1] < stops[1.0][1] - 3)
claim("The smaller beta, the higher the proxy's score", list(stops) == sorted(stops, key=lambda beta: stops[beta][0]))

squares = (bent_pairs[1] ** 2).sum(axis=1) - (bent_pairs[2] ** 2).sum(axis=1)
fitted_taste = logistic.minimum(np.column_stack([bent_pairs[1] - bent_pairs[2], -squares]))
fitted_bend = fitted_taste[-1]
at_fitted_peak = W_REF.copy()
at_fitted_peak[0] = fitted_taste[:-1] / (2 * fitted_bend)
peak_of_fitted = bent_scores(at_fitted_peak, proxy)[1]
claim("A reward model of the right form finds the bend", abs(fitted_bend / CURVATURE - 1) < 0.2)
claim("The peak of a reward model of the right form beats all of these stops", peak_of_fitted > stops[best_beta][1])

# %% [markdown]
# At $\beta = {{ BETA }}$ the true score is {{ stops[0.5][1]:.2f}}: too early. At {{ best_beta }} it is
# {{ stops[best_beta][1]:.2f}}, near the best that this proxy can lead to, and at 0.1 it is {{ stops[0.1][1]:.1f}}. The
# proxy scores these policies in exactly the opposite order of $\beta$, and cannot help to choose.
#
# ::: check Does a KL price prevent over-optimisation?
# No, it trades. The right $\beta$ depends on where the proxy breaks, which you do not know from the proxy. People
# find it by asking fresh annotators about answers of the policy at several values of $\beta$.
# :::
#
# ::: check Why not give the reward model a bend?
# It helps, if it can bend as the taste does. Fitted to these very pairs, $w \cdot y - c\,\|y\|^2$ finds
# $c = {{ fitted_bend:.2f}}$ (true: {{ CURVATURE }}), and its own peak has a true score of {{ peak_of_fitted:.2f}}. But
# nobody tells you the form of a real taste, and beyond its pairs every model guesses. The remedy that needs no form is
# new pairs from where the policy is now, as in [mistake 4](#stale-pairs).
# :::
