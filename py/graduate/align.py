"""Trains a language model on pairs with TRL: the page's storyteller, a model in a folder, or one of the hub's.

    python align.py --check              proves that TRL computes what the page computed, trains, writes a report
    python align.py report runs/dpo      writes the report of a run again
    torchrun --nproc_per_node 2 align.py ...

README.md says more.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import inputs
from inputs import HERE, InputError

METHODS = ("sft", "dpo", "rloo", "grpo", "reward", "kto")
ON_POLICY = ("rloo", "grpo")  # these tell stories of their own, and need a reward
# The page's, where settings.json does not say otherwise.
PAGE = {
    method: {"beta": 1.0, "steps": 150, "batch": 64, "lr": 0.01 if method in ON_POLICY else 0.005, "seed": 0}
    for method in METHODS
}
RANK, PROCESSES = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


@dataclass(frozen=True)
class Settings:
    """What decides where a run ends: a run goes on from a checkpoint only with the same."""

    method: str
    model: str
    beta: float
    steps: int
    batch: int  # answers or pairs in one step, over all processes
    group: int  # answers to one prompt, for RLOO and GRPO
    lr: float | None  # None: TRL's own
    seed: int


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="align.py",
        description="Trains a language model on pairs with TRL. 'align.py report FOLDER' draws a run again.",
    )
    add = parser.add_argument
    add("--method", choices=METHODS, default="dpo")
    add("--pairs", type=Path, default=HERE / "pairs.jsonl", help="a line a pair: chosen, rejected, perhaps prompt")
    add("--model", default="words", help="words (the page's storyteller), a folder, or a name on the hub")
    add("--weights", type=Path, default=HERE / "weights.json", help="of the storyteller, as the page gave them")
    add("--reward", help="for rloo and grpo: a number a word (JSON), or a trained reward model's folder; reward.json")
    add("--beta", type=float, help="the price of KL; the page's")
    add("--steps", type=int, help="the page's; 0 with --check only checks")
    add("--batch", type=int, help="pairs or answers in a step, over all processes; the page's")
    add("--accumulate", type=int, default=1, help="parts that a process takes its share of a batch in")
    add("--group", type=int, help="answers to one prompt; the whole batch where there are no prompts, or else 8")
    add("--lr", type=float, help="the first step size, which falls to 0; the page's for words, or else TRL's")
    add("--seed", type=int)
    add("--max-new", type=int, default=128, help="tokens of an answer, for models other than words")
    add("--out", type=Path, help="the run's folder; runs/METHOD")
    add("--save-every", type=int, default=50, help="steps between checkpoints")
    add("--resume", action="store_true", help="go on from the run's last checkpoint")
    add("--check", action="store_true", help="first prove, for words, that TRL computes what the page computes")
    add("--bf16", action="store_true", help="mixed precision, on a GPU")
    return parser.parse_args(given)


def settings_of(asked: argparse.Namespace, prompted: bool, rows: int) -> Settings:
    """What was asked for, over the page's settings. Raises InputError where they do not fit each other."""
    page = PAGE[asked.method] | inputs.read_settings(HERE / "settings.json").get(asked.method, {})
    chosen = {name: page[name] if getattr(asked, name) is None else getattr(asked, name) for name in PAGE["dpo"]}
    if asked.model != "words" and asked.lr is None:
        chosen["lr"] = None  # the page's is for a network of 5,000 numbers
    for name, least in (("steps", 0), ("batch", 1), ("seed", 0)):
        if chosen[name] != int(chosen[name]) or chosen[name] < least:
            raise InputError(f"--{name} should be a whole number of at least {least}, and is {chosen[name]}.")
        chosen[name] = int(chosen[name])
    if not chosen["beta"] > 0:
        raise InputError(f"--beta should be above 0, and is {chosen['beta']}.")
    if min(asked.accumulate, asked.save_every, asked.max_new) < 1:
        raise InputError("--accumulate, --save-every and --max-new should be at least 1.")
    if asked.method not in ON_POLICY:
        chosen["batch"] = min(chosen["batch"], rows // (parts := PROCESSES * asked.accumulate) * parts)
    if chosen["batch"] == 0 or chosen["batch"] % (PROCESSES * asked.accumulate):
        raise InputError(
            f"A batch of {chosen['batch'] or rows} cannot be shared by {PROCESSES} processes "
            f"in {asked.accumulate} parts each."
        )
    group = asked.group or (8 if prompted else chosen["batch"])
    if asked.method in ON_POLICY and (group < 2 or chosen["batch"] % group):
        raise InputError(f"--group should be 2 or more and divide the batch of {chosen['batch']}; it is {group}.")
    return Settings(asked.method, asked.model, group=group, **chosen)


def main(given: list[str]) -> int:
    try:
        if given[:1] == ["report"]:
            return draw(given[1:])
        return align(arguments(given))
    except InputError as problem:
        said = str(problem)
    except (MemoryError, OSError, RuntimeError) as error:
        said = plainly(error)
        if not said:
            raise
    if RANK == 0:
        print(f"align.py: {said}", file=sys.stderr)
    return 1


def plainly(error: Exception) -> str:
    """One sentence about a full disk or memory; '' for other errors."""
    text = str(error)
    if "No space left" in text or "Disk quota" in text:
        return "The disk is full. What was saved before is whole; make room and go on with --resume."
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "The model does not fit into memory: try a larger --accumulate, more processes or a smaller model."
    return ""


def draw(given: list[str]) -> int:
    from report import write_report

    run = Path(given[0]) if given else HERE / "runs/dpo"
    if len(given) > 1 or not (run / "run.json").exists() or not (run / "log.json").exists():
        raise InputError(f"{run} is not the folder of a run that has ended: python align.py report FOLDER.")
    print(f"The report: {write_report(run)}")
    return 0


def align(asked: argparse.Namespace) -> int:
    pairs = inputs.read_pairs(asked.pairs)
    rows = len(pairs) * (2 if asked.method == "kto" else 1)
    settings = settings_of(asked, pairs[0].prompt is not None, rows)
    words = settings.model == "words"
    weights = inputs.read_weights(asked.weights) if words else None
    if words:
        inputs.require_stories(pairs, asked.pairs)
    elif asked.check:
        raise InputError("--check compares with the page, which has no other model than words.")
    reward = reward_of(asked)
    out = asked.out or HERE / "runs" / settings.method
    if settings.steps:
        require_folder(out, settings, asked.resume)

    if words or Path(settings.model).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # all is here: nothing is asked of the hub
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import training

    if asked.check:
        from check import check

        if not check(weights, pairs, settings.beta, quiet=RANK > 0):
            raise InputError("TRL does not compute what the page computes; nothing was trained.")
    if not settings.steps:
        return 0
    model, tokenizer = training.load(settings, weights, out, room_for=shutil.disk_usage(existing(out)).free)
    fresh = not out.exists()
    if RANK == 0:
        begin(out, settings, asked, weights)
    training.processes().wait_for_everyone()
    try:
        training.train(settings, asked, out, model, tokenizer, pairs, weights, reward)
    except BaseException:
        if fresh and RANK == 0 and not training.last_checkpoint(out):
            shutil.rmtree(out, ignore_errors=True)  # there is nothing to go on from
        raise
    if RANK == 0:
        from report import write_report

        print(f"The model: {out / 'model'}\nThe report: {write_report(out)}")
    return 0


def reward_of(asked: argparse.Namespace) -> dict[str, float] | str | None:
    """For methods that need one: a number a word, or the folder of a reward model."""
    if asked.method not in ON_POLICY:
        return None
    path = Path(asked.reward or HERE / "reward.json")
    if path.is_dir():
        if not (path / "config.json").exists():
            raise InputError(f"{path} holds no reward model: config.json is missing.")
        return str(path)
    worth = inputs.read_worth(path)
    if asked.model == "words":
        inputs.reward_vector(worth, path)
    return worth


def existing(path: Path) -> Path:
    """The nearest folder above that is there."""
    path = path.absolute()
    return path if path.exists() else existing(path.parent)


def require_folder(out: Path, settings: Settings, resume: bool) -> None:
    """Raises InputError unless the run may write into its folder, or go on there."""
    if not os.access(existing(out), os.W_OK):
        raise InputError(f"{existing(out)} cannot be written to.")
    if not out.exists():
        if resume:
            raise InputError(f"{out} is not there: nothing to go on from.")
        return
    if not resume:
        raise InputError(f"{out} is there already: go on with --resume, or choose another --out.")
    try:
        before = json.loads((out / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{out} is not the folder of a run.") from None
    changed = [name for name, value in asdict(settings).items() if before.get(name) != value]
    if changed:
        name = changed[0]
        raise InputError(f"{out} was begun with {name} {before.get(name)}, not {getattr(settings, name)}.")


def begin(out: Path, settings: Settings, asked: argparse.Namespace, weights) -> None:
    """What the report will ask for, before the first step."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "run.json").write_text(json.dumps(asdict(settings), indent=1), "utf-8")
    if weights is None:
        return
    (out / "before.json").write_text(json.dumps({"weights": weights.tolist()}), "utf-8")
    beside = asked.weights.parent  # the taste, if the pairs were simulated, and the reward model came with the weights
    for name in ("taste.json", "reward.json"):
        if (beside / name).exists():
            inputs.reward_vector(inputs.read_worth(beside / name), beside / name)
            shutil.copyfile(beside / name, out / name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
