// OpenAI's agents, over responses and over chat completions, against the real server with the real model.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Agent, OpenAIProvider, Runner, handoff, tool} from '@openai/agents';
import {z} from 'zod';
import {CHAT, startServer} from './serving.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

const ask = 'How warm is it in Paris?';
// A response that is cut is an error to the agents: answers must have the room to end.
const modelSettings = {temperature: 0, maxTokens: 300};
const Weather = z.object({city: z.string().max(20), isWarm: z.boolean()});

for (const useResponses of [true, false]) {
  const name = useResponses ? 'responses' : 'chat completions';
  const runnerOf = () => new Runner({tracingDisabled: true, model: CHAT,
    modelProvider: new OpenAIProvider({baseURL: `${server.url}/v1`, apiKey: 'unused', useResponses})});

  test(`${name}: an agent answers, whole and streamed`, async () => {
    const agent = new Agent({name: 'Assistant', instructions: 'Be brief.', modelSettings});
    const whole = await runnerOf().run(agent, 'Name three fruits.');
    assert.ok(whole.finalOutput.length > 0);
    const stream = await runnerOf().run(agent, 'Name three fruits.', {stream: true});
    let text = '';
    for await (const event of stream) {
      if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') text += event.data.delta;
    }
    await stream.completed;
    assert.equal(text, whole.finalOutput);
    assert.equal(stream.finalOutput, whole.finalOutput);
    const next = await runnerOf().run(agent, whole.history.concat({role: 'user', content: 'And three more.'}));
    assert.ok(next.finalOutput.length > 0);
  });

  test(`${name}: a tool is called and its result goes back`, async () => {
    const cities = [];
    const temperature = tool({name: 'get_temperature', description: 'The temperature in a city, in degrees.',
      parameters: z.object({city: z.string().max(20)}),
      execute: async ({city}) => { cities.push(city); return '21.5'; }});
    const agent = new Agent({name: 'Assistant', instructions: 'Be brief.', tools: [temperature],
      modelSettings: {...modelSettings, toolChoice: 'required', parallelToolCalls: false},
      resetToolChoice: true});
    const result = await runnerOf().run(agent, ask, {maxTurns: 6});
    assert.ok(cities.length >= 1 && typeof cities[0] === 'string');
    const kinds = result.newItems.map((item) => item.type);
    assert.ok(kinds.includes('tool_call_item') && kinds.includes('tool_call_output_item'), String(kinds));
    assert.ok(result.finalOutput.length > 0);
  });

  test(`${name}: an output type is kept`, async () => {
    const agent = new Agent({name: 'Teller', outputType: Weather, modelSettings});
    const {finalOutput} = await runnerOf().run(agent, ask);
    assert.deepEqual(Object.keys(finalOutput), ['city', 'isWarm']);
    Weather.parse(finalOutput);
  });

  test(`${name}: one agent hands over to another`, async () => {
    const expert = new Agent({name: 'Expert', instructions: 'You know all of the weather.', outputType: Weather,
      modelSettings});
    const desk = Agent.create({name: 'Desk', instructions: 'Hand over to the expert.', handoffs: [handoff(expert)],
      modelSettings: {...modelSettings, toolChoice: 'required', parallelToolCalls: false}});
    const result = await runnerOf().run(desk, ask);
    assert.equal(result.lastAgent.name, 'Expert');
    Weather.parse(result.finalOutput);
  });
}
