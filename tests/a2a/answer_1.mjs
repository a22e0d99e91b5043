// npm @a2a-js/sdk 1 as a server: an agent that says what it was told, over one binding.   answer_1.mjs JSONRPC|HTTP+JSON
// Told "slowly" it waits for a POST to /go.
import { randomUUID } from "node:crypto";
import { Role, TaskState } from "a2a-js-1";
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from "a2a-js-1/server";
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from "a2a-js-1/server/express";
import express from "express";

const [binding] = process.argv.slice(2);
const part = (text) => ({ content: { $case: "text", value: text }, metadata: undefined, filename: "", mediaType: "text/plain" });

let go;
const gone = new Promise((resolve) => { go = resolve; });

class Echo {
  async execute({ taskId, contextId, userMessage }, bus) {
    const text = userMessage.parts[0].content.value;
    const message = (words) => ({
      messageId: randomUUID(), contextId, taskId, role: Role.ROLE_AGENT, parts: [part(words)], metadata: undefined,
      extensions: [], referenceTaskIds: [],
    });
    const status = (state, words) => ({ state, message: words && message(words), timestamp: new Date().toISOString() });
    const update = (state, words) =>
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: status(state, words), metadata: undefined }));
    const piece = (words, append) => bus.publish(AgentEvent.artifactUpdate({
      taskId, contextId, append, lastChunk: append, metadata: undefined,
      artifact: { artifactId: "echo", name: "echo", description: "", parts: [part(words)], metadata: undefined, extensions: [] },
    }));
    bus.publish(AgentEvent.task({
      id: taskId, contextId, status: status(TaskState.TASK_STATE_SUBMITTED), artifacts: [], history: [userMessage],
      metadata: undefined,
    }));
    if (text === "ask back") {
      update(TaskState.TASK_STATE_INPUT_REQUIRED, "Which one?");
    } else {
      update(TaskState.TASK_STATE_WORKING, "Thinking.");
      if (text === "slowly") await gone;
      piece("echo: ", false);
      piece(text, true);
      update(TaskState.TASK_STATE_COMPLETED);
    }
    bus.finished();
  }
  async cancelTask() {}
}

const app = express();
const listener = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${listener.address().port}`;
  const card = {
    name: "echo", description: "Says what it was told.", version: "1", provider: undefined, documentationUrl: "", iconUrl: "",
    supportedInterfaces: [{ url: `${url}/agent`, protocolBinding: binding, protocolVersion: "1.0", tenant: "" }],
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [] },
    securitySchemes: {}, securityRequirements: [], signatures: [],
    defaultInputModes: ["text/plain"], defaultOutputModes: ["text/plain"],
    skills: [{
      id: "echo", name: "echo", description: "echoes", tags: ["echo"], examples: [], inputModes: [], outputModes: [],
      securityRequirements: [],
    }],
  };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Echo());
  const userBuilder = UserBuilder.noAuthentication;
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: requestHandler }));
  app.use("/agent", (binding === "JSONRPC" ? jsonRpcHandler : restHandler)({ requestHandler, userBuilder }));
  app.post("/go", (_, response) => { go(); response.end(); });
  console.log(url);
});
