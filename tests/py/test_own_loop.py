"""asyncio.run in a block, while the page's loop runs."""

import asyncio
import os
import signal
import threading
import time

import pytest

from runtime import own_loop
from runtime.runner import Runner
from runtime.stopping import Stopper


@pytest.fixture
def run(monkeypatch):
    outer = asyncio.run
    for name in ("run", "Runner", "new_event_loop"):
        monkeypatch.setattr(asyncio, name, getattr(asyncio, name))  # brought back afterwards

    def run_block(source):
        events = []

        async def page():
            monkeypatch.setattr(asyncio, "run", own_loop.run)
            monkeypatch.setattr(asyncio, "Runner", own_loop.Runner)
            monkeypatch.setattr(asyncio, "new_event_loop", own_loop.OwnLoop)
            await Stopper().carry_out(1, Runner(events.append).run(1, "block", f"import asyncio\n{source}"))
            await asyncio.sleep(0)  # the page's loop goes on

        outer(page())
        errors = [event["message"] for event in events if event["type"] == "error"]
        return "".join(event["text"] for event in events if event["type"] == "stdout"), errors, events[-1]["status"]

    return run_block


MAIN = "async def main(x=42):\n    await asyncio.sleep(0.01)\n    return x\n"
CASES = {
    "run": (f"{MAIN}print(asyncio.run(main()))", "42\n"),
    "run twice": (f"{MAIN}print(asyncio.run(main(1)) + asyncio.run(main(2)))", "3\n"),
    "gather": (
        f"{MAIN}async def both(): return await asyncio.gather(main(1), main(2))\nprint(asyncio.run(both()))",
        "[1, 2]\n",
    ),
    "a task that is left": (
        "async def rest():\n    try:\n        await asyncio.sleep(100)\n    finally:\n        print('left')\n"
        "async def main():\n    task = asyncio.create_task(rest())\n    await asyncio.sleep(0)\nasyncio.run(main())",
        "left\n",
    ),
    "a time limit": (
        "async def main():\n    try:\n        await asyncio.wait_for(asyncio.Event().wait(), 0.01)\n"
        "    except asyncio.TimeoutError:\n        print('late')\nasyncio.run(main())",
        "late\n",
    ),
    "Runner": (f"{MAIN}with asyncio.Runner() as runner:\n    print(runner.run(main(1)), runner.run(main(2)))", "1 2\n"),
    "a loop by hand": (f"{MAIN}loop = asyncio.new_event_loop()\nprint(loop.run_until_complete(main()))", "42\n"),
    "await beside it": (f"{MAIN}print(await main(1), asyncio.run(main(2)), await main(3))", "1 2 3\n"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "printed"), CASES.values(), ids=CASES)
def test_a_coroutine_runs_to_its_end(run, source, printed):
    assert run(source) == (printed, [], "ok")


def test_what_goes_wrong_in_it_is_the_blocks_error(run):
    _, errors, _ = run("async def main(): return 1 / 0\nasyncio.run(main())")
    assert errors == ["division by zero"]
    _, errors, _ = run("asyncio.run(42)")
    assert errors == ["a coroutine was expected, got 42"]


def test_what_nothing_can_wake_is_an_error_and_does_not_wait_for_ever(run):
    _, errors, _ = run("async def main(): await asyncio.Event().wait()\nasyncio.run(main())")
    assert errors == ["asyncio.run() would wait for ever: nothing is left that could wake it"]


def test_stop_ends_it_and_what_it_has_to_clean_up_runs(run):
    def later():
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=later).start()
    source = "async def main():\n    try:\n        await asyncio.sleep(100)\n    finally:\n        print('clean')\n"
    assert run(f"{source}asyncio.run(main())") == ("clean\n", [], "stopped")


def test_the_pages_own_loop_runs_a_coroutine_but_does_not_wait_for_its_own_tasks(run):
    class Page(asyncio.SelectorEventLoop):
        run_until_complete = own_loop.run_until_complete

    async def main():
        return 42

    async def block():
        loop = asyncio.get_running_loop()
        with pytest.raises(RuntimeError, match="write `await` before the task"):
            Page.run_until_complete(loop, loop.create_future())
        return Page.run_until_complete(loop, main())

    assert asyncio.run(block()) == 42
