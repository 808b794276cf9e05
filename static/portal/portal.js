// Small comforts for the phone pages. Everything works without this file; it only makes things smoother.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  // One press sends once. The button comes back when the page is shown again from the browser's memory.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    // After the browser has gathered the fields: a disabled button's own value would not be sent.
    setTimeout(() => { if (button) { button.setAttribute("aria-busy", "true"); button.disabled = true; } });
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) { button.removeAttribute("aria-busy"); button.disabled = false; }
    }
  });

  // After a refusal, begin at what is wrong.
  document.querySelector(".cg-summary")?.focus();

  // Photos: draw what was chosen, on a canvas: the security policy allows no blob: pictures.
  const draw = async (file, into) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 144;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    into.append(canvas);
    try {
      const picture = await createImageBitmap(file);
      const side = Math.min(picture.width, picture.height);
      canvas.getContext("2d").drawImage(
        picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 144, 144);
      picture.close();
    } catch { canvas.setAttribute("aria-label", `${file.name}（无法预览）`); }
  };
  // A second picture joins the first: all of them travel in the album's input.
  const chosen = new WeakMap();
  const gather = (pick, input) => {
    const before = chosen.get(pick) || [], same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
    const files = [...before, ...[...input.files].filter((file) => !before.some((each) => same(each, file)))];
    const album = [...pick.querySelectorAll("input[type=file]")].at(-1);
    try {
      const carrier = new DataTransfer();
      for (const file of files) carrier.items.add(file);
      if (input !== album) input.value = "";
      album.files = carrier.files;
      chosen.set(pick, files);
    } catch { return [...pick.querySelectorAll("input[type=file]")].flatMap((each) => [...each.files]); }
    return files;
  };
  const preview = (pick, files) => {
    const previews = pick.querySelector("[data-previews]"), most = Number(pick.dataset.photos) || 9;
    previews.replaceChildren();
    if (!files.length) return;
    for (const file of files.slice(0, most)) draw(file, previews);
    const said = document.createElement("span"), again = document.createElement("button");
    said.textContent = files.length > most ? `已选 ${files.length} 张，最多 ${most} 张，请重新选择` : `已选 ${files.length} 张`;
    Object.assign(again, { type: "button", className: "weui-btn weui-btn_default weui-btn_mini", textContent: "重新选" });
    again.addEventListener("click", () => {
      for (const input of pick.querySelectorAll("input[type=file]")) input.value = "";
      chosen.delete(pick);
      preview(pick, []);
      keep([]);
    });
    previews.append(said, again);
  };
  // What was chosen outlasts a refusal: in this tab, for this person, for an hour at most.
  const SLOT = `portal-photos ${location.pathname}${location.search}`, HOUR = 3600_000, LONG_EDGE = 1600;
  const whose = () => document.body.dataset.account || "";
  const small = async (file) => {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, LONG_EDGE / Math.max(picture.width, picture.height)), canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * share));
    canvas.height = Math.max(1, Math.round(picture.height * share));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas.toDataURL("image/jpeg", 0.85);
  };
  let keeping = 0;
  const keep = async (files) => {
    const turn = ++keeping;
    try {
      sessionStorage.removeItem(SLOT);
      const photos = [];
      for (const file of files) photos.push(await small(file));
      if (files.length && turn === keeping) sessionStorage.setItem(SLOT, JSON.stringify({ at: Date.now(), whose: whose(), photos }));
    } catch { /* no picture, or no room: they are chosen again, and the page says so */ }
  };
  const restore = (pick) => {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(SLOT)); } catch { return; }
    const asked = document.querySelector("[data-photos-again]");
    if (!kept || !(kept.away || asked) || kept.whose !== whose() || Date.now() - kept.at > HOUR) { sessionStorage.removeItem(SLOT); return; }
    const files = kept.photos.map((url, at) => new File([Uint8Array.from(atob(url.split(",")[1]), (each) => each.charCodeAt(0))], `${at + 1}.jpg`, { type: "image/jpeg" }));
    const carrier = new DataTransfer();
    for (const file of files) carrier.items.add(file);
    [...pick.querySelectorAll("input[type=file]")].at(-1).files = carrier.files;
    chosen.set(pick, files);
    preview(pick, files);
    sessionStorage.setItem(SLOT, JSON.stringify({ ...kept, away: false }));
    const said = asked?.closest(".cg-summary")?.querySelector("[data-kept]");
    if (said) said.textContent = said.textContent.replace("文字", "内容");
    asked?.remove();
  };
  const take = (pick, input) => {
    const files = gather(pick, input);
    preview(pick, files);
    keep(files);
  };
  document.addEventListener("change", ({ target }) => {
    const pick = target.closest?.("[data-photos]");
    if (pick) take(pick, target);
  });
  document.addEventListener("reset", ({ target }) => {
    for (const pick of target.querySelectorAll("[data-photos]")) { chosen.delete(pick); preview(pick, []); keep([]); }
  });
  // To the list of addresses and back the pictures need not travel.
  document.addEventListener("submit", ({ target, submitter, defaultPrevented }) => {
    if (defaultPrevented || submitter?.name !== "change_place") return;
    for (const pick of target.querySelectorAll("[data-photos]")) {
      try {
        const kept = JSON.parse(sessionStorage.getItem(SLOT));
        if (!kept || kept.photos.length !== (chosen.get(pick) || []).length) continue;
        sessionStorage.setItem(SLOT, JSON.stringify({ ...kept, away: true }));
        for (const input of pick.querySelectorAll("input[type=file]")) input.value = "";
      } catch { /* they are sent along, and chosen again */ }
    }
  });
  window.addEventListener("pageshow", () => {
    for (const pick of document.querySelectorAll("[data-photos]")) {
      restore(pick);
      // Chosen before this ran.
      const early = [...pick.querySelectorAll("input[type=file]")].find((input) => input.files.length);
      if (early && !chosen.has(pick)) take(pick, early);
    }
  });

  // When what is reported was seen: as the first picture was taken, else as the form was begun.
  document.addEventListener("input", ({ target }) => {
    const at = target.form?.querySelector("[data-captured]");
    if (!at) return;
    const picture = target.type === "file" && target.files.length > 0;
    if (!at.value || (picture && !at.dataset.photo)) at.value = new Date().toISOString();
    if (picture) at.dataset.photo = "1";
  });

  // What a worker's phone kept of her pages goes once nobody, or somebody else, is signed in. A page that does not know says nothing.
  const { account } = document.body.dataset;
  if (account !== undefined && window.caches) {
    caches.keys().then((names) => {
      for (const name of names) if (name.startsWith("portal-pages-") && name !== `portal-pages-${account}`) caches.delete(name);
    }, () => {});
  }

  // A page from the phone's memory says since when (static/portal/sw.js writes it down).
  const { keptAt } = document.documentElement.dataset;
  if (keptAt) {
    const messages = document.createElement("div"), message = document.createElement("p");
    messages.className = "cg-messages";
    message.className = "cg-message cg-message_warning";
    message.setAttribute("role", "status");
    const since = new Date(keptAt).toLocaleString("zh-CN", { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
    message.textContent = `离线，内容截至 ${since}`;
    messages.append(message);
    document.querySelector("main").prepend(messages);
  }

  // Of the chips and the list only one speaks.
  document.addEventListener("change", ({ target }) => {
    const chips = target.form?.querySelector(".cg-chips");
    if (!chips) return;
    if (target.name === "quick") target.form.elements.minor_class.value = "";
    else if (target.name === "minor_class" && target.value) for (const chip of chips.querySelectorAll("input")) chip.checked = false;
  });

  // The position button: asks only when pressed, and says what came of it.
  const WHY = { 1: "您没有允许使用位置，可以直接填写地址。", 2: "暂时得不到位置，可以直接填写地址。", 3: "定位超时，可以再试一次或直接填写地址。" };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-locate]");
    if (!button) return;
    const said = document.getElementById(button.dataset.locate);
    const form = button.closest("form");
    if (!navigator.geolocation) { said.textContent = WHY[2]; return; }
    said.textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.elements.longitude.value = coords.longitude.toFixed(6);
      form.elements.latitude.value = coords.latitude.toFixed(6);
      said.textContent = `已取得位置，误差约 ${Math.round(coords.accuracy)} 米。`;
      form.dispatchEvent(new CustomEvent("cg:located", { bubbles: true }));
    }, (error) => { said.textContent = WHY[error.code]; }, { enableHighAccuracy: true, timeout: 10000 });
  });

  // How many characters are left.
  const count = (area) => {
    const said = document.getElementById(`${area.id}_count`);
    if (said) said.textContent = `${[...area.value].length} / ${area.maxLength}`;
  };
  for (const area of document.querySelectorAll("textarea[maxlength]")) count(area);
  document.addEventListener("input", (event) => { if (event.target.matches("textarea[maxlength]")) count(event.target); });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
})();
