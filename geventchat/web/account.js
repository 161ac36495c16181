// The user's account: a small form to make the name one's own, to set another password, and to log out.

import { $, write } from "./dom.js";

const form = $("account");
let user;
let account; // null while not logged in

// `handlers` are asked for the `account()` and the `nick()`, and told what the user wants to `send(command)`.
export function start(handlers) {
	user = handlers;
	$("mine").onclick = open;
	form.onclose = answered;
}

function open() {
	account = user.account();
	write($("whose"), account ? `You are logged in to ${account}.` : `Nobody has registered ${user.nick()}.`);
	write($("set"), account ? "Set another password" : "Register this name");
	$("log-out").hidden = !account;
	$("own-name").value = account ?? user.nick();
	$("own").value = "";
	form.returnValue = "";
	form.showModal();
}

function answered() {
	const password = $("own").value;
	$("own").value = "";
	if (form.returnValue === "logout") user.send({ type: "logout" });
	if (form.returnValue === "set" && password) user.send({ type: account ? "password" : "register", password });
}
