// An editor for tests: `atelier acp` as a child, behind the SDK's client, with a chat model elsewhere that says what a
// function tells it to.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";

export const ATELIER = process.env.ATELIER_BIN ?? resolve(import.meta.dirname, "../../build/release/atelier");
const { agent: ours, client: theirs } = acp.methods;

export const call = (name, args, id = "call_1") => ({ id, name, arguments: JSON.stringify(args) });
export const turns = (body) => body.messages.filter((message) => message.role === "assistant").length;
export const last = (body) => body.messages.at(-1).content;

// What the model says: a text, a list of calls, or a promise of these.
async function scriptedModel(answer) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const body = JSON.parse(text);
    asked.push(body);
    const said = await answer(body);
    const delta = typeof said === "string" ? { role: "assistant", content: said } : {
      role: "assistant",
      tool_calls: said.map((one, index) => ({
        index, id: one.id, type: "function", function: { name: one.name, arguments: one.arguments } })) };
    const head = { id: "c", created: 1, model: body.model, object: "chat.completion.chunk" };
    const chunks = [
      { ...head, choices: [{ index: 0, delta, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: typeof said === "string" ? "stop" : "tool_calls" }] },
      { ...head, choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }];
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + "data: [DONE]\n\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { asked, url: `http://127.0.0.1:${server.address().port}/v1`, stop: () => server.close() };
}

// A home with an agent "clerk" and a folder to work in. `t`: the test, at whose end all goes.
export async function makeShop(t, answer, more = {}) {
  const model = await scriptedModel(answer);
  const home = mkdtempSync(join(tmpdir(), "atelier-acp-"));
  const { agent = {}, ...rest } = more;
  writeFileSync(join(home, "atelier.yaml"), JSON.stringify({
    providers: [{ name: "far", base_url: model.url, models: [{ id: "m", kind: "chat", context_length: 8192 }] }],
    tools: [{ type: "calculator" }],
    agents: [{ name: "clerk", model: "far/m", tools: ["calculator"], ...agent }, { name: "other", model: "far/m" }],
    ...rest }));
  const shop = { model, home, editors: [] };
  t.after(() => {
    for (const editor of shop.editors) editor.child.kill("SIGKILL");
    model.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return shop;
}

// Starts the agent and says hello. `handlers`: of requests by method; `can`: clientCapabilities.
export async function startEditor(shop, { handlers = {}, can = {} } = {}) {
  const child = spawn(ATELIER, ["--config", join(shop.home, "atelier.yaml"), "acp"], {
    env: { PATH: process.env.PATH, ATELIER_HOME: shop.home }, stdio: ["pipe", "pipe", "inherit"] });
  const editor = { child, updates: [], waiting: [] };
  shop.editors.push(editor);
  const app = acp.client({ name: "test-editor" }).onNotification(theirs.session.update, ({ params }) => {
    editor.updates.push(params);
    editor.waiting = editor.waiting.filter(({ wanted, done }) => !(wanted(params.update) && (done(params), true)));
  });
  for (const [method, handler] of Object.entries(handlers)) app.onRequest(method, handler);
  editor.connection = app.connect(acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)));
  editor.ask = (method, params, options) => editor.connection.agent.request(method, params, options);
  editor.tell = (method, params) => editor.connection.agent.notify(method, params);
  editor.hello = await editor.ask(ours.initialize, { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: can });
  editor.open = () => editor.ask(ours.session.new, { cwd: shop.home, mcpServers: [] });
  editor.prompt = (sessionId, text) =>
    editor.ask(ours.session.prompt, { sessionId, prompt: [{ type: "text", text }] });
  // Resolves with the first update from now on that is wanted.
  editor.until = (wanted) => new Promise((done) => editor.waiting.push({ wanted, done }));
  editor.said = () => textOf(editor.updates);
  // The process ends: by itself where its stdin does, or as by kill -9.
  editor.leave = () => new Promise((done) => { child.on("exit", done); child.stdin.end(); });
  editor.crash = () => new Promise((done) => { child.on("exit", done); child.kill("SIGKILL"); });
  return editor;
}

export const textOf = (updates) => updates.map(({ update }) => update)
  .filter((update) => update.sessionUpdate === "agent_message_chunk").map((update) => update.content.text).join("");
export const calls = (updates) => updates.map(({ update }) => update)
  .filter((update) => update.sessionUpdate.startsWith("tool_call"));
export const kindsOf = (updates) => updates.map(({ update }) => update.sessionUpdate);
