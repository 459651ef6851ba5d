"""The edge between the page's messages and the runner. PyScript runs it in a worker."""

import builtins
import json
import sys
import time

import numpy as np
import pyodide_js
from polyscript import xworker

from lessons.given import GIVEN
from runtime.dependencies import names
from runtime.runner import Runner, no_input, sleep_in_slices


def emit(event):
    xworker.postMessage(json.dumps(event))


runner = Runner(emit, GIVEN)
time.sleep = sleep_in_slices
builtins.input = no_input


async def receive(event):
    """One message of the page; app/protocol.d.ts lists them."""
    message = event.data
    match message.type:
        case "run":
            await runner.run(message.id, message.block, message.source)
        case "check":
            # Only who checks needs them: the start is quicker without.
            from lessons.exercises import EXERCISES
            from runtime import grading

            exercise = EXERCISES[message.block]
            grading.check(emit, message.id, exercise, runner.namespace, message.block, runner.failed)
        case "names":
            emit({"type": "names", "id": message.id, "names": names(message.source)})
        case "ask":
            from runtime.inspect_live import answer

            told = answer(runner.namespace, GIVEN, message.question.to_py())
            emit({"type": "answer", "id": message.id, "answer": told})
        case "interrupt":
            pyodide_js.setInterruptBuffer(message.buffer)


xworker.onmessage = receive
emit({"type": "ready", "python": sys.version.split()[0], "numpy": np.__version__})
