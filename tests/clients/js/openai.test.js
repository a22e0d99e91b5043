// The official npm client against the real server with the real model; every response and every SSE event is
// checked against the SDK's own types.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import OpenAI from 'openai';
import {CHAT, EMBED, startServer} from './serving.js';
import {check, checkCompletionEvent} from './types.js';
import {assertChatOrder, assertFreed, rawEvents, textOf} from './wire.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

const messages = [{role: 'user', content: 'What is the capital of France? Answer in one short sentence.'}];
const ask = (options) => client.chat.completions.create(
  {model: CHAT, messages, temperature: 0, max_completion_tokens: 24, ...options});
const whole = async (options) => check('ChatCompletion', await ask(options));
async function streamed(options) {
  const chunks = [];
  for await (const chunk of await ask({...options, stream: true})) chunks.push(check('ChatCompletionChunk', chunk));
  assertChatOrder(chunks, {n: options.n ?? 1, usage: options.stream_options?.include_usage});
  return chunks;
}

test('a type that is not kept is noticed', async () => {
  const answer = await whole({max_completion_tokens: 2});
  const broken = [
    (a) => { delete a.created; },
    (a) => { a.usage.total_tokens = '3'; },
    (a) => { a.choices[0].finish_reason = 'done'; },
    (a) => { a.choices[0].message.role = 'user'; },
  ];
  for (const breakIt of broken) {
    const copy = structuredClone(answer);
    breakIt(copy);
    assert.throws(() => check('ChatCompletion', copy));
  }
});

test('a chat answers in the SDK\'s type', async () => {
  const answer = await whole({logprobs: true, top_logprobs: 3});
  assert.match(answer.choices[0].message.content, /Paris/);
  assert.equal(answer.choices[0].message.refusal, null);
  assert.ok(answer.usage.prompt_tokens_details.cached_tokens >= 0);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test('a stream\'s events come in order and in the SDK\'s type', async () => {
  const answer = await whole({});
  const chunks = await streamed({stream_options: {include_usage: true}});
  assert.equal(chunks.at(-1).usage.total_tokens, answer.usage.total_tokens);
  assert.equal(textOf(chunks), answer.choices[0].message.content);
  assert.equal(textOf(await streamed({})), answer.choices[0].message.content);
});

test('a stream ends with [DONE]', async () => {
  const events = await rawEvents(server.url + '/v1/chat/completions', {
    model: CHAT, messages, temperature: 0, max_completion_tokens: 4, stream: true, stream_options: {include_usage: true}});
  assert.equal(events.at(-1), '[DONE]');
  const chunks = events.slice(0, -1).map((event) => check('ChatCompletionChunk', JSON.parse(event)));
  assertChatOrder(chunks, {usage: true});
});

test('the stream helper assembles the same message', async () => {
  const stream = client.chat.completions.stream({model: CHAT, messages, temperature: 0, max_completion_tokens: 24});
  const final = check('ChatCompletion', await stream.finalChatCompletion());
  assert.equal(final.choices[0].message.content, (await whole({})).choices[0].message.content);
});

test('streamed logprobs are those of the whole answer', async () => {
  const options = {logprobs: true, top_logprobs: 2, max_completion_tokens: 8};
  const answer = await whole(options);
  const entries = (await streamed(options)).flatMap((chunk) => chunk.choices[0].logprobs?.content ?? []);
  assert.deepEqual(entries, answer.choices[0].logprobs.content);
  assert.ok(entries.every((entry) => entry.logprob <= 0 && entry.top_logprobs.length === 2));
});

test('length and stop are finish reasons', async () => {
  assert.equal((await whole({max_completion_tokens: 2})).choices[0].finish_reason, 'length');
  const stopped = await whole({stop: 'Paris'});
  assert.equal(stopped.choices[0].finish_reason, 'stop');
  assert.doesNotMatch(stopped.choices[0].message.content, /Paris/);
  assert.equal(textOf(await streamed({stop: ['Paris', 'London']})), stopped.choices[0].message.content);
});

test('n choices, seeded, whole and streamed', async () => {
  const options = {n: 3, temperature: 1, seed: 11, max_completion_tokens: 12};
  const [first, again, chunks] = [await whole(options), await whole(options), await streamed(options)];
  assert.deepEqual(first.choices.map((choice) => choice.index), [0, 1, 2]);
  assert.deepEqual(first.choices, again.choices);
  for (const {index, message} of first.choices) assert.equal(textOf(chunks, index), message.content);
});

test('completions', async () => {
  const options = {model: CHAT, prompt: 'The capital of France is', max_tokens: 5, temperature: 0, logprobs: 1};
  const answer = check('Completion', await client.completions.create(options));
  assert.match(answer.choices[0].text, /Paris/);
  const stream = await client.completions.create({...options, stream: true, stream_options: {include_usage: true}});
  const events = [];
  for await (const event of stream) events.push(checkCompletionEvent(event));
  assert.equal(events.flatMap((event) => event.choices).map((choice) => choice.text).join(''), answer.choices[0].text);
  assert.ok(events.slice(0, -1).every((event) => event.usage === null));
  assert.deepEqual(events.at(-1).choices, []);
  assert.equal(events.at(-1).usage.total_tokens, answer.usage.total_tokens);
});

test('embeddings, as floats and as the base64 that the client asks for', async () => {
  const input = ['a cat', 'tax law'];
  const floats = check('CreateEmbeddingResponse', await client.embeddings.create(
    {model: EMBED, input, encoding_format: 'float'}));
  const decoded = check('CreateEmbeddingResponse', await client.embeddings.create({model: EMBED, input}));
  assert.deepEqual(floats.data.map((item) => item.index), [0, 1]);
  assert.equal(floats.data[0].embedding.length, 384);
  floats.data[1].embedding.forEach((x, i) => assert.ok(Math.abs(x - decoded.data[1].embedding[i]) < 1e-6));
});

test('models', async () => {
  for await (const model of client.models.list()) check('Model', model);
  check('Model', await client.models.retrieve(CHAT));
  await assert.rejects(client.models.retrieve('nobody'), OpenAI.NotFoundError);
});

test('errors carry status, code and param in the SDK\'s type', async () => {
  const cases = [
    [{temperature: 5}, OpenAI.BadRequestError, {param: 'temperature'}],
    [{model: 'nobody'}, OpenAI.NotFoundError, {code: 'model_not_found', param: 'model'}],
    [{frobnicate: 1}, OpenAI.BadRequestError, {code: 'unknown_parameter', param: 'frobnicate'}],
    [{messages: []}, OpenAI.BadRequestError, {param: 'messages'}],
    [{model: EMBED}, OpenAI.BadRequestError, {param: 'model'}],
    [{temperature: 5, stream: true}, OpenAI.BadRequestError, {param: 'temperature'}],
  ];
  for (const [options, type, fields] of cases) {
    await assert.rejects(ask(options), (error) => {
      assert.ok(error instanceof type, `${JSON.stringify(options)}: ${error}`);
      check('ErrorObject', error.error);
      for (const [name, value] of Object.entries(fields)) assert.equal(error[name], value);
      return true;
    });
  }
});

test('aborting a stream frees the engine', async () => {
  const stream = await ask({stream: true, max_completion_tokens: 4000, ignore_eos: true});
  for await (const _ of stream) break;
  stream.controller.abort();
  await assertFreed(server.url);
});

test('aborting a whole answer frees the engine', async () => {
  const leaving = new AbortController();
  const answer = client.chat.completions.create(
    {model: CHAT, messages, max_completion_tokens: 4000, ignore_eos: true}, {signal: leaving.signal});
  setTimeout(() => leaving.abort(), 200);
  await assert.rejects(answer, OpenAI.APIUserAbortError);
  await assertFreed(server.url);
});
