// The protocol's first path and its sessions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { kindsOf, makeShop, startEditor } from "./editor.js";

test("an agent answers a prompt, and its words are streamed", async (t) => {
  const shop = await makeShop(t, () => "Hello from the clerk.");
  const editor = await startEditor(shop);
  assert.equal(editor.hello.protocolVersion, 1);
  assert.equal(editor.hello.agentCapabilities.loadSession, true);
  assert.equal(editor.hello.agentInfo.name, "atelier");
  const { sessionId, modes, configOptions } = await editor.open();
  assert.equal(modes.currentModeId, "default");
  assert.deepEqual(configOptions.map((option) => option.id), ["mode", "model", "agent"]);
  const { stopReason } = await editor.prompt(sessionId, "hello");
  assert.equal(stopReason, "end_turn");
  assert.equal(editor.said(), "Hello from the clerk.");
  const kinds = kindsOf(editor.updates);
  for (const kind of ["available_commands_update", "session_info_update", "usage_update"]) assert(kinds.includes(kind));
  const usage = editor.updates.find(({ update }) => update.sessionUpdate === "usage_update").update;
  assert.deepEqual([usage.used, usage.size], [15, 8192]);
  assert.equal(await editor.leave(), 0);
});
