// Draws LINE messages: text, templates, Flex, locations, pictures.
import { h, icon } from "./dom.js";

const textSize = { xxs: 11, xs: 12, sm: 14, md: 15, lg: 18, xl: 20, xxl: 24, "3xl": 28, "4xl": 34, "5xl": 42 };
const gap = { none: 0, xs: 2, sm: 4, md: 8, lg: 12, xl: 16, xxl: 20 };
const bubbleWidth = { nano: 120, micro: 160, deca: 220, hecto: 241, kilo: 260, mega: 290, giga: 320 };
const pad = { header: "16px 16px 12px", body: "16px", footer: "8px 12px 12px" };
const border = { none: 0, light: 0.5, normal: 1, medium: 2, "semi-bold": 3, bold: 4 };
const cross = { top: "flex-start", bottom: "flex-end", center: "center", start: "flex-start", end: "flex-end" };

const px = (value, words) => (value == null ? undefined : value in words ? words[value] + "px" : /^[\d.]+(px|%)$/.test(value) ? value : undefined);
const color = (value) => (/^#([0-9a-f]{6}|[0-9a-f]{8})$/i.test(value ?? "") ? value : undefined);

// message draws what is inside a bubble. tap(label) taps a button of it.
export function message(m, tap) {
  switch (m.type) {
    case "text":
    case "textV2":
      return h("p", { class: "say" }, m.text);
    case "flex":
      return m.contents.type === "carousel"
        ? h("div", { class: "carousel", tabindex: "0" }, m.contents.contents.map((b) => bubble(b, tap)))
        : bubble(m.contents, tap);
    case "template":
      return template(m.template, tap);
    case "location":
      return place(m.title, m.address, m.latitude, m.longitude);
    default:
      return h("p", { class: "say quiet" }, `[${m.type}]`);
  }
}

export function place(title, address, lat, lon) {
  return h("div", { class: "place" },
    h("div", { class: "place-map" }, icon("pin")),
    h("div", { class: "place-words" },
      h("strong", {}, title || "ตำแหน่งที่ตั้ง"),
      address ? h("span", {}, address) : null,
      h("span", { class: "quiet" }, `${lat.toFixed(5)}, ${lon.toFixed(5)}`)));
}

function template(t, tap) {
  if (t.type === "carousel" || t.type === "image_carousel") {
    return h("div", { class: "carousel", tabindex: "0" }, t.columns.map((c) => card(c, tap)));
  }
  return card(t, tap, t.type === "confirm");
}

function card(t, tap, sideBySide) {
  const actions = t.actions ?? [t.action];
  return h("div", { class: "card" },
    t.thumbnailImageUrl || t.imageUrl ? picture() : null,
    t.title ? h("strong", { class: "card-title" }, t.title) : null,
    t.text ? h("p", { class: "card-text" }, t.text) : null,
    h("div", { class: sideBySide ? "card-actions beside" : "card-actions" },
      actions.map((a) => h("button", { type: "button", onclick: () => tap(a.label) }, a.label))));
}

// picture stands for an image on the web: this page asks nobody outside.
function picture(ratio) {
  const [w, height] = (ratio ?? "20:13").split(":");
  return h("div", { class: "picture", style: { aspectRatio: `${w} / ${height}` } }, "รูปภาพ · image");
}

function words(c) {
  if (c.type === "text") return c.contents?.length ? c.contents.map((x) => x.text).join("") : c.text;
  return (c.contents ?? []).map(words).filter(Boolean).join(" ");
}

function bubble(b, tap) {
  const e = h("div", { class: "flex-bubble", style: { width: bubbleWidth[b.size ?? "mega"] + "px" } });
  for (const name of ["header", "hero", "body", "footer"]) {
    const block = b[name];
    if (!block) continue;
    const drawn = component(block, "vertical", tap);
    const style = b.styles?.[name];
    if (name !== "hero" && !block.paddingAll) drawn.style.padding ||= pad[name];
    if (color(style?.backgroundColor)) drawn.style.background = style.backgroundColor;
    if (style?.separator) drawn.style.borderTop = `1px solid ${color(style.separatorColor) ?? "#d6dbe0"}`;
    e.append(drawn);
  }
  return b.action ? tappable(e, b.action, ["header", "body", "footer"].map((n) => (b[n] ? words(b[n]) : "")).filter(Boolean).join(" "), tap) : e;
}

// tappable makes a box or text with an action a button for keyboard and
// screen reader too.
function tappable(e, action, label, tap) {
  e.setAttribute("role", "button");
  e.tabIndex = 0;
  e.classList.add("tappable");
  const go = (event) => {
    event.stopPropagation();
    tap(label || action.label || "");
  };
  e.addEventListener("click", go);
  e.addEventListener("keydown", (event) => {
    if (event.target === e && (event.key === "Enter" || event.key === " ")) go(event);
  });
  return e;
}

// component draws a Flex component inside a box of the given layout.
function component(c, parent, tap) {
  const e = draw(c, tap);
  const row = parent !== "vertical";
  const share = c.flex ?? (row ? 1 : 0);
  if (c.type === "filler") e.style.flex = `${c.flex ?? 1} 1 0`;
  else if (c.width == null || !row) e.style.flex = share > 0 ? `${share} 1 ${row ? "0" : "auto"}` : "0 0 auto";
  if (row) e.style.minWidth = "0";
  if (c.margin) e.style[row ? "marginLeft" : "marginTop"] = px(c.margin, gap);
  if (c.gravity) e.style.alignSelf = cross[c.gravity];
  if (c.position === "absolute") e.style.position = "absolute";
  for (const [name, side] of [["offsetTop", "top"], ["offsetBottom", "bottom"], ["offsetStart", "left"], ["offsetEnd", "right"]]) {
    if (c[name]) {
      e.style.position ||= "relative";
      e.style[side] = px(c[name], gap);
    }
  }
  return e;
}

function draw(c, tap) {
  switch (c.type) {
    case "box": return box(c, tap);
    case "text": return c.action ? tappable(text(c), c.action, words(c), tap) : text(c);
    case "button": return button(c, tap);
    case "image": return image(c, tap);
    case "icon": return h("span", { class: "flex-icon", "aria-hidden": "true" }, "●");
    case "separator": return h("hr", { class: "flex-separator", style: { borderColor: color(c.color) ?? "" } });
    case "video": return picture(c.aspectRatio);
    default: return h("span", {});
  }
}

function box(c, tap) {
  const e = h("div", { class: `flex-box ${c.layout}` });
  Object.assign(e.style, {
    background: color(c.backgroundColor) ?? "",
    borderRadius: px(c.cornerRadius, { none: 0, xs: 2, sm: 4, md: 8, lg: 12, xl: 16, xxl: 20 }) ?? "",
    width: px(c.width, {}) ?? "",
    maxWidth: px(c.maxWidth, {}) ?? "",
    height: px(c.height, {}) ?? "",
    maxHeight: px(c.maxHeight, {}) ?? "",
    justifyContent: c.justifyContent ?? "",
    alignItems: c.alignItems ?? "",
  });
  if (c.borderWidth || c.borderColor) e.style.border = `${px(c.borderWidth ?? "normal", border)} solid ${color(c.borderColor) ?? "#000000"}`;
  if (c.background?.type === "linearGradient") {
    e.style.background = `linear-gradient(${c.background.angle}, ${color(c.background.startColor)}, ${color(c.background.endColor)})`;
  }
  for (const [name, side] of [["paddingAll", "padding"], ["paddingTop", "paddingTop"], ["paddingBottom", "paddingBottom"], ["paddingStart", "paddingLeft"], ["paddingEnd", "paddingRight"]]) {
    if (c[name]) e.style[side] = px(c[name], gap);
  }
  (c.contents ?? []).forEach((child, i) => {
    const drawn = component(child, c.layout, tap);
    if (i > 0 && c.spacing && !child.margin) drawn.style[c.layout === "vertical" ? "marginTop" : "marginLeft"] = px(c.spacing, gap);
    e.append(drawn);
  });
  return c.action ? tappable(e, c.action, words(c), tap) : e;
}

function text(c) {
  const e = h("p", { class: c.wrap ? "flex-text wrap" : "flex-text" });
  if (c.contents?.length) {
    e.append(...c.contents.map((x) => h("span", { style: letters(x) }, x.text ?? "")));
  } else {
    e.textContent = c.text;
  }
  Object.assign(e.style, letters(c), { textAlign: c.align ?? "" });
  if (c.maxLines) Object.assign(e.style, { display: "-webkit-box", webkitLineClamp: c.maxLines, webkitBoxOrient: "vertical" });
  return e;
}

function letters(c) {
  return {
    fontSize: c.size ? (c.size in textSize ? textSize[c.size] + "px" : px(c.size, {})) : "",
    color: color(c.color) ?? "",
    fontWeight: c.weight === "bold" ? "700" : "",
    fontStyle: c.style === "italic" ? "italic" : "",
    textDecoration: c.decoration && c.decoration !== "none" ? c.decoration : "",
  };
}

function button(c, tap) {
  const style = c.style ?? "link";
  const e = h("button", { type: "button", class: `flex-button ${style} ${c.height ?? "md"}`, onclick: (event) => { event.stopPropagation(); tap(c.action.label); } }, c.action.label);
  if (color(c.color)) e.style[style === "link" ? "color" : "background"] = c.color;
  return e;
}

function image(c, tap) {
  const e = picture(c.aspectRatio ?? "1:1");
  const sizes = { xxs: 40, xs: 60, sm: 80, md: 100, lg: 120, xl: 140, xxl: 160, "3xl": 180, "4xl": 200, "5xl": 220 };
  e.style.width = c.size === "full" ? "100%" : px(c.size ?? "md", sizes) ?? "100%";
  e.style.alignSelf = cross[c.align ?? "center"];
  if (color(c.backgroundColor)) e.style.background = c.backgroundColor;
  return c.action ? tappable(e, c.action, "", tap) : e;
}
