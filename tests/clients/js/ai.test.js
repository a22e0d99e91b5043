// Vercel's `ai` with @ai-sdk/openai-compatible against the real server.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {embedMany, generateText, streamText} from 'ai';
import {CHAT, EMBED, startServer} from './serving.js';

let server, provider;
before(async () => {
  server = await startServer();
  provider = createOpenAICompatible({name: 'atelier', baseURL: server.url + '/v1', includeUsage: true});
});
after(() => server.stop());

const prompt = 'What is the capital of France? Answer in one short sentence.';

test('generateText', async () => {
  const {text, usage, finishReason} = await generateText({model: provider(CHAT), prompt, temperature: 0, maxOutputTokens: 24});
  assert.match(text, /Paris/);
  assert.equal(finishReason, 'stop');
  assert.ok(usage.outputTokens > 0 && usage.inputTokens > 0);
});

test('streamText gives the same text and the usage', async () => {
  const options = {model: provider(CHAT), prompt, temperature: 0, maxOutputTokens: 24};
  const whole = await generateText(options);
  const stream = streamText(options);
  let text = '';
  for await (const part of stream.textStream) text += part;
  assert.equal(text, whole.text);
  assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
});

test('embedMany', async () => {
  const {embeddings} = await embedMany({model: provider.embeddingModel(EMBED), values: ['a cat', 'a dog', 'tax law']});
  assert.equal(embeddings.length, 3);
  assert.equal(embeddings[0].length, 384);
});

test('an error reaches the caller', async () => {
  await assert.rejects(generateText({model: provider('nobody'), prompt, maxRetries: 0}), /nobody/);
});
