// One user's connection, kept up: it notices that it is lost, also by silence, and comes back.

import { Backoff } from "./backoff.js";

const CONNECT_MS = 10000;
// After so long without a word the server is asked for one; after as long again, the connection is taken for lost.
const SILENT_MS = 15000;
const PING = "still there";

// `user` is asked for its `hello()`, and told when it is `welcomed(welcome)`, has `heard(message)`, has `lost()` the
// connection, is `refused(error)`, and what is the case `now({state})`: connecting, connected, or waiting, for how many
// `seconds` still and `why`.
export class Connection {
	constructor(url, user) {
		this._url = url;
		this._user = user;
		this._backoff = new Backoff();
		addEventListener("online", () => this.retryNow());
	}

	// Connect, or connect anew.
	open() {
		this.close();
		this._why = "the server does not answer";
		this._isIn = false;
		this._user.now({ state: "connecting" });
		this._patience = setTimeout(() => this._lose(), CONNECT_MS);
		this._socket = new WebSocket(this._url);
		this._socket.onopen = () => this.send(this._user.hello());
		this._socket.onmessage = ({ data }) => this._receive(JSON.parse(data));
		this._socket.onclose = () => this._lose();
	}

	// Send a command; without a connection it is forgotten.
	send(command) {
		if (this._socket?.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify(command));
	}

	// Do not wait for the next try to come back.
	retryNow() {
		if (this._countdown) this.open();
	}

	// End the connection, and do not come back.
	close() {
		clearInterval(this._countdown);
		clearTimeout(this._patience);
		this._countdown = null;
		if (!this._socket) return;
		this._socket.onopen = this._socket.onmessage = this._socket.onclose = null;
		this._socket.close();
		this._socket = null;
	}

	_receive(message) {
		if (message.type === "closing") this._why = message.message;
		if (this._isIn) {
			this._watch();
			if (message.token !== PING) this._user.heard(message);
		} else if (message.type === "welcome") this._welcome(message);
		else if (message.type === "error") {
			this.close();
			this._user.refused(message);
		}
	}

	_welcome(welcome) {
		this._isIn = true;
		this._since = performance.now();
		this._why = "connection lost";
		this._watch();
		this._user.welcomed(welcome);
		this._user.now({ state: "connected" });
	}

	_watch() {
		clearTimeout(this._patience);
		this._patience = setTimeout(() => {
			this.send({ type: "ping", token: PING });
			this._patience = setTimeout(() => this._lose(), SILENT_MS);
		}, SILENT_MS);
	}

	_lose() {
		this.close();
		if (this._isIn) {
			this._backoff.held(performance.now() - this._since);
			this._user.lost();
		}
		const until = performance.now() + this._backoff.next();
		const tick = () => {
			const seconds = Math.ceil((until - performance.now()) / 1000);
			if (seconds > 0) this._user.now({ state: "waiting", seconds, why: this._why });
			else this.open();
		};
		this._countdown = setInterval(tick, 250);
		tick();
	}
}
