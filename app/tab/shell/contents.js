/** The table of contents: each block's state, and where the reader is. */

/** What begins higher than this is behind the bar. */
const BAR_PX = 70;

/** @param {HTMLElement} contents @param {import('../lesson/lesson.js').Lesson} lesson */
export function followLesson(contents, lesson) {
  lesson.on('state', ({ cell: { id, state } }) => {
    const link = contents.querySelector(`a[data-block="${id}"]`);
    if (!(link instanceof HTMLElement)) return;
    link.dataset.state = state;
    // The dot beside it says the same by colour.
    link.title = state;
  });

  lesson.on('passed', ({ cell: { id }, passed }) => {
    contents.querySelector(`a[data-block="${id}"]`)?.toggleAttribute('data-passed', passed);
  });

  const toggle = contents.querySelector('button');
  const expand = (/** @type {boolean} */ open) => toggle?.setAttribute('aria-expanded', String(open));
  toggle?.addEventListener('click', () => expand(toggle.getAttribute('aria-expanded') === 'false'));
  // On a phone the list would stay in the way of what was chosen.
  contents.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLAnchorElement) expand(false);
  });

  const links = /** @type {HTMLAnchorElement[]} */ ([...contents.querySelectorAll('a[href^="#"]')]);
  const targets = links.map(({ hash }) => document.getElementById(hash.slice(1)));
  const isAbove = (/** @type {Element} */ target) => target.getBoundingClientRect().top < BAR_PX;
  /** @type {Set<Element>} */
  const visible = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) visible[isIntersecting ? 'add' : 'delete'](target);
      const shown = targets.findIndex((target) => target && visible.has(target));
      // After a jump there may be none: the reader is in what has begun above.
      const here = shown < 0 ? targets.findLastIndex((target) => target && isAbove(target)) : shown;
      links.forEach((link, index) => {
        if (index === here) link.setAttribute('aria-current', 'location');
        else link.removeAttribute('aria-current');
      });
    },
    { rootMargin: `-${BAR_PX}px 0px -60% 0px` },
  );
  for (const target of targets) if (target) watcher.observe(target);
}
