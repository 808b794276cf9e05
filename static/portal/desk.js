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
  for (const last of document.querySelectorAll(".tabular thead th")) last.textContent.trim() || (last.textContent = "删除");
  const heading = (field) => field.closest(".tabular td[data-label]")?.dataset.label;
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible:not([data-named])")) {
      const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
      const box = select.nextElementSibling, column = heading(select);
      if (!(label || column) || !box) continue;
      if (label) label.id ||= `${select.id}_label`;
      for (const part of box.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
        if (label) part.setAttribute("aria-labelledby", label.id);
        else { part.removeAttribute("aria-labelledby"); part.setAttribute("aria-label", column); }
      }
      select.dataset.named = "1";
    }
    // In a table of rows that belong to a page, the heading of the column is all that names a field.
    for (const field of document.querySelectorAll("td :is(input:not([type=hidden]), select, textarea):not([aria-label], [aria-labelledby])")) {
      const column = heading(field);
      if (column && !field.labels?.length) field.setAttribute("aria-label", column);
    }
  };
  name();
  // The boxes come a moment later, and with each row that is added to a form.
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
});
