# ruff: noqa: E501 (an answer a line)
"""Every exercise: right answers of many kinds pass, common mistakes are met with their own sentence."""

import asyncio
import pathlib
import textwrap

import numpy as np
import pytest

from lessons import run_in_terminal
from lessons.block_globals import GIVEN
from lessons.exercises import EXERCISES
from runtime import grading
from runtime.dependencies import names
from runtime.grading import Exercise, Table, Work, grade, near, number
from runtime.runner import Runner

CHAPTER = pathlib.Path(run_in_terminal.__file__).parent / "chapters/07_exercises.py"


@pytest.fixture(scope="module")
def starters(blocks):
    return {block: blocks[block] for block in EXERCISES}


@pytest.fixture(scope="module")
def solutions(cells):
    return {cell["id"]: cell["source"] for cell in cells if cell["kind"] == "solution"}


@pytest.fixture(scope="module")
def before():
    """The names that the chapters before the exercises leave."""
    return run_in_terminal.chapters_before(str(CHAPTER))


def fill(starter, parts):
    """The starter with its `# your code` lines replaced, in order; None leaves one as it is."""
    lines, waiting = [], list(parts)
    for line in starter.splitlines():
        if "# your code" in line and waiting and (part := waiting.pop(0)) is not None:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(textwrap.indent(textwrap.dedent(part).strip(), indent))
        else:
            lines.append(line)
    assert not waiting, "more parts than places"
    return "\n".join(lines)


@pytest.fixture(scope="module")
def work(before, starters):
    """Runs an answer as the page does and returns (verdict, namespace). An answer is a list of parts, or a whole source."""

    def run(block, answer, fails=False):
        answer = textwrap.dedent(answer) if isinstance(answer, str) else answer
        source = answer if isinstance(answer, str) else fill(starters[block], answer)
        events = []
        runner = Runner(events.append, GIVEN)
        # As on the page: what the source uses and what the exercise says that it needs, and nothing else.
        present = set(names(source)["uses"]) | set(EXERCISES[block].needs)
        runner.namespace.update({k: v.copy() if isinstance(v, np.ndarray) else v for k, v in before.items() if k in present})
        asyncio.run(runner.run(1, block, source))
        assert (events[-1]["status"] == "ok") == (not fails), events[-2]
        events.clear()
        grading.check(events.append, 2, EXERCISES[block], runner.namespace, block, runner.failed)
        verdict, done = events
        assert (verdict["type"], verdict["id"], done["type"], done["status"]) == ("verdict", 2, "done", "ok")
        return verdict, runner.namespace

    return run


REWARD, DRIFT = "final_reward = np.mean(rewards[-10:])", "policy_drift = kl_to_reference(path[-1])"
LOSS = "final_loss, _ = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)"
SCORE = "true_score, _, _ = evaluate_policy(path[-1])"
PPO_LOOP = """
    table = []
    for beta in (0.01, 0.1, 1.0):
        path, rewards, kls = train_ppo(rm_weights, beta=beta{more})
        table.append(({row}))
"""
DPO_LOOP = """
    table = []
    for beta in (0.05, 0.1, 0.5):
        path, losses, accuracies = train_dpo(contexts, preferred, rejected, beta=beta{more})
        table.append(({row}))
"""


def ppo_loop(row, more=""):
    return textwrap.dedent(PPO_LOOP.format(row=row, more=more))


def dpo_loop(row, more=""):
    return textwrap.dedent(DPO_LOOP.format(row=row, more=more))


ALL_LOSS = "dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)[0]"
TRAIN = "weights, _ = train_reward_model(wide_preferred, wide_rejected)\nreturn weights"
SWAPPED_DATA = """
swap = np.random.default_rng(11).random(len(preferred)) < 0.2
noisy_preferred = np.where(swap[:, None], rejected, preferred)
noisy_rejected = np.where(swap[:, None], preferred, rejected)
"""
SWAP = "s = swap[:, None]\nreturn np.where(s, rejected, preferred), np.where(s, preferred, rejected)"
FORWARD = "return np.maximum(0, outputs @ A + b) @ v"


def backward(back_w="-error * v * (hidden_w > 0)", back_l="-error * v * (hidden_l > 0)", error="sigmoid(-active @ v)",
             grad_v="-(error * active).sum(axis=0)", minus="-", n="len(preferred)", last="grad_A, grad_b, grad_v"):  # fmt: skip
    return f"""
        hidden_w, hidden_l = preferred @ A + b, rejected @ A + b
        active = np.maximum(0, hidden_w) - np.maximum(0, hidden_l)
        error = ({error})[:, None] / {n}
        back_w, back_l = {back_w}, {back_l}
        grad_A = preferred.T @ back_w {minus} rejected.T @ back_l
        grad_b = (back_w {minus} back_l).sum(axis=0)
        grad_v = {grad_v}
        return {last}
    """


GRADIENT = """
    d = preferred - rejected
    margin = beta * (d * (contexts @ (weights - W_REF))).sum(axis=1) / SIGMA**2
    return -beta * contexts.T @ (sigmoid(-margin)[:, None] * d) / SIGMA**2 / len(d)
"""


def gradient(*changes):
    """The right gradient with some of its text replaced."""
    text = GRADIENT
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return [text]


VALUE = "free, clipped = ratio * advantage, np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage\nvalue = np.minimum(free, clipped)"
SLOPE = "slope = np.where(value == ratio * advantage, advantage, 0)"

# Contexts, answers, pairs, labels, reward, penalty, pull, score: in the order of the starter.
REPAIRED = [
    "contexts = sample_contexts(n, rng)\nreturn contexts",
    "return contexts @ weights + SIGMA * rng.standard_normal((len(contexts), 5))",
    "first, second = (article_answers(contexts, W_REF, rng) for _ in range(2))",
    "first_wins = rng.random(n) < sigmoid((first - second) @ TRUE_WEIGHTS)",
    "return outputs @ reward_weights",
    "return log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, W_REF)",
    """
    ratio = np.exp(log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, old_weights))
    slope = np.where(np.where(advantages > 0, ratio > 1 + epsilon, ratio < 1 - epsilon), 0, ratio * advantages)
    """,
    "score = (outputs - contexts @ weights) / SIGMA**2",
]


def repaired(**instead):
    """All repaired but for some parts; None leaves one as the article has it."""
    parts = dict(zip("contexts answers pairs labels reward penalty pull score".split(), REPAIRED, strict=True))
    assert instead.keys() <= parts.keys()
    return list((parts | instead).values())


RATIO = "ratio = np.exp(log_prob(outputs, contexts, weights) - log_prob(outputs, contexts, old_weights))\n"
OWN_REWARD = """
    A, b, v = np.array([[1.0, -1, 0, 0], [0, 0, 1, -1], [0] * 4, [0] * 4, [0] * 4]), np.array([-0.5, 0.5, 0.0, 0.0]), -np.ones(4)
"""
PAIRS = """
    def curved_taste(outputs):
        return 3.0 - 1.5 * np.abs(outputs[:, 0] - 0.5) - np.abs(outputs[:, 1])


    def curved_pairs(n, rng):
        first, second = 1.5 * rng.standard_normal((2, n, OUTPUT_DIM))
        wins = (rng.random(n) < sigmoid(curved_taste(first) - curved_taste(second)))[:, None]
        return np.where(wins, first, second), np.where(wins, second, first)


    preferred_, rejected_ = curved_pairs(2000, np.random.default_rng(42))
    rng = np.random.default_rng(3)
"""


def own_relu(code):
    """A block that keeps the pairs and throws the starter's functions away."""
    return textwrap.dedent(PAIRS) + textwrap.dedent(code)


# A hidden layer that stays random, with the output layer fitted as a Bradley-Terry reward: no back-propagation at all.
RANDOM_FEATURES = """
    H, h = rng.standard_normal((5, 200)), rng.standard_normal(200)
    layer = lambda y: np.maximum(0, y @ H + h)
    out, _ = train_reward_model(layer(preferred_), layer(rejected_), lr=0.005, epochs=400)
    def reward(outputs):
        return layer(outputs) @ out
"""

RIGHT = {
    "exercise-rlhf": {
        "as asked": [REWARD, DRIFT],
        "rounded": ["final_reward = round(sum(rewards[-10:]) / 10, 2)", "policy_drift = round(float(kl_to_reference(path[-1])), 2)"],
        "by hand": ["final_reward = np.array(rewards)[140:].mean()", "policy_drift = 0.5 * np.sum((path[-1] - W_REF) ** 2) / SIGMA**2"],
        "the table alone": ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])"),
        "an array, other order": ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])") + "table = np.array(table)[::-1]",
        "numbers typed in": "table = [[0.01, 20.19, 161.86], [0.1, 13.59, 67.99], [1, 1.34, 0.72]]",
        "rows of text": ppo_loop('f"{beta}", f"{np.mean(rewards[-10:]):.3f}", f"{kl_to_reference(path[-1]):.3f}"'),
        "another seed": ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])", ", seed=7"),
        "more steps": ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])", ", steps=200"),
        "a dict": "table = {0.01: (20.187, 161.856), 0.1: (13.59, 67.99), 1.0: (1.337, 0.716)}",
    },
    "exercise-dpo": {
        "as asked": [LOSS, SCORE],
        "rounded, exact score": [
            "final_loss = round(dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta)[0], 3)",
            "true_score = path[-1][0] @ TRUE_WEIGHTS",
        ],
        "by hand": [
            "m = implicit_margin(path[-1], contexts, preferred, rejected, beta)\nfinal_loss = -np.log(sigmoid(m)).mean()",
            "true_score = (generate_output(sample_contexts(9000, np.random.default_rng(0)), path[-1],"
            " np.random.default_rng(1)) @ TRUE_WEIGHTS).mean()",
        ],
        "the table alone": dpo_loop(f"beta, {ALL_LOSS}, evaluate_policy(path[-1])[0]"),
        "many answers": dpo_loop(f"beta, {ALL_LOSS}, evaluate_policy(path[-1], n=50_000, seed=5)[0]"),
        "another seed": dpo_loop(f"beta, {ALL_LOSS}, evaluate_policy(path[-1])[0]", ", seed=3"),
        "numbers typed in": "table = [(0.05, 0.656, 2.00), (0.1, 0.587, 3.40), (0.5, 0.471, 2.83)]",
    },
    "exercise-gradient": {
        "as asked": [GRADIENT],
        "the page's own": ["return dpo_loss_and_grad(weights, contexts, preferred, rejected, beta)[1]"],
        "by finite differences": [
            """
            def loss(w):
                return dpo_loss_and_grad(w, contexts, preferred, rejected, beta)[0]
            return by_nudging(loss, weights)
            """
        ],
        "pair by pair": [
            """
            total = np.zeros(weights.shape)
            for x, w, l in zip(contexts, preferred, rejected):
                margin = beta * (log_prob(w[None], x[None], weights) - log_prob(w[None], x[None], W_REF)
                                 - log_prob(l[None], x[None], weights) + log_prob(l[None], x[None], W_REF))
                total -= beta * np.outer(x, w - l) / (1 + np.exp(margin)) / SIGMA**2
            return total / len(contexts)
            """
        ],
        "einsum, variance forgotten where it is one": [
            """
            d = preferred - rejected
            m = beta * np.einsum("ni,ij,nj->n", contexts, weights - W_REF, d)
            return -beta * np.einsum("n,ni,nj->ij", sigmoid(-m), contexts, d) / len(d)
            """
        ],
    },
    "exercise-clip": {
        "as asked": ["value = np.minimum(ratio * advantage, np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage)", SLOPE],
        "the page's own value": ["value = surrogate(ratio, advantage, epsilon)", SLOPE],
        "where": [
            "held = np.where(advantage > 0, ratio > 1 + epsilon, ratio < 1 - epsilon)\nvalue = np.where(held, (1 + np.sign(advantage) * epsilon) * advantage, ratio * advantage)",
            "slope = advantage * ~held",
        ],
        "a loop": [
            """
            value, slope = [], []
            for r, a in zip(ratio, advantage):
                inside = min(max(r, 1 - epsilon), 1 + epsilon)
                value.append(min(r * a, inside * a))
                slope.append(a if r * a <= inside * a else 0)
            """,
            "value, slope = np.array(value), np.array(slope)",
        ],
    },
    "exercise-repair": {
        "as asked": REPAIRED,
        "exact KL, own score": [
            *REPAIRED[:5],
            "return ((contexts @ (weights - W_REF)) ** 2).sum(axis=1) / (2 * SIGMA**2)",
            *REPAIRED[6:],
        ],
        "with the page's own": [
            "return sample_contexts(n, rng)", REPAIRED[1], "first, second = contexts @ W_REF + rng.standard_normal((2, n, 5))", *REPAIRED[3:6],
            "return ppo_step(weights, old_weights, contexts, outputs, advantages, lr, epsilon)", None,
        ],
        "another feature is on": ["contexts = rng.standard_normal((n, 4))\ncontexts[:, 3] = 1\nreturn contexts", *REPAIRED[1:]],
    },
    "challenge-dims": {
        "as asked": [TRAIN, "enough = 1000"],
        "in one line": ["return train_reward_model(wide_preferred, wide_rejected)[0]", "enough = 2000"],
        "own loop": [
            """
            d, w = wide_preferred - wide_rejected, np.zeros(50)
            for _ in range(200):
                w += 0.3 * (d * sigmoid(-d @ w)[:, None]).mean(axis=0)
            return w
            """,
            "enough = 1500",
        ],
        "stopped early, on a leash": [
            """
            d, w = wide_preferred - wide_rejected, np.zeros(50)
            for _ in range(60):
                w += 0.5 * ((d * sigmoid(-d @ w)[:, None]).mean(axis=0) - 0.02 * w)
            return w
            """,
            "enough = np.int64(1200)",
        ],
        "the weights alone": [None, "wide_weights, _ = train_reward_model(*wide_pairs(200, np.random.default_rng(42)))\nenough = 1200"],
        "the weights of more pairs": [None, "wide_weights, _ = train_reward_model(*wide_pairs(3000, np.random.default_rng(1)))\nenough = 1200"],
    },
    "challenge-noise": {
        "as asked": [SWAP],
        "copies and a mask": [
            """
            a, b = preferred.copy(), rejected.copy()
            a[swap], b[swap] = rejected[swap], preferred[swap]
            return a, b
            """
        ],
        "a loop": [
            """
            a, b = [], []
            for p, r, s in zip(preferred, rejected, swap):
                a.append(r if s else p)
                b.append(p if s else r)
            return np.array(a), np.array(b)
            """
        ],
        "arithmetic": ["s = swap.astype(float)[:, None]\nreturn (1 - s) * preferred + s * rejected, (1 - s) * rejected + s * preferred"],
        "without the function, another draw": """
            swap = np.zeros(len(preferred), bool)
            swap[np.random.default_rng(3).choice(len(preferred), 40, replace=False)] = True
            noisy_preferred = np.where(swap[:, None], rejected, preferred)
            noisy_rejected = np.where(swap[:, None], preferred, rejected)
            noisy_weights, noisy_losses = train_reward_model(noisy_preferred, noisy_rejected)
        """,
    },
    "challenge-relu": {
        "as asked": [FORWARD, backward()],
        "where, and einsum": [
            "z = outputs @ A + b\nreturn np.where(z > 0, z, 0) @ v",
            """
            def one_side(y, sign):
                z = y @ A + b
                back = sign * error[:, None] * np.where(z > 0, 1.0, 0.0) * v
                return np.einsum("ni,nh->ih", y, back), back.sum(axis=0), sign * error @ np.maximum(z, 0)
            margin = relu_reward(preferred, A, b, v) - relu_reward(rejected, A, b, v)
            error = -1 / (1 + np.exp(margin)) / len(margin)
            (A_w, b_w, v_w), (A_l, b_l, v_l) = one_side(preferred, 1.0), one_side(rejected, -1.0)
            return A_w + A_l, b_w + b_l, v_w + v_l
            """,
        ],
        "random features, functions thrown away": own_relu(RANDOM_FEATURES),
        "own training of both layers": own_relu("""
            A, b, v = rng.standard_normal((5, 24)) / 2, 0.3 * rng.standard_normal(24), rng.standard_normal(24) / 5
            for _ in range(250):
                zw, zl = preferred_ @ A + b, rejected_ @ A + b
                d = sigmoid(-(np.maximum(zw, 0) - np.maximum(zl, 0)) @ v)[:, None] / 2000
                bw, bl = d * v * (zw > 0), d * v * (zl > 0)
                v = v + 0.5 * (d * (np.maximum(zw, 0) - np.maximum(zl, 0))).sum(0)
                A, b = A + 0.5 * (preferred_.T @ bw - rejected_.T @ bl), b + 0.5 * (bw - bl).sum(0)
            def reward(outputs):
                return np.maximum(0, outputs @ A + b) @ v + 7.0
        """),
        "a class in place of functions": own_relu(RANDOM_FEATURES.replace("def reward", "def _reward") + """
    class Reward:
        def __call__(self, outputs):
            return _reward(outputs)
    reward = Reward()
        """),
    },
}  # fmt: skip

WRONG = {
    "exercise-rlhf": [
        ("empty", [], "`final_reward` is still empty"),
        ("half empty", [REWARD, None], "`policy_drift` is still empty"),
        ("the last reward", ["final_reward = rewards[-1]", DRIFT], "very last batch"),
        ("the whole run", ["final_reward = np.mean(rewards)", DRIFT], "whole run"),
        ("the first ten", ["final_reward = np.mean(rewards[:10])", DRIFT], "first ten"),
        ("the sum", ["final_reward = sum(rewards[-10:])", DRIFT], "sum of the last ten"),
        ("an index for a slice", ["final_reward = rewards[-10]", DRIFT], "tenth from the end"),
        ("off by one", ["final_reward = np.mean(rewards[-10:-1])", DRIFT], "last reward is missing"),
        ("the best batch", ["final_reward = max(rewards)", DRIFT], "luckiest"),
        ("the slice itself", ["final_reward = rewards[-10:]", DRIFT], "one number, and is a list of 10"),
        ("a true score", ["final_reward = path[-1][0] @ TRUE_WEIGHTS", DRIFT], "PPO never sees"),
        ("no square", [REWARD, "policy_drift = np.linalg.norm(path[-1] - W_REF)"], "without the square"),
        ("no square, halved", [REWARD, "policy_drift = np.linalg.norm(path[-1] - W_REF) / 2"], "the square is not"),
        ("absolute differences", [REWARD, "policy_drift = abs(path[-1] - W_REF).sum() / 2"], "without the square"),
        ("no half", [REWARD, "policy_drift = ((path[-1] - W_REF) ** 2).sum()"], "Twice too much"),
        ("the KL before the last step", [REWARD, "policy_drift = kls[-1]"], "*before* each step"),
        ("the start", [REWARD, "policy_drift = kl_to_reference(path[0])"], "`path[0]` is where training starts"),
        ("from zero", [REWARD, "policy_drift = (path[-1] ** 2).sum() / 2"], "measured from zero"),
        ("a mean of squares", [REWARD, "policy_drift = ((path[-1] - W_REF) ** 2).mean() / 2"], "Add the twenty squares"),
        ("the price", [REWARD, "policy_drift = beta * kl_to_reference(path[-1])"], "That is the price"),
        ("every policy's KL", [REWARD, "policy_drift = np.array([kl_to_reference(w) for w in path])"], "`path[-1]`, is one number"),
        ("columns swapped", ["policy_drift = np.mean(rewards[-10:])", "final_reward = kl_to_reference(path[-1])"], "columns are swapped"),
        ("columns swapped in the table", ppo_loop("beta, kl_to_reference(path[-1]), np.mean(rewards[-10:])"), "columns are swapped"),
        ("the last reward in the table", ppo_loop("beta, rewards[-1], kl_to_reference(path[-1])"), "very last batch"),
        ("no square in the table", ppo_loop("beta, np.mean(rewards[-10:]), np.linalg.norm(path[-1] - W_REF)"), "without the square"),
        ("crashes on short runs", ["final_reward = np.mean(rewards[-10:]) if rewards is globals()['rewards'] else rewards['a']", DRIFT], "was tried on other inputs and stopped in line 3"),
        ("beta first forgotten", [REWARD, DRIFT + "\nreturn final_reward, policy_drift, beta"], "in this order: `beta`"),
        ("no beta", ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])").replace(", beta=beta", ""), "the same for every beta"),
        ("true weights", ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])").replace("rm_weights", "TRUE_WEIGHTS"), "trained on the true weights"),
        ("a beta missing", ppo_loop("beta, np.mean(rewards[-10:]), kl_to_reference(path[-1])").replace("0.1, ", ""), "no row for beta = 0.1"),
        ("no table", "rows = []", "no `table`"),
        ("an empty table", "table = []", "is empty"),
        ("arguments ignored", ["final_reward = 2.7", "policy_drift = 2.8"], "the same row whatever run"),
        ("invented", "table = [(0.01, 9, 60), (0.1, 2, 2), (1.0, 1, 1)]", "Final Reward is not right yet"),
        ("the KL price taken off", ["final_reward = np.mean(rewards[-10:]) - beta * kl_to_reference(path[-1])", DRIFT], "KL price off"),
        ("the mean answer", ["final_reward = path[-1][0] @ rm_weights", DRIFT], "last policy’s mean answer"),
        ("differences that cancel", [REWARD, "policy_drift = (path[-1] - W_REF).sum() / 2"], "so that they cancel"),
        ("the last ten KLs", [REWARD, "policy_drift = np.mean(kls[-10:])"], "mean of the last ten. Drift"),
        ("all KLs", [REWARD, "policy_drift = np.mean(kls)"], "whole run. Drift"),
        ("a mean of squares, no half", [REWARD, "policy_drift = ((path[-1] - W_REF) ** 2).mean()"], "and mind the 1/(2σ²)"),
        ("one digit", ["final_reward = round(np.mean(rewards[-10:]), 1)", DRIFT], "at least two digits"),
    ],
    "exercise-dpo": [
        ("empty", [], "`final_loss` is still empty"),
        ("the last batch", ["final_loss = losses[-1]", SCORE], "last batch"),
        ("the last ten batches", ["final_loss = np.mean(losses[-10:])", SCORE], "last ten batches"),
        ("the whole run", ["final_loss = np.mean(losses)", SCORE], "whole run"),
        ("no beta", ["final_loss, _ = dpo_loss_and_grad(path[-1], contexts, preferred, rejected)", SCORE], "default beta"),
        ("beta of one", ["final_loss = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=1.0)[0]", SCORE], "lost its beta"),
        ("both things", ["final_loss = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)", SCORE], "two things"),
        ("the gradient", ["_, final_loss = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)", SCORE], "an array of shape (4, 5)"),
        ("a sum", [LOSS + "\nfinal_loss *= len(contexts)", SCORE], "sum over all pairs"),
        ("the sign", [LOSS + "\nfinal_loss = -final_loss", SCORE], "sign is turned"),
        ("pairs swapped", ["final_loss, _ = dpo_loss_and_grad(path[-1], contexts, rejected, preferred, beta=beta)", SCORE], "swapped"),
        ("the start", ["final_loss, _ = dpo_loss_and_grad(path[0], contexts, preferred, rejected, beta=beta)", SCORE], "ln 2 is the loss of the reference"),
        ("a probability", ["final_loss = sigmoid(implicit_margin(path[-1], contexts, preferred, rejected, beta)).mean()", SCORE], "a probability"),
        ("three things", [LOSS, "true_score = evaluate_policy(path[-1])"], "three things"),
        ("the spread", [LOSS, "_, true_score, _ = evaluate_policy(path[-1])"], "spread"),
        ("the half-width", [LOSS, "true_score = evaluate_policy(path[-1])[2]"], "half-width"),
        ("the learned weights", [LOSS, "true_score = path[-1][0] @ rm_weights"], "*learned* weights"),
        ("the reference", [LOSS, "true_score = evaluate_policy(path[0])[0]"], "score of the reference"),
        ("the data", [LOSS, "true_score = (preferred @ TRUE_WEIGHTS).mean()"], "no training changes"),
        ("the KL", [LOSS, "true_score = kl_to_reference(path[-1])"], "KL to the reference"),
        ("columns swapped", ["true_score, _ = dpo_loss_and_grad(path[-1], contexts, preferred, rejected, beta=beta)", "final_loss = evaluate_policy(path[-1])[0]"], "columns are swapped"),
        ("the last batch in the table", dpo_loop("beta, losses[-1], evaluate_policy(path[-1])[0]"), "last batch"),
        ("RLHF's policy in the table", dpo_loop(f"beta, {ALL_LOSS}, evaluate_policy(policy_weights)[0]"), "True Score is the same for every beta"),
        ("no table", "x = 1", "no `table`"),
        ("beta first forgotten", [LOSS, SCORE + "\nreturn final_loss, true_score, beta"], "in this order: `beta`"),
        ("arguments ignored", ["final_loss = 0.5", "true_score = 2.8"], "the same row whatever run"),
        ("a beta missing", dpo_loop(f"beta, {ALL_LOSS}, evaluate_policy(path[-1])[0]").replace("0.1, ", ""), "no row for beta = 0.1"),
        ("the accuracy in the table", dpo_loop("beta, accuracies[-1], evaluate_policy(path[-1])[0]"), "ranked right. The table asks for the loss"),
        ("the accuracy for the score", dpo_loop(f"beta, {ALL_LOSS}, accuracies[-1]"), "accuracy on the pairs"),
    ],
    "exercise-gradient": [
        ("empty", [], "still empty"),
        ("climbs", gradient("return -", "return "), "sign is turned"),
        ("a sum", gradient(" / len(d)", ""), "divide by their number"),
        ("no chain rule", gradient("return -beta * ", "return -"), "factor `beta` is missing"),
        ("no beta in the margin", gradient("margin = beta * ", "margin = "), "has lost its `beta`"),
        ("the default beta", ["beta = BETA" + GRADIENT.replace("\n    ", "\n")], "default `BETA`"),
        ("the error turned", gradient("sigmoid(-margin)", "sigmoid(margin)"), "how *wrong*"),
        ("no error", gradient("sigmoid(-margin)", "(0 * margin + 1)"), "pulls alike"),
        ("the slope of sigma", gradient("sigmoid(-margin)", "(sigmoid(-margin) * sigmoid(margin))"), "slope of σ"),
        ("chosen alone", gradient("[:, None] * d", "[:, None] * preferred"), "rejected answers are missing"),
        ("plus for minus", gradient("[:, None] * d", "[:, None] * (preferred + rejected)"), "with a plus sign"),
        ("no reference", gradient("weights - W_REF", "weights"), "reference is missing"),
        ("transposed", gradient("return ", "return (", "len(d)", "len(d)).T"), "the transpose"),
        ("no contexts", gradient("contexts.T @ (sigmoid(-margin)[:, None] * d)", "(sigmoid(-margin)[:, None] * d).sum(axis=0)"), "contexts are missing"),
        ("another shape", ["return np.ones(20)"], "the shape of `weights`"),
        ("half of it", gradient("return -beta", "return -beta / 2"), "finite differences give"),
        ("no arguments", "def dpo_gradient():\n    pass", "should take"),
        ("no function", "gradient = 1", "should take"),
    ],
    "exercise-clip": [
        ("empty", [], "value is still empty"),
        ("half empty", [VALUE, None], "slope is still empty"),
        ("no clip", ["value = ratio * advantage", SLOPE], "Nothing is clipped"),
        ("clipped alone", ["value = np.clip(ratio, 1 - epsilon, 1 + epsilon) * advantage", SLOPE], "clipped one alone"),
        ("the larger", [VALUE.replace("minimum", "maximum"), SLOPE], "larger of the two"),
        ("the loss", [VALUE + "\nvalue = -value", SLOPE], "That is the loss"),
        ("the advantage for the ratio", ["value = np.clip(advantage, -epsilon, epsilon)", SLOPE], "there is no ratio"),
        ("the advantage clipped", ["value = ratio * np.clip(advantage, -epsilon, epsilon)", SLOPE], "The advantage is clipped. It is"),
        ("around zero", [VALUE.replace("1 - epsilon, 1 + epsilon", "-epsilon, epsilon"), SLOPE], "clipped around 0"),
        ("the product", ["value = np.clip(ratio * advantage, 1 - epsilon, 1 + epsilon)", SLOPE], "product is clipped"),
        ("one side", ["value = np.minimum(ratio, 1 + epsilon) * advantage", SLOPE], "bad ones are held below 1 − ε"),
        ("typed in", [VALUE.replace("epsilon", "0.2"), SLOPE], "0.2 is typed in"),
        ("something else", [VALUE + "\nvalue = value / 2", SLOPE], "smaller of free and clipped"),
        ("one number", [VALUE + "\nvalue = value.mean()", SLOPE.replace("value", "clipped")], "value should be one number an answer"),
        ("one thing", [VALUE + "\nreturn value", None], "should return two arrays"),
        ("no arguments", "ppo_objective = lambda ratio: ratio", "should take"),
        ("one slope", [VALUE, "slope = 1.0"], "slope should be one number an answer"),
        ("the slope of free", [VALUE, "slope = advantage"], "goes on where the value is flat"),
        ("both sides", [VALUE, "slope = advantage * (abs(ratio - 1) <= epsilon)"], "hold on both sides"),
        ("turned", [VALUE, "slope = np.where(free <= clipped, 0, advantage)"], "slope is turned"),
        ("sides exchanged", [VALUE, "slope = np.where(np.where(advantage < 0, ratio > 1 + epsilon, ratio < 1 - epsilon), 0, advantage)"], "sides are exchanged"),
        ("in the log-prob", [VALUE, "slope = np.where(free <= clipped, ratio * advantage, 0)"], "slope in the log-prob"),
        ("of the loss", [VALUE, "slope = np.where(free <= clipped, -advantage, 0)"], "sign is turned"),
        ("no advantage", [VALUE, "slope = (free <= clipped) * 1.0"], "slope is 0 or 1"),
        ("slope typed in", [VALUE, "slope = np.where(free <= np.clip(ratio, 0.8, 1.2) * advantage, advantage, 0)"], "0.2 is typed in"),
        ("half the slope", [VALUE, "slope = np.where(free <= clipped, advantage, 0) / 2"], "finite differences give"),
    ],
    "exercise-repair": [
        ("as it is", [], "6 of 6 faults left: 1 contexts, 2 pairs, 3 step, 4 KL, 5 bias, 6 labels. Contexts have mean zero"),
        ("contexts left", repaired(contexts=None), "1 of 6 faults left: 1 contexts. Contexts have mean zero"),
        ("pairs left", repaired(pairs=None), "1 of 6 faults left: 2 pairs. The answers do not depend"),
        ("step left", repaired(pull=None, score=None), "1 of 6 faults left: 3 step. Every step runs along"),
        ("KL left", repaired(answers=None, penalty=None), "1 of 6 faults left: 4 KL. The “KL” is a squared distance"),
        ("bias left", repaired(reward=None), "1 of 6 faults left: 5 bias. Every answer is paid 0.43"),
        ("labels left", repaired(labels=None), "1 of 6 faults left: 6 labels. The labels never err"),
        ("three left", repaired(contexts=None, reward=None, labels=None), "3 of 6 faults left: 1 contexts, 5 bias, 6 labels."),
        ("contexts all alike", repaired(contexts="return np.ones((n, 4))"), "All contexts are the same"),
        ("contexts of another shape", repaired(contexts="return np.ones((n, 4))[:9]"), "should give shape (n, 4)"),
        ("pairs of another policy", repaired(pairs="first, second = 5 * contexts @ W_REF + rng.standard_normal((2, n, 5))"), "not as the reference’s do"),
        ("no contexts with the pairs", repaired(labels=REPAIRED[3] + "\nreturn first, second"), "should give three arrays"),
        ("the score alone", repaired(pull=None), "3 step. The score is there"),
        ("the ratio alone", repaired(score=None), "3 step. Every step runs along"),
        ("ratio, and a clipped advantage", repaired(pull=RATIO + "slope = ratio * np.clip(advantages, -epsilon, epsilon)"), "clipped, not the ratio"),
        ("no ratio, no clip", repaired(pull="slope = advantages"), "no ratio to the policy that sampled, and no clip"),
        ("no clip", repaired(pull=RATIO + "slope = ratio * advantages"), "nothing holds it"),
        ("held, but without the ratio", repaired(pull=REPAIRED[6].replace("ratio * advantages", "advantages")), "What is held is right"),
        ("held on both sides", repaired(pull=RATIO + "slope = np.where(abs(ratio - 1) > epsilon, 0, ratio * advantages)"), "in the *wrong* direction are held"),
        ("descends", repaired(score="score = (contexts @ weights - outputs) / SIGMA**2"), "The step descends"),
        ("twice the step", repaired(score="score = 2 * (outputs - contexts @ weights)"), "The step is not PPO’s"),
        ("one row", repaired(score=REPAIRED[7] + "\nreturn weights[0]"), "should return the new weights"),
        ("the reference alone", repaired(penalty="return ((outputs - contexts @ W_REF) ** 2).sum(axis=1) / 2"), "That is −log π_ref"),
        ("the KL's sign", repaired(penalty="return log_prob(outputs, contexts, W_REF) - log_prob(outputs, contexts, weights)"), "log π comes first"),
        ("no 1/(2σ²)", repaired(penalty="return ((contexts @ (weights - W_REF)) ** 2).sum(axis=1)"), "without the 1/(2σ²)"),
        ("some penalty", repaired(penalty="return abs(outputs).sum(axis=1)"), "The penalty is not a KL"),
        ("one penalty", repaired(penalty="return kl_to_reference(weights)"), "should be one number an answer"),
        ("the spread left", repaired(answers=None), "4 KL. The penalty is right. But answers have spread 0.1"),
        ("whitened reward", repaired(reward="r = outputs @ reward_weights\nreturn r / (r.std() + 1e-9)"), "whatever else is in the batch"),
        ("the worse answer", repaired(labels=REPAIRED[3].replace("<", ">")), "The worse answer is preferred"),
        ("some labels flipped", repaired(labels="first_wins = ((first - second) @ TRUE_WEIGHTS > 0) ^ (rng.random(n) < 0.2)"), "not as Bradley and Terry say"),
        ("the contexts alone", "article_contexts = lambda n, rng: 1", "no `article_pairs`"),
    ],
    "challenge-dims": [
        ("empty", [], "still all zeros"),
        ("both things", ["return train_reward_model(wide_preferred, wide_rejected)", None], "one tuple"),
        ("five features", ["return train_reward_model(preferred, rejected)[0]", None], "shape (5,)"),
        ("padded", ["return np.pad(rm_weights, (0, 45))", None], "padded with zeros"),
        ("the first five alone", ["w = np.zeros(50)\nw[:5] = train_reward_model(wide_preferred[:, :5], wide_rejected[:, :5])[0]\nreturn w", None], "learn all 50"),
        ("the taste", ["return 2 * wide_taste", None], "own taste"),
        ("pairs swapped", ["return train_reward_model(wide_rejected, wide_preferred)[0]", None], "the opposite"),
        ("preferred alone", ["return train_reward_model(wide_preferred, 0 * wide_rejected)[0]", None], "preferred answers alone"),
        ("barely trained", ["return train_reward_model(wide_preferred, wide_rejected, lr=0.01, epochs=20)[0]", None], "more epochs"),
        ("run off", ["return np.full(50, np.nan)", None], "NaN"),
        ("ten pairs", ["return train_reward_model(wide_preferred[:60], wide_rejected[:60])[0] * 1.0", None], "Are all of them used"),
        ("other pairs", ["return train_reward_model(*wide_pairs(700, np.random.default_rng(2)))[0]", None], "the same weights whatever"),
        ("no number", [TRAIN, None], "Half done"),
        ("too few", [TRAIN, "enough = 400"], "It takes more"),
        ("far too many", [TRAIN, "enough = 9000"], "a third of them"),
        ("absurd", [TRAIN, "enough = 10**9"], "more than enough"),
        ("a share", [TRAIN, "enough = 0.91"], "looks like a share"),
        ("crash", ["return {200: train_reward_model(wide_preferred, wide_rejected)[0]}[n]", None], "tried on other inputs and stopped in line 16. KeyError: 300"),
        ("no name", "WIDE_DIM = 50", "no `wide_"),
        ("a list of numbers", [TRAIN, "enough = [200, 500]"], "one number, of pairs"),
    ],
    "challenge-noise": [
        ("empty", [], "Nothing has been swapped yet"),
        ("the wrong side", ["s = swap[:, None]\nreturn np.where(s, preferred, rejected), np.where(s, rejected, preferred)"], "on the wrong side"),
        ("returned in the wrong order", ["s = swap[:, None]\nreturn np.where(s, preferred, rejected), np.where(s, rejected, preferred)"], "on the wrong side"),
        ("one side alone", ["return np.where(swap[:, None], rejected, preferred), rejected"], "both answers are now the same"),
        ("the other side alone", ["return preferred, np.where(swap[:, None], preferred, rejected)"], "both answers are now the same"),
        ("overwritten before copied", ["a, b = preferred.copy(), rejected.copy()\na[swap] = b[swap]\nb[swap] = a[swap]\nreturn a, b"], "overwritten before"),
        ("all", ["return rejected, preferred"], "Every pair has changed places"),
        ("dropped", ["return preferred[~swap], rejected[~swap]"], "Swapped pairs stay in the data"),
        ("other pairs", ["s = swap[::-1, None]\nreturn np.where(s, rejected, preferred), np.where(s, preferred, rejected)"], "not those where `swap`"),
        ("its own draw", ["s = np.random.default_rng(5).random((len(swap), 1)) < 0.2\nreturn np.where(s, rejected, preferred), np.where(s, preferred, rejected)"], "not those where `swap`"),
        ("signs", ["s = np.where(swap, -1, 1)[:, None]\nreturn s * preferred, s * rejected"], "Signs were turned"),
        ("single features", ["s = np.random.default_rng(5).random(preferred.shape) < 0.2\nreturn np.where(s, rejected, preferred), np.where(s, preferred, rejected)"], "Single features"),
        ("shuffled", ["a = preferred.copy()\na[swap] = a[swap][::-1]\nreturn a, rejected"], "moved to other pairs"),
        ("noise added", ["return preferred + 0.1, rejected"], "Swapping changes places"),
        ("in place", ["preferred[swap], rejected[swap] = rejected[swap], preferred[swap]\nreturn preferred, rejected"], "changes the arrays that it is given"),
        ("nothing returned", [SWAP.replace("return", "x =") + "\nreturn preferred"], "should return two arrays"),
        ("forty per cent, without the function", """
            s = np.random.default_rng(3).random((len(preferred), 1)) < 0.4
            swap = s[:, 0] * 0
            noisy_preferred, noisy_rejected = np.where(s, rejected, preferred), np.where(s, preferred, rejected)
            noisy_weights = train_reward_model(noisy_preferred, noisy_rejected)[0]
        """, "slips in 20 %"),
        ("nothing at all returned", ["return"], "returns nothing"),
        ("another shape", ["return preferred.T, rejected.T"], "Each side should have shape"),
        ("the first answer twice", ["return preferred, preferred"], "In some pairs both answers are now the same"),
        ("weights and losses", SWAPPED_DATA + "noisy_weights = np.zeros(4)", "`noisy_weights` should be 5 numbers"),
        ("weights of the clean labels", SWAPPED_DATA + "noisy_weights = rm_weights", "those of the clean labels"),
        ("trained the other way", SWAPPED_DATA + "noisy_weights, _ = train_reward_model(noisy_rejected, noisy_preferred)", "point the other way"),
        ("hardly trained", SWAPPED_DATA + "noisy_weights, _ = train_reward_model(noisy_preferred, noisy_rejected, epochs=2)", "do not follow"),
    ],
    "challenge-relu": [
        ("empty", [], "`relu_reward` is still empty"),
        ("no ReLU", ["return (outputs @ A + b) @ v", backward()], "The ReLU is missing"),
        ("no bias", ["return np.maximum(0, outputs @ A) @ v", backward()], "hidden bias `b` is missing"),
        ("ReLU on the reward", ["return np.maximum(0, (outputs @ A + b) @ v)", backward()], "sits on the reward"),
        ("bias too late", ["return (np.maximum(0, outputs @ A) + b) @ v", backward()], "bias comes too late"),
        ("no output weights", ["return np.maximum(0, outputs @ A + b).sum(axis=1)", backward()], "`v` are missing"),
        ("the negative half", ["return np.minimum(0, outputs @ A + b) @ v", backward()], "negative half"),
        ("many numbers", ["return (np.maximum(0, outputs @ A + b) @ v[:, None])", backward()], "gives shape (40, 1)"),
        ("no gradients", [FORWARD, None], "`relu_gradients` is still empty"),
        ("no mask", [FORWARD, backward("-error * v", "-error * v")], "units that are off"),
        ("the mask turned", [FORWARD, backward("-error * v * (hidden_w <= 0)", "-error * v * (hidden_l <= 0)")], "kills the gradient: it passes where the unit is *off*"),
        ("ReLU on the way back", [FORWARD, backward("np.maximum(0, -error * v * (hidden_w > 0))", "np.maximum(0, -error * v * (hidden_l > 0))")], "kills the gradient: `np.maximum"),
        ("the value for the slope", [FORWARD, backward("-error * v * np.maximum(0, hidden_w)", "-error * v * np.maximum(0, hidden_l)")], "slope of the ReLU"),
        ("the other side's mask", [FORWARD, backward(back_l="-error * v * (hidden_w > 0)")], "chosen answers’ ReLU"),
        ("climbs", [FORWARD, backward(last="-grad_A, -grad_b, -grad_v")], "climbs the loss"),
        ("a sum", [FORWARD, backward(n="1")], "divide by their number"),
        ("plus for minus", [FORWARD, backward(minus="+")], "with a plus sign"),
        ("the wrong error", [FORWARD, backward(error="sigmoid(active @ v)")], "how *wrong*"),
        ("no error", [FORWARD, backward(error="np.ones(len(preferred))")], "pulls alike"),
        ("not through v", [FORWARD, backward("-error * (hidden_w > 0)", "-error * (hidden_l > 0)")], "leads through `v`"),
        ("v before the ReLU", [FORWARD, backward(grad_v="-(error * (hidden_w - hidden_l)).sum(axis=0)")], "*after* the ReLU"),
        ("hidden layer frozen", [FORWARD, backward(last="0 * grad_A, 0 * grad_b, grad_v")], "the hidden layer never learns"),
        ("order", [FORWARD, backward(last="grad_v, grad_b, grad_A")], "should have the shape of `A`"),
        ("one gradient off", [FORWARD, backward(last="grad_A, 2 * grad_b, grad_v")], "The gradient for `b` is not that of the loss"),
        ("linear", own_relu("w, _ = train_reward_model(preferred_, rejected_)\nreward = lambda outputs: outputs @ w"), "still linear"),
        ("pairs swapped", own_relu(RANDOM_FEATURES.replace("layer(preferred_), layer(rejected_)", "layer(rejected_), layer(preferred_)")), "the opposite"),
        ("the taste", own_relu("reward = lambda outputs: 2 * curved_taste(outputs) - 1"), "own taste"),
        ("two axes", own_relu(RANDOM_FEATURES.replace("@ out", "@ out[:, None]")), "drops the second axis"),
        ("run off", own_relu("reward = lambda outputs: outputs[:, 0] * np.nan"), "NaN"),
        ("all zero", own_relu("A, b, v = np.zeros((5, 8)), np.zeros(8), np.zeros(8)\nreward = lambda y: np.maximum(0, y @ A + b) @ v"), "all weights start at zero"),
        ("dead", own_relu("A, b, v = rng.standard_normal((5, 8)), np.full(8, -99.0), np.ones(8)\nreward = lambda y: np.maximum(0, y @ A + b) @ v"), "killed the gradient"),
        ("all units alike", own_relu("A, b, v = np.ones((5, 8)), np.ones(8), np.ones(8)\nreward = lambda y: np.maximum(0, y @ A + b) @ v + 1e-3 * y[:, 0]"), "All hidden units are the same"),
        ("no bias, own model", own_relu(RANDOM_FEATURES.replace("rng.standard_normal(200)", "np.zeros(200)")), "Twice the answer gives twice the reward"),
        ("batch", own_relu(RANDOM_FEATURES.replace("return layer(outputs) @ out", "r = layer(outputs) @ out\n        return (r - r.mean()) / r.std()")), "changes with the other answers"),
        ("little trained", own_relu(RANDOM_FEATURES.replace("epochs=400", "epochs=2")), "More epochs"),
        ("no reward", own_relu("score = 1"), "no `reward`"),
        ("no function", own_relu("reward = 0.9"), "`reward` should be a function"),
        ("the hidden layer itself", ["return np.maximum(0, outputs @ A + b)", backward()], "from many numbers to one"),
        ("the absolute value", ["return np.abs(outputs @ A + b) @ v", backward()], "That is the absolute value"),
        ("a sigmoid layer", ["return sigmoid(outputs @ A + b) @ v", backward()], "That is a sigmoid layer"),
        ("a tanh layer", ["return np.tanh(outputs @ A + b) @ v", backward()], "That is a tanh layer"),
        ("a step", ["return (outputs @ A + b > 0) @ v", backward()], "That is a step"),
        ("something else", ["return np.maximum(0, outputs @ A + b) @ v ** 2", backward()], "not right yet on a random network"),
        ("two gradients", [FORWARD, backward(last="grad_A, grad_b")], "should return three arrays"),
        ("the rejected left out", [FORWARD, backward(back_l="0 * hidden_l", grad_v="-(error * np.maximum(0, hidden_w)).sum(axis=0)")], "rejected answers are missing"),
        ("constant", own_relu("reward = lambda y: np.ones(len(y))"), "the same for every answer"),
        ("the ReLU on the reward", own_relu(RANDOM_FEATURES.replace("return layer(outputs) @ out", "return np.maximum(0, layer(outputs) @ out - np.median(layer(preferred_) @ out))")), "the lowest reward exactly"),
        ("hardly a unit on", own_relu("A, b, v = np.eye(5, 8), np.full(8, -99.0), -np.ones(8)\nA[0, 1], b[0], b[1] = -1, -0.5, 0.5\nreward = lambda y: np.maximum(0, y @ A + b) @ v"), "Only 2 of 8 hidden units"),
    ],
}  # fmt: skip

RIGHT_CASES = [pytest.param(block, answer, id=f"{block}: {name}") for block, cases in RIGHT.items() for name, answer in cases.items()]
WRONG_CASES = [
    pytest.param(block, answer, said, id=f"{block}: {name}")
    for block, cases in WRONG.items() for name, answer, said in cases
]  # fmt: skip

# Answers with which the block itself stops with an error; the check knows more than the error says.
STOPPING = {
    "exercise-rlhf: the slice itself", "exercise-rlhf: every policy's KL", "exercise-dpo: both things",
    "exercise-dpo: the gradient", "exercise-dpo: three things", "challenge-dims: both things", "challenge-dims: five features",
    "challenge-noise: nothing returned", "challenge-noise: nothing at all returned", "challenge-noise: another shape",
    "exercise-gradient: transposed", "exercise-gradient: another shape", "exercise-clip: one number",
    "exercise-clip: one thing", "exercise-clip: one slope", "exercise-repair: contexts of another shape",
    "exercise-repair: no contexts with the pairs", "exercise-repair: one row", "challenge-relu: order", "challenge-relu: the hidden layer itself", "challenge-relu: two gradients",
}  # fmt: skip


@pytest.mark.parametrize(("block", "answer"), RIGHT_CASES)
def test_a_right_answer_passes(work, block, answer):
    verdict, _ = work(block, answer)
    assert verdict["passed"], verdict["message"]
    assert verdict["message"] == EXERCISES[block].fact


@pytest.mark.parametrize(("block", "answer", "said"), WRONG_CASES)
def test_a_wrong_answer_is_told_what_is_wrong(work, starters, request, block, answer, said):
    if block == "challenge-relu" and isinstance(answer, list):
        # What is wrong with these shows before they are trained.
        answer = fill(starters[block], answer).replace("epochs=300", "epochs=5")
    fails = request.node.callspec.id in STOPPING
    verdict, _ = work(block, answer, fails)
    assert not verdict["passed"]
    assert said in verdict["message"]


@pytest.mark.parametrize("block", EXERCISES)
def test_the_solution_passes_and_keeps_the_starters_lines(work, starters, solutions, block):
    verdict, _ = work(block, solutions[block])
    assert verdict["passed"], verdict["message"]
    kept = [line for line in starters[block].splitlines() if line.strip() and "# your code" not in line]
    lines = iter(solutions[block].splitlines())
    missing = [line for line in kept if line not in lines]  # in order: `in` moves the iterator on
    assert not missing


@pytest.mark.parametrize("block", EXERCISES)
def test_there_are_several_hints_and_none_is_the_solution(solutions, block):
    assert len(EXERCISES[block].hints) >= 3
    assert len(set(EXERCISES[block].hints)) == len(EXERCISES[block].hints)


def test_each_exercise_has_enough_answers_to_be_tried():
    assert RIGHT.keys() == WRONG.keys() == EXERCISES.keys()
    assert all(len(cases) >= 4 for cases in RIGHT.values())
    for cases in WRONG.values():
        assert len({said for _, _, said in cases}) >= 8


def test_edits_above_are_taken_as_they_are(before, starters):
    """A reader who has changed the reward is checked against the lesson as they left it."""
    events = []
    runner = Runner(events.append, GIVEN)
    runner.namespace.update(before)
    steps = ["rm_weights = 2 * rm_weights", fill(starters["exercise-rlhf"], [REWARD, DRIFT])]
    for step in steps:
        asyncio.run(runner.run(1, "exercise-rlhf", step))
    assert grade(EXERCISES["exercise-rlhf"], runner.namespace, "exercise-rlhf")["passed"]


def test_the_repaired_recipe_learns(work, before):
    _, names = work("exercise-repair", REPAIRED)
    best = before["optimal_policy"](names["article_weights"])[0] @ before["TRUE_WEIGHTS"]
    for policy in ("article_rlhf", "article_dpo"):
        assert names[policy][0] @ before["TRUE_WEIGHTS"] == pytest.approx(best, rel=0.2)


# The mechanism, with checks made up here.


def verdict(namespace, *checks, source=None, failed=None):
    if source:
        exec(compile(source, "/lesson/b.py", "exec"), namespace)
    return grade(Exercise(checks, ("hint",), "a fact"), namespace, "b", failed)


def test_the_first_check_with_something_to_say_speaks():
    assert verdict({}, lambda work: None, lambda work: "one", lambda work: "two") == {"passed": False, "message": "one", "line": None}
    assert verdict({}, lambda work: None) == {"passed": True, "message": "a fact", "line": None}


def test_a_table_speaks_by_its_first_row_that_holds_case_by_case():
    asked = []
    text = """
double = asked.append(x) or twice(x)
kind = "double"
double < 0 |
x < 0 | not reached
double > 5 | {kind} {x} is {double:.1f},
 over {limit[0]}
double > 3 | not reached
"""
    scope = {"asked": asked, "twice": lambda x: 2 * x}
    check = Table(scope, text, ({"x": -1}, {"x": 1}, {"x": 3}, {"x": 2}))
    assert verdict({"limit": [5]}, check)["message"] == "double 3 is 6.0, over 5"
    assert asked == [-1, 1, 3]  # each fact once a case, and no further case
    assert "no `limit`" in verdict({}, check)["message"]
    assert verdict({}, Table(scope, text, ({"x": 1},)))["passed"]


def test_a_row_may_say_what_a_mistake_makes_of_the_answer():
    check = Table({}, "answer = np.array(found)\n= 2 * np.ones(2) | twice\n= np.ones((2, 1)) | a column\n= np.ones(2) |")
    assert verdict({"found": [2.0, 2.0]}, check)["message"] == "twice"
    assert verdict({"found": [[1.0], [1.0]]}, check)["message"] == "a column"
    assert verdict({"found": [1.0, 1.0]}, check)["passed"]


def test_a_missing_name_is_said():
    assert "no `table`" in verdict({}, lambda work: work["table"] and None)["message"]


def test_a_crash_in_the_readers_function_names_its_line():
    said = verdict({}, lambda work: work.call("f", 0), source="def f(x):\n    y = 1\n    return y / x")
    assert said["line"] == 3
    assert said["message"] == "Your `f` was tried on other inputs and stopped in line 3. ZeroDivisionError: division by zero."


@pytest.mark.parametrize("body", ["raise SystemExit", "return f(x)", "raise BaseException('odd')"])
def test_no_crash_gets_past_the_check(body):
    assert not verdict({}, lambda work: work.call("f", 0), source=f"def f(x):\n    {body}")["passed"]


def test_a_check_that_fails_itself_does_not_blame_the_reader():
    assert "could not read" in verdict({}, lambda work: 1 / 0)["message"]


def test_checks_change_nothing():
    source = """
import numpy as np
array, items, table, known = np.zeros(3), [1], {"a": 1}, {1}
def f(x):
    global items, fresh
    x += 1
    array[0], table["b"], fresh = 5, 2, 3
    items.append(2)
    known.add(2)
    items = None
    print("noise")
    return 1
"""
    namespace = {}
    exec(compile(source, "/lesson/b.py", "exec"), namespace)
    bindings, given = dict(namespace), np.zeros(2)
    assert verdict(namespace, lambda work: work.call("f", given) and None)["passed"]
    assert namespace == bindings and namespace["items"] is bindings["items"]
    assert namespace["array"].tolist() == [0, 0, 0] and given.tolist() == [0, 0]
    assert (namespace["items"], namespace["table"], namespace["known"]) == ([1], {"a": 1}, {1})


def test_what_the_readers_function_prints_is_not_shown(capsys):
    verdict({}, lambda work: work.call("f"), source="def f():\n    print('noise')")
    assert capsys.readouterr().out == ""


def test_stop_ends_a_check():
    def stopped(work):
        raise KeyboardInterrupt

    events = []
    grading.check(events.append, 7, Exercise((stopped,), (), ""), {"x": 1}, "b")
    (done,) = events
    assert (done["type"], done["id"], done["status"]) == ("done", 7, "stopped")


def test_a_block_that_failed_never_passes_on_what_an_earlier_run_left():
    def run(*sources):
        events = []
        runner = Runner(events.append)
        for source in sources:
            asyncio.run(runner.run(1, "b", source))
        is_one = Exercise((lambda work: None if work["x"] == [1] else "x should be [1]",), (), "a fact")
        return grade(is_one, runner.namespace, "b", runner.failed)

    assert run("x = [1]")["passed"]
    assert run("x = [1]", "x = [2]\n1 / 0")["message"] == "x should be [1]"
    assert "nothing to check" in run("x = [1]", "1 / 0\nx = [1]")["message"]
    assert "nothing to check" in run("x = [2]", "x = (")["message"]
    assert "before its end" in run("x = [2]", "x = [1]\n1 / 0")["message"]


def test_work_knows_what_can_be_called():
    names = {"f": lambda a, b=1: a, "x": 3}
    work = Work(names)
    assert work.takes("f", 1) and work.takes("f", 1, 2)
    assert not work.takes("f") and not work.takes("x", 1) and not work.takes("absent", 1)


def test_numbers_are_read_generously():
    for value in (2, 2.0, np.float64(2), np.array(2), np.array([2.0]), "2.0", " 2 "):
        assert number(value) == 2.0
    for value in (None, True, "two", [1, 2], np.zeros((2, 2)), {}, lambda: 2):
        assert number(value) is None
    assert near(2.68, 2.6821) and not near(2.6, 2.6821) and not near(float("nan"), 1)
