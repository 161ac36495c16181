// What can be done to somebody, and to what it has said, by who moderates.

import { $, openDialog, walk, write } from "./dom.js";

const menu = $("menu");
const shown = () => [...menu.querySelectorAll("button")].filter((button) => button.checkVisibility());
menu.onkeydown = (event) => walk(event, shown(), true);

// Offer what there is for a nick, if it is not `mine`, and with an `id`, for that message of its; `does(what)` is told
// what the user chooses.
export function open(nick, mine, id, does) {
	write($("whom"), nick);
	$("to-others").hidden = mine;
	$("take-back").hidden = !id;
	openDialog(menu, (what) => what && does(what));
}
