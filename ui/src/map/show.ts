/** Mode `show`, and what every mode may have under its own work: the features of an address, with a small window for each. */
import type { Feature, FeatureCollection, Point as GeoPoint } from 'geojson';
import { LngLatBounds, Popup, type ExpressionSpecification, type GeoJSONSource, type MapGeoJSONFeature } from 'maplibre-gl';
import { el } from '../lib/dom.ts';
import { ask } from '../lib/http.ts';
import { text } from '../lib/texts.ts';
import type { Frame } from './open.ts';
import { toneOf } from './pins.ts';

/** What a feature may say of itself. Only `name` must be there. */
interface Properties { name?: string; kind?: string; note?: string; href?: string; shape?: string; tone?: string; mark?: string; pattern?: string }

const LINE = '#7a2e0e';

export async function show(frame: Frame, address: string): Promise<void> {
  const { config } = frame;
  let all: FeatureCollection;
  try {
    all = await ask<FeatureCollection>(address);
  } catch {
    frame.say(text('places-map.no_features'));
    return;
  }
  const isPoint = ({ geometry }: Feature): boolean => geometry?.type === 'Point';
  shapes(frame, all.features.filter((feature) => feature.geometry && !isPoint(feature)));
  points(frame, all.features.filter(isPoint));
  frame.chart.getContainer().closest('.map')?.addEventListener('map:again', () => void again(frame, address, isPoint));
  if (config.mode === 'show') {
    frame.points = all.features.filter(isPoint).map(({ properties, geometry }) => ({ name: String(properties?.['name'] ?? ''), at: (geometry as GeoPoint).coordinates as [number, number] }));
    popups(frame, ['shapes-inside', 'pins']);
    if (!config.center) fit(frame, all.features.filter(isPoint));
  }
}

/** Shows what the address says now, where the page asks for it. */
async function again({ chart }: Frame, address: string, isPoint: (feature: Feature) => boolean): Promise<void> {
  const { features } = await ask<FeatureCollection>(address);
  (chart.getSource('points') as GeoJSONSource | undefined)?.setData({ type: 'FeatureCollection', features: features.filter(isPoint) });
}

function shapes({ chart }: Frame, features: Feature[]): void {
  chart.addSource('shapes', { type: 'geojson', data: { type: 'FeatureCollection', features } });
  const inside: ExpressionSpecification = ['==', ['geometry-type'], 'Polygon'];
  chart.addLayer({ id: 'shapes-inside', type: 'fill', source: 'shapes', filter: inside, paint: { 'fill-color': toneOf(LINE), 'fill-opacity': .18 } });
  chart.addLayer({
    id: 'shapes-pattern', type: 'fill', source: 'shapes', filter: ['all', inside, ['has', 'pattern']],
    paint: { 'fill-pattern': ['concat', 'area|', ['to-string', ['get', 'pattern']], '|', ['to-string', ['get', 'tone']]], 'fill-opacity': .7 },
  });
  chart.addLayer({ id: 'shapes-line', type: 'line', source: 'shapes', paint: { 'line-color': toneOf(LINE), 'line-width': 2, 'line-dasharray': [3, 2] } });
  chart.addLayer({ id: 'shapes-name', type: 'symbol', source: 'shapes', layout: { 'text-field': ['get', 'name'], 'text-size': size() }, paint: halo('#3a1607') });
}

function points({ chart }: Frame, features: Feature[]): void {
  chart.addSource('points', { type: 'geojson', data: { type: 'FeatureCollection', features }, cluster: true, clusterRadius: 36, clusterMaxZoom: 13 });
  const single: ExpressionSpecification = ['!', ['has', 'point_count']];
  const said = (name: string, otherwise: string): ExpressionSpecification => ['to-string', ['coalesce', ['get', name], otherwise]];
  chart.addLayer({
    id: 'heaps', type: 'circle', source: 'points', filter: ['has', 'point_count'],
    paint: { 'circle-radius': ['step', ['get', 'point_count'], 18, 10, 22, 50, 28], 'circle-color': '#fff', 'circle-stroke-color': '#1b1b1b', 'circle-stroke-width': 3 },
  });
  chart.addLayer({
    id: 'heaps-count', type: 'symbol', source: 'points', filter: ['has', 'point_count'],
    layout: { 'text-field': ['to-string', ['get', 'point_count']], 'text-size': 16, 'text-allow-overlap': true }, paint: { 'text-color': '#1b1b1b' },
  });
  chart.addLayer({
    id: 'pins', type: 'symbol', source: 'points', filter: single,
    layout: {
      'icon-image': ['concat', 'pin|', said('shape', 'circle'), '|', said('tone', 'ai'), '|', said('mark', '')], 'icon-allow-overlap': true,
      'text-field': ['step', ['zoom'], '', 12.5, said('name', '')], 'text-optional': true, 'text-size': size(), 'text-anchor': 'top', 'text-offset': [0, 1.1], 'text-max-width': 9,
    },
    paint: halo('#1b1b1b'),
  });
  const pointer = (shape: string) => (): void => { chart.getCanvas().style.cursor = shape; };
  for (const layer of ['heaps', 'pins']) { chart.on('mouseenter', layer, pointer('pointer')); chart.on('mouseleave', layer, pointer('')); }
  chart.on('click', 'heaps', ({ features: [heap] = [] }) => void nearer(chart.getSource('points') as GeoJSONSource, heap, (center, zoom) => chart.easeTo({ center, zoom })));
}

async function nearer(source: GeoJSONSource, heap: MapGeoJSONFeature | undefined, go: (center: [number, number], zoom: number) => void): Promise<void> {
  if (heap?.geometry.type !== 'Point') return;
  const zoom = await source.getClusterExpansionZoom(Number(heap.properties['cluster_id']));
  go(heap.geometry.coordinates as [number, number], zoom);
}

function popups({ chart }: Frame, layers: string[]): void {
  chart.on('click', layers, (event) => {
    const feature = event.features?.[0];
    if (!feature) return;
    const at = feature.geometry.type === 'Point' ? (feature.geometry.coordinates as [number, number]) : event.lngLat;
    new Popup({ maxWidth: '17rem', offset: 18 }).setLngLat(at).setDOMContent(card(feature.properties as Properties)).addTo(chart);
  });
}

function card({ name = '', kind, note, href }: Properties): HTMLElement {
  // Only our own pages: data of others may name any address.
  const own = href?.startsWith('/') && !href.startsWith('//') ? href : undefined;
  return el('div', { class: 'map__card' }, el('p', {}, el('b', {}, name)), kind && el('p', {}, kind), note && el('p', {}, note),
    own && el('p', {}, el('a', { href: own }, text('places-map.more'))));
}

function fit({ chart }: Frame, features: Feature[]): void {
  const bounds = new LngLatBounds();
  for (const { geometry } of features) if (geometry.type === 'Point') bounds.extend(geometry.coordinates as [number, number]);
  if (!bounds.isEmpty()) chart.fitBounds(bounds, { padding: 40, maxZoom: 14, animate: false });
}

const size = (): number => (document.documentElement.dataset['size'] === 'large' ? 18 : 14);
const halo = (color: string): { 'text-color': string; 'text-halo-color': string; 'text-halo-width': number } => ({ 'text-color': color, 'text-halo-color': '#fff', 'text-halo-width': 1.8 });
