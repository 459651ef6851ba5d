/** The buttons under a chart: for the build, which writes them into the page, and for the page, which adds charts. */
export const SAVE_ROW = `<div class="save" role="group" aria-label="Save this chart">${['SVG', 'PNG', 'CSV'].map((format) => (
  `<button type="button" data-save="${format.toLowerCase()}" aria-label="Save as ${format}">${format}</button>`)).join('')}</div>`;
