// Points on a map, each a link to its row: its shape and its mark say what its colour says. In a fold the map library is fetched when the
// fold is first opened; a link within the page scrolls to the row and opens what hides it.
"use strict";
(() => {
  // Where a point that would cover another is moved to, in its own size.
  const BESIDE = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];

  // So near, points have their full size however close they are.
  const NEAREST = 19;

  // An icon that is a link, so that keys and screen readers find it as one.
  const linked = ({ url, kind, mark, name, words }) => {
    const link = document.createElement("a");
    link.href = url;
    link.className = `pm-point pm-point_${kind}`;
    // What is read out begins with what is seen.
    link.dataset.name = name;
    link.dataset.label = `${mark} ${name}，${words}`;
    link.setAttribute("aria-label", link.dataset.label);
    link.append(document.createElement("i"), Object.assign(document.createElement("b"), { textContent: mark }));
    const Linked = L.Icon.extend({
      createIcon() { this._setIconStyles(link, "icon"); return link; },
      createShadow: () => null,
    });
    return new Linked({ className: link.className });
  };

  const draw = (place) => {
    const data = JSON.parse(document.getElementById(place.dataset.pointsMap).textContent);
    // More points than this are drawn small and without their marks, until one looks so near that they have room.
    const many = Number(place.dataset.many) || Infinity;
    const map = Maps.open(place, data), markers = [], bounds = L.latLngBounds([]);
    const outlines = Maps.outlines(L.featureGroup().addTo(map), data.areas);
    // The first are those that matter most: they lie on top.
    for (const [number, point] of data.points.entries()) {
      bounds.extend([point.y, point.x]);
      const marker = L.marker([point.y, point.x], { icon: linked(point), keyboard: false, riseOnHover: true, zIndexOffset: -number * 10 });
      // What it says may have changed since.
      const said = () => Maps.said(marker.getElement().getAttribute("aria-label").slice(marker.getElement().textContent.length + 1));
      markers.push(marker.bindTooltip(said, { direction: "top", offset: [0, -14] }).addTo(map));
    }
    const places = () => markers.map((marker) => map.latLngToLayerPoint(marker.getLatLng()));
    // Whether marks of their full size would mostly lie free where they are.
    const isRoomy = () => {
      place.classList.remove("pm-map_dense");
      if (markers.length <= many || map.getZoom() >= NEAREST) return true;
      const size = markers[0].getElement().offsetWidth * 0.9, all = places();
      const close = all.filter(({ x, y }) => all.filter((each) => Math.max(Math.abs(each.x - x), Math.abs(each.y - y)) < size).length > 1);
      return close.length <= all.length / 4;
    };
    // Those that would lie on each other stand beside each other as long as there is room; the nearer one looks, the fewer do.
    const spread = () => {
      place.classList.toggle("pm-map_dense", !isRoomy());
      const taken = [], size = markers[0].getElement().offsetWidth, all = places();
      for (const [number, marker] of markers.entries()) {
        const { x, y } = all[number], link = marker.getElement();
        const free = ([dx, dy]) => taken.every(([px, py]) => Math.max(Math.abs(x + dx * size - px), Math.abs(y + dy * size - py)) > size * 0.9);
        const [dx, dy] = BESIDE.find(free) || BESIDE[0];
        taken.push([x + dx * size, y + dy * size]);
        link.style.setProperty("--dx", `${dx * size}px`);
        link.style.setProperty("--dy", `${dy * size}px`);
      }
    };
    // Its short name stands below a mark, or above it, where it covers nothing; the nearer one looks, the more do.
    const name = () => {
      const size = markers[0].getElement().offsetWidth / 2, rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      const at = (marker) => {
        const { x, y } = map.latLngToLayerPoint(marker.getLatLng()), { style } = marker.getElement();
        return [x + parseFloat(style.getPropertyValue("--dx")), y + parseFloat(style.getPropertyValue("--dy"))];
      };
      const taken = markers.map(at).map(([x, y]) => [x - size, y - size, x + size, y + size]);
      const covers = ([left, top, right, bottom]) => taken.some(([l, t, r, b]) => left < r && right > l && top < b && bottom > t);
      for (const [number, { short }] of data.points.entries()) {
        if (!short) continue;
        const link = markers[number].getElement(), [x, y] = at(markers[number]);
        const half = ([...short].reduce((sum, sign) => sum + (sign > "\u00ff" ? 0.75 : 0.45), 0.5) * rem) / 2, high = 1.2 * rem;
        const places = { below: y + size + 2, above: y - size - high - 2 };
        const side = Object.keys(places).find((each) => !covers([x - half, places[each] - 1, x + half, places[each] + high - 1]));
        link.dataset.short = short;
        link.dataset.side = side || "";
        if (side) taken.push([x - half, places[side], x + half, places[side] + high]);
      }
    };
    place.addEventListener("click", (event) => {
      const link = event.target.closest("a.pm-point");
      if (!link) return;
      const target = link.hash && link.pathname === location.pathname && document.getElementById(link.hash.slice(1));
      // The end of a drag is no tap; a key that is pressed is one.
      const dragged = event.detail > 0 && map.dragging.moved();
      if (dragged || target) event.preventDefault();
      if (dragged || !target) return;
      for (let each = target.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
      document.querySelector(".cg-point_shown")?.classList.remove("cg-point_shown");
      target.classList.add("cg-point_shown");
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "center" });
    });
    Maps.fit(map, [outlines, bounds], 14);
    const settle = () => { spread(); name(); };
    settle();
    map.on("zoomend", settle);
    document.dispatchEvent(new Event("points:drawn"));
  };

  // The library, and its looks, once for the page.
  const fetched = (fold) => new Promise((yes, no) => {
    if (window.L) { yes(); return; }
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: fold.dataset.leafletStyle });
    const script = Object.assign(document.createElement("script"), { src: fold.dataset.leaflet, onload: yes, onerror: no });
    style.onload = () => document.head.append(script);
    style.onerror = no;
    document.head.append(style);
  });

  for (const place of document.querySelectorAll("[data-points-map]")) {
    const fold = place.closest("details[data-leaflet]");
    if (!fold) { draw(place); continue; }
    let begun = false;
    fold.addEventListener("toggle", async () => {
      if (!fold.open || begun) return;
      begun = true;
      try {
        await fetched(fold);
        place.textContent = "";
        draw(place);
      } catch {
        begun = false;
        place.textContent = "地图没有打开，请有网络时再试；下面的列表里有同样的点位。";
      }
    });
  }
})();
