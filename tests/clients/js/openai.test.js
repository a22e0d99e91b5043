// The official npm client against the real server with the real model; every response and every SSE event is
// checked against the SDK's own types.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import OpenAI from 'openai';
import {CHAT, EMBED, startServer} from './serving.js';
import {check} from './types.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

const messages = [{role: 'user', content: 'What is the capital of France? Answer in one short sentence.'}];
const ask = (options) => client.chat.completions.create(
  {model: CHAT, messages, temperature: 0, max_completion_tokens: 24, ...options});

test('a chat answers in the SDK\'s type', async () => {
  const answer = check('ChatCompletion', await ask({logprobs: true, top_logprobs: 3}));
  assert.match(answer.choices[0].message.content, /Paris/);
  assert.equal(answer.choices[0].message.refusal, null);
  assert.ok(answer.usage.prompt_tokens_details.cached_tokens >= 0);
});

test('a stream\'s events come in order and in the SDK\'s type', async () => {
  const whole = await ask({});
  const chunks = [];
  for await (const chunk of await ask({stream: true, stream_options: {include_usage: true}})) {
    chunks.push(check('ChatCompletionChunk', chunk));
  }
  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null && chunk.choices.length === 1));
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.total_tokens, whole.usage.total_tokens);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, whole.choices[0].message.content);
});

test('the stream helper assembles the same message', async () => {
  const stream = client.chat.completions.stream({model: CHAT, messages, temperature: 0, max_completion_tokens: 24});
  const whole = await ask({});
  assert.equal((await stream.finalChatCompletion()).choices[0].message.content, whole.choices[0].message.content);
});

test('stop, n, seed and finish reasons', async () => {
  const cut = check('ChatCompletion', await ask({max_completion_tokens: 2}));
  assert.equal(cut.choices[0].finish_reason, 'length');
  const stopped = await ask({stop: 'Paris'});
  assert.doesNotMatch(stopped.choices[0].message.content, /Paris/);
  const options = {n: 2, temperature: 1, seed: 11};
  const [first, again] = [await ask(options), await ask(options)];
  assert.equal(first.choices.length, 2);
  assert.deepEqual(first.choices.map((c) => c.message), again.choices.map((c) => c.message));
});

test('completions', async () => {
  const answer = check('Completion', await client.completions.create(
    {model: CHAT, prompt: 'The capital of France is', max_tokens: 5, temperature: 0, logprobs: 1}));
  assert.match(answer.choices[0].text, /Paris/);
  for await (const chunk of await client.completions.create(
    {model: CHAT, prompt: 'The capital of France is', max_tokens: 5, stream: true})) check('Completion', chunk);
});

test('embeddings', async () => {
  const answer = check('CreateEmbeddingResponse', await client.embeddings.create({model: EMBED, input: ['a', 'b']}));
  assert.equal(answer.data.length, 2);
  assert.equal(answer.data[0].embedding.length, 384);
});

test('models', async () => {
  for await (const model of client.models.list()) check('Model', model);
  check('Model', await client.models.retrieve(CHAT));
});

test('errors carry status, code and param', async () => {
  await assert.rejects(ask({temperature: 5}), (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature');
  await assert.rejects(ask({model: 'nobody'}), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
  await assert.rejects(ask({frobnicate: 1}), (error) => error.code === 'unknown_parameter' && error.param === 'frobnicate');
});

test('aborting a stream frees the server', async () => {
  const stream = await ask({stream: true, max_completion_tokens: 4000, ignore_eos: true});
  for await (const _ of stream) break;
  stream.controller.abort();
  for (let tries = 0; tries < 200; ++tries) {
    const metrics = await (await fetch(server.url + '/metrics')).text();
    const running = metrics.match(/^vllm:num_requests_running\{[^}]*smollm2[^}]*\} (\S+)/m);
    if (running && Number(running[1]) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('still running after 4 s');
});
