// The user's account: a small form to make the name one's own, to set another password, and to log out.

import { $, write } from "./dom.js";

const form = $("account");

// `send(command)` is told what the user wants.
export function start(send) {
	form.onclose = () => {
		const password = $("own").value;
		$("own").value = "";
		if (form.returnValue === "logout") send({ type: "logout" });
		else if (form.returnValue && password) send({ type: form.returnValue, password });
	};
}

// Offer what there is for a user who is logged in to an `account`, or to none.
export function open({ account, nick }) {
	write($("whose"), account ? `You are logged in to ${account}.` : `Nobody has registered ${nick}.`);
	$("set").value = account ? "password" : "register";
	write($("set"), account ? "Set another password" : "Register this name");
	$("log-out").hidden = !account;
	$("own-name").value = account ?? nick;
	$("own").value = "";
	form.returnValue = "";
	form.showModal();
	$("own").focus();
}
