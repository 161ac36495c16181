// What can be done to somebody, and to what it has said, by who moderates.

import { $, write } from "./dom.js";

const menu = $("menu");
let about;

// `does(what, nick, id)` is told what the user chooses.
export function start(does) {
	menu.addEventListener("close", () => menu.returnValue && does(menu.returnValue, about.nick, about.id));
}

// Offer what there is for a nick, and with an `id`, for that message of its.
export function open(nick, id) {
	about = { nick, id };
	write($("whom"), nick);
	$("take-back").hidden = !id;
	menu.returnValue = "";
	menu.showModal();
}
