// The map below the longitude and latitude of a form: a click or a drag sets the fields, typing moves the marker, and the server says at
// once whether the point lies in the chosen grid. Without this file the fields are plain fields.
"use strict";
for (const panel of document.querySelectorAll("[data-point-map]")) {
  const data = JSON.parse(document.getElementById(panel.dataset.pointMap).textContent);
  const WHY = { 1: "您没有允许使用位置，请在地图上点，或直接填经度和纬度。", 2: "暂时得不到位置，请在地图上点。", 3: "定位超时，可以再试一次，或在地图上点。" };
  const form = panel.closest("form"), field = (name) => form?.elements.namedItem(name);
  const [east, north] = [field("longitude"), field("latitude")], edits = Boolean(data.ask && east && north);
  const said = panel.querySelector("[data-point-said]"), choice = data.of ? field(data.of) : null;
  panel.hidden = false;
  const map = Maps.open(panel.querySelector("[data-point-draws]"), data);
  const drawn = L.featureGroup().addTo(map);
  let marker = null, looks;

  const tell = (words, wrong = false) => {
    if (!said) return;
    said.textContent = words;
    said.classList.toggle("pm-said_wrong", wrong);
  };
  const typed = () => {
    const [x, y] = [east.value, north.value].map((text) => (text.trim() === "" ? NaN : Number(text)));
    return Math.abs(x) <= 180 && Math.abs(y) <= 90 ? L.latLng(y, x) : null;
  };

  // What is typed and can be no place on earth; a field that is empty says nothing yet.
  const nowhere = () => [[east, 180], [north, 90]].some(([{ value }, most]) => value.trim() !== "" && !(Math.abs(Number(value)) <= most));
  const tellNowhere = () => tell(nowhere() ? "没有这个位置：经度在 -180 到 180 之间，纬度在 -90 到 90 之间。" : "", true);

  // The answer to the last question alone counts.
  let asked = 0, waits;
  const ask = async (areas) => {
    const spot = typed(), query = new URLSearchParams(), number = ++asked;
    if (choice?.value) query.set("of", choice.value);
    else if (data.row) query.set("row", data.row);
    if (areas) query.set("areas", "1");
    if (spot) { query.set("longitude", spot.lng); query.set("latitude", spot.lat); } else tellNowhere();
    if (!areas && !spot) return;
    try {
      const answer = await fetch(`${data.ask}?${query}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      if (number !== asked) return;
      if (told.areas) {
        looks = Maps.outlines(drawn, told.areas);
        panel.querySelector("[data-point-made-up]").hidden = !told.areas.some((each) => each.made_up);
        view();
      }
      if (told.said) tell(told.said, told.fits === false);
    } catch {
      if (number === asked) tell("没有核对上这个点在哪个网格，保存时再核对。");
    }
  };
  const askSoon = () => { clearTimeout(waits); waits = setTimeout(ask, 300); };

  const write = ({ lat, lng }) => {
    east.value = lng.toFixed(6);
    north.value = lat.toFixed(6);
    askSoon();
  };
  const byKey = (event) => {
    const step = event.shiftKey ? 20 : 4;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const to = map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(way)).wrap();
    marker.setLatLng(to);
    if (!map.getBounds().pad(-0.05).contains(to)) map.panTo(to);
    write(to);
  };
  const put = (spot) => {
    if (!spot) { marker?.remove(); marker = null; return; }
    if (marker) { marker.setLatLng(spot); return; }
    const pin = document.createElement("span");
    const icon = L.divIcon({ className: "pm-pin", html: pin, iconSize: [40, 40], iconAnchor: [20, 40] });
    const words = edits ? "这个点，拖动或按方向键移动" : "这个点的位置";
    marker = L.marker(spot, { icon, draggable: edits, keyboard: edits, autoPan: true, title: words, alt: words });
    if (edits) marker.on("drag dragend", () => write(marker.getLatLng())).on("add", ({ target }) => {
      target.getElement().setAttribute("aria-label", words);
      target.getElement().addEventListener("keydown", byKey);
    });
    marker.addTo(map);
  };
  const set = (spot) => { put(spot); write(spot); };
  const view = () => Maps.fit(map, marker ? [looks, L.latLngBounds([marker.getLatLng()])] : [looks]);

  looks = Maps.outlines(drawn, data.areas);
  put(edits ? typed() : data.at && L.latLng(data.at[1], data.at[0]));
  view();
  panel.querySelector("[data-point-back]").addEventListener("click", () => Maps.fit(map, [looks]));
  if (!edits) continue;
  if (marker) ask();
  map.on("click", ({ latlng }) => set(latlng.wrap()));
  for (const each of [east, north]) each.addEventListener("input", () => {
    const spot = typed();
    put(spot);
    if (!spot) tellNowhere();
    if (spot && !map.getBounds().contains(spot)) map.setView(spot, map.getZoom(), { animate: false });
    askSoon();
  });
  choice?.addEventListener("change", () => ask(true));
  panel.querySelector("[data-point-middle]").addEventListener("click", () => { set(map.getCenter().wrap()); marker.getElement().focus(); });
  panel.querySelector("[data-point-here]").addEventListener("click", () => {
    if (!navigator.geolocation) { tell(WHY[2], true); return; }
    tell("正在定位…");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const spot = L.latLng(coords.latitude, coords.longitude);
      set(spot);
      if (!map.getBounds().contains(spot)) map.setView(spot, 17, { animate: false });
    }, ({ code }) => tell(WHY[code], true), { enableHighAccuracy: true, timeout: 10_000 });
  });
}
