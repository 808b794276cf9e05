// Draws outlines on a map: corners are dragged or moved by the arrow keys, borders of two grids as one line; a grid without an outline is
// drawn, one is divided along a line, several are merged. Meanwhile the server says what does not fit. Nothing is kept but as a draft.
"use strict";
{
  const data = JSON.parse(document.getElementById("edit-data").textContent);
  const part = (id) => document.getElementById(id), tool = (name) => document.querySelector(`[data-tool="${name}"]`);
  const element = (name, options = {}, ...children) => { const made = Object.assign(document.createElement(name), options); made.append(...children); return made; };
  // Pixels within which a point is taken for another; handles that one still tells apart; pixels of a line that gets a handle in its middle.
  const NEAR = 9, MOST_HANDLES = 200, MOST_NAMES = 40, LONG = 36, WAIT = 400;
  let state = {
    points: data.points, areas: data.areas, around: data.around, names: data.names, changes: [], touched: [],
  };
  let before = [], picked = new Set(), mode = "move", path = [], kept = false, serial = 0;
  const corners = new Set(data.corners);
  // What others keep stays where it is.
  for (const code of Object.keys(data.names)) if (!data.mine.includes(code) && state.areas[code]) Shapes.each(state.areas[code]).flat().forEach((point) => corners.add(point));

  // --- the map ---------------------------------------------------------------------------------------------------------------
  const map = Maps.open("edit-map", data, { renderer: L.canvas({ padding: 0.2 }), doubleClickZoom: false });
  const drawn = L.featureGroup().addTo(map), wrong = L.featureGroup().addTo(map), marks = L.layerGroup().addTo(map), trace = L.layerGroup().addTo(map);
  let layers = {};
  const at = (point) => [state.points[point][1], state.points[point][0]];
  const lines = (polygons) => polygons.map((polygon) => polygon.map((ring) => ring.map(at)));
  const isOwn = (key) => key in state.names;
  const changed = (key) => state.changes.find((change) => change.parts.includes(key) || change.old.includes(key));

  function style(key) {
    if (!isOwn(key)) return { color: "#9aa0a6", weight: 0.75, fill: false, interactive: false };
    const fresh = Boolean(changed(key));
    return { color: fresh ? "#1a7f4b" : "#3f6fb5", weight: picked.has(key) ? 3 : 1.5, fillColor: fresh ? "#1a7f4b" : "#3f6fb5", fillOpacity: picked.has(key) ? 0.35 : 0.12 };
  }

  function paint() {
    drawn.clearLayers();
    layers = {};
    if (state.around.length) L.polygon(lines(state.around), { color: "#5f6368", weight: 4, fill: false, interactive: false }).addTo(drawn);
    for (const key of Object.keys(state.areas).sort((a, b) => isOwn(a) - isOwn(b))) {
      layers[key] = L.polygon(lines(state.areas[key]), style(key)).addTo(drawn);
      if (!isOwn(key)) continue;
      layers[key].bindTooltip(() => element("span", { textContent: state.names[key] || "新网格" }), Object.keys(state.names).length <= MOST_NAMES ? { permanent: true, direction: "center", className: "gd-name" } : { sticky: true });
      layers[key].on("click", () => { if (mode === "move") pick(key, !picked.has(key)); });
    }
    handles();
  }
  const follow = (keys) => { for (const key of keys) layers[key]?.setLatLngs(lines(state.areas[key])); };

  // --- corners that are moved ------------------------------------------------------------------------------------------------
  const active = () => (picked.size ? [...picked] : Object.keys(state.areas).filter(isOwn)).filter((key) => state.areas[key]);
  const lone = () => (!part("shared").checked && picked.size === 1 && state.areas[[...picked][0]] ? [...picked][0] : null);

  function handles() {
    marks.clearLayers();
    if (mode !== "move") return;
    const seen = map.getBounds(), points = new Set(), edges = new Map();
    for (const key of active()) {
      for (const ring of Shapes.each(state.areas[key])) {
        ring.forEach((point, spot) => {
          const next = ring[(spot + 1) % ring.length];
          if (seen.contains(at(point)) && !corners.has(point)) points.add(point);
          edges.set([point, next].sort((a, b) => a - b).join(), [point, next]);
        });
      }
    }
    say(points.size > MOST_HANDLES ? "放大地图，或者勾选一个网格，就显示拐点。" : "");
    if (points.size > MOST_HANDLES) return;
    for (const point of points) corner(point);
    for (const [first, last] of edges.values()) {
      const [a, b] = [map.latLngToContainerPoint(at(first)), map.latLngToContainerPoint(at(last))];
      const middle = map.containerPointToLatLng(a.add(b).divideBy(2));
      if (a.distanceTo(b) >= LONG && seen.contains(middle)) between(first, last, middle);
    }
  }

  function dot(latlng, name, size, keyboard) {
    return L.marker(latlng, { icon: L.divIcon({ className: name, iconSize: [size, size] }), draggable: true, keyboard });
  }

  function corner(point) {
    const mark = dot(at(point), "gd-node", 14, true);
    let moving = point, end = {};
    mark.on("dragstart", () => { remember(); moving = loose(point); });
    mark.on("drag", ({ latlng }) => { end = move(moving, latlng); mark.setLatLng(at(moving)); });
    mark.on("dragend", () => { settle(moving, end); paint(); list(); check(); });
    mark.on("dblclick contextmenu", () => leave(point));
    mark.on("add", () => mark.getElement().setAttribute("aria-label", "拐点"));
    mark.on("add", () => mark.getElement().addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Delete") leave(point);
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      if (moving === point && !mark.moved) { remember(); moving = loose(point); mark.moved = true; }
      move(moving, map.containerPointToLatLng(map.latLngToContainerPoint(at(moving)).add(L.point(step).multiplyBy(event.shiftKey ? 10 : 2))), false);
      mark.setLatLng(at(moving));
      list();
      check();
    }));
    mark.addTo(marks);
  }

  function between(first, last, middle) {
    const mark = dot(middle, "gd-mid", 10, false);
    let point, end = {};
    mark.on("dragstart", () => { remember(); point = Shapes.add(state, [middle.lng, middle.lat]); Shapes.insert(state, first, last, point, lone()); });
    mark.on("drag", ({ latlng }) => { end = move(point, latlng); mark.setLatLng(at(point)); });
    mark.on("dragend", () => { settle(point, end); paint(); list(); check(); });
    mark.addTo(marks);
  }

  // Where only one grid is to move, its corner leaves the others'.
  function loose(point) {
    const key = lone();
    if (!key || Shapes.holders(state, point).length < 2) return point;
    const own = Shapes.add(state, [...state.points[point]]);
    Shapes.replace(Shapes.each(state.areas[key]).filter((ring) => ring.includes(point)), point, own);
    return own;
  }

  const onEdge = (point) => Shapes.each(state.around).some((ring) => ring.includes(point));

  // Put a corner somewhere, or onto what is near: a corner of the outline that holds all slides along it.
  function move(point, latlng, snap = true) {
    const holders = Shapes.holders(state, point);
    const slides = onEdge(point);
    const found = slides ? nearestLine(latlng, Shapes.each(state.around), Infinity, point) : snap ? near(latlng, point) : {};
    if (found.point !== undefined) state.points[point] = [...state.points[found.point]];
    else state.points[point] = found.xy || [latlng.lng, latlng.lat];
    state.points[point] = state.points[point].map((each) => Math.round(each * 1e8) / 1e8);
    Shapes.touch(state, holders);
    follow(holders);
    return slides ? {} : found;
  }

  // What was let go on another corner becomes that corner; on the outline that holds all, a corner of it.
  function settle(point, end) {
    if (end.point !== undefined) Shapes.replace(Shapes.rings(state).filter((ring) => ring.includes(point)), point, end.point);
    else if (end.edge) Shapes.insert(state, ...end.edge, point, null);
  }

  function near(latlng, but) {
    const pixel = map.latLngToContainerPoint(latlng), reach = map.getBounds();
    let best = NEAR, found = {};
    for (const point of new Set(Shapes.rings(state).flat())) {
      if (point === but || !reach.contains(at(point))) continue;
      const far = map.latLngToContainerPoint(at(point)).distanceTo(pixel);
      if (far < best) [best, found] = [far, { point }];
    }
    return found.point === undefined ? nearestLine(latlng, Shapes.each(state.around), NEAR) : found;
  }

  // The place on the lines of some rings that is nearest to a place: {xy, edge}; nothing beyond so many pixels. ``without``: a point that
  // is left out of the rings, since it is what moves along them.
  function nearestLine(latlng, which, most, without) {
    const pixel = map.latLngToContainerPoint(latlng);
    let best = most, found = {};
    for (const whole of which) {
      const ring = whole.filter((point) => point !== without), spots = ring.map((point) => map.latLngToContainerPoint(at(point)));
      ring.forEach((point, spot) => {
        const next = (spot + 1) % ring.length, a = spots[spot], b = spots[next], long = a.distanceTo(b) ** 2;
        const share = long ? Math.max(0, Math.min(1, ((pixel.x - a.x) * (b.x - a.x) + (pixel.y - a.y) * (b.y - a.y)) / long)) : 0;
        const far = L.point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)).distanceTo(pixel);
        if (far >= best) return;
        const [ax, ay] = state.points[point], [bx, by] = state.points[ring[next]];
        best = far;
        found = { xy: [ax + share * (bx - ax), ay + share * (by - ay)], edge: [point, ring[next]] };
      });
    }
    return found;
  }

  function leave(point) {
    remember();
    if (Shapes.remove(state, point)) { paint(); list(); check(); } else { before.pop(); say("几条边在这里相交，这个拐点不能删。"); }
  }

  // --- drawing and dividing ----------------------------------------------------------------------------------------------------
  function begin(name) {
    remember();
    [mode, path] = [name, []];
    map.getContainer().classList.add("gd-drawing");
    paint();
    list();
    say(name === "draw" ? "沿着边界一点一点点过去，点回第一个点就画完了；靠近别的边，会贴上去。" : "从这个网格的一条边点起，点到另一条边，就拆成两块。");
  }

  function stop() {
    [mode, path] = ["move", []];
    map.getContainer().classList.remove("gd-drawing");
    trace.clearLayers();
    paint();
    list();
    check();
    toName();
  }

  map.on("click", ({ latlng }) => {
    if (mode === "move") return;
    const key = [...picked][0], which = mode === "split" ? Shapes.each(state.areas[key]) : Shapes.rings(state);
    const pixel = map.latLngToContainerPoint(latlng);
    if (mode === "draw" && path.length > 2 && map.latLngToContainerPoint(at(path[0])).distanceTo(pixel) < NEAR) { finish(); return; }
    let best = NEAR, point = null;
    for (const each of new Set([...which.flat(), ...path])) {
      const far = map.latLngToContainerPoint(at(each)).distanceTo(pixel);
      if (far < best) [best, point] = [far, each];
    }
    if (point === null) {
      const { xy, edge } = nearestLine(latlng, which, NEAR);
      if (mode === "split" && !path.length && !xy) { say("请从这个网格的边上点起。"); return; }
      point = Shapes.add(state, (xy || [latlng.lng, latlng.lat]).map((each) => Math.round(each * 1e8) / 1e8));
      if (edge) Shapes.insert(state, ...edge, point, null);
    }
    if (path.includes(point)) return;
    if (mode === "split" && !path.length && !which.flat().includes(point)) { say("请从这个网格的边上点起。"); return; }
    path.push(point);
    if (mode === "split" && path.length > 1 && Shapes.each(state.areas[key]).some((ring) => ring.includes(point))) split(key);
    preview(latlng);
    buttons();
  });
  map.on("mousemove", ({ latlng }) => { if (mode !== "move") preview(latlng); });
  function preview(latlng) {
    trace.clearLayers();
    if (mode === "move") return;
    L.polyline([...path.map(at), latlng], { color: "#c8321f", weight: 2, dashArray: "4 4", interactive: false }).addTo(trace);
    for (const point of path) L.circleMarker(at(point), { radius: 4, color: "#c8321f", interactive: false }).addTo(trace);
  }

  function finish() {
    if (mode !== "draw" || path.length < 3) return;
    const key = [...picked][0];
    state.areas[key] = [[path]];
    Shapes.touch(state, [key]);
    stop();
  }

  function split(key) {
    const parts = Shapes.divide(state, key, path);
    if (!parts) { path.pop(); say("这样拆不开，请点到另一条边上。"); return; }
    const keys = parts.map(() => `${data.in}~${String((serial += 1)).padStart(2, "0")}`);
    keys.forEach((each, number) => { state.areas[each] = parts[number]; state.names[each] = ""; });
    const change = changed(key);
    if (change) change.parts.splice(change.parts.indexOf(key), 1, ...keys);
    else state.changes.push({ old: [key], parts: keys, name: state.names[key] });
    delete state.areas[key];
    delete state.names[key];
    picked = new Set();
    stop();
    toName();
  }

  function merge() {
    remember();
    const key = `${data.in}~${String((serial += 1)).padStart(2, "0")}`;
    state.changes.push({ old: [...picked], parts: [key], merged: true });
    state.names[key] = "";
    picked = new Set();
    paint();
    list();
    check();
  }

  // --- what is picked, and the way back ------------------------------------------------------------------------------------------
  const remember = () => { before.push(JSON.stringify(state)); before = before.slice(-50); kept = false; };
  function undo() {
    if (!before.length) return;
    state = JSON.parse(before.pop());
    picked = new Set([...picked].filter((key) => key in state.names));
    stop();
  }

  function pick(key, on) {
    if (!data.mine.includes(key) && !key.includes("~")) return;
    if (on) picked.add(key); else picked.delete(key);
    for (const each of Object.keys(layers)) layers[each].setStyle(style(each));
    handles();
    list();
  }

  const toName = () => {
    const field = [...part("grids").querySelectorAll("input.dk-input")].find((each) => !each.value.trim());
    field?.focus();
    field?.scrollIntoView({ block: "nearest" });
  };
  const number = (value) => Math.round(value).toLocaleString("zh-CN");

  function list() {
    const rows = part("grids").tBodies[0], focused = document.activeElement?.dataset?.key;
    const isNew = (key) => Boolean(changed(key)?.parts.includes(key));
    // What is to be named stands where it is seen at once.
    rows.replaceChildren(...Object.keys(state.names).sort((a, b) => isNew(b) - isNew(a) || (a < b ? -1 : 1)).map((key) => {
      const change = changed(key), fresh = isNew(key), merged = change?.merged;
      const box = element("input", { type: "checkbox", checked: picked.has(key), disabled: mode !== "move" || (merged && fresh) || !(fresh || data.mine.includes(key)), ariaLabel: `选${state.names[key] || "新网格"}` });
      box.dataset.key = key;
      box.addEventListener("change", () => pick(key, box.checked));
      const name = element("td");
      if (fresh) {
        const words = merged ? `${change.old.map((each) => state.names[each]).join("、")}合并成` : `“${change.name}”拆出`;
        const field = element("input", { className: "dk-input", value: state.names[key], maxLength: 60, placeholder: "新网格的名称", ariaLabel: "新网格的名称" });
        field.addEventListener("input", () => { state.names[key] = field.value; kept = false; });
        name.append(element("small", { className: "dk-quiet", textContent: words }), field);
      } else {
        name.append(state.names[key], element("br"), element("small", { className: "dk-quiet", textContent: merged ? `${key} 合并` : key }));
      }
      const size = merged && fresh ? change.old.reduce((sum, each) => sum + (state.areas[each] ? Shapes.area(state, each) : 0), 0) : state.areas[key] ? Shapes.area(state, key) : null;
      const mark = size === null ? element("span", { className: "dk-quiet", textContent: "没有边界" }) : number(size);
      return element("tr", {}, element("td", {}, box), name, element("td", { className: "dk-count" }, mark));
    }));
    if (focused) rows.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    buttons();
  }

  function buttons() {
    const one = picked.size === 1 ? [...picked][0] : null, idle = mode === "move";
    tool("draw").disabled = !(idle && one && !state.areas[one] && !changed(one));
    if (data.redraws) {
      tool("split").disabled = !(idle && one && state.areas[one] && !changed(one)?.merged);
      tool("merge").disabled = !(idle && picked.size > 1 && [...picked].every((key) => !changed(key)));
    }
    tool("finish").hidden = !(mode === "draw" && path.length > 2);
    tool("cancel").hidden = idle;
    tool("undo").disabled = !(idle && before.length);
    tool("keep").disabled = !(idle && (state.touched.length || state.changes.length));
    part("shared").disabled = !idle;
  }
  function say(words) { part("hint").textContent = words; }

  // --- the check, and the draft --------------------------------------------------------------------------------------------------
  function sent() {
    const gone = new Set(state.changes.filter(({ merged }) => !merged).flatMap(({ old }) => old));
    const shapes = {};
    for (const key of state.touched) if (!key.includes("~") && !gone.has(key) && state.areas[key]) shapes[key] = Shapes.geometry(state, key);
    const changes = state.changes.map(({ old, parts, merged }) => ({
      old, parts: parts.map((key) => ({ key, name: state.names[key], shape: merged ? null : Shapes.geometry(state, key) })),
    }));
    return JSON.stringify({ in: data.in, shapes, changes });
  }

  async function post(url, signal) {
    const token = document.querySelector("#editor [name=csrfmiddlewaretoken]").value;
    const answer = await fetch(url, { method: "POST", body: sent(), signal, headers: { "Content-Type": "application/json", "X-CSRFToken": token } });
    if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(answer.redirected ? "登录已过期，请在另一个窗口登录，再回来保存。" : "没有连上，请稍后再试。");
    return answer.json();
  }
  const why = (error) => (error instanceof TypeError ? "没有连上，请稍后再试。" : error.message);

  let waiting, asking;
  function check(wait = WAIT) {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      asking?.abort();
      asking = new AbortController();
      part("checked").textContent = "正在检查……";
      try {
        const { faults, more, errors } = await post(data.check, asking.signal);
        if (errors) throw new Error(errors.join(""));
        show(faults, more);
      } catch (error) {
        if (error.name !== "AbortError") part("checked").textContent = why(error);
      }
    }, wait);
  }

  function show(faults, more) {
    wrong.clearLayers();
    const found = faults.map(({ shape }) => shape && L.geoJSON(shape, { style: { color: "#c8321f", weight: 2, fillOpacity: 0.5 }, interactive: false }).addTo(wrong));
    part("checked").textContent = faults.length ? `${faults.length + more} 处，点一行在地图上看` : data.around.length ? "没有重叠、越界和空隙。" : "这里自己还没有边界，不能检查。";
    part("faults").hidden = !faults.length;
    part("faults").tBodies[0].replaceChildren(...faults.map(({ names, words, area, stops }, place) => {
      const button = element("button", { type: "button", className: `gd-fault${stops ? " gd-fault_stops" : ""}`, textContent: words });
      button.addEventListener("click", () => { if (found[place]) map.fitBounds(found[place].getBounds(), { maxZoom: 18, padding: [60, 60] }); });
      return element("tr", {}, element("td", { textContent: names }), element("td", {}, button), element("td", { className: "dk-count", textContent: area === null ? "" : number(area) }));
    }));
  }

  async function keep() {
    tool("keep").disabled = true;
    const refused = part("refused");
    refused.hidden = true;
    try {
      const { url, errors } = await post(data.keep);
      if (!url) throw new Error((errors || ["没有保存成功。"]).join(""));
      kept = true;
      location.assign(url);
    } catch (error) {
      refused.querySelector("p").textContent = why(error);
      refused.hidden = false;
      refused.scrollIntoView({ block: "nearest" });
      buttons();
    }
  }

  for (const [name, run] of Object.entries({ draw: () => begin("draw"), split: () => begin("split"), merge, finish, cancel: undo, undo, keep })) tool(name)?.addEventListener("click", run);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && mode !== "move") undo(); });
  part("shared").addEventListener("change", handles);
  addEventListener("beforeunload", (event) => { if (!kept && (state.touched.length || state.changes.length)) event.preventDefault(); });

  const used = Shapes.rings(state).flat();
  Maps.fit(map, [L.latLngBounds(used.map(at))], 16);
  map.on("moveend", handles);
  paint();
  list();
  check(0);
}
