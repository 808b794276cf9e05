// The boxes of an autocomplete tell their change to jQuery alone; told to the page too, what depends on them can follow.
window.addEventListener("load", () => {
  const $ = window.django?.jQuery;
  if (!$) return;
  $(document).on("select2:select select2:clear", "select", (event) => {
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  });
});
