// One line of the log as an element.

import { make } from "./dom.js";
import { hue, pieces } from "./text.js";

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

// Return the element of a line that `wording.js` made; its id is that of the event.
export function build(line) {
	const { id, kind, time, nick, between, mine, mention, text } = line;
	const { clock, day } = moment(new Date(time));
	const className = `line ${kind}${mine ? " mine" : ""}${mention ? " mention" : ""}`;
	const element = make("p", { id: id ?? "", day, className });
	element.append(make("time", { textContent: clock }), " ");
	const shown = make("span", { className: "text" });
	if (nick !== undefined) {
		element.append(coloured("bdi", nick), between);
		shown.dir = "auto"; // as in a bdi, nothing around it is turned
	}
	shown.append(...pieces(text).map(({ text, href }) => (href ? link(text, href) : text)));
	element.append(shown);
	return element;
}

// Write the day above a line that is the first of it, as the lines stand now.
export function markDay(element) {
	if (!element) return;
	const before = element.previousElementSibling?.day ?? moment(new Date()).day;
	if (before === element.day) delete element.dataset.day;
	else element.dataset.day = element.day;
}

// Return an element for a nick in its colour.
export function coloured(tag, nick) {
	const element = make(tag, { className: "nick", textContent: nick });
	element.style.setProperty("--hue", hue(nick));
	return element;
}

const link = (textContent, href) => make("a", { textContent, href, target: "_blank", rel: "noopener noreferrer" });

// Formatting is slow, and most lines are of the same minute as the line before.
let last = {};

function moment(date) {
	const minute = Math.floor(date / 60000);
	if (last.minute !== minute) last = { minute, clock: CLOCK.format(date), day: DAY.format(date) };
	return last;
}
