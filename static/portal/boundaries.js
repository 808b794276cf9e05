// Draws the outlines of a page on a map: neutral, those that change darker, those beside them empty, old edges dashed, what does not fit in red.
"use strict";
const MOST_NAMES = 40;
for (const place of document.querySelectorAll("[data-map]")) {
  const data = JSON.parse(document.getElementById(place.dataset.map).textContent);
  const feature = (shape, properties) => ({ type: "Feature", geometry: shape, properties });
  const map = Maps.open(place, data, { preferCanvas: true });
  const drawn = L.featureGroup().addTo(map);
  const draw = (features, style, words, named = false) => L.geoJSON(features, {
    style, onEachFeature: ({ properties }, layer) => {
      if (named) layer.bindTooltip(Maps.said(properties.label), { permanent: true, direction: "center", className: "gd-name" });
      else if (words) layer.bindTooltip(Maps.said(words(properties)), { sticky: true });
    },
  }).addTo(drawn);
  if (data.around) draw(feature(data.around, {}), { color: "#5f6368", weight: 3, fill: false });
  draw(
    data.areas.map((each) => feature(each.shape, each)),
    ({ properties: { kind } }) => ({
      color: kind === "beside" ? "#9aa0a6" : "#3f6fb5", weight: 1, fillColor: "#3f6fb5", fillOpacity: { new: 0.45, area: 0.12, beside: 0 }[kind],
    }),
    ({ name, code }) => `${name} ${code}`,
    data.areas.length <= MOST_NAMES,
  );
  if (data.old) L.geoJSON(feature(data.old, {}), { interactive: false, style: { color: "#1f2329", weight: 1.5, dashArray: "5 5" } }).addTo(drawn);
  const faults = data.faults.map((each) => draw(feature(each.shape, each), { color: "#c8321f", weight: 2, fillOpacity: 0.5 }, ({ words }) => words));
  Maps.fit(map, [drawn.getBounds()], 12);
  for (const button of document.querySelectorAll("[data-fault]")) {
    button.addEventListener("click", () => {
      const found = faults[button.dataset.fault];
      if (!found) return;
      map.fitBounds(found.getBounds(), { maxZoom: 17, padding: [60, 60] });
      place.scrollIntoView({ block: "nearest" });
    });
  }
}
