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
	audio.resume();
}

// Browsers have notifications on pages that came with TLS only, or from this machine.
const permission = () => isSecureContext && window.Notification?.permission;

export const canAsk = () => permission() === "default";
export const askToNotify = () => Notification.requestPermission();

// Say in the title which room is looked at, how much is `unread`, and whether somebody `called`.
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
	const tone = new OscillatorNode(audio, { frequency: 880 }), volume = new GainNode(audio, { gain: 0.08 });
	volume.gain.setTargetAtTime(0, audio.currentTime, 0.05);
	tone.connect(volume).connect(audio.destination);
	tone.start();
	tone.stop(audio.currentTime + 0.25);
}
