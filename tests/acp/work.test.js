// What an agent does with an editor: asks its person, uses its files and terminal, survives.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import * as acp from "@agentclientprotocol/sdk";
import { ATELIER, call, calls, last, makeShop, startEditor, textOf, turns } from "./editor.js";

const { agent: ours, client: theirs } = acp.methods;
const calculateThenTell = (body) => (last(body).startsWith("go") ? [call("calculator", { expression: "17% * 2340" })] : "It is " + last(body));
const asksFirst = { agent: { needs_approval: ["calculator"] } };
const allow = (optionId, asked = []) => ({
  [theirs.session.requestPermission]: ({ params }) => {
    asked.push(params);
    return { outcome: { outcome: "selected", optionId } };
  } });

test("a call is shown as it goes", async (t) => {
  const editor = await startEditor(await makeShop(t, calculateThenTell));
  const { sessionId } = await editor.open();
  assert.deepEqual(await editor.prompt(sessionId, "go"), { stopReason: "end_turn" });
  const [begun, ended] = calls(editor.updates);
  assert.equal(begun.sessionUpdate, "tool_call");
  assert.equal(begun.name, "calculator");
  assert.deepEqual(begun.rawInput, { expression: "17% * 2340" });
  assert.deepEqual([ended.toolCallId, ended.status], [begun.toolCallId, "completed"]);
  assert.match(ended.content[0].content.text, /397\.8/);
  assert.match(editor.said(), /It is .*397\.8/);
});

test("the person allows a call, once or for the session, or refuses it", async (t) => {
  const asked = [];
  const shop = await makeShop(t, calculateThenTell, asksFirst);
  const editor = await startEditor(shop, { handlers: allow("allow_always", asked) });
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "go");
  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0].options.map((option) => option.kind), ["allow_once", "allow_always", "reject_once"]);
  assert.deepEqual(calls(editor.updates).map((update) => update.status), ["pending", "in_progress", "completed"]);
  await editor.prompt(sessionId, "go again");
  assert.equal(asked.length, 1);

  const refusing = await startEditor(shop, { handlers: allow("reject") });
  const other = await refusing.open();
  assert.equal((await refusing.prompt(other.sessionId, "go")).stopReason, "end_turn");
  assert.deepEqual(calls(refusing.updates).map((update) => update.status), ["pending", "failed"]);
  assert.match(refusing.said(), /refused this call/);
});

test("the modes: reading alone, asking, accepting", async (t) => {
  const asked = [];
  const shop = await makeShop(t, (body) => (last(body).startsWith("go")
    ? [call("editor_write_file", { path: "a.txt", content: "new" })] : "tools: " + (body.tools ?? []).map((tool) => tool.function.name)));
  const files = { "a.txt": "old" };
  const handlers = { ...allow("allow", asked),
    [theirs.fs.readTextFile]: ({ params }) => ({ content: files[params.path.split("/").at(-1)] }),
    [theirs.fs.writeTextFile]: ({ params }) => { files[params.path.split("/").at(-1)] = params.content; return {}; } };
  const editor = await startEditor(shop, { handlers, can: { fs: { readTextFile: true, writeTextFile: true } } });
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "go");
  assert.equal(files["a.txt"], "new");
  assert.deepEqual(asked[0].toolCall.content, [{ type: "diff", path: shop.home + "/a.txt", oldText: "old", newText: "new" }]);
  assert.deepEqual(asked[0].toolCall.locations, [{ path: shop.home + "/a.txt" }]);
  const shown = calls(editor.updates).flatMap((update) => update.content ?? []);
  assert.equal(shown[0].type, "diff");

  const changed = editor.until((update) => update.sessionUpdate === "config_option_update");
  await editor.ask(ours.session.setMode, { sessionId, modeId: "accept" });
  assert.equal((await changed).update.configOptions[0].currentValue, "accept");
  await editor.prompt(sessionId, "go");
  assert.equal(asked.length, 1);

  await editor.ask(ours.session.setConfigOption, { sessionId, configId: "mode", value: "read" });
  await editor.prompt(sessionId, "which");
  assert.match(editor.said(), /tools: calculator,editor_read_file,update_plan/);
  await assert.rejects(editor.ask(ours.session.setMode, { sessionId, modeId: "boss" }), { code: -32602 });
});

test("the editor's terminal runs a command", async (t) => {
  const seen = [];
  const shop = await makeShop(t, (body) => (turns(body) === 0 ? [call("editor_run", { command: "make" })] : last(body)));
  const handlers = { ...allow("allow"),
    [theirs.terminal.create]: ({ params }) => { seen.push(params); return { terminalId: "t1" }; },
    [theirs.terminal.waitForExit]: () => ({ exitCode: 2 }),
    [theirs.terminal.output]: () => ({ output: "no rule", truncated: false, exitStatus: { exitCode: 2 } }),
    [theirs.terminal.release]: () => { seen.push("released"); return {}; } };
  const editor = await startEditor(shop, { handlers, can: { terminal: true } });
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "build");
  assert.deepEqual([seen[0].args, seen[0].cwd, seen[1]], [["-c", "make"], shop.home, "released"]);
  assert(calls(editor.updates).some((update) => update.content?.[0]?.terminalId === "t1"));
  assert.equal(calls(editor.updates).at(-1).status, "failed");
  assert.match(editor.said(), /no rule[\s\S]*exit code 2/);
});

test("a path outside of the session's folders is refused without asking the editor", async (t) => {
  const editor = await startEditor(
    await makeShop(t, (body) => (turns(body) === 0 ? [call("editor_read_file", { path: "../../etc/passwd" })] : last(body))),
    { can: { fs: { readTextFile: true } } });
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "read");
  assert.match(editor.said(), /outside of the session's folders/);
});

test("a plan is shown", async (t) => {
  const entries = [{ content: "look", priority: "high", status: "in_progress" }];
  const editor = await startEditor(await makeShop(t, (body) => (turns(body) === 0 ? [call("update_plan", { entries })] : "ok")));
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "plan");
  assert.deepEqual(editor.updates.find(({ update }) => update.sessionUpdate === "plan").update.entries, entries);
});

const askThenTell = (body) => (turns(body) === 0 ? [call("ask_person", { question: "Which colour?" })] : "So " + last(body));

test("a question is a form, or is answered by the next prompt", async (t) => {
  const shop = await makeShop(t, askThenTell, { agent: { ask_person: true } });
  const forms = [];
  const editor = await startEditor(shop, { can: { elicitation: { form: {} } }, handlers: {
    [theirs.elicitation.create]: ({ params }) => { forms.push(params); return { action: "accept", content: { answer: "red" } }; } } });
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "paint");
  assert.deepEqual([forms[0].message, forms[0].mode, forms[0].sessionId], ["Which colour?", "form", sessionId]);
  assert.match(editor.said(), /So red/);

  const plain = await startEditor(shop);
  const other = await plain.open();
  assert.deepEqual(await plain.prompt(other.sessionId, "paint"), { stopReason: "end_turn" });
  assert.match(plain.said(), /Which colour\?/);
  await plain.prompt(other.sessionId, "blue");
  assert.match(plain.said(), /So blue/);
});

test("a turn is cancelled, by session and by request", async (t) => {
  let asked;
  const busy = () => new Promise((done) => { asked = done; });
  let hang = busy();
  const shop = await makeShop(t, (body) => (last(body) === "wait" ? (asked(), new Promise(() => {})) : "history: " + body.messages.length));
  const editor = await startEditor(shop);
  const { sessionId } = await editor.open();
  let turn = editor.prompt(sessionId, "wait");
  await hang;
  await assert.rejects(editor.prompt(sessionId, "another"), { code: -32600 });
  await editor.tell(ours.session.cancel, { sessionId });
  assert.deepEqual(await turn, { stopReason: "cancelled" });

  hang = busy();
  const controller = new AbortController();
  turn = editor.ask(ours.session.prompt, { sessionId, prompt: [{ type: "text", text: "wait" }] }, { cancellationSignal: controller.signal });
  await hang;
  controller.abort();
  await turn.then(({ stopReason }) => assert.equal(stopReason, "cancelled"), (error) => assert.equal(error.code, -32800));
  await editor.prompt(sessionId, "and now");
  assert.match(editor.said(), /history: 6/); // the rule about data, two turns, the prompt
});

test("after kill -9 a session is loaded, told again, and gone on with; the call is made once", async (t) => {
  const shop = await makeShop(t, calculateThenTell, asksFirst);
  let asked;
  const waiting = new Promise((done) => { asked = done; });
  const first = await startEditor(shop, { handlers: {
    [theirs.session.requestPermission]: () => { asked(); return new Promise(() => {}); } } });
  const { sessionId } = await first.open();
  first.prompt(sessionId, "go").catch(() => {});
  await waiting;
  await first.crash();

  const second = await startEditor(shop, { handlers: allow("allow") });
  await assert.rejects(second.prompt(sessionId, "hello"), { code: -32002 });
  const { sessions } = await second.ask(ours.session.list, { cwd: shop.home });
  assert.deepEqual([sessions[0].sessionId, sessions[0].title], [sessionId, "go"]);
  await second.ask(ours.session.load, { sessionId, cwd: shop.home, mcpServers: [] });
  const told = second.updates.map(({ update }) => update);
  assert.equal(told[0].content.text, "go");
  assert.deepEqual(calls(second.updates).map((update) => update.status), ["pending"]);
  assert.match(second.said(), /interrupted/);
  second.updates.length = 0;
  assert.deepEqual(await second.prompt(sessionId, "/continue"), { stopReason: "end_turn" });
  assert.match(second.said(), /It is .*397\.8/);
  assert.equal(calls(second.updates).filter((update) => update.status === "completed").length, 1);
  assert.equal(shop.model.asked.length, 2);
  await second.leave();

  const third = await startEditor(shop);
  await third.ask(ours.session.load, { sessionId, cwd: shop.home, mcpServers: [] });
  assert.match(third.said(), /It is .*397\.8/);
  assert.equal(calls(third.updates).at(-1).status, "completed");
  await third.prompt(sessionId, "thanks");
  assert.deepEqual(shop.model.asked.at(-1).messages.filter(({ role }) => role !== "system").map(({ role }) => role), ["user", "assistant", "user"]);
});

test("sessions are resumed without being told, closed and deleted", async (t) => {
  const shop = await makeShop(t, () => "hi");
  const editor = await startEditor(shop);
  const { sessionId } = await editor.open();
  await editor.prompt(sessionId, "hello");
  await editor.ask(ours.session.close, { sessionId });
  await assert.rejects(editor.prompt(sessionId, "hello"), { code: -32002 });
  editor.updates.length = 0;
  const { configOptions } = await editor.ask(ours.session.resume, { sessionId, cwd: shop.home, mcpServers: [] });
  assert.equal(configOptions[0].id, "mode");
  assert.equal(textOf(editor.updates), "");
  await editor.ask(ours.session.delete, { sessionId });
  assert.deepEqual((await editor.ask(ours.session.list, {})).sessions, []);
  await assert.rejects(editor.ask(ours.session.load, { sessionId, cwd: shop.home, mcpServers: [] }), { code: -32002 });
});

test("another agent and another model may be chosen", async (t) => {
  const shop = await makeShop(t, (body) => body.model + " " + (body.tools ?? []).length);
  const editor = await startEditor(shop, { can: { session: { configOptions: { boolean: {} } } } });
  const { sessionId, configOptions } = await editor.open();
  assert.equal(configOptions.at(-1).type, "boolean");
  await editor.ask(ours.session.setConfigOption, { sessionId, configId: "editor_tools", type: "boolean", value: false });
  const set = await editor.ask(ours.session.setConfigOption, { sessionId, configId: "agent", value: "other" });
  assert.equal(set.configOptions.find(({ id }) => id === "agent").currentValue, "other");
  await editor.prompt(sessionId, "who");
  assert.equal(editor.said(), "m 0");
  await assert.rejects(editor.ask(ours.session.setConfigOption, { sessionId, configId: "model", value: "none" }), { code: -32602 });
});

test("tools of an MCP server that the editor brings are offered once the person has seen them", async (t) => {
  const asked = [];
  const shop = await makeShop(t, (body) => (turns(body) === 0 ? [call("shop__calculator", { expression: "2 + 3" })] : last(body)));
  const editor = await startEditor(shop, { handlers: allow("allow", asked) });
  const server = { name: "shop", command: ATELIER, args: ["mcp"], env: [{ name: "ATELIER_HOME", value: shop.home }] };
  const { sessionId } = await editor.ask(ours.session.new, { cwd: shop.home, mcpServers: [server] });
  await editor.prompt(sessionId, "add");
  assert.match(asked[0].toolCall.title, /MCP server shop/);
  assert.equal(asked[1].toolCall.name, "shop__calculator");
  assert.match(editor.said(), /5/);
});

// Another Atelier as the server, that wants a key.
async function startServer(t) {
  const shop = await makeShop(t, last, { server: { keys: [{ key: "sk-door", name: "door" }] } });
  const child = spawn(ATELIER, ["--config", join(shop.home, "atelier.yaml"), "serve", "--port", "0"], {
    env: { PATH: process.env.PATH, ATELIER_HOME: shop.home }, stdio: ["ignore", "pipe", "inherit"] });
  shop.editors.push({ child });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/http:\S+/)?.[0];
    if (url) return { type: "http", name: "shop", url: `${url}/mcp`, headers: [{ name: "Authorization", value: "Bearer sk-door" }] };
  }
}

test("MCP servers over HTTP are reached with the editor's headers, where the egress policy lets them", async (t) => {
  const asked = [];
  const server = await startServer(t);
  const answer = (body) => (turns(body) === 0 && body.tools.some(({ function: { name } }) => name === "shop__calculator")
    ? [call("shop__calculator", { expression: "2 + 3" })] : last(body));
  const shop = await makeShop(t, answer, { egress: { private: [new URL(server.url).host] } });
  const editor = await startEditor(shop, { handlers: allow("allow", asked) });
  assert.equal(editor.hello.agentCapabilities.mcpCapabilities.http, true);
  const { sessionId } = await editor.ask(ours.session.new, { cwd: shop.home, mcpServers: [server] });
  await editor.prompt(sessionId, "add");
  assert.match(asked[0].toolCall.title, /MCP server shop/);
  assert.equal(asked[1].toolCall.name, "shop__calculator");
  assert.match(editor.said(), /5/);
  const closed = await startEditor(await makeShop(t, answer), { can: { session: { notices: {} } } });
  const other = await closed.ask(ours.session.new, { cwd: shop.home, mcpServers: [server, { ...server, type: "sse", name: "old" }] });
  await closed.prompt(other.sessionId, "add");
  const noticed = closed.updates.map(({ update }) => update.description ?? "").join("\n");
  assert.match(noticed, /127\.0\.0\.1:\d+: .*egress/);
  assert.match(noticed, /old: got the transport 'sse', want stdio or http/);
});

test("stop reasons: limits and refusals", async (t) => {
  const shop = await makeShop(t, () => [call("calculator", { expression: "1" })], { agent: {
    limits: { max_steps: 2 }, guards: [{ name: "clean", on: "input", must_not_match: "dirt" }] } });
  const editor = await startEditor(shop);
  const { sessionId } = await editor.open();
  assert.deepEqual(await editor.prompt(sessionId, "go"), { stopReason: "max_turn_requests" });
  assert.deepEqual(await editor.prompt(sessionId, "dirt"), { stopReason: "refusal" });
});
