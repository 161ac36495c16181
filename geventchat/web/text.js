// Who is spoken of in a text, what is a link, and a colour for every nick.

// Whether the nick stands in the text as a word of its own, in capitals or not.
export function mentions(text, nick) {
	if (!nick) return false;
	const word = nick.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
	return new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, "iu").test(text);
}

const LINK = /\bhttps?:\/\/[^\s<>"]+/giu;

// Return the text in pieces, `{text}` or, for http and https only, `{text, href}`.
export function pieces(text) {
	const found = [];
	let end = 0;
	for (const match of text.matchAll(LINK)) {
		const link = trimmed(match[0]);
		if (!URL.canParse(link) || hasUser(new URL(link))) continue;
		if (match.index > end) found.push({ text: text.slice(end, match.index) });
		found.push({ text: link, href: link });
		end = match.index + link.length;
	}
	if (end < text.length) found.push({ text: text.slice(end) });
	return found;
}

// A link in which a user stands before the host, as bank.example@evil.example, looks as if it led to the first.
const hasUser = ({ username, password }) => username || password;

// What ends a sentence does not belong to the link in it, nor a bracket that was opened before it.
function trimmed(link) {
	const count = (sign) => link.split(sign).length;
	const surplus = { ")": count(")") - count("("), "]": count("]") - count("[") };
	let end = link.length;
	while (surplus[link[end - 1]]-- > 0 || ".,;:!?'*_~".includes(link[end - 1])) end -= 1;
	return link.slice(0, end);
}

// The hue of a nick, 0 to 359, the same everywhere; upper and lower case are the same nick.
export function hue(nick) {
	let hash = 0;
	for (const letter of nick.toLowerCase()) hash = Math.imul(hash ^ letter.codePointAt(0), 0x9e3779b1) ^ (hash >>> 15);
	return (hash >>> 0) % 360;
}
