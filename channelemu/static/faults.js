// The panel that makes the providers fail.
import { h, both, ask } from "./dom.js";

const services = {
  sms: ["SMS ทาง HTTP", "SMS by HTTP"], smpp: ["SMS ทาง SMPP", "SMS by SMPP"], smpp_bind: ["การต่อ SMPP", "SMPP binds"],
  voice: ["สายโทรออก", "calls"], smtp: ["อีเมล", "mail"],
};
const kinds = {
  rate_limited: ["ส่งถี่เกินไป", "too many at once"],
  quota_reached: ["เครดิตหมด", "no credit left"],
  refused: ["ปฏิเสธ", "refused for good"],
  error_before: ["ขัดข้อง และไม่ได้ส่ง", "error, nothing sent"],
  error_after: ["ขัดข้อง แต่ส่งไปแล้ว", "error, but accepted"],
  hang: ["ไม่ตอบ และไม่ได้ส่ง", "no answer, nothing sent"],
  hang_after: ["ไม่ตอบ แต่ส่งไปแล้ว", "no answer, but accepted"],
  reset: ["สายหลุด และไม่ได้ส่ง", "connection lost, nothing sent"],
  reset_after: ["สายหลุดหลังส่งแล้ว", "connection lost, but accepted"],
  not_delivered: ["รับไว้ แต่ส่งไม่ถึง", "accepted, reported not delivered"],
  vanished: ["รับไว้แล้วหายไป", "accepted, never heard of again"],
};
const words = (table, name) => both(...(table[name] ?? [name, ""]));
const plain = (table, name) => (table[name] ?? [name, ""]).filter(Boolean).join(" · ");

export function panel(state, changed) {
  const pick = (label, id, table, list) => h("label", {}, both(...label),
    h("select", { id }, list.map((name) => h("option", { value: name }, plain(table, name)))));
  const service = pick(["ช่องทาง", "way"], "fault-service", services, state.services);
  const kind = pick(["อาการ", "what happens"], "fault-kind", kinds, state.kinds);
  const often = h("select", { id: "fault-often" }, [["1", "ครั้งต่อไป · the next time"], ["3", "3 ครั้งต่อไป · the next 3"], ["always", "ทุกครั้ง · always"]].map(([value, text]) => h("option", { value }, text)));
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const d = h("dialog", { "aria-labelledby": "faults-title" },
    h("h2", { id: "faults-title" }, both("จำลองข้อขัดข้อง", "Make a way fail")),
    state.faults.length ? h("ul", { class: "rules" }, state.faults.map((f) => h("li", {}, words(services, f.service), " – ", words(kinds, f.kind), f.probability ? " ∞" : ` × ${f.next}`))) : null,
    h("form", { onsubmit: (e) => { e.preventDefault(); add(); } },
      service, kind, h("label", {}, both("กี่ครั้ง", "how often"), often), error,
      h("div", { class: "pair" },
        h("button", { type: "button", onclick: () => save([]) }, both("หายเป็นปกติ", "Heal")),
        h("button", { type: "submit", class: "primary" }, both("ใช้", "Apply")))));
  function add() {
    const f = { service: service.lastChild.value, kind: kind.lastChild.value };
    if (often.value === "always") f.probability = 1;
    else f.next = Number(often.value);
    save([...state.faults, f]);
  }
  async function save(list) {
    try {
      await ask("PUT", "faults", list);
      d.close();
      changed();
    } catch (e) {
      error.textContent = e.message;
      error.hidden = false;
    }
  }
  d.addEventListener("close", () => d.remove());
  document.body.append(d);
  d.showModal();
}
