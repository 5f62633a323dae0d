// The page as a whole: hands each part what concerns it, and turns the pages of a small window.
import { showOrders, showTrouble } from "./books.js";
import { showStory } from "./story.js";
import { showKiosk } from "./kiosk.js";
import { showPhone } from "./phone.js";
import { watch } from "./server.js";

watch((now, problem) => {
  if (!now) return showKiosk({ here: true, running: false, problem }, false);
  showKiosk(now.kiosk, now.phone.seen);
  document.getElementById("slip").hidden = !now.printed;
  showStory(now.story);
  showPhone(now.phone, now.kiosk);
  showTrouble(now.trouble);
  showOrders(now.orders, now.count);
});

const tabs = document.querySelectorAll(".tabs button");
for (const tab of tabs) {
  tab.addEventListener("click", () => {
    document.body.dataset.part = tab.dataset.part;
    for (const each of tabs) each.setAttribute("aria-current", String(each === tab));
    scrollTo(0, 0);
  });
}
