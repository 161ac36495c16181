// The connection: how long it waits, and what it does with what comes before and after the welcome.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

// The browser's side of it: what the page's connection sends and closes is kept.
class WebSocket {
	static OPEN = 1;
	readyState = 1;
	sent = [];

	constructor() {
		sockets.push(this);
	}

	send(text) {
		this.sent.push(JSON.parse(text));
	}

	close() {
		this.readyState = 3;
	}
}

let sockets = [], told = [], hello, leaves = false;
Object.assign(globalThis, { WebSocket, location: { protocol: "http:", host: "chat.example" }, addEventListener() {} });
mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
let now = 0;
performance.now = () => now;
function passes(seconds) {
	for (const end = now + seconds * 1000; now < end; mock.timers.tick(250)) now += 250;
}

const { close, open, start } = await import("../../geventchat/web/socket.js");
const tell = (name) => (given) => void told.push([name, given]);
start({ hello: () => hello, welcomed: tell("welcomed"), heard: tell("heard"), lost: () => leaves && close(), refused: tell("refused"), now: tell("now") });

const states = () => told.filter(([what]) => what === "now").map(([, { state }]) => state);
const comes = (message) => sockets.at(-1).onmessage({ data: JSON.stringify(message) });

function opened(given = { type: "hello", nick: "alice" }) {
	[sockets, told, hello] = [[], [], given];
	open();
	sockets[0].onopen();
	return sockets[0];
}

test("a server that is silent for 15 s is lost, but a password may have to wait for its turn", () => {
	opened();
	passes(15);
	assert.deepEqual(states(), ["connecting", "waiting"]);
	for (const given of [{ password: "sesame" }, { login: { account: "alice", password: "sesame" } }]) {
		const { sent } = opened({ type: "hello", nick: "alice", ...given });
		passes(74);
		assert.deepEqual([states(), sent.length, sockets.length], [["connecting"], 1, 1]);
		passes(2);
		assert.equal(states()[1], "waiting");
	}
});

test("a password that is refused for its turn is asked for again, and not sent by itself", () => {
	opened({ type: "hello", nick: "alice", password: "guess" });
	comes({ type: "closing", code: "wrong-password", message: "too many wrong passwords from your address" });
	passes(60);
	assert.deepEqual(told.map(([what]) => what), ["now", "refused"]);
	assert.equal(sockets.length, 1);
});

test("what comes before the welcome is heard after it", () => {
	opened();
	comes({ type: "account_is", account: "alice", needs_password: true });
	comes({ type: "welcome", nick: "alice" });
	assert.deepEqual(told.map(([what, given]) => given?.type ?? what), ["now", "welcome", "now", "account_is"]);
});

test("who is about to leave when the connection is lost does not come back", () => {
	opened();
	comes({ type: "welcome", nick: "alice" });
	leaves = true;
	sockets[0].onclose();
	passes(60);
	assert.equal(sockets.length, 1);
});
