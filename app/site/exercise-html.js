/** What an exercise adds to its block: hints and a worked answer, readable before any script runs. */

/**
 * @param {object} parts all HTML
 * @param {string[]} parts.hints from a nudge to nearly there
 * @param {string} parts.needs the names that its checks take from earlier blocks, as JSON
 * @param {string} parts.code the worked answer
 * @param {string} parts.prints its output
 */
export const exerciseHtml = ({ hints, needs, code, prints }) => `
<py-exercise class="help" data-needs="${needs}">${hints.map((hint, index) => `<details class="hint"><summary>Hint ${index + 1}</summary><p>${hint}</p></details>`).join('')}
<details class="answer"><summary>Worked answer</summary>
<pre class="listing" translate="no" tabindex="0" aria-label="A worked answer"><code>${code}</code></pre>
<div class="answer-actions"><button type="button" class="compare" aria-expanded="false">Compare with mine</button>
<button type="button" class="use">Use it</button></div>
<div class="comparison" role="region" aria-label="Your code beside the worked answer" tabindex="0" hidden></div>
<p>It prints:</p><pre class="listing" translate="no" tabindex="0" aria-label="What it prints">${prints}</pre></details></py-exercise>`;
