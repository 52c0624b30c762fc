/**
 * Pins, drawn when a feature first asks for one: the shape and the sign in it say what it is, the colour only helps.
 * Their names are `pin|shape|tone|mark`, made from the feature's properties.
 */
import type { ExpressionSpecification, Map as Chart } from 'maplibre-gl';

const SIZE = 34;
const RATIO = 2;
/** A piece of what areas are filled with. */
const TILE = 16;

/** Traditional colours of the cards, all dark enough for a white sign (at least 4.5 : 1). */
const TONES: Record<string, string> = {
  ai: '#1b4a7a', matsu: '#1f5c40', shu: '#a8371c', fuji: '#644a98', yamabuki: '#855600', asagi: '#006b7a', sakura: '#a1375c', kuri: '#6b3d2e', sumi: '#3c3a38',
};
const DEFAULT_TONE = '#1b4a7a';

export function pins(chart: Chart): void {
  chart.setMissingStyleImageResolver((id) => add(chart, id));
}

function add(chart: Chart, id: string): void {
  const [kind, shape = '', tone = '', mark = ''] = id.split('|');
  if (kind === 'area' && !chart.hasImage(id)) hatching(chart, id, shape, TONES[tone] ?? DEFAULT_TONE);
  if (kind !== 'pin' || chart.hasImage(id)) return;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext('2d');
  if (!pen) return;
  pen.scale(RATIO, RATIO);
  outline(pen, shape);
  pen.fillStyle = TONES[tone] ?? DEFAULT_TONE;
  pen.strokeStyle = '#fff';
  pen.lineWidth = 2.5;
  pen.fill();
  pen.stroke();
  pen.fillStyle = '#fff';
  pen.font = `bold ${[...mark].length > 1 ? 11 : 15}px sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText([...mark].slice(0, 3).join(''), SIZE / 2, SIZE / 2 + (shape === 'triangle' ? 5 : 1));
  chart.addImage(id, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
}

/** The colour of a feature's tone; another where it has none. */
export const toneOf = (otherwise: string): ExpressionSpecification =>
  ['match', ['to-string', ['get', 'tone']], ...Object.entries(TONES).flat(), otherwise] as unknown as ExpressionSpecification;

/** What an area is filled with, so that it is told from others without its colour: `area|pattern|tone`. Seamless: what leaves a tile enters the next. */
function hatching(chart: Chart, id: string, pattern: string, ink: string): void {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = TILE * RATIO;
  const pen = canvas.getContext('2d');
  if (!pen) return;
  pen.scale(RATIO, RATIO);
  pen.strokeStyle = pen.fillStyle = ink;
  pen.lineWidth = 2;
  pen.beginPath();
  const half = TILE / 2;
  if (pattern === 'dots') pen.arc(half, half, 2.5, 0, 2 * Math.PI);
  else if (pattern === 'cross') path(pen, [[half, 4], [half, TILE - 4]]), path(pen, [[4, half], [TILE - 4, half]]);
  else if (pattern === 'waves') { pen.moveTo(0, half); pen.bezierCurveTo(half / 2, 0, TILE - half / 2, TILE, TILE, half); }
  else for (const from of [-TILE, 0, TILE]) path(pen, [[from, TILE], [from + TILE, 0]]);
  if (pattern === 'dots') pen.fill(); else pen.stroke();
  chart.addImage(id, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
}

function outline(pen: CanvasRenderingContext2D, shape: string): void {
  const [low, high, middle] = [3, SIZE - 3, SIZE / 2];
  pen.beginPath();
  if (shape === 'square') pen.roundRect(low + 1, low + 1, high - low - 2, high - low - 2, 5);
  else if (shape === 'triangle') path(pen, [[middle, low - 2], [high + 2, high - 1], [low - 2, high - 1]]);
  else if (shape === 'diamond') path(pen, [[middle, low - 2], [high + 2, middle], [middle, high + 2], [low - 2, middle]]);
  else pen.arc(middle, middle, middle - 3, 0, 2 * Math.PI);
  pen.closePath();
}

function path(pen: CanvasRenderingContext2D, corners: [number, number][]): void {
  corners.forEach(([x, y], at) => (at === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
}
