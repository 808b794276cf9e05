// The outlines of an editor as rings of shared points: what moves, joins, leaves or divides. Nothing here knows of a page or a map.
// A state is {points: [[x, y]], areas: {key: polygons}, around: polygons, names, changes, touched}; polygons are lists of rings (the
// outer one first, none closed) of places in points.
"use strict";
const Shapes = (() => {
  const each = (polygons) => polygons.flat();
  const rings = (state) => [...Object.values(state.areas).flatMap(each), ...each(state.around)];
  const beside = (ring, spot) => [ring[(spot + ring.length - 1) % ring.length], ring[(spot + 1) % ring.length]];
  const touch = (state, keys) => { for (const key of keys) if (!state.touched.includes(key)) state.touched.push(key); };

  // The keys of the areas that have a point.
  function holders(state, point) {
    return Object.keys(state.areas).filter((key) => each(state.areas[key]).some((ring) => ring.includes(point)));
  }

  const add = (state, xy) => state.points.push(xy) - 1;

  // Put a point on the line between two others, wherever that line is: in all areas, or in one alone.
  function insert(state, first, last, point, alone) {
    for (const ring of alone ? each(state.areas[alone]) : rings(state)) {
      for (let spot = ring.length - 1; spot >= 0; spot -= 1) {
        const [a, b] = [ring[spot], ring[(spot + 1) % ring.length]];
        if ((a === first && b === last) || (a === last && b === first)) ring.splice(spot + 1, 0, point);
      }
    }
  }

  // Put one point in the place of another in these rings; false, and nothing done, where a ring would enclose nothing then.
  function replace(which, point, other) {
    const made = which.map((ring) => ring.map((each) => (each === point ? other : each)).filter((each, spot, all) => each !== all[(spot + 1) % all.length]));
    if (made.some((ring) => ring.length < 3)) return false;
    which.forEach((ring, number) => ring.splice(0, ring.length, ...made[number]));
    return true;
  }

  // Leave a point out, wherever it is; false where borders meet in it.
  function remove(state, point) {
    const found = rings(state).filter((ring) => ring.includes(point));
    const ends = new Set(found.flatMap((ring) => ring.flatMap((each, spot) => (each === point ? [[...beside(ring, spot)].sort((a, b) => a - b).join()] : []))));
    if (ends.size !== 1 || found.some((ring) => ring.length < 4)) return false;
    touch(state, holders(state, point));
    for (const ring of found) ring.splice(ring.indexOf(point), 1);
    return true;
  }

  function holds(state, ring, [x, y]) {
    let inside = false;
    ring.forEach((place, spot) => {
      const [ax, ay] = state.points[place], [bx, by] = state.points[ring[(spot + 1) % ring.length]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    });
    return inside;
  }

  // Divide an area along a path from a point of its border to another; the two parts, or null where that divides nothing.
  function divide(state, key, path) {
    const [first, last] = [path[0], path[path.length - 1]], inner = path.slice(1, -1), polygons = state.areas[key];
    const number = polygons.findIndex(([outer]) => outer.includes(first) && outer.includes(last));
    if (number < 0 || first === last) return null;
    const [outer, ...holes] = polygons[number], from = outer.indexOf(first);
    const turned = [...outer.slice(from), ...outer.slice(0, from)], to = turned.indexOf(last);
    const one = [...turned.slice(0, to + 1), ...[...inner].reverse()], other = [...turned.slice(to), first, ...inner];
    if (one.length < 3 || other.length < 3) return null;
    const within = holes.map((hole) => holds(state, one, state.points[hole[0]]));
    const rest = polygons.filter((_, place) => place !== number);
    return [[[one, ...holes.filter((_, place) => within[place])], ...rest], [[other, ...holes.filter((_, place) => !within[place])]]];
  }

  function geometry(state, key) {
    const closed = (ring) => [...ring, ring[0]].map((place) => state.points[place]);
    return { type: "MultiPolygon", coordinates: state.areas[key].map((polygon) => polygon.map(closed)) };
  }

  // Square metres, as the server reckons them.
  function area(state, key) {
    let sum = 0, north = 0, number = 0;
    for (const polygon of state.areas[key]) {
      polygon.forEach((ring, place) => {
        let twice = 0;
        const [ox, oy] = state.points[ring[0]];
        ring.forEach((point, spot) => {
          const [ax, ay] = state.points[point], [bx, by] = state.points[ring[(spot + 1) % ring.length]];
          twice += (ax - ox) * (by - oy) - (bx - ox) * (ay - oy);
          north += ay; number += 1;
        });
        sum += (place ? -1 : 1) * Math.abs(twice) / 2;
      });
    }
    return number ? sum * 111320 ** 2 * Math.cos((north / number) * Math.PI / 180) : 0;
  }

  return { each, rings, holders, touch, add, insert, replace, remove, divide, geometry, area };
})();
