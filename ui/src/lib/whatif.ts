/** Pure parts of the what-if box. */
export interface RuleProblem { line: number; column: number; length?: number; message: string }
export interface AgeBand { from: number; to: number; count: number }
/** The answer; `said` is the count in words, as exactly as it may be told, and of a few people there are neither ages nor districts. */
export interface WhatIf { count: number | null; total: number; said: string; micros?: number; ages: AgeBand[]; districts: { name: string; count: number }[] }

/** The rule cut into plain and marked pieces: line and column count characters from 1; without a length the word there is marked. */
export function markProblems(rule: string, problems: RuleProblem[]): { text: string; marked: boolean }[] {
  const starts = lineStarts(rule);
  const characters = [...rule];
  const marked = new Set<number>();
  for (const { line, column, length } of problems) {
    const start = Math.min((starts[line - 1] ?? characters.length) + column - 1, Math.max(0, characters.length - 1));
    const end = length ? start + length : wordEnd(characters, start);
    for (let at = start; at < end && at < characters.length; at++) marked.add(at);
  }
  const pieces: { text: string; marked: boolean }[] = [];
  characters.forEach((character, at) => {
    const last = pieces.at(-1);
    if (last && last.marked === marked.has(at)) last.text += character;
    else pieces.push({ text: character, marked: marked.has(at) });
  });
  return pieces;
}

function lineStarts(rule: string): number[] {
  const starts = [0];
  [...rule].forEach((character, at) => { if (character === '\n') starts.push(at + 1); });
  return starts;
}

function wordEnd(characters: string[], start: number): number {
  let end = start + 1;
  while (end < characters.length && /[\p{L}\p{N}_.]/u.test(characters[end] ?? '')) end++;
  return end;
}

/** A round number at or above the largest, for the top of a chart. */
export function roundTop(largest: number): number {
  if (largest <= 5) return 5;
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= largest) ?? 10) * power;
}
