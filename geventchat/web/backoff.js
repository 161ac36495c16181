// How long to wait before each try to come back.

const FIRST_MS = 1000;
const LONGEST_MS = 30000;
// A connection that held for less than this was no success: the pauses go on growing.
const STEADY_MS = 10000;

// Longer and longer, and by chance not the same for everyone; in milliseconds.
export class Backoff {
	_pause = FIRST_MS;

	constructor(chance = Math.random) {
		this._chance = chance;
	}

	next() {
		const pause = this._pause * (0.5 + this._chance() / 2);
		this._pause = Math.min(this._pause * 2, LONGEST_MS);
		return pause;
	}

	// A connection has held for so long.
	held(ms) {
		if (ms >= STEADY_MS) this._pause = FIRST_MS;
	}
}
