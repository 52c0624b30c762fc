/** Opens a map in its place on the page: the frame every mode has, then the mode. */
import { Map as Chart, NavigationControl, ScaleControl, AttributionControl, setWorkerUrl } from 'maplibre-gl';
import { el } from '../lib/dom.ts';
import type { Point } from '../lib/geo.ts';
import { text } from '../lib/texts.ts';
import type { Config } from '../map.ts';
import { draw } from './draw.ts';
import { offerPosition } from './here.ts';
import { pick } from './pick.ts';
import { pins } from './pins.ts';
import { show } from './show.ts';

/** Addresses of the built files, put in by the build. */
declare const MAP_WORKER: string;
declare const MAP_CSS: string;

/** What a mode works with. */
export interface Frame {
  chart: Chart;
  config: Config;
  /** The row of buttons below the map. */
  tools: HTMLElement;
  /** Says something to who sees and to who listens. */
  say(words: string): void;
  /** Where mode `pick` puts the reader's own position; modes that do nothing with it leave it out. */
  takeHere?: (longitude: number, latitude: number) => void;
  /** The places of mode `show`, once they are there. */
  points?: { name: string; at: Point }[];
}

/** Draws the map of a place. Throws when the browser cannot, or the style does not come. */
export async function open(place: HTMLElement, config: Config): Promise<void> {
  await styles();
  setWorkerUrl(new URL(MAP_WORKER, location.origin).href);
  const words = [...place.childNodes];
  const canvas = el('div', { class: 'map__canvas' });
  const status = el('p', { class: 'map__status', role: 'status' });
  const tools = el('div', { class: 'map__tools' });
  place.prepend(canvas, tools, status);
  place.classList.add('map--live');

  const chart = new Chart({
    container: canvas, style: inContrast(config.style), attributionControl: false, localIdeographFontFamily: 'sans-serif', dragRotate: false, pitchWithRotate: false,
    touchPitch: false, maxPitch: 0, refreshExpiredTiles: false, locale: locale(),
    // A mouse wheel scrolls the page unless it is meant for the map; a finger moves the map.
    cooperativeGestures: matchMedia('(pointer: fine)').matches,
    ...(config.center ? { center: config.center } : {}), ...(config.zoom === undefined ? {} : { zoom: config.zoom }),
  });
  chart.touchZoomRotate.disableRotation();
  chart.keyboard.disableRotation();
  pins(chart);
  chart.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  chart.addControl(new ScaleControl({ unit: 'metric' }), 'top-left');
  chart.addControl(new AttributionControl({ compact: false }), 'bottom-right');
  await drawn(chart);
  // A middle of one's own without a zoom: as near as the style says, not the whole earth. The middle is said again, since the whole earth has been
  // moved to fill the window meanwhile.
  if (config.center && config.zoom === undefined) chart.jumpTo({ center: config.center, zoom: chart.getStyle().zoom ?? 11 });
  for (const node of words) if (node instanceof HTMLElement) node.hidden = true; else node.remove();

  const frame: Frame = { chart, config, tools, say: (said) => { status.textContent = said; } };
  if (config.mode === 'pick') pick(frame);
  else if (config.mode === 'draw') draw(frame);
  if (!config.screen) offerPosition(frame);
  if (config.features) await show(frame, config.features);
  place.dataset['drawn'] = 'true';
}

/** The style as the reader wants to see: drawn more strongly for who asks the browser for it, or whose town does. */
function inContrast(style: string): string {
  const more = matchMedia('(prefers-contrast: more)').matches || document.documentElement.dataset['theme'] === 'contrast';
  return more ? `${style}${style.includes('?') ? '&' : '?'}contrast=more` : style;
}

/** Waits for the style; an error before it is there means that there will be no map. */
function drawn(chart: Chart): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = ({ error }: { error: { message: string } }): void => { chart.remove(); reject(new Error(error.message)); };
    let there = false;
    // Once the style is there, a tile that does not come leaves a gap and nothing worse.
    chart.on('error', (event) => (there ? console.warn(event.error.message) : failed(event)));
    chart.once('style.load', () => { there = true; resolve(); });
  });
}

/** The map's own styles, once, before it measures itself. */
async function styles(): Promise<void> {
  if (document.querySelector(`link[href="${MAP_CSS}"]`)) return;
  const link = el('link', { rel: 'stylesheet', href: MAP_CSS });
  const there = new Promise((resolve, reject) => { link.addEventListener('load', resolve); link.addEventListener('error', reject); });
  document.head.append(link);
  await there;
}

function locale(): Record<string, string> {
  const help = text('places-map.help_wheel');
  return {
    'Map.Title': text('places-map.title'), 'Marker.Title': text('places-map.marker'), 'Popup.Close': text('places-map.close'),
    'NavigationControl.ZoomIn': text('places-map.nearer'), 'NavigationControl.ZoomOut': text('places-map.farther'),
    'ScaleControl.Meters': 'm', 'ScaleControl.Kilometers': 'km',
    'CooperativeGesturesHandler.WindowsHelpText': help, 'CooperativeGesturesHandler.MacHelpText': help,
    'CooperativeGesturesHandler.MobileHelpText': text('places-map.help_fingers'),
  };
}

/** A button of the row below the map. */
export function tool(frame: Frame, words: string, onclick: () => void, primary = false): HTMLButtonElement {
  const button = el('button', { type: 'button', class: primary ? 'button' : 'button button--outline', onclick }, words);
  frame.tools.append(button);
  return button;
}

/** The cross in the middle of the map, for who moves the map with keys and not a finger; Enter on the map means this spot. */
export function cross(frame: Frame, take: (longitude: number, latitude: number) => void): void {
  frame.chart.getContainer().append(el('div', { class: 'map__cross', 'aria-hidden': 'true' }));
  frame.chart.getCanvas().addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    takeMiddle(frame, take);
  });
}

/** Takes the spot under the cross. */
export function takeMiddle(frame: Frame, take: (longitude: number, latitude: number) => void): void {
  const { lng, lat } = frame.chart.getCenter();
  take(lng, lat);
}

/** Finds a field of the page and tells what listens to it when it is changed here. */
export function fieldOf(selector: string | undefined): HTMLInputElement | HTMLTextAreaElement | undefined {
  const found = selector ? document.querySelector(selector) : null;
  return found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement ? found : undefined;
}

export function setField(field: HTMLInputElement | HTMLTextAreaElement | undefined, value: string): void {
  if (!field || field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
