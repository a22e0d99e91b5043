// npm @a2a-js/sdk 0.3 as a server: an agent that says what it was told, over JSON-RPC.   answer_03.mjs
import { randomUUID } from "node:crypto";
import { DefaultRequestHandler, InMemoryTaskStore } from "a2a-js-03/server";
import { agentCardHandler, jsonRpcHandler, UserBuilder } from "a2a-js-03/server/express";
import express from "express";

class Echo {
  async execute({ taskId, contextId, userMessage }, bus) {
    const text = userMessage.parts[0].text;
    const ask = text === "ask back";
    const said = { kind: "message", messageId: randomUUID(), role: "agent", parts: [{ kind: "text", text: "Which one?" }], contextId, taskId };
    bus.publish({
      kind: "task", id: taskId, contextId, history: [userMessage],
      status: { state: ask ? "input-required" : "completed", message: ask ? said : undefined, timestamp: new Date().toISOString() },
      artifacts: ask ? [] : [{ artifactId: "echo", parts: [{ kind: "text", text: `echo: ${text}` }] }],
    });
    bus.finished();
  }
  async cancelTask() {}
}

const app = express();
const listener = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${listener.address().port}`;
  const card = {
    name: "echo", description: "Says what it was told.", version: "1", protocolVersion: "0.3.0", url: `${url}/agent`,
    capabilities: { streaming: true, pushNotifications: false }, defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"], skills: [{ id: "echo", name: "echo", description: "echoes", tags: ["echo"] }],
  };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Echo());
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: requestHandler }));
  app.use("/agent", jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  console.log(url);
});
