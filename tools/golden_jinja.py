#!/usr/bin/env python3
"""Renders small Jinja templates, each for a feature, with jinja2 as transformers configures it; writes
tests/golden/base_text/jinja.json.

    pip install transformers jinja2 numpy
    tools/golden_jinja.py
"""
import datetime
import json
import pathlib

import transformers.utils.chat_template_utils as renderer

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/base_text/jinja.json"

CONTEXT = {
    "s": "Hello, World", "u": "Zürich straße 🙂 ΣΑΣ", "e": "", "sp": "  a  b\t c\n", "lines": "one\ntwo\r\n\nfour",
    "n": 7, "neg": -7, "f": 2.5, "big": 12345678901234567890123, "t": True, "no": False, "nil": None,
    "xs": [3, 1, 2], "ys": ["b", "A", "c"], "empty": [], "nested": [[1, 2], [3, [4]]],
    "d": {"b": 1, "a": "x", "c": [1, {"k": None}]}, "items": {"items": 5, "get": 6, "_p": 1},
    "people": [{"name": "Ann", "age": 30, "tags": ["x"]}, {"name": "bob", "age": 25, "tags": []}, {"name": "Cid", "age": 30}],
    "html": "<a href=\"x\">&'</a>", "floats": [1.0, 0.1, 1e16, 1e-5, 123456789.125, -0.0, 1e300, 3.14159],
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo", "tool_calls": []}],
}

SNIPPETS = r"""
{{ s }}|{{ n }}|{{ f }}|{{ t }}|{{ nil }}|{{ xs }}|{{ d }}|{{ missing }}|{{ big }}
{{ floats }}|{% for x in floats %}{{ x }} {% endfor %}
{{ [1, 'a', "it's", 'q"q', "b\\n", none, true, 1.5, (1,), (), {}] }}
{{ 'tab\tnl\nq\'' }}|{{ ['tab\tnl\nq\'', '\x00\x7f\xa0\u200b\U0001f642é'] }}
{{ "a" "b" 'c' }}|{{ '\u00e9\x41\101\q' }}
{{ 1 + 2 * 3 - 4 / 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ 7 % 3 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 2 ** 10 }}|{{ 2 ** -1 }}|{{ -2 ** 2 }}
{{ 7.5 // 2 }}|{{ -7.5 % 2 }}|{{ 1 / 3 }}|{{ 10 / 5 }}|{{ 1e3 }}|{{ 1_000 }}|{{ 0x1f }}|{{ 0b101 }}|{{ 0o17 }}|{{ 1.5e-7 }}
{{ 1 / 0 }}
{{ 'a' + 1 }}
{{ 'ab' * 3 }}|{{ [1] * 2 }}|{{ 2 * 'x' }}|{{ 'x' * -1 }}|{{ [1] + [2] }}|{{ (1,) + (2,) }}|{{ true + 1 }}
{{ 1 ~ 'a' ~ none ~ true ~ 1.0 ~ [1] ~ missing }}
{{ 1 < 2 < 3 }}|{{ 1 < 2 > 5 }}|{{ 1 == 1.0 }}|{{ true == 1 }}|{{ 'a' < 'b' }}|{{ [1, 2] < [1, 3] }}|{{ 'a' == 1 }}|{{ none == missing }}
{{ 'a' < 1 }}
{{ 1 in xs }}|{{ 9 in xs }}|{{ 'ell' in s }}|{{ 'b' in d }}|{{ 9 not in xs }}|{{ not 1 in xs }}|{{ 'x' in missing }}
{{ 1 in 'abc' }}
{{ none in 'abc' }}
{{ 'a' in none }}
{{ t and no }}|{{ t or no }}|{{ not t }}|{{ e or 'dflt' }}|{{ 0 or none }}|{{ 'x' and 'y' }}|{{ not e and t }}
{{ 'yes' if t else 'no' }}|{{ 'yes' if no }}|{{ 'a' if no else 'b' if no else 'c' }}|{{ ('x' if no) is defined }}
{{ xs[0] }}|{{ xs[-1] }}|{{ xs[9] }}|{{ xs[9] is defined }}|{{ d['b'] }}|{{ d.b }}|{{ d['zz'] }}|{{ d.c[1].k }}|{{ s[0] }}|{{ s[-1] }}|{{ u[1] }}
{{ xs[1:] }}|{{ xs[:-1] }}|{{ xs[::-1] }}|{{ xs[::2] }}|{{ s[1:4] }}|{{ s[::-1] }}|{{ u[-3:] }}|{{ xs[5:] }}|{{ xs[-9:2] }}|{{ (1,2,3)[1:] }}|{{ s[:none] }}
{{ xs[::0] }}
{{ xs['a'] }}|{{ xs.foo }}|{{ nil.foo }}|{{ n.foo }}
{{ missing.foo }}
{{ missing['foo'] }}
{{ missing() }}
{{ missing + 1 }}
{{ missing.foo.bar is defined }}
{{ d.zz.yy }}
{{ d.zz is defined }}|{{ d.zz is none }}|{{ d.zz == none }}|{{ d.zz | default('dd') }}|{{ d.zz or 'o' }}
{{ items.items is callable }}|{{ items.items is string }}
{{ items['items'] }}|{{ items.get('get') }}|{{ items['get'] }}|{{ items._p }}|{{ items.keys() | list }}
{{ d.items() }}|{{ d.keys() }}|{{ d.values() }}
{{ d.update({'x': 1}) }}
{{ xs.append(1) }}
{{ d.update is defined }}|{{ xs.append is defined }}|{{ xs.index(2) }}|{{ xs.count(1) }}|{{ d.get('zz') }}|{{ d.get('zz', 4) }}|{{ d.copy() }}
{{ s.__class__ }}
{{ s.__class__ is defined }}
{{ s.foo() }}
{{ n() }}
{{ {'a': 1, 2: 'b', none: 3, true: 4, 1.5: 5} }}|{{ {1: 'a'}[1] }}|{{ {1: 'a'}[1.0] }}|{{ {(1,2): 'z'}[(1,2)] }}
{{ {[1]: 2} }}
{{ {'a': 1, 'a': 2, } }}|{{ [1, 2, ] }}|{{ (1, ) }}|{{ 1, 2 }}|{{ () }}
{{ s.upper() }}|{{ s.lower() }}|{{ s.title() }}|{{ s.swapcase() }}|{{ s.capitalize() }}|{{ u.upper() }}|{{ u.lower() }}|{{ u.title() }}|{{ "they're bill's".title() }}
{{ s | upper }}|{{ s | lower }}|{{ s | title }}|{{ s | capitalize }}|{{ "they're bill's-x (y) <z" | title }}|{{ 5 | upper }}|{{ none | lower }}
{{ sp.strip() ~ '|' ~ sp.lstrip() ~ '|' ~ sp.rstrip() ~ '|' ~ 'xxaxx'.strip('x') ~ '|' ~ 'abcab'.lstrip('ab') ~ '|' ~ 'éaé'.strip('é') ~ '|' ~ '  x'.strip(none) }}
{{ sp | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 5 | trim }}|{{ missing | trim }}|{{ ' \u00a0\u3000x\u2003' | trim }}
{{ sp.split() }}|{{ 'a,b,,c'.split(',') }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a b c d'.split(none, 2) }}|{{ ''.split() }}|{{ ''.split(',') }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ ' a b  c '.rsplit(none, 1) }}|{{ ' a b  c '.split(maxsplit=1) }}|{{ 'a--b'.split('--')[-1] }}
{{ 'a'.split('') }}
{{ lines.splitlines() }}|{{ lines.splitlines(true) }}|{{ 'a\u2028b\x0bc\n'.splitlines() }}
{{ s.startswith('He') }}|{{ s.endswith(('x', 'ld')) }}|{{ s.startswith('lo', 3) }}|{{ s.startswith('') }}|{{ s.endswith('Wor', 0, 10) }}|{{ ''.startswith('', 1) }}
{{ s.startswith(1) }}
{{ s.find('o') }}|{{ s.rfind('o') }}|{{ s.find('zz') }}|{{ s.find('o', 5) }}|{{ u.find('s') }}|{{ s.index('W') }}|{{ s.count('l') }}|{{ s.count('') }}|{{ s.find('o', -4, -1) }}
{{ s.index('zz') }}
{{ s.replace('l', 'L') }}|{{ s.replace('l', 'L', 1) }}|{{ 'abc'.replace('', '-') }}|{{ 'abc'.replace('', '-', 2) }}|{{ s | replace('o', '0') }}|{{ s | replace('o', '0', 1) }}|{{ 5 | replace(5, 6) }}|{{ '' | replace('', 'x') }}
{{ ', '.join(ys) }}|{{ ys | join(', ') }}|{{ xs | join }}|{{ people | join('-', attribute='name') }}|{{ 'abc' | join('.') }}|{{ [none, 1, true] | join(' ') }}|{{ d | join(',') }}
{{ ','.join(xs) }}
{{ 'a-b-c'.partition('-') }}|{{ 'a-b-c'.rpartition('-') }}|{{ 'abc'.partition('-') }}|{{ 'abc'.rpartition('-') }}|{{ 'prefix_x'.removeprefix('prefix_') }}|{{ 'x.txt'.removesuffix('.txt') }}
{{ 'ab'.center(7) }}|{{ 'ab'.center(6, '*') }}|{{ 'abc'.center(6) }}|{{ 'ab'.ljust(5, '.') }}|{{ 'ab'.rjust(5) }}|{{ '-42'.zfill(6) }}|{{ 'ab' | center(9) }}|{{ 'a\tb'.expandtabs(4) }}
{{ '1'.isdigit() }}|{{ 'a1'.isalnum() }}|{{ 'ab'.isalpha() }}|{{ ' '.isspace() }}|{{ 'AB'.isupper() }}|{{ 'ab1'.islower() }}|{{ ''.isdigit() }}|{{ 'Ab Cd'.istitle() }}|{{ '½'.isnumeric() }}|{{ 'é'.isascii() }}
{{ '{} {}'.format('a', 1) }}|{{ '{1} {0}'.format('a', 'b') }}|{{ '{x:>5}|{x:<5}|{x:^5}'.format(x='ab') }}|{{ '{:05d} {:.2f} {:x} {:,} {:+d} {:e} {:%}'.format(42, 3.14159, 255, 1234567, 5, 12345.678, 0.25) }}|{{ '{{}} {!r}'.format('q') }}|{{ '{0.name} {0[age]}'.format(people[0]) }}|{{ '{:*^9}'.format('mid') }}|{{ '{:g} {:}'.format(0.00001, 2.0) }}
{{ '{}'.format() }}
{{ '%s %d %5.1f %x %r %%' % ('a', 3, 2.345, 255, 'q') }}|{{ '%(a)s-%(b)d' % {'a': 1, 'b': 2} }}|{{ '%05d|%-5s|%+d|%e|%g' % (42, 'ab', 3, 12345.6789, 0.0001) }}|{{ 'x%sy' % 5 }}|{{ '%s' % [1] }}|{{ '%s and %s' | format('a', 'b') }}|{{ '%(k)s' | format(k=1) }}
{{ '%d' % 'x' }}
{{ '%s %s' % ('a',) }}
{{ '%s' % ('a', 'b') }}
{{ d | tojson }}|{{ d | tojson(indent=2) }}|{{ u | tojson }}|{{ u | tojson(ensure_ascii=true) }}|{{ floats | tojson }}|{{ nil | tojson }}|{{ html | tojson }}|{{ (1, 'a') | tojson }}|{{ {1: 2, none: 3, true: 4} | tojson }}|{{ big | tojson }}
{{ d | tojson(separators=(',', ':')) }}|{{ d | tojson(sort_keys=true) }}|{{ [] | tojson(indent=2) }}|{{ {} | tojson(indent=4) }}|{{ [[], {}] | tojson(indent=1) }}|{{ [1] | tojson(indent=0) }}|{{ [1] | tojson(indent='--') }}|{{ 'a"\\\n\x07/é' | tojson }}
{{ missing | tojson }}
{{ d.items() | tojson }}
{{ (xs | map('string')) | tojson }}
{{ range(3) | tojson }}
{{ xs | length }}|{{ s | length }}|{{ u | length }}|{{ d | count }}|{{ missing | length }}|{{ range(4) | length }}|{{ d.items() | length }}
{{ n | length }}
{{ (xs | select('odd')) | length }}
{{ xs | first }}|{{ xs | last }}|{{ s | first }}|{{ s | last }}|{{ empty | first }}|{{ empty | last is defined }}|{{ d | first }}|{{ d | last }}
{{ xs | sort }}|{{ ys | sort }}|{{ ys | sort(case_sensitive=true) }}|{{ xs | sort(reverse=true) }}|{{ people | sort(attribute='age') | map(attribute='name') | list }}|{{ people | sort(attribute='age,name', reverse=true) | map(attribute='name') | list }}
{{ [1, 'a'] | sort }}
{{ d | dictsort }}|{{ {'B': 1, 'a': 2} | dictsort }}|{{ {'B': 1, 'a': 2} | dictsort(true) }}|{{ {'x': 3, 'y': 1} | dictsort(false, 'value') }}|{{ {'x': 3, 'y': 1} | dictsort(reverse=true) }}
{{ xs | reverse | list }}|{{ s | reverse }}|{{ xs | max }}|{{ xs | min }}|{{ ys | max }}|{{ people | max(attribute='age') }}|{{ xs | sum }}|{{ people | sum(attribute='age') }}|{{ [1.5, 2] | sum }}|{{ [[1], [2]] | sum(start=[]) }}|{{ empty | max }}
{{ xs | map('string') | list }}|{{ people | map(attribute='name') | list }}|{{ people | map(attribute='tags', default='none') | list }}|{{ people | map(attribute='tags.0') | list }}|{{ ys | map('upper') | join }}|{{ ys | map('replace', 'b', 'Z') | list }}|{{ xs | map('round', 2) | list }}
{{ people | selectattr('age', 'equalto', 30) | map(attribute='name') | list }}|{{ people | rejectattr('tags') | map(attribute='name') | list }}|{{ people | selectattr('tags', 'defined') | list | length }}|{{ xs | select('odd') | list }}|{{ xs | reject('gt', 1) | list }}|{{ [0, 1, '', 'a'] | select | list }}|{{ people | selectattr('name', 'in', ['Ann', 'bob']) | list | count }}|{{ people | selectattr('age', '>', 26) | list | length }}
{{ xs | select('nosuch') | list }}
{{ [1, 2, 1, 'a', 'A'] | unique | list }}|{{ people | unique(attribute='age') | map(attribute='name') | list }}|{{ ['a', 'A'] | unique(true) | list }}
{{ people | groupby('age') | list }}|{% for age, group in people | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join(',') }};{% endfor %}
{{ range(7) | batch(3) | list }}|{{ range(7) | batch(3, 'x') | list }}|{{ range(7) | slice(3) | list }}|{{ range(7) | slice(3, 'x') | list }}
{{ '42' | int }}|{{ 'x' | int }}|{{ 'x' | int(5) }}|{{ '3.7' | int }}|{{ 3.9 | int }}|{{ '0x1f' | int(base=16) }}|{{ ' 12 ' | int }}|{{ none | int }}|{{ true | int }}|{{ '1_000' | int }}|{{ '-3' | int }}
{{ '1.5' | float }}|{{ 'x' | float }}|{{ 3 | float }}|{{ 'x' | float(2.0) }}|{{ '1e3' | float }}|{{ 'inf' | float }}|{{ 'nan' | float }}
{{ missing | int }}
{{ 2.5 | round }}|{{ 3.5 | round }}|{{ 2.567 | round(2) }}|{{ 2.1 | round(method='ceil') }}|{{ 2.9 | round(0, 'floor') }}|{{ 5 | round }}|{{ 1234.5 | round(-2) }}|{{ -3 | abs }}|{{ -2.5 | abs }}|{{ (-3) | abs }}
{{ missing | default('x') }}|{{ nil | default('x') }}|{{ nil | default('x', true) }}|{{ '' | d('y', boolean=true) }}|{{ missing | default }}|{{ 0 | default(1) }}
{{ html | escape }}|{{ html | e }}|{{ html | safe }}|{{ html | escape | escape }}|{{ html | forceescape }}|{{ '<b>' | safe + '<i>' }}|{{ '<i>' + '<b>' | safe }}|{{ ('<b>' | safe) ~ '<i>' }}|{{ ('<b>' | safe) | upper }}|{{ ['<b>' | safe] }}|{{ html | striptags }}
{{ 'a b&c/d?é' | urlencode }}|{{ {'a b': 'c&d', 'e': 1} | urlencode }}|{{ 'one two three' | wordcount }}|{{ 12345678 | filesizeformat }}|{{ 12345678 | filesizeformat(true) }}|{{ 1 | filesizeformat }}|{{ 500 | filesizeformat }}
{{ 'one\ntwo\n\nthree' | indent }}|{{ 'one\ntwo' | indent(2, true) }}|{{ 'one\n\ntwo' | indent(width=2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\nb\n' | indent }}
{{ 'the quick brown fox jumps over' | truncate(15) }}|{{ 'the quick brown fox jumps over' | truncate(15, true) }}|{{ 'short' | truncate(10) }}|{{ 'the quick brown fox' | truncate(12, false, '…', 0) }}
{{ xs | list }}|{{ 'abc' | list }}|{{ d | list }}|{{ d | items | list }}|{{ missing | items | list }}|{{ missing | list }}|{{ (1, 2) | list }}|{{ xs | string | length }}|{{ 5 | string + 'x' }}
{{ xs | items | list }}
{{ d | attr('b') is defined }}|{{ s | attr('upper') is defined }}
{{ n is number }}|{{ f is float }}|{{ n is integer }}|{{ t is integer }}|{{ t is number }}|{{ t is boolean }}|{{ s is string }}|{{ d is mapping }}|{{ xs is sequence }}|{{ d is sequence }}|{{ s is sequence }}|{{ s is iterable }}|{{ n is iterable }}|{{ nil is none }}|{{ t is true }}|{{ 1 is true }}|{{ no is false }}|{{ s is callable }}|{{ s.upper is callable }}
{{ n is odd }}|{{ n is even }}|{{ n is divisibleby 7 }}|{{ n is divisibleby(2) }}|{{ n is eq 7 }}|{{ n is ne(7) }}|{{ n is lt 8 }}|{{ n is ge 8 }}|{{ 'a' is in 'abc' }}|{{ 1 is in [1] }}|{{ s is upper }}|{{ 'abc' is lower }}|{{ n is sameas n }}|{{ nil is sameas none }}|{{ missing is undefined }}|{{ missing is not defined }}|{{ 'upper' is filter }}|{{ 'odd' is test }}|{{ 'x' is filter }}|{{ html | e is escaped }}
{{ missing is string }}|{{ missing is mapping }}|{{ missing is iterable }}|{{ missing is sequence }}|{{ missing is none }}|{{ range(3) is sequence }}|{{ d.items() is iterable }}|{{ d.items() is sequence }}|{{ (xs | map('string')) is iterable }}|{{ (xs | map('string')) is sequence }}
{{ n is nosuchtest }}
{{ n | nosuchfilter }}
{% if no %}{{ n | nosuchfilter }}{% endif %}ok
{% for x in xs if no %}{{ n | nosuchfilter }}{% endfor %}
{{ (n | nosuchfilter) if no else 'ok' }}
{% if n is not odd or n is odd and not (n is even) %}A{% else %}B{% endif %}
{% for x in xs %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }}/{{ loop.depth }}/{{ loop.depth0 }} {% endfor %}
{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }}{{ loop.cycle('o', 'e') }}{{ loop.changed(x % 2) }} {% endfor %}
{% for x in xs %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ loop['index'] }}{{ loop.nosuch is defined }} {% endfor %}
{% for x in [] %}x{% else %}none{% endfor %}|{% for x in missing %}x{% else %}none{% endfor %}|{% for x in xs if x > 5 %}x{% else %}no{% endfor %}
{% for x in none %}{% endfor %}
{% for x in 5 %}{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}|{% for k in d %}{{ k }}{% endfor %}|{% for k, v in d | dictsort %}{{ k }}{% endfor %}|{% for c in 'añb' %}{{ c }}.{% endfor %}
{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}|{% for a, b in nested %}{{ a }}-{{ b }};{% endfor %}
{% for a, b in [(1, 2, 3)] %}{% endfor %}
{% for x in range(10) if x is odd %}{{ loop.index }}:{{ x }}{{ ',' if not loop.last }}{% endfor %}
{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% else %}E{% endfor %}|{% for x in xs %}{% break %}{% else %}E{% endfor %}
{% for n in nested recursive %}[{{ loop(n) if n is not number else n }}]{{ loop.depth }}{% endfor %}
{% for x in xs %}{{ loop(x) }}{% endfor %}
{% for x in xs %}{% for y in ys %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}
{% set a = 1 %}{% for x in xs %}{% set a = a + x %}{{ a }} {% endfor %}{{ a }}
{% set ns = namespace(a=1, b='x') %}{% for x in xs %}{% set ns.a = ns.a + x %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}
{% set ns = namespace({'k': 1}, z=2) %}{{ ns.k }}{{ ns.z }}{{ ns['z'] }}
{% set ns = namespace() %}{{ ns.x }}{{ ns.x is undefined }}
{% set ns = namespace(_x=1) %}
{% set ns = namespace() %}{% set ns._x = 1 %}
{% set d.x = 1 %}
{% set ns.x = 1 %}
{% set ns = namespace(found=false) %}{% for x in xs if not ns.found %}{{ x }}{% set ns.found = true %}{% endfor %}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, e2) = [3, 4] %}{{ c }}{{ e2 }}{% set x = 1, %}{{ x }}
{% set ns = namespace() %}{% set ns.a, q = 1, 2 %}{{ ns.a }}{{ q }}
{% set x %}  block {{ n }}  {% endset %}[{{ x }}]{% set y | upper | trim %} up {% endset %}[{{ y }}]
{% set x %}{% set inner = 5 %}{{ inner }}{% endset %}{{ x }}{{ inner is defined }}
{% if no %}{% set q = 1 %}{% endif %}{{ q is defined }}|{% if t %}{% set q2 = 1 %}{% endif %}{{ q2 }}
{% if t %}{% set s = 'changed' %}{% endif %}{{ s }}
{% if no %}{% set s = 'changed' %}{% endif %}{{ s }}
{% with a = 1, b = n %}{{ a }}{{ b }}{% set a = 9 %}{{ a }}{% endwith %}{{ a is defined }}|{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z is defined }}
{% with a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{% endwith %}
{% filter upper %}abc {{ s }}{% endfilter %}|{% filter replace('a', 'b') | trim %} aa {% endfilter %}
{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='z') }}{{ m(b=5, a=4) }}{{ m() }}{{ m }}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.caller }}
{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}{{ m(*[7, 8], **{'z': 9}) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, z=2) }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(3) }}
{% macro m() %}{{ g }}{{ n }}{% set n = 1 %}{{ n }}{% endmacro %}{% set g = 5 %}{{ m() }}{{ n }}
{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}
{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(3) }}
{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}body {{ n }}{% endcall %}
{% macro m(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(item, i=0) m(xs) %}<{{ item }}{{ i }}>{% endcall %}
{% macro m() %}x{% endmacro %}{% call m() %}b{% endcall %}
{% macro outer() %}{% macro inner(x) %}({{ x }}){% endmacro %}{{ inner(1) }}{{ inner(2) }}{% endmacro %}{{ outer() }}
{% macro m() %}x{% endmacro %}{{ m() | upper }}{{ m() ~ m() }}{{ m() is string }}{% set f = m %}{{ f() }}{% if m %}T{% endif %}
{% for x in xs %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}
{{ range(5) | list }}|{{ range(1, 10, 3) | list }}|{{ range(5, 0, -2) | list }}|{{ range(3)[1] }}|{{ range(0) }}|{{ 2 in range(3) }}
{{ range(1000000) | list }}
{{ dict(a=1, b=2) }}|{{ dict([('x', 1)]) }}|{{ dict(d, z=9).z }}|{{ dict() }}
{% set j = joiner('; ') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}|{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}
{{ raise_exception('boom ' ~ n) }}
{% if no %}{{ raise_exception('never') }}{% endif %}fine
{{ strftime_now('%Y-%m-%d %H:%M:%S %A %d %B %b %j') }}
{% generation %}gen {{ n }}{% endgeneration %}|{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}
{% raw %}{{ x }} {% if %} {# c #}{% endraw %}|{%- raw -%}  a  {%- endraw -%}  b
a {# comment #} b{#- c -#} d {# multi
line #}e
{% block foo %}in block {{ n }}{% endblock %}|{% block bar scoped %}x{% endblock bar %}
{% autoescape false %}{{ html }}{% endautoescape %}
{% print n, s %}
{% set x = [1, 2, 3] -%}   y
  {%- set x = 1 %}   y
  {%+ set x = 1 %}   y
  {%+ if t +%}
  y
  {%+ endif +%}
z
{% include 'x' %}
{% nosuch %}
{% if t %}
{% endfor %}
{{ 'unclosed }}
{{ (1, 2 }}
{{ n
{# open
{% for x in xs %}a{% endif %}
{{ }}
{{ 1 2 }}
{{ n | }}
{{ n. }}
{% set 5 = 1 %}
{% set true = 1 %}
{% macro m(a=1, b) %}{% endmacro %}
{{ m(a=1, 2) }}
{{ - 5 | abs }}|{{ -n | abs }}|{{ 'a' ~ 'b' | upper }}|{{ 1 + 1 | string }}
{{ 'a' is string is string }}
{{ not 'a' is string }}|{{ 'a' is string and 1 }}|{{ 1 if 'a' is string else 2 }}|{{ [1 if t else 2, 'x' is string] }}
{{ d.c.1.k is none }}|{{ d.c.0 }}|{{ nested.1.1.0 }}
{{ messages[-1]['role'] }}|{{ (messages | last).content }}|{{ messages[1:] | map(attribute='role') | list }}|{{ messages[0].tool_calls is defined }}
{{ (messages | selectattr('role', 'eq', 'user') | list)[0].content }}|{{ messages | map(attribute='content') | join(' ') | length }}
{{ 'x' if messages[0]['role'] == 'user' and messages | length > 1 else 'y' }}
{{ s.split(',')[0].upper().replace('L', '').strip() ~ '!' }}
{% set text = s %}{% set text = text + '!' %}{% set text = text ~ n %}{{ text[:-2] }}
{{ 9223372036854775807 }}|{{ -9223372036854775807 - 1 }}|{{ big }}|{{ big == 12345678901234567890123 }}|{{ big > 1 }}|{{ 1e400 }}
{{ 0.1 + 0.2 }}|{{ 1.0 }}|{{ 100.0 * 3 }}|{{ 1e22 }}|{{ 2.0 ** 0.5 }}|{{ 5 // 2.0 }}|{{ 7 / 7 }}|{{ 3 * 1.0 }}|{{ 1 - 1.0 }}
{{ [] == [] }}|{{ (1, 2) == [1, 2] }}|{{ {'a': 1} == {'a': 1.0} }}|{{ 'a' != 'b' }}|{{ none == none }}|{{ missing == missing2 }}
{{ xs.0 }}{{ xs . 1 }}{{ d . b }}{{ d ['b'] }}{{ s . upper ( ) }}
{{ {'a': {'b': [1, {'c': 'd'}]}}.a.b[1].c }}|{{ [[1,2],[3]][0][1] }}|{{ 'abc'[1] }}|{{ ('a', 'b')[0] }}
{{ "double" }}{{ 'single' }}{{ "it's" }}{{ 'say "x"' }}{{ "\"" }}{{ '\\' }}
{{ s|upper|lower|title|length }}|{{ xs|sort|first }}|{{ xs|map('string')|map('upper')|join('-') }}
{%set x=1%}{{x}}{%-if x==1-%} a {%-else-%} b {%-endif-%} c
{% if xs | length > 2 and (d.b == 1 or false) and not missing %}ok{% elif true %}elif{% endif %}
{% if no %}1{% elif n == 8 %}2{% elif n == 7 %}3{% else %}4{% endif %}
{{ caller is defined }}|{{ loop is defined }}|{{ varargs is defined }}
{{ ('a', 'b') | join }}|{{ ['x'] | first | upper }}|{{ [[1, 'b'], [0, 'a']] | sort | list }}|{{ [('b', 1), ('a', 2)] | sort(attribute=0) }}
{{ 'a;b' | replace(';', '\n') }}|{{ lines | replace('\n', ' ') }}|{{ lines }}
{{ namespace(a=1) }}
{{ s[100] }}|{{ s[1:100] }}|{{ e[0] is defined }}|{{ e[:1] }}
{{ xs | tojson | safe }}|{{ xs | string | tojson }}|{{ (d | tojson) is string }}
{{ xs | map(attribute='x') | list }}|{{ [1, none] | map('default', 'q', true) | list }}
{{ people | map(attribute='zz.yy') | list }}
{{ people | rejectattr('age', 'gt', 26) | map(attribute='name') | first }}|{{ people | selectattr('zz') | list }}
{{ ys | map('lower') | select('in', ['a', 'b']) | list }}
{{ 'İstanbul'.lower() | length }}|{{ 'ǆ'.title() }}|{{ 'ﬁ'.upper() }}|{{ 'ŉ'.upper() }}
{{ [1, 2] is iterable and [1, 2] is not string and [1, 2] is not mapping }}
{% set gen = xs | map('string') %}{{ gen | list }}{{ gen | list }}{% if gen %}T{% endif %}
{{ (xs | map('string'))[0] is defined }}
{{ d.items() | first }}|{{ d.values() | list }}|{{ d.keys() | join(',') }}|{{ d.items()[0] is defined }}
{{ d | length == 3 and 'b' in d.keys() }}|{{ ('b', 1) in d.items() }}|{{ 1 in d.values() }}
""".strip("\n")

# Snippets of several lines, where white space around tags matters.
BLOCKS = [
    "{% if t %}\n  a\n{% endif %}\nb\n", "a\n  {% if t %}  \n x {% endif %}  \n y\n", "a\n   {{ n }}\n   b", "\n\n{%- if t %}\n\n x\n\n{%- endif %}\n\ny\n\n",
    "{%- for x in xs -%}\n  {{ x }}\n{%- endfor -%}\n", "  {# c #}\nx", "x  {# c #}\ny", "a {%- set z = 1 -%} b", "{% set z = 1 %}\n\nb", "{{ n }}\nb", "{{ n -}}\n  b\n",
    "  {{- n }}", "{% if t -%}\n  a\n  {%- endif %}\n\tb", "\t{% if t %}\n\ta\n\t{% endif %}\n", "line\r\n{% if t %}\r\nx\r\n{% endif %}\r\nend\r\n", "a\n{% raw %}\n  {{ x }}\n{% endraw %}\nb",
    "\u00a0\u2003{% if t %}x{% endif %}", "x\u3000{%- if t %}y{% endif %}", "{% for x in xs %}\n    {% if x > 1 %}\n- {{ x }}\n    {% endif %}\n{% endfor %}\ndone\n", "a\n\n\n", "", "\n", "{% if t %}{% endif %}\n\n",
    "  {% if t %}a{% endif %}  {% if t %}b{% endif %}", "{#- a -#}\n b", "{{ 'a\nb' }}", "{%- macro m(x) -%}\n  <{{ x }}>\n{%- endmacro -%}\n\n{{ m(1) }}\n{{- m(2) }}",
    "{% set x %}\n  hi\n{% endset %}\n[{{ x }}]", "{{ {'a': {'b': 1}}}}", "{{ {'a': 1}['a']}}", "{% for a in [{'x': 1}] %}{{a.x}}{%endfor%}", "100% {sure} {", "{{'{{'}}", "a{%+ if t %}b{%+ endif %}", "{% raw -%}  x  {%- endraw %}", "{%- raw %}\n x\n{% endraw -%}\n y",
    "x = {% if no %}1{% else -%}\n  2 {%- endif %};", "{% call_me %}", "{% endif %}", "{% if t %}x{% else %}y{% else %}z{% endif %}", "{% set x = {'a': '%}'} %}{{ x.a }}", "{{ '}}' }}", "{% set x = '{{ n }}' %}{{ x }}",
    "{% for i in range(3) %}{% generation %}é{{ i }}{% endgeneration %}-{% endfor %}",
    "{% macro m() %}{% generation %}x{% endgeneration %}{% endmacro %}ab{{ m() }}",
]


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime(2025, 2, 3, 4, 5, 6)


def main():
    renderer.datetime = FixedClock
    golden = []
    joined, lines = SNIPPETS.split("\n"), []
    for line in joined:  # a comment that is closed on the next line belongs to the line before
        if lines and lines[-1].count("{#") > lines[-1].count("#}") and line.endswith("#}e"):
            lines[-1] += "\n" + line
        else:
            lines.append(line)
    for template in lines + BLOCKS:
        entry = {"template": template}
        try:
            compiled = renderer._compile_jinja_template(template)
            pieces, spans = [], []
            with compiled.environment.activate_tracker(pieces, spans):
                for piece in compiled.generate(**json.loads(json.dumps(CONTEXT))):
                    pieces.append(piece)
            entry["text"] = "".join(pieces)
            if spans:
                entry["spans"] = [[len(entry["text"][:a].encode()), len(entry["text"][:b].encode())] for a, b in spans]
        except Exception as error:
            entry["error"] = f"{type(error).__name__}: {error}"[:160]
        golden.append(entry)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps({"context": CONTEXT, "snippets": golden}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(golden)} snippets, {sum('error' in one for one in golden)} of them errors")


if __name__ == "__main__":
    main()
