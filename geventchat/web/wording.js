// What the log says of each thing that the server tells, as plain objects: `{kind, time, text}`, with `nick` if somebody
// speaks, and `id` if it is an event. A `kind` is said, acted, whisper, event, notice (for the user alone) or trouble.

import { mentions } from "./text.js";

// Return the lines that show a message to the user called `me`; `now` is an ISO time for what has none.
export function lines(message, me, now) {
	const { type, id, time = now, nick, text } = message;
	const mine = nick === me;
	switch (type) {
		case "said":
		case "acted":
			return [{ kind: type, id, time, nick, text, mine, mention: !mine && mentions(text, me) }];
		case "whispered":
			return [{ kind: "whisper", time, nick, text, mine, way: mine ? `to ${message.to}` : "to you" }];
		case "gap":
			return [trouble(gapText(message), now)];
		case "error":
			return [trouble(message.message, now)];
	}
	if (type in EVENTS) return [{ kind: "event", id, time, text: EVENTS[type](message) }];
	return (TOLD[type]?.(message) ?? []).map((text) => notice(text, now)); // a newer server may say more than we know
}

export const notice = (text, time) => ({ kind: "notice", time, text });
export const trouble = (text, time) => ({ kind: "trouble", time, text });

const EVENTS = {
	joined: ({ nick }) => `${nick} joined`,
	left: ({ nick, reason }) => (reason ? `${nick} left: ${reason}` : `${nick} left`),
	renamed: ({ nick, new: renamed }) => `${nick} is now ${renamed}`,
	topic: ({ nick, text }) => `${nick} set the topic: ${text}`,
	kicked: done(({ who }) => `put ${who} out`),
	banned: done(({ who }) => `banned ${who}`),
	unbanned: done(({ who }) => `lifted the ban of ${who}`),
	muted: done(({ who }) => `muted ${everyone(who)}`),
	unmuted: done(({ who }) => `lets ${everyone(who)} speak again`),
	slowed: done(({ every }) => `lets everyone speak ${every ? `once in ${every} s` : "freely"}`),
	locked: done(({ password }) => `locked the room${password ? ", with a password" : ""}`),
	unlocked: done(() => "unlocked the room"),
	deleted: done(({ who }) => `deleted what ${who} said`),
	announced: done(() => "announces", ({ text }) => text),
	held: done(({ id }) => `is not let say yet (${id})`, ({ text, action }) => (action ? `*${text}*` : text)),
};

// What somebody who moderates has done, where if it was not here, until when, and why.
function done(did, why = ({ reason }) => reason) {
	return (event) => {
		const { nick, of, until } = event, reason = why(event);
		return `${nick} ${did(event)}${of ? `, in ${of}` : ""}${ending(until)}${reason ? `: ${reason}` : ""}`;
	};
}

const everyone = (who) => (who === "*" ? "everyone" : who);
const ending = (until) => (until ? ` until ${until.slice(0, 16).replace("T", " ")} UTC` : "");

const TOLD = {
	members: ({ room, members, count }) => [
		`${count} in ${room}: ${members.join(", ")}${count > members.length ? ` and ${count - members.length} more` : ""}`,
	],
	rooms: ({ rooms }) => [`rooms: ${Object.entries(rooms).map(([name, count]) => `${name} (${count})`).join(", ")}`],
	profiles: ({ users }) => users.map(profile),
	away_is: ({ nick, text }) => [text ? `${nick} is away: ${text}` : `${nick} is here`],
	account_is: ({ account, role, needs_password }) => [
		account ? `you are logged in to ${account}${role === "user" ? "" : `, as ${role}`}` : "you are not logged in",
		...(needs_password ? ["that password was good for once: set another with /password"] : []),
	],
	recovered: ({ account, password }) => [
		`tell the owner of ${account} this password, good for one login: ${password}`,
	],
	invited: ({ nick, to, room }) => [`${nick} invites ${to} into ${room}: /join ${room}`],
	bans: ({ room, bans, mutes }) => {
		const where = room ? ` in ${room}` : "";
		const told = (did) => ({ who, by, reason, until }) =>
			`${everyone(who)} is ${did}${where}${ending(until)}, by ${by}${reason && `: ${reason}`}`;
		const all = [...bans.map(told("banned")), ...mutes.map(told("muted"))];
		return all.length ? all : [`nobody is banned or muted${where}`];
	},
	motd: ({ lines }) => (lines.length ? lines : ["there is no message of the day"]),
	topic_is: ({ text }) => [text ? `topic: ${text}` : "no topic is set"],
	pong: ({ token }) => [`pong ${token}`.trimEnd()],
};

const profile = ({ nick, about, rooms, away, origin }) =>
	`${nick}${about && `: ${about}`}, in ${rooms.join(", ") || "no room"}${away ? `, away: ${away}` : ""}${origin ? `, ${origin}` : ""}`;

function gapText({ room, count }) {
	if (count === null) return `lines of ${room} may be missing here: the server cannot show them all`;
	return `you missed ${count} lines of ${room}`;
}
