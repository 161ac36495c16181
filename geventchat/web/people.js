// Who is in the room, each nick a button: it begins a whisper, or offers what can be done.

import { $, make, oneStop, write } from "./dom.js";
import { coloured } from "./lines.js";

const list = $("people").querySelector("ul");
const settle = oneStop(list, "button", 0);
const order = new Intl.Collator();
let items = new Map(); // by nick
let before; // what is in the list

// `choose(nick)` is told whom the user chooses.
export function start(choose) {
	list.onclick = ({ target }) => {
		if (target !== list) choose(target.textContent);
	};
}

// Show who is in a room; `me` is marked, and others open a menu if there is one.
export function show({ members, moderators, count }, me, hasMenu) {
	const nicks = [...members].sort(order.compare);
	write($("more"), count > nicks.length ? `and ${count - nicks.length} more` : "");
	const now = [hasMenu, me, ...nicks, "", ...moderators].join("\n");
	if (now === before) return;
	before = now;
	const hasFocus = list.contains(document.activeElement);
	items = new Map(nicks.map((nick) => [nick, items.get(nick) ?? newItem(nick)]));
	for (const [nick, { firstChild: button }] of items) {
		button.classList.toggle("mine", nick === me);
		button.classList.toggle("moderator", moderators.has(nick));
		button.ariaHasPopup = hasMenu && nick !== me ? "dialog" : null;
	}
	list.replaceChildren(...items.values());
	const stop = settle();
	if (hasFocus) stop?.focus();
}

function newItem(nick) {
	const item = make("li"), button = coloured("button", nick);
	button.tabIndex = -1;
	item.append(button);
	return item;
}
