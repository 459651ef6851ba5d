"""TRL's trainers, with the page's settings. Only align.py and tests import this: torch takes seconds to load."""

import json
import re
from pathlib import Path

import datasets
import numpy as np
import torch
import transformers
import trl
from accelerate import PartialState
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

import storyteller
from inputs import InputError, Pair
from report import exact_point, judge_of
from words import grammar, network

TRAINERS = {
    "sft": (trl.SFTTrainer, trl.SFTConfig),
    "dpo": (trl.DPOTrainer, trl.DPOConfig),
    "rloo": (trl.RLOOTrainer, trl.RLOOConfig),
    "grpo": (trl.GRPOTrainer, trl.GRPOConfig),
    "reward": (trl.RewardTrainer, trl.RewardConfig),
    "kto": (trl.KTOTrainer, trl.KTOConfig),
}
ON_POLICY = ("rloo", "grpo")  # these tell stories of their own
TOLD = 6  # stories before and after, in the report
COPIES = 5  # of a model in memory while it trains: itself, its gradient, Adam's two, the reference

datasets.disable_progress_bars()
transformers.logging.disable_progress_bar()


def processes() -> PartialState:
    """The processes of this run. Accelerate joins them on a CPU only if it is told that this is one."""
    return PartialState(cpu=not torch.cuda.is_available())


def load(settings, weights, out: Path, room_for: int):
    """The model to be trained and its tokenizer. Raises InputError where it is unknown, or does not fit."""
    of_pairs = settings.method == "reward"
    if settings.model == "words":
        if of_pairs:
            return storyteller.WordReward(storyteller.StorytellerConfig(num_labels=1)), storyteller.tokenizer()
        return storyteller.with_weights(weights), storyteller.tokenizer()
    kind = AutoModelForSequenceClassification if of_pairs else AutoModelForCausalLM
    extra = {"num_labels": 1} if of_pairs else {}
    try:
        config = AutoConfig.from_pretrained(settings.model, **extra)
        tokenizer = AutoTokenizer.from_pretrained(settings.model)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{settings.model} is not a model that can be loaded: {_first_line(error)}") from None
    with torch.device("meta"):
        numbers = sum(parameter.numel() for parameter in kind.from_config(config).parameters())
    require_room(settings.model, numbers, memory=free_memory(), disk=room_for)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    try:
        model = kind.from_pretrained(settings.model, dtype=torch.float32, **extra)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{settings.model} is damaged or incomplete: {_first_line(error)}") from None
    if of_pairs:
        model.config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer


def require_room(name: str, numbers: int, memory: int | None, disk: int) -> None:
    """Raises InputError unless a model of so many float32 numbers can be trained and saved; memory None: not known."""
    gigabytes = 4 * numbers / 2**30
    if memory is not None and COPIES * gigabytes > memory / 2**30:
        raise InputError(
            f"{name} does not fit: {numbers:,} numbers take {COPIES * gigabytes:.1f} GiB while they train, "
            f"and {memory / 2**30:.1f} GiB are free."
        )
    if 2 * COPIES * gigabytes > disk / 2**30:
        raise InputError(
            f"The disk has too little room for {name}: checkpoints take up to {2 * COPIES * gigabytes:.1f} GiB, "
            f"and {disk / 2**30:.1f} GiB are free."
        )


def free_memory() -> int | None:
    """Bytes that are free on the GPU, or for a run on the CPU; None where that cannot be known."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0]
    try:
        found = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return None
    return 1024 * int(found[1]) if found else None


def start_of_text(tokenizer) -> str:
    """What stands before an answer that has no prompt: a model needs a token from which to say the first one."""
    if tokenizer("")["input_ids"]:
        return ""  # this tokenizer puts one there itself
    return tokenizer.bos_token or tokenizer.eos_token


def rows_of(pairs: list[Pair], method: str, tokenizer) -> datasets.Dataset:
    """The pairs as TRL's trainer wants them."""
    start = start_of_text(tokenizer)
    prompts = [start if pair.prompt is None else pair.prompt for pair in pairs]
    both = list(zip(prompts, pairs, strict=True))
    if method in ON_POLICY:
        rows = [{"prompt": prompt} for prompt in dict.fromkeys(prompts)]
    elif method == "sft":
        rows = [{"prompt": prompt, "completion": pair.chosen} for prompt, pair in both]
    elif method == "kto":
        rows = [
            {"prompt": prompt, "completion": answer, "label": answer is pair.chosen}
            for prompt, pair in both
            for answer in (pair.chosen, pair.rejected)
        ]
    else:
        rows = [{"prompt": prompt, "chosen": pair.chosen, "rejected": pair.rejected} for prompt, pair in both]
    return datasets.Dataset.from_list(rows)


def in_order_of_page(rows: int, settings) -> np.ndarray:
    """Which rows come one after the other: every step's batch is drawn as the page's `train_on_stories` draws it.

    One order for all: any number of processes shares the same batches, and a run that goes on finds its place.
    """
    rng = np.random.default_rng([settings.seed, 7])
    return np.concatenate([rng.choice(rows, settings.batch, replace=False) for _ in range(settings.steps)])


def config_of(settings, folder: Path, processes: int = 1, accumulate: int = 1, **more):
    """TRL's arguments for the page's settings: its Adam, its falling step size, no clipping of gradients."""
    method, words = settings.method, settings.model == "words"
    options = {
        "output_dir": str(folder), "max_steps": settings.steps, "seed": settings.seed,
        "per_device_train_batch_size": settings.batch // processes // accumulate,
        "gradient_accumulation_steps": accumulate,
        "lr_scheduler_type": "linear", "warmup_steps": 0, "weight_decay": 0.0, "max_grad_norm": 0.0,
        "logging_steps": 5, "report_to": "none", "disable_tqdm": True,
        "gradient_checkpointing": False, "bf16": False, "use_cpu": not torch.cuda.is_available(),
    }  # fmt: skip
    if words:
        options |= {"adam_beta2": 0.99}
    if settings.lr is not None:
        options["learning_rate"] = settings.lr
    if method in ("dpo", "kto", "rloo", "grpo"):
        options["beta"] = settings.beta
    if method in ON_POLICY:
        options |= {"num_generations": settings.group, "temperature": 1.0}
        options["max_completion_length"] = grammar.LENGTH if words else more.pop("max_new", 128)
    elif words and method != "reward":
        options["max_length"] = grammar.LENGTH + 1  # a story that fills its row has no full stop, as on the page
    if method not in ON_POLICY:
        options["train_sampling_strategy"] = "sequential"  # in_order_of_page
    if method == "grpo":
        options["loss_type"] = "grpo"
    more.pop("max_new", None)
    return TRAINERS[method][1](**(options | more))


def word_reward(worth: dict[str, float]):
    """The page's reward model as TRL's reward function: a number a word, summed over the answer."""

    def reward(completions, **_):
        return [sum(worth.get(word, 0.0) for word in re.findall(r"[\w']+", text.lower())) for text in completions]

    return reward


def trainer_of(settings, args, model, tokenizer, rows, reference=None, reward=None, callbacks=()):
    """The trainer of a method, ready. reference: the model as it was, for DPO and KTO."""
    kind, _ = TRAINERS[settings.method]
    more = {"ref_model": reference} if settings.method in ("dpo", "kto") else {}
    if settings.method in ON_POLICY:
        more["reward_funcs"] = reward if isinstance(reward, str) else word_reward(reward)
    return kind(
        model=model, args=args, train_dataset=rows, processing_class=tokenizer, callbacks=list(callbacks), **more
    )


class Exactly(transformers.TrainerCallback):
    """Writes down, at every step that is logged, the storyteller's exact KL and expected reward."""

    def __init__(self, path: Path, before: np.ndarray, reward: np.ndarray) -> None:
        self.path, self.before, self.reward = path, before, reward

    def on_train_begin(self, args, state, control, model=None, **_):
        if state.global_step == 0:
            self._write(state, model)

    def on_log(self, args, state, control, model=None, **_):
        self._write(state, model)

    def _write(self, state, model):
        if not state.is_world_process_zero:
            return
        kl, reward = exact_point(storyteller.weights_of(getattr(model, "module", model)), self.before, self.reward)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, "kl": kl, "reward": reward}) + "\n")


def train(settings, asked, out: Path, model, tokenizer, pairs, weights, reward) -> None:
    """Trains, and leaves the model, the log and stories before and after in the run's folder."""
    state = processes()
    tells = settings.method != "reward"
    words = settings.model == "words"
    before = stories(model, tokenizer, pairs, asked.max_new) if tells else []
    reference = None
    if settings.method in ("dpo", "kto"):
        reference = (
            storyteller.with_weights(weights)
            if words
            else AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)
        )
    if words and tells:
        if state.is_main_process:
            model.save_pretrained(out / "start")
        state.wait_for_everyone()
        model.config._name_or_path = str(out / "start")  # RLOO and GRPO read the reference from there
    callbacks = []
    if words and tells and (judge := judge_of(out)):
        callbacks.append(Exactly(out / "exact.jsonl", weights, judge[1]))
    args = config_of(
        settings, out / "checkpoints", state.num_processes, asked.accumulate, bf16=asked.bf16, max_new=asked.max_new,
        save_steps=asked.save_every, save_total_limit=2,
    )  # fmt: skip
    rows = rows_of(pairs, settings.method, tokenizer)
    if settings.method not in ON_POLICY:
        rows = rows.select(in_order_of_page(len(rows), settings))
    trainer = trainer_of(settings, args, model, tokenizer, rows, reference, reward, callbacks)
    if state.is_main_process:
        print(f"{state.num_processes} process{'es' if state.num_processes > 1 else ''}, on {state.device}")
    checkpoint = last_checkpoint(out) if asked.resume else None
    if checkpoint and state.is_main_process:
        print(f"The run goes on from step {checkpoint.rpartition('-')[2]}.", flush=True)
    trainer.train(resume_from_checkpoint=checkpoint)
    trained = trainer.accelerator.unwrap_model(trainer.model)
    after = stories(trained, tokenizer, pairs, asked.max_new) if tells else []
    if state.is_main_process:
        trained.save_pretrained(out / "model.part")
        tokenizer.save_pretrained(out / "model.part")
        (out / "model.part").replace(out / "model")
        if words and tells:
            _write(out / "weights.json", {"weights": storyteller.weights_of(trained).tolist()})
        if words and not tells:
            worth = trained.worth.detach().cpu().double().numpy()
            learned = zip(grammar.VOCABULARY, worth, strict=True)
            _write(out / "worth.json", {word: float(number) for word, number in learned if number})
        _write(out / "stories.json", {"before": before, "after": after})
        _write(out / "log.json", trainer.state.log_history)
    state.wait_for_everyone()


def stories(model, tokenizer, pairs, max_new: int) -> list[str]:
    """A few answers, on the same random numbers whenever they are asked for."""
    if isinstance(model, storyteller.Storyteller):
        noise = network.noise(TOLD, grammar.LENGTH, len(grammar.VOCABULARY), np.random.default_rng(5))
        told = network.sample(network.policy(storyteller.weights_of(model)), noise)
        return [grammar.text(story) for story in told]
    prompts = list(dict.fromkeys(pair.prompt or start_of_text(tokenizer) for pair in pairs))[:TOLD]
    prompts = (prompts * TOLD)[:TOLD]
    side, tokenizer.padding_side = tokenizer.padding_side, "left"
    given = tokenizer(prompts, return_tensors="pt", padding=True, return_token_type_ids=False).to(model.device)
    tokenizer.padding_side = side
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(5)
        told = model.generate(**given, do_sample=True, max_new_tokens=max_new, pad_token_id=tokenizer.pad_token_id)
    return tokenizer.batch_decode(told[:, given["input_ids"].shape[1] :], skip_special_tokens=True)


def last_checkpoint(out: Path) -> str | None:
    """The newest checkpoint that is whole: the trainer writes its state last."""
    found = [path for path in out.glob("checkpoints/checkpoint-*") if (path / "trainer_state.json").exists()]
    return str(max(found, key=lambda path: int(path.name.split("-")[1]))) if found else None


def _write(path: Path, content) -> None:
    whole = path.with_suffix(".part")
    whole.write_text(json.dumps(content), "utf-8")
    whole.replace(path)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
