// Open311 of the real server, held against the standard's own OpenAPI document (georeport_v2-1.yaml, CC BY 3.0, Open311 community) by another maker's
// validator and XML reader; and a resident's photo, read back by another maker's EXIF reader.
// Run: npm ci && node --test test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv } from 'ajv';
import exifr from 'exifr';
import { XMLParser } from 'fast-xml-parser';
import { parse } from 'yaml';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App, joinStaff } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';

const town = new Town();
const resident = new Browser();
const staff = new Browser();
const document = parse(readFileSync(join(import.meta.dirname, 'georeport_v2-1.yaml'), 'utf8'));
const PHOTO = readFileSync(join(import.meta.dirname, '../data/with-place.jpg'));
let app;
let key;

/** A schema of the document, strict about what it says and silent about the formats it invents. */
function schema(name, list) {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { uid: true, double: true, uint: true, 'date-time': (text) => !Number.isNaN(Date.parse(text)) && /T.*(Z|[+-]\d\d:\d\d)$/.test(text), uri: (text) => URL.canParse(text) } });
  ajv.addSchema({ $id: 'open311', definitions: document.definitions });
  const one = { $ref: `open311#/definitions/${name}` };
  const check = ajv.compile(list ? { type: 'array', items: one } : one);
  return (value) => assert.ok(check(value), JSON.stringify(check.errors));
}

const open311 = (path) => fetch(`${town.origin}/open311/v2/${path}`, { headers: { 'accept-language': 'ja' } });
const json = async (path) => { const answer = await open311(path); assert.equal(answer.status, 200, path); return answer.json(); };
const xml = async (path) => {
  const answer = await open311(path);
  assert.match(answer.headers.get('content-type'), /^text\/xml/);
  const lists = ['service', 'request', 'attribute', 'value', 'endpoint', 'format'];
  return new XMLParser({ parseTagValue: false, isArray: (name, path) => lists.includes(name) && path.includes('.') }).parse(await answer.text());
};

before(async () => {
  await town.choosePort();
  app = await App.start(town);
  town.offer(app.pack);
  await app.open();
  await app.signIn(resident);
  await joinStaff(town, staff);
  const { page } = await staff.open(`${town.origin}/staff/reports/programs`, { name: 'まちレポ' });
  key = page.split('<code>').at(-1).split('<')[0];
});

after(async () => {
  app?.end();
  await town.end();
});

/** Sends as a program does. */
const post = async (fields) => (await fetch(`${town.origin}/open311/v2/requests.json`, { method: 'POST', body: new URLSearchParams({ api_key: key, ...fields }) }));

test('services and their definitions are as the document has them', async () => {
  const services = await json('services.json');
  schema('Service', true)(services);
  assert.ok(services.length > 3);
  for (const { service_code: code } of services) schema('ServiceDefinition')(await json(`services/${code}.json`));
  const written = (await xml('services.xml')).services.service;
  assert.deepEqual(written.map(({ service_code: code, service_name: name }) => [code, name]), services.map(({ service_code: code, service_name: name }) => [code, name]));
});

test('a request is taken, and read back in both formats', async () => {
  const answer = await post({ service_code: 'street-light', lat: '36.0002', long: '138.0003', description: '街灯 <消灯> & 点滅' });
  assert.equal(answer.status, 200);
  const taken = await answer.json();
  // account_id is null, as the document's own example has it, though its schema says string.
  schema('RequestResponse', true)(taken.map(({ account_id: account, ...rest }) => { assert.equal(account, null); return rest; }));
  const id = taken[0].service_request_id;
  const found = await json(`requests.json?api_key=${key}`);
  schema('Request', true)(found);
  assert.deepEqual([found[0].lat, found[0].long, found[0].status, found[0].description], [36.0002, 138.0003, 'open', '街灯 <消灯> & 点滅']);
  schema('Request')(await json(`request/${id}.json?api_key=${key}`));
  const [written] = (await xml(`requests.xml?api_key=${key}`)).service_requests.request;
  assert.deepEqual([written.service_request_id, written.description, written.lat], [id, '街灯 <消灯> & 点滅', '36.0002']);
  assert.deepEqual(await json('requests.json'), [], 'nobody else reads it before staff made it public');
  const refused = await fetch(`${town.origin}/open311/v2/requests.json`, { method: 'POST', body: new URLSearchParams({ service_code: 'street-light', lat: '36', long: '138' }) });
  assert.deepEqual([refused.status, (await refused.json())[0].code], [403, 403]);
});

test('a photo tells nothing but its pixels', async () => {
  assert.ok((await exifr.gps(PHOTO)).latitude, 'as it was taken, it tells where');
  const form = (await resident.open(`${town.origin}/reports/new/dumped-rubbish`)).page;
  const body = new FormData();
  body.append('key', /name="key" value="([^"]+)"/.exec(form)[1]);
  body.append('category', 'dumped-rubbish');
  body.append('words', '冷蔵庫が捨ててあります');
  body.append('district', '本村');
  body.append('photo', new Blob([PHOTO], { type: 'image/jpeg' }), 'photo.jpg');
  const cookie = resident.cookies(town.origin);
  const sent = await fetch(`${town.origin}/api/v1/me/reports`, { method: 'POST', body, headers: { cookie, accept: 'application/json' } });
  assert.equal(sent.status, 201, await sent.clone().text());
  const { page } = await resident.open(town.origin + (await sent.json()).href);
  const photo = /src="(\/reports\/photos\/[^"]+)"/.exec(page)[1];
  const kept = Buffer.from(await (await fetch(town.origin + photo, { headers: { cookie } })).arrayBuffer());
  const all = { tiff: true, exif: true, gps: true, interop: true, ifd1: true, xmp: true, icc: true, iptc: true, jfif: false };
  assert.equal(await exifr.parse(kept, all), undefined, 'no EXIF, XMP, IPTC or ICC at all');
  assert.equal((await fetch(town.origin + photo)).status, 404, 'a stranger sees no photo');
});
