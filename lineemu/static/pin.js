// The location picker: a map of Thailand without tiles, where a pin may be
// dropped anywhere, as in LINE.
import { h, s, both, dialog } from "./dom.js";

// The outline is drawn by hand, good enough to find a province and no better.
// lon, lat, clockwise from Mae Sai.
const outline = [
  99.88, 20.45, 100.08, 20.36, 100.41, 20.27, 100.55, 20.15, 100.43, 19.72, 100.55, 19.5, 100.9, 19.6, 101.25, 19.57,
  101.25, 19.08, 101.33, 19.03, 101.2, 18.7, 101.06, 18.42, 101.05, 18.18, 101.17, 18.02, 100.98, 17.6, 101.15, 17.47,
  101.4, 17.72, 101.6, 17.82, 101.7, 17.9, 101.9, 18.02, 102.1, 18.2, 102.3, 18.05, 102.6, 17.94, 102.75, 17.88,
  103.05, 18.0, 103.25, 18.32, 103.65, 18.37, 103.97, 18.3, 104.2, 17.98, 104.55, 17.62, 104.79, 17.4, 104.75, 16.95,
  104.74, 16.53, 105.02, 16.2, 105.25, 16.03, 105.4, 15.87, 105.5, 15.42, 105.63, 15.33, 105.47, 15.12, 105.54, 14.75,
  105.43, 14.45, 105.2, 14.34, 104.8, 14.42, 104.2, 14.36, 103.7, 14.43, 103.2, 14.35, 102.92, 14.17, 102.75, 13.98,
  102.55, 13.66, 102.35, 13.55, 102.35, 13.2, 102.5, 12.75, 102.76, 12.42, 102.73, 12.05, 102.92, 11.64, 102.83, 11.9,
  102.58, 12.1, 102.35, 12.2, 102.05, 12.46, 101.75, 12.7, 101.28, 12.66, 100.9, 12.62, 100.87, 12.95, 100.95, 13.3,
  100.98, 13.46, 100.58, 13.52, 100.27, 13.49, 99.99, 13.36, 100.1, 13.03, 99.97, 12.75, 99.96, 12.55, 100.02, 12.2,
  99.8, 11.8, 99.55, 11.25, 99.4, 10.8, 99.27, 10.4, 99.17, 9.9, 99.25, 9.4, 99.4, 9.22, 99.72, 9.32,
  99.87, 9.25, 99.93, 8.95, 99.97, 8.6, 100.2, 8.4, 100.3, 8.1, 100.38, 7.75, 100.6, 7.22, 100.8, 6.98,
  101.3, 6.93, 101.62, 6.7, 101.83, 6.42, 102.09, 6.23, 101.97, 6.02, 101.82, 5.76, 101.62, 5.86, 101.3, 5.8,
  101.12, 5.63, 100.98, 5.78, 101.1, 6.22, 100.86, 6.25, 100.75, 6.47, 100.4, 6.53, 100.18, 6.7, 100.08, 6.45,
  99.75, 6.83, 99.45, 7.25, 99.15, 7.65, 98.92, 8.02, 98.62, 8.35, 98.43, 8.15, 98.4, 7.8, 98.29, 7.85,
  98.27, 8.2, 98.24, 8.75, 98.33, 9.25, 98.55, 9.75, 98.78, 10.4, 98.85, 10.8, 99.3, 11.3, 99.63, 11.8,
  99.43, 12.2, 99.4, 12.55, 99.2, 12.8, 99.17, 13.2, 99.15, 13.72, 98.95, 14.05, 98.58, 14.4, 98.25, 14.85,
  98.38, 15.28, 98.6, 15.45, 98.58, 16.05, 98.9, 16.35, 98.7, 16.3, 98.52, 16.7, 98.45, 17.0, 97.95, 17.5,
  97.73, 17.95, 97.5, 18.28, 97.4, 18.5, 97.75, 18.6, 97.77, 18.95, 97.83, 19.1, 97.8, 19.45, 98.05, 19.77,
  98.3, 19.68, 98.9, 19.77, 99.05, 20.1, 99.25, 20.13, 99.48, 20.12, 99.55, 20.32,
];

// Presets; the last three are the pins that go wrong.
const presets = [
  ["พิษณุโลก", "Phitsanulok", 16.8211, 100.2659],
  ["สุโขทัย", "Sukhothai", 17.0056, 99.8264],
  ["เชียงใหม่", "Chiang Mai", 18.7883, 98.9853],
  ["กรุงเทพฯ", "Bangkok", 13.7563, 100.5018],
  ["พิกัดศูนย์ (0, 0)", "no fix", 0, 0],
  ["ต่างประเทศ", "abroad (Tokyo)", 35.6812, 139.7671],
  ["กลางทะเล", "at sea", 10.5, 100.9],
];

const squeeze = Math.cos((13.5 * Math.PI) / 180); // a degree of longitude is shorter than one of latitude
const x = (lon) => lon * squeeze;
const y = (lat) => -lat;
const whole = { x: x(96.6), y: y(20.9), w: x(106.4) - x(96.6), h: 15.7 };

// pick resolves with {lat, lon, title, address}, or undefined when closed.
export function pick(places, from) {
  return dialog(both("ส่งตำแหน่ง", "Send a location"), (close) => {
    let pin = from ?? { lat: presets[0][2], lon: presets[0][3] };
    let view = { ...whole };
    const land = s("path", { class: "land", d: "M" + outline.map((v, i) => (i % 2 ? y(v) : x(v)).toFixed(3)).join(" ") + "Z" });
    const marks = s("g", {});
    const needle = s("g", { class: "needle" }, s("circle", { class: "needle-ring" }), s("circle", { class: "needle-dot" }));
    const map = s("svg", { class: "map", role: "application", tabindex: "0", "aria-label": "แผนที่ประเทศไทย คลิกเพื่อวางหมุด ปุ่มลูกศรเลื่อนหมุด · Map of Thailand: click drops the pin, arrow keys move it" }, land, marks, needle);

    const lat = h("input", { id: "pin-lat", type: "number", step: "any", required: true });
    const lon = h("input", { id: "pin-lon", type: "number", step: "any", required: true });
    const title = h("input", { id: "pin-title", maxlength: "100", placeholder: "เช่น หน้าบ้าน ตลาด" });

    const names = places.length ? places : presets.slice(0, 4).map(([th, , la, lo]) => ({ name: th, lat: la, lon: lo }));
    function redraw() {
      map.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
      const unit = view.h / 100;
      const zoom = whole.h / view.h;
      marks.replaceChildren(...names.flatMap((p) => [
        s("circle", { class: "mark", cx: x(p.lon), cy: y(p.lat), r: 0.6 * unit }),
        ...(zoom > 1.8 || names.length < 12 ? [label(p, unit, zoom)] : []),
      ]));
      needle.setAttribute("transform", `translate(${x(pin.lon)} ${y(pin.lat)})`);
      needle.children[0].setAttribute("r", 2.4 * unit);
      needle.children[1].setAttribute("r", 0.9 * unit);
    }
    function label(p, unit, zoom) {
      // A name goes to the left when a neighbour would be written over.
      const left = names.some((q) => q !== p && q.lon > p.lon && q.lon - p.lon < 1.5 / zoom && Math.abs(q.lat - p.lat) < 0.5 / zoom);
      const t = s("text", { class: "mark-name", x: x(p.lon) + (left ? -unit : unit), y: y(p.lat) + 0.9 * unit, "text-anchor": left ? "end" : "start", "font-size": 2.8 * unit });
      t.textContent = p.name;
      return t;
    }
    function move(la, lo) {
      pin = { lat: la, lon: lo };
      lat.value = String(+la.toFixed(6));
      lon.value = String(+lo.toFixed(6));
      redraw();
    }
    function zoom(factor, cx = view.x + view.w / 2, cy = view.y + view.h / 2) {
      const w = Math.min(whole.w, Math.max(0.05, view.w * factor));
      const k = w / view.w;
      view = { x: cx - (cx - view.x) * k, y: cy - (cy - view.y) * k, w, h: view.h * k };
      if (w === whole.w) view = { ...whole };
      redraw();
    }
    function at(event) {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
      return [p.x, p.y];
    }

    let drag = null;
    map.addEventListener("pointerdown", (e) => {
      drag = { from: at(e), moved: false, x: e.clientX, y: e.clientY };
      map.setPointerCapture(e.pointerId);
    });
    map.addEventListener("pointermove", (e) => {
      if (!drag) return;
      if (Math.hypot(e.clientX - drag.x, e.clientY - drag.y) > 6) drag.moved = true;
      if (!drag.moved) return;
      const [px, py] = at(e);
      view.x += drag.from[0] - px;
      view.y += drag.from[1] - py;
      redraw();
    });
    map.addEventListener("pointerup", (e) => {
      if (drag && !drag.moved) {
        const [px, py] = at(e);
        move(-py, px / squeeze);
      }
      drag = null;
    });
    map.addEventListener("wheel", (e) => {
      e.preventDefault();
      zoom(e.deltaY > 0 ? 1.25 : 0.8, ...at(e));
    }, { passive: false });
    map.addEventListener("keydown", (e) => {
      const step = view.h / 60;
      const by = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[e.key];
      if (by) {
        e.preventDefault();
        move(pin.lat + by[0], pin.lon + by[1]);
      } else if (e.key === "+" || e.key === "=") zoom(0.7, x(pin.lon), y(pin.lat));
      else if (e.key === "-") zoom(1.4);
    });
    for (const input of [lat, lon]) {
      input.addEventListener("input", () => {
        if (lat.value !== "" && lon.value !== "") {
          pin = { lat: +lat.value, lon: +lon.value };
          redraw();
        }
      });
    }

    move(pin.lat, pin.lon);
    return h("form", {
      class: "pin", method: "dialog",
      onsubmit: (e) => {
        e.preventDefault();
        close({ lat: +lat.value, lon: +lon.value, title: title.value.trim(), address: "" });
      },
    },
      h("div", { class: "pin-map" }, map,
        h("div", { class: "pin-zoom" },
          h("button", { type: "button", "aria-label": "ขยาย · Zoom in", onclick: () => zoom(0.6, x(pin.lon), y(pin.lat)) }, "+"),
          h("button", { type: "button", "aria-label": "ย่อ · Zoom out", onclick: () => zoom(1.6) }, "−"))),
      h("div", { class: "pin-side" },
        h("div", { class: "chips", role: "group", "aria-label": "สถานที่ตัวอย่าง · Sample places" },
          presets.map(([th, en, la, lo], i) => h("button", { type: "button", class: i > 3 ? "chip odd" : "chip", title: en, onclick: () => move(la, lo) }, th))),
        h("div", { class: "pair" },
          h("label", { for: "pin-lat" }, "ละติจูด ", h("span", { lang: "en" }, "latitude"), lat),
          h("label", { for: "pin-lon" }, "ลองจิจูด ", h("span", { lang: "en" }, "longitude"), lon)),
        h("label", { for: "pin-title" }, "ชื่อสถานที่ (ไม่บังคับ) ", h("span", { lang: "en" }, "name, optional"), title),
        h("button", { type: "submit", class: "primary wide" }, both("ส่งตำแหน่งนี้", "Send this location"))));
  });
}
