import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cornersOf, crosses, degreesOf, length, metres, microdegrees, nearest, polygon, roughly, type Point } from '../src/lib/geo.ts';

const square: Point[] = [[141.1, 41.2], [141.2, 41.2], [141.2, 41.3], [141.1, 41.3]];

test('a position becomes whole millionths, and comes back', () => {
  assert.equal(microdegrees(41.2927215), 41_292_722);
  assert.equal(degreesOf('41292722', 90), 41.292722);
  for (const bad of ['', '41.2', '141000000', 'x', '1e6', '-91000000']) assert.equal(degreesOf(bad, 90), undefined, bad);
});

test('an address tells of a position no more than about a hundred metres', () => {
  assert.equal(roughly([141.18345678, 41.29271234]), '41.293,141.183');
});

test('an area is closed and counterclockwise, whichever way it was drawn', () => {
  const expected = [[141.1, 41.2], [141.2, 41.2], [141.2, 41.3], [141.1, 41.3], [141.1, 41.2]];
  assert.deepEqual(polygon(square)?.coordinates[0], expected);
  const clockwise = [...square].reverse();
  const ring = polygon(clockwise)?.coordinates[0] ?? [];
  assert.deepEqual(ring[0], ring[ring.length - 1]);
  assert.deepEqual(ring.slice(0, -1), square.map(([x, y]) => [x, y]));
  assert.equal(polygon(square.slice(0, 2)), undefined);
});

test('an area that stands in a form is read back; anything else is none', () => {
  assert.deepEqual(cornersOf(JSON.stringify(polygon(square))), square);
  for (const bad of ['', '{', 'null', '{"type":"Point","coordinates":[1,2]}', '{"type":"Polygon","coordinates":[]}', '{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]}', '{"type":"Polygon","coordinates":[[[999,2],[3,4],[3,5],[999,2]]]}']) {
    assert.deepEqual(cornersOf(bad), [], bad);
  }
});

test('sides that cross are noticed', () => {
  assert.equal(crosses(square), false);
  assert.equal(crosses([square[0] as Point, square[2] as Point, square[1] as Point, square[3] as Point]), true);
  assert.equal(crosses(square.slice(0, 3)), false);
});

test('lengths are those of the ground, and are said as the server says them', () => {
  const [tokyo, shinjuku]: Point[] = [[139.767125, 35.681236], [139.700258, 35.690921]];
  const between = metres(tokyo as Point, shinjuku as Point);
  assert.ok(between > 6050 && between < 6200, String(between));
  assert.deepEqual([3, 357, 999, 1000, 1290, 9999, 14_600].map(length), ['10 m', '350 m', '990 m', '1.0 km', '1.2 km', '9.9 km', '14 km']);
  const points = square.map((at, number) => ({ name: String(number), at }));
  assert.deepEqual(nearest([141.19, 41.29], points, 2).map(({ name }) => name), ['2', '3']);
});
