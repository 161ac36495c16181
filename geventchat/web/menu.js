// What can be done to somebody, and to what it has said, by who moderates.

import { $, walk, write } from "./dom.js";

const menu = $("menu");
let about;

// `does(what, nick, id)` is told what the user chooses.
export function start(does) {
	const shown = () => [...menu.querySelectorAll("button")].filter((button) => button.checkVisibility());
	menu.onkeydown = (event) => walk(event, shown(), true);
	menu.onclose = () => menu.returnValue && does(menu.returnValue, about.nick, about.id);
}

// Offer what there is for a nick, if it is not `mine`, and with an `id`, for that message of its.
export function open(nick, mine, id) {
	about = { nick, id };
	write($("whom"), nick);
	$("to-others").hidden = mine;
	$("take-back").hidden = !id;
	menu.returnValue = "";
	menu.showModal();
}
