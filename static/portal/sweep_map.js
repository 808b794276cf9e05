// Draws how far each grid is on a map: the darker the further, dashed where nothing has begun, a thick edge where all is done, and the
// percent in words. It reads the table beside it, and again whenever the table has renewed itself.
"use strict";
for (const place of document.querySelectorAll("[data-sweep-map]")) {
  const data = JSON.parse(document.getElementById(place.dataset.sweepMap).textContent);
  const feature = (shape, properties) => ({ type: "Feature", geometry: shape, properties });
  const map = Maps.open(place, data);
  if (data.around) L.geoJSON(feature(data.around, {}), { style: { color: "#5f6368", weight: 3, fill: false } }).addTo(map);
  const drawn = L.geoJSON(data.areas.map((each) => feature(each.shape, each)), {
    onEachFeature: ({ properties }, layer) => layer.bindTooltip(Maps.said(properties.label), { permanent: data.areas.length <= 40, direction: "center", className: "sd-label" }),
  }).addTo(map);
  const paint = () => {
    const rows = new Map([...document.querySelectorAll("#sweep-numbers [data-code]")].map((row) => [row.dataset.code, row.dataset]));
    drawn.eachLayer((layer) => {
      const { code, label } = layer.feature.properties, row = rows.get(code);
      const percent = row ? Number(row.percent) : null, done = percent === 100, begun = Boolean(row?.begun);
      layer.setStyle({
        color: "#3f6fb5", weight: done ? 4 : 1.5, dashArray: begun ? null : "5 5",
        fillColor: done ? "#3f6fb5" : percent >= 50 ? "#86a8d8" : "#c9d8ee", fillOpacity: begun ? 0.75 : 0,
      });
      layer.setTooltipContent(Maps.said(percent === null ? label : `${label} ${percent}%`));
    });
  };
  paint();
  document.body.addEventListener("htmx:afterSettle", paint);
  Maps.fit(map, [drawn.getBounds()], 12);
}
