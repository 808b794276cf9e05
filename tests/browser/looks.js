// What a page is made of, in the kinds that axe-core tells apart: so that a page of which every kind was looked at before can be
// passed over. Returns the dresses, by which an element comes by its colours, and the shapes, which the other rules read.
(menu) => {
  const dresses = new Set(), shapes = new Set();
  const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link], [tabindex]";
  const LANDMARKS = "main, nav, header, footer, aside, section, form, [role]";
  const skipped = menu ? document.querySelector(menu) : null;
  const all = [...document.querySelectorAll("body, body *")].filter(each => !(skipped && skipped.contains(each)));
  // The theme names pages, columns and fields by their app's or model's; no rule of a style sheet knows these names.
  const worn = each => [...each.classList].filter(name => !/^(app|field|column|model)-/.test(name)).sort().join(" ");
  const dress = each => `${worn(each.parentElement)} > ${each.localName} ${worn(each)}`;
  const kind = each => each ? each.localName + (each.getAttribute("role") ? "/" + each.getAttribute("role") : "") : "";
  const named = each => {
    if (each.getAttribute("aria-label")?.trim()) return "aria-label";
    if (each.getAttribute("aria-labelledby")) return "labelledby";
    if (each.labels && [...each.labels].some(label => label.textContent.trim() && label.checkVisibility())) return "label";
    if (each.innerText?.trim()) return "text";
    if (each.textContent.trim()) return "hidden text";
    if (each.querySelector("img[alt]:not([alt='']), [aria-label], svg title")) return "picture";
    return each.getAttribute("title")?.trim() ? "title" : each.getAttribute("placeholder") ? "placeholder" : "";
  };
  const found = value => value.trim().split(/\s+/).map(id => document.getElementById(id) ? "there" : "gone").join(" ");
  const REFERENCES = new Set(["for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-activedescendant",
    "aria-errormessage", "aria-details", "aria-flowto", "headers", "list"]);
  const WORDS = new Set(["title", "alt", "placeholder", "aria-label", "aria-valuetext", "aria-roledescription", "accesskey"]);
  const READ = new Set(["role", "type", "tabindex", "scope", "autocomplete", "lang", "dir", "hidden", "disabled", "multiple", "inert",
    "contenteditable", "usemap", "autoplay", "controls", "colspan", "rowspan", "summary", "start", "open"]);
  const attributes = each => [...each.attributes].map(({name, value}) => {
    if (REFERENCES.has(name)) return `${name}=${found(value)}`;
    if (WORDS.has(name)) return `${name}=${value.trim() ? "words" : ""}`;
    if (name === "href" || name === "src" || name === "style") return `${name}=${value[0] === "#" ? "#" + Boolean(document.getElementById(value.slice(1))) : ""}`;
    // Where a thing stands in a row, how far a bar goes: numbers all the same.
    if (READ.has(name) || name.startsWith("aria-")) return `${name}=${/^\d+([.]\d+)?$/.test(value) && +value > 0 ? "number" : value}`;
    return "";
  }).filter(Boolean).sort().join(" ");
  // Smaller than a finger, and another thing to press within the circle that it is owed.
  const targets = all.filter(each => each.matches(TARGETS) && each.checkVisibility());
  const boxes = new Map(targets.map(each => [each, each.getBoundingClientRect()]));
  const crowded = each => {
    const box = boxes.get(each);
    if (!box || !box.width || (box.width >= 24 && box.height >= 24)) return "";
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const near = targets.some(other => {
      const its = boxes.get(other);
      if (other === each || other.contains(each) || each.contains(other)) return false;
      const aside = Math.max(its.left - x, 0, x - its.right), above = Math.max(its.top - y, 0, y - its.bottom);
      return its.width && Math.hypot(aside, above) < 24;
    });
    return `small${near ? " and crowded" : ""}: ${dress(each)}`;
  };
  const scrolls = each => {
    if (each.scrollWidth <= each.clientWidth + 1 && each.scrollHeight <= each.clientHeight + 1) return "";
    const style = getComputedStyle(each);
    return /auto|scroll/.test(style.overflowX + style.overflowY) ? `scrolls ${Boolean(each.querySelector(TARGETS))}` : "";
  };
  // What says nothing by itself: words are words, wherever they stand in a part of the page.
  const PLAIN = new Set(["div", "span", "p", "b", "strong", "em", "i", "small", "code", "time", "mark", "br"]);
  const ids = {};
  for (const each of all) {
    if (each.id) ids[each.id] = (ids[each.id] || 0) + 1;
    // What is not seen, nor read out, is looked at where it is.
    if (!each.checkVisibility() && getComputedStyle(each).display !== "contents") continue;
    if (each !== document.body) dresses.add(dress(each));
    const land = each.parentElement.closest(LANDMARKS);
    const owns = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (PLAIN.has(each.localName) && !attributes(each) && !scrolls(each)) {
      if (owns) shapes.add(`words in ${kind(land)}`);
      continue;
    }
    shapes.add([
      kind(each.parentElement), kind(each), attributes(each), named(each), owns ? "words of its own" : "", `in ${kind(land)}`, `pressed in ${kind(each.parentElement.closest("a, button, label, summary"))}`,
      each.matches("ul, ol, dl, table, tr, [role]") ? [...new Set([...each.children].map(kind))].sort().join(",") : "", crowded(each), scrolls(each),
    ].join(" | "));
  }
  // What is right or wrong about a page as a whole.
  let before = "the top";
  for (const each of all.filter(each => each.matches("h1, h2, h3, h4, h5, h6, [role=heading]") && each.checkVisibility())) {
    const level = each.getAttribute("aria-level") || each.localName;
    shapes.add(`${level} after ${before}`);
    before = level;
  }
  shapes.add(`${Math.min(2, all.filter(each => each.localName === "h1").length)} h1`);
  const told = new Set();
  for (const each of all.filter(each => each.matches(LANDMARKS))) {
    const name = each.getAttribute("aria-label") || document.getElementById(each.getAttribute("aria-labelledby"))?.textContent.trim() || "";
    if (told.has(`${kind(each)} ${name}`)) shapes.add(`twice: ${kind(each)} ${name && "named"}`);
    told.add(`${kind(each)} ${name}`);
  }
  for (const each of all) if (each.id && ids[each.id] > 1) shapes.add(`an id twice: ${kind(each)}`);
  shapes.add(`title ${Boolean(document.title.trim())} lang ${document.documentElement.lang}`);
  shapes.add(`viewport ${document.querySelector("meta[name=viewport]")?.content}`);
  return [[...dresses], [...shapes]];
}
