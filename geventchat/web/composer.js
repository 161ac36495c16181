// Where messages are typed: Enter sends, Tab completes, a paste of several lines is asked about.

import { Completion } from "./completion.js";
import { $, openDialog } from "./dom.js";

const field = $("message");
const completion = new Completion();
let user;
let isFree = false; // whether Tab is to leave the field
const aside = []; // lines that were being typed when a command was begun

// A command that is begun from elsewhere on the page, and lacks its words still.
const BEGUN = /^\/(join|msg|ban) +("[^"]*"|\S*) *$/;

const linesOf = (text) => text.split(/[\r\n]+/).filter((line) => line.trim());

// `handlers` are asked for `known()`, what can be completed, and the `room()` that is looked at; they are told what is
// `pasted(lines, room)` or `typed(line)`, which returns whether it was taken: else it stays in the field.
export function start(handlers) {
	user = handlers;
	$("composer").onsubmit = submit;
	field.addEventListener("beforeinput", (event) => event.inputType === "insertLineBreak" && submit(event));
	field.onkeydown = press;
	field.onblur = () => (isFree = false);
	field.onpaste = paste;
}

// Begin a command; a line that is being typed comes back behind it.
export function begin(command) {
	if (field.value && !BEGUN.test(field.value)) aside.push(field.value);
	put(command);
}

// Begin anew.
export function clear() {
	aside.length = 0;
	put("");
}

// What is being typed was meant for where the user is no more: the next Enter is not to send it elsewhere.
export const interrupt = () => field.value && field.blur();

function put(text) {
	field.value = text;
	field.focus();
}

function submit(event) {
	event.preventDefault();
	const lines = linesOf(field.value);
	if (lines.length > 1) return ask(lines, "");
	const isTaken = !lines.length || user.typed(lines[0]);
	put(isTaken ? (aside.pop() ?? "") : field.value);
}

function press(event) {
	if (event.key === "Escape") isFree = true;
	if (event.key !== "Tab" || event.shiftKey || isFree) return;
	const completed = completion.press(field.value.slice(0, field.selectionStart), user.known());
	if (completed === null) return; // Tab goes to the next element, as everywhere
	event.preventDefault();
	field.setRangeText(completed, 0, field.selectionEnd, "end");
}

function paste(event) {
	const text = event.clipboardData.getData("text/plain");
	if (!/[\r\n]/.test(text)) return;
	event.preventDefault();
	const lines = linesOf(text);
	if (lines.length > 1) ask(lines, field.value);
	else field.setRangeText(lines[0] ?? "", field.selectionStart, field.selectionEnd, "end");
}

// Ask whether to send several lines, and leave the rest in the field then.
function ask(lines, rest) {
	const room = user.room();
	$("preview").textContent = lines.join("\n");
	$("send-all").textContent = `Send ${lines.length} messages`;
	openDialog($("paste"), (isYes) => {
		put(isYes ? rest : field.value);
		if (isYes) user.pasted(lines, room);
	});
}
