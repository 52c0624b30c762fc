/** Mode `draw`: an area, corner by corner, by taps or by the keys and Enter. */
import type { Feature, FeatureCollection, Geometry } from 'geojson';
import type { GeoJSONSource } from 'maplibre-gl';
import { CORNERS_MAX, cornersOf, crosses, polygon, type Point } from '../lib/geo.ts';
import { text } from '../lib/texts.ts';
import { cross, fieldOf, setField, takeMiddle, tool, type Frame } from './open.ts';

const INK = '#9c1c1c';

export function draw(frame: Frame): void {
  const { chart, config } = frame;
  const field = fieldOf(config.area);
  const corners: Point[] = cornersOf(field?.value ?? '');
  layers(frame);

  const paint = (): void => void (chart.getSource('drawn') as GeoJSONSource | undefined)?.setData(figure(corners));
  const changed = (): void => {
    paint();
    const tangled = crosses(corners);
    const area = tangled ? undefined : polygon(corners);
    setField(field, area ? JSON.stringify(area) : '');
    if (tangled) frame.say(text('places-map.draw_crosses'));
    else frame.say(text(area ? 'places-map.draw_closed' : corners.length === 0 ? 'places-map.draw_how' : 'places-map.draw_more', { corners: corners.length }));
  };
  const add = (longitude: number, latitude: number): void => {
    if (corners.length < CORNERS_MAX) corners.push([longitude, latitude]);
    changed();
  };
  chart.on('click', ({ lngLat }) => add(lngLat.lng, lngLat.lat));
  cross(frame, add);
  tool(frame, text('places-map.draw_middle'), () => takeMiddle(frame, add));
  tool(frame, text('places-map.draw_undo'), () => { corners.pop(); changed(); });
  tool(frame, text('places-map.draw_clear'), () => { corners.length = 0; changed(); });

  if (corners.length === 0) frame.say(text('places-map.draw_how'));
  else {
    paint();
    const [longitudes, latitudes] = [corners.map(([longitude]) => longitude), corners.map(([, latitude]) => latitude)];
    chart.fitBounds([Math.min(...longitudes), Math.min(...latitudes), Math.max(...longitudes), Math.max(...latitudes)], { padding: 48, maxZoom: 16, animate: false });
  }
}

function layers({ chart }: Frame): void {
  chart.addSource('drawn', { type: 'geojson', data: figure([]) });
  chart.addLayer({ id: 'drawn-inside', type: 'fill', source: 'drawn', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': INK, 'fill-opacity': .2 } });
  chart.addLayer({ id: 'drawn-line', type: 'line', source: 'drawn', paint: { 'line-color': INK, 'line-width': 3 }, filter: ['!=', ['geometry-type'], 'Point'] });
  chart.addLayer({
    id: 'drawn-corners', type: 'circle', source: 'drawn', filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 7, 'circle-color': '#fff', 'circle-stroke-color': INK, 'circle-stroke-width': 3 },
  });
}

function figure(corners: readonly Point[]): FeatureCollection {
  const feature = (geometry: Geometry): Feature => ({ type: 'Feature', properties: {}, geometry });
  const points = corners.map((corner) => feature({ type: 'Point', coordinates: [...corner] }));
  const line = corners.map((corner) => [...corner]);
  const area = polygon(corners);
  const lines = area ? [feature(area)] : line.length === 2 ? [feature({ type: 'LineString', coordinates: line })] : [];
  return { type: 'FeatureCollection', features: [...lines, ...points] };
}
