// Vercel's `ai` with @ai-sdk/openai-compatible against the real server: its functions, and, below them, the provider
// whose results and stream parts are checked against its own types, the events it was sent against OpenAI's.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {embed, embedMany, generateObject, generateText, jsonSchema, streamText} from 'ai';
import {CHAT, EMBED, startServer} from './serving.js';
import {check} from './types.js';
import {assertChatOrder, assertFreed, textOf} from './wire.js';

let server, provider;
before(async () => {
  server = await startServer();
  provider = createOpenAICompatible({name: 'atelier', baseURL: server.url + '/v1', includeUsage: true});
});
after(() => server.stop());

const prompt = 'What is the capital of France? Answer in one short sentence.';
const ask = (more) => ({model: provider(CHAT), prompt, temperature: 0, maxOutputTokens: 24, maxRetries: 0, ...more});
const call = (more) => ({
  prompt: [{role: 'user', content: [{type: 'text', text: prompt}]}], temperature: 0, maxOutputTokens: 24, ...more});

test('generateText', async () => {
  const {text, usage, finishReason} = await generateText(ask());
  assert.match(text, /Paris/);
  assert.equal(finishReason, 'stop');
  assert.ok(usage.outputTokens > 0 && usage.inputTokens > 0);
  assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
});

test('streamText gives the same text and the usage', async () => {
  const whole = await generateText(ask());
  const stream = streamText(ask());
  let text = '';
  for await (const part of stream.textStream) text += part;
  assert.equal(text, whole.text);
  assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
  assert.equal(await stream.finishReason, whole.finishReason);
});

test('a result has the provider\'s type, the body behind it OpenAI\'s', async () => {
  const result = check('LanguageModelV4GenerateResult', await provider(CHAT).doGenerate(call({
    providerOptions: {atelier: {logprobs: true, top_logprobs: 2, n: 2, seed: 5}}})));
  const body = check('ChatCompletion', result.response.body);
  assert.equal(body.choices.length, 2);
  assert.equal(body.choices[0].logprobs.content[0].top_logprobs.length, 2);
  assert.match(result.content[0].text, /Paris/);
});

test('a stream\'s parts have the provider\'s type, its events OpenAI\'s, in order', async () => {
  const {stream} = await provider(CHAT).doStream(call({includeRawChunks: true}));
  const parts = [];
  for await (const part of stream) parts.push(check('LanguageModelV4StreamPart', part));
  const chunks = parts.filter((part) => part.type === 'raw').map((part) => check('ChatCompletionChunk', part.rawValue));
  assertChatOrder(chunks, {usage: true});
  const kinds = parts.map((part) => part.type).filter((type) => type !== 'raw' && type !== 'text-delta');
  assert.deepEqual(kinds, ['stream-start', 'response-metadata', 'text-start', 'text-end', 'finish']);
  const text = parts.filter((part) => part.type === 'text-delta').map((part) => part.delta).join('');
  assert.equal(text, textOf(chunks));
  assert.equal(parts.at(-1).usage.outputTokens.total, chunks.at(-1).usage.completion_tokens);
});

test('stop and length end a text', async () => {
  const stopped = await generateText(ask({stopSequences: ['Paris']}));
  assert.equal(stopped.finishReason, 'stop');
  assert.doesNotMatch(stopped.text, /Paris/);
  assert.equal((await generateText(ask({maxOutputTokens: 2}))).finishReason, 'length');
});

test('the same seed gives the same text', async () => {
  const options = ask({temperature: 1, seed: 3});
  assert.equal((await generateText(options)).text, (await generateText(options)).text);
});

test('embeddings', async () => {
  const {embeddings, usage} = await embedMany({model: provider.embeddingModel(EMBED), values: ['a cat', 'a dog', 'tax law']});
  assert.equal(embeddings.length, 3);
  assert.equal(embeddings[0].length, 384);
  assert.ok(usage.tokens > 0);
  const {embedding} = await embed({model: provider.embeddingModel(EMBED), value: 'a cat'});
  assert.deepEqual(embedding, embeddings[0]);
  check('EmbeddingModelV4Result', await provider.embeddingModel(EMBED).doEmbed({values: ['a cat']}));
});

test('an error reaches the caller', async () => {
  await assert.rejects(generateText(ask({model: provider('nobody')})), (error) => {
    assert.equal(error.statusCode, 404);
    assert.match(error.message, /nobody/);
    check('ErrorObject', JSON.parse(error.responseBody).error);
    return true;
  });
  await assert.rejects(generateText(ask({temperature: 7})), /temperature/);
});

test('aborting frees the engine', async () => {
  const leaving = new AbortController();
  const providerOptions = {atelier: {ignore_eos: true}};
  const stream = streamText(ask({maxOutputTokens: 4000, providerOptions, abortSignal: leaving.signal}));
  let parts = 0;
  for await (const part of stream.fullStream) if (part.type === 'text-delta' && ++parts === 3) leaving.abort();
  assert.equal(parts >= 3, true);
  await assertFreed(server.url);
});

test('generateObject keeps the schema', async () => {
  const structured = createOpenAICompatible(
    {name: 'atelier', baseURL: server.url + '/v1', supportsStructuredOutputs: true});
  const schema = jsonSchema({
    type: 'object', required: ['name', 'year'], additionalProperties: false,
    properties: {name: {type: 'string', maxLength: 20}, year: {type: 'integer', minimum: 1000, maximum: 2100}}});
  const {object, finishReason} = await generateObject({
    model: structured(CHAT), schema, prompt: 'Who painted the Mona Lisa, and when?', temperature: 0.5, seed: 3,
    maxOutputTokens: 80, maxRetries: 0});
  assert.equal(finishReason, 'stop');
  assert.deepEqual(Object.keys(object), ['name', 'year']);
  assert.ok(Number.isInteger(object.year) && object.year >= 1000 && object.year <= 2100 && object.name.length <= 20);
});
