// Offers the phone's own position where a place is asked for. Every page works without it.
"use strict";
for (const button of document.querySelectorAll("button[data-pin]")) {
  if (!("geolocation" in navigator)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const said = button.nextElementSibling;
    said.textContent = button.dataset.wait;
    navigator.geolocation.getCurrentPosition(
      (p) => {
        document.getElementById(button.dataset.pin).value = p.coords.latitude.toFixed(6) + "," + p.coords.longitude.toFixed(6);
        said.textContent = button.dataset.done + " ± " + Math.round(p.coords.accuracy) + " m";
      },
      () => { said.textContent = button.dataset.fail; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    );
  });
}
