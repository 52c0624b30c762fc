import assert from 'node:assert/strict';
import { test } from 'node:test';
import { characterOfKey, isPresentation, KeyGatherer, normaliseScan } from '../src/verify/scan.ts';

const SCAN = 'TGT1:6BF+70790T9WJWG.FKY*4GO0.O1CV2 E/$%:A-B';

test('a clean scan stays as it is, inner spaces included', () => {
  assert.equal(normaliseScan(SCAN), SCAN);
  assert.equal(normaliseScan(`${SCAN}\r\n`), SCAN);
});

test('full-width characters of an input method become what was printed', () => {
  const wide = [...SCAN].map((character) => (character === ' ' ? '\u3000' : String.fromCharCode(character.charCodeAt(0) + 0xfee0))).join('');
  assert.equal(normaliseScan(wide), SCAN);
  assert.equal(normaliseScan(SCAN.replaceAll('-', 'ー').replaceAll('.', '。').replaceAll('/', '・')), SCAN);
});

test('Caps Lock turned over does not matter', () => {
  assert.equal(normaliseScan(SCAN.toLowerCase()), SCAN);
});

test('an American scanner on a computer set to a Japanese keyboard is understood', () => {
  const seen = [...SCAN].map((character) => ({ ':': '+', '+': '~', '*': '(' })[character] ?? character).join('');
  assert.equal(normaliseScan(seen), SCAN);
});

test('a Japanese scanner on a computer set to an American keyboard is understood', () => {
  const seen = [...SCAN].map((character) => ({ ':': "'", '+': ':', '*': '"' })[character] ?? character).join('');
  assert.equal(normaliseScan(seen), SCAN);
});

test('other texts are no presentation', () => {
  assert.ok(isPresentation(SCAN));
  for (const other of ['', 'TGT1:', '4901234567894', 'HC1:6BF+70790T9WJWG.FKY*4GO0', 'TGT1:6BF+70790T9WJWG.FKY*4GO0?', `x${SCAN}`]) assert.ok(!isPresentation(other), other);
});

const keysOf = (scan: string): { code: string; shiftKey: boolean }[] => [...scan].map((character) => {
  for (const shiftKey of [false, true]) {
    for (const code of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `Key${letter}`).concat([...'0123456789'].map((digit) => `Digit${digit}`), ['Space', 'Minus', 'Equal', 'Semicolon', 'Quote', 'Comma', 'Period', 'Slash'])) {
      if (characterOfKey(code, shiftKey) === character) return { code, shiftKey };
    }
  }
  throw new Error(`no key types ${character}`);
});

test('keys struck while an input method swallows them still make the scan', () => {
  const gatherer = new KeyGatherer();
  let timeMs = 1000;
  for (const key of keysOf(SCAN)) assert.equal(gatherer.take({ ...key, key: 'Process', timeMs: (timeMs += 5) }), undefined);
  assert.equal(gatherer.take({ code: 'Enter', key: 'Process', shiftKey: false, timeMs: timeMs + 5 }), SCAN);
});

test('what was typed before a pause is not part of the scan', () => {
  const gatherer = new KeyGatherer();
  gatherer.take({ code: 'KeyX', key: 'x', shiftKey: false, timeMs: 0 });
  let timeMs = 5000;
  for (const key of keysOf(SCAN)) gatherer.take({ ...key, key: 'a', timeMs: (timeMs += 5) });
  assert.equal(gatherer.take({ code: 'Enter', key: 'Enter', shiftKey: false, timeMs: timeMs + 5 }), SCAN);
  assert.equal(gatherer.take({ code: 'Enter', key: 'Enter', shiftKey: false, timeMs: timeMs + 10 }), undefined);
});
