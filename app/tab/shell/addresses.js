/** `#id` leads to its block or heading, also where that is on another page now, or folded in. */
import { fromRoot } from '../root.js';
import { otherPageOf } from '../site.js';

/** The id that the address names. */
function named() {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash; // a % that begins no character: no id of ours
  }
}

export function followAddresses() {
  const follow = () => {
    const id = named();
    const place = document.getElementById(id);
    place?.closest('details')?.setAttribute('open', '');
    const page = place ? undefined : otherPageOf(id);
    if (page) location.replace(fromRoot(`${page.path}${location.search}#${id}`));
  };
  addEventListener('hashchange', follow);
  follow();
}
