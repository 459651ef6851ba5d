import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changed,
  changeFor,
  LONGEST_TEXT,
  optionAt,
  readControls,
  said,
  sameElements,
  textNamed,
} from '../../app/controls/controls.js';
import { literalOf, numberLiteral, stringLiteral } from '../../app/controls/literals.js';

const SLIDER = '# @param {type:"slider", min:0.05, max:2, step:0.05}';

/** The source after the first control was moved. @param {string} source @param {string | boolean} value */
function moved(source, value, index = 0) {
  const change = changeFor(readControls(source)[index], value);
  return change ? changed(source, change) : source;
}

/** @param {string} source */
const kinds = (source) => readControls(source).map(({ name, kind, value }) => [name, kind, value]);

test('the four lines of the notation', () => {
  const source = [
    `beta = 0.5      ${SLIDER}`,
    'method = "PPO"  # @param ["PPO", "RLOO", "DPO"]',
    'clip = True     # @param {type:"boolean"}',
    'pairs = 200     # @param [10, 50, 200, 1000] {type:"raw"}',
    'steps = 150     # @param {type:"integer"}',
    'lr = 0.05       # @param {type:"number"}',
    'title = "A run" # @param {type:"string"}',
  ].join('\n');
  assert.deepEqual(kinds(source), [
    ['beta', 'slider', 0.5],
    ['method', 'choice', 'PPO'],
    ['clip', 'boolean', true],
    ['pairs', 'steps', 200],
    ['steps', 'integer', 150],
    ['lr', 'number', 0.05],
    ['title', 'string', 'A run'],
  ]);
  const [beta, method, , pairs] = readControls(source);
  assert.deepEqual([beta.min, beta.max, beta.step], [0.05, 2, 0.05]);
  assert.deepEqual(
    method.options?.map(({ label }) => label),
    ['PPO', 'RLOO', 'DPO'],
  );
  assert.deepEqual(
    pairs.options?.map(({ text }) => text),
    ['10', '50', '200', '1000'],
  );
  for (const { from, to, text } of readControls(source)) assert.equal(source.slice(from, to), text);
});

test('a control writes its literal and nothing else', () => {
  assert.equal(moved(`beta = 0.5      ${SLIDER}`, '0.3'), `beta = 0.3      ${SLIDER}`);
  assert.equal(moved(`a = 1\nbeta=0.5${SLIDER}\nb = 2`, '0.35'), `a = 1\nbeta=0.35${SLIDER}\nb = 2`);
  assert.equal(moved('m = "PPO"  # @param ["PPO", "DPO"]', '1'), 'm = "DPO"  # @param ["PPO", "DPO"]');
  assert.equal(moved("m = 'PPO'  # @param ['PPO', 'DPO']", '1'), "m = 'DPO'  # @param ['PPO', 'DPO']");
  assert.equal(moved('clip = True  # @param {type:"boolean"}', false), 'clip = False  # @param {type:"boolean"}');
  assert.equal(
    moved('n = 200  # @param [10, 1_000] {type:"raw"}', '1'),
    'n = 1_000  # @param [10, 1_000] {type:"raw"}',
  );
  assert.equal(moved('n = 1  # @param {type:"integer"}', '7'), 'n = 7  # @param {type:"integer"}');
  assert.equal(moved('x = 1  # @param {type:"number"}', '2.50'), 'x = 2.50  # @param {type:"number"}');
});

test('numbers look as a person would write them', () => {
  const fine = '# @param {type:"slider", min:0, max:1, step:0.1}';
  assert.equal(moved(`x = 0.5  ${fine}`, String(0.1 + 0.2)), `x = 0.3  ${fine}`);
  assert.equal(moved(`x = 0.5  ${fine}`, '1'), `x = 1.0  ${fine}`, 'a whole one of a kind that has decimals');
  const whole = '# @param {type:"slider", min:0, max:10, step:1}';
  assert.equal(moved(`x = 5  ${whole}`, '7'), `x = 7  ${whole}`);
  assert.equal(moved(`x = 5.0  ${whole}`, '7'), `x = 7.0  ${whole}`, 'stays what it is');
  assert.equal(
    moved('x = 1  # @param {type:"slider", min:-5, max:5, step:1}', '-0'),
    'x = 0  # @param {type:"slider", min:-5, max:5, step:1}',
  );
  const small = '# @param {type:"slider", min:1e-4, max:1e-2, step:1e-4}';
  assert.equal(moved(`lr = 0.001  ${small}`, '0.0030000000000000005'), `lr = 0.003  ${small}`);
  const tiny = '# @param {type:"slider", min:0, max:1e-6, step:1e-8}';
  assert.equal(moved(`lr = 1e-7  ${tiny}`, String(3e-8)), `lr = 3e-8  ${tiny}`);
  assert.equal(numberLiteral(0.1 + 0.2), '0.3');
  assert.equal(numberLiteral(-0), '0');
  assert.equal(moved('n = 1  # @param {type:"number"}', '1e3'), 'n = 1e3  # @param {type:"number"}');
  assert.equal(moved('n = 1  # @param {type:"number"}', '007'), 'n = 7  # @param {type:"number"}', '007 is no Python');
});

test('what is no value changes nothing', () => {
  for (const value of ['', ' ', 'x', 'NaN', 'Infinity', '1e999', '1', '1.0'])
    assert.equal(changeFor(readControls('x = 1  # @param {type:"number"}')[0], value), undefined, value);
  for (const value of ['1.5', '', 'one'])
    assert.equal(changeFor(readControls('n = 3  # @param {type:"integer"}')[0], value), undefined, value);
  for (const value of ['-1', '3', 'x'])
    assert.equal(changeFor(readControls('n = 3  # @param [3, 4, 5] {type:"raw"}')[0], value), undefined, value);
  assert.equal(changeFor(readControls('s = \'a\'  # @param {type:"string"}')[0], 'a'), undefined);
});

test('literals that are read', () => {
  /** @type {[string, unknown][]} */
  const cases = [
    ['-0.5', -0.5],
    ['+3', 3],
    ['.5', 0.5],
    ['5.', 5],
    ['1e-3', 0.001],
    ['1_000', 1000],
    ['1_0.5e1_0', 10.5e10],
    ['True', true],
    ['False', false],
    ['None', null],
    ['math.inf', Infinity],
    ['np.inf', Infinity],
    ['-np.inf', -Infinity],
    ['float("inf")', Infinity],
    ["float('-inf')", -Infinity],
    ["-float('-inf')", Infinity],
    ['""', ''],
    ["''", ''],
    [String.raw`"a\"b\\c"`, 'a"b\\c'],
    [String.raw`'\x41\u00e9\U0001F600\101'`, 'Aé😀A'],
    [String.raw`r"\d"`, '\\d'],
    [String.raw`"\d"`, '\\d'],
    ['u"ä"', 'ä'],
  ];
  for (const [text, value] of cases) assert.equal(literalOf(text)?.value, value, text);
});

test('what is no literal', () => {
  for (const text of [
    '007', '1__0', '1_', '0x10', '1j', '- 1', '--1', '1 + 1', 'x', 'Trueish',
    '"a" "b"', '"a"b', 'f"a"', 'b"a"', '"""a"""', "'''",
    '"a',
    String.raw`"\N{DASH}"`, String.raw`"\xg1"`, String.raw`"\U99999999"`,
    'np.info', 'float("nan")', '[1]', '', 'os.inf',
  ]) // biome-ignore format: a list
    assert.equal(literalOf(text), undefined, text);
});

test('only an assignment of one literal to one name, at the top level', () => {
  for (const line of [
    'beta, gamma = 0.5  #',
    'beta = gamma = 0.5  #',
    'beta.x = 0.5  #',
    'beta[0] = 0.5  #',
    'beta += 0.5  #',
    'beta == 0.5  #',
    'beta = 0.5 * 2  #',
    'beta = (0.5)  #',
    'beta = 0.5; gamma = 1  #',
    'beta = 0.5 if x else 1  #',
    '    beta = 0.5  #',
    'if True: beta = 0.5  #',
    'beta = x  #',
  ])
    assert.deepEqual(readControls(`${line} @param {type:"number"}`), [], line);
  assert.deepEqual(kinds('beta: float = 0.5  # @param {type:"number"}'), [['beta', 'number', 0.5]]);
  assert.deepEqual(kinds('β_1 = 0.5  # @param {type:"number"}'), [['β_1', 'number', 0.5]]);
});

test('not inside of a text, a bracket, a function, or a line that goes on', () => {
  const line = 'beta = 0.5  # @param {type:"number"}';
  for (const source of [
    `"""\n${line}\n"""`,
    `'''\n"""\n${line}\n'''`,
    `x = r"""\\\n${line}\n"""`,
    `f(\n${line}\n)`,
    `x = [  # ) ]\n${line}\n]`,
    `def f():\n    ${line}`,
    `x = 1 + \\\n${line}`,
    `x = "a\\\n${line}"`,
    `# ${line}`,
  ])
    assert.deepEqual(readControls(source), [], source);
  for (const before of [
    "x = \"'''\"",
    "x = '\"'  # it's",
    '"""one line"""',
    'x = "\\""',
    'x = "\\\\"',
    '# (((',
    'x = ")"',
    '"""\ntext\n"""',
    'f(\n1)',
    'x = "never closed',
    ')',
  ])
    assert.equal(readControls(`${before}\n${line}`).length, 1, before);
});

test('a text is found by its name, with a control or without', () => {
  const source = 'n = 3\npicks = "31"  # mine\ndef f():\n    picks = "no"\nother = "a"  # @param {type:"string"}\n';
  const found = textNamed(source, 'picks');
  assert.equal(found?.value, '31');
  const change = found && changeFor(found, '312');
  assert.ok(change);
  assert.equal(changed(source, change), source.replace('"31"', '"312"'));
  assert.equal(textNamed(source, 'other')?.value, 'a');
  for (const name of ['n', 'f', 'missing']) assert.equal(textNamed(source, name), undefined);
  assert.equal(textNamed('picks = str(3)', 'picks'), undefined);
  assert.equal(textNamed('picks = """a\nb"""', 'picks'), undefined);
});

test('damaged comments show no control', () => {
  for (const comment of [
    '{type:"slider", min:0, max:1',
    '{type:"slider", min:1, max:0, step:0.1}',
    '{type:"slider", min:0, max:1, step:0}',
    '{type:"slider", min:0, max:1, step:-1}',
    '{type:"slider", min:"0", max:1, step:1}',
    '{type:"slider" min:0}',
    '{type:"slider", min}',
    '{type:"date"}',
    '{type:"string"}',
    '{type:"boolean"}',
    '{type:}',
    '{type:"number"} and more',
    '["a", "b"]',
    '[1, 2',
    '[1, x] {type:"raw"}',
    '["1; import os"] {type:"raw"}',
    '[]',
    '[,]',
    '}',
    'something',
  ])
    assert.deepEqual(readControls(`x = 1  # @param ${comment}`), [], comment);
  assert.deepEqual(readControls('x = "a"  # @param {type:"number"}'), []);
  assert.deepEqual(readControls('x = 1.5  # @param {type:"integer"}'), []);
  assert.deepEqual(readControls('x = np.inf  # @param {type:"number"}'), [], 'a number that no input shows');
  assert.deepEqual(readControls(String.raw`x = "a\nb"  # @param {type:"string"}`), [], 'more than one line');
  const text = (/** @type {number} */ length) => `x = "${'a'.repeat(length)}"  # @param {type:"string"}`;
  assert.equal(readControls(text(LONGEST_TEXT)).length, 1);
  assert.deepEqual(readControls(text(LONGEST_TEXT + 1)), []);
  assert.deepEqual(readControls('x = 1  # @parameter {type:"number"}'), []);
});

test('what Colab lets pass', () => {
  assert.deepEqual(kinds('x = 1  #@param {type:"number"}'), [['x', 'number', 1]]);
  assert.deepEqual(kinds('x = 1  # @param {"type": "slider", "min": 0, "max": 3, "step": 1,}'), [['x', 'slider', 1]]);
  assert.deepEqual(kinds("x = 'a'  # @param ['a', 'b',] {allow-input: true}"), [['x', 'choice', 'a']]);
  assert.deepEqual(kinds('x = 1  # @param {type:"number"} # more'), [['x', 'number', 1]]);
  assert.deepEqual(kinds('x = 1  # @param {type:"number"} #'), [['x', 'number', 1]]);
  assert.deepEqual(kinds('x = "a"  # @param ["a", "b"] {type:"string"}'), [['x', 'choice', 'a']]);
  assert.deepEqual(kinds('x = 5  # @param {type:"slider"}'), [['x', 'slider', 5]]);
  assert.deepEqual(kinds('x = 5  # @param\ny = "a"  #@param\nz = True # @param'), [
    ['x', 'number', 5],
    ['y', 'string', 'a'],
    ['z', 'boolean', true],
  ]);
  assert.deepEqual(kinds('x = 5  # @param {type:"raw"}'), [['x', 'number', 5]]);
});

test('infinity is one of the steps', () => {
  for (const infinity of ['np.inf', 'math.inf', '"np.inf"', '"math.inf"', `"float('inf')"`]) {
    const source = `epsilon = 0.2  # @param [0.1, 0.2, ${infinity}] {type:"raw"}`;
    const [control] = readControls(source);
    assert.deepEqual(
      control.options?.map(({ label }) => label),
      ['0.1', '0.2', '∞'],
      infinity,
    );
    const after = moved(source, '2');
    assert.equal(after, source.replace('= 0.2', `= ${infinity.replaceAll('"', '')}`));
    assert.equal(readControls(after)[0].value, Infinity);
    assert.equal(said(readControls(after)[0]), '∞');
    assert.equal(moved(after, '1'), source);
  }
});

test('a value that is not one of the steps shows beside the nearest', () => {
  const control = (/** @type {string} */ value) => readControls(`n = ${value}  # @param [10, 50, 200] {type:"raw"}`)[0];
  assert.equal(optionAt(control('200')), 2);
  assert.equal(optionAt(control('199')), 2);
  assert.equal(optionAt(control('20')), 0);
  assert.equal(optionAt(control('None')), -1);
  assert.equal(said(control('199')), '199');
  assert.equal(optionAt(readControls('n = "x"  # @param ["a", "b"]')[0]), -1);
});

test('a value outside of the bounds stays what the code says', () => {
  const source = `beta = 7.0  ${SLIDER}`;
  assert.equal(readControls(source)[0].value, 7);
  assert.equal(said(readControls(source)[0]), '7.0');
  assert.equal(moved(source, '2'), `beta = 2.0  ${SLIDER}`);
});

test('texts are quoted, whatever is typed', () => {
  const source = 's = "a"  # @param {type:"string"}';
  for (const typed of [
    '"; import os; os.system("x")  #',
    "'",
    `"'`,
    '\\',
    '\\"',
    'a\nb',
    'a\r\nb',
    '\0',
    '\u2028',
    '\ud800',
    'ä 😀 漢',
    '',
    '# @param {type:"number"}',
    '"""',
    '\\N{DASH}',
    '{x}',
  ]) {
    const after = moved(source, typed);
    assert.equal(after.split('\n').length, 1, typed);
    assert.ok(after.endsWith('  # @param {type:"string"}'), typed);
    const literal = literalOf(after.slice(4, -'  # @param {type:"string"}'.length));
    assert.equal(literal?.value, typed);
  }
  assert.equal(moved(source, 'say "hi"'), `s = 'say "hi"'  # @param {type:"string"}`);
  assert.equal(moved(source, `it's`), `s = "it's"  # @param {type:"string"}`);
  assert.equal(moved(`s = 'a'  # @param {type:"string"}`, 'b'), `s = 'b'  # @param {type:"string"}`);
  assert.equal(
    moved(String.raw`s = r"\d"  # @param {type:"string"}`, String.raw`\w`),
    String.raw`s = "\\w"  # @param {type:"string"}`,
  );
  assert.equal(stringLiteral('\x07é'), String.raw`"\x07é"`);
});

test('an option is a text, whatever it holds', () => {
  const source = String.raw`m = "a"  # @param ["a", "\"; import os #", 'it\'s']`;
  for (const [index, value] of [
    ['1', '"; import os #'],
    ['2', "it's"],
  ])
    assert.equal(readControls(moved(source, index))[0].value, value);
});

test('any line ends, any script, any place', () => {
  const source = `# Größe: 漢字\r\nβ = 0.5  ${SLIDER}\r\nz = "😀"\r\nm = True  # @param {type:"boolean"}\r\n`;
  assert.deepEqual(kinds(source), [
    ['β', 'slider', 0.5],
    ['m', 'boolean', true],
  ]);
  assert.equal(moved(source, false, 1), source.replace('True', 'False'));
  assert.deepEqual(readControls(''), []);
  assert.deepEqual(readControls('# @param'), []);
  assert.equal(readControls('x = 1  # @param')[0].to, 5);
});

test('two controls of one name are two', () => {
  const source = 'x = 1  # @param {type:"integer"}\nx = 2  # @param {type:"integer"}';
  assert.deepEqual(kinds(source), [
    ['x', 'integer', 1],
    ['x', 'integer', 2],
  ]);
  assert.equal(moved(source, '5', 1), 'x = 1  # @param {type:"integer"}\nx = 5  # @param {type:"integer"}');
});

test('the comment directly above is the label', () => {
  const label = (/** @type {string} */ above) => readControls(`${above}\nx = 1  # @param`)[0].label;
  assert.equal(label('# price of one nat'), 'price of one nat');
  assert.equal(label('#price'), 'price');
  assert.equal(label('# @markdown The price'), 'The price');
  assert.equal(label('# price\n'), '');
  assert.equal(label('y = 1  # price'), '');
  assert.equal(label('    # price'), '');
  assert.equal(label('# %% A cell'), '');
  assert.equal(label('# @title A form'), '');
  assert.equal(label('"""\n# price\n"""'), '');
});

test('elements are made anew only when there are others', () => {
  const [a, b] = ['0.5', '0.75'].map((value) => readControls(`# c\nbeta = ${value}  ${SLIDER}`));
  assert.ok(sameElements(a, b));
  assert.ok(!sameElements(a, readControls(`# d\nbeta = 0.5  ${SLIDER}`)));
  assert.ok(!sameElements(a, []));
  const choice = (/** @type {string} */ value) => readControls(`m = "${value}"  # @param ["a", "b"]`);
  assert.ok(sameElements(choice('a'), choice('b')));
  assert.ok(!sameElements(choice('a'), choice('c')), 'a choice that is none of its options is one more');
});

test('large sources', () => {
  const source = `${'x = f("a", [1, 2])  # text\n'.repeat(20_000)}beta = 0.5  ${SLIDER}\n`;
  assert.equal(readControls(source).length, 1);
  assert.equal(readControls(`x = "${'\\'.repeat(100_001)}"  # @param`).length, 0);
  assert.equal(readControls(`x = ${'1'.repeat(100_000)}_  # @param`).length, 0);
});
