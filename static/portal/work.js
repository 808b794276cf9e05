// The worker's list by distance. Her position is asked for once, when she presses, and never leaves the phone.
(() => {
  "use strict";
  const button = document.querySelector("[data-by-distance]"), said = document.getElementById("by_distance");
  const cards = document.querySelector("[data-cards]");
  if (!button || !cards) return;
  const before = [...cards.children];
  const WHY = { 1: "您没有允许使用位置，仍按时限排列。", 2: "暂时得不到位置，仍按时限排列。", 3: "定位超时，可以再试一次。" };

  const metres = (card, { longitude, latitude }) => {
    const east = (card.dataset.longitude - longitude) * Math.cos((latitude * Math.PI) / 180);
    return Math.hypot(east, card.dataset.latitude - latitude) * 111_320;
  };
  const words = (far) => (far < 1000 ? `约 ${Math.max(10, Math.round(far / 10) * 10)} 米` : `约 ${(far / 1000).toFixed(1)} 公里`);

  const byLight = () => {
    cards.replaceChildren(...before);
    for (const told of cards.querySelectorAll("[data-far]")) told.remove();
    button.querySelector("span").textContent = "按距离排序";
    button.setAttribute("aria-pressed", "false");
    said.textContent = said.dataset.why;
  };
  const byDistance = ({ coords }) => {
    const placed = before.filter((card) => card.dataset.longitude).map((card) => [metres(card, coords), card]);
    placed.sort(([a], [b]) => a - b);
    for (const [far, card] of placed) {
      const told = document.createElement("span");
      told.dataset.far = "";
      told.textContent = words(far);
      card.querySelector(".cg-card__meta .cg-chip").after(told);
    }
    const others = before.filter((card) => !card.dataset.longitude);
    cards.replaceChildren(...placed.map(([, card]) => card), ...others);
    button.querySelector("span").textContent = "按时限排序";
    button.setAttribute("aria-pressed", "true");
    said.textContent = others.length ? `已由近到远。有 ${others.length} 件没有标位置，排在最后。` : "已由近到远。";
  };
  said.dataset.why = said.textContent;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") { byLight(); return; }
    if (!navigator.geolocation) { said.textContent = WHY[2]; return; }
    said.textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition(byDistance, ({ code }) => { said.textContent = WHY[code]; }, { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 });
  });
})();
