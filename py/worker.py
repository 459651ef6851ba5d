"""The edge between the page's messages and the runner. PyScript runs it in a worker."""

import sys
from functools import partial
from json import dumps

import numpy as np
import pyodide_js
from js import installLater
from polyscript import xworker

from lessons.block_globals import GIVEN
from runtime.dependencies import names
from runtime.in_a_worker import FetchedLater, settle_in
from runtime.runner import Runner
from runtime.stopping import Stopper

ROOM = 2**27  # bytes that the blocks to come should find free


def emit(event):
    xworker.postMessage(dumps(event))


def emit_from_run(event):
    if event["type"] == "error" and event["name"].endswith("MemoryError"):
        event["full"] = is_full()
    emit(event)


def is_full():
    try:
        np.empty(ROOM, np.uint8)
    except MemoryError:
        return True
    return False


settle_in()
sys.meta_path.insert(0, FetchedLater(("words", "judging"), installLater))
runner = Runner(emit_from_run, GIVEN)
stopper = Stopper()


async def check(run_id, block):
    # Only who checks needs them: the start is quicker without.
    from lessons.exercises import exercise
    from runtime import grading

    emit({"type": "begun", "id": run_id})
    grading.check(emit, run_id, exercise(block), runner.namespace, block, runner.failed)


async def receive(event):
    """One message of the page; app/shared/protocol.d.ts lists them."""
    message = event.data
    match message.type:
        case "run":
            begun = partial(emit, {"type": "begun", "id": message.id})
            await stopper.carry_out(message.id, runner.run(message.id, message.block, message.source, begun))
        case "stop":
            stopper.stop(message.id, message.nth)
        case "forget":
            runner.forget(message.block)
        case "check":
            await stopper.carry_out(message.id, check(message.id, message.block))
        case "names":
            emit({"type": "names", "id": message.id, "names": names(message.source)})
        case "ask":
            from runtime.completion import answer

            told = answer(runner.namespace, GIVEN, message.question.to_py())
            emit({"type": "answer", "id": message.id, "answer": told})
        case "interrupt":
            pyodide_js.setInterruptBuffer(message.buffer)


xworker.onmessage = receive
emit({"type": "ready", "python": sys.version.split()[0], "numpy": np.__version__})
