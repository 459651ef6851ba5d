/**
 * Answers for one block's editor: from Python's live names, and from what the page knows of the other blocks.
 * While a block runs Python cannot answer; then there is none, at once.
 *
 * @typedef {import('../../shared/protocol.js').Item} Item
 * @typedef {import('../../shared/protocol.js').Help} Help
 * @typedef {import('./help-box.js').Told} Told
 * @typedef {import('../block/hints.js').Definers} Definers
 * @typedef {{
 *   complete: (base: string, source: string) => Promise<Item[] | undefined>,
 *   help: (path: string, source: string) => Promise<Told | undefined>,
 *   names: () => {label: string, type: string, detail: string}[],
 *   excuse: () => string,
 * }} Assistant
 */

/** Typing does not wait for it. */
const PATIENCE_MS = 1000;

/**
 * @param {import('../kernel/kernel.js').Kernel} kernel
 * @param {Definers} definers
 * @returns {Assistant}
 */
export function createAssistant(kernel, definers) {
  return {
    complete: (base, source) => kernel.ask({ kind: 'complete', base, source }, PATIENCE_MS),
    async help(path, source) {
      /** @type {Help | null | undefined} */
      const told = await kernel.ask({ kind: 'help', path, source }, PATIENCE_MS);
      const found = told?.live ? definers.writer(path) : definers.find(path);
      const block = found && found.where !== 'here' ? found : undefined;
      if (told) return { ...told, block };
      if (!block) return undefined;
      return {
        name: path,
        kind: 'value',
        signature: '',
        doc: '',
        value: '',
        live: false,
        note: busy(kernel) ?? 'That block has not run yet.',
        block,
      };
    },
    names: () => definers.all().map(({ name, title }) => ({ label: name, type: 'variable', detail: `of “${title}”` })),
    excuse: () => busy(kernel) ?? 'Python knows nothing of it yet: has the block run?',
  };
}

/** @param {import('../kernel/kernel.js').Kernel} kernel */
function busy(kernel) {
  if (kernel.status.state !== 'ready') return 'Python is not ready yet.';
  return kernel.busy ? 'Python is busy: ask again when the block has run.' : undefined;
}
