// The rooms as tabs; arrow keys move between them.

import { $, make, walk, write } from "./dom.js";

const list = $("rooms");
const tabs = new Map();
let looked, choose;

// `chosen(room)` is told which room the user chooses.
export function start(chosen) {
	choose = chosen;
	list.onkeydown = (event) => walk(event, list.children, true)?.click();
}

// Show the rooms, which of them is looked at, and what is unread in them.
export function show({ all, current }) {
	for (const [room, tab] of tabs) {
		if (all.includes(room)) continue;
		tab.remove();
		tabs.delete(room);
	}
	for (const room of all) update(tabOf(room), room, room === current);
	$("panel").ariaLabel = current.name;
	if (looked === current) return;
	looked = current;
	tabOf(current).scrollIntoView({ block: "nearest", inline: "nearest" });
}

function tabOf(room) {
	if (tabs.has(room)) return tabs.get(room);
	const tab = make("button", { role: "tab", onclick: () => choose(room) });
	tab.setAttribute("aria-controls", "panel");
	tab.append(make("bdi"), " ", make("span"));
	tabs.set(room, tab);
	list.append(tab);
	return tab;
}

function update(tab, room, isCurrent) {
	const [name, count] = tab.children;
	write(name, room.name);
	write(count, String(room.unread || ""));
	count.className = room.mentioned ? "count mentioned" : "count";
	tab.ariaSelected = isCurrent;
	tab.tabIndex = isCurrent ? 0 : -1;
}
