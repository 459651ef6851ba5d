"""Every method trains: the page's storyteller, and a model that has nothing to do with it."""

import json
import re

import pytest

from page_blocks import dpo_of_page

STEPS = 4


def run_of(folder):
    return json.loads((folder / "run.json").read_text()), json.loads((folder / "log.json").read_text())


def test_the_zip_runs_with_two_commands_and_ends_where_the_page_does(project, align, page, capsys):
    """All of the README: check, train at the page's settings, report. J is within 10 % of the page's own DPO's."""
    assert align("--check") == 0
    said = capsys.readouterr().out
    assert said.count("equal") == 6 and "DIFFERS" not in said
    import inputs
    from report import exact_point

    run = project / "runs/dpo"
    about, log = run_of(run)
    assert (about["beta"], about["steps"], about["batch"], about["lr"]) == (1.0, 150, 64, 0.005)
    taste, before = page["story_taste"], page["storyteller"]
    trained = inputs.read_weights(run / "weights.json")
    objective = {}
    for name, weights in (("TRL", trained), ("page", dpo_of_page(page)), ("reference", before)):
        kl, reward = exact_point(weights, before, taste)
        objective[name] = reward - about["beta"] * kl
    # The same batches in the same order, in float32: far nearer than the 10 % that were asked for.
    assert abs(objective["TRL"] - objective["page"]) < 0.01 * abs(objective["page"])
    assert objective["TRL"] > objective["reference"]
    assert exact_point(trained, before, taste)[1] > exact_point(before, before, taste)[1] + 0.5
    steps = [entry for entry in log if "rewards/margins" in entry]
    assert steps[-1]["rewards/margins"] > steps[0]["rewards/margins"]
    html = (run / "report.html").read_text().replace("\\u002f", "/")  # as Plotly writes it
    for part in ("exact optima", "rewards/margins", "Before and after", "KL to the reference"):
        assert part in html
    assert not re.search(r'<(script|link)[^>]+(src|href)="http', html)
    assert align("report", run) == 0


@pytest.mark.parametrize("method", ["sft", "rloo", "grpo", "reward", "kto"])
def test_the_storyteller_is_trained_by(method, tmp_path, align):
    assert align("--method", method, "--steps", STEPS, "--out", tmp_path / "run") == 0
    about, log = run_of(tmp_path / "run")
    assert about["steps"] == STEPS
    assert log[-1]["step"] == STEPS
    assert (tmp_path / "run/report.html").exists()
    if method == "reward":
        worth = json.loads((tmp_path / "run/worth.json").read_text())
        assert worth["kind"] > 0 > worth["cruel"]
        return
    import inputs

    before, after = (inputs.read_weights(tmp_path / "run" / name) for name in ("before.json", "weights.json"))
    assert 1e-3 < abs(after - before).max() < 1


def test_rloo_raises_the_exact_reward(tmp_path, align):
    assert align("--method", "rloo", "--steps", 20, "--out", tmp_path / "run") == 0
    exact = [json.loads(line) for line in (tmp_path / "run/exact.jsonl").read_text().splitlines()]
    assert exact[0]["step"] == 0 and exact[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert exact[-1]["reward"] > exact[0]["reward"] + 0.5


@pytest.fixture(scope="module")
def llama(tmp_path_factory, align):
    """A Llama of two layers with random weights, in a folder, with a tokenizer of its own."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        LlamaForSequenceClassification,
        PreTrainedTokenizerFast,
        set_seed,
    )

    from words.grammar import VOCABULARY

    folder = tmp_path_factory.mktemp("llama")
    names = ["<s>", "</s>", "<pad>", "<unk>", *VOCABULARY[1:]]
    words = Tokenizer(models.WordLevel({name: code for code, name in enumerate(names)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    set_seed(0)
    config = LlamaConfig(
        vocab_size=len(names), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=0, eos_token_id=1, pad_token_id=2, max_position_embeddings=64, num_labels=1,
    )  # fmt: skip
    for kind, name in ((LlamaForCausalLM, "model"), (LlamaForSequenceClassification, "judge")):
        kind(config).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


@pytest.mark.parametrize("method", ["sft", "dpo", "rloo", "grpo", "reward", "kto"])
def test_another_model_is_trained_by(method, tmp_path, align, llama):
    run = tmp_path / "run"
    model = llama / ("judge" if method == "reward" else "model")
    options = ["--model", model, "--steps", 2, "--batch", 8, "--max-new", 8]
    reward = ["--reward", llama / "judge"] if method == "grpo" else []
    assert align("--method", method, *options, *reward, "--out", run) == 0
    about, log = run_of(run)
    assert about["lr"] is None and log[-1]["step"] == 2
    assert (run / "report.html").exists()
    assert list((run / "model").glob("*.safetensors"))


def test_prompts_are_taken(tmp_path, align, llama):
    prompts = ("the cat", "the dog", "the king", "the ghost")
    pairs = [{"prompt": prompt, "chosen": " was happy", "rejected": " was sad"} for prompt in prompts]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, pairs)))
    for method in ("dpo", "rloo"):
        options = ["--model", llama / "model", "--steps", 2, "--batch", 4, "--group", 2, "--max-new", 4]
        assert align("--method", method, "--pairs", path, *options, "--out", tmp_path / method) == 0


def test_a_reward_model_of_words_serves_rloo(tmp_path, align):
    assert align("--method", "reward", "--steps", 4, "--out", tmp_path / "judge") == 0
    judge = tmp_path / "judge/model"
    assert align("--method", "rloo", "--reward", judge, "--steps", 2, "--out", tmp_path / "run") == 0
    assert "reward" in run_of(tmp_path / "run")[1][0]
