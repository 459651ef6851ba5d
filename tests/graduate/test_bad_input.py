"""Bad input gets one sentence with the line or the cause, and leaves nothing behind."""

import errno
import json

import pytest

GOOD = json.dumps({"chosen": "the cat slept", "rejected": "the cat cried"})


@pytest.fixture
def refused(tmp_path, align, capsys):
    """Runs align.py, which must refuse: gives its one sentence."""

    def run(*given):
        capsys.readouterr()
        assert align(*given, "--out", tmp_path / "run") == 1
        said = capsys.readouterr()
        assert not (tmp_path / "run").exists()
        assert said.err.count("\n") == 1 and said.err.startswith("align.py: ") and "Traceback" not in said.err
        return said.err

    return run


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([GOOD, "{broken"], "line 2: this is not JSON"),
        ([GOOD, GOOD, '{"chosen": "the cat slept"}'], "line 3: rejected is missing"),
        ([GOOD, '{"chosen": 1, "rejected": "the cat"}'], "line 2: chosen is missing, or is no text"),
        ([GOOD, "[1, 2]"], "line 2: an object with chosen and rejected is expected"),
        ([GOOD, json.dumps({"chosen": "the unicorn slept", "rejected": "the cat slept"})], "the word 'unicorn'"),
        ([GOOD, json.dumps({"chosen": " ".join(["the"] * 15), "rejected": "the cat"})], "15 words are more than"),
        ([GOOD, json.dumps({"prompt": "the", "chosen": "cat", "rejected": "dog"})], "1 of 2 pairs have a prompt"),
        ([json.dumps({"prompt": "the", "chosen": "cat", "rejected": "dog"})], "takes no prompt"),
        ([], "holds no pairs"),
    ],
)
def test_damaged_pairs(lines, said, tmp_path, refused):
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(lines))
    assert said in refused("--pairs", path)


def test_pairs_that_are_no_text_or_missing(tmp_path, refused):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(GOOD.encode() + b"\n\xff\xfe")
    assert "line 2: this is not UTF-8" in refused("--pairs", path)
    assert "cannot be read: No such file" in refused("--pairs", tmp_path / "none.jsonl")
    assert "cannot be read: Is a directory" in refused("--pairs", tmp_path)


def test_damaged_weights_and_rewards(tmp_path, refused):
    path = tmp_path / "weights.json"
    for content in ('{"weights": [1, 2]}', '{"weights": [NaN]}', '{"weights": "many"}', "{}"):
        path.write_text(content)
        assert "weights should be" in refused("--weights", path)
    path.write_text('{"unicorn": 1}')
    assert "'unicorn'" in refused("--method", "rloo", "--reward", path)
    path.write_text('{"happy": "very"}')
    assert "a finite number for each word" in refused("--method", "rloo", "--reward", path)
    (tmp_path / "empty").mkdir()
    assert "config.json is missing" in refused("--method", "grpo", "--reward", tmp_path / "empty")


def test_models_that_are_not_there_or_damaged(tmp_path, refused):
    assert "not a model that can be loaded" in refused("--model", "nobody/has-this-model")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text("{")
    assert "not a model that can be loaded" in refused("--model", tmp_path / "model")
    assert "no other model than words" in refused("--model", tmp_path / "model", "--check")


def test_settings_that_do_not_fit(refused):
    assert "--beta should be above 0" in refused("--beta", 0)
    assert "--steps should be a whole number" in refused("--steps", -1)
    assert "--group should be" in refused("--method", "rloo", "--batch", 8, "--group", 3)
    assert "cannot be shared by 1 processes in 7 parts" in refused("--method", "rloo", "--accumulate", 7)
    assert "nothing to go on from" in refused("--resume")


def test_a_model_that_fits_neither_memory_nor_disk(align):
    import training
    from inputs import InputError

    with pytest.raises(InputError, match="big does not fit: 1,000,000,000 numbers take 18.6 GiB .* 8.0 GiB are free"):
        training.require_room("big", 10**9, memory=2**33, disk=2**50)
    with pytest.raises(InputError, match="The disk has too little room for big"):
        training.require_room("big", 10**9, memory=None, disk=2**33)
    training.require_room("small", 10**6, memory=2**30, disk=2**30)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (MemoryError(), "does not fit into memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), "does not fit into memory"),
    ],
)
def test_what_fails_while_it_trains_leaves_nothing_half_written(error, said, refused, monkeypatch):
    import training

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(training, "trainer_of", fail)
    assert said in refused("--steps", 1)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path, align, capsys):
    run = tmp_path / "run"
    run.mkdir()
    (run / "mine.txt").write_text("mine")
    assert align("--out", run) == 1
    assert "is there already" in capsys.readouterr().err
    assert align("--out", run, "--resume") == 1
    assert "is not the folder of a run" in capsys.readouterr().err
    assert align("report", run) == 1
    assert [path.name for path in run.iterdir()] == ["mine.txt"]
