import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64Url, toBase64Url } from '../src/lib/bytes.ts';
import { japanDay, ServerClock } from '../src/lib/clock.ts';
import { fill, find } from '../src/lib/texts.ts';
import { showing, type CardJson } from '../src/pass/model.ts';
import { labelOf, overFor } from '../src/pass/phone.ts';

const CARD: CardJson = { id: '1', programme: 'p', title: 't', holder_label: 'h', valid_until: '2027-03-31', state: 'live', credential: 'AA' };

test('a card shows its code on its last day and not on the next', () => {
  assert.deepEqual(showing(CARD, '2027-03-31', true), { state: 'live', qr: true });
  assert.deepEqual(showing(CARD, '2027-04-01', true), { state: 'ended', qr: false, because: 'expired' });
});

test('without a network the code is still shown and marked', () => {
  assert.deepEqual(showing(CARD, '2026-11-23', false), { state: 'offline', qr: true });
});

test('a card the centre ended has no code, online or not', () => {
  for (const online of [true, false]) assert.equal(showing({ ...CARD, state: 'ended' }, '2026-11-23', online).qr, false);
});

test('a card without a credential for this phone waits', () => {
  assert.deepEqual(showing({ ...CARD, credential: null }, '2026-11-23', true), { state: 'waiting', qr: false, because: 'no_credential' });
});

test('the day changes at midnight in Japan', () => {
  assert.equal(japanDay(Date.parse('2027-03-31T14:59:59Z')), '2027-03-31');
  assert.equal(japanDay(Date.parse('2027-03-31T15:00:00Z')), '2027-04-01');
});

test('the clock learns the difference from the middle of a request and tells when it is large', () => {
  const clock = new ServerClock();
  clock.learn('2026-11-23T00:00:10Z', Date.parse('2026-11-23T00:00:09Z'), Date.parse('2026-11-23T00:00:11Z'));
  assert.equal(clock.offsetMs, 0);
  assert.equal(clock.wrongBySeconds(), undefined);
  clock.learn('2026-11-23T00:05:00Z', Date.parse('2026-11-23T00:00:00Z'), Date.parse('2026-11-23T00:00:00Z'));
  assert.equal(clock.wrongBySeconds(), 300);
  clock.learn('not a time', 0, 0);
  assert.equal(clock.offsetMs, 300_000);
});

test('texts nest or lie flat, and places are filled', () => {
  assert.equal(find({ card: { live: 'a' } }, 'card.live'), 'a');
  assert.equal(find({ 'card.live': 'b' }, 'card.live'), 'b');
  assert.equal(find({ card: 'x' }, 'card.live'), undefined);
  assert.equal(fill('{date}まで {other}', { date: '3月31日' }), '3月31日まで {other}');
});

test('base64url round-trips without padding', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
  assert.equal(toBase64Url(Uint8Array.of(0xfb, 0xff)), '-_8');
});

test('a phone gets a name people know', () => {
  assert.equal(labelOf('Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36'), 'Android, Chrome');
  assert.equal(labelOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'), 'iPhone, Safari');
  assert.equal(labelOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0'), 'Windows, Edge');
});

test('a phone that was ended is told from one the centre does not know, and neither from being signed out', () => {
  assert.equal(overFor({ code: 'cards.phone_ended' }), 'ended');
  assert.equal(overFor({ code: 'cards.no_such_phone' }), 'unknown');
  assert.equal(overFor({ code: 'proof_needed' }), 'new');
  for (const other of [{ code: 'web.not_signed_in' }, { code: 404 }, undefined, null, 'Not Found']) assert.equal(overFor(other), undefined);
});
