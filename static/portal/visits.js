// The worker's round behind one door: what was just noted is marked, so that she sees without a network what is done; the rest of the form
// stands beside the household it is for.
(() => {
  "use strict";
  const form = document.querySelector("form[data-visit]"), more = form?.querySelector("[data-more]");
  if (!form) return;
  const rows = form.querySelector(".cg-rows");
  const label = (box) => box?.closest("label");

  const beside = () => {
    const chosen = label(form.querySelector("[name=target]:checked"));
    if (chosen && more) chosen.after(more);
  };
  rows.addEventListener("change", (event) => { if (event.target.name === "target") beside(); });
  beside();

  // The title in the outbox names the household; a form that goes off without one is stopped here, where the rows are.
  form.addEventListener("submit", (event) => {
    const box = form.querySelector("[name=target]:checked"), row = label(box);
    if (!row) return;
    const button = event.submitter;
    if (button) button.dataset.title = `走访 ${row.querySelector(".cg-rows__what").firstChild.textContent.trim()}：${button.textContent.trim()}`;
    row.dataset.sent = "1";
  }, true);
  form.addEventListener("reset", () => {
    for (const row of rows.querySelectorAll("[data-sent]")) {
      delete row.dataset.sent;
      row.querySelector(".cg-chip")?.remove();
      const chip = document.createElement("span");
      Object.assign(chip, { className: "cg-chip cg-chip_info", textContent: "刚记过" });
      row.append(chip);
    }
    if (more) { more.open = false; rows.after(more); }
  });
})();
