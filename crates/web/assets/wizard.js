// The evaluation wizard without waiting for the network. All categories are in the page already: one as a form, the
// others as what differs between them. This makes forms of them and shows one at a time. A tap is kept on the device first, sent about a second later, and forgotten here once the server has it.
//
// Each tap is kept with its time on this device's clock and sent with its age, so that wrong clocks don't matter; of two
// taps on the same thing the server keeps the later one. Taps are kept under the name of who made them: another
// person's, on the same device, are neither read nor sent.

const DEBOUNCE_MS = 1_000;
const SLOW_MS = 1_500;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;
const ANSWER_LIMIT_MS = 20_000;
const KEPT_DAYS = 60;
const SPACE = "palisade.tap:";

const root = document.querySelector("[data-wizard]");
const { owner, evaluation, marks, check } = root.dataset;
const statusLine = root.querySelector("[data-status]");
const statusText = statusLine.querySelector("[data-status-text]");
const statusLink = statusLine.querySelector("a");

// ---- Taps that the server does not have yet ----

const prefix = `${SPACE}${owner}:${evaluation}:`;
// Where the browser keeps nothing for us, taps live as long as the page.
const memory = new Map();

function keep(key, tap) {
  const text = JSON.stringify(tap);
  memory.delete(key);
  try {
    localStorage.setItem(prefix + key, text);
  } catch {
    memory.set(key, text);
  }
}

function storedKeys() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

function keptText(key) {
  return memory.get(key) ?? localStorage.getItem(prefix + key);
}

function kept() {
  const keys = storedKeys().filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const taps = new Map();
  for (const key of new Set([...keys, ...memory.keys()])) {
    try {
      taps.set(key, JSON.parse(keptText(key)));
    } catch {
      forget(key);
    }
  }
  return taps;
}

function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(prefix + key);
  } catch {
    // Then it was never there.
  }
}

/** The server has this tap. One that was made meanwhile stays. */
function settle(key, tap) {
  if (keptText(key) === JSON.stringify(tap)) forget(key);
}

/** Taps that nobody came back for in two months. */
function forgetOldTaps() {
  const oldest = Date.now() - KEPT_DAYS * 86_400_000;
  for (const name of storedKeys().filter((name) => name.startsWith(SPACE))) {
    const at = /"at":(\d+)/.exec(localStorage.getItem(name) ?? "")?.[1];
    if (!at || Number(at) < oldest) localStorage.removeItem(name);
  }
}

// ---- Rows: what the page shows of a mark, and back ----

const rowOf = (key) => {
  const [kind, id] = [key[0], key.slice(2)];
  if (kind === "n") return root.querySelector("[data-notes]");
  return root.querySelector(`[data-${kind === "s" ? "skill" : "tool"}="${CSS.escape(id)}"]`);
};
const keyOf = (row) => {
  if (row.dataset.skill) return `s:${row.dataset.skill}`;
  return row.dataset.tool ? `t:${row.dataset.tool}` : "n:";
};
const radioOf = (row, value) => row.querySelector(`input[type=radio][value="${value}"]`);
const chosen = (row) => row.querySelector("input[type=radio]:checked")?.value ?? "";
const textOf = (row) => row.querySelector("textarea")?.value.trim() || null;
const answer = (word) => ({ yes: true, no: false })[word] ?? null;
const word = (value) => (value === true ? "yes" : value === false ? "no" : "");

function read(row) {
  if (row.dataset.skill) return { rating: Number(chosen(row)) || null, note: textOf(row) };
  if (!row.dataset.tool) return { text: textOf(row) ?? "" };
  const truck = row.querySelector("input[type=checkbox]");
  // A box that nobody ever touched says nothing; one that was unticked says no.
  const stock = truck.checked ? true : "answered" in truck.dataset ? false : null;
  return { can_operate: answer(chosen(row)), truck_stock: stock, note: textOf(row) };
}

function write(row, mark) {
  if (row.dataset.tool) {
    radioOf(row, word(mark.can_operate)).checked = true;
    const truck = row.querySelector("input[type=checkbox]");
    truck.checked = mark.truck_stock === true;
    if (mark.truck_stock !== null) truck.dataset.answered = "";
  }
  if (row.dataset.skill) radioOf(row, mark.rating ?? "").checked = true;
  const area = row.querySelector("textarea");
  const text = mark.note ?? mark.text ?? "";
  if (area && area.value.trim() !== text && document.activeElement !== area) area.value = text;
}

function tapped(row) {
  keep(keyOf(row), { ...read(row), at: Date.now() });
  count(row.closest("[data-step]"));
  schedule();
}

// ---- The categories that the page brings as what differs between them ----

/** A row by the pattern of one. */
function makeRow(pattern, item) {
  const row = pattern.cloneNode(true);
  const { skill, tool, last, rating, can, truck, note = null } = item.dataset;
  const [name, lastTime] = row.querySelectorAll(".what > span");
  name.textContent = item.textContent;
  if (last) row.dataset.last = last;
  else delete row.dataset.last;
  if (last && lastTime) lastTime.textContent = lastTime.textContent.replace("0", last);
  else lastTime?.remove();
  if (skill) row.dataset.skill = skill;
  else row.dataset.tool = tool;
  (skill ? row.querySelector(".degrees") : row).setAttribute("aria-label", row.querySelector(".what").textContent);
  row.querySelector("textarea").setAttribute("aria-label", `Note: ${item.textContent}`);
  for (const field of row.querySelectorAll("[name]")) field.name = field.name[0] + "-" + (skill ?? tool);
  write(row, { rating, can_operate: answer(can), truck_stock: answer(truck), note });
  row.querySelector("details").open = Boolean(note);
  return row;
}

/** The rows of a list that has one, the pattern; no list where there are none. */
function makeRows(list, items) {
  const pattern = list.querySelector(".rate");
  pattern.replaceWith(...[...items].map((item) => makeRow(pattern, item)));
  if (!items.length) list.remove();
}

function makeStep(pattern, differing, isFirst, next) {
  const step = pattern.cloneNode(true);
  const { step: key, title } = differing.dataset;
  const [skills, tools] = ["skill", "tool"].map((kind) => differing.querySelectorAll(`[data-${kind}]`));
  Object.assign(step.dataset, { step: key, title });
  step.hidden = true;
  step.setAttribute("aria-labelledby", `step-${key}`);
  Object.assign(step.querySelector("h2"), { id: `step-${key}`, textContent: title });
  if (!differing.querySelector("[data-last]")) step.querySelector("button[value=last]")?.remove();
  if (!skills.length) step.querySelector("h3").remove();
  step.querySelector(".step-body").classList.toggle("single", !skills.length || !tools.length);
  makeRows(step.querySelector(".rates"), skills);
  makeRows(step.querySelector(".tools-of"), tools);
  if (isFirst) step.querySelector("button[value=previous]").remove();
  step.querySelector("[data-title-after]").textContent = next;
  return step;
}

/** Every step in its order, those made that are not there yet. */
function allSteps() {
  const [pattern, rest] = ["pattern", "rest"].map((name) => root.querySelector(`template[data-${name}]`).content);
  const links = [...root.querySelectorAll("[data-go]")];
  const there = new Map([...root.querySelectorAll("[data-step]")].map((step) => [step.dataset.step, step]));
  links.forEach((link, at) => {
    const key = link.dataset.go;
    if (there.has(key)) return;
    const differing = rest.querySelector(`[data-step="${CSS.escape(key)}"]`);
    const next = links[at + 1].querySelector("span").textContent;
    there.set(key, makeStep(pattern.firstElementChild, differing, at === 0, next));
  });
  const all = links.map((link) => there.get(link.dataset.go));
  // Notes come last and are there; what is there stays where it is, so that it keeps the focus.
  all.reduceRight((after, step) => {
    if (!step.isConnected) after.before(step);
    return step;
  });
  return all;
}

const steps = allSteps();

// ---- Sending ----

let timer;
let slow;
let failures = 0;
let retryAfter = 0;
let inFlight = null;
let csrf = root.dataset.csrf;
let halted = null;

function schedule(delay = DEBOUNCE_MS, background = false) {
  clearTimeout(timer);
  timer = setTimeout(() => send(background), delay);
  if (!failures && !halted) slow ??= setTimeout(() => say("Saving…"), SLOW_MS);
  if (failures || halted) report();
}

/** What waits, one batch for each category. */
function batches() {
  const found = new Map();
  for (const [key, tap] of kept()) {
    const step = rowOf(key)?.closest("[data-step]");
    if (!step) continue;
    if (!found.has(step)) found.set(step, []);
    found.get(step).push([key, tap]);
  }
  return [...found.values()];
}

function bodyOf(batch) {
  const now = Date.now();
  const body = { skills: [], tools: [] };
  for (const [key, { at, ...mark }] of batch) {
    const age_ms = Math.max(0, now - at);
    if (key === "n:") body.notes = mark.text;
    else body[key[0] === "s" ? "skills" : "tools"].push({ id: key.slice(2), ...mark, age_ms });
  }
  return JSON.stringify(body);
}

function post(batch, background) {
  const headers = { accept: "application/json", "content-type": "application/json", "x-csrf-token": csrf };
  // Trying again is not the person's doing: it must not keep a session alive that nobody uses.
  if (background) headers["x-background"] = "1";
  const body = bodyOf(batch);
  const keepalive = body.length < 60_000;
  const signal = AbortSignal.timeout?.(ANSWER_LIMIT_MS);
  return fetch(marks, { method: "POST", headers, body, keepalive, signal, redirect: "manual" });
}

/** Sends what waits; called while that happens, it only waits for the end. */
function send(background) {
  clearTimeout(timer);
  if (halted === "ended") return Promise.resolve();
  inFlight ??= sendInTurn(background).finally(() => (inFlight = null));
  return inFlight;
}

/** One tab at a time, so that nothing is sent twice. A page that goes away can't wait for its turn. */
async function sendInTurn(background) {
  const work = () => sendAll(background);
  await (navigator.locks && !document.hidden ? navigator.locks.request(SPACE + evaluation, work) : work());
  clearTimeout(slow);
  slow = undefined;
  report();
  if (!halted && kept().size) schedule(failures ? retryDelay() : DEBOUNCE_MS, failures > 0);
}

async function sendAll(background) {
  const waiting = batches();
  if (!waiting.length) return;
  halted = null;
  for (const batch of waiting) {
    if (!(await deliver(batch, background, true))) return;
  }
  failures = 0;
}

/** Whether to go on with the next batch. */
async function deliver(batch, background, mayRenew) {
  let response;
  try {
    response = await post(batch, background);
  } catch {
    failures += 1;
    retryAfter = 0;
    return false;
  }
  if (response.ok) return take(batch, await response.json());
  if (response.status === 403 && mayRenew && (await renew())) return deliver(batch, background, false);
  return refused(response);
}

function take(batch, { data }) {
  for (const [key, tap] of batch) settle(key, tap);
  const waiting = kept();
  const stored = [...data.skills.map((mark) => [`s:${mark.id}`, mark]), ...data.tools.map((mark) => [`t:${mark.id}`, mark])];
  // Another device may have been later: then this is what counts.
  for (const [key, mark] of stored) if (!waiting.has(key)) write(rowOf(key), mark);
  steps.forEach(count);
  return true;
}

function refused({ status, headers }) {
  if (status === 401) halted = "signed-out";
  else if (status === 404 || status === 409 || status === 410) halted = "ended";
  else if ([400, 403, 413, 422].includes(status)) {
    // What is wrong with one category is nothing against the next.
    halted ??= "refused";
    return halted === "refused";
  } else {
    failures += 1;
    retryAfter = Number(headers.get("retry-after")) * 1_000 || FIRST_RETRY_MS;
  }
  return false;
}

const retryDelay = () => Math.max(retryAfter, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)));

/** The page's token is bound to a session. After a new sign-in in another tab the page of the new session has ours. */
async function renew() {
  const page = await fetch(location.href, { headers: { "x-background": "1" } }).then((it) => it.text(), () => "");
  const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("[data-wizard]");
  if (!fresh) halted = "signed-out";
  else if (fresh.dataset.owner !== owner) halted = "somebody-else";
  else csrf = fresh.dataset.csrf;
  return !halted;
}

// ---- What the person is told ----

const taps = (count) => (count === 1 ? "1 tap" : `${count} taps`);

function say(text, link, tone = "") {
  // The same words are not said again to who listens.
  if (statusText.textContent !== text) statusText.textContent = text;
  statusLine.dataset.tone = tone;
  statusLink.hidden = !link;
  if (link) [statusLink.textContent, statusLink.href] = link;
}

function report() {
  const count = kept().size;
  const here = `${location.pathname}${location.search}`;
  const wait = count === 1 ? "1 tap waits" : `${count} taps wait`;
  if (!count) say("Saved", null, "ok");
  else if (halted === "signed-out") say(`Your session has ended. Sign in again to save ${taps(count)}.`, ["Sign in", here], "warn");
  else if (halted === "somebody-else")
    say(`Somebody else is signed in here. Your ${taps(count)} stay on this device until you sign in again.`, null, "warn");
  else if (halted === "ended")
    say(`This evaluation is no longer a draft, so ${taps(count)} could not be saved. You see them here as you made them.`, ["See the evaluation", `/evaluations/${evaluation}`], "warn");
  else if (halted) say(`${taps(count)} could not be saved. Load the page again, and look at what is marked.`, ["Load again", here], "warn");
  else if (failures && navigator.onLine && retryAfter) say(`${wait} on this device: the server is busy. Trying again soon.`, null, "warn");
  else if (failures) say(`${wait} on this device: no connection.`, null, "warn");
  else if (!slow) say("Saving…");
}

// ---- One category at a time ----

const indexOf = (key) => Math.max(0, steps.findIndex((step) => step.dataset.step === key));
const shown = () => steps.findIndex((step) => !step.hidden);

function show(index) {
  steps.forEach((step, at) => (step.hidden = at !== index));
  for (const link of root.querySelectorAll("[data-go]")) {
    if (link.dataset.go === steps[index].dataset.step) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  root.querySelector("[data-place]").textContent = `${index + 1} of ${steps.length}: ${steps[index].dataset.title}`;
  root.querySelector("details.places").open = false;
}

function go(index) {
  if (index < 0 || index >= steps.length) return;
  show(index);
  history.pushState(null, "", `?category=${steps[index].dataset.step}`);
  scrollTo(0, 0);
  steps[index].querySelector("h2").focus({ preventScroll: true });
  report();
}

/** Nothing is checked that the server does not have. */
async function goToCheck() {
  await inFlight;
  await send(false);
  if (!kept().size) location.assign(check);
}

function count(step) {
  const rows = [...step.querySelectorAll("[data-skill]")];
  const rated = rows.filter(chosen).length;
  const place = root.querySelector(`[data-go="${CSS.escape(step.dataset.step)}"] [data-count]`);
  if (place && rows.length) place.textContent = `${rated} of ${rows.length}`;
  const all = [...root.querySelectorAll("[data-skill]")];
  const done = all.filter(chosen).length;
  const bar = root.querySelector("progress");
  bar.value = done;
  root.querySelector("[data-done]").textContent = `${done} of ${all.length} skills rated`;
}

/** Fills what is not rated yet from the last evaluation. */
function fillFromLast(step) {
  for (const row of step.querySelectorAll("[data-last]")) {
    const now = read(row);
    const [first, truck] = row.dataset.last.split(" ");
    const mark = row.dataset.skill
      ? { ...now, rating: now.rating ?? Number(first) }
      : { ...now, can_operate: now.can_operate ?? answer(first), truck_stock: now.truck_stock ?? answer(truck) };
    if (JSON.stringify(mark) === JSON.stringify(now)) continue;
    write(row, mark);
    tapped(row);
  }
}

// ---- The keyboard ----

const focusRow = (row) => row.querySelector("input:checked, input").focus({ preventScroll: true });

function move(row, by) {
  const step = row.closest("[data-step]");
  const rows = [...step.querySelectorAll("[data-skill], [data-tool]")];
  const next = rows[rows.indexOf(row) + by];
  if (next) focusRow(next);
  else if (by > 0) step.querySelector("button[data-next]").focus();
  document.activeElement.closest("[data-skill], [data-tool], .go").scrollIntoView({ block: "nearest" });
}

/** The answer that a key means in this row; nothing where it means none. */
function meaning(row, key) {
  if (key === "0" || key === "Backspace" || key === "Delete") return "";
  if (row.dataset.skill) return /^[1-5]$/.test(key) ? key : undefined;
  return { y: "yes", n: "no" }[key];
}

function press(event) {
  if (event.target.closest("textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const heading = event.target.closest("h2");
  const row = event.target.closest("[data-skill], [data-tool]") ?? heading?.closest("[data-step]").querySelector("[data-skill], [data-tool]");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const value = row && meaning(row, event.key);
  if (!row || (by === undefined && value === undefined)) return;
  event.preventDefault();
  if (by && heading) return focusRow(row);
  if (by) return move(row, by);
  const radio = radioOf(row, value);
  radio.checked = true;
  radio.focus({ preventScroll: true });
  tapped(row);
  if (value) move(row, 1);
}

// ---- Beginning ----

// Texts are kept while they are typed: a page can go away at any moment.
root.addEventListener("input", ({ target }) => {
  const row = target.closest("[data-skill], [data-tool], [data-notes]");
  if (target.type === "checkbox") target.dataset.answered = "";
  if (row) tapped(row);
});
root.addEventListener("keydown", press);
root.addEventListener("submit", (event) => {
  event.preventDefault();
  const step = event.target.closest("[data-step]");
  const act = event.submitter?.value ?? "next";
  if (act === "last") fillFromLast(step);
  else if (act === "previous") go(steps.indexOf(step) - 1);
  else if (act === "check" || step === steps.at(-1)) goToCheck();
  else go(steps.indexOf(step) + 1);
});
root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(indexOf(link.dataset.go));
});
addEventListener("popstate", () => show(indexOf(new URLSearchParams(location.search).get("category"))));
addEventListener("online", () => {
  failures = 0;
  send(true);
});
addEventListener("offline", () => {
  failures = Math.max(1, failures);
  report();
});
document.addEventListener("visibilitychange", () => send(!document.hidden || failures > 0));

forgetOldTaps();
for (const [key, tap] of kept()) {
  const row = rowOf(key);
  if (row) write(row, tap);
}
steps.forEach(count);
root.dataset.ready = "";
if (kept().size) send(true);
else report();
