"""A reader's loss: mistakes are named with their line, right ones pass in any style, and bad input gets a sentence."""

import importlib.util
import itertools
import json
import linecache
import pathlib
import re

import numpy as np
import pytest

from judging import recorded
from judging.families import FAMILIES, cases_of
from judging.judge import judge, judged, sentence
from judging.mistakes import known
from preflab.numeric import Loss
from runtime.grading import speak

TOP = pathlib.Path(__file__).resolve().parents[2]
NUMBERS = itertools.count()


def script(path):
    """A module of tests/ that is no part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = script(TOP / "tests/mutations.py")


def pasted(text, name="loss", **more):
    """What a block leaves that has this text in it."""
    file = f"/lesson/pasted-{next(NUMBERS)}.py"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = {"np": np, "__name__": "__main__", **more}
    exec(compile(text, file, "exec"), names)
    return names[name]


# The seeded mistakes: the library, with the mistake in it, pasted as one text.

LIBRARY = ("numeric", "kl", "losses", "ppo", "groups")
OURS = {  # what of the library is the loss of a family
    "DPO": "def loss(c, r, rc, rr, beta):\n    return pairwise(dpo, c, r, rc, rr, beta=beta)",
    "IPO": "def loss(c, r, rc, rr, beta):\n    return pairwise(ipo, c, r, rc, rr, beta=beta)",
    "KTO": "def loss(policy, ref, label, policy_kl, ref_kl, beta, desirable_weight=1.0, undesirable_weight=1.0):\n"
    "    z0 = kto_reference_point(policy_kl - ref_kl)\n"
    "    result = kto(policy - ref, label, z0, beta, desirable_weight, undesirable_weight)\n"
    "    return result.loss, result.grads['log_ratios']",
    "ORPO": "def loss(policy_chosen, policy_rejected, beta):\n    return orpo(policy_chosen, policy_rejected, beta)",
    "SimPO": "def loss(policy_chosen, policy_rejected, beta, gamma):\n"
    "    return simpo(policy_chosen, policy_rejected, beta, gamma)",
    "PPO": "def loss(logps, old_logps, advantages, epsilon, mask):\n"
    "    return policy_loss(logps, old_logps, advantages, epsilon, mask)",
    "RLOO": "def loss(logps, old_logps, advantages, mask, epsilon):\n"
    "    return rloo_loss(logps, old_logps, advantages, mask, epsilon, epsilon)",
    "GRPO": "def loss(logps, old_logps, ref_logps, advantages, mask, beta, epsilon):\n"
    "    return grpo_loss(logps, old_logps, advantages, mask, ref_logps, beta=beta, low=epsilon, high=epsilon)",
    "RLOO advantages": "def loss(rewards):\n"
    "    return rloo_advantages(rewards.ravel(), rewards.shape[1]).reshape(rewards.shape)",
    "GRPO advantages": "def loss(rewards):\n"
    "    return grpo_advantages(rewards.ravel(), rewards.shape[1]).reshape(rewards.shape)",
}
# The same of the page's blocks, by block.
LOGS = """
class Logs:
    mismatched = None
    def __init__(self, chosen, rejected, ref_chosen=None, ref_rejected=None):
        self.chosen, self.rejected = chosen, rejected
        self.ref_chosen, self.ref_rejected = ref_chosen, ref_rejected


def log_ratio_gap(logs):
    return (logs.chosen - logs.ref_chosen) - (logs.rejected - logs.ref_rejected)
"""
PAGE = {
    "variant-trainer": ("DPO", "dpo", "def loss(c, r, rc, rr, beta):\n    return dpo(Logs(c, r, rc, rr), beta)"),
    "ipo": ("IPO", "ipo", "def loss(c, r, rc, rr, beta):\n    return ipo(Logs(c, r, rc, rr), beta)"),
    "simpo": (
        "SimPO",
        "simpo",
        "def loss(policy_chosen, policy_rejected, chosen_lengths, rejected_lengths, beta, gamma, ref_chosen, "
        "ref_rejected):\n"
        "    # the block's answers have one length: put the two sums on that of the chosen\n"
        "    share = chosen_lengths / rejected_lengths\n"
        "    logs = Logs(policy_chosen, share * policy_rejected, ref_chosen, share * ref_rejected)\n"
        "    value, up, down = simpo(logs, beta, gamma, chosen_lengths)\n"
        "    return value, up, share * down",
    ),
    "kto": (
        "KTO",
        "kto",
        "def loss(policy, ref, label, policy_kl, ref_kl, beta):\n"
        "    far = 0 * policy + 1e6  # a bad answer that costs nothing, beside a good one, and the other way round\n"
        "    good = Logs(np.where(label == 1, policy - ref, far), np.where(label == 1, -far, policy - ref), 0, 0)\n"
        "    good.mismatched = policy_kl - ref_kl\n"
        "    value, up, down = kto(good, beta)\n"
        "    return 2 * value, 2 * np.where(label == 1, up, down)",
    ),
    "orpo": (
        "ORPO",
        "orpo",
        "def loss(policy_chosen, policy_rejected, beta):\n    return orpo(Logs(policy_chosen, policy_rejected), beta)",
    ),
    "rloo": ("RLOO advantages", "rloo_advantage", "def loss(rewards):\n    return rloo_advantage(rewards)"),
}
# The library has these, and the families of the page do not.
ELSEWHERE = re.compile(
    r"cDPO|rDPO|rdpo|hinge|AlphaPO|k1|k2 without|whitening|value|old values|REINFORCE|reinforce|corrected|odds_ratio:"
    r"|losses\.(pairwise|nll)|bnpo"
)


def without_imports(text):
    return re.sub(r"^(from|import) .*\n(?: .*\n|\).*\n)*", lambda m: "\n" * m[0].count("\n"), text, flags=re.M)


def library(mutation=None):
    """All of the library as one text, and the first line of the mistake in it."""
    texts = ["import math\nfrom collections.abc import Callable\nfrom typing import Any, NamedTuple\n"
             "from numpy.typing import ArrayLike\n"]  # fmt: skip
    for name in LIBRARY:
        text = (TOP / f"py/preflab/{name}.py").read_text("utf-8")
        if mutation and mutation.file == f"py/preflab/{name}.py":
            text = text.replace(mutation.old, mutation.new)
        texts.append(without_imports(text))
    return "\n".join(texts)


def page_block(blocks, block, mutation=None):
    """The functions of a block, and what they need."""
    name = PAGE[block][1]
    source = blocks[block]
    if mutation:
        source = source.replace(mutation.old, mutation.new)
    function = re.search(rf"^def {name}\(.*?(?=^\S)", source + "\nend", re.M | re.S)[0]
    sigmoid = "def sigmoid(x):\n    return 0.5 * (1 + np.tanh(0.5 * x))\n\n\n"
    found = re.search(r"^def log_ratio_gap\(.*?(?=^\S)", source, re.M | re.S)
    gap = found[0] if found else ""
    return sigmoid + "BETA, OUTPUT_DIM = 0.5, 5\n" + LOGS + gap + "\n\n" + function


SEEDED = [
    mutation
    for mutation in mutations.MISTAKES
    if mutation.file.split("/")[-1].removesuffix(".py") in LIBRARY and "preflab" in mutation.file
]
IN_BLOCKS = [mutation for mutation in mutations.MISTAKES if "/chapters/09" in mutation.file]


def test_the_library_is_right_by_its_own_cases():
    text = library()
    for family, adapter in OURS.items():
        verdict = judged(family, pasted(f"{text}\n{adapter}\n"), mend=False)
        assert verdict.passed and not verdict.remarks, sentence(family, verdict)


def found_in(text, adapters):
    """What is said where the text is not right, or is so with a reservation, by family."""
    said = {}
    for family, adapter in adapters.items():
        verdict = judged(family, pasted(f"{text}\n{adapter}\n"), mend=False)
        if not verdict.passed or verdict.remarks:
            said[family] = verdict
    return said


def is_named(verdict):
    """Known by name, or as a reservation about a loss that is right."""
    return bool(verdict.name) or (verdict.passed and all("Right, but" in one for one in verdict.remarks))


@pytest.mark.parametrize("mutation", SEEDED, ids=lambda mutation: mutation.name)
def test_each_seeded_mistake_is_named(mutation):
    said = found_in(library(mutation), OURS)
    if ELSEWHERE.search(mutation.name) or mutation.name in HARMLESS:
        assert all(map(is_named, said.values())), said
        return
    assert said, "nobody noticed"
    for family, verdict in said.items():
        assert is_named(verdict), sentence(family, verdict)


# Right all the same on what readers can be asked: the library refuses densities a second time, in log1mexp;
# exp(-x) = inf gives 1 / inf = 0.
HARMLESS = {"ORPO on densities", "sigmoid that overflows"}


@pytest.mark.parametrize("mutation", IN_BLOCKS, ids=lambda mutation: mutation.name)
def test_each_seeded_mistake_of_the_blocks_is_named(mutation, blocks):
    hit = [block for block in PAGE if blocks[block].count(mutation.old) == 1]
    if not hit:
        pytest.skip("in no loss that a reader is asked for")
    for block in hit:
        family, _, adapter = PAGE[block]
        before, after = page_block(blocks, block), page_block(blocks, block, mutation)
        if before == after:
            continue
        assert judged(family, pasted(f"{before}\n\n{adapter}\n"), mend=False).passed
        verdict = judged(family, pasted(f"{after}\n\n{adapter}\n"), mend=False)
        assert not verdict.passed or verdict.remarks
        assert is_named(verdict), sentence(family, verdict)


# Three styles of what is right: plain and named as here, terse and by position, and a library's, with its gradient.

SIGMOID = "def sigmoid(x):\n    return np.exp(-np.logaddexp(0.0, -x))\n\n\n"
RIGHT = {
    "DPO": [
        """
def loss(policy_chosen_logps, policy_rejected_logps, ref_chosen_logps, ref_rejected_logps, beta):
    policy_logratios = policy_chosen_logps - policy_rejected_logps
    ref_logratios = ref_chosen_logps - ref_rejected_logps
    losses = np.logaddexp(0, -beta * (policy_logratios - ref_logratios))
    chosen_rewards = beta * (policy_chosen_logps - ref_chosen_logps)
    return losses, chosen_rewards, beta * (policy_rejected_logps - ref_rejected_logps)
""",
        "loss = lambda a, b, c, d, beta=0.1: np.logaddexp(0, beta * (b - a + c - d)).mean()",
        SIGMOID
        + """
def loss(pi_w, pi_l, ref_w, ref_l, beta):
    m = beta * ((pi_w - ref_w) - (pi_l - ref_l))
    g = -beta * sigmoid(-m) / len(m)
    return -np.log(sigmoid(np.maximum(m, -700))).mean() - np.minimum(m + 700, 0).mean(), {"pi_w": g, "pi_l": -g}
""",
    ],
    "IPO": [
        "def loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):\n"
        "    return ((policy_chosen - ref_chosen - policy_rejected + ref_rejected - 0.5 / beta) ** 2).mean()",
        "loss = lambda a, b, c, d, tau: np.square(a - b - c + d - 1 / (2 * tau))",
        """
def loss(pi_w, pi_l, ref_w, ref_l, beta):
    value, slope = np.empty(len(pi_w)), np.empty(len(pi_w))
    for i in range(len(pi_w)):
        miss = (pi_w[i] - ref_w[i]) - (pi_l[i] - ref_l[i]) - 1 / (2 * beta)
        value[i], slope[i] = miss * miss, 2 * miss
    return value, slope, -slope
""",
    ],
    "KTO": [
        SIGMOID
        + """
def loss(policy_logps, ref_logps, label, policy_kl_logps, ref_kl_logps, beta, desirable_weight=1, undesirable_weight=1):
    kl = np.clip((policy_kl_logps - ref_kl_logps).mean(), 0, None)
    ratio = policy_logps - ref_logps
    good = desirable_weight * (1 - sigmoid(beta * (ratio - kl)))
    bad = undesirable_weight * (1 - sigmoid(beta * (kl - ratio)))
    return np.where(label == 1, good, bad).mean()
""",
        SIGMOID + "def loss(p, q, y, pk, qk, beta):\n"
        "    z = max(0, np.mean(pk - qk))\n    return sigmoid(beta * (1 - 2 * y) * (p - q - z))",
        SIGMOID
        + """
def loss(policy, ref, labels, policy_kl, ref_kl, beta):
    sign = np.where(labels == 1, 1, -1)
    s = sigmoid(sign * beta * (policy - ref - max(0.0, (policy_kl - ref_kl).mean())))
    return np.mean(1 - s), -beta * sign * s * (1 - s) / len(s)
""",
    ],
    "ORPO": [
        """
def loss(policy_chosen, policy_rejected, beta):
    log_odds = (policy_chosen - policy_rejected) - (
        np.log1p(-np.exp(policy_chosen)) - np.log1p(-np.exp(policy_rejected)))
    return (-policy_chosen + beta * np.logaddexp(0, -log_odds)).mean()
""",
        "odds = lambda x: x - np.log(1 - np.exp(x))\n"
        "loss = lambda w, l, b: np.mean(b * np.logaddexp(0, odds(l) - odds(w)) - w)",
        SIGMOID
        + """
def odds(x):
    return x - np.log(-np.expm1(x))


def loss(chosen_logps, rejected_logps, beta):
    gap = odds(chosen_logps) - odds(rejected_logps)
    error = beta * sigmoid(-gap)
    return (-chosen_logps + beta * np.logaddexp(0, -gap),
            [-1 + error / np.expm1(chosen_logps), -error / np.expm1(rejected_logps)])
""",
    ],
    "SimPO": [
        """
def loss(policy_chosen, policy_rejected, chosen_lengths, rejected_lengths, beta, gamma):
    margin = policy_chosen / chosen_lengths - policy_rejected / rejected_lengths
    return np.logaddexp(0, -(beta * margin - gamma)).mean()
""",
        "loss = lambda w, l, beta, gamma: np.logaddexp(0, gamma - beta * (w - l))  # means over tokens",
        SIGMOID
        + """
def loss(policy_chosen, policy_rejected, len_chosen, len_rejected, beta=2.0, gamma=0.5):
    m = beta * (policy_chosen / len_chosen - policy_rejected / len_rejected) - gamma
    down = beta * sigmoid(-m) / m.size
    return np.mean(np.logaddexp(0, -m)), (-down / len_chosen, down / len_rejected)
""",
    ],
    "PPO": [
        """
def loss(logps, old_logps, advantages, epsilon, mask):
    ratio = np.exp(np.minimum(logps - old_logps, 700))
    each = np.maximum(-advantages * ratio, -advantages * np.clip(ratio, 1 - epsilon, 1 + epsilon))
    return (each * mask).sum() / mask.sum()
""",
        "loss = lambda new, old, A, e: -np.minimum((r := np.exp(new - old)) * A, r.clip(1 - e, 1 + e) * A).mean()",
        """
def loss(new_logprobs, old_logprobs, adv, clip_range, mask):
    r = np.exp(np.minimum(new_logprobs - old_logprobs, 700))
    held = np.where(adv > 0, r > 1 + clip_range, r < 1 - clip_range)
    value = -adv * np.where(adv > 0, np.minimum(r, 1 + clip_range), np.maximum(r, 1 - clip_range))
    n = np.count_nonzero(mask)
    return np.sum(value * mask) / n, np.where(held, 0, -adv * r) * mask / n
""",
    ],
    "RLOO": [
        """
def loss(logps, old_logps, advantages, mask, epsilon):
    ratio = np.exp(np.minimum(((logps - old_logps) * mask).sum(axis=1), 700))
    clipped = np.clip(ratio, 1 - epsilon, 1 + epsilon)
    return np.maximum(-advantages * ratio, -advantages * clipped).mean()
""",
        "loss = lambda n, o, A, m, e: -np.minimum((r := np.exp(((n - o) * m).sum(1))) * A, r.clip(1 - e, 1 + e) * A)",
        """
def loss(logps, old_logps, advantages, mask, epsilon):
    r = np.exp(np.minimum(np.einsum("ij,ij->i", logps - old_logps, mask), 700))
    inside = np.where(advantages > 0, r <= 1 + epsilon, r >= 1 - epsilon)
    value = -advantages * np.where(inside, r, 1 + epsilon * np.sign(advantages))
    return value.mean(), (-advantages * r * inside)[:, None] * mask / len(r)
""",
    ],
    "GRPO": [
        """
def loss(logps, old_logps, ref_logps, advantages, mask, beta, epsilon):
    ratio = np.exp(np.minimum(logps - old_logps, 700))
    A = advantages[:, None]
    surrogate = np.minimum(ratio * A, np.clip(ratio, 1 - epsilon, 1 + epsilon) * A)
    u = logps - ref_logps
    k3 = np.expm1(-u) + u
    return (((-surrogate + beta * k3) * mask).sum(axis=1) / mask.sum(axis=1)).mean()
""",
        "best = lambda A, r, e: np.minimum(r * A, r.clip(1 - e, 1 + e) * A)\n"
        "kl = lambda u: np.exp(-u) + u - 1\n"
        "loss = lambda n, o, f, A, m, b, e: ((m * (b * kl(n - f) - best(A[:, None], np.exp(n - o), e))).sum(1)"
        " / m.sum(1)).mean()",
        """
def loss(logps, old_logps, ref_logps, advantages, mask, beta, epsilon):
    value, slope = 0.0, np.zeros(logps.shape)
    for i, A in enumerate(advantages):
        length = int(mask[i].sum())
        for t in range(length):
            r = np.exp(min(logps[i, t] - old_logps[i, t], 700))
            u = logps[i, t] - ref_logps[i, t]
            low, high = 1 - epsilon, 1 + epsilon
            value += (max(-A * r, -A * min(max(r, low), high)) + beta * (np.expm1(-u) + u)) / length
            held = r > high if A > 0 else r < low
            slope[i, t] = ((0.0 if held else -A * r) - beta * np.expm1(-u)) / length
    return value / len(advantages), slope / len(advantages)
""",
    ],
    "RLOO advantages": [
        "def loss(rewards):\n    k = rewards.shape[1]\n"
        "    return rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / (k - 1)",
        "loss = lambda r: (r - r.mean(1)[:, None]) * r.shape[1] / (r.shape[1] - 1)",
        """
def loss(rewards):
    out = np.zeros(rewards.shape)
    for g, group in enumerate(rewards):
        for i, r in enumerate(group):
            out[g, i] = r - np.delete(group, i).mean()
    return out
""",
    ],
    "GRPO advantages": [
        "def loss(rewards):\n    mean = rewards.mean(axis=1, keepdims=True)\n"
        "    return (rewards - mean) / (rewards.std(axis=1, ddof=1, keepdims=True) + 1e-4)",
        "loss = lambda r: np.array([(g - g.mean()) / (g.std(ddof=1) + 1e-8) for g in r])",
        """
def loss(rewards):
    gap = rewards - np.mean(rewards, axis=-1, keepdims=True)
    variance = (gap**2).sum(axis=-1, keepdims=True) / (rewards.shape[-1] - 1)
    return gap / (np.sqrt(variance) + 1e-6)
""",
    ],
}
STYLES = [(family, k) for family in RIGHT for k in range(3)]


@pytest.mark.parametrize(("family", "style"), STYLES)
def test_what_is_right_passes_in_three_styles(family, style):
    verdict = judged(family, pasted(RIGHT[family][style]))
    assert verdict.passed, sentence(family, verdict)
    assert all(agree == of for _, agree, of in verdict.held) or verdict.remarks


def test_every_family_has_three_styles():
    assert list(RIGHT) == list(FAMILIES) and all(len(texts) == 3 for texts in RIGHT.values())


# The line

WRONG = [  # family, style, what is changed, the line where it stands, a part of what is said
    ("DPO", 0, "policy_logratios - ref_logratios", "policy_logratios + ref_logratios", 5, "added"),
    ("DPO", 0, "-beta * (", "beta * (", 5, "other sign"),
    ("DPO", 2, "-beta * sigmoid(-m)", "-beta * sigmoid(m)", 8, "turned"),
    ("IPO", 0, "0.5 / beta", "1 / beta", 2, "IPO's target is 1/(2·beta), and here it is 1/beta"),
    ("IPO", 2, "slope[i] = miss * miss, 2 * miss", "slope[i] = miss * miss, miss", 6, "half"),
    ("KTO", 0, "np.clip((policy_kl_logps - ref_kl_logps).mean(), 0, None)", "(policy_kl_logps - ref_kl_logps).mean()",
     7, "z0"),
    ("KTO", 0, "beta * (kl - ratio)", "beta * (ratio - kl)", 10, "good"),
    ("ORPO", 2, "x - np.log(-np.expm1(x))", "x + np.log(-np.expm1(x))", 7, "upside down"),
    ("SimPO", 0, "margin - gamma", "margin + gamma", 4, "gamma has the other sign"),
    ("PPO", 0, "logps - old_logps", "old_logps - logps", 3, "ratio is inverted"),
    ("PPO", 0, "np.maximum(", "np.minimum(", 4, "larger"),
    ("RLOO", 0, ".sum(axis=1), 700", ".sum(axis=1) / mask.sum(axis=1), 700", 3, "sum"),
    ("GRPO", 0, "np.expm1(-u) + u", "np.expm1(u) - u", 7, "k3 is inverted"),
    ("GRPO", 0, "+ beta * k3", "- beta * k3", 8, "KL has the other sign"),
    ("RLOO advantages", 0, "(rewards.sum(axis=1, keepdims=True) - rewards) / (k - 1)",
     "rewards.mean(axis=1, keepdims=True)", 3, "contains the answer itself"),
    ("GRPO advantages", 0, "ddof=1, ", "", 3, "ddof"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "style", "old", "new", "line", "said"), WRONG)
def test_a_mistake_is_named_with_its_line(family, style, old, new, line, said):
    text = RIGHT[family][style]
    assert text.count(old) == 1
    verdict = judged(family, pasted(text.replace(old, new)))
    assert not verdict.passed and verdict.name, verdict
    assert said in verdict.said
    if (family, old) not in TWO_EDITS:
        assert verdict.line == line, verdict


# One edit does not mend these, and then no line is said.
TWO_EDITS = {
    ("RLOO advantages", "(rewards.sum(axis=1, keepdims=True) - rewards) / (k - 1)"),
    ("GRPO", "np.expm1(-u) + u"),
}


def test_what_mends_it_is_said():
    text = RIGHT["IPO"][0].replace("0.5 / beta", "1 / beta")
    assert "in place of `1` it is right" in sentence("IPO", judged("IPO", pasted(text)))


# Bad input


def returning(value):
    return lambda policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta: value


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (None, "takes a function"),
        ("def loss(): ...", "takes a function"),
        (3.0, "takes a function"),
        (lambda: 0.0, "in this order, or under these names"),
        (lambda policy_chosen, policy_rejected, beta: 0.0, "does not take `ref_chosen`"),
        (lambda a, b: 0.0, "in this order"),
        (returning(None), "Is there a `return`?"),
        (returning("0.5"), "returns a text"),
        (returning({"loss": 1.0}), "A loss is a number"),
        (returning(np.ones((3, 3, 3))), "returns shape (3, 3, 3)"),
        (returning([[1.0], [2.0, 3.0]]), "should have its shape"),
        (returning([[[1.0]], [2.0, 3.0], "a"]), "A loss is a number"),
        (returning(np.array([1j])), "A loss is a number"),
        (returning(np.array(["a"])), "A loss is a number"),
        (returning(np.nan), "it gives nan"),
        (returning((1.0, "up")), "one array for each of"),
        (returning((1.0, {"policy_chosen": np.ones(2)})), "lack `policy_rejected`"),
        (returning((1.0, np.ones(1), np.ones(1))), "should have its shape"),
    ],
)
def test_bad_input_gets_a_sentence(loss, said):
    verdict = judged("DPO", loss)
    assert not verdict.passed and said in verdict.said, verdict
    assert "Traceback" not in sentence("DPO", verdict)


@pytest.mark.parametrize(
    ("body", "said", "line"),
    [
        ("    return 1 / 0", "stops with ZeroDivisionError", 2),
        ("    x = beta\n    return nowhere", "stops with NameError", 3),
        ("    return -F.logsigmoid(beta)", "np.logaddexp(0, -x)", 2),
        ("    return torch.exp(beta)", "PyTorch is not here", 2),
        ("    raise SystemExit", "SystemExit", 2),
        ("    return loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta)", "RecursionError", 2),
        ("    return (policy_chosen[:, None] - policy_rejected)", "(n, 1) and (n,) broadcast", None),
        ("    return np.random.rand()", "two results", None),
    ],
)
def test_a_loss_that_stops_is_told_where(body, said, line):
    loss = pasted(f"def loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):\n{body}\n")
    verdict = judged("DPO", loss)
    assert not verdict.passed and said in verdict.said, verdict
    assert verdict.line == line


def test_an_unknown_family_is_told_which_there_are():
    assert "DPO, IPO, KTO" in judged("PDO", lambda: 0).said


def test_what_overflows_is_named_with_its_line():
    text = "def loss(c, r, rc, rr, beta):\n    m = beta * (c - r - rc + rr)\n    return -np.log(1 / (1 + np.exp(-m)))\n"
    verdict = judged("DPO", pasted(text))
    assert verdict.name == "softplus as log(1 + e^x), which overflows" and verdict.line == 3
    assert "logaddexp" in verdict.said


def test_inputs_may_be_spoiled():
    text = RIGHT["DPO"][0].rstrip() + "\n"
    spoiled = text.replace("    return losses", "    policy_chosen_logps[:] = 0\n    return losses").replace(
        ", chosen_rewards, beta * (policy_rejected_logps - ref_rejected_logps)", ""
    )
    assert "[:] = 0" in spoiled and judged("DPO", pasted(spoiled)).passed


def test_a_library_s_loss_is_read():
    def loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta):
        from preflab import losses

        result = losses.pairwise(losses.dpo, policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta=beta)
        return Loss(*result)

    assert judged("DPO", loss).passed


def test_judge_prints_and_shows_a_table(capsys):
    shown = judge("IPO", pasted(RIGHT["IPO"][0]))
    assert "IPO: right, on all" in capsys.readouterr().out
    assert shown["rows"] and all(row[1]["tone"] == "yes" for row in shown["rows"])
    assert judge("IPO", None) is None


# The table and the cases


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("family", FAMILIES)
def test_no_row_is_true_of_what_is_right(family):
    """Nothing that is said of a mistake would be said of the reference."""
    from judging.judge import Outcome, facts_of, flat

    for row in known(family):
        wrong = [row.when in ("!", "~")]
        for case in cases_of(family):
            if case.kind in ("recorded", "made") and row.when in ("", "'") and (case.grads or row.when != "'"):
                grad = flat(case.grads[name] for name in FAMILIES[family].wrt) if case.grads else None
                wrong.append(not speak(row.row.rows, facts_of(family, row.when, case, Outcome(case.loss, grad))))
        assert any(wrong), row.name


def test_the_recorded_cases_are_those_of_the_fixtures():
    record = script(TOP / "tests/record_cases.py")
    fixtures = json.loads((TOP / "tests/data/fixtures.json").read_text("utf-8"))
    assert recorded.recorded() == json.loads(json.dumps(record.kept(fixtures)))
    assert (TOP / "py/judging/recorded.py").read_text("utf-8") == record.module(fixtures)


# Design a loss


def test_the_ends_of_curves_are_those_of_the_library():
    from judging.design import ending
    from preflab.endless_pairs import pair_loss_shift

    for beta, spread in ((0.5, 2.6), (1.2, 0.8)):
        assert ending(lambda m: np.logaddexp(0, -m), beta, spread).moved * beta / spread == pytest.approx(1, abs=1e-5)

        def slopes(chosen, rejected, ref_chosen, ref_rejected, _, beta=beta):
            slope = 2 * beta * (beta * ((chosen - ref_chosen) - (rejected - ref_rejected)) - 0.5)
            return slope, -slope

        theirs = pair_loss_shift(slopes, spread)
        ours = ending(lambda m: (m - 0.5) ** 2, beta, spread).moved / spread
        assert ours == pytest.approx(theirs, rel=1e-3)  # the library's quadrature has 20 nodes


def test_what_never_stops_and_what_does_not_start():
    from judging.design import ending, told

    assert "never stops" in told(ending(lambda m: -m, 0.5, 2.6))
    assert "never stops" in told(ending(lambda m: np.logaddexp(0, -m), 0.5, 2.6, never_err=True))
    assert "does not start" in told(ending(lambda m: m**2, 0.5, 2.6))
    assert "stops at" in told(ending(lambda m: (m - 0.5) ** 2, 0.5, 2.6, never_err=True))


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda m: None, "Is there a `return`"),
        (lambda m: "m", "no number"),
        (lambda m: 1.0, "one number for each margin"),
        (lambda m: m[:3], "one number for each margin"),
        (lambda m: m + 1j, "no numbers"),
        (lambda m: np.log(m), "is NaN"),
    ],
)
def test_a_curve_that_is_none_gets_a_sentence(f, said):
    from judging.design import ending

    with pytest.raises(ValueError, match=said):
        ending(f, 0.5, 2.6)
