// One simulated phone: what a person sees of the account, and what a person
// can do.
import { h, both, icon, get, post, base64 } from "./dom.js";
import { message, place } from "./message.js";
import { pick } from "./pin.js";

const clock = new Intl.DateTimeFormat("th-TH", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("th-TH", { weekday: "long", day: "numeric", month: "long" });

const notes = {
  follow: ["เพิ่มเป็นเพื่อนแล้ว", "added as a friend"],
  unblock: ["เลิกบล็อกแล้ว", "unblocked"],
  block: ["บล็อกบัญชีนี้แล้ว", "blocked this account"],
  unsend: ["ยกเลิกข้อความแล้ว", "unsent a message"],
  join: ["เชิญบัญชีเข้ากลุ่มแล้ว", "the account was invited"],
  leave: ["นำบัญชีออกจากกลุ่มแล้ว", "the account was taken out"],
};

export class Phone {
  constructor(id, setting, onClose) {
    this.id = id;
    this.setting = setting;
    this.seen = 0; // the last item drawn
    this.lastDay = "";
    this.menuOpen = null; // null: as the menu wishes
    this.menuKey = "";
    this.build(onClose);
  }

  build(onClose) {
    const account = this.setting.account;
    this.name = h("strong", {});
    this.label = h("span", { class: "label" });
    this.friendship = h("button", { type: "button", class: "small" });
    this.lock = h("p", { class: "lock", role: "status" });
    this.chat = h("div", { class: "chat", role: "log", tabindex: "0", "aria-label": `แชตกับ ${account} · Chat with ${account}` });
    this.dots = h("div", { class: "row in", hidden: true }, h("div", { class: "bubble dots", "aria-label": "กำลังพิมพ์ · typing" }, h("i"), h("i"), h("i")));
    this.quick = h("div", { class: "quick", role: "group", "aria-label": "ตอบด่วน · Quick replies", hidden: true });
    this.text = h("input", { class: "text", "aria-label": "พิมพ์ข้อความ · Type a message", placeholder: "พิมพ์ข้อความ", maxlength: "5000", autocomplete: "off" });
    this.speaker = h("select", { class: "speaker", "aria-label": "ผู้พูดในกลุ่ม · Who speaks in the group", hidden: true });
    this.file = h("input", { type: "file", accept: "image/*,audio/*", hidden: true, onchange: () => this.attach() });
    this.bar = h("form", { class: "bar", onsubmit: (e) => { e.preventDefault(); this.say(); } },
      this.speaker,
      this.photo = h("button", { type: "button", class: "icon", "aria-label": "แนบรูปหรือเสียง · Attach a photo or voice", title: "แนบรูปหรือเสียง", onclick: () => this.file.click() }, icon("photo")),
      this.pinButton = h("button", { type: "button", class: "icon", "aria-label": "ส่งตำแหน่ง · Send a location", title: "ส่งตำแหน่ง", onclick: () => this.locate() }, icon("pin")),
      this.text, this.file,
      h("button", { type: "submit", class: "send" }, "ส่ง"));
    this.menuBar = h("button", { type: "button", class: "menu-bar", hidden: true, onclick: () => { this.menuOpen = this.menu.hidden; this.showMenu(); } });
    this.menu = h("div", { class: "menu", role: "group", "aria-label": "เมนู · Rich menu", hidden: true });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.element = h("article", { class: "phone", id: "phone-" + this.id, "aria-label": "โทรศัพท์" },
      h("header", { class: "owner" },
        h("div", { class: "who" }, this.name, this.label),
        this.friendship,
        h("button", { type: "button", class: "icon", "aria-label": "เอาออกจากหน้านี้ · Remove from this page", title: "เอาออกจากหน้านี้", onclick: onClose }, icon("close"))),
      this.lock,
      h("div", { class: "screen" },
        h("div", { class: "chat-head" }, this.avatar = h("span", { class: "avatar", "aria-hidden": "true" }, account.slice(0, 1)), this.title = h("span", {}, account)),
        this.chat, this.quick, this.error, this.bar, this.menuBar, this.menu));
    this.chat.append(this.dots);
  }

  // refresh asks for what is new. Calls that overlap become one more call.
  async refresh() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      do {
        this.again = false;
        this.draw(await get(`phones/${this.id}?after=${this.seen}`));
      } while (this.again);
    } finally {
      this.busy = false;
    }
  }

  draw(state) {
    this.user = state.user;
    this.element.setAttribute("aria-label", `โทรศัพท์ของ ${state.user.name}`);
    this.name.textContent = state.user.name;
    this.label.textContent = state.user.label ?? "";
    const [act, words] = state.blocked ? ["unblock", both("เลิกบล็อก", "Unblock")] : state.user.friend ? ["block", both("บล็อก", "Block")] : ["follow", both("เพิ่มเพื่อน", "Add")];
    this.friendship.replaceChildren(...words);
    this.friendship.onclick = () => this.act({ act });
    if (state.members) this.drawGroup(state);
    const low = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 80;
    for (const item of state.items) {
      if (item.seq <= this.seen) continue;
      this.seen = item.seq;
      this.add(item);
    }
    this.dots.hidden = !state.loading;
    clearTimeout(this.timer);
    if (state.loading) this.timer = setTimeout(() => this.refresh(), 2000);
    this.chat.append(this.dots);
    this.drawRead(state.readUpTo);
    this.drawQuick(state.quickReplies ?? []);
    this.drawMenu(state.menu);
    if (low || state.items.length) this.toEnd();
  }

  // drawGroup turns the phone into what everybody in a group reads: somebody
  // of it speaks, and the account is a member or not.
  drawGroup({ user, members }) {
    const [act, words] = user.friend ? ["remove", both("นำ ESS ออก", "Remove")] : ["invite", both("เชิญ ESS", "Invite")];
    this.friendship.replaceChildren(...words);
    this.friendship.onclick = () => this.act({ act });
    if (!this.speaker.hidden) return;
    this.element.setAttribute("aria-label", `กลุ่ม ${user.name}`);
    this.chat.setAttribute("aria-label", `แชตกลุ่ม ${user.name} · Group chat`);
    this.avatar.textContent = user.name.slice(0, 1);
    this.title.textContent = `${user.name} (${members.length})`;
    this.speaker.replaceChildren(...members.map((m) => h("option", { value: m.id }, m.name)));
    this.speaker.hidden = false;
    this.photo.hidden = this.pinButton.hidden = true;
  }

  toEnd() {
    this.chat.scrollTop = this.chat.scrollHeight;
  }

  add(item) {
    const at = new Date(item.at);
    const date = day.format(at);
    if (date !== this.lastDay) {
      this.lastDay = date;
      this.chat.append(h("p", { class: "note" }, h("span", {}, date)));
    }
    const time = h("time", { datetime: item.at }, clock.format(at));
    if (item.incoming) {
      if (item.type === "loading") return;
      this.ring(item);
      const inside = item.message ? message(item.message, (label) => this.tap({ act: "button", messageId: item.messageId, label })) : h("p", { class: "say" }, (item.texts ?? []).join("\n"));
      const wide = ["flex", "template"].includes(item.type);
      this.chat.append(h("div", { class: "row in" },
        item.sender ? h("span", { class: "sender" }, item.sender) : null,
        h("div", { class: wide ? "bubble bare" : "bubble" }, inside), time));
      return;
    }
    if (item.type === "unsend") {
      this.chat.querySelector(`[data-message="${CSS.escape(item.messageId)}"]`)?.remove();
    }
    if (item.shown && !item.unsent) {
      const media = ["text", "location", "image", "audio"].includes(item.type) && this.speaker.hidden; // a group is not unsent from here
      if (item.sender) this.chat.append(h("p", { class: "sender by" }, item.sender));
      this.chat.append(h("div", { class: "row out", "data-message": item.messageId ?? "", "data-kind": item.type },
        h("div", { class: "bubble" }, this.own(item)),
        h("span", { class: "meta" }, h("span", { class: "read" }), time,
          media ? h("button", { type: "button", class: "unsend", onclick: () => this.act({ act: "unsend", messageId: item.messageId }) }, "ยกเลิกข้อความ") : null)));
      return;
    }
    const words = notes[item.type] ?? this.tapNote(item);
    if (words) this.chat.append(h("p", { class: "note" }, h("span", {}, both(words[0], words[1]))));
  }

  // tapNote tells what a tap did when the chat itself shows nothing.
  tapNote({ type, tapped, shown }) {
    if (!tapped || shown) return null;
    return type === "uri" ? [`เปิด “${tapped.label}”`, tapped.action.uri] : [`แตะ “${tapped.label}” ไม่แสดงในแชต`, "not shown in the chat"];
  }

  own(item) {
    switch (item.type) {
      case "location":
        return place(item.texts?.[0], item.texts?.[1], item.lat, item.lon);
      case "image":
        return h("img", { class: "photo", src: `api/content/${item.messageId}`, alt: "รูปที่ส่ง · photo sent" });
      case "audio":
        return h("p", { class: "say" }, icon("voice"), "ข้อความเสียง");
      default:
        return h("p", { class: "say" }, (item.texts ?? []).join("\n"));
    }
  }

  // ring shows what the locked screen showed, and whether anybody heard it.
  ring(item) {
    this.lock.className = item.rang ? "lock rang" : "lock silent";
    this.lock.replaceChildren(
      h("span", { class: "lock-how" }, icon(item.rang ? "bell" : "mute"), item.rang ? "ดัง" : "เงียบ"),
      h("span", { class: "lock-text" }, item.rang ? item.lockScreen ?? "" : `(${item.preview ?? ""})`),
      h("time", {}, clock.format(new Date(item.at))));
  }

  drawRead(upTo) {
    if (!upTo) return;
    for (const row of this.chat.querySelectorAll(".row.out[data-message]")) {
      const id = row.dataset.message;
      if (id && row.dataset.kind !== "postback" && BigInt(id) <= BigInt(upTo)) row.querySelector(".read").textContent = "อ่านแล้ว";
    }
  }

  drawQuick(buttons) {
    this.quick.hidden = buttons.length === 0;
    this.quick.replaceChildren(...buttons.map((b) =>
      h("button", { type: "button", class: "chip", onclick: () => this.tap({ act: "quick", label: b.label }) }, b.label)));
  }

  drawMenu(menu) {
    this.menuBar.hidden = !menu;
    const key = JSON.stringify(menu);
    if (key !== this.menuKey) {
      if (!this.menuKey || this.menuOpen === null) this.menuOpen = null;
      this.menuKey = key;
      this.menu.replaceChildren();
      if (menu) {
        this.menu.style.aspectRatio = `${menu.width} / ${menu.height}`;
        this.menu.classList.toggle("with-image", menu.hasImage);
        this.menu.style.backgroundImage = menu.hasImage ? `url("api/menus/${menu.id}")` : "";
        menu.areas.forEach((a, i) => this.menu.append(h("button", {
          type: "button", class: "area", "aria-label": a.label, title: a.label,
          style: { left: (100 * a.x) / menu.width + "%", top: (100 * a.y) / menu.height + "%", width: (100 * a.width) / menu.width + "%", height: (100 * a.height) / menu.height + "%" },
          onclick: () => this.tap({ act: "menu", area: i }),
        }, h("span", {}, a.label))));
      }
    }
    this.wish = menu;
    this.showMenu();
  }

  showMenu() {
    const menu = this.wish;
    this.menu.hidden = !menu || !(this.menuOpen ?? menu.selected);
    this.menuBar.setAttribute("aria-expanded", String(!this.menu.hidden));
    this.menuBar.textContent = menu ? `${menu.chatBarText} ${this.menu.hidden ? "▴" : "▾"}` : "";
  }

  async act(body) {
    this.error.hidden = true;
    try {
      const answer = await post("phones/" + this.id, body);
      await this.refresh();
      return answer.action;
    } catch (e) {
      this.error.textContent = e.message;
      this.error.hidden = false;
      return undefined;
    }
  }

  say() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.act({ act: "say", text, by: this.speaker.value });
  }

  // tap taps something and goes on as the phone would: some buttons only open
  // a screen.
  async tap(body) {
    const a = await this.act(body);
    if (!a) return;
    if (a.type === "location" || (a.type === "uri" && a.uri.startsWith("https://line.me/R/nv/location"))) this.locate();
    else if (a.type === "camera" || a.type === "cameraRoll") this.file.click();
    switch (a.inputOption) {
      case "closeRichMenu":
        this.menuOpen = false;
        break;
      case "openRichMenu":
        this.menuOpen = true;
        break;
      case "openKeyboard":
        this.menuOpen = false;
        if (a.fillInText) this.text.value = a.fillInText;
        this.text.focus();
        break;
    }
    this.showMenu();
  }

  async locate() {
    const pin = await pick(this.setting.places ?? [], this.pin);
    if (!pin) return;
    this.pin = { lat: pin.lat, lon: pin.lon };
    this.act({ act: "location", ...pin });
  }

  async attach() {
    const file = this.file.files[0];
    this.file.value = "";
    if (file) this.act({ act: file.type.startsWith("audio/") ? "audio" : "image", data: await base64(file) });
  }
}
