/**
 * The map of every page: `<div class="map" data-map="{…}">`. What draws it is a large part of its own, fetched when a map comes near the window;
 * until then, and where nothing can be drawn, the server's words inside the element stand.
 */
import { text } from './lib/texts.ts';
import { el } from './lib/dom.ts';

/** What the element's `data-map` says. Fields of a form are named by selectors. */
export interface Config {
  /** The style's address. */
  style: string;
  /** Whether things are shown, one place is picked, or an area is drawn. */
  mode: 'show' | 'pick' | 'draw';
  /** The address of a GeoJSON FeatureCollection to show. */
  features?: string;
  /** Where to begin, instead of the style's own: longitude, latitude. */
  center?: [number, number];
  /** How near to begin. */
  zoom?: number;
  /** The field that takes the picked latitude, in whole millionths of a degree. */
  latitude?: string;
  /** The field that takes the picked longitude, in whole millionths of a degree. */
  longitude?: string;
  /** The text area that takes the drawn area as a GeoJSON Polygon. */
  area?: string;
  /** A field that takes the reader's own position, roughly, as "latitude,longitude"; its form, hidden until then, is shown. */
  here?: string;
  /** A screen that everybody passes: nobody's own position is offered. */
  screen?: boolean;
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    void start(target as HTMLElement);
  }
}, { rootMargin: '400px' });
document.querySelectorAll<HTMLElement>('.map[data-map]').forEach((place) => near.observe(place));

async function start(place: HTMLElement): Promise<void> {
  try {
    const { open } = await import('./map/open.ts');
    await open(place, JSON.parse(place.dataset['map'] ?? '{}') as Config);
  } catch (error) {
    // No WebGL, no network and nothing kept: the words inside say the same.
    console.warn('the map cannot be drawn', error);
    place.querySelectorAll('.map__canvas, .map__tools').forEach((part) => part.remove());
    place.classList.remove('map--live');
    place.prepend(el('p', { class: 'map__cannot' }, text('places-map.cannot')));
  }
}
