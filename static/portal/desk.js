// The theme's scroll areas announce themselves in English; say it in Chinese.
window.addEventListener("load", () => {
  for (const area of document.querySelectorAll('[aria-label="scrollable content"]')) area.setAttribute("aria-label", "可滚动的内容");
});
