"""What the page's blocks give to the zip, without the page: the blocks that it needs, run in plain Python."""

import ast
import contextlib
import io
import json
import pathlib
import re
import sys

import numpy as np

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "py"))
NEEDED = ("words-setup", "words-pairs", "words-reward-model", "words-optimum")
TRAINING = ("words-dpo", "words-rloo")


def blocks() -> dict[str, str]:
    """The code of the words page's blocks, by id."""
    found = {}
    for path in sorted((TOP / "py/lessons/chapters").glob("11_words_*.py")):
        for cell in re.split(r"^# %% ", path.read_text(), flags=re.M)[1:]:
            head, _, source = cell.partition("\n")
            if name := re.search(r'\bid="([\w-]+)"', head):
                found[name[1]] = source
    return found


def page_namespace(edit=lambda sources: sources):
    """The blocks' names after they ran, and under `made` what the zip gets."""
    sources = edit(blocks())
    names = {"np": np, "show": lambda _: None, "progress": lambda steps, total=None: steps}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in NEEDED:
            exec(compile(sources[block], block, "exec"), names)
    printed = io.StringIO()
    asked = f"import json\ngraduate_sources = json.loads({json.dumps(json.dumps({k: sources[k] for k in TRAINING}))})\n"
    with contextlib.redirect_stdout(printed):
        exec(asked + (TOP / "py/graduate/from_page.py").read_text(), names)
    return names | {"made": json.loads(printed.getvalue()), "sources": sources}


def dpo_of_page(names) -> np.ndarray:
    """The weights that the page's own DPO ends with."""
    # The block trains once when it is run; only its functions are needed.
    tree = ast.parse(names["sources"]["words-dpo"])
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    own = dict(names)
    exec("from preflab import losses as pair_losses", own)
    exec(compile(tree, "words-dpo", "exec"), own)
    return own["train_on_stories"](own["dpo_of"](own["beta_words"]), own["story_chosen"], own["story_rejected"])
