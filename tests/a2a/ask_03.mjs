// npm @a2a-js/sdk 0.3 as a client, over both bindings.   ask_03.mjs URL KEY
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from "a2a-js-03/client";

const [url, key] = process.argv.slice(2);
const fetchImpl = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${key}`);
  return fetch(input, { ...init, headers });
};
const message = (text, more = {}) => ({
  message: { kind: "message", messageId: randomUUID(), role: "user", parts: [{ kind: "text", text }], ...more },
});

for (const transport of [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })]) {
  const client = await new ClientFactory({ transports: [transport] }).createFromUrl(url);
  const task = await client.sendMessage(message("hello"));
  assert.equal(task.status.state, "completed");
  assert.equal(task.artifacts[0].parts[0].text, "You said: hello (0 answers before)");
  const kinds = [];
  for await (const event of client.sendMessageStream(message("stream"))) kinds.push(event.kind);
  assert.equal(kinds[0], "task");
  assert.ok(kinds.includes("artifact-update") && kinds.at(-1) === "status-update", kinds.join());
  const asking = await client.sendMessage(message("ask me"));
  assert.equal(asking.status.state, "input-required");
  const cancelled = await client.cancelTask({ id: asking.id });
  assert.equal(cancelled.status.state, "canceled");
}
const version = JSON.parse(readFileSync(new URL("node_modules/a2a-js-03/package.json", import.meta.url))).version;
console.log(`a2a: npm @a2a-js/sdk ${version}: JSON-RPC and HTTP+JSON`);
