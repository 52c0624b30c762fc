/** Which voice of a device reads a language aloud. */

/** What is asked of a voice, as browsers give it. */
export interface Voice {
  readonly lang: string;
  readonly default?: boolean;
  readonly localService?: boolean;
}

/** Tags of one language that devices call differently: Filipino, Indonesian, Chinese as it is spoken. */
const SAME: Readonly<Record<string, string>> = { tl: 'fil', in: 'id', cmn: 'zh' };

/** Regions whose way of speaking is meant where several voices fit. */
const REGION: Readonly<Record<string, string>> = { 'zh-hans': 'cn', zh: 'cn', pt: 'br', en: 'us' };

const parts = (tag: string): string[] => tag.toLowerCase().split(/[-_]/);
const main = (tag: string): string => {
  const first = parts(tag)[0] ?? '';
  return SAME[first] ?? first;
};

/** The voice that fits a language best: one of the same tag, then of its usual region, then any of the language; nothing where none speaks it. */
export function voiceFor<T extends Voice>(voices: readonly T[], language: string): T | undefined {
  const able = voices.filter((voice) => main(voice.lang) === main(language));
  const region = REGION[language.toLowerCase()] ?? parts(language).at(1);
  const worth = (voice: T): number =>
    (parts(voice.lang).join('-') === language.toLowerCase() ? 8 : 0) + (region && parts(voice.lang).includes(region) ? 4 : 0)
    + (voice.localService ? 2 : 0) + (voice.default ? 1 : 0);
  return able.reduce<T | undefined>((best, voice) => (best === undefined || worth(voice) > worth(best) ? voice : best), undefined);
}
