// The small parts: ids, links, mentions, completion, what waits to be sent, and when to come back.

import assert from "node:assert/strict";
import { test } from "node:test";

import { alert } from "../../geventchat/web/alerts.js";
import { Backoff } from "../../geventchat/web/backoff.js";
import { Completion } from "../../geventchat/web/completion.js";
import { idAfter, isLater } from "../../geventchat/web/ids.js";
import { hue, mentions, pieces } from "../../geventchat/web/text.js";

test("ids compare as numbers, first the milliseconds", () => {
	assert.ok(isLater("10-0", "9-5") && isLater("10-10", "10-9") && isLater("10-0", "no id"));
	assert.ok(!isLater("10-0", "10-0") && !isLater("9-9", "10-0"));
	assert.ok(isLater(idAfter("10-9"), "10-9"));
});

const LINKS = {
	"see https://example.org/a?b=c#d, please": ["https://example.org/a?b=c#d"],
	"(http://example.org/a_(b))": ["http://example.org/a_(b)"],
	"http://example.org/. HTTPS://EXAMPLE.ORG!": ["http://example.org/", "HTTPS://EXAMPLE.ORG"],
	"javascript:alert(1) data:text/html,x ftp://a.example file:///etc mailto:a@b.example": [],
	"http:// https://. xhttp://a.example": [],
	"<a href=\"http://example.org/\">": ["http://example.org/"],
	"http://example.org/<script>": ["http://example.org/"],
	"http://bank.example@evil.example/ https://a:b@evil.example http:///:b@evil.example http://a.example/@b": ["http://a.example/@b"],
	"([http://example.org/a])))": ["http://example.org/a"],
};

for (const [text, links] of Object.entries(LINKS)) {
	test(`the links in ${text}`, () => {
		const found = pieces(text);
		assert.deepEqual(found.filter(({ href }) => href).map(({ href }) => href), links);
		assert.equal(found.map(({ text }) => text).join(""), text);
	});
}

test("what ends in thousands of brackets holds nobody up", () => {
	const start = performance.now();
	for (let time = 0; time < 20; time++) pieces(`http://a${")".repeat(4000)}`);
	assert.ok(performance.now() - start < 500);
});

test("somebody is mentioned by a word of its own", () => {
	assert.ok(mentions("ALICE: hi", "alice") && mentions("(алиса)", "Алиса") && mentions("a.b+c?", "a.b+c"));
	assert.ok(!mentions("malice", "alice") && !mentions("алисами", "алиса") && !mentions("axb", "a.b") && !mentions("x", ""));
});

test("a nick has one hue, in capitals or not, and neighbours differ", () => {
	assert.equal(hue("Alice"), hue("alice"));
	const hues = new Set(Array.from({ length: 100 }, (_, number) => hue(`user${number}`)));
	assert.ok(hues.size > 60, `${hues.size} of 100`);
});

function presses(before, known, times = 1) {
	const completion = new Completion();
	for (let time = 0; time < times; time++) before = completion.press(before, known) ?? before;
	return before;
}

test("Tab completes nicks and commands, one after the other", () => {
	const known = ["bob", "Barbara Ann", "carol"];
	assert.equal(presses("b", known), "bob: ");
	assert.equal(presses("b", known, 2), "Barbara Ann: ");
	assert.equal(presses("b", known, 3), "bob: ");
	assert.equal(presses("hello BA", known), "hello Barbara Ann ");
	assert.equal(presses("/msg ba", known), '/msg "Barbara Ann" ');
	assert.equal(presses("/h", known, 2), "/history ");
	assert.equal(presses("zoe", known), "zoe");
	assert.equal(presses("", known), ""); // Tab leaves the field then
});

test("tries to come back are farther and farther apart, up to 30 s, and near again after a steady time", () => {
	const backoff = new Backoff(() => 1);
	assert.deepEqual(Array.from({ length: 7 }, () => backoff.next()), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
	backoff.held(500);
	assert.equal(backoff.next(), 30000);
	backoff.held(60000);
	assert.equal(backoff.next(), 1000);
	assert.equal(new Backoff(() => 0).next(), 500);
});

test("where a browser has notifications only in name, as Chrome on Android, nothing is hurt by a call", () => {
	class Notification {
		static permission = "granted";

		constructor() {
			throw new TypeError("Illegal constructor");
		}
	}
	Object.assign(globalThis, { isSecureContext: true, window: { Notification }, Notification, document: { hasFocus: () => false } });
	alert("bob", "psst");
});
