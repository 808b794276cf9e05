// What a form asks for before the phone keeps it: without network the server would say so when she has long gone on. The form says what in
// data-needs (governance/forms.py NeedsFields); what else is wrong the server says.
"use strict";
document.addEventListener("outbox:check", ({ target: form, detail: wrong }) => {
  if (!form.dataset.needs) return;
  const given = new FormData(form);
  const isThere = (name) => name && given.getAll(name).some((each) => (each instanceof File ? each.size : each.trim()));
  for (const { field, text, when, either } of JSON.parse(form.dataset.needs)) {
    if (when && given.get(when[0]) !== when[1]) continue;
    if (!isThere(field) && !isThere(either)) wrong.push({ field, text });
  }
});
