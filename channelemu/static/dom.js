// Small helpers: build elements, talk to the emulator.

// h makes an element. Attributes whose name begins with "on" are listeners;
// true sets an empty attribute; false, null and undefined leave it out.
export function h(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value != null) e.setAttribute(name, value);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false && c !== ""));
  return e;
}

// both writes Thai, then English in a quieter voice.
export const both = (th, en) => [th + " ", h("span", { lang: "en" }, en)];

export async function ask(method, path, body) {
  const res = await fetch("api/" + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await res.json().catch(() => ({}));
  if (!res.ok) throw new Error(answer.error ?? `HTTP ${res.status}`);
  return answer;
}
