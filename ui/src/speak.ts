/** Reads an article aloud, paragraph by paragraph, in the language it is written in and by a voice that speaks it. */
import { text } from './lib/texts.ts';
import { voiceFor } from './lib/voice.ts';

const start = document.querySelector<HTMLButtonElement>('[data-speak-start]');
const article = document.querySelector<HTMLElement>('[data-speak]');

if (start && article && 'speechSynthesis' in window) {
  const label = start.textContent ?? '';
  const rest = (): void => { start.textContent = label; };
  const note = document.createElement('p');
  note.setAttribute('role', 'status');
  note.className = 'muted';
  start.after(note);
  start.hidden = false;
  // The list of voices comes late in some browsers; asking once has it fetched.
  speechSynthesis.getVoices();
  start.addEventListener('click', () => {
    note.textContent = '';
    if (speechSynthesis.speaking) {
      speechSynthesis.cancel();
      return rest();
    }
    const voices = speechSynthesis.getVoices();
    const parts = [...article.querySelectorAll<HTMLElement>('h1, p.preserve')].map((part) => {
      const said = new SpeechSynthesisUtterance(part.innerText);
      said.lang = part.closest<HTMLElement>('[lang]')?.lang || document.documentElement.lang;
      said.voice = voiceFor(voices, said.lang) ?? null;
      return said;
    });
    // A voice of another language would read noise. A browser that lists no voices at all may still have one.
    if (voices.length > 0 && parts.some((said) => !said.voice)) {
      note.textContent = text('speak.no_voice');
      return;
    }
    const last = parts.at(-1);
    if (last) last.addEventListener('end', rest);
    parts.forEach((said) => speechSynthesis.speak(said));
    start.textContent = text('speak.stop');
  });
  addEventListener('pagehide', () => speechSynthesis.cancel());
}
