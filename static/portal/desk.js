// What the theme's markup leaves out for those who use a screen reader, added once the page stands: names for its scroll
// areas and its search boxes, and the landmarks by which one finds one's way.
// The theme writes the name of a chosen file into the nearest line of text, which in our forms is another field.
HTMLInputElement.prototype.hasChangeListener = true;
window.addEventListener("load", () => {
  document.querySelectorAll('[aria-label="scrollable content"]').forEach((area, index) => {
    area.setAttribute("aria-label", index ? `可滚动的内容 ${index + 1}` : "可滚动的内容");
  });
  if (!document.querySelector("main")) document.getElementById("content")?.setAttribute("role", "main");
  document.getElementById("header-inner")?.setAttribute("role", "banner");
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible:not([data-named])")) {
      const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
      const box = select.nextElementSibling;
      if (!label || !box) continue;
      label.id ||= `${select.id}_label`;
      for (const part of box.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) part.setAttribute("aria-labelledby", label.id);
      select.dataset.named = "1";
    }
  };
  name();
  // The boxes come a moment later, and with each row that is added to a form.
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
});
