/** Sizes and areas of pictures: numbers only, so that they can be tested without a browser. */
export interface Size { width: number; height: number }
export interface Point { x: number; y: number }
export interface Box extends Point, Size {}

/** Shorter than this in both ways, a stroke was a tap: it hides nothing. */
const TAP = 8;

/** A size that keeps its shape and whose longer side is `most` at most. */
export function fitted(width: number, height: number, most: number): Size {
  const share = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** The area between two corners, in whole pixels and inside the picture; nothing for a tap. */
export function box(a: Point, b: Point, within: Size): Box | undefined {
  const inside = (value: number, most: number): number => Math.round(Math.min(Math.max(value, 0), most));
  const [left, right] = [inside(Math.min(a.x, b.x), within.width), inside(Math.max(a.x, b.x), within.width)];
  const [top, bottom] = [inside(Math.min(a.y, b.y), within.height), inside(Math.max(a.y, b.y), within.height)];
  if (right - left < TAP || bottom - top < TAP) return undefined;
  return { x: left, y: top, width: right - left, height: bottom - top };
}
