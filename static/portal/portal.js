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

  // Photos: draw what was chosen. A canvas, because the security policy allows no blob: pictures.
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
  document.addEventListener("change", (event) => {
    const pick = event.target.closest?.("[data-photos]");
    if (!pick) return;
    const previews = pick.querySelector("[data-previews]");
    const files = [...pick.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
    const most = Number(pick.dataset.photos) || 9;
    previews.replaceChildren();
    for (const file of files.slice(0, most)) draw(file, previews);
    const said = document.createElement("span");
    said.textContent = files.length > most ? `已选 ${files.length} 张，最多 ${most} 张，请重新选择` : files.length ? `已选 ${files.length} 张` : "";
    previews.append(said);
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
