import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, fitted } from '../src/report/boxes.ts';

test('a large picture is made small and keeps its shape', () => {
  assert.deepEqual(fitted(4000, 3000, 1600), { width: 1600, height: 1200 });
  assert.deepEqual(fitted(3000, 4000, 1600), { width: 1200, height: 1600 });
  assert.deepEqual(fitted(800, 600, 1600), { width: 800, height: 600 });
  assert.deepEqual(fitted(9000, 1, 1600), { width: 1600, height: 1 });
});

test('an area is drawn from any corner, stays inside, and a tap hides nothing', () => {
  const within = { width: 100, height: 80 };
  assert.deepEqual(box({ x: 90, y: 70 }, { x: 10, y: 20 }, within), { x: 10, y: 20, width: 80, height: 50 });
  assert.deepEqual(box({ x: -5, y: -5 }, { x: 500, y: 500 }, within), { x: 0, y: 0, width: 100, height: 80 });
  assert.equal(box({ x: 10, y: 10 }, { x: 12, y: 40 }, within), undefined);
});
