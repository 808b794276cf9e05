// The wall of doors: opens a door's form in the page, with and without network, and goes on to the next one. What was filled in is the
// outbox's (outbox.js); without this file a door is a button that leads to a page with its form.
(() => {
  "use strict";
  const doors = document.querySelector("[data-sweep-doors]"), fill = document.querySelector("[data-sweep-fill]");
  const form = document.querySelector("form[data-outbox]"), body = document.querySelector("[data-sweep-form]");
  const action = document.querySelector("[data-sweep-action]"), why = document.querySelector("[data-sweep-why]"), told = document.querySelector("[data-sweep-told]");
  if (!doors || !form) return;
  const WORDS = { "": "没查", done: "已查", finding: "有问题", absent: "没人在", exempt: "不用查", waiting: "等着发送", held: "有人去" };
  const all = () => [...doors.querySelectorAll("[name=target]")];
  const doorOf = (key) => doors.querySelector(`[name=target][value="${CSS.escape(String(key))}"]`);
  const isStill = (door) => ["", "absent"].includes(door.dataset.outcome);
  const field = (draft, name) => draft.fields.find(([each]) => each === name)?.[1] || "";

  const mark = (door, state) => {
    for (const each of ["left", "done", "finding", "absent", "exempt", "waiting", "held"]) door.classList.remove(`sw-door_${each}`);
    door.classList.add(`sw-door_${state || "left"}`);
    if (state === "finding") door.classList.add("sw-door_done");
    door.querySelector("small").textContent = WORDS[state];
  };
  const settle = (door, draft, answer) => {
    const outcome = field(draft, "outcome");
    door.dataset.outcome = outcome;
    door.dataset.version = Number(door.dataset.version) + 1;
    mark(door, answer.finding ? "finding" : outcome);
    document.querySelector("[data-sweep-left]").textContent = answer.left;
    document.querySelector("[data-sweep-percent]").textContent = answer.percent;
    document.querySelector("[data-sweep-meter]").value = answer.percent;
    told.textContent = `已记下 ${door.dataset.name}：${door.querySelector("small").textContent}。`;
  };
  const say = (words) => { why.querySelector("span").textContent = words; why.hidden = !words; };
  const offer = (open) => { body.hidden = !open; action.hidden = !open; };
  const close = () => { fill.hidden = true; action.hidden = true; for (const each of all()) each.removeAttribute("aria-current"); };

  // The same door is not opened by two: the server says who has it; without network nobody knows, and the first answer counts.
  const take = async (door) => {
    const data = new FormData(doors);
    data.set("target", door.value);
    try {
      const answer = await fetch(doors.action, { method: "POST", body: data, headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(5000) });
      if (!answer.ok) return "";
      const { said } = await answer.json();
      return said;
    } catch { return ""; }
  };

  const show = (door) => {
    for (const each of all()) each.removeAttribute("aria-current");
    door.setAttribute("aria-current", "true");
    form.elements.target.value = door.value;
    form.elements.version.value = door.dataset.version;
    form.dataset.title = `${document.querySelector("h1").textContent.trim()}：${door.dataset.place}${door.dataset.name}`;
    fill.querySelector("[data-sweep-place]").textContent = door.dataset.place;
    fill.querySelector("[data-sweep-name]").textContent = door.dataset.name;
    action.querySelector("button").textContent = "记下";
    for (const old of fill.querySelectorAll(".sw-versions, :scope > .cg-facts")) old.remove();
    fill.hidden = false;
    say("");
    offer(true);
  };
  const empty = () => {
    form.reset();
    delete form.dataset.draft;
    delete form.dataset.pictured;
    for (const box of form.querySelectorAll("input[type=radio]")) box.checked = box.name === "outcome" && box.value === "done";
    for (const box of form.querySelectorAll("textarea, input[type=text], input[type=date]")) box.value = "";
    form.elements.captured_at.value = "";
    for (const count of form.querySelectorAll(".cg-count")) count.textContent = "";
    for (const old of document.querySelectorAll(".cg-summary, .cg-error")) old.remove();
    for (const old of form.querySelectorAll(".cg-field_wrong")) old.classList.remove("cg-field_wrong");
  };
  const open = async (door) => {
    empty();
    show(door);
    fill.scrollIntoView({ block: "start" });
    fill.focus({ preventScroll: true });
    const said = navigator.onLine ? await take(door) : "";
    if (!said || form.elements.target.value !== door.value) return;
    say(said);
    offer(false);
    if (!door.classList.contains("sw-door_waiting")) mark(door, "held");
  };
  const goOn = (key) => {
    const door = key && doorOf(key);
    if (door) open(door); else close();
  };
  const nextHere = (after) => {
    const list = all(), from = list.indexOf(after) + 1;
    return [...list.slice(from), ...list].find((door) => door.dataset.outcome === "" && !door.matches(".sw-door_waiting, .sw-door_held"));
  };

  doors.addEventListener("submit", (event) => {
    const door = event.submitter;
    if (!door || !isStill(door) || door.classList.contains("sw-door_waiting")) {
      if (!navigator.onLine) event.preventDefault();
      return;
    }
    event.preventDefault();
    open(door);
  });

  // What the server would ask for is asked at the door: without network it would be told when she has long gone on.
  form.addEventListener("outbox:check", ({ detail: wrong }) => {
    const rules = JSON.parse(form.dataset.rules), given = new FormData(form);
    const outcome = given.get("outcome"), words = given.get("words").trim();
    if (outcome === "exempt" && !words) wrong.push({ field: "words", text: rules.why });
    if (outcome !== "done") return;
    let finding = false, photo = false;
    for (const rule of rules.questions) {
      const value = (given.get(rule.field) || "").trim(), found = rule.finding.includes(value);
      if (!value && rule.missing) wrong.push({ field: rule.field, text: rule.missing });
      finding ||= found;
      photo ||= found && rule.photo;
    }
    const pictured = "pictured" in form.dataset || [...given.values()].some((each) => each instanceof File && each.size);
    if (finding && !words) wrong.push({ field: "words", text: rules.what });
    if (photo && !pictured) wrong.push({ field: "photos", text: rules.picture });
  });

  // --- what the outbox tells ---
  form.addEventListener("outbox:done", (event) => {
    event.preventDefault();
    const { draft, answer } = event.detail, door = doorOf(field(draft, "target"));
    if (door) settle(door, draft, answer);
    goOn(answer.next);
  });
  form.addEventListener("outbox:kept", (event) => {
    event.preventDefault();
    const door = doorOf(field(event.detail, "target")), next = door && nextHere(door);
    goOn(next?.value);
  });
  form.addEventListener("outbox:filled", (event) => {
    const door = doorOf(field(event.detail, "target")), version = field(event.detail, "version");
    if (!door) return;
    show(door);
    form.elements.version.value = version;
  });
  document.addEventListener("outbox:waiting", (event) => {
    for (const door of all()) if (door.classList.contains("sw-door_waiting")) mark(door, door.dataset.outcome);
    for (const draft of event.detail) {
      if (new URL(draft.path, location.href).pathname !== location.pathname) continue;
      const door = doorOf(field(draft, "target"));
      if (door) mark(door, "waiting");
    }
  });
  document.addEventListener("outbox:sent", (event) => {
    const { draft, answer } = event.detail, door = doorOf(field(draft, "target"));
    if (!door || answer.state !== "done" || new URL(draft.path, location.href).pathname !== location.pathname) return;
    settle(door, draft, answer);
  });
})();
