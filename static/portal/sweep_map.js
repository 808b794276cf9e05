// Draws how far each grid is on a map: the darker the further, dashed where nothing has begun, a thick edge where all is done, and the
// percent in words; a grid where there is nothing to check is empty and says so. It reads the table beside it, and again whenever the
// table has renewed itself.
"use strict";
for (const place of document.querySelectorAll("[data-sweep-map]")) {
  const data = JSON.parse(document.getElementById(place.dataset.sweepMap).textContent);
  const feature = (shape, properties) => ({ type: "Feature", geometry: shape, properties });
  const map = Maps.open(place, data);
  if (data.around) L.geoJSON(feature(data.around, {}), { style: { color: "#5f6368", weight: 3, fill: false } }).addTo(map);
  // Under a dashed edge, so that neither the neighbour's edge nor the outer one fills its gaps.
  const under = L.geoJSON(data.areas.map((each) => feature(each.shape, each)), { interactive: false, style: { color: "#fff", weight: 5, fill: false } }).addTo(map);
  const drawn = L.geoJSON(data.areas.map((each) => feature(each.shape, each)), {
    onEachFeature: ({ properties }, layer) => layer.bindTooltip(Maps.said(properties.label), { permanent: data.areas.length <= 40, direction: "center", className: "sd-label" }),
  }).addTo(map);
  const paint = () => {
    const rows = new Map([...document.querySelectorAll("#sweep-numbers [data-code]")].map((row) => [row.dataset.code, row.dataset]));
    const still = new Set();
    drawn.eachLayer((layer) => {
      const { code, label } = layer.feature.properties, row = rows.get(code);
      if (!row) {
        layer.setStyle({ color: "#9aa0a6", weight: 1, dashArray: null, fillOpacity: 0 });
        layer.setTooltipContent(Maps.said(`${label}\n没有要查的`));
        return;
      }
      const percent = Number(row.percent), done = percent === 100, begun = Boolean(row.begun);
      layer.setStyle({
        color: "#3f6fb5", weight: done ? 4 : begun ? 1.5 : 2.5, dashArray: begun ? null : "7 6",
        fillColor: done ? "#3f6fb5" : !begun ? "#fff" : percent >= 50 ? "#86a8d8" : "#c9d8ee", fillOpacity: begun ? 0.75 : 0.6,
      });
      layer.setTooltipContent(Maps.said(`${label} ${percent}%`));
      if (!begun) still.add(code);
    });
    under.eachLayer((layer) => layer.setStyle({ opacity: still.has(layer.feature.properties.code) ? 1 : 0 }).bringToFront());
    drawn.eachLayer((layer) => { if (still.has(layer.feature.properties.code)) layer.bringToFront(); });
  };
  paint();
  document.body.addEventListener("htmx:afterSettle", paint);
  Maps.fit(map, [drawn.getBounds()], 12);
}
