// The user's connection, kept up: it notices that it is lost, also by silence, and comes back.

import { Backoff } from "./backoff.js";

// After so long without a word the server is asked for one; after as long again it is lost.
const SILENT_MS = 15000;
// So soon it must answer a page that was asleep, or a device that has another network: then it is often lost.
const AWAKE_MS = 5000;
// So long a password may wait until the server looks at it, which is after a minute at most.
const PASSWORD_MS = 75000;
const PING = "still there";

const address = `${location.protocol.replace("http", "ws")}//${location.host}/chat`;
const backoff = new Backoff();
let user;
let socket = null;
let isIn; // whether we are welcome
let early; // what came before that
let since; // when that began
let why; // the connection is lost
let patience, countdown; // timers

// `handlers` are asked for our `hello()`, and told when we are `welcomed(welcome)`, have `heard(message)`, have `lost()`
// the connection, are `refused(error)`, and what is the case `now({state})`: connecting, connected, or waiting, for how
// many `seconds` still and `why`.
export function start(handlers) {
	user = handlers;
	addEventListener("online", wake);
}

// Connect, or connect anew.
export function open() {
	close();
	why = "the server does not answer";
	isIn = false;
	early = [];
	user.now({ state: "connecting" });
	waitFor(SILENT_MS);
	socket = new WebSocket(address);
	socket.onopen = greet;
	socket.onmessage = ({ data }) => receive(JSON.parse(data));
	socket.onclose = lose;
}

// Send a command; without a connection it is forgotten.
export function send(command) {
	if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

// Do not wait for the next try to come back.
export function retryNow() {
	if (countdown) open();
}

// Somebody looks at the page again: see whether the connection is still there.
export function wake() {
	retryNow();
	if (socket && isIn) ask(AWAKE_MS);
}

// End the connection, and do not come back.
export function close() {
	clearInterval(countdown);
	clearTimeout(patience);
	countdown = null;
	if (!socket) return;
	socket.onopen = socket.onmessage = socket.onclose = null;
	socket.close();
	socket = null;
}

function greet() {
	const hello = user.hello();
	send(hello);
	if (hello.password || hello.login) waitFor(PASSWORD_MS);
}

function receive(message) {
	const { type, token } = message;
	if (type === "closing") why = message.message;
	if (isIn) {
		watch();
		if (type !== "pong" || token !== PING) user.heard(message);
	} else if (type === "welcome") {
		isIn = true;
		since = performance.now();
		why = "connection lost";
		watch();
		user.welcomed(message);
		user.now({ state: "connected" });
		for (const one of early) user.heard(one);
	} else if (type === "error" || message.code === "wrong-password") {
		close();
		user.refused(message);
	} else early.push(message);
}

function watch() {
	waitFor(SILENT_MS, ask);
}

// Ask the server for a word, which has to come within some milliseconds.
function ask(ms) {
	send({ type: "ping", token: PING });
	waitFor(ms);
}

// Unless something comes within some milliseconds, the connection is lost, or what else is said is done.
function waitFor(ms, otherwise = lose) {
	clearTimeout(patience);
	patience = setTimeout(otherwise, ms, ms);
}

function lose() {
	close();
	if (isIn) backoff.held(performance.now() - since);
	const until = performance.now() + backoff.next();
	const tick = () => {
		const seconds = Math.ceil((until - performance.now()) / 1000);
		if (seconds > 0) user.now({ state: "waiting", seconds, why });
		else open();
	};
	countdown = setInterval(tick, 250);
	tick();
	if (isIn) user.lost(); // who was about to leave does not come back
}
