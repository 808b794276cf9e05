// A worker's round: when a point was seen, which point a form is about, and what is kept on the phone and not yet sent. Without this
// file the pages work, with the time of arrival.
(() => {
  "use strict";
  // A tap types nothing, so that nobody has noted the time yet.
  document.addEventListener("submit", ({ target }) => {
    const at = target.querySelector("[data-captured]");
    if (at && !at.value) at.value = new Date().toISOString();
  }, true);

  // The list leads here with the point behind the #.
  const wanted = location.hash.match(/^#point-(\d+)$/)?.[1], points = document.querySelector("select[name=point]");
  if (wanted && points && !points.value) {
    points.value = wanted;
    if (points.selectedIndex < 0) points.selectedIndex = 0;
  }

  const round = document.querySelector("[data-round]");
  if (!round) return;
  // What waits in the outbox is marked at its point, and not offered again.
  const rows = document.querySelector("[data-outbox-rows]");
  const waiting = () => new Promise((yes) => {
    const asked = indexedDB.open("portal-outbox", 1);
    asked.onupgradeneeded = () => asked.transaction.abort();
    asked.onerror = () => yes([]);
    asked.onsuccess = () => {
      const all = asked.result.transaction("drafts").objectStore("drafts").getAll();
      all.onsuccess = () => { asked.result.close(); yes(all.result); };
      all.onerror = () => yes([]);
    };
  });
  let fetching = 0;
  const sent = new Set(); // the points that have arrived since the page came: it is not asked for anew then
  const pathOf = (address) => new URL(address, location.href).pathname;
  const pointsOf = (draft) => [...round.querySelectorAll("[data-tick]")].filter((button) => pathOf(button.formAction) === pathOf(draft.path))
    .map((button) => button.closest(".cg-point").id)
    .concat(draft.fields.filter(([name]) => name === "point").map(([, value]) => `point-${value}`));
  const onMap = (point, state, words) => {
    const shown = document.querySelector(`.pm-map a[href="#${point.id}"]`);
    if (!shown) return;
    shown.classList.toggle("pm-point_kept", state === "kept");
    if (state === "done") {
      shown.classList.replace("pm-point_due", "pm-point_done");
      shown.querySelector("b").textContent = "✓";
    }
    shown.setAttribute("aria-label", words ? `${shown.querySelector("b").textContent} ${shown.dataset.name}，${words}` : shown.dataset.label);
  };
  const mark = async () => {
    const mine = (await waiting()).filter((draft) => draft.account === document.body.dataset.account);
    const kept = new Set(mine.flatMap(pointsOf));
    for (const button of round.querySelectorAll("[data-tick]")) {
      const point = button.closest(".cg-point"), done = sent.has(point.id), waits = kept.has(point.id);
      point.querySelector("[data-kept]").hidden = !waits;
      point.querySelector("[data-sent]").hidden = !done || waits;
      button.hidden = waits || done;
      button.nextElementSibling.hidden = done;
      if (waits) onMap(point, "kept", "已记在手机上");
      else if (done) onMap(point, "done", "看过了");
      else onMap(point, "", "");
    }
    const left = round.querySelectorAll("[data-due] > .cg-point").length - [...sent].filter((id) => round.querySelector(`[data-due] > #${id}`)).length;
    const said = document.querySelector("[data-round-left]");
    if (said && sent.size) said.textContent = left ? `还有 ${left} 个` : "都看过了";
  };
  document.addEventListener("outbox:sent", ({ detail: { draft, answer } }) => {
    if (answer.state !== "done") return;
    for (const id of pointsOf(draft)) sent.add(id);
    mark();
    // And the page that the phone keeps is fetched anew, for the network may go again.
    clearTimeout(fetching);
    fetching = setTimeout(() => navigator.serviceWorker?.controller?.postMessage({ warm: [location.href], anew: true }), 500);
  });
  if (rows && window.indexedDB) {
    new MutationObserver(mark).observe(rows, { childList: true });
    document.addEventListener("points:drawn", mark);
    mark();
  }
})();
