// What people type: a line is said, `exit` leaves, a leading slash is a command.

// A command that cannot be understood; the message says how it is written.
export class Mistyped extends Error {}

// Each as it is typed, and what it is for: NAME, ROOM and ID are names, N is a number, TIME a duration, anything else the
// rest of the line; an argument in brackets may be left out. The server has the same words for them, in small letters,
// but for those in the last column and these.
const OTHER_WORDS = { name: "nick", n: "limit", time: "for" };
const TABLE = [
	["/help", "this list"],
	["/who [ROOM]", "who is in the room"],
	["/whois NAME", "who that is"],
	["/nick NAME", "take another name", { type: "rename" }],
	["/me TEXT", "do something: /me waves", { type: "act" }],
	["/msg NAME TEXT", 'whisper to one; quote a name with spaces: "NAME"', { type: "whisper", name: "to" }],
	["/reply TEXT", "answer the last whisper"],
	["/join ROOM [PASSWORD]", "enter a room, or look at it"],
	["/leave [REASON]", "leave this room"],
	["/rooms", "which rooms there are"],
	["/invite NAME", "ask somebody into the room"],
	["/away [TEXT]", "be away; alone, be back"],
	["/topic [TEXT]", "see or set the topic"],
	["/history [N]", "what was said before"],
	["/motd", "the message of the day"],
	["/register PASSWORD", "make your name your own"],
	["/login NAME PASSWORD", "log in", { name: "account" }],
	["/logout", "log out"],
	["/password PASSWORD", "set another password"],
	["/unregister PASSWORD", "give your name up"],
	["/recover NAME", "give somebody a password for once", { name: "account" }],
	["/ping [TOKEN]", "see that the server answers"],
	["/exit [REASON]", "leave the chat", { type: "bye" }],
	["/kick NAME [REASON]", "who moderates: put somebody out of the room"],
	["/ban NAME [TIME] [REASON]", "keep out: /ban bob 10m", { name: "who" }],
	["/unban NAME", "let somebody in again", { name: "who" }],
	["/bans", "who is banned or muted"],
	["/mute NAME [TIME] [REASON]", "let somebody say nothing; * is everybody"],
	["/unmute NAME", "let somebody speak again"],
	["/slow [TIME]", "let each speak once in this time", { time: "every" }],
	["/lock [PASSWORD]", "let in only who is invited"],
	["/unlock", "let everyone in again"],
	["/delete ID [REASON]", "take back a message, or the last one of a name"],
	["/approve ID", "let be said what was held back"],
	["/announce TEXT", "say something in all rooms"],
];

// By name: what it is for the server, how it is typed, and the field that each argument becomes.
export const COMMANDS = new Map(TABLE.map(([typed, , others]) => {
	const [name, ...words] = typed.toLowerCase().match(/\w+/g);
	const { type = name, ...fields } = { ...OTHER_WORDS, ...others };
	return [name, [type, typed, words.map((word) => fields[word] ?? word)]];
}));

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
		...TABLE.map(([typed, help]) => `${typed} – ${help}`),
		"// says a line that begins with a slash; Alt-Up and Alt-Down look at the room beside",
		"Tab completes names and commands; Escape, then Tab, leaves the field",
	];
}
