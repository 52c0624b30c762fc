/** Mode `pick`: one place, by a tap, by dragging the pin, by the keys and Enter, or by where the reader stands. */
import { Marker } from 'maplibre-gl';
import { el } from '../lib/dom.ts';
import { degreesOf, microdegrees } from '../lib/geo.ts';
import { text } from '../lib/texts.ts';
import { cross, fieldOf, setField, takeMiddle, tool, type Frame } from './open.ts';

export function pick(frame: Frame): void {
  const { chart, config } = frame;
  const [latitudeField, longitudeField] = [fieldOf(config.latitude), fieldOf(config.longitude)];
  const marker = new Marker({ element: el('div', { class: 'map__pin', role: 'img', 'aria-label': text('places-map.picked_mark') }), anchor: 'bottom', draggable: true });

  const take = (longitude: number, latitude: number): void => {
    marker.setLngLat([longitude, latitude]).addTo(chart);
    setField(latitudeField, String(microdegrees(latitude)));
    setField(longitudeField, String(microdegrees(longitude)));
    frame.say(text('places-map.picked', { latitude: latitude.toFixed(5), longitude: longitude.toFixed(5) }));
  };
  chart.on('click', ({ lngLat }) => take(lngLat.lng, lngLat.lat));
  marker.on('dragend', () => { const { lng, lat } = marker.getLngLat(); take(lng, lat); });
  frame.takeHere = take;
  cross(frame, take);
  tool(frame, text('places-map.pick_middle'), () => takeMiddle(frame, take));
  tool(frame, text('places-map.pick_clear'), () => {
    marker.remove();
    setField(latitudeField, '');
    setField(longitudeField, '');
    frame.say(text('places-map.pick_cleared'));
  });

  const [latitude, longitude] = [degreesOf(latitudeField?.value ?? '', 90), degreesOf(longitudeField?.value ?? '', 180)];
  if (latitude === undefined || longitude === undefined) frame.say(text('places-map.pick_how'));
  else {
    marker.setLngLat([longitude, latitude]).addTo(chart);
    chart.jumpTo({ center: [longitude, latitude], zoom: Math.max(chart.getZoom(), 14) });
  }
}
