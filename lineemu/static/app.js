// The phones page: which phones are open, and news about them.
import { h, both, get, post, dialog } from "./dom.js";
import { Phone } from "./phone.js";
import { panel, count } from "./faults.js";

const $ = (id) => document.getElementById(id);
const setting = await get("setting");
const open = new Map(); // user ID → Phone, in the order shown
let current = ""; // the one shown on a narrow screen
let stream;

document.title = `${setting.account} · โทรศัพท์จำลอง`;

// The open phones stand in the address, so a link can open exactly these.
function remember() {
  history.replaceState(null, "", "#" + [...open.keys()].join(","));
}

async function show(id) {
  if (!open.has(id)) {
    const phone = new Phone(id, setting, () => remove(id));
    try {
      await phone.refresh();
    } catch (e) {
      if (e.status === 404) return; // a phone of an earlier run
      throw e;
    }
    open.set(id, phone);
    $("phones").append(phone.element);
    remember();
    listen();
  }
  select(id);
}

function remove(id) {
  open.get(id).element.remove();
  open.delete(id);
  remember();
  listen();
  select(current === id ? [...open.keys()].at(-1) ?? "" : current);
}

function select(id) {
  current = id;
  for (const [other, phone] of open) phone.element.classList.toggle("current", other === id);
  $("tabs").replaceChildren(...[...open].map(([other, phone]) => h("button", {
    type: "button", "aria-current": other === id ? "true" : null, onclick: () => select(other),
  }, phone.user.name, phone.user.label ? h("span", {}, phone.user.label) : null)));
  open.get(id)?.element.scrollIntoView({ inline: "nearest", block: "nearest" });
  open.get(id)?.toEnd(); // what was not on the screen could not scroll
  $("empty").hidden = open.size > 0;
}

function listen() {
  stream?.close();
  stream = new EventSource("api/stream?" + [...open.keys()].map((id) => "phone=" + id).join("&"));
  stream.onopen = () => {
    $("lost").hidden = true;
    for (const phone of open.values()) phone.refresh();
    faultsOn();
  };
  stream.onerror = () => { $("lost").hidden = false; };
  stream.onmessage = (e) => {
    const news = JSON.parse(e.data);
    for (const id of news.phones) open.get(id)?.refresh();
    if (news.all) faultsOn();
  };
}

async function faultsOn() {
  const n = count(await get("faults"));
  $("faults-on").hidden = n === 0;
  $("faults-on").textContent = String(n);
}

$("faults").addEventListener("click", () => panel(setting));

$("add").addEventListener("click", async () => {
  const user = await dialog(both("เพิ่มประชาชน", "New citizen"), (close) => {
    const name = h("input", { id: "new-name", required: true, maxlength: "40", value: "มะลิ" });
    const label = h("input", { id: "new-label", maxlength: "40", value: "ประชาชน" });
    const language = h("select", { id: "new-language" }, h("option", { value: "th" }, "ไทย"), h("option", { value: "en" }, "English"));
    return h("form", { onsubmit: (e) => { e.preventDefault(); close({ name: name.value.trim(), label: label.value.trim(), language: language.value }); } },
      h("label", { for: "new-name" }, both("ชื่อใน LINE", "name in LINE"), name),
      h("label", { for: "new-label" }, both("บทบาท (แสดงเฉพาะหน้านี้)", "role, shown here only"), label),
      h("label", { for: "new-language" }, both("ภาษาของโทรศัพท์", "language of the phone"), language),
      h("button", { type: "submit", class: "primary wide" }, both("เพิ่ม", "Add")));
  });
  if (user) show((await post("phones", user)).id);
});

// Finding: the words in the list carry enough to tell people apart.
const found = new Map();
const wordsOf = (u) => [u.name, u.label, u.id.slice(-4)].filter(Boolean).join(" · ");
let typing;
$("find").addEventListener("input", (e) => {
  const chosen = found.get(e.target.value);
  if (chosen) {
    e.target.value = "";
    show(chosen);
    return;
  }
  clearTimeout(typing);
  typing = setTimeout(find, 150);
});
$("find").addEventListener("focus", find);
$("find").addEventListener("keydown", (e) => {
  if (e.key === "Enter" && found.size) {
    e.target.value = "";
    show(found.values().next().value);
  }
});

async function find() {
  const { phones } = await get("phones?q=" + encodeURIComponent($("find").value.trim()));
  found.clear();
  for (const u of phones) found.set(wordsOf(u), u.id);
  $("people").replaceChildren(...[...found.keys()].map((value) => h("option", { value })));
}

const asked = location.hash.slice(1).split(",").filter((id) => /^[UC][0-9a-f]{32}$/.test(id));
for (const id of asked) await show(id);
if (open.size === 0) {
  for (const u of (await get("phones?pinned")).phones) await show(u.id);
}
if (open.size > 0) select(open.keys().next().value);
else {
  select("");
  listen();
}
