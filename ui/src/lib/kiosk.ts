/** A screen many people use one after another: who walks away is signed out, after being asked. */

/** Nothing was touched for so long: the question is asked. */
const QUIET_MS = 120_000;
/** So long it waits for an answer (WCAG 2.2.1 asks for twenty seconds). */
const ANSWER_MS = 30_000;

/** Watches whether somebody is still there; `end` is where their session ends. */
export function watchKiosk(question: HTMLDialogElement, end: () => void): void {
  let timer = 0;
  const ask = (): void => {
    question.showModal();
    timer = window.setTimeout(end, ANSWER_MS);
  };
  const again = (): void => {
    clearTimeout(timer);
    if (question.open) question.close();
    timer = window.setTimeout(ask, QUIET_MS);
  };
  for (const sign of ['pointerdown', 'keydown', 'scroll']) addEventListener(sign, again, { passive: true });
  again();
}
