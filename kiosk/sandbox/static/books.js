// The two lists: switches of trouble, made from the bank's own catalogue, and the bank's ledger.
import { $, make } from "./dom.js";
import { ask, refresh } from "./server.js";

// What a demonstration wants first: words, a switch, the value that means trouble, and which requests it strikes.
const AT_HAND = [
  ["Offline", "offline", "refuse"],
  ["Answer lost", "drop_after", 1, "sale"],
  ["Slow, 4 s", "slow_ms", 4000],
  ["Server error", "error_after", 1, "sale"],
  ["Ask password", "password", "always"],
  ["Paid late", "late_success_s", 20],
  ["No balance", "decline", "NOT_ENOUGH"],
  ["Reversal refused", "reverse_refused", 1],
];
const TIMES = [[0, "off"], [1, "once"], [2, "twice"], [5, "5 times"], [-1, "every time"]];
const STATES = {
  SUCCESS: ["good", "✓", "paid"], REFUND: ["", "↩", "refunded"], NOTPAY: ["wait", "…", "not paid"], USERPAYING: ["wait", "…", "paying"],
  CLOSED: ["", "–", "closed"], REVOKED: ["", "↩", "reversed"], PAYERROR: ["bad", "✕", "failed"],
};
const TENDERS = { MICROPAY: "Quick Pay", NATIVE: "QR" };

let drawn = false;
let shown = "";
let known = null;

async function set(name, value) {
  try {
    await ask("trouble", { name, value });
  } catch (problem) {
    $("switches").querySelector(`#switch-${name}`)?.setCustomValidity?.(problem.message);
    $("switches").querySelector(`#switch-${name}`)?.reportValidity?.();
  }
  shown = "";
  await refresh();
}

export function showTrouble(switches) {
  if (!drawn) draw(switches);
  const values = JSON.stringify(switches.map((each) => each.value));
  if (values === shown) return;
  shown = values;
  const changed = switches.filter((each) => each.value !== each.default);
  const astray = changed.filter((each) => each.name !== "strikes"); // which alone troubles nobody
  for (const each of switches) showValue(each);
  for (const chip of document.querySelectorAll(".quick button")) {
    const its = switches.find((each) => each.name === chip.dataset.name);
    chip.setAttribute("aria-pressed", String(its.value !== its.default));
  }
  for (const group of document.querySelectorAll(".group")) {
    const on = astray.filter((each) => each.group === group.dataset.group).length;
    const all = switches.filter((each) => each.group === group.dataset.group).length;
    const note = group.querySelector("summary small");
    note.textContent = on ? `${on} on` : String(all);
    note.classList.toggle("on", on > 0);
  }
  $("reset").disabled = changed.length === 0;
  $("sign-trouble").classList.toggle("on", astray.length > 0);
  $("sign-trouble").lastElementChild.textContent = astray.length ? `Trouble: ${astray.length} on` : "No trouble";
  document.querySelector('.tabs [data-part="books"]').classList.toggle("on", astray.length > 0);
}

function draw(switches) {
  const quick = make("div", { className: "quick", role: "group", ariaLabel: "Trouble at hand" });
  for (const [words, name, value, strikes] of AT_HAND) {
    const its = switches.find((each) => each.name === name);
    if (!its) continue;
    const chip = make("button", { type: "button", title: `${its.title}: ${its.explanation}`, data: { name } }, make("i", { ariaHidden: "true" }), words);
    chip.addEventListener("click", async () => {
      const on = chip.getAttribute("aria-pressed") !== "true";
      if (strikes && on) await set("strikes", strikes); // else an earlier order that is still asked for takes it
      await set(name, on ? value : its.default);
    });
    quick.append(chip);
  }
  $("switches").replaceChildren(quick);
  for (const name of new Set(switches.map((each) => each.group))) {
    const rows = switches.filter((each) => each.group === name).map(drawSwitch);
    $("switches").append(make("details", { className: "group", data: { group: name } }, make("summary", {}, name, make("small")), ...rows));
  }
  drawn = true;
}

function drawSwitch(its) {
  const id = `switch-${its.name}`;
  const control = its.kind === "flag" ? make("input", { type: "checkbox", id })
    : its.kind === "number" ? make("input", { type: "number", id, min: 0, max: its.most, step: 1, required: true })
    : make("select", { id }, ...choices(its).map(([value, words]) => make("option", { value: String(value) }, words)));
  control.setAttribute("aria-describedby", `${id}-why`);
  control.addEventListener("input", () => control.setCustomValidity?.(""));
  control.addEventListener("change", () => {
    if (!control.reportValidity()) return;
    set(its.name, its.kind === "flag" ? control.checked : its.kind === "choice" ? control.value : Number(control.value));
  });
  return make("div", { className: "switch", data: { name: its.name } },
    make("label", { htmlFor: id }, its.title),
    make("p", { id: `${id}-why` }, its.explanation),
    make("div", { className: "control" }, control));
}

function choices(its) {
  return its.kind === "count" ? TIMES : its.choices.map((value) => [value, value]);
}

function showValue(its) {
  const control = $(`switch-${its.name}`);
  if (its.kind === "flag") control.checked = its.value;
  else if (its.kind === "number") document.activeElement === control || (control.value = its.value);
  else {
    const value = String(its.value);
    if (![...control.options].some((each) => each.value === value)) control.append(make("option", { value }, `${value} times`));
    control.value = value;
  }
  control.closest(".switch").classList.toggle("on", its.value !== its.default);
}

$("reset").addEventListener("click", async () => {
  await ask("trouble/reset", {}).catch(() => {});
  shown = "";
  await refresh();
});

export function showOrders(orders, count) {
  const text = JSON.stringify(orders);
  if (known?.text === text) return;
  const fresh = (order) => known && known.states.get(order.out_trade_no) !== order.trade_state;
  $("count").textContent = count === 0 ? "" : `${count} ${count === 1 ? "order" : "orders"}${count > orders.length ? `, the last ${orders.length}` : ""}`;
  if (orders.length === 0) $("orders").replaceChildren(make("p", { className: "none" }, "No order yet. What the kiosk asks WeChat Pay for appears here."));
  else {
    const head = make("tr", {}, ...["Order", "Amount", "State"].map((words) => make("th", { scope: "col", className: words === "Amount" ? "figure" : "" }, words)));
    const rows = orders.map((order) => line(order, fresh(order)));
    $("orders").replaceChildren(make("table", { className: "orders" }, make("thead", {}, head), make("tbody", {}, ...rows)));
  }
  known = { text, states: new Map(orders.map((order) => [order.out_trade_no, order.trade_state])) };
}

function line(order, fresh) {
  const [mood, sign, words] = STATES[order.trade_state] ?? ["", "", order.trade_state];
  const notes = [];
  if (order.debits > 1) notes.push(`debited ${order.debits} times`);
  if (order.reversals) notes.push("money went back");
  for (const refund of order.refunds) notes.push(`refund ${refund.refund.en}: ${refund.status.toLowerCase()}`);
  const debit = order.debits ? `paid ${order.payer_total.en}` : "nothing taken";
  return make("tr", { className: fresh ? "fresh" : "", data: { order: order.out_trade_no, state: order.trade_state } },
    make("td", {}, make("code", {}, order.out_trade_no), make("small", { title: "Beijing time" }, `${TENDERS[order.trade_type] ?? order.trade_type}, ${order.created_at.slice(11, 19)}`)),
    make("td", { className: "figure" }, make("b", {}, order.total.en), make("small", {}, debit)),
    make("td", {}, make("span", { className: `state ${mood}`, title: order.trade_state }, make("span", { ariaHidden: "true" }, sign), words), ...notes.map((note) => make("small", {}, note))));
}
