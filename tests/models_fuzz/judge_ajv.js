// The opinion of ajv: lines {schema, draft, text} in, {valid, errors} or {unreadable} out. Schemas are those of their own
// draft; without one, draft 2020-12. And of RegExp: lines {pattern, text} in, {found} or {unreadable} out.
import { createRequire } from 'node:module';
import readline from 'node:readline';
const require = createRequire(new URL('../clients/js/package.json', import.meta.url));
const Ajv2020 = require('ajv/dist/2020').default;
const Ajv2019 = require('ajv/dist/2019').default;
const Ajv7 = require('ajv').default;
const Ajv4 = require('ajv-draft-04').default;
const addFormats = require('ajv-formats').default;

// ownProperties: an object has no member `constructor` because JavaScript's have one.
const options = { strict: false, validateFormats: true, allErrors: true, logger: false, verbose: true, unicodeRegExp: true,
  ownProperties: true };

// Those of the drafts: ajv-formats also has some of OpenAPI and its own.
const formats = ['date-time', 'date', 'time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference',
  'uri-template', 'uuid', 'json-pointer', 'relative-json-pointer', 'regex'];

function newAjv(draft) {
  const Ajv = { 4: Ajv4, 6: Ajv7, 7: Ajv7, 2019: Ajv2019 }[draft] ?? Ajv2020;
  const ajv = new Ajv(options);
  if (draft === 6) ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  addFormats(ajv, formats);
  return ajv;
}

const compiled = new Map();
function validatorOf(schema, draft) {
  const key = JSON.stringify([draft, schema]);
  if (!compiled.has(key)) {
    if (compiled.size > 64) compiled.clear();
    try {
      compiled.set(key, newAjv(draft).compile(schema));
    } catch (error) {
      compiled.set(key, error);
    }
  }
  return compiled.get(key);
}

const regExps = new Map();
function search(pattern, text) {
  if (!regExps.has(pattern)) {
    let read;
    for (const flags of ['', 'u']) {  // the latter where it can be read so
      try {
        read = new RegExp(pattern, flags);
      } catch (error) {
        read ??= error;
      }
    }
    regExps.set(pattern, read);
  }
  const regExp = regExps.get(pattern);
  return regExp instanceof Error ? { unreadable: regExp.message } : { found: regExp.test(text) };
}

function opinion(schema, draft, text) {
  const validate = validatorOf(schema, draft);
  if (validate instanceof Error) return { unreadable: validate.message };
  let valid;
  try {
    valid = validate(JSON.parse(text));
  } catch (error) {  // its functions call each other once a level, and some texts nest thousands
    if (!(error instanceof RangeError)) throw error;
    console.error(`ajv: ${error.message}: a text of ${text.length} characters, ${JSON.stringify(schema).slice(0, 200)}`);
    return { unreadable: error.message };
  }
  const errors = (validate.errors ?? []).map((e) => ({ keyword: e.keyword, format: e.params?.format, value: e.data }));
  return { valid, errors };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { schema, draft, pattern, text } = JSON.parse(line);
  const out = pattern === undefined ? opinion(schema, draft, text) : search(pattern, text);
  process.stdout.write(JSON.stringify(out) + '\n');
}
