// What is happening to the money: the stand-in's truth beside what the kiosk believes.
import { $ } from "./dom.js";

const VERDICTS = { agree: "\u2713 They agree", open: "\u2026 Not settled yet", differ: "! They differ" };

export function showStory(story) {
  $("story").hidden = !story;
  if (!story) return;
  $("story").dataset.mood = story.mood;
  const parts = { wechat: story.wechat, wire: story.wire, kiosk: story.kiosk, verdict: VERDICTS[story.mood] };
  for (const [name, text] of Object.entries(parts)) {
    const element = $(`story-${name}`);
    if (element.textContent !== text) element.textContent = text; // or a screen reader would read it out each time
  }
}
