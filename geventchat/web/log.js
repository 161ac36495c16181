// The log on the screen: the lines of one room; those of others wait outside the document.

import { $, make, oneStop, perFrame } from "./dom.js";
import { build, markDay } from "./lines.js";

// What a room keeps; so many more, that they are let go together.
const MOST = 2000;
const SLACK = 200;
// What is added in one frame; more would take longer than a frame has.
const PER_FRAME = 50;
// So near to the top, earlier lines are asked for; so near to the end, new lines keep it in sight. In pixels.
const NEAR = 400;
const AT_END = 30;
// How long a screen reader is not told of lines that are old.
const QUIET_MS = 500;

const box = $("log");
const waiting = make("div"); // what is not sent yet, below the lines of every room
const views = new Map(); // by room
const paintSoon = perFrame(paint);
let shown = null; // the room that is looked at
let waits = ""; // the texts of what is not sent yet
let loud, on;

// `on` is told that the user wants to see what is `earlier(room)`, has `moved()`, or has `chosen(nick, id)` a message.
export function start(handlers) {
	on = handlers;
	box.onscroll = scrolled;
	oneStop(box, "time[role]", -1);
	box.onclick = choose;
	box.onkeydown = (event) => {
		if (["Enter", " "].includes(event.key)) choose(event); // without an if, it would return false, which cancels
	};
	new ResizeObserver(keepEnd).observe(box);
}

// Whether new lines keep the end in sight.
export const isFollowing = () => view(shown).following;

// Show a room's log, where it was left; the times in it open a menu if there is one.
export function show(room, hasMenu) {
	const one = view(room);
	if (one.hasMenu !== hasMenu) {
		one.hasMenu = hasMenu;
		for (const line of one.lines.children) offer(line, hasMenu);
	}
	if (room === shown) return;
	view(shown).scrollTop = box.scrollTop;
	shown = room;
	const { lines, following, scrollTop } = one;
	beQuiet();
	box.replaceChildren($("earlier"), lines, waiting);
	box.scrollTop = following ? box.scrollHeight : scrollTop;
}

// Forget the log of a room, or all.
export function forget(room) {
	if (room) views.delete(room);
	else views.clear();
	if (!views.has(shown)) shown = null;
}

// Add lines at the end, with the next frame.
export function add(room, lines) {
	const { queue } = view(room);
	queue.push(...lines);
	if (queue.length > MOST) paint(); // a flood, or a hidden page
	paintSoon();
}

// Put lines of the past "above" what is there, or "instead" of it; to `reveal` them, scroll up.
export function page(room, lines, where, reveal) {
	const one = view(room);
	const elements = elementsOf(lines, one);
	beQuiet();
	if (where === "above") prepend(room, one, elements, reveal);
	else {
		Object.assign(one, { queue: one.queue.filter(isOurs), following: true });
		one.lines.replaceChildren(...elements, ...[...one.lines.children].filter(isOurs));
	}
	elements.forEach(markDay);
	keepEnd();
}

// Take back what was said under an id, also where it is not painted yet.
export function erase(id) {
	for (const one of views.values()) {
		one.queue = one.queue.filter((line) => line.id !== id);
		const element = [...one.lines.children].find((line) => line.id === id);
		const next = element?.nextElementSibling;
		if (element?.contains(document.activeElement)) box.focus();
		element?.remove();
		markDay(next);
	}
}

// Bring the end into sight.
export function toEnd() {
	view(shown).following = true;
	keepEnd();
}

// Show what is not sent yet.
export function wait(texts) {
	if (texts.join("\n") === waits) return; // a screen reader would be told again
	waits = texts.join("\n");
	const time = Date.now();
	waiting.replaceChildren(...texts.map((text) => build({ kind: "waiting", time, text })));
	keepEnd();
}

function view(room) {
	if (!views.has(room)) views.set(room, { lines: make("div"), queue: [], following: true, scrollTop: 0, hasMenu: false });
	return views.get(room);
}

const elementsOf = (lines, { hasMenu }) => lines.map((line) => offer(build(line), hasMenu));

// Make the time of what somebody said a button that opens a menu, or make it none; return the line.
function offer(line, hasMenu) {
	if (!line.matches(".said, .acted")) return line;
	const button = { role: "button", tabindex: -1, "aria-haspopup": "dialog", "aria-describedby": line.id };
	for (const [name, value] of Object.entries(button)) {
		if (hasMenu) line.firstChild.setAttribute(name, value);
		else line.firstChild.removeAttribute(name);
	}
	return line;
}

function choose(event) {
	const { role, parentElement: line } = event.target;
	if (role !== "button") return;
	event.preventDefault();
	on.chosen(line.querySelector(".nick").textContent, line.id);
}

function paint() {
	let left = PER_FRAME;
	for (const [room, one] of views) {
		const lines = one.queue.splice(0, left);
		left -= lines.length;
		if (lines.length) append(room, one, lines);
		if (one.queue.length) paintSoon();
	}
	keepEnd();
}

function append(room, one, lines) {
	const excess = one.lines.childElementCount + lines.length - MOST;
	if (excess > SLACK && !one.following) {
		lines = lines.filter(isOurs);
		letGo(room, one);
	}
	const elements = elementsOf(lines, one);
	one.lines.append(...elements);
	elements.forEach(markDay);
	if (excess <= SLACK || !one.following) return;
	const rest = [...one.lines.children];
	for (const element of rest.splice(0, excess)) element.remove();
	markDay(rest[0]);
	Object.assign(room, { first: rest.find(({ id }) => id)?.id ?? room.first, isWhole: false });
}

// Who reads the past keeps it: then the present is not added, but asked for again later; all but what is only for us.
function letGo(room, one) {
	one.queue = one.queue.filter(isOurs);
	room.live = false;
}

const isOurs = ({ id }) => !id;

function prepend(room, one, elements, reveal) {
	const { scrollHeight, scrollTop } = box;
	const first = one.lines.firstElementChild;
	one.lines.prepend(...elements);
	markDay(first);
	if (reveal) one.following = false;
	if (room === shown) box.scrollTop = reveal ? 0 : scrollTop + box.scrollHeight - scrollHeight;
	const excess = [...one.lines.children].slice(MOST + SLACK);
	for (const element of excess) element.remove();
	if (excess.length) letGo(room, one);
}

function scrolled() {
	const { scrollTop, scrollHeight, clientHeight } = box;
	view(shown).following = scrollHeight - scrollTop - clientHeight < AT_END;
	if (scrollTop < NEAR && scrollHeight > clientHeight) on.earlier(shown);
	on.moved();
}

function keepEnd() {
	if (shown && isFollowing()) box.scrollTop = box.scrollHeight;
}

function beQuiet() {
	box.ariaLive = "off";
	clearTimeout(loud);
	loud = setTimeout(() => (box.ariaLive = "polite"), QUIET_MS);
}
