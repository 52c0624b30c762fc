// Calendars between makers: ours read by ical.js, and those of ical-generator and ics read by us.
// Run: npm ci && node --test test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import ICAL from 'ical.js';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App, joinStaff } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';
import { GENERATOR, ICS, fromGenerator, fromIcs } from './calendars.mjs';

const town = new Town();
const resident = new Browser();
const staff = new Browser();
let app;
const AREA = '大湊地区';
const ABOUT = '粉から作ります; 手ぶらで, どうぞ。\r\n「雪の日」は、駐車場が使えません。'.repeat(3);

before(async () => {
  await town.choosePort();
  app = await App.start(town);
  cpSync(join(import.meta.dirname, '../../../../towns/mutsu/garbage'), join(town.pack, 'garbage'), { recursive: true });
  town.offer(`${app.pack}
[[calendar_feed]]
id = "club"
name = { ja = "体育協会", ja-easy = "体育協会", en = "Sports club" }

[[calendar_feed]]
id = "hall"
name = { ja = "公民館", ja-easy = "公民館", en = "Hall" }
`);
  await app.open();
  await app.signIn(resident);
  await joinStaff(town, staff);
});

after(async () => {
  app?.end();
  await town.end();
});

/** A day as the town counts it, so many days from today. */
const day = (after) => new Date(Date.now() + (9 + 24 * after) * 3_600_000).toISOString().slice(0, 10);

/** A calendar as the other reader has it; every line is held against the length the standard allows. */
async function read(path) {
  const answer = await fetch(town.origin + path, { headers: { 'accept-language': 'ja' } });
  assert.equal(answer.status, 200, path);
  assert.match(answer.headers.get('content-type'), /^text\/calendar; ?charset=utf-8/);
  const text = await answer.text();
  assert.ok(text.endsWith('END:VCALENDAR\r\n'));
  for (const line of text.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line);
  assert.ok(!/[^\r]\n/.test(text), 'lines end with CRLF');
  const calendar = new ICAL.Component(ICAL.parse(text));
  assert.equal(calendar.getFirstPropertyValue('version'), '2.0');
  const events = calendar.getAllSubcomponents('vevent').map((one) => new ICAL.Event(one));
  assert.equal(new Set(events.map(({ uid }) => uid)).size, events.length, 'each UID once');
  for (const { component } of events) assert.ok(component.getFirstPropertyValue('dtstamp'), 'DTSTAMP is required');
  return { calendar, events };
}

const make = (fields) => staff.open(`${town.origin}/staff/calendar/new`, { title: '', title_en: '', about: '', place: '', starts_on: '', ends_on: '', starts_at: '', ends_at: '', url: '', who: 'anyone', capacity: '', apply_from: '', apply_until: '', ...fields });

test('events of the town: by the hour in Japan, by whole days, called off', async () => {
  const title = 'そば打ち体験; 初心者, 歓迎（長い名前は折り返して書かれ、ほかの読み手が元どおりに読みます）';
  const made = await make({ title, about: ABOUT, place: '公民館, 2階', starts_on: day(10), starts_at: '10:00', ends_at: '12:30' });
  await make({ title: '雪まつり', starts_on: day(20), ends_on: day(21) });
  const off = await make({ title: '駅伝', starts_on: day(15), starts_at: '09:00' });
  await staff.open(`${off.leads}/cancel`, {});
  const { calendar, events } = await read('/calendar/feed.ics');
  assert.ok(calendar.getFirstPropertyValue('x-wr-calname').includes('イベント') || calendar.getFirstPropertyValue('x-wr-calname'));
  const found = (summary) => events.find((event) => event.summary === summary);
  const soba = found(title);
  assert.ok(soba, events.map(({ summary }) => summary).join());
  assert.equal(soba.startDate.toJSDate().toISOString(), `${day(10)}T01:00:00.000Z`);
  assert.equal(soba.endDate.toJSDate().toISOString(), `${day(10)}T03:30:00.000Z`);
  assert.deepEqual([soba.location, soba.description], ['公民館, 2階', ABOUT.replaceAll('\r\n', '\n')]);
  const id = made.leads.split('/').at(-1);
  assert.ok(soba.uid.startsWith(`${id}@`));
  const festival = found('雪まつり');
  assert.ok(festival.startDate.isDate);
  assert.deepEqual([festival.startDate.toString(), festival.duration.toString()], [day(20), 'P2D'], 'both days');
  const status = (summary) => found(summary).component.getFirstPropertyValue('status');
  assert.deepEqual([status('駅伝'), status('雪まつり')], ['CANCELLED', 'CONFIRMED']);
});

test('garbage days: whole days, one after another, the same every time they are read', async () => {
  const path = `/calendar/garbage/${encodeURIComponent(AREA)}.ics`;
  const { events } = await read(path);
  assert.ok(events.length > 100);
  const api = await fetch(`${town.origin}/api/v1/calendar/areas/${encodeURIComponent(AREA)}/days?from=${day(0)}&until=${day(60)}`).then((answer) => answer.json());
  const days = Object.fromEntries(api.map((one) => [one.day, one.kinds.filter(({ sure }) => sure).map(({ name }) => name).join('・')]));
  const written = Object.fromEntries(events.map((event) => {
    assert.ok(event.startDate.isDate);
    assert.equal(event.duration.toString(), 'P1D');
    return [event.startDate.toString(), event.summary];
  }));
  assert.ok(Object.keys(days).length > 10);
  for (const [on, kinds] of Object.entries(days)) assert.equal(written[on], kinds, on);
  const again = await read(path);
  assert.deepEqual(again.events.map(({ uid }) => uid), events.map(({ uid }) => uid));
});

test("a person's own calendar: what they registered for and what their age brings", async () => {
  const { page } = await resident.open(`${town.origin}/calendar/wishes/feed`, {});
  const path = /\/calendar\/own\/[^<\s]+\.ics/.exec(page)[0];
  const { page: list } = await resident.open(`${town.origin}/calendar`);
  assert.ok(list);
  const events = await fetch(`${town.origin}/api/v1/calendar/events?from=${day(0)}&until=${day(60)}`).then((answer) => answer.json());
  const soba = events.find(({ title }) => title.startsWith('そば打ち体験'));
  await resident.open(`${town.origin}/calendar/events/${soba.id}/join`, {});
  const own = await read(path);
  const mine = own.events.filter(({ summary }) => summary.startsWith('そば打ち体験'));
  assert.equal(mine.length, 1);
  assert.ok(!own.events.some(({ summary }) => summary === '雪まつり'), 'not what they did not register for');
  await resident.open(`${town.origin}/calendar/wishes/feed/end`, {});
  assert.equal((await fetch(town.origin + path)).status, 404);
});

/** Brings a file by the form, as a browser does. */
async function bring(feed, text) {
  const form = new FormData();
  form.set('file', new Blob([text], { type: 'text/calendar' }), 'calendar.ics');
  const headers = { cookie: staff.cookies(town.origin), origin: town.origin };
  const answer = await fetch(`${town.origin}/staff/calendar/feeds/${feed}`, { method: 'POST', headers, body: form, redirect: 'manual' });
  assert.equal(answer.status, 303, await answer.text());
}

test('calendars of other writers stand in ours, and come out again for the other reader', async () => {
  // The events are of December 2026; further from today than the calendar reaches, there is nothing to see.
  const near = Math.abs(Date.now() - Date.UTC(2026, 11, 15)) < 300 * 86_400_000;
  await bring('club', fromGenerator());
  await bring('hall', fromIcs());
  const shown = await fetch(`${town.origin}/api/v1/calendar/events?from=2026-12-01&until=2027-03-31`, { headers: { 'accept-language': 'ja' } }).then((answer) => answer.json());
  const others = shown.filter(({ title }) => [...GENERATOR, ...ICS].some(([, , known]) => known === title) && title !== '雪まつり');
  const lines = others.map((one) => [one.starts_on, one.starts_at, one.title, one.cancelled].join(' ')).sort();
  const expected = [...GENERATOR, ...ICS].map((one) => one.join(' ')).sort();
  // 駅伝 stands there twice: the town's own of the test above, and the club's.
  const own = lines.filter((line) => !expected.includes(line));
  assert.deepEqual(own.every((line) => line.includes('駅伝')), true, own.join());
  if (near) assert.deepEqual(lines.filter((line) => expected.includes(line)), expected);
  const { events } = await read('/calendar/feed.ics');
  if (near) assert.ok(events.some(({ summary }) => summary === '太極拳の会'));
  const { page } = await staff.open(`${town.origin}/staff/calendar/feeds/club`);
  assert.match(page, /誤りはありません/);
});
