// What was said and is not known to be stored: said again, once, after a lost connection.

// So many may be on their way at once: of more, the server would not know each one again.
const IN_FLIGHT = 64;
// So many may wait: a browser keeps some 5 MB for a page.
const MOST = 500;
// What is not known to be stored after so long is shown as not sent.
export const LATE_MS = 2000;

// Messages by their `ref`, which begins with `prefix`, unless it was kept before a reload. Said again with its ref, a
// message is stored once. A whisper is not stored, and so is not repeated when it may have arrived.
export class Pending {
	constructor(prefix, kept = []) {
		this._prefix = prefix;
		this._number = 0;
		this._lines = new Map(kept.map(({ sent, ...command }) => [command.ref, { command, sent, delayed: true }]));
	}

	get size() {
		return this._lines.size;
	}

	get isFull() {
		return this.size >= MOST;
	}

	// Give a message its ref and keep it; a `delayed` one waits for a connection. `now` is in milliseconds.
	add(command, delayed, now) {
		command.ref = `${this._prefix}-${++this._number}`;
		this._lines.set(command.ref, { command, sent: false, delayed, since: now });
	}

	// What is to be sent now, in order.
	due() {
		const lines = [...this._lines.values()];
		const next = lines.slice(0, IN_FLIGHT).filter((line) => !line.sent);
		for (const line of next) line.sent = true;
		return next.map((line) => line.command);
	}

	// Forget a message because the server has stored or refused it, and return it.
	settle(ref) {
		const line = this._lines.get(ref);
		this._lines.delete(ref);
		return line?.command;
	}

	// The connection is gone. Forget, and return, the whispers of which nobody knows whether they arrived: with `taken`,
	// another tab may have sent any of them.
	lost(taken) {
		const whispers = this._commands((line) => (line.sent || taken) && isWhisper(line.command));
		for (const { ref } of whispers) this.settle(ref);
		for (const line of this._lines.values()) Object.assign(line, { sent: false, delayed: true });
		return whispers;
	}

	// What had to wait for a connection, or waits long for its answer, until it is stored.
	delayed(now) {
		return this._commands((line) => line.delayed || now - line.since >= LATE_MS);
	}

	// What a reload must not lose, nor repeat: a whisper that was `sent` is told of then, as after a lost connection.
	toKeep() {
		const kept = ({ command, sent }) => (sent && isWhisper(command) ? { ...command, sent } : command);
		return [...this._lines.values()].map(kept);
	}

	_commands(isWanted) {
		return [...this._lines.values()].filter(isWanted).map((line) => line.command);
	}
}

const isWhisper = ({ type }) => type === "whisper" || type === "reply";
