import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markProblems, roundTop } from '../src/lib/whatif.ts';

const marked = (rule: string, line: number, column: number, length?: number): string[] =>
  markProblems(rule, [{ line, column, message: '', ...(length ? { length } : {}) }]).filter((piece) => piece.marked).map((piece) => piece.text);

test('the word at line and column is marked', () => {
  assert.deepEqual(marked('resident.current &&\n  toady >= birthday(75)', 2, 3), ['toady']);
  assert.deepEqual(marked('a == 𠮷田 && b', 1, 6, 2), ['𠮷田']);
});

test('a problem at the end of the rule marks its last character', () => {
  assert.deepEqual(marked('a &&', 1, 5), ['&']);
  assert.deepEqual(marked('', 1, 1), []);
});

test('the pieces always make up the whole rule', () => {
  const rule = 'a\n\nbc 𠮷 d';
  for (let line = 1; line < 5; line++) for (let column = 1; column < 9; column++) assert.equal(markProblems(rule, [{ line, column, message: '' }]).map((piece) => piece.text).join(''), rule);
});

test('charts end at a round number', () => {
  assert.deepEqual([0, 3, 7, 11, 24, 26, 99, 1203, 5400].map(roundTop), [5, 5, 8, 15, 30, 30, 100, 1500, 6000]);
});
