// Makes a PMTiles file of vector tiles from files a town has: node make.mjs recipe.json map.pmtiles
// The recipe names the layers; docs/places.md says what may stand in it. The same files give the same bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GeoJSONVT } from '@maplibre/geojson-vt';
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import { archive } from './pmtiles.mjs';

const EXTENT = 4096;
const [recipeFile, outFile] = process.argv.slice(2);
if (!outFile) throw new Error('node make.mjs recipe.json map.pmtiles');
const recipe = JSON.parse(readFileSync(recipeFile, 'utf8'));
const { minzoom, maxzoom } = recipe;

const layers = recipe.layers.map((layer) => {
  const features = layer.from.flatMap((from) => featuresOf(from, layer));
  return { id: layer.id, features };
});
const bounds = boundsOf(layers.flatMap(({ features }) => features));
const tiles = cut();
const metadata = {
  name: recipe.name, attribution: recipe.attribution, type: 'baselayer',
  vector_layers: layers.map(({ id, features }) => ({ id, minzoom, maxzoom, fields: fieldsOf(features) })),
};
const bytes = archive(tiles, { metadata, minzoom, maxzoom, bounds });
writeFileSync(outFile, bytes);
console.log(`${outFile}: ${tiles.length} tiles, ${bytes.length} bytes`);

/**
 * The features of a file, GeoJSON or a CSV with latitude and longitude: those that are as `where` says, with the properties the recipe keeps, renames
 * or adds.
 */
function featuresOf({ file, where = {}, keep = {}, add = {}, as, minzoom: from = minzoom }, { id }) {
  const path = join(dirname(recipeFile), file);
  const all = file.endsWith('.csv') ? pointsOf(readFileSync(path, 'utf8')) : JSON.parse(readFileSync(path, 'utf8')).features;
  const wanted = all.filter(({ properties }) => Object.entries(where).every(([column, value]) => properties[column] === value));
  return wanted.map(({ geometry, properties }) => {
    const kept = Object.entries(keep).flatMap(([name, column]) => (properties[column] === undefined || properties[column] === null || properties[column] === '' ? [] : [[name, properties[column]]]));
    return { type: 'Feature', layer: id, from, geometry: as === 'lines' ? linesOf(geometry) : geometry, properties: { ...Object.fromEntries(kept), ...add } };
  });
}

function pointsOf(csv) {
  const [head, ...rows] = csv.trim().split(/\r?\n/).map((line) => line.split(','));
  return rows.map((row) => {
    const properties = Object.fromEntries(head.map((name, at) => [name, /^-?\d+(\.\d+)?$/.test(row[at]) ? Number(row[at]) : row[at]]));
    return { properties, geometry: { type: 'Point', coordinates: [properties.longitude, properties.latitude] } };
  });
}

/** The edges of areas. */
function linesOf({ type, coordinates }) {
  return { type: 'MultiLineString', coordinates: type === 'Polygon' ? coordinates : coordinates.flat() };
}

function boundsOf(features) {
  const bounds = [180, 90, -180, -90];
  const take = (part) => {
    if (typeof part[0] !== 'number') return part.forEach(take);
    const [longitude, latitude] = part;
    bounds[0] = Math.min(bounds[0], longitude); bounds[1] = Math.min(bounds[1], latitude);
    bounds[2] = Math.max(bounds[2], longitude); bounds[3] = Math.max(bounds[3], latitude);
  };
  features.forEach(({ geometry }) => take(geometry.coordinates));
  return bounds;
}

function fieldsOf(features) {
  const fields = {};
  for (const { properties } of features) for (const [name, value] of Object.entries(properties)) fields[name] = typeof value === 'number' ? 'Number' : typeof value === 'boolean' ? 'Boolean' : 'String';
  return fields;
}

/** Every tile of every zoom that has something in it. */
function cut() {
  const tiles = [];
  for (let z = minzoom; z <= maxzoom; z += 1) {
    const indexes = layers.map(({ id, features }) => {
      const shown = features.filter(({ from }) => from <= z);
      const index = new GeoJSONVT({ type: 'FeatureCollection', features: shown }, { maxZoom: z, indexMaxZoom: z, indexMaxPoints: 0, extent: EXTENT, buffer: 128, tolerance: z === maxzoom ? 0 : 3 });
      return [id, index];
    });
    const [west, north] = columnAndRow(bounds[0], bounds[3], z);
    const [east, south] = columnAndRow(bounds[2], bounds[1], z);
    for (let x = west; x <= east; x += 1) for (let y = north; y <= south; y += 1) {
      const there = indexes.map(([id, index]) => [id, index.getTile(z, x, y)]).filter(([, tile]) => tile?.features.length > 0);
      if (there.length > 0) tiles.push({ z, x, y, bytes: fromGeojsonVt(Object.fromEntries(there), { version: 2, extent: EXTENT }) });
    }
  }
  return tiles;
}

function columnAndRow(longitude, latitude, z) {
  const sine = Math.sin((latitude * Math.PI) / 180);
  const [x, y] = [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  const within = (part) => Math.min(2 ** z - 1, Math.max(0, Math.floor(part * 2 ** z)));
  return [within(x), within(y)];
}
