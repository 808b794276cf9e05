// What all maps share: a Leaflet map with Chinese controls, with tiles only where the deployment names some. And what the maps of points
// share: outlines of grids, the one that is meant strong, the others thin, with their names where there are several and not many.
"use strict";
const Maps = (() => {
  const MOST_NAMES = 40, NOWHERE = [[39.17, 117.15], 12];
  const said = (words) => Object.assign(document.createElement("span"), { textContent: words });

  // data: {tiles, attribution}, as grids/drawing.py gives it; options: Leaflet's own.
  function open(place, data, options = {}) {
    const map = L.map(place, { attributionControl: Boolean(data.attribution), zoomControl: false, zoomSnap: 0.25, ...options });
    L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
    map.attributionControl?.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    if (data.tiles) L.tileLayer(data.tiles, { attribution: data.attribution, maxZoom: 20, maxNativeZoom: 18 }).addTo(map);
    return map;
  }

  // areas: [{name, label, shape, chosen}]; what lay in the group before goes. Returns the bounds to look at: those of the one that is
  // meant, else of all.
  function outlines(group, areas) {
    const meant = L.latLngBounds([]);
    group.clearLayers();
    L.geoJSON(areas.map((each) => ({ type: "Feature", geometry: each.shape, properties: each })), {
      interactive: false,
      style: ({ properties: { chosen } }) => ({ color: "#3f6fb5", weight: chosen ? 3 : 1, fillOpacity: chosen ? 0.16 : 0.05 }),
      onEachFeature: ({ properties }, layer) => {
        // Below the points, which must stay to be seen and pressed.
        const looks = { permanent: true, direction: "center", className: "pm-name", pane: "shadowPane" };
        if (areas.length > 1 && areas.length <= MOST_NAMES) layer.bindTooltip(said(properties.label), looks);
        if (properties.chosen) meant.extend(layer.getBounds());
      },
    }).addTo(group);
    return meant.isValid() ? meant : group.getBounds();
  }

  // Show all of these bounds that are any, with so much room around them.
  function fit(map, all, room = 24) {
    const bounds = L.latLngBounds([]);
    for (const each of all) if (each.isValid()) bounds.extend(each);
    if (bounds.isValid()) map.fitBounds(bounds, { padding: [room, room], maxZoom: 18, animate: false });
    else map.setView(...NOWHERE);
  }

  return { open, outlines, fit, said };
})();
