// Short words for elements. What they show always comes in as text, never as markup.

export const $ = (id) => document.getElementById(id);

// Return a new element with these properties.
export const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

// Write a text that is not there yet: a screen reader would be told again.
export function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

const STEPS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

// On an arrow key, move the focus to the element beside, or all `round`; return that one.
export function walk(event, elements, round) {
	const all = [...elements], index = all.indexOf(document.activeElement);
	const step = STEPS[event.key];
	if (!step || event.altKey || index < 0) return;
	event.preventDefault();
	const next = round ? all.at((index + step) % all.length) : all[index + step];
	next?.focus();
	return next;
}

// Make the elements of a box that match one stop of the Tab key, through which Up and Down go: the one that had the
// focus last, else the one at `index`. Return what to call when there are others; it returns that one.
export function oneStop(box, selector, index) {
	let stop;
	const settle = ({ target } = {}) => {
		const all = [...box.querySelectorAll(selector)];
		if (stop) stop.tabIndex = -1;
		stop = [target, stop].find((element) => all.includes(element)) ?? all.at(index);
		if (stop) stop.tabIndex = 0;
		return stop;
	};
	box.addEventListener("focusin", settle);
	box.addEventListener("keydown", (event) => walk(event, box.querySelectorAll(selector)));
	return settle;
}

// Open a dialog. `answered(value)` is told the value of the button that closes it; it is empty for Escape and Cancel.
export function openDialog(dialog, answered) {
	dialog.returnValue = "";
	dialog.onclose = () => answered(dialog.returnValue);
	dialog.showModal();
}

// A hidden page has no frames; its work is done after this time.
const HIDDEN_MS = 500;

// Return a function that asks for `work` to be done with the next frame, once however often it is asked for.
export function perFrame(work) {
	let frame = null, timer;
	const run = () => {
		cancelAnimationFrame(frame);
		clearTimeout(timer);
		frame = null;
		work();
	};
	return () => {
		if (frame) return;
		frame = requestAnimationFrame(run);
		timer = setTimeout(run, HIDDEN_MS);
	};
}
