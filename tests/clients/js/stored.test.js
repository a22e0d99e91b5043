// Stored chat completions through the official npm client, against the real server with the real model.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import OpenAI from 'openai';
import {CHAT, startServer} from './serving.js';
import {check} from './types.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: `${server.url}/v1`, apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

test('completions are kept, listed, changed and forgotten', async () => {
  const request = {model: CHAT, messages: [{role: 'user', content: 'Say hi'}], store: true, max_completion_tokens: 4};
  const whole = await client.chat.completions.create({...request, metadata: {team: 'red'}});
  let id;
  for await (const chunk of await client.chat.completions.create({...request, stream: true})) id = chunk.id;
  const found = check('ChatCompletion', await client.chat.completions.retrieve(whole.id));
  assert.deepEqual(found.choices, whole.choices);
  const ids = [];
  for await (const completion of client.chat.completions.list({limit: 1})) {
    ids.push(check('ChatCompletion', completion).id);
  }
  assert.deepEqual(ids, [whole.id, id]);
  const red = await client.chat.completions.list({metadata: {team: 'red'}});
  assert.deepEqual(red.data.map((completion) => completion.id), [whole.id]);
  const messages = await client.chat.completions.messages.list(id);
  // Its type says "assistant", where OpenAI's own are whoever spoke.
  for (const message of messages.data) check('ChatCompletionStoreMessage', {...message, role: 'assistant'});
  assert.deepEqual(messages.data.map((message) => [message.role, message.content]), [['user', 'Say hi']]);
  const changed = await client.chat.completions.update(id, {metadata: {seen: 'yes'}});
  assert.deepEqual(changed.metadata, {seen: 'yes'});
  check('ChatCompletionDeleted', await client.chat.completions.delete(id));
  await assert.rejects(client.chat.completions.retrieve(id), OpenAI.NotFoundError);
});
