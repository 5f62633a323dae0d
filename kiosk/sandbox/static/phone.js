// The customer's phone: draws what the server says the phone shows, sends what the customer does.
import { $ } from "./dom.js";
import { ask, refresh, root } from "./server.js";

const RESULTS = {
  paid: ["✓", "支付成功", "Paid"],
  failed: ["✕", "支付未完成", "Not paid"],
  returned: ["↩", "退款已到账", "Money returned"],
};
const TONGUE = "bench.tongue";
const hand = document.querySelector(".hand");
let phone = null;
let tongue = "zh";
let silence = null;

export function showPhone(next, kiosk) {
  const before = phone;
  phone = next;
  if (before?.version !== next.version) {
    $("bars").src = `${root}phone/code128.svg?version=${next.version}`;
    $("square").src = `${root}phone/qr.svg?version=${next.version}`;
  }
  for (const left of document.querySelectorAll(".left")) left.textContent = next.left_s;
  $("ring").style.strokeDashoffset = String(100 - (100 * next.left_s) / next.life_s);
  $("hold").hidden = !next.can_hold;
  $("hold").setAttribute("aria-pressed", String(next.held));
  $("hold-words").textContent = next.held ? "Take away" : "Hold to camera";
  hand.classList.toggle("held", next.held);
  $("link").hidden = kiosk.here;
  $("scan").hidden = !kiosk.here;
  $("scan").disabled = !kiosk.running;
  $("balance").textContent = next.balance[tongue];
  $("clock").textContent = new Date().toTimeString().slice(0, 5);
  showPages(before, next);
}

function showPages(before, next) {
  const asks = next.bill?.asks_password ?? false;
  const page = asks ? "code" : next.page;
  for (const each of document.querySelectorAll(".page")) {
    each.hidden = each.dataset.page !== page;
    each.inert = asks;
  }
  if (JSON.stringify([before?.bill, before?.result]) === JSON.stringify([next.bill, next.result])) return;
  const { bill, result } = next;
  if (bill) showBill(bill);
  if (result) {
    showResult(result);
    $("toast").hidden = true;
  }
  const opens = asks && $("sheet").hidden;
  $("sheet").hidden = !asks;
  if (opens) {
    $("password").value = "";
    $("code-word").textContent = next.password;
    $("password").focus({ preventScroll: true });
  }
  if (!next.bill && before?.bill && document.activeElement === document.body) $("hold").focus({ preventScroll: true });
}

function showBill(bill) {
  const payer = bill.payer.currency === bill.total.currency ? "" : bill.payer[tongue];
  $("bill-shop").textContent = bill.shop;
  $("bill-face").textContent = [...bill.shop][0] ?? "";
  $("bill-what").textContent = bill.what === bill.shop ? "" : bill.what;
  $("bill-total").textContent = bill.total[tongue];
  $("bill-payer").textContent = payer;
  $("sheet-shop").textContent = bill.shop;
  $("sheet-total").textContent = bill.total[tongue];
}

function showResult(result) {
  const [sign, chinese, english] = RESULTS[result.kind];
  $("seal").textContent = sign;
  $("seal").className = `seal ${result.kind === "failed" ? "not" : ""}`;
  $("result-title").replaceChildren(pair(chinese, english));
  $("result-shop").textContent = result.shop;
  $("result-total").textContent = result.total[tongue];
  const moved = result.kind !== "failed" && result.payer.currency !== result.total.currency;
  $("result-payer").textContent = moved ? result.payer[tongue] : "";
}

function pair(chinese, english) {
  const both = document.createElement("span");
  const zh = Object.assign(document.createElement("span"), { className: "zh", lang: "zh", textContent: chinese });
  const en = Object.assign(document.createElement("span"), { className: "en", textContent: english });
  both.append(zh, " ", en);
  return both;
}

/** Do something at the phone; what the server refuses is said on the phone's screen for a while. */
async function act(verb, body = {}) {
  try {
    await ask(`phone/${verb}`, body);
    $("toast").hidden = true;
    return true;
  } catch (problem) {
    $("toast").textContent = problem.message;
    $("toast").hidden = false;
    clearTimeout(silence);
    silence = setTimeout(() => { $("toast").hidden = true; }, 6000);
    return false;
  } finally {
    await refresh();
  }
}

const order = () => ({ out_trade_no: phone.bill?.out_trade_no ?? "" });

$("renew").addEventListener("click", () => act("renew"));
$("hold").addEventListener("click", () => act("hold", { held: !phone?.held }));
$("scan").addEventListener("click", () => act("scan"));
$("pay").addEventListener("click", () => act("pay", order()));
$("not-now").addEventListener("click", () => act("dismiss", order()));
$("done").addEventListener("click", () => act("done"));
$("sheet-close").addEventListener("click", () => act("dismiss", order()));
$("refuse").addEventListener("click", () => act("decline", order()));
$("link").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await act("scan", { code_url: $("code-url").value })) $("code-url").value = "";
});

$("sheet").addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = $("password").value;
  if (!/^[0-9]{6}$/.test(password)) return;
  await act("pay", { ...order(), password });
  $("password").value = "";
  if (!$("sheet").hidden) $("password").focus({ preventScroll: true });
});
$("sheet").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    act("dismiss", order());
  }
});
$("pad").addEventListener("click", (event) => {
  const digit = event.target.closest("[data-digit]")?.dataset.digit;
  if (!digit) return;
  const entered = $("password").value;
  $("password").value = digit === "back" ? entered.slice(0, -1) : (entered + digit).slice(0, 6);
});

function speak(chosen) {
  tongue = hand.dataset.tongue = chosen;
  for (const button of document.querySelectorAll(".tongue button")) button.setAttribute("aria-pressed", String(button.dataset.tongue === chosen));
  if (phone?.bill) showBill(phone.bill);
  if (phone?.result) showResult(phone.result);
  if (phone) $("balance").textContent = phone.balance[tongue];
}
for (const button of document.querySelectorAll(".tongue button")) {
  button.addEventListener("click", () => {
    localStorage.setItem(TONGUE, button.dataset.tongue);
    speak(button.dataset.tongue);
  });
}
speak(localStorage.getItem(TONGUE) === "en" ? "en" : "zh");
