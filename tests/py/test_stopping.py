"""Stop, in a run that computes, one that waits, and one that has ended; and names that a block broke."""

import asyncio
import os
import signal
import threading
import time

import pytest

from runtime.runner import Runner
from runtime.stopping import Stopper


@pytest.fixture(autouse=True)
def signal_handler():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def statuses(events):
    return [event["status"] for event in events if event["type"] == "done"]


def carry_out(source, meanwhile):
    """Runs `source`, calls `meanwhile(stopper)` beside it, and returns the events."""
    events = []

    async def both():
        stopper, runner = Stopper(), Runner(events.append)
        await asyncio.gather(stopper.carry_out(1, runner.run(1, "block", source)), meanwhile(stopper))

    asyncio.run(both())
    return events


def signal_after(*seconds):
    """What the page does when Stop is pressed: signals, from outside."""

    async def send(_):
        def later():
            for wait in seconds:
                time.sleep(wait)
                os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=later).start()

    return send


def test_a_signal_ends_a_run_that_computes():
    assert statuses(carry_out("while True: pass", signal_after(0.2))) == ["stopped"]


def test_a_second_signal_ends_the_loop_in_the_finally():
    # On two lines each: a signal in a loop of one line leaves CPython 3.11 past the finally.
    source = "try:\n    while True:\n        abs(1)\nfinally:\n    print('finally')\n    while True:\n        abs(1)"
    events = carry_out(source, signal_after(0.2, 0.2))
    assert [event.get("text", event.get("status")) for event in events] == ["finally\n", "stopped"]


def test_a_run_that_waits_is_cancelled_by_its_id_and_by_no_other():
    async def stop(stopper):
        await asyncio.sleep(0.05)
        stopper.stop(7, 1)
        await asyncio.sleep(0.05)
        assert stopper._task
        stopper.stop(1, 1)

    events = carry_out("import asyncio\nprint('waiting')\nawait asyncio.Event().wait()", stop)
    assert events[0]["text"] == "waiting\n"
    assert statuses(events) == ["stopped"]


CLEANS_UP = {
    "computes, and cleans up computing": (
        "try:\n    while True:\n        abs(1)\nexcept KeyboardInterrupt:\n    end = time.monotonic() + 0.3\n"
        "    while time.monotonic() < end:\n        abs(1)\n    print('clean')"
    ),
    "computes, and cleans up waiting": (
        "try:\n    while True:\n        abs(1)\nexcept KeyboardInterrupt:\n"
        "    await asyncio.sleep(0.3)\n    print('clean')"
    ),
    "waits, and cleans up waiting": (
        "try:\n    await asyncio.sleep(100)\nfinally:\n    await asyncio.sleep(0.3)\n    print('clean')"
    ),
    "waits, and cleans up computing": (
        "try:\n    await asyncio.sleep(100)\nfinally:\n    end = time.monotonic() + 0.3\n"
        "    while time.monotonic() < end:\n        abs(1)\n    print('clean')"
    ),
}


@pytest.mark.parametrize("source", CLEANS_UP.values(), ids=CLEANS_UP)
@pytest.mark.parametrize("message_first", [True, False])
def test_one_press_is_one_interrupt_whether_the_signal_comes_first_or_the_message(source, message_first):
    async def press(stopper):
        loop = asyncio.get_running_loop()

        def later():
            time.sleep(0.2)
            for is_message in (message_first, not message_first):
                if is_message:
                    loop.call_soon_threadsafe(stopper.stop, 1, 1)
                else:
                    os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)

        threading.Thread(target=later).start()

    events = carry_out(f"import asyncio, time\n{source}", press)
    assert [event["text"] for event in events if event["type"] == "stdout"] == ["clean\n"]


def test_a_second_press_ends_the_cleaning_up():
    async def press(stopper):
        for nth in (1, 2):
            await asyncio.sleep(0.1)
            stopper.stop(1, nth)

    source = "import asyncio\ntry:\n    await asyncio.sleep(100)\nfinally:\n    await asyncio.sleep(100)"
    assert statuses(carry_out(source, press)) == ["stopped"]


def test_a_signal_after_the_run_hurts_nobody():
    carry_out("1", lambda _: asyncio.sleep(0))
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)


@pytest.mark.parametrize(
    ("kept", "used", "printed"),
    [
        (
            "import numpy as np\nnp.set_printoptions(precision=3)",
            "import numpy as np\nprint(np.array([1 / 3]))",
            "[0.333]",
        ),
        ("import decimal\ndecimal.getcontext().prec = 5", "import decimal\nprint(decimal.Decimal(1) / 3)", "0.33333"),
        (
            "import contextvars\nlevel = contextvars.ContextVar('level')\nlevel.set(7)",
            "print(level.get())",
            "7",
        ),
    ],
)
def test_what_a_library_keeps_in_its_context_holds_from_block_to_block(kept, used, printed):
    events = []

    async def both():
        stopper, runner = Stopper(), Runner(events.append)
        await stopper.carry_out(1, runner.run(1, "a", kept))
        await stopper.carry_out(2, runner.run(2, "b", used))

    asyncio.run(both())
    assert "".join(event["text"] for event in events if event["type"] == "stdout").strip() == printed


def test_a_signal_that_comes_while_a_run_is_told_of_ends_nothing():
    events = []

    def emit(event):
        events.append(event)
        if event["type"] in ("stdout", "error"):
            os.kill(os.getpid(), signal.SIGINT)

    async def both():
        stopper, runner = Stopper(), Runner(emit)
        await stopper.carry_out(1, runner.run(1, "a", "import sys\nsys.stdout.write('held back')\n1 / 0"))
        await stopper.carry_out(2, runner.run(2, "b", "1 + 1"))

    asyncio.run(both())
    assert statuses(events) == ["error", "ok"]


def test_begun_is_said_when_the_names_are_there_and_before_the_code_runs():
    events = []

    async def run():
        runner = Runner(events.append, {"answer": 42})
        await runner.run(1, "block", "print(answer)\n1 / 0", lambda: events.append(runner.namespace["answer"]))

    asyncio.run(run())
    assert events[0] == 42
    assert [event["type"] for event in events[1:]] == ["stdout", "error", "done"]


def test_a_signal_that_comes_as_soon_as_the_run_has_begun_ends_it():
    def begun():
        signal.raise_signal(signal.SIGINT)

    events = []

    async def run():
        await Stopper().carry_out(1, Runner(events.append).run(1, "block", "print('not reached')", begun))

    asyncio.run(run())
    assert [event.get("status") for event in events] == ["stopped"]
