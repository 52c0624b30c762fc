// The same events as two other makers' writers write them. `node calendars.mjs` writes the files of ../data/others anew.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import generate from 'ical-generator';
import { createEvents } from 'ics';

// ical-generator writes the hours of the machine it runs on, whatever zone it names.
process.env.TZ = 'Asia/Tokyo';

const LONG = '持ち物：上履き、飲み物、タオル。駐車場は、会館の裏; 表, そして「港の広場」にもあります。\n雨天のときは体育館で行います。'.repeat(2);

/** Written by ical-generator: a weekly event with a gap and a change, days, and one that was called off. */
export function fromGenerator() {
  const calendar = generate({ name: '体育協会', timezone: 'Asia/Tokyo', prodId: { company: 'others', product: 'club', language: 'JA' } });
  const stamp = new Date('2026-11-01T00:00:00Z');
  const at = (text) => new Date(text);
  calendar.createEvent({
    id: 'weekly@club.example', stamp, timezone: 'Asia/Tokyo', start: at('2026-12-02T01:00:00Z'), end: at('2026-12-02T02:30:00Z'), summary: '太極拳の会', description: LONG, location: '大湊公民館, 2階',
    repeating: { freq: 'WEEKLY', byDay: ['WE'], count: 5, exclude: [at('2026-12-16T01:00:00Z')] },
  });
  calendar.createEvent({ id: 'days@club.example', stamp, allDay: true, start: at('2026-12-12T00:00:00Z'), end: at('2026-12-14T00:00:00Z'), summary: '冬の合宿' });
  calendar.createEvent({ id: 'off@club.example', stamp, start: at('2026-12-20T00:00:00Z'), end: at('2026-12-20T03:00:00Z'), summary: '駅伝', status: 'CANCELLED' });
  return calendar.toString();
}

/** Written by ics: moments in UTC, a length instead of an end, and a rule of its own. */
export function fromIcs() {
  const { error, value } = createEvents([
    { uid: 'utc@hall.example', start: [2026, 12, 5, 0, 0], startInputType: 'utc', startOutputType: 'utc', duration: { hours: 1, minutes: 30 }, title: '囲碁; 将棋', description: LONG, location: '公民館', url: 'https://hall.example/go' },
    { uid: 'days@hall.example', start: [2026, 12, 23], end: [2026, 12, 24], title: '大掃除' },
    { uid: 'monthly@hall.example', start: [2026, 12, 6, 1, 0], startInputType: 'utc', startOutputType: 'utc', end: [2026, 12, 6, 3, 0], endInputType: 'utc', endOutputType: 'utc', title: '朝市', recurrenceRule: 'FREQ=MONTHLY;BYDAY=1SU;COUNT=3' },
  ]);
  if (error) throw error;
  return value.replaceAll(/DTSTAMP:\d{8}T\d{6}Z/g, 'DTSTAMP:20261101T000000Z');
}

/** What both say: first day, time in Japan, title, cancelled. */
export const GENERATOR = [
  ['2026-12-02', '10:00', '太極拳の会', false], ['2026-12-09', '10:00', '太極拳の会', false], ['2026-12-12', '', '冬の合宿', false], ['2026-12-20', '09:00', '駅伝', true], ['2026-12-23', '10:00', '太極拳の会', false],
  ['2026-12-30', '10:00', '太極拳の会', false],
];
export const ICS = [['2026-12-05', '09:00', '囲碁; 将棋', false], ['2026-12-06', '10:00', '朝市', false], ['2026-12-23', '', '大掃除', false], ['2027-01-03', '10:00', '朝市', false], ['2027-02-07', '10:00', '朝市', false]];

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of [['ical-generator.ics', fromGenerator()], ['ics.ics', fromIcs()]]) writeFileSync(join(import.meta.dirname, '../data/others', name), text);
}
