// responses.mjs BASE_URL MCP_URL: a response with the tool mcp, by npm openai, each event checked against its types.
import { check } from '../../clients/js/types.js';
import OpenAI from '../../clients/js/node_modules/openai/index.mjs';

const [baseURL, serverUrl] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'unused', maxRetries: 0 });
const events = await client.responses.create({
  model: 'far/m', input: '2 + 40?', stream: true,
  tools: [{ type: 'mcp', server_label: 'sums', server_url: serverUrl, require_approval: 'never' }],
});
let response;
for await (const event of events) {
  // The type has output_text, which the SDK itself adds, and only to whole responses.
  check('ResponseStreamEvent', event.response ? { ...event, response: { output_text: '', ...event.response } } : event);
  response = event.response ?? response;
}
check('Response', { output_text: '', ...response });
console.log(...response.output.map((item) => item.type), response.output.at(-1).content[0].text);
