/** Hints on the Python that the page runs, whose messages are not those of every CPython. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { startPython } from '../../app/site/record.js';
import { ensureRuntime } from '../../app/site/runtime.js';
import { TOP } from '../../app/tools/tools.js';

test('each common mistake gets its hint', async () => {
  await ensureRuntime();
  const python = await startPython();
  python.FS.writeFile('/py-cases.py', await readFile(join(TOP, 'tests/py/error_cases.py')));
  const wrong = await python.runPythonAsync(`
    import importlib.util
    spec = importlib.util.spec_from_file_location("error_cases", "/py-cases.py")
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    wrong = []
    for source, expected in cases.CASES:
        events = []
        await cases.Runner(events.append, cases.GIVEN).run(1, "block", source)
        said = [event["hint"] for event in events if event["type"] == "error"]
        if not said or not cases.fits(said[0], expected):
            wrong.append([source, expected, *said])
    import json
    json.dumps(wrong)`);
  assert.deepEqual(JSON.parse(wrong), []);
});
