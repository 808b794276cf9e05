// The outbox: forms marked data-outbox are kept on the phone until they have arrived. With network they are gone in a moment; without
// it they wait, pictures and time of capture included, and are sent once each, in their order, when the network is back. The
// server's side is governance/outbox.py. Without this file the forms are plain forms.
(() => {
  "use strict";
  const ME = document.body.dataset.account || "";
  const pathOf = (address) => { const url = new URL(address); return url.pathname + url.search; };
  const HERE = pathOf(location.href);
  const DAY = 24 * 3600 * 1000, KEPT = 7 * DAY, LONG_EDGE = 1600, PATIENCE = 90_000, RETRY = 30_000, LONGEST = 600_000, SLOW = 2000, FEW = 3;
  const list = document.querySelector("[data-outbox-list]");
  const forms = [...document.querySelectorAll("form[data-outbox]")];
  const leaving = document.querySelector("form[data-outbox-leave]");
  if (!ME || !window.indexedDB || !(list || leaving)) return;

  // --- the store on the phone: one row for each form that was sent off and has not arrived ---
  const opened = new Promise((yes, no) => {
    const asked = indexedDB.open("portal-outbox", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "id" });
    asked.onsuccess = () => yes(asked.result);
    asked.onerror = asked.onblocked = () => no(asked.error);
  });
  const inStore = async (mode, work) => {
    const deal = (await opened).transaction("drafts", mode);
    const asked = work(deal.objectStore("drafts"));
    return new Promise((yes, no) => {
      deal.oncomplete = () => yes(asked.result);
      deal.onerror = deal.onabort = () => no(deal.error);
    });
  };
  const all = () => inStore("readonly", (store) => store.getAll());
  const put = (draft) => inStore("readwrite", (store) => store.put(draft));
  const drop = (id) => inStore("readwrite", (store) => store.delete(id));
  const mine = async () => (await all()).filter((draft) => draft.account === ME).sort((a, b) => a.keptAt - b.keptAt);

  // Two pages of the portal never send at once; where the browser has no locks, the server answers a repeat as the first time.
  const alone = (work) => (navigator.locks ? navigator.locks.request("portal-outbox", work) : work());

  // --- from the form into the store and back ---
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 32);
  const newToken = () => hex(crypto.getRandomValues(new Uint8Array(16)));
  // A picture is called by its content, so that one that is sent off again goes on where it broke off.
  const nameOf = async (file) => (crypto.subtle ? hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())) : newToken());
  // A page may go on by itself: it hears what became of its form, and takes over by preventing what would follow.
  const tell = (target, name, detail) => target.dispatchEvent(new CustomEvent(`outbox:${name}`, { bubbles: true, cancelable: true, detail }));
  const renew = (form) => { const token = form.querySelector("[data-token]"); if (token) token.value = newToken(); };

  // Small enough for a weak network, and without what a camera writes into a picture besides. What came from a draft was scaled before.
  const SCALED = "已存照片";
  const scaled = async (file) => {
    if (file.name.startsWith(SCALED)) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const share = Math.min(1, LONG_EDGE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(picture.width * share));
      canvas.height = Math.max(1, Math.round(picture.height * share));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      const blob = await new Promise((yes) => canvas.toBlob(yes, "image/jpeg", 0.85));
      return blob || file;
    } catch { return file; } // not a picture that this phone can read: the server says so
  };

  const gather = async (form, button) => {
    const stamp = form.querySelector('[data-captured="now"]');
    if (stamp && !stamp.value) stamp.value = new Date().toISOString();
    const draft = {
      id: form.dataset.draft || newToken(), account: ME, keptAt: Date.now(), state: "waiting", said: "",
      path: pathOf(button?.hasAttribute("formaction") ? button.formAction : form.action), page: HERE, bare: !form.querySelector("input:not([type=hidden]), select, textarea"), title: button?.dataset.title || form.dataset.title, fields: [], photos: [],
    };
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken") continue;
      if (!(value instanceof File)) draft.fields.push([name, value]);
      else if (value.size) {
        const file = await scaled(value);
        draft.photos.push({ field: name, token: await nameOf(file), file });
      }
    }
    return draft;
  };
  const field = (draft, name) => draft.fields.find(([each]) => each === name)?.[1] || "";

  const fill = (form, draft) => {
    form.reset();
    for (const box of form.querySelectorAll("input[type=checkbox], input[type=radio]")) box.checked = false;
    for (const [name, value] of draft.fields) {
      for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (control.type === "checkbox" || control.type === "radio") control.checked ||= control.value === value;
        else if (control.type !== "file") control.value = value;
      }
    }
    const album = [...form.querySelectorAll("input[type=file]")].at(-1);
    if (album && draft.photos.length) {
      const files = new DataTransfer();
      for (const [at, { file }] of draft.photos.entries()) files.items.add(new File([file], `${SCALED}${at + 1}.jpg`, { type: "image/jpeg" }));
      album.files = files.files;
      album.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const captured = form.querySelector("[data-captured]");
    if (captured) captured.value = field(draft, "captured_at");
    for (const fold of form.querySelectorAll("details")) fold.open = true;
    form.dataset.draft = draft.id;
    tell(form, "filled", draft);
    if (draft.errors?.length) complain(form, draft.errors);
  };

  // What the server asks to be mended, as its own page would show it.
  const complain = (form, errors) => {
    for (const old of document.querySelectorAll(".cg-summary, .cg-error")) old.remove();
    for (const old of form.querySelectorAll(".cg-field_wrong")) old.classList.remove("cg-field_wrong");
    const head = document.createElement("div"), title = document.createElement("h2"), lines = document.createElement("ul");
    Object.assign(head, { className: "cg-summary", tabIndex: -1 });
    head.setAttribute("role", "alert");
    title.textContent = `还有 ${errors.length} 处需要修改，已填的内容都在`;
    for (const { field: name, text } of errors) {
      const line = document.createElement("li");
      line.textContent = text;
      lines.append(line);
      const row = name && form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest(".cg-field");
      if (!row) continue;
      row.classList.add("cg-field_wrong");
      const said = document.createElement("p");
      Object.assign(said, { className: "cg-error", textContent: text });
      row.append(said);
      for (let fold = row.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    }
    head.append(title, lines);
    form.before(head);
    head.focus();
  };

  // --- pictures go ahead of their form, piece by piece (governance/uploads.py): what has come is not sent again ---
  const SMALLEST = 32 * 1024, LARGEST = 1024 * 1024, QUICK = 1000;
  const come = new Map(); // how many bytes of a picture are there, as far as this page knows
  let size = 256 * 1024;
  const addressOf = (photo) => `/outbox/photos/${photo.token}/`;
  const share = (draft) => {
    const [there, whole] = draft.photos.reduce(([a, b], each) => [a + (come.get(each.token) || 0), b + each.file.size], [0, 0]);
    // In tens: it is read out as it changes.
    return there && whole ? `${Math.min(100, 10 * Math.floor((10 * there) / whole))}%` : "";
  };
  // Sends what is missing of a draft's pictures; the answer that stands in the way, if one does. Raises where there is no network.
  const carry = async (draft, headers) => {
    for (const photo of draft.photos) {
      let answer = come.has(photo.token) ? null : await fetch(addressOf(photo), { headers, cache: "no-store", signal: AbortSignal.timeout?.(15_000) });
      for (let detours = 0; detours < 5;) {
        if (answer && answer.status !== 204 && answer.status !== 409) return answer;
        if (answer) come.set(photo.token, Number(answer.headers.get("Upload-Offset")));
        detours += answer?.status === 409;
        const start = come.get(photo.token), began = Date.now();
        progress(draft);
        if (start >= photo.file.size) break;
        try {
          answer = await fetch(addressOf(photo), {
            method: "POST", body: photo.file.slice(start, start + size), signal: AbortSignal.timeout?.(PATIENCE),
            headers: { ...headers, "Content-Type": "application/octet-stream", "Upload-Offset": String(start), "Upload-Length": String(photo.file.size) },
          });
        } catch (failure) { size = Math.max(SMALLEST, size / 2); throw failure; }
        if (Date.now() - began < QUICK) size = Math.min(LARGEST, size * 2);
      }
    }
    return null;
  };
  // Nobody needs them there any more; what is not told goes by itself after two days.
  const release = (draft, headers, all = false) => {
    for (const photo of draft.photos) {
      if (come.delete(photo.token) || all) fetch(addressOf(photo), { method: "DELETE", headers, keepalive: true }).catch(() => {});
    }
  };
  const HEADERS = { Accept: "application/json", "X-Requested-With": "outbox", "X-Account": ME };

  // What she gives up is given up there too, as far as there is a network.
  const giveUp = async (draft) => {
    await drop(draft.id);
    if (!draft.photos.length || !navigator.onLine) return;
    try {
      const { account, token } = await (await fetch("/outbox/", { headers: HEADERS, cache: "no-store" })).json();
      if (String(account) === draft.account) release(draft, { ...HEADERS, "X-CSRFToken": token }, true);
    } catch { /* it goes by itself */ }
  };

  // --- sending one: what came of it; null where there was no network ---
  const TROUBLE = "平台暂时有问题，过一会儿自动再发。";
  const send = async (draft, later) => {
    let reached = false;
    try {
      const asked = await fetch("/outbox/", { headers: HEADERS, cache: "no-store", signal: AbortSignal.timeout?.(15_000) });
      if (asked.status === 401 || asked.redirected) return { state: "signed_out" };
      if (!asked.ok) return { state: "waiting", said: TROUBLE };
      const { account, token } = await asked.json();
      if (String(account) !== draft.account) return { state: "signed_out" };
      reached = true;
      const headers = { ...HEADERS, "X-CSRFToken": token };
      const refused = await carry(draft, headers);
      if (refused?.status === 401) return { state: "signed_out" };
      if (refused) {
        const { said = TROUBLE } = await refused.json().catch(() => ({}));
        return refused.status === 413 ? { state: "refused", said, errors: [{ field: "", text: said }] } : { state: "waiting", said };
      }
      const body = new FormData();
      for (const [name, value] of draft.fields) body.append(name, value);
      for (const { field: name, token: photo, file } of draft.photos) body.append("arrived", `${name}:${photo}:${file.size}`);
      const answer = await fetch(draft.path, {
        method: "POST", body, signal: AbortSignal.timeout?.(PATIENCE),
        headers: { ...headers, ...(later ? { "X-Kept": "1" } : {}) },
      });
      if ((answer.headers.get("Content-Type") || "").startsWith("application/json")) {
        const told = await answer.json();
        if (["done", "incomplete"].includes(told.state)) release(draft, headers);
        return told.state === "incomplete" ? { state: "waiting", said: told.said } : told;
      }
      if (answer.status === 404) return { state: "gone", said: "现在不能由您办理，没有提交。" };
      return { state: "waiting", said: TROUBLE };
    } catch { shaky = reached; return null; }
  };

  const settle = async (draft, later) => {
    sending = draft.id;
    try { return await settled(draft, later); } finally { sending = ""; }
  };
  const settled = async (draft, later) => {
    let answer = await send(draft, later);
    // What happened since was all her own, sent off just before from this very outbox.
    if (answer?.state === "stale" && answer.version !== null && answer.steps.length && answer.steps.every((step) => step.mine)) {
      await put(renumbered(draft, answer.version));
      answer = await send(draft, later);
    }
    if (!answer) await put({ ...draft, state: "waiting", said: "" });
    else if (answer.state === "done") await drop(draft.id);
    else await put({ ...draft, ...answer });
    return answer;
  };
  const renumbered = (draft, version) => {
    draft.fields = draft.fields.map(([name, value]) => [name, name === "version" ? String(version) : value]);
    return Object.assign(draft, { state: "waiting", said: "", steps: [], url: "" });
  };

  let sending = "", wide = false, offline = false, shaky = false, timer = 0, pause = RETRY;
  const arrived = [];
  const sendAll = async () => {
    if (!(await mine()).some((draft) => ["waiting", "signed_out"].includes(draft.state))) return;
    await alone(async () => {
      for (const draft of await mine()) {
        if (!["waiting", "signed_out"].includes(draft.state)) continue;
        const slow = setTimeout(show, SLOW);
        const answer = await settle(draft, true).finally(() => clearTimeout(slow));
        offline = !answer;
        if (answer) tell(document, "sent", { draft, answer });
        if (answer?.state === "done") arrived.push({ title: draft.title, url: answer.url, said: answer.said });
        await show();
        if (!answer || answer.state === "signed_out") break;
      }
    });
    await show();
    await later();
  };
  // A network that came and went again tells nobody when it comes back for good, and a platform that rests says nothing either.
  const later = async () => {
    clearTimeout(timer);
    if (!(await mine()).some((draft) => draft.state === "waiting")) { pause = RETRY; return; }
    timer = setTimeout(sendAll, pause);
    pause = Math.min(2 * pause, LONGEST);
  };

  // --- what waits, on the page ---
  const WORDS = {
    sending: (draft) => `正在发送${draft.photos.length ? ` ${share(draft)}` : ""}`, waiting: (draft) => (!navigator.onLine || (offline && !shaky) ? "没有网络，等着发送" : offline ? "网络不稳，等着再发" : "等着发送") + (share(draft) && `，照片已传 ${share(draft)}`),
    signed_out: () => "请先登录，草稿还在", refused: () => "要修改后再发", stale: () => "有新进展，请看一看", gone: () => "没有提交",
  };
  const clock = (time) => new Date(time).toLocaleString("zh-CN", { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

  const row = (draft) => {
    const shown = list.querySelector("template").content.firstElementChild.cloneNode(true);
    const part = (name) => shown.querySelector(`[data-part="${name}"]`);
    const write = (name, text) => { part(name).textContent = text || ""; part(name).hidden = !text; };
    write("title", draft.title);
    const state = draft.id && draft.id === sending ? "sending" : draft.state;
    write("state", draft.url && !draft.id ? "已发送" : WORDS[state](draft));
    part("state").classList.add(!draft.id ? "cg-chip_good" : ["sending", "waiting"].includes(state) ? "cg-chip_info" : "cg-chip_caution");
    part("state").dataset.state = draft.id || "";
    write("when", draft.id && [clock(field(draft, "captured_at") || draft.keptAt), draft.photos.length ? `照片 ${draft.photos.length} 张` : ""].filter(Boolean).join("　"));
    write("said", draft.said);
    part("said").classList.toggle("cg-outbox__said_good", !draft.id);
    const words = draft.id && ["note", "description", "words"].map((name) => field(draft, name)).find(Boolean);
    write("words", words && `您写的：${words}`);
    for (const step of draft.steps || []) {
      const line = document.createElement("li");
      line.textContent = step.said;
      part("steps").append(line);
    }
    part("steps").hidden = !draft.steps?.length;
    const offered = {
      view: Boolean(draft.url), login: state === "signed_out", open: draft.id && !draft.bare && !["sending", "stale", "gone"].includes(state),
      anyway: state === "stale" && draft.version !== null, discard: draft.id && state !== "sending",
    };
    for (const control of shown.querySelectorAll("[data-do]")) {
      control.hidden = !offered[control.dataset.do];
      control.dataset.id = draft.id || "";
      control.setAttribute("aria-label", `${control.textContent.trim()}：${draft.title}`);
      if (control.dataset.do === "view") control.href = draft.url || "";
      if (control.dataset.do === "login") control.href = `${list.dataset.login}?next=${encodeURIComponent(HERE)}`;
    }
    return shown;
  };
  // How far the one that is being sent has come; the rest of the list stays as it is, with what may have the focus in it.
  const progress = (draft) => {
    const chip = list?.querySelector(`[data-state="${draft.id}"]`);
    if (chip && draft.id === sending) chip.textContent = WORDS.sending(draft);
  };
  const show = async () => {
    const drafts = await mine();
    tell(document, "waiting", drafts);
    if (leaving) {
      const note = document.querySelector("[data-outbox-left]");
      note.hidden = !drafts.length;
      note.textContent = `这部手机上还有 ${drafts.length} 件没有发出。退出后仍保留，您再次登录后发送；换别人登录又退出的，就删除了。`;
    }
    if (!list) return;
    list.hidden = !drafts.length && !arrived.length;
    list.querySelector("[data-outbox-count]").textContent = drafts.length ? `${drafts.length} 件没有发出` : "都已发出";
    const { do: held, id } = list.contains(document.activeElement) ? document.activeElement.dataset : {};
    const rows = [...drafts.map(row), ...arrived.map(row)];
    // What needs a look stands open; of what only waits, or has gone, the first few.
    const more = rows.filter((each, at) => at >= FEW && (!drafts[at] || drafts[at].state === "waiting"));
    for (const each of more) each.hidden = !wide;
    list.querySelector("[data-outbox-rows]").replaceChildren(...rows);
    if (held) list.querySelector(`[data-do="${held}"][data-id="${id}"]`)?.focus({ preventScroll: true });
    const fold = list.querySelector("[data-outbox-more]");
    fold.hidden = !more.length || wide;
    fold.textContent = `再看 ${more.length} 件`;
    list.querySelector("[data-outbox-send]").hidden = Boolean(sending) || !drafts.some((draft) => ["waiting", "signed_out"].includes(draft.state));
  };

  list?.addEventListener("click", async (event) => {
    const control = event.target.closest("button");
    if (!control) return;
    if ("outboxMore" in control.dataset) { wide = true; await show(); return; }
    if ("outboxSend" in control.dataset) {
      control.setAttribute("aria-busy", "true");
      await sendAll().finally(() => control.removeAttribute("aria-busy"));
      return;
    }
    const draft = (await mine()).find((each) => each.id === control.dataset.id);
    if (!draft) return show();
    const form = draft.page === HERE && forms[0];
    if (control.dataset.do === "open") {
      if (form) { reveal(form); fill(form, draft); form.scrollIntoView(); } else location.assign(`${draft.page}#draft=${draft.id}`);
    }
    else if (control.dataset.do === "anyway") { await put(renumbered(draft, draft.version)); await sendAll(); }
    else if (window.confirm("放弃以后找不回来，确定放弃吗？")) { await giveUp(draft); await show(); }
  });

  // --- the forms ---
  const busy = (form, on) => {
    for (const button of document.querySelectorAll(`button[form="${CSS.escape(form.id)}"], #${CSS.escape(form.id)} button:not([type=button])`)) {
      button.disabled = on;
      on ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy");
    }
  };
  const reveal = (form) => { form.hidden = false; document.querySelector(".cg-bottom .cg-action")?.removeAttribute("hidden"); };
  const empty = (form) => {
    delete form.dataset.draft;
    form.reset();
    // What is hidden is not emptied with the rest.
    for (const hidden of form.querySelectorAll("[data-captured], [name=longitude], [name=latitude]")) { hidden.value = ""; delete hidden.dataset.photo; }
    for (const old of document.querySelectorAll(".cg-summary, .cg-error")) old.remove();
    for (const old of form.querySelectorAll(".cg-field_wrong")) old.classList.remove("cg-field_wrong");
    renew(form);
  };
  const kept = async (form, draft) => {
    empty(form);
    // A report may be followed by the next one; what was done to this matter is done.
    if (form.dataset.outbox !== "again") { form.hidden = true; document.querySelector(".cg-bottom .cg-action")?.setAttribute("hidden", ""); }
    await show();
    await later();
    if (!tell(form, "kept", draft)) return;
    list.scrollIntoView({ block: "start" });
    list.querySelector("h2").focus();
  };

  const submit = async (form, button) => {
    const wrong = [];
    tell(form, "check", wrong);
    if (wrong.length) { complain(form, wrong); return; }
    busy(form, true);
    try {
      const mended = Boolean(form.dataset.draft);
      const draft = await gather(form, button);
      await put(draft);
      navigator.storage?.persist?.();
      const slow = setTimeout(show, SLOW);
      const answer = navigator.onLine ? await alone(() => settle(draft, false)) : null;
      clearTimeout(slow);
      offline = !answer;
      if (answer?.state === "done") {
        // Before a page takes over: what it then fills in for the next one stays.
        empty(form);
        if (tell(form, "done", { draft, answer })) { form.dataset.arrived = "1"; location.assign(answer.url); return; }
        await show();
        return;
      }
      if (answer?.state === "refused") {
        if (!mended) await drop(draft.id);
        complain(form, answer.errors);
        await show();
      } else await kept(form, draft);
    } finally { if (!form.dataset.arrived) busy(form, false); }
  };

  opened.then(async () => {
    for (const draft of await all()) if (Date.now() - draft.keptAt > KEPT) await drop(draft.id);
    for (const form of forms) {
      renew(form);
      form.addEventListener("submit", (event) => {
        const button = event.submitter;
        if (button?.name) {
          // Leaves for another page, by the network.
          if (!navigator.onLine) { event.preventDefault(); window.alert("没有网络，暂时不能换地址。可以在“具体位置”里写明在哪里。"); }
          return;
        }
        event.preventDefault();
        submit(form, button);
      });
    }
    const wanted = location.hash.match(/^#draft=(\w+)$/)?.[1];
    const draft = wanted && (await mine()).find((each) => each.id === wanted);
    if (draft && forms.length) { history.replaceState(null, "", HERE); reveal(forms[0]); fill(forms[0], draft); }
    await show();
    if (draft && forms.length) forms[0].scrollIntoView();
    if (list) {
      window.addEventListener("online", sendAll);
      window.addEventListener("offline", show);
      document.addEventListener("visibilitychange", () => { if (!document.hidden) sendAll(); });
      await sendAll();
    }
    // Whoever signs out leaves her own, and takes away what others left on a phone that goes from hand to hand.
    leaving?.addEventListener("submit", (event) => {
      event.preventDefault();
      all().then((drafts) => Promise.all(drafts.filter((each) => each.account !== ME).map((each) => drop(each.id))))
        .finally(() => leaving.submit());
    });
  }, () => {}); // no store on this phone: the forms are plain forms

  // --- the pages of her day, kept for where there is no network ---
  if (list?.dataset.serviceWorker && navigator.serviceWorker) {
    navigator.serviceWorker.register(list.dataset.serviceWorker).catch(() => {});
    const warm = [location.href, ...[...document.querySelectorAll("a[data-warm]")].map((link) => link.href)];
    navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ warm }));
  }
})();
