// One phone: its messages, and what its owner can do.
import { h, both, ask } from "./dom.js";

const time = new Intl.DateTimeFormat("th-TH-u-nu-latn", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export class Phone {
  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
    this.name = "";
    this.drawn = "";
    this.seen = 0; // Seq of the last message that was looked at
    this.last = 0;
    this.title = h("b", {}, address);
    this.sub = h("span", {});
    this.power = h("button", { type: "button", class: "small", onclick: () => this.act(this.off ? "on" : "off") });
    this.chat = h("div", { class: "chat", role: "log", tabindex: "0", "aria-label": address });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.text = h("input", { "aria-label": `ข้อความจาก ${address} · Message from ${address}`, maxlength: "600", placeholder: "พิมพ์ SMS ถึง ESS", autocomplete: "off" });
    const answers = [["1", "รับ"], ["1 10", "รับ 10 นาที"], ["0", "ไม่รับ"], ["2", "ถึงแล้ว"], ["3", "ระงับแล้ว"], ["ช่วยด้วย", ""]];
    this.own = address.startsWith("+") ? [
      h("div", { class: "keys" }, answers.map(([say, means]) => h("button", { type: "button", onclick: () => this.act("reply", say) }, say, means ? h("span", { lang: "th" }, " " + means) : null))),
      h("form", { class: "bar", onsubmit: (e) => { e.preventDefault(); this.send(); } }, this.text, h("button", { type: "submit", class: "primary" }, "ส่ง")),
    ] : [];
    this.call = h("div", { class: "call", hidden: true },
      h("p", {}, both("กำลังอยู่ในสาย กดเลขบนแป้น", "in a call: press keys")),
      h("div", { class: "pad" }, ..."123456789*0#".split("").map((k) => h("button", { type: "button", "aria-label": `กด ${k} · press ${k}`, onclick: () => this.act("press", k) }, k))),
      h("button", { type: "button", class: "bad", onclick: () => this.act("hang_up") }, both("วางสาย", "hang up")));
    this.element = h("section", { class: "phone", "aria-label": address },
      h("div", { class: "owner" }, h("div", { class: "who" }, this.title, this.sub), this.power),
      this.chat, this.error, this.call, this.own);
  }

  get unread() {
    return Math.max(0, this.last - this.seen);
  }

  look() {
    this.seen = this.last;
  }

  read() {
    this.look();
    requestAnimationFrame(() => { this.chat.scrollTop = this.chat.scrollHeight; }); // what was not on the screen could not scroll
  }

  async send() {
    if (!this.text.value.trim()) return;
    if (await this.act("reply", this.text.value)) this.text.value = "";
  }

  async act(act, text) {
    try {
      await ask("POST", "act", { address: this.address, act, text });
      this.error.hidden = true;
      await this.changed();
      return true;
    } catch (e) {
      this.error.textContent = e.message;
      this.error.hidden = false;
      return false;
    }
  }

  draw(s) {
    const words = JSON.stringify(s);
    if (words === this.drawn) return;
    this.drawn = words;
    this.name = s.name;
    this.off = s.off;
    this.title.textContent = s.name || s.address;
    this.sub.textContent = [s.label, s.name ? s.address : ""].filter(Boolean).join(" · ");
    this.sub.hidden = !this.sub.textContent;
    this.power.replaceChildren(...both(s.off ? "เปิดเครื่อง" : "ปิดเครื่อง", s.off ? "turn on" : "turn off"));
    this.element.classList.toggle("off", s.off);
    this.call.hidden = !s.inCall;
    const atEnd = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 60;
    this.chat.replaceChildren(...(s.items.length ? s.items.map(message) : [h("p", { class: "none" }, both("ยังไม่มีข้อความ", "no messages yet"))]));
    if (atEnd) this.chat.scrollTop = this.chat.scrollHeight;
    this.last = s.items.at(-1)?.seq ?? 0;
  }
}

const names = { SMS: "SMS", VOICE: "โทร", EMAIL: "อีเมล" };

function message(i) {
  const facts = [names[i.channel], time.format(new Date(i.at))];
  if (i.coding) facts.push(`${i.coding}, ${i.parts} ส่วน`);
  if (!i.incoming) facts.push(i.taken ? "ส่งแล้ว" : "กำลังส่ง…");
  const text = i.text || (i.channel === "VOICE" ? "สายที่ไม่ได้รับ · missed call" : "");
  return h("article", { class: i.incoming ? "msg" : "msg own" },
    h("p", {}, i.subject ? h("strong", {}, i.subject) : null, text),
    h("span", { class: "meta" }, facts.join(" · ")));
}
