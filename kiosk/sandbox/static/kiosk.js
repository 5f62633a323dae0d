// The drawn kiosk: its screen as a picture that is fetched whenever it has changed, and its keys by mouse, touch and keyboard.
import { $ } from "./dom.js";
import { ask, refresh, root } from "./server.js";

const BETWEEN_MS = 150;
const HELD_MS = 700; // CLEAR held so long clears all
const BY_KEYBOARD = {
  Enter: "OK", Backspace: "CLEAR", Escape: "CANCEL", F1: "SCAN", F2: "QR", F3: "CANCEL", F4: "MENU", a: "SCAN", b: "QR", c: "CANCEL", d: "MENU",
};
const canvas = $("screen");
let etag = null;
let running = null;
let sending = Promise.resolve(); // one key after the other: two requests at once may overtake each other

export function showKiosk(kiosk, seen) {
  running = kiosk.running;
  $("sign-kiosk").className = `sign ${running ? "well" : kiosk.here ? "unwell" : ""}`;
  say($("sign-kiosk").lastElementChild, running ? "Kiosk is running" : kiosk.here ? "Kiosk is not running" : "No kiosk here");
  $("no-screen").hidden = running;
  const [what, ...why] = (kiosk.problem ?? "").split(": ");
  say($("no-screen-title"), what);
  say($("no-screen-why"), why.join(": "));
  canvas.setAttribute("aria-label", running ? `The kiosk's screen: ${kiosk.screen ?? "no name"}` : "The kiosk's screen is dark");
  $("kiosk").classList.toggle("sees", seen);
  say($("lens-note"), seen ? "Camera sees the phone" : "Camera");
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text; // or a screen reader would read it out each time
}

async function fetchScreen() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch(`${root}screen.png`, { headers, cache: "no-store" });
  if (response.status !== 200) return;
  const picture = await createImageBitmap(await response.blob());
  if (canvas.width !== picture.width || canvas.height !== picture.height) Object.assign(canvas, { width: picture.width, height: picture.height });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  etag = response.headers.get("ETag");
}

async function keepFetching() {
  if (running && !document.hidden && canvas.offsetParent !== null) await fetchScreen().catch(() => { etag = null; });
  setTimeout(keepFetching, BETWEEN_MS);
}

function press(key) {
  const button = document.querySelector(`[data-key="${key === "CLEAR_ALL" ? "CLEAR" : key}"]`);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 110);
  sending = sending.then(() => ask("key", { key })).catch(refresh); // which shows why, in place of the screen
}

let clearing = null;
let cleared = false;
for (const button of document.querySelectorAll("[data-key]")) {
  const key = button.dataset.key;
  button.addEventListener("pointerdown", () => {
    cleared = false;
    if (key === "CLEAR") clearing = setTimeout(() => { cleared = true; press("CLEAR_ALL"); }, HELD_MS);
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, () => clearTimeout(clearing));
  button.addEventListener("mousedown", (event) => event.preventDefault()); // no focus, so that Enter remains OK afterwards
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", () => cleared && key === "CLEAR" ? (cleared = false) : press(key));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !$("sheet").hidden) return;
  const typing = event.target.closest("input, select, textarea");
  const choosing = (event.key === "Enter" || event.key === " ") && event.target.closest("button, summary, a");
  if (typing || choosing) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const key = /^[0-9]$/.test(name) ? name : BY_KEYBOARD[name];
  if (!key) return;
  event.preventDefault();
  if (!event.repeat) press(key);
  else if (key === "CLEAR" && !cleared) { cleared = true; press("CLEAR_ALL"); }
});
document.addEventListener("keyup", () => { cleared = false; });

keepFetching();
