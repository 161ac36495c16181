// Who is in the room; a click on a nick, or Enter, begins a whisper, or offers what can be done. The list is one stop of
// the Tab key, and Up and Down go through it.

import { $, write } from "./dom.js";
import { coloured } from "./lines.js";

const list = $("people").querySelector("ul");
const order = new Intl.Collator();
let before; // what is in the list
let stop; // the nick at which the Tab key stops

// `choose(nick)` is told whom the user chooses.
export function start(choose) {
	list.addEventListener("click", ({ target }) => target !== list && choose(target.textContent));
	list.addEventListener("keydown", (event) => {
		const { key, target, altKey } = event;
		if (altKey || !["Enter", "ArrowDown", "ArrowUp"].includes(key)) return;
		event.preventDefault();
		if (key === "Enter") choose(target.textContent);
		else (key === "ArrowDown" ? target.nextElementSibling : target.previousElementSibling)?.focus();
	});
	list.addEventListener("focusin", ({ target }) => {
		stop = target.textContent;
		mark();
	});
}

// Let the Tab key stop at one nick only; return its element.
function mark() {
	const items = [...list.children];
	const chosen = items.find((item) => item.textContent === stop) ?? items[0];
	for (const item of items) item.tabIndex = item === chosen ? 0 : -1;
	return chosen;
}

// Show who is in a room; `me` is marked.
export function show({ members, moderators, count }, me) {
	const nicks = [...members].sort(order.compare);
	write($("more"), count > nicks.length ? `and ${count - nicks.length} more` : "");
	const now = [me, ...nicks, "", ...moderators].join("\n");
	if (now === before) return;
	before = now;
	const kind = (nick) => `${nick === me ? "mine " : ""}${moderators.has(nick) ? "moderator " : ""}nick`;
	const hasFocus = list.contains(document.activeElement);
	list.replaceChildren(...nicks.map((nick) => coloured("li", nick, kind(nick))));
	const chosen = mark();
	if (hasFocus) chosen?.focus();
}
