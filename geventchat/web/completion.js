// What Tab makes of a line: each press puts the next nick or command that fits.

import { COMMANDS, quoted } from "./slash.js";

const NAMES_FOLLOW = /^\/msg +$/i;

// Return what of the text before the cursor stays, and what can follow it, the likeliest first. `known` are
// the nicks, who spoke last first. At the beginning of a line a nick is spoken to: `alice: `.
function candidates(before, known) {
	const start = before.lastIndexOf(" ") + 1;
	const head = before.slice(0, start), word = before.slice(start);
	if (!head && word.startsWith("/")) return ["", beginning(word.slice(1), [...COMMANDS.keys()]).map((name) => `/${name} `)];
	const nicks = beginning(word, known);
	if (NAMES_FOLLOW.test(head)) return [head, nicks.map((nick) => `${quoted(nick)} `)];
	return [head, word ? nicks.map((nick) => nick + (head ? " " : ": ")) : []];
}

function beginning(word, names) {
	const wanted = word.toLowerCase();
	return names.filter((name) => name.toLowerCase().startsWith(wanted));
}

// One run of Tab presses: what is possible, and which of it stands in the line.
export class Completion {
	_stands = null;

	// Return what is to stand before the cursor now; null if nothing fits.
	press(before, known) {
		if (before === this._stands) {
			this._index = (this._index + 1) % this._words.length;
		} else {
			[this._head, this._words] = candidates(before, known);
			this._index = 0;
		}
		this._stands = this._words.length ? this._head + this._words[this._index] : null;
		return this._stands;
	}
}
