/** Stop can be pressed as long as anything runs. It asks for it only where there is time to. */

/** A run that is over sooner was no run to stop; beneath a moving hand there are many, and the button would flicker. */
const BRIEF_MS = 300;

/** @param {HTMLButtonElement} button @param {import('../lesson/lesson.js').Lesson} lesson */
export function followWork(button, lesson) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => button.removeAttribute('data-brief'), BRIEF_MS);
  };
  lesson.on('change', () => {
    const { working } = lesson;
    if (button.disabled !== working) return;
    button.disabled = !working;
    button.setAttribute('data-brief', '');
    if (working) wait();
    else clearTimeout(timer);
  });
  // Many short runs, one after the other, each for the latest value of a control.
  lesson.on('begin', ({ follows }) => {
    if (follows && button.hasAttribute('data-brief')) wait();
  });
}
