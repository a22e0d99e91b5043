// JSON Schemas made from the SDKs' own type declarations, to check what the SDKs themselves do not.
import {createRequire} from 'node:module';
import path from 'node:path';
import Ajv from 'ajv';
import {createGenerator} from 'ts-json-schema-generator';

const modules = path.join(path.dirname(createRequire(import.meta.url).resolve('ajv/package.json')), '..');
const openai = 'openai/resources/';
const files = {
  Batch: openai + 'batches.d.ts',
  ChatCompletion: openai + 'chat/completions/completions.d.ts',
  ChatCompletionChunk: openai + 'chat/completions/completions.d.ts',
  ChatCompletionDeleted: openai + 'chat/completions/completions.d.ts',
  ChatCompletionStoreMessage: openai + 'chat/completions/completions.d.ts',
  Completion: openai + 'completions.d.ts',
  CreateEmbeddingResponse: openai + 'embeddings.d.ts',
  Model: openai + 'models.d.ts',
  ErrorObject: openai + 'shared.d.ts',
  Response: openai + 'responses/responses.d.ts',
  ResponseStreamEvent: openai + 'responses/responses.d.ts',
  ...Object.fromEntries(['VectorStore', 'VectorStoreDeleted', 'VectorStoreSearchResponse'].map(
    (name) => [name, openai + 'vector-stores/vector-stores.d.ts'])),
  ...Object.fromEntries(['VectorStoreFile', 'VectorStoreFileDeleted', 'FileContentResponse'].map(
    (name) => [name, openai + 'vector-stores/files.d.ts'])),
  VectorStoreFileBatch: openai + 'vector-stores/file-batches.d.ts',
  Message: '@anthropic-ai/sdk/resources/messages/messages.d.ts',
  RawMessageStreamEvent: '@anthropic-ai/sdk/resources/messages/messages.d.ts',
  ...Object.fromEntries(['ChatResponse', 'GenerateResponse', 'EmbedResponse', 'EmbeddingsResponse', 'ModelDetails',
    'ShowResponse'].map((name) => [name, 'ollama/dist/browser.d.ts'])),
  LanguageModelV4GenerateResult: '@ai-sdk/provider/dist/index.d.ts',
  LanguageModelV4StreamPart: '@ai-sdk/provider/dist/index.d.ts',
  EmbeddingModelV4Result: '@ai-sdk/provider/dist/index.d.ts',
};
const checks = new Map();

function validator(name) {
  if (!checks.has(name)) {
    const schema = createGenerator({
      path: path.join(modules, files[name]), type: name, skipTypeCheck: true, additionalProperties: true,
      expose: files[name].startsWith('ollama/') ? 'all' : 'export',  // its types are exported by a list at the end
    }).createSchema(name);
    checks.set(name, new Ajv({strict: false, allErrors: true, formats: {'date-time': true, uri: true}}).compile(schema));
  }
  return checks.get(name);
}

// Throws, naming the field, unless `value`, as JSON has it, has the SDK's type `name`.
export function check(name, value) {
  const validate = validator(name);
  if (!validate(JSON.parse(JSON.stringify(value)))) {
    throw new Error(`not a ${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`);
  }
  return value;
}

// An event of /v1/completions. OpenAI's own have, against its declaration, `finish_reason: null` until a choice ends
// and, where usage was asked for, `usage: null` until the last.
export function checkCompletionEvent(event) {
  const {usage, ...rest} = event;
  check('Completion', {
    ...rest,
    ...(usage && {usage}),
    choices: event.choices.map((choice) => ({...choice, finish_reason: choice.finish_reason ?? 'stop'})),
  });
  for (const choice of event.choices) {
    if (choice.finish_reason === undefined) throw new Error(`no finish_reason: ${JSON.stringify(event)}`);
  }
  return event;
}
