// What a reload must not lose: each tab keeps its own, and the browser the last one's.

const KEY = "geventchat";

// What this tab has kept, if it was reloaded; null in a new one.
export const ofThisTab = () => read(() => sessionStorage);

// What any tab has kept last. It may be old: a new tab begins with the present, unless something is to be said again.
export function ofThisBrowser() {
	const kept = read(() => localStorage);
	if (!kept?.pending?.length) for (const room of kept?.rooms ?? []) delete room.last;
	return kept;
}

// Tell `changed(kept)` what another tab keeps from now on.
export const watch = (changed) => addEventListener("storage", ({ key, newValue }) => key === KEY && changed(JSON.parse(newValue)));

// Keep what `Conversation.toKeep` returned; the server's `password` for this tab only.
export function keep(kept, password) {
	attempt(() => sessionStorage.setItem(KEY, JSON.stringify({ ...kept, password })));
	attempt(() => localStorage.setItem(KEY, JSON.stringify(kept)));
}

// The user has left: a reload does not come back.
export const leave = () => attempt(() => sessionStorage.removeItem(KEY));

// Who uses this browser next may be somebody else, and is offered the nick only.
export const forget = (nick) => attempt(() => localStorage.setItem(KEY, JSON.stringify({ nick })));

function read(storage) {
	const kept = attempt(() => JSON.parse(storage().getItem(KEY)));
	return typeof kept?.nick === "string" ? kept : null;
}

// A browser may forbid this, or have no room: then the page works without.
function attempt(action) {
	try {
		return action();
	} catch {
		return null;
	}
}
