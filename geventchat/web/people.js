// Who is in the room; a click on a nick begins a whisper.

import { $, write } from "./dom.js";
import { coloured } from "./lines.js";

const list = $("people").querySelector("ul");
const order = new Intl.Collator();
let items = new Map(); // by nick

// `choose(nick)` is told whom the user chooses.
export function start(choose) {
	list.addEventListener("click", ({ target }) => target !== list && choose(target.textContent));
}

// Show who is in a room; `me` is marked.
export function show({ members, count }, me) {
	const nicks = [...members].sort(order.compare);
	const before = items;
	items = new Map(nicks.map((nick) => [nick, before.get(nick) ?? coloured("li", nick)]));
	for (const [nick, element] of before) if (!items.has(nick)) element.remove();
	let place = list.firstElementChild;
	for (const [nick, element] of items) {
		element.classList.toggle("mine", nick === me);
		if (element === place) place = place.nextElementSibling;
		else list.insertBefore(element, place);
	}
	write($("more"), count > nicks.length ? `and ${count - nicks.length} more` : "");
}
