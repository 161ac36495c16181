// What calls the user: a short tone, a notification if allowed, the page's title.

const EVERY_MS = 1000;

let audio = null;
let last = -Infinity;

// Somebody spoke of, or whispered to, the user.
export function alert(nick, text) {
	if (performance.now() - last < EVERY_MS) return;
	last = performance.now();
	if (audio?.state === "running") beep();
	if (permission() === "granted" && !document.hasFocus()) notify(nick, text);
}

// Browsers let a page make sounds only once its user has done something: call this then.
export function allowSound() {
	audio ??= new AudioContext();
	if (audio.state === "suspended") audio.resume();
}

// Browsers have notifications on pages that came with TLS only, or from this machine.
const permission = () => isSecureContext && window.Notification?.permission;

export const canAsk = () => permission() === "default";
export const askToNotify = () => Notification.requestPermission();

// Say in the title how much is unread, and that somebody called.
export function title(room, unread, called) {
	const count = `${called ? "!" : ""}${unread || ""}`;
	const text = `${count && `(${count}) `}${room && `${room} - `}geventchat`;
	if (document.title !== text) document.title = text;
}

function notify(nick, text) {
	try {
		new Notification(nick, { body: text, tag: "geventchat" }).onclick = () => window.focus();
	} catch {} // Chrome on Android has notifications for service workers only
}

function beep() {
	const tone = audio.createOscillator(), volume = audio.createGain(), now = audio.currentTime;
	tone.frequency.value = 880;
	volume.gain.setValueAtTime(0.08, now);
	volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.25);
	tone.connect(volume).connect(audio.destination);
	tone.start(now);
	tone.stop(now + 0.25);
}
