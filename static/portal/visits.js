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

  // Who stands at a door looks for its number; who plans the day, for what is due.
  const button = document.querySelector("[data-by-room]"), usual = [...rows.querySelectorAll(".cg-choice")];
  const roomOf = (row) => row.querySelector(".cg-rows__what").firstChild.textContent.trim();
  const order = (byRoom) => {
    const sorted = byRoom ? [...usual].sort((a, b) => roomOf(a).localeCompare(roomOf(b), "zh", { numeric: true })) : usual;
    button.setAttribute("aria-pressed", String(byRoom));
    button.textContent = byRoom ? "按该走访的排" : "按门牌号排";
    button.nextElementSibling.textContent = byRoom ? "现在按门牌号，从小到大。" : "现在最久没去的在前。";
    const above = more?.previousElementSibling;
    rows.append(...sorted);
    if (above?.classList.contains("cg-choice")) above.after(more);
  };
  // She goes on from door to door in the order that she chose.
  button?.addEventListener("click", () => {
    const byRoom = button.getAttribute("aria-pressed") !== "true";
    sessionStorage.setItem("visits-by-room", byRoom ? "1" : "");
    order(byRoom);
  });
  if (button && sessionStorage.getItem("visits-by-room")) order(true);

  form.addEventListener("outbox:check", ({ detail: wrong }) => {
    if (!form.querySelector("[name=target]:checked")) wrong.push({ field: "target", text: "请先点一户。" });
  });

  // The title in the outbox names the household.
  form.addEventListener("submit", (event) => {
    const box = form.querySelector("[name=target]:checked"), row = label(box);
    if (!row) return;
    const button = event.submitter;
    if (button) button.dataset.title = `走访 ${document.querySelector("h1").textContent.trim()} ${roomOf(row)}：${button.textContent.trim()}`;
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
