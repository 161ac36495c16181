// The page: the conversation, which decides, the connection, and the screen.

import * as account from "./account.js";
import { alert, allowSound, askToNotify, canAsk, title } from "./alerts.js";
import * as composer from "./composer.js";
import { Conversation } from "./conversation.js";
import { $, perFrame, write } from "./dom.js";
import { build } from "./lines.js";
import * as log from "./log.js";
import * as menu from "./menu.js";
import { LATE_MS } from "./pending.js";
import * as people from "./people.js";
import { quoted } from "./slash.js";
import * as socket from "./socket.js";
import * as store from "./store.js";
import * as tabs from "./tabs.js";

// After these answers to hello, the server's password is asked for, or that of the name.
const SERVER_CODES = ["password-needed", "wrong-password"];
const ACCOUNT_CODES = ["nick-registered", "login-failed"];
// So old may be what is kept for a reload: the server knows again what it is told twice.
const KEEP_MS = 1000;

const renderSoon = perFrame(render);
let chat = null; // null while nobody has joined
let link = { state: "" }; // how the connection is
let keeping = null;
let offered; // what a moderator's link holds, until it has been used
let isOfName = false; // whether the password that is asked for is that of the name

socket.start({
	hello: () => chat.hello(),
	welcomed: (welcome) => {
		chat.welcomed(welcome);
		offered = undefined;
		keep();
		enter();
	},
	heard: (message) => {
		chat.heard(message);
		changed();
	},
	lost: () => chat.lost(),
	refused,
	now: (state) => {
		link = state;
		changed();
	},
});

const out = {
	send: socket.send,
	show: log.add,
	page: log.page,
	left: (room, looked) => {
		log.forget(room);
		if (looked) composer.interrupt();
	},
	deleted: log.erase,
	alert,
	replaced: () => {
		socket.close();
		chat.lost(true);
		store.leave();
		link = { state: "replaced" };
		changed();
	},
	ended: (why = "") => {
		keep();
		store.leave();
		if (!why && !chat.pending.size) store.forget(chat.nick);
		socket.close();
		chat = null;
		log.forget();
		ask(why);
	},
};

// Coming and going.

const random = (words) => crypto.getRandomValues(new Uint32Array(words)).join("-");

function begin(kept) {
	chat = new Conversation({ secret: random(4), ...kept }, random(2), Date.now, out);
	chat.link = offered;
	chat.looks(!document.hidden);
	keep(); // for a tab that waits for a connection to see that this one goes on
}

// Take what a moderator's link holds out of the address bar. Browsers may keep it among the pages that were visited: it
// works once.
function takeLink() {
	const secret = /^#moderator=(.+)$/.exec(location.hash)?.[1];
	if (!secret) return;
	history.replaceState(null, "", location.pathname + location.search);
	offered = secret;
	chat?.lost(); // until the welcome, what is said waits
	if (!chat) return;
	chat.link = secret;
	socket.open();
}

// Show the chat instead of the form.
function enter() {
	if (!$("chat").hidden) return;
	$("welcome").hidden = true;
	$("chat").hidden = false;
	$("password").value = "";
	composer.clear();
}

// Show the form instead of the chat, and why; what the user is typing just then goes into none of its fields.
function ask(why, field = $("name")) {
	const isUnasked = why && !$("chat").hidden;
	link = { state: "" };
	for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close("");
	$("chat").hidden = true;
	$("welcome").hidden = false;
	write($("refused"), why);
	if (isUnasked) $("refused").focus();
	else field.select();
	changed();
}

// The server does not let us in: only the user can say how to go on.
function refused({ code, message }) {
	if (chat.keptOut({ code })) return socket.open();
	if (code === "link-used") offered = chat.link = undefined;
	isOfName = ACCOUNT_CODES.includes(code);
	if (isOfName) chat.login = undefined;
	$("secret").hidden = !isOfName && !SERVER_CODES.includes(code);
	write($("secret-of"), isOfName ? "Password of this name" : "Server password");
	$("password").value = "";
	ask(message, $("secret").hidden ? $("name") : $("password"));
}

// Go on in this tab instead of in the other, whose token it is now.
function takeOver() {
	const kept = store.ofThisBrowser();
	if (kept?.token === chat.token) store.keep(chat.added(kept), chat.password);
	location.reload();
}

// Keep what a reload must not lose, unless another tab does that now.
function keep() {
	clearTimeout(keeping);
	keeping = null;
	if (chat?.token && link.state !== "replaced") store.keep(chat.toKeep(), chat.password);
}

// What the user does.

log.start({
	earlier: (room) => chat.earlier(room),
	moved: renderSoon,
	chosen: openMenu,
});
tabs.start(look);
people.start((nick) => {
	if (nick !== chat.nick && chat.moderates()) openMenu(nick);
	else beginFor("msg", nick);
});
composer.start({
	known: () => [...chat.room.members].reverse().filter((nick) => nick !== chat.nick),
	typed,
	pasted: (lines, room) => say(() => lines.forEach((line) => chat.say(line, room))),
	room: () => chat.room,
});

function openMenu(nick, id) {
	menu.open(nick, nick === chat.nick, id, (type) => {
		if (type === "msg" || type === "ban") beginFor(type, nick);
		else does({ kick: { type, nick }, mute: { type, nick, for: "10m" }, delete: { type, id } }[type]);
	});
}

function beginFor(command, nick) {
	composer.begin(`/${command} ${quoted(nick)} `);
}

// Nothing that is said may be lost, and its answer is to be seen. Returns what `speak` does.
function say(speak) {
	const said = chat && speak();
	if (!chat) return said;
	keep();
	toLatest();
	setTimeout(renderSoon, LATE_MS);
	return said;
}

function typed(line) {
	return say(() => chat.typed(line));
}

function does(command) {
	return say(() => chat.does(command));
}

function look(room) {
	chat.look(room);
	changed();
}

function toLatest() {
	chat.latest(chat.room);
	log.toEnd();
	changed();
}

$("join").onsubmit = (event) => {
	event.preventDefault();
	const nick = $("name").value.trim();
	if (!nick) return;
	if (!chat) {
		const kept = store.ofThisBrowser();
		begin(kept?.nick === nick ? kept : { nick });
	}
	const password = $("password").value;
	if (password && isOfName) chat.login = { account: nick, password };
	else if (password) chat.password = password;
	chat.nick = nick;
	socket.open();
};

for (const [id, action] of Object.entries({
	mine: () => account.open(chat, does),
	enter: () => {
		typed("/rooms");
		composer.begin("/join ");
	},
	leave: () => typed("/leave"),
	earlier: () => chat.earlier(chat.room),
	latest: toLatest,
	now: () => (link.state === "replaced" ? takeOver() : socket.retryNow()),
	notify: () => askToNotify().then(renderSoon),
	here: () => ($("here").ariaExpanded = $("panel").classList.toggle("with-people")),
})) {
	$(id).onclick = action;
}

addEventListener("keydown", (event) => {
	allowSound();
	const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
	if (!event.altKey || !step || $("chat").hidden) return;
	event.preventDefault();
	look(chat.rooms.beside(step));
});
addEventListener("pointerdown", allowSound);
addEventListener("pagehide", keep);
store.watch((kept) => {
	if (kept?.token && kept.token === chat?.token && !chat.connected) out.replaced();
});
document.addEventListener("visibilitychange", () => {
	keep();
	chat?.looks(!document.hidden);
	if (!document.hidden) socket.wake();
	renderSoon();
});

// What is on the screen besides the log.

function changed() {
	keeping ??= setTimeout(keep, KEEP_MS);
	renderSoon();
}

function render() {
	const delayed = chat?.pending.delayed(Date.now()) ?? [];
	renderStatus(delayed.length);
	if (!chat || $("chat").hidden) return title("");
	const { rooms, room, nick, called } = chat;
	const moderates = chat.moderates();
	tabs.show(rooms);
	log.show(room, moderates);
	log.wait(delayed.map(({ text, to }) => (to ? `to ${to}: ${text}` : text)));
	people.show(room, nick, moderates);
	write($("room"), room.name);
	write($("topic"), room.topic);
	write($("here"), `${room.count} here`);
	$("leave").hidden = rooms.all.length < 2;
	$("earlier").hidden = room.isWhole;
	$("latest").hidden = log.isFollowing() && room.live;
	$("notify").hidden = !canAsk();
	title(room.name, rooms.all.reduce((sum, { unread }) => sum + unread, 0), called);
}

// Say how the connection is: in three pieces, so that a screen reader is not told every second.
function renderStatus(delayed) {
	const { state, why, seconds } = link;
	const texts = {
		connecting: "Connecting …",
		connected: `Connected as ${chat?.nick}`,
		waiting: `${why}: reconnecting`,
		replaced: "You went on in another tab.",
	};
	write($("link"), texts[state] ?? "");
	write($("seconds"), seconds ? ` in ${seconds} s` : "");
	write($("waiting"), delayed ? ` · ${delayed} not sent yet` : "");
	write($("now"), state === "replaced" ? "Use it here" : "Reconnect now");
	$("now").hidden = !seconds && state !== "replaced";
	$("composer").inert = state === "replaced";
	document.body.dataset.link = state;
}

write($("refused"), ""); // all of the page is loaded
takeLink();
addEventListener("hashchange", takeLink);
const kept = store.ofThisTab();
if (kept) {
	begin(kept);
	if (chat.room) enter();
	socket.open();
} else {
	$("name").value = store.ofThisBrowser()?.nick ?? "";
	$("name").select();
}
