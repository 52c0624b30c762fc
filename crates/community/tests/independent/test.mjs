// The citizens' guide's open data, written by the real server and read by programs of other makes: two CSV readers and a checker of RFC 7946.
// Run: npm ci && node --test test.mjs (here and in ../../../identity/tests/independent; the binary is TEGATA, or target/debug/tegata)
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from '@placemarkio/check-geojson';
import { parse } from 'csv-parse/sync';
import Papa from 'papaparse';
import { Browser } from '../../../identity/tests/independent/browser.mjs';
import { App } from '../../../identity/tests/independent/people.mjs';
import { Town } from '../../../identity/tests/independent/town.mjs';

const POSTS = [
  { category: 'park', title: '=HYPERLINK("http://evil.example","広い芝生")', words: '一行目、"引用"\n二行目', place: '中央, 公園', latitude: '36000100', longitude: '138000200', age: 'baby', 'fact-pram': 'yes', 'fact-rain': 'no', pen_name: '@まま' },
  { category: 'other', title: '雨の日の工夫', words: '長ぐつ', pen_name: '@まま' },
];

const town = new Town();
const browser = new Browser();
let app;

before(async () => {
  await town.choosePort();
  app = await App.start(town);
  const words = (text) => `{ ja = "${text}", ja-easy = "${text}", en = "${text}" }`;
  town.offer(`${app.pack}
[[guide]]
id = "walks"
name = ${words('散歩ガイド')}
about = ${words('村の散歩')}
proof = "jpki"
residents_only = false
moderation = "after"
licence = { id = "CC-BY-4.0", name = ${words('CC BY 4.0')}, url = "https://creativecommons.org/licenses/by/4.0/deed.ja", credit = ${words('青空村の市民')} }
${['park', 'other'].map((id) => `[[guide.category]]\nid = "${id}"\nname = ${words(`分類${id}`)}\nicon = "town"\n`).join('')}
${['pram', 'rain'].map((id) => `[[guide.tag]]\nid = "${id}"\nname = ${words(`タグ${id}`)}\n`).join('')}
[[guide.age]]
id = "baby"
name = ${words('0歳')}
`);
  await app.open();
  await app.signIn(browser);
  for (const post of POSTS) {
    const sent = await browser.open(`${town.origin}/guide/walks/new`, post);
    assert.match(sent.leads ?? '', /\/guide\/mine\//, sent.page);
  }
});

after(async () => {
  app?.end();
  await town.end();
});

const file = async (ending) => {
  const answer = await fetch(`${town.origin}/api/v1/guide/walks.${ending}`);
  assert.equal(answer.status, 200);
  return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(await answer.arrayBuffer()), kind: answer.headers.get('content-type') };
};

test('the GeoJSON is one by RFC 7946, and says where things are', async () => {
  const { text, kind } = await file('geojson');
  assert.equal(kind, 'application/geo+json');
  const [mapped, tip] = check(text).features;
  assert.deepEqual(mapped.geometry, { type: 'Point', coordinates: [138.0002, 36.0001] });
  assert.equal(tip.geometry, null);
  assert.equal(mapped.properties.name, POSTS[0].title);
});

test('two readers of CSV find what the JSON says', async () => {
  const { posts, licence } = JSON.parse((await file('json')).text);
  const { text } = await file('csv');
  assert.equal(licence.id, 'CC-BY-4.0');
  assert.ok(text.startsWith('\ufeff全国地方公共団体コード,'));
  const one = Papa.parse(text.slice(1), { header: true, skipEmptyLines: true });
  assert.deepEqual(one.errors, []);
  const other = parse(text, { bom: true, columns: true });
  assert.deepEqual(one.data, other);
  assert.equal(one.data.length, posts.length);
  const plain = (cell) => cell.replace(/^'/, '');
  posts.forEach((post, place) => {
    const row = one.data[place];
    assert.doesNotMatch(row['名称'], /^[=+\-@]/);
    assert.deepEqual(
      [row.ID, plain(row['名称']), plain(row['説明']), row['場所の名称'], row['緯度'] && Number(row['緯度']), row['経度'] && Number(row['経度']), row['カテゴリコード'], plain(row['投稿者']), row.URL, row['ライセンス']],
      [post.id, post.name, post.description, post.place, post.latitude ?? '', post.longitude ?? '', post.category, post.author, post.url, 'CC-BY-4.0'],
    );
    assert.deepEqual([row['タグpram'], row['タグrain']], [post.facts.pram, post.facts.rain].map((said) => ({ yes: '有', no: '無', unknown: '' })[said]));
  });
  assert.deepEqual(posts.map((post) => post.name), POSTS.map((post) => post.title));
});
