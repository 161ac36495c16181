// What people type: a line is said, `exit` leaves, a leading slash is a command.

// A command that cannot be understood; the message says how it is written.
export class Mistyped extends Error {}

// Each with what it is for the server, what is typed, and the field that each argument becomes: NAME and ROOM are names,
// N is a number, TIME a duration, anything else the rest of the line. An argument in brackets may be left out.
const TABLE = [
	["help", "/help", [], "this list"],
	["who", "/who [ROOM]", ["room"], "who is in the room"],
	["whois", "/whois NAME", ["nick"], "who that is"],
	["rename", "/nick NAME", ["nick"], "take another name"],
	["act", "/me TEXT", ["text"], "do something: /me waves"],
	["whisper", "/msg NAME TEXT", ["to", "text"], 'whisper to one; quote a name with spaces: "NAME"'],
	["reply", "/reply TEXT", ["text"], "answer the last whisper"],
	["join", "/join ROOM [PASSWORD]", ["room", "password"], "enter a room, or look at it"],
	["leave", "/leave [REASON]", ["reason"], "leave this room"],
	["rooms", "/rooms", [], "which rooms there are"],
	["invite", "/invite NAME", ["nick"], "ask somebody into the room"],
	["away", "/away [TEXT]", ["text"], "be away; alone, be back"],
	["topic", "/topic [TEXT]", ["text"], "see or set the topic"],
	["history", "/history [N]", ["limit"], "what was said before"],
	["motd", "/motd", [], "the message of the day"],
	["register", "/register PASSWORD", ["password"], "make your name your own"],
	["login", "/login NAME PASSWORD", ["account", "password"], "log in"],
	["logout", "/logout", [], "log out"],
	["password", "/password PASSWORD", ["password"], "set another password"],
	["unregister", "/unregister PASSWORD", ["password"], "give your name up"],
	["recover", "/recover NAME", ["account"], "give somebody a password for once"],
	["ping", "/ping [TOKEN]", ["token"], "see that the server answers"],
	["bye", "/exit [REASON]", ["reason"], "leave the chat"],
	["kick", "/kick NAME [REASON]", ["nick", "reason"], "who moderates: put somebody out of the room"],
	["ban", "/ban NAME [TIME] [REASON]", ["who", "for", "reason"], "keep out: /ban bob 10m"],
	["unban", "/unban NAME", ["who"], "let somebody in again"],
	["bans", "/bans", [], "who is banned or muted"],
	["mute", "/mute NAME [TIME] [REASON]", ["nick", "for", "reason"], "let somebody say nothing; * is everybody"],
	["unmute", "/unmute NAME", ["nick"], "let somebody speak again"],
	["slow", "/slow [TIME]", ["every"], "let each speak once in this time"],
	["lock", "/lock [PASSWORD]", ["password"], "let in only who is invited"],
	["unlock", "/unlock", [], "let everyone in again"],
	["delete", "/delete ID [REASON]", ["id", "reason"], "take back a message, or the last one of a name"],
	["approve", "/approve ID", ["id"], "let be said what was held back"],
	["announce", "/announce TEXT", ["text"], "say something in all rooms"],
];

export const COMMANDS = new Map(TABLE.map((row) => [row[1].split(" ")[0].slice(1), row]));

// What a typed line asks for; null for an empty one. Throws Mistyped for a command that is none.
export function readLine(line) {
	if (!line.trim()) return null;
	if (line === "exit") return { type: "bye" };
	if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
	if (!line.startsWith("/")) {
		const [, is, wide] = /^[\s\p{Cf}]*(?:(\/)|／([^ ]*))/u.exec(line) ?? [];
		if (!is && !COMMANDS.has(wide)) return { type: "say", text: line };
		throw new Mistyped("not said: a command begins with /");
	}
	const [, name, rest] = /^.([^ ]*) ?(.*)$/s.exec(line);
	const row = COMMANDS.get(name.toLowerCase());
	if (!row) throw new Mistyped(`/${name} is not a command; /help lists them, // says a line with a slash`);
	return read(row, rest.trim());
}

function read([type, typed, fields], rest) {
	const command = { type };
	typed.split(" ").slice(1).forEach((word, index) => {
		let given = rest;
		const isLast = index === fields.length - 1;
		if (/NAME|ROOM|ID/.test(word)) [given, rest] = nameIn(rest, isLast || word === "ROOM"); // in quotes only, more can follow
		else if (word === "[TIME]" && !isLast) {
			const isAlmost = ALMOST_TIMED.test(rest);
			[, given = "", rest] = TIMED.exec(rest);
			if (!given && isAlmost) throw new Mistyped("a time is written like 30s, 10m, 2h or 1h30m");
		}
		const isWrong = given ? word === "[N]" && !/^[0-9]+$/.test(given) : !word.startsWith("[");
		if (isWrong) throw new Mistyped(`like this: ${typed}`);
		if (given) command[fields[index]] = word === "[N]" ? Number(given.slice(0, 9)) : given;
	});
	return command;
}

// A duration, if one is at the beginning, and what follows.
const N = String.raw`(?:\d+(?:\.\d+)?`;
const TIMED = RegExp(`^(?:((?=\\d)${N}w)?${N}d)?${N}h)?${N}m)?${N}s)?${N}ms)?)(?: +|$))?(.*)$`, "s");

// Taken for the beginning of a reason, it would make ten minutes an act for ever.
const ALMOST_TIMED = /^\d+([.,:]\d+)?((?!st)[smhdwy][a-z]*([\d\W][^ ]*)?)?( |$)/i;

// The name at the beginning, without its quotes, and what follows; a last one needs no quotes.
function nameIn(rest, isLast) {
	const open = isLast ? /^([^"].*)()$/s : /^([^" ][^ ]*)( .*)?$/s;
	const [, name = "", after = ""] = /^["“-„]([^"“-„]*)["“-„]( .*)?$/s.exec(rest) ?? open.exec(rest) ?? [];
	return [name, after.trim()];
}

// A name as it is typed before something else.
export const quoted = (name) => (name.includes(" ") ? `"${name}"` : name);

// The commands and keys, a line each.
export function helpLines() {
	return [
		...TABLE.map(([, typed, , help]) => `${typed} – ${help}`),
		"// says a line that begins with a slash; Alt-Up and Alt-Down look at the room beside",
		"Tab completes names and commands; Escape, then Tab, leaves the field",
	];
}
