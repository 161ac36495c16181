// Who is in the room; a click on a nick begins a whisper, or offers what can be done.

import { $, write } from "./dom.js";
import { coloured } from "./lines.js";

const list = $("people").querySelector("ul");
const order = new Intl.Collator();
let before; // what is in the list

// `choose(nick)` is told whom the user chooses.
export function start(choose) {
	list.addEventListener("click", ({ target }) => target !== list && choose(target.textContent));
}

// Show who is in a room; `me` is marked.
export function show({ members, moderators, count }, me) {
	const nicks = [...members].sort(order.compare);
	write($("more"), count > nicks.length ? `and ${count - nicks.length} more` : "");
	const now = [me, ...nicks, "", ...moderators].join("\n");
	if (now === before) return;
	before = now;
	const kind = (nick) => `${nick === me ? "mine " : ""}${moderators.has(nick) ? "moderator " : ""}nick`;
	list.replaceChildren(...nicks.map((nick) => coloured("li", nick, kind(nick))));
}
