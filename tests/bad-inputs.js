/**
 * Code that goes wrong in every way, and what the reader then sees: Chromium is given all of it, the other engines what
 * depends on them.
 */

/**
 * @typedef {object} Input
 * @property {string} name
 * @property {string} code
 * @property {string} ends the block's state afterwards; `|` between two that are both right
 * @property {RegExp} says what the reader sees: messages, output and captions
 * @property {boolean} [engine] whether it depends on the browser: on its stack, its memory, its DOM, its clipboard
 * @property {boolean} [stop] whether it has to be stopped
 * @property {string} [begun] what it prints when it has come to where it is to be stopped
 */

const LOOP = 'while True: pass';
const SCRIPT = '<script>window.ran = 1</script><img src=x onerror=ran=1><a href="javascript:window.ran=1">a</a>';

/** @param {string} title @param {string} x */
const chart = (title, x) =>
  `{"data": [{"type": "scatter", "mode": "markers", "name": '''${title}''', "x": ${x}, "y": ${x}, ` +
  `"text": '''${title}'''}], ` +
  `"layout": {"xaxis": {"title": {"text": '''${title}'''}}, ` +
  `"meta": {"title": '''${title}''', "summary": '''${title}'''}}}`;

/** Python keeps running, and keeps its values. @type {Input[]} */
export const GENTLE = [
  { name: 'an endless loop', engine: true, code: LOOP, stop: true, ends: 'stale', says: /Stopped\./ },
  {
    name: 'an endless loop in a finally',
    code: `try:\n    print("begun")\n    ${LOOP}\nfinally:\n    ${LOOP}`,
    stop: true,
    begun: 'begun',
    ends: 'stale',
    says: /Stopped\./,
  },
  {
    name: 'a cleaning up of 1.5 seconds',
    code:
      'import time\ntry:\n    print("begun")\n    while True: pass\nexcept KeyboardInterrupt:\n' +
      '    end = time.monotonic() + 1.5\n    while time.monotonic() < end: pass\n    print("cleaned up")',
    stop: true,
    begun: 'begun',
    ends: 'done',
    says: /^begun\ncleaned up$/,
  },
  {
    name: 'an endless loop in an except',
    code: `try:\n    print("begun")\n    ${LOOP}\nexcept KeyboardInterrupt:\n    ${LOOP}`,
    stop: true,
    begun: 'begun',
    ends: 'stale',
    says: /interrupted again.*Stopped\./,
  },
  {
    name: 'an await that never ends',
    engine: true,
    code: 'import asyncio\nawait asyncio.Event().wait()',
    stop: true,
    ends: 'stale',
    says: /Stopped\./,
  },
  {
    name: 'endless recursion',
    engine: true,
    code: 'def f(n):\n    return f(n + 1)\n\n\nf(0)',
    ends: 'error',
    says: /RecursionError/,
  },
  {
    name: 'endless recursion with a limit of 10**9',
    engine: true,
    code: 'import sys\nsys.setrecursionlimit(10**9)\n\n\ndef f(n):\n    return f(n + 1)\n\n\nf(0)',
    ends: 'error',
    says: /RecursionError/,
  },
  {
    name: 'the error of a recursion with that limit, when it goes',
    engine: true,
    code:
      'import sys\nsys.setrecursionlimit(10**9)\n\n\ndef f(n):\n    return f(n + 1)\n\n\n' +
      'try:\n    f(0)\nexcept RecursionError:\n    pass\nprint("gone")',
    ends: 'done',
    says: /^gone$/,
  },
  {
    name: 'recursion through Python’s own functions',
    engine: true,
    code: 'class A:\n    def __getattr__(self, name):\n        return getattr(self, name)\n\n\nA().x',
    ends: 'error',
    says: /RecursionError/,
  },
  {
    name: 'recursion through NumPy',
    engine: true,
    code: 'def f(x):\n    return np.vectorize(f)([x])\n\n\nf(1)',
    ends: 'error',
    says: /RecursionError/,
  },
  { name: 'a sum of 500 terms', code: `print(${'1 + '.repeat(499)}1)`, ends: 'done', says: /^500$/ },
  { name: '__import__ = None', code: 'import builtins\nbuiltins.__import__ = None', ends: 'done', says: /^$/ },
  {
    name: 'no name of Python left',
    code: 'import builtins\nvars(builtins).clear()\nlen("a")',
    ends: 'error',
    says: /NameError/,
  },
  { name: 'no module left', code: 'import sys\nsys.modules.clear()', ends: 'done', says: /^$/ },
  {
    name: 'asyncio.run beside the loop of the page',
    code:
      'import asyncio\n\n\nasync def main():\n    await asyncio.sleep(0.1)\n    return 42\n\n\n' +
      'print(asyncio.run(main()), await main())',
    ends: 'done',
    says: /^42 42$/,
  },
  { name: 'np.zeros(10**10)', code: 'np.zeros(10**10)', ends: 'error', says: /ValueError/ },
  {
    name: 'two arrays of 2 GB',
    engine: true,
    code: 'np.zeros(2**28 - 1), np.zeros(2**28 - 1)',
    ends: 'error',
    says: /MemoryError/,
  },
  {
    name: 'a million printed lines',
    engine: true,
    code: 'for i in range(10**6): print("line", i)',
    ends: 'done',
    says: /10,888,890 more characters were printed/,
  },
  {
    name: 'a million shown values',
    code: 'for i in range(10**6): show(i)',
    ends: 'done',
    says: /more values were shown/,
  },
  {
    name: 'stdout and stderr in turns',
    engine: true,
    code: 'import sys\nfor i in range(20_000): print("step", i); print("warning", i, file=sys.stderr)',
    ends: 'done',
    says: /step 0.*Show all 40,000 lines.*warning 19999/s,
  },
  {
    name: 'printed text and shown values in turns',
    engine: true,
    code: 'for i in range(20_000): print("step", i); show(i)',
    ends: 'done',
    says: /Show all .* lines.*step 19999/s,
  },
  { name: 'one line of 10 MB', code: 'print("x" * 10**7)', ends: 'done', says: /more characters were printed/ },
  {
    name: '1,000 charts',
    engine: true,
    code: `for i in range(1000): show(${chart('many', '[1, 2, 3]')})`,
    ends: 'done',
    says: /976 more charts/,
  },
  {
    name: 'a chart of a million points',
    engine: true,
    code: `show(${chart('dense', 'np.arange(10**6) % 1000')})`,
    ends: 'done',
    says: /1,000,000 points; 1 of every 200 is drawn/,
  },
  {
    name: 'a chart that cannot be drawn',
    code: 'show({"data": [{"type": "scatter"}], "layout": {"xaxis": None, "meta": 5}})',
    ends: 'done',
    says: /could not be drawn/,
  },
  { name: 'print = None', code: 'print = None', ends: 'done', says: /^$/ },
  { name: 'del np', code: 'del np', ends: 'done', says: /^$/ },
  { name: 'sys.exit()', code: 'import sys\nsys.exit()', ends: 'error', says: /SystemExit/ },
  { name: 'input()', code: 'input()', ends: 'error', says: /no keyboard/ },
  { name: 'import torch', code: 'import torch', ends: 'error', says: /No module named 'torch'/ },
  {
    name: 'threads',
    code: 'import threading\nthreading.Thread(target=print).start()',
    ends: 'error',
    says: /threads cannot start here/,
  },
  { name: 'null characters', code: 'print("a\0b")', ends: 'error', says: /null/ },
  { name: 'a syntax error on the last line', code: 'a = 1\nb = (', ends: 'error', says: /SyntaxError.*line 2/ },
  { name: 'tabs mixed with spaces', code: 'if True:\n        a = 1\n\tb = 2', ends: 'error', says: /TabError.*line 3/ },
  {
    name: 'HTML and script in printed text',
    engine: true,
    code: `print('''${SCRIPT}''')`,
    ends: 'done',
    says: /<script>window.ran/,
  },
  {
    name: 'HTML and script in a chart',
    engine: true,
    code: `show(${chart(SCRIPT, '[1, 2]')})`,
    ends: 'done',
    says: /<script>window.ran/,
  },
  {
    name: 'HTML and script in an error',
    code: `raise ValueError('''${SCRIPT}''')`,
    ends: 'error',
    says: /<script>window.ran/,
  },
  {
    name: 'a huge paste',
    engine: true,
    code: `x = [\n${'    1234567890,\n'.repeat(20_000)}]\nlen(x)`,
    ends: 'done',
    says: /20000/,
  },
];

/** Python is lost and starts anew. @type {Input[]} */
export const ROUGH = [
  {
    name: 'an endless loop in except: pass',
    code: `while True:\n    try:\n        print("begun")\n        ${LOOP}\n    except:\n        pass`,
    stop: true,
    begun: 'begun',
    ends: 'stale',
    says: /restarting Python/,
  },
  {
    name: 'an endless loop inside NumPy',
    // A signal that comes between the two is not for NumPy.
    code:
      'a = np.ones((4000, 4000))\nwhile True:\n    try:\n        print("begun")\n        a @ a\n' +
      '    except KeyboardInterrupt:\n        pass',
    stop: true,
    begun: 'begun',
    ends: 'stale',
    says: /restarting Python/,
  },
  // How deep the stack is, is the engine's affair. Python frees what hangs on what it frees one inside the other.
  {
    name: 'a chain of 100,000 objects that goes',
    code: 'chain = None\nfor _ in range(100_000):\n    chain = [chain]\ndel chain',
    ends: 'stale|done',
    says: /deeper than the browser’s stack|^$/,
  },
  {
    name: 'a sum of 5,000 terms',
    code: `print(${'1 + '.repeat(4999)}1)`,
    ends: 'stale|error',
    says: /deeper than the browser’s stack|RecursionError.*hundreds of levels/,
  },
  {
    name: 'recursion past the end of the stack',
    code: 'class A:\n    def __repr__(self):\n        return repr(self)\n\n\nA()',
    ends: 'stale|error',
    says: /deeper than the browser’s stack|RecursionError/,
  },
  {
    name: 'memory grown until the heap is full',
    code: 'kept = []\nwhile True:\n    print("held", len(kept) * 128, "MB.")\n    kept.append(np.ones(2**24))',
    ends: 'stale',
    says: /MemoryError.*memory was full.*held 1\d{3} MB\.$/s,
  },
  { name: 'the worker killed mid-run', code: LOOP, ends: 'stale', says: /ended in the middle/ },
];

/** Every engine is given these. */
export const OF_AN_ENGINE = GENTLE.filter(({ engine }) => engine);
