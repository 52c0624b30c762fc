// The map: drawn from the town's own files, the list says the same, the nearest place is found from where one stands, and without a network too.
import assert from 'node:assert/strict';
import { DESK, look, lookAtBoth, press, somebody } from '../lib/browser.mjs';
import { clerk } from '../lib/people.mjs';
import { story } from '../lib/story.mjs';

const HERE = { latitude: 41.2927, longitude: 141.1834 };
const TELEVISION = { width: 1920, height: 1080 };
/** Colours of the ground, as crates/places/src/style/layers.rs draws it. */
const GROUND = { land: '#fbfaf5', sea: '#d5e4ee' };
const STRONG = { land: '#ffffff', sea: '#a9d3ee' };

/** How much of the map is of each colour, in percent: what the reader sees, not what was fetched. */
async function seen(page, colours) {
  const picture = (await page.locator('.maplibregl-canvas').screenshot()).toString('base64');
  return page.evaluate(async ([data, wanted]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const pen = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height }).getContext('2d');
    pen.drawImage(image, 0, 0);
    const { data: pixels } = pen.getImageData(0, 0, image.width, image.height);
    const share = (colour) => {
      const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
      let same = 0;
      for (let at = 0; at < pixels.length; at += 4) if (parts.every((part, channel) => Math.abs(pixels[at + channel] - part) <= 2)) same += 1;
      return Math.round((same * 400) / pixels.length);
    };
    return Object.fromEntries(Object.entries(wanted).map(([name, colour]) => [name, share(colour)]));
  }, [picture, colours]);
}

/** Waits until land and sea are drawn, as they are where a town lies at a bay. */
async function grounded(page, colours = GROUND) {
  let shares;
  for (let tries = 0; tries < 40; tries++) {
    shares = await seen(page, colours);
    if (shares.land > 15 && shares.sea > 10) return;
    await page.waitForTimeout(250);
  }
  assert.fail(`the ground of the map is not drawn: ${JSON.stringify(shares)}`);
}

story('the map', {}, async ({ town, browser, step }) => {
  const person = await somebody(browser, { geolocation: HERE, permissions: ['geolocation'] });
  // A map below the window is fetched when somebody comes near it.
  const drawn = async (page) => {
    await page.locator('.map').scrollIntoViewIfNeeded();
    await page.locator('.map[data-drawn]').waitFor({ timeout: 30_000 });
  };
  const names = (page) => page.locator('.list__item b').allInnerTexts();

  await step('anybody opens it, and nothing comes from elsewhere', async () => {
    const elsewhere = [];
    person.on('request', (request) => { if (!request.url().startsWith(town.origin) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url()); });
    const tiles = [];
    person.on('response', (answer) => { if (answer.url().includes('/map/tiles/')) tiles.push(answer.status()); });
    await person.goto(`${town.origin}/map`);
    await drawn(person);
    await grounded(person);
    await lookAtBoth(person, '13-map');
    assert.deepEqual(elsewhere, []);
    assert.ok(tiles.length > 3 && tiles.every((status) => [200, 204].includes(status)), tiles.join());
    assert.match(await person.locator('.maplibregl-ctrl-attrib').innerText(), /国土数値情報.*Geolonia/);
  });

  await step('who asks for more contrast gets it, and a screen by the road shows the same ground', async () => {
    const strong = await somebody(browser, { contrast: 'more' });
    await strong.goto(`${town.origin}/map`);
    await drawn(strong);
    await grounded(strong, STRONG);
    await look(strong, '13-map-contrast');
    await strong.context().close();
    const screen = await somebody(browser, { size: TELEVISION });
    await screen.goto(`${town.origin}/map/board?district=${encodeURIComponent('大湊町')}`);
    await drawn(screen);
    await grounded(screen);
    await look(screen, '13-board');
    await screen.context().close();
  });

  await step('where one stands, the nearest are named, and the position stays here', async () => {
    const sent = [];
    person.on('request', (request) => { if (request.url().includes('41.29')) sent.push(request.url()); });
    await press(person, person.getByRole('button', { name: '現在地を表示' }));
    await person.locator('.map__status', { hasText: '近い順に' }).waitFor();
    const said = await person.locator('.map__status').innerText();
    await person.waitForTimeout(1500);
    await look(person, '13-here');
    assert.deepEqual(sent, []);
    await press(person, person.getByRole('button', { name: '現在地から近い順の一覧を見る' }));
    await person.waitForURL('**/map/list?near=41.293%2C141.183');
    const [first] = await names(person);
    assert.ok(said.includes(first), `${said} / ${first}`);
    assert.match(await person.locator('.list__item').first().innerText(), /直線で約 \d+ m（/);
    await lookAtBoth(person, '13-list');
  });

  await step('by hazard, in large type, and the same in the list as on the map', async () => {
    await person.goto(`${town.origin}/map/list?hazard=tsunami&district=%E5%A4%A7%E7%95%91%E7%94%BA`);
    const listed = await names(person);
    assert.ok(listed.length > 20);
    const shown = await person.evaluate(async () => (await (await fetch('/api/v1/places.geojson?hazard=tsunami')).json()).features.map(({ properties }) => properties.name));
    assert.deepEqual([...listed].sort(), [...shown].sort());
    await press(person, person.locator('.size-switch__button'));
    await look(person, '13-list-large');
    await press(person, person.locator('.list__item a').first());
    await person.waitForURL('**/map/places/**');
    await drawn(person);
    assert.match(await person.locator('main').innerText(), /使えます/);
    await look(person, '13-place-large');
    await press(person, person.locator('.size-switch__button'));
  });

  await step('a small window opens from a pin by its place on the map', async () => {
    await person.goto(`${town.origin}/map?near=${HERE.latitude},${HERE.longitude}&hazard=tsunami`);
    await drawn(person);
    await person.waitForTimeout(1500);
    const feature = await person.evaluate(async () => (await (await fetch('/api/v1/places.geojson?hazard=tsunami&near=41.2927,141.1834')).json()).features[0]);
    await person.goto(`${town.origin}/map?near=${feature.geometry.coordinates[1]},${feature.geometry.coordinates[0]}&hazard=tsunami`);
    await drawn(person);
    await person.waitForTimeout(2000);
    const box = await person.locator('.maplibregl-canvas').boundingBox();
    await person.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await person.locator('.map__card', { hasText: feature.properties.name }).waitFor();
    await look(person, '13-window');
  });

  await step('without a network the map and the list are what was kept', async () => {
    await person.goto(`${town.origin}/map`);
    await drawn(person);
    await person.waitForFunction(async () => Boolean(await caches.match('/map/list') && await caches.match('/map/style.json') && await caches.match('/api/v1/places.geojson')), null, { timeout: 20_000 });
    const kept = () => person.evaluate(async () => (await (await caches.open('tegata-ground-home')).keys()).length);
    for (let tries = 0; tries < 80 && await kept() < 90; tries++) await person.waitForTimeout(250);
    assert.ok(await kept() >= 90 && await kept() <= 120, `${await kept()} pieces of the ground are kept`);
    await person.context().setOffline(true);
    await person.reload();
    await drawn(person);
    await grounded(person);
    assert.ok(await person.getByText('いまは、つながっていません。').isVisible());
    await press(person, person.getByRole('button', { name: '現在地を表示' }));
    await person.locator('.map__status', { hasText: '近い順に' }).waitFor();
    await look(person, '13-offline', { axe: false });
    await person.goto(`${town.origin}/map/list`);
    assert.ok((await names(person)).length > 100);
    await person.context().setOffline(false);
  });

  await step('the staff see a broken file for what it is, and nothing changes', async () => {
    const staff = await clerk(browser, town, { size: DESK });
    await staff.goto(`${town.origin}/staff/map`);
    await lookAtBoth(staff, '13-staff');
    await press(staff, staff.getByRole('link', { name: '指定緊急避難場所' }));
    await staff.locator('#file').setInputFiles({ name: 'half.json', mimeType: 'application/json', buffer: Buffer.from('{"type":"FeatureCollection","features":[\n{"type":"Feature"') });
    await press(staff, staff.getByRole('button', { name: '内容を確かめる' }));
    await staff.getByText('行目で途中で切れています').waitFor();
    await lookAtBoth(staff, '13-refused');
    await staff.goto(`${town.origin}/staff/map/emergency-sites`);
    await lookAtBoth(staff, '13-dataset');
    assert.match(await staff.locator('main').innerText(), /109/);
    await staff.context().close();
  });
});
