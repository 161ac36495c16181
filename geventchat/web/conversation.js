// The user's side of the chat, without I/O: what is typed and heard goes in, `out` is told what to do:
//   send(command)                     to the server
//   show(room, lines)                 at the end of the room's log
//   page(room, lines, where, reveal)  lines of the past, "above" what is shown or "instead" of it; scroll up to them
//   alert(nick, text)                 somebody calls the user
//   deleted(id)                       what was said under this id is not shown any more
//   left(room, looked)                the room is left, and whether it was looked at
//   replaced(), ended(why)            the user goes on in another tab; all is over
// All else that is on the screen is read from the fields.

import { isLater } from "./ids.js";
import { Pending } from "./pending.js";
import { Rooms } from "./rooms.js";
import { Mistyped, readLine } from "./slash.js";
import { lines } from "./wording.js";

// In rooms larger than this nobody is told who comes and goes.
const CROWD = 50;
// How many events of the past are asked for at a time.
const PAGE = 100;

// What needs no connection now. A reply does: only the server knows whom it means.
const OFFLINE = ["help", "say", "act", "whisper", "bye"];
// What is done in the room that is looked at.
const HERE = ["who", "topic", "invite", "kick", "slow", "lock", "unlock", "delete"];
// What a moderator does to a person holds everywhere, and what others do, or do to everyone, in that room.
const TO_PEOPLE = ["ban", "unban", "bans", "mute", "unmute"];

// After these answers to hello, another room may still let us in.
const ROOM_CODES = ["bad-room", "banned", "forbidden", "key-needed", "locked"];

const isComing = ({ type }) => type === "joined" || type === "left";

export class Conversation {
	rooms = new Rooms();
	connected = false;
	looking = true; // whether the user looks at the page at all
	called = false; // whether somebody called meanwhile
	_leaving = false;
	_since = ""; // the id of our own arrival
	_refs = 0;
	_asked = new Map(); // by ref: the name of a room to `join`, a room to `leave`, or whose `page` of the past it is

	// `kept` is what `toKeep` returned before a reload, or only a nick; a `secret` becomes the token of who has none, so
	// that the welcome may be lost; `prefix` is for refs, and nobody else's; `clock` returns milliseconds since 1970.
	constructor(kept, prefix, clock, out) {
		const { nick, token, password, secret } = kept;
		Object.assign(this, { nick, token, password, _secret: secret, _prefix: prefix, _clock: clock, _out: out });
		this.pending = new Pending(prefix, kept.pending);
		for (const { name, last } of kept.rooms ?? []) this.rooms.add(name, last);
		this.rooms.current = this.rooms.called(kept.current) ?? this.room;
	}

	// The room that is looked at.
	get room() {
		return this.rooms.current;
	}

	// What a reload must not lose. `by` differs from tab to tab, as browsers tell others only of what has changed.
	toKeep() {
		const { nick, token, rooms, room, pending, _prefix: by } = this;
		const kept = rooms.all.map(({ name, last }) => ({ name, last }));
		return { nick, token, by, rooms: kept, current: room?.name, pending: pending.toKeep() };
	}

	// What another tab has kept, and what waits here: the server knows that again if it is told what we have heard last.
	added(kept) {
		const waits = this.pending.toKeep();
		if (!waits.length) return kept;
		const rooms = kept.rooms.map(({ name, last }) => ({ name, last: this.rooms.called(name)?.last ?? last }));
		return { ...kept, rooms, pending: [...kept.pending, ...waits] };
	}

	// What to introduce ourselves with, the first time or again.
	hello() {
		const { nick, token = this._secret, password, login, link, _door: room } = this;
		return { type: "hello", nick, token, password, login, link, room: room?.name, after: room?.last };
	}

	// The room to come in by. Where there is none, the server has one.
	get _door() {
		return this.rooms.all.find((room) => !room.isShut);
	}

	// The server has refused our hello; whether another one may let us in.
	keptOut({ code }) {
		const room = this._door;
		if (!room || !ROOM_CODES.includes(code)) return false;
		room.isShut = true;
		return true;
	}

	// We are in: go where we were and say what was not said.
	welcomed(welcome) {
		const { nick, token, id, limits, account = null, role = "user" } = welcome;
		Object.assign(this, { nick, token, account, role, link: undefined, connected: true, _since: id, _maxLine: limits?.line });
		const entered = this._door ?? this.rooms.called(welcome.room) ?? this.rooms.add(welcome.room);
		const begun = [...this._asked.values()].filter(({ join }) => join && !this.rooms.called(join));
		this._asked.clear();
		this._enter(entered, welcome);
		for (const room of this.rooms.all) {
			room.isShut = false;
			if (room !== entered) this._join(room.name, room.last, room.password);
		}
		for (const { join, password } of begun) this._join(join, undefined, password);
		this._doubt();
		for (const command of this.pending.delayed(this._clock())) {
			if (!this._try(() => this._check(command))) this._trouble(`not sent: ${this.pending.settle(command.ref).text}`);
		}
		this._sendDue();
	}

	// The connection is gone, or `taken` by another tab, which says what waits here.
	lost(taken = false) {
		this.connected = false;
		for (const room of this.rooms.all) room.asking = false;
		this._doubt(taken);
		if (this._leaving && !taken) this._out.ended();
	}

	// Tell of whispers that may have arrived.
	_doubt(taken = false) {
		for (const { to = "whoever whispered last", text } of this.pending.lost(taken)) {
			this._trouble(`nobody knows whether this reached ${to}: ${text}`);
		}
	}

	// What is heard.

	// Take in what the server tells.
	heard(message) {
		const { type, ref, id, nick } = message;
		if (id && nick) return this._happened(message);
		switch (type) {
			case "members":
				return this._members(message);
			case "history":
				return this._page(message);
			case "error":
				return this._refused(message);
			case "ack":
				this.pending.settle(ref);
				this._left(this._take(ref).leave);
				return this._sendDue();
			case "account_is":
				this._belongs(message);
				break;
			case "closing":
				if (["banned", "kicked"].includes(message.code)) return this._out.ended(message.message);
				return { replaced: this._out.replaced, bye: () => this._out.ended() }[message.code]?.();
		}
		this._show(message, this.rooms.called(message.room));
		if (type === "whispered" && nick !== this.nick) this._alert(message);
	}

	_happened(event) {
		const mine = event.nick === this.nick;
		if (mine && event.type === "renamed" && isLater(event.id, this._since)) this.nick = event.new;
		const room = this.rooms.called(event.room);
		if (!room?.hear(event)) return;
		if (event.type === "kicked" && event.who === this.nick && isLater(event.id, room.since)) return this._putOut(room, event);
		if (event.type === "deleted") this._out.deleted(event.target);
		if (isComing(event) && (mine || room.count > CROWD)) return;
		const [{ mention } = {}] = room.live ? this._show(event, room) : lines(event, this.nick);
		if (mention) this._alert(event);
		if (mine || mention === undefined || (this.looking && room === this.room)) return;
		room.unread += 1;
		room.mentioned ||= mention;
	}

	// Somebody who moderates wants the user out of a room.
	_putOut(room, { nick, reason }) {
		const why = `${nick} put you out of ${room.name}${reason ? `: ${reason}` : ""}`;
		if (this.rooms.all.length < 2) return this._out.ended(why);
		this._left(room);
		this._trouble(why);
	}

	// Whether the user may do in a room what moderators do.
	moderates(room = this.room) {
		return this.role !== "user" || room.moderators.has(this.nick);
	}

	_members(members) {
		const { join, password } = this._take(members.ref);
		const room = this.rooms.called(join ?? members.room);
		if (join) {
			if (!room) this.look(this.rooms.add(members.room));
			const entered = room ?? this.room;
			entered.password = password; // to come back with
			return this._enter(entered, members);
		}
		room?.setPeople(room.last, members);
		this._show(members);
	}

	// To come back, log in with what was given last.
	_belongs({ ref, account, role = "user" }) {
		const { given } = this._take(ref);
		Object.assign(this, { account, role });
		this.login = account && given ? { account, password: given } : account ? this.login : undefined;
	}

	_enter(room, answer) {
		room.name = answer.room; // as the server writes it
		if (room.enter(answer)) this.earlier(room);
	}

	_left(room) {
		if (!room || this.rooms.all.length < 2) return;
		const looked = room === this.room;
		this.rooms.leave(room);
		this.look(this.room);
		this._out.left(room, looked);
	}

	_refused({ ref, code, message }) {
		const said = this.pending.settle(ref);
		const { join, page } = this._take(ref);
		if (page) page.asking = false;
		const room = this.rooms.called(join);
		if (room && code === "already-here") return;
		this._left(room);
		this._trouble(room ? `you are no longer in ${join}: ${message}` : said ? `${message}: ${said.text}` : message);
		this._sendDue();
	}

	// The past.

	// Ask for what was said before all that is shown of a room; with `reveal`, the screen scrolls up to it.
	earlier(room, limit = PAGE, reveal = false) {
		if (!room.isWhole) this._ask(room, { before: room.first, limit }, "above", reveal);
	}

	// Show the present of a room again, where the past is shown.
	latest(room) {
		if (!room.live) this._ask(room, { limit: PAGE }, "instead");
	}

	_ask(room, range, where, reveal) {
		if (!this.connected || room.asking) return;
		room.asking = true;
		this._out.send({ type: "history", room: room.name, ...range, ref: this._ref({ page: room, where, reveal }) });
	}

	_page({ events, more, ref }) {
		const { page: room, where, reveal } = this._take(ref);
		if (!room) return;
		Object.assign(room, { asking: false, isWhole: !more, first: events[0]?.id ?? room.first });
		// If something was said while the page of the present was on its way, it is on another one.
		if (where === "instead") room.live = !isLater(room.last, events.at(-1)?.id ?? room.last);
		const said = events.filter((event) => !isComing(event)); // who came and went is of little use now
		const shown = (said.length ? said : events).flatMap((event) => lines(event, this.nick));
		this._out.page(room, shown, where, reveal);
		if (where === "instead") this.latest(room);
	}

	// What is typed.

	// Do what a typed line asks for.
	typed(text) {
		return this._try(() => {
			const command = readLine(text.toWellFormed()); // half a character would be refused without its ref
			if (command) this._do(command);
		});
	}

	// Say a line in a room, just as it is: it is no command.
	say(text, room = this.room) {
		return this.does({ type: "say", text: text.toWellFormed(), room: room.name });
	}

	// Do what a command asks for.
	does(command) {
		return this._try(() => this._do(command));
	}

	// Return whether something could be done, and tell the user why not.
	_try(action) {
		try {
			action();
			return true;
		} catch (error) {
			if (!(error instanceof Mistyped)) throw error;
			this._trouble(error.message);
			return false;
		}
	}

	// Look at a room.
	look(room) {
		this.rooms.current = room;
		this.looks(this.looking);
	}

	// The user looks at the page, or away from it.
	looks(looking) {
		this.looking = looking;
		if (!looking) return;
		this.called = false;
		this.room?.read();
	}

	_do(command) {
		const here = { room: this.room.name, ...command };
		const there = command.type === "join" && this.rooms.called(command.room);
		if (there) return this.look(there);
		if (!this.connected && !OFFLINE.includes(command.type)) {
			throw new Mistyped("not possible without a connection; what is said, or whispered by /msg, is sent later");
		}
		this._check(command);
		switch (command.type) {
			case "help":
				return this._show(command);
			case "say":
			case "act":
				return this._speak(here);
			case "whisper":
			case "reply":
				return this._speak(command);
			case "bye":
				this._leaving = true;
				if (this.connected) break;
				return this._out.ended();
			case "join":
				return this._join(command.room, undefined, command.password);
			case "leave":
				return this._leave(here);
			case "history":
				return this.earlier(this.room, command.limit, true);
		}
		const isHere = this.role === "user" || command.nick === "*" ? [...HERE, ...TO_PEOPLE] : HERE;
		if (isHere.includes(command.type)) this._out.send(here);
		else this._out.send(command.password ? { ...command, ref: this._ref({ given: command.password }) } : command);
	}

	_speak(command) {
		if (this.pending.isFull) throw new Mistyped(`too much is waiting to be sent: ${command.text}`);
		this.pending.add(command, !this.connected, this._clock());
		this._sendDue();
	}

	// Throws Mistyped for a text that the server would hang up on, or skip; before the welcome, its limit is not known.
	_check(command) {
		const isLong = (value) => new TextEncoder().encode(value).length > this._maxLine;
		if (Object.values(command).some(isLong)) throw new Mistyped(`that is too long: a text can have ${this._maxLine} bytes`);
	}

	_join(room, after, password) {
		this._out.send({ type: "join", room, after, password, ref: this._ref({ join: room, password }) });
	}

	_leave(command) {
		if (this.rooms.all.length < 2) throw new Mistyped("this is your only room; /join enters another, /exit leaves all");
		this._out.send({ ...command, ref: this._ref({ leave: this.room }) });
	}

	_sendDue() {
		if (this.connected) for (const command of this.pending.due()) this._out.send(command);
	}

	_alert({ nick, text }) {
		this.called ||= !this.looking;
		this._out.alert(nick, text);
	}

	_show(message, room = this.room) {
		const shown = lines(message, this.nick, this._clock());
		this._out.show(room, shown);
		return shown;
	}

	_trouble(message) {
		this._show({ type: "error", message });
	}

	// Return a new ref; with the answer, `_take` gives back what it was for.
	_ref(asked) {
		const ref = `${this._prefix}-do-${++this._refs}`;
		this._asked.set(ref, asked);
		return ref;
	}

	_take(ref) {
		const asked = this._asked.get(ref) ?? {};
		this._asked.delete(ref);
		return asked;
	}
}
