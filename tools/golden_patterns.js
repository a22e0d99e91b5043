#!/usr/bin/env node
// Writes what Node's RegExp says of random patterns and strings, one JSON object a line:
//   {"p": pattern, "m": "u" (with the u flag) | "b" (annex B only) | "bad", "y": [strings matched], "n": [not]}
//
//   node tools/golden_patterns.js 1200 1 > tests/golden/engine_grammar/patterns.jsonl     (patterns, seed)
'use strict';
const vm = require('node:vm');
const [count, seed] = [Number(process.argv[2] ?? 1200), Number(process.argv[3] ?? 1)];

let state = seed >>> 0;
function below(n) {  // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[below(list.length)];
const chance = (percent) => below(100) < percent;

const LETTERS = ['a', 'b', 'c', 'A', 'f', 'o', '_', '0', '9', '-', ',', ' ', '\n', 'é', '😀', '\u2028', '.', 'x', '\t'];
const text = (max) => Array.from({length: below(max + 1)}, () => pick(LETTERS)).join('');

// A part of a pattern and a function that makes a string which it is likely to match.
const part = (source, sample) => ({source, sample});
const nothing = () => '';

function atom(depth) {
  const kind = below(depth > 0 ? 20 : 14);
  if (kind < 5) {
    const c = pick(['a', 'b', 'c', 'A', 'f', 'o', '_', '0', '9', '-', ',', ' ', 'é', '😀', 'x']);
    return part(c, () => c);
  }
  if (kind < 6) return part('.', () => pick(['a', 'é', '😀', '-', '\n']));
  if (kind < 10) {
    return pick([
      part('\\d', () => pick(['0', '9'])), part('\\w', () => pick(['a', '_', '9'])),
      part('\\s', () => pick([' ', '\t', '\u2028', '\ufeff'])), part('\\D', () => pick(['a', 'é', '😀'])),
      part('\\W', () => pick(['-', 'é', ' '])), part('\\S', () => pick(['a', 'é'])),
      part('\\.', () => '.'), part('\\u00e9', () => 'é'), part('\\u{1F600}', () => '😀'),
      part('\\uD83D\\uDE00', () => '😀'), part('\\x41', () => 'A'), part('\\n', () => '\n'), part('\\/', () => '/'),
      part('\\cJ', () => '\n'), part('\\p{L}', () => pick(['a', 'é'])), part('\\p{Lu}', () => 'A'),
      part('\\P{L}', () => pick(['0', '😀'])), part('\\p{Script=Greek}', () => 'λ'), part('\\0', () => '\0'),
    ]);
  }
  if (kind < 14) return characterClass();
  const inner = choice(depth - 1);
  if (kind < 17) return part('(?:' + inner.source + ')', inner.sample);
  if (kind < 18 && chance(20)) return part('(?<n' + below(1000000) + '>' + inner.source + ')', inner.sample);
  return part('(' + inner.source + ')', inner.sample);
}

function characterClass() {
  const members = Array.from({length: 1 + below(3)}, () => pick([
    ['a', 'a'], ['b', 'b'], ['a-c', 'b'], ['0-9', '9'], ['A-Z', 'A'], ['\\d', '0'], ['\\w', '_'], ['\\s', ' '],
    ['é', 'é'], ['😀', '😀'], ['\\u{1F600}-\\u{1F64F}', '😀'], ['_', '_'], [',', ','], ['.', '.'], ['\\n', '\n'],
    ['\\]', ']'], ['^', '^'], ['\\-', '-'], ['$', '$'], ['\\b', '\b'], ['\\W', '-'], ['\\S', 'x'],
  ]));
  const dash = chance(10) ? '-' : '';
  const negative = chance(25) ? '^' : '';
  return part('[' + negative + members.map((m) => m[0]).join('') + dash + ']',
              () => (negative ? pick(LETTERS) : pick(members)[1]));
}

function assertion(depth) {
  const inner = depth > 0 ? choice(depth - 1) : atom(0);
  return pick([
    part('^', nothing), part('$', nothing), part('\\b', nothing), part('\\B', nothing), part('\\b', nothing),
    part('(?=' + inner.source + ')', nothing), part('(?!' + inner.source + ')', nothing),
    part('(?!' + inner.source + ')', nothing), part('(?<=' + pick(['a', '\\w', '^', '^|,', '[^-]']) + ')', nothing),
    part('(?<!' + pick(['a', '\\w', '^', '^|,', '\\s']) + ')', nothing),
  ]);
}

function term(depth) {
  if (chance(15)) return assertion(depth);
  const inner = atom(depth);
  if (chance(65)) return inner;
  const [min, max, source] = pick([
    [0, 3, '*'], [1, 3, '+'], [0, 1, '?'], [2, 2, '{2}'], [0, 2, '{0,2}'], [1, 3, '{1,}'], [2, 4, '{2,4}'],
    [0, 3, '*?'], [1, 3, '+?'], [0, 1, '??'], [1, 2, '{1,2}?'], [0, 0, '{0}'],
  ]);
  return part(inner.source + source, () => {
    let all = '';
    for (let n = min + below(max - min + 1); n > 0; --n) all += inner.sample();
    return all;
  });
}

function sequence(depth) {
  const terms = Array.from({length: below(5)}, () => term(depth));
  return part(terms.map((t) => t.source).join(''), () => terms.map((t) => t.sample()).join(''));
}

function choice(depth) {
  const branches = Array.from({length: chance(25) ? 2 + below(2) : 1}, () => sequence(depth));
  return part(branches.map((b) => b.source).join('|'), () => pick(branches).sample());
}

function pattern() {
  const all = choice(3);
  let source = all.source;
  if (chance(30)) source = '^' + source + '$';
  if (chance(15)) {  // what people write though the u flag forbids it, and what nobody may write
    const at = below(source.length + 1);
    const sloppy = ['\\-', '\\_', '{', '}', ']', '\\8', '\\07', '\\c', 'a{', 'x{,3}', '(?=a)*', '[\\d-x]', '\\@', '\\e',
                    '\\u1', '\\x1', '[\\w-a-]', '(', ')', '[', '\\', '*', '[b-a]', '{2}', '\\1', '\\k<n>', '(?', '\\k'];
    source = source.slice(0, at) + pick(sloppy) + source.slice(at);
  }
  return part(source, all.sample);
}

function mutate(s) {
  const chars = Array.from(s);
  const at = below(chars.length + 1);
  if (chance(40)) chars.splice(at, 1);
  else if (chance(50)) chars.splice(at, 0, pick(LETTERS));
  else chars[at] = pick(LETTERS);
  return chars.join('');
}

function compile(source) {
  try {
    return [new RegExp(source, 'u'), 'u'];
  } catch {
  }
  try {
    return [new RegExp(source), 'b'];
  } catch {
    return [null, 'bad'];
  }
}

// Some of these patterns would take a backtracking matcher hours.
const context = vm.createContext({});
const script = new vm.Script('regexp.test(text)');
function test(regexp, text) {
  Object.assign(context, {regexp, text});
  return script.runInContext(context, {timeout: 20});
}

function row(source, regexp, mode, sample) {
  const result = {p: source, m: mode, y: [], n: []};
  if (mode === 'bad') return result;
  const strings = new Set(['']);
  for (let j = 0; j < 14; ++j) {
    let s = chance(75) ? sample() : text(6);
    if (chance(35)) s = mutate(s);
    if (chance(15)) s = text(2) + s + text(2);
    if (s.length < 30 && s.isWellFormed() && (mode === 'u' || isBmp(s))) strings.add(s);
  }
  // V8 tries \B between the halves of a surrogate pair, which ECMA-262 (AdvanceStringIndex) does not.
  if (source.includes('\\B')) for (const s of strings) if (!isBmp(s)) strings.delete(s);
  for (const s of strings) (test(regexp, s) ? result.y : result.n).push(s);
  return result;
}

const isBmp = (s) => !/[\ud800-\udfff]/.test(s);
for (let i = 0; i < count;) {
  const made = pattern();
  if (!made.source.isWellFormed()) continue;
  const [regexp, mode] = compile(made.source);
  // Without the u flag these mean something else than here.
  if (mode !== 'u' && (/\\[pP]|\\u\{|\\uD8/.test(made.source) || !isBmp(made.source))) continue;
  try {
    console.log(JSON.stringify(row(made.source, regexp, mode, made.sample)));
    ++i;
  } catch (error) {
    if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  }
}
