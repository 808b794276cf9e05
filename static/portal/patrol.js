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
  // Back from a tick the address differs in nothing but the point: the page is asked for anew.
  window.addEventListener("hashchange", () => location.reload());

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
  const mark = async () => {
    const mine = (await waiting()).filter((draft) => draft.account === document.body.dataset.account);
    const ticked = new Set(mine.map((draft) => draft.path));
    const found = new Set(mine.flatMap((draft) => draft.fields.filter(([name]) => name === "point").map(([, value]) => value)));
    for (const button of round.querySelectorAll("[data-tick]")) {
      const point = button.closest(".cg-point");
      const kept = ticked.has(new URL(button.formAction).pathname) || found.has(point.id.replace("point-", ""));
      point.querySelector("[data-kept]").hidden = !kept;
      button.hidden = kept;
      const shown = document.querySelector(`.pm-map a[href="#${point.id}"]`);
      if (!shown) continue;
      shown.classList.toggle("pm-point_kept", kept);
      shown.setAttribute("aria-label", kept ? `${shown.dataset.name}，已记在手机上` : shown.dataset.label);
    }
  };
  if (rows && window.indexedDB) {
    new MutationObserver(mark).observe(rows, { childList: true });
    document.addEventListener("points:drawn", mark);
    mark();
  }
})();
