"""One process or two, at once or after a crash: the same weights in the end."""

import json
import os
import re
import signal
import time

import numpy as np

STEPS = 12


def weights(run):
    return np.array(json.loads((run / "weights.json").read_text())["weights"])


def finished(process):
    said, _ = process.communicate(timeout=400)
    assert process.returncode == 0, said
    return said


def test_one_process_two_processes_and_a_run_that_was_killed_end_alike(tmp_path, command):
    options = ["--method", "dpo", "--steps", STEPS, "--save-every", 3]
    whole, shared, killed = (tmp_path / name for name in ("whole", "shared", "killed"))

    said = finished(command(*options, "--out", whole))
    assert "1 process, on cpu" in said
    said = finished(command(*options, "--out", shared, processes=2))
    assert "2 processes, on cpu" in said
    assert abs(weights(whole) - weights(shared)).max() < 1e-5

    process = command(*options, "--out", killed)
    state = killed / "checkpoints/checkpoint-3/trainer_state.json"
    limit = time.monotonic() + 200
    while not state.exists() and time.monotonic() < limit:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert state.exists() and not (killed / "weights.json").exists()
    assert "goes on from step" in finished(command(*options, "--out", killed, "--resume"))
    assert abs(weights(whole) - weights(killed)).max() < 1e-6
    assert [entry["step"] for entry in json.loads((killed / "log.json").read_text())] == [
        entry["step"] for entry in json.loads((whole / "log.json").read_text())
    ]
    assert re.search(r"<h2>Before and after", (killed / "report.html").read_text())
