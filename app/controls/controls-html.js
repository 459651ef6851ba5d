/** How controls look: the same HTML from the build, before any script runs, and from the page. */
import { escapeHtml } from '../output/html.js';
import { LONGEST_TEXT, optionAt, said } from './controls.js';

/** @typedef {import('./controls.js').Control} Control */

/** @param {Record<string, string | number | boolean | undefined>} given */
const attributes = (given) =>
  Object.entries(given)
    .flatMap(([name, value]) => {
      if (value === undefined || value === false) return [];
      return [value === true ? name : `${name}="${escapeHtml(String(value))}"`];
    })
    .join(' ');

/**
 * What a control's element has as its value: of steps the number of the option.
 * @param {Control} control
 */
export function elementValue(control) {
  if (control.kind === 'steps') return String(Math.max(0, optionAt(control)));
  if (control.kind === 'choice') return String(optionAt(control));
  return String(control.value);
}

/** @param {Control} control @param {string} id @param {boolean} disabled */
function inputHtml(control, id, disabled) {
  const { kind, min, max, step, options = [] } = control;
  const steps = kind === 'integer' ? 1 : 'any';
  // A browser that fills in what was there before a reload would not know what the code says.
  const common = { id, disabled, autocomplete: 'off' };
  const value = elementValue(control);
  switch (kind) {
    case 'slider':
    case 'steps': {
      const range = kind === 'slider' ? { min, max, step } : { min: 0, max: options.length - 1, step: 1 };
      return `<input ${attributes({ ...common, type: 'range', ...range, value, 'aria-valuetext': said(control) })}>`;
    }
    case 'number':
    case 'integer':
      return `<input ${attributes({ ...common, type: 'number', min, max, step: step ?? steps, value })}>`;
    case 'boolean':
      return `<input ${attributes({ ...common, type: 'checkbox', checked: control.value === true })}>`;
    case 'choice': {
      const own = { label: said(control), at: -1 };
      const all = [...options.map(({ label }, at) => ({ label, at })), ...(value === '-1' ? [own] : [])];
      const html = all.map(
        ({ label, at }) =>
          `<option ${attributes({ value: at, selected: String(at) === value })}>${escapeHtml(label)}</option>`,
      );
      return `<select ${attributes(common)}>${html.join('')}</select>`;
    }
    default:
      return `<input ${attributes({ ...common, type: 'text', maxlength: LONGEST_TEXT, spellcheck: 'false', value })}>`;
  }
}

/** @param {Control} control @param {string} id @param {boolean} disabled */
function controlHtml(control, id, disabled) {
  const { kind, name, label } = control;
  const about = label ? ` <span class="about">${escapeHtml(label)}</span>` : '';
  // A screen reader hears the value from the slider itself.
  const value =
    kind === 'slider' || kind === 'steps'
      ? `<span class="value" aria-hidden="true">${escapeHtml(said(control))}</span>`
      : '';
  return (
    `<div class="control" data-kind="${kind}"><label for="${id}"><code>${escapeHtml(name)}</code>${about}</label>` +
    `${value}${inputHtml(control, id, disabled)}</div>`
  );
}

/**
 * @param {Control[]} controls @param {string} block its id
 * @param {{disabled?: boolean}} [how] disabled: until there are scripts
 */
export const controlsHtml = (controls, block, { disabled = false } = {}) =>
  controls.map((control, index) => controlHtml(control, `${block}-control-${index + 1}`, disabled)).join('');
