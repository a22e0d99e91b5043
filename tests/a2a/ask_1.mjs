// npm @a2a-js/sdk 1 as a client, over both bindings.   ask_1.mjs URL KEY
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Role, TaskState } from "a2a-js-1";
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from "a2a-js-1/client";

const [url, key] = process.argv.slice(2);
const fetchImpl = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${key}`);
  return fetch(input, { ...init, headers });
};
const message = (text, more = {}) => ({
  message: {
    messageId: randomUUID(), contextId: "", taskId: "", role: Role.ROLE_USER, extensions: [], referenceTaskIds: [],
    metadata: undefined, parts: [{ content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "" }],
    ...more,
  },
  tenant: "", configuration: undefined, metadata: undefined,
});
const textOf = (task) => task.artifacts[0].parts[0].content.value;

for (const transport of [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })]) {
  const client = await new ClientFactory({ transports: [transport] }).createFromUrl(url);
  const sent = await client.sendMessage(message("hello"));
  const task = await client.getTask({ id: sent.id ?? sent.task?.id, tenant: "", historyLength: undefined });
  assert.equal(task.status.state, TaskState.TASK_STATE_COMPLETED);
  assert.equal(textOf(task), "You said: hello (0 answers before)");
  let events = 0;
  for await (const event of client.sendMessageStream(message("stream"))) {
    ++events;
    assert.ok(event);
  }
  assert.ok(events >= 3, `${events} events`);
  const asked = await client.sendMessage(message("ask me"));
  const asking = await client.getTask({ id: asked.id ?? asked.task?.id, tenant: "", historyLength: undefined });
  assert.equal(asking.status.state, TaskState.TASK_STATE_INPUT_REQUIRED);
  const cancelled = await client.cancelTask({ id: asking.id, tenant: "", metadata: undefined });
  assert.equal(cancelled.status.state, TaskState.TASK_STATE_CANCELED);
}
const version = JSON.parse(readFileSync(new URL("node_modules/a2a-js-1/package.json", import.meta.url))).version;
console.log(`a2a: npm @a2a-js/sdk ${version}: JSON-RPC and HTTP+JSON`);
