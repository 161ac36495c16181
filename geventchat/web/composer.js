// Where messages are typed: Enter sends, Tab completes, a paste of several lines is asked about.

import { Completion } from "./completion.js";
import { $ } from "./dom.js";

const field = $("message");
const completion = new Completion();
let user;
let isFree = false; // whether Tab is to leave the field
let asked; // the lines that the user is asked about, and what stays in the field if they are sent

const linesOf = (text) => text.split(/[\r\n]+/).filter((line) => line.trim());

// `handlers` are asked for `known()`, what can be completed, and told what is `typed(line)` or `pasted(lines)`.
export function start(handlers) {
	user = handlers;
	$("composer").addEventListener("submit", submit);
	field.addEventListener("beforeinput", (event) => event.inputType === "insertLineBreak" && submit(event));
	field.addEventListener("keydown", press);
	field.addEventListener("blur", () => (isFree = false));
	field.addEventListener("paste", paste);
	$("paste").addEventListener("close", answered);
}

// Begin a line, for instance with a command.
export function begin(text) {
	field.value = text;
	field.focus();
}

function submit(event) {
	event.preventDefault();
	const lines = linesOf(field.value);
	if (lines.length > 1) return ask(lines, "");
	begin("");
	if (lines.length) user.typed(lines[0]);
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

function ask(lines, rest) {
	asked = { lines, rest };
	$("preview").textContent = lines.join("\n");
	$("send-all").textContent = `Send ${lines.length} messages`;
	$("paste").returnValue = "";
	$("paste").showModal();
}

function answered() {
	const isYes = $("paste").returnValue;
	begin(isYes ? asked.rest : field.value);
	if (isYes) user.pasted(asked.lines);
}
