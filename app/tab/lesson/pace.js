/**
 * How fast a loop goes and how long it has left, from what it says of its progress: pure functions.
 *
 * @typedef {{at: number, done: number, total: number}} Mark `at` in milliseconds since the loop began
 * @typedef {{first: Mark, recent: Mark[]}} Pace
 */

/** A short loop needs no words. */
const SILENT_MS = 1000;
/** The rate is that of the last seconds: steps may become slower. */
const WINDOW_MS = 5000;
const APART_MS = 200;

/** @param {Pace | undefined} pace @param {Mark} mark @returns {Pace} a loop that begins anew has a pace of its own */
export function follow(pace, mark) {
  const last = pace?.recent[pace.recent.length - 1];
  if (!pace || !last || mark.done < last.done || mark.total !== last.total) return { first: mark, recent: [mark] };
  const beforeLast = pace.recent[pace.recent.length - 2];
  const before = beforeLast && last.at - beforeLast.at < APART_MS ? pace.recent.slice(0, -1) : pace.recent;
  const kept = before.filter(({ at }, index) => index === before.length - 1 || mark.at - at <= WINDOW_MS);
  return { first: pace.first, recent: [...kept, mark] };
}

/** '62 %, 4 s left, 31 steps/s'; '' for a loop that has just begun. @param {Pace} pace */
export function inWords({ first, recent }) {
  const [start, now] = [recent[0], recent[recent.length - 1]];
  if (now.at - first.at < SILENT_MS) return '';
  const rate = (now.done - start.done) / ((now.at - start.at) / 1000);
  // A loop over what has no length has no share.
  if (!now.total)
    return rate > 0 && Number.isFinite(rate) ? `${now.done.toLocaleString('en')} done, ${speed(rate)}` : '';
  const percent = `${Math.floor((100 * now.done) / now.total)} %`;
  if (!(rate > 0) || !Number.isFinite(rate) || now.done >= now.total) return percent;
  return `${percent}, ${duration((now.total - now.done) / rate)} left, ${speed(rate)}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} rate steps a second */
export function speed(rate) {
  if (rate >= 10) return `${Math.round(rate).toLocaleString('en')} steps/s`;
  if (rate >= 1) return `${rate.toFixed(1)} steps/s`;
  return `${duration(1 / rate)} a step`;
}

/**
 * The page's title while Python works, for a reader who is in another tab: '5/41 · 62 % · RLHF and DPO'.
 * @param {string} title
 * @param {{at: number, of: number}} plan how many blocks are to run
 * @param {number | undefined} share of a long loop
 */
export function titleWith(title, { at, of }, share) {
  const parts = [of > 1 ? `${at}/${of}` : '', share === undefined ? '' : `${Math.floor(100 * share)} %`, title];
  return parts.filter(Boolean).join(' · ');
}
