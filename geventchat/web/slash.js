// What people type: a line is said, `exit` leaves, and a leading slash is a command from the table below.
// The table is every other client's too; only what /join and /leave do is about tabs here.

const DEFAULT_HISTORY = 50;

// A command that cannot be understood; the message says how it is written.
export class Mistyped extends Error {}

const usage = (name) => new Mistyped(`like this: ${COMMANDS.get(name).usage}`);

function wanted(name, make) {
	return (rest) => {
		if (!rest) throw usage(name);
		return make(rest);
	};
}

function whisper(rest) {
	const [, name, to = name, text] = /^(?:"(?!" )(.+?)"|([^" ][^ ]*)) (.*)$/s.exec(rest) ?? [];
	if (!to) throw usage("msg");
	return { type: "whisper", to, text };
}

function history(rest) {
	if (!/^[0-9]*$/.test(rest)) throw usage("history");
	return { type: "history", limit: rest ? Number(rest.slice(0, 9)) : DEFAULT_HISTORY };
}

// Each with what to type, what it does, and what the rest of the line becomes.
const TABLE = [
	["help", "/help", "this list", () => ({ type: "help" })],
	["who", "/who", "who is in the room", () => ({ type: "who" })],
	["nick", "/nick NAME", "take another name", wanted("nick", (nick) => ({ type: "rename", nick }))],
	["me", "/me TEXT", "do something: /me waves", wanted("me", (text) => ({ type: "act", text }))],
	["msg", "/msg NAME TEXT", 'say something to one alone; quote a name with spaces: "NAME"', whisper],
	["reply", "/reply TEXT", "answer the last whisper", wanted("reply", (text) => ({ type: "reply", text }))],
	["join", "/join ROOM", "enter a room, or look at it", wanted("join", (room) => ({ type: "join", room }))],
	["leave", "/leave", "leave this room", (reason) => ({ type: "leave", reason })],
	["rooms", "/rooms", "which rooms there are", () => ({ type: "rooms" })],
	["topic", "/topic [TEXT]", "see or set the room's topic", (text) => ({ type: "topic", text: text || undefined })],
	["history", "/history [N]", "what was said before", history],
	["ping", "/ping [TOKEN]", "see that the server answers", (token) => ({ type: "ping", token })],
	["exit", "/exit", "leave the chat, as plain exit does", (reason) => ({ type: "bye", reason })],
];

export const COMMANDS = new Map(TABLE.map(([name, usage, help, read]) => [name, { usage, help, read }]));

// What a typed line asks for; null for an empty one. Throws Mistyped for a command that is none.
export function readLine(line) {
	if (!line.trim()) return null;
	if (line === "exit") return { type: "bye", reason: "" };
	if (!line.startsWith("/")) return { type: "say", text: line };
	if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
	const [, name, rest] = /^\/([^ ]*) ?(.*)$/s.exec(line);
	const command = COMMANDS.get(name.toLowerCase());
	if (!command) throw new Mistyped(`/${name} is not a command; /help lists them, // says a line with a slash`);
	return command.read(rest.trim());
}

// The commands and keys, a line each.
export function helpLines() {
	return [
		...[...COMMANDS.values()].map(({ usage, help }) => `${usage} – ${help}`),
		"Tab completes names and commands; Escape, then Tab, leaves the field",
		"Alt-Up and Alt-Down look at the room beside; // says a line that begins with a slash",
	];
}
