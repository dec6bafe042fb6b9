// The page of the phones without LINE: it asks for the state once a second and
// draws what changed.
import { h, ask } from "./dom.js";
import { Phone } from "./phone.js";
import { panel } from "./faults.js";

const $ = (id) => document.getElementById(id);
const phones = new Map(); // address → Phone, in the order shown
let current = ""; // the one shown on a narrow screen
let state = { phones: [], faults: [], services: [], kinds: [] };

async function refresh() {
  try {
    state = await ask("GET", "state");
    $("lost").hidden = true;
  } catch {
    $("lost").hidden = false;
    return;
  }
  for (const s of state.phones) {
    if (!phones.has(s.address)) {
      const phone = new Phone(s.address, refresh);
      phones.set(s.address, phone);
      $("phones").append(phone.element);
    }
    phones.get(s.address).draw(s);
  }
  $("empty").hidden = phones.size > 0;
  if (!phones.has(current)) current = phones.keys().next().value ?? "";
  tabs();
  phones.get(current)?.look();
  $("faults-on").hidden = state.faults.length === 0;
  $("faults-on").textContent = String(state.faults.length);
}

function tabs() {
  for (const [address, phone] of phones) phone.element.classList.toggle("current", address === current);
  const words = [...phones].map(([address, phone]) => address + phone.name + phone.unread + (address === current)).join();
  if ($("tabs").dataset.shown === words) return; // a button that is being pressed must not vanish
  $("tabs").dataset.shown = words;
  $("tabs").replaceChildren(...[...phones].map(([address, phone]) => h("button", {
    type: "button", "aria-current": address === current ? "true" : null, onclick: () => { current = address; phone.read(); tabs(); },
  }, phone.name || address, h("span", {}, phone.name ? address : "", phone.unread && address !== current ? ` (${phone.unread})` : ""))));
  $("tabs").querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
}

$("add").addEventListener("submit", async (e) => {
  e.preventDefault();
  const number = $("number");
  let address = number.value.replace(/[\s-]/g, "");
  if (/^0\d{8,9}$/.test(address)) address = "+66" + address.slice(1);
  number.setCustomValidity("");
  try {
    await ask("POST", "phones", { address });
    number.value = "";
    current = address;
    refresh();
  } catch (error) {
    number.setCustomValidity(error.message);
    number.reportValidity();
  }
});
$("number").addEventListener("input", () => $("number").setCustomValidity(""));
$("faults").addEventListener("click", () => panel(state, refresh));

await refresh();
setInterval(refresh, 1000);
