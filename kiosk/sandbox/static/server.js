// Talking to the bench's server: one question, or everything that is, twice a second.

const EVERY_MS = 500;
export const root = document.body.dataset.root; // "/bench/"
let asking = null;
let again = false;
let tell = null;

/** GET or, with a body, POST. Rejects with an Error whose message is the server's sentence. */
export async function ask(path, body) {
  const posting = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(root + path, posting);
  } catch {
    throw new Error("The bench does not answer: it was stopped, or the connection is gone.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.problem ?? `The bench answered ${response.status}.`);
  return answer;
}

/** Ask for the state now; when an answer is under way already, once more after it. Resolves when that was shown. */
export async function refresh() {
  if (asking) {
    again = true;
    return asking;
  }
  asking = (async () => {
    do {
      again = false;
      await ask("now").then((now) => tell(now, null), (problem) => tell(null, problem.message));
    } while (again);
  })().finally(() => { asking = null; });
  return asking;
}

/** From now on `show(now, problem)` gets every state, or why there is none. A hidden page does not ask. */
export function watch(show) {
  tell = show;
  const keepAsking = async () => {
    if (!document.hidden) await refresh();
    setTimeout(keepAsking, EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  keepAsking();
}
