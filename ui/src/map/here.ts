/** "Where am I": asked of the browser when somebody presses the button, shown on the map with what is near, and told to nobody unless they send the form. */
import { Marker } from 'maplibre-gl';
import { el } from '../lib/dom.ts';
import { length, nearest, roughly } from '../lib/geo.ts';
import { text } from '../lib/texts.ts';
import { fieldOf, setField, tool, type Frame } from './open.ts';

const WAIT_MS = 15_000;
/** How many places are named when it is known where the reader stands. */
const NEAREST = 3;

export function offerPosition(frame: Frame): void {
  if (!('geolocation' in navigator)) return;
  let marker: Marker | undefined;
  const found = ({ coords: { longitude, latitude } }: GeolocationPosition): void => {
    frame.say(text('places-map.here_found'));
    if (frame.takeHere) frame.takeHere(longitude, latitude);
    else {
      marker ??= new Marker({ element: el('div', { class: 'map__here', role: 'img', 'aria-label': text('places-map.here_mark') }) }).setLngLat([longitude, latitude]).addTo(frame.chart);
      marker.setLngLat([longitude, latitude]);
    }
    frame.chart.flyTo({ center: [longitude, latitude], zoom: Math.max(frame.chart.getZoom(), 14) });
    const near = frame.points ? nearest([longitude, latitude], frame.points, NEAREST) : [];
    const named = near.map(({ name, metres }) => text('places-map.meters', { name, length: length(metres) }));
    if (named.length > 0) frame.say(text('places-map.nearest', { first: named.join(text('places-map.and')) }));
    const field = fieldOf(frame.config.here);
    setField(field, roughly([longitude, latitude]));
    if (field?.form) field.form.hidden = false;
  };
  const refused = (error: GeolocationPositionError): void => {
    frame.say(text(error.code === error.PERMISSION_DENIED ? 'places-map.here_refused' : 'places-map.here_unknown'));
  };
  tool(frame, text('places-map.here'), () => {
    frame.say(text('places-map.here_asking'));
    navigator.geolocation.getCurrentPosition(found, refused, { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 60_000 });
  });
}
