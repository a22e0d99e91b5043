// npm @a2a-js/sdk 0.3 as a server: an agent that says what it was told, over one transport.   answer_03.mjs JSONRPC|HTTP+JSON
// Told "slowly" it waits for a POST to /go.
import { randomUUID } from "node:crypto";
import { DefaultRequestHandler, InMemoryTaskStore } from "a2a-js-03/server";
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from "a2a-js-03/server/express";
import express from "express";

const [transport] = process.argv.slice(2);
let go;
const gone = new Promise((resolve) => { go = resolve; });

class Echo {
  async execute({ taskId, contextId, userMessage }, bus) {
    const text = userMessage.parts[0].text;
    const status = (state, words) => ({
      state, timestamp: new Date().toISOString(),
      message: words && { kind: "message", messageId: randomUUID(), role: "agent", parts: [{ kind: "text", text: words }], contextId, taskId },
    });
    const update = (state, words, final) =>
      bus.publish({ kind: "status-update", taskId, contextId, status: status(state, words), final });
    const piece = (words, append) => bus.publish({
      kind: "artifact-update", taskId, contextId, append, lastChunk: append,
      artifact: { artifactId: "echo", parts: [{ kind: "text", text: words }] },
    });
    bus.publish({ kind: "task", id: taskId, contextId, history: [userMessage], status: status("submitted") });
    if (text === "ask back") {
      update("input-required", "Which one?", true);
    } else {
      update("working", "Thinking.", false);
      if (text === "slowly") await gone;
      piece("echo: ", false);
      piece(text, true);
      update("completed", undefined, true);
    }
    bus.finished();
  }
  async cancelTask() {}
}

const app = express();
const listener = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${listener.address().port}`;
  const card = {
    name: "echo", description: "Says what it was told.", version: "1", protocolVersion: "0.3.0", url: `${url}/agent`,
    preferredTransport: transport, capabilities: { streaming: true, pushNotifications: false }, defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"], skills: [{ id: "echo", name: "echo", description: "echoes", tags: ["echo"] }],
  };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Echo());
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: requestHandler }));
  const userBuilder = UserBuilder.noAuthentication;
  app.use("/agent", (transport === "JSONRPC" ? jsonRpcHandler : restHandler)({ requestHandler, userBuilder }));
  app.post("/go", (_, response) => { go(); response.end(); });
  console.log(url);
});
