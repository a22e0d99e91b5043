// The official JavaScript client against the real server: decisions.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import OpenAI from 'openai';

import {CHAT, startServer} from './serving.js';

let server, client;
before(async () => {
  server = await startServer();
  client = new OpenAI({baseURL: server.url + '/v1', apiKey: 'unused', maxRetries: 0});
});
after(() => server.stop());

test('each type of question is answered in its shape', async () => {
  const decision = await client.decisions.create({
    model: CHAT,
    input: 'The parcel is nine days late. Where is it?',
    questions: [
      {type: 'predicate', name: 'late', instructions: 'The parcel is late.'},
      {type: 'choice', instructions: 'What is it about?', choices: [{value: 'billing'}, {value: 'delivery'}]},
      {type: 'score', instructions: 'How urgent is it?', levels: [{label: 'low'}, {label: 'high'}]},
    ],
  });
  const [late, topic, urgent] = decision.answers;
  assert.deepEqual(Object.keys(late).sort(), ['name', 'probability', 'type']);
  assert.equal(late.name, 'late');
  assert.deepEqual(Object.keys(topic).sort(), ['choice', 'confidence', 'name', 'probabilities', 'type']);
  assert.equal(topic.name, null);
  assert.ok(topic.probabilities.some(({value, probability}) => value === topic.choice && probability === topic.confidence));
  assert.deepEqual(Object.keys(urgent).sort(), ['confidence', 'name', 'probabilities', 'score', 'type']);
  assert.deepEqual(urgent.probabilities.map(({value, label}) => [value, label]), [[0, 'low'], [1, 'high']]);
  assert.equal(decision.usage.output_tokens, 0);
  assert.equal(typeof decision.usage.input_tokens_details.cache_write_tokens, 'number');
});

test('what is wrong is named', async () => {
  const questions = [{type: 'choice', instructions: 'x', choices: [{value: 'one'}]}];
  await assert.rejects(client.decisions.create({model: CHAT, input: 'x', questions}),
                       error => error instanceof OpenAI.BadRequestError && error.param === 'questions[0].choices');
});
