import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OfflineDecision } from '../src/lib/credential.ts';
import { freshnessOf, fromAnswer, fromOffline, logEntry, Remembered, SameCard, type KeptShown, type Sync } from '../src/verify/model.ts';
import { memory } from './memory.ts';

Object.assign(globalThis, { document: { documentElement: { lang: 'ja' } } });

const SYNC: Sync = {
  server_time: '2026-11-23T00:00:00Z',
  knowledge: { town: '012345', synced_at: '2026-11-23T00:00:00Z', max_age_s: 259_200, keys: [], status_lists: [], place: { id: 'p', name: '青空小児科', accepts: [{ programme: 'child-medical', name: { ja: '子ども医療' }, shows: ['beneficiary_no'] }] } },
  screen: { programmes: { 'child-medical': { title: '子ども医療費受給資格証', fields: { beneficiary_no: '受給者番号' }, barcodes: [{ kind: 'nw7', claim: 'beneficiary_no' }, { kind: 'qr', claim: 'not_opened' }] } } },
};
const YES: OfflineDecision = {
  accepted: true, refusal: null, programme: 'child-medical', card: 'c', valid_until: '2027-03-31', disclosed: [{ name: 'beneficiary_no', value: '1234567' }], missing: [], knowledge_age_s: 60, remember: { key: 'c:n', until: '2026-11-23T00:01:00Z' },
};

test('a decision taken here is dressed with the words of the last sync', () => {
  const verdict = fromOffline(YES, SYNC, 'ja', 0);
  assert.equal(verdict.title, '子ども医療費受給資格証');
  assert.equal(verdict.until, '2027年3月31日');
  assert.deepEqual(verdict.fields, [{ label: '受給者番号', value: '1234567' }]);
  assert.deepEqual(verdict.barcodes, [{ kind: 'nw7', value: '1234567' }]);
});

test('without such words the programme has its name and the claims theirs', () => {
  const { screen: _, ...bare } = SYNC;
  const verdict = fromOffline(YES, bare, 'en', 0);
  assert.equal(verdict.title, '子ども医療');
  assert.deepEqual(verdict.fields, [{ label: 'beneficiary_no', value: '1234567' }]);
});

test('a no shows no numbers of a person, whatever the answer carries', () => {
  const answer = { accepted: false, refusal: { code: 'revoked' }, fields: [{ label: '受給者番号', value: '1234567' }], barcodes: [{ kind: 'nw7', value: '1234567' }] };
  const { fields, barcodes } = fromAnswer(answer, 0);
  assert.deepEqual([fields, barcodes], [[], []]);
  assert.equal(fromAnswer({ ...answer, accepted: true }, 0).fields.length, 1);
});

test('no disclosed value goes into the log', () => {
  const entry = logEntry('id', YES, SYNC, Date.parse('2026-11-23T00:01:00Z'));
  assert.deepEqual(entry, { id: 'id', at: '2026-11-23T00:01:00.000Z', accepted: true, refusal: null, programme: 'child-medical', card: 'c', knowledge_synced_at: '2026-11-23T00:00:00Z', knowledge_age_s: 60 });
  assert.ok(!JSON.stringify(entry).includes('1234567'));
});

test('knowledge is fresh, then old, then too old', () => {
  const at = Date.parse(SYNC.knowledge.synced_at);
  assert.equal(freshnessOf(SYNC.knowledge, at + 900_000), 'ok');
  assert.equal(freshnessOf(SYNC.knowledge, at + 901_000), 'old');
  assert.equal(freshnessOf(SYNC.knowledge, at + 259_200_000), 'old');
  assert.equal(freshnessOf(SYNC.knowledge, at + 259_201_000), 'too-old');
});

test('what was shown is remembered as long as it could be shown again, also by the page opened anew', async () => {
  const [kept, before, after] = [memory<KeptShown>(), Date.parse('2026-11-23T00:00:59Z'), Date.parse('2026-11-23T00:01:01Z')];
  const remembered = new Remembered(kept);
  await remembered.add(YES.remember);
  await remembered.add(null);
  assert.deepEqual(remembered.keys(before), ['c:n']);
  const opened = new Remembered(kept);
  await opened.recall(before);
  assert.deepEqual(opened.keys(before), ['c:n']);
  assert.deepEqual(opened.keys(after), []);
  await new Remembered(kept).recall(after);
  assert.deepEqual(await kept.all(), []);
});

test('the camera takes a card once, whatever fresh code its phone shows, until it has been out of sight', () => {
  const card = (which: string, fresh: string): string => `TGT1:${which.repeat(400)}${fresh}`;
  const same = new SameCard(6_000);
  assert.ok(same.isNew(card('A', '1'), 0));
  same.hold(card('A', '1'), 0);
  assert.ok(!same.isNew(card('A', '2'), 5_000));
  assert.ok(!same.isNew(card('A', '3'), 10_000), 'seen at 5 s, so the quiet time starts again');
  assert.ok(same.isNew(card('B', '1'), 10_001));
  assert.ok(same.isNew(card('A', '4'), 16_001));
});
