// Points on a map, each a link to its row: its shape and its mark say what its colour says. In a fold the map library is fetched when the
// fold is first opened; a link within the page scrolls to the row and opens what hides it.
"use strict";
(() => {
  // An icon that is a link, so that keys and screen readers find it as one.
  const linked = ({ url, kind, mark, name, words }, beside) => {
    const link = document.createElement("a");
    link.href = url;
    link.className = `pm-point pm-point_${kind}`;
    // What is read out begins with what is seen.
    link.dataset.name = `${mark} ${name}`;
    link.dataset.label = `${mark} ${name}，${words}`;
    link.setAttribute("aria-label", link.dataset.label);
    link.append(document.createElement("i"), Object.assign(document.createElement("b"), { textContent: mark }));
    const Linked = L.Icon.extend({
      createIcon() { this._setIconStyles(link, "icon"); return link; },
      createShadow: () => null,
    });
    // Those at one place stand beside each other (maps.css).
    link.style.setProperty("--beside", beside);
    return new Linked({ className: link.className });
  };

  const draw = (place) => {
    const data = JSON.parse(document.getElementById(place.dataset.pointsMap).textContent);
    const map = Maps.open(place, data), there = new Map(), bounds = L.latLngBounds([]);
    const outlines = Maps.outlines(L.featureGroup().addTo(map), data.areas);
    // The first are those that matter most: they lie on top.
    for (const [number, point] of data.points.entries()) {
      const spot = `${point.x.toFixed(5)} ${point.y.toFixed(5)}`, beside = there.get(spot) || 0;
      there.set(spot, beside + 1);
      bounds.extend([point.y, point.x]);
      const marker = L.marker([point.y, point.x], { icon: linked(point, beside), keyboard: false, zIndexOffset: -number * 10 });
      marker.bindTooltip(Maps.said(`${point.name}，${point.words}`), { direction: "top", offset: [0, -14] }).addTo(map);
    }
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
    Maps.fit(map, [outlines, bounds]);
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
