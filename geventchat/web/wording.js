// What the log says of each thing that the server tells, as plain objects: `{kind, time, text}`, with `id` if it is an
// event, and if somebody speaks, with the `nick` and what stands `between` that and the text. A `kind` is said, acted,
// whisper, event, notice (for the user alone) or trouble.

import { helpLines } from "./slash.js";
import { mentions } from "./text.js";

// Return the lines that show a message to the user called `me`; `now` is the time of what has none.
export function lines(message, me, now) {
	const { type, id, time = now, nick, text } = message;
	const mine = nick === me;
	switch (type) {
		case "said":
		case "acted":
			return [{ kind: type, id, time, nick, between: BETWEEN[type], text, mine, mention: !mine && mentions(text, me) }];
		case "whispered":
			return [{ kind: "whisper", time, nick, between: ` whispers to ${mine ? message.to : "you"}: `, text, mine }];
	}
	if (type in EVENTS) return [{ kind: "event", id, time, text: happened(message) }];
	if (type in TROUBLES) return [{ kind: "trouble", time: now, text: TROUBLES[type](message) }];
	const told = TOLD[type]?.(message) ?? []; // a newer server may say more than we know
	return told.map((text) => ({ kind: "notice", time: now, text }));
}

const BETWEEN = { said: ": ", acted: " " };

// What somebody has done.
const EVENTS = {
	joined: () => "joined",
	left: () => "left",
	renamed: ({ new: renamed }) => `is now ${renamed}`,
	topic: () => "set the topic",
	kicked: ({ who }) => `put ${who} out`,
	banned: ({ who }) => `banned ${who}`,
	unbanned: ({ who }) => `lifted the ban of ${who}`,
	muted: ({ who }) => `muted ${everyone(who)}`,
	unmuted: ({ who }) => `lets ${everyone(who)} speak again`,
	slowed: ({ every }) => `lets everyone speak ${every ? `once in ${every} s` : "freely"}`,
	locked: ({ password }) => `locked the room${password ? ", with a password" : ""}`,
	unlocked: () => "unlocked the room",
	deleted: ({ who }) => `deleted what ${who} said`,
	announced: () => "announces",
	held: ({ id }) => `is not let say yet (${id})`,
};

// Who has done what, where if it was not here, until when, and why or in which words.
function happened(event) {
	const { type, nick, of, until, reason, text = reason, action } = event;
	const ends = text ? `: ${action ? `*${text}*` : text}` : "";
	return `${nick} ${EVENTS[type](event)}${of ? `, in ${of}` : ""}${ending(until)}${ends}`;
}

const everyone = (who) => (who === "*" ? "everyone" : who);
const ending = (until) => (until ? ` until ${until.slice(0, 16).replace("T", " ")} UTC` : "");

const TROUBLES = {
	error: ({ message }) => message,
	gap: ({ room, count }) =>
		count === null ? `lines of ${room} may be missing here: the server cannot show them all` : `you missed ${count} lines of ${room}`,
};

const TOLD = {
	help: helpLines,
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
