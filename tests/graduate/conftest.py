"""The project that the page gives, unzipped once, and ways to run it. Its environment: `npm test -- graduate`."""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

TOP = pathlib.Path(__file__).parents[2]
QUIET = {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """The names that the page's blocks have given, as far as the zip needs them."""
    from page_blocks import page_namespace

    return page_namespace()


@pytest.fixture(scope="session")
def project(tmp_path_factory, page):
    """The folder that is in preference-lab-graduate.zip, which the page's own code has made."""
    folder = tmp_path_factory.mktemp("zip")
    made = folder / "made.json"
    made.write_text(json.dumps(page["made"]))
    archive = folder / "preference-lab-graduate.zip"
    subprocess.run(["node", str(TOP / "tests/graduate/make-zip.js"), str(made), str(archive)], check=True, cwd=TOP)
    zipfile.ZipFile(archive).extractall(folder)
    return folder / "preference-lab-graduate"


@pytest.fixture(scope="session")
def align(project):
    """align.py of the unzipped project in this process: importing torch takes longer than most runs."""
    os.environ |= QUIET
    sys.path.insert(0, str(project))
    import align

    assert pathlib.Path(align.__file__).parent == project
    return lambda *given: align.main([str(one) for one in given])


@pytest.fixture(scope="session")
def command(project):
    """align.py as a program of its own, perhaps in several processes: gives a Popen."""

    def start(*given, processes=1):
        launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
        words = [sys.executable, *(launch if processes > 1 else []), "align.py", *map(str, given)]
        environment = os.environ | QUIET | {"PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            words, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return start
