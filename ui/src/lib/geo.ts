/** Positions and areas as the map's modes hand them to forms: degrees on the map, whole millionths of a degree in a form. */

/** Longitude and latitude in degrees, in the order of GeoJSON. */
export type Point = readonly [longitude: number, latitude: number];

export interface Polygon { type: 'Polygon'; coordinates: number[][][] }

/** Corners of an area at most: what a person draws by hand, and what a form's field carries with ease. */
export const CORNERS_MAX = 200;

/** Whole millionths of a degree. */
export const microdegrees = (degrees: number): number => Math.round(degrees * 1_000_000);

/** A position for an address: three decimals, about a hundred metres, so that no link tells which house somebody stands in. */
export const roughly = ([longitude, latitude]: Point): string => `${latitude.toFixed(3)},${longitude.toFixed(3)}`;

/** Whether a text is a whole number of millionths within the degrees given. */
export function degreesOf(text: string, limit: number): number | undefined {
  const trimmed = text.trim();
  if (!/^-?\d{1,9}$/.test(trimmed)) return undefined;
  const degrees = Number(trimmed) / 1_000_000;
  return Math.abs(degrees) <= limit ? degrees : undefined;
}

/** The area of corners as GeoJSON wants it (RFC 7946 section 3.1.6): closed, counterclockwise. Nothing before there are three corners. */
export function polygon(corners: readonly Point[]): Polygon | undefined {
  if (corners.length < 3) return undefined;
  const turned = twiceTheArea(corners) < 0 ? [...corners].reverse() : [...corners];
  const ring = [...turned, turned[0] as Point].map(([longitude, latitude]) => [rounded(longitude), rounded(latitude)]);
  return { type: 'Polygon', coordinates: [ring] };
}

/** The corners of an area that stands in a form, or none when it holds something else. */
export function cornersOf(text: string): Point[] {
  try {
    const area = JSON.parse(text) as Partial<Polygon> | null;
    const ring = area?.type === 'Polygon' ? area.coordinates?.[0] : undefined;
    if (!Array.isArray(ring) || area?.coordinates?.length !== 1 || ring.length < 4 || ring.length > CORNERS_MAX + 1) return [];
    const points = ring.map((point): Point => [Number(point[0]), Number(point[1])]);
    return points.every(([longitude, latitude]) => Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90) ? points.slice(0, -1) : [];
  } catch {
    return [];
  }
}

/** Whether two sides of the area cross: such a figure has no inside that people and machines would agree on. */
export function crosses(corners: readonly Point[]): boolean {
  const sides = corners.map((from, at): [Point, Point] => [from, corners[(at + 1) % corners.length] as Point]);
  return sides.some(([a, b], i) => sides.some(([c, d], j) => {
    const neighbours = j === i || j === (i + 1) % sides.length || i === (j + 1) % sides.length;
    return !neighbours && meet(a, b, c, d);
  }));
}

const rounded = (degrees: number): number => microdegrees(degrees) / 1_000_000;

function twiceTheArea(corners: readonly Point[]): number {
  return corners.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = corners[(at + 1) % corners.length] as Point;
    return sum + x * nextY - nextX * y;
  }, 0);
}

const side = ([ax, ay]: Point, [bx, by]: Point, [px, py]: Point): number => Math.sign((bx - ax) * (py - ay) - (by - ay) * (px - ax));

function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

const EARTH_M = 6_371_008.8;

/** Metres between two points in a straight line. */
export function metres([fromX, fromY]: Point, [toX, toY]: Point): number {
  const rad = (degrees: number): number => (degrees * Math.PI) / 180;
  const half = (difference: number): number => Math.sin(rad(difference) / 2) ** 2;
  const haversine = half(toY - fromY) + Math.cos(rad(fromY)) * Math.cos(rad(toY)) * half(toX - fromX);
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

/** A length as people say it, as the server does: 350 m, 1.2 km, 14 km. */
export function length(inMetres: number): string {
  const whole = Math.round(inMetres);
  if (whole < 1000) return `${Math.max(10, Math.floor(whole / 10) * 10)} m`;
  return whole < 10_000 ? `${Math.floor(whole / 1000)}.${Math.floor((whole % 1000) / 100)} km` : `${Math.floor(whole / 1000)} km`;
}

/** The nearest of some named points, nearest first. */
export function nearest(here: Point, points: readonly { name: string; at: Point }[], count: number): { name: string; metres: number }[] {
  return points.map(({ name, at }) => ({ name, metres: metres(here, at) })).sort((a, b) => a.metres - b.metres).slice(0, count);
}
