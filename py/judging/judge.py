"""The verdict on a reader's loss.

`judge("DPO", my_loss)` holds it against reference cases, finite differences and the extremes, names a mistake that is
known and the line on which one edit mends it, and says in a sentence what cannot be read.
"""

import inspect
import re
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from judging.families import FAMILIES, Case, Family, beyond, cases_of
from judging.mistakes import FACTS, Known, known
from judging.repair import Edit, repair
from preflab.numeric import log1mexp, sigmoid, softplus
from runtime.grading import WORDS, Crashed, Facts, Refused, Work, kind, read, speak
from runtime.tables import Table, table, toned

ALIASES = {
    "policy_chosen": r"(policy_|pi_)?(chosen|preferred|winner|w|yw)|pi_w|logp_w|lp_w",
    "policy_rejected": r"(policy_|pi_)?(rejected|loser|l|yl)|pi_l|logp_l|lp_l",
    "ref_chosen": r"(ref|reference|ref_policy)_(chosen|preferred|winner|w|yw)",
    "ref_rejected": r"(ref|reference|ref_policy)_(rejected|loser|l|yl)",
    "policy": r"policy|pi", "ref": r"ref|reference", "label": r"labels?|desirable|good",
    "policy_kl": r"policy_kl|kl_policy|policy_mismatched|mismatched_policy",
    "ref_kl": r"ref(erence)?_kl|kl_ref|ref_mismatched|mismatched_ref",
    "logps": r"logps?|new|policy|log_probs?|new_log_probs?", "old_logps": r"old", "ref_logps": r"ref|reference",
    "advantages": r"advantages?|adv|a", "epsilon": r"eps(ilon)?|clip(range|_range|_eps)?", "beta": r"beta|kl_coef",
    "gamma": r"(simpo_)?gamma", "mask": r"masks?|completion_mask", "rewards": r"rewards?|r",
    "chosen_lengths": r"(chosen_len(gths?)?|len(gths?)?_chosen|len_w)",
    "rejected_lengths": r"(rejected_len(gths?)?|len(gths?)?_rejected|len_l)",
    "desirable_weight": r"desirable_weight", "undesirable_weight": r"undesirable_weight",
}  # fmt: skip
NORMAL = ("recorded", "made")
SCOPE = {**WORDS, "sigmoid": sigmoid, "softplus": softplus, "log1mexp": log1mexp}


class Outcome(NamedTuple):
    """What the reader's loss gave for a case: one number (or the advantages), and its gradient as one vector."""

    value: Any
    grad: np.ndarray | None
    each: int = 1  # by what the slopes of each example are larger than the gradient of the mean, if they may be such


class Verdict(NamedTuple):
    """`name` is the known mistake's; `edit` what mends it; `remarks` are said of a loss that is right."""

    passed: bool
    said: str
    name: str = ""
    line: int | None = None
    edit: Edit | None = None
    remarks: tuple[str, ...] = ()
    held: tuple[tuple[str, int, int], ...] = ()  # what it was held against, how many agree, of how many


def judge(family: str, loss: Any) -> Table | None:
    """Says whether `loss` is right, and what it was held against."""
    verdict = judged(family, loss)
    print(sentence(family, verdict))
    for remark in verdict.remarks:
        print(remark)
    if not verdict.held:
        return None
    rows = [[what, toned(f"{agree} of {of}", "yes" if agree == of else "no")] for what, agree, of in verdict.held]
    return table(f"What this {family} was held against", ["held against", "cases that agree"], rows)


def sentence(family: str, verdict: Verdict) -> str:
    """One paragraph: what is wrong, where, and what mends it."""
    if verdict.passed:
        return f"{family}: {verdict.said}"
    where = f"Line {verdict.line}. " if verdict.line else ""
    edit = verdict.edit
    mends = f"\nWith `{edit.after}` in place of `{edit.before}` it is right." if edit else ""
    return f"{family}: {where}{verdict.said}{mends}"


def judged(family: str, loss: Any, mend: bool = True) -> Verdict:
    """The verdict, without a word printed; without `mend` nobody looks for the edit that would make it right."""
    if family not in FAMILIES:
        return Verdict(False, f"There is no family “{family}”. They are {', '.join(FAMILIES)}.")
    try:
        with np.errstate(all="ignore"):
            return _judged(family, loss, mend)
    except Refused as refusal:
        return Verdict(False, str(refusal))
    except Crashed as crash:
        return Verdict(False, stopped(crash), line=line_of(crash.error, loss))


def _judged(family: str, loss: Any, mend: bool) -> Verdict:
    call = bound(family, loss)
    normal = [case for case in cases_of(family) if case.kind in NORMAL and fits(case, call)]
    extremes = [case for case in cases_of(family) if case.kind == "extreme"]
    found = [call(case) for case in normal]
    if not same(family, call(normal[0]).value, found[0].value):
        raise Refused("Called twice with the same input it gives two results. Draw no random numbers, keep no state.")
    held = list(counted(family, normal, found))
    if not all(of == agree for _, agree, of in held):
        ordinary = [(case, one) for case, one in zip(normal, found, strict=True) if not beyond(case)]
        if not all(right_value(family, *pair) for pair in ordinary):
            return of_mistake(family, loss if mend else None, "", *map(list, zip(*ordinary, strict=True)), held)
    far = [call(case) for case in extremes]
    is_right = [right_value(family, case, one) for case, one in zip(extremes, far, strict=True)]
    remarks: list[str] = []
    both = [*zip(extremes, far, strict=True), *zip(normal, found, strict=True)]
    wrong = [(case, one) for case, one in both if not right_value(family, case, one)]
    if wrong:
        name, said = named(family, "!", *zip(*wrong[:1], strict=True))
        if not said.startswith("Right, but"):
            held.append((EXTREMES, sum(is_right), len(far)))
            case, one = wrong[0]
            said = said or f"At “{case.name}” it gives {shown(one.value)}, and should give {shown(case.loss)}."
            return Verdict(False, said, name, where_it_overflows(call, wrong[0][0], loss), held=tuple(held))
        remarks.append(said)
    held.append((EXTREMES, sum(is_right), len(far)))
    if FAMILIES[family].wrt:
        verdict = of_gradients(family, loss if mend else None, call, normal, found, extremes, far, held)
        if verdict:
            return verdict
    remarks += of_precision(family, call)
    count = sum(of for _, _, of in held)
    said = f"right, on all {count} counts." if not remarks else f"right, with a reservation ({count} counts)."
    return Verdict(True, said, remarks=tuple(remarks), held=tuple(held))


EXTREMES = "extreme cases"
SOURCES = {"recorded": "reference cases of TRL and others", "made": "cases drawn here"}


def counted(family: str, cases: list[Case], found: list[Outcome]) -> Iterator[tuple[str, int, int]]:
    for source, what in SOURCES.items():
        ok = [right_value(family, case, one) for case, one in zip(cases, found, strict=True) if case.kind == source]
        if ok:
            yield what, sum(ok), len(ok)


def of_mistake(
    family: str, loss: Any, when: str, cases: list[Case], found: list[Outcome], held: list[tuple[str, int, int]]
) -> Verdict:
    """What is wrong with the values, or with the gradients if `when` says so."""
    name, said = named(family, when, cases, found)
    edit = mended(family, loss, cases, with_gradient=bool(when))
    if not said:
        k, what = worst(family, cases, found, when)
        said = f"In the case “{cases[k].name}” {what}."
        said += "" if edit else " It is no mistake that this page knows."
    return Verdict(False, said, name, edit and edit.line, edit, held=tuple(held))


def mended(family: str, loss: Any, cases: list[Case], with_gradient: bool) -> Edit | None:
    """The single edit after which all cases agree."""
    few = sorted(cases, key=lambda case: case.kind == "recorded")  # the made ones tell most apart

    def is_right(changed: Any) -> bool:
        call = bound(family, changed)
        if not with_gradient:
            return all(right_value(family, case, call(case)) for case in few)
        found = [one for case in few if right_value(family, case, one := call(case))]
        return len(found) == len(few) and all(
            one.grad is not None and right_gradient(family, case, one)
            for case, one in zip(few, settled(family, few, found), strict=True)
        )

    return repair(loss, is_right)


def named(family: str, when: str, cases: Any, found: Any) -> tuple[str, str]:
    """The known mistake that all cases bear out, and its sentence; ("", "") if there is none."""
    every = [facts_of(family, when, case, one) for case, one in zip(cases, found, strict=True)]
    for row in known(family):
        if row.when == when and all(speaks(row, facts) for facts in every):
            return row.name, speak(row.row.rows, every[0])
    return "", ""


def speaks(row: Known, facts: Facts) -> bool:
    try:
        return bool(speak(row.row.rows, facts))
    except Exception:  # an expression that this case has not the inputs for, or that cannot be worked out on it
        return False


def facts_of(family: str, when: str, case: Case, one: Outcome) -> Facts:
    """What the expressions of the table may name."""
    is_grad = when == "'"
    grad = flat(case.grads[name] for name in FAMILIES[family].wrt) if case.grads else None

    def alike(answer: Any, wrong: Any) -> bool:
        if FAMILIES[family].wrt and not is_grad:
            wrong = np.mean(wrong)
        return close(answer, wrong, FAMILIES[family].relative)

    more = {"mask": np.ones_like(case.inputs["logps"])} if "logps" in case.inputs and "mask" not in case.inputs else {}
    own = {
        "answer": one.grad if is_grad else one.value,
        "right": case.loss,
        "grad": grad,
        "alike": alike,
        "halves": lambda a, b: np.repeat([a, b], len(case.inputs["policy_chosen"])),
    }
    if family == "KTO" and case.grads:
        n_up, slope = max(np.sum(case.inputs["label"] == 1), 1), kto_slope(case)
        own |= {"n_up": n_up, "slope": slope}
    return Facts(Work({}), {**SCOPE, **read(FACTS[family]).facts, **case.inputs, **more, **own})


def kto_slope(case: Case) -> np.ndarray:
    """sigma' of each answer's gain: what its gradient is made of."""
    given = case.inputs
    z0 = max(0.0, (given["policy_kl"] - given["ref_kl"]).mean())
    gain = given["beta"] * (2 * given["label"] - 1) * (given["policy"] - given["ref"] - z0)
    return sigmoid(gain) * sigmoid(-gain)


def of_gradients(
    family: str, loss: Any, call: Any, normal: Any, found: Any, extremes: Any, far: Any, held: list
) -> Verdict | None:
    """The verdict on the gradient, the reader's or that of finite differences; None if it is right."""
    if found[0].grad is None:
        some = [case for case in normal if case.kind == "made"]
        nudged = [Outcome(None, differences(family, call, case)) for case in some]
        ok = [right_gradient(family, case, one, 1e-5) for case, one in zip(some, nudged, strict=True)]
        held.append(("its gradient, by finite differences", sum(ok), len(ok)))
        return None if all(ok) else of_mistake(family, loss, "'", some, nudged, held)
    found = settled(family, normal, found)
    ok = [right_gradient(family, case, one) for case, one in zip(normal, found, strict=True)]
    held.append(("its gradient", sum(ok), len(ok)))
    if not all(ok):
        return of_mistake(family, loss, "'", normal, found, held)
    for case, one in zip(extremes, settled(family, extremes, far), strict=True):
        if np.isfinite(one.value).all() and not right_gradient(family, case, one):
            return Verdict(False, f"At “{case.name}” the gradient is {shown(one.grad)}, and should be "
                           f"{shown(flat(case.grads.values()))}.", held=tuple(held))  # fmt: skip
    return None


def of_precision(family: str, call: Any) -> list[str]:
    """What may be said of a loss that is right all the same."""
    said = []
    for case in cases_of(family):
        if case.kind == "precision":
            try:
                said.append(named(family, "~", [case], [call(case)])[1])
            except (Crashed, Refused):
                continue  # to refuse a density is right
    return [one for one in said if one]


def differences(family: str, call: Any, case: Case, step: float = 1e-5) -> np.ndarray:
    """The gradient of the reader's loss, by central differences, in the order of `wrt`."""
    found = []
    for name in FAMILIES[family].wrt:
        for k in np.ndindex(np.shape(case.inputs[name])):
            ends = []
            for by in (step, -step):
                moved = case.inputs[name].copy()
                moved[k] += by
                ends.append(call(case._replace(inputs={**case.inputs, name: moved})).value)
            found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


# Calling what the reader wrote.


def bound(family: str, loss: Any) -> Callable[[Case], Outcome]:
    """The loss as a function of a case. Raises Refused if its arguments are not those of the family."""
    about = FAMILIES[family]
    if not callable(loss):
        raise Refused(f"`judge` takes a function, and this is {kind(loss)}. Hand it over without brackets: `my_loss`.")
    own = getattr(loss, "__name__", "the loss")
    asked = {**about.takes, **about.may_take}
    try:
        parameters = list(inspect.signature(loss).parameters.values())
    except (TypeError, ValueError):
        raise Refused(f"`{own}` does not tell which arguments it takes. Wrap it in a function of yours.") from None
    plain = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    known_as = {p.name: recognised(p.name, asked) for p in plain}
    taken = set(known_as.values()) - {None}
    averages = family == "SimPO" and not taken & {"chosen_lengths", "rejected_lengths"}
    needed = [name for name in about.takes if not (averages and name.endswith("_lengths"))]
    by_name = all(known_as[p.name] or p.default is not p.empty for p in plain) and len(taken) == len(
        [one for one in known_as.values() if one]
    )
    required = [p for p in plain if p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
    positional = [p for p in plain if p.kind is not p.KEYWORD_ONLY]
    if averages and not by_name and len(required) == len(about.takes):
        averages, needed = False, list(about.takes)
    if by_name and taken >= set(needed):

        def arguments(given: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
            return (), {mine: given[name] for mine, name in known_as.items() if name in given}

    elif len(required) <= len(needed) <= len(positional) and not by_name:
        taken = set(needed)

        def arguments(given: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
            return tuple(given[name] for name in needed), {}

    else:
        missing = [name for name in needed if name not in taken] if by_name else []
        lacks = f" It does not take {' and '.join(f'`{name}`' for name in missing)}." if missing else ""
        takes = ", ".join(p.name for p in plain)
        raise Refused(f"`{own}` takes ({takes}). {about.title} is given ({', '.join(needed)}), in this order, or under "
                      f"these names.{lacks}")  # fmt: skip

    def call(case: Case) -> Outcome:
        given = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in case.inputs.items()}
        lengths = np.ones(1), np.ones(1)
        if averages:
            lengths = given["chosen_lengths"], given["rejected_lengths"]
            for name, length in zip(about.wrt, lengths, strict=True):
                given[name] = given[name] / length
        args, named_ones = arguments(given)
        try:
            raw = loss(*args, **named_ones)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Crashed(own, error) from error
        one = outcome(about, raw, case, own)
        if averages and one.grad is not None:
            one = one._replace(grad=one.grad / np.concatenate(lengths))
        return one

    call.takes = taken  # type: ignore[attr-defined]
    return call


def fits(case: Case, call: Any) -> bool:
    """Whether a loss that takes no mask, or no weights, can be held against the case."""
    mask, weights = case.inputs.get("mask"), case.inputs.get("desirable_weight", 1)
    return ("mask" in call.takes or mask is None or bool(np.all(mask == 1))) and (
        "desirable_weight" in call.takes or (weights, case.inputs.get("undesirable_weight", 1)) == (1, 1)
    )


def recognised(name: str, asked: Mapping[str, Any]) -> str | None:
    """Which argument of the family this is, by its name."""
    bare = re.sub(r"_?(logps?|log_?probs?|lps?|sequences?)$", "", name.lower()) or name.lower()
    for ours in asked:
        if name == ours or re.fullmatch(ALIASES[ours], bare) or re.fullmatch(ALIASES[ours], name.lower()):
            return ours
    return None


def outcome(about: Family, raw: Any, case: Case, own: str) -> Outcome:
    """Value and gradient out of what the reader's function returned. Raises Refused for what cannot be read."""
    value, rest = raw, None
    if hasattr(raw, "grads") and hasattr(raw, "loss"):
        value, rest = raw.loss, raw.grads
    elif (
        isinstance(raw, (tuple, list))
        and len(raw) > 1
        and not all(isinstance(one, (int, float, np.number)) for one in raw)
    ):
        value, rest = raw[0], raw[1] if len(raw) == 2 else list(raw[1:])
    numbers = as_numbers(value, own)
    if not about.wrt:
        if numbers.size == np.size(case.loss):
            return Outcome(numbers.reshape(np.shape(case.loss)), None)
        raise Refused(f"`{own}` should give one number an answer, shape {np.shape(case.loss)} here, and gives "
                      f"{numbers.shape}.")  # fmt: skip
    first = case.inputs[about.wrt[0]]
    n = len(first)
    if numbers.size == 1:
        reduced, each = float(numbers.reshape(())), False
    elif numbers.shape == (n,):
        reduced, each = float(numbers.mean()), True
    elif numbers.shape == first.shape:
        reduced, each = float((token_weights(about, case) * numbers).sum()), True
    else:
        more = " Is a column among the rows? (n, 1) and (n,) broadcast to (n, n)." if numbers.shape == (n, n) else ""
        raise Refused(f"`{own}` should return one number, or one for each of the batch, shape ({n},), and returns "
                      f"shape {numbers.shape}.{more}")  # fmt: skip
    return Outcome(reduced, gradient(about, rest, case, own, n), n if each else 1)


def token_weights(about: Family, case: Case) -> np.ndarray:
    mask = case.inputs.get("mask", np.ones_like(case.inputs[about.wrt[0]]))
    return mask / mask.sum() if about.title == "PPO" else mask / mask.sum(axis=1, keepdims=True) / len(mask)


def gradient(about: Family, rest: Any, case: Case, own: str, n: int) -> np.ndarray | None:
    """The reader's gradient in the order of `wrt`, if there is one."""
    if rest is None or is_log(rest, case):
        return None
    if isinstance(rest, Mapping):
        by_name = {recognised(str(name), dict.fromkeys(about.wrt)): value for name, value in rest.items()}
        missing = [name for name in about.wrt if name not in by_name]
        if len(rest) == 1 and len(about.wrt) == 1:
            by_name = {about.wrt[0]: next(iter(rest.values()))}
        elif missing:
            raise Refused(f"The gradients that `{own}` returns lack `{missing[0]}`.")
        parts = [by_name[name] for name in about.wrt]
    elif len(about.wrt) == 1 and np.shape(rest) == np.shape(case.inputs[about.wrt[0]]):
        parts = [rest]
    elif isinstance(rest, (tuple, list)) and len(rest) == len(about.wrt):
        parts = list(rest)
    elif len(about.wrt) == 2 and np.shape(rest) == (2, n):
        parts = list(rest)
    else:
        raise Refused(f"Beside the loss `{own}` returns {kind(rest)}. Its gradient has one array for each of "
                      f"{', '.join(about.wrt)}.")  # fmt: skip
    arrays = [as_numbers(part, own) for part in parts]
    for name, found in zip(about.wrt, arrays, strict=True):
        shape = np.shape(case.inputs[name])
        if found.shape != shape:
            raise Refused(f"The gradient for `{name}` should have its shape, {shape}, and has {found.shape}.")
    return flat(arrays)


def settled(family: str, cases: list[Case], found: list[Outcome]) -> list[Outcome]:
    """Gradients of the mean: who returns losses one by one may return the slopes of each, which are n times those."""
    if all(one.grad is None or right_gradient(family, case, one) for case, one in zip(cases, found, strict=True)):
        return found
    return [one if one.grad is None else one._replace(grad=one.grad / one.each) for one in found]


def is_log(rest: Any, case: Case) -> bool:
    """Are these rewards to be logged, as Rafailov's code returns them?"""
    given = case.inputs
    if not isinstance(rest, (tuple, list)) or len(rest) != 2 or "ref_chosen" not in given:
        return False
    rewards = [given["beta"] * (given[f"policy_{of}"] - given[f"ref_{of}"]) for of in ("chosen", "rejected")]
    return all(
        np.shape(a) == b.shape and np.allclose(np.asarray(a, float), b) for a, b in zip(rest, rewards, strict=True)
    )


def as_numbers(value: Any, own: str) -> np.ndarray:
    if value is None:
        raise Refused(f"`{own}` returns nothing. Is there a `return`?")
    if isinstance(value, str):
        raise Refused(f"`{own}` returns a text, {value!r:.40}. A loss is a number.")
    if isinstance(value, (bool, dict, set, types.FunctionType)):
        raise Refused(f"`{own}` returns {kind(value)}. A loss is a number.")
    try:
        found = np.asarray(value)
        if found.dtype.kind not in "iuf":
            raise TypeError
        return found.astype(float)
    except (TypeError, ValueError):
        raise Refused(f"`{own}` returns {kind(value)}. A loss is a number, or one for each of the batch.") from None


# Comparing.


def flat(parts: Any) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in parts])


def close(found: Any, right: Any, relative: float) -> bool:
    if found is None or np.shape(found) != np.shape(right):
        return False
    scale = np.max(abs(np.asarray(right)), initial=0.0)
    return bool(np.allclose(found, right, rtol=relative, atol=1e-12 + 1e-9 * min(1.0, float(scale))))


def same(family: str, a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-12, equal_nan=True))


def right_value(family: str, case: Case, one: Outcome) -> bool:
    return close(one.value, case.loss, FAMILIES[family].relative)


def right_gradient(family: str, case: Case, one: Outcome, relative: float = 0.0) -> bool:
    right = flat(case.grads[name] for name in FAMILIES[family].wrt)
    if relative:
        return one.grad is not None and np.allclose(one.grad, right, rtol=relative, atol=1e-6)
    return close(one.grad, right, FAMILIES[family].relative)


def worst(family: str, cases: list[Case], found: list[Outcome], when: str) -> tuple[int, str]:
    """The first case that does not agree, and how."""
    for k, (case, one) in enumerate(zip(cases, found, strict=True)):
        if when and not right_gradient(family, case, one):
            return k, f"the gradient is {shown(one.grad)}, and should be {shown(flat(case.grads.values()))}"
        if not when and not right_value(family, case, one):
            return k, f"it gives {shown(one.value)}, and should give {shown(case.loss)}"
    return 0, "something differs"


def shown(value: Any) -> str:
    """A number, or the first few of an array."""
    few = np.ravel(np.asarray(value, float))
    return ", ".join(f"{x:.6g}" for x in few[:4]) + (", …" if len(few) > 4 else "")


# Errors.


def line_of(error: BaseException, loss: Any) -> int | None:
    """The last line of the reader's own file on the way to an error."""
    code = getattr(inspect.unwrap(loss) if callable(loss) else loss, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if code and frame.filename == code.co_filename), None)


def where_it_overflows(call: Any, case: Case, loss: Any) -> int | None:
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            call(case)
    except Crashed as crash:
        return line_of(crash.error, loss)
    return None


TORCH = {
    "torch": "PyTorch is not here. Most of it is in NumPy under the same name: `torch.exp` is `np.exp`.",
    "F": "PyTorch is not here: `F.logsigmoid(x)` is `-np.logaddexp(0, -x)`.",
    "nn": "PyTorch is not here. A loss as a function of arrays is what is looked at.",
}


def stopped(crash: Crashed) -> str:
    error = crash.error
    if isinstance(error, NameError) and (hint := TORCH.get(getattr(error, "name", "") or "")):
        return hint
    return f"`{crash.function}` stops with {type(error).__name__}: {error}."
