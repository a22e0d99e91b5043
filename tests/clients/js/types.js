// JSON Schemas made from the SDK's own type declarations, to check what the SDK itself does not.
import {createRequire} from 'node:module';
import path from 'node:path';
import Ajv from 'ajv';
import {createGenerator} from 'ts-json-schema-generator';

const sdk = path.dirname(createRequire(import.meta.url).resolve('openai'));
const files = {
  ChatCompletion: 'resources/chat/completions/completions.d.ts',
  ChatCompletionChunk: 'resources/chat/completions/completions.d.ts',
  Completion: 'resources/completions.d.ts',
  CreateEmbeddingResponse: 'resources/embeddings.d.ts',
  Model: 'resources/models.d.ts',
};
const checks = new Map();

// Throws, naming the field, unless `value` has the SDK's type `name`.
export function check(name, value) {
  if (!checks.has(name)) {
    const schema = createGenerator({
      path: path.join(sdk, files[name]), type: name, skipTypeCheck: true, additionalProperties: true,
    }).createSchema(name);
    checks.set(name, new Ajv({strict: false, allErrors: true}).compile(schema));
  }
  const validate = checks.get(name);
  if (!validate(value)) throw new Error(`not a ${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`);
  return value;
}
