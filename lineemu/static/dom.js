// Small helpers: build elements, talk to the platform.

// h makes an element. Attributes whose name begins with "on" are listeners;
// true sets an empty attribute; false, null and undefined leave it out.
export function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(e.style, value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false));
  return e;
}

// both writes Thai, then English in a quieter voice.
export const both = (th, en) => [th + " ", h("span", { lang: "en" }, en)];

const space = "http://www.w3.org/2000/svg";

export function s(tag, attributes, ...children) {
  const e = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

// Icons are drawn here: not every machine has a font with pictures in it.
const icons = {
  photo: "M4 8h3l1.5-2h7L17 8h3v11H4zM12 10.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  pin: "M12 21s-6-6-6-11a6 6 0 0 1 12 0c0 5-6 11-6 11zM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  close: "M6 6l12 12M18 6L6 18",
  bell: "M6 16h12l-1.5-2V10a4.5 4.5 0 0 0-9 0v4zM10.5 19h3",
  mute: "M6 16h12l-1.5-2V10a4.5 4.5 0 0 0-9 0v4zM10.5 19h3M4 4l16 16",
  voice: "M12 4a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 4zM6.5 11a5.5 5.5 0 0 0 11 0M12 16.5V20",
};

export const icon = (name) => s("svg", { class: "drawn", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: icons[name] }));

async function ask(method, path, body) {
  const res = await fetch("api/" + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await res.text();
  const answer = text.startsWith("{") ? JSON.parse(text) : {};
  if (!res.ok) throw Object.assign(new Error(answer.error ?? `HTTP ${res.status}`), { status: res.status });
  return answer;
}

export const get = (path) => ask("GET", path);
export const post = (path, body) => ask("POST", path, body);
export const put = (path, body) => ask("PUT", path, body);

// base64 encodes a file for a JSON body.
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",", 2)[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

// dialog shows a modal and resolves with what close was called with.
export function dialog(title, build) {
  return new Promise((resolve) => {
    const d = h("dialog", { "aria-labelledby": "dialog-title" });
    let result;
    const close = (value) => {
      result = value;
      d.close();
    };
    d.append(
      h("div", { class: "dialog-head" },
        h("h2", { id: "dialog-title" }, title),
        h("button", { type: "button", class: "icon", "aria-label": "ปิด · Close", onclick: () => close() }, icon("close"))),
      build(close));
    d.addEventListener("close", () => {
      d.remove();
      resolve(result);
    });
    document.body.append(d);
    d.showModal();
  });
}
