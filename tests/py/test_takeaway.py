"""The notebook that a reader downloads: valid, and it runs from top to bottom in IPython with NumPy and Plotly only."""

import json
import os
import pathlib
import re
import subprocess
import sys

import nbformat
import pytest

from lessons.block_globals import GIVEN
from runtime.dependencies import names

TOP = pathlib.Path(__file__).parents[2]

EDITS = {
    "ledger-seeds": None,  # filled in below: fewer seeds, to be quick
    "exercise-dpo": "from preflab import losses\nprint('mine', losses.__name__)\n{'a': 1}",
}

# What the page does with the reader's code, with a stub for the figures that the prose cites.
EXPORT = """
import { citations, readLesson } from './app/site/cells.js';
import { takeAlong } from './app/site/takeaway.js';
import { notebookFile } from './app/shared/export.js';
const cells = await readLesson();
const figures = Object.fromEntries(cells.flatMap(({ source }) => citations(source)).map((one) => [one, '…']));
const lesson = await takeAlong(cells, figures);
process.stdout.write(notebookFile(lesson, new Map(Object.entries(JSON.parse(process.argv[1])))));
"""

# Jupyter's kernel is this shell behind sockets; cells, displays and formatters are the same.
RUN = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

shell = InteractiveShell.instance()
results = {}
for cell in json.load(sys.stdin)["cells"]:
    if cell["cell_type"] != "code":
        continue
    with capture_output() as captured:
        done = shell.run_cell("".join(cell["source"]), store_history=True)
    error = done.error_before_exec or done.error_in_exec
    results[cell["id"]] = {
        "error": error and repr(error),
        "text": captured.stdout,
        "shown": [list(output.data) for output in captured.outputs],
        "html": "".join(output.data.get("text/html", "") for output in captured.outputs),
    }
results["from_text"] = all(sys.modules[name].from_text for name in ("preflab", "lessons", "runtime"))
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def notebook(blocks):
    """The notebook's text, with two blocks edited."""
    fewer = re.sub(r"^SEEDS = \d+", "SEEDS = 2", blocks["ledger-seeds"], flags=re.M)
    edits = json.dumps(EDITS | {"ledger-seeds": fewer})
    command = ["node", "--input-type=module", "-e", EXPORT, edits]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def results(notebook, tmp_path_factory):
    """{cell id: what it gave}."""
    folder = tmp_path_factory.mktemp("elsewhere")
    given = os.environ | {"PLOTLY_RENDERER": "plotly_mimetype", "IPYTHONDIR": str(folder)}
    command = [sys.executable, "-I", "-c", RUN]
    done = subprocess.run(
        command, input=notebook, cwd=folder, env=given, capture_output=True, text=True, check=True, timeout=600
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_notebook_is_valid(notebook):
    read = nbformat.reads(notebook, as_version=4)
    nbformat.validate(read)
    assert (read.nbformat, read.nbformat_minor) == (4, 5)


@pytest.mark.parametrize("name", ["given_in_python.py", "given_in_jupyter.py"])
def test_all_that_the_page_gives_is_given_there(name):
    source = (TOP / "py/takeaway" / name).read_text("utf-8")
    assert set(GIVEN) <= set(names(source)["defines"])


@pytest.mark.slow
def test_every_cell_runs(results, blocks):
    assert set(blocks) <= set(results)
    assert [result["error"] for result in results.values() if isinstance(result, dict) and result["error"]] == []


@pytest.mark.slow
def test_it_stands_on_the_texts_that_it_carries(results):
    assert results["from_text"]


@pytest.mark.slow
def test_every_chart_and_every_table_is_shown(results, blocks):
    for block, source in blocks.items():
        if block in EDITS:
            continue
        shown = sum(results[block]["shown"], [])
        assert ("application/vnd.plotly.v1+json" in shown) == bool(re.search(r"\bcharts\.", source)), block
        assert ("<table>" in results[block]["html"]) == bool(re.search(r"\b(tables\.|judge\()", source)), block


@pytest.mark.slow
def test_every_picture_is_shown_as_images(results, blocks):
    drawn = [block for block, source in blocks.items() if re.search(r"\bflowers\.", source) and block not in EDITS]
    assert len(drawn) >= 4
    for block in drawn:
        html = results[block]["html"]
        assert html.count('<img src="data:image/svg+xml;base64,') >= 3, block
        assert "<svg" not in html and "alt=" in html


@pytest.mark.slow
def test_blocks_print_what_they_print_on_the_page(results, lesson):
    assert re.search(rf"^learned weights +{lesson.rm_losses[-1]:.3f} ", results["train-reward"]["text"], flags=re.M)
    assert results["ledger-seeds"]["text"].startswith("2 seeds: RLHF scored")


@pytest.mark.slow
def test_an_edit_and_the_module_that_it_imports_come_along(results):
    assert re.fullmatch(r"mine preflab.losses\n(Out\[\d+]: )?\{'a': 1}\n", results["exercise-dpo"]["text"])


FILE = """
import { pythonFile } from './app/shared/export.js';
const [sources, unread] = JSON.parse(process.argv[1]);
const cells = Object.entries(sources).map(([id, source]) => ({ kind: 'block', id, title: id, source }));
const lesson = { cells, modules: {}, loader: '', given: { python: 'given = 1', jupyter: '' } };
process.stdout.write(pythonFile(lesson, new Map(), unread));
"""


def file_of(sources, unread=()):
    command = ["node", "--input-type=module", "-e", FILE, json.dumps([sources, [{"id": id} for id in unread]])]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True, timeout=120).stdout


def run_file(text):
    return subprocess.run([sys.executable, "-I", "-"], input=text, capture_output=True, text=True, timeout=120)


AWAITS = "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x\n"


@pytest.mark.parametrize(
    ("sources", "printed"),
    [
        (["    x = 1\n    print(x)"], "1\n"),
        ([AWAITS + "x = await f(1)", "print(x, await f(2))"], "1 2\n"),
        (["print('a\\n\\tb', '''c''', \"d\")\n" + AWAITS + "await f(1)"], "a\n\tb c d\n"),
        ([AWAITS + "async def g():\n    yield 3\nasync for i in g(): print(i)"], "3\n"),
        (["x = 1", "from __future__ import annotations\ndef f(a: nope): return a\nprint(f(x))"], "1\n"),
        (["print('β', '😀')\nimport asyncio\nawait asyncio.sleep(0)"], "β 😀\n"),
    ],
)
def test_what_a_block_may_hold_the_file_runs(sources, printed):
    done = run_file(file_of({f"block-{i}": source for i, source in enumerate(sources)}))
    assert (done.stdout, done.stderr) == (printed, "")


def test_a_block_that_python_cannot_read_stops_the_file_there_and_not_before():
    done = run_file(file_of({"one": "print('one')", "two": "x = (", "three": "print('three')"}, ["two"]))
    assert done.stdout == "one\n"
    assert 'File "<two>", line 1' in done.stderr
    assert "'(' was never closed" in done.stderr
