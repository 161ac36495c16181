// The user's account: a small form to make the name one's own, to set another password, and to log out.

import { $, openDialog, write } from "./dom.js";

// Offer what there is for a user who is logged in to an `account`, or to none; `does(command)` is told what to do.
export function open({ account, nick }, does) {
	write($("whose"), account ? `You are logged in to ${account}.` : `Nobody has registered ${nick}.`);
	$("set").value = account ? "password" : "register";
	write($("set"), account ? "Set another password" : "Register this name");
	$("log-out").hidden = !account;
	$("own-name").value = account ?? nick;
	$("own").value = "";
	openDialog($("account"), (type) => {
		const password = $("own").value;
		$("own").value = "";
		if (type === "logout") does({ type });
		else if (type && password) does({ type, password });
	});
	$("own").focus();
}
