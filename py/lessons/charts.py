"""The pictures of the lesson. Each function takes what a block has computed and returns a figure."""

import numpy as np

from lessons.annotator import annotator, figure  # noqa: F401
from lessons.charts_beyond import (  # noqa: F401
    checked_rewards,
    label_noise,
    narrowing,
    online_dpo,
    over_optimisation,
    variants_plane,
)
from lessons.charts_playground import playground, tilt  # noqa: F401
from lessons.charts_reader import your_taste  # noqa: F401
from preflab.evaluate import interval
from runtime.figures import (
    arrows,
    band,
    bars,
    histogram,
    level,
    line,
    marked_line,
    panel,
    points,
    step_axis,
)

PAIRS_DRAWN = 12  # more arrows than that are a hedge
FEATURES_0_1 = ("answer feature 0", "answer feature 1")
LEARNED_REWARD = "learned reward of a batch"
KL = "KL to reference (nats)"
STEP = "step"


def preference_pairs(preferred, rejected, true_weights):
    """A few pairs (n, d) in the plane of features 0 and 1, an arrow from loser to winner; all by how they differ.

    The margin of a pair is r*(chosen) - r*(rejected): negative where the label contradicts the taste.
    """
    winners, losers = preferred[:PAIRS_DRAWN, :2], rejected[:PAIRS_DRAWN, :2]
    direction = true_weights[:2] / np.linalg.norm(true_weights[:2])
    reach = 1.1 * np.abs(np.vstack([winners, losers])).max()
    margins = (preferred - rejected) @ true_weights
    right, wrong = margins[margins > 0], margins[margins <= 0]
    ahead, behind = (abs(side.sum()) / max(len(side), 1) for side in (right, wrong))
    widest = np.ceil(np.abs(margins).max())
    edges = np.linspace(-widest, widest, int(4 * widest) + 1)  # 0 is an edge, so that no bar is both
    return figure(
        [
            panel(
                [
                    arrows(losers, winners, "from rejected to chosen", "guide"),
                    points(*losers.T, "rejected", "rejected", size=7, symbol="x"),
                    points(*winners.T, "chosen", "chosen", size=8),
                    line(
                        [-reach * direction[0], reach * direction[0]],
                        [-reach * direction[1], reach * direction[1]],
                        "true taste", "true", dash="dash", width=1.8,
                    ),
                ],
                *FEATURES_0_1,
            ),
            panel(
                [
                    histogram(right, edges, "label agrees with the taste", "chosen"),
                    histogram(wrong, edges, "label contradicts it", "rejected"),
                ],
                "true score, chosen minus rejected", "pairs",
            ),
        ],
        f"The first {len(winners)} pairs in two of the five features, and all {len(margins)} by their margin",
        f"In {len(right) / len(margins):.0%} of the pairs the annotator chose the answer that is truly better, ahead "
        f"by {ahead:.2f} in the mean; in the others the rejected one is ahead by {behind:.2f}.",
        barmode="overlay",
    )  # fmt: skip


def reward_model(losses, epochs, held_out, true_loss, true_held_out, true_weights, learned_weights):
    """Loss while training, and held out after each of `epochs`, beside what the true weights pay; both weights."""
    ends = [0, len(losses) - 1]
    features = [str(i) for i in range(len(true_weights))]
    worst = np.abs(np.asarray(learned_weights) - true_weights).max()
    return figure(
        [
            panel(
                [
                    line(range(len(losses)), losses, "on its own pairs", "reward model"),
                    line(epochs, held_out, "on fresh pairs", "reward model", dash="dot"),
                    level(np.log(2), ends, "ln 2: knows nothing", "guide"),
                    level(true_loss, ends, "true weights, the same pairs", "true"),
                    line(ends, [true_held_out] * 2, "true weights, fresh pairs", "true", dash="dot", width=1.8),
                ],
                "epoch", "loss (nats a pair)",
            ),
            panel(
                [
                    bars(features, true_weights, "true weight", "true"),
                    bars(features, learned_weights, "learned weight", "reward model"),
                ],
                "answer feature", "weight",
            ),
        ],
        "The reward model learns the annotator's taste",
        f"On its own pairs the loss falls from {losses[0]:.3f} to {losses[-1]:.3f} nats, where the true weights pay "
        f"{true_loss:.3f}; on fresh pairs it falls to {held_out[-1]:.3f}, where they pay {true_held_out:.3f}. "
        f"The largest error of a weight is {worst:.2f}.",
    )  # fmt: skip


def score_gaps(gaps):
    """Histogram of r(chosen) - r(rejected) on unseen pairs, right and wrong apart."""
    gaps = np.asarray(gaps)
    widest = np.ceil(np.abs(gaps).max())
    edges = np.linspace(-widest, widest, 41)  # 0 is an edge, so that no bar is both
    right, wrong = gaps[gaps > 0], gaps[gaps <= 0]
    return figure(
        panel(
            [
                histogram(wrong, edges, "contradicts the label", "rejected"),
                histogram(right, edges, "agrees with the label", "chosen"),
            ],
            "score gap, chosen minus rejected", "pairs",
        ),
        "Score gaps on pairs that the model has not seen",
        f"{len(right):,} of {len(gaps):,} gaps are positive: the model agrees with the label. "
        f"The mean gap is {gaps.mean():.2f}.",
        barmode="overlay",
    )  # fmt: skip


def policy_clouds(reference_outputs, optimum_outputs, reference_mean, optimum_mean):
    """Answers of the reference and of the exact optimum, in features 0 and 1."""
    moved = np.linalg.norm(np.asarray(optimum_mean) - reference_mean)
    return figure(
        panel(
            [
                points(*reference_outputs[:, :2].T, "reference", "reference", opacity=0.55),
                points(*optimum_outputs[:, :2].T, "optimum", "optimum", opacity=0.55, symbol="diamond"),
                arrows([reference_mean[:2]], [optimum_mean[:2]], "shift of the mean", "optimum", width=3),
            ],
            *FEATURES_0_1,
        ),
        "What the policies answer",
        f"The optimum has the same spread as the reference; its mean lies {moved:.2f} away.",
    )  # fmt: skip


def clipped_surrogate(surrogate):
    """PPO's objective for one answer against the probability ratio, for A = 1 and A = -1."""
    ratio = np.linspace(0.4, 1.6, 121)
    return figure(
        panel(
            [
                line(ratio, surrogate(ratio, 1.0), "good answer, A = +1", "chosen"),
                line(ratio, surrogate(ratio, -1.0), "bad answer, A = −1", "rejected"),
                line(ratio, ratio, "without the clip", "guide", dash="dot", width=1.5),
                line(ratio, -ratio, "without the clip", "guide", dash="dot", width=1.5),
            ],
            "ratio π(y|x) / π_old(y|x)", "surrogate (in units of |A|)",
        ),
        "The clipped surrogate",
        f"For A = +1 the curve is flat beyond the ratio {ratio[np.argmax(surrogate(ratio, 1.0))]:.1f}; "
        f"for A = −1 it is flat below {ratio[np.nonzero(np.diff(surrogate(ratio, -1.0)))[0][0]]:.1f}.",
    )  # fmt: skip


def rlhf_training(rewards, kls, optimal_reward, optimal_kl, steps=150):
    """Reward and KL of the PPO loop as they grow, beside the exact optimum."""
    ends, axis = step_axis(max(steps, len(rewards)))
    now = range(len(rewards))
    return figure(
        [
            panel(
                [
                    line(now, rewards, "RLHF (PPO)", "RLHF"),
                    level(optimal_reward, ends, "exact optimum", "optimum"),
                ],
                STEP, LEARNED_REWARD, xaxis=axis,
            ),
            panel(
                [
                    line(now, kls, "RLHF (PPO)", "RLHF"),
                    level(optimal_kl, ends, "exact optimum", "optimum"),
                ],
                STEP, KL, xaxis=axis,
            ),
        ],
        "PPO on the learned reward",
        f"At step {len(rewards) - 1} the reward of the batch is {rewards[-1]:.2f} (optimum "
        f"{optimal_reward:.2f}) and the KL is {kls[-1]:.2f} nats (optimum {optimal_kl:.2f}).",
    )  # fmt: skip


def clip_and_no_clip(clipped, unclipped, optimal_kl):
    """KL over the steps of PPO with and without its clip: (steps, runs) each; the axis is logarithmic."""
    steps = range(1, len(clipped))  # at step 0 the KL is 0, which has no logarithm

    def runs(kls, name, role, dash="solid"):
        """All runs as one trace, with a gap between two of them."""
        x = np.tile([*steps, np.nan], kls.shape[1])
        y = np.vstack([kls[1:], np.full(kls.shape[1], np.nan)]).T.ravel()
        return line(x, y, name, role, dash=dash, width=1.5)

    return figure(
        panel(
            [
                runs(unclipped, "no clip", "rejected"),
                runs(clipped, "clip at 0.2", "RLHF"),
                level(optimal_kl, [1, len(clipped) - 1], "exact optimum", "optimum"),
            ],
            STEP, KL, yaxis={"type": "log", "dtick": 1},
        ),
        f"PPO with and without its clip, {clipped.shape[1]} seeds",
        f"With the clip no run exceeds {clipped.max():.1f} nats; without it the largest KL on the way is "
        f"{np.nanmax(unclipped):,.0f} (the optimum: {optimal_kl:.2f}).",
    )  # fmt: skip


def dpo_loss_curve(sigmoid):
    """DPO's loss and the weight of a pair in its gradient, against the implicit reward margin."""
    margin = np.linspace(-6, 6, 121)
    return figure(
        panel(
            [
                line(margin, np.logaddexp(0, -margin), "loss (nats)", "DPO"),
                line(margin, sigmoid(-margin), "weight in the gradient", "DPO", dash="dot"),
                level(np.log(2), [-6, 6], "ln 2", "guide"),
            ],
            "implicit reward margin (nats × β)", "loss (nats), weight",
        ),
        "What one pair contributes",
        "At margin 0 the loss is ln 2 and the weight one half. A pair that is ranked wrong by a margin "
        f"of 4 has weight {sigmoid(4.0):.2f}, one that is ranked right by as much has {sigmoid(-4.0):.2f}.",
    )  # fmt: skip


def dpo_training(losses, accuracies, true_accuracy, end_loss, end_accuracy, steps=150):
    """Loss of each batch and accuracy of the implicit reward, as they grow, beside those of DPO's exact end."""
    ends, axis = step_axis(max(steps, len(losses)))
    now = range(len(losses))
    return figure(
        [
            panel(
                [
                    line(now, losses, "DPO", "DPO"),
                    level(np.log(2), ends, "ln 2: the reference", "guide"),
                    level(end_loss, ends, "exact end on these pairs", "optimum"),
                ],
                STEP, "loss of a batch (nats)", xaxis=axis,
            ),
            panel(
                [
                    line(now, accuracies, "DPO", "DPO"),
                    level(end_accuracy, ends, "exact end on these pairs", "optimum"),
                    level(true_accuracy, ends, "the true taste", "true"),
                ],
                STEP, "pairs ranked as labelled", xaxis=axis, yaxis={"range": [0, 1], "tickformat": ".0%"},
            ),
        ],
        "DPO on the stored pairs",
        f"At step {len(losses) - 1} the loss of the batch is {losses[-1]:.3f} nats (all pairs at the exact end: "
        f"{end_loss:.3f}), and the implicit reward ranks {accuracies[-1]:.0%} of the pairs as labelled; the exact end "
        f"ranks {end_accuracy:.0%} so, the true taste {true_accuracy:.0%}.",
    )  # fmt: skip


def log_ratios(chosen, rejected):
    """Mean log-ratio of the chosen and of the rejected answers after each step of DPO."""
    steps = range(len(chosen))
    return figure(
        panel(
            [
                level(0.0, [0, len(chosen) - 1], "as likely as under the reference", "guide"),
                line(steps, chosen, "chosen", "chosen"),
                line(steps, rejected, "rejected", "rejected"),
            ],
            STEP, "mean log-ratio (nats)",
        ),
        "DPO pushes the two apart",
        f"After {len(chosen) - 1} steps the chosen answers' log-ratio is {chosen[-1]:.2f} nats and the rejected ones' "
        f"{rejected[-1]:.2f}; the chosen ones' peaked at {chosen.max():.2f}, after {chosen.argmax()} steps.",
    )  # fmt: skip


def true_scores(scores, exact):
    """Mean true score of each policy: {name: (mean, std, half-width at 95 %)}, and exactly {name: mean}."""
    traces = [
        bars([name], [mean], name, name, error=[half]) for name, (mean, _, half) in scores.items()
    ]
    told = ", ".join(f"{name} {mean:.2f} ± {half:.2f} ({exact[name]:.2f})" for name, (mean, _, half) in scores.items())
    return figure(
        panel(
            [
                *[trace | {"showlegend": False} for trace in traces],
                points(list(exact), list(exact.values()), "exact", "true", size=10, symbol="diamond"),
            ],
            "policy", "true score, 95 % interval",
        ),
        "Head to head, by the annotator's true taste",
        f"Mean true score, and in brackets the exact one: {told}.",
        barmode="overlay",
    )  # fmt: skip


def reward_kl_plane(paths, exact_ends, start, slope, optimum):
    """Training paths {name: [(score, KL), ...]} and their exact ends under the frontier start + slope sqrt(2 KL)."""
    widest = 1.25 * max(kl for points in (*paths.values(), exact_ends.values()) for _, kl in points)
    kl = np.linspace(0, 1, 80) ** 2 * widest  # dense near 0, where the frontier is steep
    traces = [
        line(kl, start[0] + slope * np.sqrt(2 * kl), "exact frontier", "guide"),
        *[line([k for _, k in path], [s for s, _ in path], name, name) for name, path in paths.items()],
        *[points([path[-1][1]], [path[-1][0]], name, name, size=11) for name, path in paths.items()],
        *[
            points([k], [s], f"{name}'s exact end", name, size=13, symbol="diamond-open")
            for name, (s, k) in exact_ends.items()
        ],
        points([start[1]], [start[0]], "reference", "reference", size=11, symbol="square"),
        points([optimum[1]], [optimum[0]], "optimum for the true taste", "optimum", size=14, symbol="star"),
    ]
    told = " and ".join(
        f"{name} at ({path[-1][1]:.2f}, {path[-1][0]:.2f}), its exact end at "
        f"({exact_ends[name][1]:.2f}, {exact_ends[name][0]:.2f})"
        for name, path in paths.items()
    )
    return figure(
        panel(traces, KL, "true score"),
        "Two training paths under the exact frontier",
        f"In (KL, score), {told}; the optimum for the true taste is at ({optimum[1]:.2f}, {optimum[0]:.2f}).",
    )  # fmt: skip


def proxy_and_truth(along, proxy, true, sigma):
    """Learned and true score of policies whose mean is moved so far along the taste; the bent taste turns."""
    best = int(np.argmax(true))
    low, high = min(min(proxy), min(true)), max(max(proxy), max(true))
    seen = np.array([-1.96, 1.96]) * sigma
    return figure(
        panel(
            [
                band(seen, [low, low], [high, high], "95 % of the reference's answers", "reference"),
                line(along, proxy, "learned reward (proxy)", "reward model"),
                line(along, true, "true score", "true"),
                points([along[best]], [true[best]], "the turn", "optimum", size=12, symbol="star"),
            ],
            "shift of the mean answer along the taste", "score",
        ),
        "The proxy sees the slope, not the bend",
        f"The true score rises to {true[best]:.2f} at a shift of {along[best]:.1f} and falls to {true[-1]:.1f} at "
        f"{along[-1]:.0f}, where the learned reward is {proxy[-1]:.1f}.",
    )  # fmt: skip


def with_and_without_kl(free, priced, beta):
    """Learned reward and true score by step, of PPO without and with its KL price: (proxy, true, KL) of each."""

    def both(which):
        return [
            line(range(len(free[which])), free[which], "β = 0", "rejected"),
            line(range(len(priced[which])), priced[which], f"β = {beta}", "RLHF"),
        ]

    return figure(
        [
            panel(both(0), STEP, "learned reward"),
            panel(
                [*both(1), level(free[1][0], [0, len(free[1]) - 1], "reference", "reference")], STEP, "true score"
            ),
        ],
        "PPO with and without a price on KL",
        f"Without the price the learned reward reaches {free[0][-1]:.1f} while the true score falls to "
        f"{free[1][-1]:.1f}, at {free[2][-1]:.0f} nats; with β = {beta} they are {priced[0][-1]:.1f} and "
        f"{priced[1][-1]:.2f}, at {priced[2][-1]:.1f} nats.",
    )  # fmt: skip


def beta_sweep(betas, same_lr, same_fit, kl_end):
    """KL and true score of DPO policies against beta, at one learning rate and at equal fit: (true, KL) of each."""
    axis = {"type": "log", "tickvals": betas}
    return figure(
        [
            panel(
                [
                    marked_line(betas, same_fit[1], "equally well fitted", "DPO"),
                    marked_line(betas, same_lr[1], "one learning rate", "DPO", dash="dot"),
                    line(betas, kl_end, "exact end on these pairs", "optimum", dash="dash", width=1.8),
                ],
                "β", KL, xaxis=axis, yaxis={"type": "log", "dtick": 1},
            ),
            panel(
                [
                    marked_line(betas, same_fit[0], "equally well fitted", "DPO"),
                    marked_line(betas, same_lr[0], "one learning rate", "DPO", dash="dot"),
                ],
                "β", "true score", xaxis=axis,
            ),
        ],
        "A small β is a long way from the reference",
        f"Equally well fitted, the KL is {same_fit[1][0]:,.0f} nats at β = {betas[0]} and {same_fit[1][-1]:.2f} at "
        f"β = {betas[-1]}, and the true score {same_fit[0][0]:.1f} and {same_fit[0][-1]:.2f}. At one learning rate the "
        f"run at β = {betas[0]} has reached {same_lr[1][0]:.1f} nats.",
    )  # fmt: skip


def pairs_sweep(sizes, scores, reference):
    """True score against the number of pairs: {method: (size, seed)}, beside the reference's."""
    traces = []
    for name, values in scores.items():
        half = np.array([interval(of_size)[1] for of_size in values])
        traces.append(marked_line(sizes, values.mean(axis=1), name, name, error=half))
    told = "; ".join(
        f"{name} " + ", ".join(f"{value:.2f}" for value in values.mean(axis=1)) for name, values in scores.items()
    )
    return figure(
        panel(
            [*traces, level(reference, [sizes[0], sizes[-1]], "reference", "reference")],
            "pairs", "true score, 95 % interval",
            xaxis={"type": "log", "tickvals": list(sizes)},
        ),
        "Too few pairs are worse than none",
        f"Mean true score with {', '.join(str(n) for n in sizes)} pairs: {told} "
        f"({next(iter(scores.values())).shape[1]} seeds); the reference's is {reference:.2f}.",
    )  # fmt: skip


def stale_against_fresh(gains):
    """Change of the true score by a second round of DPO, {kind of pairs: per seed}."""
    role = {"stale": "rejected", "fresh": "chosen"}
    traces = []
    for kind, values in gains.items():
        half = interval(values)[1]
        traces.append(bars([f"{kind} pairs"], [np.mean(values)], f"{kind} pairs", role[kind], error=[half]))
        traces.append(points([f"{kind} pairs"] * len(values), values, "single seeds", "guide", size=5))
    told = ", ".join(f"{kind} pairs {np.mean(values):+.2f}" for kind, values in gains.items())
    return figure(
        panel(traces, "pairs of the second round", "change of the true score"),
        "A second round of DPO, on stale and on fresh pairs",
        f"Mean change over {len(next(iter(gains.values())))} seeds: {told}.",
        barmode="overlay",
    )


def bad_batch(reinforce_kl, ppo_kl):
    """KL that each method has moved after n passes over one batch."""
    passes = range(len(ppo_kl))
    return figure(
        panel(
            [
                line(passes, reinforce_kl, "REINFORCE", "rejected"),
                line(passes, ppo_kl, "PPO", "RLHF"),
            ],
            "passes over the same batch", KL,
        ),
        "One bad batch, used again and again",
        f"After {len(ppo_kl) - 1} passes REINFORCE has moved {reinforce_kl[-1]:.2f} nats, PPO {ppo_kl[-1]:.3f}.",
    )  # fmt: skip


def where_beta_stops(stops, pushed):
    """True score and KL of the proxy's optimum at each beta {beta: (proxy, true, KL)}, on the curve of a pushed policy.

    The KL axis has a square-root scale.
    """
    marks = [0, 1, 4, 9, 16, 25, 36, 49]
    curve = pushed[np.argsort(pushed[:, 2])]
    seen = np.array(list(stops.values()))
    best = max(stops, key=lambda beta: stops[beta][1])
    return figure(
        panel(
            [
                line(np.sqrt(curve[:, 2]), curve[:, 1], "PPO without a price, step by step", "RLHF"),
                *[
                    points(
                        [np.sqrt(kl)], [true], f"β = {beta}", "optimum", size=11, symbol="diamond", label="top right"
                    ) | {"showlegend": False}
                    for beta, (_, true, kl) in stops.items()
                ],
            ],
            KL, "true score",
            xaxis={"tickvals": np.sqrt(marks).tolist(), "ticktext": [str(mark) for mark in marks], "range": [0, 8.4]},
            yaxis={"range": [curve[:, 1].min() - 0.4, curve[:, 1].max() + 0.8]},  # room for the labels
        ),
        "Where each β would stop",
        f"Of these the true score is best at β = {best}, {stops[best][1]:.2f}; it is {seen[0, 1]:.2f} at "
        f"β = {next(iter(stops))} and {seen[-1, 1]:.2f} at β = {list(stops)[-1]}.",
    )  # fmt: skip
