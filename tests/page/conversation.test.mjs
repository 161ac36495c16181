// The conversation: what is heard and typed, and what comes of it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Conversation } from "../../geventchat/web/conversation.js";

const NOW = Date.parse("2026-03-04T12:00:00Z");
const LIMITS = { line: 4096 };

let did, chat;

// Keeps what the conversation says is to be done, as [what, ...with].
const out = new Proxy({}, { get: (_, name) => (...given) => void did.push([name, ...given]) });

const welcome = (more) => ({
	type: "welcome", nick: "alice", room: "lobby", members: ["alice", "bob"], count: 2, topic: "tea", id: "100-0",
	token: "secret", limits: LIMITS, ...more,
});
const said = (id, nick, text, room = "lobby") => ({ type: "said", id, time: "2026-03-04T11:00:00.000Z", room, nick, text });
const sent = (type) => did.filter(([what, command]) => what === "send" && (!type || command.type === type)).map(([, command]) => command);
const shown = () => did.filter(([what]) => what === "show").flatMap(([, , lines]) => lines.map(({ text }) => text));

function begin(kept = { nick: "alice" }) {
	did = [];
	chat = new Conversation(kept, "me", () => NOW, out);
	return chat;
}

function join(name, id = "200-0") {
	chat.typed(`/join ${name}`);
	const { ref } = sent("join").at(-1);
	chat.heard({ type: "members", room: name, members: ["alice"], count: 1, topic: "", id, ref });
}

beforeEach(() => {
	begin();
	chat.welcomed(welcome());
});

test("who comes in asks for what was said before", () => {
	const [history] = sent("history");
	assert.deepEqual([history.room, history.before], ["lobby", "100-0"]);
	chat.heard({ type: "history", room: "lobby", events: [said("90-0", "bob", "early")], more: true, ref: history.ref });
	const [, room, lines, where] = did.find(([what]) => what === "page");
	assert.deepEqual([room.name, lines[0].text, where, room.first], ["lobby", "early", "above", "90-0"]);
	chat.earlier(room);
	assert.equal(sent("history").at(-1).before, "90-0");
});

test("an event that a newer server tells hurts nothing", () => {
	chat.heard({ type: "reacted", id: "101-0", time: "2026-03-04T11:00:00.000Z", room: "lobby", nick: "bob" });
	assert.deepEqual([shown(), chat.rooms.current.last], [[], "101-0"]);
});

test("an event is shown once, however often it comes", () => {
	chat.heard(said("101-0", "bob", "hi"));
	chat.heard(said("101-0", "bob", "hi"));
	assert.deepEqual(shown(), ["hi"]);
});

test("people are counted from the welcome on, and nobody twice", () => {
	const { current } = chat.rooms;
	chat.heard({ type: "joined", id: "99-0", time: "", room: "lobby", nick: "late news" });
	chat.heard({ type: "joined", id: "101-0", time: "", room: "lobby", nick: "carol" });
	chat.heard({ type: "renamed", id: "102-0", time: "", room: "lobby", nick: "bob", new: "rob" });
	chat.heard({ type: "left", id: "103-0", time: "", room: "lobby", nick: "carol", reason: "" });
	assert.deepEqual([current.count, [...current.members]], [2, ["alice", "rob"]]);
});

test("in a crowd nobody is told who comes and goes, but they are counted", () => {
	begin();
	chat.welcomed(welcome({ count: 500 }));
	chat.heard({ type: "joined", id: "101-0", time: "", room: "lobby", nick: "carol" });
	assert.deepEqual([shown(), chat.rooms.current.count], [[], 501]);
});

test("a mention calls, a line of one's own does not", () => {
	chat.heard(said("101-0", "bob", "Alice, tea?"));
	chat.heard(said("102-0", "alice", "alice says yes"));
	assert.deepEqual(did.filter(([what]) => what === "alert"), [["alert", "bob", "Alice, tea?"]]);
});

test("a whisper is shown before anybody is called", () => {
	chat.heard({ type: "whispered", nick: "bob", to: "alice", text: "psst" });
	assert.deepEqual(did.slice(-2).map(([what]) => what), ["show", "alert"]);
});

test("what is said in a room that is not looked at is unread until it is", () => {
	const lobby = chat.rooms.current;
	join("tea room");
	chat.heard(said("201-0", "bob", "hi"));
	chat.heard(said("202-0", "bob", "alice: hi"));
	chat.heard(said("203-0", "alice", "from my other hand"));
	assert.deepEqual([lobby.unread, lobby.mentioned], [2, true]);
	chat.look(lobby);
	assert.deepEqual([lobby.unread, lobby.mentioned], [0, false]);
});

test("who looks away finds unread what was said meanwhile", () => {
	chat.looks(false);
	chat.heard(said("101-0", "bob", "alice: hi"));
	assert.deepEqual([chat.rooms.current.unread, chat.called], [1, true]);
	chat.looks(true);
	assert.deepEqual([chat.rooms.current.unread, chat.called], [0, false]);
});

test("what is said offline is sent once the connection is back, and again with the same ref if no ack came", () => {
	chat.lost();
	chat.typed("hello");
	assert.deepEqual(sent("say"), []);
	chat.welcomed(welcome({ id: "110-0" }));
	chat.lost();
	chat.welcomed(welcome({ id: "120-0" }));
	const [first, second, ...more] = sent("say");
	assert.deepEqual([first.text, second, more], ["hello", first, []]);
	chat.heard({ type: "ack", ref: first.ref, id: "121-0" });
	chat.lost();
	chat.welcomed(welcome({ id: "130-0" }));
	assert.equal(sent("say").length, 2);
});

test("what is not known to be stored for some seconds is not sent yet for all that one knows", () => {
	chat.typed("hello");
	assert.deepEqual(chat.pending.delayed(NOW + 1000), []);
	assert.deepEqual(chat.pending.delayed(NOW + 3000).map(({ text }) => text), ["hello"]);
	chat.heard({ type: "ack", ref: sent("say")[0].ref, id: "101-0" });
	assert.deepEqual(chat.pending.delayed(NOW + 3000), []);
});

test("a whisper that may have arrived is not sent again, and the user is told", () => {
	chat.typed("/msg bob psst");
	chat.lost();
	chat.welcomed(welcome({ id: "110-0" }));
	assert.equal(sent("whisper").length, 1);
	assert.match(shown().join(), /nobody knows whether this reached bob: psst/);
});

test("so is who has reloaded the page before the answer came", () => {
	chat.typed("/msg bob psst");
	begin(JSON.parse(JSON.stringify(chat.toKeep())));
	chat.welcomed(welcome({ id: "110-0" }));
	assert.deepEqual([sent("whisper"), chat.pending.size], [[], 0]);
	assert.match(shown().join(), /nobody knows whether this reached bob: psst/);
});

test("what another tab has taken over is whispered there", () => {
	chat.lost();
	chat.typed("/msg bob psst");
	chat.typed("hello");
	chat.lost(true);
	assert.deepEqual(chat.toKeep().pending.map(({ text }) => text), ["hello"]);
	assert.match(shown().join(), /nobody knows whether this reached bob: psst/);
});

test("no more are on their way than the server knows again", () => {
	chat.lost();
	for (let number = 0; number < 100; number++) chat.say(`line ${number}`);
	chat.welcomed(welcome({ id: "110-0" }));
	assert.equal(sent("say").length, 64);
	chat.heard({ type: "ack", ref: sent("say")[0].ref, id: "111-0" });
	assert.deepEqual(sent("say").slice(64).map(({ text }) => text), ["line 64"]);
});

test("half a character is said as one that nobody can read", () => {
	chat.typed("a\ud83d");
	chat.say("b\udc00");
	assert.deepEqual(sent("say").map(({ text }) => text), ["a\ufffd", "b\ufffd"]);
});

test("what is too long, or too much, is not sent, and the user is told", () => {
	for (const line of ["x".repeat(4097), `/join ${"x".repeat(30000)}`, "é".repeat(2049)]) {
		assert.equal(chat.typed(line), false);
		assert.match(shown().at(-1), /too long/);
	}
	assert.deepEqual([sent("say"), sent("join")], [[], []]);
	assert.equal(chat.typed('"'.repeat(4096)), true);
	assert.equal(sent("say").length, 1);
	chat.heard({ type: "ack", ref: sent("say")[0].ref, id: "101-0" });
	chat.lost();
	for (let number = 0; number < 501; number++) chat.say("y");
	assert.match(shown().join(), /too much is waiting/);
	assert.equal(chat.pending.size, 500);
});

test("what was typed before the page knew how long it may be is not sent if it is too long, and shown again", () => {
	begin({ nick: "alice", rooms: [{ name: "lobby" }] });
	for (const line of ["x".repeat(30000), "hello"]) chat.typed(line);
	chat.welcomed(welcome());
	assert.deepEqual(sent("say").map(({ text }) => text), ["hello"]);
	assert.equal(shown().at(-1), `not sent: ${"x".repeat(30000)}`);
	assert.equal(chat.pending.size, 1);
});

test("who comes back says so with the token and the last id, in every room", () => {
	join("tea room");
	chat.heard(said("250-0", "bob", "hi"));
	chat.lost();
	const { nick, token, room, after } = chat.hello();
	assert.deepEqual([nick, token, room, after], ["alice", "secret", "lobby", "250-0"]);
	did = [];
	chat.welcomed(welcome({ id: "300-0" }));
	assert.deepEqual(sent("join").map(({ room, after }) => [room, after]), [["tea room", "200-0"]]);
	assert.deepEqual(sent("history"), []); // what was shown is shown still
});

test("who comes back though the first welcome was lost is the same one", () => {
	begin({ nick: "alice", secret: "made here" });
	assert.equal(chat.hello().token, "made here");
	assert.equal(chat.toKeep().token, undefined, "as long as nobody is in");
	chat.welcomed(welcome());
	assert.equal(chat.hello().token, "secret");
});

test("a reload goes on where it was, and shows what was before", () => {
	join("tea room");
	chat.heard(said("250-0", "bob", "hi"));
	chat.typed("not acknowledged");
	const kept = JSON.parse(JSON.stringify(chat.toKeep()));
	const { ref } = sent("say")[0];
	begin(kept);
	assert.deepEqual([chat.hello().after, chat.hello().token, chat.rooms.current.name], ["250-0", "secret", "tea room"]);
	chat.welcomed(welcome({ id: "300-0" }));
	assert.deepEqual(sent("history").map(({ room, before }) => [room, before]), [["lobby", "250-1"]]);
	assert.deepEqual(sent("say").map((say) => [say.text, say.ref]), [["not acknowledged", ref]]);
});

test("who is kept out of its only room comes in by the server's, and is told why", () => {
	begin({ nick: "alice", token: "secret", rooms: [{ name: "tea", last: "90-0" }], current: "tea" });
	const refusal = { type: "error", code: "banned", message: "you are banned from tea" };
	assert.deepEqual([chat.hello().room, chat.keptOut(refusal), chat.hello().room, chat.keptOut(refusal)], ["tea", true, undefined, false]);
	chat.welcomed(welcome());
	const { room, after, ref } = sent("join")[0];
	assert.deepEqual([room, after], ["tea", "90-0"]);
	chat.heard({ ...refusal, ref });
	assert.deepEqual([chat.rooms.all.map(({ name }) => name), chat.rooms.current.name], [["lobby"], "lobby"]);
	assert.deepEqual(shown(), ["you are no longer in tea: you are banned from tea"]);
});

test("a room that can be entered no more is left after coming back", () => {
	join("tea room");
	chat.lost();
	chat.welcomed(welcome({ id: "300-0" }));
	chat.heard({ type: "error", code: "bad-room", message: "no such room", ref: sent("join").at(-1).ref });
	assert.deepEqual(chat.rooms.all.map(({ name }) => name), ["lobby"]);
	assert.match(shown().join(), /no longer in tea room: no such room/);
});

test("a refused message is told with its words and is not sent again", () => {
	chat.typed("hello");
	chat.heard({ type: "error", code: "not-stored", message: "the disk is full", ref: sent("say")[0].ref });
	assert.deepEqual([shown(), chat.pending.size], [["the disk is full: hello"], 0]);
});

test("what was pasted is said in the room where it was, though the user looks at another one by now", () => {
	const lobby = chat.rooms.current;
	join("tea room");
	chat.say("several lines", lobby);
	assert.equal(sent("say")[0].room, "lobby");
});

test("leaving shows the room beside, and the only room stays", () => {
	join("tea room");
	chat.typed("/leave");
	chat.heard({ type: "ack", ref: sent("leave")[0].ref, id: "210-0" });
	assert.deepEqual([chat.rooms.all.length, chat.rooms.current.name], [1, "lobby"]);
	chat.typed("/leave");
	assert.equal(sent("leave").length, 1);
});

test("a new name is the user's own from then on", () => {
	chat.heard({ type: "renamed", id: "101-0", time: "", room: "lobby", nick: "alice", new: "alicia" });
	assert.equal(chat.hello().nick, "alicia");
});

test("a gap and an error are shown", () => {
	chat.heard({ type: "gap", room: "lobby", from: "100-0", to: "200-0", count: 7 });
	chat.heard({ type: "gap", room: "lobby", from: "100-0", to: "200-0", count: null });
	chat.heard({ type: "error", code: "no-such-nick", message: "nobody of that name is here" });
	assert.match(shown().join("\n"), /^you missed 7 lines of lobby\nlines of lobby may be missing here.*\nnobody of that name is here$/);
});

test("who reads the past is shown the present again on asking, and nothing of it is missing", () => {
	const room = chat.rooms.current;
	chat.heard({ type: "history", room: "lobby", events: [], more: false, ref: sent("history")[0].ref });
	room.live = false; // the screen has let go of the newest lines
	chat.heard(said("101-0", "bob", "unseen"));
	assert.deepEqual([shown(), room.unread], [[], 0]);
	chat.latest(room);
	const ask = () => sent("history").at(-1);
	chat.heard(said("102-0", "bob", "on the way"));
	chat.heard({ type: "history", room: "lobby", events: [said("101-0", "bob", "unseen")], more: false, ref: ask().ref });
	assert.equal(room.live, false);
	chat.heard({ type: "history", room: "lobby", events: [said("102-0", "bob", "on the way")], more: true, ref: ask().ref });
	assert.equal(room.live, true);
});

test("who has said exit on a connection that is lost has left", () => {
	chat.typed("exit");
	assert.deepEqual([sent("bye").length, did.some(([what]) => what === "ended")], [1, false]);
	chat.lost();
	assert.deepEqual(did.at(-1), ["ended"]);
});

test("the end of the conversation is told", () => {
	chat.heard({ type: "closing", code: "server-stopping", message: "the server is stopping" });
	assert.deepEqual(did.filter(([what]) => what !== "send"), []); // the connection says so, and comes back
	chat.heard({ type: "closing", code: "replaced", message: "you came back" });
	chat.heard({ type: "closing", code: "bye", message: "bye" });
	assert.deepEqual(did.filter(([what]) => what !== "send"), [["replaced"], ["ended"]]);
});

// Who moderates, and what that does to others.

const kicked = (id, who, room = "lobby") => ({ type: "kicked", id, time: "2026-03-04T11:00:00.000Z", room, nick: "mod", who, reason: "spam" });

test("who is kicked is not here any more", () => {
	chat.heard(kicked("101-0", "bob"));
	assert.deepEqual([[...chat.rooms.current.members], chat.rooms.current.count], [["alice"], 1]);
	assert.deepEqual(shown(), ["mod put bob out: spam"]);
});

test("who is kicked from one of several rooms stays in the others, and from the only one is out", () => {
	join("tea");
	chat.heard(kicked("201-0", "alice", "tea"));
	assert.deepEqual(chat.rooms.all.map(({ name }) => name), ["lobby"]);
	assert.equal(shown().at(-1), "mod put you out of tea: spam");
	chat.heard(kicked("202-0", "alice"));
	assert.deepEqual(did.at(-1), ["ended", "mod put you out of lobby: spam"]);
});

test("who has come in again since it was kicked stays, and is told of it", () => {
	join("tea");
	chat.lost();
	chat.welcomed(welcome({ id: "300-0" }));
	const { ref } = sent("join").at(-1);
	chat.heard({ type: "members", room: "tea", members: ["alice"], count: 1, topic: "", id: "301-0", ref });
	chat.heard(kicked("250-0", "alice", "tea"));
	assert.deepEqual([chat.rooms.all.map(({ name }) => name), shown()], [["lobby", "tea"], ["mod put alice out: spam"]]);
});

test("who is banned is told why, and does not come back by itself", () => {
	chat.heard({ type: "closing", code: "banned", message: "you are banned: spam" });
	assert.deepEqual(did.at(-1), ["ended", "you are banned: spam"]);
});

test("what is deleted is taken from the screen", () => {
	chat.heard(said("101-0", "bob", "oops"));
	chat.heard({ type: "deleted", id: "102-0", time: "2026-03-04T11:00:00.000Z", room: "lobby", nick: "mod", who: "bob", target: "101-0" });
	assert.deepEqual(did.filter(([what]) => what === "deleted"), [["deleted", "101-0"]]);
});

test("who moderates is known from the welcome, the list and who joins", () => {
	const room = chat.rooms.current;
	assert.equal(chat.moderates(room), false);
	chat.heard({ type: "joined", id: "101-0", time: "", room: "lobby", nick: "mod", moderates: true });
	chat.heard({ type: "renamed", id: "102-0", time: "", room: "lobby", nick: "mod", new: "boss" });
	chat.heard(said("103-0", "boss", "hi"));
	assert.deepEqual([...room.moderators], ["boss"]);
	chat.heard({ type: "left", id: "104-0", time: "", room: "lobby", nick: "boss" });
	assert.deepEqual([...room.moderators], []);
	begin().welcomed(welcome({ moderators: ["alice"] }));
	assert.equal(chat.moderates(chat.rooms.current), true);
	begin().welcomed(welcome({ role: "moderator" }));
	assert.equal(chat.moderates(chat.rooms.current), true);
});

test("what is done to people holds everywhere if a moderator does it, and else in the room", () => {
	join("tea");
	for (const line of ["/kick bob", "/slow 10s", "/ban bob 1h", "/mute *"]) chat.typed(line);
	const done = did.filter(([what]) => what === "send").slice(-4).map(([, { ref, ...command }]) => command);
	assert.deepEqual(done.map(({ type, room }) => [type, room]), [["kick", "tea"], ["slow", "tea"], ["ban", "tea"], ["mute", "tea"]]);
	chat.heard({ type: "account_is", account: "alice", role: "moderator" });
	for (const line of ["/ban bob 1h", "/mute *"]) chat.typed(line);
	assert.deepEqual(sent("ban").at(-1).room, undefined);
	assert.deepEqual(sent("mute").at(-1).room, "tea");
});

test("a moderator's link is opened once, and a room's password is given again on coming back", () => {
	chat.link = "secret link";
	assert.equal(chat.hello().link, "secret link");
	chat.welcomed(welcome());
	assert.equal(chat.hello().link, undefined);
	chat.typed('/join "tea" sesame');
	const { ref, password } = sent("join").at(-1);
	assert.equal(password, "sesame");
	chat.heard({ type: "members", room: "tea", members: ["alice"], count: 1, topic: "", id: "200-0", ref });
	chat.lost();
	chat.welcomed(welcome({ id: "300-0" }));
	assert.equal(sent("join").at(-1).password, "sesame");
});
