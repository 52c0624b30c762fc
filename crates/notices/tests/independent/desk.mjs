// What the tests of the town's letters and of LINE share: the topic they write under, and the desk they write at.
import assert from 'node:assert/strict';

/** The topic, for the town's pack. */
export const TOPIC = `
[[notice_topic]]
id = "town"
name = { ja = "まち", ja-easy = "町（まち）", en = "Town" }
`;

/** Posts a form to a town. */
export const post = (town, browser, path, fields) => browser.open(town.origin + path, fields);

/** A member of staff writes to everybody, and sends it. */
export async function send(town, staff, title, body) {
  const written = await post(town, staff, '/staff/notices/new', { queue: 'normal', topic: 'town', audience: 'everybody', title_ja: title, body_ja: body });
  assert.equal(written.status, 303, written.page);
  assert.equal((await post(town, staff, `${new URL(written.leads).pathname}/submit`, {})).status, 303);
}
