// The rooms that the user is in.

import { idAfter, isLater } from "./ids.js";

// `last` is the id of the last event heard, if one was; `since` that up to which the server has told who is here.
// The screen shows the log from `first`, before which earlier history is asked for, up to the present if `live`.
class Room {
	topic = "";
	unread = 0;
	mentioned = false;
	live = true;
	isWhole = false; // whether nothing is earlier than `first`
	isShut = false; // whether we could not come in by it
	asking = false; // whether a page of history is on its way

	constructor(name, last) {
		Object.assign(this, { name, last });
		this.setPeople("0-0", { members: [], count: 0 });
	}

	// Take over from the server who is here, as of an id, and who of them moderates.
	setPeople(since, { members, count, moderators = [] }) {
		this.since = since;
		this.members = new Set(members); // who spoke last comes last
		this.moderators = new Set(moderators);
		this.count = count;
	}

	// The user has come in, as the server's answer says; whether it is the first time on this page.
	enter(answer) {
		const { id, topic } = answer;
		this.setPeople(id, answer);
		this.topic = topic;
		const isFirst = !this.first;
		if (isFirst) this.first = this.last ? idAfter(this.last) : id;
		if (!this.last || !isLater(id, this.last)) this.last = id; // a server whose ids begin anew
		return isFirst;
	}

	// Take in an event; whether it is a new one.
	hear(event) {
		if (!isLater(event.id, this.last)) return false;
		this.last = event.id;
		if (event.type === "topic") this.topic = event.text;
		else if (isLater(event.id, this.since)) this._countWith(event); // what happened before is counted already
		return true;
	}

	// The user has seen what there is.
	read() {
		this.unread = 0;
		this.mentioned = false;
	}

	// Count who comes, goes, speaks or is called otherwise.
	_countWith({ type, nick, who, new: renamed = nick, moderates = this.moderators.has(nick) }) {
		const goes = { left: nick, kicked: who }[type];
		for (const [names, is] of [[this.members, true], [this.moderators, moderates]]) {
			names.delete(goes ?? nick);
			if (!goes && is) names.add(renamed);
		}
		this.count += goes ? -1 : type === "joined" ? 1 : 0;
	}
}

// All of them, in the order in which they were entered; one is looked at.
export class Rooms {
	all = [];
	current = null;

	// The room of that name, in capitals or not.
	called(name) {
		const wanted = name?.toLowerCase();
		return this.all.find((room) => room.name.toLowerCase() === wanted);
	}

	// Enter a room, of which the event `last` was heard last, if any was.
	add(name, last) {
		const room = new Room(name, last);
		this.all.push(room);
		this.current ??= room;
		return room;
	}

	// The user is in a room no more; the one beside it is looked at then.
	leave(room) {
		if (this.current === room) this.current = this.beside(1);
		this.all = this.all.filter((other) => other !== room);
	}

	// The room so many places after the current one, round and round.
	beside(step) {
		const { length } = this.all;
		return this.all[(this.all.indexOf(this.current) + step + length) % length];
	}
}
