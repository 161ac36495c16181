// Short words for elements. What they show always comes in as text, never as markup.

export const $ = (id) => document.getElementById(id);

// Return a new element.
export function make(tag, className = "", text = "") {
	const element = document.createElement(tag);
	element.className = className;
	element.textContent = text;
	return element;
}

// Write a text that is not there yet: a screen reader would be told again.
export function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

// A hidden page has no frames; its work is done after this time.
const HIDDEN_MS = 500;

// Return a function that asks for `work` to be done with the next frame, once however often it is asked for.
export function perFrame(work) {
	let asked = false;
	const run = () => {
		if (!asked) return;
		asked = false;
		work();
	};
	document.addEventListener("visibilitychange", run); // a frame that was asked for before may not come
	return () => {
		if (asked) return;
		asked = true;
		if (document.hidden) setTimeout(run, HIDDEN_MS);
		else requestAnimationFrame(run);
	};
}
