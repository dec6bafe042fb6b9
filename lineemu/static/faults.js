// The panel that makes LINE fail.
import { h, both, get, put, dialog } from "./dom.js";

const second = 1e9; // the platform counts nanoseconds

const api = [
  ["rate_limited", "429 ส่งถี่เกินไป", "429, rate limit"],
  ["quota_reached", "429 โควตาเดือนนี้หมด", "429, monthly limit"],
  ["error_before", "500 และไม่ได้ส่ง", "500, nothing sent"],
  ["error_after", "500 แต่ส่งไปแล้ว", "500, but accepted"],
  ["reset_after", "สายหลุดหลังส่งแล้ว", "connection reset, but accepted"],
  ["slow", "ตอบช้า 3 วินาที", "answers after 3 seconds"],
];

const hooks = [
  ["duplicate", "ส่งเหตุการณ์ซ้ำ", "every event twice"],
  ["reorder", "สลับลำดับ", "out of order"],
  ["forged", "มีของปลอม (ลายเซ็นผิด) นำหน้า", "a forgery comes first"],
  ["malformed", "มีเหตุการณ์เสียปนมา", "a broken event beside"],
];

// count says how many faults are on.
export function count(f) {
  const w = f.webhook;
  return (f.api ?? []).length + hooks.filter(([name]) => w[name] > 0).length + (w.delay > 0 ? 1 : 0) + (w.batch > 1 ? 1 : 0) + (w.standby ? 1 : 0);
}

export async function panel(setting) {
  const now = await get("faults");
  const rules = now.api ?? [];
  await dialog(both("จำลองข้อขัดข้องของ LINE", "Make LINE fail"), (close) => {
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const where = h("select", { id: "fault-where" },
      h("option", { value: "" }, "ทุกคำสั่ง · every call"),
      setting.endpoints.map((e) => h("option", { value: e, selected: e === (rules[0]?.endpoint ?? "push") }, e)));
    if (rules.length && rules[0].endpoint === "") where.value = "";
    const chance = (name, value) => h("select", { name, "aria-label": name },
      [[0, "ปิด · off"], [0.1, "10%"], [0.3, "30%"], [0.5, "50%"], [1, "100%"]].map(([v, words]) => h("option", { value: v, selected: v === value }, words)));
    const rows = (list, value) => list.map(([name, th, en]) => h("label", { class: "fault" }, h("span", {}, both(th, en)), chance(name, value(name))));
    const delay = h("select", { name: "delay" }, [[0, "ปิด · off"], [1, "1 s"], [5, "5 s"], [15, "15 s"]].map(([v, words]) => h("option", { value: v, selected: v * second === now.webhook.delay }, words)));

    const form = h("form", { class: "faults" },
      h("fieldset", {}, h("legend", {}, both("คำสั่งที่เราส่งให้ LINE", "our calls to LINE")),
        h("label", { class: "fault" }, h("span", {}, both("เฉพาะคำสั่ง", "only the call")), where),
        rows(api, (kind) => rules.find((r) => r.kind === kind)?.probability ?? 0)),
      h("fieldset", {}, h("legend", {}, both("เหตุการณ์ที่ LINE ส่งให้เรา", "events from LINE")),
        rows(hooks, (name) => now.webhook[name]),
        h("label", { class: "fault" }, h("span", {}, both("มาช้า", "late by")), delay)),
      error,
      h("div", { class: "pair" },
        h("button", { type: "button", onclick: () => save({ api: [], webhook: {} }) }, both("หายเป็นปกติ", "Heal")),
        h("button", { type: "submit", class: "primary" }, both("ใช้", "Apply"))));
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const value = (name) => Number(form.elements[name].value);
      const webhook = { ...now.webhook, delay: value("delay") * second };
      for (const [name] of hooks) webhook[name] = value(name);
      // Rules that this panel cannot show (made by a test or the command line) stay.
      const others = rules.filter((r) => !api.some(([kind]) => kind === r.kind));
      const mine = api.filter(([kind]) => value(kind) > 0).map(([kind]) => ({ endpoint: where.value, kind, probability: value(kind), delay: kind === "slow" ? 3 * second : 0 }));
      save({ ...now, api: [...others, ...mine], webhook });
    });
    async function save(f) {
      try {
        await put("faults", f);
        close();
      } catch (e) {
        error.textContent = e.message;
        error.hidden = false;
      }
    }
    return form;
  });
}
