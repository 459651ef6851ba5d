/** `#id` leads to its block or heading, also where that is on another page now. */
import { fromRoot } from '../root.js';
import { otherPageOf } from '../site.js';

export function followAddresses() {
  const look = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const place = document.getElementById(id);
    place?.closest('details')?.setAttribute('open', '');
    const page = place ? undefined : otherPageOf(id);
    if (page) location.replace(fromRoot(`${page.path}${location.search}#${id}`));
  };
  addEventListener('hashchange', look);
  look();
}
